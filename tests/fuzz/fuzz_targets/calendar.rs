//! The text of a calendar.
#![no_main]

use imip::read_calendar_events;
use itip::EventDetails;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let Ok(reading) = read_calendar_events(text) else { return };
    assert!(!reading.messages.is_empty());
    for component in reading.messages.iter().flat_map(|message| &message.components) {
        let Some(EventDetails { summary, start, end, last_end, .. }) = &component.details else { continue };
        assert!(end.instant() >= start.instant());
        assert!(
            last_end.is_none_or(|last| last >= start.instant())
                || component.details.as_ref().unwrap().recurrence.is_series()
        );
        assert!(!summary.contains(['\r', '\n']));
    }
});
