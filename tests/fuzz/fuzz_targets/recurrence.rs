//! The times of a series: a start, a rule, and lines of RDATE, EXDATE and whatever else.
#![no_main]

use imip::{occurrences, read_calendar};
use itip::Timestamp;
use libfuzzer_sys::fuzz_target;

const MAX: usize = 50;

fuzz_target!(|lines: &str| {
    let text = format!(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n{lines}\r\nDTSTART;TZID=America/New_York:20270131T023000\r\n\
         DURATION:PT90M\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    let Ok(messages) = read_calendar(text.as_bytes()) else { return };
    let details =
        messages.iter().flat_map(|message| &message.components).filter_map(|component| component.details.as_ref());
    for details in details.take(3) {
        let start = details.start.instant();
        for (from, until) in [(start, Timestamp(i64::MAX)), (start.plus(3_650 * 86_400), start.plus(3_660 * 86_400))] {
            let found = occurrences(details, &[], from, until, MAX);
            assert!(found.len() <= MAX);
            assert!(found.windows(2).all(|pair| pair[0].start.instant() <= pair[1].start.instant()));
            for one in &found {
                assert!(one.start.instant() < until && one.end.instant() >= from);
                assert!(details.last_end.is_none_or(|last| one.end.instant() <= last), "{one:?} of {details:?}");
            }
        }
    }
});
