//! `/v1/events/{uid}/…`: guests, their answers to single dates, their proposals, and what strangers tried.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use itip::{Attendee, CalAddress, EventId, EventState, RsvpStatus, Timestamp, When};
use scheduling::command::{Command, INSTANCES_MAX, InstanceCount, Job, Reply};
use serde::{Deserialize, Serialize};
use views::api::{Guest, InstanceLine, OccurrenceLine, ProposalLine, Rsvp};

use crate::WebContext;
use crate::api::original::readable;
use crate::api::read_limit;
use crate::auth::Access;
use crate::error::{Problem, wrong_reply};
use crate::events::{self, local};
use crate::extract::{EventPath, Fields, JsonBody, read_address};
use crate::respond;

/// Longest page of guests.
const GUESTS_MAX: u32 = 1_000;
/// How far ahead occurrences are listed unless asked otherwise, in seconds.
const AHEAD_SECS: i64 = 400 * 86_400;

#[derive(Serialize)]
struct Guests {
    attendees: Vec<Guest>,
    next_cursor: Option<String>,
}

/// `GET /v1/events/{uid}/attendees`: by address, with comments and answers to single dates.
pub async fn list(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    fields: Fields,
) -> Result<Response, Problem> {
    readable(&context, &access, &id).await?;
    let limit = read_limit(&fields, GUESTS_MAX)?;
    let after = fields.get("cursor").map(read_address).transpose().map_err(|problem| problem.problem())?;
    let event = events::shown(&context, &id).await?.event;
    let Reply::Attendees(page) = context.objects.event(&id, Command::Attendees { after, limit }).await? else {
        return Err(wrong_reply("attendees"));
    };
    let next_cursor = page.last().filter(|_| page.len() >= limit as usize).map(|last| last.address.to_string());
    let attendees = page.into_iter().map(|attendee| guest(attendee, &event)).collect();
    respond::json(StatusCode::OK, &Guests { attendees, next_cursor })
}

fn guest(attendee: Attendee, event: &EventState) -> Guest {
    let instances = attendee.instances.iter().map(|answer| InstanceLine {
        recurrence_id: local(&answer.when),
        start: answer.instant().0,
        status: RsvpStatus::from(attendee.instance_partstat(answer.instant(), event)),
        comment: answer.comment.clone(),
    });
    Guest {
        instances: instances.collect(),
        status: attendee.status(event.version.reset),
        partstat: attendee.current_partstat(event.version.reset).as_str(),
        answered_at: attendee.answered_at.map(|at| at.0),
        invited_at: attendee.invited.0,
        origin: attendee.origin.as_str(),
        email: attendee.address.to_string(),
        name: attendee.name,
        prodid: attendee.prodid,
        comment: attendee.comment,
        request_status: attendee.request_status,
        delegated_to: attendee.delegated_to.map(|to| to.to_string()),
        delegated_from: attendee.delegated_from.map(|from| from.to_string()),
        delivery: attendee.delivery,
    }
}

/// `DELETE /v1/events/{uid}/attendees/{email}`: takes a guest off the list; he gets a CANCEL of his own.
pub async fn remove(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path((id, email)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let id = EventId::parse(&id).ok_or(Problem::EventNotFound)?;
    let guest = read_address(&email).map_err(|problem| problem.problem())?;
    let row = readable(&context, &access, &id).await?;
    access.change_event(&row.owner)?;
    let reply = match context.objects.event(&id, Command::Remove { guest }).await {
        Err(scheduling::command::CommandError::NothingWaiting) => return Err(Problem::NotFound),
        reply => reply?,
    };
    let Reply::Batch { batch } = reply else { return Err(wrong_reply("remove")) };
    start(&context, &id, batch);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Occurrences {
    occurrences: Vec<OccurrenceLine>,
}

/// `GET /v1/events/{uid}/occurrences`: when it takes place, and how guests answer each date.
pub async fn occurrences(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    fields: Fields,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    let limit = read_limit(&fields, u32::try_from(INSTANCES_MAX).unwrap_or(u32::MAX))? as usize;
    let moment = |name: &'static str| fields.number(name).map(|at| at.map(|at| Timestamp(i64::from(at))));
    let from = moment("from")?.unwrap_or_else(|| context.clock.now());
    let until = moment("until")?.unwrap_or(from.plus(AHEAD_SECS));
    let found = imip::occurrences(&row.details, &row.overrides, from, until, limit);
    let starts: Vec<When> = found.iter().map(|one| one.recurrence_id.clone()).collect();
    let Reply::Instances(counted) = context.objects.event(&id, Command::Instances { starts }).await? else {
        return Err(wrong_reply("instances"));
    };
    let occurrences = found
        .into_iter()
        .zip(counted)
        .map(|(one, count)| OccurrenceLine {
            recurrence_id: local(&one.recurrence_id),
            start: one.start.instant().0,
            end: one.end.instant().0,
            local_start: local(&one.start),
            cancelled: one.cancelled || row.cancelled,
            summary: one.details_of_override.map_or_else(|| row.details.summary.clone(), |details| details.summary),
            rsvp: rsvp(&count),
            answered_apart: count.apart,
        })
        .collect();
    respond::json(StatusCode::OK, &Occurrences { occurrences })
}

fn rsvp(count: &InstanceCount) -> Rsvp {
    let of =
        |status: RsvpStatus| count.counts.iter().find(|(known, _)| *known == status).map_or(0, |(_, guests)| *guests);
    Rsvp {
        accepted: of(RsvpStatus::Accepted),
        declined: of(RsvpStatus::Declined),
        noaction: of(RsvpStatus::NoAction),
        tentative: of(RsvpStatus::Tentative),
    }
}

#[derive(Serialize)]
struct Proposals {
    proposals: Vec<ProposalLine>,
}

/// `GET /v1/events/{uid}/proposals`: other times that guests propose (COUNTER) and nobody has decided on.
pub async fn proposals(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
) -> Result<Response, Problem> {
    readable(&context, &access, &id).await?;
    let shown = events::shown(&context, &id).await?;
    let proposals = shown
        .proposals
        .into_iter()
        .map(|proposal| ProposalLine {
            email: proposal.guest.to_string(),
            instance: proposal.proposed.instance().map(|at| at.0),
            start: proposal.proposed.start.instant().0,
            end: proposal.proposed.end.instant().0,
            local_start: local(&proposal.proposed.start),
            comment: proposal.proposed.comment,
            received: proposal.proposed.received.0,
        })
        .collect();
    respond::json(StatusCode::OK, &Proposals { proposals })
}

/// A decision on a proposal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    email: String,
    #[serde(default)]
    instance: Option<i64>,
    accept: bool,
}

#[derive(Serialize)]
struct Decided {
    uid: String,
    email: String,
    accepted: bool,
}

/// `POST /v1/events/{uid}/proposals`: agrees (the event moves) or declines (the guest is told).
pub async fn decide_by_key(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    JsonBody(decision): JsonBody<Decision>,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    access.change_event(&row.owner)?;
    let guest = read_address(&decision.email).map_err(|problem| problem.problem())?;
    decide(&context, &id, guest.clone(), decision.instance.map(Timestamp), decision.accept).await?;
    let decided = Decided { uid: id.into(), email: guest.to_string(), accepted: decision.accept };
    respond::json(StatusCode::ACCEPTED, &decided)
}

/// Carries out an organizer's decision.
pub async fn decide(
    context: &WebContext,
    id: &EventId,
    guest: CalAddress,
    instance: Option<Timestamp>,
    accept: bool,
) -> Result<(), Problem> {
    match context.objects.event(id, Command::Decide { guest, instance, accept }).await? {
        Reply::Organizer { .. } => Ok(()),
        Reply::Batch { batch } => {
            start(context, id, batch);
            Ok(())
        }
        _ => Err(wrong_reply("decide")),
    }
}

fn start(context: &WebContext, id: &EventId, batch: Option<i64>) {
    if let Some(batch) = batch {
        context.jobs.start(Job::Batch { event: id.clone(), batch });
    }
}

#[derive(Serialize)]
struct Attempts {
    attempts: Vec<AttemptLine>,
}

#[derive(Serialize)]
struct AttemptLine {
    sender: String,
    method: &'static str,
    at: i64,
}

/// `GET /v1/events/{uid}/attempts`: who tried to change the event without being its organizer; all were refused.
pub async fn attempts(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    access.change_event(&row.owner)?;
    let attempts = events::shown(&context, &id)
        .await?
        .attempts
        .into_iter()
        .map(|attempt| AttemptLine {
            sender: attempt.sender.to_string(),
            method: attempt.method.as_str(),
            at: attempt.at.0,
        })
        .collect();
    respond::json(StatusCode::OK, &Attempts { attempts })
}
