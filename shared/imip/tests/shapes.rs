//! Where a calendar lies in a mail, and what a mail without one is.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imip::{CalendarRefusal, Defect, Delivery, DeliveryAction, InboundMail, MailKind, read_mail};
use itip::{CalAddress, Method};

fn read(mail: &str) -> InboundMail {
    read_mail(mail.replace('\n', "\r\n").as_bytes()).unwrap()
}

fn calendar(method: &str, uid: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\n{method}BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260301T100000Z\nDTSTART:20260701T100000Z\n\
         END:VEVENT\nEND:VCALENDAR\n"
    )
}

fn request() -> String {
    calendar("METHOD:REQUEST\n", "1")
}

/// METHOD and UID of everything that was read.
fn found(mail: &InboundMail) -> Vec<(Method, &str)> {
    mail.calendar.as_ref().unwrap().iter().map(|message| (message.method, message.uid.0.as_str())).collect()
}

fn with_parts(parts: &[(&str, &str)]) -> InboundMail {
    let parts: Vec<String> =
        parts.iter().map(|(kind, body)| format!("--b\nContent-Type: {kind}\n\n{body}\n")).collect();
    read(&format!("From: ana@example.com\nContent-Type: multipart/mixed; boundary=b\n\n{}--b--\n", parts.concat()))
}

// ---- where it lies

#[test]
fn it_is_found_under_every_label() {
    for kind in [
        "text/calendar; method=REQUEST; charset=utf-8",
        "text/calendar; method=request; component=VEVENT; charset=UTF-8; name=meeting.ics",
        "text/calendar",
        "TEXT/Calendar; Method=\"REQUEST\"",
        "application/ics; name=invite.ics",
        "application/octet-stream; name=invite.ICS",
        "text/plain",
        "text/x-vcalendar",
    ] {
        assert_eq!(found(&with_parts(&[(kind, &request())])), [(Method::Request, "1")], "{kind}");
    }
}

#[test]
fn the_method_of_the_body_counts_and_then_the_parameter() {
    let parameter_only = with_parts(&[("text/calendar; method=CANCEL", &calendar("", "1"))]);
    assert_eq!(found(&parameter_only), [(Method::Cancel, "1")]);
    let both = with_parts(&[("text/calendar; method=REPLY", &calendar("METHOD:COUNTER\n", "1"))]);
    assert_eq!(found(&both), [(Method::Counter, "1")]);
    assert!(both.defects.contains(&Defect::MethodMismatch));
    let neither = with_parts(&[("text/calendar", &calendar("", "1"))]);
    assert_eq!(found(&neither), [(Method::Publish, "1")]);
}

#[test]
fn the_same_event_counts_once_and_different_ones_each() {
    let twice = with_parts(&[("text/calendar", &request()), ("application/ics", &request().replace("UID", "uid"))]);
    assert_eq!(found(&twice), [(Method::Request, "1")]);
    assert!(twice.defects.contains(&Defect::RepeatedCalendar));
    let two = with_parts(&[("text/calendar", &request()), ("application/ics", &calendar("METHOD:REQUEST\n", "2"))]);
    assert_eq!(found(&two), [(Method::Request, "1"), (Method::Request, "2")]);
    let one_part = with_parts(&[("text/calendar", &(request() + &calendar("METHOD:CANCEL\n", "2")))]);
    assert_eq!(found(&one_part), [(Method::Request, "1"), (Method::Cancel, "2")]);
}

#[test]
fn frames_that_are_broken_do_not_hide_it() {
    let no_boundary = format!(
        "From: a@example.com\nContent-Type: multipart/mixed\n\n--x\nContent-Type: text/calendar\n\n{}\n--x--\n",
        request()
    );
    assert_eq!(found(&read(&no_boundary)), [(Method::Request, "1")]);
    let base64 = STANDARD.encode(request());
    assert_eq!(found(&with_parts(&[("text/calendar", &base64)])), [(Method::Request, "1")]);
}

#[test]
fn a_forwarded_mail_gives_its_calendar_unless_the_forwarder_sends_his_own() {
    let original = format!("From: olga@example.com\nContent-Type: text/calendar\n\n{}", request());
    let forwarded = with_parts(&[("text/plain", "see below"), ("message/rfc822", &original)]);
    assert_eq!(found(&forwarded), [(Method::Request, "1")]);
    assert_eq!(forwarded.from[0].as_str(), "ana@example.com");
    assert!(forwarded.defects.contains(&Defect::CalendarInForwardedMail));
    let own = with_parts(&[("message/rfc822", &original), ("text/calendar", &calendar("METHOD:REQUEST\n", "2"))]);
    assert_eq!(found(&own), [(Method::Request, "2")]);
}

// ---- signed and encrypted

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

/// An element of indefinite length.
fn open_element(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x80], content, &[0, 0]].concat()
}

const SIGNED_DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
const ENVELOPED_DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03";
const DATA: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01";
const VERSION: &[u8] = &[2, 1, 1];

/// CMS around a content, with what follows it: certificates and signatures.
fn cms(kind: &[u8], content: &[u8], element: fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let digests = b"\x31\x0D\x30\x0B\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
    let inner = element(0x30, &[DATA, &element(0xA0, content)].concat());
    let signed = element(0x30, &[VERSION, digests, &inner, b"\x31\x02\x05\x00"].concat());
    element(0x30, &[kind, &element(0xA0, &signed)].concat())
}

fn smime(cms: &[u8]) -> InboundMail {
    let kind = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m";
    let encoded = STANDARD.encode(cms);
    read(&format!("From: ana@example.com\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{encoded}\n"))
}

fn signed_entity() -> Vec<u8> {
    format!("Content-Type: text/calendar; method=REQUEST\n\n{}", request()).into_bytes()
}

#[test]
fn a_signed_message_is_opened() {
    let entity = signed_entity();
    let (first, rest) = entity.split_at(40);
    let pieces = [element(4, first), element(4, rest)].concat();
    for signed in [
        cms(SIGNED_DATA, &element(4, &entity), element),
        cms(SIGNED_DATA, &element(4, &entity), open_element),
        cms(SIGNED_DATA, &open_element(0x24, &pieces), open_element),
        cms(SIGNED_DATA, &element(0x24, &pieces), element),
    ] {
        assert_eq!(found(&smime(&signed)), [(Method::Request, "1")]);
    }
    let clear = "From: a@example.com\nContent-Type: multipart/signed; boundary=b; micalg=sha-256\n\n--b\nContent-Type: text/calendar\n\n"
        .to_owned()
        + &request()
        + "\n--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nxyz\n--b--\n";
    let clear = read(&clear);
    assert_eq!((found(&clear), clear.attachments.len()), (vec![(Method::Request, "1")], 0));
}

#[test]
fn an_encrypted_message_says_that_it_is() {
    let enveloped = smime(&cms(ENVELOPED_DATA, &element(4, b"secret"), element));
    assert_eq!(enveloped.calendar, Err(CalendarRefusal::Encrypted));
    let pgp =
        with_parts(&[("application/pgp-encrypted", "Version: 1"), ("application/octet-stream", "-----BEGIN PGP")]);
    assert_eq!(pgp.calendar, Err(CalendarRefusal::Encrypted));
}

#[test]
fn damaged_cms_is_refused() {
    let whole = cms(SIGNED_DATA, &open_element(0x24, &element(4, &signed_entity())), open_element);
    // What was cut off behind the start of the event is read like any calendar that was cut off.
    let start_at = whole.windows(8).position(|bytes| bytes == b"DTSTART:").unwrap();
    for end in 0..whole.len() {
        let mail = smime(&whole[..end]);
        match &mail.calendar {
            Ok(_) => assert_eq!(found(&mail), [(Method::Request, "1")], "cut at {end}"),
            Err(_) => assert!(end < start_at + 24, "cut at {end}"),
        }
        assert!(end > start_at || mail.calendar.is_err(), "cut at {end}");
    }
    for at in 0..80 {
        for byte in [0x00, 0x7F, 0x80, 0x84, 0xFF] {
            let mut bad = whole.clone();
            bad[at] = byte;
            let _ = smime(&bad);
        }
    }
    let nested = (0..30).fold(signed_entity(), |entity, _| {
        let head = b"Content-Type: application/pkcs7-mime\r\n\r\n".to_vec();
        [head, cms(SIGNED_DATA, &element(4, &entity), element)].concat()
    });
    assert!(read_mail(&nested).is_err());
}

// ---- bounces

fn bounce(status: &str) -> InboundMail {
    read(&format!(
        "From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n{status}\n\
         --b\nContent-Type: message/rfc822\n\nContent-Type: text/calendar\n\n{}\n--b--\n",
        request()
    ))
}

fn delivery(recipient: &str, action: DeliveryAction, status: (u16, u16, u16)) -> Delivery {
    Delivery { recipient: CalAddress::parse(recipient).unwrap(), action, status }
}

#[test]
fn a_bounce_names_whom_it_is_about() {
    use DeliveryAction::{Delayed, Delivered, Failed};
    for (status, expected) in [
        (
            "Final-Recipient: rfc822; Bo@example.net\nAction: failed\nStatus: 5.1.1 (no such user)\n\
             Diagnostic-Code: smtp; 550\n 5.1.1 unknown",
            vec![delivery("bo@example.net", Failed, (5, 1, 1))],
        ),
        (
            "Original-Recipient: RFC822;bo@example.net\nFinal-Recipient: rfc822; b.o@internal.example\n\
             Action: Failed\nstatus: 5.2.2",
            vec![delivery("bo@example.net", Failed, (5, 2, 2))],
        ),
        (
            "Final-Recipient: rfc822;bo@example.net\nAction: delayed\nStatus: 4.4.1\n\n\
             Final-Recipient: utf-8; cy@example.net\nAction: relayed\nStatus: 2.0.0",
            vec![delivery("bo@example.net", Delayed, (4, 4, 1)), delivery("cy@example.net", Delivered, (2, 0, 0))],
        ),
        ("Final-Recipient: bo@example.net\nAction: failed", vec![delivery("bo@example.net", Failed, (5, 0, 0))]),
        ("Final-Recipient: x400; /c=xx\nAction: failed\nStatus: 5.1.1", vec![]),
        ("Final-Recipient: rfc822; bo@example.net\nAction: shrugged", vec![]),
    ] {
        let mail = bounce(status);
        assert_eq!((mail.kind, mail.deliveries), (MailKind::Bounce, expected), "{status}");
        assert_eq!(mail.calendar, Err(CalendarRefusal::NoCalendar));
    }
    let expired = delivery("bo@example.net", Failed, (4, 4, 7));
    assert!(!expired.is_permanent() && delivery("bo@example.net", Failed, (5, 1, 1)).is_permanent());
}

#[test]
fn a_bounce_without_a_report_names_them_in_its_header() {
    let mail = read(
        "From: Mail Delivery <mailer-daemon@example.com>\nX-Failed-Recipients: bo@example.net,\n cy@example.net\n\nSorry.\n",
    );
    let expected =
        ["bo@example.net", "cy@example.net"].map(|address| delivery(address, DeliveryAction::Failed, (5, 0, 0)));
    assert_eq!((mail.kind, &mail.deliveries[..]), (MailKind::Bounce, &expected[..]));
}

#[test]
fn a_report_of_many_recipients_is_cut() {
    let group = "Final-Recipient: rfc822; bo@example.net\nAction: failed\n\n";
    assert_eq!(bounce(&group.repeat(5_000)).deliveries.len(), 100);
}

// ---- answers of machines

#[test]
fn machines_that_answer_are_told_from_calendars_that_invite() {
    let kind = |header: &str, body: &str| read(&format!("From: ana@example.com\n{header}\n{body}")).kind;
    let invitation = format!("Content-Type: text/calendar\n\n{}", request());
    let reply = format!("Content-Type: text/calendar\n\n{}", calendar("METHOD:REPLY\n", "1"));
    let text = "\nI am away.\n";
    for header in [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: away",
        "X-Mail-Autoreply: vacation",
        "X-Autogenerated: Reply",
        "X-Vacation: on",
        "X-FC-MachineGenerated: true",
        "X-Mailer: vacation 1.2",
        "Delivered-To: Autoresponder",
    ] {
        assert_eq!(kind(header, text), MailKind::AutoReply, "{header}");
        // One that sends our own invitation back is no invitation.
        assert_eq!(kind(header, &invitation), MailKind::AutoReply, "{header}");
        // A room that accepts is as good as a person.
        assert_eq!(kind(header, &reply), MailKind::Personal, "{header}");
    }
    for header in [
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
    ] {
        assert_eq!(kind(header, text), MailKind::AutoReply, "{header}");
        assert_eq!(kind(header, &invitation), MailKind::Personal, "{header}");
    }
    for header in ["Precedence: bulk", "Precedence: list", "List-Id: <news.example.com>"] {
        assert_eq!(kind(header, text), MailKind::List, "{header}");
        assert_eq!(kind(header, &invitation), MailKind::Personal, "{header}");
    }
    for header in ["Auto-Submitted: no", "X-Autoreply: no", "X-Auto-Response-Suppress: None", "X-Mailer: Mail"] {
        assert_eq!(kind(header, text), MailKind::Personal, "{header}");
    }
}

// ---- what it shows

#[test]
fn a_picture_is_an_address_that_a_secure_page_can_show() {
    const IMAGE: &str = "IMAGE;VALUE=URI;DISPLAY=BADGE;FMTTYPE=image/png:";
    for (lines, image) in [
        (format!("{IMAGE}https://club.example/a.png\n"), "https://club.example/a.png"),
        (
            format!("ATTACH;FMTTYPE=IMAGE/png:https://club.example/b.png\n{IMAGE}https://club.example/a.png\n"),
            "https://club.example/a.png",
        ),
        ("ATTACH;FMTTYPE=image/webp:https://club.example/b\n".into(), "https://club.example/b"),
        (
            format!("{IMAGE}http://club.example/a.png\n{IMAGE}https://club.example/c.png\n"),
            "https://club.example/c.png",
        ),
        ("ATTACH;FMTTYPE=application/pdf:https://club.example/plan.pdf\n".into(), ""),
        ("IMAGE;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=image/png:aGVsbG8=\n".into(), ""),
        ("IMAGE:javascript:alert(1)\n".into(), ""),
    ] {
        let calendar = request().replace("END:VEVENT", &format!("{lines}END:VEVENT"));
        let reading = imip::read_calendar_events(calendar.as_bytes()).unwrap();
        let details = reading.messages[0].components[0].details.as_ref().unwrap();
        assert_eq!(details.image, image, "{lines}");
    }
}
