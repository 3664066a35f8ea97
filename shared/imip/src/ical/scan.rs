//! Where the events of a long calendar stand, so that it can be read in parts.
//!
//! A walk over the lines that looks at BEGIN, END and the few properties that tell events apart: no value is read. It
//! nests components as [`lines`](super::lines) repairs them, and the parts read one by one give what the whole gives.

use std::borrow::Cow;
use std::collections::HashMap;

use super::event::{day, one_line};
use super::lines::{ContentLine, TOP_LEVEL, component_name, plain};
use crate::CalendarRefusal;
use crate::limits::{COMPONENT_DEPTH_MAX, EVENTS_MAX};

/// A stretch of bytes: its first, and how many.
pub type Span = (usize, usize);

/// A calendar text and where its events stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarScan<'a> {
    /// The text that the spans are of: the bytes themselves if they are UTF-8 and not moved in.
    pub text: Cow<'a, str>,
    /// Of each VCALENDAR: its properties and time zones.
    pub heads: Vec<Vec<Span>>,
    /// Its events in order of appearance.
    pub events: Vec<ScannedEvent>,
    /// What the first VCALENDAR that has a name calls itself (X-WR-CALNAME; NAME, RFC 7986 section 5.1).
    pub name: String,
    /// Whether the text ends with its last VCALENDAR; one that does not has been cut off.
    pub complete: bool,
}

/// An event, or what must be read together with it: the exceptions of a series, and those without a UID that only
/// their order tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannedEvent {
    /// Its VEVENTs, each with its VCALENDAR.
    pub components: Vec<(usize, Span)>,
    /// Its UID; empty if it has none.
    pub uid: String,
    /// Its title as it is written there, in one line.
    pub title: String,
}

/// Finds the events of a calendar text.
pub fn scan_calendar(bytes: &[u8]) -> Result<CalendarScan<'_>, CalendarRefusal> {
    let text = plain(bytes);
    let mut scanner = Scanner::default();
    for (at, line) in logical_lines(&text) {
        scanner.line(at, line)?;
    }
    scanner.close_to(0, text.len(), false);
    let Scanner { heads, events, components, name, complete, .. } = scanner;
    if components > EVENTS_MAX {
        return Err(CalendarRefusal::TooLarge);
    }
    match (heads.is_empty(), events.is_empty()) {
        (true, _) if text.trim().is_empty() => Err(CalendarRefusal::Empty),
        (true, _) => Err(CalendarRefusal::NotACalendar),
        (_, true) => Err(CalendarRefusal::NoEvent),
        (false, false) => Ok(CalendarScan { text, heads, events, name, complete }),
    }
}

/// A calendar text of its own, put together from pieces of a longer one: head and components of a VCALENDAR each.
/// `method` counts where the head names none.
pub fn excerpt<'a>(pieces: impl Iterator<Item = (Vec<&'a [u8]>, Vec<&'a [u8]>)>, method: Option<&str>) -> Vec<u8> {
    let mut text = Vec::new();
    for (head, components) in pieces {
        text.extend_from_slice(b"BEGIN:VCALENDAR\r\n");
        for span in head {
            text.extend_from_slice(span.trim_ascii_end());
            text.extend_from_slice(b"\r\n");
        }
        if let Some(method) = method {
            text.extend_from_slice(format!("METHOD:{method}\r\n").as_bytes());
        }
        for span in components {
            text.extend_from_slice(span.trim_ascii_end());
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"END:VCALENDAR\r\n");
    }
    text
}

/// Each line with its folded rest, not yet unfolded, and where it begins.
fn logical_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes.get(at..)?.iter().take_while(|byte| is_end(byte)).count();
        let start = at;
        let mut end;
        loop {
            at += bytes.get(at..)?.iter().position(is_end).unwrap_or(bytes.len() - at);
            end = at;
            at += bytes.get(at..)?.iter().take_while(|byte| is_end(byte)).count();
            if !matches!(bytes.get(at), Some(b' ' | b'\t')) {
                break;
            }
        }
        (start < end).then(|| (start, text.get(start..end).unwrap_or_default()))
    })
}

/// Joins what was folded.
fn unfolded(line: &str) -> Cow<'_, str> {
    if !line.contains(|c: char| c.is_control() && c != '\t') {
        return line.into();
    }
    let mut physical = line.split(['\n', '\r']).filter(|part| !part.is_empty());
    let mut joined = physical.next().unwrap_or_default().to_owned();
    for part in physical {
        joined.push_str(part.strip_prefix([' ', '\t']).unwrap_or(part));
    }
    joined.retain(|c| !c.is_control() || c == '\t');
    joined.into()
}

/// What tells an event apart from others.
#[derive(Default)]
struct Marks {
    uid: Option<String>,
    summary: Option<String>,
    start: Option<String>,
}

#[derive(Default)]
struct Scanner {
    heads: Vec<Vec<Span>>,
    events: Vec<ScannedEvent>,
    /// Where in `events` a key is.
    places: HashMap<String, usize>,
    components: usize,
    /// Names of the open components, outermost first.
    open: Vec<String>,
    /// Where the component below VCALENDAR begins.
    began: usize,
    marks: Marks,
    name: String,
    complete: bool,
}

/// The names of the lines that matter; every other line costs one look at its first character.
fn may_matter(line: &str) -> bool {
    matches!(
        line.trim_start().as_bytes().first().map(u8::to_ascii_uppercase),
        Some(b'B' | b'E' | b'U' | b'S' | b'D' | b'X' | b'N')
    )
}

impl Scanner {
    fn line(&mut self, at: usize, line: &str) -> Result<(), CalendarRefusal> {
        let depth = self.open.len();
        // Texts fill most of a calendar, and nothing inside of an alarm matters.
        if depth != 1 && !may_matter(line) {
            return Ok(());
        }
        let unfolded = unfolded(line);
        let content = ContentLine::split(&unfolded);
        let (name, value) = content.as_ref().map_or(("", ""), |content| (content.name.as_ref(), content.value));
        match (name, depth) {
            ("BEGIN", _) => return self.begin(at, &component_name(value)),
            ("END", _) => self.end(at, at + line.len(), &component_name(value)),
            (_, 1) => {
                if self.name.is_empty() && matches!(name, "X-WR-CALNAME" | "NAME") {
                    self.name = one_line(value);
                }
                self.add_to_head((at, line.len()));
            }
            ("UID", 2) => mark(&mut self.marks.uid, || value.trim().to_owned()),
            ("SUMMARY", 2) => mark(&mut self.marks.summary, || one_line(value)),
            ("DTSTART", 2) => mark(&mut self.marks.start, || day(value).to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, at: usize, name: &str) -> Result<(), CalendarRefusal> {
        if name == "VCALENDAR" {
            self.close_to(0, at, false);
            self.open_calendar();
        } else {
            if self.open.is_empty() {
                if name != "VEVENT" && name != "VTIMEZONE" {
                    return Ok(());
                }
                self.open_calendar();
            } else if TOP_LEVEL.contains(&name) {
                self.close_to(1, at, false);
            }
            if self.open.len() == 1 {
                (self.began, self.marks) = (at, Marks::default());
            }
            self.open.push(name.to_owned());
        }
        if self.open.len() > COMPONENT_DEPTH_MAX { Err(CalendarRefusal::TooDeep) } else { Ok(()) }
    }

    fn open_calendar(&mut self) {
        self.open.push("VCALENDAR".to_owned());
        self.heads.push(Vec::new());
    }

    fn end(&mut self, at: usize, end: usize, name: &str) {
        if let Some(place) = self.open.iter().rposition(|open| open == name) {
            self.close_to(place + 1, at, false);
            self.close_to(place, end, true);
        }
    }

    /// Closes components until `depth` remain, by an END of their own or because theirs is lost.
    fn close_to(&mut self, depth: usize, end: usize, by_end: bool) {
        while self.open.len() > depth {
            let Some(name) = self.open.pop() else { return };
            match (self.open.len(), name.as_str()) {
                (0, _) => self.complete = by_end,
                (1, "VEVENT") => self.take_event(end),
                (1, "VTIMEZONE") => self.add_to_head((self.began, end - self.began)),
                _ => {}
            }
        }
    }

    fn take_event(&mut self, end: usize) {
        let span = (self.began, end - self.began);
        let Marks { uid, summary, start } = std::mem::take(&mut self.marks);
        let title = summary.unwrap_or_default();
        self.components += 1;
        let calendar = self.heads.len().saturating_sub(1);
        // UIDs are made for a whole text, and messages for each VCALENDAR.
        let uid = uid.unwrap_or_default();
        let key = if uid.is_empty() {
            format!("{title}\n{}", start.unwrap_or_default())
        } else {
            format!("{calendar} {uid}")
        };
        let place = *self.places.entry(key).or_insert(self.events.len());
        match self.events.get_mut(place) {
            Some(event) => event.components.push((calendar, span)),
            None => self.events.push(ScannedEvent { components: vec![(calendar, span)], uid, title }),
        }
    }

    /// Neighbours become one span.
    fn add_to_head(&mut self, (at, length): Span) {
        let Some(head) = self.heads.last_mut() else { return };
        match head.last_mut() {
            // Only line ends stand between two lines of one calendar that follow each other.
            Some((start, known)) if *start + *known + 2 >= at => *known = at + length - *start,
            _ => head.push((at, length)),
        }
    }
}

fn mark(place: &mut Option<String>, value: impl FnOnce() -> String) {
    if place.is_none() {
        *place = Some(value());
    }
}
