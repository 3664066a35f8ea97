//! Calendars of many events: nothing is lost whatever fails, nothing is done twice, and guests of a calendar that
//! changes for years get exactly the mails that its changes ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_executor::block_on;
use ingest::{MailContext, MailVerdict};
use itip::{Answer, AnsweredVia, CalAddress, EventId, Order, PartStat, Sequence, Timestamp};
use scheduling::command::{Command, CommandError, Enrolled, Job, OrganizerCommand, OrganizerReply, Reply};
use scheduling::import::{ImportCounts, ImportState, Vanished};
use scheduling::ports::{Blobs, FeedAnswer, Jobs, Objects, PortError};
use scheduling::send_gate::{Lane, Pace, Permit};
use store::{Database, Row, Statement, StoreError};

use crate::conversations::calendar_mail;
use crate::deployment::{DOMAIN, Deployment, Vouched, address};

const CLUB: &str = "fixtures@rovers.example";
/// 2027-01-01T12:00:00Z.
const NOW: Timestamp = Timestamp(1_798_804_800);

/// A season: game `n` on day `n` of 2027 at 19:00.
fn season(games: std::ops::Range<i64>) -> String {
    let game = |n: i64| {
        let day = chrono::DateTime::from_timestamp(1_798_761_600 + n * 86_400, 0).unwrap().format("%Y%m%d");
        format!(
            "BEGIN:VEVENT\r\nUID:game-{n}@rovers.example\r\nDTSTAMP:20261201T000000Z\r\nSUMMARY:Rovers vs. Guest {n}\r\n\
             DTSTART:{day}T190000Z\r\nDTEND:{day}T210000Z\r\nLOCATION:Harbour Park\r\nEND:VEVENT\r\n"
        )
    };
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Rovers//EN\r\n{}END:VCALENDAR\r\n",
        games.map(game).collect::<String>()
    )
}

fn counts(place: &Deployment, import: &str) -> ImportCounts {
    let progress = place.progress(CLUB, import);
    assert_eq!(progress.state, ImportState::Done, "{progress:?}");
    progress.counts
}

/// Hands a file in and lets everything settle.
fn import(place: &Deployment, text: &str, vanished: Vanished) -> ImportCounts {
    let import = place.hand_in(CLUB, "season", text, vanished);
    place.settle();
    counts(place, &import.id)
}

#[test]
fn a_file_is_taken_in_parts_and_the_same_file_is_the_same_import() {
    let place = Deployment::new(NOW);
    let text = season(10..110);
    let all = ImportCounts { total: 100, done: 100, created: 100, ..ImportCounts::default() };
    assert_eq!(import(&place, &text, Vanished::Keep), all);
    assert_eq!(place.listed(CLUB).len(), 100);
    let mails = place.take_sent();
    assert_eq!(mails.len(), 1, "one summary");
    assert!(mails[0].subject.starts_with("Your calendar was taken"), "{}", mails[0].subject);
    assert_eq!(import(&place, &text, Vanished::Keep), all);
    assert_eq!(place.take_sent().len(), 0, "nothing is said twice");
}

#[test]
fn an_edition_changes_what_it_says_differently_and_touches_nothing_else() {
    let place = Deployment::new(NOW);
    let first = season(10..60);
    import(&place, &first, Vanished::Keep);
    let versions = |place: &Deployment| -> BTreeMap<String, i64> {
        place.listed(CLUB).iter().map(|row| (row.details.summary.clone(), row.last_modified.0)).collect()
    };
    let before = versions(&place);
    // The same stamps as before: many feeds never change them.
    let second = first.replacen("Harbour Park", "Harbour Road", 1).replace("-//Rovers//EN", "-//Rovers 2//EN");
    let changed = import(&place, &second, Vanished::Keep);
    assert_eq!((changed.updated, changed.unchanged, changed.created), (1, 49, 0));
    let after = versions(&place);
    let touched: Vec<&String> = after.keys().filter(|title| after[*title] != before[*title]).collect();
    assert_eq!(touched, ["Rovers vs. Guest 10"]);
    // The first edition again is news again, whatever its DTSTAMP.
    let back = import(&place, &first, Vanished::Keep);
    assert_eq!((back.updated, back.unchanged), (1, 49));
}

#[test]
fn a_new_uid_means_the_importers_own_event_and_nobody_elses_of_that_name() {
    const OTHER: &str = "fixtures@others.example";
    let place = Deployment::new(NOW);
    for club in [CLUB, OTHER] {
        place.hand_in(club, "season", &season(10..14), Vanished::Keep);
        place.settle();
    }
    let before: Vec<EventId> = place.listed(CLUB).into_iter().map(|row| row.event_id).collect();
    let churned = import(&place, &season(10..14).replace("UID:game-", "UID:match-"), Vanished::Keep);
    assert_eq!((churned.created, churned.total), (0, 4), "{churned:?}");
    assert_eq!(place.listed(CLUB).into_iter().map(|row| row.event_id).collect::<Vec<_>>(), before);
    let speakers = store::SqlConn::run(
        place.world().db(),
        "SELECT DISTINCT identity FROM event_binding WHERE original_uid LIKE 'match-%'",
        &[],
    );
    let speakers: Vec<String> = speakers.unwrap().iter().map(|row| row.text(0).unwrap().to_owned()).collect();
    assert_eq!(speakers, [CLUB]);
}

/// A season whose events name their organizer.
fn organized(games: std::ops::Range<i64>) -> String {
    season(games).replace("END:VEVENT", "ORGANIZER;CN=Rovers:mailto:fixtures@rovers.example\r\nEND:VEVENT")
}

#[test]
fn a_calendar_that_is_all_somebody_elses_is_refused_at_once() {
    const OTHER: &str = "fixtures@others.example";
    let place = Deployment::new(NOW);
    import(&place, &organized(10..210), Vanished::Keep);
    let seeds = || {
        let rows = store::SqlConn::run(place.world().db(), "SELECT COUNT(*) FROM event_seed", &[]).unwrap();
        rows[0].integer(0).unwrap()
    };
    assert_eq!(seeds(), 200);
    let copied = place.hand_in(OTHER, "season", &organized(10..210), Vanished::Keep);
    place.settle();
    let progress = place.progress(OTHER, &copied.id);
    assert_eq!(progress.state, ImportState::Failed, "{progress:?}");
    let problems: Vec<(&str, &str)> =
        progress.problems.iter().map(|problem| (problem.name.as_str(), problem.problem.as_str())).collect();
    let [("", problem)] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.contains(CLUB) && problem.contains("200 events"), "{problem}");
    assert!(seeds() >= 199, "no event but the first, whose owner sees who tried, hears of it: {} seeds", seeds());
    // Events of his own are taken, wherever they stand.
    let mixed = organized(10..211);
    let mixed = place.hand_in(OTHER, "mixed", &mixed, Vanished::Keep);
    place.settle();
    let progress = place.progress(OTHER, &mixed.id);
    assert_eq!((progress.state, progress.counts.created, progress.counts.refused), (ImportState::Done, 1, 200));
    assert_eq!(place.listed(OTHER).len(), 1);
    assert_eq!(place.listed(CLUB).len(), 200);
}

#[test]
fn what_vanishes_is_called_off_only_if_the_organizer_wants_it() {
    let place = Deployment::new(NOW);
    // Game 0 is over soon, and stays what it was.
    import(&place, &season(0..50), Vanished::Keep);
    place.advance(2 * 86_400);
    let fewer = season(10..48);
    let kept = import(&place, &fewer, Vanished::Keep);
    assert_eq!((kept.missing, kept.cancelled), (10, 0));
    let off = import(&place, &format!("{fewer}\r\n"), Vanished::Cancel);
    assert_eq!((off.missing, off.cancelled), (0, 10));
    let cancelled = |place: &Deployment| place.listed(CLUB).iter().filter(|row| row.cancelled).count();
    assert_eq!(cancelled(&place), 10);
    // They come back with the stamps they had.
    let again = import(&place, &season(0..48), Vanished::Cancel);
    assert_eq!((again.updated, again.created, again.unchanged), (8, 0, 40), "8 of 10, and 2 that are over");
    assert_eq!(cancelled(&place), 2);
    // A file that was cut off says nothing about what it lacks.
    let text = season(10..48);
    let cut = import(&place, text.strip_suffix("END:VCALENDAR\r\n").unwrap(), Vanished::Cancel);
    assert_eq!((cut.cancelled, cut.missing), (0, 8));
}

#[test]
fn an_edition_that_lacks_most_of_what_is_to_come_calls_nothing_off_and_says_so() {
    for (first, second, doubted) in [
        (season(10..30), season(10..19), 11),
        (season(10..30), season(10..20), 0),
        // Other events in their place do not make it more likely.
        (season(10..30), season(100..200), 20),
        (season(10..19), season(10..12), 0),
        // The end is missing: a connection broke, even if nothing else is.
        (season(10..30), season(10..29).replace("END:VCALENDAR\r\n", ""), 1),
    ] {
        let place = Deployment::new(NOW);
        import(&place, &first, Vanished::Cancel);
        place.take_sent();
        let taken = import(&place, &second, Vanished::Cancel);
        assert_eq!((taken.not_cancelled, taken.missing), (doubted, doubted), "{taken:?}");
        assert_eq!(taken.cancelled == 0, doubted > 0, "{taken:?}");
        let mail = String::from_utf8_lossy(&place.take_sent()[0].raw).replace("=\r\n", "");
        assert_eq!(mail.contains("none of them was cancelled"), doubted > 0, "{mail}");
    }
}

#[test]
fn an_imported_event_is_asked_for_first_by_anybody() {
    let place = Deployment::new(NOW);
    import(&place, &season(10..12), Vanished::Keep);
    let seeds = |place: &Deployment| {
        let rows = store::SqlConn::run(place.world().db(), "SELECT COUNT(*) FROM event_seed", &[]).unwrap();
        rows[0].integer(0).unwrap()
    };
    assert_eq!(seeds(&place), 2);
    let before = place.listed(CLUB);
    let id = &before[0].event_id;
    place.advance(3_600);
    let Ok(Reply::Shown(shown)) = block_on(place.world().event(id, Command::Show)) else { panic!("not shown") };
    // What the pages said already, as of when they said it.
    assert_eq!((shown.event.created, shown.event.last_modified), (before[0].created, before[0].last_modified));
    assert_eq!((shown.event.revision, shown.event.dtstamp), (before[0].revision, before[0].created));
    assert_eq!(shown.event.details.as_ref(), Some(&before[0].details));
    place.settle();
    assert_eq!(place.listed(CLUB), before);
    assert_eq!(seeds(&place), 1, "the other one sleeps");
    // A later edition changes and calls off events whose objects nobody has needed.
    let other = place.hand_in(CLUB, "season", &season(10..11).replace("Harbour", "River"), Vanished::Cancel);
    place.settle();
    let taken = counts(&place, &other.id);
    assert_eq!((taken.updated, taken.cancelled, taken.created), (1, 1, 0));
    assert_eq!(seeds(&place), 0);
    assert!(place.listed(CLUB).iter().all(|row| row.revision == 1));
}

#[test]
fn what_was_handed_over_is_not_called_off_by_its_former_owner() {
    let place = Deployment::new(NOW);
    import(&place, &season(10..14), Vanished::Cancel);
    let game = place.listed(CLUB).remove(0).event_id;
    let settings = scheduling::settings::OrganizerSettings::default();
    let hand_over = Command::HandOver { owner: address("league@cup.example"), settings };
    block_on(place.world().event(&game, hand_over)).unwrap();
    place.settle();
    assert_eq!(
        import(
            &place,
            &season(10..10).replace(
                "END:VCAL",
                "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20271001T190000Z\r\n\
        SUMMARY:Dinner\r\nEND:VEVENT\r\nEND:VCAL"
            ),
            Vanished::Cancel
        )
        .cancelled,
        3
    );
    assert!(!place.listed("league@cup.example")[0].cancelled);
}

#[test]
fn a_new_uid_does_not_make_a_new_event() {
    let place = Deployment::new(NOW);
    let first = season(10..60);
    import(&place, &first, Vanished::Keep);
    let ids =
        |place: &Deployment| -> BTreeSet<EventId> { place.listed(CLUB).into_iter().map(|row| row.event_id).collect() };
    let before = ids(&place);
    // All UIDs are new, and one game has moved by a day.
    let second = first.replace("UID:game-", "UID:new-").replacen("20270111T", "20270112T", 2);
    let changed = import(&place, &second, Vanished::Cancel);
    assert_eq!(
        changed,
        ImportCounts { total: 50, done: 50, updated: 1, unchanged: 49, ..ImportCounts::default() },
        "{changed:?}"
    );
    assert_eq!(ids(&place), before);
    // From now on the event answers to its new name.
    let third = import(&place, &second.replacen("Harbour Park", "Harbour Road", 1), Vanished::Cancel);
    assert_eq!((third.updated, third.unchanged, third.created, third.cancelled), (1, 49, 0, 0));
}

#[test]
fn an_event_that_cannot_be_read_is_named_and_costs_no_other() {
    let place = Deployment::new(NOW);
    let text = season(10..60).replacen("DTSTART:20270111T190000Z", "DTSTART:soon", 1);
    let progress = place.hand_in(CLUB, "season", &text, Vanished::Keep);
    place.settle();
    let done = counts(&place, &progress.id);
    assert_eq!((done.total, done.done, done.created, done.refused), (50, 50, 49, 1));
    let problems = place.progress(CLUB, &progress.id).problems;
    assert_eq!(problems[0].name, "Rovers vs. Guest 10");
    let mail = place.take_sent().pop().unwrap();
    let text = String::from_utf8_lossy(&mail.raw).replace("=\r\n", "");
    assert!(text.contains("Rovers vs. Guest 10"), "{text}");
}

#[test]
fn a_mail_of_many_events_is_taken_whole() {
    let place = Deployment::new(NOW);
    let text = season(10..90).replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:PUBLISH");
    let to = format!("create@{DOMAIN}");
    let verdict = place.deliver(&to, Vouched::Signed, CLUB, &calendar_mail(CLUB, &to, "PUBLISH", &text, 0));
    assert_eq!(verdict, MailVerdict::Accept("imported"));
    place.settle();
    assert_eq!(place.listed(CLUB).len(), 80);
    assert_eq!(place.take_sent().len(), 1, "one summary, no list of 80 events");
}

/// Which call of a port fails, and whether it has had its effect by then.
#[derive(Clone)]
struct Fault {
    left: Arc<AtomicUsize>,
    after: bool,
}

/// A port whose call fails once.
struct Faulty<P: ?Sized>(Fault, Arc<P>);

/// Runs a call, or does not, or forgets its answer.
macro_rules! call {
    ($self:ident, $call:expr, $failed:expr) => {{
        let strikes = $self.0.left.fetch_sub(1, Ordering::SeqCst) == 1;
        if strikes && !$self.0.after {
            return Err($failed);
        }
        let answer = $call.await;
        if strikes { Err($failed) } else { answer }
    }};
}

#[async_trait]
impl Database for Faulty<dyn Database> {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        call!(self, self.1.batch(statements), StoreError::Platform("struck".into()))
    }
}

#[async_trait]
impl Objects for Faulty<dyn Objects> {
    async fn event(&self, id: &EventId, command: Command) -> Result<Reply, CommandError> {
        call!(self, self.1.event(id, command), CommandError::Failed("struck".into()))
    }

    async fn organizer(&self, address: &CalAddress, command: OrganizerCommand) -> Result<OrganizerReply, CommandError> {
        call!(self, self.1.organizer(address, command), CommandError::Failed("struck".into()))
    }

    async fn permit(&self, lane: Lane, mails: u32) -> Result<Permit, CommandError> {
        self.1.permit(lane, mails).await
    }

    async fn pace(&self, pace: Pace) -> Result<(), CommandError> {
        self.1.pace(pace).await
    }
}

#[async_trait]
impl Blobs for Faulty<dyn Blobs> {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        call!(self, self.1.put(key, bytes), struck())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        call!(self, self.1.get(key), struck())
    }

    async fn get_range(&self, key: &str, start: usize, length: usize) -> Result<Option<Vec<u8>>, PortError> {
        call!(self, self.1.get_range(key, start, length), struck())
    }
}

#[async_trait]
impl Jobs for Faulty<dyn Jobs> {
    fn start(&self, job: Job) {
        self.1.start(job);
    }

    async fn enqueue(&self, jobs: Vec<Job>) -> Result<(), PortError> {
        call!(self, self.1.enqueue(jobs), struck())
    }
}

fn struck() -> PortError {
    PortError { binding: "TEST", reason: "struck".into() }
}

fn faulty(ctx: MailContext, fault: &Fault) -> MailContext {
    MailContext {
        db: Arc::new(Faulty(fault.clone(), ctx.db)),
        objects: Arc::new(Faulty(fault.clone(), ctx.objects)),
        blobs: Arc::new(Faulty(fault.clone(), ctx.blobs)),
        jobs: Arc::new(Faulty(fault.clone(), ctx.jobs)),
        ..ctx
    }
}

/// Works on the import with ports of which one call fails; the job that it hits is never tried again by the queue, so
/// that the alarm must find it. Returns whether anything failed.
fn struck_import(place: &Deployment, text: &str, call: usize, after: bool) -> (String, bool) {
    let fault = Fault { left: Arc::new(AtomicUsize::new(call)), after };
    let ctx = faulty(place.mail_context(), &fault);
    let import = place.hand_in(CLUB, "season", text, Vanished::Cancel).id;
    let mut failed = false;
    while let Some(job) = place.next_job() {
        match &job {
            Job::Import { organizer, import, chunk } => {
                failed |= block_on(ingest::import::carry_out(organizer, import, *chunk, &ctx)).is_err();
            }
            job => place.work(job),
        }
    }
    place.settle();
    (import, failed)
}

#[test]
fn whatever_call_fails_nothing_is_lost_or_done_twice() {
    let (first, second) = (season(10..92), season(11..93).replacen("Harbour Park", "Harbour Road", 1));
    for after in [false, true] {
        for call in 1.. {
            // A first edition of 82 games, then one with a new game, a changed one and one that is gone.
            let place = Deployment::new(NOW);
            let (import, one) = struck_import(&place, &first, call, after);
            let taken = counts(&place, &import);
            assert_eq!((taken.created, taken.done, taken.refused), (82, 82, 0), "call {call}, after: {after}");
            assert_eq!(place.listed(CLUB).len(), 82, "call {call}, after: {after}");
            let (import, two) = struck_import(&place, &second, call, after);
            let taken = counts(&place, &import);
            let expected = ImportCounts {
                total: 82,
                done: 82,
                created: 1,
                updated: 1,
                unchanged: 80,
                cancelled: 1,
                ..ImportCounts::default()
            };
            assert_eq!(taken, expected, "call {call}, after: {after}");
            let rows = place.listed(CLUB);
            assert_eq!((rows.len(), rows.iter().filter(|row| row.cancelled).count()), (83, 1));
            assert!(rows.iter().all(|row| row.revision <= 1), "no change is made twice");
            assert_eq!(place.take_sent().len(), 2, "call {call}, after: {after}: one summary for each");
            if !one && !two {
                assert!(call > 12, "only {call} calls");
                break;
            }
        }
    }
}

#[test]
fn a_part_that_fails_each_time_is_named_and_the_rest_is_taken() {
    let place = Deployment::new(NOW);
    let import = place.hand_in(CLUB, "season", &season(10..110), Vanished::Cancel).id;
    let blocked = |job: &Job| matches!(job, Job::Import { chunk: Some(0), .. });
    // The part is leased each time, and whoever has it dies.
    for _ in 0..60 {
        while let Some(job) = place.next_job() {
            match &job {
                Job::Import { organizer, import, .. } if blocked(&job) => {
                    let fault = Fault { left: Arc::new(AtomicUsize::new(2)), after: false };
                    let ctx = faulty(place.mail_context(), &fault);
                    assert!(block_on(ingest::import::carry_out(organizer, import, Some(0), &ctx)).is_err());
                }
                job => place.work(job),
            }
        }
        place.advance(60);
        place.ring_alarms();
    }
    place.settle();
    let progress = place.progress(CLUB, &import);
    assert_eq!(progress.state, ImportState::Done);
    assert_eq!((progress.counts.created, progress.counts.refused, progress.counts.done), (20, 80, 100));
    assert_eq!(progress.problems.len(), 80);
    assert_eq!(progress.problems[0].name, "Rovers vs. Guest 10");
    let mail = place.take_sent().pop().unwrap();
    assert!(String::from_utf8_lossy(&mail.raw).contains("Rovers vs. Guest 10"));
}

/// A VEVENT as the oracle reads it: the raw values of its lines by name.
type Fields = BTreeMap<String, String>;

/// Reads a calendar without any code of ours.
fn fields_of(text: &str) -> Vec<Fields> {
    let unfolded = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let mut events = Vec::new();
    let mut open: Option<Fields> = None;
    for line in unfolded.lines() {
        match (line, &mut open) {
            ("BEGIN:VEVENT", _) => open = Some(Fields::new()),
            ("END:VEVENT", _) => events.extend(open.take()),
            (line, Some(event)) => {
                if let Some((name, value)) = line.split_once(':') {
                    event.insert(name.split(';').next().unwrap().to_owned(), value.to_owned());
                }
            }
            _ => {}
        }
    }
    events
}

/// What a guest of each event must get when one edition follows another: by UID, by the letter of the two texts.
///
/// `known` is what was said last of each event, and whether it was called off.
fn expected_mails(
    known: &mut BTreeMap<String, (Fields, bool)>,
    new: &[Fields],
    now: &str,
    cancel: bool,
) -> BTreeMap<String, &'static str> {
    let new: BTreeMap<String, Fields> = new.iter().map(|event| (event["UID"].clone(), event.clone())).collect();
    let mut mails = BTreeMap::new();
    for (uid, (before, off)) in known.iter_mut() {
        let is_ahead = |event: &Fields, name: &str| event[name].as_str() > now;
        match new.get(uid) {
            None if cancel && !*off && is_ahead(before, "DTSTART") => {
                *off = true;
                mails.insert(uid.clone(), "CANCEL")
            }
            Some(after) if *off && is_ahead(after, "DTEND") => mails.insert(uid.clone(), "REQUEST that asks again"),
            // Nobody is told of what is over.
            Some(after) if is_ahead(after, "DTEND") => {
                let differs = |names: &[&str]| names.iter().any(|name| before.get(*name) != after.get(*name));
                if differs(&["DTSTART", "DTEND"]) {
                    mails.insert(uid.clone(), "REQUEST that asks again")
                } else if differs(&["SUMMARY", "DESCRIPTION", "LOCATION"]) {
                    mails.insert(uid.clone(), "REQUEST")
                } else {
                    None
                }
            }
            _ => None,
        };
    }
    known.extend(new.into_iter().map(|(uid, fields)| (uid, (fields, false))));
    mails
}

/// A calendar and its guests: one for each event, who has said yes.
struct Fans<'a> {
    place: &'a Deployment,
    /// By UID: the event, the guest, and the SEQUENCE he holds.
    guests: BTreeMap<String, (EventId, String, u32)>,
}

impl Fans<'_> {
    /// Invites a guest to every event that is new and still ahead.
    fn follow(&mut self, events: &[Fields]) {
        for uid in events.iter().map(|event| &event["UID"]) {
            if self.guests.contains_key(uid) {
                continue;
            }
            let event = self.place.bound(uid)[0].1.clone();
            let guest = format!("fan-{}@guests.example", self.guests.len());
            if self.place.invite(&event, &guest) != Enrolled::Invited {
                continue;
            }
            let now = self.place.now();
            let order = Order { sequence: Sequence(99), dtstamp: now };
            let answer = Answer::new(PartStat::Accepted, order, now, AnsweredVia::Link);
            let guest_address = address(&guest);
            let command = Command::Answer {
                guest: guest_address,
                name: String::new(),
                answer,
                authenticated: true,
                vouched_by: None,
            };
            self.place.command(&event, command).unwrap();
            self.guests.insert(uid.clone(), (event, guest, 0));
        }
        self.place.settle();
        for mail in self.place.take_sent() {
            self.note(&mail.to, &mail.calendar);
        }
    }

    /// Remembers the SEQUENCE that a guest holds; returns his event's UID and whether the number rose.
    fn note(&mut self, to: &CalAddress, calendar: &str) -> Option<(String, bool)> {
        let (uid, (_, _, held)) = self.guests.iter_mut().find(|(_, (_, guest, _))| guest == to.as_str())?;
        let sequence = calendar.lines().find_map(|line| line.strip_prefix("SEQUENCE:"))?.trim().parse().unwrap();
        let rose = sequence > *held;
        *held = sequence;
        Some((uid.clone(), rose))
    }

    /// What the guests got.
    fn received(&mut self) -> BTreeMap<String, &'static str> {
        let mut mails = BTreeMap::new();
        for mail in self.place.take_sent() {
            if mail.to.as_str() == CLUB {
                continue;
            }
            let (uid, rose) = self.note(&mail.to, &mail.calendar).unwrap();
            let what = match (mail.calendar.contains("METHOD:CANCEL"), rose) {
                (true, _) => "CANCEL",
                (false, true) => "REQUEST that asks again",
                (false, false) => "REQUEST",
            };
            assert_eq!(mails.insert(uid.clone(), what), None, "{uid} got two mails");
        }
        mails
    }
}

/// Plays editions one after the other; each is a moment and a text. Returns how many mails of each kind there were.
fn replay(editions: &[(Timestamp, String)], vanished: Vanished) -> BTreeMap<&'static str, usize> {
    let place = Deployment::new(editions[0].0);
    let mut fans = Fans { place: &place, guests: BTreeMap::new() };
    let mut known = BTreeMap::new();
    let mut sums = BTreeMap::new();
    for (number, (at, text)) in editions.iter().enumerate() {
        place.advance((at.0 - place.now().0).max(0));
        let now = chrono::DateTime::from_timestamp(place.now().0, 0).unwrap().format("%Y%m%dT%H%M%SZ").to_string();
        let events = fields_of(text);
        let expected = expected_mails(&mut known, &events, &now, vanished == Vanished::Cancel);
        let expected: BTreeMap<_, _> = expected.into_iter().filter(|(uid, _)| fans.guests.contains_key(uid)).collect();
        import(&place, text, vanished);
        assert_eq!(fans.received(), expected, "edition {number} of {now}");
        for what in expected.values() {
            *sums.entry(*what).or_default() += 1;
        }
        fans.follow(&events);
    }
    sums
}

/// Five editions of a small league: a text edit, a move, a removal and a return, and one that changes nothing.
fn small_league() -> Vec<(Timestamp, String)> {
    let first = season(10..16);
    let second = first.replacen("Harbour Park", "Harbour Road", 1).replacen("20270113T190000Z", "20270113T200000Z", 1);
    let third: String = {
        let (before, rest) = second.split_once("BEGIN:VEVENT\r\nUID:game-14@").unwrap();
        let (_, after) = rest.split_once("END:VEVENT\r\n").unwrap();
        format!("{before}{after}")
    };
    let fourth = third.replace("20261201T000000Z", "20270105T000000Z");
    let fifth = fourth.replacen("Rovers vs. Guest 15", "Rovers vs. Guest 15 (derby)", 1);
    [first, second, third, fourth, fifth]
        .into_iter()
        .zip(0..)
        .map(|(text, day)| (NOW.plus(day * 86_400), text))
        .collect()
}

#[test]
fn guests_of_a_small_league_get_the_mails_that_its_changes_ask_for() {
    let cancel = replay(&small_league(), Vanished::Cancel);
    assert_eq!(cancel, BTreeMap::from([("CANCEL", 1), ("REQUEST", 2), ("REQUEST that asks again", 1)]));
    let keep = replay(&small_league(), Vanished::Keep);
    assert_eq!(keep, BTreeMap::from([("REQUEST", 2), ("REQUEST that asks again", 1)]));
}

#[test]
fn guests_of_a_real_feed_get_the_mails_that_its_changes_ask_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/sports-mls-history/intermiamicf");
    let mut files: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().map(|file| file.unwrap().path()).collect();
    files.sort();
    let editions: Vec<(Timestamp, String)> = files
        .iter()
        .map(|file| {
            let name = file.file_name().unwrap().to_string_lossy();
            let day: chrono::NaiveDate = name.get(4..14).unwrap().parse().unwrap();
            (
                Timestamp(day.and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp()),
                std::fs::read_to_string(file).unwrap(),
            )
        })
        // Before, its events had no UID.
        .skip_while(|(_, text)| !fields_of(text).iter().all(|event| event.contains_key("UID")))
        .collect();
    if editions.is_empty() {
        writeln!(std::io::stderr(), "no corpus at {}: skipped", folder.display()).unwrap();
        return;
    }
    let sums = replay(&editions, Vanished::Cancel);
    writeln!(std::io::stderr(), "{} editions: {sums:?}", editions.len()).unwrap();
}

/// A feed's answer with this text.
fn answer(text: &str, etag: &str) -> FeedAnswer {
    FeedAnswer { status: 200, etag: Some(etag.into()), body: text.as_bytes().to_vec(), ..FeedAnswer::default() }
}

#[test]
fn a_feed_is_followed_by_its_tags_and_a_redirect_never_leads_inside() {
    let place = Deployment::new(NOW);
    place.subscribe(CLUB, "league", "https://league.example/feed.ics", Vanished::Keep);
    let opened = |place: &Deployment| {
        let word = place.poll(CLUB, "league");
        place.settle();
        (word, place.world().take_web_questions())
    };
    let feed = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
    let first = feed(&["https://league.example/feed.ics"]);
    assert_eq!(opened(&place), ("failed", first.clone()));
    assert_eq!(place.feed(CLUB, "league").error.as_deref(), Some("its server does not answer"));
    place.world().publish_feed("https://league.example/feed.ics", answer(&season(10..20), "\"1\""));
    assert_eq!(opened(&place), ("changed", first.clone()));
    assert_eq!(place.listed(CLUB).len(), 10);
    assert_eq!(place.feed(CLUB, "league").error, None);
    assert_eq!(place.take_sent().len(), 1, "the first edition is summed up");
    assert_eq!(opened(&place), ("not modified", first.clone()));
    place.world().publish_feed("https://league.example/feed.ics", answer(&season(10..20), "\"2\""));
    assert_eq!(opened(&place), ("same content", first.clone()));
    // Who subscribes again gets only what is news to him: all of it if something else shall become of what vanishes.
    place.subscribe(CLUB, "league", "https://league.example/feed.ics", Vanished::Keep);
    assert_eq!(opened(&place), ("not modified", first.clone()));
    place.subscribe(CLUB, "league", "https://league.example/feed.ics", Vanished::Cancel);
    assert_eq!(opened(&place), ("changed", first.clone()));
    let moved = |to: &str| FeedAnswer { status: 301, location: Some(to.to_owned()), ..FeedAnswer::default() };
    place.world().publish_feed("https://league.example/feed.ics", moved("//new.example/feed.ics"));
    place.world().publish_feed("https://new.example/feed.ics", answer(&season(10..21), "\"1\""));
    assert_eq!(opened(&place), ("changed", feed(&["https://league.example/feed.ics", "https://new.example/feed.ics"])));
    assert_eq!(place.listed(CLUB).len(), 11);
    for inside in ["http://127.0.0.1/", "https://169.254.169.254/latest/", "https://localhost/", "https://[::1]/"] {
        place.world().publish_feed("https://league.example/feed.ics", moved(inside));
        assert_eq!(opened(&place), ("failed", first.clone()), "{inside}");
    }
    place.world().publish_feed("https://league.example/feed.ics", moved("/feed.ics"));
    assert_eq!(opened(&place).1.len(), 6, "five redirects");
    assert_eq!(place.take_sent().len(), 0);
}
