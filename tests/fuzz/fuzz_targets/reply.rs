//! A REPLY mail whose calendar is anything at all: after its header, and as the first lines inside its VEVENT.
#![no_main]

use imip::read_mail;
use itip::Method;
use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] = b"From: guest@example.com\r\nTo: rsvp+token@convoke.example\r\nSubject: Accepted\r\n\
    Message-ID: <1@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY; charset=utf-8\r\n\r\n";
const OPEN: &[u8] = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:match@convoke.example\r\n\
    ORGANIZER:mailto:rsvp+token@convoke.example\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:guest@example.com\r\n\
    COMMENT:see you\r\n";
const CLOSE: &[u8] = b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fuzz_target!(|bytes: &[u8]| {
    let _ = read_mail(&[HEADER, bytes].concat());
    let mail = read_mail(&[HEADER, OPEN, bytes, CLOSE].concat()).unwrap();
    let opens_or_closes = |word: &[u8]| word.eq_ignore_ascii_case(b"BEGIN") || word.eq_ignore_ascii_case(b"END");
    if bytes.split(|byte| !byte.is_ascii_alphabetic()).any(opens_or_closes) {
        return;
    }
    // What stands above in the same component is said already: other lines can spoil it or add to it, not unsay it.
    for message in mail.calendar.iter().flatten().take(1) {
        assert_eq!((message.method, message.uid.0.as_str()), (Method::Reply, "match@convoke.example"));
        assert_eq!(message.components[0].attendees[0].address.as_str(), "guest@example.com");
    }
});
