//! A deployment with one organizer and one event, and a way to ask it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use chrono::{NaiveDate, NaiveDateTime};
use futures_executor::block_on;
use http::{HeaderMap, Request, StatusCode};
use itip::{
    CalAddress, Class, Component, EventDetails, EventId, EventStatus, ItipMessage, Method, Moment, Order, Organizer,
    Recurrence, RecurrenceId, Sequence, Timestamp, Uid, When, Zone,
};
use scheduling::command::{Command, Job, Reply};
use scheduling::keys::{Key, Keys, event_id, sha256_hex};
use scheduling::memory::World;
use scheduling::ports::{Clock, Objects};
use scheduling::settings::{Config, OrganizerSettings, ReplyAddress, Timing};
use store::accounts;
use web::publish::KeptRows;
use web::{Shield, WebContext};

pub const ADMIN: &str = "admin-key";
pub const STANDARD: &str = "standard-key";
/// 2027-06-01T12:00:00Z.
pub const NOW: Timestamp = Timestamp(1_811_851_200);

/// Lets everything through until told otherwise.
#[derive(Default)]
pub struct Gate(pub Mutex<bool>);

#[async_trait]
impl Shield for Gate {
    async fn allow(&self, _key: &str) -> bool {
        !*self.0.lock().unwrap()
    }
}

#[cfg(feature = "local")]
struct NoOutbox;

#[cfg(feature = "local")]
#[async_trait]
impl web::Outbox for NoOutbox {
    async fn messages(&self) -> Result<Vec<u8>, String> {
        Ok(b"[]".to_vec())
    }
}

pub struct Stage {
    pub world: Arc<World>,
    pub context: Arc<WebContext>,
    pub keys: Arc<Keys>,
    pub gate: Arc<Gate>,
    pub config: Arc<Config>,
    pub kept: KeptRows,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn address(text: &str) -> CalAddress {
    CalAddress::parse(text).unwrap()
}

pub fn owner() -> CalAddress {
    address("ann@corp.example")
}

fn local(text: &str) -> When {
    let local: NaiveDateTime = text.parse().unwrap();
    When::At(Moment {
        local,
        zone: Zone::Iana("America/New_York".into()),
        instant: Timestamp(local.and_utc().timestamp() + 4 * 3600),
    })
}

pub fn details(summary: &str, start: &str, end: &str) -> EventDetails {
    let (start, end) = (local(start), local(end));
    EventDetails {
        summary: summary.into(),
        description: "Line one\nLine two".into(),
        description_html: "Line one<br>Line two".into(),
        location: "Main Hall, <Denver>".into(),
        url: String::new(),
        last_end: Some(end.instant()),
        start,
        end,
        recurrence: Recurrence::default(),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: Vec::new(),
        image: String::new(),
    }
}

pub fn days(summary: &str, start: &str, end: &str) -> EventDetails {
    let day = |text: &str| When::Date(text.parse::<NaiveDate>().unwrap());
    EventDetails {
        start: day(start),
        end: day(end),
        last_end: Some(day(end).instant()),
        ..details(summary, "2027-07-02T19:05:00", "2027-07-02T22:05:00")
    }
}

impl Stage {
    /// An empty deployment.
    pub fn empty() -> Self {
        let migrations = [
            include_str!("../../../../d1-migrations/0001_directory.sql"),
            include_str!("../../../../d1-migrations/0002_search.sql"),
            include_str!("../../../../d1-migrations/0003_feeds.sql"),
            include_str!("../../../../d1-migrations/0005_pages.sql"),
            include_str!("../../../../d1-migrations/0006_seeds.sql"),
            include_str!("../../../../d1-migrations/0007_events_version.sql"),
        ];
        let world = Arc::new(World::new("convoke.test", Timing::default(), NOW, &migrations).unwrap());
        let keys = Arc::new(Keys { event: Key::new("event"), link: Key::new("link") });
        let gate = Arc::new(Gate::default());
        let config = Arc::new(Config {
            domain: "convoke.test".into(),
            public_url: "https://convoke.test".into(),
            reply_address: ReplyAddress::Plus,
            postal_footer: String::new(),
            landing_hosts: vec!["shop.example".into()],
            trusted_authserv_id: None,
            keyless_daily_max: 5,
            keyed_daily_max: 50,
            event_invites_max: 2_500,
            ses_timeout_ms: 1_000,
            timing: Timing::default(),
        });
        let context = WebContext {
            db: world.clone(),
            objects: world.clone(),
            jobs: world.clone(),
            blobs: Some(world.clone()),
            clock: world.clone(),
            entropy: world.clone(),
            config: config.clone(),
            keys: keys.clone(),
            admin_key_hash: sha256_hex(ADMIN.as_bytes()),
            standard_key_hash: Some(sha256_hex(STANDARD.as_bytes())),
            seasons: Arc::default(),
            shield: gate.clone(),
            #[cfg(feature = "local")]
            outbox: Arc::new(NoOutbox),
        };
        Self { world, context: Arc::new(context), keys, gate, config, kept: KeptRows::default() }
    }

    /// With one organizer and one event.
    pub fn new() -> (Self, EventId) {
        let stage = Self::empty();
        block_on(accounts::enroll_organizer(stage.world.db(), &owner(), "Ann Corp", &["ann".into()], NOW)).unwrap();
        let id = stage.request("call-1", details("Quarterly call", "2027-07-02T19:05:00", "2027-07-02T22:05:00"));
        (stage, id)
    }

    pub fn id(&self, uid: &str) -> EventId {
        event_id(&self.keys, &owner(), &Uid(uid.into()))
    }

    /// The organizer's mail about an event has been taken.
    pub fn organizer(&self, uid: &str, method: Method, details: Option<EventDetails>) -> EventId {
        self.mail(&owner(), uid, method, None, details)
    }

    /// The organizer's mail about one date of a series has been taken.
    pub fn date(&self, uid: &str, start: &str, details: EventDetails) -> EventId {
        let date = RecurrenceId { when: local(start), this_and_future: false };
        self.mail(&owner(), uid, Method::Request, Some(date), Some(details))
    }

    /// A mail about an event has been taken from somebody to whom it belongs now.
    pub fn request_of(&self, organizer: &CalAddress, uid: &str, details: EventDetails) -> EventId {
        self.mail(organizer, uid, Method::Request, None, Some(details))
    }

    fn mail(
        &self,
        organizer: &CalAddress,
        uid: &str,
        method: Method,
        recurrence_id: Option<RecurrenceId>,
        details: Option<EventDetails>,
    ) -> EventId {
        self.world.advance(10);
        let id = self.id(uid);
        let component = Component {
            recurrence_id,
            order: Order { sequence: Sequence(0), dtstamp: Clock::now(&*self.world) },
            organizer: Some(Organizer {
                address: organizer.clone(),
                name: "Ann Corp".into(),
                sent_by: None,
                email: None,
            }),
            attendees: Vec::new(),
            details,
            comment: String::new(),
            request_status: Vec::new(),
        };
        let message = ItipMessage {
            method,
            prodid: "-//Google Inc//Google Calendar 70.9054//EN".into(),
            uid: Uid(uid.into()),
            components: vec![component],
        };
        let (sender, settings) = (organizer.clone(), OrganizerSettings::default());
        let command = Command::Organizer { message: Box::new(message), sender, settings };
        block_on(self.world.event(&id, command)).unwrap();
        self.settle();
        id
    }

    pub fn request(&self, uid: &str, details: EventDetails) -> EventId {
        self.organizer(uid, Method::Request, Some(details))
    }

    /// Adds rows to D1 that are copies of what stands there; their objects do not exist.
    pub fn copies(&self, count: u32) {
        let sql = format!(
            "CREATE TEMP TABLE copy AS SELECT * FROM event LIMIT 1;
             CREATE TEMP TABLE number AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             SELECT i FROM n;
             UPDATE copy SET last_modified = last_modified - 100;
             CREATE TEMP TRIGGER copies AFTER INSERT ON number BEGIN
               UPDATE copy SET event_id = printf('%040d', new.i);
               INSERT INTO event SELECT * FROM copy;
             END;
             CREATE TEMP TABLE numbers AS SELECT i FROM number; DELETE FROM number;
             INSERT INTO number SELECT i FROM numbers;"
        );
        self.world.db().migrate(&sql).unwrap();
    }

    /// What the objects owe D1 is written.
    pub fn settle(&self) {
        for _ in 0..3 {
            self.world.advance(1);
            self.world.ring_alarms().unwrap();
        }
    }

    /// How many mails would leave now.
    pub fn mails(&self) -> usize {
        let mut mails = 0;
        while let Some(job) = self.world.next_job() {
            let Job::Batch { event, batch } = job else { continue };
            if let Reply::Leased(lease) = block_on(self.world.event(&event, Command::Lease { batch })).unwrap() {
                mails += lease.mails.len();
            }
        }
        mails
    }

    /// The language kept of a guest.
    pub fn language(&self, id: &EventId, guest: &str) -> String {
        let command = Command::Attendee { guest: address(guest) };
        match block_on(self.world.event(id, command)) {
            Ok(Reply::Attendees(guests)) => guests.into_iter().next().unwrap().language,
            other => panic!("{other:?}"),
        }
    }

    pub fn send(&self, request: Request<Body>) -> Answer {
        block_on(async {
            let response = web::answer(self.context.clone(), request).await;
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.unwrap();
            Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
        })
    }

    pub fn ask(&self, method: &str, path: &str, key: Option<&str>, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
    }

    pub fn get(&self, path: &str, key: Option<&str>) -> Answer {
        self.ask("GET", path, key, &[], "")
    }

    pub fn json(&self, method: &str, path: &str, key: Option<&str>, body: &str) -> Answer {
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        self.ask(method, path, key, &headers, body)
    }

    pub fn form(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, None, &[("content-type", "application/x-www-form-urlencoded")], body)
    }

    /// A key of its own.
    pub fn key(&self, scope: &str) -> String {
        let body = serde_json::json!({ "label": "test", "scopes": [scope] }).to_string();
        let answer = self.json("POST", "/v1/keys", Some(ADMIN), &body);
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.json()["key"].as_str().unwrap().to_owned()
    }
}
