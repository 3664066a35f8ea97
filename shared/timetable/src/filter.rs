use chrono::{NaiveDate, NaiveTime, Weekday};

use crate::Entry;

/// On whose ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The named team, or the page's own, plays at home.
    Home,
    /// It travels.
    Away,
}

/// Which entries are wanted. The default wants all. Its text form is the query of a page's address, so that a view can
/// be shared, subscribed to and taken apart chip by chip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// First day, on the wall where it happens.
    pub from: Option<NaiveDate>,
    /// Last day, included.
    pub to: Option<NaiveDate>,
    /// Days of the week; empty: all.
    pub weekdays: Vec<Weekday>,
    /// Starts at this time of day or later.
    pub after: Option<NaiveTime>,
    /// Starts before this time of day.
    pub before: Option<NaiveTime>,
    /// On whose ground.
    pub side: Option<Side>,
    /// Teams, each of which plays.
    pub teams: Vec<String>,
    /// The place says this.
    pub places: Vec<String>,
    /// Words of the title, the place, the categories or the offer; the start of a word is enough.
    pub words: Vec<String>,
    /// Only entries with an offer.
    pub offers: bool,
}

/// A part of a query that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct FilterError {
    /// Which parameter.
    pub name: String,
    /// What would be right.
    pub reason: &'static str,
}

impl Filter {
    /// Whether everything is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an entry is wanted.
    pub fn matches(&self, entry: &Entry) -> bool {
        let day = entry.start.local_date();
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
    }
}
