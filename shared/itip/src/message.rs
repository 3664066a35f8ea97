use serde::{Deserialize, Serialize};

use crate::{CalAddress, EventDetails, Method, Order, PartStat, Timestamp, Uid, When};

/// One parsed scheduling message: every component shares one UID (RFC 5546 section 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItipMessage {
    /// The METHOD of the body, which beats the MIME parameter.
    pub method: Method,
    /// Raw PRODID of the client that wrote it, empty if absent.
    pub prodid: String,
    /// The UID, verbatim.
    pub uid: Uid,
    /// At least one component in a message that came from the parser.
    pub components: Vec<Component>,
}

/// RECURRENCE-ID, compared as an instant (RFC 5545 section 3.8.4.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrenceId {
    /// The original start of the instance.
    pub when: When,
    /// RANGE=THISANDFUTURE.
    pub this_and_future: bool,
}

impl RecurrenceId {
    /// The instant that identifies the instance.
    pub fn instant(&self) -> Timestamp {
        self.when.instant()
    }
}

/// A VEVENT of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Absent for the master (or a single event).
    pub recurrence_id: Option<RecurrenceId>,
    /// (SEQUENCE, DTSTAMP) of this component.
    pub order: Order,
    /// The ORGANIZER, if the sender wrote one.
    pub organizer: Option<Organizer>,
    /// ATTENDEE properties in order of appearance.
    pub attendees: Vec<InvitedAttendee>,
    /// What the component says; absent where it has no DTSTART (REPLY, CANCEL).
    pub details: Option<EventDetails>,
    /// COMMENT, empty if absent.
    pub comment: String,
    /// REQUEST-STATUS values, verbatim.
    pub request_status: Vec<String>,
}

/// ORGANIZER (RFC 5545 section 3.8.4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organizer {
    /// The calendar user address; iCloud writes an `imip.me.com` relay here.
    pub address: CalAddress,
    /// CN, empty if absent.
    pub name: String,
    /// SENT-BY, the delegate who acts for the organizer.
    pub sent_by: Option<CalAddress>,
    /// EMAIL (RFC 7986 section 6.2), the person behind a relay address.
    pub email: Option<CalAddress>,
}

/// ATTENDEE as a message names it (RFC 5545 section 3.8.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedAttendee {
    /// The person: EMAIL if given, else the address.
    pub address: CalAddress,
    /// CN, empty if absent.
    pub name: String,
    /// PARTSTAT, NEEDS-ACTION if absent.
    pub partstat: PartStat,
    /// SENT-BY, who answered for the person.
    pub sent_by: Option<CalAddress>,
    /// DELEGATED-TO.
    pub delegated_to: Option<CalAddress>,
    /// DELEGATED-FROM.
    pub delegated_from: Option<CalAddress>,
    /// MEMBER: the group or list that the person belongs to.
    #[serde(default)]
    pub member: Option<CalAddress>,
}
