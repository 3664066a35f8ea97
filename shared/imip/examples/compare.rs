//! How much of a corpus of mail and calendar files each reader takes: `compare PATH [DIRECTORY]`.
//!
//! Every calendar of every file counts once, by its bytes; with a directory they are written there too, so that
//! readers in other languages can be asked the same.
//!
//! A reader takes a calendar if it gives no error. How many of its events can be put on a calendar is another
//! question: an event counts if the reader gives its start, and is `placed` if its zone is known too. Of instances
//! that a calendar repeats `imip` keeps the newest, so that its events are fewer.

#![allow(clippy::print_stdout, reason = "a table is what it is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use calcard::icalendar::{ICalendarComponentType, ICalendarProperty};
use calcard::{Entry, Parser};
use icalendar::{CalendarComponent, Component};
use imip::{CalendarRefusal, read_calendar_events};
use mail_parser::{MessageParser, MimeHeaders, PartType};

/// What a reader made of one calendar.
#[derive(Default)]
struct Reading {
    error: Option<String>,
    /// Events with a start.
    events: usize,
    /// Those whose start is a date, floating or an instant.
    placed: usize,
}

type Reader = fn(&[u8]) -> Reading;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let corpus = arguments.next().unwrap_or_else(|| PathBuf::from("../shared/corpus"));
    let directory = arguments.next();
    let mut calendars = BTreeSet::new();
    collect(&corpus, &mut calendars)?;
    println!("{} different calendars", calendars.len());
    for (number, calendar) in calendars.iter().enumerate() {
        if let Some(directory) = &directory {
            std::fs::write(directory.join(format!("{number:05}.ics")), calendar)?;
        }
    }
    let readers: [(&str, Reader); 3] = [("imip", ours), ("calcard", calcard), ("icalendar", icalendar)];
    println!("{:10} {:>8} {:>8} {:>12} {:>8} {:>8}", "reader", "taken", "refused", "with events", "events", "placed");
    for (name, read) in readers {
        let readings: Vec<Reading> = calendars.iter().map(|calendar| read(calendar)).collect();
        let sum = |number: fn(&Reading) -> usize| readings.iter().map(number).sum::<usize>();
        let refused = sum(|reading| usize::from(reading.error.is_some()));
        println!(
            "{name:10} {:8} {refused:8} {:12} {:8} {:8}",
            readings.len() - refused,
            sum(|reading| usize::from(reading.events > 0)),
            sum(|reading| reading.events),
            sum(|reading| reading.placed),
        );
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in readings.iter().filter_map(|reading| reading.error.as_deref()) {
            *reasons.entry(reason).or_default() += 1;
        }
        for (reason, count) in reasons {
            println!("{count:21} {reason}");
        }
    }
    Ok(())
}

/// The calendars of every file: a file that is one, or the parts of a mail that look like one.
fn collect(path: &Path, calendars: &mut BTreeSet<Vec<u8>>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), calendars)?;
        }
        return Ok(());
    }
    let bytes = std::fs::read(path)?;
    let begins = bytes.trim_ascii_start().get(..15).is_some_and(|begin| begin.eq_ignore_ascii_case(b"BEGIN:VCALENDAR"));
    if begins || path.extension().is_some_and(|extension| extension == "ics") {
        calendars.insert(bytes.trim_ascii().to_vec());
        return Ok(());
    }
    let Some(mail) = MessageParser::default().parse(&bytes).filter(|mail| mail.header("From").is_some()) else {
        return Ok(());
    };
    for part in &mail.parts {
        let is_calendar = part
            .content_type()
            .and_then(|kind| kind.subtype())
            .is_some_and(|subtype| ["calendar", "ics"].iter().any(|known| subtype.eq_ignore_ascii_case(known)));
        if is_calendar && !matches!(part.body, PartType::Message(_)) {
            calendars.insert(part.contents().trim_ascii().to_vec());
        }
    }
    Ok(())
}

fn ours(bytes: &[u8]) -> Reading {
    match read_calendar_events(bytes) {
        Ok(reading) => {
            let components = reading.messages.iter().flat_map(|message| &message.components);
            // A zone that is not known refuses the event, so that every one that is left has its place.
            let events = components.filter(|component| component.details.is_some()).count();
            Reading { error: None, events, placed: events }
        }
        // Read and understood, and nothing in it takes place.
        Err(CalendarRefusal::NoEvent | CalendarRefusal::NoStart | CalendarRefusal::BadDate) => Reading::default(),
        Err(reason) => Reading { error: Some(reason.as_str().to_owned()), ..Reading::default() },
    }
}

fn calcard(bytes: &[u8]) -> Reading {
    let text = String::from_utf8_lossy(bytes);
    let mut parser = Parser::new(&text);
    let mut reading = Reading::default();
    let mut found = false;
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => {
                found = true;
                let zones = calendar.build_tz_resolver();
                for component in &calendar.components {
                    let start = component.property(&ICalendarProperty::Dtstart);
                    let Some(start) = start.filter(|_| component.component_type == ICalendarComponentType::VEvent)
                    else {
                        continue;
                    };
                    let time = start.values.first().and_then(|value| value.as_partial_date_time());
                    reading.events += usize::from(time.is_some());
                    let named = start.tz_id();
                    let known = named.is_none_or(|name| zones.resolve(name).is_some_and(|zone| !zone.is_floating()));
                    reading.placed += usize::from(time.is_some() && known);
                }
            }
            Entry::Eof => break,
            Entry::UnexpectedComponentEnd { .. } if !found => reading.error = Some("unexpected end".to_owned()),
            Entry::UnterminatedComponent(_) if !found => reading.error = Some("unterminated".to_owned()),
            _ => {}
        }
    }
    reading.error = if found { None } else { reading.error.or_else(|| Some("no calendar".to_owned())) };
    reading
}

fn icalendar(bytes: &[u8]) -> Reading {
    let text = String::from_utf8_lossy(bytes);
    let calendar: icalendar::Calendar = match text.parse() {
        Ok(calendar) => calendar,
        Err(_) => return Reading { error: Some("syntax".to_owned()), ..Reading::default() },
    };
    let events = calendar.components.iter().filter_map(CalendarComponent::as_event);
    let starts: Vec<_> = events.filter(|event| event.property_value("DTSTART").is_some()).collect();
    let placed = starts.iter().filter(|event| event.get_start().is_some()).count();
    Reading { error: None, events: starts.len(), placed }
}
