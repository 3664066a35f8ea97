//! Dates as people say them.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::Month;
use crate::lex::Item;
use crate::tongue::{Meaning, Tongue};
use crate::vocabulary::Vocabulary;

/// First and last day of what a phrase names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// It is exactly this month.
    pub month: Option<Month>,
}

impl Span {
    fn days(first: NaiveDate, last: NaiveDate) -> Self {
        Self { first, last, month: None }
    }

    fn day(day: NaiveDate) -> Self {
        Self::days(day, day)
    }

    fn month(year: i32, month: u32) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1) } else { first.with_month(month + 1) }?;
        Some(Self { first, last: next.pred_opt()?, month: Some(Month { year, month }) })
    }
}

/// Reads dates out of the items of a question.
pub(crate) struct Dates<'a> {
    pub items: &'a [Item],
    pub today: NaiveDate,
    pub tongue: &'static Tongue,
    pub vocabulary: &'a Vocabulary,
}

pub(crate) fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

impl Dates<'_> {
    fn says(&self, at: usize) -> Option<Meaning> {
        match self.items.get(at)? {
            Item::Says(meaning) => Some(*meaning),
            _ => None,
        }
    }

    fn number(&self, at: usize) -> Option<u32> {
        match self.items.get(at)? {
            Item::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn year_at(&self, at: usize) -> Option<(i32, usize)> {
        let skip = usize::from(self.says(at) == Some(Meaning::Of));
        let year = i32::try_from(self.number(at + skip)?).ok().filter(|year| (2000..2100).contains(year))?;
        Some((year, at + skip + 1))
    }

    /// The year of a day or month that is said without one: that of the season, else the next such month.
    fn year_of(&self, month: u32) -> i32 {
        let next = if month >= self.today.month() { self.today.year() } else { self.today.year() + 1 };
        let of_season = self.vocabulary.days().and_then(|(first, last)| {
            let within =
                |year: &i32| Span::month(*year, month).is_some_and(|span| span.first <= last && span.last >= first);
            [next, next - 1, next + 1].into_iter().find(within)
        });
        of_season.unwrap_or(next)
    }

    /// The span that begins at an item, and the item after it.
    pub(crate) fn at(&self, at: usize) -> Option<(Span, usize)> {
        let next = at + 1;
        match self.items.get(at)? {
            Item::Date(date) => Some((Span::day(*date), next)),
            Item::Slashed(left, right) => {
                let (day, month) = if self.tongue.day_first { (*left, *right) } else { (*right, *left) };
                let (day, month) = if month > 12 { (month, day) } else { (day, month) };
                Some((Span::day(NaiveDate::from_ymd_opt(self.year_of(month), month, day)?), next))
            }
            Item::Number(number) => self.number_first(*number, at),
            Item::Says(meaning) => self.phrase(*meaning, at),
            _ => None,
        }
    }

    /// `4 July`, `4 de julio de 2027`, `3 to 10 June`, `2027`.
    fn number_first(&self, number: u32, at: usize) -> Option<(Span, usize)> {
        let of = usize::from(self.says(at + 1) == Some(Meaning::Of));
        if let Some(Meaning::Month(month)) = self.says(at + 1 + of) {
            let (year, end) = self.year_at(at + 2 + of).unwrap_or_else(|| (self.year_of(month), at + 2 + of));
            return Some((Span::day(NaiveDate::from_ymd_opt(year, month, number)?), end));
        }
        if let Some(second) = self.joined(at + 1).and_then(|second| self.number(second).map(|day| (day, second)))
            && let Some((last, end)) = self.number_first(second.0, second.1).filter(|(last, _)| last.first == last.last)
            && last.first.year() != i32::try_from(second.0).unwrap_or_default()
        {
            return Some((Span::days(last.first.with_day(number)?, last.last), end));
        }
        let (year, end) = self.year_at(at)?;
        Some((Span::days(NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?), end))
    }

    /// The item after a word that joins two ends of a span.
    fn joined(&self, at: usize) -> Option<usize> {
        let joins = matches!(self.items.get(at), Some(Item::Dash))
            || matches!(self.says(at), Some(Meaning::To | Meaning::Until | Meaning::And));
        let filler = usize::from(self.says(at + 1) == Some(Meaning::Filler));
        joins.then_some(at + 1 + filler)
    }

    fn phrase(&self, meaning: Meaning, at: usize) -> Option<(Span, usize)> {
        let next = at + 1;
        match meaning {
            Meaning::Month(month) => self.month(month, next),
            Meaning::Today => Some((Span::day(self.today), next)),
            Meaning::Tomorrow => Some((Span::day(later(self.today, 1)), next)),
            Meaning::DayAfterTomorrow => Some((Span::day(later(self.today, 2)), next)),
            Meaning::This | Meaning::Next => self.coming(meaning == Meaning::Next, next),
            // `la semana que viene`
            Meaning::Weeks | Meaning::Months | Meaning::Weekend if self.says(next) == Some(Meaning::Next) => {
                self.coming_unit(true, meaning).map(|span| (span, next + 1))
            }
            Meaning::Weekday(day) if self.says(next) == Some(Meaning::Next) => {
                Some((Span::day(self.weekday(day, true)), next + 1))
            }
            _ => None,
        }
    }

    /// `July`, `July 4`, `July 4-10`, `July 4 2027`, `July 2027`.
    fn month(&self, month: u32, at: usize) -> Option<(Span, usize)> {
        if let Some((year, end)) = self.year_at(at) {
            return Some((Span::month(year, month)?, end));
        }
        let filler = usize::from(self.says(at) == Some(Meaning::Filler));
        let day = self.number(at + filler).filter(|day| (1..=31).contains(day));
        // `in July 7 pm games` is a time.
        let is_clock = matches!(self.says(at + filler + 1), Some(Meaning::Am | Meaning::Pm));
        let Some(first) = day.filter(|_| !is_clock) else {
            return Some((Span::month(self.year_of(month), month)?, at));
        };
        let end = at + filler + 1;
        let until = self.joined(end).and_then(|second| Some((self.number(second)?, second + 1)));
        let until = until.filter(|(last, after)| {
            (first..=31).contains(last)
                && !matches!(self.says(*after), Some(Meaning::Month(_) | Meaning::Am | Meaning::Pm))
        });
        let (last, end) = until.unwrap_or((first, end));
        let (year, end) = self.year_at(end).unwrap_or_else(|| (self.year_of(month), end));
        let day = |day: u32| NaiveDate::from_ymd_opt(year, month, day);
        Some((Span::days(day(first)?, day(last)?), end))
    }

    /// `this weekend`, `next Friday`, `the next two weeks`.
    fn coming(&self, next: bool, at: usize) -> Option<(Span, usize)> {
        let count = self.number(at);
        let unit = self.says(at + usize::from(count.is_some()))?;
        let end = at + usize::from(count.is_some()) + 1;
        if let Some(count) = count {
            let days = match unit {
                Meaning::Days => 1,
                Meaning::Weeks => 7,
                Meaning::Months => 30,
                _ => return None,
            };
            return Some((Span::days(self.today, later(self.today, u64::from(count.min(400)) * days)), end));
        }
        self.coming_unit(next, unit).map(|span| (span, end))
    }

    fn coming_unit(&self, next: bool, unit: Meaning) -> Option<Span> {
        let today = self.today;
        let monday = today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))?;
        let week = if next { 7 } else { 0 };
        Some(match unit {
            Meaning::Weekday(day) => Span::day(self.weekday(day, next)),
            Meaning::Weekend => Span::days(later(monday, week + 5).max(today), later(monday, week + 6)),
            Meaning::Weeks => Span::days(later(monday, week).max(today), later(monday, week + 6)),
            Meaning::Months => {
                let month = Span::month(today.year(), today.month())?;
                if next {
                    let first = month.last.succ_opt()?;
                    Span::month(first.year(), first.month())?
                } else {
                    Span::days(today, month.last)
                }
            }
            Meaning::Year => {
                let year = today.year() + i32::from(next);
                Span::days(NaiveDate::from_ymd_opt(year, 1, 1)?.max(today), NaiveDate::from_ymd_opt(year, 12, 31)?)
            }
            _ => return None,
        })
    }

    /// The coming day of this name; with `next`, today is not it.
    fn weekday(&self, day: Weekday, next: bool) -> NaiveDate {
        let ahead = (7 + day.num_days_from_monday() - self.today.weekday().num_days_from_monday()) % 7;
        later(self.today, u64::from(if ahead == 0 && next { 7 } else { ahead }))
    }
}
