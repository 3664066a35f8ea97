//! An event as every page shows it: one card, whoever looks at it.

use askama::Template;
use itip::{Timestamp, When};
use timetable::{Entry, EntryStatus, Link, LinkKind, Offer, Place};

use crate::links::{SHORT_CHARS, percent};
use crate::when::{WhenView, is_today, iso_on_wall};
use crate::words::{Language, Words, fill};

/// Characters of a place that a map is asked about.
const MAP_CHARS_MAX: usize = 200;

/// An event on a page.
#[derive(Debug, Clone)]
pub struct EventView {
    /// Our id.
    pub id: String,
    /// The instant it is sorted by.
    pub starts: i64,
    /// Its title; never empty.
    pub title: String,
    /// When.
    pub when: WhenView,
    /// The start on its own wall, for the page's script.
    pub wall: String,
    /// When it was before it moved, in words; empty if it never did.
    pub was: String,
    /// Where; may be empty.
    pub place: String,
    /// Only guests are told where.
    pub hidden_place: bool,
    /// A link to map or meeting; empty, or `https:`/`http:`.
    pub url: String,
    /// What the sanitiser let through.
    pub description_html: String,
    /// Who it comes from.
    pub organizer: String,
    /// What it offers beside itself.
    pub offer: Option<OfferView>,
    /// Not sure yet.
    pub tentative: bool,
    /// Called off.
    pub cancelled: bool,
    /// Over.
    pub past: bool,
    /// No more guests.
    pub full: bool,
    /// It takes place today, there.
    pub today: bool,
    /// The following times of a series, in words.
    pub repeats: Vec<String>,
}

/// What an event offers, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferView {
    /// The lead of its description; may be empty.
    pub lead: String,
    /// Words and addresses.
    pub buttons: Vec<(String, String)>,
    /// An `https:` address; may be empty.
    pub image: String,
    /// It changed today.
    pub fresh: bool,
}

impl OfferView {
    /// With at most so many buttons.
    pub(crate) fn new(offer: &Offer, updated: Timestamp, now: Timestamp, words: &Words, buttons_max: usize) -> Self {
        let button = |link: &Link| {
            let label = if link.label.is_empty() { kind_word(link.kind, words).to_owned() } else { link.label.clone() };
            (label, link.url.clone())
        };
        Self {
            lead: offer.lead.clone(),
            buttons: offer.links.iter().take(buttons_max).map(button).collect(),
            image: offer.image.clone().unwrap_or_default(),
            fresh: Offer::is_fresh(updated, now),
        }
    }
}

fn kind_word(kind: LinkKind, words: &Words) -> &'static str {
    match kind {
        LinkKind::Tickets => words.link_tickets,
        LinkKind::Shop => words.link_shop,
        LinkKind::Parking => words.link_parking,
        LinkKind::Watch => words.link_watch,
        LinkKind::More => words.link_more,
    }
}

/// How events are told.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// In which language.
    pub language: Language,
    /// 19:05 rather than 7:05 pm.
    pub clock_24: bool,
    /// The moment of the page.
    pub now: Timestamp,
}

impl Telling {
    /// As a language has it.
    pub fn of(language: Language, now: Timestamp) -> Self {
        Self { language, clock_24: language.words().clock_24, now }
    }

    /// A time as this page tells it.
    pub fn when(&self, start: &When, end: &When) -> WhenView {
        WhenView::told_by(start, end, self.language, self.clock_24)
    }
}

impl EventView {
    /// An entry as the public may see it; `rest` are the following dates of its series.
    pub fn of_entry(entry: &Entry, rest: &[Entry], telling: &Telling) -> Self {
        let words = telling.language.words();
        let (place, hidden_place) = match &entry.place {
            Place::Named(place) => (place.clone(), false),
            Place::Hidden => (String::new(), true),
        };
        let was = match &entry.status {
            EntryStatus::Moved { from } => telling.when(from, from).in_subject(),
            EntryStatus::Scheduled | EntryStatus::Tentative | EntryStatus::Cancelled => String::new(),
        };
        let goes_on = rest.iter().filter(|date| date.status != EntryStatus::Cancelled);
        Self {
            id: entry.event.to_string(),
            starts: entry.starts().0,
            title: if entry.title.is_empty() { words.untitled.to_owned() } else { entry.title.clone() },
            when: telling.when(&entry.start, &entry.end),
            wall: iso_on_wall(&entry.start),
            was,
            place,
            hidden_place,
            url: String::new(),
            description_html: entry.description_html.clone(),
            organizer: entry.organizer.clone(),
            offer: entry
                .offer
                .as_ref()
                .map(|offer| OfferView::new(offer, entry.updated, telling.now, words, usize::MAX)),
            tentative: entry.status == EntryStatus::Tentative,
            cancelled: entry.status == EntryStatus::Cancelled,
            past: entry.end.instant().max(entry.starts()) <= telling.now,
            full: false,
            today: is_today(&entry.start, telling.now),
            repeats: goes_on.map(|date| telling.when(&date.start, &date.end).short).collect(),
        }
    }

    /// Its language.
    pub fn words(&self) -> &'static Words {
        self.when.language.words()
    }

    /// The last part of its short address.
    pub fn short(&self) -> &str {
        self.id.get(..SHORT_CHARS).unwrap_or_default()
    }

    /// Its month, for a narrow column.
    pub fn month(&self) -> &'static str {
        let month = self.when.date.get(5..7).and_then(|digits| digits.parse::<usize>().ok());
        month.and_then(|month| self.words().months_short.get(month.checked_sub(1)?)).copied().unwrap_or_default()
    }

    /// Whether somebody can still be invited.
    pub fn is_open(&self) -> bool {
        !self.cancelled && !self.past && !self.full
    }

    /// Where a map shows its place; empty if it has none that a map could know.
    pub fn map(&self) -> String {
        if self.place.is_empty() || self.place.contains("://") {
            return String::new();
        }
        let place: String = self.place.chars().take(MAP_CHARS_MAX).collect();
        format!("https://www.google.com/maps/search/?api=1&query={}", percent(&place))
    }

    pub(crate) fn then(&self) -> String {
        fill(self.words().then, &[("dates", &self.repeats.join(", "))])
    }

    pub(crate) fn moved(&self) -> String {
        fill(self.words().state_moved, &[("was", &self.was)])
    }
}

/// Events as compact cards that can be ticked: the upcoming page, and the same inside of other sites.
#[derive(Debug, Clone, Template)]
#[template(path = "cards.html")]
pub struct Cards {
    /// In which language.
    pub language: Language,
    /// Whose.
    pub organizer: String,
    /// The page's last part.
    pub slug: String,
    /// Before every path; empty on our own pages.
    pub base: String,
    /// Where the form is posted.
    pub action: String,
    /// The events.
    pub events: Vec<EventView>,
    /// The page has more.
    pub more: bool,
    /// The address that was typed.
    pub email: String,
    /// Events that were ticked.
    pub ticked: Vec<String>,
    /// What has to be put right; empty if nothing.
    pub problem: String,
}

impl Cards {
    fn words(&self) -> &'static Words {
        self.language.words()
    }

    fn is_ticked(&self, event: &EventView) -> bool {
        self.ticked.iter().any(|ticked| ticked.get(..SHORT_CHARS) == Some(event.short()))
    }

    fn can_tick(&self) -> bool {
        self.events.iter().any(EventView::is_open)
    }

    fn none_yet(&self) -> String {
        fill(self.words().no_events_yet, &[("organizer", &self.organizer)])
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveDateTime};
    use itip::{EventId, Moment, Zone};

    use super::*;

    fn at(local: &str) -> When {
        let local: NaiveDateTime = local.parse().unwrap();
        let instant = Timestamp(local.and_utc().timestamp() + 4 * 3600);
        When::At(Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
    }

    fn entry() -> Entry {
        Entry {
            event: EventId::parse(&"0123456789".repeat(4)).unwrap(),
            date: None,
            start: at("2027-07-02T19:05:00"),
            end: at("2027-07-02T22:05:00"),
            title: String::new(),
            teams: None,
            place: Place::Named("Harbour Park & Quay".into()),
            categories: Vec::new(),
            offer: Some(Offer {
                lead: "Shirt night.".into(),
                links: vec![
                    Link { kind: LinkKind::Tickets, url: "https://shop.example/t".into(), label: String::new() },
                    Link { kind: LinkKind::More, url: "https://shop.example/m".into(), label: "Menu".into() },
                ],
                image: None,
            }),
            description_html: String::new(),
            organizer: "Harbour Rovers".into(),
            status: EntryStatus::Moved { from: When::Date(NaiveDate::from_ymd_opt(2027, 6, 30).unwrap()) },
            updated: Timestamp(1_811_851_200),
        }
    }

    fn told(entry: &Entry, language: Language) -> EventView {
        let clock_24 = language.words().clock_24;
        EventView::of_entry(entry, &[], &Telling { language, clock_24, now: Timestamp(1_811_851_260) })
    }

    #[test]
    fn an_entry_is_told_in_the_language_of_the_page() {
        let view = told(&entry(), Language::Es);
        assert_eq!((view.title.as_str(), view.when.clock.as_str()), ("Evento", "19:05"));
        assert_eq!(view.moved(), "Cambio de fecha; antes: mié 30 jun 2027");
        let offer = view.offer.unwrap();
        assert_eq!(offer.buttons[0].0, Language::Es.words().link_tickets);
        assert_eq!((offer.buttons[1].0.as_str(), offer.fresh), ("Menu", true));
    }

    #[test]
    fn a_map_is_asked_only_about_a_place() {
        let mut entry = entry();
        let map = |entry: &Entry| told(entry, Language::En).map();
        assert_eq!(map(&entry), "https://www.google.com/maps/search/?api=1&query=Harbour%20Park%20%26%20Quay");
        entry.place = Place::Named("https://meet.example/room".into());
        assert_eq!(map(&entry), "");
        entry.place = Place::Hidden;
        assert_eq!((map(&entry), told(&entry, Language::En).hidden_place), (String::new(), true));
    }

    #[test]
    fn what_is_off_over_or_full_takes_nobody() {
        let view = told(&entry(), Language::En);
        assert!(view.is_open());
        assert!(!EventView { full: true, ..view.clone() }.is_open());
        let off = Entry { status: EntryStatus::Cancelled, ..entry() };
        assert!(!told(&off, Language::En).is_open());
        let over = Entry { start: at("2027-05-02T19:05:00"), end: at("2027-05-02T20:05:00"), ..entry() };
        assert!(told(&over, Language::En).past);
    }
}
