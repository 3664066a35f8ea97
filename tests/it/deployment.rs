//! A whole deployment in one value: raw mail goes in by `ingest`, and what the courier hands to SES is read back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use courier::{CourierContext, SesAccess, deliver};
use futures_executor::block_on;
use ingest::{MailContext, MailVerdict, RawMail};
use itip::{Attendee, CalAddress, EventId, Origin, Timestamp, Uid};
use scheduling::command::{
    Command, CommandError, Enrolled, Enrollment, Job, OrganizerCommand, OrganizerReply, Reply, Shown,
};
use scheduling::import::{ImportCommand, ImportOrder, ImportProgress, ImportReply, ImportSource, Vanished};
use scheduling::keys::{Key, Keys, reply_address, sha256_hex};
use scheduling::memory::World;
use scheduling::ports::{Blobs, Clock, Jobs, MailTransport, Objects, TransportError};
use scheduling::settings::{Config, ReplyAddress, Timing};
use store::Database;
use store::directory::{self, EventRow};
use store::feeds::{self, FeedRow};

/// Our mail domain in every test.
pub const DOMAIN: &str = "convoke.example";
/// Whose verdict about senders is believed.
const AUTHSERV: &str = "mx.convoke.example";
/// How long a step waits for what it sets off: longer than a digest of notices collects.
const PATIENCE_SECS: i64 = 900;

/// Reads an address.
pub fn address(text: &str) -> CalAddress {
    CalAddress::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A mail that SES took.
#[derive(Debug, Clone)]
pub struct SentMail {
    /// Its one recipient.
    pub to: CalAddress,
    /// Decoded Subject.
    pub subject: String,
    /// The calendar part as text; empty if there is none.
    pub calendar: String,
    /// The whole mail.
    pub raw: Vec<u8>,
}

/// The twin of SES: it takes every mail and keeps it.
#[derive(Default)]
struct Ses(Mutex<VecDeque<SentMail>>);

#[async_trait]
impl MailTransport for Ses {
    async fn fetch(
        &self,
        request: http::Request<Vec<u8>>,
        _timeout_ms: u32,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let answer = match body.pointer("/Content/Raw/Data").and_then(serde_json::Value::as_str) {
            Some(data) => {
                let raw = STANDARD.decode(data).unwrap();
                let to = address(body.pointer("/Destination/ToAddresses/0").unwrap().as_str().unwrap());
                let subject = imip::read_mail(&raw).unwrap().subject;
                self.0.lock().unwrap().push_back(SentMail { to, subject, calendar: calendar_part(&raw), raw });
                r#"{"MessageId":"0100-1"}"#
            }
            None => {
                r#"{"SendQuota":{"Max24HourSend":50000.0,"MaxSendRate":500.0,"SentLast24Hours":1.0},"SendingEnabled":true}"#
            }
        };
        Ok(http::Response::new(answer.as_bytes().to_vec()))
    }
}

/// The `text/calendar` part of a mail of ours, decoded.
fn calendar_part(raw: &[u8]) -> String {
    let mail = String::from_utf8_lossy(raw);
    let Some((_, part)) = mail.split_once("Content-Type: text/calendar") else { return String::new() };
    let (headers, body) = part.split_once("\r\n\r\n").unwrap();
    let (body, _) = body.split_once("\r\n--").unwrap();
    if headers.contains("base64") {
        let packed: String = body.split_whitespace().collect();
        return String::from_utf8(STANDARD.decode(packed).unwrap()).unwrap();
    }
    assert!(headers.contains("7bit"), "{headers}");
    body.to_owned()
}

/// Who vouches for a mail's From.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// The receiver says `dmarc=pass`.
    Signed,
    /// Nobody says anything.
    Unsigned,
    /// The receiver says `dmarc=fail`.
    Forged,
}

/// Objects, D1, queue, R2, courier and SES.
pub struct Deployment {
    world: Arc<World>,
    ses: Arc<Ses>,
    mail: MailContext,
    courier: CourierContext,
}

impl Deployment {
    /// An empty one at this moment.
    pub fn new(now: Timestamp) -> Self {
        let migrations = [
            include_str!("../../d1-migrations/0001_directory.sql"),
            include_str!("../../d1-migrations/0002_search.sql"),
            include_str!("../../d1-migrations/0003_feeds.sql"),
            include_str!("../../d1-migrations/0006_seeds.sql"),
            include_str!("../../d1-migrations/0007_events_version.sql"),
        ];
        let world = Arc::new(World::new(DOMAIN, Timing::default(), now, &migrations).unwrap());
        let ses = Arc::new(Ses::default());
        let config = Arc::new(Config {
            domain: DOMAIN.into(),
            public_url: format!("https://{DOMAIN}"),
            reply_address: ReplyAddress::Plus,
            postal_footer: "1 Main Street".into(),
            landing_hosts: Vec::new(),
            trusted_authserv_id: Some(AUTHSERV.into()),
            keyless_daily_max: 10,
            keyed_daily_max: 10,
            event_invites_max: 1000,
            ses_timeout_ms: 1000,
            timing: Timing::default(),
        });
        let keys = Arc::new(Keys { event: Key::new("event"), link: Key::new("link") });
        let mail = MailContext {
            db: world.clone(),
            objects: world.clone(),
            jobs: world.clone(),
            blobs: world.clone(),
            dns: world.clone(),
            signatures: world.clone(),
            clock: world.clone(),
            config: config.clone(),
            keys: keys.clone(),
            charsets: |_, _| None,
        };
        let access = SesAccess {
            endpoint: "http://127.0.0.1:8005".into(),
            region: "us-east-1".into(),
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
            configuration_set: None,
        };
        let courier = CourierContext {
            db: world.clone(),
            objects: world.clone(),
            transport: ses.clone(),
            clock: world.clone(),
            config,
            keys,
            ses: access,
        };
        // A second later the gate's bucket is full.
        world.advance(1);
        Self { world, ses, mail, courier }
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Moves the clock forward.
    pub fn advance(&self, seconds: i64) {
        self.world.advance(seconds);
    }

    /// Lets alarms ring and the courier work until nothing is due soon.
    pub fn settle(&self) {
        let patience = self.now().plus(PATIENCE_SECS);
        loop {
            self.world.ring_alarms().unwrap();
            while let Some(job) = self.world.next_job() {
                self.work(&job);
            }
            match self.world.next_alarm().unwrap() {
                Some(at) if at <= patience => self.advance((at.0 - self.now().0).max(1)),
                _ => return,
            }
        }
    }

    /// Carries a job out.
    pub fn work(&self, job: &Job) {
        match job {
            Job::Import { organizer, import, chunk } => {
                block_on(ingest::import::carry_out(organizer, import, *chunk, &self.mail)).unwrap();
            }
            job => drop(block_on(deliver(job, &self.courier)).unwrap()),
        }
    }

    /// Hands an organizer's calendar file in, as the API does, and starts its import.
    pub fn hand_in(&self, organizer: &str, calendar: &str, text: &str, vanished: Vanished) -> ImportProgress {
        let raw = sha256_hex(text.as_bytes());
        block_on(self.world.put(&raw, text.as_bytes().to_vec())).unwrap();
        let order = ImportOrder {
            id: format!("{raw}{calendar}"),
            raw,
            calendar: calendar.to_owned(),
            source: ImportSource::Upload,
            name: calendar.to_owned(),
            method: None,
            vanished,
        };
        let progress = self.ask_import(organizer, ImportCommand::Begin(order));
        let import = progress.id.clone();
        self.world.start(Job::Import { organizer: address(organizer), import, chunk: None });
        progress
    }

    /// How an import stands.
    pub fn progress(&self, organizer: &str, import: &str) -> ImportProgress {
        self.ask_import(organizer, ImportCommand::Show { import: import.to_owned() })
    }

    fn ask_import(&self, organizer: &str, command: ImportCommand) -> ImportProgress {
        let command = OrganizerCommand::Import(Box::new(command));
        match block_on(self.world.organizer(&address(organizer), command)).unwrap() {
            OrganizerReply::Import(reply) => match *reply {
                ImportReply::Progress(progress) => progress,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    /// An organizer's events as his page lists them.
    pub fn listed(&self, organizer: &str) -> Vec<EventRow> {
        block_on(directory::events_of(self.world.db(), &address(organizer), None, 10_000)).unwrap()
    }

    /// The ports that mail and imports use, for a test to put something between.
    pub fn mail_context(&self) -> MailContext {
        self.mail.clone()
    }

    /// The twins of the platform.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Subscribes to a feed, as the API does.
    pub fn subscribe(&self, organizer: &str, id: &str, url: &str, vanished: Vanished) {
        let row = FeedRow {
            owner: address(organizer),
            id: id.into(),
            url: url.into(),
            vanished: vanished.as_str().into(),
            every_minutes: 60,
            created: self.now(),
            due: self.now(),
            etag: None,
            modified: None,
            raw: None,
            checked: None,
            changed: None,
            failures: 0,
            error: None,
            import: None,
        };
        block_on(self.world.db().batch(vec![feeds::put_feed(&row)])).unwrap();
    }

    /// Looks at a feed.
    pub fn poll(&self, organizer: &str, feed: &str) -> &'static str {
        block_on(ingest::feed::poll(&address(organizer), feed, self.world.as_ref(), &self.mail)).unwrap()
    }

    /// How a feed stands.
    pub fn feed(&self, organizer: &str, feed: &str) -> FeedRow {
        block_on(feeds::feed(self.world.db(), &address(organizer), feed)).unwrap().unwrap()
    }

    /// Lets every alarm that is due ring once.
    pub fn ring_alarms(&self) {
        self.world.ring_alarms().unwrap();
    }

    /// The next job that nobody has taken.
    pub fn next_job(&self) -> Option<Job> {
        self.world.next_job()
    }

    /// Brings a mail to one of our mailboxes.
    pub fn deliver(&self, recipient: &str, vouched: Vouched, from: &str, raw: &str) -> MailVerdict {
        let domain = address(from).domain().to_owned();
        let verdict = match vouched {
            Vouched::Signed => format!("Authentication-Results: {AUTHSERV}; dmarc=pass header.from={domain}\r\n"),
            Vouched::Unsigned => String::new(),
            Vouched::Forged => format!("Authentication-Results: {AUTHSERV}; dmarc=fail header.from={domain}\r\n"),
        };
        let raw = format!("{verdict}{raw}").into_bytes();
        let mail = RawMail { envelope_from: from.to_owned(), recipient: address(recipient), raw };
        block_on(ingest::receive(&mail, &self.mail)).unwrap()
    }

    /// Asks an event's object.
    pub fn command(&self, event: &EventId, command: Command) -> Result<Reply, CommandError> {
        let reply = block_on(self.world.event(event, command));
        if let Ok(
            Reply::Enrolled { batch: Some(batch), .. }
            | Reply::Batch { batch: Some(batch) }
            | Reply::Answered { batch: Some(batch), .. },
        ) = &reply
        {
            block_on(deliver(&Job::Batch { event: event.clone(), batch: *batch }, &self.courier)).unwrap();
        }
        reply
    }

    /// Invites somebody as a page does.
    pub fn invite(&self, event: &EventId, guest: &str) -> Enrolled {
        let enrollment = Enrollment {
            address: address(guest),
            name: String::new(),
            origin: Origin::LandingPage,
            language: String::new(),
        };
        let command = Command::Enroll { guests: vec![enrollment], again: false, invites_max: 1000 };
        match self.command(event, command).unwrap() {
            Reply::Enrolled { results, .. } => results[0],
            other => panic!("{other:?}"),
        }
    }

    /// The event as its object knows it.
    pub fn show(&self, event: &EventId) -> Option<Box<Shown>> {
        match self.command(event, Command::Show) {
            Ok(Reply::Shown(shown)) => Some(shown),
            Err(CommandError::NotFound) => None,
            other => panic!("{other:?}"),
        }
    }

    /// One guest.
    pub fn guest(&self, event: &EventId, guest: &str) -> Option<Attendee> {
        match self.command(event, Command::Attendee { guest: address(guest) }).unwrap() {
            Reply::Attendees(guests) => guests.into_iter().next(),
            other => panic!("{other:?}"),
        }
    }

    /// Who speaks about a UID, and which event is meant.
    pub fn bound(&self, uid: &str) -> Vec<(CalAddress, EventId)> {
        let rows = block_on(directory::bindings(self.world.db(), &Uid(uid.into()))).unwrap();
        rows.into_iter().map(|row| (row.identity, row.event_id)).collect()
    }

    /// Where a guest's answers go.
    pub fn reply_address(&self, event: &EventId, guest: &str) -> String {
        reply_address(&self.mail.keys, ReplyAddress::Plus, DOMAIN, event, &address(guest))
    }

    /// Everything that SES has taken since the last call.
    pub fn take_sent(&self) -> Vec<SentMail> {
        self.ses.0.lock().unwrap().drain(..).collect()
    }
}
