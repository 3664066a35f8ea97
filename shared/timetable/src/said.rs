use itip::{EventDetails, Override, OverrideState};

use crate::entry::is_secret;
use crate::{Offer, Teams, fold};

/// The folded words of an event, for an index that finds it: those that [`crate::Filter`] looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// SUMMARY.
    pub title: String,
    /// Who plays.
    pub teams: String,
    /// LOCATION. Whether the public may know it is judged when it is found.
    pub place: String,
    /// CATEGORIES.
    pub categories: String,
    /// What it offers.
    pub offer: String,
}

/// Exceptions of a series that are looked at: more have the same words as a rule.
const OVERRIDES_MAX: usize = 50;

impl Said {
    /// What an event and its exceptions say.
    pub fn of(details: &EventDetails, overrides: &[Override], organizer: &str) -> Self {
        let public = overrides.iter().filter(|exception| !is_secret(exception));
        let changed = public.filter_map(|exception| match &exception.state {
            OverrideState::Changed(details) => Some(details.as_ref()),
            OverrideState::Cancelled => None,
        });
        let mut said = Self::default();
        for details in std::iter::once(details).chain(changed.take(OVERRIDES_MAX)) {
            add(&mut said.title, &details.summary);
            add(&mut said.place, &details.location);
            for category in &details.categories {
                add(&mut said.categories, category);
            }
            if let Some(teams) = Teams::of(details, organizer) {
                add(&mut said.teams, &teams.home);
                add(&mut said.teams, &teams.away);
            }
            for words in Offer::read(details, false).iter().flat_map(Offer::words) {
                add(&mut said.offer, words);
            }
        }
        said
    }
}

/// Adds the words that are new.
fn add(words: &mut String, text: &str) {
    for word in fold(text).split(' ') {
        if !word.is_empty() && !words.split(' ').any(|known| known == word) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
}
