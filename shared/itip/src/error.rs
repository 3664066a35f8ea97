use serde::{Deserialize, Serialize};

/// Why a message is not applied: one variant per broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ItipError {
    /// RFC 5546 section 3.2.2: a REQUEST describes at least one component.
    #[error("the message holds no event")]
    NoComponent,
    /// The method is not one an organizer sends about an event.
    #[error("the method does not fit this mailbox")]
    MethodNotAllowed,
    /// RFC 5546 section 2.1.4: only the owner or the bound organizer may change an event.
    #[error("the sender is not the organizer of this event")]
    NotOrganizer,
    /// RFC 5546 section 3.2.4: ADD speaks of a series that its reader knows.
    #[error("the series that the message adds to is not known")]
    UnknownSeries,
    /// A proposal, or an ADD of a whole series, that we cannot carry out: the organizer changes the event in his
    /// calendar.
    #[error("the change cannot be taken over as it is")]
    NotApplicable,
}
