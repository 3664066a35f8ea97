//! The logic of an organizer's object: held mail, and notices to the organizer.

use itip::{CalAddress, Timestamp};
use store::{SqlConn, StoreError};

use crate::command::{CommandError, Job, OrganizerCommand, OrganizerReply};
use crate::event_object::ObjectEnv;

/// Brings the object's tables to the newest schema; runs in the constructor.
pub fn migrate(conn: &dyn SqlConn) -> Result<(), StoreError> {
    let _ = conn;
    Ok(())
}

/// Carries out a command. The caller has opened a transaction, and sets the alarm to [`next_alarm`] in it.
pub fn handle(
    conn: &dyn SqlConn,
    command: OrganizerCommand,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<OrganizerReply, CommandError> {
    let _ = (conn, command, now, env);
    Ok(OrganizerReply::Done)
}

/// What is due now: jobs for the queue.
pub fn alarm(
    conn: &dyn SqlConn,
    organizer: &CalAddress,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<Job>, StoreError> {
    let _ = (conn, organizer, now, env);
    Ok(Vec::new())
}

/// When the object must wake up next; `None` when nothing waits.
pub fn next_alarm(conn: &dyn SqlConn, now: Timestamp, env: &ObjectEnv) -> Result<Option<Timestamp>, StoreError> {
    let _ = (conn, now, env);
    Ok(None)
}
