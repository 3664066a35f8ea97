//! Meetings that Outlook sends as `winmail.dat`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use base64::Engine;
use common::tnef::*;
use imip::{CalendarRefusal, InboundMail, read_mail};
use itip::{Class, Component, ItipMessage, Method, PartStat, When, Zone};

const BERLIN: i32 = -60;

fn mail_with(tnef: &[u8]) -> Vec<u8> {
    let winmail = base64::engine::general_purpose::STANDARD.encode(tnef);
    format!(
        "From: Olga Organizer <olga@example.com>\r\nTo: create@invites.example.org, Bo <bo@example.net>\r\n\
         Subject: Planning\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\nWhen: Monday\r\nWhere: Room 1\r\n\r\n\
         *~*~*~*~*~*~*~*~*~*\r\n\r\nBring numbers.\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{winmail}\r\n--b--\r\n"
    )
    .into_bytes()
}

fn read(tnef: &[u8]) -> InboundMail {
    read_mail(&mail_with(tnef)).unwrap()
}

fn only(mail: &InboundMail) -> &ItipMessage {
    let [message] = mail.calendar.as_deref().unwrap() else { panic!("one message was expected") };
    message
}

fn show(when: &When) -> String {
    match when {
        When::Date(date) => date.to_string(),
        When::At(moment) => {
            let zone = match &moment.zone {
                Zone::Utc => "UTC".to_owned(),
                Zone::Floating => "floating".to_owned(),
                Zone::Iana(name) => name.clone(),
                Zone::Custom { tzid, .. } => format!("custom {tzid}"),
            };
            let utc = chrono::DateTime::from_timestamp(moment.instant.0, 0).unwrap().format("%H:%MZ");
            format!("{} {zone} = {utc}", moment.local.format("%Y-%m-%d %H:%M"))
        }
    }
}

fn start_of(component: &Component) -> String {
    show(&component.details.as_ref().unwrap().start)
}

fn id() -> Property {
    binary(Name::Meeting(0x23), &global_object_id(None, &[0xAB; 16]))
}

const HEX: &str = "040000008200E00074C5B7101A82E008\
                   00000000\
                   1111111111111111\
                   0000000000000000\
                   10000000\
                   ABABABABABABABABABABABABABABABAB";

/// What every meeting of these tests has.
fn basics() -> Vec<Property> {
    vec![
        named_by_text("content-class", 1),
        wide(Name::Tag(0x37), "Planning – Größe"),
        narrow(Name::Appointment(0x8208), b"Caf\xe9 1; upstairs"),
        id(),
        binary(Name::Meeting(0x03), &global_object_id(None, &[0xAB; 16])),
        long(Name::Appointment(0x8201), 3),
        time(Name::Meeting(0x1A), "2026-03-01 10:00"),
        time(Name::Appointment(0x820D), "2026-07-06 07:00"),
        time(Name::Appointment(0x820E), "2026-07-06 08:30"),
        binary(Name::Appointment(0x825E), &zone_definition("W. Europe Standard Time", BERLIN)),
    ]
}

fn meeting(class: &str, more: &[Property]) -> Vec<u8> {
    TnefBuilder::new().code_page(1252).class(class).properties(&[basics(), more.to_vec()].concat()).bytes()
}

fn request(more: &[Property]) -> Vec<u8> {
    meeting("IPM.Microsoft Schedule.MtgReq", more)
}

#[test]
fn an_invitation_is_read_in_full() {
    let mail = read(&request(&[long(Name::Appointment(0x8224), 0), long(Name::Tag(0x36), 2)]));
    let message = only(&mail);
    assert_eq!((message.method, message.uid.0.as_str()), (Method::Request, HEX));
    let component = &message.components[0];
    let details = component.details.as_ref().unwrap();
    assert_eq!((component.order.sequence.0, component.order.dtstamp.0), (3, 1_772_359_200));
    assert_eq!(details.summary, "Planning – Größe");
    assert_eq!(details.location, "Café 1; upstairs");
    assert_eq!(details.description, "Bring numbers.");
    assert_eq!(show(&details.start), "2026-07-06 09:00 Europe/Berlin = 07:00Z");
    assert_eq!(show(&details.end), "2026-07-06 10:30 Europe/Berlin = 08:30Z");
    assert!(details.transparent && details.class == Class::Private && details.recurrence.rrule.is_none());
    let organizer = component.organizer.as_ref().unwrap();
    assert_eq!((organizer.address.as_str(), organizer.name.as_str()), ("olga@example.com", "Olga Organizer"));
    let guests: Vec<_> = component.attendees.iter().map(|guest| guest.address.as_str()).collect();
    assert_eq!(guests, ["create@invites.example.org", "bo@example.net"]);
    assert_eq!(mail.attachments, []);
    assert_eq!(mail.defects, []);
}

#[test]
fn the_names_of_recipients_come_from_their_table() {
    let row = |address: &str, kind: i32| {
        vec![long(Name::Tag(0x0C15), kind), wide(Name::Tag(0x39FE), address), wide(Name::Tag(0x3001), "Cy, \"C\"")]
    };
    let tnef = TnefBuilder::new()
        .class("IPM.Schedule.Meeting.Request")
        .recipients(&[row("/o=Example/cn=x", 1), row("cy@example.net", 1), row("olga@example.com", 0)])
        .properties(&basics())
        .bytes();
    let mail = read(&tnef);
    let [guest] = &only(&mail).components[0].attendees[..] else { panic!("one guest was expected") };
    assert_eq!((guest.address.as_str(), guest.name.as_str()), ("cy@example.net", "Cy, \"C\""));
}

#[test]
fn a_uid_of_another_program_is_its_own() {
    let foreign = global_object_id(None, b"vCal-Uid\x01\0\0\0abc-123@example.com\0");
    let properties: Vec<_> = basics().into_iter().skip(5).chain([binary(Name::Meeting(0x23), &foreign)]).collect();
    let tnef = TnefBuilder::new().class("IPM.Schedule.Meeting.Request").properties(&properties).bytes();
    assert_eq!(only(&read(&tnef)).uid.0, "abc-123@example.com");
    // Without either form nothing says which meeting it is.
    let nameless = |class: &str| read(&TnefBuilder::new().class(class).properties(&basics()[5..]).bytes());
    assert_eq!(nameless("IPM.Schedule.Meeting.Request").calendar, Err(CalendarRefusal::NoUid));
    assert!(only(&nameless("IPM.Appointment")).uid.0.starts_with("no-uid-"));
}

#[test]
fn answers_cancellations_and_proposals_have_their_method() {
    for (class, partstat) in [
        ("IPM.Schedule.Meeting.Resp.Pos", PartStat::Accepted),
        ("IPM.Microsoft Schedule.MtgRespN", PartStat::Declined),
        ("ipm.schedule.meeting.resp.tent", PartStat::Tentative),
    ] {
        let mail = read(&meeting(class, &[time(Name::Meeting(0x01), "2026-03-02 10:00")]));
        let (method, component) = (only(&mail).method, &only(&mail).components[0]);
        let [attendee] = &component.attendees[..] else { panic!("one attendee was expected") };
        assert_eq!((method, attendee.partstat), (Method::Reply, partstat));
        assert_eq!((attendee.address.as_str(), component.order.dtstamp.0), ("olga@example.com", 1_772_445_600));
        assert_eq!((component.organizer.as_ref(), component.comment.as_str()), (None, "Bring numbers."));
    }
    let cancel = read(&meeting("IPM.Schedule.Meeting.Canceled", &[]));
    assert_eq!((only(&cancel).method, only(&cancel).uid.0.as_str()), (Method::Cancel, HEX));
    let forwarded = read(&meeting("IPM.Appointment", &[binary(Name::Appointment(0x8216), &weekly().bytes())]));
    let details = only(&forwarded).components[0].details.as_ref().unwrap();
    assert_eq!((only(&forwarded).method, details.recurrence.is_series()), (Method::Publish, true));
    let proposal = [
        boolean(Name::Appointment(0x8257), true),
        time(Name::Appointment(0x8250), "2026-07-07 07:00"),
        time(Name::Appointment(0x8251), "2026-07-07 08:00"),
    ];
    let counter = read(&meeting("IPM.Schedule.Meeting.Resp.Tent", &proposal));
    assert_eq!(only(&counter).method, Method::Counter);
    assert_eq!(start_of(&only(&counter).components[0]), "2026-07-07 09:00 Europe/Berlin = 07:00Z");
}

#[test]
fn zones_are_known_by_name_or_by_rule_and_never_utc_by_default() {
    let start = |zone: &[Property]| {
        let properties = [&basics()[..9], zone].concat();
        let tnef = TnefBuilder::new().class("IPM.Schedule.Meeting.Request").properties(&properties).bytes();
        let mail = read(&tnef);
        mail.calendar.as_ref().map(|messages| start_of(&messages[0].components[0])).map_err(|reason| *reason)
    };
    let structure = |name: &str, bias: i32| {
        [wide(Name::Appointment(0x8234), name), binary(Name::Appointment(0x8233), &zone_struct(bias))]
    };
    for (zone, expected) in [
        (vec![], "2026-07-06 07:00 UTC = 07:00Z"),
        (
            structure("(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb", -60).to_vec(),
            "2026-07-06 09:00 Europe/Warsaw = 07:00Z",
        ),
        (structure("Our branch", -120).to_vec(), "2026-07-06 10:00 custom Our branch = 07:00Z"),
        (structure("", 300).to_vec(), "2026-07-06 03:00 custom Outlook = 07:00Z"),
        (
            vec![binary(Name::Appointment(0x825E), &zone_definition("Moon Standard Time", -60))],
            "2026-07-06 09:00 custom Moon Standard Time = 07:00Z",
        ),
    ] {
        assert_eq!(start(&zone).as_deref(), Ok(expected));
    }
    for broken in [vec![1, 2, 3], zone_definition("Moon Standard Time", 9_999), zone_definition("", -60)[..40].to_vec()]
    {
        assert_eq!(start(&[binary(Name::Appointment(0x825E), &broken)]), Err(CalendarRefusal::UnknownZone));
    }
}

#[test]
fn whole_days_stay_whole_days() {
    let days = |zone: &[Property]| {
        let properties = [
            &basics()[..7],
            zone,
            &[
                boolean(Name::Appointment(0x8215), true),
                time(Name::Appointment(0x820D), "2026-07-05 22:00"),
                time(Name::Appointment(0x820E), "2026-07-07 22:00"),
            ],
        ]
        .concat();
        let tnef = TnefBuilder::new().class("IPM.Schedule.Meeting.Request").properties(&properties).bytes();
        let mail = read(&tnef);
        let details = only(&mail).components[0].details.clone().unwrap();
        (show(&details.start), show(&details.end))
    };
    let expected = ("2026-07-06".to_owned(), "2026-07-08".to_owned());
    assert_eq!(days(&basics()[9..]), expected);
    assert_eq!(days(&[]), expected);
}

/// Every Monday at 9:00, 10 times.
fn weekly() -> Pattern {
    Pattern {
        frequency: 0x200B,
        kind: 1,
        period: 1,
        specific: vec![2],
        end: (0x2022, 10),
        left_out: vec![],
        changed: vec![],
        first: "2026-07-06",
        last: "2026-09-07",
        times: (9 * 60, 10 * 60 + 30),
        exceptions: vec![],
    }
}

fn series(pattern: &Pattern) -> Result<Vec<Component>, CalendarRefusal> {
    let mail = read(&request(&[binary(Name::Appointment(0x8216), &pattern.bytes())]));
    mail.calendar.map(|mut messages| messages.remove(0).components)
}

#[test]
fn patterns_become_rules() {
    let [daily, monthly, yearly] = [0x200A, 0x200C, 0x200D];
    let pattern = |frequency, kind, period, specific: &[u32]| Pattern {
        frequency,
        kind,
        period,
        specific: specific.to_vec(),
        ..weekly()
    };
    let until = Pattern { end: (0x2021, 10), ..weekly() };
    let endless = Pattern { end: (0x2023, 10), ..weekly() };
    for (pattern, rule) in [
        (weekly(), "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=MO;COUNT=10"),
        (pattern(0x200B, 1, 2, &[0b10_0010]), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=MO;COUNT=10"),
        (pattern(daily, 0, 3 * 1440, &[]), "FREQ=DAILY;INTERVAL=3;COUNT=10"),
        (pattern(daily, 1, 1, &[0b11_1110]), "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;WKST=MO;COUNT=10"),
        (pattern(monthly, 2, 1, &[6]), "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=6;COUNT=10"),
        (pattern(monthly, 2, 3, &[30]), "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,29,30;BYSETPOS=-1;COUNT=10"),
        (pattern(monthly, 4, 1, &[31]), "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1;COUNT=10"),
        (pattern(monthly, 3, 1, &[2, 1]), "FREQ=MONTHLY;INTERVAL=1;BYDAY=1MO;COUNT=10"),
        (pattern(monthly, 3, 1, &[0b11_1110, 5]), "FREQ=MONTHLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=10"),
        (pattern(yearly, 2, 12, &[6]), "FREQ=YEARLY;INTERVAL=1;BYMONTH=7;BYMONTHDAY=6;COUNT=10"),
        (pattern(yearly, 3, 24, &[2, 5]), "FREQ=YEARLY;INTERVAL=2;BYMONTH=7;BYDAY=-1MO;COUNT=10"),
        (until, "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=MO;UNTIL=20260907T070000Z"),
        (endless, "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;WKST=MO"),
    ] {
        let components = series(&pattern).unwrap();
        let recurrence = &components[0].details.as_ref().unwrap().recurrence;
        assert_eq!(recurrence.rrule.as_deref(), Some(rule));
        assert_eq!(start_of(&components[0]), "2026-07-06 09:00 Europe/Berlin = 07:00Z");
    }
}

#[test]
fn days_that_are_left_out_or_moved_are_known() {
    let moved = exception("2026-07-21 11:00", "2026-07-21 12:00", "2026-07-20 09:00", b"Planning, caf\xe9");
    let pattern = Pattern {
        left_out: vec!["2026-07-13", "2026-07-20"],
        changed: vec!["2026-07-21"],
        exceptions: vec![moved],
        ..weekly()
    };
    let components = series(&pattern).unwrap();
    let [master, instance] = &components[..] else { panic!("two components were expected") };
    let left_out: Vec<_> = master.details.as_ref().unwrap().recurrence.exdate.iter().map(show).collect();
    assert_eq!(left_out, ["2026-07-13 09:00 Europe/Berlin = 07:00Z"]);
    let original = show(&instance.recurrence_id.as_ref().unwrap().when);
    assert_eq!(original, "2026-07-20 09:00 Europe/Berlin = 07:00Z");
    assert_eq!(start_of(instance), "2026-07-21 11:00 Europe/Berlin = 09:00Z");
    assert_eq!(instance.details.as_ref().unwrap().summary, "Planning, café");
}

#[test]
fn a_series_that_is_not_understood_is_never_one_event() {
    let broken = [
        Pattern { kind: 0x0A, specific: vec![1], ..weekly() },
        Pattern { specific: vec![0], ..weekly() },
        Pattern { frequency: 0x200A, kind: 0, period: 1441, specific: vec![], ..weekly() },
        Pattern { frequency: 0x200D, kind: 2, period: 13, ..weekly() },
        Pattern { end: (7, 1), ..weekly() },
        Pattern { exceptions: vec![vec![1, 2]], ..weekly() },
        Pattern { period: 0, ..weekly() },
    ];
    for pattern in broken {
        assert_eq!(series(&pattern), Err(CalendarRefusal::UnknownRecurrence));
    }
    let bytes = weekly().bytes();
    // The pattern ends with a reserved block of four bytes, which nobody reads.
    for end in 0..bytes.len() - 4 {
        let mail = read(&request(&[binary(Name::Appointment(0x8216), &bytes[..end])]));
        assert_eq!(mail.calendar, Err(CalendarRefusal::UnknownRecurrence), "{end}");
    }
    let says_so = read(&request(&[boolean(Name::Appointment(0x8223), true)]));
    assert_eq!(says_so.calendar, Err(CalendarRefusal::UnknownRecurrence));
}

#[test]
fn one_instance_is_told_from_the_series() {
    let cancel = |more: &[Property]| {
        let dated = binary(Name::Meeting(0x03), &global_object_id(Some((2026, 7, 13)), &[0xAB; 16]));
        let properties: Vec<_> = [&basics()[..4], &[dated], &basics()[5..], more].concat();
        read(&TnefBuilder::new().class("IPM.Schedule.Meeting.Canceled").properties(&properties).bytes())
    };
    for time_of_day in [time(Name::Appointment(0x8228), "2026-07-13 07:00"), long(Name::Meeting(0x0E), 9 << 12)] {
        let mail = cancel(&[time_of_day]);
        let message = only(&mail);
        assert_eq!(message.uid.0, HEX);
        let original = show(&message.components[0].recurrence_id.as_ref().unwrap().when);
        assert_eq!(original, "2026-07-13 09:00 Europe/Berlin = 07:00Z");
    }
    assert_eq!(cancel(&[]).calendar, Err(CalendarRefusal::BadDate));
}

#[test]
fn files_inside_are_files_of_the_mail() {
    let ics = b"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\nUID:inside-1\r\nDTSTART:20260701T100000Z\r\n\
        END:VEVENT\r\nEND:VCALENDAR\r\n";
    let tnef = TnefBuilder::new().class("IPM.Note").file("guests.csv", b"a@example.com").file("party.ics", ics).bytes();
    let mail = read(&tnef);
    assert_eq!(only(&mail).uid.0, "inside-1");
    assert_eq!(mail.attachments.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["guests.csv"]);
    assert_eq!(mail.attachments[0].bytes, b"a@example.com");
}

#[test]
fn files_inside_count_as_parts() {
    let many = |count: usize| (0..count).fold(TnefBuilder::new(), |tnef, _| tnef.file("a.txt", b"a")).bytes();
    assert_eq!(read(&many(100)).attachments.len(), 20);
    assert!(read_mail(&mail_with(&many(499))).is_err());
    assert_eq!(read(&many(501)).calendar, Err(CalendarRefusal::WinmailDat));
}

#[test]
fn what_is_no_meeting_says_what_to_change() {
    for tnef in [
        TnefBuilder::new().class("IPM.Note").properties(&basics()).bytes(),
        TnefBuilder::new().properties(&basics()).bytes(),
        b"not even a stream".to_vec(),
    ] {
        let refusal = read(&tnef).calendar.unwrap_err();
        assert_eq!(refusal, CalendarRefusal::WinmailDat);
        assert!(refusal.to_string().contains("HTML"));
    }
}

#[test]
fn a_damaged_stream_is_refused() {
    let good = request(&[binary(Name::Appointment(0x8216), &weekly().bytes())]);
    assert!(read(&good).calendar.is_ok());
    for end in 0..good.len() {
        assert!(read(&good[..end]).calendar.is_err(), "cut at {end}");
    }
    // Text that a gateway added, and a sum of the properties that their writer got wrong.
    assert_eq!(read(&[&good[..], b"Kind regards"].concat()).calendar, read(&good).calendar);
    let mut wrong_sum = good.clone();
    *wrong_sum.last_mut().unwrap() ^= 1;
    assert_eq!(read(&wrong_sum).calendar, read(&good).calendar);
    wrong_sum[15] ^= 1;
    assert_eq!(read(&wrong_sum).calendar, Err(CalendarRefusal::WinmailDat));
    // Damage that the checksum does not show: a byte changed before it was worked out.
    let properties = list(&[basics(), vec![binary(Name::Appointment(0x8216), &weekly().bytes())]].concat());
    for at in 0..properties.len() {
        for byte in [0x00, 0x55, 0xFF] {
            let mut properties = properties.clone();
            properties[at] = byte;
            let tnef = TnefBuilder::new().class("IPM.Schedule.Meeting.Request");
            let _ = read(&tnef.attribute(1, 0x0006_9003, &properties).bytes());
        }
    }
}

#[test]
fn counts_that_lie_are_refused_at_once() {
    for properties in [
        vec![0xFF; 4],
        [&1_u32.to_le_bytes()[..], &[2, 0x10, 1, 0], &[0xFF; 4]].concat(),
        [&1_u32.to_le_bytes()[..], &[2, 1, 1, 0], &[0xFF; 4], &[0; 64]].concat(),
        [&1_u32.to_le_bytes()[..], &[1, 0x10, 1, 0], &[0xFF; 4]].concat(),
        [&1_u32.to_le_bytes()[..], &[3, 0, 0, 0x80], &[0; 16], &1_u32.to_le_bytes(), &[0xFF; 4]].concat(),
    ] {
        let tnef = TnefBuilder::new().class("IPM.Schedule.Meeting.Request");
        let tnef = tnef.attribute(1, 0x0006_9003, &properties).bytes();
        assert_eq!(read(&tnef).calendar, Err(CalendarRefusal::WinmailDat));
    }
    // Sixty thousand exceptions, each of which would carry the whole text of the mail.
    let many = Pattern {
        exceptions: vec![exception("2026-07-21 11:00", "2026-07-21 12:00", "2026-07-20 09:00", b""); 60_000],
        ..weekly()
    };
    let text = wide(Name::Tag(0x1000), &"text ".repeat(10_000));
    let mail = read(&request(&[text, binary(Name::Appointment(0x8216), &many.bytes())]));
    assert_eq!(mail.calendar, Err(CalendarRefusal::TooLarge));
}
