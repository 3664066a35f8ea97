//! `/v1/organizers/{email}/feeds`: calendars on other servers that are looked at again and again.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use itip::CalAddress;
use scheduling::command::Job;
use scheduling::feed::{FeedUrl, Reach};
use scheduling::import::Vanished;
use serde::Deserialize;
use serde_json::{Value, json};
use store::accounts;
use store::feeds::{self, FeedRow};

use crate::WebContext;
use crate::auth::Access;
use crate::error::Problem;
use crate::extract::{JsonBody, OrganizerPath};
use crate::respond;

/// Feeds of one organizer: a club has one for each team.
const FEEDS_MAX: usize = 50;
/// How often a feed is looked at, in minutes: politely, and at least once a week.
const EVERY_MINUTES: std::ops::RangeInclusive<u32> = 5..=10_080;
const EVERY_MINUTES_DEFAULT: u32 = 60;
/// The first look is given a minute by the request itself; then cron takes it for lost.
const FIRST_LOOK_SECS: i64 = 60;

fn document(row: &FeedRow) -> Value {
    json!({
        "id": row.id,
        "url": row.url,
        "vanished": row.vanished,
        "every_minutes": row.every_minutes,
        "created_at": row.created.0,
        "checked_at": row.checked.map(|at| at.0),
        "changed_at": row.changed.map(|at| at.0),
        "next_at": row.due.0,
        "failures": row.failures,
        "error": row.error,
        "import": row.import,
    })
}

/// The organizer and the feed of a path.
fn read_path((email, id): (String, String), access: &Access) -> Result<(CalAddress, String), Problem> {
    let organizer = CalAddress::parse(&email).map_err(|_| Problem::OrganizerNotFound)?;
    access.organizer(&organizer)?;
    let fits = (1..=40).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        Ok((organizer, id))
    } else {
        Err(Problem::invalid("id", "id is 1 to 40 lower-case letters, digits and hyphens"))
    }
}

/// All of an organizer's.
pub async fn list(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    OrganizerPath(organizer): OrganizerPath,
) -> Result<Response, Problem> {
    access.organizer(&organizer)?;
    let rows = feeds::feeds_of(context.db.as_ref(), &organizer).await?;
    let feeds: Vec<Value> = rows.iter().map(document).collect();
    respond::json(StatusCode::OK, &json!({ "feeds": feeds }))
}

/// One.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(path): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (organizer, id) = read_path(path, &access)?;
    let row = feeds::feed(context.db.as_ref(), &organizer, &id).await?.ok_or(Problem::NotFound)?;
    respond::json(StatusCode::OK, &document(&row))
}

/// How to subscribe.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    url: String,
    #[serde(default)]
    vanished: Vanished,
    every_minutes: Option<u32>,
}

/// Subscribes, or changes how; the feed is looked at right after.
pub async fn put(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(path): Path<(String, String)>,
    JsonBody(change): JsonBody<Change>,
) -> Result<Response, Problem> {
    let (organizer, id) = read_path(path, &access)?;
    let db = context.db.as_ref();
    let url = FeedUrl::parse(&change.url, Reach::of(&context.config.public_url))
        .map_err(|error| Problem::invalid("url", error.to_string()))?;
    if url.is_ours(&context.config.public_url) {
        return Err(Problem::invalid("url", "this feed is one of ours"));
    }
    let every_minutes = change.every_minutes.unwrap_or(EVERY_MINUTES_DEFAULT);
    if !EVERY_MINUTES.contains(&every_minutes) {
        return Err(Problem::invalid("every_minutes", "every_minutes is 5 to 10080"));
    }
    if accounts::organizer(db, &organizer).await?.is_some_and(|row| row.suspended) {
        return Err(Problem::OrganizerSuspended);
    }
    let known = feeds::feeds_of(db, &organizer).await?;
    if known.len() >= FEEDS_MAX && !known.iter().any(|row| row.id == id) {
        return Err(Problem::Conflict(format!("An organizer has at most {FEEDS_MAX} feeds.")));
    }
    let now = context.clock.now();
    let row = FeedRow {
        owner: organizer.clone(),
        id: id.clone(),
        url: url.to_string(),
        vanished: change.vanished.as_str().to_owned(),
        every_minutes,
        created: now,
        due: now.plus(FIRST_LOOK_SECS),
        etag: None,
        modified: None,
        raw: None,
        checked: None,
        changed: None,
        failures: 0,
        error: None,
        import: None,
    };
    db.run(feeds::put_feed(&row)).await?;
    context.jobs.start(Job::Poll { organizer: organizer.clone(), feed: id.clone() });
    let row = feeds::feed(db, &organizer, &id).await?.ok_or(Problem::NotFound)?;
    respond::json(StatusCode::OK, &document(&row))
}

/// Ends a subscription.
pub async fn remove(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(path): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (organizer, id) = read_path(path, &access)?;
    let gone = context.db.run(feeds::remove_feed(&organizer, &id)).await?;
    if gone.is_empty() { Err(Problem::NotFound) } else { Ok(StatusCode::NO_CONTENT.into_response()) }
}
