//! Imported events whose object nobody has needed yet: D1 has their rows, and what the object will start from.

use std::collections::BTreeSet;

use itip::{EventId, EventState, Uid};

use crate::directory::{self, Binding, Counters};
use crate::search::{self, EventWords};
use crate::{Database, Row, Statement, StoreError, Value};

/// Longest parameter. D1 takes 2 MB, and JSON in JSON may be twice as long as what it says.
const PARAM_BYTES_MAX: usize = 900_000;

/// An event that nobody has spoken of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// The UID that it is known by.
    pub uid: Uid,
    /// What it is.
    pub state: EventState,
    /// The words that find it.
    pub words: EventWords,
    /// What its object starts from, as JSON.
    pub seed: String,
    /// Who may speak about it; the owner first.
    pub bindings: Vec<Binding>,
}

/// Four sets for one batch of statements.
#[derive(Default)]
struct Lines {
    bytes: usize,
    sets: [String; 4],
}

impl Lines {
    fn push(&mut self, set: usize, line: &[Value]) -> Result<(), StoreError> {
        let line = serde_json::to_string(line).map_err(|error| StoreError::Json(error.to_string()))?;
        self.bytes += line.len();
        if let Some(text) = self.sets.get_mut(set) {
            text.push(if text.is_empty() { '[' } else { ',' });
            text.push_str(&line);
        }
        Ok(())
    }

    fn statements(self) -> impl Iterator<Item = Statement> {
        let statement = |(sql, lines)| Statement::new(sql, vec![Value::Text(format!("{lines}]"))]);
        [sql::PLANT, sql::SHOW, sql::LEARN, directory::sql::BIND_ALL]
            .into_iter()
            .zip(self.sets)
            .filter(|(_, lines)| !lines.is_empty())
            .map(statement)
    }
}

/// Writes events, in one transaction, where nobody has a binding yet. Those that were not written are not named: their
/// objects may exist, and have to be asked.
pub async fn plant(db: &dyn Database, events: &[Planted]) -> Result<BTreeSet<EventId>, StoreError> {
    let mut statements = Vec::new();
    let mut lines = Lines::default();
    for event in events {
        let Some(row) = directory::project(&event.state, &Counters::default(), 0)? else { continue };
        let Some(owner) = event.bindings.first() else { continue };
        let id: Value = event.state.event_id.as_str().into();
        let uid: Value = event.uid.0.as_str().into();
        let identity = owner.identity.as_str().into();
        lines.push(0, &[id, event.seed.as_str().into(), uid.clone(), identity])?;
        lines.push(1, &row.params)?;
        lines.push(2, &search::line(&event.state.event_id, &event.state.owner, &event.words))?;
        for Binding { identity, event_id, role } in &event.bindings {
            let (identity, event_id) = (identity.as_str().into(), event_id.as_str().into());
            lines.push(3, &[uid.clone(), identity, event_id, role.as_str().into()])?;
        }
        if lines.bytes >= PARAM_BYTES_MAX {
            statements.extend(std::mem::take(&mut lines).statements());
        }
    }
    statements.extend(lines.statements());
    if statements.is_empty() {
        return Ok(BTreeSet::new());
    }
    let plants: Vec<bool> = statements.iter().map(|statement| statement.sql == sql::PLANT).collect();
    let answers = db.batch(statements).await?;
    let rows = plants.into_iter().zip(&answers).filter(|(plants, _)| *plants).flat_map(|(_, rows)| rows);
    rows.map(|row| EventId::parse(row.text(0)?).ok_or(StoreError::Shape { column: 0, wanted: "event id" })).collect()
}

/// Asks what an object starts from.
pub fn seed(id: &EventId) -> Statement {
    Statement::new(sql::SEED, vec![id.as_str().into()])
}

/// The answer to [`seed`].
pub fn read_seed(rows: &[Row]) -> Result<Option<String>, StoreError> {
    rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// The object has projected what it is: its seed is spent.
pub fn forget(id: &EventId) -> Statement {
    Statement::new(sql::FORGET, vec![id.as_str().into()])
}

/// Every statement of this module, named, so that a test can show their query plans.
pub mod sql {
    /// What an object starts from.
    pub const SEED: &str = "SELECT seed FROM event_seed WHERE event_id = ?1";
    /// Removes it.
    pub const FORGET: &str = "DELETE FROM event_seed WHERE event_id = ?1";
    /// Adds seeds of events that nobody has spoken of: a JSON array of (id, seed, UID, owner).
    pub const PLANT: &str = "INSERT INTO event_seed (event_id, seed) \
         SELECT wanted.value ->> 0, wanted.value ->> 1 FROM json_each(?1) AS wanted \
         WHERE NOT EXISTS (SELECT 1 FROM event_binding \
         WHERE original_uid = wanted.value ->> 2 AND identity = wanted.value ->> 3) \
         AND NOT EXISTS (SELECT 1 FROM event WHERE event.event_id = wanted.value ->> 0) \
         ON CONFLICT DO NOTHING RETURNING event_id";
    /// Adds the rows of events that have a seed: a JSON array of lines.
    pub const SHOW: &str = crate::directory::insert_event!(
        "SELECT wanted.value ->> 0, wanted.value ->> 1, wanted.value ->> 2, wanted.value ->> 3, wanted.value ->> 4, \
         wanted.value ->> 5, wanted.value ->> 6, wanted.value ->> 7, wanted.value ->> 8, wanted.value ->> 9, \
         wanted.value ->> 10, wanted.value ->> 11, wanted.value ->> 12, wanted.value ->> 13, wanted.value ->> 14, \
         wanted.value ->> 15, wanted.value ->> 16, wanted.value ->> 17, wanted.value ->> 18, wanted.value ->> 19, \
         wanted.value ->> 20, wanted.value ->> 21, wanted.value ->> 22, wanted.value ->> 23, wanted.value ->> 24, \
         wanted.value ->> 25 FROM json_each(?1) AS wanted \
         WHERE EXISTS (SELECT 1 FROM event_seed AS seed WHERE seed.event_id = wanted.value ->> 0) \
         ON CONFLICT DO NOTHING"
    );
    /// Writes their words, if they are public: a JSON array of lines.
    pub const LEARN: &str = "INSERT OR REPLACE INTO event_search \
         (rowid, event_id, owner, title, teams, place, categories, offer) \
         SELECT wanted.value ->> 0, wanted.value ->> 1, wanted.value ->> 2, wanted.value ->> 3, wanted.value ->> 4, \
         wanted.value ->> 5, wanted.value ->> 6, wanted.value ->> 7 FROM json_each(?1) AS wanted \
         CROSS JOIN event ON event.event_id = wanted.value ->> 1 WHERE event.version = 0 AND event.public = 1";
}
