//! schema.org in JSON-LD: what search engines and agents read of a page.

use chrono::{Days, NaiveDate, NaiveDateTime};
use itip::{Timestamp, When, Zone};
use timetable::{Entry, EntryStatus, LinkKind, Place};

use crate::head::{self, PageFacts};
use crate::links::{Links, Subject};
use crate::words::Words;

/// Entries that a page names: the search engines read the page of each event for the others.
const LISTED_MAX: usize = 30;

/// A JSON object under construction; what is empty is left out.
struct Object(String);

impl Object {
    fn of(kind: &str) -> Self {
        let mut object = Self("{".to_owned());
        object.text("@type", kind);
        object
    }

    fn document(kind: &str) -> Self {
        let mut object = Self("{".to_owned());
        object.text("@context", "https://schema.org");
        object.text("@type", kind);
        object
    }

    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            let text = quoted(text);
            self.value(name, &text);
        }
    }

    fn value(&mut self, name: &str, json: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(name));
        self.0.push(':');
        self.0.push_str(json);
    }

    fn list(&mut self, name: &str, items: &[String]) {
        if !items.is_empty() {
            self.value(name, &format!("[{}]", items.join(",")));
        }
    }

    fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// JSON as the content of a script element: nothing in it can end the element or open a comment in it.
pub fn in_script(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    safe
}

/// The list of a page's next entries.
pub fn of_page(links: &Links<'_>, page: &PageFacts<'_>, entries: &[&Entry], words: &Words) -> String {
    let items: Vec<String> = entries
        .iter()
        .take(LISTED_MAX)
        .enumerate()
        .map(|(number, entry)| {
            let mut item = Object::of("ListItem");
            item.value("position", &(number + 1).to_string());
            item.value("item", &event(Object::of(kind(entry)), links, entry, page.slug, words));
            item.finish()
        })
        .collect();
    let mut list = Object::document("ItemList");
    list.text("name", page.title);
    list.text("description", page.intro);
    list.text("url", &links.page(Subject::Page(page.slug)));
    list.value("numberOfItems", &entries.len().to_string());
    list.list("itemListElement", &items);
    list.finish()
}

/// One event; `slug` is its organizer's page, empty if he has none.
pub fn of_event(links: &Links<'_>, entry: &Entry, slug: &str, words: &Words) -> String {
    event(Object::document(kind(entry)), links, entry, slug, words)
}

fn kind(entry: &Entry) -> &'static str {
    if entry.teams.is_some() { "SportsEvent" } else { "Event" }
}

fn event(mut event: Object, links: &Links<'_>, entry: &Entry, slug: &str, words: &Words) -> String {
    let url = links.page(Subject::Event(&entry.event));
    event.text("name", head::title(entry, words));
    event.text("startDate", &start(&entry.start));
    event.text("endDate", &end(&entry.start, &entry.end));
    let status = match &entry.status {
        EntryStatus::Scheduled | EntryStatus::Tentative => "EventScheduled",
        EntryStatus::Moved { .. } => "EventRescheduled",
        EntryStatus::Cancelled => "EventCancelled",
    };
    event.text("eventStatus", &format!("https://schema.org/{status}"));
    if let EntryStatus::Moved { from } = &entry.status {
        event.text("previousStartDate", &start(from));
    }
    if let Some((mode, location)) = location(entry) {
        event.text("eventAttendanceMode", &format!("https://schema.org/{mode}"));
        event.value("location", &location);
    }
    if let Some(teams) = &entry.teams {
        event.value("homeTeam", &team(&teams.home));
        event.value("awayTeam", &team(&teams.away));
    }
    if !entry.organizer.is_empty() {
        let mut organizer = Object::of("Organization");
        organizer.text("name", &entry.organizer);
        if !slug.is_empty() {
            organizer.text("url", &links.page(Subject::Page(slug)));
        }
        event.value("organizer", &organizer.finish());
    }
    if let Some(offer) = &entry.offer {
        event.text("description", &offer.lead);
        event.list("image", &offer.image.iter().map(|image| quoted(image)).collect::<Vec<_>>());
        let tickets = offer.links.iter().filter(|link| link.kind == LinkKind::Tickets);
        let offers: Vec<String> = tickets
            .map(|link| {
                let mut ticket = Object::of("Offer");
                ticket.text("name", &link.label);
                ticket.text("url", &link.url);
                ticket.finish()
            })
            .collect();
        event.list("offers", &offers);
    }
    event.text("url", &url);
    event.finish()
}

fn team(name: &str) -> String {
    let mut team = Object::of("SportsTeam");
    team.text("name", name);
    team.finish()
}

/// How one attends, and where; nothing where only guests may know, or nobody knows.
fn location(entry: &Entry) -> Option<(&'static str, String)> {
    let Place::Named(place) = &entry.place else { return None };
    let is_web = |text: &str| text.starts_with("https://") || text.starts_with("http://");
    let links = entry.offer.iter().flat_map(|offer| &offer.links);
    let stream = links.filter(|link| link.kind == LinkKind::Watch).map(|link| link.url.as_str()).next();
    let online = if is_web(place) { Some(place.as_str()) } else { stream.filter(|_| place.is_empty()) };
    if let Some(url) = online {
        let mut location = Object::of("VirtualLocation");
        location.text("url", url);
        return Some(("OnlineEventAttendanceMode", location.finish()));
    }
    if place.is_empty() {
        return None;
    }
    let mut location = Object::of("Place");
    location.text("name", place.split([',', '\n']).next().unwrap_or(place).trim());
    location.text("address", place);
    Some(("OfflineEventAttendanceMode", location.finish()))
}

/// A time with the venue's offset from UTC, or a date; without offset where the wall clock is the reader's own.
pub fn start(when: &When) -> String {
    match when {
        When::Date(date) => date.to_string(),
        When::At(moment) if moment.zone == Zone::Floating => moment.local.format("%Y-%m-%dT%H:%M:%S").to_string(),
        When::At(moment) => with_offset(moment.local, moment.instant),
    }
}

/// The end: the last day of an event of whole days, which ends before the day after; empty where there is none.
fn end(from: &When, to: &When) -> String {
    match (from, to) {
        (When::Date(first), When::Date(after)) => last_day(*first, *after).to_string(),
        _ if to.instant() > from.instant() => start(to),
        _ => String::new(),
    }
}

fn last_day(first: NaiveDate, after: NaiveDate) -> NaiveDate {
    after.checked_sub_days(Days::new(1)).unwrap_or(after).max(first)
}

/// RFC 3339 on the wall where it happens.
fn with_offset(local: NaiveDateTime, instant: Timestamp) -> String {
    let offset = local.and_utc().timestamp() - instant.0;
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs() / 60);
    format!("{}{sign}{:02}:{:02}", local.format("%Y-%m-%dT%H:%M:%S"), minutes / 60, minutes % 60)
}
