//! Mail that waits, is under way, or is of unknown fate (decision 9).

use std::collections::BTreeMap;

use arrange::Arrange as _;
use itip::{
    Attendee, CalAddress, Delivery, EventState, Field, Method, Order, PartStat, ProposalState, Sent, Timestamp, When,
    is_due,
};
use store::{SqlConn, StoreError};

use super::ObjectEnv;
use super::rows::{self, Batch, BatchState, Letter, Purpose, Record};
use crate::command::{BATCH_GUESTS_MAX, BatchId, CommandError, Fate, Lease, MailJob, Settled};
use crate::keys::{hex, mail_key};

/// How often a mail of unknown fate is sent again before a human must look.
const UNKNOWN_REPEATS_MAX: u32 = 3;
/// Batches that one alarm opens of a round, and hints that one alarm gives: a queue takes 100 messages at once.
const BATCHES_PER_ALARM: u32 = 50;
/// How long a guest waits whose mail of an older revision is still under way.
const DEFER_SECS: i64 = 2;

/// Opens batches for these guests and returns the first one's id; `None` for nobody.
pub(super) fn open_batch(
    conn: &dyn SqlConn,
    guests: &[CalAddress],
    purpose: Purpose,
    hint_at: Timestamp,
) -> Result<Option<BatchId>, StoreError> {
    let mut first = None;
    for chunk in guests.chunks(BATCH_GUESTS_MAX) {
        let batch = Batch {
            id: 0,
            guests: chunk.to_vec(),
            purpose,
            state: BatchState::Queued,
            lease: String::new(),
            due: Timestamp(0),
            hint_at,
            attempts: 0,
        };
        let id = rows::put_batch(conn, &batch)?;
        first = first.or(Some(id));
    }
    Ok(first)
}

/// Takes a batch: whoever is not due any more is left out, whoever is in another open lease waits.
pub(super) fn lease(conn: &dyn SqlConn, id: BatchId, now: Timestamp, env: &ObjectEnv) -> Result<Lease, CommandError> {
    let record = super::known(conn)?;
    let nothing = |record: Record| {
        let settings = record.settings;
        Lease { lease: String::new(), event: record.state, settings, mails: Vec::new() }
    };
    let Some(mut batch) = rows::batch(conn, id)?.filter(|batch| batch.state == BatchState::Queued && batch.due <= now)
    else {
        return Ok(nothing(record));
    };
    let deferred = rows::leased_elsewhere(conn, id, &batch.guests)?;
    if !deferred.is_empty() {
        let later = now.plus(DEFER_SECS);
        let rest = Batch { id: 0, guests: deferred.clone(), due: later, hint_at: later, ..batch.clone() };
        rows::put_batch(conn, &rest)?;
    }
    let mut mails: Vec<MailJob> = Vec::new();
    let mut held_version: Option<Sent> = None;
    let mut others: Vec<CalAddress> = Vec::new();
    let mut changed = ChangedSince::default();
    for address in batch.guests.iter().filter(|guest| !deferred.contains(guest)) {
        let Some(guest) = rows::guest(conn, address)? else {
            continue;
        };
        let attendee = guest.attendee;
        let Some((version, job)) = due_mail(conn, &attendee, &record, batch.purpose, &mut changed)? else {
            continue;
        };
        // A lease is settled as one version: who gets a CANCEL of his own goes in a batch of his own.
        if *held_version.get_or_insert(version) == version {
            mails.push(job);
        } else {
            others.push(attendee.address);
        }
    }
    if !others.is_empty() {
        rows::put_batch(conn, &Batch { id: 0, guests: others, hint_at: now, ..batch.clone() })?;
    }
    let Some(version) = held_version else {
        rows::remove_batch(conn, id)?;
        return Ok(nothing(record));
    };
    let nonce = hex(env.nonce.iter().take(8));
    batch.lease = format!("{} {} {nonce}", version.revision, version.method.as_str());
    batch.guests = mails.iter().map(|mail| mail.guest.clone()).collect();
    batch.state = BatchState::Leased;
    batch.due = now.plus(env.timing.lease_secs);
    rows::put_batch(conn, &batch)?;
    Ok(Lease { lease: batch.lease, event: record.state, settings: record.settings, mails })
}

/// What changed since a revision, looked up once for each.
#[derive(Default)]
struct ChangedSince(BTreeMap<u32, Vec<Field>>);

impl ChangedSince {
    fn fields(&mut self, conn: &dyn SqlConn, revision: u32) -> Result<Vec<Field>, StoreError> {
        if let Some(fields) = self.0.get(&revision) {
            return Ok(fields.clone());
        }
        let fields = rows::fields_since(conn, revision)?;
        self.0.insert(revision, fields.clone());
        Ok(fields)
    }
}

/// The mail due to a guest, and the version that it leaves him with.
fn due_mail(
    conn: &dyn SqlConn,
    attendee: &Attendee,
    record: &Record,
    purpose: Purpose,
    changed: &mut ChangedSince,
) -> Result<Option<(Sent, MailJob)>, StoreError> {
    let event = &record.state;
    if purpose == Purpose::DeclineCounter {
        let mut declined = rows::declined_of(conn, &attendee.address)?;
        let Some(proposal) = declined.pop().filter(|_| attendee.delivery == Delivery::Open) else { return Ok(None) };
        let order = Order { dtstamp: proposal.decided.unwrap_or(event.dtstamp), ..proposal.proposed.order };
        let version = Sent { method: Method::DeclineCounter, revision: event.revision };
        let job = MailJob { proposal: Some(proposal), order, ..mail_job(attendee, event, version) };
        return Ok(Some((version, job)));
    }
    let is_off = event.cancelled || attendee.removed;
    let current = if is_off { Method::Cancel } else { Method::Request };
    let again = purpose == Purpose::Again && attendee.delivery == Delivery::Open && attendee.may_hold().is_some();
    let due = is_due(attendee, event, purpose != Purpose::Round, record.audience());
    let Some(method) = due.or(again.then_some(current)) else { return Ok(None) };
    let version = Sent { method, revision: event.revision };
    let mut job = mail_job(attendee, event, version);
    if !again {
        let news = attendee.news_by_instance(event);
        job.instances = news.iter().map(|exception| exception.recurrence_id.instant()).collect();
        if news.iter().any(|exception| exception.state == itip::OverrideState::Cancelled) {
            job.method = Method::Cancel;
            job.key = mail_key(&event.event_id, event.revision, &attendee.address, Method::Cancel);
        }
    }
    if let Some(held) = attendee.may_hold().filter(|_| job.update) {
        job.changed = changed.fields(conn, held.revision)?;
    }
    Ok(Some((version, job)))
}

fn mail_job(attendee: &Attendee, event: &EventState, version: Sent) -> MailJob {
    let partstat = attendee.current_partstat(event.version.reset);
    let order = if attendee.removed {
        attendee.floor
    } else {
        Order { sequence: attendee.floor.sequence, dtstamp: event.dtstamp.max(attendee.floor.dtstamp.plus(1)) }
    };
    MailJob {
        guest: attendee.address.clone(),
        name: attendee.name.clone(),
        method: version.method,
        revision: version.revision,
        order,
        partstat,
        instance_partstats: instance_partstats(attendee, event, partstat),
        instances: Vec::new(),
        update: attendee.may_hold().is_some_and(|held| held.revision < event.revision),
        changed: Vec::new(),
        removed: attendee.removed && !event.cancelled,
        delegated_from: attendee.delegated_from.clone(),
        language: attendee.language.clone(),
        proposal: None,
        key: mail_key(&event.event_id, version.revision, &attendee.address, version.method),
    }
}

/// Instances for which a guest's PARTSTAT is not the one of the series.
fn instance_partstats(attendee: &Attendee, event: &EventState, of_series: PartStat) -> Vec<(When, PartStat)> {
    let exceptions = event.overrides.iter().map(|exception| &exception.recurrence_id.when);
    let answered = attendee.instances.iter().map(|answer| &answer.when);
    let mut instances: Vec<(When, PartStat)> = exceptions
        .chain(answered)
        .map(|when| (when.clone(), attendee.instance_partstat(when.instant(), event)))
        .filter(|(_, partstat)| *partstat != of_series)
        .collect();
    instances.arrange_by_key(|(when, _)| when.instant());
    instances.dedup_by_key(|(when, _)| when.instant());
    instances
}

/// The version that a lease was for; its word begins with it.
fn leased_version(lease: &str) -> Option<Sent> {
    let mut words = lease.split(' ');
    let revision = words.next()?.parse().ok()?;
    Some(Sent { revision, method: Method::parse(words.next()?)? })
}

/// Records what became of a lease. An acceptance counts even when the lease has run out; nothing else does then.
pub(super) fn settle(
    conn: &dyn SqlConn,
    id: BatchId,
    lease: &str,
    mails: &[Settled],
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<(), CommandError> {
    let record = super::known(conn)?;
    let Some(version) = leased_version(lease) else {
        return Ok(());
    };
    let mut batch = rows::batch(conn, id)?;
    let holds_lease = batch.as_ref().is_some_and(|batch| batch.state == BatchState::Leased && batch.lease == lease);
    let mut unknown = Vec::new();
    let mut retry_at = now;
    for settled in mails {
        let done = match &settled.fate {
            Fate::Accepted { .. } => {
                accepted(conn, &settled.guest, version)?;
                true
            }
            _ if !holds_lease => false,
            Fate::Refused { reason } => {
                refused(conn, &record, &settled.guest, version, reason, now)?;
                true
            }
            Fate::Suppressed => {
                super::close_delivery(conn, &settled.guest, Delivery::Suppressed)?;
                true
            }
            Fate::Unknown { .. } => {
                may_have(conn, &settled.guest, version)?;
                unknown.push(settled.guest.clone());
                true
            }
            Fate::Throttled { retry_secs } => {
                retry_at = retry_at.max(now.plus((*retry_secs).max(1)));
                false
            }
        };
        if let (true, Some(batch)) = (done, batch.as_mut()) {
            batch.guests.retain(|guest| *guest != settled.guest);
        }
    }
    let Some(mut batch) = batch else {
        return Ok(());
    };
    if !unknown.is_empty() {
        let doubtful = Batch {
            id: 0,
            guests: unknown,
            state: BatchState::Unknown,
            due: now.plus(env.timing.unknown_grace_secs),
            attempts: batch.attempts + 1,
            ..batch.clone()
        };
        give_up_or_keep(conn, &record, &doubtful, now)?;
    }
    if batch.guests.is_empty() {
        rows::remove_batch(conn, batch.id)?;
    } else {
        if holds_lease {
            batch.state = BatchState::Queued;
            batch.due = retry_at;
            batch.hint_at = retry_at;
        }
        rows::put_batch(conn, &batch)?;
    }
    Ok(())
}

fn accepted(conn: &dyn SqlConn, address: &CalAddress, version: Sent) -> Result<(), StoreError> {
    if version.method == Method::DeclineCounter {
        return proposal_told(conn, address);
    }
    let Some(mut guest) = rows::guest(conn, address)? else {
        return Ok(());
    };
    let attendee = &mut guest.attendee;
    if attendee.sent.is_none_or(|sent| sent.revision <= version.revision) {
        attendee.sent = Some(version);
    }
    if attendee.maybe_sent.is_some_and(|maybe| maybe.revision <= version.revision) {
        attendee.maybe_sent = None;
    }
    rows::put_guest(conn, &guest)
}

/// A DECLINECOUNTER has left. Each refusal opens a batch of its own, so a second one is not forgotten.
fn proposal_told(conn: &dyn SqlConn, guest: &CalAddress) -> Result<(), StoreError> {
    let Some(mut proposal) = rows::declined_of(conn, guest)?.pop() else {
        return Ok(());
    };
    proposal.state = ProposalState::Told;
    rows::put_proposal(conn, &proposal)
}

fn may_have(conn: &dyn SqlConn, address: &CalAddress, version: Sent) -> Result<(), StoreError> {
    if version.method == Method::DeclineCounter {
        return Ok(());
    }
    let Some(mut guest) = rows::guest(conn, address)? else {
        return Ok(());
    };
    guest.attendee.maybe_sent = Some(version);
    rows::put_guest(conn, &guest)
}

fn refused(
    conn: &dyn SqlConn,
    record: &Record,
    address: &CalAddress,
    version: Sent,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut guest) = rows::guest(conn, address)? else {
        return Ok(());
    };
    guest.attendee.delivery = Delivery::Refused;
    rows::put_guest(conn, &guest)?;
    bury(conn, record, address, version, reason, now)
}

fn bury(
    conn: &dyn SqlConn,
    record: &Record,
    guest: &CalAddress,
    version: Sent,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let letter = Letter {
        id: mail_key(&record.state.event_id, version.revision, guest, version.method),
        guest: guest.clone(),
        method: version.method,
        revision: version.revision,
        reason: reason.chars().take(300).collect(),
        created: now,
    };
    rows::put_letter(conn, &letter)
}

/// Keeps a batch of unknown fate for another try, or shows it as stuck.
fn give_up_or_keep(conn: &dyn SqlConn, record: &Record, batch: &Batch, now: Timestamp) -> Result<(), StoreError> {
    if batch.attempts <= UNKNOWN_REPEATS_MAX {
        return rows::put_batch(conn, batch).map(drop);
    }
    if let Some(version) = leased_version(&batch.lease) {
        for guest in &batch.guests {
            let reason = "stuck: the mail's fate stayed unknown each time it was sent";
            bury(conn, record, guest, version, reason, now)?;
        }
    }
    if batch.id != 0 {
        rows::remove_batch(conn, batch.id)?;
    }
    Ok(())
}

/// Leases that ran out become unknown; what has been unknown for the whole grace is queued again.
pub(super) fn expire(conn: &dyn SqlConn, now: Timestamp, env: &ObjectEnv) -> Result<(), StoreError> {
    for mut batch in rows::overdue(conn, now)? {
        match batch.state {
            BatchState::Queued => {}
            BatchState::Leased => {
                let Some(record) = Record::load(conn)? else {
                    return Ok(());
                };
                if let Some(version) = leased_version(&batch.lease) {
                    for guest in &batch.guests {
                        may_have(conn, guest, version)?;
                    }
                }
                batch.state = BatchState::Unknown;
                batch.due = now.plus(env.timing.unknown_grace_secs);
                batch.attempts += 1;
                give_up_or_keep(conn, &record, &batch, now)?;
            }
            BatchState::Unknown => {
                batch.state = BatchState::Queued;
                batch.due = now;
                batch.hint_at = now;
                rows::put_batch(conn, &batch)?;
            }
        }
    }
    Ok(())
}

/// Opens the next batches of a round. The audience is judged when a batch is leased: until then a guest may answer,
/// or an older mail to him may still be under way.
pub(super) fn advance_round(conn: &dyn SqlConn, record: &mut Record, now: Timestamp) -> Result<(), StoreError> {
    let Some(after) = record.round.clone() else {
        return Ok(());
    };
    let everyone = record.state.cancelled || record.settings.wide_time_changes;
    let size = u32::try_from(BATCH_GUESTS_MAX).unwrap_or(u32::MAX);
    let guests = rows::round_guests(conn, &after, size * BATCHES_PER_ALARM, everyone)?;
    open_batch(conn, &guests, Purpose::Round, now)?;
    record.round = guests.last().map(|last| last.as_str().to_owned());
    rows::save_round(conn, record.round.as_deref())
}

/// Queued batches to hint at now; each is hinted at again if nobody takes it.
pub(super) fn hints(conn: &dyn SqlConn, now: Timestamp, env: &ObjectEnv) -> Result<Vec<BatchId>, StoreError> {
    let ids = rows::unhinted(conn, now, BATCHES_PER_ALARM)?;
    for id in &ids {
        rows::set_hint(conn, *id, now.plus(env.timing.hint_repeat_secs))?;
    }
    Ok(ids)
}

/// Sends a dead letter again: the newest revision, if the guest still needs it.
pub(super) fn replay(conn: &dyn SqlConn, letter: &str, now: Timestamp) -> Result<Option<BatchId>, CommandError> {
    super::known(conn)?;
    let address = rows::take_letter(conn, letter)?.ok_or(CommandError::NothingWaiting)?;
    if let Some(mut guest) = rows::guest(conn, &address)?
        && guest.attendee.delivery == Delivery::Refused
    {
        guest.attendee.delivery = Delivery::Open;
        rows::put_guest(conn, &guest)?;
    }
    Ok(open_batch(conn, &[address], Purpose::Wanted, now)?)
}
