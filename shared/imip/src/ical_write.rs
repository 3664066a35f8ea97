//! Calendar text for guests and feeds: iCalendar objects (RFC 5545) that carry iTIP messages (RFC 5546).
//!
//! What lives here: which properties a message has and in which order. What does not: how a line is escaped
//! and folded (`content_line`), and the time-zone definitions (`vtimezone`).

use itip::{CalAddress, EventDetails, Method, Override, PartStat, Sequence, Timestamp};

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
    let _ = calendar;
    String::new()
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
    let _ = publication;
    String::new()
}
