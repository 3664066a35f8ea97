//! Rules of iTIP and iMIP that are about bytes, time or many orders of arrival, and the table that names them all.

use std::collections::BTreeSet;
use std::path::Path;

use ingest::MailVerdict;
use itip::{EventId, Timestamp};

use crate::conversations::{calendar_mail, published};
use crate::deployment::{DOMAIN, Deployment, SentMail, Vouched};
use crate::script::{Calendar, calendar_of};

const NOW: Timestamp = Timestamp(1_811_851_200);
const ANN: &str = "ann@club.example";
const BEN: &str = "ben@x.example";

/// A mail of Ann's about the weekly event `u@club.example`.
fn from_ann(method: &str, sequence: u32, minute: u32, lines: &[&str]) -> String {
    let mut block = vec![
        format!("METHOD:{method}"),
        "UID:u@club.example".to_owned(),
        format!("ORGANIZER:mailto:{ANN}"),
        format!("ATTENDEE:mailto:create@{DOMAIN}"),
        format!("SEQUENCE:{sequence}"),
        format!("DTSTAMP:20270601T11{minute:02}00Z"),
    ];
    block.extend(lines.iter().map(|line| (*line).to_owned()));
    let minute = usize::try_from(minute).unwrap();
    calendar_mail(ANN, &format!("create@{DOMAIN}"), method, &calendar_of(&block), minute)
}

fn create(place: &Deployment, raw: &str) -> MailVerdict {
    place.deliver(&format!("create@{DOMAIN}"), Vouched::Signed, ANN, raw)
}

fn concert(summary: &str) -> Vec<String> {
    vec![
        "DTSTART;TZID=America/New_York:20270701T190000".to_owned(),
        "DTEND;TZID=America/New_York:20270701T210000".to_owned(),
        "LOCATION:Town hall".to_owned(),
        format!("SUMMARY:{summary}"),
    ]
}

fn invited(summary: &str) -> (Deployment, EventId, SentMail) {
    let place = Deployment::new(NOW);
    let lines = concert(summary);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(create(&place, &from_ann("REQUEST", 0, 0, &lines)), MailVerdict::Accept("created"));
    place.settle();
    let event = place.bound("u@club.example")[0].1.clone();
    place.take_sent();
    place.invite(&event, BEN);
    place.settle();
    let mail = place.take_sent().into_iter().find(|mail| mail.to.as_str() == BEN).unwrap();
    (place, event, mail)
}

#[test]
fn rule_08_two_changes_within_a_second_have_two_dtstamps() {
    let (place, event, _) = invited("Concert");
    let at = place.now();
    let mut stamps = BTreeSet::from([place.show(&event).unwrap().event.dtstamp]);
    for minute in 1..5 {
        let lines = concert(&format!("Concert {minute}"));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(create(&place, &from_ann("REQUEST", 0, minute, &lines)), MailVerdict::Accept("updated"));
        assert!(stamps.insert(place.show(&event).unwrap().event.dtstamp));
    }
    assert_eq!(place.now(), at);
}

#[test]
fn rule_34_35_36_an_invitation_has_the_shape_that_every_client_answers_to() {
    for summary in ["Concert", "Concert of the Müller – Łukasz duo 🎻, with a title that is long enough to be folded"]
    {
        let (_, _, mail) = invited(summary);
        let raw = String::from_utf8(mail.raw).unwrap();
        let at = |text: &str| raw.find(text).unwrap_or_else(|| panic!("{text}\n{raw}"));
        let order = [
            at("Content-Type: multipart/mixed"),
            at("Content-Type: multipart/alternative"),
            at("Content-Type: text/plain"),
            at("Content-Type: text/html"),
            at("Content-Type: text/calendar; charset=UTF-8; method=REQUEST"),
            at("Content-Type: application/ics; name=\"invite.ics\""),
        ];
        assert!(order.is_sorted(), "{order:?}");
        let part = raw.get(order[4]..order[5]).unwrap();
        assert!(!part.contains("Content-Disposition") && !part.contains("Content-ID"), "{part}");
        assert!(part.contains("Encoding: base64") || part.contains("Encoding: 7bit"), "{part}");
        assert!(raw.replace("\r\n", "").find(['\r', '\n']).is_none(), "a bare CR or LF");
        for line in mail.calendar.split("\r\n") {
            assert!(line.len() <= 75, "{line}");
        }
        assert!(mail.calendar.starts_with("BEGIN:VCALENDAR\r\n") && !mail.calendar.contains("\r\n\r\n"));
    }
}

#[test]
fn rule_40_41_43_what_shows_buttons() {
    let (_, _, mail) = invited("Concert");
    let calendar = Calendar::parse(&mail.calendar).unwrap();
    let event = &calendar.events[0];
    let of = |name: &str| event.iter().find(|property| property.name == name).unwrap();
    let organizer = of("ORGANIZER");
    assert!(organizer.value.starts_with("mailto:rsvp+") && organizer.value.ends_with(DOMAIN), "{organizer:?}");
    let attendee = of("ATTENDEE");
    assert_eq!(attendee.value, format!("mailto:{BEN}"));
    for param in ["PARTSTAT=NEEDS-ACTION", "RSVP=TRUE"] {
        assert!(attendee.params.iter().any(|known| known == param), "{attendee:?}");
    }
    assert!(of("DTSTAMP").value.ends_with('Z') && of("DTEND").value == "20270701T210000");
    assert_eq!(calendar.method(), "REQUEST");
}

#[test]
fn rule_45_subject_and_text_say_what_when_and_where() {
    let (_, _, mail) = invited("Concert");
    let raw = String::from_utf8(mail.raw).unwrap();
    for word in ["Concert", "1 July 2027", "7:00"] {
        assert!(mail.subject.contains(word), "{}", mail.subject);
    }
    assert!(raw.contains("Thursday 1 July 2027") && raw.contains("Town hall"));
}

/// The history of one event as its organizer wrote it.
fn history() -> Vec<String> {
    let series = "RRULE:FREQ=WEEKLY;COUNT=4";
    let instance = "RECURRENCE-ID;TZID=America/New_York:20270708T190000";
    let other = "RECURRENCE-ID;TZID=America/New_York:20270715T190000";
    let at = |start: &str, end: &str| {
        [format!("DTSTART;TZID=America/New_York:{start}"), format!("DTEND;TZID=America/New_York:{end}")]
    };
    let mail = |method: &str, sequence: u32, minute: u32, times: [String; 2], more: &[&str]| {
        let mut lines: Vec<&str> = times.iter().map(String::as_str).collect();
        lines.extend(more);
        lines.push("SUMMARY:Rehearsal");
        from_ann(method, sequence, minute, &lines)
    };
    vec![
        mail("REQUEST", 0, 1, at("20270701T180000", "20270701T200000"), &[series]),
        mail("REQUEST", 1, 2, at("20270701T190000", "20270701T210000"), &[series]),
        mail("REQUEST", 2, 3, at("20270708T200000", "20270708T220000"), &[instance]),
        mail("CANCEL", 2, 4, at("20270715T190000", "20270715T210000"), &[other]),
        mail("CANCEL", 3, 5, at("20270701T190000", "20270701T210000"), &[]),
        mail("REQUEST", 4, 6, at("20270702T190000", "20270702T210000"), &["RRULE:FREQ=WEEKLY;COUNT=5"]),
    ]
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(count - 1) {
        for at in 0..count {
            let mut longer = shorter.clone();
            longer.insert(at, count - 1);
            all.push(longer);
        }
    }
    all
}

/// What a guest can tell of an event, whatever way it came to be.
fn visible(place: &Deployment, event: &EventId) -> String {
    let mut state = place.show(event).unwrap().event;
    state.dtstamp = NOW;
    state.created = NOW;
    state.last_modified = NOW;
    state.sequence = itip::Sequence(0);
    state.version = itip::Version::default();
    for exception in &mut state.overrides {
        exception.version = itip::Version::default();
    }
    published(&state)
}

/// No guest is mailed an older version after a newer one.
fn check_grows(mails: &[SentMail], order: &[usize]) {
    let mut newest = std::collections::BTreeMap::new();
    for mail in mails.iter().filter(|mail| mail.to.as_str() == BEN) {
        for event in Calendar::parse(&mail.calendar).unwrap().events {
            let value = |name: &str| event.iter().find(|known| known.name == name).map(|known| known.value.clone());
            let pair = (value("SEQUENCE").unwrap().parse::<u32>().unwrap(), value("DTSTAMP").unwrap());
            let last = newest.insert(value("RECURRENCE-ID"), pair.clone());
            assert!(last.as_ref().is_none_or(|last| *last < pair), "{order:?}: {pair:?} after {last:?}");
        }
    }
}

#[test]
fn rule_09_every_order_of_a_history_ends_in_one_state() {
    let mails = history();
    let mut ends = BTreeSet::new();
    // `shared/itip/tests/ordering.rs` takes every order; here each costs a deployment, so it is every seventeenth.
    for order in permutations(mails.len()).into_iter().step_by(17) {
        let place = Deployment::new(NOW);
        let mut sent = Vec::new();
        for (step, at) in order.iter().enumerate() {
            // Every mail comes twice, the second time after the next one.
            create(&place, &mails[*at]);
            if let Some(before) = step.checked_sub(1) {
                create(&place, &mails[order[before]]);
            }
            let event = place.bound("u@club.example")[0].1.clone();
            if place.show(&event).is_some() {
                place.invite(&event, BEN);
            }
            place.settle();
            sent.extend(place.take_sent());
        }
        check_grows(&sent, &order);
        let event = place.bound("u@club.example")[0].1.clone();
        ends.insert(visible(&place, &event));
    }
    assert_eq!(ends.len(), 1, "{}", ends.into_iter().collect::<Vec<_>>().join("\n----\n"));
}

#[test]
fn rule_07_every_order_of_answers_ends_in_one_word_for_each_thing_answered() {
    let answers = [
        ("ACCEPTED", 1, None),
        ("DECLINED", 2, None),
        ("TENTATIVE", 3, None),
        ("DECLINED", 1, Some("20270708T230000Z")),
        ("ACCEPTED", 4, Some("20270708T230000Z")),
    ];
    for order in permutations(answers.len()) {
        let place = Deployment::new(NOW);
        create(&place, &history()[1]);
        let event = place.bound("u@club.example")[0].1.clone();
        place.invite(&event, BEN);
        place.settle();
        let recipient = place.reply_address(&event, BEN);
        for at in order.iter().chain(&order) {
            let (partstat, minute, instance) = answers[*at];
            let mut block = vec![
                "METHOD:REPLY".to_owned(),
                format!("UID:{event}"),
                format!("DTSTAMP:20270601T11{minute:02}00Z"),
                format!("ATTENDEE;PARTSTAT={partstat}:mailto:{BEN}"),
            ];
            block.extend(instance.map(|instance| format!("RECURRENCE-ID:{instance}")));
            let raw = calendar_mail(BEN, &recipient, "REPLY", &calendar_of(&block), *at);
            place.deliver(&recipient, Vouched::Signed, BEN, &raw);
        }
        place.settle();
        let state = place.show(&event).unwrap();
        let guest = place.guest(&event, BEN).unwrap();
        let week = Timestamp(state.event.details.as_ref().unwrap().start.instant().0 + 7 * 86_400);
        assert_eq!(guest.partstat.as_str(), "TENTATIVE", "{order:?}");
        assert_eq!(guest.instance_partstat(week, &state.event).as_str(), "ACCEPTED", "{order:?}");
        assert_eq!((state.counters.tentative, state.counters.attendees), (1, 1), "{order:?}");
    }
}

#[test]
fn every_rule_of_the_table_has_a_test_that_names_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, table) = page.split_once("## Rules of iTIP and where they live").unwrap();
    let mut named = String::new();
    for entry in std::fs::read_dir(root.join("tests/conversations")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        named.extend(text.lines().filter(|line| line.starts_with("# rule ")).map(|line| format!("{line},\n")));
    }
    let own = include_str!("rules.rs");
    for number in 1..=45 {
        let start = format!("| {number} |");
        let row = table.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row {start}"));
        let by_script = named.contains(&format!("rule {number},"));
        let by_test = own.lines().any(|line| line.starts_with("fn rule_") && line.contains(&format!("_{number:02}_")));
        let elsewhere = row.contains("n/a") || row.contains("::");
        assert!(by_script || by_test || elsewhere, "rule {number} names no test: {row}");
    }
}
