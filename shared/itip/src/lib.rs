//! The rules of iTIP (RFC 5546) as pure functions over plain values.
//!
//! What lives here: the vocabulary of RFC 5545/5546 and the decisions "is this message newer",
//! "what did it change", "does this answer count".
//! What does not: reading or writing calendar text (`imip`), storage (`store`), sending (`courier`).
//! Nothing here reads a clock, makes an id or does I/O; time and ids are arguments.

mod address;
mod attendee;
mod counter;
mod domain;
mod error;
mod event;
mod message;
mod method;
mod order;
mod organizer;
mod time;

pub use address::{AddressError, CalAddress};
pub use attendee::{
    Answer, AnswerOutcome, AnsweredVia, Attendee, AudienceSettings, Choice, Delivery, InstanceAnswer, Origin, PartStat,
    RsvpStatus, Sent, apply_answer, is_due,
};
pub use counter::{Proposal, ProposalState, Proposed, accept_proposal, take_proposal};
pub use domain::ascii_domain;
pub use error::ItipError;
pub use event::{
    Class, EventDetails, EventId, EventState, EventStatus, Field, Override, OverrideState, Recurrence, Uid, Version,
};
pub use message::{Component, InvitedAttendee, ItipMessage, Organizer, RecurrenceId};
pub use method::Method;
pub use order::{DtStamp, Order, Sequence};
pub use organizer::{Circumstances, Outcome, Transition, apply_add, apply_cancel, apply_request, call_off};
pub use time::{Moment, Timestamp, When, Zone};
