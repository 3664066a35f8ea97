//! The shape of a mail (RFC 6047), as another program reads it.

use imip::{Defect, OutgoingAttachment, calendar_text, compose, read_mail};
use itip::Method;
use mail_parser::{MessageParser, MimeHeaders, PartType};

use crate::fixtures::{Guest, course, mail, match_day};

#[test]
fn the_calendar_comes_last_among_the_alternatives_and_again_as_a_file() {
    let (guest, details) = (Guest::new(), match_day());
    for location in ["Harbour Park", "Estádio São Januário"] {
        let details = itip::EventDetails { location: location.to_owned(), ..details.clone() };
        let mut request = guest.request(&details, &[]);
        request.attendee_name = "Ana";
        let calendar = calendar_text(&request);
        let bytes = compose(&mail("Invitation", "Come.\n", Some((Method::Request, calendar.clone()))));
        let parsed = MessageParser::new().parse(&bytes).unwrap();
        let PartType::Multipart(mixed) = &parsed.parts[0].body else { panic!("not multipart") };
        let PartType::Multipart(alternatives) = &parsed.parts[mixed[0] as usize].body else { panic!("not multipart") };
        let part = &parsed.parts[alternatives[2] as usize];
        let kind = part.content_type().unwrap();
        assert_eq!((kind.ctype(), kind.subtype()), ("text", Some("calendar")));
        assert_eq!((kind.attribute("method"), kind.attribute("charset")), (Some("REQUEST"), Some("UTF-8")));
        assert!(part.content_disposition().is_none() && part.content_id().is_none());
        assert_eq!(part.contents(), calendar.as_bytes());
        let encoding = if calendar.is_ascii() { "7bit" } else { "base64" };
        assert_eq!(part.content_transfer_encoding(), Some(encoding));
        let file = &parsed.parts[mixed[1] as usize];
        assert_eq!(file.attachment_name(), Some("invite.ics"));
        assert_eq!(file.content_type().unwrap().attribute("name"), Some("invite.ics"));
        assert_eq!((file.content_transfer_encoding(), file.contents()), (Some("base64"), calendar.as_bytes()));
    }
}

#[test]
fn a_guest_can_leave_with_one_click() {
    let bytes = compose(&mail("Invitation", "Come.\n", None));
    let text = String::from_utf8(bytes).unwrap().replace("\r\n ", " ");
    assert!(
        text.contains(
            "\r\nList-Unsubscribe: <https://convoke.example/u/b1qx8.0123456789abcdef0123456789abcdef01234567.k3v5q2m7>, \
             <mailto:unsubscribe@convoke.example?subject=b1qx8>\r\n\
             List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
             Auto-Submitted: auto-generated\r\n"
        ),
        "{text}"
    );
}

#[test]
fn a_mail_without_a_calendar_is_no_more_than_text_and_files() {
    let mut notice = mail("Your event is live", "Done.\n", None);
    let bytes = compose(&notice);
    let parsed = MessageParser::new().parse(&bytes).unwrap();
    assert_eq!(parsed.content_type().unwrap().subtype(), Some("alternative"));
    assert_eq!((parsed.parts.len(), parsed.attachment_count()), (3, 0));

    let csv = "name,status\r\nAna,accepted\n\nLópez;\r\n".as_bytes().to_vec();
    notice.attachments.push(OutgoingAttachment {
        name: "asistentes «día 1».csv".to_owned(),
        content_type: "text/csv; charset=utf-8".to_owned(),
        bytes: csv.clone(),
    });
    let bytes = compose(&notice);
    let parsed = MessageParser::new().parse(&bytes).unwrap();
    let file = parsed.attachment(0).unwrap();
    assert_eq!(file.attachment_name(), Some("asistentes «día 1».csv"));
    assert_eq!(file.contents(), csv);
    assert_eq!(file.content_type().unwrap().attribute("charset"), Some("utf-8"));
}

#[test]
fn a_text_that_looks_like_a_boundary_is_only_a_text() {
    let text = "Look:\n--=_m_9f8e7d6c5b4a--\nand\n--=_a_9f8e7d6c5b4a\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR";
    let bytes = compose(&mail("x", text, None));
    let parsed = MessageParser::new().parse(&bytes).unwrap();
    assert_eq!((parsed.parts.len(), parsed.body_text(0).as_deref()), (3, Some(text)));
}

#[test]
fn a_mail_depends_on_nothing_but_its_contents() {
    let (guest, (master, overrides)) = (Guest::new(), course());
    let write = || {
        let calendar = calendar_text(&guest.request(&master, &overrides));
        compose(&mail("Invitation: Life drawing", "Come.\n", Some((Method::Request, calendar))))
    };
    assert_eq!(write(), write());
}

#[test]
fn our_own_reading_side_takes_it_for_what_it_is() {
    let (guest, (master, overrides)) = (Guest::new(), course());
    let calendar = calendar_text(&guest.request(&master, &overrides));
    let bytes = compose(&mail("Invitation: Life drawing", "Come.\n", Some((Method::Request, calendar))));
    let read = read_mail(&bytes).unwrap();
    let messages = read.calendar.unwrap();
    assert_eq!(messages.len(), 1, "the same calendar twice is one message");
    assert_eq!((messages[0].method, messages[0].components.len()), (Method::Request, 2));
    assert_eq!(read.defects, [Defect::RepeatedCalendar]);
}
