//! `/v1/dead-letters`: mail that waits for a human.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use scheduling::command::{Command, Job, Reply};
use serde::Serialize;
use store::accounts::{self, DeadLetter};

use crate::WebContext;
use crate::api::{read_cursor, read_limit, write_cursor};
use crate::auth::Access;
use crate::error::{Problem, wrong_reply};
use crate::extract::Fields;
use crate::respond;

/// Longest page.
const LETTERS_MAX: u32 = 500;

#[derive(Serialize)]
struct Letters {
    dead_letters: Vec<DeadLetter>,
    next_cursor: Option<String>,
}

/// Lists them, newest first.
pub async fn list(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    fields: Fields,
) -> Result<Response, Problem> {
    access.admin()?;
    let limit = read_limit(&fields, LETTERS_MAX)?;
    let cursor = read_cursor(&fields)?;
    let before = cursor.as_ref().map(|(at, id)| (*at, id.as_str()));
    let dead_letters = accounts::dead_letters(context.db.as_ref(), before, limit).await?;
    let next_cursor = dead_letters
        .last()
        .filter(|_| dead_letters.len() >= limit as usize)
        .map(|letter| write_cursor(letter.created, &letter.id));
    respond::json(StatusCode::OK, &Letters { dead_letters, next_cursor })
}

#[derive(Serialize)]
struct Replayed {
    id: String,
    /// `queued`, or `obsolete` when a newer mail has made it needless.
    status: &'static str,
}

/// Sends one again.
pub async fn replay(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    access.admin()?;
    let letter = accounts::dead_letter(context.db.as_ref(), &id).await?.ok_or(Problem::NotFound)?;
    let event = letter.event_id;
    let Reply::Replayed { batch } = context.objects.event(&event, Command::Replay { letter: id.clone() }).await? else {
        return Err(wrong_reply("replay"));
    };
    context.db.run(accounts::exhume(&id)).await?;
    let status = if batch.is_some() { "queued" } else { "obsolete" };
    if let Some(batch) = batch {
        context.jobs.start(Job::Batch { event, batch });
    }
    respond::json(StatusCode::ACCEPTED, &Replayed { id, status })
}
