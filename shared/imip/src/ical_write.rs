//! Calendar text out (RFC 5545): our own small content-line model, because a calendar library's serialiser invents
//! and drops properties.
//!
//! Invariant: nothing that a person wrote can end a line or start a property.

use std::fmt::Write;

use chrono::NaiveDateTime;
use itip::{
    CalAddress, EventDetails, EventId, EventState, EventStatus, Method, OverrideState, PartStat, Recurrence,
    RecurrenceId, Sequence, Timestamp, When, Zone,
};

use crate::vtimezone::{in_zone_of, vtimezones};

/// Octets of a line before it is folded, without CRLF (RFC 5545 section 3.1).
const LINE_OCTETS_MAX: usize = 75;
/// Who wrote the text (RFC 5545 section 3.7.3).
const PRODID: &str = "-//Convoke//Calendar Invite Server//EN";

/// Calendar text under construction.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// Writes a line whose value is already in its wire form.
    fn raw(&mut self, name: &str, params: &[(&str, &str)], value: &str) {
        let mut line = String::from(name);
        for (param, value) in params {
            line.push(';');
            line.push_str(param);
            line.push('=');
            line.push_str(&param_value(value));
        }
        line.push(':');
        line.extend(value.chars().filter(|c| !breaks_line(*c)));
        self.fold(&line);
    }

    /// Writes a TEXT property (RFC 5545 section 3.3.11).
    fn text(&mut self, name: &str, params: &[(&str, &str)], text: &str) {
        self.raw(name, params, &escape_text(text));
    }

    /// Writes a TEXT property unless it is empty.
    fn some_text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(name, &[], text);
        }
    }

    fn when(&mut self, name: &str, when: &When) {
        match when {
            When::Date(date) => self.raw(name, &[("VALUE", "DATE")], &date.format("%Y%m%d").to_string()),
            When::At(moment) => match &moment.zone {
                Zone::Utc | Zone::Floating => self.raw(name, &[], &date_time(when)),
                Zone::Iana(tzid) | Zone::Custom { tzid, .. } => self.raw(name, &[("TZID", tzid)], &date_time(when)),
            },
        }
    }

    fn timestamp(&mut self, name: &str, timestamp: Timestamp) {
        self.raw(name, &[], &utc(timestamp));
    }

    /// Writes a line in pieces of at most 75 octets, cut between characters.
    fn fold(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > LINE_OCTETS_MAX {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

fn date_time(when: &When) -> String {
    match when {
        When::Date(date) => date.format("%Y%m%d").to_string(),
        When::At(moment) if moment.zone == Zone::Utc => moment.local.format("%Y%m%dT%H%M%SZ").to_string(),
        When::At(moment) => moment.local.format("%Y%m%dT%H%M%S").to_string(),
    }
}

fn utc(timestamp: Timestamp) -> String {
    let moment = chrono::DateTime::from_timestamp(timestamp.0, 0).map_or(NaiveDateTime::MIN, |at| at.naive_utc());
    moment.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Characters that some reader takes for the end of a line, and other controls.
fn breaks_line(c: char) -> bool {
    (c.is_control() && c != '\t') || c == '\u{2028}' || c == '\u{2029}'
}

fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' | ';' | ',' => {
                escaped.push('\\');
                escaped.push(c);
            }
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => escaped.push_str("\\n"),
            c if breaks_line(c) => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// A parameter value: quoted where it must be, carets by RFC 6868.
fn param_value(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len() + 2);
    let mut quoted = false;
    for c in value.chars() {
        match c {
            '^' => encoded.push_str("^^"),
            '"' => encoded.push_str("^'"),
            c if breaks_line(c) => encoded.push(' '),
            c => {
                quoted |= matches!(c, ':' | ';' | ',');
                encoded.push(c);
            }
        }
    }
    if quoted { format!("\"{encoded}\"") } else { encoded }
}

/// A calendar message to one guest (itip.md, RFC 5546 sections 3.2.2 and 3.2.5).
#[derive(Debug, Clone)]
pub struct OutgoingCalendar<'a> {
    /// REQUEST or CANCEL.
    pub method: Method,
    /// The event as it is now.
    pub event: &'a EventState,
    /// SEQUENCE.
    pub sequence: Sequence,
    /// DTSTAMP; a repeat reuses it.
    pub dtstamp: Timestamp,
    /// Where answers go: an address of ours, without `mailto:`.
    pub organizer_address: &'a str,
    /// The organizer's name.
    pub organizer_name: &'a str,
    /// The one guest.
    pub attendee: &'a CalAddress,
    /// His name, empty if unknown.
    pub attendee_name: &'a str,
    /// His own recorded answer.
    pub partstat: PartStat,
    /// Minutes before the start that his calendar reminds him.
    pub alarm_minutes: Option<u32>,
}

/// Writes the text of a message: CRLF, folded, ending with a line end.
pub fn calendar_text(calendar: &OutgoingCalendar<'_>) -> String {
    let mut lines = Lines::default();
    let event = calendar.event;
    begin(&mut lines, Some(calendar.method), event.details.iter().chain(changed(event).map(|(_, details)| details)));
    if let Some(details) = &event.details {
        let recurrence = with_cancelled_instances(event, details);
        vevent(&mut lines, calendar, details, Some(&recurrence), None);
    }
    if calendar.method != Method::Cancel || event.details.is_none() {
        for (recurrence_id, details) in changed(event) {
            vevent(&mut lines, calendar, details, None, Some((recurrence_id, event.details.as_ref())));
        }
    }
    lines.raw("END", &[], "VCALENDAR");
    lines.0
}

fn begin<'a>(lines: &mut Lines, method: Option<Method>, details: impl Iterator<Item = &'a EventDetails>) {
    lines.raw("BEGIN", &[], "VCALENDAR");
    lines.raw("PRODID", &[], PRODID);
    lines.raw("VERSION", &[], "2.0");
    lines.raw("CALSCALE", &[], "GREGORIAN");
    if let Some(method) = method {
        lines.raw("METHOD", &[], method.as_str());
    }
    let used: Vec<&EventDetails> = details.collect();
    let recurrences = used.iter().flat_map(|details| details.recurrence.rdate.iter().chain(&details.recurrence.exdate));
    let whens = used.iter().flat_map(|details| [&details.start, &details.end]).chain(recurrences);
    lines.0.push_str(&vtimezones(whens));
}

/// The changed instances.
fn changed(event: &EventState) -> impl Iterator<Item = (&RecurrenceId, &EventDetails)> {
    event.overrides.iter().filter_map(|exception| match &exception.state {
        OverrideState::Changed(details) => Some((&exception.recurrence_id, details.as_ref())),
        OverrideState::Cancelled => None,
    })
}

/// The series' own exceptions and the instances that were called off: to a guest both are EXDATE.
fn with_cancelled_instances(event: &EventState, details: &EventDetails) -> Recurrence {
    let mut recurrence = details.recurrence.clone();
    let cancelled = event.overrides.iter().filter(|exception| exception.state == OverrideState::Cancelled);
    recurrence.exdate.extend(cancelled.map(|exception| in_zone_of(&details.start, &exception.recurrence_id.when)));
    recurrence
}

fn vevent(
    lines: &mut Lines,
    calendar: &OutgoingCalendar<'_>,
    details: &EventDetails,
    recurrence: Option<&Recurrence>,
    instance: Option<(&RecurrenceId, Option<&EventDetails>)>,
) {
    let cancel = calendar.method == Method::Cancel;
    lines.raw("BEGIN", &[], "VEVENT");
    lines.raw("UID", &[], calendar.event.event_id.as_str());
    lines.timestamp("DTSTAMP", calendar.dtstamp);
    lines.raw("SEQUENCE", &[], &calendar.sequence.0.to_string());
    if let Some((recurrence_id, master)) = instance {
        let when = master.map_or_else(
            || recurrence_id.when.clone(),
            |master| in_zone_of(&master.start, &recurrence_id.when),
        );
        lines.when("RECURRENCE-ID", &when);
    }
    times(lines, details, recurrence);
    lines.text("SUMMARY", &[], &details.summary);
    texts(lines, details);
    lines.raw("CLASS", &[], "PUBLIC");
    lines.raw("STATUS", &[], status(details, cancel));
    lines.raw("TRANSP", &[], if details.transparent { "TRANSPARENT" } else { "OPAQUE" });
    lines.timestamp("CREATED", calendar.event.created);
    lines.timestamp("LAST-MODIFIED", calendar.event.last_modified);
    let organizer = format!("mailto:{}", calendar.organizer_address);
    lines.raw("ORGANIZER", &[("CN", calendar.organizer_name)], &organizer);
    let name = if calendar.attendee_name.is_empty() { calendar.attendee.as_str() } else { calendar.attendee_name };
    let params = [
        ("CN", name),
        ("CUTYPE", "INDIVIDUAL"),
        ("ROLE", "REQ-PARTICIPANT"),
        ("PARTSTAT", calendar.partstat.as_str()),
        ("RSVP", "TRUE"),
    ];
    lines.raw("ATTENDEE", &params, &format!("mailto:{}", calendar.attendee));
    if let (Some(minutes), false) = (calendar.alarm_minutes, cancel) {
        lines.raw("BEGIN", &[], "VALARM");
        lines.raw("ACTION", &[], "DISPLAY");
        lines.text("DESCRIPTION", &[], &details.summary);
        lines.raw("TRIGGER", &[], &format!("-PT{minutes}M"));
        lines.raw("END", &[], "VALARM");
    }
    lines.raw("END", &[], "VEVENT");
}

fn times(lines: &mut Lines, details: &EventDetails, recurrence: Option<&Recurrence>) {
    lines.when("DTSTART", &details.start);
    // A DTEND equal to its DTSTART is not allowed (RFC 5545 section 3.8.2.2); its absence says the same.
    if details.end != details.start {
        lines.when("DTEND", &details.end);
    }
    let Some(recurrence) = recurrence else { return };
    if let Some(rule) = &recurrence.rrule {
        lines.raw("RRULE", &[], rule);
    }
    for when in &recurrence.rdate {
        lines.when("RDATE", when);
    }
    for when in &recurrence.exdate {
        lines.when("EXDATE", when);
    }
}

fn texts(lines: &mut Lines, details: &EventDetails) {
    lines.some_text("DESCRIPTION", &details.description);
    if !details.description_html.is_empty() {
        let html = format!("<html><body>{}</body></html>", details.description_html);
        lines.text("X-ALT-DESC", &[("FMTTYPE", "text/html")], &html);
    }
    lines.some_text("LOCATION", &details.location);
    if !details.url.is_empty() {
        lines.raw("URL", &[], &details.url);
    }
}

fn status(details: &EventDetails, cancelled: bool) -> &'static str {
    match (cancelled, details.status) {
        (true, _) | (_, EventStatus::Cancelled) => "CANCELLED",
        (false, EventStatus::Tentative) => "TENTATIVE",
        (false, EventStatus::Confirmed) => "CONFIRMED",
    }
}

/// An event of a file or feed, without guests.
#[derive(Debug, Clone)]
pub struct PublishedEvent<'a> {
    /// Our id.
    pub event_id: &'a EventId,
    /// What it says.
    pub details: &'a EventDetails,
    /// Called off events stay in a feed as CANCELLED, so that subscribers see it.
    pub cancelled: bool,
    /// SEQUENCE.
    pub sequence: Sequence,
    /// DTSTAMP and LAST-MODIFIED: the last visible change.
    pub last_modified: Timestamp,
}

/// Writes a calendar file or feed (RFC 7986 section 5 names it).
pub fn publish_text(name: &str, events: &[PublishedEvent<'_>]) -> String {
    let mut lines = Lines::default();
    begin(&mut lines, Some(Method::Publish), events.iter().map(|event| event.details));
    lines.some_text("NAME", name);
    for event in events {
        lines.raw("BEGIN", &[], "VEVENT");
        lines.raw("UID", &[], event.event_id.as_str());
        lines.timestamp("DTSTAMP", event.last_modified);
        lines.timestamp("LAST-MODIFIED", event.last_modified);
        lines.raw("SEQUENCE", &[], &event.sequence.0.to_string());
        times(&mut lines, event.details, Some(&event.details.recurrence));
        lines.text("SUMMARY", &[], &event.details.summary);
        texts(&mut lines, event.details);
        lines.raw("STATUS", &[], status(event.details, event.cancelled));
        // Whoever subscribes and accepts an invitation must not be busy twice.
        lines.raw("TRANSP", &[], "TRANSPARENT");
        lines.raw("END", &[], "VEVENT");
    }
    lines.raw("END", &[], "VCALENDAR");
    lines.0
}

/// Writes a UTC offset (RFC 5545 section 3.3.14).
pub(crate) fn utc_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let mut text = format!("{sign}{hours:02}{minutes:02}");
    if rest != 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, "{rest:02}");
    }
    text
}

/// Writes a component's lines, folded.
pub(crate) fn component(lines: &[(&str, String)]) -> String {
    let mut text = Lines::default();
    for (name, value) in lines {
        text.raw(name, &[], value);
    }
    text.0
}
