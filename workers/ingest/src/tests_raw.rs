//! Mail as bytes, through the front door: three calendars' shapes, and hostile variants of them.

use futures_executor::block_on;
use itip::CalAddress;
use scheduling::command::Notice;

use crate::tests::Place;
use crate::{IngestError, MailVerdict, RawMail, mail_bytes_max, receive, reread};

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nVERSION:2.0\r\n\
     METHOD:REQUEST\r\nBEGIN:VEVENT\r\nDTSTART:20270702T230500Z\r\nDTEND:20270703T020500Z\r\n\
     DTSTAMP:20260601T120000Z\r\nORGANIZER;CN=Ann Org:mailto:ann@x.test\r\nUID:raw-1@google.com\r\n\
     ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:create@convoke.test\r\nSEQUENCE:0\r\nSTATUS:CONFIRMED\r\n\
     SUMMARY:Orioles - Rays\r\nLOCATION:Camden Yards\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn raw(authentication: &str, from: &str, calendar: &str) -> Vec<u8> {
    format!(
        "{authentication}From: {from}\r\nTo: create@convoke.test\r\nSubject: Invitation: Orioles - Rays\r\n\
         Message-ID: <1@x.test>\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n\
         --b\r\nContent-Type: text/calendar; charset=UTF-8; method=REQUEST\r\n\r\n{calendar}--b--\r\n"
    )
    .into_bytes()
}

const PASS: &str =
    "Authentication-Results: mx.cloudflare.net; dkim=pass header.d=x.test; dmarc=pass header.from=x.test\r\n";
const FAIL: &str = "Authentication-Results: mx.cloudflare.net; dmarc=fail header.from=x.test\r\n";
const ANN: &str = "Ann <ann@x.test>";

fn send(place: &Place, to: &str, raw: Vec<u8>) -> Result<MailVerdict, IngestError> {
    let recipient = CalAddress::parse(to).unwrap();
    let mail = RawMail { envelope_from: "bounce@x.test".into(), recipient, raw };
    block_on(receive(&mail, &place.ctx))
}

fn create(place: &Place, raw: Vec<u8>) -> MailVerdict {
    send(place, "create@convoke.test", raw).unwrap()
}

#[test]
fn bytes_become_an_event_when_their_receiver_vouches() {
    let place = Place::trusting();
    assert_eq!(create(&place, raw(PASS, ANN, CALENDAR)), MailVerdict::Accept("created"));
    let forged = Place::trusting();
    assert!(matches!(create(&forged, raw(FAIL, ANN, CALENDAR)), MailVerdict::Reject(_)));
    assert!(matches!(
        create(&forged, raw(PASS, "Ann <ann@x.test>, Bob <bob@x.test>", CALENDAR)),
        MailVerdict::Reject(_)
    ));
    assert!(forged.bound("raw-1@google.com").is_empty());
    // Nobody is trusted: the same header is the sender's own.
    assert_eq!(create(&Place::new(), raw(PASS, ANN, CALENDAR)), MailVerdict::Accept("held"));
}

#[test]
fn a_claimed_mail_is_read_again_in_its_senders_name_only() {
    let place = Place::trusting();
    let bytes = raw("", ANN, CALENDAR);
    assert_eq!(create(&place, bytes.clone()), MailVerdict::Accept("held"));
    let reread_by = |who: &str| block_on(reread(&bytes, &CalAddress::parse(who).unwrap(), &place.ctx)).unwrap();
    assert_eq!(reread_by("mal@x.test"), MailVerdict::Accept("claimed by somebody else"));
    assert!(place.bound("raw-1@google.com").is_empty());
    assert_eq!(reread_by("ann@x.test"), MailVerdict::Accept("created"));
    assert!(place.notices("ann@x.test").iter().any(|notice| matches!(notice, Notice::EventsReady { .. })));
}

#[test]
fn other_mailboxes_answer_politely() {
    let place = Place::trusting();
    for (to, accepted) in [
        ("bulk@convoke.test", false),
        ("sales@convoke.test", false),
        ("create@elsewhere.test", false),
        ("unsubscribe@convoke.test", false),
        ("rsvp@convoke.test", false),
        ("notification@convoke.test", true),
    ] {
        let verdict = send(&place, to, raw(PASS, ANN, CALENDAR)).unwrap();
        assert_eq!(matches!(verdict, MailVerdict::Accept(_)), accepted, "{to}: {verdict:?}");
        if let MailVerdict::Reject(reason) = verdict {
            assert!(!reason.is_empty() && reason.chars().count() <= 200 && !reason.contains(['\r', '\n']), "{reason}");
        }
    }
}

#[test]
fn a_mailbox_has_its_size() {
    let bytes = |text: &str| mail_bytes_max(&CalAddress::parse(text).unwrap());
    assert_eq!(bytes("create@convoke.test"), 5 * 1024 * 1024);
    assert_eq!(bytes("rsvp+abc@convoke.test"), 5 * 1024 * 1024);
    assert_eq!(bytes("bulk@convoke.test"), 25 * 1024 * 1024);
    assert_eq!(bytes("bulk+may@convoke.test"), 25 * 1024 * 1024);
}

#[test]
fn no_cut_or_changed_byte_is_fatal() {
    let place = Place::trusting();
    let whole = raw(PASS, ANN, CALENDAR);
    for end in (0..whole.len()).step_by(7) {
        create(&place, whole[..end].to_vec());
    }
    let mut seed = 1_u32;
    for _ in 0..300 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = usize::try_from(seed >> 8).unwrap() % bytes.len();
            bytes[at] = u8::try_from(seed & 255).unwrap();
        }
        for to in
            ["create@convoke.test", "rsvp+x@convoke.test", "unsubscribe@convoke.test", "notification@convoke.test"]
        {
            send(&place, to, bytes.clone()).unwrap();
        }
    }
}
