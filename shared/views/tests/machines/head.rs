//! The head of a page, and the JSON-LD in it.

use serde_json::Value;
use timetable::{Entry, EntryStatus, Link, LinkKind, Offer, Place};
use views::head::Head;
use views::links::Links;
use views::pages::{HomePage, Page, Shell};
use views::structured;
use views::words::Language;

use crate::fixtures::{HOSTILE, PAGE, at, day, game, season, shirt_night};
use crate::golden;

const LINKS: &str = "https://convoke.example";

fn html(head: Head, language: Language) -> String {
    let shell = Shell {
        title: "A page".into(),
        language,
        head,
        style: "/static/page.css".into(),
        scripts: Vec::new(),
        domain: "convoke.example".into(),
    };
    let html = HomePage { shell, create: "create@convoke.example".into() }.html().unwrap();
    html.split_once("<body>").unwrap().0.to_owned()
}

/// The JSON-LD in a page, as a browser's parser would cut it out.
fn json_ld(html: &str) -> Value {
    let (_, rest) = html.split_once("<script type=\"application/ld+json\">").unwrap();
    let (script, _) = rest.split_once("</script").unwrap();
    assert!(!script.contains('<'), "{script}");
    serde_json::from_str(script).unwrap()
}

fn event(entry: &Entry) -> Value {
    let json = structured::of_event(&Links::new(LINKS), entry, "rovers", Language::En.words());
    serde_json::from_str(&json).unwrap()
}

#[test]
fn heads_stay_as_they_are() {
    let links = Links::new(LINKS);
    for language in Language::ALL {
        let tag = language.words().tag;
        let page = Head::of_page(&links, &PAGE, &season().iter().collect::<Vec<_>>(), *language);
        golden(&format!("{tag}-page-head.html"), &html(page, *language));
        let event = Head::of_event(&links, &shirt_night(), "rovers", *language);
        golden(&format!("{tag}-event-head.html"), &html(event, *language));
    }
}

#[test]
fn a_page_that_is_nobody_s_to_find_says_nothing() {
    let html = html(Head::default(), Language::En);
    for part in ["og:", "canonical", "ld+json", "hreflang"] {
        assert!(!html.contains(part), "{part}");
    }
}

#[test]
fn nothing_that_a_stranger_wrote_leaves_its_place() {
    let links = Links::new(LINKS);
    let quiet = html(Head::of_event(&links, &game(2, "Rovers vs Rays"), "rovers", Language::En), Language::En);
    for title in HOSTILE {
        let entry = Entry { organizer: (*title).into(), place: Place::Named((*title).into()), ..game(2, title) };
        let head = html(Head::of_event(&links, &entry, "rovers", Language::En), Language::En);
        for mark in ['<', '>', '"', '\0'] {
            assert_eq!(outside(&head).matches(mark).count(), outside(&quiet).matches(mark).count(), "{title}\n{head}");
        }
        let named = if title.is_empty() { "Event" } else { title };
        assert_eq!(json_ld(&head)["name"], named);

        let page = views::head::PageFacts { title, intro: title, ..PAGE };
        let listed = html(Head::of_page(&links, &page, &[&entry], Language::Es), Language::Es);
        assert_eq!(json_ld(&listed)["name"].as_str().unwrap_or_default(), *title);
    }
}

/// A page without its JSON-LD.
fn outside(html: &str) -> String {
    let (before, rest) = html.split_once("ld+json\">").unwrap();
    format!("{before}{}", rest.split_once("</script").unwrap().1)
}

#[test]
fn times_carry_the_venue_s_offset_or_are_dates() {
    let evening = event(&game(2, "Rovers vs Rays"));
    assert_eq!(evening["startDate"], "2027-07-02T19:05:00-04:00");
    assert_eq!(evening["endDate"], "2027-07-02T22:05:00-04:00");
    let fair = event(&Entry { start: day("2027-08-01"), end: day("2027-08-03"), ..game(2, "Fair") });
    assert_eq!((&fair["startDate"], &fair["endDate"]), (&"2027-08-01".into(), &"2027-08-02".into()));
    let moment = event(&Entry { end: at("2027-07-02T19:05:00"), ..game(2, "Kick-off") });
    assert_eq!(moment["endDate"], Value::Null);
}

#[test]
fn a_status_is_one_of_schema_org() {
    let of = |status| event(&Entry { status, ..game(2, "Rovers vs Rays") });
    assert_eq!(of(EntryStatus::Scheduled)["eventStatus"], "https://schema.org/EventScheduled");
    assert_eq!(of(EntryStatus::Cancelled)["eventStatus"], "https://schema.org/EventCancelled");
    let moved = of(EntryStatus::Moved { from: at("2027-07-01T18:00:00") });
    assert_eq!(moved["eventStatus"], "https://schema.org/EventRescheduled");
    assert_eq!(moved["previousStartDate"], "2027-07-01T18:00:00-04:00");
}

#[test]
fn a_game_has_sides_and_a_concert_has_none() {
    let game_at = event(&game(2, "Rays at Rovers"));
    assert_eq!(game_at["@type"], "SportsEvent");
    assert_eq!((&game_at["homeTeam"]["name"], &game_at["awayTeam"]["name"]), (&"Rovers".into(), &"Rays".into()));
    let concert = event(&game(2, "Summer concert"));
    assert_eq!((&concert["@type"], &concert["homeTeam"]), (&"Event".into(), &Value::Null));
}

#[test]
fn a_place_is_a_venue_a_stream_or_nobody_s_business() {
    let stream = Offer {
        lead: String::new(),
        links: vec![Link { kind: LinkKind::Watch, url: "https://live.example/1".into(), label: String::new() }],
        image: None,
    };
    let of = |place, offer| event(&Entry { place, offer, ..game(2, "Rovers vs Rays") });
    let venue = of(Place::Named("Harbour Park, 12 Quay Street".into()), Some(stream.clone()));
    assert_eq!(venue["eventAttendanceMode"], "https://schema.org/OfflineEventAttendanceMode");
    assert_eq!(venue["location"]["name"], "Harbour Park");
    assert_eq!(venue["location"]["address"], "Harbour Park, 12 Quay Street");
    for online in
        [of(Place::Named(String::new()), Some(stream.clone())), of(Place::Named("https://live.example/1".into()), None)]
    {
        assert_eq!(online["eventAttendanceMode"], "https://schema.org/OnlineEventAttendanceMode");
        assert_eq!(
            online["location"],
            serde_json::json!({"@type": "VirtualLocation", "url": "https://live.example/1"})
        );
    }
    for nowhere in [of(Place::Hidden, Some(stream)), of(Place::Named(String::new()), None)] {
        assert_eq!((&nowhere["location"], &nowhere["eventAttendanceMode"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn tickets_are_offers_and_parking_is_not() {
    let offers = event(&shirt_night())["offers"].clone();
    let seats =
        serde_json::json!([{"@type": "Offer", "name": "Seats", "url": "https://tickets.example/g?id=7&from=page"}]);
    assert_eq!(offers, seats);
}

#[test]
fn a_long_season_is_counted_whole_and_listed_in_part() {
    let entries: Vec<Entry> = std::iter::repeat_with(|| game(2, "Rovers vs Rays")).take(2_430).collect();
    let json =
        structured::of_page(&Links::new(LINKS), &PAGE, &entries.iter().collect::<Vec<_>>(), Language::En.words());
    let list: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&list["numberOfItems"], list["itemListElement"].as_array().unwrap().len()), (&2_430.into(), 30));
}
