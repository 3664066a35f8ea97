//! Dead letters: mails given up, kept here and filed in D1.

use itip::{CalAddress, EventId, Method, Timestamp};
use store::accounts::DeadLetter;
use store::{SqlConn, StoreError};

use super::address;

/// A mail given up: kept here, filed in D1.
pub(in crate::event_object) struct Letter {
    pub id: String,
    pub guest: CalAddress,
    pub method: Method,
    pub revision: u32,
    pub reason: String,
    pub created: Timestamp,
}

pub(in crate::event_object) fn put_letter(conn: &dyn SqlConn, letter: &Letter) -> Result<(), StoreError> {
    conn.run(
        "INSERT OR REPLACE INTO dead_letter (id, address, method, revision, reason, created, filed) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
        &[
            letter.id.as_str().into(),
            letter.guest.as_str().into(),
            letter.method.as_str().into(),
            letter.revision.into(),
            letter.reason.as_str().into(),
            letter.created.into(),
        ],
    )
    .map(drop)
}

/// Takes a letter out and returns whose it is.
pub(in crate::event_object) fn take_letter(conn: &dyn SqlConn, id: &str) -> Result<Option<CalAddress>, StoreError> {
    let rows = conn.run("DELETE FROM dead_letter WHERE id = ?1 RETURNING address", &[id.into()])?;
    rows.first().map(|row| address(row, 0)).transpose()
}

pub(in crate::event_object) fn has_unfiled_letters(conn: &dyn SqlConn) -> Result<bool, StoreError> {
    Ok(!conn.run("SELECT 1 FROM dead_letter WHERE filed = 0 LIMIT 1", &[])?.is_empty())
}

pub(in crate::event_object) fn unfiled_letters(
    conn: &dyn SqlConn,
    event_id: &EventId,
) -> Result<Vec<DeadLetter>, StoreError> {
    let rows = conn
        .run("SELECT id, address, method, revision, reason, created FROM dead_letter WHERE filed = 0 LIMIT 50", &[])?;
    rows.iter()
        .map(|row| {
            Ok(DeadLetter {
                id: row.text(0)?.to_owned(),
                event_id: event_id.clone(),
                method: Method::parse(row.text(2)?).ok_or(StoreError::Shape { column: 2, wanted: "method" })?,
                revision: row.count(3)?,
                guest: mask(&address(row, 1)?),
                reason: row.text(4)?.to_owned(),
                created: Timestamp(row.integer(5)?),
            })
        })
        .collect()
}

/// First character and domain, as the first API masked its guests.
fn mask(address: &CalAddress) -> String {
    let first: String = address.local_part().chars().take(1).collect();
    format!("{first}*******@{}", address.domain())
}
