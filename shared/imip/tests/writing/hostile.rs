//! Texts of strangers: none of them adds a line, a property, a header or a part.

use imip::{OutgoingCalendar, calendar_text, compose, read_calendar};
use itip::{EventDetails, Method};

use crate::fixtures::{Guest, mail, match_day};

const HOSTILE: &[&str] = &[
    "\r\nATTENDEE:mailto:eve@example.com",
    "\nATTENDEE:mailto:eve@example.com",
    "\rATTENDEE:mailto:eve@example.com",
    "\u{85}ATTENDEE:mailto:eve@example.com",
    "\u{2028}ATTENDEE:mailto:eve@example.com",
    "\u{2029}ATTENDEE:mailto:eve@example.com",
    "\u{b}ATTENDEE:x\u{c}ATTENDEE:x\u{1c}ATTENDEE:x",
    "\0\u{1}\u{1b}[31m\u{7f}\u{9b}31m",
    "x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nMETHOD:CANCEL",
    "\\\r\nATTENDEE:x",
    "\\n\\N\\\\n\\;\\,",
    "\";ROLE=CHAIR:mailto:eve@example.com",
    "\":mailto:eve@example.com\r\nX:y",
    "^n^'^^ ^\r\n^",
    "a:b;c,d=e\"f",
    "\r\n\r\n--=_m_9f8e7d6c5b4a\r\nContent-Type: text/html\r\n\r\n<b>x</b>",
    "\r\nBcc: eve@example.com\r\n\r\nbody",
    "=?utf-8?Q?=0D=0ABcc:_eve=40example.com?=",
    "<eve@example.com>, \"",
    "\u{202e}gpj.exe\u{202c}\u{feff}\u{200b}",
    "{{7*7}} ${jndi:ldap://x} %0d%0aBcc:x",
    "\u{1f469}\u{200d}\u{1f52c}\u{301}\u{0}\u{fffd}",
];

/// The name that each line of a calendar starts with, folds undone.
fn names(text: &str) -> Vec<String> {
    assert!(text.ends_with("END:VCALENDAR\r\n"), "{text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    let unfolded = text.replace("\r\n ", "");
    let bare = unfolded.replace("\r\n", "");
    assert!(!bare.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}'), "{text}");
    let name = |line: &str| line.split([':', ';']).next().map(str::to_owned);
    unfolded.split_terminator("\r\n").filter_map(name).collect()
}

fn attacked(base: &EventDetails, attack: &str) -> EventDetails {
    let with = |text: &str| format!("{text}{attack}{text}");
    EventDetails {
        summary: with(&base.summary),
        description: with(&base.description),
        description_html: with(&base.description_html),
        location: with(&base.location),
        url: with(&base.url),
        categories: vec![with("a"), with("b")],
        image: with("https://example.com/a.png"),
        ..base.clone()
    }
}

#[test]
fn no_text_adds_a_line_to_a_calendar() {
    let guest = Guest::new();
    let base = match_day();
    let clean = OutgoingCalendar { comment: Some("x"), ..guest.request(&base, &[]) };
    let expected = names(&calendar_text(&clean));
    for attack in HOSTILE {
        let mut details = attacked(&base, attack);
        details.recurrence.rrule = None;
        let hostile = OutgoingCalendar {
            details: Some(&details),
            organizer_name: attack,
            organizer_address: attack,
            attendee_name: attack,
            prodid: attack,
            uid: attack,
            comment: Some(attack),
            ..clean.clone()
        };
        let text = calendar_text(&hostile);
        assert_eq!(names(&text), expected, "{attack:?}\n{text}");
    }
}

#[test]
fn a_rule_of_a_stranger_stays_on_its_line() {
    let guest = Guest::new();
    for attack in HOSTILE {
        let mut details = match_day();
        details.recurrence.rrule = Some(format!("FREQ=DAILY{attack}"));
        let names = names(&calendar_text(&guest.request(&details, &[])));
        assert_eq!(names.iter().filter(|name| *name == "ATTENDEE").count(), 1, "{attack:?}");
        assert_eq!(names.iter().filter(|name| *name == "BEGIN").count(), 6, "{attack:?}");
    }
}

#[test]
fn the_reading_side_sees_one_guest_and_one_event() {
    let guest = Guest::new();
    for attack in HOSTILE {
        let details = attacked(&match_day(), attack);
        let request = OutgoingCalendar {
            attendee_name: attack,
            organizer_name: attack,
            comment: Some(attack),
            ..guest.request(&details, &[])
        };
        let messages = read_calendar(calendar_text(&request).as_bytes()).unwrap();
        let [message] = messages.as_slice() else { panic!("{attack:?}: {messages:?}") };
        let [component] = message.components.as_slice() else { panic!("{attack:?}: {message:?}") };
        let [attendee] = component.attendees.as_slice() else { panic!("{attack:?}: {component:?}") };
        assert_eq!(attendee.address.as_str(), "ana.lopez@example.com");
        assert_eq!(component.organizer.as_ref().unwrap().address.as_str(), "rsvp+k3v5q2m7@convoke.example");
        assert_eq!(message.method, Method::Request);
    }
}

#[test]
fn no_text_adds_a_header_or_a_part_to_a_mail() {
    let guest = Guest::new();
    let details = match_day();
    let calendar = calendar_text(&guest.request(&details, &[]));
    for attack in HOSTILE {
        let mut mail = mail(attack, attack, Some((Method::Request, calendar.clone())));
        mail.from.name = (*attack).to_owned();
        mail.to.name = format!("Ana{attack}");
        mail.reply_to.as_mut().unwrap().name = (*attack).to_owned();
        mail.html = format!("<p>{attack}</p>");
        mail.message_id = format!("id{attack}@convoke.example");
        mail.list_unsubscribe.as_mut().unwrap().https += attack;
        mail.list_unsubscribe.as_mut().unwrap().mailto += attack;
        let bytes = compose(&mail);
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.is_ascii(), "{attack:?}\n{text}");
        assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])), "{attack:?}\n{text}");
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with([' ', '\t']))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "Reply-To",
                "List-Unsubscribe",
                "List-Unsubscribe-Post",
                "Auto-Submitted",
                "MIME-Version",
                "Content-Type"
            ],
            "{attack:?}\n{head}"
        );
        let parsed = mail_parser::MessageParser::new().parse(&bytes).unwrap();
        let kinds: Vec<String> = parsed
            .parts
            .iter()
            .map(|part| {
                mail_parser::MimeHeaders::content_type(part)
                    .map_or(String::new(), |kind| kind.subtype().unwrap_or_default().to_owned())
            })
            .collect();
        assert_eq!(kinds, ["mixed", "alternative", "plain", "html", "calendar", "ics"], "{attack:?}\n{text}");
        assert_eq!(
            parsed.from().unwrap().first().unwrap().address(),
            Some("notification@convoke.example"),
            "{attack:?}"
        );
        let to: Vec<_> = parsed.to().unwrap().iter().map(|mailbox| mailbox.address().unwrap()).collect();
        assert_eq!(to, ["ana.lopez@example.com"], "{attack:?}\n{head}");
    }
}
