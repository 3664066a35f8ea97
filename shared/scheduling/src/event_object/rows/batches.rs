//! Batches: mail that has not been settled.

use itip::{CalAddress, Timestamp};
use store::{Row, SqlConn, StoreError, Value};

use super::{address, from_word, json, word};

/// A batch of mail that has not been settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::event_object) struct Batch {
    pub id: i64,
    pub guests: Vec<CalAddress>,
    pub purpose: Purpose,
    pub state: BatchState,
    pub lease: String,
    pub due: Timestamp,
    pub hint_at: Timestamp,
    pub attempts: u32,
}

/// Why the guests of a batch are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::event_object) enum Purpose {
    /// A revision makes its round.
    Round,
    /// They asked for it, or an answer showed that they are behind.
    Wanted,
    /// Even if they hold the newest version.
    Again,
    /// Their proposals were declined.
    DeclineCounter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::event_object) enum BatchState {
    /// Waits to be leased.
    Queued,
    /// A courier has it.
    Leased,
    /// The courier never came back, or SES never answered.
    Unknown,
}

macro_rules! select_batch {
    ($rest:literal) => {
        concat!("SELECT id, guests, purpose, state, lease, due, hint_at, attempts FROM batch ", $rest)
    };
}

fn read_batch(row: &Row) -> Result<Batch, StoreError> {
    Ok(Batch {
        id: row.integer(0)?,
        guests: row.json(1)?,
        purpose: from_word(row.text(2)?)?,
        state: from_word(row.text(3)?)?,
        lease: row.text(4)?.to_owned(),
        due: Timestamp(row.integer(5)?),
        hint_at: Timestamp(row.integer(6)?),
        attempts: row.count(7)?,
    })
}

pub(in crate::event_object) fn batch(conn: &dyn SqlConn, id: i64) -> Result<Option<Batch>, StoreError> {
    conn.run(select_batch!("WHERE id = ?1"), &[id.into()])?.first().map(read_batch).transpose()
}

/// Leases that have run out and graces that are over.
pub(in crate::event_object) fn overdue(conn: &dyn SqlConn, now: Timestamp) -> Result<Vec<Batch>, StoreError> {
    let rows = conn.run(select_batch!("WHERE state <> 'queued' AND due <= ?1 ORDER BY id LIMIT 100"), &[now.into()])?;
    rows.iter().map(read_batch).collect()
}

/// Queued batches that may go and have no fresh hint.
pub(in crate::event_object) fn unhinted(
    conn: &dyn SqlConn,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<i64>, StoreError> {
    let rows = conn.run(
        "SELECT id FROM batch WHERE state = 'queued' AND due <= ?1 AND hint_at <= ?1 ORDER BY id LIMIT ?2",
        &[now.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.integer(0)).collect()
}

pub(in crate::event_object) fn set_hint(conn: &dyn SqlConn, id: i64, at: Timestamp) -> Result<(), StoreError> {
    conn.run("UPDATE batch SET hint_at = ?2 WHERE id = ?1", &[id.into(), at.into()]).map(drop)
}

/// Stores a batch; id 0 makes a new one. Returns its id.
pub(in crate::event_object) fn put_batch(conn: &dyn SqlConn, batch: &Batch) -> Result<i64, StoreError> {
    let id = if batch.id == 0 { Value::Null } else { batch.id.into() };
    let rows = conn.run(
        "INSERT OR REPLACE INTO batch (id, guests, purpose, state, lease, due, hint_at, attempts) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        &[
            id,
            json(&batch.guests)?,
            word(&batch.purpose)?,
            word(&batch.state)?,
            batch.lease.as_str().into(),
            batch.due.into(),
            batch.hint_at.into(),
            batch.attempts.into(),
        ],
    )?;
    rows.first().map_or(Ok(batch.id), |row| row.integer(0))
}

pub(in crate::event_object) fn remove_batch(conn: &dyn SqlConn, id: i64) -> Result<(), StoreError> {
    conn.run("DELETE FROM batch WHERE id = ?1", &[id.into()]).map(drop)
}

/// Which of these guests are in an open lease of another batch.
pub(in crate::event_object) fn leased_elsewhere(
    conn: &dyn SqlConn,
    id: i64,
    guests: &[CalAddress],
) -> Result<Vec<CalAddress>, StoreError> {
    let rows = conn.run(
        "SELECT DISTINCT held.value FROM batch, json_each(batch.guests) AS held \
         WHERE batch.state = 'leased' AND batch.id <> ?1 AND held.value IN (SELECT value FROM json_each(?2))",
        &[id.into(), json(&guests)?],
    )?;
    rows.iter().map(|row| address(row, 0)).collect()
}

/// Whether a mail to this guest waits in any batch.
pub(in crate::event_object) fn is_waiting(conn: &dyn SqlConn, guest: &CalAddress) -> Result<bool, StoreError> {
    let rows = conn.run(
        "SELECT 1 FROM batch, json_each(batch.guests) AS held WHERE held.value = ?1 LIMIT 1",
        &[guest.as_str().into()],
    )?;
    Ok(!rows.is_empty())
}

/// Mails that have not been settled.
pub(in crate::event_object) fn waiting(conn: &dyn SqlConn) -> Result<u32, StoreError> {
    conn.run("SELECT COALESCE(SUM(json_array_length(guests)), 0) FROM batch", &[])?
        .first()
        .map_or(Ok(0), |row| row.count(0))
}

pub(in crate::event_object) fn next_due(conn: &dyn SqlConn) -> Result<Option<Timestamp>, StoreError> {
    let rows = conn.run("SELECT MIN(CASE state WHEN 'queued' THEN MAX(due, hint_at) ELSE due END) FROM batch", &[])?;
    rows.first().map_or(Ok(None), |row| Ok(row.maybe_integer(0)?.map(Timestamp)))
}
