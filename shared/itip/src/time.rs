//! Points in time. The local time and its zone are the truth, the instant is a projection of them:
//! whoever reads calendar text resolves the zone once and stores both.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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
    #[serde(deserialize_with = "wall_clock")]
    pub local: NaiveDateTime,
    /// Where that clock hangs.
    pub zone: Zone,
    /// The same moment on the UTC line; for a floating time, read as if in UTC.
    pub instant: Timestamp,
}

/// Reads `2027-07-03T19:05:00`, as chrono writes it, and what else chrono reads. Its own reader is made for every form
/// there is, and a page reads thousands of these.
fn wall_clock<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDateTime, D::Error> {
    struct WallClock;

    impl Visitor<'_> for WallClock {
        type Value = NaiveDateTime;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a date and a time of day")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<NaiveDateTime, E> {
            plain(text.as_bytes()).map_or_else(|| text.parse().map_err(E::custom), Ok)
        }
    }

    deserializer.deserialize_str(WallClock)
}

/// A date and a time in whole seconds and nothing else.
fn plain(text: &[u8]) -> Option<NaiveDateTime> {
    let [date @ .., b'T', h1, h2, b':', m1, m2, b':', s1, s2] = text else { return None };
    let [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2] = date else { return None };
    let number = |digits: &[&u8]| {
        digits
            .iter()
            .try_fold(0_u32, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(**digit - b'0')))
    };
    let year = i32::try_from(number(&[y1, y2, y3, y4])?).ok()?;
    NaiveDate::from_ymd_opt(year, number(&[o1, o2])?, number(&[d1, d2])?)?.and_hms_opt(
        number(&[h1, h2])?,
        number(&[m1, m2])?,
        number(&[s1, s2])?,
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_is_read_as_chrono_reads_it() {
        let read = |text: &str| {
            let json = format!(r#"{{"local":"{text}","zone":"utc","instant":0}}"#);
            serde_json::from_str::<Moment>(&json).ok().map(|moment| moment.local)
        };
        for text in [
            "2027-07-03T19:05:00",
            "0001-01-01T00:00:00",
            "2028-02-29T23:59:59",
            "2027-02-29T00:00:00",
            "2027-13-01T00:00:00",
            "2027-07-03T24:00:00",
            "2016-12-31T23:59:60",
            "2027-07-03T19:05:00.250",
            "+12027-07-03T19:05:00",
            "-0001-07-03T19:05:00",
            "2027-07-03 19:05:00",
            "2027-7-3T19:05:00",
            "20x7-07-03T19:05:00",
            "2027-07-03",
            "",
        ] {
            assert_eq!(read(text), text.parse().ok(), "{text}");
        }
    }
}
