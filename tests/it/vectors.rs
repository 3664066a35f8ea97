//! Vectors of other implementations, as far as `../shared/corpus` holds them: what we do with each case.
//!
//! `tests/it/vectors/SET.tsv` has a line for each case: its id, the words of our verdicts, whether the outcome is the
//! same as theirs (`same`, `differs`, or `n/a` for what only an attendee's calendar or a `CalDAV` store does), and why.
//! The data stays in the corpus. `UPDATE_GOLDEN=1` writes verdicts anew and keeps the reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use ingest::MailVerdict;
use itip::{EventId, ItipMessage, Method, OverrideState, RecurrenceId, Timestamp, When};
use serde_json::Value;

use crate::conversations::{calendar_mail, published};
use crate::deployment::{DOMAIN, Deployment, Vouched};

/// Before every date of the vectors, so that none of their events is over.
const NOW: Timestamp = Timestamp(946_728_000);

/// What the vector's authors expect.
enum Expected {
    /// This calendar is what is stored afterwards; `None`: nothing is.
    After(Option<String>),
    /// The last message is taken, or is not.
    Taken(bool),
    /// The second version differs for somebody, or does not.
    Differs(bool),
    /// A judgement that the table alone holds.
    Judged,
}

/// A case: messages in order of arrival.
struct Case {
    id: String,
    messages: Vec<String>,
    expected: Expected,
}

/// A deployment that is played to.
struct Player {
    place: Deployment,
    event: Option<EventId>,
    listed: BTreeSet<String>,
    number: usize,
}

impl Player {
    fn new() -> Self {
        Self { place: Deployment::new(NOW), event: None, listed: BTreeSet::new(), number: 0 }
    }

    /// Plays a calendar, or a mail that holds one; gives the word of our verdict.
    fn play(&mut self, text: &str) -> String {
        let is_mail = !text.trim_start().starts_with("BEGIN:VCALENDAR");
        let messages = if is_mail {
            match imip::read_mail(text.as_bytes()) {
                Ok(mail) => mail.calendar,
                Err(refusal) => return format!("no mail: {refusal:?}"),
            }
        } else {
            imip::read_calendar(with_method(text).as_bytes())
        };
        let word = match messages {
            Ok(messages) => {
                let message = &messages[0];
                let guests = matches!(message.method, Method::Reply | Method::Counter | Method::Refresh);
                if guests { self.answer(message, text, is_mail) } else { self.organize(message, text, is_mail) }
            }
            Err(reason) => format!("refused ({})", reason.as_str()),
        };
        self.place.settle();
        word
    }

    fn organize(&mut self, message: &ItipMessage, text: &str, is_mail: bool) -> String {
        let organizers = message.components.iter().filter_map(|component| component.organizer.as_ref());
        let written = organizers.map(|organizer| organizer.address.to_string()).next();
        let sender = written.unwrap_or_else(|| "owner@x.example".to_owned());
        let attendees = message.components.iter().flat_map(|component| &component.attendees);
        self.listed.extend(attendees.map(|attendee| attendee.address.to_string()).filter(|guest| *guest != sender));
        let raw = self.raw(&sender, text, is_mail);
        let verdict = self.place.deliver(&format!("create@{DOMAIN}"), Vouched::Signed, &sender, &raw);
        self.event = self.place.bound(&message.uid.0).first().map(|(_, event)| event.clone());
        word(&verdict)
    }

    fn answer(&mut self, message: &ItipMessage, text: &str, is_mail: bool) -> String {
        let attendee = message.components.iter().flat_map(|component| &component.attendees).next();
        let sender = attendee.map_or("owner@x.example".to_owned(), |attendee| attendee.address.to_string());
        let Some(event) = self.event.clone().filter(|event| self.place.show(event).is_some()) else {
            return "no such event".to_owned();
        };
        if self.listed.contains(&sender) {
            self.place.invite(&event, &sender);
        }
        let recipient = self.place.reply_address(&event, &sender);
        let text = text.replace(&message.uid.0, event.as_str());
        let raw = self.raw(&sender, &text, is_mail);
        word(&self.place.deliver(&recipient, Vouched::Signed, &sender, &raw))
    }

    /// A mail from this sender, whoever the vector's mail is from: who may speak is another test's business.
    fn raw(&mut self, sender: &str, text: &str, is_mail: bool) -> String {
        self.number += 1;
        if !is_mail {
            let text = with_method(text);
            let method = imip::calendar_method(text.as_bytes()).unwrap_or(Method::Request);
            return calendar_mail(sender, &format!("create@{DOMAIN}"), method.as_str(), &text, self.number);
        }
        let to = |line: &str| line.get(..3).is_some_and(|name| name.eq_ignore_ascii_case("to:"));
        let from = |line: &str| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("from:"));
        let mut is_header = true;
        // Some vectors leave From to their test bench.
        let has_from = text.lines().take_while(|line| !line.is_empty()).any(from);
        let mut raw = if has_from { String::new() } else { format!("From: <{sender}>\r\n") };
        for line in text.lines() {
            is_header &= !line.is_empty();
            // Who spoke to whom is the bench's; a mail that is not addressed to us would be held.
            let line = match line {
                line if is_header && from(line) => format!("From: <{sender}>"),
                line if is_header && to(line) => format!("To: <create@{DOMAIN}>"),
                line => line.to_owned(),
            };
            let _ = write!(raw, "{line}\r\n");
        }
        raw
    }

    /// What is stored, as far as two implementations can be compared.
    fn stored(&self) -> BTreeSet<String> {
        let shown = self.event.as_ref().and_then(|event| self.place.show(event));
        shown.map(|shown| print(&published(&shown.event))).unwrap_or_default()
    }
}

fn word(verdict: &MailVerdict) -> String {
    match verdict {
        MailVerdict::Accept(word) => (*word).to_owned(),
        MailVerdict::Reject(_) => "rejected".to_owned(),
    }
}

/// Vectors that come from a store have no METHOD: the organizer's client would have mailed them as a REQUEST.
fn with_method(text: &str) -> String {
    if text.contains("METHOD:") {
        return text.to_owned();
    }
    text.replacen("BEGIN:VCALENDAR", "BEGIN:VCALENDAR\r\nMETHOD:REQUEST", 1)
}

/// Each component of a calendar in one line: which instance, when, what, off or not, and the dates left out.
fn print(text: &str) -> BTreeSet<String> {
    let messages = imip::read_calendar(text.as_bytes()).unwrap_or_default();
    let components = messages.iter().flat_map(|message| &message.components);
    components
        .filter_map(|component| {
            let details = component.details.as_ref()?;
            let instance = component.recurrence_id.as_ref().map(RecurrenceId::instant);
            let mut left_out: Vec<_> = details.recurrence.exdate.iter().map(When::instant).collect();
            left_out.sort();
            let off = details.status == itip::EventStatus::Cancelled;
            let start = details.start.instant();
            Some(format!(
                "{instance:?} {start:?} {} {off} {left_out:?} {:?}",
                details.summary, details.recurrence.rrule
            ))
        })
        .collect()
}

/// Our verdicts about a case, and whether the outcome is theirs.
fn judge(case: &Case) -> (String, Option<bool>) {
    let mut player = Player::new();
    let words: Vec<String> = case.messages.iter().map(|message| player.play(message)).collect();
    let last = words.last().map(String::as_str).unwrap_or_default();
    let agrees = match &case.expected {
        Expected::After(text) => Some(player.stored() == text.as_deref().map(print).unwrap_or_default()),
        Expected::Taken(taken) => {
            let ours = matches!(last, "answered" | "repeated" | "created" | "updated" | "unchanged" | "cancelled");
            Some(ours == *taken)
        }
        Expected::Differs(differs) => Some(!matches!(last, "unchanged" | "stale") == *differs),
        Expected::Judged => None,
    };
    (words.join(", "), agrees)
}

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: there is no {}", path.display());
    None
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A line of a table.
struct Line {
    ours: String,
    verdict: String,
    reason: String,
}

fn table(set: &str) -> (PathBuf, BTreeMap<String, Line>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("vectors/{set}.tsv"));
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut cell = || cells.next().unwrap_or_default();
        (cell(), Line { ours: cell(), verdict: cell(), reason: cell() })
    });
    (path.clone(), lines.collect())
}

/// Plays every case of a set and compares with its table.
fn check(set: &str, cases: &[Case]) {
    let (path, known) = table(set);
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let (mut text, mut wrong) = (String::from("# case\tours\tverdict\treason\n"), String::new());
    for case in cases {
        let line = known.get(&case.id);
        if line.is_some_and(|line| line.verdict == "n/a") {
            let reason = line.map_or("", |line| line.reason.as_str());
            let _ = writeln!(text, "{}\t-\tn/a\t{reason}", case.id);
            if reason.is_empty() {
                let _ = writeln!(wrong, "{}: not applicable, and no reason", case.id);
            }
            continue;
        }
        let (ours, agrees) = judge(case);
        let judged = line.map_or("", |line| line.verdict.as_str());
        let verdict = agrees.map_or(judged, |agrees| if agrees { "same" } else { "differs" });
        let reason = line.map_or("", |line| line.reason.as_str());
        let _ = writeln!(text, "{}\t{ours}\t{verdict}\t{reason}", case.id);
        match line {
            Some(line) if line.ours == ours && line.verdict == verdict => {}
            Some(line) => {
                let _ = writeln!(wrong, "{}: {} ({}), seen {ours} ({verdict})", case.id, line.ours, line.verdict);
            }
            None => {
                let _ = writeln!(wrong, "{}: not in the table, seen {ours} ({verdict})", case.id);
            }
        }
        if !matches!(verdict, "same" | "differs") || (verdict == "differs" && reason.is_empty()) {
            let _ = writeln!(wrong, "{}: {verdict} without a reason", case.id);
        }
    }
    for id in known.keys().filter(|id| cases.iter().all(|case| case.id != **id)) {
        let _ = writeln!(wrong, "{id}: in the table only");
    }
    if update {
        std::fs::write(path, text).unwrap();
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[test]
fn sabre() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for entry in json(&corpus.join("vobject/itip-vectors.json")).as_array().unwrap() {
        let case = &entry["cases"][0];
        let id = format!("{}/{}", entry["class"].as_str().unwrap(), entry["test"].as_str().unwrap());
        let (messages, expected) = if case["kind"] == "process-incoming" {
            let messages = [string(&case["existing"]), string(&case["message"])].into_iter().flatten().collect();
            let is_reply = case["message"].as_str().is_some_and(|text| text.contains("METHOD:REPLY"));
            let after = string(&case["expected"]);
            (messages, if is_reply { Expected::Taken(after.is_some()) } else { Expected::After(after) })
        } else {
            let old = string(&case["old"]);
            let cancelled = old.as_deref().map(|old| with_method(old).replace("METHOD:REQUEST", "METHOD:CANCEL"));
            let new = string(&case["new"]).or(cancelled);
            let told = case["expected"].as_array().is_some_and(|messages| !messages.is_empty());
            (old.into_iter().chain(new).collect(), Expected::Differs(told))
        };
        cases.push(Case { id, messages, expected });
    }
    assert_eq!(cases.len(), 80);
    check("sabre", &cases);
}

/// The rows of one of Apple's files.
fn apple(file: &str) -> Vec<(String, String, Vec<Value>)> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let mut rows = Vec::new();
    for entry in json(&corpus.join(format!("ccs-imip/vectors/{file}.json"))).as_array().unwrap() {
        let function = entry["function"].as_str().unwrap_or_default().to_owned();
        let name = entry["name"].as_str().unwrap_or_default();
        let whole = [entry["data"].clone()];
        let data = entry["data"].as_array().map_or(&whole[..], Vec::as_slice);
        for (number, row) in (1..).zip(data) {
            let cells = row.as_array().cloned().unwrap_or_else(|| vec![row.clone()]);
            rows.push((function.clone(), format!("{function}/{name}/{number}"), cells));
        }
    }
    rows
}

#[test]
fn apple_itip() {
    let rows = apple("test_itip");
    let mut cases = Vec::new();
    for (function, id, cells) in rows {
        let text = |at: usize| cells.get(at).and_then(string);
        let two = |first: usize| [text(first), text(first + 1)].into_iter().flatten().collect();
        let (messages, expected) = match function.as_str() {
            "test_processReply" | "test_update_attendee_partstat" => {
                (two(1), Expected::Taken(cells[4].as_bool().unwrap_or_default()))
            }
            "test_sequenceComparison" => (two(1), Expected::Differs(cells[3].as_bool().unwrap_or_default())),
            "test_cancel" => (two(0), Expected::Taken(true)),
            "test_request" => (two(0), Expected::Judged),
            _ => (two(1), Expected::After(text(3))),
        };
        cases.push(Case { id, messages, expected });
    }
    if !cases.is_empty() {
        assert_eq!(cases.len(), 104);
        check("apple-itip", &cases);
    }
}

#[test]
fn apple_diff() {
    let rows = apple("test_icaldiff");
    let mut cases = Vec::new();
    for (function, id, cells) in rows {
        let messages = [string(&cells[1]), string(&cells[2])].into_iter().flatten().collect();
        let expected = match function.as_str() {
            "test_organizer_diff" => Expected::Differs(cells[3] == false),
            "test_what_is_different" => Expected::Differs(cells[3].as_object().is_some_and(|diff| !diff.is_empty())),
            _ => Expected::Judged,
        };
        cases.push(Case { id, messages, expected });
    }
    if !cases.is_empty() {
        assert_eq!(cases.len(), 127);
        check("apple-diff", &cases);
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

#[test]
fn cyrus() {
    let Some(corpus) = corpus() else { return };
    let mut cases = Vec::new();
    for suite in ["Caldav", "JMAPCalendars", "JMAPEmail", "Sieve"] {
        let folder = corpus.join("cyrus-cassandane").join(suite);
        let mut tests: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        tests.sort();
        for test in tests {
            let mut files: Vec<_> = std::fs::read_dir(&test).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            let id = format!("{suite}/{}", test.file_name().unwrap().to_string_lossy());
            let messages = files.iter().map(|file| read(file)).collect();
            cases.push(Case { id, messages, expected: Expected::Judged });
        }
    }
    check("cyrus", &cases);
}

#[test]
fn kde() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("akonadi-itip/autotests/itip_data");
    let file = |name: &str| read(&folder.join(name));
    let after = |name: &str| Expected::After(Some(file(&format!("expected_data/{name}"))));
    let invited = |first: &str, then: &str, expected| Case {
        id: then.to_owned(),
        messages: [first, then].into_iter().filter(|name| !name.is_empty()).map(&file).collect(),
        expected,
    };
    let cases = [
        invited("", "bug235749", Expected::Judged),
        invited("", "invited_us", Expected::Judged),
        invited("", "invited_us_daily", Expected::Judged),
        invited("invited_us", "invited_us_update01", after("update1")),
        invited("invited_us_daily", "invited_us_daily_update01", after("update2")),
        invited("invited_us_daily", "invited_us_daily_update_recid01", after("update3")),
        invited("invited_us", "invited_us_cancel01", Expected::Taken(true)),
        invited("invited_us_daily", "invited_us_daily_cancel01", Expected::Taken(true)),
        invited("invited_us_daily", "invited_us_daily_cancel_recid01", after("cancel1")),
    ];
    check("kde", &cases);
}

/// The property counts that a method wants of a VEVENT.
fn counts(rules: &Value, method: &str, count: &str) -> Vec<String> {
    let names = rules["VEVENT"][method][count].as_array();
    names.into_iter().flatten().filter_map(string).collect()
}

#[test]
fn ical4j() {
    use crate::script::{Calendar, calendar_of};
    let Some(corpus) = corpus() else { return };
    let rules = json(&corpus.join("ical4j/itip-rules.json"));
    let mut found = BTreeMap::new();
    // What we take: each property that the table wants once, left out.
    let whole = |method: &str| {
        let is_guests = matches!(method, "COUNTER" | "REFRESH" | "REPLY");
        let guest = if is_guests { "ben@x.example" } else { "create@convoke.example" };
        let mut lines = vec![
            format!("METHOD:{method}"),
            "UID:u@x.example".to_owned(),
            "DTSTAMP:20000101T130000Z".to_owned(),
            "SEQUENCE:1".to_owned(),
            "DTSTART:20000301T120000Z".to_owned(),
            "SUMMARY:Concert".to_owned(),
            "ORGANIZER:mailto:owner@x.example".to_owned(),
            format!("ATTENDEE;PARTSTAT=ACCEPTED:mailto:{guest}"),
        ];
        if method == "ADD" {
            lines[4] = "DTSTART:20000303T120000Z".to_owned();
        }
        lines
    };
    let first: Vec<String> = whole("REQUEST")
        .into_iter()
        .map(|line| line.replace("T130000Z", "T125000Z").replace("SEQUENCE:1", "SEQUENCE:0"))
        .chain(["RRULE:FREQ=DAILY;COUNT=2".to_owned()])
        .collect();
    for method in ["ADD", "CANCEL", "COUNTER", "PUBLISH", "REFRESH", "REPLY", "REQUEST"] {
        let mut wanted = counts(&rules, method, "One");
        wanted.extend(counts(&rules, method, "One (relaxed mode skips)"));
        wanted.extend(counts(&rules, method, "OneOrMore"));
        for name in wanted {
            let lines: Vec<String> =
                whole(method).into_iter().filter(|line| line.split([':', ';']).next() != Some(name.as_str())).collect();
            let mut player = Player::new();
            player.play(&calendar_of(&first));
            player.listed.insert("ben@x.example".to_owned());
            let told = player.play(&calendar_of(&lines));
            found.insert(format!("take {method} without {name}"), told);
        }
    }
    // What we write: each kind of message, against every count.
    for (method, calendar) in emitted() {
        let calendar = Calendar::parse(&calendar).unwrap();
        for (rule, fits) in [
            ("One", (|count| count == 1) as fn(usize) -> bool),
            ("One (relaxed mode skips)", |count| count == 1),
            ("OneOrMore", |count| count >= 1),
            ("OneOrLess", |count| count <= 1),
            ("None", |count| count == 0),
        ] {
            for name in counts(&rules, method, rule) {
                for event in &calendar.events {
                    let count = event.iter().filter(|property| property.name == name).count();
                    if !fits(count) {
                        found.insert(format!("write {method} {name} {rule}"), count.to_string());
                    }
                }
            }
        }
    }
    let (path, known) = table("ical4j");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let mut text = String::from("# case\tours\tverdict\treason\n");
        for (id, ours) in &found {
            let line = known.get(id);
            let verdict = line.map_or("differs", |line| line.verdict.as_str());
            let reason = line.map_or("", |line| line.reason.as_str());
            let _ = writeln!(text, "{id}\t{ours}\t{verdict}\t{reason}");
        }
        std::fs::write(path, text).unwrap();
    }
    let table: BTreeMap<_, _> = known.iter().map(|(id, line)| (id.clone(), line.ours.clone())).collect();
    assert_eq!(found, table);
    for (id, line) in &known {
        assert!(line.verdict == "same" || !line.reason.is_empty(), "{id}: {} without a reason", line.verdict);
    }
}

/// One message of each kind that we write, by METHOD.
fn emitted() -> Vec<(&'static str, String)> {
    use crate::script::calendar_of;
    use itip::{CalAddress, Order, Override, PartStat, Sequence};
    let lines: Vec<String> = [
        "METHOD:REQUEST",
        "UID:u@x.example",
        "DTSTAMP:20000101T130000Z",
        "DTSTART:20000301T120000Z",
        "DTEND:20000301T130000Z",
        "RRULE:FREQ=DAILY;COUNT=3",
        "SUMMARY:Concert",
        "DESCRIPTION:In the park",
        "LOCATION:Park",
        "URL:https://x.example/",
        "CATEGORIES:MUSIC",
    ]
    .map(str::to_owned)
    .to_vec();
    let message = &imip::read_calendar(calendar_of(&lines).as_bytes()).unwrap()[0];
    let details = message.components[0].details.as_ref().unwrap();
    let mut moved = details.clone();
    moved.recurrence = itip::Recurrence::default();
    let order = Order { sequence: Sequence(1), dtstamp: NOW };
    let id = RecurrenceId { when: details.start.clone(), this_and_future: false };
    let overrides = [Override::new(id, order, OverrideState::Changed(Box::new(moved)))];
    let ben = CalAddress::parse("ben@x.example").unwrap();
    let text = |method: Method, overrides: &[Override]| {
        imip::calendar_text(&imip::OutgoingCalendar {
            method,
            prodid: "x",
            uid: "u",
            sequence: Sequence(1),
            order,
            organizer_address: "rsvp@convoke.example",
            organizer_name: "Ann",
            attendee: &ben,
            attendee_name: "Ben",
            partstat: PartStat::NeedsAction,
            instance_partstats: &[],
            delegated_from: None,
            details: Some(details),
            overrides,
            instances: &[],
            created: NOW,
            last_modified: NOW,
            alarm_minutes: Some(15),
            cancelled: false,
            comment: (method == Method::DeclineCounter).then_some("No"),
        })
    };
    let publish = imip::publish_text(&imip::Publication {
        method: Some(Method::Publish),
        prodid: "x",
        about: imip::About { name: "Ann", ..imip::About::default() },
        refresh_minutes: Some(60),
        events: &[imip::PublishedEvent {
            uid: "u",
            sequence: Sequence(1),
            dtstamp: NOW,
            organizer: Some(("rsvp@convoke.example", "Ann")),
            details: Some(details),
            overrides: &overrides,
            created: NOW,
            last_modified: NOW,
            cancelled: false,
            page: "",
        }],
    });
    vec![
        ("REQUEST", text(Method::Request, &overrides)),
        ("CANCEL", text(Method::Cancel, &[])),
        ("DECLINECOUNTER", text(Method::DeclineCounter, &[])),
        ("REPLY", text(Method::Reply, &[])),
        ("PUBLISH", publish),
    ]
}
