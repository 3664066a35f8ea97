//! The Markdown twins.

use timetable::{Entry, Place};
use views::links::Links;
use views::markdown;
use views::words::Language;

use crate::fixtures::{HOSTILE, PAGE, game, season, shirt_night};
use crate::golden;

const LINKS: Links<'static> = Links::new("https://convoke.example");

#[test]
fn twins_stay_as_they_are() {
    let about = "Shirt night: the first 1,000 guests get one.\n\n# Gates open at *six*.\n1. Bring your ticket:\n\
                 https://tickets.example/my_ticket?a=1&b=2";
    for language in Language::ALL {
        let tag = language.words().tag;
        golden(&format!("{tag}-page.md"), &markdown::of_page(&LINKS, &PAGE, &season(), *language));
        let event = markdown::of_event(&LINKS, &shirt_night(), &season()[3..], ("rovers", about), *language);
        golden(&format!("{tag}-event.md"), &event);
    }
}

/// What is not escaped in a text.
fn bare(text: &str) -> String {
    let mut chars = text.chars();
    let mut bare = String::new();
    while let Some(c) = chars.next() {
        if c == '\\' {
            chars.next();
        } else {
            bare.push(c);
        }
    }
    bare
}

#[test]
fn a_title_means_nothing_but_itself() {
    let quiet = bare(&markdown::of_page(&LINKS, &PAGE, &[game(2, "Rovers")], Language::En));
    for title in HOSTILE {
        let escaped = markdown::escape(title);
        assert!(
            !bare(&escaped).contains(['`', '*', '_', '[', ']', '<', '>', '&', '|', '~', '!', '\n', '\r']),
            "{title}"
        );
        assert!(!escaped.starts_with(['#', '-', '+', '=', ' ']), "{title}");
        let twin = markdown::of_page(
            &LINKS,
            &views::head::PageFacts { title, intro: "", ..PAGE },
            &[Entry { place: Place::Named((*title).into()), ..game(2, title) }],
            Language::En,
        );
        let twin = bare(&twin);
        assert_eq!(twin.lines().count(), quiet.lines().count() - 2, "{title}\n{twin}");
        for mark in ["](", "[", "]", "<", "`", "*"] {
            assert_eq!(twin.matches(mark).count(), quiet.matches(mark).count(), "{mark} {title}\n{twin}");
        }
    }
}

#[test]
fn an_address_ends_where_it_ends() {
    let mut entry = shirt_night();
    entry.offer.as_mut().unwrap().links[0].url = "https://tickets.example/(a) b>c".into();
    let twin = markdown::of_event(&LINKS, &entry, &[], ("", ""), Language::En);
    assert!(twin.contains("[Seats](https://tickets.example/%28a%29b%3Ec)"), "{twin}");
}

#[test]
fn a_hidden_place_is_told_to_nobody() {
    let entry = Entry { place: Place::Hidden, ..game(2, "Members\' evening") };
    let twin = markdown::of_event(&LINKS, &entry, &[], ("rovers", ""), Language::En);
    assert!(twin.contains("- Where: Place in your invitation\n"), "{twin}");
}
