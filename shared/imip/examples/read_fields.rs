//! Reads calendar files and takes the fields of every event: our side of `tests/bench/read.mjs`.
//!
//! The argument is a file that lists sets of files as JSON: `{"name": ["path", …], …}`. For every line on standard
//! input there is one on standard output: `check NAME INDEX` gives the fields of the events of one file, or null;
//! `time NAME TIMES` gives the seconds that so many readings of the set took and a sum that proves the work.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::HashMap;
use std::io::{BufRead, Result, Write};
use std::time::Instant;

use imip::read_calendar_events;
use itip::{Component, EventStatus, When};

/// UID, RECURRENCE-ID, DTSTART, DTEND, RRULE, SUMMARY, LOCATION, DESCRIPTION, ORGANIZER, SEQUENCE, DTSTAMP, STATUS,
/// and each ATTENDEE with its PARTSTAT.
type Fields = Vec<String>;

/// Seconds since 1970, or a date.
fn time(when: &When) -> String {
    match when {
        When::Date(date) => date.format("%Y%m%d").to_string(),
        When::At(moment) => moment.instant.0.to_string(),
    }
}

fn fields(uid: &str, component: Component) -> Option<Fields> {
    let details = component.details?;
    let status = match details.status {
        EventStatus::Confirmed => "CONFIRMED",
        EventStatus::Tentative => "TENTATIVE",
        EventStatus::Cancelled => "CANCELLED",
    };
    let mut fields = vec![
        uid.to_owned(),
        component.recurrence_id.map(|id| time(&id.when)).unwrap_or_default(),
        time(&details.start),
        time(&details.end),
        details.recurrence.rrule.unwrap_or_default(),
        details.summary,
        details.location,
        details.description,
        component.organizer.map(|organizer| organizer.address.to_string()).unwrap_or_default(),
        component.order.sequence.0.to_string(),
        component.order.dtstamp.0.to_string(),
        status.to_owned(),
    ];
    fields.extend(component.attendees.iter().map(|one| format!("{} {}", one.address, one.partstat.as_str())));
    Some(fields)
}

fn read(bytes: &[u8]) -> Option<Vec<Fields>> {
    let reading = read_calendar_events(bytes).ok()?;
    let events = reading.messages.into_iter().flat_map(|message| {
        let uid = message.uid;
        message.components.into_iter().filter_map(move |component| fields(&uid.0, component))
    });
    Some(events.collect())
}

fn main() -> Result<()> {
    let list = std::env::args_os().nth(1).ok_or_else(|| std::io::Error::other("name the file that lists the sets"))?;
    let sets: HashMap<String, Vec<String>> = serde_json::from_slice(&std::fs::read(list)?)?;
    let load = |paths: Vec<String>| paths.into_iter().map(std::fs::read).collect::<Result<Vec<_>>>();
    let sets = sets.into_iter().map(|(name, paths)| Ok((name, load(paths)?))).collect::<Result<HashMap<_, _>>>()?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let (order, set) = (words.next(), words.next().and_then(|name| sets.get(name)));
        let set = set.ok_or_else(|| std::io::Error::other(format!("{line}: no such set")))?;
        let number: usize = words.next().and_then(|number| number.parse().ok()).unwrap_or_default();
        if order == Some("check") {
            writeln!(out, "{}", serde_json::to_string(&set.get(number).and_then(|bytes| read(bytes)))?)?;
        } else {
            let (started, mut sum) = (Instant::now(), 0);
            for bytes in (0..number).flat_map(|_| set) {
                sum += read(bytes).unwrap_or_default().iter().map(Vec::len).sum::<usize>();
            }
            writeln!(out, "[{},{sum}]", started.elapsed().as_secs_f64())?;
        }
        out.flush()?;
    }
    Ok(())
}
