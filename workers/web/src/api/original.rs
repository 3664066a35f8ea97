//! The first Calendar Invite Server's routes: its fields, order and types. New things live under `/v1/`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use itip::{CalAddress, EventId, Timestamp};
use store::directory::{self, EventRow};
use store::{Database, accounts};
use views::api::AttendeeLine;
use views::text::{mask, mask_address};

use crate::WebContext;
use crate::api::{PAGE_ROWS, read_event_cursor, report, write_cursor};
use crate::auth::Access;
use crate::error::Problem;
use crate::events;
use crate::extract::{EventPath, Fields, OrganizerPath, wants_json};
use crate::publish::{self, Edition, PublishContext, Published};
use crate::respond;

/// Events of one page of an organizer's list, as in the first API.
const ORGANIZER_EVENTS_MAX: usize = 2_500;

/// The row of an event that the key may read. A key for single events does not learn which others exist.
pub async fn readable(context: &WebContext, access: &Access, id: &EventId) -> Result<EventRow, Problem> {
    match events::row(context, id).await {
        Ok(row) => access.read_event(id, &row.owner).map(|()| row),
        Err(Problem::EventNotFound) if !access.is_broad() => Err(Problem::KeyScope),
        Err(problem) => Err(problem),
    }
}

/// `GET /event/{uid}`.
pub async fn event(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    respond::json_tagged(&headers, &events::document(row))
}

/// `GET /event/{uid}/statistics`.
pub async fn event_statistics(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    readable(&context, &access, &id).await?;
    let counters = directory::event_counters(context.db.as_ref(), &id).await?.ok_or(Problem::EventNotFound)?;
    respond::json_tagged(&headers, &events::statistics(counters))
}

/// `GET /event/{uid}/attendees`: everybody, masked, by address.
pub async fn attendees(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
) -> Result<Response, Problem> {
    readable(&context, &access, &id).await?;
    let guests = report::guests(&context, &id).await?;
    let lines: Vec<AttendeeLine> = guests
        .into_iter()
        .map(|(address, guest)| AttendeeLine {
            attendee: mask_address(&address),
            name: mask(&guest.name),
            status: guest.status,
            origin: guest.origin,
            prodid: guest.prodid,
        })
        .collect();
    respond::json(StatusCode::OK, &lines)
}

/// `GET /event/{uid}/report`: mails the guest list to the owner.
pub async fn report(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
    method: http::Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let row = readable(&context, &access, &id).await?;
    if method == http::Method::GET {
        report::mail(&context, &id, &row.owner).await?;
    }
    if wants_json(&headers) {
        respond::json(StatusCode::OK, &serde_json::json!({ "status": "acknowledged", "uid": id.as_str() }))
    } else {
        Ok(respond::text(StatusCode::OK, "Acknowledged"))
    }
}

/// `GET /organizer/{email}/events` and its aliases: the 2,500 newest by last change, and where they go on.
pub async fn organizer_events(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(email): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    // The first API answered an empty list for an organizer whom it did not know, however he was spelled.
    let Ok(owner) = CalAddress::parse(&email) else {
        return if access.is_broad() { respond::json(StatusCode::OK, &[(); 0]) } else { Err(Problem::KeyScope) };
    };
    access.organizer(&owner)?;
    let Some(start) = read_event_cursor(&fields)? else {
        return publish::serve(&context, &headers, &Edition::events_list(&owner)).await;
    };
    let (bytes, link) = list(context.publishing(), &owner, Some(start)).await?;
    let mut response = respond::json_bytes(StatusCode::OK, bytes);
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

/// The first page of an organizer's list.
pub async fn publish_events(context: PublishContext<'_>, email: &str) -> Result<Published, Problem> {
    let owner = CalAddress::parse(email).map_err(|_| Problem::OrganizerNotFound)?;
    let (body, link) = list(context, &owner, None).await?;
    Ok(Published {
        // Whoever has a key may ask for any address.
        keeper: (body.len() > "[]".len()).then_some(owner),
        body,
        content_type: respond::JSON,
        language: None,
        fields: link.map(|link| (header::LINK, link)).into_iter().collect(),
        stale_at: None,
    })
}

async fn list(
    context: PublishContext<'_>,
    owner: &CalAddress,
    start: Next,
) -> Result<(Vec<u8>, Option<String>), Problem> {
    let list = List { db: context.db, owner: Some(owner), max: ORGANIZER_EVENTS_MAX };
    let (bytes, next) = list.write(start).await?;
    let link = next.map(|(at, id)| {
        let cursor = write_cursor(at, id.as_str());
        format!("<{}/organizer/{owner}/events?cursor={cursor}>; rel=\"next\"", context.config.public_url)
    });
    Ok((bytes, link))
}

/// `GET /organizer/shadow/{email}/statistics` and its aliases.
pub async fn organizer_statistics(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    OrganizerPath(owner): OrganizerPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access.organizer(&owner)?;
    let known = accounts::organizer(context.db.as_ref(), &owner).await?.is_some()
        || !directory::events_of(context.db.as_ref(), &owner, None, 1).await?.is_empty();
    if !known {
        return Err(Problem::OrganizerNotFound);
    }
    let counters = directory::summed_counters(context.db.as_ref(), Some(&owner)).await?;
    respond::json_tagged(&headers, &events::statistics(counters))
}

/// `GET /system/events`: everything, newest change first.
pub async fn system_events(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
) -> Result<Response, Problem> {
    access.read_system()?;
    let list = List { db: context.db.as_ref(), owner: None, max: usize::MAX };
    let (bytes, _) = list.write(None).await?;
    Ok(respond::json_bytes(StatusCode::OK, bytes))
}

/// `GET /system/statistics`: the flat shape of the others; the first API leaked its storage format here.
pub async fn system_statistics(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    access.read_system()?;
    let counters = directory::summed_counters(context.db.as_ref(), None).await?;
    respond::json_tagged(&headers, &events::statistics(counters))
}

/// `POST /order/order`: enrolment by shop orders is not built.
pub async fn order(_body: Body) -> Problem {
    Problem::NotFound
}

/// A list that is read and written page by page, so that only its bytes are held in memory.
struct List<'a> {
    db: &'a dyn Database,
    owner: Option<&'a CalAddress>,
    max: usize,
}

/// Where a list goes on.
type Next = Option<(Timestamp, EventId)>;

impl List<'_> {
    async fn write(&self, start: Next) -> Result<(Vec<u8>, Next), Problem> {
        let db = self.db;
        let mut bytes = vec![b'['];
        let (mut cursor, mut written) = (start, 0_usize);
        loop {
            let left = self.max - written;
            let limit = PAGE_ROWS.min(u32::try_from(left).unwrap_or(PAGE_ROWS));
            let before = cursor.as_ref().map(|(at, id)| (*at, id));
            let rows = match self.owner {
                Some(owner) => directory::events_of(db, owner, before, limit).await?,
                None => directory::events(db, before, limit).await?,
            };
            let full = rows.len() >= limit as usize;
            cursor = rows.last().map(|row| (row.last_modified, row.event_id.clone())).or(cursor);
            for row in rows {
                if written > 0 {
                    bytes.push(b',');
                }
                serde_json::to_writer(&mut bytes, &events::line(row))
                    .map_err(|error| Problem::Internal { cause: error.to_string() })?;
                written += 1;
            }
            if !full || written >= self.max {
                bytes.push(b']');
                return Ok((bytes, cursor.filter(|_| full && written >= self.max)));
            }
        }
    }
}
