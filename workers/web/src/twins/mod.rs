//! What programs read in place of pages: the same addresses with `.ics` or `.md` behind them, and what leads there.

mod calendar;
pub mod discovery;
mod listing;
mod markdown;

use std::sync::Arc;

use arrange::Arrange as _;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use store::accounts;
use store::directory::{self, EventRow};
use timetable::Filter;
use views::links::SHORT_CHARS;
use views::words::Language;

use crate::WebContext;
use crate::error::Problem;
use crate::extract::{Fields, Form};
use crate::invite::INVITATIONS_MAX;
use crate::pages::{self, PublicPage, find, schedule};
use crate::publish::{self, Edition, Part, PublishContext, Reads, Rendered};
use crate::respond;

/// A form that programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// iCalendar.
    Calendar,
    /// Markdown.
    Markdown,
}

impl Twin {
    /// Takes the ending off a name: `harbour.ics` is the calendar of `harbour`.
    pub fn split(name: &str) -> Option<(&str, Self)> {
        let (name, ending) = name.rsplit_once('.')?;
        match ending {
            "ics" => Some((name, Self::Calendar)),
            "md" => Some((name, Self::Markdown)),
            _ => None,
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Calendar => "ics",
            Self::Markdown => "md",
        }
    }
}

/// What a reader wants of a twin. The default is what everybody gets who does not ask.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Which entries.
    pub filter: Filter,
    /// In which language; `None`: the organizer's.
    pub language: Option<Language>,
    /// As a file to keep, not as something to come back to.
    pub download: bool,
}

impl Wish {
    /// The wish that a snapshot answers.
    pub fn of(edition: &Edition) -> Self {
        Self { language: edition.reads.language(), ..Self::default() }
    }

    fn read(fields: &Fields, headers: &HeaderMap) -> Result<Self, Problem> {
        let filter = Filter::from_query(fields.pairs())
            .map_err(|error| Problem::invalid(error.name.clone(), error.to_string()))?;
        let download = matches!(fields.get("download"), Some("1" | "true"));
        Ok(Self { filter, language: Reads::of(fields.get("lang"), headers).language(), download })
    }
}

/// `GET /s/{slug}`: the page, or with an ending a twin.
pub async fn page(
    Extension(context): Extension<Arc<WebContext>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    match Twin::split(&name) {
        None => schedule::get(Extension(context), Path(name), uri, headers, fields).await,
        Some((slug, twin)) => {
            let answer = async {
                if let Some(edition) = Edition::wanted(uri.path(), uri.query(), &headers) {
                    return publish::serve(&context, &headers, &edition).await;
                }
                let wish = Wish::read(&fields, &headers)?;
                let found = publish_page(context.publishing(), slug, twin, &wish).await?;
                answer(&headers, &uri, Part::PageTwin(twin), found)
            };
            answer.await.unwrap_or_else(IntoResponse::into_response)
        }
    }
}

/// `GET /e/{short}`: the page, or with an ending a twin.
pub async fn event(
    Extension(context): Extension<Arc<WebContext>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    match Twin::split(&name) {
        None => pages::event::get(Extension(context), Path(name), uri, headers, fields).await,
        Some((short, twin)) => {
            let answer = async {
                if let Some(edition) = Edition::wanted(uri.path(), uri.query(), &headers) {
                    return publish::serve(&context, &headers, &edition).await;
                }
                let wish = Wish::read(&fields, &headers)?;
                let found = publish_event(context.publishing(), short, twin, &wish).await?;
                answer(&headers, &uri, Part::EventTwin(twin), found)
            };
            answer.await.unwrap_or_else(IntoResponse::into_response)
        }
    }
}

fn answer(headers: &HeaderMap, uri: &Uri, part: Part, found: Rendered) -> Result<Response, Problem> {
    match found {
        Rendered::Moved(to) => {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            respond::redirect(StatusCode::MOVED_PERMANENTLY, &format!("{to}{query}"))
        }
        Rendered::Here(published) => Ok(publish::answer(headers, part, published)),
    }
}

/// The twin of an organizer's page.
pub async fn publish_page(
    context: PublishContext<'_>,
    slug: &str,
    twin: Twin,
    wish: &Wish,
) -> Result<Rendered, Problem> {
    let page = match find(context.db, slug).await? {
        pages::Found::Moved(to) => return Ok(Rendered::Moved(format!("/s/{to}.{}", twin.ending()))),
        pages::Found::Here(page) => page,
    };
    let published = match twin {
        Twin::Calendar => calendar::of_page(context, &page, wish).await?,
        Twin::Markdown => markdown::of_page(context, &page, wish).await?,
    };
    Ok(Rendered::Here(published))
}

/// The twin of an event's page.
pub async fn publish_event(
    context: PublishContext<'_>,
    short: &str,
    twin: Twin,
    wish: &Wish,
) -> Result<Rendered, Problem> {
    let row = if is_short(short) { directory::event_by_start(context.db, short).await? } else { None };
    let row = row.filter(|row| row.public).ok_or(Problem::EventNotFound)?;
    let organizer = accounts::organizer(context.db, &row.owner).await?;
    if organizer.as_ref().is_some_and(|organizer| organizer.suspended) {
        return Err(Problem::OrganizerSuspended);
    }
    let slug = organizer.map(|organizer| organizer.slug).unwrap_or_default();
    Ok(Rendered::Here(match twin {
        Twin::Calendar => calendar::of_event(context, &row, wish),
        Twin::Markdown => markdown::of_event(context, &row, &slug, wish),
    }))
}

/// Whether a text can be the start of an event's id that stands in addresses.
pub fn is_short(text: &str) -> bool {
    text.len() == SHORT_CHARS && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// `POST /s/{slug}/file`: the ticked events as one file, for people who give no address.
pub async fn file(
    Extension(context): Extension<Arc<WebContext>>,
    Path(slug): Path<String>,
    Form(form): Form,
) -> Result<Response, Problem> {
    let page = match find(context.db.as_ref(), &slug).await? {
        pages::Found::Moved(to) => {
            return respond::redirect(StatusCode::PERMANENT_REDIRECT, &format!("/s/{to}/file"));
        }
        pages::Found::Here(page) => page,
    };
    let mut starts: Vec<String> =
        form.named("event").filter_map(|id| id.get(..SHORT_CHARS)).map(str::to_owned).collect();
    starts.retain(|start| is_short(start));
    starts.arrange();
    starts.dedup();
    if starts.is_empty() || starts.len() > INVITATIONS_MAX {
        return Err(Problem::invalid("event", format!("event names 1 to {INVITATIONS_MAX} events of this page")));
    }
    let rows = directory::public_among(context.db.as_ref(), &page.organizer.address, &starts).await?;
    if rows.is_empty() {
        return Err(Problem::EventNotFound);
    }
    let mut rows: Vec<&EventRow> = rows.iter().collect();
    rows.arrange_by_key(|row| row.details.start.instant());
    let name = match rows.as_slice() {
        [row] => calendar::name_of(row),
        _ => heading(&page).to_owned(),
    };
    let body = calendar::file(context.publishing(), &rows);
    let mut response = Response::new(body.into());
    let fields = [
        (header::CONTENT_TYPE, calendar::TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, calendar::attachment(&name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    for (field, value) in fields {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(field, value);
        }
    }
    Ok(response)
}

/// What a page is headed with.
fn heading(page: &PublicPage) -> &str {
    if page.config.title.is_empty() { &page.organizer.name } else { &page.config.title }
}

/// Says which page a twin is the same as, so that a search engine lists the page.
fn same_as(page: &str) -> (HeaderName, String) {
    (header::LINK, format!("<{page}>; rel=\"canonical\""))
}
