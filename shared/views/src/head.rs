//! What stands in the head of a public page for search engines, link previews, calendars and agents.

use timetable::{Entry, EntryStatus, Place};

use crate::links::{Links, Subject};
use crate::structured;
use crate::text::one_line;
use crate::when::WhenView;
use crate::words::{Language, Words, fill};

/// The picture of a page without one of its own, 1200 by 630.
const CARD: &str = "/card.png";
/// Characters of a description: what link previews and search results show.
const DESCRIPTION_CHARS_MAX: usize = 300;
/// Events that a page's description names.
const NAMED_MAX: usize = 3;

/// The head of a page that may be found. The default is that of a page that may not: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The one address of this page in this language; empty for a page that is nobody's to find.
    pub canonical: String,
    /// The title for a preview: with date and place.
    pub title: String,
    /// A sentence or two.
    pub description: String,
    /// Whose page it is.
    pub site: String,
    /// BCP 47's language with a country, as `OpenGraph` wants it.
    pub locale: &'static str,
    /// The picture of a preview.
    pub image: Picture,
    /// The same page in each language: tag and address.
    pub languages: Vec<(&'static str, String)>,
    /// The same page for programs.
    pub twins: Vec<Twin>,
    /// JSON-LD, ready to stand in a script element.
    pub json_ld: String,
}

/// A picture of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picture {
    /// Where it lies.
    pub url: String,
    /// Its size in pixels; 0 where nobody knows.
    pub width: u32,
    /// The same.
    pub height: u32,
}

/// The same in another format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// Its media type.
    pub kind: &'static str,
    /// Where it lies.
    pub url: String,
}

/// An organizer's page as far as its head speaks of it.
#[derive(Debug, Clone, Copy)]
pub struct PageFacts<'a> {
    /// The last part of its address.
    pub slug: &'a str,
    /// Its heading.
    pub title: &'a str,
    /// A sentence under it; may be empty.
    pub intro: &'a str,
    /// The organizer's name.
    pub organizer: &'a str,
    /// `https:` address of its picture; may be empty.
    pub image: &'a str,
}

impl Head {
    /// The head of an organizer's page that shows some entries, in their order.
    pub fn of_page(links: &Links<'_>, page: &PageFacts<'_>, entries: &[&Entry], language: Language) -> Self {
        let subject = Subject::Page(page.slug);
        let words = language.words();
        let next = entries.iter().filter(|entry| entry.status != EntryStatus::Cancelled).take(NAMED_MAX);
        let named: Vec<String> =
            next.map(|entry| format!("{}: {}", when(entry, language).in_subject(), title(entry, words))).collect();
        let mut description = Vec::new();
        description.extend((!page.intro.trim().is_empty()).then(|| page.intro.trim().to_owned()));
        description.push(words.events(entries.len()));
        description.extend(named);
        Self {
            title: shortened(page.title),
            description: shortened(&description.join(" · ")),
            site: shortened(page.organizer),
            image: picture(links, page.image),
            json_ld: structured::in_script(&structured::of_page(links, page, entries, words)),
            ..Self::of(links, subject, language)
        }
    }

    /// The head of an event's page; `slug` is its organizer's page, empty if he has none.
    pub fn of_event(links: &Links<'_>, entry: &Entry, slug: &str, language: Language) -> Self {
        let subject = Subject::Event(&entry.event);
        let words = language.words();
        let when = when(entry, language);
        let mut description = Vec::new();
        description.extend(state(entry, language));
        description.push(when.sentence());
        description.push(place(entry, words).to_owned());
        description.extend(entry.offer.as_ref().map(|offer| offer.lead.clone()));
        description.retain(|part| !part.is_empty());
        let mut heading = vec![title(entry, words).to_owned(), when.in_subject()];
        if let Place::Named(place) = &entry.place {
            heading.extend((!place.is_empty()).then(|| place.clone()));
        }
        Self {
            title: shortened(&heading.join(" · ")),
            description: shortened(&description.join(" · ")),
            site: shortened(&entry.organizer),
            image: picture(links, image(entry)),
            json_ld: structured::in_script(&structured::of_event(links, entry, slug, words)),
            ..Self::of(links, subject, language)
        }
    }

    /// What all heads have.
    fn of(links: &Links<'_>, subject: Subject<'_>, language: Language) -> Self {
        let mut languages: Vec<_> =
            Language::ALL.iter().map(|other| (other.words().tag, links.page_in(subject, *other))).collect();
        languages.push(("x-default", links.page(subject)));
        Self {
            canonical: links.page_in(subject, language),
            locale: language.words().locale,
            languages,
            twins: vec![
                Twin { kind: "text/calendar", url: links.calendar(subject, "") },
                Twin { kind: "text/markdown", url: links.markdown(subject, language) },
            ],
            ..Self::default()
        }
    }
}

fn picture(links: &Links<'_>, own: &str) -> Picture {
    if own.starts_with("https://") {
        Picture { url: own.to_owned(), width: 0, height: 0 }
    } else {
        Picture { url: links.file(CARD), width: 1200, height: 630 }
    }
}

/// When an entry takes place.
pub(crate) fn when(entry: &Entry, language: Language) -> WhenView {
    WhenView::told(&entry.start, &entry.end, language)
}

/// Its title; never empty.
pub(crate) fn title<'a>(entry: &'a Entry, words: &Words) -> &'a str {
    if entry.title.is_empty() { words.untitled } else { &entry.title }
}

/// Where, or that only guests are told.
pub(crate) fn place<'a>(entry: &'a Entry, words: &Words) -> &'a str {
    match &entry.place {
        Place::Named(place) => place,
        Place::Hidden => words.place_in_invitation,
    }
}

/// What became of it, where that is worth a word.
pub(crate) fn state(entry: &Entry, language: Language) -> Option<String> {
    let words = language.words();
    match &entry.status {
        EntryStatus::Scheduled => None,
        EntryStatus::Tentative => Some(words.state_tentative.to_owned()),
        EntryStatus::Cancelled => Some(words.state_cancelled.to_owned()),
        EntryStatus::Moved { from } => {
            let was = WhenView::told(from, from, language).in_subject();
            Some(fill(words.state_moved, &[("was", &was)]))
        }
    }
}

/// The address of its picture; may be empty.
pub(crate) fn image(entry: &Entry) -> &str {
    entry.offer.as_ref().and_then(|offer| offer.image.as_deref()).unwrap_or_default()
}

/// A text in one line, as long as previews show it, cut between words.
fn shortened(text: &str) -> String {
    let line = one_line(text);
    if line.chars().count() <= DESCRIPTION_CHARS_MAX {
        return line;
    }
    let cut: String = line.chars().take(DESCRIPTION_CHARS_MAX).collect();
    let end = cut.rfind(' ').filter(|end| *end > DESCRIPTION_CHARS_MAX / 2);
    format!("{}…", end.and_then(|end| cut.get(..end)).unwrap_or(&cut).trim_end_matches([',', '·', ' ']))
}
