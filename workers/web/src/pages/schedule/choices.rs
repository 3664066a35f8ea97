use std::collections::{BTreeMap, BTreeSet};

use arrange::Arrange as _;
use chrono::Datelike as _;
use timetable::{Entry, Month};

use super::asked::WEEKEND;

/// What the dates of a page can be told apart by.
#[derive(Debug, Default)]
pub struct Choices {
    /// All dates.
    pub dates: usize,
    /// Those that are games.
    pub games: usize,
    /// Those on a weekend.
    pub weekends: usize,
    /// Those with an offer.
    pub offers: usize,
    /// The months they are in, each once.
    pub months: Vec<Month>,
    /// Who plays: the folded name, and as it is first written.
    pub teams: BTreeMap<String, String>,
}

impl Choices {
    /// Counts dates.
    pub fn among<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut choices = Self::default();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for entry in entries {
            let day = entry.start.local_date();
            choices.dates += 1;
            choices.weekends += usize::from(WEEKEND.contains(&day.weekday()));
            choices.offers += usize::from(entry.offer.is_some());
            choices.months.push(Month::of(day));
            if let Some(teams) = &entry.teams {
                choices.games += 1;
                for name in [&teams.home, &teams.away] {
                    if seen.insert(name) {
                        choices.teams.entry(timetable::fold(name)).or_insert_with(|| name.clone());
                    }
                }
            }
        }
        choices.months.arrange();
        choices.months.dedup();
        choices
    }
}
