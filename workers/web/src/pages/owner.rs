//! `/o/{token}`: an event's facts, figures and report, for its owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use imip::client_family;
use itip::{EventId, Method, Proposal, Proposed, Timestamp};
use scheduling::command::{Attempt, Command, Notice, OrganizerCommand, Reply};
use scheduling::keys::Link;
use store::accounts;
use store::directory::CLIENT_UNKNOWN;
use views::pages::{Figure, OwnerPage, ProposalView};
use views::when::{self, WhenView};

use crate::WebContext;
use crate::api::{guests, report};
use crate::error::{Problem, wrong_reply};
use crate::events;
use crate::extract::{Form, read_address};
use crate::pages::{link, or_refusal, shell};
use crate::respond;

/// The event of a link, as long as it belongs to whom the link was made for.
async fn open(context: &WebContext, token: &str) -> Result<EventId, Problem> {
    let Link::Organizer { event, owner } = link(context, token)? else { return Err(Problem::NotFound) };
    if events::shown(context, &event).await?.event.owner == owner { Ok(event) } else { Err(Problem::NotFound) }
}

/// Facts and figures.
pub async fn get(State(context): State<Arc<WebContext>>, Path(token): Path<String>) -> Response {
    let answer = async {
        let event = open(&context, &token).await?;
        page(&context, &token, &event, StatusCode::OK, String::new()).await
    };
    or_refusal(&context, answer.await)
}

/// Mails the guest list.
pub async fn report(State(context): State<Arc<WebContext>>, Path(token): Path<String>) -> Response {
    let answer = async {
        let event = open(&context, &token).await?;
        let owner = events::shown(&context, &event).await?.event.owner;
        let (status, done) = match report::mail(&context, &event, &owner).await {
            Ok(()) => (StatusCode::OK, format!("The guest list is on its way to {owner}.")),
            Err(Problem::TooMany { retry_secs }) => (
                StatusCode::TOO_MANY_REQUESTS,
                format!("The guest list was mailed a moment ago. The next one is possible in {retry_secs} seconds."),
            ),
            Err(problem) => return Err(problem),
        };
        page(&context, &token, &event, status, done).await
    };
    or_refusal(&context, answer.await)
}

/// Mails the held change.
pub async fn release(State(context): State<Arc<WebContext>>, Path(token): Path<String>) -> Response {
    act(&context, &token, Command::Release).await
}

/// The event is off although only we were un-invited.
pub async fn cancel(State(context): State<Arc<WebContext>>, Path(token): Path<String>) -> Response {
    act(&context, &token, Command::CancelUninvited).await
}

/// Offers the event to another address; it changes hands when its reader says so.
pub async fn hand_over(
    State(context): State<Arc<WebContext>>,
    Path(token): Path<String>,
    Form(form): Form,
) -> Response {
    let answer = async {
        let event = open(&context, &token).await?;
        let to = read_address(form.get("to").unwrap_or_default()).map_err(|problem| problem.problem())?;
        let from = events::shown(&context, &event).await?.event.owner;
        if to == from || to.domain() == context.config.domain {
            return Err(Problem::invalid("to", "name the address that the event shall belong to"));
        }
        let notice = Notice::TakeOver { event: event.clone(), from };
        context.objects.organizer(&to, OrganizerCommand::Notify { notice }).await?;
        let done = format!("A mail is on its way to {to}. The event changes hands when its reader says so there.");
        page(&context, &token, &event, StatusCode::OK, done).await
    };
    or_refusal(&context, answer.await)
}

/// Agrees to a guest's proposal, or declines it.
pub async fn decide(State(context): State<Arc<WebContext>>, Path(token): Path<String>, Form(form): Form) -> Response {
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
        let (accept, done) = match form.get("decision").unwrap_or_default() {
            "accept" => (true, "The event is moved, and its guests are being told. Move it in your calendar too."),
            "decline" => (false, "The time stays as it is; the guest is being told."),
            _ => return Err(Problem::invalid("decision", "decision is accept or decline")),
        };
        let (status, done) = match guests::decide(&context, &event, guest, instance, accept).await {
            Ok(()) => (StatusCode::OK, done),
            Err(Problem::Conflict(_)) => (
                StatusCode::CONFLICT,
                "This proposal cannot be taken over here any more. Change the event in your own calendar.",
            ),
            Err(problem) => return Err(problem),
        };
        page(&context, &token, &event, status, done.to_owned()).await
    };
    or_refusal(&context, answer.await)
}

fn proposal_view(proposal: Proposal) -> ProposalView {
    let Proposed { recurrence_id, start, end, comment, .. } = proposal.proposed;
    ProposalView {
        guest: proposal.guest.to_string(),
        instance: recurrence_id.as_ref().map(|id| id.instant().0.to_string()).unwrap_or_default(),
        was: recurrence_id.map(|id| WhenView::new(&id.when, &id.when).sentence()).unwrap_or_default(),
        would: WhenView::new(&start, &end).sentence(),
        comment,
    }
}

fn attempt_line(attempt: &Attempt) -> String {
    let day = when::long_date(chrono::DateTime::from_timestamp(attempt.at.0, 0).unwrap_or_default().date_naive());
    let what = match attempt.method {
        Method::Cancel => "a cancellation",
        _ => "a change",
    };
    format!("{day}: {what} from {}", attempt.sender)
}

async fn act(context: &WebContext, token: &str, command: Command) -> Response {
    let answer = async {
        let event = open(context, token).await?;
        let Reply::Organizer { guests, .. } = context.objects.event(&event, command).await? else {
            return Err(wrong_reply("release"));
        };
        let done = match guests {
            1 => "1 guest is being told.".to_owned(),
            many => format!("{many} guests are being told."),
        };
        page(context, token, &event, StatusCode::OK, done).await
    };
    or_refusal(context, answer.await)
}

async fn page(
    context: &WebContext,
    token: &str,
    id: &EventId,
    status: StatusCode,
    done: String,
) -> Result<Response, Problem> {
    let shown = events::shown(context, id).await?;
    let event = events::view_of_state(&shown.event, context.clock.now()).ok_or(Problem::EventNotFound)?;
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
            CLIENT_UNKNOWN => "Not known before an answer",
            prodid => match client_family(prodid) {
                imip::ClientFamily::Google => "Google",
                imip::ClientFamily::Outlook => "Outlook",
                imip::ClientFamily::Apple => "Apple",
                imip::ClientFamily::Yahoo => "Yahoo",
                imip::ClientFamily::Other => "Other",
            },
        };
        *clients.entry(family).or_default() += count;
    }
    let public_url = &context.config.public_url;
    let page = OwnerPage {
        shell: shell(context, event.title.clone(), &[]),
        action: format!("/o/{token}"),
        revision: shown.event.revision,
        attendees: all,
        answers: vec![
            figure("Yes", counters.accepted),
            figure("Maybe", counters.tentative),
            figure("No", counters.declined),
            figure("No answer", counters.noaction),
        ],
        origins: counters.origins.iter().map(|(word, count)| figure(word, *count)).collect(),
        clients: clients.into_iter().map(|(word, count)| figure(word, count)).collect(),
        held: shown.held,
        waiting: shown.waiting,
        uninvited: !shown.event.following && !shown.event.cancelled,
        proposals: shown.proposals.into_iter().map(proposal_view).collect(),
        attempts: shown.attempts.iter().map(attempt_line).collect(),
        invite_url: format!("{public_url}/event/{id}/invite"),
        page_url: organizer.map(|organizer| format!("{public_url}/s/{}", organizer.slug)).unwrap_or_default(),
        event,
        done,
    };
    respond::page(status, &page, "")
}
