//! Cut, mangled and inflated input: no panic, no endless work, limits hold.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(clippy::format_collect, reason = "speed does not matter here")]
#![allow(clippy::disallowed_methods, reason = "a test may look at the clock")]

mod common;

use std::time::{Duration, Instant};

use imip::{
    CalendarRefusal, authentication, html_to_text, occurrences, read_calendar, read_calendar_events, read_mail,
    read_mail_with, sanitize_html,
};
use itip::Timestamp;

/// Everything that touches a stranger's bytes.
fn read_everything(bytes: &[u8]) {
    let _ = authentication(bytes, Some("mx.example.net"));
    // The decoder of a Worker knows every label, and what it gives is never longer than this.
    let charsets = |_: &str, bytes: &[u8]| Some("\u{65e5}".repeat(bytes.len()));
    let _ = read_mail_with(bytes, &charsets);
    let from_mail = read_mail(bytes).ok().and_then(|mail| mail.calendar.ok());
    for message in from_mail.into_iter().chain(read_calendar(bytes).ok()).flatten() {
        for details in message.components.iter().filter_map(|component| component.details.as_ref()) {
            let _ = occurrences(details, &[], Timestamp(i64::MIN), Timestamp(i64::MAX), 20);
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = (sanitize_html(&text), html_to_text(&text));
}

/// A linear congruential generator (Knuth's MMIX): the same mutations in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }
}

fn all_fixtures() -> Vec<Vec<u8>> {
    let files = ["mail", "ics"].into_iter().flat_map(|kind| common::files_under(&common::fixtures(kind)));
    files.map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn fixtures_cut_anywhere_are_read_or_refused() {
    for bytes in all_fixtures() {
        for end in (0..bytes.len()).step_by(97) {
            read_everything(&bytes[..end]);
            read_everything(&bytes[end..]);
        }
    }
}

#[test]
fn mangled_fixtures_are_read_or_refused() {
    const PIECES: [&[u8]; 24] = [
        b"\r\n",
        b"\n ",
        b"BEGIN:VEVENT\r\n",
        b"END:VEVENT\r\n",
        b"BEGIN:VCALENDAR\r\n",
        b"\"",
        b":",
        b";",
        b"=",
        b"\0",
        b"\xff\xfe",
        b"99999999T999999Z",
        b"00000000",
        b"-P99999999999W",
        b"RRULE:FREQ=SECONDLY;COUNT=999999999\r\n",
        b"DTSTART:99991231T235959\r\n",
        b"TZID=\"",
        b"--b--\r\n",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"&#x10FFFF;",
        b"<a href=",
        "\u{202e}é".as_bytes(),
        b"=?utf-8?B?/?=",
        b"EXDATE:20260101T000000Z,,20260102\r\n",
    ];
    let mut dice = Dice(1);
    for bytes in all_fixtures() {
        for _ in 0..25 {
            let mut mangled = bytes.clone();
            for _ in 0..=dice.roll(6) {
                let at = dice.roll(mangled.len());
                match dice.roll(4) {
                    0 => mangled[at] = u8::try_from(dice.roll(256)).unwrap(),
                    1 => drop(mangled.drain(at..(at + dice.roll(40)).min(mangled.len()))),
                    2 => drop(mangled.splice(at..at, PIECES[dice.roll(PIECES.len())].iter().copied())),
                    _ => {
                        let from = dice.roll(mangled.len());
                        let copy: Vec<u8> = mangled[from..(from + dice.roll(200)).min(mangled.len())].to_vec();
                        mangled.splice(at..at, copy);
                    }
                }
            }
            read_everything(&mangled);
        }
    }
}

/// Inputs whose work could grow faster than their size. Each is 1 to 2 MB, the size that mailboxes take.
#[test]
fn inflated_input_is_read_in_a_moment() {
    let calendar = |inside: &str| {
        format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260101T000000Z\n{inside}\nEND:VEVENT\nEND:VCALENDAR\n")
    };
    let event = |number: usize| {
        format!(
            "BEGIN:VEVENT\nUID:{number}\nDTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=9\nEND:VEVENT\n"
        )
    };
    let header = |name: &str, value: &str| format!("From: a@example.com\n{name}: {value}\n\nx\n");
    let zone = format!(
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:z\n{}END:VTIMEZONE\n{}END:VCALENDAR\n",
        "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY\nEND:STANDARD\n".repeat(24),
        (1..4000)
            .map(|year| format!("BEGIN:VEVENT\nUID:{year}\nDTSTART;TZID=z:{year:04}0101T000000\nEND:VEVENT\n"))
            .collect::<String>(),
    );
    for (what, input) in [
        ("a line of colons", calendar(&format!("ATTENDEE;X=\"{}", ":".repeat(1 << 20)))),
        ("a line of quotes", calendar(&"X;".repeat(1 << 18))),
        ("stray lines", calendar(&format!("DESCRIPTION:x\n{}", "stray\n".repeat(1 << 17)))),
        ("folds", calendar(&format!("DESCRIPTION:x{}", "\n y".repeat(1 << 18)))),
        ("exceptions", calendar(&format!("EXDATE:{}", "20260101T000000Z,".repeat(1 << 16)))),
        ("tags that do not end", calendar(&format!("DESCRIPTION:<b>{}", "<b ".repeat(1 << 18)))),
        ("open elements", calendar(&format!("X-ALT-DESC;FMTTYPE=text/html:{}", "<div><a href=x>".repeat(1 << 16)))),
        ("web addresses", calendar(&format!("DESCRIPTION:{}", "http://a ".repeat(1 << 16)))),
        (
            "zones that nobody knows",
            format!(
                "BEGIN:VCALENDAR\n{}END:VCALENDAR\n",
                (0..19_000)
                    .map(|n| format!(
                        "BEGIN:VEVENT\nUID:{n}\nDTSTART;TZID=/a/b/c/d/e/f/z{n}:20260101T000000\nEND:VEVENT\n"
                    ))
                    .collect::<String>()
            ),
        ),
        ("Google frames", calendar(&format!("DESCRIPTION:{}", "-::~:~::~".repeat(1 << 16)))),
        (
            "events without UID",
            format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\n".repeat(15_000)),
        ),
        (
            "rules that give nothing",
            format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", (0..100).map(event).collect::<String>()),
        ),
        ("a zone asked for every year", zone),
        ("components", "BEGIN:VCALENDAR\nEND:VCALENDAR\n".repeat(1 << 15)),
        ("nested mail", "Content-Type: message/rfc822\n\n".repeat(1 << 15)),
        (
            "nested multiparts",
            (0..20_000)
                .map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"))
                .collect(),
        ),
        ("boundaries", format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n".repeat(1 << 18))),
        ("dashes", format!("Content-Type: multipart/mixed; boundary={0}\n\n{1}", "-".repeat(60), "-".repeat(1 << 20))),
        ("From mailboxes", header("From", &"a@example.com,".repeat(18_000))),
        ("comments", header("From", &"(".repeat(200_000))),
        ("encoded words", header("Subject", &"=?utf-8?Q?=?=".repeat(18_000))),
        ("encoded words in a row", header("Subject", &"=?gbk?B?gg==?= ".repeat(17_000))),
        ("encoded words that do not end", header("Subject", &"=?a?b?".repeat(42_000))),
        ("a domain of letters", header("From", &format!("a@{}.com", "\u{e9}".repeat(120_000)))),
        ("schemes", calendar(&format!("ATTENDEE:{}a@example.com", "mailto:".repeat(1 << 17)))),
        ("percent signs", calendar(&format!("ATTENDEE:mailto:{}@example.com", "%41".repeat(1 << 18)))),
        ("angle brackets", calendar(&format!("ATTENDEE:{}", "<a@example.com>,".repeat(1 << 16)))),
        (
            "groups of a report",
            format!(
                "From: a@example.com\nContent-Type: message/delivery-status\n\n{}",
                "Final-Recipient: rfc822; a\nAction: failed\n\n".repeat(1 << 15)
            ),
        ),
        ("signed mail in signed mail", "Content-Type: application/pkcs7-mime\n\n0\u{80}".repeat(1 << 15)),
        (
            "spaces before an equals sign",
            header("Authentication-Results", &format!("mx.example.net; dmarc{}=pass", " ".repeat(200_000))),
        ),
        ("parameters", header("Content-Type", &format!("text/calendar{}", "; x*0*=utf-8''a".repeat(15_000)))),
    ] {
        let start = Instant::now();
        read_everything(input.as_bytes());
        // Generous for a debug build on a busy machine; anything quadratic takes minutes.
        assert!(start.elapsed() < Duration::from_secs(20), "{what} took {:?}", start.elapsed());
    }
}

#[test]
fn limits_are_named() {
    let nested = format!("BEGIN:VCALENDAR\n{}", "BEGIN:X-BOX\n".repeat(100));
    assert_eq!(read_calendar(nested.as_bytes()), Err(CalendarRefusal::TooDeep));
    let large = vec![b'x'; 9 * 1024 * 1024];
    assert_eq!(read_calendar(&large), Err(CalendarRefusal::TooLarge));
    let many = format!("BEGIN:VCALENDAR\nMETHOD:REQUEST\n{}", "BEGIN:VEVENT\nUID:1\nEND:VEVENT\n".repeat(20_001));
    assert_eq!(read_calendar(many.as_bytes()), Err(CalendarRefusal::TooLarge));
    for (text, reason) in [
        ("", CalendarRefusal::Empty),
        ("hello", CalendarRefusal::NotACalendar),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR", CalendarRefusal::NoEvent),
        ("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nEND:VTODO\nEND:VCALENDAR", CalendarRefusal::NoEvent),
        (
            "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT\nEND:VCALENDAR",
            CalendarRefusal::NoUid,
        ),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR", CalendarRefusal::NoStart),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:soon\nEND:VEVENT\nEND:VCALENDAR", CalendarRefusal::BadDate),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:99991231\nEND:VEVENT\nEND:VCALENDAR", CalendarRefusal::BadDate),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Atlantis:20260101T000000\nEND:VEVENT\nEND:VCALENDAR",
            CalendarRefusal::UnknownZone,
        ),
        // An instance that cannot be told must not cancel the whole series.
        (
            "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Atlantis:20260101T000000\nEND:VEVENT\nEND:VCALENDAR",
            CalendarRefusal::UnknownZone,
        ),
    ] {
        assert_eq!(read_calendar(text.as_bytes()), Err(reason), "{text}");
        assert!(!reason.to_string().is_empty() && CalendarRefusal::ALL.contains(&reason));
    }
}

/// As many calendars as wished, each with a series in Berlin that leaves out an evening named in another zone.
fn tour(calendars: usize, tzid: impl Fn(usize) -> String) -> Vec<u8> {
    let calendar = |index: usize| {
        format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:{index}\r\nDTSTART;TZID=Europe/Berlin:20260701T200000\r\n\
             RRULE:FREQ=DAILY;COUNT=5\r\nEXDATE;TZID={}:20260702T190000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            tzid(index)
        )
    };
    (0..calendars).map(calendar).collect::<String>().into_bytes()
}

#[test]
fn zones_of_the_database_are_looked_up_as_often_as_they_are_named() {
    let reading = read_calendar_events(&tour(2_000, |_| "Europe/London".to_owned())).unwrap();
    assert_eq!((reading.messages.len(), reading.refused.len()), (2_000, 0));
    for message in reading.messages {
        assert_eq!(message.components[0].details.as_ref().unwrap().recurrence.exdate.len(), 1);
    }
}

#[test]
fn a_calendar_with_too_many_names_that_mean_nothing_is_refused_and_never_cut_short() {
    let reading = read_calendar_events(&tour(400, |index| format!("Nowhere {index}"))).unwrap();
    assert_eq!((reading.messages.len(), reading.refused.len()), (300, 100));
    assert!(reading.refused.iter().all(|(_, reason)| *reason == CalendarRefusal::TooLarge));
}
