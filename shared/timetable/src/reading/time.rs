//! Days and times of day.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::Reading;
use crate::lex::Item;
use crate::span::Span;
use crate::tongue::Meaning;

impl Reading<'_> {
    /// A date, or two that are joined to a span.
    pub(super) fn dates(&mut self) -> bool {
        let Some((span, end)) = self.reader().at(self.at) else { return false };
        let (span, end) = self.through(span, end, false);
        self.found.spans.push(span);
        self.at = end;
        true
    }

    /// `May to July`, `3 June until 10 June`.
    pub(super) fn through(&self, span: Span, end: usize, and: bool) -> (Span, usize) {
        let joins = matches!(self.items.get(end), Some(Item::Dash))
            || matches!(self.meaning(end), Some(Meaning::To | Meaning::Until))
            || and && self.meaning(end) == Some(Meaning::And);
        let start = self.skip_filler(end + 1);
        let day_of_month = || match self.items.get(start)? {
            // `July 4 through 10`
            Item::Number(day) if span.first == span.last => {
                let day = chrono::Datelike::with_day(&span.last, *day)?;
                Some((Span::days(day, day), start + 1))
            }
            _ => None,
        };
        let second = if joins { self.reader().at(start).or_else(day_of_month) } else { None };
        match second {
            Some((last, end)) if last.last >= span.first => (Span::days(span.first, last.last), end),
            _ => (span, end),
        }
    }

    /// `before August`, `after 6 pm`, `after the break`, `between 3 and 10 June`, `from 5 to 8 pm`.
    pub(super) fn bound(&mut self, meaning: Meaning) {
        let start = self.skip_filler(self.at + 1);
        let range = matches!(meaning, Meaning::Between | Meaning::From);
        if let Some((span, end)) = self.reader().at(start) {
            let (whole, whole_end) = self.through(span, end, meaning == Meaning::Between);
            let is_joint = |item: &Item| matches!(item, Item::Dash | Item::Says(Meaning::To | Meaning::Until));
            let two_ends = self.items.get(start..whole_end).is_some_and(|items| items.iter().any(is_joint));
            if range && two_ends || meaning == Meaning::Between {
                self.found.spans.push(Span { is_month: false, ..whole });
                self.at = whole_end;
            } else {
                self.limit(meaning, span.first, span.last);
                self.at = end;
            }
            return;
        }
        if let Some((first, end)) = self.time_at(start) {
            let joins = matches!(self.items.get(end), Some(Item::Dash))
                || matches!(self.meaning(end), Some(Meaning::To | Meaning::And | Meaning::Until));
            let second = (range && joins).then(|| self.time_at(self.skip_filler(end + 1))).flatten();
            let filter = &mut self.found.filter;
            match (meaning, second) {
                (_, Some((last, end))) => {
                    (filter.after, filter.before) = (Some(first), Some(last));
                    self.at = end;
                    return;
                }
                (Meaning::Before | Meaning::Until, None) => filter.before = Some(first),
                _ => filter.after = Some(first),
            }
            self.at = end;
            return;
        }
        if let Some(Item::Landmark(first, last, _)) = self.items.get(start) {
            let (first, last) = (*first, *last);
            self.limit(meaning, first, last);
            self.at = start + 1;
            // `the all-star game`, where the calendar says break.
            if self.meaning(self.at).is_some_and(Meaning::is_things) {
                self.at += 1;
            }
            return;
        }
        self.at += 1;
    }

    pub(super) fn limit(&mut self, meaning: Meaning, first: NaiveDate, last: NaiveDate) {
        let filter = &mut self.found.filter;
        match meaning {
            Meaning::Before => filter.to = first.pred_opt(),
            Meaning::Until => filter.to = Some(last),
            Meaning::After => filter.from = last.succ_opt(),
            _ => filter.from = Some(first),
        }
        // Of two that contradict each other the last counts.
        if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
            match meaning {
                Meaning::Before | Meaning::Until => filter.from = None,
                _ => filter.to = None,
            }
        }
    }

    /// A time of day; a bare number only where the caller knows that a time is meant.
    pub(super) fn time_at(&self, at: usize) -> Option<(NaiveTime, usize)> {
        let (hour, minute) = match self.items.get(at)? {
            Item::Clock(time) => (chrono::Timelike::hour(time), chrono::Timelike::minute(time)),
            Item::Number(hour) => (*hour, 0),
            Item::Says(Meaning::Noon) => return Some((NaiveTime::from_hms_opt(12, 0, 0)?, at + 1)),
            _ => return None,
        };
        let half = self.meaning(at + 1).filter(|meaning| matches!(meaning, Meaning::Am | Meaning::Pm));
        // `between 5 and 8 pm`, `from 5 to 8 pm`
        let shared = self.meaning(at + 3).filter(|meaning| matches!(meaning, Meaning::Am | Meaning::Pm));
        let hour = match half.or(shared) {
            Some(Meaning::Am) if hour == 12 => 0,
            Some(Meaning::Am) => hour,
            Some(_) if hour < 12 => hour + 12,
            // Nobody goes out at four in the morning; what is written with minutes may be a morning's.
            None if (1..=9).contains(&hour) && matches!(self.items.get(at), Some(Item::Number(_))) => hour + 12,
            None if (1..=7).contains(&hour) => hour + 12,
            _ => hour,
        };
        Some((NaiveTime::from_hms_opt(hour, minute, 0)?, at + 1 + usize::from(half.is_some())))
    }

    /// `7pm`, `at 7`, `19:05`: what starts in the hour from then.
    pub(super) fn clock(&mut self, known: Option<usize>) -> bool {
        let start = known.unwrap_or(self.at);
        let clear = matches!(self.items.get(start), Some(Item::Clock(_)))
            || matches!(self.meaning(start + 1), Some(Meaning::Am | Meaning::Pm));
        if !clear && known.is_none() {
            return false;
        }
        let Some((time, end)) = self.time_at(start) else { return false };
        let filter = &mut self.found.filter;
        let (until, wrapped) = time.overflowing_add_signed(TimeDelta::hours(1));
        filter.after = Some(time);
        filter.before = (wrapped == 0).then_some(until);
        self.at = end;
        true
    }
}
