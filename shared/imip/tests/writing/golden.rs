//! What is sent, byte for byte. `UPDATE_GOLDEN=1 cargo test -p imip` writes the files; a change of one is a
//! change of every mail.

use imip::{About, OutgoingCalendar, Publication, PublishedEvent, calendar_text, compose, publish_text, text_to_html};
use itip::{EventDetails, Method, OverrideState, PartStat, Recurrence, RecurrenceId, Sequence, When, Zone};

use crate::fixtures::{
    Guest, PRODID, UID, address, at, course, day, details, exception, mail, match_day, order, timestamp,
};

fn golden(name: &str, written: &[u8]) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written).unwrap();
    }
    let expected = std::fs::read(&path).unwrap_or_default();
    assert!(expected == written, "{name} differs; UPDATE_GOLDEN=1 writes it\n{}", String::from_utf8_lossy(written));
}

#[test]
fn an_invitation() {
    let (guest, details) = (Guest::new(), match_day());
    let text = calendar_text(&guest.request(&details, &[]));
    golden("invite.ics", text.as_bytes());
    let mail = mail(
        "Invitation: Harbour v. Rovers, Fri 14 June 2030 19:30",
        "Harbour FC invites you.\n\nHarbour v. Rovers\nFri 14 June 2030, 19:30 to 21:30 (New York)\nHarbour Park\n",
        Some((Method::Request, text)),
    );
    golden("invite.eml", &compose(&mail));
}

#[test]
fn an_update_that_keeps_the_guest_s_answer() {
    let guest = Guest::new();
    let details = EventDetails { location: "Riverside Ground".to_owned(), ..match_day() };
    let update = OutgoingCalendar {
        partstat: PartStat::Accepted,
        order: order("2030-05-20T09:00"),
        last_modified: timestamp("2030-05-20T08:59"),
        ..guest.request(&details, &[])
    };
    golden("update.ics", calendar_text(&update).as_bytes());
}

#[test]
fn a_cancellation() {
    let (guest, details) = (Guest::new(), match_day());
    let cancel = OutgoingCalendar {
        method: Method::Cancel,
        sequence: Sequence(1),
        order: order("2030-06-01T12:00"),
        partstat: PartStat::Accepted,
        cancelled: true,
        ..guest.request(&details, &[])
    };
    let text = calendar_text(&cancel);
    golden("cancel.ics", text.as_bytes());
    let mail = mail("Cancelled: Harbour v. Rovers", "It is off.\n", Some((Method::Cancel, text)));
    golden("cancel.eml", &compose(&mail));
}

#[test]
fn whole_days() {
    let guest = Guest::new();
    let details =
        EventDetails { transparent: true, ..details("Summer festival", day("2030-07-05"), day("2030-07-08")) };
    golden("all-day.ics", calendar_text(&guest.request(&details, &[])).as_bytes());
}

#[test]
fn a_series_with_exceptions() {
    let (guest, (master, overrides)) = (Guest::new(), course());
    golden("series.ics", calendar_text(&guest.request(&master, &overrides)).as_bytes());
    let cancel =
        OutgoingCalendar { method: Method::Cancel, sequence: Sequence(2), ..guest.request(&master, &overrides) };
    golden("series-cancel.ics", calendar_text(&cancel).as_bytes());
}

#[test]
fn a_series_called_off_from_an_instance_on() {
    let (guest, (master, _)) = (Guest::new(), course());
    let mut end = exception(at("2030-10-07T19:00", "Europe/Paris"), OverrideState::Cancelled);
    end.recurrence_id.this_and_future = true;
    golden("series-ended.ics", calendar_text(&guest.request(&master, &[end])).as_bytes());
}

#[test]
fn single_instances_without_their_series() {
    let (guest, (master, overrides)) = (Guest::new(), course());
    let instances = OutgoingCalendar { details: None, ..guest.request(&master, &overrides) };
    golden("instances.ics", calendar_text(&instances).as_bytes());
}

#[test]
fn texts_of_the_world() {
    let guest = Guest::new();
    let description =
        "¡Ven con tu peña! 日本代表の試合を一緒に見ましょう。\n👨‍👩‍👧‍👦 🎸 – “entrada libre” — naïve, Łódź, Ærø";
    let details = EventDetails {
        description: description.to_owned(),
        description_html: text_to_html(description),
        location: "Estadio Manzanares, Av. de la Constitución 12, 28001 Madrid, España; puerta 3 (東口)".to_owned(),
        ..details(
            "Concierto de fin de año 🎉 大晦日コンサート",
            at("2030-12-31T22:00", "Europe/Madrid"),
            at("2031-01-01T01:00", "Europe/Madrid"),
        )
    };
    let request = OutgoingCalendar {
        organizer_name: "Peña «El Niño», 応援団",
        attendee_name: "José \"Pepe\" Muñoz: 太郎",
        ..guest.request(&details, &[])
    };
    let text = calendar_text(&request);
    golden("world.ics", text.as_bytes());
    let mut mail = mail(
        "Invitación: Concierto de fin de año 🎉 大晦日コンサート, mar 31 dic 2030 22:00",
        description,
        Some((Method::Request, text)),
    );
    mail.from.name = "Peña «El Niño», 応援団".to_owned();
    golden("world.eml", &compose(&mail));
}

#[test]
fn a_flight_between_two_zones_and_one_in_a_zone_of_its_own() {
    let guest = Guest::new();
    let flight =
        details("Away trip", at("2030-03-08T22:15", "America/Sao_Paulo"), at("2030-03-09T13:00", "Africa/Casablanca"));
    golden("two-zones.ics", calendar_text(&guest.request(&flight, &[])).as_bytes());

    let zone = Zone::Custom {
        tzid: "Harbour, ship's clock".to_owned(),
        vtimezone: "BEGIN:VTIMEZONE\r\nTZID:Harbour\\, ship's clock\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n\
            TZOFFSETFROM:+0130\r\nTZOFFSETTO:+0130\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
            .to_owned(),
    };
    let aboard = |local: &str| {
        let When::At(mut moment) = at(local, "UTC") else { unreachable!("it has a time") };
        moment.instant = moment.instant.plus(-5400);
        moment.zone = zone.clone();
        When::At(moment)
    };
    let mut dinner = details("Captain's dinner", aboard("2030-05-02T20:00"), aboard("2030-05-02T22:00"));
    dinner.recurrence = Recurrence { rrule: Some("FREQ=DAILY;COUNT=5".to_owned()), ..Recurrence::default() };
    let off = exception(at("2030-05-04T18:30", "UTC"), OverrideState::Cancelled);
    golden("own-zone.ics", calendar_text(&guest.request(&dinner, &[off])).as_bytes());
}

#[test]
fn an_answer_of_ours_to_an_organizer() {
    let (create, details) = (address("create@convoke.example"), match_day());
    let guest = Guest::new();
    let reply = OutgoingCalendar {
        method: Method::Reply,
        uid: "040000008200E00074C5B7101A82E008@mail.example",
        organizer_address: "office@harbour.example",
        attendee: &create,
        attendee_name: "Convoke",
        partstat: PartStat::Accepted,
        comment: Some("Live at https://convoke.example/s/harbour"),
        ..guest.request(&details, &[])
    };
    golden("reply.ics", calendar_text(&reply).as_bytes());
}

#[test]
fn a_feed_and_a_file() {
    let (single, (master, overrides)) = (match_day(), course());
    let event = |uid: &'static str, details, overrides| PublishedEvent {
        uid,
        sequence: Sequence(0),
        dtstamp: timestamp("2030-05-01T10:15"),
        organizer: Some(("rsvp@convoke.example", "Harbour FC")),
        details: Some(details),
        overrides,
        created: timestamp("2030-04-01T08:00"),
        last_modified: timestamp("2030-05-01T10:14"),
        cancelled: false,
        page: "",
    };
    let events = [
        PublishedEvent { page: "https://convoke.example/e/0123456789ab", ..event(UID, &single, &[]) },
        event("89abcdef0123456789abcdef0123456789abcdef", &master, &overrides),
        PublishedEvent { cancelled: true, ..event("fedcba9876543210fedcba9876543210fedcba98", &single, &[]) },
    ];
    let feed = Publication {
        method: Some(Method::Publish),
        prodid: PRODID,
        about: About {
            uid: "2d711642b726b04401627ca9fbac32f5c8530fb1",
            name: "Harbour FC, all matches",
            description: "Every match; home and away.\nNews first.",
            page: "https://convoke.example/s/harbour?side=home",
            source: "https://convoke.example/s/harbour.ics?side=home",
            image: "https://club.example/logo.png",
            colour: Some([0xe8, 0x5d, 0x04]),
            categories: &["Football".to_owned(), "Home, away".to_owned()],
            zone: "America/New_York",
            last_modified: Some(timestamp("2030-05-01T10:14")),
        },
        refresh_minutes: Some(60),
        events: &events,
    };
    golden("feed.ics", publish_text(&feed).as_bytes());
    let file = Publication {
        method: None,
        about: About::default(),
        refresh_minutes: None,
        events: &[event(UID, &single, &[])],
        ..feed
    };
    golden("file.ics", publish_text(&file).as_bytes());
}

#[test]
fn what_changes_from_a_date_on_is_said_date_by_date_too() {
    let (guest, (master, mut overrides)) = (Guest::new(), course());
    let exception = &mut overrides[1];
    exception.recurrence_id = RecurrenceId { this_and_future: true, ..exception.recurrence_id.clone() };
    let text = calendar_text(&guest.request(&master, &overrides));
    // Mondays from 11 November to 16 December; the change moves them to Tuesday, an hour earlier.
    let of = |name: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains("Europe/Paris"));
        lines.map(|line| line.rsplit(':').next().unwrap_or_default().to_owned()).collect()
    };
    let days = ["1111", "1118", "1125", "1202", "1209", "1216"];
    assert_eq!(of("RECURRENCE-ID"), days.map(|day| format!("2030{day}T190000")));
    let moved = ["1112", "1119", "1126", "1203", "1210", "1217"];
    assert_eq!(of("DTSTART")[1..], moved.map(|day| format!("2030{day}T180000")));
}

#[test]
fn an_unlikely_range_is_said_as_it_is() {
    let (guest, (master, mut overrides)) = (Guest::new(), course());
    let exception = &mut overrides[1];
    exception.recurrence_id = RecurrenceId { this_and_future: true, ..exception.recurrence_id.clone() };
    let text = calendar_text(&guest.request(&master, &overrides));
    assert!(text.contains("RECURRENCE-ID;TZID=Europe/Paris;RANGE=THISANDFUTURE:20301111T190000\r\n"), "{text}");
}
