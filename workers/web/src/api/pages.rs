//! `/v1/pages`: how organizers want their pages.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use itip::CalAddress;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::pages::{self, PageRow};
use timetable::{PageConfig, PageKind};
use views::words::Language;

use crate::WebContext;
use crate::api::organizers::is_slug;
use crate::auth::Access;
use crate::error::Problem;
use crate::extract::{Fields, JsonBody};
use crate::pages::{PublicPage, config, event, schedule, upcoming};
use crate::publish::{everything_changed, tag};
use crate::respond;

/// Pages of one organizer beside his own: each is made anew with every change of an event.
const PAGES_MAX: u32 = 50;

#[derive(Serialize)]
struct Document {
    slug: String,
    url: String,
    organizer: String,
    own: bool,
    version: u32,
    modified: Option<i64>,
    config: PageConfig,
}

fn document(context: &WebContext, row: PageRow) -> Document {
    Document {
        config: config(&row),
        url: format!("{}/s/{}", context.config.public_url, row.slug),
        organizer: row.organizer.address.to_string(),
        own: row.is_own(),
        version: row.version,
        modified: row.modified.map(|modified| modified.0),
        slug: row.slug,
    }
}

fn answer(context: &WebContext, status: StatusCode, row: PageRow) -> Result<Response, Problem> {
    let location = (status == StatusCode::CREATED).then(|| format!("/v1/pages/{}", row.slug));
    let mut response = respond::json_tagged(&HeaderMap::new(), &document(context, row))?;
    *response.status_mut() = status;
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The page that has this slug today, for a key that reaches its organizer.
async fn row(context: &WebContext, access: &Access, slug: &str) -> Result<PageRow, Problem> {
    let row = pages::page(context.db.as_ref(), slug).await?.filter(|row| row.slug == slug);
    let row = row.ok_or(if access.is_broad() { Problem::NotFound } else { Problem::KeyScope })?;
    access.organizer(&row.organizer.address)?;
    Ok(row)
}

fn read(members: Map<String, Value>) -> Result<PageConfig, Problem> {
    let config = PageConfig::read(members).map_err(|error| {
        let detail = error.to_string();
        Problem::invalid(format!("config.{}", error.field), detail)
    })?;
    if !config.language.is_empty() && Language::from_tag(&config.language).is_none() {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.words().tag).collect();
        let rule = format!("language is empty or one of: {}", known.join(", "));
        return Err(Problem::invalid("config.language", rule));
    }
    Ok(config)
}

fn written(config: &PageConfig) -> Result<String, Problem> {
    serde_json::to_string(config).map_err(|error| Problem::Internal { cause: error.to_string() })
}

fn organizer(text: &str) -> Result<CalAddress, Problem> {
    CalAddress::parse(text).map_err(|_| Problem::invalid("organizer", "organizer is an organizer's address"))
}

/// `preview` stands in the address of the preview.
fn new_slug(slug: &str) -> Result<(), Problem> {
    if is_slug(slug) && slug != "preview" {
        return Ok(());
    }
    let rule = "slug is 2 to 60 lower-case letters, digits and single hyphens between them, and not preview";
    Err(Problem::invalid("slug", rule))
}

fn taken() -> Problem {
    Problem::Conflict("This slug is taken.".into())
}

#[derive(Serialize)]
struct Pages {
    pages: Vec<Document>,
}

/// An organizer's pages, his own first.
pub async fn list(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let owner = organizer(fields.get("organizer").unwrap_or_default())?;
    access.organizer(&owner)?;
    let rows = pages::pages_of(context.db.as_ref(), &owner).await?;
    if rows.is_empty() {
        return Err(Problem::OrganizerNotFound);
    }
    let pages = rows.into_iter().map(|row| document(&context, row)).collect();
    respond::json_tagged(&headers, &Pages { pages })
}

/// A page to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPage {
    organizer: String,
    slug: String,
    #[serde(default)]
    config: Map<String, Value>,
}

/// Makes a further page.
pub async fn create(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    JsonBody(new): JsonBody<NewPage>,
) -> Result<Response, Problem> {
    let owner = organizer(&new.organizer)?;
    access.organizer(&owner)?;
    new_slug(&new.slug)?;
    let json = written(&read(new.config)?)?;
    let db = context.db.as_ref();
    let count = pages::pages_of(db, &owner).await?.len();
    if count == 0 {
        return Err(Problem::OrganizerNotFound);
    }
    if count > PAGES_MAX as usize {
        return Err(Problem::Conflict(format!("An organizer has at most {PAGES_MAX} pages beside his own.")));
    }
    if !pages::add(db, &owner, &new.slug, &json, PAGES_MAX + 1, context.clock.now()).await? {
        return Err(taken());
    }
    everything_changed(&context, &owner).await?;
    answer(&context, StatusCode::CREATED, row(&context, &access, &new.slug).await?)
}

/// Reads a page's configuration.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = row(&context, &access, &slug).await?;
    respond::json_tagged(&headers, &document(&context, row))
}

/// What may be changed; absent fields stay as they are, but a configuration is always a whole.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    slug: Option<String>,
    config: Option<Map<String, Value>>,
}

/// Changes a page: with `If-Match` only if nobody else has since.
pub async fn put(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(slug): Path<String>,
    headers: HeaderMap,
    JsonBody(change): JsonBody<Change>,
) -> Result<Response, Problem> {
    let before = row(&context, &access, &slug).await?;
    let (owner, own) = (before.organizer.address.clone(), before.is_own());
    let json = change.config.map(read).transpose()?.map(|config| written(&config)).transpose()?;
    let to = change.slug.filter(|to| *to != slug);
    if let Some(to) = &to {
        if own {
            let rule = "an organizer's own slug changes at /v1/organizers/{email}";
            return Err(Problem::invalid("slug", rule));
        }
        new_slug(to)?;
    }
    let version = before.version;
    let seen = if_match(&headers, &document(&context, before))?.then_some(version);
    let db = context.db.as_ref();
    if let Some(json) = json {
        pages::save(db, &owner, &slug, &json, seen, context.clock.now()).await?.ok_or(Problem::Changed)?;
    }
    let renamed = match &to {
        Some(to) => pages::rename(db, &owner, &slug, to).await?,
        None => true,
    };
    // Also if the slug is taken: the configuration is stored.
    everything_changed(&context, &owner).await?;
    if !renamed {
        return Err(taken());
    }
    answer(&context, StatusCode::OK, row(&context, &access, to.as_ref().unwrap_or(&slug)).await?)
}

/// Whether the caller names the version that he has seen; an error if that is no longer the one there is.
fn if_match(headers: &HeaderMap, document: &Document) -> Result<bool, Problem> {
    let Some(field) = headers.get(header::IF_MATCH) else { return Ok(false) };
    let field = field.to_str().map_err(|_| Problem::Changed)?.trim();
    if field == "*" {
        return Ok(false);
    }
    let bytes = serde_json::to_vec(document).map_err(|error| Problem::Internal { cause: error.to_string() })?;
    let tag = tag(&bytes);
    let same = field.split(',').any(|one| one.trim() == tag);
    if same { Ok(true) } else { Err(Problem::Changed) }
}

/// Takes a further page away, or what is configured of an organizer's own.
pub async fn remove(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(slug): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = row(&context, &access, &slug).await?;
    let owner = &row.organizer.address;
    pages::remove(context.db.as_ref(), owner, &slug).await?;
    everything_changed(&context, owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A configuration to be looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    organizer: String,
    #[serde(default)]
    config: Map<String, Value>,
    /// The page of this event instead, by the start of its id.
    #[serde(default)]
    event: String,
    #[serde(default)]
    language: String,
}

/// The page that a configuration would make.
pub async fn preview(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    JsonBody(wanted): JsonBody<Preview>,
) -> Result<Response, Problem> {
    let owner = organizer(&wanted.organizer)?;
    access.organizer(&owner)?;
    let config = read(wanted.config)?;
    let own = pages::own_page(context.db.as_ref(), &owner).await?.ok_or(Problem::OrganizerNotFound)?;
    let page = PublicPage {
        slug: own.organizer.slug.clone(),
        organizer: own.organizer,
        config,
        events_version: own.events_version,
    };
    let language = Language::choose(&[&wanted.language, &page.config.language]);
    let mut response = if !wanted.event.is_empty() {
        event::preview(&context, &page, &wanted.event, language).await?
    } else if page.config.kind == PageKind::Upcoming {
        upcoming::preview(&context, &page, language).await?
    } else {
        schedule::preview(&context, &page, language).await?
    };
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(response)
}
