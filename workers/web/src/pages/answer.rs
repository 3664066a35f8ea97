//! `/r/{token}`: a guest answers without a calendar client that can.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use itip::{
    Answer, AnsweredVia, Attendee, CalAddress, EventId, EventState, Moment, Order, PartStat, RecurrenceId, Timestamp,
    When, Zone,
};
use scheduling::command::{Command, Job, Reply};
use scheduling::keys::Link;
use views::event::Telling;
use views::pages::AnswerPage;
use views::text::mask_address;
use views::words::fill;

use crate::WebContext;
use crate::error::{Problem, wrong_reply};
use crate::events;
use crate::extract::{Fields, Form};
use crate::pages::{Reader, link, or_refusal, shell};
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
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
    fields: Fields,
) -> Response {
    let answer = async {
        let (event, guest) = open(&context, &token)?;
        let selected = fields.get("answer").filter(|word| partstat(word).is_some()).unwrap_or_default();
        page(&context, reader, &token, (&event, &guest), date(&fields), selected, String::new()).await
    };
    or_refusal(&context, reader, answer.await)
}

/// Takes the answer.
pub async fn post(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
    Form(form): Form,
) -> Response {
    let answer = async {
        let words = reader.words();
        let (event, guest) = open(&context, &token)?;
        let word = form.get("answer").unwrap_or_default();
        let partstat = partstat(word).ok_or_else(|| Problem::invalid("answer", "answer is yes, maybe or no"))?;
        let shown = events::shown(&context, &event).await?;
        let now = context.clock.now();
        let live = !shown.event.cancelled && !shown.event.is_past(now);
        let mut done = String::new();
        if live {
            let order = Order { sequence: shown.event.sequence, dtstamp: now };
            let recurrence_id = instance(&shown.event, date(&form)).map(|one| one.recurrence_id);
            let answer = Answer {
                recurrence_id: recurrence_id.map(|when| RecurrenceId { when, this_and_future: false }),
                ..Answer::new(partstat, order, now, AnsweredVia::Link)
            };
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
                Some(_) => fill(words.answer_taken, &[("answer", words.answer(partstat))]),
                None => words.not_on_list.into(),
            };
        }
        page(&context, reader, &token, (&event, &guest), date(&form), word, done).await
    };
    or_refusal(&context, reader, answer.await)
}

/// The date of a series that the link is about: its original start in epoch seconds.
fn date(fields: &Fields) -> Option<Timestamp> {
    fields.get("date").and_then(|text| text.parse().ok()).map(Timestamp)
}

/// That date as it takes place; `None` where the link is about the whole event, or about a date it does not have.
fn instance(event: &EventState, date: Option<Timestamp>) -> Option<imip::Occurrence> {
    let instant = date?;
    let local = chrono::DateTime::from_timestamp(instant.0, 0)?.naive_utc();
    let id = When::At(Moment { local, zone: Zone::Utc, instant });
    let is_series = event.details.as_ref().is_none_or(|details| details.recurrence.is_series());
    imip::find_instance(event.details.as_ref().filter(|_| is_series), &event.overrides, &id)
}

async fn page(
    context: &WebContext,
    reader: Reader,
    token: &str,
    (id, guest): (&EventId, &CalAddress),
    date: Option<Timestamp>,
    selected: &str,
    done: String,
) -> Result<Response, Problem> {
    let shown = events::shown(context, id).await?;
    let telling = Telling::of(reader.language, context.clock.now());
    let mut event = events::view_of_state(&shown.event, &telling).ok_or(Problem::EventNotFound)?;
    let instance = instance(&shown.event, date);
    if let Some(one) = &instance {
        event.when = telling.when(&one.start, &one.end);
        event.starts = one.start.instant().0;
        event.cancelled |= one.cancelled;
        event.repeats.clear();
    }
    let Reply::Attendees(known) = context.objects.event(id, Command::Attendee { guest: guest.clone() }).await? else {
        return Err(wrong_reply("attendee"));
    };
    let partstat = |attendee: &Attendee| match &instance {
        Some(one) => attendee.instance_partstat(one.recurrence_id.instant(), &shown.event),
        None => attendee.current_partstat(shown.event.version.reset),
    };
    let current = known.first().map(|attendee| reader.words().answer(partstat(attendee)));
    let page = AnswerPage {
        shell: shell(context, event.title.clone(), reader, &[]),
        event,
        action: reader.path(format!("/r/{token}")),
        guest: mask_address(guest),
        current: current.filter(|word| !word.is_empty()).unwrap_or(reader.words().no_answer),
        date: instance.map(|one| one.recurrence_id.instant().0.to_string()).unwrap_or_default(),
        selected: selected.to_owned(),
        done,
    };
    respond::page(StatusCode::OK, &page, "")
}
