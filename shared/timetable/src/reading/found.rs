//! What was understood, brought together to a filter.

use chrono::{Datelike as _, Months, Weekday};

use super::{WEEKEND, WORKDAYS};
use crate::lex;
use crate::nearest::Nearest;
use crate::span::Span;
use crate::vocabulary::Vocabulary;
use crate::{Filter, Month};

/// Months of a season that has some left out.
const MONTHS_MAX: usize = 24;

/// What has been understood so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(super) filter: Filter,
    pub(super) spans: Vec<Span>,
    pub(crate) all: bool,
    pub(crate) nearest: Option<Nearest>,
    pub(super) games: bool,
    /// Home and away are meant of the team that was named before: `Tampa home games`.
    pub(super) side_of_team: bool,
    /// What the words of a team's name are that are also those of a place: `Denver`.
    pub(super) city: String,
    /// Months that are not wanted: a bit for the number of each.
    pub(super) months_out: u32,
    /// Days of the week that are not wanted.
    pub(super) days_out: Vec<Weekday>,
    /// The last name that was read was none.
    pub(super) last_is_word: bool,
    pub(crate) mended: Vec<lex::Mended>,
}

impl Found {
    /// All of it.
    pub(crate) fn into_filter(mut self, vocabulary: &Vocabulary, page_team: Option<&str>) -> Filter {
        let mut filter = self.filter;
        if !self.days_out.is_empty() {
            if filter.weekdays.is_empty() {
                filter.weekdays.extend(WORKDAYS.into_iter().chain(WEEKEND));
            }
            filter.weekdays.retain(|day| !self.days_out.contains(day));
        }
        self.spans.dedup();
        if self.months_out != 0 {
            let (first, last) = vocabulary.days().unwrap_or_default();
            let all = std::iter::successors(first.with_day(1), |month| month.checked_add_months(Months::new(1)));
            let wanted =
                all.take_while(|month| *month <= last).filter(|month| self.months_out & 1 << month.month() == 0);
            filter.months = wanted.take(MONTHS_MAX).map(Month::of).collect();
        }
        if self.spans.len() > 1 && self.spans.iter().all(|span| span.is_month) {
            filter.months = self.spans.iter().map(|span| Month::of(span.first)).collect();
        } else {
            // Of days that are said apart a filter keeps what lies between, too.
            let first = self.spans.iter().map(|span| span.first).min();
            let last = self.spans.iter().map(|span| span.last).max();
            filter.from = first.max(filter.from);
            filter.to = last.into_iter().chain(filter.to).min();
        }
        let own = page_team.map(str::to_owned).or_else(|| vocabulary.own_team().map(|team| team.name.clone()));
        if let Some(own) = own {
            let own = crate::fold(&own);
            let is_own = |team: &String| {
                let team = crate::fold(team);
                crate::fold::has_words(&team, &own) || crate::fold::has_words(&own, &team)
            };
            // On the calendar of one team, two others are its opponents, and so is one that it has at home.
            let are_opponents =
                filter.teams.len() > 1 || filter.side.is_some() && filter.against.is_empty() && !self.side_of_team;
            if are_opponents && !filter.teams.iter().any(is_own) {
                filter.against.append(&mut filter.teams);
            }
            if page_team.is_none()
                && filter.teams.is_empty()
                && (filter.side.is_some() || !filter.against.is_empty())
                && let Some(team) = vocabulary.own_team()
            {
                filter.teams.push(team.name.clone());
            }
        }
        // A city by itself is also what else goes on there.
        let is_city = !self.city.is_empty() && !self.games && filter.teams.len() == 1;
        if is_city && filter.side.is_none() && filter.against.is_empty() && vocabulary.is_stage(&self.city) {
            filter.teams.clear();
            filter.words.push(self.city);
        }
        // Home, away and an opponent are of games by themselves.
        filter.games = self.games && vocabulary.is_mixed() && filter.side.is_none() && filter.against.is_empty();
        filter.settle();
        filter
    }
}
