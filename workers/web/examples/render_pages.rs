//! Writes the pages into a folder, to be looked at: `cargo run -p web --example render_pages -- FOLDER`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool for developers")]

use std::fs;

use views::head::Head;
use views::pages::{
    AnswerPage, ClaimPage, EventView, Figure, HomePage, InvitePage, Month, NoticePage, OwnerPage, Page, ProposalView,
    SchedulePage, ScheduleSentPage, SentLine, SentPage, Shell, TakeOverPage, UnsubscribePage,
};
use views::when::WhenView;
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
    let month = |key: &str, name: &str, month: u32| Month {
        key: key.into(),
        name: name.into(),
        events: titles
            .iter()
            .enumerate()
            .map(|(n, title)| {
                event(
                    n + 1,
                    &format!("2027-{month:02}-{:02}T19:05:00", n * 3 + 2),
                    &format!("2027-{month:02}-{:02}T22:05:00", n * 3 + 2),
                    title,
                )
            })
            .collect(),
    };
    let schedule = SchedulePage {
        shell: shell("Baltimore Gulls"),
        organizer: "Baltimore Gulls 2027".into(),
        slug: "gulls".into(),
        months: vec![month("2027-07", "July 2027", 7), month("2027-08", "August 2027", 8)],
        total: 16,
        zone: "New York time".into(),
        query: String::new(),
        email: String::new(),
        ticked: vec![format!("{:040}", 2)],
        problem: String::new(),
    };
    let figure = |word: &str, count, percent| Figure { word: word.into(), count, percent };
    let pages: Vec<(&str, String)> = vec![
        ("schedule", schedule.html().unwrap()),
        ("schedule_empty", SchedulePage { months: Vec::new(), total: 0, ..schedule.clone() }.html().unwrap()),
        (
            "schedule_problem",
            SchedulePage { problem: "Please type your e-mail address.".into(), ..schedule }.html().unwrap(),
        ),
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
            "schedule_sent",
            ScheduleSentPage {
                shell: shell("x"),
                organizer: "Baltimore Gulls".into(),
                slug: "gulls".into(),
                to: "a*******@example.com".into(),
                sender: "notification@convoke.test".into(),
                sent: 1,
                lines: vec![
                    SentLine {
                        title: titles[0].into(),
                        when: one.when.sentence(),
                        good: true,
                        said: "The invitation is on its way.".into(),
                    },
                    SentLine {
                        title: titles[2].into(),
                        when: one.when.sentence(),
                        good: false,
                        said: "This event has been cancelled; no invitation was sent.".into(),
                    },
                ],
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
                proposals: vec![ProposalView {
                    guest: "ben@example.org".into(),
                    instance: String::new(),
                    was: String::new(),
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
    for (name, html) in pages {
        fs::write(format!("{folder}/{name}.html"), html).unwrap();
    }
}
