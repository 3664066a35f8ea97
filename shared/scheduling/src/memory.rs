//! In-memory twins of every port: a whole deployment in one value, on SQLite and a clock that tests set.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dkim::SignatureToVerify;
use itip::{CalAddress, EventId, Timestamp};
use store::sqlite::Sqlite;
use store::{Database, Row, SqlConn, Statement, StoreError, seeds};

use crate::command::{Command, CommandError, Job, OrganizerCommand, OrganizerReply, Reply};
use crate::event_object::{self, ObjectEnv};
use crate::organizer_object::{self, editions, editions::Kept, editions::Rebuild};
use crate::ports::{
    Blobs, Clock, DnsError, DnsTxt, Entropy, FeedAnswer, FeedFetch, FeedRequest, Jobs, Objects, PortError,
    SignatureVerifier, SnapshotHead, Snapshots,
};
use crate::send_gate::{Lane, Pace, Permit, SendGate};
use crate::settings::Timing;

/// Events, organizers, D1, the queue and R2 of one imaginary deployment.
pub struct World {
    db: Sqlite,
    events: Mutex<BTreeMap<EventId, Sqlite>>,
    organizers: Mutex<BTreeMap<CalAddress, Sqlite>>,
    gate: Mutex<SendGate>,
    queue: Mutex<VecDeque<Job>>,
    blobs: Mutex<BTreeMap<String, Vec<u8>>>,
    snapshots: Mutex<BTreeMap<String, Stored>>,
    /// Reads and writes.
    snapshot_calls: Mutex<(usize, usize)>,
    dns: Mutex<BTreeMap<String, Result<Vec<String>, DnsError>>>,
    dns_questions: Mutex<Vec<String>>,
    web: Mutex<BTreeMap<String, FeedAnswer>>,
    web_questions: Mutex<Vec<String>>,
    now: Mutex<Timestamp>,
    counter: Mutex<u64>,
    timing: Timing,
    domain: String,
}

/// A snapshot, and until when it is kept.
type Stored = (SnapshotHead, Vec<u8>, Timestamp);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A deployment at `now` whose D1 has run these migrations.
    pub fn new(domain: &str, timing: Timing, now: Timestamp, migrations: &[&str]) -> Result<Self, StoreError> {
        let db = Sqlite::open()?;
        for migration in migrations {
            db.migrate(migration)?;
        }
        let mut gate = SendGate::new(now);
        gate.pace(Pace::Account { rate: 1_000_000, left_today: None }, now);
        Ok(Self {
            db,
            events: Mutex::default(),
            organizers: Mutex::default(),
            gate: Mutex::new(gate),
            queue: Mutex::default(),
            blobs: Mutex::default(),
            snapshots: Mutex::default(),
            snapshot_calls: Mutex::default(),
            dns: Mutex::default(),
            dns_questions: Mutex::default(),
            web: Mutex::default(),
            web_questions: Mutex::default(),
            now: Mutex::new(now),
            counter: Mutex::new(0),
            timing,
            domain: domain.to_owned(),
        })
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        let mut now = locked(&self.now);
        *now = now.plus(seconds);
    }

    /// D1.
    pub fn db(&self) -> &Sqlite {
        &self.db
    }

    /// Takes the next job out of the queue.
    pub fn next_job(&self) -> Option<Job> {
        locked(&self.queue).pop_front()
    }

    /// Publishes the TXT records of a name, or what else DNS says about it.
    pub fn publish_dns(&self, name: &str, answer: Result<Vec<String>, DnsError>) {
        locked(&self.dns).insert(name.to_owned(), answer);
    }

    /// Publishes what the server of an address answers. A body whose `ETag` is asked for again is not modified.
    pub fn publish_feed(&self, url: &str, answer: FeedAnswer) {
        locked(&self.web).insert(url.to_owned(), answer);
    }

    /// The addresses that were opened since this was called last.
    pub fn take_web_questions(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.web_questions))
    }

    /// What DNS was asked since this was called last.
    pub fn take_dns_questions(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.dns_questions))
    }

    /// The local queue forgets: everything in it is gone.
    pub fn forget_queue(&self) {
        locked(&self.queue).clear();
    }

    fn env(&self) -> ObjectEnv {
        ObjectEnv { domain: self.domain.clone(), timing: self.timing, nonce: self.bytes() }
    }

    /// Lets every alarm that is due ring once.
    pub fn ring_alarms(&self) -> Result<(), StoreError> {
        let (now, env) = (self.now(), self.env());
        for (id, conn) in &*locked(&self.events) {
            if event_object::next_alarm(conn, now, &env)?.is_none_or(|at| at > now) {
                continue;
            }
            let work = conn.transaction(|conn| event_object::alarm(conn, id, now, &env))?;
            for statement in &work.statements {
                SqlConn::run(&self.db, statement.sql, &statement.params)?;
            }
            for organizer in work.tell {
                let command = OrganizerCommand::Changed { events: vec![id.clone()] };
                self.tell_organizer(&organizer, command).map_err(|error| StoreError::Platform(error.to_string()))?;
            }
            event_object::projected(conn, &work.projection)?;
            locked(&self.queue).extend(work.jobs);
        }
        for (organizer, conn) in &*locked(&self.organizers) {
            let jobs = conn.transaction(|conn| organizer_object::alarm(conn, organizer, now, &env))?;
            locked(&self.queue).extend(jobs);
        }
        Ok(())
    }

    fn tell_organizer(&self, address: &CalAddress, command: OrganizerCommand) -> Result<OrganizerReply, CommandError> {
        let (now, env) = (self.now(), self.env());
        let mut organizers = locked(&self.organizers);
        if !organizers.contains_key(address) {
            organizers.insert(address.clone(), opened(|conn| organizer_object::migrate(conn))?);
        }
        let conn = organizers.get(address).ok_or(CommandError::NotFound)?;
        conn.transaction(|conn| organizer_object::handle(conn, command, now, &env))
    }

    /// The rebuild that an organizer's object has to do now.
    pub fn take_rebuild(&self, address: &CalAddress) -> Result<Option<Rebuild>, StoreError> {
        let now = self.now();
        locked(&self.organizers)
            .get(address)
            .map_or(Ok(None), |conn| conn.transaction(|conn| editions::take(conn, now)))
    }

    /// The rebuild is done.
    pub fn settle_rebuild(&self, address: &CalAddress, rebuild: &Rebuild, kept: &[Kept]) -> Result<(), StoreError> {
        let now = self.now();
        locked(&self.organizers)
            .get(address)
            .map_or(Ok(()), |conn| conn.transaction(|conn| editions::done(conn, rebuild, kept, now)))
    }

    /// How often snapshots were read and written.
    pub fn snapshot_calls(&self) -> (usize, usize) {
        *locked(&self.snapshot_calls)
    }

    /// When the next alarm of any object rings.
    pub fn next_alarm(&self) -> Result<Option<Timestamp>, StoreError> {
        let (now, env) = (self.now(), self.env());
        let mut next: Option<Timestamp> = None;
        let mut earlier = |at: Option<Timestamp>| next = next.into_iter().chain(at).min();
        for conn in locked(&self.events).values() {
            earlier(event_object::next_alarm(conn, now, &env)?);
        }
        for conn in locked(&self.organizers).values() {
            earlier(organizer_object::next_alarm(conn, now, &env)?);
        }
        Ok(next)
    }
}

fn opened(migrate: impl FnOnce(&dyn SqlConn) -> Result<(), StoreError>) -> Result<Sqlite, CommandError> {
    let conn = Sqlite::open()?;
    migrate(&conn)?;
    Ok(conn)
}

#[async_trait]
impl Objects for World {
    async fn event(&self, id: &EventId, command: Command) -> Result<Reply, CommandError> {
        let (now, env) = (self.now(), self.env());
        let mut events = locked(&self.events);
        if !events.contains_key(id) {
            events.insert(id.clone(), opened(|conn| event_object::migrate(conn))?);
        }
        let conn = events.get(id).ok_or(CommandError::NotFound)?;
        let seed = if event_object::is_known(conn)? {
            None
        } else {
            let ask = seeds::seed(id);
            seeds::read_seed(&SqlConn::run(&self.db, ask.sql, &ask.params)?)?
        };
        conn.transaction(|conn| {
            seed.iter().try_for_each(|seed| event_object::sow(conn, seed))?;
            event_object::handle(conn, id, command, now, &env)
        })
    }

    async fn organizer(&self, address: &CalAddress, command: OrganizerCommand) -> Result<OrganizerReply, CommandError> {
        self.tell_organizer(address, command)
    }

    async fn permit(&self, lane: Lane, mails: u32) -> Result<Permit, CommandError> {
        Ok(locked(&self.gate).permit(lane, mails, self.now()))
    }

    async fn pace(&self, pace: Pace) -> Result<(), CommandError> {
        locked(&self.gate).pace(pace, self.now());
        Ok(())
    }
}

#[async_trait]
impl Jobs for World {
    fn start(&self, job: Job) {
        locked(&self.queue).push_back(job);
    }

    async fn enqueue(&self, jobs: Vec<Job>) -> Result<(), PortError> {
        locked(&self.queue).extend(jobs);
        Ok(())
    }
}

#[async_trait]
impl Blobs for World {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        locked(&self.blobs).insert(key.to_owned(), bytes);
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        Ok(locked(&self.blobs).get(key).cloned())
    }

    async fn get_range(&self, key: &str, start: usize, length: usize) -> Result<Option<Vec<u8>>, PortError> {
        let blobs = locked(&self.blobs);
        Ok(blobs.get(key).map(|bytes| bytes.iter().skip(start).take(length).copied().collect()))
    }
}

#[async_trait]
impl Snapshots for World {
    type Body = Vec<u8>;

    async fn read(&self, key: &str) -> Result<Option<(SnapshotHead, Vec<u8>)>, PortError> {
        locked(&self.snapshot_calls).0 += 1;
        let now = self.now();
        let found = locked(&self.snapshots).get(key).cloned();
        Ok(found.filter(|(_, _, until)| *until > now).map(|(head, bytes, _)| (head, bytes)))
    }

    async fn write(&self, key: &str, head: &SnapshotHead, bytes: &[u8], until: Timestamp) -> Result<(), PortError> {
        locked(&self.snapshot_calls).1 += 1;
        locked(&self.snapshots).insert(key.to_owned(), (head.clone(), bytes.to_vec(), until));
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), PortError> {
        locked(&self.snapshots).remove(key);
        Ok(())
    }
}

#[async_trait]
impl Database for World {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        self.db.batch(statements).await
    }
}

#[async_trait]
impl DnsTxt for World {
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        locked(&self.dns_questions).push(name.to_owned());
        locked(&self.dns).get(name).cloned().unwrap_or(Err(DnsError::NotFound))
    }
}

#[async_trait]
impl FeedFetch for World {
    async fn fetch(&self, request: FeedRequest<'_>) -> Result<FeedAnswer, String> {
        let url = request.url.to_string();
        locked(&self.web_questions).push(url.clone());
        let answer = locked(&self.web).get(&url).cloned().ok_or("its server does not answer")?;
        if answer.etag.is_some() && answer.etag.as_deref() == request.etag {
            return Ok(FeedAnswer { status: 304, body: Vec::new(), ..answer });
        }
        if answer.body.len() > request.bytes_max { Err("it is too long".to_owned()) } else { Ok(answer) }
    }
}

#[async_trait]
impl SignatureVerifier for World {
    async fn verify(&self, signature: &SignatureToVerify) -> bool {
        dkim::testing::verify(signature)
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        *locked(&self.now)
    }
}

impl Entropy for World {
    /// Distinct, and the same in every run.
    fn bytes(&self) -> [u8; 32] {
        let mut counter = locked(&self.counter);
        *counter += 1;
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(counter.to_be_bytes()).for_each(|(to, from)| *to = from);
        bytes
    }
}
