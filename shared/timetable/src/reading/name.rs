//! Teams, places, and every word that is none of the language.

use super::{As, Reading};
use crate::Side;
use crate::lex::Item;

/// Words of a name that are looked up together.
const NAME_WORDS_MAX: usize = 5;

impl Reading<'_> {
    /// The folded words from an item on, as far as they follow one another.
    pub(super) fn words_from(&self, at: usize) -> Vec<String> {
        let items = self.items.get(at..).unwrap_or_default();
        let word = |item: &Item| match item {
            Item::Word(word) => Some(word.clone()),
            _ => None,
        };
        items.iter().map_while(word).take(NAME_WORDS_MAX).collect()
    }

    /// A team, a place, or any other word.
    pub(super) fn name(&mut self, relation: As) {
        let mut words = self.words_from(self.at);
        self.found.last_is_word = false;
        if self.named(&words, relation) {
            return;
        }
        if let Some(meant) = words.first().cloned().and_then(|word| self.instead(&word)) {
            self.put_words(meant);
            words = self.words_from(self.at);
            if self.named(&words, relation) {
                return;
            }
        }
        let Some(word) = words.into_iter().next() else { return };
        if relation == As::Without {
            self.found.filter.without.push(word);
        } else {
            self.found.filter.words.push(word);
            self.found.last_is_word = true;
        }
        self.at += 1;
    }

    /// What is meant by a word that no event says: its singular, another word for it, or one without slips.
    pub(super) fn instead(&mut self, word: &str) -> Option<Vec<String>> {
        let vocabulary = self.vocabulary;
        if vocabulary.knows(word) {
            return None;
        }
        let mut singular = ["s", "es"].iter().filter_map(|plural| word.strip_suffix(plural));
        let singular = singular.find(|known| known.len() > 2 && vocabulary.knows(known));
        if let Some(known) = singular.or_else(|| self.tongue.same(word).find(|same| vocabulary.knows(same))) {
            return Some(vec![known.to_owned()]);
        }
        let near = || vocabulary.mend(word).map(|(known, _)| known).or_else(|| vocabulary.vowelless(word));
        let meant = vocabulary.abbreviated(word).or_else(|| near().map(|known| vec![known.to_owned()]))?;
        self.found.mended.push((word.to_owned(), meant.join(" ")));
        Some(meant)
    }

    /// Other words for the one that was typed.
    pub(super) fn put_words(&mut self, words: Vec<String>) {
        let end = (self.at + 1).min(self.items.len());
        self.items.splice(self.at..end, words.into_iter().map(Item::Word));
    }

    pub(super) fn named(&mut self, words: &[String], relation: As) -> bool {
        let team = self.vocabulary.team(words);
        let place = self.vocabulary.place(words);
        let filter = &mut self.found.filter;
        let used = match (relation, team, place) {
            (As::Opponent, Some((team, used)), _) => {
                filter.against.push(team);
                used
            }
            (As::Place | As::Ground, _, Some((place, used))) => {
                filter.places.push(place);
                used
            }
            (As::Ground, Some((team, used)), None) => {
                filter.side = Some(Side::Away);
                filter.against.push(team);
                used
            }
            (As::Without, Some((name, used)), _) | (As::Without, None, Some((name, used))) => {
                filter.without.push(name);
                used
            }
            (_, Some((team, used)), place) if place.as_ref().is_none_or(|(_, of_place)| *of_place <= used) => {
                filter.teams.push(team);
                if place.is_some() {
                    self.found.city = words.get(..used).unwrap_or_default().join(" ");
                }
                used
            }
            // A word of a place that is also one of a title is left to the words: `jazz at the wharf`.
            (_, _, Some((place, used))) if used > 1 => {
                filter.places.push(place);
                used
            }
            _ => return false,
        };
        self.at += used;
        true
    }
}
