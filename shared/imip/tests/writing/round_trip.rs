//! Whatever is written is read again as it was: thousands of made-up events, the same ones each time.

use imip::{OutgoingCalendar, calendar_text, read_calendar_events, text_to_html};
use itip::{
    Class, Component, EventDetails, EventStatus, Method, Override, OverrideState, PartStat, Sequence, When, Zone,
};

use crate::fixtures::{Guest, at, course, day, details, exception, match_day};

/// `SplitMix64`: small, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// A text as the reading side keeps it: no space around it, no control characters.
    fn text(&mut self, separators: &[&str]) -> String {
        const WORDS: &[&str] = &[
            "match",
            "a;b",
            "c,d",
            "e\\f",
            "\\n",
            "\"quoted\"",
            "^",
            "^n",
            "x:y",
            "día",
            "日本",
            "🎸",
            "=",
            "--",
            "%0A",
            "BEGIN:VEVENT",
            "ATTENDEE:mailto:eve@example.com",
            "https://example.com/?a=1&b=2",
            "abcdefghijklmnopqrstuvwxyz",
        ];
        let mut text = self.one(WORDS).to_owned();
        for _ in 0..self.below(30) {
            text.push_str(self.one(separators));
            text.push_str(self.one(WORDS));
        }
        text
    }

    fn when(&mut self, zone: &str, hours_later: u64) -> When {
        let (month, date, hour) = (1 + self.below(12), 1 + self.below(28), self.below(14));
        // The hour in which clocks change has two names or none.
        at(&format!("2030-{month:02}-{date:02}T{:02}:30", 4 + hour + hours_later), zone)
    }

    fn details(&mut self) -> EventDetails {
        let zone = self.one(&[
            "UTC",
            "floating",
            "America/New_York",
            "Europe/Paris",
            "Asia/Tokyo",
            "Australia/Lord_Howe",
            "Africa/Casablanca",
            "America/Santiago",
            "Asia/Kathmandu",
            "Europe/Dublin",
        ]);
        let (start, end) = if self.below(4) == 0 {
            (day("2030-02-27"), day(self.one(&["2030-02-28", "2030-03-03"])))
        } else {
            let (hours, same) = (self.one(&[0, 1, 5]), self.0);
            let start = self.when(zone, 0);
            self.0 = same;
            (start, self.when(zone, hours))
        };
        let description = self.text(&[" ", "\n", "\n\n", "\t"]);
        let mut made = EventDetails {
            description_html: text_to_html(&description),
            description,
            location: self.text(&[" ", "\n"]),
            url: self.one(&["", "https://example.com/a?b=c;d,e&f=%20#g", "http://example.org"]).to_owned(),
            status: self.one(&[EventStatus::Confirmed, EventStatus::Tentative]),
            class: self.one(&[Class::Public, Class::Private, Class::Confidential]),
            transparent: self.below(2) == 0,
            categories: (0..self.below(3)).map(|_| self.text(&[" "])).collect(),
            ..details(&self.text(&[" "]), start, end)
        };
        if self.below(3) == 0 {
            made.recurrence.rrule =
                Some(self.one(&["FREQ=WEEKLY;COUNT=9", "FREQ=DAILY;INTERVAL=2;COUNT=40"]).to_owned());
            let other = |random: &mut Self| match &made.start {
                When::Date(_) => day(random.one(&["2030-03-20", "2030-04-11"])),
                When::At(_) => random.when(zone, 0),
            };
            made.recurrence.rdate = (0..self.below(3)).map(|_| other(self)).collect();
            made.recurrence.exdate = (0..self.below(3)).map(|_| other(self)).collect();
            for dates in [&mut made.recurrence.rdate, &mut made.recurrence.exdate] {
                dates.sort_by_key(When::instant);
                dates.dedup();
            }
        }
        made
    }
}

fn read(text: &str) -> Vec<Component> {
    let reading = read_calendar_events(text.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}\n{text}"));
    assert!(reading.defects.is_empty() && reading.refused.is_empty(), "{:?}\n{text}", reading.defects);
    let [message] = reading.messages.try_into().unwrap();
    assert_eq!(message.uid.0, crate::fixtures::UID);
    message.components
}

#[test]
fn an_event_comes_back_as_it_was() {
    let guest = Guest::new();
    for seed in 0..3_000 {
        let mut random = Random(seed);
        let details = random.details();
        // The reading side keeps so much of a name.
        let name: String = random.text(&[" "]).chars().take(200).collect();
        let name = name.trim_end();
        let comment = random.text(&[" ", "\n"]);
        let request = OutgoingCalendar {
            method: random.one(&[Method::Request, Method::Cancel]),
            sequence: Sequence(u32::try_from(random.below(100)).unwrap()),
            partstat: random.one(&[PartStat::NeedsAction, PartStat::Accepted, PartStat::Tentative, PartStat::Declined]),
            attendee_name: name,
            organizer_name: name,
            comment: Some(&comment),
            ..guest.request(&details, &[])
        };
        let text = calendar_text(&request);
        let [component] = read(&text).try_into().unwrap();
        let cancelled = request.method == Method::Cancel;
        let read = component.details.unwrap();
        let expected = EventDetails {
            // How long a series lasts is for the reader to find out.
            last_end: read.last_end,
            status: if cancelled { EventStatus::Cancelled } else { details.status },
            ..details.clone()
        };
        assert_eq!(read, expected, "seed {seed}\n{text}");
        assert!(details.recurrence.is_series() || read.last_end == details.last_end, "seed {seed}\n{text}");
        assert_eq!((component.order.sequence, component.order.dtstamp), (request.sequence, request.order.dtstamp));
        let organizer = component.organizer.unwrap();
        assert_eq!(
            (organizer.address.as_str(), organizer.name.as_str()),
            (request.organizer_address, name),
            "seed {seed}\n{text}"
        );
        let [attendee] = component.attendees.try_into().unwrap();
        assert_eq!((&attendee.address, attendee.name.as_str()), (request.attendee, name), "seed {seed}\n{text}");
        assert_eq!((attendee.partstat, component.comment), (request.partstat, comment.clone()), "seed {seed}\n{text}");

        let known = EventDetails { last_end: read.last_end, ..details.clone() };
        let text = calendar_text(&OutgoingCalendar { details: Some(&known), ..request.clone() });
        assert_eq!(calendar_text(&OutgoingCalendar { details: Some(&read), ..request }), text, "seed {seed}");
    }
}

#[test]
fn line_separators_are_line_ends() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20300101T100000Z\nDESCRIPTION:one\u{2028}two\u{2029}three\n\
        END:VEVENT\nEND:VCALENDAR\n";
    let mut reading = read_calendar_events(text.as_bytes()).unwrap();
    let details = reading.messages.remove(0).components.remove(0).details.unwrap();
    assert_eq!(details.description, "one\ntwo\nthree");
    let guest = Guest::new();
    let [again] = read(&calendar_text(&guest.request(&details, &[]))).try_into().unwrap();
    assert_eq!(again.details.unwrap(), details);
}

#[test]
fn html_comes_back_where_it_says_more_than_the_text() {
    let (guest, details) = (Guest::new(), match_day());
    let [component] = read(&calendar_text(&guest.request(&details, &[]))).try_into().unwrap();
    assert_eq!(component.details.unwrap(), details);
}

#[test]
fn a_series_comes_back_with_its_exceptions() {
    let (guest, (master, overrides)) = (Guest::new(), course());
    let [read_master, instance] = read(&calendar_text(&guest.request(&master, &overrides))).try_into().unwrap();
    let recurrence = read_master.details.unwrap().recurrence;
    assert_eq!((&recurrence.rrule, &recurrence.rdate), (&master.recurrence.rrule, &master.recurrence.rdate));
    assert_eq!(recurrence.exdate, [at("2030-09-30T19:00", "Europe/Paris"), at("2030-10-21T19:00", "Europe/Paris")]);
    let Override { recurrence_id, state: OverrideState::Changed(changed), .. } = &overrides[1] else { panic!() };
    assert_eq!(
        (instance.recurrence_id.as_ref(), instance.details.as_ref()),
        (Some(recurrence_id), Some(changed.as_ref()))
    );
}

#[test]
fn a_zone_without_a_name_comes_back_by_its_definition() {
    let vtimezone = "BEGIN:VTIMEZONE\r\nTZID:Ship\\, time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n\
        TZOFFSETFROM:+0130\r\nTZOFFSETTO:+0130\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
    let zone = Zone::Custom { tzid: "Ship, time".to_owned(), vtimezone: vtimezone.to_owned() };
    let aboard = |local: &str| {
        let When::At(mut moment) = at(local, "UTC") else { panic!() };
        (moment.zone, moment.instant) = (zone.clone(), moment.instant.plus(-5_400));
        When::At(moment)
    };
    let guest = Guest::new();
    let mut dinner = details("Dinner", aboard("2030-05-02T20:00"), aboard("2030-05-02T22:00"));
    dinner.recurrence.rrule = Some("FREQ=DAILY;COUNT=3".to_owned());
    dinner.last_end = Some(aboard("2030-05-04T22:00").instant());
    let off = exception(at("2030-05-03T18:30", "UTC"), OverrideState::Cancelled);
    let text = calendar_text(&guest.request(&dinner, &[off]));
    assert!(text.contains("EXDATE;TZID=\"Ship, time\":20300503T200000\r\n"), "{text}");
    let [component] = read(&text).try_into().unwrap();
    // The reading side keeps exceptions in such a zone as instants.
    dinner.recurrence.exdate = vec![at("2030-05-03T18:30", "UTC")];
    assert_eq!(component.details.unwrap(), dinner);
}
