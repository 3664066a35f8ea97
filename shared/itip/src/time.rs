//! Points in time. The local time and its zone are the truth, the instant is a projection of them:
//! whoever reads calendar text resolves the zone once and stores both.

use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment `seconds` later; saturates instead of overflowing.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// The zone a local time is written in (RFC 5545 section 3.3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// Form 2, a time ending in `Z`.
    Utc,
    /// Form 1: the same wall time wherever the reader is.
    Floating,
    /// An IANA zone, whatever name the sender used for it.
    Iana(String),
    /// A zone known only by the VTIMEZONE that came with it.
    Custom {
        /// The sender's TZID.
        tzid: String,
        /// The VTIMEZONE component, verbatim, CRLF line ends.
        vtimezone: String,
    },
}

/// A date with a time of day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The wall clock in `zone`.
    pub local: NaiveDateTime,
    /// Where that clock hangs.
    pub zone: Zone,
    /// The same moment on the UTC line; for a floating time, read as if in UTC.
    pub instant: Timestamp,
}

/// A DATE or DATE-TIME value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// All day.
    Date(NaiveDate),
    /// A moment of a day.
    At(Moment),
}

impl When {
    /// The instant; a whole day counts from midnight UTC.
    pub fn instant(&self) -> Timestamp {
        match self {
            Self::Date(date) => Timestamp(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()),
            Self::At(moment) => moment.instant,
        }
    }

    /// Whether this is a DATE.
    pub fn is_all_day(&self) -> bool {
        matches!(self, Self::Date(_))
    }

    /// The calendar day on the wall where the event happens.
    pub fn local_date(&self) -> NaiveDate {
        match self {
            Self::Date(date) => *date,
            Self::At(moment) => moment.local.date(),
        }
    }
}
