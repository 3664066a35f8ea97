//! `/o/{token}`: an event's facts, figures and report, for its owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use imip::client_family;
use itip::{EventId, Method, Proposal, Proposed, Timestamp};
use scheduling::command::{Attempt, Command, Notice, OrganizerCommand, Reply};
use scheduling::keys::Link;
use store::accounts;
use store::directory::CLIENT_UNKNOWN;
use views::event::Telling;
use views::pages::{EventView, Figure, OwnerPage, ProposalView};
use views::when;
use views::words::{Language, fill};

use crate::WebContext;
use crate::api::{guests, report};
use crate::error::{Problem, wrong_reply};
use crate::events;
use crate::extract::{Form, read_address};
use crate::pages::{Reader, link, or_refusal, shell};
use crate::respond;

/// The event of a link, as long as it belongs to whom the link was made for.
async fn open(context: &WebContext, token: &str) -> Result<EventId, Problem> {
    let Link::Organizer { event, owner } = link(context, token)? else { return Err(Problem::NotFound) };
    if events::shown(context, &event).await?.event.owner == owner { Ok(event) } else { Err(Problem::NotFound) }
}

/// Facts and figures.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    let answer = async {
        let event = open(&context, &token).await?;
        page(&context, reader, &token, &event, Ok(String::new())).await
    };
    or_refusal(&context, reader, answer.await)
}

/// Mails the guest list.
pub async fn report(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    let answer = async {
        let event = open(&context, &token).await?;
        let owner = events::shown(&context, &event).await?.event.owner;
        let words = reader.words();
        let done = match report::mail(&context, &event, &owner).await {
            Ok(()) => Ok(fill(words.owner_report_sent, &[("owner", owner.as_str())])),
            Err(Problem::TooMany { retry_secs }) => {
                let wait = fill(words.owner_report_wait, &[("seconds", &retry_secs.to_string())]);
                Err((StatusCode::TOO_MANY_REQUESTS, wait))
            }
            Err(problem) => return Err(problem),
        };
        page(&context, reader, &token, &event, done).await
    };
    or_refusal(&context, reader, answer.await)
}

/// Mails the held change.
pub async fn release(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    act(&context, reader, &token, Command::Release).await
}

/// The event is off although only we were un-invited.
pub async fn cancel(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    act(&context, reader, &token, Command::CancelUninvited).await
}

/// Offers the event to another address; it changes hands when its reader says so.
pub async fn hand_over(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
    Form(form): Form,
) -> Response {
    let answer = async {
        let event = open(&context, &token).await?;
        let from = events::shown(&context, &event).await?.event.owner;
        let words = reader.words();
        let done = match read_address(form.get("to").unwrap_or_default()) {
            Ok(to) if to != from && to.domain() != context.config.domain => {
                let notice = Notice::TakeOver { event: event.clone(), from };
                context.objects.organizer(&to, OrganizerCommand::Notify { notice }).await?;
                Ok(fill(words.hand_over_done, &[("to", to.as_str())]))
            }
            Ok(_) => Err((StatusCode::BAD_REQUEST, words.hand_over_wrong.to_owned())),
            Err(problem) => Err((StatusCode::BAD_REQUEST, problem.sentence(words).to_owned())),
        };
        page(&context, reader, &token, &event, done).await
    };
    or_refusal(&context, reader, answer.await)
}

/// Agrees to a guest's proposal, or declines it.
pub async fn decide(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
    Form(form): Form,
) -> Response {
    let answer = async {
        let event = open(&context, &token).await?;
        let guest = read_address(form.get("guest").unwrap_or_default()).map_err(|problem| problem.problem())?;
        let instance = match form.get("instance").unwrap_or_default() {
            "" => None,
            text => {
                let at = text.parse().map_err(|_| Problem::invalid("instance", "instance is a number of seconds"))?;
                Some(Timestamp(at))
            }
        };
        let words = reader.words();
        let (accept, done) = match form.get("decision").unwrap_or_default() {
            "accept" => (true, words.owner_accepted),
            "decline" => (false, words.owner_declined),
            _ => return Err(Problem::invalid("decision", "decision is accept or decline")),
        };
        let done = match guests::decide(&context, &event, guest, instance, accept).await {
            Ok(()) => Ok(done.to_owned()),
            Err(Problem::Conflict(_)) => Err((StatusCode::CONFLICT, words.owner_gone.to_owned())),
            Err(problem) => return Err(problem),
        };
        page(&context, reader, &token, &event, done).await
    };
    or_refusal(&context, reader, answer.await)
}

fn proposal_view(proposal: Proposal, event: &EventView, telling: &Telling) -> ProposalView {
    let Proposed { recurrence_id, start, end, comment, .. } = proposal.proposed;
    ProposalView {
        guest: proposal.guest.to_string(),
        instance: recurrence_id.as_ref().map(|id| id.instant().0.to_string()).unwrap_or_default(),
        was: recurrence_id.map_or_else(|| event.when.sentence(), |id| telling.when(&id.when, &id.when).sentence()),
        would: telling.when(&start, &end).sentence(),
        comment,
    }
}

fn attempt_line(attempt: &Attempt, language: Language) -> String {
    let day = chrono::DateTime::from_timestamp(attempt.at.0, 0).unwrap_or_default().date_naive();
    let words = language.words();
    let phrase = match attempt.method {
        Method::Cancel => words.attempt_cancel,
        _ => words.attempt_change,
    };
    fill(phrase, &[("day", &when::long_date(day, language)), ("sender", attempt.sender.as_str())])
}

async fn act(context: &WebContext, reader: Reader, token: &str, command: Command) -> Response {
    let answer = async {
        let event = open(context, token).await?;
        let Reply::Organizer { guests, .. } = context.objects.event(&event, command).await? else {
            return Err(wrong_reply("release"));
        };
        let words = reader.words();
        let done = match guests {
            1 => words.told_one.to_owned(),
            many => fill(words.told_many, &[("count", &many.to_string())]),
        };
        page(context, reader, token, &event, Ok(done)).await
    };
    or_refusal(context, reader, answer.await)
}

/// The page, with what was just done, or why not.
async fn page(
    context: &WebContext,
    reader: Reader,
    token: &str,
    id: &EventId,
    done: Result<String, (StatusCode, String)>,
) -> Result<Response, Problem> {
    let shown = events::shown(context, id).await?;
    let words = reader.words();
    let telling = Telling::of(reader.language, context.clock.now());
    let event = events::view_of_state(&shown.event, &telling).ok_or(Problem::EventNotFound)?;
    let (status, done, problem) = match done {
        Ok(done) => (StatusCode::OK, done, String::new()),
        Err((status, problem)) => (status, String::new(), problem),
    };
    let organizer = accounts::organizer(context.db.as_ref(), &shown.event.owner).await?;
    let counters = shown.counters;
    let all = counters.attendees;
    let figure = |word: &str, count: u32| Figure {
        word: word.to_owned(),
        count,
        percent: if all == 0 { 0 } else { u32::try_from(u64::from(count) * 100 / u64::from(all)).unwrap_or(100) },
    };
    let mut clients: BTreeMap<&str, u32> = BTreeMap::new();
    for (prodid, count) in &counters.clients {
        let family = match prodid.as_str() {
            CLIENT_UNKNOWN => words.client_unknown,
            prodid => match client_family(prodid) {
                imip::ClientFamily::Google => "Google",
                imip::ClientFamily::Outlook => "Outlook",
                imip::ClientFamily::Apple => "Apple",
                imip::ClientFamily::Yahoo => "Yahoo",
                imip::ClientFamily::Other => words.client_other,
            },
        };
        *clients.entry(family).or_default() += count;
    }
    let public_url = &context.config.public_url;
    let page = OwnerPage {
        shell: shell(context, event.title.clone(), reader, &[]),
        action: format!("/o/{token}"),
        query: reader.path(String::new()),
        revision: shown.event.revision,
        attendees: all,
        answers: vec![
            figure(words.yes, counters.accepted),
            figure(words.maybe, counters.tentative),
            figure(words.no, counters.declined),
            figure(words.no_answer, counters.noaction),
        ],
        origins: counters.origins.iter().map(|(word, count)| figure(word, *count)).collect(),
        clients: clients.into_iter().map(|(word, count)| figure(word, count)).collect(),
        held: shown.held,
        waiting: shown.waiting,
        uninvited: !shown.event.following && !shown.event.cancelled,
        proposals: shown.proposals.into_iter().map(|proposal| proposal_view(proposal, &event, &telling)).collect(),
        attempts: shown.attempts.iter().map(|attempt| attempt_line(attempt, reader.language)).collect(),
        invite_url: format!("{public_url}/event/{id}/invite"),
        page_url: organizer.map(|organizer| format!("{public_url}/s/{}", organizer.slug)).unwrap_or_default(),
        event,
        done,
        problem,
    };
    respond::page(status, &page, "")
}
