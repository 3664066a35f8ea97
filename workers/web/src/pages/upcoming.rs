//! The next few events of a page, as cards: a page of its own, a part of other sites, a frame in them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::header::HeaderName;
use http::{HeaderMap, StatusCode, Uri};
use store::Database;
use timetable::Entry;
use views::event::{Cards, EventView};
use views::head::{Head, PageFacts};
use views::landing::{Brand, EmbedPart, EmbedSent, FramePage, UpcomingPage};
use views::links::Links;
use views::pages::{Page, Shell};
use views::words::Language;

use crate::WebContext;
use crate::assets::{EMBED_CSS, LANDING_CSS};
use crate::error::Problem;
use crate::extract::{Fields, Form};
use crate::pages::schedule::{self, Season, theme_path};
use crate::pages::{Found, PublicPage, find, shell_at, telling};
use crate::publish::{self, Edition, PublishContext, Published, Reads, Rendered, Turning};
use crate::respond;

/// Cards of a page that does not say how many.
const CARDS: u32 = 10;
/// Most cards; whoever wants more wants the schedule.
const CARDS_MAX: u32 = 50;

/// Where cards stand.
#[derive(Debug, Clone, Copy, Default)]
struct Place<'a> {
    /// Before every path, on another site's page.
    base: &'a str,
    /// Where the form is posted, below the page.
    action: &'a str,
}

/// The next events of a page, whether it has more, and when they are others.
async fn shown_of(context: PublishContext<'_>, page: &PublicPage) -> Result<(Vec<Entry>, bool, Turning), Problem> {
    let limit = page.config.limit.unwrap_or(CARDS).clamp(1, CARDS_MAX) as usize;
    let season = Season::load(context, page).await?;
    let mut entries: Vec<Entry> = season.coming().cloned().collect();
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok((entries, more, season.turning()))
}

/// The cards of a page.
fn cards(
    context: PublishContext<'_>,
    page: &PublicPage,
    language: Language,
    place: Place<'_>,
    (entries, more): (&[Entry], bool),
) -> Cards {
    let telling = telling(&page.config, language, context.now);
    Cards {
        language,
        organizer: page.organizer.name.clone(),
        slug: page.slug.clone(),
        action: format!("/s/{}{}", page.slug, place.action),
        base: place.base.to_owned(),
        events: entries.iter().map(|entry| EventView::of_entry(entry, &[], &telling)).collect(),
        more,
        email: String::new(),
        ticked: Vec::new(),
        problem: String::new(),
    }
}

fn brand(page: &PublicPage, language: Language, style: &str) -> Brand {
    let config = &page.config;
    Brand {
        name: if config.title.is_empty() { page.organizer.name.clone() } else { config.title.clone() },
        page: format!("/s/{}", page.slug),
        logo: config.logo.clone(),
        theme: config.accent.map(theme_path).unwrap_or_default(),
        style: style.to_owned(),
        foreign: language.foreign(&config.language),
    }
}

/// The page of the next few events.
pub async fn written(
    context: PublishContext<'_>,
    page: &PublicPage,
    language: Language,
) -> Result<(UpcomingPage, Turning), Problem> {
    let (entries, more, turning) = shown_of(context, page).await?;
    let cards = cards(context, page, language, Place::default(), (&entries, more));
    let brand = brand(page, language, &LANDING_CSS.path);
    let facts = PageFacts {
        slug: &page.slug,
        title: &brand.name,
        intro: &page.config.intro,
        organizer: &page.organizer.name,
        image: &page.config.background,
    };
    let shell = Shell {
        head: Head::of_page(
            &Links::new(&context.config.public_url),
            &facts,
            &entries.iter().collect::<Vec<_>>(),
            language,
        ),
        ..shell_at(&context.config.domain, brand.name.clone(), language, &[])
    };
    // The whole of such a page is what it shows.
    let cards = Cards { more: false, ..cards };
    Ok((UpcomingPage { shell, brand, intro: page.config.intro.clone(), cards }, turning))
}

/// The page as everybody sees it.
pub async fn publish(
    context: PublishContext<'_>,
    page: &PublicPage,
    reads: Option<Language>,
) -> Result<Published, Problem> {
    let language = reads.unwrap_or_else(|| Language::choose(&[&page.config.language]));
    let (html, turning) = written(context, page, language).await?;
    published(page, language, &html, respond::public_fields(), turning)
}

/// The page that still has this slug, or where its part of that kind is now.
async fn here(db: &dyn Database, slug: &str, part: &str) -> Result<Result<Box<PublicPage>, Rendered>, Problem> {
    Ok(match find(db, slug).await? {
        Found::Here(page) => Ok(page),
        Found::Moved(to) => Err(Rendered::Moved(format!("/s/{to}/{part}"))),
    })
}

/// The cards as a part of another site's page.
pub async fn publish_embed(
    context: PublishContext<'_>,
    slug: &str,
    reads: Option<Language>,
) -> Result<Rendered, Problem> {
    let page = match here(context.db, slug, "embed").await? {
        Ok(page) => page,
        Err(moved) => return Ok(moved),
    };
    let language = reads.unwrap_or_else(|| Language::choose(&[&page.config.language]));
    let place = Place { base: &context.config.public_url, action: "/embed" };
    let (entries, more, turning) = shown_of(context, &page).await?;
    let cards = cards(context, &page, language, place, (&entries, more));
    let theme = page.config.accent.map(views::colour::theme).unwrap_or_default();
    let part = EmbedPart { cards, theme };
    Ok(Rendered::Here(published(&page, language, &part, respond::fragment_fields(), turning)?))
}

/// The cards alone, for a frame in a site that takes no scripts.
pub async fn publish_frame(
    context: PublishContext<'_>,
    slug: &str,
    reads: Option<Language>,
) -> Result<Rendered, Problem> {
    let page = match here(context.db, slug, "frame").await? {
        Ok(page) => page,
        Err(moved) => return Ok(moved),
    };
    let language = reads.unwrap_or_else(|| Language::choose(&[&page.config.language]));
    let (entries, more, turning) = shown_of(context, &page).await?;
    let cards = cards(context, &page, language, Place::default(), (&entries, more));
    let brand = brand(&page, language, &EMBED_CSS.path);
    let shell = shell_at(&context.config.domain, brand.name.clone(), language, &[]);
    let fields = respond::framed_fields(&page.config.frame_ancestors);
    Ok(Rendered::Here(published(&page, language, &FramePage { shell, brand, cards }, fields, turning)?))
}

fn published(
    page: &PublicPage,
    language: Language,
    html: &dyn Page,
    fields: Vec<(HeaderName, String)>,
    turning: Turning,
) -> Result<Published, Problem> {
    Ok(Published {
        body: html.html().map_err(|cause| Problem::Internal { cause })?.into_bytes(),
        keeper: Some(page.organizer.address.clone()),
        content_type: respond::HTML,
        language: Some(language),
        fields,
        stale_at: Some(turning.stale_at()),
    })
}

/// `GET /s/{slug}/embed` and `GET /s/{slug}/frame`.
pub async fn part(
    Extension(context): Extension<Arc<WebContext>>,
    uri: Uri,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let edition = Edition::at_path(uri.path(), fields.get("lang"), &headers).ok_or(Problem::OrganizerNotFound)?;
    publish::serve(&context, &headers, &edition).await
}

/// `POST /s/{slug}/embed`: invites, and answers with a part of a page.
pub async fn embed_post(
    Extension(context): Extension<Arc<WebContext>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    Form(form): Form,
) -> Result<Response, Problem> {
    let page = match find(context.db.as_ref(), &slug).await? {
        Found::Here(page) => page,
        Found::Moved(to) => return respond::redirect(StatusCode::PERMANENT_REDIRECT, &format!("/s/{to}/embed")),
    };
    let page = schedule::sent(&context, &page, &form, &headers).await?;
    let html = EmbedSent { page }.html().map_err(|cause| Problem::Internal { cause })?;
    Ok(respond::fragment(html))
}

/// The page for one visitor.
pub async fn shown(
    context: &WebContext,
    page: &PublicPage,
    fields: &Fields,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let language = Reads::of(fields.get("lang"), headers).language();
    preview(context, page, language.unwrap_or_else(|| Language::choose(&[&page.config.language]))).await
}

/// The page, for an organizer who is about to configure it.
pub async fn preview(context: &WebContext, page: &PublicPage, language: Language) -> Result<Response, Problem> {
    let (page, _) = written(context.publishing(), page, language).await?;
    respond::public_page(StatusCode::OK, &page)
}
