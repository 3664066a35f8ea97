//! Reads calendars on standard input and says when their events take place, as JSON by UID: for `tests/readers`,
//! which asks other programs the same.
//!
//! `{"UID": {"zone": "Europe/Berlin", "starts": [1900000000, "20300101", …]}, "OTHER": {"refused": "unknown-zone"}}`;
//! at most 60 starts, seconds since 1970 or dates. With `--write` it writes a calendar for each event again instead.

use std::io::{Read, Result, Write};

use imip::{Publication, PublishedEvent, occurrences, publish_text, read_calendar_events};
use itip::{Component, EventDetails, Method, Override, OverrideState, Timestamp, When, Zone};
use serde_json::{Map, Value, json};

const STARTS_MAX: usize = 60;

fn time(when: &When) -> Value {
    match when {
        When::Date(date) => json!(date.format("%Y%m%d").to_string()),
        When::At(moment) => json!(moment.instant.0),
    }
}

fn zone(when: &When) -> &str {
    match when {
        When::Date(_) => "date",
        When::At(moment) => match &moment.zone {
            Zone::Utc => "UTC",
            Zone::Floating => "floating",
            Zone::Iana(name) => name,
            Zone::Custom { .. } => "custom",
        },
    }
}

/// The series and its exceptions.
fn parts(components: Vec<Component>) -> (Option<EventDetails>, Vec<Override>) {
    let (mut master, mut overrides) = (None, Vec::new());
    for Component { recurrence_id, order, details, .. } in components {
        match (recurrence_id, details) {
            (Some(recurrence_id), Some(details)) => {
                overrides.push(Override::new(recurrence_id, order, OverrideState::Changed(Box::new(details))));
            }
            (_, details) => master = details,
        }
    }
    (master, overrides)
}

fn main() -> Result<()> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    let reading = read_calendar_events(&text).map_err(|refusal| std::io::Error::other(refusal.as_str()))?;
    let refused = reading.refused.into_iter().map(|(uid, refusal)| (uid.0, json!({ "refused": refusal.as_str() })));
    let events: Vec<_> =
        reading.messages.into_iter().map(|message| (message.uid.0, parts(message.components))).collect();
    let mut out = std::io::stdout().lock();
    if std::env::args().any(|argument| argument == "--write") {
        for (uid, (details, overrides)) in &events {
            out.write_all(write(uid, details.as_ref(), overrides).as_bytes())?;
        }
        return out.flush();
    }
    let told = events.iter().filter_map(|(uid, (details, overrides))| {
        let details = details.as_ref()?;
        let found = occurrences(details, overrides, Timestamp(i64::MIN), Timestamp(i64::MAX), STARTS_MAX);
        let starts: Vec<Value> = found.iter().map(|found| time(&found.start)).collect();
        Some((uid.clone(), json!({ "zone": zone(&details.start), "starts": starts })))
    });
    let told: Map<String, Value> = refused.chain(told).collect();
    serde_json::to_writer(&mut out, &told)?;
    out.flush()
}

/// A calendar with one event.
fn write(uid: &str, details: Option<&EventDetails>, overrides: &[Override]) -> String {
    let event = PublishedEvent {
        uid,
        sequence: itip::Sequence::default(),
        dtstamp: Timestamp(0),
        organizer: None,
        details,
        overrides,
        created: Timestamp(0),
        last_modified: Timestamp(0),
        cancelled: false,
        page: "",
    };
    let (method, events) = (Some(Method::Publish), &[event]);
    publish_text(&Publication { method, prodid: "-//Convoke//EN", events, ..Publication::default() })
}
