//! `/s/{slug}`: an organizer's public page. Works without a script: one form, one button.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use itip::{EventId, Origin};
use scheduling::command::Enrollment;
use store::accounts::OrganizerRow;
use store::directory;
use views::pages::{EventView, Month, Page, SchedulePage, ScheduleSentPage, SentLine};
use views::text::mask_address;
use views::words::Language;

use crate::WebContext;
use crate::assets::SCHEDULE_JS;
use crate::error::Problem;
use crate::events;
use crate::extract::{Fields, Form, read_address};
use crate::invite::{INVITATIONS_MAX, browser_language, check_network, invite_to, language_tag};
use crate::pages::{Found, find, or_refusal, sender, shell, shell_at};
use crate::publish::{self, Edition, PublishContext, Published, Rendered, Turning};
use crate::respond;

/// Events of one page.
const EVENTS_MAX: u32 = 2_500;
/// Ticked events that are looked up although they are no longer on the page.
const GONE_MAX: usize = 10;

/// The page. A search, or picks in the address, make a page of their own.
pub async fn get(
    State(context): State<Arc<WebContext>>,
    Path(slug): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let answer = async {
        if let Some(edition) = Edition::wanted(uri.path(), uri.query(), &headers) {
            return publish::serve(&context, &headers, &edition).await;
        }
        match find(context.db.as_ref(), &slug).await? {
            Found::Moved(to) => respond::redirect(StatusCode::MOVED_PERMANENTLY, &format!("/s/{to}")),
            Found::Here(found) => {
                let organizer = found.organizer;
                let query: String = fields.get("q").unwrap_or_default().trim().chars().take(80).collect();
                let ticked = fields.all("event").map(str::to_owned).collect();
                let again = Again { query, ticked, ..Again::default() };
                page(&context, &organizer, again, StatusCode::OK).await
            }
        }
    };
    or_refusal(&context, answer.await)
}

/// The page as everybody sees it first.
pub async fn publish(context: PublishContext<'_>, slug: &str, _reads: Option<Language>) -> Result<Rendered, Problem> {
    let organizer = match find(context.db, slug).await? {
        Found::Moved(to) => return Ok(Rendered::Moved(format!("/s/{to}"))),
        Found::Here(found) => found.organizer,
    };
    let (page, turning) = written(context, &organizer, Again::default()).await?;
    Ok(Rendered::Here(Published {
        body: page.html().map_err(|cause| Problem::Internal { cause })?.into_bytes(),
        keeper: Some(organizer.address),
        content_type: respond::HTML,
        language: Some(Language::En),
        fields: respond::page_fields(""),
        stale_at: Some(turning.stale_at()),
    }))
}

/// What a page that is shown again keeps.
#[derive(Default)]
struct Again {
    query: String,
    email: String,
    ticked: Vec<String>,
    problem: String,
}

/// Sends an invitation to each ticked event; one submission, however many events.
pub async fn post(
    State(context): State<Arc<WebContext>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    Form(form): Form,
) -> Response {
    let answer = async {
        let organizer = match find(context.db.as_ref(), &slug).await? {
            Found::Moved(to) => return respond::redirect(StatusCode::PERMANENT_REDIRECT, &format!("/s/{to}")),
            Found::Here(found) => found.organizer,
        };
        check_network(&context, &headers).await?;
        let mut ticked: Vec<EventId> = form.all("event").filter_map(EventId::parse).collect();
        ticked.sort();
        ticked.dedup();
        let typed = form.get("email").unwrap_or_default();
        let problem = match read_address(typed) {
            Err(problem) => problem.sentence(),
            Ok(_) if ticked.is_empty() => "Pick at least one event first.".into(),
            Ok(_) if ticked.len() > INVITATIONS_MAX => format!("Pick at most {INVITATIONS_MAX} events at a time."),
            Ok(address) => {
                let named = language_tag(form.get("language").or_else(|| form.get("lang")).unwrap_or_default());
                let language = if named.is_empty() { browser_language(&headers) } else { named };
                return send(&context, &organizer, &address, language, &ticked).await;
            }
        };
        let ticked = ticked.iter().map(ToString::to_string).collect();
        let again = Again { email: typed.trim().to_owned(), ticked, problem, ..Again::default() };
        page(&context, &organizer, again, StatusCode::BAD_REQUEST).await
    };
    or_refusal(&context, answer.await)
}

async fn send(
    context: &WebContext,
    organizer: &OrganizerRow,
    address: &itip::CalAddress,
    language: String,
    ticked: &[EventId],
) -> Result<Response, Problem> {
    let now = context.clock.now();
    let mut rows = directory::upcoming_of(context.db.as_ref(), &organizer.address, now, EVENTS_MAX).await?;
    rows.retain(|row| ticked.binary_search(&row.event_id).is_ok());
    // What has ended since the page was loaded is looked up, so that its line can say so. An id that was never on
    // this page is as good as unknown.
    let gone: Vec<&EventId> = ticked.iter().filter(|id| !rows.iter().any(|row| row.event_id == **id)).collect();
    for id in gone.into_iter().take(GONE_MAX) {
        let row = directory::event(context.db.as_ref(), id).await?;
        rows.extend(row.filter(|row| row.owner == organizer.address && row.public));
    }
    rows.sort_by_key(|row| row.details.start.instant());
    let guest = Enrollment { address: address.clone(), name: String::new(), origin: origin_of(rows.len()), language };
    let said = if rows.is_empty() { Vec::new() } else { invite_to(context, &organizer.address, &rows, &guest).await? };
    let mut lines: Vec<SentLine> = Vec::new();
    for (row, said) in rows.iter().zip(said) {
        let view = events::view(row, now);
        let refusal = match said {
            Ok(said) => said.refusal(),
            Err(problem) => Some(problem),
        };
        lines.push(SentLine {
            title: view.title,
            when: view.when.sentence(),
            good: refusal.is_none(),
            said: refusal.map_or_else(|| "The invitation is on its way.".to_owned(), |problem| problem.to_string()),
        });
    }
    let missing = ticked.len() - rows.len();
    if missing > 0 {
        lines.push(SentLine {
            title: if missing == 1 { "1 event".into() } else { format!("{missing} events") },
            when: String::new(),
            good: false,
            said: "No longer on this page; nothing was sent.".into(),
        });
    }
    let sent = lines.iter().filter(|line| line.good).count();
    let page = ScheduleSentPage {
        shell: shell(context, "On its way", &[&SCHEDULE_JS]),
        organizer: organizer.name.clone(),
        slug: organizer.slug.clone(),
        to: mask_address(address),
        sender: sender(context),
        lines,
        sent,
    };
    respond::page(StatusCode::OK, &page, "")
}

fn origin_of(events: usize) -> Origin {
    if events > 1 { Origin::MultiEvent } else { Origin::LandingPage }
}

async fn page(
    context: &WebContext,
    organizer: &OrganizerRow,
    again: Again,
    status: StatusCode,
) -> Result<Response, Problem> {
    let (page, _) = written(context.publishing(), organizer, again).await?;
    respond::page(status, &page, "")
}

async fn written(
    context: PublishContext<'_>,
    organizer: &OrganizerRow,
    again: Again,
) -> Result<(SchedulePage, Turning), Problem> {
    let now = context.now;
    let rows = directory::upcoming_of(context.db, &organizer.address, now, EVENTS_MAX).await?;
    let total = rows.len();
    let mut turning = Turning::new(now);
    for time in rows.iter().flat_map(|row| events::times(&row.details, &row.overrides, now, 1)) {
        turning.sees(&time.start, &time.end);
    }
    let mut views: Vec<EventView> =
        rows.iter().map(|row| events::view(row, now)).filter(|view| matches(view, &again.query)).collect();
    // A series stands where its next occurrence is, not where it began. The month is that of the wall where the
    // event happens, so it goes before the instant.
    views.sort_by(|a, b| (&a.when.month_key, a.starts, &a.id).cmp(&(&b.when.month_key, b.starts, &b.id)));
    let zone = most_common(views.iter().map(|view| view.when.zone.as_str()));
    let mut months: Vec<Month> = Vec::new();
    for view in views {
        match months.last_mut() {
            Some(month) if month.key == view.when.month_key => month.events.push(view),
            _ => months.push(Month {
                key: view.when.month_key.clone(),
                name: view.when.month.clone(),
                events: vec![view],
            }),
        }
    }
    let page = SchedulePage {
        shell: shell_at(&context.config.domain, organizer.name.clone(), &[&SCHEDULE_JS]),
        organizer: organizer.name.clone(),
        slug: organizer.slug.clone(),
        months,
        total,
        zone,
        query: again.query,
        email: again.email,
        ticked: again.ticked,
        problem: again.problem,
    };
    Ok((page, turning))
}

/// Every word of the search stands somewhere in the row.
fn matches(view: &EventView, query: &str) -> bool {
    let text = format!("{} {} {} {} {}", view.title, view.place, view.when.long, view.when.weekday, view.when.clock);
    let text = text.to_lowercase();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn most_common<'a>(zones: impl Iterator<Item = &'a str>) -> String {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for zone in zones.filter(|zone| !zone.is_empty()) {
        *counts.entry(zone).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(zone, _)| zone.to_owned()).unwrap_or_default()
}
