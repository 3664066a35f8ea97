use serde::{Deserialize, Serialize};

/// The eight iTIP methods (RFC 5546 section 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A posting that asks for no answer.
    Publish,
    /// An invitation, or an update of one.
    Request,
    /// An attendee's answer.
    Reply,
    /// More instances for a known series.
    Add,
    /// The event, one instance or one attendee is called off.
    Cancel,
    /// An attendee asks for the newest version.
    Refresh,
    /// An attendee proposes a change.
    Counter,
    /// The organizer refuses a proposal.
    DeclineCounter,
}

impl Method {
    /// Reads the value of a METHOD property; case does not matter (RFC 5545 section 2).
    pub fn parse(value: &str) -> Option<Self> {
        let all = [
            Self::Publish,
            Self::Request,
            Self::Reply,
            Self::Add,
            Self::Cancel,
            Self::Refresh,
            Self::Counter,
            Self::DeclineCounter,
        ];
        all.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(value.trim()))
    }

    /// The value as it is written into a METHOD property.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "PUBLISH",
            Self::Request => "REQUEST",
            Self::Reply => "REPLY",
            Self::Add => "ADD",
            Self::Cancel => "CANCEL",
            Self::Refresh => "REFRESH",
            Self::Counter => "COUNTER",
            Self::DeclineCounter => "DECLINECOUNTER",
        }
    }
}
