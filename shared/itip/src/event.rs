use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CalAddress, Order, Organizer, RecurrenceId, Sequence, Timestamp, When};

/// The organizer's UID, verbatim: opaque and case-sensitive (RFC 5545 section 3.8.4.7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub String);

/// Our id of an event and the UID of everything sent to guests: 40 lower-case letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId(String);

impl EventId {
    /// Parses `^[a-z0-9]{40}$`, the shape the first Calendar Invite Server used in its links.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 40 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    /// Writes 20 bytes as 40 hexadecimal digits.
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        Self(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
    }

    /// The 40 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EventId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("an event id is 40 lower-case letters or digits")
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.0
    }
}

/// STATUS of an event (RFC 5545 section 3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventStatus {
    /// Takes place; TENTATIVE is shown as confirmed with a word in the text.
    Confirmed,
    /// Not sure yet.
    Tentative,
    /// Called off.
    Cancelled,
}

/// CLASS (RFC 5545 section 3.8.1.3); only public events are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The default.
    #[default]
    Public,
    /// Kept off every public page and feed.
    Private,
    /// Kept off every public page and feed.
    Confidential,
}

/// How an event repeats (RFC 5545 sections 3.8.5.1 to 3.8.5.3).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recurrence {
    /// The RRULE value, verbatim.
    pub rrule: Option<String>,
    /// RDATE values.
    pub rdate: Vec<When>,
    /// EXDATE values.
    pub exdate: Vec<When>,
}

impl Recurrence {
    /// Whether there is more than one occurrence to think of.
    pub fn is_series(&self) -> bool {
        self.rrule.is_some() || !self.rdate.is_empty()
    }
}

/// What an event says: everything a guest can see. Texts are plain, unescaped, and empty when absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDetails {
    /// SUMMARY.
    pub summary: String,
    /// DESCRIPTION as plain text.
    pub description: String,
    /// The description as safe HTML: only what the sanitiser lets through.
    pub description_html: String,
    /// LOCATION.
    pub location: String,
    /// URL, or the meeting link found in a conference property.
    pub url: String,
    /// DTSTART.
    pub start: When,
    /// DTEND, exclusive; worked out from DURATION or RFC 5545 section 3.6.1's defaults when absent.
    pub end: When,
    /// RRULE, RDATE, EXDATE.
    pub recurrence: Recurrence,
    /// When the last occurrence ends; `None` for a series without end.
    pub last_end: Option<Timestamp>,
    /// STATUS, CONFIRMED if absent.
    pub status: EventStatus,
    /// CLASS.
    pub class: Class,
    /// TRANSP:TRANSPARENT, does not block time.
    pub transparent: bool,
    /// CATEGORIES.
    pub categories: Vec<String>,
    /// `https:` address of a picture: IMAGE (RFC 7986 section 5.10), or ATTACH of an image. Shown on pages, not mailed.
    #[serde(default)]
    pub image: String,
}

/// A part of an event that a guest can see change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// SUMMARY.
    Summary,
    /// DESCRIPTION.
    Description,
    /// LOCATION.
    Location,
    /// URL.
    Url,
    /// DTSTART, DTEND or their zone.
    Time,
    /// RRULE, RDATE, EXDATE or an instance.
    Recurrence,
    /// STATUS between confirmed and tentative.
    Status,
}

impl EventDetails {
    /// What differs between two versions of an event, as far as a guest can see it.
    pub fn diff(&self, newer: &Self) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut note = |differs: bool, field: Field| {
            if differs {
                fields.push(field);
            }
        };
        note(self.summary != newer.summary, Field::Summary);
        note(
            self.description != newer.description || self.description_html != newer.description_html,
            Field::Description,
        );
        note(self.location != newer.location, Field::Location);
        note(self.url != newer.url, Field::Url);
        note(self.start != newer.start || self.end != newer.end, Field::Time);
        note(self.recurrence != newer.recurrence, Field::Recurrence);
        note(self.status != newer.status, Field::Status);
        fields
    }

    /// Whether the step to `newer` moves the event in time, so that guests must be asked again
    /// (RFC 5546 section 3.2.2.1). A new zone name for the same instants does not.
    pub fn moves_to(&self, newer: &Self) -> bool {
        let series = self.recurrence.is_series() || newer.recurrence.is_series();
        self.start.instant() != newer.start.instant()
            || self.end.instant() != newer.end.instant()
            || self.start.is_all_day() != newer.start.is_all_day()
            || self.recurrence != newer.recurrence
            || (series && self.start != newer.start)
    }
}

/// What guests are told of one component: the event as a whole, or one instance of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Version {
    /// The event's revision in which it last changed for them.
    pub revision: u32,
    /// SEQUENCE of what we send; each component has its own (RFC 5546 section 2.1.4).
    pub sequence: Sequence,
    /// Answers to a lower SEQUENCE than this no longer count.
    pub reset: Sequence,
}

/// An exception of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// Which instance.
    pub recurrence_id: RecurrenceId,
    /// The organizer's order of the message that made it.
    pub order: Order,
    /// What became of it.
    pub state: OverrideState,
    /// What guests are told of it.
    #[serde(default)]
    pub version: Version,
}

impl Override {
    /// An exception as a message of the organizer states it; [`EventState`] gives it its version.
    pub fn new(recurrence_id: RecurrenceId, order: Order, state: OverrideState) -> Self {
        Self { recurrence_id, order, state, version: Version::default() }
    }
}

/// What became of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideState {
    /// Takes place with other details.
    Changed(Box<EventDetails>),
    /// Does not take place.
    Cancelled,
}

/// Everything known of one event, guests aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventState {
    /// Our id.
    pub event_id: EventId,
    /// The organizer's UID.
    pub original_uid: Uid,
    /// Who may change it: the authenticated address.
    pub owner: CalAddress,
    /// ORGANIZER as last written, or the owner.
    pub organizer: Organizer,
    /// Raw PRODID of the organizer's client.
    pub prodid: String,
    /// The organizer's (SEQUENCE, DTSTAMP) of the newest master or cancel of the whole; `None` while only single
    /// instances have been seen.
    pub order: Option<Order>,
    /// The same of the REQUEST that `details` came from: older than `order` once the event is called off.
    pub details_order: Option<Order>,
    /// Digests of the messages applied at exactly `order`: exact ties apply in arrival order, but each once.
    pub applied_at_order: Vec<u64>,
    /// The master; `None` while only a cancel or single instances have been seen.
    pub details: Option<EventDetails>,
    /// Exceptions, sorted by instant.
    pub overrides: Vec<Override>,
    /// Whether the whole event is called off.
    pub cancelled: bool,
    /// Whether create@ is still among the guests.
    pub following: bool,
    /// Rises by one with every accepted change that a guest can see; the first API's `sequence`.
    pub revision: u32,
    /// The highest SEQUENCE that we have used.
    pub sequence: Sequence,
    /// DTSTAMP of what we send at this revision.
    pub dtstamp: Timestamp,
    /// What guests are told of the event as a whole; its exceptions have their own.
    #[serde(default)]
    pub version: Version,
    /// The start that was announced before the last move of a single event; `None` once it is back there.
    #[serde(default)]
    pub moved_from: Option<When>,
    /// The organizer's other guests: counted, never stored.
    pub other_guests: u32,
    /// When the first mail was taken.
    pub created: Timestamp,
    /// When the last visible change was taken.
    pub last_modified: Timestamp,
}

impl EventState {
    /// A tombstone or an instance-only event without a master has nothing to show.
    pub fn shown(&self) -> Option<&EventDetails> {
        self.details.as_ref().or_else(|| {
            self.overrides.iter().find_map(|exception| match &exception.state {
                OverrideState::Changed(details) => Some(details.as_ref()),
                OverrideState::Cancelled => None,
            })
        })
    }

    /// When the last occurrence ends; `None` for a series without end or an event with nothing to show.
    pub fn last_end(&self) -> Option<Timestamp> {
        let master = match &self.details {
            Some(details) => Some(details.last_end?),
            None => None,
        };
        let moved = self.overrides.iter().filter_map(|exception| match &exception.state {
            OverrideState::Changed(details) => details.last_end,
            OverrideState::Cancelled => None,
        });
        master.into_iter().chain(moved).max()
    }

    /// The exception that speaks of an instance.
    pub fn exception(&self, instance: Timestamp) -> Option<&Override> {
        self.overrides.iter().find(|exception| exception.recurrence_id.instant() == instance)
    }

    /// Answers to an instance count from this SEQUENCE on: neither it nor the series has moved since.
    pub fn instance_reset(&self, instance: Timestamp) -> Sequence {
        self.exception(instance).map_or(self.version.reset, |known| known.version.reset.max(self.version.reset))
    }

    /// Whether the last occurrence has ended.
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.last_end().is_some_and(|end| end <= now)
    }
}
