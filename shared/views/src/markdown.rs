//! The Markdown twins of public pages: dense texts for agents and for terminals. `CommonMark`, a line for each event.

use timetable::Entry;

use crate::head::{self, PageFacts};
use crate::links::{Links, Subject};
use crate::structured::start;
use crate::text::one_line;
use crate::words::Language;

/// The twin of an organizer's page, with its entries by month.
pub fn of_page(links: &Links<'_>, page: &PageFacts<'_>, entries: &[Entry], language: Language) -> String {
    let words = language.words();
    let subject = Subject::Page(page.slug);
    let mut text = format!("# {}\n\n", escape(page.title));
    if !page.intro.trim().is_empty() {
        text.extend([escape(page.intro), "\n\n".to_owned()]);
    }
    let count = words.events(entries.len());
    let listed = [
        link(&count, &links.page_in(subject, language)),
        link(words.twin_subscribe, &links.webcal(subject, "")),
        link(words.twin_file, &links.file_of_calendar(subject, "")),
    ];
    text.extend([listed.join(" · "), "\n".to_owned()]);
    let mut month = String::new();
    for entry in entries {
        let when = head::when(entry, language);
        if when.month_key != month {
            text.extend(["\n## ", &escape(&when.month), "\n\n"]);
            month.clone_from(&when.month_key);
        }
        text.push_str(&line(links, entry, language));
    }
    text
}

/// `- Cancelled · 2027-07-02T19:05:00-04:00 · Fri 2 July 2027, 7:05 pm · [Rovers vs Rays](…) · Harbour Park`.
fn line(links: &Links<'_>, entry: &Entry, language: Language) -> String {
    let words = language.words();
    let when = head::when(entry, language);
    let mut parts: Vec<String> = head::state(entry, language).map(|state| strong(&state)).into_iter().collect();
    parts.push(start(&entry.start));
    parts.push(escape(&when.in_subject()));
    parts.push(link(head::title(entry, words), &links.page(Subject::Event(&entry.event))));
    parts.push(escape(head::place(entry, words)));
    parts.extend(entry.offer.as_ref().map(|offer| escape(&offer.lead)));
    parts.retain(|part| !part.is_empty());
    format!("- {}\n", parts.join(" · "))
}

/// The twin of an event's page: what it says (`about`, plain text), its further dates if it is a series; `slug` is its
/// organizer's page, empty if he has none.
pub fn of_event(
    links: &Links<'_>,
    entry: &Entry,
    further: &[Entry],
    (slug, about): (&str, &str),
    language: Language,
) -> String {
    let words = language.words();
    let subject = Subject::Event(&entry.event);
    let mut text = format!("# {}\n\n", escape(head::title(entry, words)));
    if let Some(state) = head::state(entry, language) {
        text.extend([strong(&state), "\n\n".to_owned()]);
    }
    let mut item = |label: &str, value: &str| {
        if !value.is_empty() {
            text.extend(["- ", label, ": ", value, "\n"]);
        }
    };
    let when = head::when(entry, language);
    let exact = match start(&entry.end) {
        end if entry.end.instant() > entry.start.instant() => format!("{} – {end}", start(&entry.start)),
        _ => start(&entry.start),
    };
    item(words.when, &format!("{} ({exact})", escape(&when.sentence())));
    item(words.place, &escape(head::place(entry, words)));
    item(words.twin_organizer, &organizer(links, entry, slug));
    item(words.twin_categories, &escape(&entry.categories.join(", ")));
    item(words.twin_invitation, &autolink(&links.invite(&entry.event)));
    item(words.twin_subscribe, &autolink(&links.webcal(subject, "")));
    item(words.twin_file, &autolink(&links.file_of_calendar(subject, "")));
    for offered in entry.offer.iter().flat_map(|offer| &offer.links) {
        let words = if offered.label.is_empty() { &offered.url } else { &offered.label };
        text.extend(["- ".to_owned(), link(words, &offered.url), "\n".to_owned()]);
    }
    let about = paragraphs(about);
    if !about.is_empty() {
        text.extend(["\n", &about, "\n"]);
    }
    if !further.is_empty() {
        text.extend(["\n## ", &escape(words.twin_dates), "\n\n"]);
        text.extend(further.iter().map(|date| line(links, date, language)));
    }
    text
}

fn organizer(links: &Links<'_>, entry: &Entry, slug: &str) -> String {
    if slug.is_empty() || entry.organizer.is_empty() {
        escape(&entry.organizer)
    } else {
        link(&entry.organizer, &links.page(Subject::Page(slug)))
    }
}

fn strong(text: &str) -> String {
    format!("**{}**", escape(text))
}

fn link(text: &str, url: &str) -> String {
    format!("[{}]({})", escape(text), destination(url))
}

fn autolink(url: &str) -> String {
    format!("<{}>", destination(url))
}

/// An address that ends where it ends (`CommonMark` section 6.3).
fn destination(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            c if c.is_whitespace() || c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A text in one line that means nothing but itself, wherever it stands in a line.
pub fn escape(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    for (at, c) in line.char_indices() {
        let special = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '!' => true,
            '#' | '+' | '-' | '=' | ':' => at == 0,
            '.' | ')' => line.get(..at).is_some_and(|before| before.bytes().all(|b| b.is_ascii_digit())),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A text of several lines: paragraphs stay paragraphs, lines stay lines, links stay links.
fn paragraphs(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut is_new = true;
    for line in text.lines() {
        let words: Vec<String> = one_line(line).split(' ').map(word).collect();
        let line = words.join(" ");
        if line.is_empty() {
            is_new = true;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if is_new { "\n\n" } else { "\\\n" });
        }
        out.push_str(&line);
        is_new = false;
    }
    out
}

fn word(word: &str) -> String {
    let is_link = word.starts_with("https://") || word.starts_with("http://");
    if is_link && !word.contains(['<', '>', '(', ')']) { autolink(word) } else { escape(word) }
}
