//! The tables inside an event's object. Here are their schema and what concerns the event itself.

mod batches;
mod guests;
mod letters;
mod proposals;

use arrange::Arrange as _;
use itip::{AudienceSettings, CalAddress, EventState, Field, Outcome, Timestamp};
use store::directory::Counters;
use store::{Row, SqlConn, StoreError, Value};

pub(super) use self::batches::*;
pub(super) use self::guests::*;
pub(super) use self::letters::*;
pub(super) use self::proposals::*;
use crate::command::Attempt;
use crate::keys::sha256_hex;
use crate::settings::OrganizerSettings;

/// Schema steps in order; a step that has shipped never changes.
const STEPS: &[&[&str]] = &[
    &[
        "CREATE TABLE event (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, counters TEXT NOT NULL, \
     settings TEXT NOT NULL, allow_shared INTEGER NOT NULL, version INTEGER NOT NULL, projected INTEGER NOT NULL, \
     held INTEGER NOT NULL, round TEXT, reports TEXT NOT NULL)",
        // The address is the key and there is no second index: every index is one more billed row a write.
        "CREATE TABLE attendee (address TEXT PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL, \
     invited INTEGER NOT NULL, partstat TEXT NOT NULL, last_choice TEXT, answered_sequence INTEGER, \
     answered_dtstamp INTEGER, answered_at INTEGER, prodid TEXT NOT NULL, client TEXT NOT NULL, \
     comment TEXT NOT NULL, sent_method TEXT, sent_revision INTEGER, maybe_method TEXT, maybe_revision INTEGER, \
     delivery TEXT NOT NULL, request_status TEXT NOT NULL, language TEXT NOT NULL, delegated_to TEXT, \
     delegated_from TEXT, removed INTEGER NOT NULL, floor_sequence INTEGER NOT NULL, floor_dtstamp INTEGER NOT NULL, \
     refreshed INTEGER) WITHOUT ROWID",
        "CREATE TABLE answer (number INTEGER PRIMARY KEY, address TEXT NOT NULL, answer TEXT NOT NULL)",
        "CREATE TABLE revision (revision INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, dtstamp INTEGER NOT NULL, \
     outcome TEXT NOT NULL, at INTEGER NOT NULL)",
        // One row per batch of guests, not per mail. due: queued, not before; leased, until; unknown, end of the grace.
        "CREATE TABLE batch (id INTEGER PRIMARY KEY AUTOINCREMENT, guests TEXT NOT NULL, purpose TEXT NOT NULL, \
     state TEXT NOT NULL, lease TEXT NOT NULL, due INTEGER NOT NULL, \
     hint_at INTEGER NOT NULL, attempts INTEGER NOT NULL)",
        "CREATE TABLE dead_letter (id TEXT PRIMARY KEY, address TEXT NOT NULL, method TEXT NOT NULL, \
     revision INTEGER NOT NULL, reason TEXT NOT NULL, created INTEGER NOT NULL, filed INTEGER NOT NULL) WITHOUT ROWID",
        // Only guests of a series who answered single dates have rows here.
        "CREATE TABLE instance_answer (address TEXT NOT NULL, instant INTEGER NOT NULL, answer TEXT NOT NULL, \
     partstat TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (address, instant)) WITHOUT ROWID",
        // instance: the instant, or '' for the whole.
        "CREATE TABLE proposal (address TEXT NOT NULL, instance TEXT NOT NULL, proposal TEXT NOT NULL, \
     state TEXT NOT NULL, PRIMARY KEY (address, instance)) WITHOUT ROWID",
        "CREATE TABLE attempt (number INTEGER PRIMARY KEY, attempt TEXT NOT NULL)",
    ],
    &[
        // What the organizer's pages were told last: his address, and what the event looked like.
        "ALTER TABLE event ADD COLUMN told TEXT NOT NULL DEFAULT ''",
    ],
    // project_at: not before, because whoever made this version projects it himself.
    &["ALTER TABLE event ADD COLUMN project_at INTEGER NOT NULL DEFAULT 0"],
];

pub(super) fn migrate(conn: &dyn SqlConn) -> Result<(), StoreError> {
    crate::schema::migrate(conn, STEPS)
}

/// The one row about the event itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub state: EventState,
    pub counters: Counters,
    pub settings: OrganizerSettings,
    pub allow_shared: bool,
    pub version: i64,
    pub projected: i64,
    /// The alarm does not project before; a later version need not wait.
    pub project_at: Timestamp,
    pub held: bool,
    /// The last address that the round of the current revision has passed; `None`: no round is under way.
    pub round: Option<String>,
    pub reports: Vec<Timestamp>,
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value, StoreError> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| StoreError::Json(error.to_string()))
}

/// A unit variant's word, as serde writes it.
fn word<T: serde::Serialize>(value: &T) -> Result<Value, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(Value::Text(word)),
        Ok(_) => Err(StoreError::Json("not a word".to_owned())),
        Err(error) => Err(StoreError::Json(error.to_string())),
    }
}

fn from_word<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|error| StoreError::Json(error.to_string()))
}

impl Record {
    pub fn new(state: EventState, allow_shared: bool) -> Self {
        Self {
            state,
            counters: Counters::default(),
            settings: OrganizerSettings::default(),
            allow_shared,
            version: 0,
            projected: 0,
            project_at: Timestamp(0),
            held: false,
            round: None,
            reports: Vec::new(),
        }
    }

    pub fn load(conn: &dyn SqlConn) -> Result<Option<Self>, StoreError> {
        let rows = conn.run(
            "SELECT state, counters, settings, allow_shared, version, projected, held, round, reports, project_at FROM event",
            &[],
        )?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Self {
            state: row.json(0)?,
            counters: row.json(1)?,
            settings: row.json(2)?,
            allow_shared: row.integer(3)? != 0,
            version: row.integer(4)?,
            projected: row.integer(5)?,
            held: row.integer(6)? != 0,
            round: row.maybe_text(7)?.map(str::to_owned),
            reports: row.json(8)?,
            project_at: Timestamp(row.integer(9)?),
        }))
    }

    /// Stores the row as the next version, which D1 then has to learn of.
    pub fn save(&mut self, conn: &dyn SqlConn) -> Result<(), StoreError> {
        self.save_projected_elsewhere(conn, Timestamp(0))
    }

    /// The same for a version that the caller projects; the alarm makes sure at `project_at`.
    pub fn save_projected_elsewhere(&mut self, conn: &dyn SqlConn, project_at: Timestamp) -> Result<(), StoreError> {
        self.version += 1;
        self.project_at = project_at;
        conn.run(
            "INSERT INTO event (id, state, counters, settings, allow_shared, version, projected, held, round, \
             reports, project_at) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET \
             state = ?1, counters = ?2, settings = ?3, allow_shared = ?4, version = ?5, held = ?7, round = ?8, \
             reports = ?9, project_at = ?10",
            &[
                json(&self.state)?,
                json(&self.counters)?,
                json(&self.settings)?,
                self.allow_shared.into(),
                self.version.into(),
                self.projected.into(),
                self.held.into(),
                self.round.clone().into(),
                json(&self.reports)?,
                self.project_at.into(),
            ],
        )?;
        Ok(())
    }

    pub fn audience(&self) -> AudienceSettings {
        AudienceSettings { wide_time_changes: self.settings.wide_time_changes }
    }
}

/// What the public sees of the event depends on nothing else; guests and their answers are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looks {
    /// As they are.
    pub now: String,
    /// As they were told last; empty if never.
    pub told: String,
}

pub(super) fn looks(conn: &dyn SqlConn, owner: &CalAddress) -> Result<Looks, StoreError> {
    let rows = conn.run("SELECT state, settings, told FROM event", &[])?;
    let Some(row) = rows.first() else {
        return Ok(Looks { now: String::new(), told: String::new() });
    };
    let hash = sha256_hex(format!("{}{}", row.text(0)?, row.text(1)?).as_bytes());
    Ok(Looks { now: format!("{owner} {hash}"), told: row.text(2)?.to_owned() })
}

pub(super) fn confirm(conn: &dyn SqlConn, version: i64, told: Option<&str>) -> Result<(), StoreError> {
    conn.run(
        "UPDATE event SET projected = MAX(projected, ?1), told = COALESCE(?2, told)",
        &[version.into(), told.into()],
    )?;
    conn.run("UPDATE dead_letter SET filed = 1 WHERE filed = 0", &[])?;
    Ok(())
}

pub(super) fn save_round(conn: &dyn SqlConn, round: Option<&str>) -> Result<(), StoreError> {
    conn.run("UPDATE event SET round = ?1", &[round.into()]).map(drop)
}

pub(super) fn log_revision(
    conn: &dyn SqlConn,
    state: &EventState,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.run(
        "INSERT INTO revision (revision, sequence, dtstamp, outcome, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[state.revision.into(), state.sequence.0.into(), state.dtstamp.into(), json(outcome)?, now.into()],
    )
    .map(drop)
}

/// What guests saw change after a revision.
pub(super) fn fields_since(conn: &dyn SqlConn, revision: u32) -> Result<Vec<Field>, StoreError> {
    let rows = conn.run("SELECT outcome FROM revision WHERE revision > ?1", &[revision.into()])?;
    let mut fields = Vec::new();
    for row in &rows {
        if let Outcome::Updated { fields: changed, .. } = row.json(0)? {
            fields.extend(changed);
        }
    }
    fields.arrange();
    fields.dedup();
    Ok(fields)
}

/// Attempts of strangers that are kept.
const ATTEMPTS_MAX: u32 = 20;

pub(super) fn log_attempt(conn: &dyn SqlConn, attempt: &Attempt) -> Result<(), StoreError> {
    conn.run("INSERT INTO attempt (attempt) VALUES (?1)", &[json(attempt)?])?;
    conn.run("DELETE FROM attempt WHERE number <= (SELECT MAX(number) FROM attempt) - ?1", &[ATTEMPTS_MAX.into()])
        .map(drop)
}

/// What strangers tried, the newest first.
pub(super) fn attempts(conn: &dyn SqlConn) -> Result<Vec<Attempt>, StoreError> {
    let rows = conn.run("SELECT attempt FROM attempt ORDER BY number DESC", &[])?;
    rows.iter().map(|row| row.json(0)).collect()
}

fn address(row: &Row, column: usize) -> Result<CalAddress, StoreError> {
    CalAddress::parse(row.text(column)?).map_err(|_| StoreError::Shape { column, wanted: "address" })
}

fn maybe_address(row: &Row, column: usize) -> Result<Option<CalAddress>, StoreError> {
    row.maybe_text(column)?.map(|_| address(row, column)).transpose()
}
