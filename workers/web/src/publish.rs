//! What the public reads, as finished bytes: one function makes them, for a visitor and for the snapshot alike.
//!
//! A GET that [`Edition::wanted`] knows is answered from a snapshot in KV if there is one, before any router
//! (`invite-server`), else by [`serve`] from D1. Both give the same bytes: [`render`] depends on D1, on the settings
//! and on the moment, never on the caller. Whoever adds a part: a variant of [`Part`] with its word, the address in
//! [`Edition::at`], an arm in [`render`], and a handler that calls [`serve`].
//!
//! # An open page
//!
//! `GET /s/{slug}/live` becomes a WebSocket that carries, after each rebuild that changed a page of the organizer,
//! `{"changed":["<start of an event id>",…]}`, or `{"reload":true}` where the whole page may be another. `convokeLive` of
//! `sites/public/live.js` listens, and asks for the page's entity tag where it cannot. The page's script then fetches
//! `GET /s/{slug}/rows?ids=<start of an id>,…&lang=<tag>` (at most [`ROWS_MAX`] ids): `text/html`, the rows of those events
//! that are on the page now, in its order, as they stand in the page itself, a series with one for each date shown. An
//! event without a row is no longer on the page.

mod edition;
mod kept;
mod snapshot;
mod turning;

use std::hash::{DefaultHasher, Hasher};

use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderName};
use http::{HeaderMap, StatusCode};
use itip::{CalAddress, Timestamp};
use scheduling::command::{Job, OrganizerCommand};
use scheduling::settings::Config;
use store::Database;
use views::words::Language;

use crate::WebContext;
use crate::api::original;
use crate::error::Problem;
use crate::pages::schedule::Seasons;
use crate::pages::{event, schedule, upcoming};
use crate::respond;
use crate::twins::{self, Wish};

pub use edition::{Edition, Part, Reads};
pub use kept::{KeptEvent, KeptRows, NEXT_MAX};
pub use snapshot::{Rebuilt, STALE_GRACE_SECS, admits, from_snapshot, news, rebuild};
pub use turning::Turning;

/// Most events of one question for rows; a page with more changes is loaded again.
pub const ROWS_MAX: usize = 50;

/// What publishing may use. It only reads.
#[derive(Clone, Copy)]
pub struct PublishContext<'a> {
    /// D1.
    pub db: &'a dyn Database,
    /// The deployment's settings.
    pub config: &'a Config,
    /// The moment it is made for.
    pub now: Timestamp,
    /// An organizer's object keeps his rows; [`PublishContext::upcoming`] looks here first.
    pub kept: Option<&'a KeptRows>,
    /// Who answers everybody remembers the pages that were asked for last.
    pub seasons: Option<&'a Seasons>,
}

/// Finished bytes, and what is said about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Whose object keeps a snapshot of it; `None`: it is not worth one.
    pub keeper: Option<CalAddress>,
    /// The document.
    pub body: Vec<u8>,
    /// Content-Type.
    pub content_type: &'static str,
    /// The language it is written in, if that was a choice.
    pub language: Option<Language>,
    /// Further fields. Together with their names at most [`FIELDS_BYTES_MAX`] bytes, or there is no snapshot.
    pub fields: Vec<(HeaderName, String)>,
    /// When it becomes wrong although nobody changes anything, see [`Turning`]; `None`: never.
    pub stale_at: Option<Timestamp>,
}

/// KV keeps 1,024 bytes beside a value; tag, type and moments take less than 200 of them.
pub const FIELDS_BYTES_MAX: usize = 800;

/// What stands at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendered {
    /// This.
    Here(Published),
    /// It has moved to this path.
    Moved(String),
}

/// Makes an edition. What does not exist, or may not be seen, is a [`Problem`] for which [`Problem::is_absence`]
/// holds.
pub async fn render(context: PublishContext<'_>, edition: &Edition) -> Result<Rendered, Problem> {
    match edition.part {
        Part::Schedule => schedule::publish(context, &edition.name, edition.reads).await,
        Part::PageTwin(twin) => twins::publish_page(context, &edition.name, twin, &Wish::of(edition)).await,
        Part::EventTwin(twin) => twins::publish_event(context, &edition.name, twin, &Wish::of(edition)).await,
        Part::Embed => upcoming::publish_embed(context, &edition.name, edition.reads.language()).await,
        Part::Frame => upcoming::publish_frame(context, &edition.name, edition.reads.language()).await,
        Part::Landing => event::publish(context, &edition.name, edition.reads.language()).await,
        Part::EventsList => original::publish_events(context, &edition.name).await.map(Rendered::Here),
    }
}

/// Answers with an edition made from D1. A snapshot of it is made for those who come later.
pub async fn serve(context: &WebContext, headers: &HeaderMap, edition: &Edition) -> Result<Response, Problem> {
    let published = match render(context.publishing(), edition).await? {
        Rendered::Moved(to) => return respond::redirect(StatusCode::MOVED_PERMANENTLY, &to),
        Rendered::Here(published) => published,
    };
    if let Some(organizer) = published.keeper.clone() {
        context.jobs.start(Job::Snapshot { organizer, edition: edition.key() });
    }
    Ok(answer(headers, edition.part, published))
}

/// Answers with a part as one caller wants it.
pub fn answer(headers: &HeaderMap, part: Part, published: Published) -> Response {
    let head = published.head(part);
    snapshot::answer(headers, &head, published.body).map(|body| body.map_or_else(Body::empty, Body::from))
}

/// An organizer's name, settings, pages or standing have changed: what is published of him is made anew. Whoever
/// changes them calls this after the change is in D1.
pub async fn everything_changed(context: &WebContext, organizer: &CalAddress) -> Result<(), Problem> {
    context.objects.organizer(organizer, OrganizerCommand::Changed { events: Vec::new() }).await?;
    Ok(())
}

/// The entity tag of some bytes. It only has to differ when they do, so a quick hash and the length will do: half a
/// megabyte goes through SHA-256 ten times as slowly.
pub fn tag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("\"{:016x}-{:x}\"", hasher.finish(), bytes.len())
}

/// Whether the caller has what carries this tag. A tag that a proxy has weakened is still ours.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}
