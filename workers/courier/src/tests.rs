//! Jobs over the in-memory deployment, with an SES that answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_executor::block_on;
use itip::{
    CalAddress, Class, Component, Delivery, EventDetails, EventId, EventStatus, ItipMessage, Method, Moment, Order,
    Organizer, Origin, Override, OverrideState, PartStat, Proposal, ProposalState, Proposed, Recurrence, RecurrenceId,
    Sequence, Timestamp, Uid, When, Zone,
};
use scheduling::command::{
    BatchId, Command, Enrollment, Job, Lease, MailJob, Notice, OrganizerCommand, OrganizerReply, Reply, Shown,
};
use scheduling::keys::{Key, Keys, mail_key};
use scheduling::memory::World;
use scheduling::ports::{MailTransport, Objects, TransportError};
use scheduling::settings::{Config, OrganizerSettings, ReplyAddress, Timing};
use store::accounts;

use crate::{CourierContext, DeliveryVerdict, SesAccess, deliver};

mod clients;

const NOW: Timestamp = Timestamp(1_790_000_000);

fn address(text: &str) -> CalAddress {
    CalAddress::parse(text).unwrap()
}

fn event_id() -> EventId {
    EventId::from_bytes([7; 20])
}

/// What SES does with the next request.
#[derive(Debug, Clone)]
enum Act {
    Accept,
    Error(u16, &'static str, &'static str),
    NotSent,
    NoAnswer,
}

/// An SES that keeps what it took.
#[derive(Default)]
struct Ses {
    acts: Mutex<VecDeque<Act>>,
    paths: Mutex<Vec<String>>,
    bodies: Mutex<Vec<Vec<u8>>>,
}

#[async_trait]
impl MailTransport for Ses {
    async fn fetch(
        &self,
        request: http::Request<Vec<u8>>,
        _timeout_ms: u32,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let path = request.uri().path().to_owned();
        self.paths.lock().unwrap().push(path.clone());
        if path.ends_with("/account") {
            let body = br#"{"SendQuota":{"Max24HourSend":200.0,"MaxSendRate":50.0,"SentLast24Hours":1.0},"SendingEnabled":true}"#;
            return Ok(http::Response::new(body.to_vec()));
        }
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Accept);
        let mut answer = http::Response::builder();
        let body = match act {
            Act::Accept => {
                self.bodies.lock().unwrap().push(request.into_body());
                "{\"MessageId\":\"0100-1\"}".to_owned()
            }
            Act::Error(status, name, words) => {
                answer = answer.status(status).header("x-amzn-errortype", name);
                format!("{{\"message\":\"{words}\"}}")
            }
            Act::NotSent => return Err(TransportError::NotSent("refused".into())),
            Act::NoAnswer => return Err(TransportError::NoAnswer("timeout".into())),
        };
        Ok(answer.body(body.into_bytes()).unwrap())
    }
}

fn config() -> Config {
    Config {
        domain: "convoke.test".into(),
        public_url: "https://convoke.test".into(),
        reply_address: ReplyAddress::Plus,
        postal_footer: "Convoke, 1 Main Street, Springfield".into(),
        landing_hosts: Vec::new(),
        trusted_authserv_id: None,
        keyless_daily_max: 10,
        keyed_daily_max: 10,
        event_invites_max: 1000,
        ses_timeout_ms: 1000,
        timing: Timing::default(),
    }
}

fn keys() -> Keys {
    Keys { event: Key::new("event"), link: Key::new("link") }
}

fn details(summary: &str) -> EventDetails {
    let at = |text: &str| {
        let local: chrono::NaiveDateTime = text.parse().unwrap();
        let instant = Timestamp(local.and_utc().timestamp() + 4 * 3600);
        When::At(Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
    };
    let end = at("2027-07-02T22:05:00");
    EventDetails {
        summary: summary.into(),
        description: "Shirt night, gates open at 5.".into(),
        description_html: "<b>Shirt night</b>, gates open at 5.".into(),
        location: "Camden Yards, Baltimore".into(),
        url: "https://example.com/tickets".into(),
        start: at("2027-07-02T19:05:00"),
        last_end: Some(end.instant()),
        end,
        recurrence: Recurrence::default(),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: Vec::new(),
        image: String::new(),
    }
}

struct Place {
    world: Arc<World>,
    ses: Arc<Ses>,
    ctx: CourierContext,
}

impl Place {
    fn new() -> Self {
        let migrations = [
            include_str!("../../../d1-migrations/0001_directory.sql"),
            include_str!("../../../d1-migrations/0002_search.sql"),
            include_str!("../../../d1-migrations/0006_seeds.sql"),
            include_str!("../../../d1-migrations/0007_events_version.sql"),
        ];
        let world = Arc::new(World::new("convoke.test", Timing::default(), NOW, &migrations).unwrap());
        let ses = Arc::new(Ses::default());
        let ctx = CourierContext {
            db: world.clone(),
            objects: world.clone(),
            transport: ses.clone(),
            clock: world.clone(),
            config: Arc::new(config()),
            keys: Arc::new(keys()),
            ses: SesAccess {
                endpoint: "http://127.0.0.1:8005".into(),
                region: "us-east-1".into(),
                access_key_id: "AKIDEXAMPLE".into(),
                secret_access_key: "secret".into(),
                session_token: None,
                configuration_set: None,
            },
        };
        let place = Self { world, ses, ctx };
        place.organizer(0, "Orioles - Rays");
        // A second later the gate's bucket is full.
        place.world.advance(1);
        place
    }

    fn organizer(&self, sequence: u32, summary: &str) {
        let ann = address("ann@x.test");
        let component = Component {
            recurrence_id: None,
            order: Order { sequence: Sequence(sequence), dtstamp: NOW },
            organizer: Some(Organizer { address: ann.clone(), name: "Orioles".into(), sent_by: None, email: None }),
            attendees: Vec::new(),
            details: Some(details(summary)),
            comment: String::new(),
            request_status: Vec::new(),
        };
        let message = ItipMessage {
            method: Method::Request,
            prodid: String::new(),
            uid: Uid("u1".into()),
            components: vec![component],
        };
        let command =
            Command::Organizer { message: Box::new(message), sender: ann, settings: OrganizerSettings::default() };
        block_on(self.world.event(&event_id(), command)).unwrap();
    }

    fn invite(&self, guests: &[&str]) -> BatchId {
        let guests = guests
            .iter()
            .map(|guest| Enrollment {
                address: address(guest),
                name: String::new(),
                origin: Origin::Api,
                language: String::new(),
            })
            .collect();
        match block_on(self.world.event(&event_id(), Command::Enroll { guests, again: false, invites_max: 99 })) {
            Ok(Reply::Enrolled { batch: Some(batch), .. }) => batch,
            other => panic!("{other:?}"),
        }
    }

    fn will(&self, acts: &[Act]) {
        self.ses.acts.lock().unwrap().extend(acts.iter().cloned());
    }

    fn run(&self, batch: BatchId) -> DeliveryVerdict {
        block_on(deliver(&Job::Batch { event: event_id(), batch }, &self.ctx)).unwrap()
    }

    fn show(&self) -> Box<Shown> {
        match block_on(self.world.event(&event_id(), Command::Show)).unwrap() {
            Reply::Shown(shown) => shown,
            other => panic!("{other:?}"),
        }
    }

    fn guest(&self, guest: &str) -> itip::Attendee {
        match block_on(self.world.event(&event_id(), Command::Attendee { guest: address(guest) })).unwrap() {
            Reply::Attendees(guests) => guests.into_iter().next().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn sent(&self) -> usize {
        self.ses.bodies.lock().unwrap().len()
    }

    fn notify(&self, notice: Notice) -> DeliveryVerdict {
        let ann = address("ann@x.test");
        block_on(self.world.organizer(&ann, OrganizerCommand::Notify { notice })).unwrap();
        block_on(deliver(&Job::Notices { organizer: ann }, &self.ctx)).unwrap()
    }

    /// The raw mail of the newest request.
    fn last_mail(&self) -> String {
        let bodies = self.ses.bodies.lock().unwrap();
        let body: serde_json::Value = serde_json::from_slice(bodies.last().unwrap()).unwrap();
        let data = body.pointer("/Content/Raw/Data").unwrap().as_str().unwrap();
        String::from_utf8(base64_decode(data)).unwrap()
    }
}

fn base64_decode(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for value in text.bytes().filter_map(digit) {
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).unwrap());
        }
    }
    bytes
}

fn done(accepted: u32, other: u32) -> DeliveryVerdict {
    DeliveryVerdict::Done { accepted, other }
}

#[test]
fn a_batch_is_sent_once_and_settled() {
    let place = Place::new();
    let batch = place.invite(&["a@y.test", "b@y.test", "c@y.test"]);
    assert_eq!(place.run(batch), done(3, 0));
    assert_eq!((place.show().waiting, place.sent()), (0, 3));
    assert_eq!(place.guest("a@y.test").sent.map(|sent| sent.method), Some(Method::Request));
    // The queue brings everything twice.
    assert_eq!(place.run(batch), done(0, 0));
    assert_eq!(place.sent(), 3);
    assert!(place.ses.paths.lock().unwrap().iter().any(|path| path.ends_with("/v2/email/account")));
}

#[test]
fn whoever_asked_for_no_more_mail_gets_none_of_any_event() {
    let place = Place::new();
    let batch = place.invite(&["a@y.test", "b@y.test"]);
    let hash = scheduling::keys::address_hash(&keys(), &address("b@y.test"));
    let suppress = accounts::suppress(&hash, Some(&address("ann@x.test")), "unsubscribed elsewhere", NOW);
    block_on(place.ctx.db.run(suppress)).unwrap();
    assert_eq!(place.run(batch), done(1, 1));
    assert_eq!((place.show().waiting, place.guest("b@y.test").delivery), (0, Delivery::Suppressed));
}

#[test]
fn each_answer_of_ses_has_its_fate() {
    for (act, waiting, delivery) in [
        (Act::Accept, 0, Delivery::Open),
        (Act::NotSent, 1, Delivery::Open),
        (Act::NoAnswer, 1, Delivery::Open),
        (Act::Error(429, "TooManyRequestsException", "Maximum sending rate exceeded."), 1, Delivery::Open),
        (Act::Error(400, "SendingPausedException", "paused"), 1, Delivery::Open),
        (Act::Error(400, "MessageRejected", "Address is blacklisted."), 0, Delivery::Refused),
        (Act::Error(503, "", ""), 1, Delivery::Open),
    ] {
        let place = Place::new();
        let batch = place.invite(&["a@y.test"]);
        place.will(std::slice::from_ref(&act));
        place.run(batch);
        assert_eq!((place.show().waiting, place.guest("a@y.test").delivery), (waiting, delivery), "{act:?}");
    }
}

#[test]
fn too_fast_stops_the_rest_of_the_batch_and_loses_nobody() {
    let place = Place::new();
    let guests: Vec<String> = (0..30).map(|n| format!("g{n}@y.test")).collect();
    let batch = place.invite(&guests.iter().map(String::as_str).collect::<Vec<_>>());
    place.will(&[Act::Accept, Act::Error(429, "TooManyRequestsException", "Maximum sending rate exceeded.")]);
    let DeliveryVerdict::Done { accepted, other } = place.run(batch) else { panic!() };
    assert!(accepted < 10 && accepted + other == 30, "{accepted} {other}");
    assert_eq!(place.show().waiting, other);
    for _ in 0..100 {
        place.world.advance(60);
        place.world.ring_alarms().unwrap();
        while let Some(job) = place.world.next_job() {
            block_on(deliver(&job, &place.ctx)).unwrap();
        }
    }
    assert_eq!((place.show().waiting, place.sent()), (0, 30));
}

fn lease(method: Method, update: bool, partstat: PartStat) -> (Lease, MailJob) {
    let place = Place::new();
    let event = place.show().event;
    let guest = address("ana@example.com");
    let job = MailJob {
        name: "Ana \"A\" Ruiz".into(),
        method,
        revision: 3,
        order: Order { sequence: Sequence(2), dtstamp: NOW },
        partstat,
        instance_partstats: Vec::new(),
        instances: Vec::new(),
        update,
        changed: Vec::new(),
        removed: false,
        delegated_from: None,
        language: String::new(),
        proposal: None,
        key: mail_key(&event.event_id, 3, &guest, method),
        guest,
    };
    (Lease { lease: "word".into(), event, settings: OrganizerSettings::default(), mails: Vec::new() }, job)
}

fn composed(method: Method, update: bool, partstat: PartStat) -> String {
    let (lease, job) = lease(method, update, partstat);
    let raw = crate::compose::guest_mail(&lease, &job, &config(), &keys()).unwrap().raw;
    assert_eq!(raw, crate::compose::guest_mail(&lease, &job, &config(), &keys()).unwrap().raw);
    String::from_utf8(raw).unwrap()
}

fn quoted_printable_decode(text: &str) -> Vec<u8> {
    let joined = text.replace("=\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    bytes
}

/// A mail with its parts decoded, so that a person can read it and its changes.
fn readable(mail: &str) -> String {
    let mut out = String::new();
    let (mut decode, mut body) = (None::<fn(&str) -> Vec<u8>>, None::<String>);
    for line in mail.lines() {
        if line.starts_with("--=_") {
            if let (Some(decode), Some(body)) = (decode.take(), body.take()) {
                out.push_str(&String::from_utf8(decode(&body)).unwrap().replace("\r\n", "\n"));
            }
        } else if let Some(body) = &mut body {
            body.extend([line, "\n"]);
            continue;
        } else if line == "Content-Transfer-Encoding: base64" {
            decode = Some(base64_decode);
        } else if line == "Content-Transfer-Encoding: quoted-printable" {
            decode = Some(quoted_printable_decode);
        } else if decode.is_some() && line.is_empty() {
            body = Some(String::new());
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Compares with a file; `UPDATE_GOLDEN=1` writes it.
fn golden(name: &str, mail: &str) {
    assert!(!mail.is_empty());
    let mail = &readable(mail);
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(&path, mail).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(*mail == expected, "{name} differs; UPDATE_GOLDEN=1 writes it\n{mail}");
}

#[test]
fn guests_mails_stay_as_they_are() {
    golden("invitation.txt", &composed(Method::Request, false, PartStat::NeedsAction));
    golden("update.txt", &composed(Method::Request, true, PartStat::Accepted));
    golden("moved.txt", &composed(Method::Request, true, PartStat::NeedsAction));
    golden("cancel.txt", &composed(Method::Cancel, true, PartStat::Accepted));
}

#[test]
fn a_name_cannot_add_a_header_or_a_property() {
    let (mut lease, mut job) = lease(Method::Request, false, PartStat::NeedsAction);
    job.name = "Ana\r\nBcc: all@x.test\r\nATTENDEE:mailto:all@x.test".into();
    lease.event.organizer.name = "Eve\nX-Evil: 1\r\n\r\n<script>".into();
    let raw = crate::compose::guest_mail(&lease, &job, &config(), &keys()).unwrap().raw;
    let raw = String::from_utf8(raw).unwrap();
    for start in ["Bcc:", "ATTENDEE:", "X-Evil:", "<script>"] {
        assert!(!raw.lines().any(|line| line.starts_with(start)), "{start}\n{raw}");
    }
}

#[test]
fn the_organizers_address_stays_his_if_he_wants() {
    let (mut lease, job) = lease(Method::Request, false, PartStat::NeedsAction);
    lease.settings.reply_to = false;
    lease.event.organizer.name = "ann@x.test".into();
    let raw = crate::compose::guest_mail(&lease, &job, &config(), &keys()).unwrap().raw;
    assert!(!String::from_utf8(raw).unwrap().contains("ann@x.test"));
}

#[test]
fn an_organizer_hears_that_his_event_is_ready() {
    let place = Place::new();
    let ann = address("ann@x.test");
    let slugs = ["orioles".to_owned()];
    block_on(accounts::enroll_organizer(place.world.db(), &ann, "Orioles", &slugs, NOW)).unwrap();
    assert_eq!(place.notify(Notice::EventsReady { events: vec![event_id()] }), done(1, 0));
    golden("ready.txt", &place.last_mail());
    assert_eq!(place.notify(Notice::Claim { subject: "Spring\r\nX: y".into(), reply: None }), done(1, 0));
    golden("claim.txt", &place.last_mail());
}

#[test]
fn a_report_carries_the_guest_list() {
    let place = Place::new();
    place.invite(&["b@y.test", "a@y.test"]);
    assert_eq!(place.notify(Notice::Report { event: event_id() }), done(1, 0));
    let mail = place.last_mail();
    assert!(mail.contains(&format!("{}.csv", event_id())), "{mail}");
    golden("report.txt", &mail);
}

#[test]
fn what_is_no_longer_true_is_not_mailed() {
    let place = Place::new();
    assert_eq!(place.notify(Notice::Approval { event: event_id() }), done(0, 1));
    assert_eq!(place.notify(Notice::Uninvited { event: event_id() }), done(0, 1));
    assert_eq!(place.notify(Notice::EventsReady { events: vec![EventId::from_bytes([1; 20])] }), done(0, 1));
    assert_eq!(place.sent(), 0);
    place.world.advance(100_000);
    match block_on(place.world.organizer(&address("ann@x.test"), OrganizerCommand::LeaseNotices)).unwrap() {
        OrganizerReply::Notices(left) => assert!(left.is_empty(), "{left:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_goes_to_the_owner_only() {
    let place = Place::new();
    let bob = address("bob@x.test");
    let notice = Notice::Report { event: event_id() };
    block_on(place.world.organizer(&bob, OrganizerCommand::Notify { notice })).unwrap();
    assert_eq!(block_on(deliver(&Job::Notices { organizer: bob }, &place.ctx)).unwrap(), done(0, 1));
    assert_eq!(place.sent(), 0);
}

/// The decoded words of a guest's mail.
fn words_of(lease: &Lease, job: &MailJob) -> String {
    readable(&String::from_utf8(crate::compose::guest_mail(lease, job, &config(), &keys()).unwrap().raw).unwrap())
}

#[test]
fn a_guest_s_language_comes_before_the_organizer_s() {
    for (guest, organizer, words) in [
        ("", "", "Will you be there?"),
        ("", "es", "¿Vendrás?"),
        ("es-MX", "en", "¿Vendrás?"),
        ("en", "es", "Will you be there?"),
        ("fr", "es", "¿Vendrás?"),
    ] {
        let (mut lease, mut job) = lease(Method::Request, false, PartStat::NeedsAction);
        job.language = guest.into();
        lease.settings.language = organizer.into();
        let text = words_of(&lease, &job);
        assert!(text.contains(words), "{guest} {organizer}\n{text}");
    }
}

/// An exception of a weekly series on Fridays.
fn exception(date: &str, state: OverrideState) -> Override {
    let When::At(mut moment) = details("").start else { panic!("no clock time") };
    let weeks = (date.parse::<chrono::NaiveDate>().unwrap() - moment.local.date()).num_seconds();
    moment.local += chrono::Duration::seconds(weeks);
    moment.instant.0 += weeks;
    let id = RecurrenceId { when: When::At(moment), this_and_future: false };
    Override::new(id, Order { sequence: Sequence(1), dtstamp: NOW }, state)
}

fn series(exceptions: Vec<Override>, method: Method) -> (Lease, MailJob) {
    let (mut lease, mut job) = lease(method, true, PartStat::Accepted);
    let master = lease.event.details.as_mut().unwrap();
    master.recurrence.rrule = Some("FREQ=WEEKLY".into());
    master.last_end = None;
    job.instances = exceptions.iter().map(|exception| exception.recurrence_id.instant()).collect();
    lease.event.overrides = exceptions;
    (lease, job)
}

#[test]
fn a_mail_about_one_date_says_which_and_what_is_new() {
    let mut moved = details("Orioles - Rays");
    let start = exception("2027-07-10", OverrideState::Cancelled).recurrence_id.when;
    (moved.start, moved.end, moved.location) = (start.clone(), start, "Field 2".into());
    let (lease, job) = series(vec![exception("2027-07-09", OverrideState::Changed(Box::new(moved)))], Method::Request);
    let text = words_of(&lease, &job);
    for part in [
        "Orioles has changed one date of this event; the other dates stay",
        "* New time: Saturday 10 July 2027, 7:05 pm, New York time (was Friday 9 July 2027, 7:05 pm, New York time)",
        "* New place: Field 2 (was Camden Yards, Baltimore)",
        "When:  Saturday 10 July 2027, 7:05 pm",
        "Where: Field 2",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a_cancel_says_what_of() {
    let (lease, job) = series(vec![exception("2027-07-09", OverrideState::Cancelled)], Method::Cancel);
    let text = words_of(&lease, &job);
    assert!(
        text.contains("The date Friday 9 July 2027 is off; the other dates of this event by Orioles stay"),
        "{text}"
    );
    let off = |date| exception(date, OverrideState::Cancelled);
    let (lease, job) = series(vec![off("2027-07-09"), off("2027-07-16")], Method::Cancel);
    let text = words_of(&lease, &job);
    assert!(text.contains("2 dates of this event by Orioles are off"), "{text}");
    assert!(text.contains("\n       Friday 16 July 2027, 7:05 pm, New York time\n"), "{text}");

    let (lease, mut job) = self::lease(Method::Cancel, true, PartStat::Accepted);
    job.removed = true;
    let text = words_of(&lease, &job);
    assert!(text.contains("you are no longer on it"), "{text}");
}

#[test]
fn an_update_says_what_has_changed() {
    let (lease, mut job) = lease(Method::Request, true, PartStat::Accepted);
    job.changed = vec![itip::Field::Time, itip::Field::Description];
    let text = words_of(&lease, &job);
    assert!(text.contains("* New time: Friday 2 July 2027, 7:05 pm to 10:05 pm"), "{text}");
    assert!(text.contains("* The description is new"), "{text}");
}

#[test]
fn a_declined_proposal_is_told_in_text_and_calendar() {
    let (lease, mut job) = lease(Method::DeclineCounter, true, PartStat::Accepted);
    let proposed = Proposed {
        recurrence_id: None,
        start: details("").end,
        end: details("").end,
        comment: String::new(),
        order: Order { sequence: Sequence(1), dtstamp: NOW },
        received: NOW,
    };
    let state = ProposalState::Declined;
    job.proposal = Some(Proposal { guest: job.guest.clone(), proposed, state, decided: Some(NOW) });
    job.language = "es".into();
    let text = words_of(&lease, &job);
    assert!(text.contains("Tu propuesta de otra hora no se aceptó"), "{text}");
    assert!(text.contains("COMMENT:Quien organiza mantiene la hora como está."), "{text}");
}

#[test]
fn an_organizer_reads_his_own_language() {
    let place = Place::new();
    let ann = address("ann@x.test");
    block_on(accounts::enroll_organizer(place.world.db(), &ann, "Orioles", &["orioles".to_owned()], NOW)).unwrap();
    let save = accounts::save_organizer(&ann, "Orioles", "{\"language\":\"es\"}", false);
    block_on(place.ctx.db.run(save)).unwrap();
    place.invite(&["b@y.test"]);
    let proposed = Proposed {
        recurrence_id: None,
        start: details("").end,
        end: details("").end,
        comment: "Antes no puedo".into(),
        order: Order { sequence: Sequence(0), dtstamp: NOW },
        received: NOW,
    };
    let ben = address("b@y.test");
    block_on(place.world.event(&event_id(), Command::Propose { guest: ben.clone(), proposed })).unwrap();
    assert_eq!(place.notify(Notice::Proposal { event: event_id(), guest: ben, instance: None }), done(1, 0));
    golden("proposal-es.txt", &place.last_mail());
    assert_eq!(place.notify(Notice::EventsReady { events: vec![event_id()] }), done(1, 0));
    golden("ready-es.txt", &place.last_mail());
}
