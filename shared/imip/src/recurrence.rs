//! The occurrences of an event: rule, extra dates, exceptions and overrides put together, within bounds.

use itip::{EventDetails, Override, Timestamp, When};

/// One time that an event takes place, or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The start that the rule gave, which identifies it.
    pub recurrence_id: When,
    /// When it starts.
    pub start: When,
    /// When it ends, exclusive.
    pub end: When,
    /// What this occurrence says instead of the series.
    pub details_of_override: Option<EventDetails>,
    /// Called off by an override.
    pub cancelled: bool,
}

/// The first `max` occurrences that overlap `from..until`, in order of start.
pub fn occurrences(
    details: &EventDetails,
    overrides: &[Override],
    from: Timestamp,
    until: Timestamp,
    max: usize,
) -> Vec<Occurrence> {
    let _ = (details, overrides, from, until, max);
    Vec::new()
}
