//! What an organizer's REQUEST or CANCEL does to an event.
//!
//! Ordering (RFC 5546 section 2.1.5): the pair (SEQUENCE, DTSTAMP) is kept per component. A lower pair is
//! stale, an equal one applies in arrival order but each content once, and with an equal pair a CANCEL beats a
//! REQUEST, because Outlook for Mac calls an event off with the pair of its last update. Between a master and an
//! instance only DTSTAMP compares: each instance counts its own SEQUENCE (section 2.1.4).

use std::hash::{DefaultHasher, Hash, Hasher};

use arrange::Arrange as _;
use serde::{Deserialize, Serialize};

use crate::{
    CalAddress, Component, EventDetails, EventId, EventState, EventStatus, Field, ItipError, ItipMessage, Order,
    Organizer, Override, OverrideState, Sequence, Timestamp, Version, When,
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
    guests.arrange();
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
        version: Version::default(),
        moved_from: None,
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
    // Some calendars call an event off by a REQUEST that says so; to a guest only METHOD:CANCEL means it.
    let before = prior.cloned().unwrap_or_else(|| blank(message, about));
    if let Some(master) = master.filter(|master| is_called_off(master)) {
        let order = order_of(message, &before, master, about.now).unwrap_or(master.order);
        let components = vec![Component { order, ..master.clone() }];
        return apply_cancel(prior, &ItipMessage { components, ..message.clone() }, about);
    }
    let mut state = before.clone();
    let digest = digest(message);

    if let Some(master) = master {
        let Some(order) = order_of(message, &before, master, about.now) else {
            return Ok(Transition { state: before, outcome: Outcome::Stale });
        };
        let stale = before.order.is_some_and(|known| {
            order < known || (order == known && (before.cancelled || before.applied_at_order.contains(&digest)))
        });
        if stale {
            return Ok(late_details(before, master));
        }
        if before.order.is_none_or(|known| order > known) {
            state.applied_at_order.clear();
        }
        state.order = Some(order);
        state.details_order = Some(order);
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
        state.overrides.retain(|exception| exception.order.dtstamp > order.dtstamp);
    }
    let mut instance_applied = false;
    for component in &message.components {
        let (Some(recurrence_id), Some(details)) = (&component.recurrence_id, &component.details) else {
            continue;
        };
        let change = if is_called_off(component) {
            OverrideState::Cancelled
        } else {
            OverrideState::Changed(Box::new(details.clone()))
        };
        instance_applied |= put_override(&mut state, recurrence_id, component.order, change, master.is_some());
    }
    if master.is_none() && !instance_applied {
        return Ok(Transition { state: before, outcome: Outcome::Stale });
    }
    state.cancelled &= state.order.is_some();
    Ok(settle(prior, state, about))
}

/// The pair that orders a message about the whole event; `None` for a posting that says nothing new.
///
/// Feeds write DTSTAMP equal to DTSTART, or none at all. Then the content decides: a posting that differs from what is
/// known is newer, as of now, and one that does not is no news, so that it cannot revive what was called off.
fn order_of(message: &ItipMessage, before: &EventState, master: &Component, now: Timestamp) -> Option<Order> {
    let stamp = master.order.dtstamp;
    let says_nothing = master.details.as_ref().is_some_and(|details| details.start.instant() == stamp);
    if message.method != crate::Method::Publish || !(says_nothing || stamp == Timestamp(0)) {
        return Some(master.order);
    }
    if before.details.is_some() && before.details == master.details && has_same_exceptions(before, message) {
        return None;
    }
    let known = before.order.unwrap_or_default();
    let dtstamp = now.max(known.dtstamp.plus(i64::from(before.order.is_some())));
    Some(Order { sequence: master.order.sequence.max(known.sequence), dtstamp })
}

/// Whether a whole posting names just the exceptions that are known, each as it is known.
fn has_same_exceptions(before: &EventState, message: &ItipMessage) -> bool {
    let mut named = 0;
    let all_known = message.components.iter().all(|component| {
        let Some(recurrence_id) = &component.recurrence_id else { return true };
        named += 1;
        match (before.exception(recurrence_id.instant()).map(|known| &known.state), &component.details) {
            (Some(OverrideState::Changed(known)), Some(details)) => **known == *details,
            (Some(OverrideState::Cancelled), _) => is_called_off(component),
            (Some(OverrideState::Changed(_)) | None, _) => false,
        }
    });
    all_known && named == before.overrides.len()
}

/// STATUS:CANCELLED (RFC 5545 section 3.8.1.11).
fn is_called_off(component: &Component) -> bool {
    component.details.as_ref().is_some_and(|details| details.status == EventStatus::Cancelled)
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
            *known = Override { recurrence_id: recurrence_id.clone(), order, state: change, version: known.version };
            true
        }
        None => {
            state.overrides.push(Override::new(recurrence_id.clone(), order, change));
            state.overrides.arrange_by_key(|exception| exception.recurrence_id.instant());
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

/// Applies an ADD: further instances of a series that is known (RFC 5546 section 3.2.4).
///
/// # Errors
/// [`ItipError::UnknownSeries`], and [`ItipError::NotApplicable`] for an ADD of a whole series (section 4.4.7): what
/// several rules mean together is not defined (RFC 5545 section 3.8.5.3).
pub fn apply_add(
    prior: Option<&EventState>,
    message: &ItipMessage,
    about: &Circumstances<'_>,
) -> Result<Transition, ItipError> {
    let before = prior.filter(|state| state.details.is_some() && !state.cancelled).ok_or(ItipError::UnknownSeries)?;
    let repeats = |component: &Component| component.details.as_ref().is_some_and(|added| added.recurrence.is_series());
    if message.components.iter().any(repeats) {
        return Err(ItipError::NotApplicable);
    }
    let mut state = before.clone();
    let mut added = false;
    for component in message.components.iter().filter(|component| component.recurrence_id.is_none()) {
        let (Some(details), Some(master)) = (&component.details, &mut state.details) else { continue };
        // ADD shares the series' SEQUENCE and raises it by one; an older one has been overtaken by a whole REQUEST.
        if before.order.is_some_and(|known| component.order < known) {
            continue;
        }
        let start = &details.start;
        let is_known = master.start.instant() == start.instant()
            || master.recurrence.rdate.iter().any(|when| when.instant() == start.instant());
        if is_known {
            continue;
        }
        master.recurrence.rdate.push(start.clone());
        master.last_end = master.last_end.map(|end| end.max(details.end.instant()));
        let recurrence_id = crate::RecurrenceId { when: start.clone(), this_and_future: false };
        let changed = OverrideState::Changed(Box::new(details.clone()));
        added |= put_override(&mut state, &recurrence_id, component.order, changed, true);
        state.order = state.order.max(Some(component.order));
    }
    if !added {
        return Ok(Transition { state: before.clone(), outcome: Outcome::Stale });
    }
    state.applied_at_order.clear();
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
pub(crate) fn settle(prior: Option<&EventState>, mut state: EventState, about: &Circumstances<'_>) -> Transition {
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
    let master = master_change(before, &state);
    let instances = instance_changes(before, &state);
    let outcome = match (before.cancelled, state.cancelled) {
        (false, true) => Outcome::Cancelled,
        (true, true) => Outcome::Unchanged,
        (true, false) => Outcome::Reinstated,
        (false, false) if master.fields.is_empty() && instances.is_empty() => Outcome::Unchanged,
        (false, false) => {
            let mut fields = master.fields.clone();
            if !instances.is_empty() && !fields.contains(&Field::Recurrence) {
                fields.push(Field::Recurrence);
            }
            let moved = master.moved || instances.iter().any(|change| change.moved);
            Outcome::Updated { fields, moved }
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
        stamp_versions(&mut state, &outcome, &master, &instances, about.ask_again);
        if let (Some(old), Some(new)) = (&before.details, &state.details) {
            state.moved_from = moved_from(before.moved_from.as_ref(), old, new);
        }
        // Google drops the second of two messages with one DTSTAMP, so ours always grows.
        state.dtstamp = now.max(before.dtstamp.plus(1));
        state.last_modified = now;
    }
    Transition { state, outcome }
}

/// Gives the components that changed their new versions. A move of one instance asks again about that instance only.
fn stamp_versions(
    state: &mut EventState,
    outcome: &Outcome,
    master: &MasterChange,
    instances: &[InstanceChange],
    ask_again: bool,
) {
    let (revision, sequence) = (state.revision, state.sequence);
    let whole = !matches!(outcome, Outcome::Updated { .. });
    if whole || !master.fields.is_empty() {
        state.version.revision = revision;
        if whole || master.moved || ask_again {
            state.version.sequence = sequence;
        }
        if master.moved || ask_again || *outcome == Outcome::Reinstated {
            state.version.reset = sequence;
        }
    }
    let of_master = state.version.sequence;
    for exception in &mut state.overrides {
        let version = &mut exception.version;
        version.sequence = version.sequence.max(of_master);
        let instant = exception.recurrence_id.instant();
        let Some(change) = instances.iter().find(|change| change.instant == instant) else { continue };
        version.revision = revision;
        if change.moved || ask_again {
            (version.sequence, version.reset) = (sequence, sequence);
        }
    }
}

/// What became of the master in the eyes of a guest.
struct MasterChange {
    fields: Vec<Field>,
    moved: bool,
}

fn master_change(before: &EventState, after: &EventState) -> MasterChange {
    let (mut fields, mut moved) = match (before.details.as_ref(), after.details.as_ref()) {
        (Some(old), Some(new)) => (old.diff(new), old.moves_to(new)),
        (None, None) => (Vec::new(), false),
        _ => (vec![Field::Recurrence], true),
    };
    // An exception that is no longer one takes its instance back to where the master has it.
    for gone in before.overrides.iter().filter(|old| after.exception(old.recurrence_id.instant()).is_none()) {
        if !fields.contains(&Field::Recurrence) {
            fields.push(Field::Recurrence);
        }
        moved |= match &gone.state {
            OverrideState::Changed(changed) => shifts_instance(before.details.as_ref(), gone, changed),
            OverrideState::Cancelled => true,
        };
    }
    MasterChange { fields, moved }
}

/// The start that a page still names beside the new one. A series has many, and a day that is given its time of day
/// has not moved.
fn moved_from(known: Option<&When>, old: &EventDetails, new: &EventDetails) -> Option<When> {
    if old.recurrence.is_series() || new.recurrence.is_series() {
        return None;
    }
    let same = |a: &When, b: &When| a.instant() == b.instant() && a.is_all_day() == b.is_all_day();
    let (was, is) = (&old.start, &new.start);
    if same(was, is) || was.is_all_day() && was.local_date() == is.local_date() {
        return known.cloned();
    }
    (!known.is_some_and(|known| same(known, is))).then(|| was.clone())
}

/// An exception that says something new to a guest.
struct InstanceChange {
    instant: Timestamp,
    moved: bool,
}

fn instance_changes(before: &EventState, after: &EventState) -> Vec<InstanceChange> {
    let change = |new: &Override| {
        let instant = new.recurrence_id.instant();
        let old = before.exception(instant).map(|old| &old.state);
        let moved = match (old, &new.state) {
            (Some(old), new) if old == new => return None,
            (Some(OverrideState::Changed(old)), OverrideState::Changed(new)) => old.moves_to(new),
            (None, OverrideState::Changed(changed)) => shifts_instance(after.details.as_ref(), new, changed),
            (_, OverrideState::Cancelled) | (Some(OverrideState::Cancelled), OverrideState::Changed(_)) => true,
        };
        Some(InstanceChange { instant, moved })
    };
    after.overrides.iter().filter_map(change).collect()
}

/// Whether an exception takes place at another time, or for longer or shorter, than its master has it.
fn shifts_instance(master: Option<&EventDetails>, exception: &Override, changed: &EventDetails) -> bool {
    let Some(master) = master else { return true };
    let length = |details: &EventDetails| details.end.instant().0 - details.start.instant().0;
    let original = &exception.recurrence_id.when;
    let stays = if original.is_all_day() {
        original.local_date() == changed.start.local_date()
    } else {
        original.instant() == changed.start.instant()
    };
    !stays || length(master) != length(changed)
}
