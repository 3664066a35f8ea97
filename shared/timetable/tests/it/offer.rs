use itip::{EventDetails, Timestamp};
use timetable::{LinkKind, Offer, Place};

use crate::season::{About, details, entry_of};

fn event(description: &str) -> EventDetails {
    details("2027-07-02T19:05", "Tampa Herons at Rovers", "Camden Wharf", "Game", description)
}

/// Lead, then each link as kind, label and address.
fn told(offer: Option<&Offer>) -> String {
    let Some(offer) = offer else { return "-".into() };
    let mut lines = vec![offer.lead.clone()];
    lines.extend(offer.links.iter().map(|link| format!("{:?} [{}] {}", link.kind, link.label, link.url)));
    lines.extend(offer.image.iter().map(|image| format!("image {image}")));
    lines.join(" | ")
}

#[test]
fn an_offer_is_found_in_what_people_write() {
    for (description, expected) in [
        ("", "-"),
        ("Tampa Herons at Rovers", "-"),
        ("Shirt night! The first 5,000 get one.", "Shirt night!"),
        ("First pitch vs. Tampa at St. John's. Bring a hat.", "First pitch vs. Tampa at St. John's."),
        ("Tickets: https://club.example/t/1.", " | Tickets [Tickets] https://club.example/t/1"),
        (
            "Bobblehead night.\n\nBuy tickets: https://club.example/t?id=1&x=2\nParking - https://park.example/lot\n\
             • Fan shop (https://club.example/shop)",
            "Bobblehead night. | Tickets [Buy tickets] https://club.example/t?id=1&x=2 \
             | Parking [Parking] https://park.example/lot | Shop [Fan shop] https://club.example/shop",
        ),
        ("Watch live\nhttps://video.example/1", "Watch live | Watch [Watch live] https://video.example/1"),
        (
            "Entradas: https://club.example/e Estacionamiento: https://club.example/p",
            " | Tickets [Entradas] https://club.example/e | Parking [Estacionamiento] https://club.example/p",
        ),
        ("https://ticketmaster.example/1", " | Tickets [] https://ticketmaster.example/1"),
        (
            "Read https://wiki.example/Rovers_(club), it is good fun for all of us.",
            "Read , it is good fun for all of us. | More [Read] https://wiki.example/Rovers_(club)",
        ),
        ("https://a.example/x https://a.example/x", " | More [] https://a.example/x"),
        ("Poster https://club.example/poster.PNG?v=2", "image https://club.example/poster.PNG?v=2"),
        ("javascript:alert(1) http:// https://", "javascript:alert(1) http:// https://"),
    ] {
        let expected = expected.strip_prefix("image").map_or(expected.to_owned(), |rest| format!(" | image{rest}"));
        assert_eq!(told(Offer::read(&event(description), false).as_ref()), expected, "{description}");
    }
}

#[test]
fn links_of_html_and_of_the_event_count() {
    let html = EventDetails {
        description: "Come early.".into(),
        description_html: imip::sanitize_html(
            "<p>Come early.</p><p><a href=\"https://club.example/t\">Get seats</a></p>",
        ),
        url: "https://club.example/game/7".into(),
        image: "https://club.example/7.webp".into(),
        ..event("")
    };
    assert_eq!(
        told(Offer::read(&html, false).as_ref()),
        "Come early. | More [] https://club.example/game/7 | Tickets [Get seats] https://club.example/t \
         | image https://club.example/7.webp"
    );
    let twice = EventDetails { url: "https://club.example/t".into(), ..event("Tickets: https://club.example/t") };
    assert_eq!(Offer::read(&twice, false).unwrap().links.len(), 1);
    let plain =
        EventDetails { url: "ftp://club.example/t".into(), image: "http://club.example/i.png".into(), ..event("") };
    assert_eq!(Offer::read(&plain, false), None);
}

#[test]
fn a_lead_is_short_and_buttons_are_few() {
    let many: String = (0..50).map(|number| format!("https://club.example/{number}\n")).collect();
    let offer = Offer::read(&event(&format!("{}\n{many}", "word ".repeat(100))), false).unwrap();
    assert!(offer.lead.chars().count() <= 161 && offer.lead.ends_with("word…"), "{}", offer.lead);
    assert_eq!(offer.links.len(), 6);
}

#[test]
fn a_hidden_place_leaves_by_no_way() {
    let secret = [
        "Talk of the month.",
        "Join Zoom Meeting",
        "https://us02web.zoom.us/j/8123?pwd=abc",
        "Meeting ID: 812 3456",
        "Passcode: 991199",
        "Slides: https://club.example/slides",
    ]
    .join("\n");
    let mut hidden = EventDetails { url: "https://teams.microsoft.com/l/meetup-join/x".into(), ..event(&secret) };
    hidden.location = "https://us02web.zoom.us/j/8123".into();
    let entry = entry_of(&hidden, 1, &About { hide_place: true, ..About::default() });
    assert_eq!(entry.place, Place::Hidden);
    assert_eq!(told(entry.offer.as_ref()), "Talk of the month. | More [Slides] https://club.example/slides");
    let all = format!("{entry:?}").to_lowercase();
    for leak in ["zoom.us", "8123", "812 3456", "991199", "teams.microsoft", "camden"] {
        assert!(!all.contains(leak), "{leak}: {all}");
    }
    let open = entry_of(&hidden, 1, &About::default());
    assert!(open.offer.unwrap().links.iter().any(|link| link.kind == LinkKind::Watch));
}

#[test]
fn fresh_is_a_day() {
    for (age, fresh) in [(0, true), (86_399, true), (86_400, false), (-5, true)] {
        assert_eq!(Offer::is_fresh(Timestamp(1_000_000), Timestamp(1_000_000 + age)), fresh, "{age}");
    }
}
