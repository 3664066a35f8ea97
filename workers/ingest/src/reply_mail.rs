//! Mail to `rsvp@`: what a guest's calendar says. REPLY answers, COUNTER proposes, REFRESH asks.
//!
//! Invariant: a word counts only when its writer holds the guest's token or is authenticated as the guest
//! (decision 6); whoever is mailed because of it is a guest, or the owner.

use arrange::Arrange as _;
use imip::MailKind;
use itip::{
    Answer, AnswerOutcome, AnsweredVia, CalAddress, Component, EventId, EventState, InvitedAttendee, ItipMessage,
    Method, Proposed, RecurrenceId, When,
};
use scheduling::command::{Command, CommandError, Job, Notice, OrganizerCommand, Reply};
use scheduling::keys::{is_reply_token, token_in};
use store::directory;

use crate::{IngestError, Letter, MailContext, MailVerdict, reject};

/// Messages taken from one mail; a calendar writes one.
const MESSAGES_MAX: usize = 10;
/// Components taken from one message: Google answers for a series and each of its dates at once.
const COMPONENTS_MAX: usize = 50;

/// Takes what a guest says. `token` stands in the recipient's address.
pub(crate) async fn receive(
    letter: &Letter<'_>,
    token: Option<&str>,
    ctx: &MailContext,
) -> Result<MailVerdict, IngestError> {
    if letter.mail.kind != MailKind::Personal {
        return Ok(MailVerdict::Accept(letter.mail.kind.as_str()));
    }
    let Ok(messages) = &letter.mail.calendar else {
        return Ok(reject(
            "This mailbox reads answers from calendars only. Please use the buttons of the invitation, \
             or write to its organizer.",
        ));
    };
    let mut verdict = MailVerdict::Accept("no answer in it");
    let mut kept = false;
    for message in messages.iter().take(MESSAGES_MAX) {
        let event = match event_of(message) {
            Ok(event) => event,
            Err(unfit) => {
                verdict = unfit;
                continue;
            }
        };
        for component in in_order(message) {
            let author = match author(&event, message.method, component, letter, token, ctx) {
                Ok(author) => author,
                Err(unfit) => {
                    verdict = unfit;
                    continue;
                }
            };
            // An id that only its writer vouches for must not wake an object.
            if !author.by_token && directory::event(ctx.db.as_ref(), &event).await?.is_none() {
                verdict = MailVerdict::Accept("no such event");
                continue;
            }
            if !kept {
                letter.keep(ctx).await?;
                kept = true;
            }
            verdict = MailVerdict::Accept(take(message, component, &event, author, ctx).await?);
        }
    }
    Ok(verdict)
}

/// The event that a message to this mailbox is about.
fn event_of(message: &ItipMessage) -> Result<EventId, MailVerdict> {
    match message.method {
        Method::Reply | Method::Counter | Method::Refresh => {}
        // Both are an organizer's, and we propose nothing to guests.
        Method::DeclineCounter | Method::Add => return Err(MailVerdict::Accept("not an answer")),
        Method::Request | Method::Publish | Method::Cancel => {
            return Err(reject("This mailbox takes answers. Invitations and changes go to create@."));
        }
    }
    EventId::parse(&message.uid.0.trim().to_ascii_lowercase()).ok_or(MailVerdict::Accept("not our event"))
}

/// The answer to the series first, so that answers to its dates stand beside it.
fn in_order(message: &ItipMessage) -> Vec<&Component> {
    let mut components: Vec<&Component> = message.components.iter().take(COMPONENTS_MAX).collect();
    components.arrange_by_key(|component| component.recurrence_id.is_some());
    components
}

/// Who speaks, and why we believe it.
struct Author {
    guest: CalAddress,
    name: String,
    /// How he stands in the message; absent where Exchange leaves him out.
    attendee: Option<InvitedAttendee>,
    /// He holds the guest's token.
    by_token: bool,
    /// He is authenticated as the guest.
    authenticated: bool,
    /// He holds the token of somebody else: of who sent him, or of the list that he is a member of.
    vouched_by: Option<CalAddress>,
}

fn author(
    event: &EventId,
    method: Method,
    component: &Component,
    letter: &Letter<'_>,
    token: Option<&str>,
    ctx: &MailContext,
) -> Result<Author, MailVerdict> {
    let from = letter.mail.from.first();
    let written = component
        .organizer
        .as_ref()
        .filter(|organizer| organizer.address.domain().eq_ignore_ascii_case(&ctx.config.domain))
        .and_then(|organizer| token_in(&organizer.address));
    let holds_token_of = |person: &CalAddress| {
        [token, written].into_iter().flatten().any(|token| is_reply_token(&ctx.keys, token, event, person))
    };
    let attendee = speaker(method, &component.attendees, |person| holds_token_of(person) || from == Some(person));
    // Exchange leaves ATTENDEE out of a COUNTER.
    let unnamed = from.filter(|_| component.attendees.is_empty());
    let Some(guest) = attendee.map(|attendee| &attendee.address).or(unnamed).cloned() else {
        return Err(MailVerdict::Accept("not one attendee"));
    };
    if guest.domain().eq_ignore_ascii_case(&ctx.config.domain) {
        return Err(MailVerdict::Accept("our own address"));
    }
    let by_token = holds_token_of(&guest);
    let authenticated = letter.sender.proven() == Some(&guest);
    // A delegate, a member of a list or an alias answers with the invitation that somebody else got.
    let passed_on = attendee.into_iter().flat_map(passed_on_by).chain(from);
    let vouched_by = passed_on.filter(|person| !by_token && **person != guest).find(|person| holds_token_of(person));
    let delegate = || match (letter.sender.proven(), attendee) {
        (Some(from), Some(attendee)) => is_delegate(from, attendee),
        _ => false,
    };
    if !by_token && !authenticated && vouched_by.is_none() && !delegate() {
        return Err(reject(
            "This answer could not be verified as its guest's. Please use the buttons of the invitation.",
        ));
    }
    let name = attendee.map(|attendee| attendee.name.as_str()).unwrap_or_default();
    Ok(Author {
        vouched_by: vouched_by.cloned(),
        guest,
        name: name.chars().filter(|c| !c.is_control()).take(80).collect(),
        attendee: attendee.cloned(),
        by_token: by_token || vouched_by.is_some(),
        authenticated,
    })
}

/// Who of the attendees speaks. RFC 5546 section 3.2.3 wants exactly one; but a delegate names his delegator beside
/// himself (section 4.2.6), and a COUNTER is the whole event with everybody in it (section 4.2.4).
fn speaker(
    method: Method,
    attendees: &[InvitedAttendee],
    writes: impl Fn(&CalAddress) -> bool,
) -> Option<&InvitedAttendee> {
    match attendees {
        [attendee] => Some(attendee),
        [one, other] if one.delegated_from.as_ref() == Some(&other.address) => Some(one),
        [other, one] if one.delegated_from.as_ref() == Some(&other.address) => Some(one),
        all if method == Method::Counter => all.iter().find(|attendee| writes(&attendee.address)),
        _ => None,
    }
}

/// Who may have passed an invitation on to this person.
fn passed_on_by(attendee: &InvitedAttendee) -> impl Iterator<Item = &CalAddress> {
    attendee.delegated_from.iter().chain(&attendee.member)
}

/// Whether an authenticated sender answers for a guest who names him in SENT-BY. The parameter proves nothing by
/// itself, so it counts within one organization only; everybody else's delegate holds the token.
fn is_delegate(from: &CalAddress, attendee: &InvitedAttendee) -> bool {
    attendee.sent_by.as_ref() == Some(from) && from.domain() == attendee.address.domain()
}

async fn take(
    message: &ItipMessage,
    component: &Component,
    event: &EventId,
    author: Author,
    ctx: &MailContext,
) -> Result<&'static str, IngestError> {
    // Somebody else's invitation lets its holder answer for himself; it neither proposes nor asks in another's name.
    if message.method != Method::Reply && author.vouched_by.is_some() && !author.authenticated {
        return Ok("not its guest's");
    }
    // Most answers are to the whole event and need no look at it.
    let state = match (&component.recurrence_id, message.method) {
        (None, Method::Reply | Method::Refresh) => None,
        _ => match state(event, ctx).await? {
            Some(state) => Some(state),
            None => return Ok("no such event"),
        },
    };
    let instance = match (&component.recurrence_id, &state) {
        (Some(id), Some(state)) => match subject(state, id) {
            Subject::Whole => None,
            Subject::Instance(id) => Some(id),
            Subject::Nothing => return Ok("no such date"),
        },
        _ => None,
    };
    match (message.method, &state) {
        (Method::Refresh, _) => refresh(event, author.guest, ctx).await,
        (Method::Counter, Some(state)) => {
            let heard = propose(event, state, &author, component, instance.clone(), ctx).await?;
            // A proposal is no answer, unless he gives one with it.
            if author.attendee.as_ref().is_some_and(|attendee| attendee.partstat.choice().is_some()) {
                answer(message, component, event, instance, author, ctx).await?;
            }
            Ok(heard)
        }
        _ => answer(message, component, event, instance, author, ctx).await,
    }
}

/// What a RECURRENCE-ID speaks of.
enum Subject {
    /// The one time of an event that is no series.
    Whole,
    /// An instance, as the series writes it: Google answers in UTC.
    Instance(RecurrenceId),
    /// A date that the event does not have.
    Nothing,
}

fn subject(state: &EventState, id: &RecurrenceId) -> Subject {
    let Some(found) = imip::find_instance(state.details.as_ref(), &state.overrides, &id.when) else {
        return Subject::Nothing;
    };
    let is_series = state.details.as_ref().is_none_or(|details| details.recurrence.is_series());
    if is_series || !state.overrides.is_empty() {
        Subject::Instance(RecurrenceId { when: found.recurrence_id, this_and_future: false })
    } else {
        Subject::Whole
    }
}

async fn state(event: &EventId, ctx: &MailContext) -> Result<Option<EventState>, IngestError> {
    match ctx.objects.event(event, Command::Show).await {
        Ok(Reply::Shown(shown)) => Ok(Some(shown.event)),
        Ok(_) | Err(CommandError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn answer(
    message: &ItipMessage,
    component: &Component,
    event: &EventId,
    recurrence_id: Option<RecurrenceId>,
    author: Author,
    ctx: &MailContext,
) -> Result<&'static str, IngestError> {
    let Author { guest, name, attendee, authenticated, vouched_by, .. } = author;
    let Some(attendee) = attendee else { return Ok("not one attendee") };
    let received = ctx.clock.now();
    let answer = Answer {
        recurrence_id,
        prodid: message.prodid.clone(),
        comment: component.comment.clone(),
        request_status: component.request_status.first().cloned().unwrap_or_default(),
        delegated_to: attendee.delegated_to,
        ..Answer::new(attendee.partstat, component.order, received, AnsweredVia::Mail)
    };
    match ctx.objects.event(event, Command::Answer { guest, name, answer, authenticated, vouched_by }).await {
        Ok(Reply::Answered { outcome, batch }) => {
            start(event, batch, ctx);
            Ok(match outcome {
                Some(AnswerOutcome::Recorded { .. }) => "answered",
                Some(AnswerOutcome::Repeated) => "repeated",
                Some(AnswerOutcome::Stale) => "stale",
                None => "not a guest",
            })
        }
        Ok(_) => Ok("nothing to do"),
        Err(CommandError::NotFound) => Ok("no such event"),
        Err(error) => Err(error.into()),
    }
}

async fn refresh(event: &EventId, guest: CalAddress, ctx: &MailContext) -> Result<&'static str, IngestError> {
    match ctx.objects.event(event, Command::Refresh { guest }).await {
        Ok(Reply::Batch { batch }) => {
            start(event, batch, ctx);
            Ok(if batch.is_some() { "refreshed" } else { "nothing to refresh" })
        }
        Ok(_) => Ok("nothing to do"),
        Err(CommandError::NotFound) => Ok("no such event"),
        Err(error) => Err(error.into()),
    }
}

/// Keeps a proposal and tells the owner.
async fn propose(
    event: &EventId,
    state: &EventState,
    author: &Author,
    component: &Component,
    recurrence_id: Option<RecurrenceId>,
    ctx: &MailContext,
) -> Result<&'static str, IngestError> {
    let Some(details) = &component.details else { return Ok("a proposal without a time") };
    // Google proposes in UTC; the event stays on its own clock.
    let clock = state.shown().map(|shown| &shown.start);
    let on_clock = |when: &When| clock.map_or_else(|| when.clone(), |clock| imip::on_clock_of(clock, when));
    let proposed = Proposed {
        recurrence_id,
        start: on_clock(&details.start),
        end: on_clock(&details.end),
        comment: component.comment.clone(),
        order: component.order,
        received: ctx.clock.now(),
    };
    let instance = proposed.instance();
    let guest = author.guest.clone();
    match ctx.objects.event(event, Command::Propose { guest: guest.clone(), proposed }).await {
        Ok(Reply::Proposed { news: true, owner }) => {
            let notice = Notice::Proposal { event: event.clone(), guest, instance };
            ctx.objects.organizer(&owner, OrganizerCommand::Notify { notice }).await?;
            Ok("proposed")
        }
        Ok(Reply::Proposed { .. }) => Ok("no new proposal"),
        Ok(_) => Ok("nothing to do"),
        Err(CommandError::NotFound) => Ok("no such event"),
        Err(error) => Err(error.into()),
    }
}

fn start(event: &EventId, batch: Option<i64>, ctx: &MailContext) {
    if let Some(batch) = batch {
        ctx.jobs.start(Job::Batch { event: event.clone(), batch });
    }
}
