//! Pages: what is put into the templates of `views`, and what their forms do.

pub mod answer;
pub mod claim;
pub mod event;
pub mod home;
pub mod invite;
pub mod listing;
pub mod live;
pub mod owner;
#[cfg(feature = "local")]
pub mod playground;
mod reader;
pub mod schedule;
pub mod take_over;
pub mod unsubscribe;
pub mod upcoming;

pub use self::reader::Reader;

use axum::response::Response;
use itip::Timestamp;
use scheduling::keys::{Link, read_link};
use store::accounts::OrganizerRow;
use store::{Database, pages as stored};
use timetable::PageConfig;
use views::event::Telling;
use views::head::Head;
use views::pages::{NoticePage, Shell};
use views::when::clock_24;
use views::words::Language;

use crate::WebContext;
use crate::assets::{Asset, PAGE_CSS, TIMES_JS};
use crate::error::Problem;
use crate::respond;

/// A public page: whose, and how he wants it.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicPage {
    /// Whose; not suspended.
    pub organizer: OrganizerRow,
    /// The last part of its address.
    pub slug: String,
    /// How he wants it; the defaults if he has not said.
    pub config: PageConfig,
    /// Another one when anything has changed that the public may see of his events.
    pub events_version: u32,
}

impl PublicPage {
    /// The page that would show all events of an organizer, whatever his own one leaves out.
    pub fn of_everything(own: stored::PageRow) -> Self {
        let page = Self::of(own);
        Self { config: PageConfig { team: page.config.team, ..PageConfig::default() }, ..page }
    }

    fn of(row: stored::PageRow) -> Self {
        Self { config: config(&row), organizer: row.organizer, slug: row.slug, events_version: row.events_version }
    }
}

/// Where a slug leads.
#[derive(Debug, Clone)]
pub enum Found {
    /// To this page.
    Here(Box<PublicPage>),
    /// To the page that has this slug now.
    Moved(String),
}

/// The page with a slug, or that had it once: the one look-up of pages, feeds and snapshots.
pub async fn find(db: &dyn Database, slug: &str) -> Result<Found, Problem> {
    let row = stored::page(db, &slug.to_lowercase()).await?;
    let row = row.filter(|row| !row.organizer.suspended).ok_or(Problem::OrganizerNotFound)?;
    if row.slug != slug {
        return Ok(Found::Moved(row.slug));
    }
    Ok(Found::Here(Box::new(PublicPage::of(row))))
}

/// The configuration of a row; an unreadable one is the default.
pub fn config(row: &stored::PageRow) -> PageConfig {
    row.config.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// How events are told on a page that an organizer has configured.
pub fn telling(config: &PageConfig, language: Language, now: Timestamp) -> Telling {
    Telling { language, clock_24: clock_24(config.times, language), now }
}

/// What stands around a page for one reader; search engines do not find it.
pub fn shell(context: &WebContext, title: impl Into<String>, reader: Reader, scripts: &[&Asset]) -> Shell {
    shell_at(&context.config.domain, title, reader.language, scripts)
}

/// The same for a page that is published, in a language.
pub fn shell_at(domain: &str, title: impl Into<String>, language: Language, scripts: &[&Asset]) -> Shell {
    let mut paths = vec![TIMES_JS.path.clone()];
    paths.extend(scripts.iter().map(|script| script.path.clone()));
    Shell {
        title: title.into(),
        language,
        head: Head::default(),
        style: PAGE_CSS.path.clone(),
        scripts: paths,
        domain: domain.to_owned(),
    }
}

/// Who invitations come from.
pub fn sender(context: &WebContext) -> String {
    format!("notification@{}", context.config.domain)
}

/// A page that says why not.
pub fn refusal(context: &WebContext, reader: Reader, problem: Problem) -> Result<Response, Problem> {
    let (heading, line) = problem.sentence(reader.language.words());
    let page = NoticePage {
        shell: shell(context, heading, reader, &[]),
        heading: heading.into(),
        lines: vec![line.into()],
        link: None,
    };
    let mut response = respond::page(problem.status(), &page, "")?;
    // The cause and Retry-After travel as they do with a problem document.
    let mut document = axum::response::IntoResponse::into_response(problem);
    if let Some(retry) = document.headers_mut().remove(http::header::RETRY_AFTER) {
        response.headers_mut().insert(http::header::RETRY_AFTER, retry);
    }
    if let Some(cause) = document.extensions_mut().remove::<crate::error::Cause>() {
        response.extensions_mut().insert(cause);
    }
    Ok(response)
}

/// Reads a signed link, or says that it is damaged.
pub fn link(context: &WebContext, token: &str) -> Result<Link, Problem> {
    read_link(&context.keys, token).ok_or(Problem::NotFound)
}

/// The answer, or a page that says why not.
pub fn or_refusal(context: &WebContext, reader: Reader, answer: Result<Response, Problem>) -> Response {
    answer
        .or_else(|problem| refusal(context, reader, problem))
        .unwrap_or_else(axum::response::IntoResponse::into_response)
}
