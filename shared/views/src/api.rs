//! The JSON documents of the first API, field for field in its order, and those of `/v1/`.

use std::collections::BTreeMap;

use itip::{Delivery, EventDetails, InstanceAnswer, PartStat, RsvpStatus};
use serde::Serialize;

/// `GET /event/{uid}`: fourteen fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the first API's")]
pub struct EventDocument {
    pub uid: String,
    pub created: i64,
    pub description_html: String,
    pub dtend: i64,
    pub dtstart: i64,
    pub last_modified: i64,
    pub location_html: String,
    pub mailto: String,
    pub original_organizer: String,
    pub organizer: String,
    pub prodid: String,
    pub sequence: u32,
    pub status: &'static str,
    pub summary_html: String,
}

/// A line of the event lists: ten fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the first API's")]
pub struct EventLine {
    pub uid: String,
    pub mailto: String,
    pub organizer: String,
    pub status: &'static str,
    pub created: i64,
    pub dtstart: i64,
    pub dtend: i64,
    pub summary_html: String,
    pub description_html: String,
    pub location_html: String,
}

/// Statistics of an event, an organizer or everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Statistics {
    /// All guests.
    pub attendees: u32,
    /// By origin.
    pub origin: BTreeMap<String, u32>,
    /// By calendar client.
    pub prodid: BTreeMap<String, u32>,
    /// By answer.
    pub rsvp: Rsvp,
}

/// The four answers, always all four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs, reason = "the names are the first API's")]
pub struct Rsvp {
    pub accepted: u32,
    pub declined: u32,
    pub noaction: u32,
    pub tentative: u32,
}

/// A line of `GET /event/{uid}/attendees`, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names are the first API's")]
pub struct AttendeeLine {
    pub attendee: String,
    pub name: String,
    pub status: RsvpStatus,
    pub origin: &'static str,
    pub prodid: String,
}

/// `GET /v1/events/{uid}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventFull {
    /// Our id.
    pub uid: String,
    /// The owner's address.
    pub owner: String,
    /// The organizer's name.
    pub organizer: String,
    /// `confirmed`, `tentative` or `cancelled`.
    pub status: &'static str,
    /// The last occurrence has ended.
    pub past: bool,
    /// Visible changes so far.
    pub revision: u32,
    /// First mail, epoch seconds.
    pub created: i64,
    /// Last visible change, epoch seconds.
    pub last_modified: i64,
    /// A DATE, not a moment.
    pub all_day: bool,
    /// The zone the organizer wrote; `null` for all-day and floating times.
    pub zone: Option<String>,
    /// Everything it says.
    pub details: EventDetails,
    /// The next occurrences; one of a single event.
    pub occurrences: Vec<Occurrence>,
    /// Where invitations are asked for.
    pub invite_url: String,
    /// Figures.
    pub statistics: Statistics,
}

/// One time an event takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Occurrence {
    /// Epoch seconds.
    pub start: i64,
    /// Epoch seconds.
    pub end: i64,
    /// On the wall where it happens: `2027-07-02T19:05:00`, or a date.
    pub local_start: String,
    /// This one is off.
    pub cancelled: bool,
    /// Its title, where it differs from the event's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// A guest as the report and `/v1/` name him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuestLine {
    /// His address.
    pub email: String,
    /// His name, empty if unknown.
    pub name: String,
    /// The status that counts now.
    pub status: RsvpStatus,
    /// Where he came from.
    pub origin: &'static str,
    /// His calendar client.
    pub prodid: String,
    /// COMMENT of his answer, empty if absent.
    pub comment: String,
    /// REQUEST-STATUS of his answer, empty if absent.
    pub request_status: String,
    /// His answers to single dates of a series.
    pub instances: Vec<InstanceAnswer>,
}

/// A guest of `GET /v1/events/{uid}/attendees`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guest {
    /// His address.
    pub email: String,
    /// His name, empty if unknown.
    pub name: String,
    /// The status that counts now.
    pub status: RsvpStatus,
    /// PARTSTAT as his calendar wrote it, as far as it counts.
    pub partstat: &'static str,
    /// Where he came from.
    pub origin: &'static str,
    /// His calendar client as it names itself, empty if unknown.
    pub prodid: String,
    /// Epoch seconds.
    pub invited_at: i64,
    /// Epoch seconds; `null` without an answer.
    pub answered_at: Option<i64>,
    /// COMMENT of his answer, empty if absent.
    pub comment: String,
    /// REQUEST-STATUS of his answer, empty if absent.
    pub request_status: String,
    /// Who comes in his place.
    pub delegated_to: Option<String>,
    /// In whose place he comes.
    pub delegated_from: Option<String>,
    /// Whether mail can reach him.
    pub delivery: Delivery,
    /// His answers to single dates of a series.
    pub instances: Vec<InstanceLine>,
}

/// A guest's answer to one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceLine {
    /// The date's original start on its wall.
    pub recurrence_id: String,
    /// The same in epoch seconds.
    pub start: i64,
    /// The status that counts now.
    pub status: RsvpStatus,
    /// COMMENT, empty if absent.
    pub comment: String,
}

/// A line of `GET /v1/events/{uid}/occurrences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OccurrenceLine {
    /// The date's original start on its wall, which identifies it.
    pub recurrence_id: String,
    /// Epoch seconds.
    pub start: i64,
    /// Epoch seconds.
    pub end: i64,
    /// On the wall where it happens.
    pub local_start: String,
    /// This one is off.
    pub cancelled: bool,
    /// Its title.
    pub summary: String,
    /// How guests answer this date: apart, or with the series.
    pub rsvp: Rsvp,
    /// Guests who answered this date apart.
    pub answered_apart: u32,
}

/// A line of `GET /v1/events/{uid}/proposals`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposalLine {
    /// Who proposes.
    pub email: String,
    /// The original start of the date he speaks of, epoch seconds; `null` for the whole.
    pub instance: Option<i64>,
    /// Epoch seconds.
    pub start: i64,
    /// Epoch seconds.
    pub end: i64,
    /// On the wall where it would happen.
    pub local_start: String,
    /// COMMENT, empty if absent.
    pub comment: String,
    /// Epoch seconds.
    pub received: i64,
}

/// The word for an answer.
pub fn answer_word(partstat: PartStat) -> &'static str {
    match partstat {
        PartStat::Accepted => "Yes",
        PartStat::Declined => "No",
        PartStat::Tentative => "Maybe",
        PartStat::NeedsAction | PartStat::Delegated => "No answer yet",
    }
}

/// `GET /v1/organizers/{email}/search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What was understood, piece by piece.
    pub understood: Vec<Piece>,
    /// All of it as the query of a page's address.
    pub query: String,
    /// The address that was typed with the question.
    pub send: Option<String>,
    /// Everything that is found is meant.
    pub all: bool,
    /// Words that were taken for others.
    pub mended: Vec<Mended>,
    /// How many were found.
    pub total: usize,
    /// The first of them, by start.
    pub events: Vec<FoundEvent>,
}

/// A piece of what was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// `days`, `month`, `weekdays`, `times`, `side`, `team`, `against`, `place`, `word`, `not`, `games`, `status` or
    /// `offers`.
    pub kind: &'static str,
    /// Days and times as from/to.
    pub value: String,
    /// The query without it.
    pub without: String,
}

/// A word that was taken for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "they say it")]
pub struct Mended {
    pub typed: String,
    pub meant: String,
}

/// An event, or one date of a series, as the public may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundEvent {
    /// Our id.
    pub uid: String,
    /// Epoch seconds.
    pub start: i64,
    /// Epoch seconds.
    pub end: i64,
    /// On the wall where it happens.
    pub local_start: String,
    /// SUMMARY.
    pub title: String,
    /// Who plays at home.
    pub home: Option<String>,
    /// Who comes.
    pub away: Option<String>,
    /// LOCATION; `null` where only guests read it.
    pub place: Option<String>,
    /// `confirmed`, `tentative`, `moved` or `cancelled`.
    pub status: &'static str,
    /// The lead of its offer.
    pub offer: Option<String>,
    /// Where invitations are asked for.
    pub invite_url: String,
}
