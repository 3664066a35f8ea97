//! Writes the pages into a folder, to be looked at: `cargo run -p web --example render_pages -- FOLDER`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool for developers")]

mod schedule;

use std::fs;

use timetable::Layout;
use views::event::{Cards, OfferView};
use views::head::Head;
use views::landing::{Brand, EmbedPart, FramePage, LandingPage, UpcomingPage};
use views::pages::{
    AnswerPage, ClaimPage, EventView, Figure, HomePage, InvitePage, NoticePage, OwnerPage, Page, ProposalView,
    SentPage, Shell, TakeOverPage, UnsubscribePage,
};
use views::when::{WhenView, iso_on_wall};
use views::words::Language;

use chrono::NaiveDateTime;
use itip::{Moment, Timestamp, When, Zone};

fn shell(title: &str) -> Shell {
    Shell {
        title: title.into(),
        language: Language::default(),
        head: Head::default(),
        style: "page.css".into(),
        scripts: vec!["times.js".into(), "schedule.js".into()],
        domain: "convoke.test".into(),
    }
}

fn at(local: &str) -> When {
    let local: NaiveDateTime = local.parse().unwrap();
    let instant = Timestamp(local.and_utc().timestamp() + 4 * 3600);
    When::At(Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
}

fn event(number: usize, start: &str, end: &str, title: &str) -> EventView {
    EventView {
        id: format!("{number:040}"),
        starts: 0,
        title: title.into(),
        when: WhenView::new(&at(start), &at(end)),
        wall: iso_on_wall(&at(start)),
        was: if number == 2 { "Thu 1 July 2027, 7:05 pm".into() } else { String::new() },
        hidden_place: number == 4,
        offer: (number == 1 || number == 6).then(|| OfferView {
            lead: "Shirt night: the first 15,000 guests get one.".into(),
            buttons: vec![
                ("Tickets".into(), "https://shop.example/tickets".into()),
                ("Parking".into(), "https://shop.example/parking".into()),
            ],
            image: if number == 1 { "picture.svg".into() } else { String::new() },
            fresh: true,
        }),
        tentative: number == 7,
        full: false,
        place: "Oriole Park at Camden Yards, 333 West Camden Street, Baltimore".into(),
        url: String::new(),
        description_html: "<p>Gates open at six. <b>Shirt night</b>: the first 15,000 guests get one.</p>".into(),
        organizer: "Baltimore Gulls".into(),
        cancelled: number == 3,
        past: false,
        today: number == 1,
        repeats: if number == 5 { vec!["Fri 16 Jul".into(), "Fri 23 Jul".into()] } else { Vec::new() },
    }
}

fn event_on(number: usize, day: &str, title: &str) -> EventView {
    event(number, &format!("{day}T19:05:00"), &format!("{day}T22:05:00"), title)
}

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    let one = event(1, "2027-07-02T19:05:00", "2027-07-02T22:05:00", "Gulls vs Tampa Bay Rays");
    let titles = [
        "Gulls vs Tampa Bay Rays",
        "Gulls vs Tampa Bay Rays",
        "Rained off",
        "Donaudampfschifffahrtsgesellschaftskapitänsversammlung",
        "Morning run",
        "東京ドームでの親善試合",
        "لقاء ودي",
        "A title of very many words that goes on and on until nobody remembers what it was about when it began, which happens in real calendars more often than one would think, and it must still be read",
    ];
    let brand = |style: &str, theme: bool| Brand {
        name: "Baltimore Gulls".into(),
        page: "/s/gulls".into(),
        logo: if theme { "logo.svg".into() } else { String::new() },
        theme: if theme { "theme.css".into() } else { String::new() },
        style: style.into(),
        foreign: String::new(),
    };
    let landing = |layout: Layout, event: &EventView| LandingPage {
        shell: Shell { scripts: vec!["times.js".into(), "landing.js".into()], ..shell("x") },
        brand: brand("landing.css", layout == Layout::Poster),
        layout,
        event: EventView { organizer: "Baltimore Gulls".into(), ..event.clone() },
        dates: Vec::new(),
        more: (2..6).map(|n| event_on(n, &format!("2027-07-{:02}", n * 3 + 2), titles[n - 1])).collect(),
        action: "#".into(),
        url: "https://convoke.test/e/0123456789ab".into(),
        webcal: "webcal://convoke.test/e/0123456789ab.ics".into(),
        file: "#".into(),
        languages: vec![("es", "Español", "?lang=es".into())],
    };
    let cards = |base: &str| Cards {
        language: Language::En,
        organizer: "Baltimore Gulls".into(),
        slug: "gulls".into(),
        base: base.into(),
        action: "/s/gulls/embed".into(),
        events: titles
            .iter()
            .enumerate()
            .map(|(n, title)| event_on(n + 1, &format!("2027-07-{:02}", n * 3 + 2), title))
            .collect(),
        more: true,
        email: String::new(),
        ticked: vec![format!("{:040}", 2)],
        problem: String::new(),
    };
    let long = event_on(7, "2027-07-02", titles[7]);
    fs::write(format!("{folder}/theme.css"), views::colour::theme("#c8102e".to_owned().try_into().unwrap())).unwrap();
    let figure = |word: &str, count, percent| Figure { word: word.into(), count, percent };
    let pages: Vec<(&str, String)> = vec![
        ("landing", landing(Layout::Timetable, &one).html().unwrap()),
        ("landing_poster", landing(Layout::Poster, &one).html().unwrap()),
        ("landing_plain", landing(Layout::Plain, &one).html().unwrap()),
        ("landing_off", landing(Layout::Timetable, &event_on(3, "2027-07-02", titles[2])).html().unwrap()),
        ("landing_moved", landing(Layout::Timetable, &event_on(2, "2027-07-02", titles[0])).html().unwrap()),
        ("landing_hidden", landing(Layout::Plain, &event_on(4, "2027-07-02", titles[3])).html().unwrap()),
        ("landing_long", landing(Layout::Timetable, &long).html().unwrap()),
        (
            "upcoming",
            UpcomingPage {
                shell: shell("x"),
                brand: brand("landing.css", true),
                intro: "The next games at home and away.".into(),
                cards: cards(""),
            }
            .html()
            .unwrap(),
        ),
        ("frame", FramePage { shell: shell("x"), brand: brand("embed.css", false), cards: cards("") }.html().unwrap()),
        ("embed", EmbedPart { cards: cards("https://convoke.test"), theme: String::new() }.html().unwrap()),
        (
            "invite",
            InvitePage {
                shell: shell("x"),
                event: one.clone(),
                action: "#".into(),
                email: "ana@example.com".into(),
                name: String::new(),
                origin: "api".into(),
                landing: String::new(),
                problem: String::new(),
                auto: false,
            }
            .html()
            .unwrap(),
        ),
        (
            "sent",
            SentPage {
                shell: shell("x"),
                event: one.clone(),
                to: "a*******@example.com".into(),
                sender: "notification@convoke.test".into(),
                more: (2..5).map(|n| event(n, "2027-07-09T19:05:00", "2027-07-09T22:05:00", titles[n])).collect(),
                page: "/s/gulls".into(),
            }
            .html()
            .unwrap(),
        ),
        (
            "answer",
            AnswerPage {
                shell: shell("x"),
                event: one.clone(),
                action: "#".into(),
                guest: "a*******@example.com".into(),
                current: "Maybe",
                date: String::new(),
                selected: "yes".into(),
                done: String::new(),
            }
            .html()
            .unwrap(),
        ),
        (
            "unsubscribe",
            UnsubscribePage {
                shell: shell("x"),
                organizer: "Baltimore Gulls".into(),
                guest: "a*******@example.com".into(),
                action: "#".into(),
                done: String::new(),
            }
            .html()
            .unwrap(),
        ),
        (
            "claim",
            ClaimPage {
                shell: shell("x"),
                address: "ann@corp.example".into(),
                subjects: vec!["Invitation: Quarterly call".into()],
                action: "#".into(),
                done: false,
            }
            .html()
            .unwrap(),
        ),
        (
            "owner",
            OwnerPage {
                shell: shell("x"),
                event: one.clone(),
                action: "#".into(),
                revision: 3,
                attendees: 1_204,
                answers: vec![
                    figure("Yes", 640, 53),
                    figure("Maybe", 80, 6),
                    figure("No", 121, 10),
                    figure("No answer", 363, 30),
                ],
                origins: vec![figure("klaviyocta", 1_000, 83), figure("landingpage", 204, 16)],
                clients: vec![figure("Google", 800, 66)],
                held: true,
                waiting: 12,
                uninvited: true,
                problem: String::new(),
                query: String::new(),
                proposals: vec![ProposalView {
                    guest: "ben@example.org".into(),
                    instance: String::new(),
                    was: "Friday 2 July 2027, 7:05 pm to 10:05 pm, New York time".into(),
                    would: "Saturday 3 July 2027, 7:05 pm to 10:05 pm, New York time".into(),
                    comment: "One day later?".into(),
                }],
                attempts: vec!["Friday 11 June 2027: a cancellation from eve@example.net".into()],
                invite_url: format!("https://convoke.test/event/{:040}/invite", 1),
                page_url: "https://convoke.test/s/gulls".into(),
                done: String::new(),
            }
            .html()
            .unwrap(),
        ),
        (
            "take_over",
            TakeOverPage {
                shell: shell("x"),
                event: one.clone(),
                from: "old@gulls.example".into(),
                to: "new@gulls.example".into(),
                action: "#".into(),
                open: true,
                done: false,
            }
            .html()
            .unwrap(),
        ),
        ("home", HomePage { shell: shell("x"), create: "create@convoke.test".into() }.html().unwrap()),
        (
            "notice",
            NoticePage {
                shell: shell("x"),
                heading: "This event is over".into(),
                lines: vec!["This event is over; no invitation was sent.".into()],
                link: None,
            }
            .html()
            .unwrap(),
        ),
    ];
    for (name, html) in pages.into_iter().map(|(name, html)| (name.to_owned(), html)).chain(schedule::pages()) {
        fs::write(format!("{folder}/{name}.html"), html).unwrap();
    }
}
