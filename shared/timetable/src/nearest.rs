use arrange::Arrange as _;
use chrono::NaiveDate;

use crate::{Chip, Entry, EntryStatus, Fate, Question};

/// Which of the entries that a question wants, by their start, and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearest {
    /// From today on.
    Next(usize),
    /// Whenever they are.
    First(usize),
    /// The end of them.
    Last(usize),
}

impl Question {
    /// Turns `the next home game` into the day that it is on. What was called off is no next one.
    #[must_use]
    pub fn among(mut self, entries: &mut dyn Iterator<Item = &Entry>, page_team: Option<&str>) -> Self {
        let Some(nearest) = self.nearest else { return self };
        let matcher = self.filter.matcher(page_team);
        let takes_place =
            |entry: &&Entry| entry.status != EntryStatus::Cancelled || self.filter.fate == Some(Fate::Cancelled);
        let found = entries.filter(|entry| matcher.matches(entry)).filter(takes_place);
        let mut days: Vec<NaiveDate> = found.map(|entry| entry.start.local_date()).collect();
        days.arrange();
        let some = match nearest {
            Nearest::Next(count) => {
                days.retain(|day| *day >= self.today);
                days.get(..count.min(days.len()))
            }
            Nearest::First(count) => days.get(..count.min(days.len())),
            Nearest::Last(count) => days.get(days.len().saturating_sub(count)..),
        };
        if let Some((first, last)) = some.and_then(|days| days.first().zip(days.last())) {
            (self.filter.from, self.filter.to) = (Some(*first), Some(*last));
            self.chips = Chip::of(&self.filter);
        }
        self
    }
}
