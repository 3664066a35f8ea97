//! `POST /v1/events/{uid}/invitations`: one person or up to 200, for callers with a key.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use scheduling::command::Enrollment;
use serde::{Deserialize, Serialize};

use crate::WebContext;
use crate::auth::Access;
use crate::error::Problem;
use crate::events;
use crate::extract::{EventPath, JsonBody, read_address, read_name};
use crate::invite::{
    Caller, INVITATIONS_MAX, Said, check_event, check_organizer, invite_people, language_tag, rate_headers, read_origin,
};
use crate::respond;

/// One person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    email: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    origin: Option<String>,
    #[serde(default)]
    language: Option<String>,
}

/// One person, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum People {
    /// Several.
    Many(Vec<Person>),
    /// One.
    One(Person),
}

#[derive(Serialize)]
struct Answer {
    results: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    email: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// The word of an outcome.
pub fn word(said: Said) -> &'static str {
    match said {
        Said::Invited => "invited",
        Said::Already => "already",
        Said::Unreachable => "unreachable",
        Said::Suppressed => "suppressed",
        Said::Limited => "limited",
        Said::Cancelled => "cancelled",
        Said::Past => "past",
        Said::Full => "full",
    }
}

/// Invites people; a wrong line never stops the others.
pub async fn create(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    headers: HeaderMap,
    JsonBody(people): JsonBody<People>,
) -> Result<Response, Problem> {
    let row = events::row(&context, &id).await;
    let row = row.map_err(|problem| if access.is_broad() { problem } else { Problem::KeyScope })?;
    access.invite(&id, &row.owner)?;
    // A second delivery of the same request changes nothing: whoever holds the invitation keeps it. The key is only
    // checked for its shape and given back.
    let idempotency = headers.get("idempotency-key").cloned();
    if idempotency.as_ref().is_some_and(|key| key.is_empty() || key.len() > 255) {
        return Err(Problem::invalid("Idempotency-Key", "Idempotency-Key has 1 to 255 characters"));
    }
    let people = match people {
        People::Many(people) => people,
        People::One(person) => vec![person],
    };
    if people.is_empty() || people.len() > INVITATIONS_MAX {
        return Err(Problem::Body(format!("Send 1 to {INVITATIONS_MAX} people at a time.")));
    }
    let now = context.clock.now();
    check_event(&row, now)?;
    check_organizer(&context, &row.owner).await?;

    let mut lines: Vec<Line> = Vec::with_capacity(people.len());
    let mut places: Vec<usize> = Vec::new();
    let mut guests: Vec<Enrollment> = Vec::new();
    for (place, person) in people.into_iter().enumerate() {
        let read = read_address(&person.email).map_err(|problem| problem.problem().to_string()).and_then(|address| {
            let origin = read_origin(person.origin.as_deref(), Caller::Keyed).map_err(|problem| problem.to_string())?;
            Ok(Enrollment {
                address,
                name: read_name(person.name.as_deref().unwrap_or_default()),
                origin,
                language: language_tag(person.language.as_deref().unwrap_or_default()),
            })
        });
        let mut line = Line { email: person.email, status: "already", detail: None };
        match read {
            Err(detail) => (line.status, line.detail) = ("invalid", Some(detail)),
            // The same person twice in one request is one invitation.
            Ok(guest) if guests.iter().any(|known| known.address == guest.address) => {}
            Ok(guest) => {
                places.push(place);
                guests.push(guest);
            }
        }
        lines.push(line);
    }
    let (said, limits) = invite_people(&context, &row, &guests, Caller::Keyed).await?;
    for (place, said) in places.into_iter().zip(said) {
        if let Some(line) = lines.get_mut(place) {
            line.status = word(said);
        }
    }
    let mut response = respond::json(StatusCode::ACCEPTED, &Answer { results: lines })?;
    rate_headers(response.headers_mut(), &limits, Caller::Keyed, now);
    if let Some(key) = idempotency {
        response.headers_mut().insert("idempotency-key", key);
    }
    Ok(response)
}
