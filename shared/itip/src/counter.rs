//! A guest proposes another time (COUNTER, RFC 5546 section 3.2.7); the organizer decides.

use arrange::Arrange as _;
use serde::{Deserialize, Serialize};

use crate::organizer::settle;
use crate::{
    CalAddress, Circumstances, EventState, ItipError, Order, OverrideState, RecurrenceId, Sequence, Timestamp,
    Transition, When,
};

/// What a guest proposes instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// The instance of a series he speaks of; absent for the whole event.
    pub recurrence_id: Option<RecurrenceId>,
    /// His start.
    pub start: When,
    /// His end, exclusive.
    pub end: When,
    /// COMMENT, empty if absent.
    pub comment: String,
    /// SEQUENCE: the version he would change; DTSTAMP: the order of his proposals.
    pub order: Order,
    /// When it reached us.
    pub received: Timestamp,
}

impl Proposed {
    /// The instant of the instance he speaks of; absent for the whole event.
    pub fn instance(&self) -> Option<Timestamp> {
        self.recurrence_id.as_ref().map(RecurrenceId::instant)
    }
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Nobody has decided.
    Open,
    /// The event has been changed to it.
    Accepted,
    /// Refused; the guest is to be told by a DECLINECOUNTER.
    Declined,
    /// Refused, and the guest knows.
    Told,
}

/// A proposal of a guest that has been kept: one for each instance, the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Whose.
    pub guest: CalAddress,
    /// What.
    pub proposed: Proposed,
    /// What became of it.
    pub state: ProposalState,
    /// DTSTAMP of the DECLINECOUNTER, so that a repeat is word for word the same.
    pub decided: Option<Timestamp>,
}

/// The proposal to keep; `None` if it is older than the last one of this guest for the same instance, or the same.
pub fn take_proposal(known: Option<&Proposal>, guest: &CalAddress, proposed: Proposed) -> Option<Proposal> {
    let is_news = known.is_none_or(|known| {
        let last = &known.proposed;
        let differs = (&last.start, &last.end, &last.comment) != (&proposed.start, &proposed.end, &proposed.comment);
        proposed.order > last.order || (proposed.order == last.order && differs)
    });
    is_news.then(|| Proposal { guest: guest.clone(), proposed, state: ProposalState::Open, decided: None })
}

/// Changes the event as a guest proposed and the organizer agreed: an update with SEQUENCE + 1.
///
/// # Errors
/// [`ItipError::NotApplicable`] for a proposal about a whole series, or about an event that is off.
pub fn accept_proposal(
    prior: &EventState,
    proposed: &Proposed,
    about: &Circumstances<'_>,
) -> Result<Transition, ItipError> {
    if prior.cancelled {
        return Err(ItipError::NotApplicable);
    }
    let mut state = prior.clone();
    let end = proposed.end.instant();
    match &proposed.recurrence_id {
        None => {
            let details = state.details.as_mut().filter(|details| !details.recurrence.is_series());
            let details = details.ok_or(ItipError::NotApplicable)?;
            details.start.clone_from(&proposed.start);
            details.end.clone_from(&proposed.end);
            details.last_end = Some(end);
        }
        Some(recurrence_id) => {
            let instant = recurrence_id.instant();
            let details = match prior.exception(instant).map(|known| &known.state) {
                Some(OverrideState::Cancelled) => return Err(ItipError::NotApplicable),
                Some(OverrideState::Changed(details)) => details.as_ref(),
                None => state.details.as_ref().ok_or(ItipError::NotApplicable)?,
            };
            let mut details = details.clone();
            details.start.clone_from(&proposed.start);
            details.end.clone_from(&proposed.end);
            details.recurrence = crate::Recurrence::default();
            details.last_end = Some(end);
            // The organizer's next word about this instance is newer than ours.
            let order = Order { sequence: Sequence(0), dtstamp: about.now };
            let change = OverrideState::Changed(Box::new(details));
            state.overrides.retain(|known| known.recurrence_id.instant() != instant);
            let mut exception = crate::Override::new(recurrence_id.clone(), order, change);
            if let Some(known) = prior.exception(instant) {
                exception.version = known.version;
                exception.order = order.max(known.order);
            }
            state.overrides.push(exception);
            state.overrides.arrange_by_key(|known| known.recurrence_id.instant());
        }
    }
    Ok(settle(Some(prior), state, about))
}
