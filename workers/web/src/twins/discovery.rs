//! What leads programs to public pages: `/sitemap.xml`, `/robots.txt`, `/llms.txt`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use itip::Timestamp;
use store::{directory, pages as stored};
use views::discovery::{self, Mapped, SITEMAP_URLS_MAX};
use views::links::Links;

use crate::WebContext;
use crate::error::Problem;
use crate::extract::Fields;
use crate::pages::{Found, PublicPage, find};
use crate::publish::{is_known, tag};

/// Organizers of one question to D1: some 60 bytes each, far below what one answer holds.
const ORGANIZERS_STEP: u32 = 10_000;
/// Events of one organizer in his map.
const EVENTS_MAX: u32 = 40_000;

/// The map: without a query of everybody's maps, with `of` that of an organizer.
pub async fn sitemap(
    Extension(context): Extension<Arc<WebContext>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let lines = match fields.get("of") {
        None => organizers(&context).await?,
        Some(slug) => match find(context.db.as_ref(), slug).await? {
            Found::Here(page) if page.slug == page.organizer.slug => pages_and_events(&context, &page).await?,
            Found::Here(_) | Found::Moved(_) => return Err(Problem::NotFound),
        },
    };
    let text = discovery::sitemap(&Links::new(&context.config.public_url), &lines);
    Ok(file(&headers, "application/xml; charset=utf-8", text))
}

async fn organizers(context: &WebContext) -> Result<Vec<(Mapped, Timestamp)>, Problem> {
    let mut lines: Vec<(Mapped, Timestamp)> = Vec::new();
    let mut after = String::new();
    let now = context.clock.now();
    loop {
        let found = directory::published(context.db.as_ref(), &after, now, ORGANIZERS_STEP).await?;
        let is_last = found.len() < ORGANIZERS_STEP as usize;
        if let Some((slug, _)) = found.last() {
            after.clone_from(slug);
        }
        lines.extend(found.into_iter().map(|(slug, changed)| (Mapped::MapOf(slug), changed)));
        if is_last || lines.len() >= SITEMAP_URLS_MAX {
            return Ok(lines);
        }
    }
}

async fn pages_and_events(context: &WebContext, page: &PublicPage) -> Result<Vec<(Mapped, Timestamp)>, Problem> {
    let (db, owner) = (context.db.as_ref(), &page.organizer.address);
    let events = directory::published_of(db, owner, context.clock.now(), EVENTS_MAX).await?;
    let newest = events.iter().map(|(_, changed)| *changed).max().unwrap_or_default();
    let pages = stored::pages_of(db, owner).await?;
    let pages = pages.into_iter().map(|row| (Mapped::Page(row.slug), row.modified.unwrap_or(newest).max(newest)));
    Ok(pages.chain(events.into_iter().map(|(event, changed)| (Mapped::Event(event), changed))).collect())
}

/// For crawlers.
pub async fn robots(Extension(context): Extension<Arc<WebContext>>, headers: HeaderMap) -> Response {
    let text = discovery::robots(&Links::new(&context.config.public_url));
    file(&headers, "text/plain; charset=utf-8", text)
}

/// For agents.
pub async fn guide(Extension(context): Extension<Arc<WebContext>>, headers: HeaderMap) -> Response {
    let text = discovery::guide(&Links::new(&context.config.public_url), &context.config.domain);
    file(&headers, "text/plain; charset=utf-8", text)
}

/// A text that is asked for again and again, and may be an hour old.
fn file(headers: &HeaderMap, kind: &'static str, text: String) -> Response {
    let tag = tag(text.as_bytes());
    let (status, body) = if is_known(headers, &tag) {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, Body::from(text))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}
