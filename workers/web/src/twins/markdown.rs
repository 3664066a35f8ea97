//! The Markdown twins of pages.

use std::sync::Arc;

use arrange::Arrange as _;
use store::directory::EventRow;
use timetable::{Entry, published};
use views::head::PageFacts;
use views::links::{Links, Subject};
use views::markdown;
use views::words::Language;

use super::listing::{dates, load};
use super::{Wish, heading, same_as};
use crate::error::Problem;
use crate::pages::PublicPage;
use crate::publish::{PublishContext, Published, Turning};

/// The media type (RFC 7763).
const TYPE: &str = "text/markdown; charset=utf-8; variant=CommonMark";
/// Dates of a series that its own twin names after the next.
const FURTHER_MAX: usize = 20;

/// The twin of a page: every date to come, in order.
pub async fn of_page(context: PublishContext<'_>, page: &PublicPage, wish: &Wish) -> Result<Published, Problem> {
    let config = &page.config;
    let language = wish.language.unwrap_or_else(|| Language::choose(&[&config.language]));
    let listed = load(context, page, &wish.filter, context.now).await?;
    let mut entries: Vec<Entry> = listed.into_iter().flat_map(|event| event.dates).map(Arc::unwrap_or_clone).collect();
    // The month is that of the wall where it happens, so the day goes before the instant.
    entries.arrange_by(|a, b| {
        let key = |entry: &Entry| (entry.start.local_date(), entry.starts());
        key(a).cmp(&key(b)).then_with(|| a.event.cmp(&b.event))
    });
    let links = Links::new(&context.config.public_url);
    let facts = PageFacts {
        slug: &page.slug,
        title: heading(page),
        intro: &config.intro,
        organizer: &page.organizer.name,
        image: "",
    };
    let text = markdown::of_page(&links, &facts, &entries, language);
    let canonical = links.page_in(Subject::Page(&page.slug), language);
    let turning = turning(context, &entries);
    Ok(published_as(text, Some(page.organizer.address.clone()), language, &canonical, turning))
}

/// The twin of an event's page.
pub fn of_event(context: PublishContext<'_>, row: &EventRow, slug: &str, wish: &Wish) -> Published {
    let language = wish.language.unwrap_or_default();
    let links = Links::new(&context.config.public_url);
    let entries = dates(row, context.now);
    let (details, _) = published(&row.details, &[], row.hide_place);
    let about = if details.description.is_empty() {
        imip::html_to_text(&details.description_html)
    } else {
        details.description.clone()
    };
    let further = entries.get(1..).unwrap_or_default();
    let further = further.get(..FURTHER_MAX).unwrap_or(further);
    let text = entries.first().map(|next| markdown::of_event(&links, next, further, (slug, &about), language));
    let canonical = links.page_in(Subject::Event(&row.event_id), language);
    let turning = turning(context, &entries);
    published_as(text.unwrap_or_default(), Some(row.owner.clone()), language, &canonical, turning)
}

fn published_as(
    text: String,
    keeper: Option<itip::CalAddress>,
    language: Language,
    canonical: &str,
    turning: Turning,
) -> Published {
    Published {
        keeper,
        body: text.into_bytes(),
        content_type: TYPE,
        language: Some(language),
        fields: vec![same_as(canonical)],
        stale_at: Some(turning.stale_at()),
    }
}

/// A twin names what is to come.
fn turning(context: PublishContext<'_>, entries: &[Entry]) -> Turning {
    let mut turning = Turning::new(context.now);
    for entry in entries {
        turning.at(entry.end.instant());
    }
    turning
}
