//! Finding an organizer's public events by time and words.

use itip::{CalAddress, EventId, Timestamp};

use crate::directory::EventRow;
use crate::{Database, Statement, StoreError, Value};

/// The words that find an event, folded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventWords {
    /// SUMMARY.
    pub title: String,
    /// Who plays, where the title does not say it.
    pub teams: String,
    /// LOCATION.
    pub place: String,
    /// CATEGORIES.
    pub categories: String,
    /// What it offers.
    pub offer: String,
}

/// Keeps the words in step with the event's row, in the batch that writes it: an older projection changes nothing, and
/// what is not public has no words.
pub fn index(id: &EventId, owner: &CalAddress, version: i64, words: &EventWords) -> [Statement; 2] {
    let rowid = rowid(id);
    let forget = vec![rowid.into(), id.as_str().into(), version.into()];
    let mut learn = forget.clone();
    learn.push(owner_word(owner).into());
    for text in [&words.title, &words.teams, &words.place, &words.categories, &words.offer] {
        learn.push(text.as_str().into());
    }
    [Statement::new(sql::FORGET_WORDS, forget), Statement::new(sql::LEARN_WORDS, learn)]
}

/// A line of words, as `seeds` writes many at once.
pub(crate) fn line(id: &EventId, owner: &CalAddress, words: &EventWords) -> Vec<Value> {
    let EventWords { title, teams, place, categories, offer } = words;
    let key = [Value::Integer(rowid(id)), id.as_str().into(), owner_word(owner).into()];
    key.into_iter().chain([title, teams, place, categories, offer].map(|text| text.as_str().into())).collect()
}

/// The first 13 digits; the migration counts in the same way.
fn rowid(id: &EventId) -> i64 {
    let digit = |c: char| c.to_digit(16).map_or(-1, i64::from);
    id.as_str().chars().take(13).fold(0, |value, c| value * 16 + digit(c))
}

fn owner_word(owner: &CalAddress) -> String {
    use std::fmt::Write as _;
    let mut word = String::from("o");
    for byte in owner.as_str().bytes() {
        // Writing to a String does not fail.
        let _ = write!(word, "{byte:02x}");
    }
    word
}

/// What is asked of the index; the rest of a filter is judged by what an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search<'a> {
    /// Ends after this moment.
    pub ends_after: Timestamp,
    /// Starts before this moment.
    pub starts_before: Option<Timestamp>,
    /// Beginnings of folded words, all of which the event has.
    pub words: &'a [String],
    /// The most events that are wanted.
    pub limit: u32,
}

/// An organizer's public events by start.
pub async fn find(db: &dyn Database, owner: &CalAddress, search: &Search<'_>) -> Result<Vec<EventRow>, StoreError> {
    // Seconds beyond the year 9999 would not fit a calendar.
    let until = search.starts_before.map_or(i64::from(u32::MAX) * 60, |before| before.0);
    let mut params: Vec<Value> =
        vec![owner.as_str().into(), search.ends_after.into(), until.into(), search.limit.into()];
    let sql = match match_text(owner, search.words) {
        Some(text) => {
            params.push(text.into());
            sql::FIND_BY_WORDS
        }
        None => sql::FIND,
    };
    db.run(Statement::new(sql, params)).await?.iter().map(EventRow::read).collect()
}

/// Whether the index takes a character for a part of a word, as we do. It parts words at the vowel signs of many
/// scripts, and what it reads as several words would be a phrase, which an index without positions refuses.
fn is_indexed(c: char) -> bool {
    let is_known = matches!(c,
        '\0'..='\u{24f}' | '\u{370}'..='\u{481}' | '\u{48a}'..='\u{527}' | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}'
        | '\u{1e00}'..='\u{1eff}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fcc}'
        | '\u{ac00}'..='\u{d7a3}');
    is_known && c.is_alphanumeric()
}

/// An FTS5 expression of quoted words, as far as the index knows how they begin; `None` if none is left to ask for.
fn match_text(owner: &CalAddress, words: &[String]) -> Option<String> {
    let wanted: Vec<String> = words
        .iter()
        .flat_map(|words| words.split(|c: char| !c.is_alphanumeric()))
        .filter_map(|word| word.split(|c| !is_indexed(c)).next().filter(|start| !start.is_empty()))
        .map(|word| format!("\"{word}\"*"))
        .collect();
    let owner = owner_word(owner);
    (!wanted.is_empty())
        .then(|| format!("owner : \"{owner}\" AND {{title teams place categories offer}} : ({})", wanted.join(" AND ")))
}

/// Every statement of this module, named, so that a test can show their query plans.
pub mod sql {
    /// Takes an event's words out, if its row is the one that goes with them.
    pub const FORGET_WORDS: &str = "DELETE FROM event_search WHERE rowid = CAST(?1 AS INTEGER) \
         AND EXISTS (SELECT 1 FROM event WHERE event_id = ?2 AND version = ?3)";
    /// Writes a public event's words.
    pub const LEARN_WORDS: &str = "INSERT OR REPLACE INTO event_search \
         (rowid, event_id, owner, title, teams, place, categories, offer) \
         SELECT CAST(?1 AS INTEGER), ?2, ?4, ?5, ?6, ?7, ?8, ?9 \
         FROM event WHERE event_id = ?2 AND version = ?3 AND public = 1";
    /// By time alone.
    pub const FIND: &str = crate::directory::select_event!(
        "WHERE owner = ?1 AND public = 1 AND start_at < ?3 AND (last_end IS NULL OR last_end > ?2) \
         ORDER BY start_at, event_id LIMIT ?4"
    );
    /// By words and time: the index of words leads, and what it finds is sorted.
    pub const FIND_BY_WORDS: &str = crate::directory::select_event!(
        "WHERE event_id IN (SELECT event_id FROM event_search WHERE event_search MATCH ?5) \
         AND +owner = ?1 AND public = 1 AND start_at < ?3 AND (last_end IS NULL OR last_end > ?2) \
         ORDER BY start_at, event_id LIMIT ?4"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_typed_becomes_syntax() {
        let owner = CalAddress::parse("a@b.example").unwrap_or_else(|_| unreachable!());
        let text =
            |words: &[&str]| match_text(&owner, &words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            text(&["shirt night", "a\"b OR *"]).as_deref(),
            Some(
                "owner : \"o6140622e6578616d706c65\" AND {title teams place categories offer} : \
                 (\"shirt\"* AND \"night\"* AND \"a\"* AND \"b\"* AND \"OR\"*)"
            )
        );
        assert_eq!(text(&["...", ""]), None);
        assert_eq!(text(&["नृत्य", "ⓐb"]), None);
        assert!(text(&["lodzⓐb"]).is_some_and(|text| text.ends_with("(\"lodz\"*)")));
    }
}
