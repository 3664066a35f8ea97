use itip::{Class, EventDetails, EventId, EventStatus, Override, OverrideState, Timestamp, When};

use crate::join::html_without_joining;
use crate::{Offer, Teams};

/// What an entry is made from: an event as D1 or its object knows it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Our id.
    pub event: &'a EventId,
    /// What it says.
    pub details: &'a EventDetails,
    /// Its exceptions.
    pub overrides: &'a [Override],
    /// The organizer's name.
    pub organizer: &'a str,
    /// The whole is called off.
    pub cancelled: bool,
    /// Its start before the last move; `None` if it never moved.
    pub moved_from: Option<&'a When>,
    /// Its last visible change.
    pub updated: Timestamp,
    /// The organizer tells the place only in invitations.
    pub hide_place: bool,
}

/// Where an entry takes place, as far as the public may know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// LOCATION; may be empty.
    Named(String),
    /// Guests read it in their invitation.
    Hidden,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryStatus {
    /// Takes place.
    Scheduled,
    /// Not sure yet.
    Tentative,
    /// Takes place, at another time than was announced first.
    Moved {
        /// The time announced before.
        from: When,
    },
    /// Called off.
    Cancelled,
}

/// One line of a timetable: an event, or one date of a series. Holds nothing that the public may not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Our id of the event.
    pub event: EventId,
    /// The original start of this date; `None` for a single event.
    pub date: Option<When>,
    /// Start, on the wall where it happens.
    pub start: When,
    /// End, exclusive.
    pub end: When,
    /// SUMMARY; may be empty.
    pub title: String,
    /// Who plays, where the title says so.
    pub teams: Option<Teams>,
    /// Where.
    pub place: Place,
    /// CATEGORIES.
    pub categories: Vec<String>,
    /// What the event offers beside itself.
    pub offer: Option<Offer>,
    /// DESCRIPTION as safe HTML; without join links where the place is hidden.
    pub description_html: String,
    /// The organizer's name.
    pub organizer: String,
    /// What became of it.
    pub status: EntryStatus,
    /// Its last visible change.
    pub updated: Timestamp,
}

impl Entry {
    /// The next entry of an event: the event itself, or the first date of a series that has not ended; the last or
    /// first date of one that is over.
    pub fn next(source: &Source<'_>, now: Timestamp) -> Self {
        Self::dates(source, now, 1).into_iter().next().unwrap_or_else(|| {
            let details = source.details;
            Self::of(source, details, None, (&details.start, &details.end), source.cancelled)
        })
    }

    /// The entries of an event that have not ended, at most `max`, those that are called off included. A date that is
    /// PRIVATE or CONFIDENTIAL (RFC 5545 section 3.8.1.3) is none.
    pub fn dates(source: &Source<'_>, now: Timestamp, max: usize) -> Vec<Self> {
        let details = source.details;
        if !details.recurrence.is_series() {
            return vec![Self::of(source, details, None, (&details.start, &details.end), source.cancelled)];
        }
        let secret = source.overrides.iter().filter(|exception| is_secret(exception)).count();
        imip::occurrences(details, source.overrides, now, now.plus(AHEAD_SECS), max.saturating_add(secret))
            .into_iter()
            .filter(|one| one.details_of_override.as_ref().is_none_or(|details| details.class == Class::Public))
            .take(max)
            .map(|one| {
                let says = one.details_of_override.as_ref().unwrap_or(details);
                let off = source.cancelled || one.cancelled;
                Self::of(source, says, Some(one.start.clone()), (&one.start, &one.end), off)
            })
            .collect()
    }

    fn of(
        source: &Source<'_>,
        details: &EventDetails,
        date: Option<When>,
        (start, end): (&When, &When),
        cancelled: bool,
    ) -> Self {
        let status = if cancelled || details.status == EventStatus::Cancelled {
            EntryStatus::Cancelled
        } else if let (Some(from), None) = (source.moved_from, &date) {
            EntryStatus::Moved { from: from.clone() }
        } else if details.status == EventStatus::Tentative {
            EntryStatus::Tentative
        } else {
            EntryStatus::Scheduled
        };
        Self {
            event: source.event.clone(),
            date,
            start: start.clone(),
            end: end.clone(),
            title: details.summary.trim().to_owned(),
            teams: Teams::of(details, source.organizer),
            place: if source.hide_place { Place::Hidden } else { Place::Named(details.location.trim().to_owned()) },
            categories: details.categories.clone(),
            offer: Offer::read(details, source.hide_place),
            description_html: if source.hide_place {
                html_without_joining(&details.description_html)
            } else {
                details.description_html.clone()
            },
            organizer: source.organizer.to_owned(),
            status,
            updated: source.updated,
        }
    }

    /// The instant it is sorted by.
    pub fn starts(&self) -> Timestamp {
        self.start.instant()
    }

    /// What a search by words looks at: title, place, categories and offer.
    pub fn public_texts(&self) -> impl Iterator<Item = &str> {
        let place = match &self.place {
            Place::Named(place) => place.as_str(),
            Place::Hidden => "",
        };
        [self.title.as_str(), place].into_iter().chain(self.further_texts())
    }

    /// Categories and offer.
    pub(crate) fn further_texts(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(String::as_str).chain(self.offer.iter().flat_map(Offer::words))
    }
}

/// Whether a date of a public series is not for the public.
pub(crate) fn is_secret(exception: &Override) -> bool {
    matches!(&exception.state, OverrideState::Changed(details) if details.class != Class::Public)
}

/// How far ahead a series is unrolled, in seconds: 400 days reach a yearly event.
const AHEAD_SECS: i64 = 400 * 86_400;
