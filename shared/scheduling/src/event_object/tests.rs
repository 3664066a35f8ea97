use super::*;
use crate::command::{Fate, Lease, MailJob, Settled};
use itip::{
    AnsweredVia, Class, Component, EventDetails, EventStatus, InvitedAttendee, Order, PartStat, Recurrence, Sequence,
    Uid, When,
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
        let guests = vec![Enrollment { address: address(guest), name: String::new(), origin }];
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
        self.now += 1;
        let answer = Answer {
            partstat,
            order: Order { sequence: Sequence(sequence), dtstamp: Timestamp(self.now) },
            received: Timestamp(self.now),
            prodid: "-//Google Inc//Google Calendar 70.9054//EN".into(),
            comment: String::new(),
            via: AnsweredVia::Mail,
        };
        let command = Command::Answer { guest: address(guest), name: String::new(), answer, authenticated: true };
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
        projected(&self.conn, work.version).unwrap();
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
        let reset = self.shown().event.reset_sequence;
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
        let pair = |mail: &MailJob| (mail.key.clone(), mail.sequence, mail.dtstamp);
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
    assert_eq!(bench.ring().statements.len(), 2, "the event's row and the letter");
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
