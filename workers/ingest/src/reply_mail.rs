//! Mail to `rsvp@`: a guest's calendar answers.
//!
//! Invariant: an answer counts only when its writer holds the guest's token or is authenticated as the guest
//! (decision 6); nothing here ever mails anybody.

use imip::MailKind;
use itip::{Answer, AnsweredVia, CalAddress, Component, EventId, InvitedAttendee, ItipMessage, Method};
use scheduling::command::{Command, CommandError, Job, Reply};
use scheduling::keys::{is_reply_token, token_in};
use store::directory;

use crate::{IngestError, Letter, MailContext, MailVerdict, reject};

/// Answers taken from one mail; a calendar writes one.
const ANSWERS_MAX: usize = 10;

/// Takes an answer. `token` stands in the recipient's address.
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
    for message in messages.iter().take(ANSWERS_MAX) {
        let reading = match read(message, letter, token, ctx) {
            Reading::Answer(reading) => reading,
            Reading::Nothing(why) => {
                verdict = MailVerdict::Accept(why);
                continue;
            }
            Reading::Refused(why) => {
                verdict = reject(why);
                continue;
            }
        };
        // An id that only its writer vouches for must not wake an object.
        if !reading.by_token && directory::event(ctx.db.as_ref(), &reading.event).await?.is_none() {
            verdict = MailVerdict::Accept("no such event");
            continue;
        }
        if !kept {
            letter.keep(ctx).await?;
            kept = true;
        }
        verdict = MailVerdict::Accept(take(reading, ctx).await?);
    }
    Ok(verdict)
}

/// An answer whose authorship is settled.
struct Attributed {
    event: EventId,
    guest: CalAddress,
    name: String,
    answer: Answer,
    by_token: bool,
    authenticated: bool,
}

enum Reading {
    Answer(Box<Attributed>),
    Nothing(&'static str),
    Refused(&'static str),
}

fn read(message: &ItipMessage, letter: &Letter<'_>, token: Option<&str>, ctx: &MailContext) -> Reading {
    match message.method {
        Method::Reply => {}
        // A proposal is no answer, and taking it for one would record a Maybe that nobody said.
        Method::Counter => return Reading::Nothing("counter"),
        Method::Refresh => return Reading::Nothing("refresh"),
        Method::DeclineCounter | Method::Add => return Reading::Nothing("not an answer"),
        Method::Request | Method::Publish | Method::Cancel => {
            return Reading::Refused("This mailbox takes answers. Invitations and changes go to create@.");
        }
    }
    let Some(event) = EventId::parse(&message.uid.0.trim().to_ascii_lowercase()) else {
        return Reading::Nothing("not our event");
    };
    // An answer to one date says nothing about the series.
    let Some(component) = message.components.iter().find(|component| component.recurrence_id.is_none()) else {
        return Reading::Nothing("answer to one date");
    };
    // RFC 5546 section 3.2.3: exactly one ATTENDEE, the one who answers.
    let [attendee] = component.attendees.as_slice() else { return Reading::Nothing("not one attendee") };
    if attendee.address.domain().eq_ignore_ascii_case(&ctx.config.domain) {
        return Reading::Nothing("our own address");
    }
    let (by_token, authenticated) = authorship(&event, attendee, component, letter, token, ctx);
    if !by_token && !authenticated {
        let delegate = letter.sender.proven().is_some_and(|from| is_delegate(from, attendee));
        if !delegate {
            return Reading::Refused(
                "This answer could not be verified as its guest's. Please use the buttons of the invitation.",
            );
        }
    }
    Reading::Answer(Box::new(Attributed {
        event,
        guest: attendee.address.clone(),
        name: attendee.name.chars().filter(|c| !c.is_control()).take(80).collect(),
        answer: Answer {
            partstat: attendee.partstat,
            order: component.order,
            received: ctx.clock.now(),
            prodid: message.prodid.clone(),
            comment: component.comment.clone(),
            via: AnsweredVia::Mail,
        },
        by_token,
        authenticated,
    }))
}

/// Whether the writer holds the guest's token, and whether he is authenticated as the guest.
fn authorship(
    event: &EventId,
    attendee: &InvitedAttendee,
    component: &Component,
    letter: &Letter<'_>,
    token: Option<&str>,
    ctx: &MailContext,
) -> (bool, bool) {
    let written = component
        .organizer
        .as_ref()
        .filter(|organizer| organizer.address.domain().eq_ignore_ascii_case(&ctx.config.domain))
        .and_then(|organizer| token_in(&organizer.address));
    let by_token =
        [token, written].into_iter().flatten().any(|token| is_reply_token(&ctx.keys, token, event, &attendee.address));
    (by_token, letter.sender.proven() == Some(&attendee.address))
}

/// Whether an authenticated sender answers for a guest who names him in SENT-BY. The parameter proves nothing by
/// itself, so it counts within one organization only; everybody else's delegate holds the token.
fn is_delegate(from: &CalAddress, attendee: &InvitedAttendee) -> bool {
    attendee.sent_by.as_ref() == Some(from) && from.domain() == attendee.address.domain()
}

async fn take(reading: Box<Attributed>, ctx: &MailContext) -> Result<&'static str, IngestError> {
    let Attributed { event, guest, name, answer, authenticated, .. } = *reading;
    match ctx.objects.event(&event, Command::Answer { guest, name, answer, authenticated }).await {
        Ok(Reply::Answered { outcome, batch }) => {
            if let Some(batch) = batch {
                ctx.jobs.start(Job::Batch { event, batch });
            }
            Ok(match outcome {
                Some(itip::AnswerOutcome::Recorded { .. }) => "answered",
                Some(itip::AnswerOutcome::Repeated) => "repeated",
                Some(itip::AnswerOutcome::Stale) => "stale",
                None => "not a guest",
            })
        }
        Ok(_) => Ok("nothing to do"),
        Err(CommandError::NotFound) => Ok("no such event"),
        Err(error) => Err(error.into()),
    }
}
