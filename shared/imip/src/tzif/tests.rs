//! The clocks of all zones beside those of `chrono-tz`, another program's reading of the database.

use std::collections::BTreeSet;

use chrono::{NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{OffsetComponents, OffsetName};

use super::*;

fn tz(name: &str) -> Tz {
    Tz::find(name).unwrap()
}

fn utc(text: &str) -> i64 {
    text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp()
}

/// Zones and the UTC dates between which newer versions of the database changed what 2025b, which `chrono-tz` has, says.
const CORRECTED: [(&str, &str, &str); 15] = [
    ("Africa/Casablanca Africa/El_Aaiun", "2026-09-20", "2038-01-01"),
    ("America/Edmonton America/Inuvik America/Yellowknife Canada/Mountain", "2026-11-01", "2038-01-01"),
    ("America/Vancouver Canada/Pacific", "2026-11-01", "2038-01-01"),
    ("America/Winnipeg America/Rainy_River Canada/Central", "2026-11-01", "2038-01-01"),
    ("America/Havana Cuba", "2026-11-01", "2027-03-15"),
    ("Europe/Chisinau Europe/Tiraspol", "2022-03-27", "2038-01-01"),
    ("America/Tijuana America/Ensenada America/Santa_Isabel Mexico/BajaNorte", "1953-01-01", "1976-12-31"),
    ("America/Bogota", "1992-05-02", "1992-05-03"),
    ("Asia/Tehran Iran", "1979-05-25", "1979-05-26"),
    ("Europe/Dublin Eire", "1925-09-20", "1925-10-04"),
    ("America/Araguaina America/Bahia America/Belem America/Fortaleza America/Maceio", "1965-03-31", "1966-03-02"),
    ("America/Recife America/Sao_Paulo Brazil/East America/Noronha Brazil/DeNoronha", "1965-03-31", "1966-03-02"),
    ("America/Boa_Vista America/Campo_Grande America/Cuiaba America/Manaus Brazil/West", "1965-03-31", "1966-03-02"),
    (
        "America/Porto_Velho America/Santarem America/Eirunepe America/Porto_Acre America/Rio_Branco Brazil/Acre",
        "1965-03-31",
        "1966-03-02",
    ),
    // Here without the history of one of their cities.
    ("CST6CDT EST5EDT MST7MDT PST8PDT", "1900-01-01", "1967-01-01"),
];

/// Where the database's main form has a winter time that is behind the standard time, and ours a summer time.
const NEGATIVE_SUMMER_TIME: [&str; 7] = [
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Windhoek",
    "Europe/Bratislava",
    "Europe/Dublin",
    "Europe/Prague",
    "Eire",
];

/// Every change of a zone's clock, a second to each side of it, and moments between them.
fn moments(zone: &Tz, first: i64, last: i64) -> BTreeSet<i64> {
    let mut moments: BTreeSet<i64> = (first..last).step_by(950_401).collect();
    let mut at = first;
    while at < last {
        moments.extend([at - 1, at, at + 1]);
        at = zone.period(at).until;
    }
    moments.retain(|at| (first..last).contains(at));
    moments
}

fn corrected(name: &str, at: i64) -> bool {
    let midnight = |date: &str| utc(&format!("{date}T00:00:00"));
    CORRECTED.iter().any(|(names, from, until)| {
        names.split(' ').any(|corrected| corrected == name) && (midnight(from)..midnight(until)).contains(&at)
    })
}

#[test]
fn every_zone_shows_what_chrono_tz_shows() {
    let (first, last) = (utc("1900-01-01T00:00:00"), utc("2037-12-31T00:00:00"));
    let (mut equal, mut different) = (0, BTreeSet::new());
    for theirs in chrono_tz::TZ_VARIANTS {
        let (name, ours) = (theirs.name(), tz(theirs.name()));
        for at in moments(&ours, first, last) {
            let their = theirs.offset_from_utc_datetime(&DateTime::from_timestamp(at, 0).unwrap().naive_utc());
            let is_summer = !their.dst_offset().is_zero();
            let mut local = ours.period(at).local;
            if NEGATIVE_SUMMER_TIME.contains(&name) {
                local.daylight = is_summer;
            }
            // It seldom has a number for a name.
            let is_name = |name: &&str| !name.starts_with(['+', '-']);
            let named = Some(local.designation).filter(is_name);
            if (local.offset, local.daylight, named)
                == (their.fix().local_minus_utc(), is_summer, their.abbreviation().filter(is_name))
            {
                equal += 1;
            } else {
                assert!(corrected(name, at), "{name} at {at}: {local:?}, {their:?}");
                different.insert(name);
            }
        }
    }
    assert!(equal > 2_500_000, "{equal}");
    let corrected: BTreeSet<&str> = CORRECTED.iter().flat_map(|(names, ..)| names.split(' ')).collect();
    assert_eq!(different, corrected, "a correction that is none any more hides what goes wrong");
}

#[test]
fn every_local_time_is_read_as_chrono_tz_reads_it() {
    let (first, last) = (utc("1900-01-01T00:00:00"), utc("2037-12-31T00:00:00"));
    for theirs in chrono_tz::TZ_VARIANTS {
        let (name, ours) = (theirs.name(), tz(theirs.name()));
        let mut at = first;
        while at < last {
            let before = ours.period(at);
            at = before.until;
            let after = ours.period(at);
            let [old, new] = [before, after].map(|period| at.saturating_add(i64::from(period.local.offset)));
            let edges = [old, new].map(|edge| [edge.saturating_sub(1), edge, edge.saturating_add(1)]).concat();
            for local in edges.into_iter().chain([i64::midpoint(old, new)]) {
                if !(first..last).contains(&local) || [-DAY, 0, DAY].iter().any(|days| corrected(name, local + days)) {
                    continue;
                }
                let time = DateTime::from_timestamp(local, 0).unwrap().naive_utc();
                let day_before = time - TimeDelta::days(1);
                let their = theirs.offset_from_local_datetime(&time).earliest();
                let their = their.or_else(|| theirs.offset_from_local_datetime(&day_before).latest()).unwrap();
                assert_eq!(ours.offset_of_local(local), their.fix().local_minus_utc(), "{name} {time}");
            }
        }
    }
}

#[test]
fn the_names_are_those_of_chrono_tz() {
    let theirs: BTreeSet<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    assert_eq!(names().collect::<BTreeSet<_>>(), theirs);
    assert_eq!(names().map(|name| tz(&name.to_ascii_uppercase()).name()).collect::<BTreeSet<_>>(), theirs);
    for name in ["Factory", "", "Europe", "Europe/Berlin/", "Berlin"] {
        assert!(Tz::find(name).is_none(), "{name}");
    }
}

/// What the clock of a zone shows at a UTC time.
fn shows(zone: &str, at: &str) -> (String, &'static str, bool) {
    let at = utc(at);
    let LocalTime { offset, daylight, designation } = tz(zone).period(at).local;
    let local = DateTime::from_timestamp(at + i64::from(offset), 0).unwrap();
    (local.format("%Y-%m-%d %H:%M:%S").to_string(), designation, daylight)
}

#[test]
fn clocks_that_are_unlike_all_others() {
    for (zone, at, local, designation, daylight) in [
        ("Europe/Dublin", "2050-01-15T12:00:00", "2050-01-15 12:00:00", "GMT", false),
        ("Europe/Dublin", "2050-07-15T12:00:00", "2050-07-15 13:00:00", "IST", true),
        ("Africa/Casablanca", "2025-03-10T12:00:00", "2025-03-10 12:00:00", "+00", false),
        ("Africa/Casablanca", "2025-07-10T12:00:00", "2025-07-10 13:00:00", "+01", true),
        ("Africa/El_Aaiun", "2025-03-10T12:00:00", "2025-03-10 12:00:00", "+00", false),
        // Half an hour of summer time.
        ("Australia/Lord_Howe", "2060-01-01T00:00:00", "2060-01-01 11:00:00", "+11", true),
        ("Australia/Lord_Howe", "2060-07-01T00:00:00", "2060-07-01 10:30:00", "+1030", false),
        // Two hours of it.
        ("Antarctica/Troll", "2045-07-01T00:00:00", "2045-07-01 02:00:00", "+02", true),
        ("Antarctica/Troll", "2045-03-26T00:59:59", "2045-03-26 00:59:59", "+00", false),
        ("Antarctica/Troll", "2045-03-26T01:00:00", "2045-03-26 03:00:00", "+02", true),
        // Days that were left out.
        ("Pacific/Apia", "2011-12-30T09:59:59", "2011-12-29 23:59:59", "-10", true),
        ("Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31 00:00:00", "+14", true),
        ("Pacific/Kwajalein", "1993-08-21T11:59:59", "1993-08-20 23:59:59", "-12", false),
        ("Pacific/Kwajalein", "1993-08-21T12:00:00", "1993-08-22 00:00:00", "+12", false),
        // Half an hour there and back.
        ("Asia/Pyongyang", "2017-01-01T00:00:00", "2017-01-01 08:30:00", "KST", false),
        ("Asia/Pyongyang", "2019-01-01T00:00:00", "2019-01-01 09:00:00", "KST", false),
        // Hours of a rule beyond midnight, and before it.
        ("Asia/Gaza", "2090-07-01T00:00:00", "2090-07-01 03:00:00", "EEST", true),
        ("America/Nuuk", "2045-03-26T00:59:59", "2045-03-25 22:59:59", "-02", false),
        ("America/Nuuk", "2045-03-26T01:00:00", "2045-03-26 00:00:00", "-01", true),
        ("America/Godthab", "2045-03-26T01:00:00", "2045-03-26 00:00:00", "-01", true),
        ("Asia/Kolkata", "9999-12-31T12:00:00", "9999-12-31 17:30:00", "IST", false),
        ("Europe/Berlin", "9999-07-01T00:00:00", "9999-07-01 02:00:00", "CEST", true),
        ("Europe/London", "0001-01-02T00:00:00", "0001-01-01 23:58:45", "LMT", false),
    ] {
        assert_eq!(shows(zone, at), (local.to_owned(), designation, daylight), "{zone} {at}");
    }
}

#[test]
fn a_posix_rule_names_days_in_three_ways() {
    let changes = |text: &'static str, year: i32| {
        let Summer { local, start, end } = Rule::parse(text).unwrap().summer.unwrap();
        let standard = Rule::parse(text).unwrap().standard.offset;
        [start.at(year, standard), end.at(year, local.offset)]
            .map(|at| DateTime::from_timestamp(at.unwrap(), 0).unwrap().format("%m-%d %H:%M").to_string())
    };
    assert_eq!(changes("EET-2EEST,M3.4.4/50,M10.4.4/50", 2026), ["03-28 00:00", "10-23 23:00"]);
    assert_eq!(changes("EST5EDT,M3.2.0,M11.1.0", 2026), ["03-08 07:00", "11-01 06:00"]);
    assert_eq!(changes("<+00>0<+02>-2:00:00,J60/0,J365/1", 2024), ["03-01 00:00", "12-30 23:00"]);
    assert_eq!(changes("<+00>0<+02>-2,59/0,364/1", 2024), ["02-29 00:00", "12-29 23:00"]);
    for text in
        ["", "CET", "CET-", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1,M3.5.0,M10.5.0"]
    {
        assert!(Rule::parse(text).is_none(), "{text}");
    }
}

#[test]
fn data_that_is_cut_short_is_no_zone() {
    let (name, start) = ZONES.iter().find(|(name, _)| *name == "Asia/Gaza").unwrap();
    for data in (0..1000).map(|length| &PACKED[*start..*start + length]) {
        let Some(zone) = Tz::parse(name, data) else { continue };
        zone.offset_of_local(i64::MAX);
        zone.offset_of_local(i64::MIN);
    }
    for name in names() {
        assert_eq!([i64::MIN, i64::MAX].map(|at| tz(name).offset_of_local(at).abs() < 86_400), [true; 2], "{name}");
    }
}
