//! ORGANIZER and ATTENDEE in the forms that calendars write, and what a calendar may leave out.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use imip::{CalendarReading, Defect, read_calendar_events, read_mail};
use itip::{CalAddress, Component, Method, PartStat, When, Zone};

fn read(head: &str, body: &str) -> CalendarReading {
    let text = format!(
        "BEGIN:VCALENDAR\r\n{head}BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260301T100000Z\r\n\
         DTSTART:20260701T100000\r\n{body}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    read_calendar_events(text.as_bytes()).unwrap()
}

fn component(body: &str) -> Component {
    read("METHOD:REQUEST\r\n", body).messages.remove(0).components.remove(0)
}

/// Address and name of the only attendee.
fn attendee(line: &str) -> Option<(String, String)> {
    let component = component(line);
    component.attendees.first().map(|attendee| (attendee.address.to_string(), attendee.name.clone()))
}

#[test]
fn an_attendee_is_found_in_every_form() {
    for (line, address, name) in [
        ("ATTENDEE:mailto:Ana@Example.com", "ana@example.com", ""),
        ("ATTENDEE:MAILTO:ana@example.com", "ana@example.com", ""),
        ("ATTENDEE:ana@example.com", "ana@example.com", ""),
        ("ATTENDEE;CN=Ana:mailto:<ana@example.com>", "ana@example.com", "Ana"),
        ("ATTENDEE;CN=Ana:Ana Doe <ana@example.com>", "ana@example.com", "Ana"),
        ("ATTENDEE;CN=\"Doe, Ana; Dr.\":mailto:ana@example.com", "ana@example.com", "Doe, Ana; Dr."),
        ("ATTENDEE;CN=Doe, Ana:mailto:ana@example.com", "ana@example.com", "Doe, Ana"),
        ("ATTENDEE;CN=Ana ^'A^' Doe ^^:mailto:ana@example.com", "ana@example.com", "Ana \"A\" Doe ^"),
        ("ATTENDEE;CN=mailto:ana@example.com:mailto:ana@example.com", "ana@example.com", "ana@example.com"),
        ("ATTENDEE;EMAIL=ana@example.com;CN=Ana:urn:uuid:1-2", "ana@example.com", "Ana"),
        ("ATTENDEE;EMAIL=ana@example.com:mailto:2_gm@imip.me.com", "ana@example.com", ""),
        ("ATTENDEE;CN=Ana@Example.com:invalid:nomail", "ana@example.com", "Ana@Example.com"),
        ("ATTENDEE;CN=Ana;EMAIL=ana@example.com:/o=Example/ou=Site/cn=ana", "ana@example.com", "Ana"),
        ("ATTENDEE;CUTYPE=GROUP;CN=Team:mailto:team@example.com", "team@example.com", "Team"),
        (
            "ATTENDEE;MEMBER=\"mailto:team@example.com\",\"mailto:all@example.com\";ROLE=OPT-PARTICIPANT;RSVP=TRUE:mailto:ana@example.com",
            "ana@example.com",
            "",
        ),
        ("ATTENDEE;CN=Bücher:mailto:ana@Bücher.example", "ana@xn--bcher-kva.example", "Bücher"),
        ("ATTENDEE:mailto:ana%2Bnews@example.com", "ana+news@example.com", ""),
        ("ATTENDEE:mailto:ana@example.com?subject=x", "ana@example.com", ""),
    ] {
        assert_eq!(attendee(line), Some((address.to_owned(), name.to_owned())), "{line}");
    }
}

#[test]
fn an_attendee_without_a_mailbox_is_left_out() {
    for value in ["invalid:nomail", "/o=Example/ou=Site/cn=ana", "urn:uuid:1-2", "mailto:", "Ana"] {
        let reading = read("METHOD:REQUEST\r\n", &format!("ATTENDEE;CN=Ana:{value}\r\nATTENDEE:mailto:bo@example.net"));
        let attendees = &reading.messages[0].components[0].attendees;
        assert_eq!(attendees.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), ["bo@example.net"], "{value}");
        assert!(reading.defects.contains(&Defect::BadAttendee), "{value}");
    }
}

#[test]
fn delegates_and_deputies_are_told_apart() {
    let component = component(
        "ORGANIZER;CN=Chair;SENT-BY=\"mailto:desk@example.com\":mailto:chair@example.com\r\n\
         ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:bo@example.net\",\"mailto:cy@example.net\":mailto:ana@example.com\r\n\
         ATTENDEE;PARTSTAT=accepted;DELEGATED-FROM=\"MAILTO:ana@example.com\";SENT-BY=mailto:desk@example.net:mailto:bo@example.net",
    );
    let organizer = component.organizer.unwrap();
    assert_eq!(
        (organizer.address.as_str(), organizer.sent_by.unwrap().as_str()),
        ("chair@example.com", "desk@example.com")
    );
    let [ana, bo] = &component.attendees[..] else { panic!("two attendees were expected") };
    assert_eq!((ana.partstat, ana.delegated_to.as_ref().unwrap().as_str()), (PartStat::Delegated, "bo@example.net"));
    assert_eq!((bo.partstat, bo.delegated_from.as_ref().unwrap().as_str()), (PartStat::Accepted, "ana@example.com"));
    assert_eq!(bo.sent_by.as_ref().unwrap().as_str(), "desk@example.net");
}

#[test]
fn header_fields_name_people_in_every_form() {
    for (to, addresses) in [
        ("\"Doe, Ana\" <Ana@Example.com>, bo@example.net", vec!["ana@example.com", "bo@example.net"]),
        (
            "Team: ana@example.com, Bo <bo@example.net>;, cy@example.net",
            vec!["ana@example.com", "bo@example.net", "cy@example.net"],
        ),
        ("undisclosed-recipients:;", vec![]),
        ("ana@Bücher.example", vec!["ana@xn--bcher-kva.example"]),
    ] {
        let mail = read_mail(format!("From: x@example.com\r\nTo: {to}\r\n\r\nHi\r\n").as_bytes()).unwrap();
        assert_eq!(mail.to.iter().map(CalAddress::as_str).collect::<Vec<_>>(), addresses, "{to}");
    }
}

// ---- what a calendar leaves out or gets wrong

#[test]
fn a_method_that_does_not_exist_is_none() {
    let reading = read("METHOD:X-SHARE\r\n", "SUMMARY:x");
    assert_eq!(reading.messages[0].method, Method::Publish);
    assert_eq!(reading.defects, [Defect::UnknownMethod]);
    let mail = "From: a@example.com\r\nContent-Type: text/calendar; method=CANCEL\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:xyz\r\n\
        BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    assert_eq!(read_mail(mail.as_bytes()).unwrap().calendar.unwrap()[0].method, Method::Cancel);
}

#[test]
fn times_without_a_zone_are_in_the_zone_of_the_calendar() {
    let zone = |head: &str, body: &str| {
        let details = read(head, body).messages.remove(0).components.remove(0).details.unwrap();
        let zone = |when: When| match when {
            When::At(moment) => moment.zone,
            When::Date(_) => panic!("a time was expected"),
        };
        (zone(details.start), zone(details.end))
    };
    let iana = |name: &str| Zone::Iana(name.to_owned());
    let lisbon = "X-WR-TIMEZONE:Europe/Lisbon\r\n";
    assert_eq!(zone(lisbon, "DTEND:20260701T110000"), (iana("Europe/Lisbon"), iana("Europe/Lisbon")));
    assert_eq!(zone(lisbon, "DTEND:20260701T110000Z").1, Zone::Utc);
    assert_eq!(zone("", "DTEND:20260701T110000"), (Zone::Floating, Zone::Floating));
    assert_eq!(zone("X-WR-TIMEZONE:Atlantis\r\n", "SUMMARY:x").0, Zone::Floating);
}
