//! The logic of an event's object: the record of one event, its guests, and the mail that waits.
//!
//! Invariants: a command is one transaction without an await; a revision commits in O(1), its round through the
//! guests goes on by alarms; a guest is in at most one open lease; nothing is forgotten before SES has it, refuses it
//! or a human sees it (decision 9).

mod answers;
mod mailing;
mod proposals;
mod rows;
mod seed;

use itip::{
    Attendee, CalAddress, Circumstances, Delivery, EventId, EventState, ItipError, ItipMessage, Method, Order, Outcome,
    ProposalState, Sequence, Timestamp, Transition, apply_add, apply_cancel, apply_request, call_off,
};
use store::directory::Counters;
use store::search::{self, EventWords};
use store::{SqlConn, Statement, StoreError, accounts, directory, seeds};

use crate::command::{BatchId, Command, CommandError, Enrolled, Enrollment, Imported, Job, Reply, Shown};
use crate::settings::{OrganizerSettings, Timing};
use rows::{Guest, Purpose, Record};
pub use seed::{is_known, planted, sow};

/// What an object needs to know beside its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEnv {
    /// Our mail domain.
    pub domain: String,
    /// The deployment's times.
    pub timing: Timing,
    /// Fresh randomness for this call, for the word of a lease.
    pub nonce: [u8; 32],
}

/// What an alarm found to do outside of the object, in this order: project, tell, confirm, hint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlarmWork {
    /// Statements for D1, in one batch; empty when D1 is up to date.
    pub statements: Vec<Statement>,
    /// Organizers to tell that the event looks different, once D1 knows how.
    pub tell: Vec<CalAddress>,
    /// What to pass to [`projected`] when they are told.
    pub projection: Projection,
    /// Jobs for the queue.
    pub jobs: Vec<Job>,
}

/// What D1 and the organizer's pages have learnt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Projection {
    version: i64,
    looks: Option<String>,
}

/// Reports that one event may mail in [`REPORT_WINDOW_SECS`].
const REPORTS_MAX: usize = 5;
/// The window of [`REPORTS_MAX`].
const REPORT_WINDOW_SECS: i64 = 3600;

/// Brings the object's tables to the newest schema; runs in the constructor.
pub fn migrate(conn: &dyn SqlConn) -> Result<(), StoreError> {
    rows::migrate(conn)
}

/// Carries out a command. The caller has opened a transaction, and sets the alarm to [`next_alarm`] in it.
pub fn handle(
    conn: &dyn SqlConn,
    id: &EventId,
    command: Command,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Reply, CommandError> {
    match command {
        Command::Organizer { message, sender, settings } => organizer(conn, id, &message, sender, settings, now, env),
        Command::Import { message, sender, settings } => {
            let (record, transition) = read_message(conn, id, &message, sender, settings, now, env)?;
            import(conn, record, transition, now, env)
        }
        Command::CallOff { owner, settings } => {
            let mut record = known(conn)?;
            if record.state.owner != owner {
                return Err(CommandError::NotFound);
            }
            record.settings = settings;
            let transition = call_off(&record.state, &about(id, &owner, &record.settings, now, env));
            import(conn, record, transition, now, env)
        }
        Command::Enroll { guests, again, invites_max } => enroll(conn, &guests, again, invites_max, now, env),
        Command::Answer { guest, name, answer, authenticated, vouched_by } => {
            let newcomer = answers::Newcomer { name, authenticated, vouched_by };
            answers::take_answer(conn, guest, newcomer, &answer, now, env)
        }
        Command::Refresh { guest } => refresh(conn, &guest, now, env),
        Command::Propose { guest, proposed } => proposals::propose(conn, &guest, proposed),
        Command::Decide { guest, instance, accept } => proposals::decide(conn, id, &guest, instance, accept, now, env),
        Command::Remove { guest } => remove(conn, &guest, now, env),
        Command::HandOver { owner, settings } => {
            let mut record = known(conn)?;
            record.state.owner = owner;
            record.settings = settings;
            record.save(conn)?;
            Ok(Reply::Done)
        }
        Command::Stranger { attempt } => {
            known(conn)?;
            rows::log_attempt(conn, &attempt)?;
            Ok(Reply::Done)
        }
        Command::Instances { starts } => answers::instances(conn, starts).map(Reply::Instances),
        Command::Lease { batch } => mailing::lease(conn, batch, now, env).map(|lease| Reply::Leased(Box::new(lease))),
        Command::Settle { batch, lease, mails } => {
            mailing::settle(conn, batch, &lease, &mails, now, env)?;
            Ok(Reply::Done)
        }
        Command::Show => {
            let record = known(conn)?;
            Ok(Reply::Shown(Box::new(Shown {
                event: record.state,
                counters: record.counters,
                settings: record.settings,
                held: record.held,
                waiting: rows::waiting(conn)?,
                allow_shared: record.allow_shared,
                proposals: rows::proposals(conn, ProposalState::Open)?,
                attempts: rows::attempts(conn)?,
            })))
        }
        Command::Attendees { after, limit } => {
            known(conn)?;
            let guests = rows::guests_after(conn, after.as_ref().map_or("", CalAddress::as_str), limit)?;
            Ok(Reply::Attendees(guests.into_iter().map(|guest| guest.attendee).collect()))
        }
        Command::Attendee { guest } => {
            known(conn)?;
            Ok(Reply::Attendees(rows::guest(conn, &guest)?.into_iter().map(|guest| guest.attendee).collect()))
        }
        Command::Release => {
            let mut record = known(conn)?;
            if !record.held {
                return Err(CommandError::NothingWaiting);
            }
            record.held = false;
            record.round = Some(String::new());
            let outcome = Outcome::Updated { fields: Vec::new(), moved: false };
            let reply = organizer_reply(&record, outcome);
            record.save(conn)?;
            Ok(reply)
        }
        Command::CancelUninvited => {
            let record = known(conn)?;
            if record.state.following || record.state.cancelled {
                return Err(CommandError::NothingWaiting);
            }
            let owner = record.state.owner.clone();
            let transition = call_off(&record.state, &about(id, &owner, &record.settings, now, env));
            commit(conn, record, transition, now)
        }
        Command::Replay { letter } => mailing::replay(conn, &letter, now).map(|batch| Reply::Replayed { batch }),
        Command::Suppress { guest } => close_delivery(conn, &guest, Delivery::Suppressed),
        Command::Undeliverable { guest } => close_delivery(conn, &guest, Delivery::Undeliverable),
        Command::AllowShared { allow } => {
            let mut record = known(conn)?;
            record.allow_shared = allow;
            record.save(conn)?;
            Ok(Reply::Done)
        }
        Command::TakeReport => {
            let mut record = known(conn)?;
            record.reports.retain(|at| at.plus(REPORT_WINDOW_SECS) > now);
            let wait_secs = match record.reports.first() {
                Some(first) if record.reports.len() >= REPORTS_MAX => first.plus(REPORT_WINDOW_SECS).0 - now.0,
                _ => {
                    record.reports.push(now);
                    record.save(conn)?;
                    0
                }
            };
            Ok(Reply::Report { wait_secs })
        }
    }
}

/// The record of an event that has something to show.
fn known(conn: &dyn SqlConn) -> Result<Record, CommandError> {
    Record::load(conn)?.filter(|record| record.state.shown().is_some()).ok_or(CommandError::NotFound)
}

fn about<'a>(
    id: &'a EventId,
    sender: &'a CalAddress,
    settings: &OrganizerSettings,
    now: Timestamp,
    env: &'a ObjectEnv,
) -> Circumstances<'a> {
    Circumstances { event_id: id, sender, own_domain: &env.domain, ask_again: settings.ask_again, now }
}

fn organizer(
    conn: &dyn SqlConn,
    id: &EventId,
    message: &ItipMessage,
    sender: CalAddress,
    settings: OrganizerSettings,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Reply, CommandError> {
    let (record, transition) = read_message(conn, id, message, sender, settings, now, env)?;
    commit(conn, record, transition, now)
}

/// What an organizer's message does to the record as it is.
fn read_message(
    conn: &dyn SqlConn,
    id: &EventId,
    message: &ItipMessage,
    sender: CalAddress,
    settings: OrganizerSettings,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<(Record, Transition), CommandError> {
    let record = Record::load(conn)?;
    let prior = record.as_ref().map(|record| &record.state);
    let circumstances = about(id, &sender, &settings, now, env);
    let mut transition = match message.method {
        Method::Request | Method::Publish => apply_request(prior, message, &circumstances)?,
        Method::Cancel => apply_cancel(prior, message, &circumstances)?,
        Method::Add => apply_add(prior, message, &circumstances)?,
        Method::Reply | Method::Refresh | Method::Counter | Method::DeclineCounter => {
            return Err(ItipError::MethodNotAllowed.into());
        }
    };
    transition.state.owner = sender;
    let mut record = record.unwrap_or_else(|| Record::new(transition.state.clone(), settings.allow_shared));
    record.settings = settings;
    Ok((record, transition))
}

/// Stores what an organizer's message did and starts its round through the guests.
fn commit(
    conn: &dyn SqlConn,
    mut record: Record,
    transition: Transition,
    now: Timestamp,
) -> Result<Reply, CommandError> {
    let outcome = step(conn, &mut record, transition, now)?;
    let reply = organizer_reply(&record, outcome);
    record.save(conn)?;
    Ok(reply)
}

/// The same for an import, which projects many events at once.
fn import(
    conn: &dyn SqlConn,
    mut record: Record,
    transition: Transition,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Reply, CommandError> {
    let outcome = step(conn, &mut record, transition, now)?;
    record.save_projected_elsewhere(conn, now.plus(env.timing.lease_secs))?;
    let Record { state: event, counters, version, held, .. } = record;
    Ok(Reply::Imported(Box::new(Imported { outcome, held, event, counters, version })))
}

fn step(
    conn: &dyn SqlConn,
    record: &mut Record,
    transition: Transition,
    now: Timestamp,
) -> Result<Outcome, StoreError> {
    let Transition { state, outcome } = transition;
    let asks_again = state.version.reset > record.state.version.reset;
    record.state = state;
    if outcome.is_visible() {
        rows::log_revision(conn, &record.state, &outcome, now)?;
        if asks_again {
            record.counters.reset();
        }
        // Whoever hears of an event that is over hears of nothing he can use.
        let tells = record.counters.attendees > 0 && !record.state.is_past(now);
        record.held = tells && record.settings.approval;
        // A round under way starts over: the newer revision replaces the older one.
        record.round = (tells && !record.held).then(String::new);
    }
    Ok(outcome)
}

fn organizer_reply(record: &Record, outcome: Outcome) -> Reply {
    Reply::Organizer {
        outcome,
        revision: record.state.revision,
        held: record.held,
        guests: record.counters.attendees.saturating_sub(record.counters.declined),
    }
}

fn enroll(
    conn: &dyn SqlConn,
    guests: &[Enrollment],
    again: bool,
    invites_max: u32,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Reply, CommandError> {
    let mut record = known(conn)?;
    let refusal = if record.state.cancelled {
        Some(Enrolled::Cancelled)
    } else if record.state.is_past(now) {
        Some(Enrolled::Past)
    } else {
        None
    };
    if let Some(refusal) = refusal {
        return Ok(Reply::Enrolled { results: guests.iter().map(|_| refusal).collect(), batch: None });
    }
    let mut results = Vec::with_capacity(guests.len());
    let mut due: Vec<CalAddress> = Vec::new();
    let mut changed = false;
    for enrollment in guests {
        let address = &enrollment.address;
        results.push(match rows::guest(conn, address)? {
            Some(guest) if guest.attendee.delivery != Delivery::Open => Enrolled::Unreachable,
            Some(guest) if guest.attendee.removed => {
                rejoin(conn, &mut record.counters, guest, &record.state)?;
                changed = true;
                due.push(address.clone());
                Enrolled::Invited
            }
            Some(_) if due.contains(address) => Enrolled::Already,
            Some(guest) => {
                let behind = itip::is_due(&guest.attendee, &record.state, true, record.audience()).is_some();
                if again || (behind && !rows::is_waiting(conn, address)?) {
                    due.push(address.clone());
                    Enrolled::Invited
                } else {
                    Enrolled::Already
                }
            }
            None if record.counters.attendees >= invites_max => Enrolled::Full,
            None => {
                let mut attendee = Attendee::new(address.clone(), enrollment.name.clone(), enrollment.origin, now);
                attendee.language.clone_from(&enrollment.language);
                insert_guest(conn, &mut record.counters, attendee, &record.state)?;
                changed = true;
                due.push(address.clone());
                Enrolled::Invited
            }
        });
    }
    if changed {
        record.save(conn)?;
    }
    let purpose = if again { Purpose::Again } else { Purpose::Wanted };
    let batch = mailing::open_batch(conn, &due, purpose, now.plus(env.timing.hint_repeat_secs))?;
    Ok(Reply::Enrolled { results, batch })
}

fn insert_guest(
    conn: &dyn SqlConn,
    counters: &mut Counters,
    attendee: Attendee,
    state: &itip::EventState,
) -> Result<(), StoreError> {
    let client = counters.client_key(&attendee.prodid);
    counters.enroll(attendee.origin, attendee.status(state.version.reset), &client);
    rows::put_guest(conn, &Guest { attendee, client })
}

/// A guest who was taken off the list is invited again; what he gets now is newer than his CANCEL.
fn rejoin(
    conn: &dyn SqlConn,
    counters: &mut Counters,
    mut guest: Guest,
    state: &itip::EventState,
) -> Result<(), StoreError> {
    guest.attendee.removed = false;
    counters.enroll(guest.attendee.origin, guest.attendee.status(state.version.reset), &guest.client);
    rows::put_guest(conn, &guest)
}

/// How often a guest may ask for the current version.
const REFRESH_WAIT_SECS: i64 = 3600;

/// REFRESH: a listed guest gets the current REQUEST or CANCEL once more; nothing changes (RFC 5546 section 3.2.6).
fn refresh(conn: &dyn SqlConn, guest: &CalAddress, now: Timestamp, env: &ObjectEnv) -> Result<Reply, CommandError> {
    let record = known(conn)?;
    let listed = rows::guest(conn, guest)?.filter(|guest| !guest.attendee.removed && !record.held);
    let Some(mut listed) = listed.filter(|guest| {
        let asked = guest.attendee.refreshed;
        asked.is_none_or(|asked| asked.plus(REFRESH_WAIT_SECS) <= now)
    }) else {
        return Ok(Reply::Batch { batch: None });
    };
    listed.attendee.refreshed = Some(now);
    rows::put_guest(conn, &listed)?;
    let hint_at = now.plus(env.timing.hint_repeat_secs);
    let batch = mailing::open_batch(conn, std::slice::from_ref(guest), Purpose::Again, hint_at)?;
    Ok(Reply::Batch { batch })
}

/// Takes a guest off the list. Whoever may hold an invitation gets a CANCEL of his own, one SEQUENCE higher
/// (RFC 5546 section 3.2.5); nobody else hears of it.
fn remove(conn: &dyn SqlConn, guest: &CalAddress, now: Timestamp, env: &ObjectEnv) -> Result<Reply, CommandError> {
    let mut record = known(conn)?;
    let listed = rows::guest(conn, guest)?.filter(|guest| !guest.attendee.removed);
    let mut listed = listed.ok_or(CommandError::NothingWaiting)?;
    let status = listed.attendee.status(record.state.version.reset);
    record.counters.leave(listed.attendee.origin, status, &listed.client);
    record.state.sequence = Sequence(record.state.sequence.0.saturating_add(1));
    listed.attendee.removed = true;
    listed.attendee.floor = Order { sequence: record.state.sequence, dtstamp: now.max(record.state.dtstamp.plus(1)) };
    rows::put_guest(conn, &listed)?;
    record.save(conn)?;
    if record.state.is_past(now) {
        return Ok(Reply::Batch { batch: None });
    }
    let hint_at = now.plus(env.timing.hint_repeat_secs);
    let batch = mailing::open_batch(conn, std::slice::from_ref(guest), Purpose::Wanted, hint_at)?;
    Ok(Reply::Batch { batch })
}

fn close_delivery(conn: &dyn SqlConn, address: &CalAddress, delivery: Delivery) -> Result<Reply, CommandError> {
    known(conn)?;
    if let Some(mut guest) = rows::guest(conn, address)? {
        guest.attendee.delivery = delivery;
        rows::put_guest(conn, &guest)?;
    }
    Ok(Reply::Done)
}

/// What is due now. In a transaction; changes only what it hands out.
pub fn alarm(conn: &dyn SqlConn, id: &EventId, now: Timestamp, env: &ObjectEnv) -> Result<AlarmWork, StoreError> {
    let Some(mut record) = Record::load(conn)? else {
        return Ok(AlarmWork::default());
    };
    mailing::expire(conn, now, env)?;
    mailing::advance_round(conn, &mut record, now)?;
    let jobs = mailing::hints(conn, now, env)?
        .into_iter()
        .map(|batch: BatchId| Job::Batch { event: id.clone(), batch })
        .collect();
    let mut statements = Vec::new();
    let mut tell = Vec::new();
    let mut projection = Projection { version: record.projected, looks: None };
    if record.version > record.projected && record.project_at <= now {
        projection.version = record.version;
        statements = statements_of(&record.state, &record.counters, record.version)?;
        if statements.is_empty() {
            // A tombstone has no row to write.
            rows::confirm(conn, record.version, None)?;
        } else {
            let looks = rows::looks(conn, &record.state.owner)?;
            if record.projected == 0 {
                statements.push(seeds::forget(id));
            }
            tell = told_of(&looks, &record.state.owner);
            projection.looks = Some(looks.now);
        }
    }
    statements.extend(rows::unfiled_letters(conn, id)?.iter().map(accounts::bury));
    Ok(AlarmWork { statements, tell, projection, jobs })
}

/// What D1 is told of a version: the event's row, and the words that find it. Nothing for a tombstone.
pub fn statements_of(state: &EventState, counters: &Counters, version: i64) -> Result<Vec<Statement>, StoreError> {
    let row = directory::project(state, counters, version)?;
    let words = row.is_some().then(|| words_of(state)).flatten();
    let words = words.map(|words| search::index(&state.event_id, &state.owner, version, &words));
    Ok(row.into_iter().chain(words.into_iter().flatten()).collect())
}

/// The words that find an event.
fn words_of(state: &EventState) -> Option<EventWords> {
    let said = timetable::Said::of(state.shown()?, &state.overrides, &state.organizer.name);
    Some(EventWords {
        title: said.title,
        teams: said.teams,
        place: said.place,
        categories: said.categories,
        offer: said.offer,
    })
}

/// Whose pages show the event differently now: its owner's, and those of the one before.
fn told_of(looks: &rows::Looks, owner: &CalAddress) -> Vec<CalAddress> {
    if looks.now == looks.told {
        return Vec::new();
    }
    let before = looks.told.split_once(' ').and_then(|(before, _)| CalAddress::parse(before).ok());
    [owner.clone()].into_iter().chain(before.filter(|before| before != owner)).collect()
}

/// D1 has taken the statements of an [`alarm`], and the organizers are told.
pub fn projected(conn: &dyn SqlConn, projection: &Projection) -> Result<(), StoreError> {
    rows::confirm(conn, projection.version, projection.looks.as_deref())
}

/// When the object must wake up next; `None` when nothing waits.
pub fn next_alarm(conn: &dyn SqlConn, now: Timestamp, _env: &ObjectEnv) -> Result<Option<Timestamp>, StoreError> {
    let Some(record) = Record::load(conn)? else {
        return Ok(None);
    };
    if record.round.is_some() || rows::has_unfiled_letters(conn)? {
        return Ok(Some(now));
    }
    let project = (record.version > record.projected).then(|| record.project_at.max(now));
    Ok(project.into_iter().chain(rows::next_due(conn)?).min())
}

#[cfg(test)]
mod tests;
