//! Events and messages that the tests write.

use chrono::{NaiveDate, NaiveDateTime};
use imip::{ListUnsubscribe, Mailbox, OutgoingCalendar, OutgoingMail, read_calendar, text_to_html};
use itip::{
    CalAddress, Class, EventDetails, EventStatus, Method, Order, Override, OverrideState, PartStat, Recurrence,
    RecurrenceId, Sequence, Timestamp, When,
};

pub const UID: &str = "0123456789abcdef0123456789abcdef01234567";
pub const PRODID: &str = "-//Convoke//Convoke//EN";

/// A local time in a zone of the database, `UTC` or `floating`, as a calendar that says so is read.
pub fn at(local: &str, zone: &str) -> When {
    let time: NaiveDateTime = format!("{local}:00").parse().unwrap();
    let start = match zone {
        "UTC" => format!("DTSTART:{}Z", time.format("%Y%m%dT%H%M%S")),
        "floating" => format!("DTSTART:{}", time.format("%Y%m%dT%H%M%S")),
        name => format!("DTSTART;TZID={name}:{}", time.format("%Y%m%dT%H%M%S")),
    };
    let text = format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n{start}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    let [component] = read_calendar(text.as_bytes()).unwrap().remove(0).components.try_into().unwrap();
    component.details.unwrap().start
}

pub fn day(date: &str) -> When {
    When::Date(date.parse::<NaiveDate>().unwrap())
}

pub fn timestamp(utc: &str) -> Timestamp {
    at(utc, "UTC").instant()
}

pub fn address(text: &str) -> CalAddress {
    CalAddress::parse(text).unwrap()
}

pub fn details(summary: &str, start: When, end: When) -> EventDetails {
    EventDetails {
        summary: summary.to_owned(),
        description: String::new(),
        description_html: String::new(),
        location: String::new(),
        url: String::new(),
        last_end: Some(end.instant()),
        start,
        end,
        recurrence: Recurrence::default(),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: Vec::new(),
        image: String::new(),
    }
}

/// A match with everything that an event can say.
pub fn match_day() -> EventDetails {
    EventDetails {
        description: "Doors open at 18:00; bring your ticket, please.\nNo bags.".to_owned(),
        description_html: "Doors open at <b>18:00</b>; bring your ticket, please.<br>No bags.".to_owned(),
        location: "Harbour Park, Gate 4; New York".to_owned(),
        url: "https://club.example/match?id=7&from=mail".to_owned(),
        categories: vec!["Football".to_owned(), "Home, first team".to_owned()],
        ..details(
            "Harbour v. Rovers",
            at("2030-06-14T19:30", "America/New_York"),
            at("2030-06-14T21:30", "America/New_York"),
        )
    }
}

/// A weekly course with an extra date, a date that never was, one called off, one moved.
pub fn course() -> (EventDetails, Vec<Override>) {
    let paris = |local: &str| at(local, "Europe/Paris");
    let master = EventDetails {
        recurrence: Recurrence {
            rrule: Some("FREQ=WEEKLY;BYDAY=MO;UNTIL=20301216T180000Z".to_owned()),
            rdate: vec![paris("2030-09-18T19:00")],
            exdate: vec![paris("2030-10-21T19:00")],
        },
        last_end: Some(timestamp("2030-12-16T19:30")),
        ..details("Life drawing", paris("2030-09-02T19:00"), paris("2030-09-02T20:30"))
    };
    let moved = EventDetails {
        location: "Studio 2".to_owned(),
        ..details("Life drawing, guest model", paris("2030-11-12T18:00"), paris("2030-11-12T20:00"))
    };
    let overrides = vec![
        // Google names instances in UTC.
        exception(at("2030-09-30T17:00", "UTC"), OverrideState::Cancelled),
        exception(paris("2030-11-11T19:00"), OverrideState::Changed(Box::new(moved))),
    ];
    (master, overrides)
}

pub fn exception(when: When, state: OverrideState) -> Override {
    Override::new(RecurrenceId { when, this_and_future: false }, order("2030-01-01T00:00"), state)
}

/// The DTSTAMP of a message, without a least SEQUENCE.
pub fn order(dtstamp: &str) -> Order {
    Order { sequence: Sequence(0), dtstamp: timestamp(dtstamp) }
}

/// A guest who is named in messages.
pub struct Guest {
    address: CalAddress,
}

impl Guest {
    pub fn new() -> Self {
        Self { address: address("ana.lopez@example.com") }
    }

    /// A REQUEST to the guest.
    pub fn request<'a>(&'a self, details: &'a EventDetails, overrides: &'a [Override]) -> OutgoingCalendar<'a> {
        OutgoingCalendar {
            method: Method::Request,
            prodid: PRODID,
            uid: UID,
            sequence: Sequence(0),
            order: order("2030-05-01T10:15"),
            organizer_address: "rsvp+k3v5q2m7@convoke.example",
            organizer_name: "Harbour FC",
            attendee: &self.address,
            attendee_name: "Ana López",
            partstat: PartStat::NeedsAction,
            instance_partstats: &[],
            delegated_from: None,
            details: Some(details),
            overrides,
            instances: &[],
            created: timestamp("2030-04-01T08:00"),
            last_modified: timestamp("2030-05-01T10:14"),
            alarm_minutes: Some(15),
            cancelled: false,
            comment: None,
        }
    }
}

/// A mail to the guest that carries a calendar.
pub fn mail(subject: &str, text: &str, calendar: Option<(Method, String)>) -> OutgoingMail {
    OutgoingMail {
        from: Mailbox { name: "Harbour FC".to_owned(), address: address("notification@convoke.example") },
        to: Mailbox { name: "Ana López".to_owned(), address: address("ana.lopez@example.com") },
        reply_to: Some(Mailbox { name: "Harbour FC".to_owned(), address: address("office@harbour.example") }),
        subject: subject.to_owned(),
        text: text.to_owned(),
        html: format!("<!doctype html><html><body><p>{}</p></body></html>", text_to_html(text)),
        calendar,
        attachments: Vec::new(),
        message_id: "9f8e7d6c5b4a@convoke.example".to_owned(),
        date: timestamp("2030-05-01T10:15"),
        list_unsubscribe: Some(ListUnsubscribe {
            https: "https://convoke.example/u/b1qx8.0123456789abcdef0123456789abcdef01234567.k3v5q2m7".to_owned(),
            mailto: "mailto:unsubscribe@convoke.example?subject=b1qx8".to_owned(),
        }),
        auto_submitted: true,
        boundary_seed: "9f8e7d6c5b4a".to_owned(),
    }
}
