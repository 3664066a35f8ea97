//! An imported event's object is made when somebody first needs it: until then D1 has its row, as of version 0, and the
//! seed that the object starts from.
//!
//! A new object costs more than all else that an import does for an event, and few of a season's events are ever
//! spoken of one by one.

use itip::{Circumstances, EventId, EventState, ItipError, ItipMessage, Method, Outcome, Timestamp, apply_request};
use serde::{Deserialize, Serialize};
use store::directory::Binding;
use store::seeds::Planted;
use store::{SqlConn, StoreError};

use super::rows::{self, Record};
use super::words_of;
use crate::settings::OrganizerSettings;

/// What an object starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seed {
    state: EventState,
    settings: OrganizerSettings,
}

/// What an organizer's first message about an event makes of it, `bindings` being who may speak about it, the owner
/// first. `None`: it is nothing that can be shown, or no message that makes an event.
pub fn planted(
    id: &EventId,
    message: &ItipMessage,
    settings: &OrganizerSettings,
    bindings: Vec<Binding>,
    at: Timestamp,
    own_domain: &str,
) -> Result<Option<Planted>, ItipError> {
    let (Method::Request | Method::Publish, Some(owner)) = (message.method, bindings.first()) else {
        return Ok(None);
    };
    let sender = &owner.identity;
    let about = Circumstances { event_id: id, sender, own_domain, ask_again: settings.ask_again, now: at };
    let state = apply_request(None, message, &about)?.state;
    let Some(words) = words_of(&state) else { return Ok(None) };
    let seed = Seed { state, settings: settings.clone() };
    let Ok(text) = serde_json::to_string(&seed) else { return Ok(None) };
    Ok(Some(Planted { uid: message.uid.clone(), state: seed.state, words, seed: text, bindings }))
}

/// Whether the object has a record. One that has none asks D1 for a seed before its first command.
pub fn is_known(conn: &dyn SqlConn) -> Result<bool, StoreError> {
    Ok(!conn.run("SELECT 1 FROM event", &[])?.is_empty())
}

/// Makes the record that the pages already show, as part of the first command's transaction. Another command may have
/// been quicker.
pub fn sow(conn: &dyn SqlConn, seed: &str) -> Result<(), StoreError> {
    if is_known(conn)? {
        return Ok(());
    }
    let Seed { state, settings } = serde_json::from_str(seed).map_err(|error| StoreError::Json(error.to_string()))?;
    rows::log_revision(conn, &state, &Outcome::Created, state.created)?;
    let mut record = Record::new(state, settings.allow_shared);
    record.settings = settings;
    record.save(conn)?;
    // The import has told the owner's pages.
    let looks = rows::looks(conn, &record.state.owner)?;
    rows::confirm(conn, 0, Some(&looks.now))
}
