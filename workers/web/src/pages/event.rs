//! `/e/{short}`: the page of one event. `short` is the start of its id.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use itip::EventId;
use store::directory::{self, EventRow};
use store::pages as stored;
use timetable::{Entry, EntryStatus, PageConfig};
use views::event::{EventView, Telling};
use views::head::Head;
use views::landing::{Brand, LandingPage};
use views::links::{Links, SHORT_CHARS, Subject, short};
use views::pages::{Page, Shell};
use views::words::Language;

use crate::WebContext;
use crate::assets::{LANDING_CSS, LANDING_JS};
use crate::error::Problem;
use crate::events;
use crate::extract::Fields;
use crate::pages::schedule::theme_path;
use crate::pages::{PublicPage, Reader, config, or_refusal, shell_at, telling};
use crate::publish::{self, Edition, NEXT_MAX, PublishContext, Published, Rendered, Turning};
use crate::respond;
use crate::twins::is_short;

/// Dates of a series that the page names beside the next.
const DATES_MAX: usize = 8;
/// Other events that it names.
const MORE_MAX: usize = 4;

/// The page.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let reader = Reader::of(&fields, &headers);
    let answer = async {
        if let Some(id) = EventId::parse(&id) {
            let row = events::row(&context, &id).await?;
            let row = Some(row).filter(|row| row.public).ok_or(Problem::EventNotFound)?;
            return respond::redirect(StatusCode::MOVED_PERMANENTLY, &format!("/e/{}", short(&row.event_id)));
        }
        let edition = Edition::at_path(uri.path(), fields.get("lang"), &headers).ok_or(Problem::EventNotFound)?;
        publish::serve(&context, &headers, &edition).await
    };
    or_refusal(&context, reader, answer.await)
}

/// The page as everybody sees it.
pub async fn publish(context: PublishContext<'_>, id: &str, reads: Option<Language>) -> Result<Rendered, Problem> {
    let row = directory::event_by_start(context.db, id).await?.filter(|row| row.public);
    let row = row.ok_or(Problem::EventNotFound)?;
    let own = stored::own_page(context.db, &row.owner).await?;
    if own.as_ref().is_some_and(|own| own.organizer.suspended) {
        return Err(Problem::OrganizerSuspended);
    }
    let look = own.as_ref().map(config).unwrap_or_default();
    let slug = own.map(|own| own.organizer.slug).unwrap_or_default();
    let language = reads.unwrap_or_else(|| Language::choose(&[&look.language]));
    let (page, turning) = written(context, &row, &look, &slug, language).await?;
    Ok(Rendered::Here(Published {
        body: page.html().map_err(|cause| Problem::Internal { cause })?.into_bytes(),
        keeper: Some(row.owner),
        content_type: respond::HTML,
        language: Some(language),
        fields: respond::public_fields(),
        stale_at: Some(turning.stale_at()),
    }))
}

/// Writes the page of an event in one of the layouts.
pub async fn written(
    context: PublishContext<'_>,
    row: &EventRow,
    look: &PageConfig,
    slug: &str,
    language: Language,
) -> Result<(LandingPage, Turning), Problem> {
    let telling = telling(look, language, context.now);
    let entries = events::entries(row, context.now, DATES_MAX + 1);
    let (next, rest) = entries.split_first().ok_or(Problem::EventNotFound)?;
    let counters = directory::event_counters(context.db, &row.event_id).await?.unwrap_or_default();
    let event = EventView {
        past: row.is_past(context.now),
        full: counters.attendees >= context.config.event_invites_max,
        ..EventView::of_entry(next, &[], &telling)
    };
    let links = Links::new(&context.config.public_url);
    let subject = Subject::Event(&row.event_id);
    let shell = Shell {
        head: Head::of_event(&links, next, slug, language),
        ..shell_at(&context.config.domain, event.title.clone(), language, &[&LANDING_JS])
    };
    let page = LandingPage {
        shell,
        brand: Brand {
            name: row.public_organizer().to_owned(),
            page: if slug.is_empty() { String::new() } else { format!("/s/{slug}") },
            logo: look.logo.clone(),
            theme: look.accent.map(theme_path).unwrap_or_default(),
            style: LANDING_CSS.path.clone(),
            foreign: language.foreign(&look.language),
        },
        layout: look.layout,
        dates: dates(rest, &telling),
        more: more(context, row, &telling).await?,
        action: format!("/event/{}/invite?lang={}", row.event_id, language.words().tag),
        url: links.page(subject),
        webcal: links.webcal(subject, ""),
        file: links.file_of_calendar(subject, ""),
        languages: languages(&links, subject, language),
        event,
    };
    Ok((page, turning(context, &entries)))
}

/// The page of one of his events, for an organizer who is about to configure it.
pub async fn preview(
    context: &WebContext,
    page: &PublicPage,
    id: &str,
    language: Language,
) -> Result<Response, Problem> {
    let short: String = id.chars().take(SHORT_CHARS).collect();
    let row = directory::event_by_start(context.db.as_ref(), &short).await?;
    let row = row.filter(|row| is_short(&short) && row.owner == page.organizer.address);
    let row = row.ok_or_else(|| Problem::invalid("event", "event is the id of an event of this organizer"))?;
    let (html, _) = written(context.publishing(), &row, &page.config, &page.slug, language).await?;
    respond::public_page(StatusCode::OK, &html)
}

fn turning(context: PublishContext<'_>, entries: &[Entry]) -> Turning {
    let mut turning = Turning::new(context.now);
    for entry in entries {
        turning.sees(&entry.start, &entry.end);
        // Until then it says "updated today".
        if entry.offer.is_some() {
            turning.at(entry.updated.plus(86_400));
        }
    }
    turning
}

fn dates(rest: &[Entry], telling: &Telling) -> Vec<EventView> {
    rest.iter().map(|date| EventView::of_entry(date, &[], telling)).collect()
}

/// The organizer's next events beside this one.
async fn more(context: PublishContext<'_>, about: &EventRow, telling: &Telling) -> Result<Vec<EventView>, Problem> {
    let rows = context.upcoming(&about.owner, context.now, NEXT_MAX).await?;
    let others = rows.iter().map(|row| &row.event).filter(|row| row.event_id != about.event_id && !row.cancelled);
    let next = others.filter_map(|row| events::entries(row, context.now, 1).into_iter().next());
    let live = next.filter(|entry| entry.status != EntryStatus::Cancelled);
    Ok(live.take(MORE_MAX).map(|entry| EventView::of_entry(&entry, &[], telling)).collect())
}

fn languages(links: &Links<'_>, subject: Subject<'_>, language: Language) -> Vec<(&'static str, &'static str, String)> {
    let others = Language::ALL.iter().filter(|other| **other != language);
    others.map(|other| (other.words().tag, other.words().in_language, links.page_in(subject, *other))).collect()
}
