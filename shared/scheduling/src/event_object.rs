//! The logic of an event's object: the record of one event, its guests, and the mail that waits.

use itip::{EventId, Timestamp};
use store::{SqlConn, Statement, StoreError};

use crate::command::{Command, CommandError, Job, Reply};
use crate::settings::Timing;

/// What an object needs to know beside its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEnv {
    /// Our mail domain.
    pub domain: String,
    /// The deployment's times.
    pub timing: Timing,
    /// Fresh randomness for this call, for the word of a lease.
    pub nonce: [u8; 32],
}

/// What an alarm found to do outside of the object, in this order: project, confirm, hint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlarmWork {
    /// Statements for D1, in one batch; empty when D1 is up to date.
    pub statements: Vec<Statement>,
    /// What to pass to [`projected`] when they have run.
    pub version: i64,
    /// Jobs for the queue.
    pub jobs: Vec<Job>,
}

/// Brings the object's tables to the newest schema; runs in the constructor.
pub fn migrate(conn: &dyn SqlConn) -> Result<(), StoreError> {
    let _ = conn;
    Ok(())
}

/// Carries out a command. The caller has opened a transaction, and sets the alarm to [`next_alarm`] in it.
pub fn handle(
    conn: &dyn SqlConn,
    id: &EventId,
    command: Command,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Reply, CommandError> {
    let _ = (conn, id, command, now, env);
    Err(CommandError::NotFound)
}

/// What is due now. In a transaction; changes only what it hands out.
pub fn alarm(conn: &dyn SqlConn, id: &EventId, now: Timestamp, env: &ObjectEnv) -> Result<AlarmWork, StoreError> {
    let _ = (conn, id, now, env);
    Ok(AlarmWork::default())
}

/// D1 has taken the statements of an [`alarm`].
pub fn projected(conn: &dyn SqlConn, version: i64) -> Result<(), StoreError> {
    let _ = (conn, version);
    Ok(())
}

/// When the object must wake up next; `None` when nothing waits.
pub fn next_alarm(conn: &dyn SqlConn, now: Timestamp, env: &ObjectEnv) -> Result<Option<Timestamp>, StoreError> {
    let _ = (conn, now, env);
    Ok(None)
}
