//! Recurrence rules (RFC 5545 section 3.3.10) on the wall clock: a rule is parsed once and then steps
//! through its periods. A period is a set of days times a set of times of day, and the set of times is
//! never written out, so that `BYHOUR`, `BYMINUTE` and `BYSECOND` lists cost nothing until they are asked for.
//! Zones, COUNT and UNTIL are the caller's.

use std::ops::RangeInclusive;

use arrange::Arrange as _;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};

/// FREQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Freq {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// UNTIL, in the form it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    Date(NaiveDate),
    Local(NaiveDateTime),
    Utc(NaiveDateTime),
}

impl Until {
    /// The day it names.
    pub(crate) fn date(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Local(time) | Self::Utc(time) => time.date(),
        }
    }
}

/// A parsed RRULE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) freq: Freq,
    pub(crate) interval: u32,
    pub(crate) count: Option<u32>,
    pub(crate) until: Option<Until>,
    week_start: Weekday,
    months: Vec<u32>,
    month_days: Vec<i32>,
    year_days: Vec<i32>,
    week_numbers: Vec<i32>,
    week_days: Vec<(i32, Weekday)>,
    hours: Vec<u32>,
    minutes: Vec<u32>,
    seconds: Vec<u32>,
    positions: Vec<i64>,
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

/// `2TU`, `-1SU`, `FR`; 0 stands for every one.
fn nth_weekday(text: &str) -> Option<(i32, Weekday)> {
    let at = text.len().checked_sub(2)?;
    let (number, day) = text.split_at_checked(at)?;
    let number = match number {
        "" | "+" => 0,
        number => number.parse().ok()?,
    };
    Some((number, weekday(day)?))
}

/// A list of numbers within limits, sorted; items that do not fit are left out.
fn numbers<N: std::str::FromStr + Ord + Copy>(list: &str, fits: impl Fn(N) -> bool) -> Vec<N> {
    let mut numbers: Vec<N> =
        list.split(',').filter_map(|item| item.trim().parse().ok()).filter(|number| fits(*number)).collect();
    numbers.arrange();
    numbers.dedup();
    numbers
}

impl Rule {
    /// Reads an RRULE value. Parts that say nothing are left out, as real calendars write them;
    /// without FREQ, or in another calendar than the Gregorian one (RFC 7529), there is no rule.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let value = value.trim().to_ascii_uppercase();
        let value = value.strip_prefix("RRULE:").unwrap_or(&value);
        let mut freq = None;
        let mut rule = Self {
            freq: Freq::Daily,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Mon,
            months: Vec::new(),
            month_days: Vec::new(),
            year_days: Vec::new(),
            week_numbers: Vec::new(),
            week_days: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
            positions: Vec::new(),
        };
        for part in value.split(';') {
            let Some((name, list)) = part.split_once('=') else { continue };
            let list = list.trim();
            match name.trim() {
                "FREQ" => {
                    freq = Some(match list {
                        "SECONDLY" => Freq::Secondly,
                        "MINUTELY" => Freq::Minutely,
                        "HOURLY" => Freq::Hourly,
                        "DAILY" => Freq::Daily,
                        "WEEKLY" => Freq::Weekly,
                        "MONTHLY" => Freq::Monthly,
                        "YEARLY" => Freq::Yearly,
                        _ => return None,
                    });
                }
                "RSCALE" if list != "GREGORIAN" => return None,
                "INTERVAL" => rule.interval = list.parse().unwrap_or(1).max(1),
                "COUNT" => rule.count = list.parse().ok().filter(|count| *count > 0),
                "UNTIL" => rule.until = until(list),
                "WKST" => rule.week_start = weekday(list).unwrap_or(Weekday::Mon),
                "BYMONTH" => rule.months = numbers(list, |month: u32| (1..=12).contains(&month)),
                "BYMONTHDAY" => rule.month_days = numbers(list, |day: i32| day != 0 && day.abs() <= 31),
                "BYYEARDAY" => rule.year_days = numbers(list, |day: i32| day != 0 && day.abs() <= 366),
                "BYWEEKNO" => rule.week_numbers = numbers(list, |week: i32| week != 0 && week.abs() <= 53),
                "BYHOUR" => rule.hours = numbers(list, |hour: u32| hour < 24),
                "BYMINUTE" => rule.minutes = numbers(list, |minute: u32| minute < 60),
                // A leap second is read as the second before it: no clock here knows it.
                "BYSECOND" => rule.seconds = numbers(list, |second: u32| second < 60),
                "BYSETPOS" => rule.positions = numbers(list, |position: i64| position != 0),
                "BYDAY" => {
                    rule.week_days = list.split(',').filter_map(|item| nth_weekday(item.trim())).collect();
                    rule.week_days.arrange_by_key(|(number, day)| (*number, day.num_days_from_monday()));
                    rule.week_days.dedup();
                }
                _ => {}
            }
        }
        rule.freq = freq?;
        Some(rule)
    }

    /// The rule without times of day and in one month, its first or that of `start`: what a zone's rule may be.
    pub(crate) fn once_a_year(mut self, start: NaiveDateTime) -> Self {
        self.hours.clear();
        self.minutes.clear();
        self.seconds.clear();
        self.months = vec![self.months.first().copied().unwrap_or(start.month())];
        self
    }

    /// Whether the rule ends by itself.
    pub(crate) fn ends(&self) -> bool {
        self.count.is_some() || self.until.is_some()
    }

    /// The wall-clock times of the rule from `start` on, ascending, none before `start`; at most `steps` days
    /// and candidates are looked at.
    ///
    /// A rule without COUNT skips whole periods before the first day of `window`; none looks past the last.
    pub(crate) fn expand(&self, start: NaiveDateTime, window: RangeInclusive<NaiveDate>, steps: u32) -> Expansion<'_> {
        let mut filled = self.filled_from(start);
        let times = Times {
            hours: std::mem::take(&mut filled.hours),
            minutes: std::mem::take(&mut filled.minutes),
            seconds: std::mem::take(&mut filled.seconds),
        };
        let last_day = (*window.end()).min(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or_default());
        let (rule, period, pending) = (self, 0, None);
        let mut expansion = Expansion { rule, filled, start, last_day, period, times, pending, steps_left: steps };
        if self.count.is_none() && *window.start() > start.date() {
            // One period of slack: a week, or a week number, may reach over the border.
            let interval = u64::from(self.interval);
            let period = expansion.period_of(window.start().and_time(NaiveTime::MIN)).saturating_sub(interval);
            expansion.period = period - period % interval;
        }
        expansion
    }

    /// RFC 5545 section 3.3.10: "Information, not contained in the rule, necessary to determine the
    /// various recurrence instance start time and dates are derived from the Start Time."
    fn filled_from(&self, start: NaiveDateTime) -> Self {
        let mut rule = self.clone();
        if rule.hours.is_empty() && rule.freq > Freq::Hourly {
            rule.hours = vec![start.hour()];
        }
        if rule.minutes.is_empty() && rule.freq > Freq::Minutely {
            rule.minutes = vec![start.minute()];
        }
        if rule.seconds.is_empty() && rule.freq > Freq::Secondly {
            rule.seconds = vec![start.second()];
        }
        let no_days = rule.month_days.is_empty() && rule.year_days.is_empty() && rule.week_days.is_empty();
        match rule.freq {
            Freq::Yearly if no_days && !rule.week_numbers.is_empty() => rule.week_days = vec![(0, start.weekday())],
            Freq::Yearly if no_days => {
                rule.month_days = vec![i32::try_from(start.day()).unwrap_or(1)];
                if rule.months.is_empty() {
                    rule.months = vec![start.month()];
                }
            }
            Freq::Monthly if no_days => rule.month_days = vec![i32::try_from(start.day()).unwrap_or(1)],
            Freq::Weekly if rule.week_days.is_empty() => rule.week_days = vec![(0, start.weekday())],
            _ => {}
        }
        rule
    }

    /// Whether every part of the rule that speaks of days lets this one pass.
    fn admits(&self, day: NaiveDate) -> bool {
        let from_end =
            |value: u32, length: u32| i32::try_from(value).unwrap_or(0) - i32::try_from(length).unwrap_or(0) - 1;
        let either = |list: &[i32], value: u32, length: u32| {
            list.is_empty()
                || list.iter().any(|item| i32::try_from(value) == Ok(*item) || from_end(value, length) == *item)
        };
        (self.months.is_empty() || self.months.contains(&day.month()))
            && either(&self.month_days, day.day(), days_in_month(day))
            && either(&self.year_days, day.ordinal(), days_in_year(day.year()))
            && self.admits_weekday(day)
            && (self.week_numbers.is_empty() || {
                let (week, weeks) = week_of_year(day, self.week_start);
                either(&self.week_numbers, week, weeks)
            })
    }

    fn admits_weekday(&self, day: NaiveDate) -> bool {
        if self.week_days.is_empty() {
            return true;
        }
        // The number counts within the month, or within the year of a yearly rule without BYMONTH.
        let (ordinal, length) = match self.freq {
            Freq::Monthly => (day.day(), days_in_month(day)),
            Freq::Yearly if !self.months.is_empty() => (day.day(), days_in_month(day)),
            Freq::Yearly if self.week_numbers.is_empty() => (day.ordinal(), days_in_year(day.year())),
            _ => return self.week_days.iter().any(|(_, weekday)| *weekday == day.weekday()),
        };
        let nth = i32::try_from((ordinal - 1) / 7 + 1).unwrap_or(0);
        let nth_from_end = -i32::try_from((length - ordinal) / 7 + 1).unwrap_or(0);
        self.week_days.iter().any(|(number, weekday)| {
            *weekday == day.weekday() && (*number == 0 || *number == nth || *number == nth_from_end)
        })
    }
}

fn until(text: &str) -> Option<Until> {
    use crate::ical::value::{TimeValue, parse_time_value};
    Some(match parse_time_value(text)? {
        TimeValue::Date(date) => Until::Date(date),
        TimeValue::Local(local) => Until::Local(local),
        TimeValue::Utc(utc) => Until::Utc(utc),
    })
}

fn days_in_year(year: i32) -> u32 {
    if NaiveDate::from_yo_opt(year, 366).is_some() { 366 } else { 365 }
}

fn days_in_month(day: NaiveDate) -> u32 {
    match day.month() {
        2 => days_in_year(day.year()) - 337,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the week began.
fn days_into_week(day: NaiveDate, week_start: Weekday) -> u32 {
    day.weekday().days_since(week_start)
}

/// The number of a day's week and how many weeks that week's year has. Week 1 is the first with four days
/// or more in the year (RFC 5545 section 3.3.10), so a week belongs to the year of its fourth day.
fn week_of_year(day: NaiveDate, week_start: Weekday) -> (u32, u32) {
    let fourth =
        |day: NaiveDate| day + TimeDelta::days(3) - TimeDelta::days(i64::from(days_into_week(day, week_start)));
    let middle = fourth(day);
    let weeks = NaiveDate::from_ymd_opt(middle.year(), 12, 31).map_or(52, |last| {
        let middle_of_last = fourth(last);
        if middle_of_last.year() == middle.year() { middle_of_last.ordinal0() / 7 + 1 } else { last.ordinal0() / 7 }
    });
    (middle.ordinal0() / 7 + 1, weeks.max(middle.ordinal0() / 7 + 1))
}

/// A set of times of day, never written out.
#[derive(Default)]
struct Times {
    hours: Vec<u32>,
    minutes: Vec<u32>,
    seconds: Vec<u32>,
}

impl Times {
    fn len(&self) -> u64 {
        (self.hours.len() * self.minutes.len() * self.seconds.len()) as u64
    }

    fn nth(&self, index: u64) -> Option<NaiveTime> {
        let pick = |list: &[u32], index: u64| list.get(usize::try_from(index).ok()?).copied();
        let (minutes, seconds) = (self.minutes.len() as u64, self.seconds.len() as u64);
        let hour = pick(&self.hours, index.checked_div(minutes * seconds)?)?;
        let minute = pick(&self.minutes, index.checked_div(seconds)?.checked_rem(minutes)?)?;
        NaiveTime::from_hms_opt(hour, minute, pick(&self.seconds, index.checked_rem(seconds)?)?)
    }
}

/// The members of one period that are still to come.
struct Pending {
    days: Vec<NaiveDate>,
    /// Indexes into days times times, the next one last. Without BYSETPOS it holds one and refills itself.
    queue: Vec<u64>,
}

/// The times of a rule, one by one, until the window, the year 9999 or the steps end.
pub(crate) struct Expansion<'a> {
    rule: &'a Rule,
    filled: Rule,
    start: NaiveDateTime,
    last_day: NaiveDate,
    /// Index of the next period, counted in units of FREQ from the period of `start`.
    period: u64,
    /// The times of the current period; those of every period unless FREQ is shorter than a day.
    times: Times,
    pending: Option<Pending>,
    steps_left: u32,
}

impl Expansion<'_> {
    /// Whether the expansion ended because it took too long, not because the rule did.
    pub(crate) fn gave_up(&self) -> bool {
        self.steps_left == 0
    }

    /// How many steps may still be taken.
    pub(crate) fn steps_left(&self) -> u32 {
        self.steps_left
    }

    fn spend(&mut self, steps: usize) -> Option<()> {
        self.steps_left = self.steps_left.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX).max(1));
        (self.steps_left > 0).then_some(())
    }

    fn first_of_week(&self) -> NaiveDate {
        let date = self.start.date();
        date - TimeDelta::days(i64::from(days_into_week(date, self.rule.week_start)))
    }

    /// The index of the period that holds `time`, not before 0.
    fn period_of(&self, time: NaiveDateTime) -> u64 {
        let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
        let seconds = (time - self.start_of_unit()).num_seconds();
        let index = match self.rule.freq {
            Freq::Yearly => i64::from(time.year() - self.start.year()),
            Freq::Monthly => months(time.date()) - months(self.start.date()),
            Freq::Weekly => (time.date() - self.first_of_week()).num_days().div_euclid(7),
            Freq::Daily => (time.date() - self.start.date()).num_days(),
            Freq::Hourly => seconds.div_euclid(3600),
            Freq::Minutely => seconds.div_euclid(60),
            Freq::Secondly => seconds,
        };
        u64::try_from(index).unwrap_or(0)
    }

    /// The start, cut down to the beginning of its hour, minute or second.
    fn start_of_unit(&self) -> NaiveDateTime {
        let time = self.start.time();
        let seconds = match self.rule.freq {
            Freq::Hourly => time.minute() * 60 + time.second(),
            Freq::Minutely => time.second(),
            _ => 0,
        };
        self.start - TimeDelta::seconds(i64::from(seconds))
    }

    /// The first index from `wanted` on that is a multiple of INTERVAL.
    fn aligned(&self, wanted: u64) -> u64 {
        wanted.div_ceil(u64::from(self.rule.interval)) * u64::from(self.rule.interval)
    }

    /// The days of the next period, with `self.times` set to its times.
    fn next_period(&mut self) -> Option<Vec<NaiveDate>> {
        let index = self.period;
        let days = match self.rule.freq {
            Freq::Yearly => {
                let year = self.start.year().checked_add(i32::try_from(index).ok()?)?;
                self.within(NaiveDate::from_ymd_opt(year, 1, 1)?)?;
                let all: Vec<u32> = (1..=12).collect();
                let months = if self.filled.months.is_empty() { all } else { self.filled.months.clone() };
                let mut days = Vec::new();
                for month in months {
                    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
                    days.extend(self.admitted(first, days_in_month(first))?);
                }
                days
            }
            Freq::Monthly => {
                let first =
                    self.start.date().with_day(1)?.checked_add_months(Months::new(u32::try_from(index).ok()?))?;
                self.admitted(self.within(first)?, days_in_month(first))?
            }
            Freq::Weekly => {
                let first = self.first_of_week().checked_add_days(Days::new(index.checked_mul(7)?))?;
                self.admitted(self.within(first)?, 7)?
            }
            Freq::Daily => {
                let day = self.start.date().checked_add_days(Days::new(index))?;
                self.admitted(self.within(day)?, 1)?
            }
            Freq::Hourly | Freq::Minutely | Freq::Secondly => return self.next_part_of_day(),
        };
        self.period += u64::from(self.rule.interval);
        Some(days)
    }

    /// A period shorter than a day. A day or an hour that the rule excludes is skipped as a whole.
    fn next_part_of_day(&mut self) -> Option<Vec<NaiveDate>> {
        let unit = match self.rule.freq {
            Freq::Hourly => 3600,
            Freq::Minutely => 60,
            _ => 1,
        };
        let seconds = i64::try_from(self.period.checked_mul(unit)?).ok()?;
        let at = self.start_of_unit().checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
        let days = self.admitted(self.within(at.date())?, 1)?;
        let Rule { hours, minutes, seconds, .. } = self.rule;
        let excluded = |list: &[u32], value: u32| !list.is_empty() && !list.contains(&value);
        let skip_to = if days.is_empty() {
            Some(at.date().succ_opt()?.and_time(NaiveTime::MIN))
        } else if excluded(hours, at.hour()) {
            Some(at.date().and_hms_opt(at.hour(), 0, 0)? + TimeDelta::hours(1))
        } else if self.rule.freq < Freq::Hourly && excluded(minutes, at.minute()) {
            Some(at.date().and_hms_opt(at.hour(), at.minute(), 0)? + TimeDelta::minutes(1))
        } else if self.rule.freq == Freq::Secondly && excluded(seconds, at.second()) {
            Some(at + TimeDelta::seconds(1))
        } else {
            None
        };
        if let Some(next) = skip_to {
            self.period = self.aligned(self.period_of(next).max(self.period + 1));
            return Some(Vec::new());
        }
        self.period += u64::from(self.rule.interval);
        self.times.hours = vec![at.hour()];
        if self.rule.freq <= Freq::Minutely {
            self.times.minutes = vec![at.minute()];
        }
        if self.rule.freq == Freq::Secondly {
            self.times.seconds = vec![at.second()];
        }
        Some(days)
    }

    /// A period's first day, unless nobody asked for it any more.
    fn within(&self, first: NaiveDate) -> Option<NaiveDate> {
        (first <= self.last_day).then_some(first)
    }

    fn admitted(&mut self, first: NaiveDate, length: u32) -> Option<Vec<NaiveDate>> {
        self.spend(length as usize)?;
        Some(first.iter_days().take(length as usize).filter(|day| self.filled.admits(*day)).collect())
    }

    /// Which members of a period's set count: all, one after the other, or those that BYSETPOS picks.
    fn queue(&self, days: &[NaiveDate]) -> Vec<u64> {
        let len = days.len() as u64 * self.times.len();
        if self.rule.positions.is_empty() {
            return if len > 0 { vec![0] } else { Vec::new() };
        }
        let index = |position: &i64| match u64::try_from(*position) {
            Ok(position) => Some(position - 1),
            Err(_) => len.checked_sub(position.unsigned_abs()),
        };
        let mut picked: Vec<u64> = self.rule.positions.iter().filter_map(index).filter(|index| *index < len).collect();
        picked.arrange_by(|a, b| b.cmp(a));
        picked.dedup();
        picked
    }

    fn next_of_pending(&mut self) -> Option<NaiveDateTime> {
        let Pending { days, queue } = self.pending.as_mut()?;
        let times = self.times.len();
        let index = queue.pop()?;
        if self.rule.positions.is_empty() && index + 1 < days.len() as u64 * times {
            queue.push(index + 1);
        }
        let day = days.get(usize::try_from(index.checked_div(times)?).ok()?)?;
        Some(day.and_time(self.times.nth(index.checked_rem(times)?)?))
    }
}

impl Iterator for Expansion<'_> {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        loop {
            while let Some(time) = self.next_of_pending() {
                self.spend(1)?;
                if time >= self.start {
                    return Some(time);
                }
            }
            let days = self.next_period()?;
            let queue = self.queue(&days);
            self.pending = (!queue.is_empty()).then_some(Pending { days, queue });
        }
    }
}
