//! Single values of iCalendar: dates, times, durations, lists. Lenient where real calendars are wrong,
//! never where a guess would move an event.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

/// A DATE or DATE-TIME as it was written (RFC 5545 sections 3.3.4 and 3.3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeValue {
    Date(NaiveDate),
    Local(NaiveDateTime),
    Utc(NaiveDateTime),
}

/// Reads `19970714`, `19970714T133000`, `19970714T133000Z`; also ISO 8601 with dashes and colons, a time
/// without seconds, and a numeric offset. The years are 1 to 9999.
pub(crate) fn parse_time_value(text: &str) -> Option<TimeValue> {
    // A quote that should have closed before the colon is left behind on the value.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"');
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, Some(text.get(at + 1..)?.trim())),
        None => (text, None),
    };
    let date = parse_date(date)?;
    let Some(time) = time.filter(|time| !time.is_empty()) else { return Some(TimeValue::Date(date)) };

    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (time.get(..at)?, Some(time.get(at..)?)),
        None => (time, None),
    };
    let local = date.and_time(chrono::NaiveTime::MIN).checked_add_signed(parse_clock(clock)?).filter(in_range)?;
    match offset {
        None => Some(TimeValue::Local(local)),
        Some(offset) if offset.eq_ignore_ascii_case("Z") => Some(TimeValue::Utc(local)),
        Some(offset) => {
            let seconds = parse_offset(offset)?;
            let utc = local.checked_sub_signed(TimeDelta::seconds(i64::from(seconds))).filter(in_range)?;
            Some(TimeValue::Utc(utc))
        }
    }
}

/// Whether a time lies within the years that DATE can write.
pub(crate) fn in_range(time: &NaiveDateTime) -> bool {
    (1..=9999).contains(&time.year())
}

fn digits(text: &str, separators: &[char]) -> Option<String> {
    let digits: String = text.chars().filter(|c| !separators.contains(c)).collect();
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn number(text: &str, from: usize, to: usize) -> Option<u32> {
    text.get(from..to)?.parse().ok()
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let text = digits(text, &['-'])?;
    if text.len() != 8 {
        return None;
    }
    let year = i32::try_from(number(&text, 0, 4)?).ok().filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year, number(&text, 4, 6)?, number(&text, 6, 8)?)
}

/// `133000`, `1330`, `13:30:00`; a fraction of a second is cut off, a leap second is the second before it
/// (RFC 5545 section 3.3.12) and 24:00 is the end of the day.
fn parse_clock(text: &str) -> Option<TimeDelta> {
    let text = digits(text.split(['.', ',']).next()?, &[':'])?;
    let (hour, minute, second) = match text.len() {
        6 => (number(&text, 0, 2)?, number(&text, 2, 4)?, number(&text, 4, 6)?),
        4 => (number(&text, 0, 2)?, number(&text, 2, 4)?, 0),
        2 => (number(&text, 0, 2)?, 0, 0),
        _ => return None,
    };
    let fits = hour < 24 && minute < 60 && second <= 60 || (hour, minute, second) == (24, 0, 0);
    fits.then(|| TimeDelta::seconds(i64::from(hour * 3600 + minute * 60 + second.min(59))))
}

/// A UTC offset (RFC 5545 section 3.3.14) in seconds: `-0500`, `+05:30`, `+013015`, `+2`.
pub(crate) fn parse_offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = digits(rest.trim(), &[':', '.'])?;
    let (hour, minute, second) = match rest.len() {
        1 | 2 => (rest.parse().ok()?, 0, 0),
        3 => (number(&rest, 0, 1)?, number(&rest, 1, 3)?, 0),
        4 => (number(&rest, 0, 2)?, number(&rest, 2, 4)?, 0),
        6 => (number(&rest, 0, 2)?, number(&rest, 2, 4)?, number(&rest, 4, 6)?),
        _ => return None,
    };
    // The farthest real offsets are -12:00 and +14:00; old local mean times stay below 16 hours.
    if hour > 18 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = i32::try_from(hour * 3600 + minute * 60 + second).ok()?;
    Some(if negative { -seconds } else { seconds })
}

/// A DURATION (RFC 5545 section 3.3.6): days are nominal, the rest is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration {
    pub(crate) days: i64,
    pub(crate) seconds: i64,
}

/// Reads `P1DT2H`, `-PT15M`, `P2W`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim().to_ascii_uppercase();
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let rest = rest.strip_prefix('P')?;
    let (mut days, mut seconds, mut number) = (0_i64, 0_i64, String::new());
    let mut parts = 0;
    for c in rest.chars() {
        // Ten thousand years of seconds have twelve digits.
        if c.is_ascii_digit() && number.len() < 12 {
            number.push(c);
            continue;
        }
        if c == 'T' && number.is_empty() {
            continue;
        }
        let value: i64 = number.parse().ok()?;
        number.clear();
        parts += 1;
        match c {
            'W' => days = days.checked_add(value.checked_mul(7)?)?,
            'D' => days = days.checked_add(value)?,
            'H' => seconds = seconds.checked_add(value.checked_mul(3600)?)?,
            'M' => seconds = seconds.checked_add(value.checked_mul(60)?)?,
            'S' => seconds = seconds.checked_add(value)?,
            _ => return None,
        }
    }
    if parts == 0 || !number.is_empty() {
        return None;
    }
    let sign = if negative { -1 } else { 1 };
    Some(Duration { days: sign * days, seconds: sign * seconds })
}

/// Splits a list of TEXT values at the commas that are not escaped, and removes the escapes.
pub(crate) fn split_text_list(raw: &str) -> Vec<String> {
    let (mut items, mut item) = (Vec::new(), String::new());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            ',' => items.push(std::mem::take(&mut item)),
            '\\' => match chars.next() {
                Some('n' | 'N') => item.push('\n'),
                Some(escaped) => item.push(escaped),
                None => {}
            },
            c => item.push(c),
        }
    }
    items.push(item);
    items.into_iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// A parameter value with RFC 6868's carets decoded.
pub(crate) fn decode_carets(value: &str) -> String {
    if !value.contains('^') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        let decoded = match (c, chars.peek()) {
            ('^', Some('n')) => Some('\n'),
            ('^', Some('^')) => Some('^'),
            ('^', Some('\'')) => Some('"'),
            _ => None,
        };
        if decoded.is_some() {
            chars.next();
        }
        out.push(decoded.unwrap_or(c));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    #[test]
    fn times_are_read_as_calendars_write_them() {
        let at = |text| TimeValue::Local(local(text));
        let utc = |text| TimeValue::Utc(local(text));
        for (text, value) in [
            ("20260714T133000", at("2026-07-14 13:30:00")),
            ("20260714T133000Z", utc("2026-07-14 13:30:00")),
            (" 20260714t133000z ", utc("2026-07-14 13:30:00")),
            ("20260714T1330", at("2026-07-14 13:30:00")),
            ("2026-07-14T13:30:00+02:00", utc("2026-07-14 11:30:00")),
            ("20260714T133000-0500", utc("2026-07-14 18:30:00")),
            ("20260714T133060Z", utc("2026-07-14 13:30:59")),
            ("20260714T240000", at("2026-07-15 00:00:00")),
            ("20260714T133000.500Z", utc("2026-07-14 13:30:00")),
            ("20260714", TimeValue::Date(local("2026-07-14 00:00:00").date())),
            ("2026-07-14", TimeValue::Date(local("2026-07-14 00:00:00").date())),
        ] {
            assert_eq!(parse_time_value(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "T",
            "2026",
            "20260230",
            "00000101T000000",
            "20260714T250000",
            "20260714T1",
            "99991231T240000",
            "00010101T000000+0100",
            "20260714T13300é",
            "é",
            "２０２６０７１４",
            "20260714T133000+9900",
            "-20260714",
        ] {
            assert!(!matches!(parse_time_value(text), Some(TimeValue::Local(_) | TimeValue::Utc(_))), "{text}");
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, days, seconds) in [
            ("PT1H", 0, 3600),
            ("P1DT2H30M", 1, 9000),
            ("-PT15M", 0, -900),
            ("P2W", 14, 0),
            ("pt0s", 0, 0),
            ("+P7D", 7, 0),
        ] {
            assert_eq!(parse_duration(text), Some(Duration { days, seconds }), "{text}");
        }
        for text in ["", "P", "PT", "1H", "P1", "PX", "PT1H5", "P99999999999999999999D", "P1Y"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn offsets_are_read() {
        for (text, seconds) in
            [("-0500", -18000), ("+05:30", 19800), ("+013015", 5415), ("0000", 0), ("+2", 7200), ("-330", -12600)]
        {
            assert_eq!(parse_offset(text), Some(seconds), "{text}");
        }
        for text in ["", "+", "+2500", "abc", "+0199999"] {
            assert_eq!(parse_offset(text), None, "{text}");
        }
    }

    #[test]
    fn lists_are_split_at_bare_commas() {
        assert_eq!(split_text_list(r"Work, Room A\, 2nd floor,,x\\"), ["Work", "Room A, 2nd floor", r"x\"]);
    }

    #[test]
    fn carets_are_decoded() {
        assert_eq!(decode_carets("George ^'Babe^' Ruth^^^n^x"), "George \"Babe\" Ruth^\n^x");
    }
}
