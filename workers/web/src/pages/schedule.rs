//! `/s/{slug}`: an organizer's public page. Works without a script: one form, one button.

mod asked;
mod choices;
mod season;
mod seasons;
mod send;
mod written;

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use scheduling::keys::sha256_hex;
use timetable::{Colour, PageKind};
use views::links::{SHORT_CHARS, short};
use views::pages::{Page, ScheduleSentPage};
use views::rows::{Look, Rows};
use views::words::Language;

use self::asked::{Asked, rest_of};
pub use self::season::Season;
pub use self::seasons::Seasons;
use self::written::written;
use crate::WebContext;
use crate::error::Problem;
use crate::extract::{Fields, Form};
use crate::invite::check_network;
use crate::pages::{Found, PublicPage, Reader, find, or_refusal, upcoming};
use crate::publish::{self, Edition, PublishContext, Published, ROWS_MAX, Reads, Rendered};
use crate::respond;

/// The page. A wish in the address makes a page of its own.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(slug): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let reader = Reader::of(&fields, &headers);
    let answer = async {
        if let Some(edition) = Edition::wanted(uri.path(), uri.query(), &headers) {
            return publish::serve(&context, &headers, &edition).await;
        }
        match find(context.db.as_ref(), &slug).await? {
            Found::Moved(to) => respond::redirect(StatusCode::MOVED_PERMANENTLY, &format!("/s/{to}")),
            // A wish has nothing to choose from among a few cards.
            Found::Here(page) if page.config.kind == PageKind::Upcoming => {
                upcoming::shown(&context, &page, &fields, &headers).await
            }
            Found::Here(page) => {
                let (season, asked) = understood(context.publishing(), &page, &fields, &headers).await?;
                respond::public_page(StatusCode::OK, &written(&context.config, &page, &season, asked))
            }
        }
    };
    or_refusal(&context, reader, answer.await)
}

/// What a visitor asks of a page, and the events for it.
async fn understood(
    context: PublishContext<'_>,
    page: &PublicPage,
    fields: &Fields,
    headers: &HeaderMap,
) -> Result<(Season, Asked), Problem> {
    let season = Season::load(context, page).await?;
    let asked = Asked::read(fields, headers, page, &season);
    let season = season.narrowed(context, page, &asked.filter).await?;
    Ok((season, asked))
}

/// The page as everybody sees it first.
pub async fn publish(context: PublishContext<'_>, slug: &str, reads: Reads) -> Result<Rendered, Problem> {
    let page = match find(context.db, slug).await? {
        Found::Moved(to) => return Ok(Rendered::Moved(format!("/s/{to}"))),
        Found::Here(page) if page.config.kind == PageKind::Upcoming => {
            return upcoming::publish(context, &page, reads.language()).await.map(Rendered::Here);
        }
        Found::Here(page) => page,
    };
    let season = Season::load(context, &page).await?;
    let mut written = written(context.config, &page, &season, Asked::nothing(reads, &page));
    written.shell.head = written::head(context.config, &page, &season, &written);
    Ok(Rendered::Here(Published {
        body: written.html().map_err(|cause| Problem::Internal { cause })?.into_bytes(),
        content_type: respond::HTML,
        language: Some(written.shell.language),
        fields: respond::public_fields(),
        stale_at: Some(season.turning().stale_at()),
        keeper: Some(page.organizer.address),
    }))
}

/// The page, for an organizer who is about to configure it.
pub async fn preview(context: &WebContext, page: &PublicPage, language: Language) -> Result<Response, Problem> {
    let season = Season::load(context.publishing(), page).await?;
    let asked = Asked::nothing(Reads::Accepted(language), page);
    respond::public_page(StatusCode::OK, &written(&context.config, page, &season, asked))
}

/// Sends what a form in another site's page asks for.
pub async fn sent(
    context: &WebContext,
    page: &PublicPage,
    form: &Fields,
    headers: &HeaderMap,
) -> Result<ScheduleSentPage, Problem> {
    check_network(context, headers).await?;
    let (season, asked) = understood(context.publishing(), page, form, headers).await?;
    let address = send::checked(form, &asked).map_err(|problem| Problem::invalid("email", problem))?;
    send::send(context, page, &season, &asked, &address).await
}

/// Sends an invitation to each ticked event; one submission, however many events.
pub async fn post(
    Extension(context): Extension<Arc<WebContext>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    Form(form): Form,
) -> Response {
    let reader = Reader::of(&form, &headers);
    let answer = async {
        let page = match find(context.db.as_ref(), &slug).await? {
            Found::Moved(to) => return respond::redirect(StatusCode::PERMANENT_REDIRECT, &format!("/s/{to}")),
            Found::Here(page) => page,
        };
        check_network(&context, &headers).await?;
        let (season, mut asked) = understood(context.publishing(), &page, &form, &headers).await?;
        match send::checked(&form, &asked) {
            Ok(address) => {
                let mut sent = send::send(&context, &page, &season, &asked, &address).await?;
                sent.rest = written::rest_page(&page, &asked, &rest_of(&form));
                respond::public_page(StatusCode::OK, &sent)
            }
            Err(problem) => {
                asked.problem = problem;
                let page = written(&context.config, &page, &season, asked);
                respond::public_page(StatusCode::BAD_REQUEST, &page)
            }
        }
    };
    or_refusal(&context, reader, answer.await)
}

/// `GET /s/{slug}/rows?ids=`: some rows anew, for a page that is open while they change.
pub async fn rows(
    Extension(context): Extension<Arc<WebContext>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let Found::Here(page) = find(context.db.as_ref(), &slug).await? else { return Err(Problem::OrganizerNotFound) };
    let (season, asked) = understood(context.publishing(), &page, &fields, &headers).await?;
    let ids = fields.get("ids").unwrap_or_default();
    let shorts: Vec<&str> = ids.split(',').filter_map(|id| id.get(..SHORT_CHARS)).take(ROWS_MAX).collect();
    let mut listed = season.listed(&asked.filter);
    listed.retain(|listed| shorts.contains(&short(&listed.entry.event)));
    let config = season.config(&page);
    let look = Look { language: asked.language, config: &config, now: season.now, pick: true };
    let html = Rows::new(&listed, &look, &|_| false).html().map_err(|cause| Problem::Internal { cause })?;
    Ok(respond::fragment(html))
}

/// `GET /theme/{file}`: a colour as the accent of a page. The name says all, so it may be kept for ever.
pub async fn theme(Path(file): Path<String>) -> Result<Response, Problem> {
    let (digits, version) = file.strip_suffix(".css").and_then(|name| name.split_once('-')).ok_or(Problem::NotFound)?;
    let colour = Colour::try_from(format!("#{digits}")).map_err(|_| Problem::NotFound)?;
    let css = views::colour::theme(colour);
    Ok(respond::style(css.clone(), version == style_version(&css)))
}

/// Where the style of a colour is.
pub fn theme_path(colour: Colour) -> String {
    let css = views::colour::theme(colour);
    let digits = String::from(colour);
    format!("/theme/{}-{}.css", digits.trim_start_matches('#'), style_version(&css))
}

fn style_version(css: &str) -> String {
    sha256_hex(css.as_bytes()).chars().take(8).collect()
}
