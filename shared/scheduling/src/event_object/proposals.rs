//! Other times that guests propose (COUNTER), and what the organizer says to them.

use itip::{CalAddress, EventId, Proposal, ProposalState, Proposed, Timestamp, accept_proposal, take_proposal};
use store::SqlConn;

use super::rows::{self, Purpose, Record};
use super::{ObjectEnv, about, commit, known, mailing};
use crate::command::{CommandError, Reply};

/// COUNTER: kept for the organizer; the event stays as it is.
pub(super) fn propose(conn: &dyn SqlConn, guest: &CalAddress, proposed: Proposed) -> Result<Reply, CommandError> {
    let Record { state, .. } = known(conn)?;
    let listed = rows::guest(conn, guest)?.filter(|guest| !guest.attendee.removed && !state.cancelled);
    let before = rows::proposal(conn, guest, proposed.instance())?;
    let news = listed.and_then(|_| take_proposal(before.as_ref(), guest, proposed));
    if let Some(proposal) = &news {
        rows::put_proposal(conn, proposal)?;
    }
    Ok(Reply::Proposed { news: news.is_some(), owner: state.owner })
}

/// The organizer agrees, and the event moves; or he declines, and the guest is told.
pub(super) fn decide(
    conn: &dyn SqlConn,
    id: &EventId,
    guest: &CalAddress,
    instance: Option<Timestamp>,
    accept: bool,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Reply, CommandError> {
    let record = known(conn)?;
    let proposal = rows::proposal(conn, guest, instance)?.filter(|proposal| proposal.state == ProposalState::Open);
    let proposal = proposal.ok_or(CommandError::NothingWaiting)?;
    if accept {
        let owner = record.state.owner.clone();
        let about = about(id, &owner, &record.settings, now, env);
        let transition = accept_proposal(&record.state, &proposal.proposed, &about)?;
        rows::put_proposal(conn, &Proposal { state: ProposalState::Accepted, decided: Some(now), ..proposal })?;
        let reply = commit(conn, record, transition, now)?;
        // Whoever proposed hears that it was agreed, whether or not he has answered (RFC 5546 section 3.2.7).
        if !matches!(reply, Reply::Organizer { held: true, .. }) {
            mailing::open_batch(conn, std::slice::from_ref(guest), Purpose::Wanted, now)?;
        }
        return Ok(reply);
    }
    rows::put_proposal(conn, &Proposal { state: ProposalState::Declined, decided: Some(now), ..proposal })?;
    let hint_at = now.plus(env.timing.hint_repeat_secs);
    let batch = mailing::open_batch(conn, std::slice::from_ref(guest), Purpose::DeclineCounter, hint_at)?;
    Ok(Reply::Batch { batch })
}
