//! How a meeting repeats: `AppointmentRecurrencePattern` ([MS-OXOCAL] section 2.2.1.44.5) to RRULE, dates that are
//! left out, and instances that differ.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::bytes::Bytes;
use crate::limits::EXTRA_DATES_MAX;

/// A series on the wall clock of its zone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Series<'a> {
    /// RRULE without its end.
    pub(super) rule: String,
    pub(super) end: End,
    /// Original starts of instances that do not take place.
    pub(super) left_out: Vec<NaiveDateTime>,
    pub(super) changed: Vec<Changed<'a>>,
}

/// How a series ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Never,
    Count(u32),
    /// The start of the last instance.
    Until(NaiveDateTime),
}

/// An instance that differs from the rest; texts are in the code page of the message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changed<'a> {
    pub(super) original: NaiveDateTime,
    pub(super) start: NaiveDateTime,
    pub(super) end: NaiveDateTime,
    pub(super) subject: Option<&'a [u8]>,
    pub(super) location: Option<&'a [u8]>,
}

/// Minutes since 1601.
fn time(minutes: u32) -> Option<NaiveDateTime> {
    NaiveDate::from_ymd_opt(1601, 1, 1)?.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::minutes(minutes.into()))
}

/// Two-letter days of a bit mask, Sunday first.
fn days(mask: u32) -> Option<Vec<&'static str>> {
    const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
    let named = DAYS.into_iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, day)| day);
    (1..128).contains(&mask).then(|| named.collect())
}

/// What comes between the period and the end.
enum Pattern {
    Day,
    Week(u32),
    /// A day of the month, 31 for the last.
    Month(u32),
    /// The n-th of these days of the month, 5 for the last.
    MonthNth(u32, u32),
}

/// Reads a series; `None` if any of it is not understood, since a series with another rule is another series.
pub(super) fn read(bytes: &[u8]) -> Option<Series<'_>> {
    const YEARLY: u16 = 0x200D;
    const DAILY: u16 = 0x200A;
    let mut bytes = Bytes(bytes);
    bytes.take(4)?;
    let (frequency, kind, calendar) = (bytes.u16()?, bytes.u16()?, bytes.u16()?);
    // The other calendars are lunar or count years of their own.
    if !(0x200A..=YEARLY).contains(&frequency) || calendar > 2 {
        return None;
    }
    bytes.u32()?;
    let period = bytes.u32()?;
    bytes.u32()?;
    let pattern = match kind {
        0 => Pattern::Day,
        1 => Pattern::Week(bytes.u32()?),
        2 => Pattern::Month(bytes.u32()?),
        4 => {
            bytes.u32()?;
            Pattern::Month(31)
        }
        3 => Pattern::MonthNth(bytes.u32()?, bytes.u32()?),
        _ => return None,
    };
    let (end_type, count, week_start) = (bytes.u32()?, bytes.u32()?, bytes.u32()?);
    let left_out = dates(&mut bytes)?;
    dates(&mut bytes)?;
    let (first, last) = (time(bytes.u32()?)?, bytes.u32()?);
    bytes.take(8)?;
    let start_offset = TimeDelta::minutes(bytes.u32()?.into());
    bytes.u32()?;

    let interval = |unit: u32| (period % unit == 0 && (1..=1_000).contains(&(period / unit))).then(|| period / unit);
    let rule = match pattern {
        Pattern::Day => format!("FREQ=DAILY;INTERVAL={}", interval(24 * 60)?),
        Pattern::Week(mask) => {
            // "Every weekday" is daily by name and weekly by pattern.
            let interval = if frequency == DAILY { 1 } else { interval(1)? };
            let week_start = days(1_u32.checked_shl(week_start)?)?.concat();
            format!("FREQ=WEEKLY;INTERVAL={interval};BYDAY={};WKST={week_start}", days(mask)?.join(","))
        }
        Pattern::Month(_) | Pattern::MonthNth(..) => {
            let period = if frequency == YEARLY {
                format!("FREQ=YEARLY;INTERVAL={};BYMONTH={}", interval(12)?, first.month())
            } else {
                format!("FREQ=MONTHLY;INTERVAL={}", interval(1)?)
            };
            let days = match pattern {
                Pattern::Month(31) => "BYMONTHDAY=-1".to_owned(),
                Pattern::Month(day @ 1..=28) => format!("BYMONTHDAY={day}"),
                // In a month without that day Outlook takes the last it has.
                Pattern::Month(29) => "BYMONTHDAY=28,29;BYSETPOS=-1".to_owned(),
                Pattern::Month(30) => "BYMONTHDAY=28,29,30;BYSETPOS=-1".to_owned(),
                Pattern::MonthNth(mask, nth @ 1..=5) => {
                    let nth = if nth == 5 { "-1".to_owned() } else { nth.to_string() };
                    match days(mask)?.as_slice() {
                        [day] => format!("BYDAY={nth}{day}"),
                        days => format!("BYDAY={};BYSETPOS={nth}", days.join(",")),
                    }
                }
                _ => return None,
            };
            format!("{period};{days}")
        }
    };
    let end = match end_type {
        0x2021 => End::Until(time(last)?.checked_add_signed(start_offset)?),
        0x2022 if count > 0 => End::Count(count),
        0x2023 | 0xFFFF_FFFF => End::Never,
        _ => return None,
    };
    let start_of = |date: NaiveDateTime| date.date().and_hms_opt(0, 0, 0)?.checked_add_signed(start_offset);
    let changed = (0..bytes.u16()?).map(|_| changed(&mut bytes)).collect::<Option<Vec<_>>>()?;
    let changed = changed.into_iter().map(|one| Some(Changed { original: start_of(one.original)?, ..one }));
    let changed = changed.collect::<Option<Vec<_>>>()?;
    let left_out = left_out.into_iter().map(start_of).collect::<Option<Vec<_>>>()?;
    let left_out = left_out.into_iter().filter(|date| changed.iter().all(|one| one.original != *date)).collect();
    Some(Series { rule, end, left_out, changed })
}

fn dates(bytes: &mut Bytes<'_>) -> Option<Vec<NaiveDateTime>> {
    let count = bytes.length().filter(|count| *count <= EXTRA_DATES_MAX)?;
    (0..count).map(|_| time(bytes.u32()?)).collect()
}

/// An `ExceptionInfo` ([MS-OXOCAL] section 2.2.1.44.2).
fn changed<'a>(bytes: &mut Bytes<'a>) -> Option<Changed<'a>> {
    const SUBJECT: u16 = 0x01;
    const LOCATION: u16 = 0x10;
    // Meeting type, reminder, busy status and the like: a number each, some before the location and some after it.
    const NUMBERS: [u16; 2] = [0x02 | 0x04 | 0x08, 0x20 | 0x40 | 0x80 | 0x100];
    let (start, end, original) = (time(bytes.u32()?)?, time(bytes.u32()?)?, time(bytes.u32()?)?);
    let flags = bytes.u16()?;
    let text = |flag: u16, bytes: &mut Bytes<'a>| {
        if flags & flag == 0 {
            return Some(None);
        }
        // The length is there twice, the first time with the zero that is not.
        bytes.u16()?;
        let length = bytes.u16()?;
        bytes.take(length.into()).map(Some)
    };
    let [before, after] = NUMBERS.map(|mask| (flags & mask).count_ones() as usize);
    let subject = text(SUBJECT, bytes)?;
    bytes.take(4 * before)?;
    let location = text(LOCATION, bytes)?;
    bytes.take(4 * after)?;
    Some(Changed { original, start, end, subject, location })
}
