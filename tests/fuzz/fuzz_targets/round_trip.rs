//! What is read is written and read again as it was, and no line of a stranger becomes one of ours.
#![no_main]

use imip::{CalendarReading, Publication, PublishedEvent, publish_text, read_calendar_events};
use itip::{EventDetails, ItipMessage, Method, Sequence, Timestamp, When, Zone};
use libfuzzer_sys::fuzz_target;

fn write(details: &EventDetails) -> String {
    let event = PublishedEvent {
        uid: "1@convoke.example",
        sequence: Sequence(3),
        dtstamp: Timestamp(1_900_000_000),
        organizer: None,
        details: Some(details),
        overrides: &[],
        created: Timestamp(1_900_000_000),
        last_modified: Timestamp(1_900_000_000),
        cancelled: false,
        page: "",
    };
    let publication = Publication {
        method: Some(Method::Publish),
        prodid: "fuzz",
        events: &[event],
        ..Publication::default()
    };
    publish_text(&publication)
}

/// Exceptions in a zone that only this calendar defines are kept as instants.
fn comparable(mut details: EventDetails) -> EventDetails {
    details.last_end = None;
    // Line separators in HTML are space like any other, and are written as line ends.
    details.description_html = details.description_html.replace(['\u{2028}', '\u{2029}'], "\n").trim().to_owned();
    // An event without length is written without an end.
    if details.end.instant() == details.start.instant() {
        details.end = details.start.clone();
    }
    for when in details.recurrence.rdate.iter_mut().chain(&mut details.recurrence.exdate) {
        if let When::At(moment) = when {
            moment.local = Default::default();
            moment.zone = Zone::Utc;
        }
    }
    details
}

fn write_and_read(details: &EventDetails) -> EventDetails {
    let written = write(details);
    for line in written.split_terminator("\r\n") {
        assert!(line.len() <= 75 && !line.chars().any(|c| c.is_control() && c != '\t'), "{line:?}");
    }
    let again = read_calendar_events(written.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}\n{written}"));
    let [ItipMessage { components, .. }] = again.messages.try_into().expect("one event gives one event");
    let [component] = components.try_into().expect("one component gives one component");
    component.details.expect("an event has details")
}

fuzz_target!(|text: &[u8]| {
    let Ok(CalendarReading { messages, .. }) = read_calendar_events(text) else { return };
    let components = messages.into_iter().flat_map(|message| message.components);
    for details in components.filter_map(|component| component.details).take(5) {
        let again = write_and_read(&details);
        // An address beyond ASCII is written as the URI that it stands for; after that it stays.
        let (url, image) = (again.url.clone(), again.image.clone());
        assert_eq!(comparable(again.clone()), comparable(EventDetails { url, image, ..details }));
        assert_eq!(comparable(write_and_read(&again)), comparable(again));
    }
});
