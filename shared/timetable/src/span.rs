//! Dates as people say them.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use crate::lex::Item;
use crate::tongue::Meaning;
use crate::vocabulary::Vocabulary;

/// First and last day of what a phrase names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// It is a month and nothing else.
    pub is_month: bool,
}

impl Span {
    pub(crate) fn days(first: NaiveDate, last: NaiveDate) -> Self {
        Self { first, last, is_month: false }
    }

    fn day(day: NaiveDate) -> Self {
        Self::days(day, day)
    }

    fn month(year: i32, month: u32) -> Option<Self> {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        let next = if month == 12 { NaiveDate::from_ymd_opt(year + 1, 1, 1) } else { first.with_month(month + 1) }?;
        Some(Self { first, last: next.pred_opt()?, is_month: true })
    }
}

/// Reads dates out of the items of a question.
pub(crate) struct Dates<'a> {
    pub items: &'a [Item],
    pub today: NaiveDate,
    pub day_first: bool,
    pub vocabulary: &'a Vocabulary,
}

pub(crate) fn later(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(day)
}

fn earlier(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(Days::new(days)).unwrap_or(day)
}

fn monday_of(day: NaiveDate) -> NaiveDate {
    earlier(day, u64::from(day.weekday().num_days_from_monday()))
}

fn week_of(day: NaiveDate) -> Span {
    let monday = monday_of(day);
    Span::days(monday, later(monday, 6))
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
            Item::Says(Meaning::Ordinal(number)) => Some(u32::from(*number)),
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
        let (span, end) = self.plain(at)?;
        // `July 4th weekend`
        if span.first == span.last && self.says(end) == Some(Meaning::Weekend) {
            let monday = monday_of(span.first);
            let is_after = span.first < later(monday, 2);
            let saturday = if is_after { earlier(monday, 2) } else { later(monday, 5) };
            return Some((Span::days(saturday, later(saturday, 1)), end + 1));
        }
        Some((span, end))
    }

    fn plain(&self, at: usize) -> Option<(Span, usize)> {
        let next = at + 1;
        match self.items.get(at)? {
            Item::Date(date) => Some((Span::day(*date), next)),
            Item::DayOf(day, month) => {
                Some((Span::day(NaiveDate::from_ymd_opt(self.year_of(*month), *month, *day)?), next))
            }
            Item::Number(number) => self.number_first(*number, at),
            Item::Says(meaning) => self.phrase(*meaning, at),
            _ => None,
        }
    }

    /// `4 July`, `4 de julio de 2027`, `3 to 10 June`, `2027`.
    fn number_first(&self, number: u32, at: usize) -> Option<(Span, usize)> {
        if self.says(at + 2) == Some(Meaning::FromNow) {
            return Some((self.ahead_by(number, self.says(at + 1)?)?, at + 3));
        }
        // `7-4` is no span of days.
        if let (Some(Item::Dash), Some(second)) = (self.items.get(at + 1), self.number(at + 2))
            && second < number
        {
            let (day, month) = if self.day_first { (number, second) } else { (second, number) };
            return Some((Span::day(NaiveDate::from_ymd_opt(self.year_of(month), month, day)?), at + 3));
        }
        let of = usize::from(self.says(at + 1) == Some(Meaning::Of));
        if let Some(Meaning::Month(month)) = self.says(at + 1 + of) {
            let month = u32::from(month);
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

    /// The day, week or month in so long a time.
    fn ahead_by(&self, count: u32, unit: Meaning) -> Option<Span> {
        let count = count.min(400);
        Some(match unit {
            Meaning::Days => Span::day(later(self.today, u64::from(count))),
            Meaning::Weeks => week_of(later(self.today, 7 * u64::from(count))),
            Meaning::Months => {
                let day = self.today.checked_add_months(Months::new(count))?;
                Span::month(day.year(), day.month())?
            }
            _ => return None,
        })
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
            Meaning::Month(month) => self.month(month.into(), next),
            Meaning::Today => Some((Span::day(self.today), next)),
            Meaning::Tomorrow => Some((Span::day(later(self.today, 1)), next)),
            Meaning::DayAfterTomorrow => Some((Span::day(later(self.today, 2)), next)),
            Meaning::This | Meaning::Next | Meaning::Coming => self.coming(meaning != Meaning::This, next),
            Meaning::Yesterday => Some((Span::day(earlier(self.today, 1)), next)),
            // The evening itself is said by the next word.
            Meaning::Last if self.says(next) == Some(Meaning::Night) => Some((Span::day(earlier(self.today, 1)), next)),
            Meaning::Last => {
                let unit = self.says(next)?;
                self.nth(None, unit, next + 1).or_else(|| self.past(unit).map(|span| (span, next + 1)))
            }
            Meaning::Ordinal(number) => {
                let of_month = self.says(next).and_then(|unit| self.nth(Some(number.into()), unit, next + 1));
                of_month.or_else(|| self.number_first(number.into(), at))
            }
            Meaning::Part(..) | Meaning::Early | Meaning::Late => {
                let (first, last) = match meaning {
                    Meaning::Part(first, last) => (first, last),
                    Meaning::Early => (1, 10),
                    _ => (21, 31),
                };
                let (month, end) = self.of_month(next)?;
                let day = |day: u8| month.first.with_day(day.into()).unwrap_or(month.last);
                Some((Span::days(day(first), day(last)), end))
            }
            Meaning::Quarter(month) => {
                let month = u32::from(month);
                let first = NaiveDate::from_ymd_opt(self.year_of(month), month, 1)?;
                Some((Span::days(first, first.checked_add_months(Months::new(3))?.pred_opt()?), next))
            }
            // `the week of July 12`
            Meaning::Weeks if self.says(next) == Some(Meaning::Of) => {
                let filler = usize::from(self.says(next + 1) == Some(Meaning::Filler));
                let (span, end) = self.plain(next + 1 + filler).filter(|(span, _)| span.first == span.last)?;
                Some((week_of(span.first), end))
            }
            Meaning::In => Some((self.ahead_by(self.number(next)?, self.says(next + 1)?)?, next + 2)),
            Meaning::Weeks | Meaning::Months | Meaning::Weekend | Meaning::Weekday(_)
                if self.says(next) == Some(Meaning::Past) =>
            {
                self.past(meaning).map(|span| (span, next + 1))
            }
            // `the last game of the year`
            Meaning::Weeks | Meaning::Months | Meaning::Year if self.is_of_now(at) => {
                self.coming_unit(false, meaning).map(|span| (span, next))
            }
            // `la semana que viene`
            Meaning::Weeks | Meaning::Months | Meaning::Weekend if self.says(next) == Some(Meaning::Next) => {
                self.coming_unit(true, meaning).map(|span| (span, next + 1))
            }
            Meaning::Weekday(day) if self.says(next) == Some(Meaning::Next) => {
                Some((Span::day(self.weekday(day, true)), next + 1))
            }
            // `Saturday the 24th`
            Meaning::Weekday(day) => {
                let number = next + usize::from(self.says(next) == Some(Meaning::Filler));
                let after = self.items.get(number + 1);
                let is_other = after.is_some_and(|item| match item {
                    Item::Says(said) => {
                        matches!(said, Meaning::Month(_) | Meaning::Of | Meaning::Am | Meaning::Pm) || said.is_things()
                    }
                    Item::Dash | Item::Number(_) => true,
                    _ => false,
                });
                let number = self.number(number).filter(|_| !is_other)?;
                let days = (0..366).map(|ahead| later(self.today, ahead));
                let found = days.into_iter().find(|one| one.weekday() == day && one.day() == number)?;
                Some((Span::day(found), next + usize::from(self.says(next) == Some(Meaning::Filler)) + 1))
            }
            _ => None,
        }
    }

    /// After a word such as `of`: not a number of weeks or years, but those that are now.
    fn is_of_now(&self, at: usize) -> bool {
        let before = |back: usize| at.checked_sub(back).and_then(|at| self.says(at));
        before(1) == Some(Meaning::Of) || before(1) == Some(Meaning::Filler) && before(2) == Some(Meaning::Of)
    }

    /// `of July`, `in July 2028`.
    fn of_month(&self, at: usize) -> Option<(Span, usize)> {
        let joins = |at: usize| matches!(self.says(at), Some(Meaning::Of | Meaning::In | Meaning::Filler));
        let start = (at..at + 3).find(|at| !joins(*at))?;
        match self.says(start)? {
            Meaning::Month(month) => {
                let month = u32::from(month);
                let (year, end) = self.year_at(start + 1).unwrap_or_else(|| (self.year_of(month), start + 1));
                Some((Span::month(year, month)?, end))
            }
            _ => None,
        }
    }

    /// `the first week of August`, `the last Friday in May`; `None` is the last.
    fn nth(&self, number: Option<u32>, unit: Meaning, at: usize) -> Option<(Span, usize)> {
        let (month, end) = self.of_month(at)?;
        let weeks = number.map_or(Some(0), |number| number.checked_sub(1).filter(|weeks| *weeks < 5))?;
        // The nth is in the nth week, the last in the seven days that end the month.
        let week = match number {
            Some(_) => later(month.first, u64::from(7 * weeks)),
            None => earlier(month.last, 6),
        };
        let on = |day: Weekday| later(week, u64::from(ahead(week.weekday(), day)));
        let span = match unit {
            Meaning::Weeks => Span::days(week, later(week, 6).min(month.last)),
            Meaning::Weekend => Span::days(on(Weekday::Sat), later(on(Weekday::Sat), 1)),
            Meaning::Weekday(day) => Span::day(on(day)),
            _ => return None,
        };
        (span.first <= month.last).then_some((span, end))
    }

    /// `last week`, `el mes pasado`.
    fn past(&self, unit: Meaning) -> Option<Span> {
        let monday = monday_of(self.today);
        Some(match unit {
            Meaning::Weekday(day) => {
                let back = ahead(day, self.today.weekday());
                Span::day(earlier(self.today, u64::from(if back == 0 { 7 } else { back })))
            }
            Meaning::Weekend => Span::days(earlier(monday, 2), earlier(monday, 1)),
            Meaning::Weeks => Span::days(earlier(monday, 7), earlier(monday, 1)),
            Meaning::Months => {
                let last = self.today.with_day(1)?.pred_opt()?;
                Span::month(last.year(), last.month())?
            }
            Meaning::Year => {
                let year = self.today.year() - 1;
                Span::days(NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?)
            }
            _ => return None,
        })
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
        let monday = monday_of(today);
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

    /// The coming day of this name; with `next`, neither today nor tomorrow, which have names of their own.
    fn weekday(&self, day: Weekday, next: bool) -> NaiveDate {
        let ahead = ahead(self.today.weekday(), day);
        later(self.today, u64::from(if ahead < 2 && next { ahead + 7 } else { ahead }))
    }
}

/// Days from one weekday to the next of another.
fn ahead(from: Weekday, to: Weekday) -> u32 {
    (7 + to.num_days_from_monday() - from.num_days_from_monday()) % 7
}
