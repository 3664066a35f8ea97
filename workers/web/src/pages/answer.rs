//! `/r/{token}`: a guest answers without a calendar client that can.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use itip::{Answer, AnsweredVia, CalAddress, EventId, Order, PartStat};
use scheduling::command::{Command, Job, Reply};
use scheduling::keys::Link;
use views::api::answer_word;
use views::pages::AnswerPage;
use views::text::mask_address;

use crate::WebContext;
use crate::error::{Problem, wrong_reply};
use crate::events;
use crate::extract::{Fields, Form};
use crate::pages::{link, or_refusal, shell};
use crate::respond;

fn open(context: &WebContext, token: &str) -> Result<(EventId, CalAddress), Problem> {
    match link(context, token)? {
        Link::Answer { event, guest } => Ok((event, guest)),
        _ => Err(Problem::NotFound),
    }
}

fn partstat(word: &str) -> Option<PartStat> {
    match word {
        "yes" => Some(PartStat::Accepted),
        "maybe" => Some(PartStat::Tentative),
        "no" => Some(PartStat::Declined),
        _ => None,
    }
}

/// Three buttons. Nothing happens here, however the link was written.
pub async fn get(State(context): State<Arc<WebContext>>, Path(token): Path<String>, fields: Fields) -> Response {
    let answer = async {
        let (event, guest) = open(&context, &token)?;
        let selected = fields.get("answer").filter(|word| partstat(word).is_some()).unwrap_or_default();
        page(&context, &token, &event, &guest, selected, String::new()).await
    };
    or_refusal(&context, answer.await)
}

/// Takes the answer.
pub async fn post(State(context): State<Arc<WebContext>>, Path(token): Path<String>, Form(form): Form) -> Response {
    let answer = async {
        let (event, guest) = open(&context, &token)?;
        let word = form.get("answer").unwrap_or_default();
        let partstat = partstat(word).ok_or_else(|| Problem::invalid("answer", "answer is yes, maybe or no"))?;
        let shown = events::shown(&context, &event).await?;
        let now = context.clock.now();
        let live = !shown.event.cancelled && !shown.event.is_past(now);
        let mut done = String::new();
        if live {
            let order = Order { sequence: shown.event.sequence, dtstamp: now };
            let answer = Answer::new(partstat, order, now, AnsweredVia::Link);
            let command = Command::Answer {
                guest: guest.clone(),
                name: String::new(),
                answer,
                authenticated: false,
                vouched_by: None,
            };
            let Reply::Answered { outcome, batch } = context.objects.event(&event, command).await? else {
                return Err(wrong_reply("answer"));
            };
            if let Some(batch) = batch {
                context.jobs.start(Job::Batch { event: event.clone(), batch });
            }
            done = match outcome {
                Some(_) => format!("Your answer is {}. You can change it here at any time.", answer_word(partstat)),
                None => "You are not on the guest list of this event.".into(),
            };
        }
        page(&context, &token, &event, &guest, word, done).await
    };
    or_refusal(&context, answer.await)
}

async fn page(
    context: &WebContext,
    token: &str,
    id: &EventId,
    guest: &CalAddress,
    selected: &str,
    done: String,
) -> Result<Response, Problem> {
    let shown = events::shown(context, id).await?;
    let event = events::view_of_state(&shown.event, context.clock.now()).ok_or(Problem::EventNotFound)?;
    let Reply::Attendees(known) = context.objects.event(id, Command::Attendee { guest: guest.clone() }).await? else {
        return Err(wrong_reply("attendee"));
    };
    let current = known
        .first()
        .map_or("No answer yet", |attendee| answer_word(attendee.current_partstat(shown.event.version.reset)));
    let page = AnswerPage {
        shell: shell(context, event.title.clone(), &[]),
        event,
        action: format!("/r/{token}"),
        guest: mask_address(guest),
        current,
        selected: selected.to_owned(),
        done,
    };
    respond::page(StatusCode::OK, &page, "")
}
