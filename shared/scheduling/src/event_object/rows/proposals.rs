//! Other times that guests propose.

use itip::{CalAddress, Proposal, ProposalState, Timestamp};
use store::{SqlConn, StoreError};

use super::{json, word};

fn instance_key(instance: Option<Timestamp>) -> String {
    instance.map(|instant| instant.0.to_string()).unwrap_or_default()
}

/// A guest's newest proposal for an instance, or for the whole.
pub(in crate::event_object) fn proposal(
    conn: &dyn SqlConn,
    guest: &CalAddress,
    instance: Option<Timestamp>,
) -> Result<Option<Proposal>, StoreError> {
    let rows = conn.run(
        "SELECT proposal FROM proposal WHERE address = ?1 AND instance = ?2",
        &[guest.as_str().into(), instance_key(instance).into()],
    )?;
    rows.first().map(|row| row.json(0)).transpose()
}

pub(in crate::event_object) fn put_proposal(conn: &dyn SqlConn, proposal: &Proposal) -> Result<(), StoreError> {
    conn.run(
        "INSERT OR REPLACE INTO proposal (address, instance, proposal, state) VALUES (?1, ?2, ?3, ?4)",
        &[
            proposal.guest.as_str().into(),
            instance_key(proposal.proposed.instance()).into(),
            json(proposal)?,
            word(&proposal.state)?,
        ],
    )
    .map(drop)
}

/// Proposals in a state, at most 100: an owner's page shows no more.
pub(in crate::event_object) fn proposals(
    conn: &dyn SqlConn,
    state: ProposalState,
) -> Result<Vec<Proposal>, StoreError> {
    let rows = conn.run("SELECT proposal FROM proposal WHERE state = ?1 LIMIT 100", &[word(&state)?])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// A guest's proposals that were declined without his knowing.
pub(in crate::event_object) fn declined_of(
    conn: &dyn SqlConn,
    guest: &CalAddress,
) -> Result<Vec<Proposal>, StoreError> {
    let rows = conn.run(
        "SELECT proposal FROM proposal WHERE address = ?1 AND state = ?2",
        &[guest.as_str().into(), word(&ProposalState::Declined)?],
    )?;
    rows.iter().map(|row| row.json(0)).collect()
}
