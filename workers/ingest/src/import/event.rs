//! What an import has to know of an event before it asks its object.

use itip::{Component, EventDetails, ItipMessage, Method, Timestamp};
use scheduling::import::{ReadEvent, Standing};
use scheduling::keys::sha256_hex;
use timetable::Teams;

/// For a series without end: 9999-12-31.
const NEVER: Timestamp = Timestamp(253_402_214_400);

/// An event as the organizer's object compares it with what it was. The fingerprint is of all that it says, but for when
/// that was written: programs write DTSTAMP, LAST-MODIFIED, CREATED and PRODID anew each time.
pub(super) fn read_event(message: &ItipMessage) -> ReadEvent {
    let said = |component: &Component| {
        let organizer = component.organizer.as_ref().map(|organizer| organizer.address.as_str());
        let said = (&component.recurrence_id, component.order.sequence, organizer, &component.details);
        serde_json::to_string(&said).unwrap_or_default()
    };
    let all: Vec<String> = message.components.iter().map(said).collect();
    let mut fingerprint = sha256_hex(format!("{}\n{}", message.method.as_str(), all.join("\n")).as_bytes());
    fingerprint.truncate(32);
    let title = details_of(message).map(|details| details.summary.as_str()).unwrap_or_default();
    ReadEvent { uid: message.uid.0.clone(), fingerprint, what: what(title) }
}

/// The details of the whole event, or of its first instance.
fn details_of(message: &ItipMessage) -> Option<&EventDetails> {
    let master = message.components.iter().find(|component| component.recurrence_id.is_none());
    master.or(message.components.first())?.details.as_ref()
}

/// The title of a message's event; its UID if it has none.
pub(super) fn title_of(message: &ItipMessage) -> String {
    let title = details_of(message).map(|details| details.summary.trim()).filter(|title| !title.is_empty());
    title.unwrap_or(&message.uid.0).to_owned()
}

/// When an event starts, and when it starts for the last time.
pub(super) fn times_of(message: &ItipMessage) -> (Timestamp, Timestamp) {
    let Some(details) = details_of(message) else { return (Timestamp(0), Timestamp(0)) };
    let start = details.start.instant();
    let until = if details.recurrence.is_series() { details.last_end.unwrap_or(NEVER) } else { start };
    (start, until)
}

/// What an event is, whatever its UID: the teams, else the words of its title. Marks that a season's course puts behind
/// a name do not matter.
fn what(title: &str) -> String {
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
    };
    match Teams::read(title) {
        Some(Teams { home, away }) => format!("{} | {}", words(&home), words(&away)),
        None => words(title),
    }
}

/// A posting that this calendar words differently than before is news, whatever its DTSTAMP says, which many feeds
/// never change: it is ordered as one without DTSTAMP is, by its content. What has come back is news even if it says
/// what it said, and a single date has no content to compare the whole by: both are as of now.
pub(super) fn as_news(message: &mut ItipMessage, standing: Standing, now: Timestamp) {
    let whole = message.components.iter().any(|component| component.recurrence_id.is_none());
    let dtstamp = match standing {
        Standing::Changed if whole => Timestamp(0),
        Standing::Changed | Standing::Returned => now,
        Standing::New | Standing::Same | Standing::Later => return,
    };
    if message.method == Method::Publish {
        for component in &mut message.components {
            component.order.dtstamp = dtstamp;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> ItipMessage {
        let text =
            format!("BEGIN:VCALENDAR\nPRODID:{}\nBEGIN:VEVENT\nUID:1\n{text}\nEND:VEVENT\nEND:VCALENDAR\n", text.len());
        imip::read_calendar(text.as_bytes()).unwrap().remove(0)
    }

    #[test]
    fn only_what_a_guest_can_see_makes_a_difference() {
        let event = "SUMMARY:Rovers vs. Mariners\nDTSTART:20270301T190000Z\nLOCATION:Harbour Park";
        let same = [
            format!("{event}\nDTSTAMP:20260101T000000Z"),
            format!("DTSTAMP:20270101T000000Z\nLAST-MODIFIED:20270101T000000Z\nCREATED:20260101T000000Z\n{event}"),
        ];
        for text in &same {
            assert_eq!(read_event(&one(text)), read_event(&one(event)), "{text}");
        }
        let other = [
            event.replace("Park", "Road"),
            event.replace("T19", "T20"),
            format!("{event}\nSTATUS:CANCELLED"),
            format!("{event}\nSEQUENCE:1"),
            format!("{event}\nRRULE:FREQ=WEEKLY;COUNT=2"),
        ];
        for text in &other {
            assert_ne!(read_event(&one(text)).fingerprint, read_event(&one(event)).fingerprint, "{text}");
        }
    }

    #[test]
    fn a_game_is_the_same_however_its_title_is_written() {
        for title in ["Rovers* vs. Mariners", "rovers VS. mariners".replace("VS", "vs").as_str(), "Mariners @ Rovers"] {
            assert_eq!(what(title), "rovers | mariners", "{title}");
        }
        assert_ne!(what("Rovers vs. Mariners"), what("Mariners vs. Rovers"));
        assert_eq!(what("  Summer: Fête!"), "summer fête");
    }
}
