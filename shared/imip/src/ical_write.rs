//! Calendar text out (RFC 5545): our own small content-line model, because a calendar library's serialiser invents
//! and drops properties.
//!
//! Invariant: nothing that a person wrote can end a line or start a property.

use std::fmt::Write;

use chrono::NaiveDateTime;
use itip::{
    CalAddress, EventDetails, EventStatus, Method, Override, OverrideState, PartStat, Recurrence, RecurrenceId,
    Sequence, Timestamp, When, Zone,
};

use crate::vtimezone::{in_zone_of, vtimezones};

/// Octets of a line before it is folded, without CRLF (RFC 5545 section 3.1).
const LINE_OCTETS_MAX: usize = 75;
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

/// A calendar message to one guest, or an answer of ours to an organizer.
#[derive(Debug, Clone)]
pub struct OutgoingCalendar<'a> {
    /// REQUEST, CANCEL; REPLY for an answer of ours.
    pub method: Method,
    /// PRODID.
    pub prodid: &'a str,
    /// UID: our event id to guests, the organizer's own in a REPLY.
    pub uid: &'a str,
    /// SEQUENCE.
    pub sequence: Sequence,
    /// DTSTAMP.
    pub dtstamp: Timestamp,
    /// ORGANIZER without `mailto:`; answers go there.
    pub organizer_address: &'a str,
    /// CN of ORGANIZER, empty if none.
    pub organizer_name: &'a str,
    /// The one ATTENDEE.
    pub attendee: &'a CalAddress,
    /// His CN, empty if none.
    pub attendee_name: &'a str,
    /// His PARTSTAT.
    pub partstat: PartStat,
    /// The master; `None` where only single instances are known.
    pub details: Option<&'a EventDetails>,
    /// Exceptions of the series.
    pub overrides: &'a [Override],
    /// CREATED.
    pub created: Timestamp,
    /// LAST-MODIFIED.
    pub last_modified: Timestamp,
    /// Minutes before the start that a REQUEST asks for a reminder.
    pub alarm_minutes: Option<u32>,
    /// Whether the whole event is called off; a CANCEL says so anyway.
    pub cancelled: bool,
    /// COMMENT.
    pub comment: Option<&'a str>,
}

/// Writes a message, CRLF line ends, pure in its arguments: a repeat is byte for byte the same.
pub fn calendar_text(calendar: &OutgoingCalendar<'_>) -> String {
    let mut lines = Lines::default();
    let exceptions = || changed(calendar.overrides);
    let used = calendar.details.into_iter().chain(exceptions().map(|(_, details)| details));
    begin(&mut lines, Some(calendar.method), calendar.prodid, used);
    if let Some(details) = calendar.details {
        let recurrence = with_cancelled_instances(calendar.overrides, details);
        vevent(&mut lines, calendar, details, Some(&recurrence), None);
    }
    // The CANCEL of a series names the series; the exceptions go with it.
    if calendar.method != Method::Cancel || calendar.details.is_none() {
        for (recurrence_id, details) in exceptions() {
            vevent(&mut lines, calendar, details, None, Some(recurrence_id));
        }
    }
    lines.raw("END", &[], "VCALENDAR");
    lines.0
}

fn begin<'a>(
    lines: &mut Lines,
    method: Option<Method>,
    prodid: &str,
    details: impl Iterator<Item = &'a EventDetails>,
) {
    lines.raw("BEGIN", &[], "VCALENDAR");
    lines.text("PRODID", &[], prodid);
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
fn changed(overrides: &[Override]) -> impl Iterator<Item = (&RecurrenceId, &EventDetails)> {
    overrides.iter().filter_map(|exception| match &exception.state {
        OverrideState::Changed(details) => Some((&exception.recurrence_id, details.as_ref())),
        OverrideState::Cancelled => None,
    })
}

/// The series' own exceptions and the instances that were called off: to a guest both are EXDATE.
fn with_cancelled_instances(overrides: &[Override], details: &EventDetails) -> Recurrence {
    let mut recurrence = details.recurrence.clone();
    let cancelled = overrides.iter().filter(|exception| exception.state == OverrideState::Cancelled);
    recurrence.exdate.extend(cancelled.map(|exception| in_zone_of(&details.start, &exception.recurrence_id.when)));
    recurrence
}

fn vevent(
    lines: &mut Lines,
    calendar: &OutgoingCalendar<'_>,
    details: &EventDetails,
    recurrence: Option<&Recurrence>,
    instance: Option<&RecurrenceId>,
) {
    let off = calendar.method == Method::Cancel || calendar.cancelled;
    lines.raw("BEGIN", &[], "VEVENT");
    lines.text("UID", &[], calendar.uid);
    lines.timestamp("DTSTAMP", calendar.dtstamp);
    lines.raw("SEQUENCE", &[], &calendar.sequence.0.to_string());
    if let Some(recurrence_id) = instance {
        let when = calendar.details.map_or_else(
            || recurrence_id.when.clone(),
            |master| in_zone_of(&master.start, &recurrence_id.when),
        );
        lines.when("RECURRENCE-ID", &when);
    }
    times(lines, details, recurrence);
    lines.text("SUMMARY", &[], &details.summary);
    texts(lines, details);
    lines.raw("CLASS", &[], "PUBLIC");
    lines.raw("STATUS", &[], status(details, off));
    lines.raw("TRANSP", &[], if details.transparent { "TRANSPARENT" } else { "OPAQUE" });
    lines.timestamp("CREATED", calendar.created);
    lines.timestamp("LAST-MODIFIED", calendar.last_modified);
    lines.some_text("COMMENT", calendar.comment.unwrap_or_default());
    let organizer = format!("mailto:{}", calendar.organizer_address);
    let named = [("CN", calendar.organizer_name)];
    lines.raw("ORGANIZER", if calendar.organizer_name.is_empty() { &[] } else { &named }, &organizer);
    let name = if calendar.attendee_name.is_empty() { calendar.attendee.as_str() } else { calendar.attendee_name };
    let params = [
        ("CN", name),
        ("CUTYPE", "INDIVIDUAL"),
        ("ROLE", "REQ-PARTICIPANT"),
        ("PARTSTAT", calendar.partstat.as_str()),
        ("RSVP", "TRUE"),
    ];
    lines.raw("ATTENDEE", &params, &format!("mailto:{}", calendar.attendee));
    if let (Some(minutes), Method::Request) = (calendar.alarm_minutes, calendar.method) {
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

/// A calendar that anybody may read: a feed to subscribe to, or a file to open.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// PUBLISH, or `None` for a plain calendar file. Outlook opens a file with METHOD:PUBLISH as a single meeting.
    pub method: Option<Method>,
    /// PRODID.
    pub prodid: &'a str,
    /// The calendar's name, empty if none.
    pub name: &'a str,
    /// How often a subscriber should come back.
    pub refresh_minutes: Option<u32>,
    /// The events in order.
    pub events: &'a [PublishedEvent<'a>],
}

/// An event of a publication: no guest is named in it.
#[derive(Debug, Clone)]
pub struct PublishedEvent<'a> {
    /// UID.
    pub uid: &'a str,
    /// SEQUENCE.
    pub sequence: Sequence,
    /// DTSTAMP.
    pub dtstamp: Timestamp,
    /// ORGANIZER without `mailto:` and its CN; RFC 5546 section 3.2.1 wants it with METHOD:PUBLISH.
    pub organizer: Option<(&'a str, &'a str)>,
    /// The master; `None` where only single instances are known.
    pub details: Option<&'a EventDetails>,
    /// Exceptions of the series.
    pub overrides: &'a [Override],
    /// CREATED.
    pub created: Timestamp,
    /// LAST-MODIFIED.
    pub last_modified: Timestamp,
    /// Whether the whole event is called off.
    pub cancelled: bool,
}

/// Writes a publication.
pub fn publish_text(publication: &Publication<'_>) -> String {
    let mut lines = Lines::default();
    let used = publication.events.iter().flat_map(|event| {
        event.details.into_iter().chain(changed(event.overrides).map(|(_, details)| details))
    });
    begin(&mut lines, publication.method, publication.prodid, used);
    lines.some_text("NAME", publication.name);
    if let Some(minutes) = publication.refresh_minutes {
        lines.raw("REFRESH-INTERVAL", &[("VALUE", "DURATION")], &format!("PT{minutes}M"));
    }
    for event in publication.events {
        if let Some(details) = event.details {
            let recurrence = with_cancelled_instances(event.overrides, details);
            published(&mut lines, event, details, Some(&recurrence), None);
        }
        for (recurrence_id, details) in changed(event.overrides) {
            published(&mut lines, event, details, None, Some(recurrence_id));
        }
    }
    lines.raw("END", &[], "VCALENDAR");
    lines.0
}

fn published(
    lines: &mut Lines,
    event: &PublishedEvent<'_>,
    details: &EventDetails,
    recurrence: Option<&Recurrence>,
    instance: Option<&RecurrenceId>,
) {
    lines.raw("BEGIN", &[], "VEVENT");
    lines.text("UID", &[], event.uid);
    lines.timestamp("DTSTAMP", event.dtstamp);
    lines.raw("SEQUENCE", &[], &event.sequence.0.to_string());
    if let Some(recurrence_id) = instance {
        let when = event.details.map_or_else(
            || recurrence_id.when.clone(),
            |master| in_zone_of(&master.start, &recurrence_id.when),
        );
        lines.when("RECURRENCE-ID", &when);
    }
    times(lines, details, recurrence);
    lines.text("SUMMARY", &[], &details.summary);
    texts(lines, details);
    lines.raw("STATUS", &[], status(details, event.cancelled));
    // Whoever subscribes and accepts an invitation must not be busy twice.
    lines.raw("TRANSP", &[], "TRANSPARENT");
    lines.timestamp("CREATED", event.created);
    lines.timestamp("LAST-MODIFIED", event.last_modified);
    if let Some((address, name)) = event.organizer {
        let named = [("CN", name)];
        lines.raw("ORGANIZER", if name.is_empty() { &[] } else { &named }, &format!("mailto:{address}"));
    }
    lines.raw("END", &[], "VEVENT");
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
