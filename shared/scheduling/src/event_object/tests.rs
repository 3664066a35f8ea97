use super::*;
use crate::command::{Attempt, Fate, Lease, MailJob, Settled};
use itip::{
    Answer, AnswerOutcome, AnsweredVia, Class, Component, EventDetails, EventStatus, InvitedAttendee, Order, Origin,
    PartStat, Proposed, Recurrence, RecurrenceId, RsvpStatus, Sent, Sequence, Uid, When,
};
use store::sqlite::Sqlite;

pub(super) fn address(text: &str) -> CalAddress {
    CalAddress::parse(text).unwrap()
}

/// One object and a clock.
pub(super) struct Bench {
    pub conn: Sqlite,
    pub now: i64,
    pub nonce: u8,
    pub settings: OrganizerSettings,
    sequence: u32,
}

pub(super) const START: i64 = 1_900_000_000;

fn when(at: i64) -> When {
    let local = itip_time(at);
    When::At(itip::Moment { local, zone: itip::Zone::Utc, instant: Timestamp(at) })
}

fn itip_time(at: i64) -> chrono::NaiveDateTime {
    chrono::DateTime::from_timestamp(at, 0).unwrap().naive_utc()
}

fn details(summary: &str, at: i64) -> EventDetails {
    EventDetails {
        summary: summary.into(),
        description: String::new(),
        description_html: String::new(),
        location: String::new(),
        url: String::new(),
        start: when(at),
        end: when(at + 7200),
        recurrence: Recurrence::default(),
        last_end: Some(Timestamp(at + 7200)),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: Vec::new(),
        image: String::new(),
    }
}

impl Bench {
    pub fn new() -> Self {
        let conn = Sqlite::open().unwrap();
        migrate(&conn).unwrap();
        Self { conn, now: 1_800_000_000, nonce: 0, settings: OrganizerSettings::default(), sequence: 0 }
    }

    pub fn env(&mut self) -> ObjectEnv {
        self.nonce = self.nonce.wrapping_add(1);
        ObjectEnv { domain: "convoke.test".into(), timing: Timing::default(), nonce: [self.nonce; 32] }
    }

    pub fn id() -> EventId {
        EventId::from_bytes([7; 20])
    }

    pub fn ask(&mut self, command: Command) -> Result<Reply, CommandError> {
        let env = self.env();
        let now = Timestamp(self.now);
        self.conn.transaction(|conn| handle(conn, &Self::id(), command, now, &env))
    }

    fn message(&mut self, method: Method, details: Option<EventDetails>) -> Command {
        self.now += 10;
        let guests = ["create@convoke.test", "friend@club.example"];
        let attendee = |text: &&str| InvitedAttendee {
            address: address(text),
            name: String::new(),
            partstat: PartStat::NeedsAction,
            sent_by: None,
            delegated_to: None,
            delegated_from: None,
            member: None,
        };
        let component = Component {
            recurrence_id: None,
            order: Order { sequence: Sequence(self.sequence), dtstamp: Timestamp(self.now) },
            organizer: None,
            attendees: guests.iter().map(attendee).collect(),
            details,
            comment: String::new(),
            request_status: Vec::new(),
        };
        let message =
            ItipMessage { method, prodid: "-//Test//EN".into(), uid: Uid("u".into()), components: vec![component] };
        Command::Organizer {
            message: Box::new(message),
            sender: address("owner@club.example"),
            settings: self.settings.clone(),
        }
    }

    pub fn request(&mut self, summary: &str, at: i64) -> Outcome {
        let command = self.message(Method::Request, Some(details(summary, at)));
        match self.ask(command).unwrap() {
            Reply::Organizer { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    }

    pub fn cancel(&mut self) -> Outcome {
        let command = self.message(Method::Cancel, None);
        match self.ask(command).unwrap() {
            Reply::Organizer { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    }

    pub fn invite(&mut self, guest: &str) -> (Enrolled, Option<BatchId>) {
        self.enroll(guest, Origin::Api, false)
    }

    fn enroll(&mut self, guest: &str, origin: Origin, again: bool) -> (Enrolled, Option<BatchId>) {
        let guests = vec![Enrollment { address: address(guest), name: String::new(), origin, language: String::new() }];
        match self.ask(Command::Enroll { guests, again, invites_max: 5_000 }).unwrap() {
            Reply::Enrolled { results, batch } => (results[0], batch),
            other => panic!("{other:?}"),
        }
    }

    pub fn answer(
        &mut self,
        guest: &str,
        partstat: PartStat,
        sequence: u32,
    ) -> (Option<AnswerOutcome>, Option<BatchId>) {
        self.answer_to(guest, None, partstat, sequence)
    }

    /// An answer to one instance, or to the whole.
    pub fn answer_to(
        &mut self,
        guest: &str,
        recurrence_id: Option<RecurrenceId>,
        partstat: PartStat,
        sequence: u32,
    ) -> (Option<AnswerOutcome>, Option<BatchId>) {
        self.now += 1;
        let order = Order { sequence: Sequence(sequence), dtstamp: Timestamp(self.now) };
        let answer = Answer {
            recurrence_id,
            prodid: "-//Google Inc//Google Calendar 70.9054//EN".into(),
            ..Answer::new(partstat, order, Timestamp(self.now), AnsweredVia::Mail)
        };
        let command = Command::Answer {
            guest: address(guest),
            name: String::new(),
            answer,
            authenticated: true,
            vouched_by: None,
        };
        match self.ask(command).unwrap() {
            Reply::Answered { outcome, batch } => (outcome, batch),
            other => panic!("{other:?}"),
        }
    }

    pub fn lease(&mut self, batch: BatchId) -> Lease {
        match self.ask(Command::Lease { batch }).unwrap() {
            Reply::Leased(lease) => *lease,
            other => panic!("{other:?}"),
        }
    }

    pub fn settle(&mut self, batch: BatchId, lease: &Lease, fate: &Fate) {
        let mails = lease.mails.iter().map(|mail| Settled { guest: mail.guest.clone(), fate: fate.clone() }).collect();
        self.ask(Command::Settle { batch, lease: lease.lease.clone(), mails }).unwrap();
    }

    pub fn ring(&mut self) -> AlarmWork {
        let env = self.env();
        let now = Timestamp(self.now);
        let work = self.conn.transaction(|conn| alarm(conn, &Self::id(), now, &env)).unwrap();
        projected(&self.conn, &work.projection).unwrap();
        work
    }

    pub fn next(&mut self) -> Option<i64> {
        let env = self.env();
        next_alarm(&self.conn, Timestamp(self.now), &env).unwrap().map(|at| at.0)
    }

    /// Rings alarms and carries every batch to a willing SES; returns what left, sorted.
    pub fn deliver(&mut self) -> Vec<(String, Method, u32)> {
        let mut sent = Vec::new();
        for _ in 0..20 {
            let jobs = self.ring().jobs;
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                let Job::Batch { batch, .. } = job else { panic!("{job:?}") };
                let lease = self.lease(batch);
                self.settle(batch, &lease, &Fate::Accepted { ses_id: "1".into() });
                sent.extend(
                    lease.mails.into_iter().map(|MailJob { guest, method, revision, .. }| {
                        (guest.local_part().to_owned(), method, revision)
                    }),
                );
            }
        }
        sent.sort();
        sent
    }

    fn accept_invitation(&mut self, guest: &str) {
        let (_, batch) = self.invite(guest);
        let batch = batch.unwrap();
        let lease = self.lease(batch);
        self.settle(batch, &lease, &Fate::Accepted { ses_id: "1".into() });
    }

    pub fn shown(&mut self) -> Shown {
        match self.ask(Command::Show).unwrap() {
            Reply::Shown(shown) => *shown,
            other => panic!("{other:?}"),
        }
    }

    fn counters_from_rows(&mut self) -> Counters {
        let reset = self.shown().event.version.reset;
        let mut counters = Counters::default();
        for guest in rows::guests_after(&self.conn, "", 100_000).unwrap() {
            counters.enroll(guest.attendee.origin, guest.attendee.status(reset), &guest.client);
        }
        counters
    }
}

/// An event with four guests, one for each answer.
fn season() -> Bench {
    let mut bench = Bench::new();
    assert_eq!(bench.request("Game", START), Outcome::Created);
    for guest in ["yes@x.example", "maybe@x.example", "no@x.example", "silent@x.example"] {
        bench.accept_invitation(guest);
    }
    bench.answer("yes@x.example", PartStat::Accepted, 0);
    bench.answer("maybe@x.example", PartStat::Tentative, 0);
    bench.answer("no@x.example", PartStat::Declined, 0);
    bench
}

#[test]
fn the_same_person_twice_is_one_mail() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let (first, batch) = bench.invite("ana@x.example");
    assert_eq!((first, batch.is_some()), (Enrolled::Invited, true));
    assert_eq!(bench.invite("Ana@X.example"), (Enrolled::Already, None));
    let lease = bench.lease(batch.unwrap());
    assert_eq!(bench.lease(batch.unwrap()).mails.len(), 0, "one open lease a guest");
    bench.settle(batch.unwrap(), &lease, &Fate::Accepted { ses_id: "1".into() });
    assert_eq!(bench.invite("ana@x.example"), (Enrolled::Already, None));
    assert_eq!(bench.deliver(), []);
    assert_eq!(bench.next(), None);
}

#[test]
fn a_test_invitation_may_be_sent_again() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    bench.accept_invitation("ana@x.example");
    let (_, batch) = bench.enroll("ana@x.example", Origin::Test, true);
    assert_eq!(bench.lease(batch.unwrap()).mails.len(), 1);
    assert_eq!(bench.shown().counters.attendees, 1);
}

#[test]
fn an_edit_of_the_text_goes_to_yes_and_maybe_and_keeps_answers() {
    let mut bench = season();
    let outcome = bench.request("Game, stop by booth 788", START);
    assert_eq!(outcome, Outcome::Updated { fields: vec![itip::Field::Summary], moved: false });
    assert_eq!(bench.deliver(), [("maybe".to_owned(), Method::Request, 1), ("yes".to_owned(), Method::Request, 1),]);
    let shown = bench.shown();
    assert_eq!((shown.event.sequence, shown.event.revision), (Sequence(0), 1));
    assert_eq!((shown.counters.accepted, shown.counters.tentative, shown.counters.noaction), (1, 1, 1));
    // Maybe becomes Yes after the edit.
    bench.answer("maybe@x.example", PartStat::Accepted, 0);
    assert_eq!(bench.shown().counters.accepted, 2);
}

#[test]
fn an_event_moved_twice_reaches_the_same_people_twice_and_asks_again() {
    let mut bench = season();
    bench.request("Game", START + 3600);
    let audience =
        |revision| [("maybe".to_owned(), Method::Request, revision), ("yes".to_owned(), Method::Request, revision)];
    assert_eq!(bench.deliver(), audience(1));
    assert_eq!((bench.shown().counters.noaction, bench.shown().event.sequence), (4, Sequence(1)));
    bench.request("Game", START + 7200);
    assert_eq!(bench.deliver(), audience(2));
    // An answer to the old time is remembered but does not count.
    bench.answer("yes@x.example", PartStat::Accepted, 1);
    assert_eq!(bench.shown().counters.accepted, 0);
    bench.answer("yes@x.example", PartStat::Accepted, 2);
    assert_eq!(bench.shown().counters.accepted, 1);
    assert_eq!(bench.counters_from_rows(), bench.shown().counters);
}

#[test]
fn a_cancel_reaches_everyone_who_has_not_declined() {
    let mut bench = season();
    assert_eq!(bench.cancel(), Outcome::Cancelled);
    assert_eq!(
        bench.deliver(),
        [
            ("maybe".to_owned(), Method::Cancel, 1),
            ("silent".to_owned(), Method::Cancel, 1),
            ("yes".to_owned(), Method::Cancel, 1),
        ]
    );
    assert_eq!(bench.invite("late@x.example").0, Enrolled::Cancelled);
}

#[test]
fn a_reinstated_event_reaches_those_who_were_told_it_is_off() {
    let mut bench = season();
    bench.cancel();
    bench.deliver();
    assert_eq!(bench.request("Game", START), Outcome::Reinstated);
    assert_eq!(
        bench.deliver(),
        [
            ("maybe".to_owned(), Method::Request, 2),
            ("silent".to_owned(), Method::Request, 2),
            ("yes".to_owned(), Method::Request, 2),
        ]
    );
}

#[test]
fn only_the_newest_of_two_quick_edits_is_mailed() {
    let mut bench = season();
    bench.request("Game A", START);
    bench.request("Game B", START);
    assert_eq!(bench.deliver().iter().map(|mail| mail.2).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_cancel_waits_for_an_invitation_that_is_under_way() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let (_, batch) = bench.invite("ana@x.example");
    let lease = bench.lease(batch.unwrap());
    bench.cancel();
    assert_eq!(bench.deliver(), [], "not while her invitation may still arrive");
    bench.settle(batch.unwrap(), &lease, &Fate::Accepted { ses_id: "1".into() });
    bench.now += 60;
    assert_eq!(bench.deliver(), [("ana".to_owned(), Method::Cancel, 1)]);
}

#[test]
fn nobody_hears_of_the_end_of_what_he_never_heard_of() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    bench.invite("ana@x.example");
    bench.cancel();
    bench.now += 60;
    assert_eq!(bench.deliver(), []);
    assert_eq!(bench.next(), None);
}

#[test]
fn an_edit_after_the_event_has_ended_mails_nobody() {
    let mut bench = season();
    bench.now = START + 10_000;
    bench.request("Game, thank you all", START);
    assert_eq!(bench.deliver(), []);
    assert_eq!(bench.shown().event.revision, 1);
    assert_eq!(bench.invite("late@x.example").0, Enrolled::Past);
}

#[test]
fn whoever_answers_an_old_version_gets_the_current_one() {
    let mut bench = season();
    bench.request("Game", START + 3600);
    bench.deliver();
    let (_, batch) = bench.answer("silent@x.example", PartStat::Accepted, 0);
    let lease = bench.lease(batch.unwrap());
    assert_eq!(lease.mails.iter().map(|mail| mail.revision).collect::<Vec<_>>(), [1]);
    bench.settle(batch.unwrap(), &lease, &Fate::Accepted { ses_id: "1".into() });
    let (_, again) = bench.answer("silent@x.example", PartStat::Accepted, 1);
    assert_eq!(again, None);
}

#[test]
fn an_older_answer_never_overwrites_a_newer_one() {
    let mut bench = season();
    bench.now += 100;
    bench.answer("yes@x.example", PartStat::Declined, 0);
    bench.now -= 50;
    assert_eq!(bench.answer("yes@x.example", PartStat::Accepted, 0).0, Some(AnswerOutcome::Stale));
    assert_eq!((bench.shown().counters.accepted, bench.shown().counters.declined), (0, 2));
}

#[test]
fn an_authenticated_stranger_who_answers_is_shared_unless_the_switch_is_off() {
    let mut bench = season();
    bench.answer("friend@y.example", PartStat::Accepted, 0);
    assert_eq!(bench.shown().counters.origins.get("shared"), Some(&1));
    bench.ask(Command::AllowShared { allow: false }).unwrap();
    assert_eq!(bench.answer("other@y.example", PartStat::Accepted, 0), (None, None));
    assert_eq!(bench.counters_from_rows(), bench.shown().counters);
}

#[test]
fn approval_holds_the_mail_and_not_the_record() {
    let mut bench = season();
    bench.settings.approval = true;
    bench.request("Game A", START);
    bench.request("Game B", START);
    assert_eq!(bench.deliver(), []);
    assert_eq!(bench.shown().event.details.unwrap().summary, "Game B");
    bench.ask(Command::Release).unwrap();
    assert_eq!(bench.deliver().iter().map(|mail| mail.2).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(bench.ask(Command::Release), Err(CommandError::NothingWaiting));
}

#[test]
fn a_mail_of_unknown_fate_is_repeated_word_for_word_and_then_shown() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let (_, batch) = bench.invite("ana@x.example");
    let lease = bench.lease(batch.unwrap());
    bench.settle(batch.unwrap(), &lease, &Fate::Unknown { reason: "reset".into() });
    let mut copies = vec![lease.mails];
    while let Some(next) = bench.next() {
        bench.now = bench.now.max(next);
        for job in bench.ring().jobs {
            let Job::Batch { batch, .. } = job else { panic!() };
            let lease = bench.lease(batch);
            bench.settle(batch, &lease, &Fate::Unknown { reason: "reset".into() });
            copies.push(lease.mails);
        }
    }
    assert_eq!(copies.len(), 4, "once, and three repeats");
    for copy in &copies {
        let pair = |mail: &MailJob| (mail.key.clone(), mail.order);
        assert_eq!(copy.iter().map(pair).collect::<Vec<_>>(), copies[0].iter().map(pair).collect::<Vec<_>>());
    }
    let key = copies[0][0].key.clone();
    let replayed = bench.ask(Command::Replay { letter: key }).unwrap();
    let Reply::Replayed { batch: Some(batch) } = replayed else { panic!("{replayed:?}") };
    assert_eq!(bench.lease(batch).mails.len(), 1);
}

#[test]
fn a_courier_that_dies_with_a_lease_loses_nothing() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let (_, batch) = bench.invite("ana@x.example");
    let lost = bench.lease(batch.unwrap());
    while let Some(next) = bench.next().filter(|_| bench.now < 1_800_010_000) {
        bench.now = bench.now.max(next);
        if !bench.ring().jobs.is_empty() {
            break;
        }
    }
    let repeat = bench.lease(batch.unwrap());
    assert_eq!(repeat.mails[0].key, lost.mails[0].key);
    // The first courier was only slow: its acceptance counts, and nothing is sent a third time.
    bench.settle(batch.unwrap(), &lost, &Fate::Accepted { ses_id: "1".into() });
    bench.settle(batch.unwrap(), &repeat, &Fate::Throttled { retry_secs: 1 });
    bench.now += 60;
    assert_eq!(bench.deliver(), []);
}

#[test]
fn a_throttled_mail_waits_and_goes() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let (_, batch) = bench.invite("ana@x.example");
    let lease = bench.lease(batch.unwrap());
    bench.settle(batch.unwrap(), &lease, &Fate::Throttled { retry_secs: 5 });
    assert_eq!(bench.lease(batch.unwrap()).mails.len(), 0, "not before the five seconds are over");
    bench.now += 5;
    assert_eq!(bench.deliver(), [("ana".to_owned(), Method::Request, 0)]);
}

#[test]
fn a_refused_mail_is_a_dead_letter_and_ends_mail_to_that_guest() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let (_, batch) = bench.invite("ana@x.example");
    let lease = bench.lease(batch.unwrap());
    bench.settle(batch.unwrap(), &lease, &Fate::Refused { reason: "MessageRejected".into() });
    assert_eq!(
        bench.ring().statements.len(),
        5,
        "the event's row, its words in two steps, its seed out, and the letter"
    );
    assert_eq!(bench.invite("ana@x.example"), (Enrolled::Unreachable, None));
}

#[test]
fn a_suppressed_guest_gets_nothing_more() {
    let mut bench = season();
    bench.ask(Command::Suppress { guest: address("yes@x.example") }).unwrap();
    bench.request("Game B", START);
    assert_eq!(bench.deliver(), [("maybe".to_owned(), Method::Request, 1)]);
}

#[test]
fn a_tombstone_keeps_a_late_request_dead_and_the_object_asleep() {
    let mut bench = Bench::new();
    assert_eq!(bench.cancel(), Outcome::Tombstone);
    bench.ring();
    assert_eq!(bench.next(), None);
    assert_eq!(bench.ask(Command::Show), Err(CommandError::NotFound));
    bench.now -= 20;
    assert_eq!(bench.request("Game", START), Outcome::Unchanged);
    assert_eq!(bench.invite("ana@x.example").0, Enrolled::Cancelled);
    bench.now += 100;
    assert_eq!(bench.request("Game", START), Outcome::Reinstated);
}

#[test]
fn a_round_through_many_guests_mails_each_once() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    for number in 0..2_500 {
        let guest = format!("guest{number}@x.example");
        bench.accept_invitation(&guest);
        bench.answer(&guest, PartStat::Accepted, 0);
    }
    bench.request("Game B", START);
    let sent = bench.deliver();
    assert_eq!(sent.len(), 2_500);
    assert!(sent.windows(2).all(|pair| pair[0] < pair[1]), "nobody twice");
    assert_eq!(bench.counters_from_rows(), bench.shown().counters);
}

#[test]
fn reports_are_limited() {
    let mut bench = season();
    for _ in 0..5 {
        assert_eq!(bench.ask(Command::TakeReport), Ok(Reply::Report { wait_secs: 0 }));
    }
    let Ok(Reply::Report { wait_secs }) = bench.ask(Command::TakeReport) else { panic!() };
    assert!(wait_secs > 0);
}

mod simulation;

/// A weekly series of four; its instances by week.
fn weekly(bench: &mut Bench) {
    let recurrence = Recurrence { rrule: Some("FREQ=WEEKLY;COUNT=4".into()), ..Recurrence::default() };
    let series = EventDetails { recurrence, last_end: Some(Timestamp(START + 22 * DAY)), ..details("Class", START) };
    let command = bench.message(Method::Request, Some(series));
    bench.ask(command).unwrap();
}

const DAY: i64 = 86_400;

fn week(number: i64) -> RecurrenceId {
    RecurrenceId { when: when(START + number * 7 * DAY), this_and_future: false }
}

/// The organizer's message about one instance: changed, or with `None` cancelled.
fn instance(bench: &mut Bench, number: i64, change: Option<EventDetails>) -> Outcome {
    let method = if change.is_some() { Method::Request } else { Method::Cancel };
    let Command::Organizer { mut message, sender, settings } = bench.message(method, change) else { panic!() };
    message.components[0].recurrence_id = Some(week(number));
    match bench.ask(Command::Organizer { message, sender, settings }).unwrap() {
        Reply::Organizer { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

/// Leases everything that waits, lost hints included, as mails.
fn mails(bench: &mut Bench) -> Vec<MailJob> {
    bench.now += 100;
    let mut mails = Vec::new();
    for _ in 0..10 {
        for job in bench.ring().jobs {
            let Job::Batch { batch, .. } = job else { panic!("{job:?}") };
            let lease = bench.lease(batch);
            bench.settle(batch, &lease, &Fate::Accepted { ses_id: "1".into() });
            mails.extend(lease.mails);
        }
    }
    mails.sort_by(|one, other| one.guest.cmp(&other.guest));
    mails
}

#[test]
fn an_answer_to_one_date_stands_beside_the_answer_to_the_series() {
    let mut bench = Bench::new();
    weekly(&mut bench);
    bench.accept_invitation("ann@x.example");
    bench.answer("ann@x.example", PartStat::Accepted, 0);
    let (outcome, _) = bench.answer_to("ann@x.example", Some(week(2)), PartStat::Declined, 0);
    assert_eq!(outcome, Some(AnswerOutcome::Recorded { from: RsvpStatus::Accepted, to: RsvpStatus::Declined }));
    assert_eq!(bench.shown().counters.accepted, 1, "the series' answer stands");
    let starts = vec![week(1).when, week(2).when];
    let Reply::Instances(counted) = bench.ask(Command::Instances { starts }).unwrap() else { panic!() };
    let counts: Vec<_> = counted
        .iter()
        .map(|one| (one.counts.iter().filter(|(_, n)| *n > 0).copied().collect::<Vec<_>>(), one.apart))
        .collect();
    assert_eq!(counts, [(vec![(RsvpStatus::Accepted, 1)], 0), (vec![(RsvpStatus::Declined, 1)], 1)]);
    // An older word about the same date does not count, a newer one about the series changes nothing of it.
    bench.now -= 100;
    assert_eq!(bench.answer_to("ann@x.example", Some(week(2)), PartStat::Accepted, 0).0, Some(AnswerOutcome::Stale));
    bench.now += 200;
    bench.answer("ann@x.example", PartStat::Tentative, 0);
    let guest = rows::guest(&bench.conn, &address("ann@x.example")).unwrap().unwrap().attendee;
    let event = bench.shown().event;
    assert_eq!(guest.instance_partstat(week(2).instant(), &event), PartStat::Declined);
    assert_eq!(guest.instance_partstat(week(1).instant(), &event), PartStat::Tentative);
}

#[test]
fn a_moved_date_goes_alone_to_those_who_want_it_and_asks_again_about_that_date_only() {
    let mut bench = Bench::new();
    weekly(&mut bench);
    for guest in ["all", "but", "not", "one"] {
        bench.accept_invitation(&format!("{guest}@x.example"));
    }
    bench.answer("all@x.example", PartStat::Accepted, 0);
    bench.answer("but@x.example", PartStat::Accepted, 0);
    bench.answer_to("but@x.example", Some(week(1)), PartStat::Declined, 0);
    bench.answer("not@x.example", PartStat::Declined, 0);
    bench.answer("one@x.example", PartStat::Declined, 0);
    bench.answer_to("one@x.example", Some(week(1)), PartStat::Accepted, 0);
    instance(&mut bench, 1, Some(details("Class, moved", START + 8 * DAY)));
    let sent = mails(&mut bench);
    let told: Vec<&str> = sent.iter().map(|mail| mail.guest.local_part()).collect();
    assert_eq!(told, ["all", "one"]);
    assert!(sent.iter().all(|mail| mail.instances == [week(1).instant()] && mail.method == Method::Request));
    assert_eq!(sent[0].partstat, PartStat::Accepted, "the series stands");
    assert_eq!(sent[0].instance_partstats, [(week(1).when, PartStat::NeedsAction)]);
    let event = bench.shown().event;
    assert_eq!((event.version.sequence, event.overrides[0].version.sequence), (Sequence(0), Sequence(1)));
    assert_eq!(bench.shown().counters.accepted, 2, "nobody's answer to the series is lost");
}

#[test]
fn a_date_called_off_is_a_cancel_of_that_date() {
    let mut bench = Bench::new();
    weekly(&mut bench);
    bench.accept_invitation("ann@x.example");
    bench.answer("ann@x.example", PartStat::Accepted, 0);
    assert!(matches!(instance(&mut bench, 3, None), Outcome::Updated { moved: true, .. }));
    let sent = mails(&mut bench);
    assert_eq!((sent[0].method, sent[0].instances.as_slice()), (Method::Cancel, [week(3).instant()].as_slice()));
    // She still holds the series, so its end reaches her.
    bench.cancel();
    assert_eq!(bench.deliver(), [("ann".to_owned(), Method::Cancel, 2)]);
}

#[test]
fn a_change_of_the_series_and_one_of_a_date_travel_together() {
    let mut bench = Bench::new();
    weekly(&mut bench);
    bench.accept_invitation("ann@x.example");
    bench.answer("ann@x.example", PartStat::Accepted, 0);
    instance(&mut bench, 1, Some(details("Class, moved", START + 8 * DAY)));
    instance(&mut bench, 2, None);
    let sent = mails(&mut bench);
    assert_eq!(sent.len(), 1);
    assert!(sent[0].instances.is_empty(), "a REQUEST and a CANCEL do not fit into one message: the whole goes");
}

#[test]
fn who_is_taken_off_the_list_alone_is_told() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    for guest in ["ann", "ben"] {
        bench.accept_invitation(&format!("{guest}@x.example"));
        bench.answer(&format!("{guest}@x.example"), PartStat::Accepted, 0);
    }
    bench.ask(Command::Remove { guest: address("ann@x.example") }).unwrap();
    let sent = mails(&mut bench);
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].guest.local_part(), sent[0].method, sent[0].removed), ("ann", Method::Cancel, true));
    let cancel = sent[0].order;
    assert_eq!(cancel.sequence, Sequence(1), "one higher than what she holds");
    assert_eq!((bench.shown().counters.attendees, bench.shown().counters.accepted), (1, 1));
    assert_eq!(bench.ask(Command::Remove { guest: address("ann@x.example") }), Err(CommandError::NothingWaiting));
    // Edits pass her by; invited again, she gets what her calendar takes for news.
    bench.request("Game, new text", START);
    assert_eq!(bench.deliver(), [("ben".to_owned(), Method::Request, 1)]);
    let (_, batch) = bench.invite("ann@x.example");
    let again = bench.lease(batch.unwrap()).mails.remove(0);
    assert!(
        again.method == Method::Request
            && again.order.sequence >= cancel.sequence
            && again.order.dtstamp > cancel.dtstamp
    );
    assert_eq!(bench.shown().counters.attendees, 2);
}

fn proposed(instance: Option<RecurrenceId>, start: i64, stamp: i64) -> Proposed {
    Proposed {
        recurrence_id: instance,
        start: when(start),
        end: when(start + 3600),
        comment: "Later, please".into(),
        order: Order { sequence: Sequence(0), dtstamp: Timestamp(stamp) },
        received: Timestamp(stamp),
    }
}

#[test]
fn a_proposal_changes_nothing_until_the_organizer_agrees() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    bench.accept_invitation("ann@x.example");
    bench.accept_invitation("ben@x.example");
    bench.answer("ben@x.example", PartStat::Accepted, 0);
    let propose = |guest: &str, start: i64, stamp: i64| Command::Propose {
        guest: address(guest),
        proposed: proposed(None, start, stamp),
    };
    assert_eq!(
        bench.ask(propose("eve@x.example", START, 10)).unwrap(),
        Reply::Proposed { news: false, owner: address("owner@club.example") }
    );
    assert_eq!(
        bench.ask(propose("ann@x.example", START + 3600, 10)).unwrap(),
        Reply::Proposed { news: true, owner: address("owner@club.example") }
    );
    assert_eq!(
        bench.ask(propose("ann@x.example", START + 3600, 10)).unwrap(),
        Reply::Proposed { news: false, owner: address("owner@club.example") }
    );
    assert_eq!(
        bench.ask(propose("ann@x.example", START + 60, 9)).unwrap(),
        Reply::Proposed { news: false, owner: address("owner@club.example") }
    );
    assert_eq!(bench.shown().proposals.len(), 1);
    assert_eq!(bench.shown().event.details.unwrap().start, when(START));
    let decide = |accept: bool| Command::Decide { guest: address("ann@x.example"), instance: None, accept };
    assert!(matches!(
        bench.ask(decide(true)).unwrap(),
        Reply::Organizer { outcome: Outcome::Updated { moved: true, .. }, .. }
    ));
    assert_eq!(bench.shown().event.details.unwrap().start, when(START + 3600));
    assert_eq!(bench.shown().event.sequence, Sequence(1));
    // Ann has not answered, but it is her proposal.
    let mut told = bench.deliver();
    told.sort();
    assert_eq!(told, [("ann".to_owned(), Method::Request, 1), ("ben".to_owned(), Method::Request, 1)]);
    assert_eq!(bench.ask(decide(true)), Err(CommandError::NothingWaiting));
}

#[test]
fn a_declined_proposal_is_told_once() {
    let mut bench = Bench::new();
    weekly(&mut bench);
    bench.accept_invitation("ann@x.example");
    let command =
        Command::Propose { guest: address("ann@x.example"), proposed: proposed(Some(week(1)), START + 8 * DAY, 10) };
    bench.ask(command).unwrap();
    let instance = Some(week(1).instant());
    let Reply::Batch { batch: Some(batch) } =
        bench.ask(Command::Decide { guest: address("ann@x.example"), instance, accept: false }).unwrap()
    else {
        panic!()
    };
    let lease = bench.lease(batch);
    assert_eq!(lease.mails[0].method, Method::DeclineCounter);
    // A mail of unknown fate is repeated word for word; once it is accepted there is nothing more to say.
    bench.settle(batch, &lease, &Fate::Unknown { reason: "silence".into() });
    bench.now += 1_000;
    let repeat = mails(&mut bench);
    assert_eq!((repeat.len(), &repeat[0].key, repeat[0].order), (1, &lease.mails[0].key, lease.mails[0].order));
    bench.now += 1_000;
    assert_eq!(mails(&mut bench), []);
    let guest = rows::guest(&bench.conn, &address("ann@x.example")).unwrap().unwrap().attendee;
    assert_eq!(guest.sent, Some(Sent { method: Method::Request, revision: 0 }), "he still holds the invitation");
}

#[test]
fn a_refresh_brings_the_current_version_once_an_hour() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    bench.accept_invitation("ann@x.example");
    let refresh = |guest: &str| Command::Refresh { guest: address(guest) };
    assert_eq!(bench.ask(refresh("eve@x.example")).unwrap(), Reply::Batch { batch: None });
    let Reply::Batch { batch: Some(_) } = bench.ask(refresh("ann@x.example")).unwrap() else { panic!() };
    assert_eq!(mails(&mut bench).len(), 1);
    assert_eq!(bench.ask(refresh("ann@x.example")).unwrap(), Reply::Batch { batch: None });
    bench.now += 3_600;
    assert!(matches!(bench.ask(refresh("ann@x.example")).unwrap(), Reply::Batch { batch: Some(_) }));
}

#[test]
fn a_delegate_is_invited_in_his_delegators_place() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    bench.accept_invitation("ann@x.example");
    let delegated = |to: &str, stamp: i64| Answer {
        delegated_to: Some(address(to)),
        ..Answer::new(
            PartStat::Delegated,
            Order { sequence: Sequence(0), dtstamp: Timestamp(stamp) },
            Timestamp(stamp),
            AnsweredVia::Mail,
        )
    };
    let send = |guest: &str, answer: Answer| Command::Answer {
        guest: address(guest),
        name: String::new(),
        answer,
        authenticated: true,
        vouched_by: None,
    };
    bench.ask(send("ann@x.example", delegated("deb@x.example", 2_000))).unwrap();
    let sent = mails(&mut bench);
    assert_eq!(sent[0].guest, address("deb@x.example"));
    assert_eq!(sent[0].delegated_from, Some(address("ann@x.example")));
    // It stops there: a delegate's delegate would let anybody mail anybody through us.
    bench.ask(send("deb@x.example", delegated("eve@x.example", 3_000))).unwrap();
    assert_eq!(mails(&mut bench), []);
}

#[test]
fn a_member_answers_the_invitation_of_his_list() {
    let mut bench = Bench::new();
    bench.settings.allow_shared = false;
    bench.request("Game", START);
    bench.accept_invitation("team@x.example");
    let answer = |guest: &str, voucher: &str, authenticated: bool| Command::Answer {
        guest: address(guest),
        name: "Ann".into(),
        answer: Answer::new(PartStat::Accepted, Order::default(), Timestamp(2_000), AnsweredVia::Mail),
        authenticated,
        vouched_by: Some(address(voucher)),
    };
    bench.accept_invitation("ben@x.example");
    for (guest, voucher, authenticated, counts) in [
        ("ann@x.example", "nobody@x.example", true, false),
        // The list's token alone brings nobody else onto the list, and speaks for no other guest.
        ("ann@x.example", "team@x.example", false, false),
        ("ben@x.example", "team@x.example", false, false),
        ("ann@x.example", "team@x.example", true, true),
    ] {
        let Reply::Answered { outcome, .. } = bench.ask(answer(guest, voucher, authenticated)).unwrap() else {
            panic!()
        };
        assert_eq!(outcome.is_some(), counts, "{guest} {voucher} {authenticated}");
    }
    assert_eq!(bench.shown().counters.accepted, 1);
}

#[test]
fn an_answer_proves_that_a_first_mail_of_unknown_fate_arrived() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let (_, batch) = bench.invite("ann@x.example");
    let batch = batch.unwrap();
    let lease = bench.lease(batch);
    bench.settle(batch, &lease, &Fate::Unknown { reason: "silence".into() });
    bench.answer("ann@x.example", PartStat::Accepted, 0);
    bench.now += 1_000;
    assert_eq!(bench.deliver(), []);
}

#[test]
fn a_clock_far_ahead_locks_no_answer_out() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    bench.accept_invitation("ann@x.example");
    bench.now += 1;
    let order = Order { sequence: Sequence(0), dtstamp: Timestamp(bench.now + 500_000) };
    let answer = Answer::new(PartStat::Accepted, order, Timestamp(bench.now), AnsweredVia::Mail);
    let guest = address("ann@x.example");
    bench.ask(Command::Answer { guest, name: String::new(), answer, authenticated: true, vouched_by: None }).unwrap();
    let (outcome, _) = bench.answer("ann@x.example", PartStat::Declined, 0);
    assert!(matches!(outcome, Some(AnswerOutcome::Recorded { to: RsvpStatus::Declined, .. })));
}

#[test]
fn a_strangers_attempt_is_kept_for_the_owner() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    for number in 0..30 {
        let attempt = Attempt { sender: address("mal@x.example"), method: Method::Cancel, at: Timestamp(number) };
        bench.ask(Command::Stranger { attempt }).unwrap();
    }
    let attempts = bench.shown().attempts;
    assert_eq!((attempts.len(), attempts[0].at), (20, Timestamp(29)));
}

#[test]
fn pages_hear_of_what_the_public_sees_and_of_nothing_else() {
    let mut bench = Bench::new();
    bench.request("Game", START);
    let owner = bench.shown().event.owner;
    let tell = |bench: &mut Bench| bench.ring().tell;
    assert_eq!(tell(&mut bench), std::slice::from_ref(&owner));
    // Guests and their answers are nobody else's business.
    bench.accept_invitation("ana@x.example");
    bench.answer("ana@x.example", PartStat::Accepted, 0);
    assert_eq!(tell(&mut bench), []);
    bench.request("Final", START);
    assert_eq!(tell(&mut bench), std::slice::from_ref(&owner));
    let other = address("bob@corp.example");
    let settings = bench.shown().settings;
    bench.ask(Command::HandOver { owner: other.clone(), settings }).unwrap();
    assert_eq!(tell(&mut bench), [other, owner]);
    assert_eq!(tell(&mut bench), []);
}
