//! `/dev`, in local builds only: the stand-in's outbox as mail, answers as a guest, edits as an organizer. The
//! browser writes genuine mail and posts it to the local runtime's own mail door; nothing here takes a short cut.

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use itip::When;
use serde::Serialize;
use store::directory;
use views::event::Telling;
use views::when;
use views::words::Language;

use crate::WebContext;
use crate::assets::{PLAYGROUND_CSS, PLAYGROUND_JS};
use crate::error::Problem;
use crate::events;
use crate::respond;

/// Events that the playground shows.
const EVENTS_MAX: u32 = 200;

/// The playground's paths.
pub fn routes() -> Router {
    Router::new().route("/dev", get(page)).route("/dev/messages", get(messages)).route("/dev/events", get(list))
}

async fn page(Extension(context): Extension<Arc<WebContext>>) -> Response {
    let html = include_str!("../../../../sites/playground/index.html")
        .replace("{{style}}", &PLAYGROUND_CSS.path)
        .replace("{{script}}", &PLAYGROUND_JS.path)
        .replace("{{domain}}", &views::text::escape_html(&context.config.domain));
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Mail carries its own styles; the frame that shows it runs no script.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
             img-src 'self' data: https:; frame-src 'self'; base-uri 'none'; form-action 'self'",
        ),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn messages(Extension(context): Extension<Arc<WebContext>>) -> Result<Response, Problem> {
    let bytes = context.outbox.messages().await.map_err(|cause| Problem::Internal { cause })?;
    Ok(respond::json_bytes(StatusCode::OK, bytes))
}

/// An event as its organizer's calendar would know it.
#[derive(Serialize)]
struct DemoEvent {
    event_id: String,
    original_uid: String,
    owner: String,
    organizer: String,
    sequence: u32,
    revision: u32,
    cancelled: bool,
    summary: String,
    location: String,
    description: String,
    rrule: Option<String>,
    start: Written,
    end: Written,
    when: String,
    sort: i64,
    attendees: u32,
    accepted: u32,
    tentative: u32,
    declined: u32,
    slug: String,
}

/// A time in iCalendar's own words.
#[derive(Serialize)]
struct Written {
    params: String,
    value: String,
    utc: bool,
}

fn written(when: &When) -> Written {
    match when {
        When::Date(date) => {
            Written { params: ";VALUE=DATE".into(), value: date.format("%Y%m%d").to_string(), utc: false }
        }
        When::At(moment) => {
            let utc = moment.zone == itip::Zone::Utc;
            let params = match when::zone_name(when) {
                Some(zone) if !utc => format!(";TZID={zone}"),
                _ => String::new(),
            };
            Written { params, value: moment.local.format("%Y%m%dT%H%M%S").to_string(), utc }
        }
    }
}

async fn list(Extension(context): Extension<Arc<WebContext>>) -> Result<Response, Problem> {
    let telling = Telling::of(Language::default(), context.clock.now());
    let rows = directory::events(context.db.as_ref(), None, EVENTS_MAX).await?;
    let mut list = Vec::with_capacity(rows.len());
    let mut slugs = std::collections::BTreeMap::new();
    for row in rows {
        if row.is_past(telling.now) {
            continue;
        }
        if !slugs.contains_key(&row.owner) {
            let organizer = store::accounts::organizer(context.db.as_ref(), &row.owner).await?;
            slugs.insert(row.owner.clone(), organizer.map(|organizer| organizer.slug).unwrap_or_default());
        }
        let shown = events::shown(&context, &row.event_id).await?;
        let slug = slugs.get(&row.owner).cloned().unwrap_or_default();
        list.push(DemoEvent {
            original_uid: shown.event.original_uid.0,
            sequence: shown.event.order.map_or(0, |order| order.sequence.0),
            start: written(&row.details.start),
            end: written(&row.details.end),
            when: events::public_view(&row, &telling).when.sentence(),
            sort: row.details.start.instant().0,
            event_id: row.event_id.into(),
            owner: row.owner.to_string(),
            organizer: row.organizer_name,
            revision: row.revision,
            cancelled: row.cancelled,
            summary: row.details.summary,
            location: row.details.location,
            description: row.details.description,
            rrule: row.details.recurrence.rrule,
            attendees: shown.counters.attendees,
            accepted: shown.counters.accepted,
            tentative: shown.counters.tentative,
            declined: shown.counters.declined,
            slug,
        });
    }
    list.sort_by_key(|event| event.sort);
    respond::json(StatusCode::OK, &list)
}
