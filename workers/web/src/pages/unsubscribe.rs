//! `/u/{token}`: no more mail. GET shows a page; POST acts, with a choice or, as mail programs send it
//! (RFC 8058), without one.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use itip::{CalAddress, EventId};
use scheduling::command::{Command, CommandError};
use scheduling::keys::{Link, address_hash};
use store::accounts;
use views::pages::UnsubscribePage;
use views::text::mask_address;

use crate::WebContext;
use crate::error::Problem;
use crate::events;
use crate::extract::Form;
use crate::pages::{Reader, link, or_refusal, shell};
use crate::respond;

fn open(context: &WebContext, token: &str) -> Result<(EventId, CalAddress), Problem> {
    match link(context, token)? {
        Link::Unsubscribe { event, guest } => Ok((event, guest)),
        _ => Err(Problem::NotFound),
    }
}

/// Two buttons.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    let answer = async {
        let (event, guest) = open(&context, &token)?;
        page(&context, reader, &token, (&event, &guest), String::new()).await
    };
    or_refusal(&context, reader, answer.await)
}

/// Remembers the wish.
pub async fn post(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
    Form(form): Form,
) -> Response {
    let answer = async {
        let (event, guest) = open(&context, &token)?;
        let everything = form.get("scope") == Some("everything");
        let owner = events::row(&context, &event).await.map(|row| row.owner);
        // A one-click request must work although the event is unknown by now: then it stops everything.
        let (scope, reason) = match &owner {
            Ok(owner) if !everything => (Some(owner), "unsubscribed"),
            Err(Problem::EventNotFound) | Ok(_) => (None, if everything { "not_asked_for" } else { "unsubscribed" }),
            Err(problem) => return Err(problem.clone()),
        };
        let hash = address_hash(&context.keys, &guest);
        context.db.run(accounts::suppress(&hash, scope, reason, context.clock.now())).await?;
        match context.objects.event(&event, Command::Suppress { guest: guest.clone() }).await {
            Ok(_) | Err(CommandError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        let words = reader.words();
        let done = if scope.is_some() { words.left_organizer } else { words.left_all };
        page(&context, reader, &token, (&event, &guest), done.into()).await
    };
    or_refusal(&context, reader, answer.await)
}

async fn page(
    context: &WebContext,
    reader: Reader,
    token: &str,
    (id, guest): (&EventId, &CalAddress),
    done: String,
) -> Result<Response, Problem> {
    let organizer = match events::row(context, id).await {
        Ok(row) => row.organizer_name,
        Err(Problem::EventNotFound) => reader.words().leave_unnamed.into(),
        Err(problem) => return Err(problem),
    };
    let page = UnsubscribePage {
        shell: shell(context, reader.words().leave_title, reader, &[]),
        organizer,
        guest: mask_address(guest),
        action: reader.path(format!("/u/{token}")),
        done,
    };
    respond::page(StatusCode::OK, &page, "")
}
