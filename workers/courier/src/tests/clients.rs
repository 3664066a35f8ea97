//! Every kind of mail a guest gets, byte for byte (`tests/golden/mails`), and what each calendar program needs of it:
//! the rule numbers are those of ARCHITECTURE.md's table.

use imip::read_calendar;

use super::*;

const WEEK: i64 = 7 * 86_400;

fn later(when: &When, seconds: i64) -> When {
    let When::At(moment) = when else { return when.clone() };
    let local = moment.local + chrono::TimeDelta::seconds(seconds);
    When::At(Moment { local, zone: moment.zone.clone(), instant: moment.instant.plus(seconds) })
}

/// A weekly class whose second date is moved and whose third is off, both in revision 3.
fn series() -> Lease {
    let (mut lease, _) = lease(Method::Request, false, PartStat::NeedsAction);
    let mut master = details("Life drawing");
    master.recurrence.rrule = Some("FREQ=WEEKLY;COUNT=4".into());
    master.last_end = Some(master.end.instant().plus(3 * WEEK));
    master.description_html = "Shirt night, gates <b>open at 5</b>.".into();
    let id = |week: i64| RecurrenceId { when: later(&master.start, week * WEEK), this_and_future: false };
    let moved = EventDetails {
        start: later(&master.start, WEEK + 86_400),
        end: later(&master.end, WEEK + 86_400),
        recurrence: Recurrence::default(),
        ..master.clone()
    };
    let mut overrides = vec![
        Override::new(id(1), Order::default(), OverrideState::Changed(Box::new(moved))),
        Override::new(id(2), Order::default(), OverrideState::Cancelled),
    ];
    for exception in &mut overrides {
        exception.version = itip::Version { revision: 3, sequence: Sequence(2), reset: Sequence(2) };
    }
    let event = &mut lease.event;
    (event.details, event.overrides, event.revision, event.sequence) = (Some(master), overrides, 3, Sequence(2));
    lease
}

/// The nine kinds, by name.
fn kinds() -> Vec<(&'static str, Lease, MailJob)> {
    let job = |method, update, partstat| lease(method, update, partstat).1;
    let single = || lease(Method::Request, false, PartStat::NeedsAction).0;
    let instance = |lease: &Lease, at: usize| vec![lease.event.overrides[at].recurrence_id.instant()];
    let asked_again = |lease: &Lease| {
        lease.event.overrides.iter().map(|known| (known.recurrence_id.when.clone(), PartStat::NeedsAction)).collect()
    };
    let invitation = job(Method::Request, false, PartStat::NeedsAction);
    let minor = MailJob { changed: vec![itip::Field::Location], ..job(Method::Request, true, PartStat::Accepted) };
    let major = MailJob { changed: vec![itip::Field::Time], ..job(Method::Request, true, PartStat::NeedsAction) };
    let whole = series();
    let of_series =
        MailJob { instance_partstats: asked_again(&whole), ..job(Method::Request, false, PartStat::Accepted) };
    let date = MailJob {
        instances: instance(&whole, 0),
        changed: vec![itip::Field::Recurrence],
        update: true,
        ..of_series.clone()
    };
    let date_off = MailJob { method: Method::Cancel, instances: instance(&whole, 1), ..date.clone() };
    let mut off = single();
    off.event.cancelled = true;
    let cancel = job(Method::Cancel, true, PartStat::Accepted);
    let removed = MailJob { removed: true, ..cancel.clone() };
    let start = single().event.details.unwrap().start;
    let proposal = Proposal {
        guest: address("ana@example.com"),
        proposed: Proposed {
            recurrence_id: None,
            start: later(&start, 86_400),
            end: later(&start, 90_000),
            comment: String::new(),
            order: Order { sequence: Sequence(2), dtstamp: NOW },
            received: NOW,
        },
        state: ProposalState::Declined,
        decided: Some(NOW),
    };
    let declined = MailJob { proposal: Some(proposal), ..job(Method::DeclineCounter, true, PartStat::NeedsAction) };
    vec![
        ("invitation", single(), invitation),
        ("update-minor", single(), minor),
        ("update-major", single(), major),
        ("series", series(), of_series),
        ("update-date", series(), date),
        ("cancel", off, cancel),
        ("cancel-date", series(), date_off),
        ("cancel-guest", single(), removed),
        ("proposal-declined", single(), declined),
    ]
}

/// A mail and its two calendar parts.
struct Read {
    mail: String,
    text: String,
    calendar: String,
    file: String,
}

fn read(lease: &Lease, job: &MailJob) -> Read {
    let raw = crate::compose::guest_mail(lease, job, &config(), &keys()).unwrap().raw;
    let mail = String::from_utf8(raw).unwrap();
    let part = |kind: &str| {
        let (_, rest) = mail.split_once(&format!("Content-Type: {kind}")).unwrap();
        let (head, body) = rest.split_once("\r\n\r\n").unwrap();
        let body = body.split("\r\n--=_").next().unwrap();
        let bytes = if head.contains("base64") {
            base64_decode(body)
        } else if head.contains("quoted-printable") {
            quoted_printable_decode(&body.replace("\r\n", "\n"))
        } else {
            format!("{body}\r\n").into_bytes()
        };
        String::from_utf8(bytes).unwrap()
    };
    let (text, calendar, file) = (part("text/plain"), part("text/calendar"), part("application/ics"));
    Read { mail, text, calendar, file }
}

fn unfolded(calendar: &str) -> Vec<String> {
    calendar.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn every_kind_of_mail_stays_as_it_is() {
    for (name, lease, job) in kinds() {
        golden(&format!("mails/{name}.txt"), &read(&lease, &job).mail);
    }
}

#[test]
fn rules_33_to_36_every_reader_finds_one_message_twice() {
    for (name, lease, job) in kinds() {
        let Read { mail, calendar, file, .. } = read(&lease, &job);
        assert_eq!(calendar.trim_end(), file.trim_end(), "{name}: the same in both parts");
        let method = format!("METHOD:{}", job.method.as_str());
        assert_eq!(calendar.matches("\r\nMETHOD:").count(), 1, "{name}");
        assert!(calendar.contains(&method), "{name}");
        assert!(mail.contains(&format!("method={}", job.method.as_str())), "{name}: the MIME parameter");
        assert!(calendar.lines().all(|line| line.len() <= 75), "{name}: folded");
        assert_eq!(calendar.matches('\n').count(), calendar.matches("\r\n").count(), "{name}: CRLF");
        assert!(file.ends_with("END:VCALENDAR\r\n"), "{name}: no blank line behind it");
        let order =
            ["text/plain", "text/html", "text/calendar", "application/ics"].map(|kind| mail.find(kind).unwrap());
        assert!(order.is_sorted(), "{name}: the calendar last of the alternatives, the file after them");
        let [message] = read_calendar(calendar.as_bytes()).unwrap().try_into().unwrap();
        assert_eq!(message.uid.0, lease.event.event_id.as_str(), "{name}");
    }
}

#[test]
fn rule_40_google_shows_buttons_for_a_request() {
    for (name, lease, job) in kinds() {
        let lines = unfolded(&read(&lease, &job).calendar);
        let organizer = lines.iter().find(|line| line.starts_with("ORGANIZER")).unwrap();
        assert!(organizer.contains(":mailto:rsvp+") && !organizer.contains('<'), "{name}: {organizer}");
        let attendees: Vec<_> = lines.iter().filter(|line| line.starts_with("ATTENDEE")).collect();
        assert!(attendees.iter().all(|line| line.ends_with(":mailto:ana@example.com")), "{name}: {attendees:?}");
        let asks = attendees.iter().all(|line| line.contains("RSVP=TRUE"));
        assert_eq!(asks, job.method == Method::Request, "{name}: {attendees:?}");
        let stamps = lines.iter().filter(|line| line.starts_with("DTSTAMP:"));
        assert!(stamps.clone().count() > 0 && stamps.clone().all(|line| line.ends_with('Z')), "{name}");
    }
}

#[test]
fn rule_41_outlook_gets_times_in_every_event_and_no_unchanged_series_beside_one_date() {
    for (name, lease, job) in kinds() {
        let lines = unfolded(&read(&lease, &job).calendar);
        let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
        let events = count("BEGIN:VEVENT");
        assert_eq!((count("DTSTART;TZID="), count("DTEND;TZID=")), (events, events), "{name}");
        assert_eq!(count("SEQUENCE:"), events, "{name}");
        let alone = !job.instances.is_empty();
        assert_eq!(alone, count("RECURRENCE-ID") == events, "{name}");
        assert_eq!(count("RRULE:FREQ=WEEKLY"), usize::from(name == "series"), "{name}");
        if job.method == Method::Cancel {
            assert_eq!(count("STATUS:CANCELLED"), events, "{name}");
        }
        let rules: Vec<_> = lines.iter().filter(|line| line.starts_with("RRULE:FREQ=YEARLY")).collect();
        assert!(
            rules.len() == 2 && rules.iter().all(|rule| rule.contains("BYDAY=") && rule.contains("BYMONTH=")),
            "{name}"
        );
    }
}

#[test]
fn rule_43_apple_finds_organizer_and_attendee_in_every_event() {
    for (name, lease, job) in kinds() {
        let calendar = read(&lease, &job).calendar;
        let messages = read_calendar(calendar.as_bytes()).unwrap();
        for component in messages.iter().flat_map(|message| &message.components) {
            assert!(component.organizer.is_some() && component.attendees.len() == 1, "{name}");
        }
    }
}

#[test]
fn rule_45_yahoo_and_plain_readers_see_date_place_and_state_in_subject_and_text() {
    for (name, lease, job) in kinds() {
        let Read { mail, text, .. } = read(&lease, &job);
        let inbound = imip::read_mail(mail.as_bytes()).unwrap();
        let date = match name {
            "update-date" => "10 July 2027",
            "cancel-date" => "16 July 2027",
            _ => "2 July 2027",
        };
        let state = match name {
            "invitation" | "series" => "Invitation",
            "update-minor" | "update-major" => "Updated",
            "update-date" => "One date changed",
            "cancel" => "Cancelled",
            "cancel-date" => "One date",
            "cancel-guest" => "No longer on the guest list",
            _ => "declined",
        };
        let subject = &inbound.subject;
        assert!(subject.contains(date) && subject.to_lowercase().contains(&state.to_lowercase()), "{name}: {subject}");
        assert!(text.contains(date) && text.contains("Camden Yards"), "{name}: {text}");
    }
}
