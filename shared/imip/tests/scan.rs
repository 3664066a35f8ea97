//! A calendar read in parts says what it says when it is read at once.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use imip::{CalendarRefusal, CalendarScan, Span, excerpt, read_calendar_events, scan_calendar};
use itip::ItipMessage;

/// Reads a text in parts of `size` events.
fn in_parts(scan: &CalendarScan<'_>, size: usize) -> Vec<ItipMessage> {
    let bytes = |span: &Span| &scan.text.as_bytes()[span.0..span.0 + span.1];
    let mut messages = Vec::new();
    for events in scan.events.chunks(size) {
        let components: Vec<_> = events.iter().flat_map(|event| &event.components).collect();
        let pieces = components.chunk_by(|a, b| a.0 == b.0).map(|components| {
            let head = scan.heads[components[0].0].iter().map(bytes).collect();
            (head, components.iter().map(|(_, span)| bytes(span)).collect())
        });
        let part = excerpt(pieces, None);
        messages.extend(read_calendar_events(&part).map(|reading| reading.messages).unwrap_or_default());
    }
    messages
}

/// The parts give what the whole gives, in the same order.
fn check(bytes: &[u8], sizes: &[usize], what: &str) -> usize {
    let whole = read_calendar_events(bytes);
    let scan = match scan_calendar(bytes) {
        Ok(scan) => scan,
        Err(reason) => {
            assert!(whole.is_err(), "{what}: scanned {reason:?}, read {whole:?}");
            return 0;
        }
    };
    let Ok(whole) = whole else { return 0 };
    for size in sizes {
        let parts = in_parts(&scan, *size);
        let lost = whole.messages.iter().find(|message| !parts.contains(message));
        assert!(lost.is_none(), "{what}, {size} at a time: {lost:?}");
        assert!(parts.len() >= whole.messages.len(), "{what}");
    }
    whole.messages.len()
}

/// xorshift: the same cases in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[usize::try_from(self.roll(texts.len() as u64)).unwrap()]
    }
}

/// A calendar as odd programs write it.
fn odd_calendar(dice: &mut Dice) -> String {
    let end = dice.pick(&["\r\n", "\n", "\r", "\r\r\n"]);
    let mut text = String::new();
    for calendar in 0..=dice.roll(3) {
        let mut line = |line: &str, dice: &mut Dice| {
            // A fold inside of a long line, sometimes by a tab.
            match line.char_indices().nth(30).filter(|_| dice.roll(3) == 0) {
                Some((at, _)) => {
                    write!(text, "{}{end}{}{}{end}", &line[..at], dice.pick(&["\t", " "]), &line[at..])
                }
                None => write!(text, "{line}{end}"),
            }
            .unwrap();
            if dice.roll(20) == 0 {
                text.push_str(end);
            }
        };
        if dice.roll(6) > 0 {
            line("BEGIN:VCALENDAR", dice);
            let about = dice.pick(&["METHOD:PUBLISH", "X-WR-CALNAME:Harbour league", "version:2.0"]);
            line(about, dice);
        }
        if dice.roll(2) == 0 {
            for text in [
                "BEGIN:VTIMEZONE",
                "TZID:Harbour",
                "BEGIN:STANDARD",
                "DTSTART:19700101T000000",
                "TZOFFSETFROM:+0100",
                "TZOFFSETTO:+0100",
                "END:STANDARD",
                "END:VTIMEZONE",
            ] {
                line(text, dice);
            }
        }
        for event in 0..dice.roll(9) {
            let begin = dice.pick(&["BEGIN:VEVENT", "begin:vevent", "BEGIN: VEVENT"]);
            line(begin, dice);
            match dice.roll(5) {
                0 => {}
                1 => line("UID:shared@harbour.example", dice),
                _ => line(&format!("UID:{calendar}-{event}@harbour.example"), dice),
            }
            line(&format!("SUMMARY:Rovers vs. Mariners on a rather long line {}", dice.roll(2)), dice);
            line(&format!("DTSTART;TZID=Harbour:202703{:02}T190000", 1 + dice.roll(3)), dice);
            if dice.roll(4) == 0 {
                line("RECURRENCE-ID;TZID=Harbour:20270301T190000", dice);
            }
            if dice.roll(4) == 0 {
                for text in ["BEGIN:VALARM", "UID:of-the-alarm", "SUMMARY:Alarm", "ACTION:DISPLAY"] {
                    line(text, dice);
                }
                if dice.roll(3) > 0 {
                    line("END:VALARM", dice);
                }
            }
            line("DESCRIPTION:Doors at six\\nBEGIN:VEVENT is only text here", dice);
            if dice.roll(8) > 0 {
                line("END:VEVENT", dice);
            }
        }
        if dice.roll(4) == 0 {
            for text in ["BEGIN:VTODO", "UID:a-task", "SUMMARY:Line the pitch", "END:VTODO"] {
                line(text, dice);
            }
        }
        if dice.roll(6) > 0 {
            line("END:VCALENDAR", dice);
        }
    }
    text
}

#[test]
fn odd_calendars_read_the_same_in_parts() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut events = 0;
    for case in 0..1_000 {
        let text = odd_calendar(&mut dice);
        events += check(text.as_bytes(), &[1, 3, 40], &format!("case {case}\n{text}"));
    }
    assert!(events > 3_000, "{events}");
}

#[test]
fn what_is_cut_off_is_known_to_be() {
    let text = "BEGIN:VCALENDAR\nX-WR-CALNAME:Harbour\n  league\nBEGIN:VEVENT\nUID:1\nSUMMARY:Final\n  round\nDTSTART:20270301\n\
                END:VEVENT\nEND:VCALENDAR\n";
    let scan = scan_calendar(text.as_bytes()).unwrap();
    assert_eq!(
        (scan.complete, scan.name.as_str(), scan.events[0].title.as_str()),
        (true, "Harbour league", "Final round")
    );
    for cut in [text.len() - 3, text.len() - 20] {
        assert!(!scan_calendar(&text.as_bytes()[..cut]).unwrap().complete, "{cut}");
    }
    assert_eq!(scan_calendar(b"<html>"), Err(CalendarRefusal::NotACalendar));
    assert_eq!(scan_calendar(b" \r\n"), Err(CalendarRefusal::Empty));
    assert_eq!(scan_calendar(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n"), Err(CalendarRefusal::NoEvent));
}

#[test]
fn a_hostile_calendar_is_scanned_in_a_line() {
    let deep = format!("BEGIN:VCALENDAR\n{}", "BEGIN:X-DEEP\n".repeat(30));
    assert_eq!(scan_calendar(deep.as_bytes()), Err(CalendarRefusal::TooDeep));
    let many = format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\nEND:VEVENT\n".repeat(20_001));
    assert_eq!(scan_calendar(many.as_bytes()), Err(CalendarRefusal::TooLarge));
}

#[test]
fn the_files_of_the_corpus_read_the_same_in_parts() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let files = common::files_under(&corpus);
    let (mut read, mut events) = (0, 0);
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "ics")) {
        read += 1;
        events += check(&std::fs::read(file).unwrap(), &[40], &file.display().to_string());
    }
    writeln!(std::io::stderr(), "{read} files of the corpus with {events} events; none: no corpus, skipped").unwrap();
}
