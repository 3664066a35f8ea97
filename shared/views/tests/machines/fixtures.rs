//! Entries of a timetable to try on programs.

use chrono::NaiveDateTime;
use itip::{EventId, Moment, Timestamp, When, Zone};
use timetable::{Entry, EntryStatus, Link, LinkKind, Offer, Place, Teams};
use views::head::PageFacts;

/// A time in New York in summer, four hours behind UTC.
pub fn at(local: &str) -> When {
    let local: NaiveDateTime = local.parse().unwrap();
    let instant = Timestamp(local.and_utc().timestamp() + 4 * 3600);
    When::At(Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
}

pub fn day(date: &str) -> When {
    When::Date(date.parse().unwrap())
}

/// A game on an evening in July, of an id that begins with its day.
pub fn game(day: u32, title: &str) -> Entry {
    Entry {
        event: EventId::parse(&format!("{day:02}{}", "a1".repeat(19))).unwrap(),
        date: None,
        start: at(&format!("2027-07-{day:02}T19:05:00")),
        end: at(&format!("2027-07-{day:02}T22:05:00")),
        title: title.into(),
        teams: Teams::read(title),
        place: Place::Named("Harbour Park, 12 Quay Street, Baltimore".into()),
        categories: Vec::new(),
        offer: None,
        description_html: String::new(),
        organizer: "Harbour Rovers".into(),
        status: EntryStatus::Scheduled,
        updated: Timestamp(1_811_851_200),
    }
}

/// A game with everything there is to say.
pub fn shirt_night() -> Entry {
    let link = |kind, url: &str, label: &str| Link { kind, url: url.into(), label: label.into() };
    Entry {
        description_html: "<p>Shirt night: the first 1,000 guests get one.</p><p>Gates open at <b>six</b>.</p>".into(),
        offer: Some(Offer {
            lead: "Shirt night: the first 1,000 guests get one.".into(),
            links: vec![
                link(LinkKind::Tickets, "https://tickets.example/g?id=7&from=page", "Seats"),
                link(LinkKind::Parking, "https://parking.example/", ""),
            ],
            image: Some("https://club.example/shirt.jpg".into()),
        }),
        status: EntryStatus::Moved { from: at("2027-07-02T18:05:00") },
        ..game(3, "Rays at Rovers")
    }
}

/// Everything that can become of an event.
pub fn season() -> Vec<Entry> {
    vec![
        game(2, "Rovers vs Rays"),
        shirt_night(),
        Entry { status: EntryStatus::Cancelled, ..game(4, "Rovers vs Gulls") },
        Entry { place: Place::Hidden, status: EntryStatus::Tentative, ..game(9, "Members' evening") },
        Entry {
            start: day("2027-08-01"),
            end: day("2027-08-03"),
            place: Place::Named(String::new()),
            ..game(31, "Summer fair")
        },
    ]
}

pub const PAGE: PageFacts<'static> = PageFacts {
    slug: "rovers",
    title: "Harbour Rovers 2027",
    intro: "Every game of the season.",
    organizer: "Harbour Rovers",
    image: "",
};

/// Titles that want to be something else.
pub const HOSTILE: &[&str] = &[
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\" onload=\"alert(1)",
    "' & \\ \" &quot; \\\" \\u003c",
    "]](javascript:alert(1))",
    "![x](https://tracker.example/p.gif) [click](https://evil.example)",
    "# Not a heading",
    "- [ ] not a task",
    "| a | b |",
    "`code` *bold* _under_ ~~gone~~ <https://evil.example>",
    "1. Not a list",
    "---",
    "=HYPERLINK(\"https://evil.example\")",
    "\u{202e}txet desrever\u{202c}",
    "לקבוצה נגד הפועל",
    "🏟️ Derby 👨‍👩‍👧‍👦",
    "line\nbreak\r\n\r\n## and more",
    "next\u{2028}line\u{2029}paragraph",
    "nul\u{0}bell\u{7}",
    "BEGIN:VEVENT\r\nATTENDEE:mailto:eve@evil.example",
    "",
];
