//! What an organizer's REQUEST or CANCEL does to an event.
//!
//! Ordering (RFC 5546 section 2.1.5): the pair (SEQUENCE, DTSTAMP) is kept per component. A lower pair is
//! stale, an equal one applies in arrival order but each content once, and with an equal pair a CANCEL beats a
//! REQUEST, because Outlook for Mac calls an event off with the pair of its last update. Between a master and an
//! instance only DTSTAMP compares: each instance counts its own SEQUENCE (section 2.1.4).

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::{
    CalAddress, Component, EventDetails, EventId, EventState, Field, ItipError, ItipMessage, Order, Organizer,
    Override, OverrideState, Sequence, Timestamp,
};

/// The event after a message, and what the message did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The new state; equal to the old one unless the outcome says otherwise.
    pub state: EventState,
    /// What happened.
    pub outcome: Outcome,
}

/// What an organizer's message did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new event.
    Created,
    /// Guests can see a difference.
    Updated {
        /// Which parts changed.
        fields: Vec<Field>,
        /// Whether it moved in time, so that answers start over.
        moved: bool,
    },
    /// Called off.
    Cancelled,
    /// Called off before and on again.
    Reinstated,
    /// A cancel for an event never seen: remembered, so that a late REQUEST stays dead.
    Tombstone,
    /// We were taken off the guest list; nobody is cancelled.
    Uninvited,
    /// Taken, but nothing that a guest sees.
    Unchanged,
    /// Older than what is known, or applied before.
    Stale,
}

impl Outcome {
    /// Whether the event's revision rose.
    pub fn is_visible(&self) -> bool {
        matches!(self, Self::Updated { .. } | Self::Cancelled | Self::Reinstated)
    }
}

/// What the caller knows of a message beside its text.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The id this event has, or gets.
    pub event_id: &'a EventId,
    /// The authenticated sender.
    pub sender: &'a CalAddress,
    /// Our own mailboxes, left out of the count of other guests.
    pub own_domain: &'a str,
    /// Every edit raises SEQUENCE, not only moves: the organizer wants to ask again.
    pub ask_again: bool,
    /// The moment of the commit.
    pub now: Timestamp,
}

/// A stable digest of a message's content, for telling a repeat from a different message with an equal pair.
fn digest(message: &ItipMessage) -> u64 {
    let mut hasher = DefaultHasher::new();
    format!("{:?}", (message.method, &message.components)).hash(&mut hasher);
    hasher.finish()
}

fn other_guests(components: &[Component], own_domain: &str, organizer: Option<&Organizer>) -> u32 {
    let mut guests: Vec<&CalAddress> = components
        .iter()
        .flat_map(|component| &component.attendees)
        .map(|attendee| &attendee.address)
        .filter(|address| address.domain() != own_domain)
        .filter(|address| organizer.is_none_or(|organizer| **address != organizer.address))
        .collect();
    guests.sort_unstable();
    guests.dedup();
    u32::try_from(guests.len()).unwrap_or(u32::MAX)
}

/// The state an event starts from: nothing shown, nothing ordered.
fn blank(message: &ItipMessage, about: &Circumstances<'_>) -> EventState {
    let organizer = message.components.iter().find_map(|component| component.organizer.clone());
    EventState {
        event_id: about.event_id.clone(),
        original_uid: message.uid.clone(),
        owner: about.sender.clone(),
        organizer: organizer.unwrap_or_else(|| Organizer {
            address: about.sender.clone(),
            name: String::new(),
            sent_by: None,
            email: None,
        }),
        prodid: message.prodid.clone(),
        order: None,
        details_order: None,
        applied_at_order: Vec::new(),
        details: None,
        overrides: Vec::new(),
        cancelled: false,
        following: true,
        revision: 0,
        sequence: Sequence(0),
        dtstamp: about.now,
        reset_sequence: Sequence(0),
        other_guests: 0,
        created: about.now,
        last_modified: about.now,
    }
}

/// Applies a REQUEST, or a PUBLISH taken as one (RFC 5546 sections 3.2.1 and 3.2.2).
pub fn apply_request(
    prior: Option<&EventState>,
    message: &ItipMessage,
    about: &Circumstances<'_>,
) -> Result<Transition, ItipError> {
    let master = message.components.iter().find(|component| component.recurrence_id.is_none());
    if !message.components.iter().any(|component| component.details.is_some()) {
        return Err(ItipError::NoComponent);
    }
    let before = prior.cloned().unwrap_or_else(|| blank(message, about));
    let mut state = before.clone();
    let digest = digest(message);

    if let Some(master) = master {
        let stale = before.order.is_some_and(|known| {
            master.order < known
                || (master.order == known && (before.cancelled || before.applied_at_order.contains(&digest)))
        });
        if stale {
            return Ok(late_details(before, master));
        }
        if before.order.is_none_or(|known| master.order > known) {
            state.applied_at_order.clear();
        }
        state.order = Some(master.order);
        state.details_order = Some(master.order);
        state.applied_at_order.push(digest);
        state.details.clone_from(&master.details);
        state.cancelled = false;
        state.following = true;
        state.prodid.clone_from(&message.prodid);
        if let Some(organizer) = &master.organizer {
            state.organizer = organizer.clone();
        }
        state.other_guests = other_guests(&message.components, about.own_domain, master.organizer.as_ref());
        // A full REQUEST replaces the series: exceptions that it does not name are gone, unless they are newer.
        state.overrides.retain(|exception| exception.order.dtstamp > master.order.dtstamp);
    }
    let mut instance_applied = false;
    for component in &message.components {
        let (Some(recurrence_id), Some(details)) = (&component.recurrence_id, &component.details) else {
            continue;
        };
        let change = OverrideState::Changed(Box::new(details.clone()));
        instance_applied |= put_override(&mut state, recurrence_id, component.order, change, master.is_some());
    }
    if master.is_none() && !instance_applied {
        return Ok(Transition { state: before, outcome: Outcome::Stale });
    }
    state.cancelled &= state.order.is_some();
    Ok(settle(prior, state, about))
}

/// A REQUEST that is older than the cancel already known, but newer than the details kept: what is called off is
/// the later version, whatever order the mails came in.
fn late_details(before: EventState, master: &Component) -> Transition {
    if !before.cancelled || before.details_order.is_some_and(|known| master.order <= known) {
        return Transition { state: before, outcome: Outcome::Stale };
    }
    let organizer = master.organizer.clone().unwrap_or_else(|| before.organizer.clone());
    let state = EventState { details: master.details.clone(), details_order: Some(master.order), organizer, ..before };
    Transition { state, outcome: Outcome::Unchanged }
}

/// Stores an exception unless a newer message has spoken of that instance, or of the whole series.
fn put_override(
    state: &mut EventState,
    recurrence_id: &crate::RecurrenceId,
    order: Order,
    change: OverrideState,
    with_master: bool,
) -> bool {
    if !with_master && state.order.is_some_and(|master| order.dtstamp < master.dtstamp) {
        return false;
    }
    let instant = recurrence_id.instant();
    match state.overrides.iter_mut().find(|exception| exception.recurrence_id.instant() == instant) {
        Some(known) if order < known.order => false,
        // With an equal pair a cancelled instance stays cancelled, as a whole event does.
        Some(known) if order == known.order && (known.state == change || known.state == OverrideState::Cancelled) => {
            false
        }
        Some(known) => {
            *known = Override { recurrence_id: recurrence_id.clone(), order, state: change };
            true
        }
        None => {
            state.overrides.push(Override { recurrence_id: recurrence_id.clone(), order, state: change });
            state.overrides.sort_by_key(|exception| exception.recurrence_id.instant());
            true
        }
    }
}

/// Applies a CANCEL of the event or of instances (RFC 5546 section 3.2.5).
pub fn apply_cancel(
    prior: Option<&EventState>,
    message: &ItipMessage,
    about: &Circumstances<'_>,
) -> Result<Transition, ItipError> {
    if message.components.is_empty() {
        return Err(ItipError::NoComponent);
    }
    let before = prior.cloned().unwrap_or_else(|| blank(message, about));
    let mut state = before.clone();

    if let Some(master) = message.components.iter().find(|component| component.recurrence_id.is_none()) {
        let known = before.order.is_some();
        if before.order.is_some_and(|order| master.order < order) {
            return Ok(Transition { state: before, outcome: Outcome::Stale });
        }
        if before.cancelled && known {
            // A second CANCEL only moves the mark that late REQUESTs are measured by.
            let outcome = if before.order == Some(master.order) { Outcome::Stale } else { Outcome::Unchanged };
            state.order = Some(master.order);
            state.applied_at_order.clear();
            return Ok(Transition { state, outcome });
        }
        if known && before.other_guests > 0 && names_only_us(master, about.own_domain) {
            if !before.following {
                return Ok(Transition { state: before, outcome: Outcome::Stale });
            }
            state.order = Some(master.order);
            state.applied_at_order.clear();
            state.following = false;
            return Ok(Transition { state, outcome: Outcome::Uninvited });
        }
        state.order = Some(master.order);
        state.applied_at_order.clear();
        state.cancelled = true;
        return Ok(settle(prior, state, about));
    }

    let mut applied = false;
    for component in &message.components {
        let Some(recurrence_id) = &component.recurrence_id else {
            continue;
        };
        applied |= put_override(&mut state, recurrence_id, component.order, OverrideState::Cancelled, false);
    }
    if !applied {
        return Ok(Transition { state: before, outcome: Outcome::Stale });
    }
    // Invited to single instances only, all of them off: that is the whole event.
    if state.order.is_none() {
        state.cancelled = state.overrides.iter().all(|exception| exception.state == OverrideState::Cancelled);
    }
    Ok(settle(prior, state, about))
}

/// The owner confirms that an event is off after he only took us off its guest list.
pub fn call_off(prior: &EventState, about: &Circumstances<'_>) -> Transition {
    let mut state = prior.clone();
    state.cancelled = true;
    settle(Some(prior), state, about)
}

fn names_only_us(component: &Component, own_domain: &str) -> bool {
    !component.attendees.is_empty() && component.attendees.iter().all(|guest| guest.address.domain() == own_domain)
}

/// Compares what guests see before and after, and moves the counters that go with the difference.
fn settle(prior: Option<&EventState>, mut state: EventState, about: &Circumstances<'_>) -> Transition {
    let now = about.now;
    let before = prior.filter(|before| before.shown().is_some());
    let Some(before) = before else {
        if let Some(prior) = prior {
            state.created = prior.created.min(now);
        }
        state.last_modified = now;
        state.dtstamp = now;
        let outcome = if state.cancelled || state.shown().is_none() { Outcome::Tombstone } else { Outcome::Created };
        return Transition { state, outcome };
    };
    let outcome = match (before.cancelled, state.cancelled) {
        (false, true) => Outcome::Cancelled,
        (true, true) => Outcome::Unchanged,
        (true, false) => Outcome::Reinstated,
        (false, false) => {
            let mut fields = match (before.details.as_ref(), state.details.as_ref()) {
                (Some(old), Some(new)) => old.diff(new),
                (None, None) => Vec::new(),
                _ => vec![Field::Recurrence],
            };
            let mut moved = match (before.details.as_ref(), state.details.as_ref()) {
                (Some(old), Some(new)) => old.moves_to(new),
                (None, None) => false,
                _ => true,
            };
            let exceptions = exceptions_diff(before, &state);
            moved |= exceptions == Some(true);
            if exceptions.is_some() && !fields.contains(&Field::Recurrence) {
                fields.push(Field::Recurrence);
            }
            if fields.is_empty() { Outcome::Unchanged } else { Outcome::Updated { fields, moved } }
        }
    };
    if outcome.is_visible() {
        let raises = match &outcome {
            Outcome::Updated { moved, .. } => *moved || about.ask_again,
            _ => true,
        };
        state.revision = before.revision.saturating_add(1);
        if raises {
            state.sequence = Sequence(before.sequence.0.saturating_add(1));
        }
        if raises && !matches!(outcome, Outcome::Cancelled) {
            state.reset_sequence = state.sequence;
        }
        // Google drops the second of two messages with one DTSTAMP, so ours always grows.
        state.dtstamp = now.max(before.dtstamp.plus(1));
        state.last_modified = now;
    }
    Transition { state, outcome }
}

/// `None` if the exceptions are alike to a guest, else whether one of them moves or drops an instance.
fn exceptions_diff(before: &EventState, after: &EventState) -> Option<bool> {
    let visible = |state: &EventState| -> Vec<(Timestamp, OverrideState)> {
        state.overrides.iter().map(|exception| (exception.recurrence_id.instant(), exception.state.clone())).collect()
    };
    let (old, new) = (visible(before), visible(after));
    if old == new {
        return None;
    }
    let master = after.details.as_ref();
    let moves = |from: Option<&OverrideState>, to: Option<&OverrideState>| match (from, to) {
        (Some(OverrideState::Changed(old)), Some(OverrideState::Changed(new))) => old.moves_to(new),
        (None, Some(OverrideState::Changed(new))) => master.is_none_or(|master| shifts_instance(master, new)),
        (Some(OverrideState::Changed(_)) | None, None)
        | (Some(OverrideState::Cancelled), Some(OverrideState::Cancelled)) => false,
        _ => true,
    };
    let lookup = |list: &[(Timestamp, OverrideState)], instant: Timestamp| {
        list.iter().find(|(at, _)| *at == instant).map(|(_, state)| state.clone())
    };
    let instants = old.iter().chain(&new).map(|(at, _)| *at);
    Some(instants.into_iter().any(|at| moves(lookup(&old, at).as_ref(), lookup(&new, at).as_ref())))
}

/// Whether an exception differs from its master in length or time of day.
fn shifts_instance(master: &EventDetails, instance: &EventDetails) -> bool {
    let length = |details: &EventDetails| details.end.instant().0 - details.start.instant().0;
    let time_of_day = |details: &EventDetails| match &details.start {
        crate::When::Date(_) => None,
        crate::When::At(moment) => Some(moment.local.time()),
    };
    length(master) != length(instance) || time_of_day(master) != time_of_day(instance)
}
