//! `/v1/organizers/{email}`: name, slug and settings.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use scheduling::settings::OrganizerSettings;
use serde::{Deserialize, Serialize};
use store::accounts::{self, OrganizerRow};
use views::words::Language;

use crate::WebContext;
use crate::auth::Access;
use crate::error::Problem;
use crate::events;
use crate::extract::{JsonBody, OrganizerPath, read_name};
use crate::publish;
use crate::respond;

#[derive(Serialize)]
struct Document {
    email: String,
    name: String,
    slug: String,
    page_url: String,
    suspended: bool,
    settings: OrganizerSettings,
}

fn document(context: &WebContext, row: &OrganizerRow) -> Document {
    Document {
        email: row.address.to_string(),
        name: row.name.clone(),
        page_url: format!("{}/s/{}", context.config.public_url, row.slug),
        slug: row.slug.clone(),
        suspended: row.suspended,
        settings: events::settings(row),
    }
}

/// Reads an organizer.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    OrganizerPath(address): OrganizerPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access.organizer(&address)?;
    let row = accounts::organizer(context.db.as_ref(), &address).await?.ok_or(Problem::OrganizerNotFound)?;
    respond::json_tagged(&headers, &document(&context, &row))
}

/// What may be changed; absent fields stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    name: Option<String>,
    slug: Option<String>,
    suspended: Option<bool>,
    settings: Option<OrganizerSettings>,
}

/// Changes an organizer.
pub async fn put(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    OrganizerPath(address): OrganizerPath,
    JsonBody(change): JsonBody<Change>,
) -> Result<Response, Problem> {
    access.organizer(&address)?;
    let db = context.db.as_ref();
    let row = accounts::organizer(db, &address).await?.ok_or(Problem::OrganizerNotFound)?;
    // Whoever may act for an organizer may not lift his own suspension.
    let suspended = match change.suspended {
        Some(suspended) if suspended != row.suspended => access.admin().map(|()| suspended)?,
        _ => row.suspended,
    };
    let name = match change.name.as_deref().map(read_name) {
        Some(name) if name.is_empty() => return Err(Problem::invalid("name", "name is not empty")),
        Some(name) => name,
        None => row.name.clone(),
    };
    let settings = change.settings.unwrap_or_else(|| events::settings(&row));
    check(&settings)?;
    if let Some(slug) = change.slug.filter(|slug| *slug != row.slug) {
        if !is_slug(&slug) {
            let rule = "slug is 2 to 60 lower-case letters, digits and single hyphens between them";
            return Err(Problem::invalid("slug", rule));
        }
        if !accounts::change_slug(db, &address, &slug).await? {
            return Err(Problem::Conflict("This slug belongs to somebody else.".into()));
        }
    }
    let json = serde_json::to_string(&settings).map_err(|error| Problem::Internal { cause: error.to_string() })?;
    db.run(accounts::save_organizer(&address, &name, &json, suspended)).await?;
    publish::everything_changed(&context, &address).await?;
    let row = accounts::organizer(db, &address).await?.ok_or(Problem::OrganizerNotFound)?;
    respond::json(StatusCode::OK, &document(&context, &row))
}

fn check(settings: &OrganizerSettings) -> Result<(), Problem> {
    // Four weeks: calendars cut longer alarms off.
    if settings.alarm_minutes.is_some_and(|minutes| minutes > 40_320) {
        return Err(Problem::invalid("settings.alarm_minutes", "alarm_minutes is at most 40320"));
    }
    let host = |host: &String| {
        host.len() <= 253
            && host.contains('.')
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    };
    if settings.landing_hosts.len() > 20 || !settings.landing_hosts.iter().all(host) {
        return Err(Problem::invalid("settings.landing_hosts", "landing_hosts holds at most 20 host names"));
    }
    if !settings.language.is_empty() && Language::from_tag(&settings.language).is_none() {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.words().tag).collect();
        let rule = format!("language is empty or one of: {}", known.join(", "));
        return Err(Problem::invalid("settings.language", rule));
    }
    Ok(())
}

/// Whether a text can be the last part of a page's address.
pub fn is_slug(text: &str) -> bool {
    (2..=60).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit())
}
