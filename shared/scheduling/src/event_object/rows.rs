//! The tables inside an event's object.

use arrange::Arrange as _;
use itip::{
    Answer, Attendee, AudienceSettings, CalAddress, Choice, Delivery, EventId, EventState, Field, InstanceAnswer,
    Method, Order, Origin, Outcome, PartStat, Proposal, ProposalState, Sent, Sequence, Timestamp,
};
use store::accounts::DeadLetter;
use store::directory::Counters;
use store::{Row, SqlConn, StoreError, Value};

use crate::command::Attempt;
use crate::keys::sha256_hex;
use crate::settings::OrganizerSettings;

/// Schema steps in order; a step that has shipped never changes.
const STEPS: &[&[&str]] = &[
    &[
        "CREATE TABLE event (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, counters TEXT NOT NULL, \
     settings TEXT NOT NULL, allow_shared INTEGER NOT NULL, version INTEGER NOT NULL, projected INTEGER NOT NULL, \
     held INTEGER NOT NULL, round TEXT, reports TEXT NOT NULL)",
        // The address is the key and there is no second index: every index is one more billed row a write.
        "CREATE TABLE attendee (address TEXT PRIMARY KEY, name TEXT NOT NULL, origin TEXT NOT NULL, \
     invited INTEGER NOT NULL, partstat TEXT NOT NULL, last_choice TEXT, answered_sequence INTEGER, \
     answered_dtstamp INTEGER, answered_at INTEGER, prodid TEXT NOT NULL, client TEXT NOT NULL, \
     comment TEXT NOT NULL, sent_method TEXT, sent_revision INTEGER, maybe_method TEXT, maybe_revision INTEGER, \
     delivery TEXT NOT NULL, request_status TEXT NOT NULL, language TEXT NOT NULL, delegated_to TEXT, \
     delegated_from TEXT, removed INTEGER NOT NULL, floor_sequence INTEGER NOT NULL, floor_dtstamp INTEGER NOT NULL, \
     refreshed INTEGER) WITHOUT ROWID",
        "CREATE TABLE answer (number INTEGER PRIMARY KEY, address TEXT NOT NULL, answer TEXT NOT NULL)",
        "CREATE TABLE revision (revision INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, dtstamp INTEGER NOT NULL, \
     outcome TEXT NOT NULL, at INTEGER NOT NULL)",
        // One row per batch of guests, not per mail. due: queued, not before; leased, until; unknown, end of the grace.
        "CREATE TABLE batch (id INTEGER PRIMARY KEY AUTOINCREMENT, guests TEXT NOT NULL, purpose TEXT NOT NULL, \
     state TEXT NOT NULL, lease TEXT NOT NULL, due INTEGER NOT NULL, \
     hint_at INTEGER NOT NULL, attempts INTEGER NOT NULL)",
        "CREATE TABLE dead_letter (id TEXT PRIMARY KEY, address TEXT NOT NULL, method TEXT NOT NULL, \
     revision INTEGER NOT NULL, reason TEXT NOT NULL, created INTEGER NOT NULL, filed INTEGER NOT NULL) WITHOUT ROWID",
        // Only guests of a series who answered single dates have rows here.
        "CREATE TABLE instance_answer (address TEXT NOT NULL, instant INTEGER NOT NULL, answer TEXT NOT NULL, \
     partstat TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (address, instant)) WITHOUT ROWID",
        // instance: the instant, or '' for the whole.
        "CREATE TABLE proposal (address TEXT NOT NULL, instance TEXT NOT NULL, proposal TEXT NOT NULL, \
     state TEXT NOT NULL, PRIMARY KEY (address, instance)) WITHOUT ROWID",
        "CREATE TABLE attempt (number INTEGER PRIMARY KEY, attempt TEXT NOT NULL)",
    ],
    &[
        // What the organizer's pages were told last: his address, and what the event looked like.
        "ALTER TABLE event ADD COLUMN told TEXT NOT NULL DEFAULT ''",
    ],
    // project_at: not before, because whoever made this version projects it himself.
    &["ALTER TABLE event ADD COLUMN project_at INTEGER NOT NULL DEFAULT 0"],
];

pub(super) fn migrate(conn: &dyn SqlConn) -> Result<(), StoreError> {
    crate::schema::migrate(conn, STEPS)
}

/// The one row about the event itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub state: EventState,
    pub counters: Counters,
    pub settings: OrganizerSettings,
    pub allow_shared: bool,
    pub version: i64,
    pub projected: i64,
    /// The alarm does not project before; a later version need not wait.
    pub project_at: Timestamp,
    pub held: bool,
    /// The last address that the round of the current revision has passed; `None`: no round is under way.
    pub round: Option<String>,
    pub reports: Vec<Timestamp>,
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value, StoreError> {
    serde_json::to_string(value).map(Value::Text).map_err(|error| StoreError::Json(error.to_string()))
}

/// A unit variant's word, as serde writes it.
fn word<T: serde::Serialize>(value: &T) -> Result<Value, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(Value::Text(word)),
        Ok(_) => Err(StoreError::Json("not a word".to_owned())),
        Err(error) => Err(StoreError::Json(error.to_string())),
    }
}

fn from_word<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|error| StoreError::Json(error.to_string()))
}

impl Record {
    pub fn new(state: EventState, allow_shared: bool) -> Self {
        Self {
            state,
            counters: Counters::default(),
            settings: OrganizerSettings::default(),
            allow_shared,
            version: 0,
            projected: 0,
            project_at: Timestamp(0),
            held: false,
            round: None,
            reports: Vec::new(),
        }
    }

    pub fn load(conn: &dyn SqlConn) -> Result<Option<Self>, StoreError> {
        let rows = conn.run(
            "SELECT state, counters, settings, allow_shared, version, projected, held, round, reports, project_at FROM event",
            &[],
        )?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        Ok(Some(Self {
            state: row.json(0)?,
            counters: row.json(1)?,
            settings: row.json(2)?,
            allow_shared: row.integer(3)? != 0,
            version: row.integer(4)?,
            projected: row.integer(5)?,
            held: row.integer(6)? != 0,
            round: row.maybe_text(7)?.map(str::to_owned),
            reports: row.json(8)?,
            project_at: Timestamp(row.integer(9)?),
        }))
    }

    /// Stores the row as the next version, which D1 then has to learn of.
    pub fn save(&mut self, conn: &dyn SqlConn) -> Result<(), StoreError> {
        self.save_projected_elsewhere(conn, Timestamp(0))
    }

    /// The same for a version that the caller projects; the alarm makes sure at `project_at`.
    pub fn save_projected_elsewhere(&mut self, conn: &dyn SqlConn, project_at: Timestamp) -> Result<(), StoreError> {
        self.version += 1;
        self.project_at = project_at;
        conn.run(
            "INSERT INTO event (id, state, counters, settings, allow_shared, version, projected, held, round, \
             reports, project_at) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET \
             state = ?1, counters = ?2, settings = ?3, allow_shared = ?4, version = ?5, held = ?7, round = ?8, \
             reports = ?9, project_at = ?10",
            &[
                json(&self.state)?,
                json(&self.counters)?,
                json(&self.settings)?,
                self.allow_shared.into(),
                self.version.into(),
                self.projected.into(),
                self.held.into(),
                self.round.clone().into(),
                json(&self.reports)?,
                self.project_at.into(),
            ],
        )?;
        Ok(())
    }

    pub fn audience(&self) -> AudienceSettings {
        AudienceSettings { wide_time_changes: self.settings.wide_time_changes }
    }
}

/// What the public sees of the event depends on nothing else; guests and their answers are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looks {
    /// As they are.
    pub now: String,
    /// As they were told last; empty if never.
    pub told: String,
}

pub(super) fn looks(conn: &dyn SqlConn, owner: &CalAddress) -> Result<Looks, StoreError> {
    let rows = conn.run("SELECT state, settings, told FROM event", &[])?;
    let Some(row) = rows.first() else {
        return Ok(Looks { now: String::new(), told: String::new() });
    };
    let hash = sha256_hex(format!("{}{}", row.text(0)?, row.text(1)?).as_bytes());
    Ok(Looks { now: format!("{owner} {hash}"), told: row.text(2)?.to_owned() })
}

pub(super) fn confirm(conn: &dyn SqlConn, version: i64, told: Option<&str>) -> Result<(), StoreError> {
    conn.run(
        "UPDATE event SET projected = MAX(projected, ?1), told = COALESCE(?2, told)",
        &[version.into(), told.into()],
    )?;
    conn.run("UPDATE dead_letter SET filed = 1 WHERE filed = 0", &[])?;
    Ok(())
}

pub(super) fn save_round(conn: &dyn SqlConn, round: Option<&str>) -> Result<(), StoreError> {
    conn.run("UPDATE event SET round = ?1", &[round.into()]).map(drop)
}

pub(super) fn log_revision(
    conn: &dyn SqlConn,
    state: &EventState,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.run(
        "INSERT INTO revision (revision, sequence, dtstamp, outcome, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[state.revision.into(), state.sequence.0.into(), state.dtstamp.into(), json(outcome)?, now.into()],
    )
    .map(drop)
}

/// What guests saw change after a revision.
pub(super) fn fields_since(conn: &dyn SqlConn, revision: u32) -> Result<Vec<Field>, StoreError> {
    let rows = conn.run("SELECT outcome FROM revision WHERE revision > ?1", &[revision.into()])?;
    let mut fields = Vec::new();
    for row in &rows {
        if let Outcome::Updated { fields: changed, .. } = row.json(0)? {
            fields.extend(changed);
        }
    }
    fields.arrange();
    fields.dedup();
    Ok(fields)
}

pub(super) fn log_answer(conn: &dyn SqlConn, address: &CalAddress, answer: &Answer) -> Result<(), StoreError> {
    let params = [address.as_str().into(), json(answer)?];
    conn.run("INSERT INTO answer (address, answer) VALUES (?1, ?2)", &params).map(drop)
}

/// A guest and the key his client is counted under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guest {
    pub attendee: Attendee,
    pub client: String,
}

macro_rules! select_guest {
    ($rest:literal) => {
        concat!(
            "SELECT address, name, origin, invited, partstat, last_choice, answered_sequence, answered_dtstamp, \
             answered_at, prodid, client, comment, sent_method, sent_revision, maybe_method, maybe_revision, \
             delivery, request_status, language, delegated_to, delegated_from, removed, floor_sequence, \
             floor_dtstamp, refreshed FROM attendee ",
            $rest
        )
    };
}

fn read_guest(row: &Row) -> Result<Guest, StoreError> {
    let sent = |method: usize, revision: usize| -> Result<Option<Sent>, StoreError> {
        let Some(word) = row.maybe_text(method)? else {
            return Ok(None);
        };
        let method = Method::parse(word).ok_or(StoreError::Shape { column: method, wanted: "method" })?;
        Ok(Some(Sent { method, revision: row.count(revision)? }))
    };
    let answered = match (row.maybe_integer(6)?, row.maybe_integer(7)?) {
        (Some(sequence), Some(dtstamp)) => {
            Some(Order { sequence: Sequence(u32::try_from(sequence).unwrap_or(u32::MAX)), dtstamp: Timestamp(dtstamp) })
        }
        _ => None,
    };
    Ok(Guest {
        attendee: Attendee {
            address: address(row, 0)?,
            name: row.text(1)?.to_owned(),
            origin: Origin::parse(row.text(2)?).ok_or(StoreError::Shape { column: 2, wanted: "origin" })?,
            invited: Timestamp(row.integer(3)?),
            partstat: PartStat::parse(row.text(4)?),
            last_choice: row.maybe_text(5)?.map(from_word::<Choice>).transpose()?,
            answered,
            answered_at: row.maybe_integer(8)?.map(Timestamp),
            prodid: row.text(9)?.to_owned(),
            comment: row.text(11)?.to_owned(),
            request_status: row.text(17)?.to_owned(),
            instances: Vec::new(),
            language: row.text(18)?.to_owned(),
            delegated_to: maybe_address(row, 19)?,
            delegated_from: maybe_address(row, 20)?,
            removed: row.integer(21)? != 0,
            floor: Order { sequence: Sequence(row.count(22)?), dtstamp: Timestamp(row.integer(23)?) },
            refreshed: row.maybe_integer(24)?.map(Timestamp),
            sent: sent(12, 13)?,
            maybe_sent: sent(14, 15)?,
            delivery: from_word::<Delivery>(row.text(16)?)?,
        },
        client: row.text(10)?.to_owned(),
    })
}

fn address(row: &Row, column: usize) -> Result<CalAddress, StoreError> {
    CalAddress::parse(row.text(column)?).map_err(|_| StoreError::Shape { column, wanted: "address" })
}

fn maybe_address(row: &Row, column: usize) -> Result<Option<CalAddress>, StoreError> {
    row.maybe_text(column)?.map(|_| address(row, column)).transpose()
}

pub(super) fn guest(conn: &dyn SqlConn, address: &CalAddress) -> Result<Option<Guest>, StoreError> {
    let rows = conn.run(select_guest!("WHERE address = ?1"), &[address.as_str().into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut guest = read_guest(row)?;
    let answers =
        conn.run("SELECT answer FROM instance_answer WHERE address = ?1 ORDER BY instant", &[address.as_str().into()])?;
    guest.attendee.instances = answers.iter().map(|row| row.json(0)).collect::<Result<_, _>>()?;
    Ok(Some(guest))
}

/// Whether somebody has been invited in a guest's place.
pub(super) fn has_delegate(conn: &dyn SqlConn, delegator: &CalAddress) -> Result<bool, StoreError> {
    let rows = conn.run("SELECT 1 FROM attendee WHERE delegated_from = ?1 LIMIT 1", &[delegator.as_str().into()])?;
    Ok(!rows.is_empty())
}

/// A page of the list by address; whoever was taken off it is not on it.
pub(super) fn guests_after(conn: &dyn SqlConn, after: &str, limit: u32) -> Result<Vec<Guest>, StoreError> {
    let params = [after.into(), limit.into()];
    let rows = conn.run(select_guest!("WHERE address > ?1 AND removed = 0 ORDER BY address LIMIT ?2"), &params)?;
    let mut guests: Vec<Guest> = rows.iter().map(read_guest).collect::<Result<_, _>>()?;
    let (Some(first), Some(last)) = (guests.first(), guests.last()) else { return Ok(guests) };
    let answers = conn.run(
        "SELECT address, answer FROM instance_answer WHERE address BETWEEN ?1 AND ?2 ORDER BY address, instant",
        &[first.attendee.address.as_str().into(), last.attendee.address.as_str().into()],
    )?;
    for row in &answers {
        let address = address(row, 0)?;
        if let Ok(at) = guests.binary_search_by(|guest| guest.attendee.address.as_str().cmp(address.as_str()))
            && let Some(guest) = guests.get_mut(at)
        {
            guest.attendee.instances.push(row.json(1)?);
        }
    }
    Ok(guests)
}

/// Stores what a guest says of one instance.
pub(super) fn put_instance_answer(
    conn: &dyn SqlConn,
    guest: &CalAddress,
    answer: &InstanceAnswer,
) -> Result<(), StoreError> {
    conn.run(
        "INSERT OR REPLACE INTO instance_answer (address, instant, answer, partstat, sequence) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            guest.as_str().into(),
            answer.instant().into(),
            json(answer)?,
            answer.partstat.as_str().into(),
            answer.order.sequence.0.into(),
        ],
    )
    .map(drop)
}

/// Listed guests by the answer that counts from a SEQUENCE on: (PARTSTAT, how many). Reads every guest.
pub(super) fn answers_from(conn: &dyn SqlConn, reset: Sequence) -> Result<Vec<(PartStat, u32)>, StoreError> {
    let rows = conn.run(
        "SELECT CASE WHEN answered_sequence >= ?1 THEN partstat ELSE 'NEEDS-ACTION' END AS stands, COUNT(*) \
         FROM attendee WHERE removed = 0 GROUP BY stands",
        &[reset.0.into()],
    )?;
    rows.iter().map(|row| Ok((PartStat::parse(row.text(0)?), row.count(1)?))).collect()
}

/// Listed guests who answered an instance apart, by what stands for the series and what they say of the instance.
pub(super) fn answers_apart(
    conn: &dyn SqlConn,
    instant: Timestamp,
    reset: Sequence,
) -> Result<Vec<(PartStat, PartStat, u32)>, StoreError> {
    let rows = conn.run(
        "SELECT CASE WHEN attendee.answered_sequence >= ?2 THEN attendee.partstat ELSE 'NEEDS-ACTION' END AS stands, \
         apart.partstat, COUNT(*) FROM instance_answer AS apart JOIN attendee ON attendee.address = apart.address \
         WHERE apart.instant = ?1 AND apart.sequence >= ?2 AND attendee.removed = 0 GROUP BY stands, apart.partstat",
        &[instant.into(), reset.0.into()],
    )?;
    rows.iter().map(|row| Ok((PartStat::parse(row.text(0)?), PartStat::parse(row.text(1)?), row.count(2)?))).collect()
}

fn instance_key(instance: Option<Timestamp>) -> String {
    instance.map(|instant| instant.0.to_string()).unwrap_or_default()
}

/// A guest's newest proposal for an instance, or for the whole.
pub(super) fn proposal(
    conn: &dyn SqlConn,
    guest: &CalAddress,
    instance: Option<Timestamp>,
) -> Result<Option<Proposal>, StoreError> {
    let rows = conn.run(
        "SELECT proposal FROM proposal WHERE address = ?1 AND instance = ?2",
        &[guest.as_str().into(), instance_key(instance).into()],
    )?;
    rows.first().map(|row| row.json(0)).transpose()
}

pub(super) fn put_proposal(conn: &dyn SqlConn, proposal: &Proposal) -> Result<(), StoreError> {
    conn.run(
        "INSERT OR REPLACE INTO proposal (address, instance, proposal, state) VALUES (?1, ?2, ?3, ?4)",
        &[
            proposal.guest.as_str().into(),
            instance_key(proposal.proposed.instance()).into(),
            json(proposal)?,
            word(&proposal.state)?,
        ],
    )
    .map(drop)
}

/// Proposals in a state, at most 100: an owner's page shows no more.
pub(super) fn proposals(conn: &dyn SqlConn, state: ProposalState) -> Result<Vec<Proposal>, StoreError> {
    let rows = conn.run("SELECT proposal FROM proposal WHERE state = ?1 LIMIT 100", &[word(&state)?])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// A guest's proposals that were declined without his knowing.
pub(super) fn declined_of(conn: &dyn SqlConn, guest: &CalAddress) -> Result<Vec<Proposal>, StoreError> {
    let rows = conn.run(
        "SELECT proposal FROM proposal WHERE address = ?1 AND state = ?2",
        &[guest.as_str().into(), word(&ProposalState::Declined)?],
    )?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// Attempts of strangers that are kept.
const ATTEMPTS_MAX: u32 = 20;

pub(super) fn log_attempt(conn: &dyn SqlConn, attempt: &Attempt) -> Result<(), StoreError> {
    conn.run("INSERT INTO attempt (attempt) VALUES (?1)", &[json(attempt)?])?;
    conn.run("DELETE FROM attempt WHERE number <= (SELECT MAX(number) FROM attempt) - ?1", &[ATTEMPTS_MAX.into()])
        .map(drop)
}

/// What strangers tried, the newest first.
pub(super) fn attempts(conn: &dyn SqlConn) -> Result<Vec<Attempt>, StoreError> {
    let rows = conn.run("SELECT attempt FROM attempt ORDER BY number DESC", &[])?;
    rows.iter().map(|row| row.json(0)).collect()
}

pub(super) fn put_guest(conn: &dyn SqlConn, guest: &Guest) -> Result<(), StoreError> {
    let Guest { attendee, client } = guest;
    let choice = attendee.last_choice.as_ref().map(word).transpose()?.unwrap_or(Value::Null);
    let sent = |sent: Option<Sent>| -> [Value; 2] {
        [sent.map(|sent| sent.method.as_str()).into(), sent.map(|sent| sent.revision).into()]
    };
    let [sent_method, sent_revision] = sent(attendee.sent);
    let [maybe_method, maybe_revision] = sent(attendee.maybe_sent);
    conn.run(
        "INSERT OR REPLACE INTO attendee (address, name, origin, invited, partstat, last_choice, answered_sequence, \
         answered_dtstamp, answered_at, prodid, client, comment, sent_method, sent_revision, maybe_method, \
         maybe_revision, delivery, request_status, language, delegated_to, delegated_from, removed, floor_sequence, \
         floor_dtstamp, refreshed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
         ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)",
        &[
            attendee.address.as_str().into(),
            attendee.name.as_str().into(),
            attendee.origin.as_str().into(),
            attendee.invited.into(),
            attendee.partstat.as_str().into(),
            choice,
            attendee.answered.map(|order| order.sequence.0).into(),
            attendee.answered.map(|order| order.dtstamp).into(),
            attendee.answered_at.into(),
            attendee.prodid.as_str().into(),
            client.as_str().into(),
            attendee.comment.as_str().into(),
            sent_method,
            sent_revision,
            maybe_method,
            maybe_revision,
            word(&attendee.delivery)?,
            attendee.request_status.as_str().into(),
            attendee.language.as_str().into(),
            attendee.delegated_to.as_ref().map(CalAddress::as_str).into(),
            attendee.delegated_from.as_ref().map(CalAddress::as_str).into(),
            attendee.removed.into(),
            attendee.floor.sequence.0.into(),
            attendee.floor.dtstamp.into(),
            attendee.refreshed.into(),
        ],
    )
    .map(drop)
}

/// The next guests a round looks at: those that [`itip::is_due`] may find due, by address.
pub(super) fn round_guests(
    conn: &dyn SqlConn,
    after: &str,
    limit: u32,
    everyone: bool,
) -> Result<Vec<CalAddress>, StoreError> {
    let rows = conn.run(
        "SELECT address FROM attendee WHERE address > ?1 AND delivery = 'open' AND (last_choice IN ('yes', 'maybe') \
         OR EXISTS (SELECT 1 FROM instance_answer WHERE instance_answer.address = attendee.address) \
         OR (last_choice IS NULL AND (?3 OR sent_method = 'CANCEL' OR maybe_method = 'CANCEL' \
         OR (sent_method IS NULL AND maybe_method IS NULL)))) \
         ORDER BY address LIMIT ?2",
        &[after.into(), limit.into(), everyone.into()],
    )?;
    rows.iter().map(|row| address(row, 0)).collect()
}

/// A batch of mail that has not been settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    pub id: i64,
    pub guests: Vec<CalAddress>,
    pub purpose: Purpose,
    pub state: BatchState,
    pub lease: String,
    pub due: Timestamp,
    pub hint_at: Timestamp,
    pub attempts: u32,
}

/// Why the guests of a batch are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// A revision makes its round.
    Round,
    /// They asked for it, or an answer showed that they are behind.
    Wanted,
    /// Even if they hold the newest version.
    Again,
    /// Their proposals were declined.
    DeclineCounter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BatchState {
    /// Waits to be leased.
    Queued,
    /// A courier has it.
    Leased,
    /// The courier never came back, or SES never answered.
    Unknown,
}

macro_rules! select_batch {
    ($rest:literal) => {
        concat!("SELECT id, guests, purpose, state, lease, due, hint_at, attempts FROM batch ", $rest)
    };
}

fn read_batch(row: &Row) -> Result<Batch, StoreError> {
    Ok(Batch {
        id: row.integer(0)?,
        guests: row.json(1)?,
        purpose: from_word(row.text(2)?)?,
        state: from_word(row.text(3)?)?,
        lease: row.text(4)?.to_owned(),
        due: Timestamp(row.integer(5)?),
        hint_at: Timestamp(row.integer(6)?),
        attempts: row.count(7)?,
    })
}

pub(super) fn batch(conn: &dyn SqlConn, id: i64) -> Result<Option<Batch>, StoreError> {
    conn.run(select_batch!("WHERE id = ?1"), &[id.into()])?.first().map(read_batch).transpose()
}

/// Leases that have run out and graces that are over.
pub(super) fn overdue(conn: &dyn SqlConn, now: Timestamp) -> Result<Vec<Batch>, StoreError> {
    let rows = conn.run(select_batch!("WHERE state <> 'queued' AND due <= ?1 ORDER BY id LIMIT 100"), &[now.into()])?;
    rows.iter().map(read_batch).collect()
}

/// Queued batches that may go and have no fresh hint.
pub(super) fn unhinted(conn: &dyn SqlConn, now: Timestamp, limit: u32) -> Result<Vec<i64>, StoreError> {
    let rows = conn.run(
        "SELECT id FROM batch WHERE state = 'queued' AND due <= ?1 AND hint_at <= ?1 ORDER BY id LIMIT ?2",
        &[now.into(), limit.into()],
    )?;
    rows.iter().map(|row| row.integer(0)).collect()
}

pub(super) fn set_hint(conn: &dyn SqlConn, id: i64, at: Timestamp) -> Result<(), StoreError> {
    conn.run("UPDATE batch SET hint_at = ?2 WHERE id = ?1", &[id.into(), at.into()]).map(drop)
}

/// Stores a batch; id 0 makes a new one. Returns its id.
pub(super) fn put_batch(conn: &dyn SqlConn, batch: &Batch) -> Result<i64, StoreError> {
    let id = if batch.id == 0 { Value::Null } else { batch.id.into() };
    let rows = conn.run(
        "INSERT OR REPLACE INTO batch (id, guests, purpose, state, lease, due, hint_at, attempts) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id",
        &[
            id,
            json(&batch.guests)?,
            word(&batch.purpose)?,
            word(&batch.state)?,
            batch.lease.as_str().into(),
            batch.due.into(),
            batch.hint_at.into(),
            batch.attempts.into(),
        ],
    )?;
    rows.first().map_or(Ok(batch.id), |row| row.integer(0))
}

pub(super) fn remove_batch(conn: &dyn SqlConn, id: i64) -> Result<(), StoreError> {
    conn.run("DELETE FROM batch WHERE id = ?1", &[id.into()]).map(drop)
}

/// Which of these guests are in an open lease of another batch.
pub(super) fn leased_elsewhere(
    conn: &dyn SqlConn,
    id: i64,
    guests: &[CalAddress],
) -> Result<Vec<CalAddress>, StoreError> {
    let rows = conn.run(
        "SELECT DISTINCT held.value FROM batch, json_each(batch.guests) AS held \
         WHERE batch.state = 'leased' AND batch.id <> ?1 AND held.value IN (SELECT value FROM json_each(?2))",
        &[id.into(), json(&guests)?],
    )?;
    rows.iter().map(|row| address(row, 0)).collect()
}

/// Whether a mail to this guest waits in any batch.
pub(super) fn is_waiting(conn: &dyn SqlConn, guest: &CalAddress) -> Result<bool, StoreError> {
    let rows = conn.run(
        "SELECT 1 FROM batch, json_each(batch.guests) AS held WHERE held.value = ?1 LIMIT 1",
        &[guest.as_str().into()],
    )?;
    Ok(!rows.is_empty())
}

/// Mails that have not been settled.
pub(super) fn waiting(conn: &dyn SqlConn) -> Result<u32, StoreError> {
    conn.run("SELECT COALESCE(SUM(json_array_length(guests)), 0) FROM batch", &[])?
        .first()
        .map_or(Ok(0), |row| row.count(0))
}

pub(super) fn next_due(conn: &dyn SqlConn) -> Result<Option<Timestamp>, StoreError> {
    let rows = conn.run("SELECT MIN(CASE state WHEN 'queued' THEN MAX(due, hint_at) ELSE due END) FROM batch", &[])?;
    rows.first().map_or(Ok(None), |row| Ok(row.maybe_integer(0)?.map(Timestamp)))
}

/// A mail given up: kept here, filed in D1.
pub(super) struct Letter {
    pub id: String,
    pub guest: CalAddress,
    pub method: Method,
    pub revision: u32,
    pub reason: String,
    pub created: Timestamp,
}

pub(super) fn put_letter(conn: &dyn SqlConn, letter: &Letter) -> Result<(), StoreError> {
    conn.run(
        "INSERT OR REPLACE INTO dead_letter (id, address, method, revision, reason, created, filed) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
        &[
            letter.id.as_str().into(),
            letter.guest.as_str().into(),
            letter.method.as_str().into(),
            letter.revision.into(),
            letter.reason.as_str().into(),
            letter.created.into(),
        ],
    )
    .map(drop)
}

/// Takes a letter out and returns whose it is.
pub(super) fn take_letter(conn: &dyn SqlConn, id: &str) -> Result<Option<CalAddress>, StoreError> {
    let rows = conn.run("DELETE FROM dead_letter WHERE id = ?1 RETURNING address", &[id.into()])?;
    rows.first().map(|row| address(row, 0)).transpose()
}

pub(super) fn has_unfiled_letters(conn: &dyn SqlConn) -> Result<bool, StoreError> {
    Ok(!conn.run("SELECT 1 FROM dead_letter WHERE filed = 0 LIMIT 1", &[])?.is_empty())
}

pub(super) fn unfiled_letters(conn: &dyn SqlConn, event_id: &EventId) -> Result<Vec<DeadLetter>, StoreError> {
    let rows = conn
        .run("SELECT id, address, method, revision, reason, created FROM dead_letter WHERE filed = 0 LIMIT 50", &[])?;
    rows.iter()
        .map(|row| {
            Ok(DeadLetter {
                id: row.text(0)?.to_owned(),
                event_id: event_id.clone(),
                method: Method::parse(row.text(2)?).ok_or(StoreError::Shape { column: 2, wanted: "method" })?,
                revision: row.count(3)?,
                guest: mask(&address(row, 1)?),
                reason: row.text(4)?.to_owned(),
                created: Timestamp(row.integer(5)?),
            })
        })
        .collect()
}

/// First character and domain, as the first API masked its guests.
fn mask(address: &CalAddress) -> String {
    let first: String = address.local_part().chars().take(1).collect();
    format!("{first}*******@{}", address.domain())
}
