//! Which of two messages is newer (RFC 5546 section 2.1.5).

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// SEQUENCE; absent counts as 0 (RFC 5545 section 3.8.7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u32);

/// DTSTAMP, the moment the message was made (RFC 5545 section 3.8.7.2).
pub type DtStamp = Timestamp;

/// The pair that orders messages about one component: SEQUENCE first, then DTSTAMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Order {
    /// The organizer's version.
    pub sequence: Sequence,
    /// The moment of that message.
    pub dtstamp: DtStamp,
}
