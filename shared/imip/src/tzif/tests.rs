//! The clocks of all zones beside those of `chrono-tz`, another program's reading of the database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{OffsetComponents, OffsetName};

use super::*;

fn tz(name: &str) -> Tz {
    Tz::find(name).unwrap()
}

fn utc(text: &str) -> i64 {
    text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp()
}

#[test]
fn differences() {
    let mut differences: BTreeMap<&str, BTreeMap<String, (i64, i64)>> = BTreeMap::new();
    let (first, last) = (utc("1900-01-01T00:00:00"), utc("2038-01-01T00:00:00"));
    for theirs in chrono_tz::TZ_VARIANTS {
        let ours = tz(theirs.name());
        let mut times: BTreeSet<i64> = (first..last).step_by(usize::try_from(11 * DAY + 3_601).unwrap()).collect();
        let mut at = first;
        while at < last {
            times.extend([at - 1, at, at + 1]);
            at = ours.period(at).until;
        }
        for at in times.range(first..last).copied() {
            let local = ours.period(at).local;
            let their = theirs.offset_from_utc_datetime(&DateTime::from_timestamp(at, 0).unwrap().naive_utc());
            let ours_is = (local.offset, local.daylight, local.designation);
            let theirs_is = (their.fix().local_minus_utc(), their.dst_offset() != TimeDelta::zero(), their.abbreviation().unwrap_or("?"));
            if ours_is != theirs_is {
                let e = differences.entry(theirs.name()).or_default().entry(format!("{ours_is:?} {theirs_is:?}")).or_insert((at, at));
                e.1 = at;
            }
        }
    }
    for (zone, d) in differences {
        for (what, (from, to)) in d {
            println!("{zone} {what} {} {}", DateTime::from_timestamp(from, 0).unwrap().naive_utc(), DateTime::from_timestamp(to, 0).unwrap().naive_utc());
        }
    }
}
