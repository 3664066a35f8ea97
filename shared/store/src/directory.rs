//! Events in D1: who may speak about which UID, and what the event objects last projected.

use std::collections::BTreeMap;

use itip::{CalAddress, EventDetails, EventId, EventState, Origin, Override, RsvpStatus, Timestamp, Uid, When};
use serde::{Deserialize, Serialize};

use crate::accounts::{self, OrganizerRow};
use crate::{Database, Row, Statement, StoreError, Value};

/// Absolute counts of an event's guests. Invariant: `attendees` is the sum of the four statuses, of `origins` and
/// of `clients`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// All guests.
    pub attendees: u32,
    /// By status.
    pub accepted: u32,
    /// By status.
    pub declined: u32,
    /// By status.
    pub noaction: u32,
    /// By status.
    pub tentative: u32,
    /// By origin word.
    pub origins: BTreeMap<String, u32>,
    /// By lower-case PRODID of the guest's client; [`CLIENT_UNKNOWN`] before his first answer.
    pub clients: BTreeMap<String, u32>,
}

/// The client of a guest who has not answered yet; the word of the first API.
pub const CLIENT_UNKNOWN: &str = "31events//ses";
/// Where clients beyond [`CLIENTS_MAX`] are counted, so that made-up PRODIDs cannot grow a row without bound.
pub const CLIENT_OTHER: &str = "other";
/// Distinct clients counted per event: 64 keys of at most 100 characters stay far below D1's 2 MB row.
const CLIENTS_MAX: usize = 64;
/// Longest PRODID kept, in characters.
const PRODID_CHARS_MAX: usize = 100;

impl Counters {
    fn status(&mut self, status: RsvpStatus) -> &mut u32 {
        match status {
            RsvpStatus::Accepted => &mut self.accepted,
            RsvpStatus::Declined => &mut self.declined,
            RsvpStatus::NoAction => &mut self.noaction,
            RsvpStatus::Tentative => &mut self.tentative,
        }
    }

    /// The key a PRODID is counted under.
    pub fn client_key(&self, prodid: &str) -> String {
        if prodid.is_empty() {
            return CLIENT_UNKNOWN.to_owned();
        }
        let key: String = prodid.trim().to_lowercase().chars().take(PRODID_CHARS_MAX).collect();
        if self.clients.contains_key(&key) || self.clients.len() < CLIENTS_MAX { key } else { CLIENT_OTHER.to_owned() }
    }

    /// Counts a guest who has just been enrolled.
    pub fn enroll(&mut self, origin: Origin, status: RsvpStatus, client: &str) {
        self.attendees += 1;
        *self.status(status) += 1;
        *self.origins.entry(origin.as_str().to_owned()).or_default() += 1;
        *self.clients.entry(client.to_owned()).or_default() += 1;
    }

    /// Takes a guest out who is no longer on the list.
    pub fn leave(&mut self, origin: Origin, status: RsvpStatus, client: &str) {
        self.attendees = self.attendees.saturating_sub(1);
        let counted = self.status(status);
        *counted = counted.saturating_sub(1);
        take_one(&mut self.origins, origin.as_str());
        take_one(&mut self.clients, client);
    }

    /// Counts a changed answer.
    pub fn answer(&mut self, from: RsvpStatus, to: RsvpStatus) {
        let old = self.status(from);
        *old = old.saturating_sub(1);
        *self.status(to) += 1;
    }

    /// Counts a guest whose client became known.
    pub fn client(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        take_one(&mut self.clients, from);
        *self.clients.entry(to.to_owned()).or_default() += 1;
    }

    /// The event moved: nobody's answer counts any more.
    pub fn reset(&mut self) {
        self.noaction = self.attendees;
        (self.accepted, self.declined, self.tentative) = (0, 0, 0);
    }
}

fn take_one(counts: &mut BTreeMap<String, u32>, key: &str) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// An event as D1 knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Our id.
    pub event_id: EventId,
    /// The authenticated owner.
    pub owner: CalAddress,
    /// The organizer's name, or his address.
    pub organizer_name: String,
    /// Raw PRODID of the organizer's client.
    pub prodid: String,
    /// Visible changes so far.
    pub revision: u32,
    /// Called off.
    pub cancelled: bool,
    /// May stand on a public page.
    pub public: bool,
    /// First mail.
    pub created: Timestamp,
    /// Last visible change.
    pub last_modified: Timestamp,
    /// End of the last occurrence; `None` for a series without end.
    pub last_end: Option<Timestamp>,
    /// What it says.
    pub details: EventDetails,
    /// Its exceptions.
    pub overrides: Vec<Override>,
    /// Its start before the last move.
    pub moved_from: Option<When>,
    /// The organizer tells the place only in invitations.
    pub hide_place: bool,
}

impl EventRow {
    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            event_id: event_id(row, 0)?,
            owner: address(row, 1)?,
            organizer_name: row.text(2)?.to_owned(),
            prodid: row.text(3)?.to_owned(),
            revision: row.count(4)?,
            cancelled: row.integer(5)? != 0,
            public: row.integer(6)? != 0,
            created: Timestamp(row.integer(7)?),
            last_modified: Timestamp(row.integer(8)?),
            last_end: row.maybe_integer(9)?.map(Timestamp),
            details: row.json(10)?,
            overrides: row.json(11)?,
            moved_from: row.maybe_text(12)?.is_some().then(|| row.json(12)).transpose()?,
            hide_place: row.maybe_integer(13)?.is_some_and(|hidden| hidden != 0),
        })
    }

    /// The organizer's name as the public reads it: many calendars know no other name than the address, which is for
    /// his guests.
    pub fn public_organizer(&self) -> &str {
        if self.organizer_name.contains('@') { self.owner.local_part() } else { &self.organizer_name }
    }

    /// Whether the last occurrence has ended.
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.last_end.is_some_and(|end| end <= now)
    }
}

fn event_id(row: &Row, column: usize) -> Result<EventId, StoreError> {
    EventId::parse(row.text(column)?).ok_or(StoreError::Shape { column, wanted: "event id" })
}

fn address(row: &Row, column: usize) -> Result<CalAddress, StoreError> {
    CalAddress::parse(row.text(column)?).map_err(|_| StoreError::Shape { column, wanted: "address" })
}

macro_rules! insert_event {
    ($rest:literal) => {
        concat!(
            "INSERT INTO event (event_id, version, owner, organizer_name, prodid, revision, cancelled, public, \
             created, last_modified, start_at, end_at, last_end, summary, description_html, location, details, \
             overrides, attendees, accepted, declined, tentative, noaction, origins, clients, moved_from) ",
            $rest
        )
    };
}
pub(crate) use insert_event;

/// The projection of an event: written only over an older one. `None` while there is nothing to show.
pub fn project(state: &EventState, counters: &Counters, version: i64) -> Result<Option<Statement>, StoreError> {
    let Some(details) = state.shown() else {
        return Ok(None);
    };
    let name = if state.organizer.name.is_empty() { state.owner.as_str() } else { &state.organizer.name };
    Ok(Some(Statement::new(
        insert_event!(
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
         ?22, ?23, ?24, ?25, ?26) \
         ON CONFLICT (event_id) DO UPDATE SET version = excluded.version, owner = excluded.owner, \
         organizer_name = excluded.organizer_name, prodid = excluded.prodid, revision = excluded.revision, \
         cancelled = excluded.cancelled, public = excluded.public, created = excluded.created, \
         last_modified = excluded.last_modified, start_at = excluded.start_at, end_at = excluded.end_at, \
         last_end = excluded.last_end, summary = excluded.summary, description_html = excluded.description_html, \
         location = excluded.location, details = excluded.details, overrides = excluded.overrides, \
         attendees = excluded.attendees, accepted = excluded.accepted, declined = excluded.declined, \
         tentative = excluded.tentative, noaction = excluded.noaction, origins = excluded.origins, \
         clients = excluded.clients, moved_from = excluded.moved_from WHERE excluded.version > event.version"
        ),
        vec![
            state.event_id.as_str().into(),
            version.into(),
            state.owner.as_str().into(),
            name.into(),
            state.prodid.as_str().into(),
            state.revision.into(),
            state.cancelled.into(),
            (details.class == itip::Class::Public).into(),
            state.created.into(),
            state.last_modified.into(),
            details.start.instant().into(),
            details.end.instant().into(),
            state.last_end().into(),
            details.summary.as_str().into(),
            details.description_html.as_str().into(),
            details.location.as_str().into(),
            json(details)?.into(),
            json(&state.overrides)?.into(),
            counters.attendees.into(),
            counters.accepted.into(),
            counters.declined.into(),
            counters.tentative.into(),
            counters.noaction.into(),
            json(&counters.origins)?.into(),
            json(&counters.clients)?.into(),
            state.moved_from.as_ref().map(json).transpose()?.into(),
        ],
    )))
}

fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Json(error.to_string()))
}

/// One event.
pub async fn event(db: &dyn Database, id: &EventId) -> Result<Option<EventRow>, StoreError> {
    let rows = db.run(Statement::new(sql::EVENT, vec![id.as_str().into()])).await?;
    rows.first().map(EventRow::read).transpose()
}

/// The one event whose id begins so; `None` if there is none, or more than one.
pub async fn event_by_start(db: &dyn Database, start: &str) -> Result<Option<EventRow>, StoreError> {
    // Ids are digits and lower-case letters, which the brace follows.
    let params = vec![start.into(), format!("{start}{{").into()];
    match db.run(Statement::new(sql::EVENT_BY_START, params)).await?.as_slice() {
        [row] => EventRow::read(row).map(Some),
        _ => Ok(None),
    }
}

/// The public events of an organizer whose ids begin so, in no order.
pub async fn public_among(
    db: &dyn Database,
    owner: &CalAddress,
    starts: &[String],
) -> Result<Vec<EventRow>, StoreError> {
    let params = vec![owner.as_str().into(), json(starts)?.into()];
    db.run(Statement::new(sql::PUBLIC_AMONG, params)).await?.iter().map(EventRow::read).collect()
}

/// The organizers with public events that have not ended, by slug behind `after`: slug and last change.
pub async fn published(
    db: &dyn Database,
    after: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let params = vec![after.into(), now.into(), limit.into()];
    let rows = db.run(Statement::new(sql::PUBLISHED, params)).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), Timestamp(row.integer(1)?)))).collect()
}

/// An organizer's public events that have not ended, by start: id and last change.
pub async fn published_of(
    db: &dyn Database,
    owner: &CalAddress,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<(EventId, Timestamp)>, StoreError> {
    let params = vec![owner.as_str().into(), now.into(), limit.into()];
    let rows = db.run(Statement::new(sql::PUBLISHED_OF, params)).await?;
    rows.iter().map(|row| Ok((event_id(row, 0)?, Timestamp(row.integer(1)?)))).collect()
}

/// An organizer's events, newest change first. `before` is the (`last_modified`, `event_id`) of the last row of the
/// page before.
pub async fn events_of(
    db: &dyn Database,
    owner: &CalAddress,
    before: Option<(Timestamp, &EventId)>,
    limit: u32,
) -> Result<Vec<EventRow>, StoreError> {
    let (at, id) = cursor(before);
    let params = vec![owner.as_str().into(), at, id, limit.into()];
    db.run(Statement::new(sql::EVENTS_OF, params)).await?.iter().map(EventRow::read).collect()
}

/// Everybody's events, newest change first.
pub async fn events(
    db: &dyn Database,
    before: Option<(Timestamp, &EventId)>,
    limit: u32,
) -> Result<Vec<EventRow>, StoreError> {
    let (at, id) = cursor(before);
    db.run(Statement::new(sql::EVENTS, vec![at, id, limit.into()])).await?.iter().map(EventRow::read).collect()
}

fn cursor(before: Option<(Timestamp, &EventId)>) -> (Value, Value) {
    before.map_or((i64::from(u32::MAX).saturating_mul(1000).into(), "~".into()), |(at, id)| {
        (at.into(), id.as_str().into())
    })
}

/// Those of some events that there are.
pub async fn events_among(db: &dyn Database, ids: &[EventId]) -> Result<Vec<EventRow>, StoreError> {
    db.run(Statement::new(sql::EVENTS_AMONG, vec![json(ids)?.into()])).await?.iter().map(EventRow::read).collect()
}

/// An organizer's public events that have not ended, by start.
pub async fn upcoming_of(
    db: &dyn Database,
    owner: &CalAddress,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<EventRow>, StoreError> {
    let params = vec![owner.as_str().into(), now.into(), limit.into()];
    db.run(Statement::new(sql::UPCOMING_OF, params)).await?.iter().map(EventRow::read).collect()
}

/// How many public events of an organizer have not ended.
pub async fn count_upcoming(db: &dyn Database, owner: &CalAddress, now: Timestamp) -> Result<u32, StoreError> {
    let rows = db.run(Statement::new(sql::COUNT_UPCOMING, vec![owner.as_str().into(), now.into()])).await?;
    rows.first().map_or(Ok(0), |row| row.count(0))
}

/// The counters of one event; `None` if there is no such event.
pub async fn event_counters(db: &dyn Database, id: &EventId) -> Result<Option<Counters>, StoreError> {
    let rows = db.run(Statement::new(sql::EVENT_COUNTERS, vec![id.as_str().into()])).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let mut counters = totals(row)?;
    counters.origins = row.json(5)?;
    counters.clients = row.json(6)?;
    Ok(Some(counters))
}

/// The sum over an organizer's events, or over all of them.
pub async fn summed_counters(db: &dyn Database, owner: Option<&CalAddress>) -> Result<Counters, StoreError> {
    let (statements, params) = match owner {
        Some(owner) => ([sql::SUM_TOTALS_OF, sql::SUM_ORIGINS_OF, sql::SUM_CLIENTS_OF], vec![owner.as_str().into()]),
        None => ([sql::SUM_TOTALS, sql::SUM_ORIGINS, sql::SUM_CLIENTS], Vec::new()),
    };
    let answers = db.batch(statements.map(|sql| Statement::new(sql, params.clone())).to_vec()).await?;
    let mut answers = answers.into_iter();
    let mut counters = match answers.next().as_deref() {
        Some([row, ..]) => totals(row)?,
        _ => Counters::default(),
    };
    let mut words = || -> Result<BTreeMap<String, u32>, StoreError> {
        answers.next().unwrap_or_default().iter().map(|row| Ok((row.text(0)?.to_owned(), row.count(1)?))).collect()
    };
    counters.origins = words()?;
    counters.clients = words()?;
    Ok(counters)
}

fn totals(row: &Row) -> Result<Counters, StoreError> {
    Ok(Counters {
        attendees: row.count(0)?,
        accepted: row.count(1)?,
        declined: row.count(2)?,
        noaction: row.count(3)?,
        tentative: row.count(4)?,
        ..Counters::default()
    })
}

/// In which capacity an address may speak about a UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The authenticated owner.
    Owner,
    /// Named as ORGANIZER by the owner's mail; takes over with his first authenticated mail.
    Organizer,
    /// Named by SENT-BY.
    Delegate,
}

impl Role {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Organizer => "organizer",
            Self::Delegate => "delegate",
        }
    }
}

/// One line of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Who.
    pub identity: CalAddress,
    /// Which event.
    pub event_id: EventId,
    /// In which capacity.
    pub role: Role,
}

fn read_bindings(rows: &[Row]) -> Result<Vec<Binding>, StoreError> {
    rows.iter()
        .map(|row| {
            Ok(Binding {
                identity: address(row, 0)?,
                event_id: event_id(row, 1)?,
                role: match row.text(2)? {
                    "owner" => Role::Owner,
                    "organizer" => Role::Organizer,
                    _ => Role::Delegate,
                },
            })
        })
        .collect()
}

fn bindings_of(uid: &Uid) -> Statement {
    Statement::new(sql::BINDINGS, vec![uid.0.as_str().into()])
}

/// Everybody who may speak about a UID.
pub async fn bindings(db: &dyn Database, uid: &Uid) -> Result<Vec<Binding>, StoreError> {
    read_bindings(&db.run(bindings_of(uid)).await?)
}

/// Everybody who may speak about a UID, and the account of somebody who wants to: one question for each mail.
pub async fn bindings_and_account(
    db: &dyn Database,
    uid: &Uid,
    speaker: &CalAddress,
) -> Result<(Vec<Binding>, Option<OrganizerRow>), StoreError> {
    let account = Statement::new(accounts::sql::ORGANIZER, vec![speaker.as_str().into()]);
    let mut answers = db.batch(vec![bindings_of(uid), account]).await?.into_iter();
    let bindings = read_bindings(&answers.next().unwrap_or_default())?;
    let account = answers.next().unwrap_or_default().first().map(OrganizerRow::read).transpose()?;
    Ok((bindings, account))
}

/// Everybody who may speak about these UIDs, and the account of somebody who wants to. First adds the bindings that are
/// `wanted` where their pair is free: whoever comes second finds the first one's.
pub async fn bindings_among(
    db: &dyn Database,
    uids: &[&Uid],
    wanted: &[(&Uid, Binding)],
    speaker: &CalAddress,
) -> Result<(BTreeMap<Uid, Vec<Binding>>, Option<OrganizerRow>), StoreError> {
    let mut statements = Vec::new();
    if !wanted.is_empty() {
        let lines: Vec<[&str; 4]> = wanted
            .iter()
            .map(|(uid, line)| [&*uid.0, line.identity.as_str(), line.event_id.as_str(), line.role.as_str()])
            .collect();
        statements.push(Statement::new(sql::BIND_ALL, vec![json(&lines)?.into()]));
    }
    statements.push(Statement::new(sql::BINDINGS_AMONG, vec![json(uids)?.into()]));
    statements.push(Statement::new(accounts::sql::ORGANIZER, vec![speaker.as_str().into()]));
    let mut answers = db.batch(statements).await?.into_iter().rev();
    let account = answers.next().unwrap_or_default().first().map(OrganizerRow::read).transpose()?;
    let mut bindings: BTreeMap<Uid, Vec<Binding>> = BTreeMap::new();
    for row in answers.next().unwrap_or_default() {
        bindings.entry(Uid(row.text(3)?.to_owned())).or_default().extend(read_bindings(&[row])?);
    }
    Ok((bindings, account))
}

/// A UID means the event of another from now on, and the same people may speak about it: pairs of new and former.
/// Only where `speaker` may speak himself: others can have events of their own under the same UID.
pub fn bind_successors(pairs: &[(&str, &str)], speaker: &CalAddress) -> Result<Statement, StoreError> {
    Ok(Statement::new(sql::BIND_SUCCESSORS, vec![json(pairs)?.into(), speaker.as_str().into()]))
}

/// Adds bindings whose pair is free and returns all there are of the UID: whoever came second finds the first one's.
pub async fn bind_all(db: &dyn Database, uid: &Uid, wanted: &[Binding]) -> Result<Vec<Binding>, StoreError> {
    let mut statements: Vec<Statement> = wanted.iter().map(|binding| bind(uid, binding)).collect();
    statements.push(bindings_of(uid));
    read_bindings(&db.batch(statements).await?.pop().unwrap_or_default())
}

/// Adds a binding unless the pair is taken; whoever comes second gets the first one's event from [`bindings`].
pub fn bind(uid: &Uid, binding: &Binding) -> Statement {
    Statement::new(
        sql::BIND,
        vec![
            uid.0.as_str().into(),
            binding.identity.as_str().into(),
            binding.event_id.as_str().into(),
            binding.role.as_str().into(),
        ],
    )
}

/// The ORGANIZER has spoken himself: he owns the event, and earlier speakers keep nothing but a delegation.
pub fn take_over(uid: &Uid, event_id: &EventId, owner: &CalAddress, delegate: Option<&CalAddress>) -> Vec<Statement> {
    let key = || vec![uid.0.as_str().into(), event_id.as_str().into()];
    let mut unbind = key();
    unbind.push(owner.as_str().into());
    unbind.push(delegate.map(CalAddress::as_str).into());
    let mut statements = vec![Statement::new(sql::UNBIND_OTHERS, unbind)];
    let binding =
        |identity: &CalAddress, role| Binding { identity: identity.clone(), event_id: event_id.clone(), role };
    statements.push(bind_over(uid, &binding(owner, Role::Owner)));
    statements.extend(delegate.map(|delegate| bind_over(uid, &binding(delegate, Role::Delegate))));
    statements
}

fn bind_over(uid: &Uid, binding: &Binding) -> Statement {
    Statement { sql: sql::BIND_OVER, ..bind(uid, binding) }
}

macro_rules! select_event {
    ($rest:literal) => {
        concat!(
            "SELECT event_id, owner, organizer_name, prodid, revision, cancelled, public, created, last_modified, \
             last_end, details, overrides, moved_from, \
             (SELECT hide_place FROM organizer WHERE address = event.owner) FROM event ",
            $rest
        )
    };
}
pub(crate) use select_event;

/// Every statement of this module, named, so that a test can show their query plans.
pub mod sql {
    /// One event.
    pub const EVENT: &str = select_event!("WHERE event_id = ?1");
    /// The events whose ids begin alike, as far as it matters: more than one is none.
    pub const EVENT_BY_START: &str = select_event!("WHERE event_id >= ?1 AND event_id < ?2 LIMIT 2");
    /// An organizer's public events whose ids begin as a JSON array says.
    pub const PUBLIC_AMONG: &str = select_event!(
        ", json_each(?2) AS wanted WHERE event_id >= wanted.value AND event_id < wanted.value || '{' \
         AND owner = ?1 AND public = 1"
    );
    /// Who has something public to come, by slug.
    pub const PUBLISHED: &str = "SELECT o.slug, (SELECT MAX(last_modified) FROM event WHERE owner = o.address) \
         FROM organizer AS o WHERE o.slug > ?1 AND o.suspended = 0 AND EXISTS (SELECT 1 FROM event AS e \
         WHERE e.owner = o.address AND e.public = 1 AND (e.last_end IS NULL OR e.last_end > ?2)) \
         ORDER BY o.slug LIMIT ?3";
    /// What an organizer has public and to come.
    pub const PUBLISHED_OF: &str = "SELECT event_id, last_modified FROM event WHERE owner = ?1 AND public = 1 \
         AND (last_end IS NULL OR last_end > ?2) ORDER BY start_at, event_id LIMIT ?3";
    /// Some events.
    pub const EVENTS_AMONG: &str =
        select_event!("WHERE event_id IN (SELECT wanted.value FROM json_each(?1) AS wanted)");
    /// An organizer's events, newest change first.
    pub const EVENTS_OF: &str = select_event!(
        "WHERE owner = ?1 AND (last_modified, event_id) < (?2, ?3) \
         ORDER BY last_modified DESC, event_id DESC LIMIT ?4"
    );
    /// All events, newest change first.
    pub const EVENTS: &str =
        select_event!("WHERE (last_modified, event_id) < (?1, ?2) ORDER BY last_modified DESC, event_id DESC LIMIT ?3");
    /// An organizer's public events that have not ended.
    pub const UPCOMING_OF: &str = select_event!(
        "WHERE owner = ?1 AND public = 1 AND (last_end IS NULL OR last_end > ?2) ORDER BY start_at, event_id LIMIT ?3"
    );
    /// How many these are.
    pub const COUNT_UPCOMING: &str =
        "SELECT COUNT(*) FROM event WHERE owner = ?1 AND public = 1 AND (last_end IS NULL OR last_end > ?2)";
    /// The counters of one event.
    pub const EVENT_COUNTERS: &str = "SELECT attendees, accepted, declined, noaction, tentative, origins, clients \
         FROM event WHERE event_id = ?1";
    macro_rules! sum_totals {
        ($rest:literal) => {
            concat!(
                "SELECT COALESCE(SUM(attendees), 0), COALESCE(SUM(accepted), 0), COALESCE(SUM(declined), 0), \
                 COALESCE(SUM(noaction), 0), COALESCE(SUM(tentative), 0) FROM event ",
                $rest
            )
        };
    }

    macro_rules! sum_words {
        ($column:literal, $rest:literal) => {
            concat!(
                "SELECT word.key, SUM(word.value) FROM event, json_each(event.",
                $column,
                ") AS word ",
                $rest,
                " GROUP BY word.key"
            )
        };
    }

    /// Sums of one organizer.
    pub const SUM_TOTALS_OF: &str = sum_totals!("WHERE owner = ?1");
    /// Sums of one organizer by origin.
    pub const SUM_ORIGINS_OF: &str = sum_words!("origins", "WHERE owner = ?1");
    /// Sums of one organizer by client.
    pub const SUM_CLIENTS_OF: &str = sum_words!("clients", "WHERE owner = ?1");
    /// Sums of everything; reads every event.
    pub const SUM_TOTALS: &str = sum_totals!("");
    /// Sums of everything by origin.
    pub const SUM_ORIGINS: &str = sum_words!("origins", "");
    /// Sums of everything by client.
    pub const SUM_CLIENTS: &str = sum_words!("clients", "");
    /// Who may speak about a UID.
    pub const BINDINGS: &str = "SELECT identity, event_id, role FROM event_binding WHERE original_uid = ?1";
    /// Who may speak about any of these.
    pub const BINDINGS_AMONG: &str = "SELECT identity, event_id, role, original_uid FROM json_each(?1) AS wanted \
         CROSS JOIN event_binding ON original_uid = wanted.value";
    /// Adds bindings: a JSON array of lines.
    pub const BIND_ALL: &str = "INSERT INTO event_binding (original_uid, identity, event_id, role) \
         SELECT wanted.value ->> 0, wanted.value ->> 1, wanted.value ->> 2, wanted.value ->> 3 \
         FROM json_each(?1) AS wanted WHERE true ON CONFLICT DO NOTHING";
    /// Lets UIDs mean what others mean to somebody: a JSON array of (new, former).
    pub const BIND_SUCCESSORS: &str = "INSERT INTO event_binding (original_uid, identity, event_id, role) \
         SELECT wanted.value ->> 0, theirs.identity, theirs.event_id, theirs.role FROM json_each(?1) AS wanted \
         CROSS JOIN event_binding AS mine ON mine.original_uid = wanted.value ->> 1 AND mine.identity = ?2 \
         CROSS JOIN event_binding AS theirs ON theirs.original_uid = mine.original_uid \
         AND theirs.event_id = mine.event_id WHERE true ON CONFLICT DO NOTHING";
    /// Adds a binding.
    pub const BIND: &str = "INSERT INTO event_binding (original_uid, identity, event_id, role) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    /// Adds or changes a binding.
    pub const BIND_OVER: &str = "INSERT INTO event_binding (original_uid, identity, event_id, role) \
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET event_id = excluded.event_id, role = excluded.role";
    /// Removes the speakers that a take-over ends.
    pub const UNBIND_OTHERS: &str = "DELETE FROM event_binding WHERE original_uid = ?1 AND event_id = ?2 \
         AND identity <> ?3 AND (?4 IS NULL OR identity <> ?4)";
}
