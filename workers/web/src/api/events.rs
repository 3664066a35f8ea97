//! `/v1/events/…`.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use scheduling::command::{Command, Reply};
use serde::{Deserialize, Serialize};
use store::directory;

use crate::WebContext;
use crate::api::original::readable;
use crate::auth::Access;
use crate::error::{Problem, wrong_reply};
use crate::events;
use crate::extract::{EventPath, JsonBody};
use crate::respond;

/// `GET /v1/events/{uid}`: with zone, occurrences and figures.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    let counters = directory::event_counters(context.db.as_ref(), &id).await?.unwrap_or_default();
    let full = events::full(row, counters, &context.config.public_url, context.clock.now());
    respond::json_tagged(&headers, &full)
}

/// What may be changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switches {
    allow_shared: bool,
}

#[derive(Serialize)]
struct Switched {
    uid: String,
    allow_shared: bool,
}

/// `PATCH /v1/events/{uid}`.
pub async fn patch(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    JsonBody(switches): JsonBody<Switches>,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    access.change_event(&row.owner)?;
    context.objects.event(&id, Command::AllowShared { allow: switches.allow_shared }).await?;
    respond::json(StatusCode::OK, &Switched { uid: id.into(), allow_shared: switches.allow_shared })
}

#[derive(Serialize)]
struct Released {
    uid: String,
    revision: u32,
    guests: u32,
}

/// `POST /v1/events/{uid}/release`: mails the held change.
pub async fn release(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    access.change_event(&row.owner)?;
    let Reply::Organizer { revision, guests, .. } = context.objects.event(&id, Command::Release).await? else {
        return Err(wrong_reply("release"));
    };
    respond::json(StatusCode::ACCEPTED, &Released { uid: id.into(), revision, guests })
}
