//! The tables of imports inside an organizer's object.

use itip::{Method, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Row, SqlConn, StoreError, Value};

use super::{
    ImportCounts, ImportOrder, ImportProblem, ImportProgress, ImportSource, ImportState, PROBLEMS_MAX, REMEMBERED_MAX,
    Vanished,
};
use crate::command::CommandError;

/// The schema step of imports.
pub(crate) const STEP: &[&str] = &[
    // due: when a hint is given (again), while its events have not been found.
    "CREATE TABLE import (serial INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, raw TEXT NOT NULL, \
     calendar TEXT NOT NULL, source TEXT NOT NULL, name TEXT NOT NULL, method TEXT, vanished TEXT NOT NULL, \
     state TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER, complete INTEGER NOT NULL DEFAULT 1, \
     unread INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, \
     counts TEXT NOT NULL)",
    // due: queued, not before; leased, until. A part that is done stays until the import is over: those of its events
    // that wait are read again.
    "CREATE TABLE import_chunk (serial INTEGER NOT NULL, number INTEGER NOT NULL, spec TEXT NOT NULL, \
     titles TEXT NOT NULL, task TEXT NOT NULL, open INTEGER NOT NULL, leased INTEGER NOT NULL DEFAULT 0, \
     due INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (serial, number)) WITHOUT ROWID",
    "CREATE TABLE import_late (serial INTEGER NOT NULL, uid TEXT NOT NULL, chunk INTEGER NOT NULL, \
     what TEXT NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (serial, uid)) WITHOUT ROWID",
    "CREATE TABLE import_problem (number INTEGER PRIMARY KEY, serial INTEGER NOT NULL, name TEXT NOT NULL, \
     problem TEXT NOT NULL)",
    // What every event of a calendar said last. seen: the import that saw it; off: it vanished and was called off.
    "CREATE TABLE imported (calendar TEXT NOT NULL, uid TEXT NOT NULL, event TEXT NOT NULL, fingerprint TEXT NOT NULL, \
     what TEXT NOT NULL, start INTEGER NOT NULL, until INTEGER NOT NULL, seen INTEGER NOT NULL, off INTEGER NOT NULL, \
     PRIMARY KEY (calendar, uid)) WITHOUT ROWID",
];

pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Value, StoreError> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| StoreError::Json(error.to_string()))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Json(error.to_string()))
}

/// One import.
pub(super) struct Import {
    pub serial: i64,
    pub id: String,
    pub raw: String,
    pub calendar: String,
    pub source: ImportSource,
    pub name: String,
    pub method: Option<Method>,
    pub vanished: Vanished,
    pub state: ImportState,
    pub began: Timestamp,
    pub ended: Option<Timestamp>,
    /// Nothing hides what is missing from the text.
    pub complete: bool,
    /// Parts that were given up.
    pub unread: u32,
    pub counts: ImportCounts,
}

const SELECT: &str = "SELECT serial, id, raw, calendar, source, name, method, vanished, state, began, ended, complete, \
                      unread, counts FROM import";

impl Import {
    pub fn read(row: &Row) -> Result<Self, StoreError> {
        let shape = |column| StoreError::Shape { column, wanted: "word" };
        Ok(Self {
            serial: row.integer(0)?,
            id: row.text(1)?.to_owned(),
            raw: row.text(2)?.to_owned(),
            calendar: row.text(3)?.to_owned(),
            source: ImportSource::parse(row.text(4)?).ok_or(shape(4))?,
            name: row.text(5)?.to_owned(),
            method: row.maybe_text(6)?.and_then(Method::parse),
            vanished: Vanished::parse(row.text(7)?).ok_or(shape(7))?,
            state: ImportState::parse(row.text(8)?).ok_or(shape(8))?,
            began: Timestamp(row.integer(9)?),
            ended: row.maybe_integer(10)?.map(Timestamp),
            complete: row.integer(11)? != 0,
            unread: row.count(12)?,
            counts: row.json(13)?,
        })
    }

    pub fn with_id(conn: &dyn SqlConn, id: &str) -> Result<Option<Self>, StoreError> {
        let rows = conn.run(&format!("{SELECT} WHERE id = ?1"), &[id.into()])?;
        rows.first().map(Self::read).transpose()
    }

    pub fn known(conn: &dyn SqlConn, id: &str) -> Result<Self, CommandError> {
        Self::with_id(conn, id)?.ok_or(CommandError::NotFound)
    }

    pub fn save(&self, conn: &dyn SqlConn) -> Result<(), StoreError> {
        conn.run(
            "UPDATE import SET raw = ?2, name = ?3, state = ?4, ended = ?5, complete = ?6, unread = ?7, counts = ?8 \
             WHERE serial = ?1",
            &[
                self.serial.into(),
                self.raw.as_str().into(),
                self.name.as_str().into(),
                self.state.as_str().into(),
                self.ended.into(),
                self.complete.into(),
                self.unread.into(),
                json(&self.counts)?,
            ],
        )
        .map(drop)
    }

    pub fn progress(self, problems: Vec<ImportProblem>) -> ImportProgress {
        ImportProgress {
            id: self.id,
            source: self.source,
            name: self.name,
            calendar: self.calendar,
            vanished: self.vanished,
            state: self.state,
            began: self.began,
            ended: self.ended,
            counts: self.counts,
            problems,
        }
    }

    pub fn problem(&self, conn: &dyn SqlConn, name: &str, problem: &str) -> Result<(), StoreError> {
        conn.run(
            "INSERT INTO import_problem (serial, name, problem) SELECT ?1, ?2, ?3 \
             WHERE (SELECT COUNT(*) FROM import_problem WHERE serial = ?1) < ?4",
            &[self.serial.into(), name.into(), problem.into(), PROBLEMS_MAX.into()],
        )
        .map(drop)
    }

    pub fn problems(&self, conn: &dyn SqlConn) -> Result<Vec<ImportProblem>, StoreError> {
        let rows = conn
            .run("SELECT name, problem FROM import_problem WHERE serial = ?1 ORDER BY number", &[self.serial.into()])?;
        rows.iter()
            .map(|row| Ok(ImportProblem { name: row.text(0)?.to_owned(), problem: row.text(1)?.to_owned() }))
            .collect()
    }
}

/// Takes an order. The same one again is the same import, unless a later edition has come between: then its content
/// is news again.
pub(super) fn begin(conn: &dyn SqlConn, order: &ImportOrder, now: Timestamp) -> Result<ImportProgress, CommandError> {
    let newest = conn.run("SELECT MAX(serial) FROM import WHERE calendar = ?1", &[order.calendar.as_str().into()])?;
    let newest = newest.first().map_or(Ok(None), |row| row.maybe_integer(0))?;
    if let Some(known) = Import::with_id(conn, &order.id)? {
        let stands = !known.state.is_over() || known.state == ImportState::Done && newest == Some(known.serial);
        if stands {
            let problems = known.problems(conn)?;
            return Ok(known.progress(problems));
        }
        forget(conn, known.serial)?;
    }
    let old = conn.run(
        "SELECT serial FROM import WHERE ended IS NOT NULL ORDER BY serial DESC LIMIT -1 OFFSET ?1",
        &[REMEMBERED_MAX.into()],
    )?;
    for row in &old {
        forget(conn, row.integer(0)?)?;
    }
    let runs = conn
        .run("SELECT 1 FROM import WHERE calendar = ?1 AND ended IS NULL LIMIT 1", &[order.calendar.as_str().into()])?;
    let state = if runs.is_empty() { ImportState::Planning } else { ImportState::Waiting };
    conn.run(
        "INSERT INTO import (serial, id, raw, calendar, source, name, method, vanished, state, began, due, counts) \
         VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM (SELECT serial AS number FROM import \
         UNION ALL SELECT seen FROM imported)), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)",
        &[
            order.id.as_str().into(),
            order.raw.as_str().into(),
            order.calendar.as_str().into(),
            order.source.as_str().into(),
            order.name.as_str().into(),
            order.method.map(Method::as_str).into(),
            order.vanished.as_str().into(),
            state.as_str().into(),
            now.into(),
            json(&ImportCounts::default())?,
        ],
    )?;
    Ok(Import::known(conn, &order.id)?.progress(Vec::new()))
}

fn forget(conn: &dyn SqlConn, serial: i64) -> Result<(), StoreError> {
    clear(conn, serial)?;
    conn.run("DELETE FROM import_problem WHERE serial = ?1", &[serial.into()])?;
    conn.run("DELETE FROM import WHERE serial = ?1", &[serial.into()]).map(drop)
}

pub(super) fn clear(conn: &dyn SqlConn, serial: i64) -> Result<(), StoreError> {
    conn.run("DELETE FROM import_chunk WHERE serial = ?1", &[serial.into()])?;
    conn.run("DELETE FROM import_late WHERE serial = ?1", &[serial.into()]).map(drop)
}

/// How one stands, with its problems.
pub(super) fn show(conn: &dyn SqlConn, id: &str) -> Result<Option<ImportProgress>, StoreError> {
    let Some(import) = Import::with_id(conn, id)? else { return Ok(None) };
    let problems = import.problems(conn)?;
    Ok(Some(import.progress(problems)))
}

/// The newest, without their problems.
pub(super) fn list(conn: &dyn SqlConn) -> Result<Vec<ImportProgress>, StoreError> {
    let rows = conn.run(&format!("{SELECT} ORDER BY serial DESC LIMIT ?1"), &[REMEMBERED_MAX.into()])?;
    rows.iter().map(|row| Ok(Import::read(row)?.progress(Vec::new()))).collect()
}
