//! Guests' answers: whose counts, to what, and whom it brings in.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use itip::{
    Answer, AnswerOutcome, Attendee, CalAddress, Method, Origin, PartStat, RecurrenceId, RsvpStatus, Sent, Sequence,
    Timestamp, When, apply_answer,
};
use store::directory::Counters;
use store::{SqlConn, StoreError};

use super::rows::{self, Guest, Purpose, Record};
use super::{ObjectEnv, insert_guest, known, mailing};
use crate::command::{CommandError, INSTANCES_MAX, InstanceCount, Reply};

/// What is known of somebody who answers without being on the list.
pub(super) struct Newcomer {
    pub name: String,
    pub authenticated: bool,
    pub vouched_by: Option<CalAddress>,
}

/// Takes an answer, to the event or to one of its instances; a delegation brings in the delegate.
pub(super) fn take_answer(
    conn: &dyn SqlConn,
    address: CalAddress,
    newcomer: Newcomer,
    answer: &Answer,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Reply, CommandError> {
    let mut record = known(conn)?;
    let voucher = match &newcomer.vouched_by {
        Some(voucher) => rows::guest(conn, voucher)?.filter(|voucher| !voucher.attendee.removed),
        None => None,
    };
    let sent_by_voucher =
        voucher.as_ref().is_some_and(|voucher| voucher.attendee.delegated_to.as_ref() == Some(&address));
    let may_join = sent_by_voucher || (newcomer.authenticated && (record.allow_shared || voucher.is_some()));
    // Whoever holds somebody else's invitation speaks for nobody but himself.
    let speaks_for = |attendee: &Attendee| {
        newcomer.authenticated || newcomer.vouched_by.is_none() || attendee.delegated_from == newcomer.vouched_by
    };
    let mut due: Vec<CalAddress> = Vec::new();
    let (outcome, attendee) = match rows::guest(conn, &address)? {
        Some(guest) if !speaks_for(&guest.attendee) => {
            return Ok(Reply::Answered { outcome: None, batch: None });
        }
        Some(mut guest) => {
            let outcome = apply_answer(&mut guest.attendee, answer, &record.state);
            if let AnswerOutcome::Recorded { from, to } = outcome {
                if !guest.attendee.removed {
                    count_answer(&mut record.counters, &mut guest, answer, from, to);
                }
                put_answer(conn, &guest, answer)?;
            }
            (outcome, guest.attendee)
        }
        None if may_join && answer.partstat.choice().is_some() => {
            let mut attendee = Attendee::new(address, newcomer.name, Origin::Shared, now);
            let outcome = apply_answer(&mut attendee, answer, &record.state);
            if let Some(voucher) = voucher {
                attendee.language = voucher.attendee.language;
                attendee.delegated_from = sent_by_voucher.then_some(voucher.attendee.address);
            }
            // He answers a copy that somebody passed on to him, so he holds that version.
            let revision = if answer.order.sequence < record.state.sequence { 0 } else { record.state.revision };
            attendee.sent = Some(Sent { method: Method::Request, revision });
            insert_guest(conn, &mut record.counters, attendee.clone(), &record.state)?;
            put_instances(conn, &attendee)?;
            (outcome, attendee)
        }
        None => {
            return Ok(Reply::Answered { outcome: None, batch: None });
        }
    };
    let AnswerOutcome::Recorded { .. } = outcome else {
        return Ok(Reply::Answered { outcome: Some(outcome), batch: None });
    };
    rows::log_answer(conn, &attendee.address, answer)?;
    if let Some(delegate) = &answer.delegated_to
        && answer.partstat == PartStat::Delegated
        && delegate.domain() != env.domain
    {
        due.extend(invite_delegate(conn, &mut record, &attendee, delegate, now)?);
    }
    // He answered while a newer revision was out: the current one brings him up to date.
    let behind = !record.held
        && !record.state.is_past(now)
        && itip::is_due(&attendee, &record.state, true, record.audience()).is_some()
        && !rows::is_waiting(conn, &attendee.address)?;
    record.save(conn)?;
    due.extend(behind.then_some(attendee.address));
    let batch = mailing::open_batch(conn, &due, Purpose::Wanted, now.plus(env.timing.hint_repeat_secs))?;
    Ok(Reply::Answered { outcome: Some(outcome), batch })
}

/// An answer to one instance leaves the counts of the event alone.
fn count_answer(counters: &mut Counters, guest: &mut Guest, answer: &Answer, from: RsvpStatus, to: RsvpStatus) {
    if answer.recurrence_id.is_none() {
        counters.answer(from, to);
    }
    if !answer.prodid.is_empty() {
        let client = counters.client_key(&answer.prodid);
        counters.client(&guest.client, &client);
        guest.client = client;
    }
}

fn put_answer(conn: &dyn SqlConn, guest: &Guest, answer: &Answer) -> Result<(), StoreError> {
    rows::put_guest(conn, guest)?;
    let instant = answer.recurrence_id.as_ref().map(RecurrenceId::instant);
    let mut answered = guest.attendee.instances.iter().filter(|known| Some(known.instant()) == instant);
    answered.try_for_each(|known| rows::put_instance_answer(conn, &guest.attendee.address, known))
}

fn put_instances(conn: &dyn SqlConn, attendee: &Attendee) -> Result<(), StoreError> {
    attendee.instances.iter().try_for_each(|known| rows::put_instance_answer(conn, &attendee.address, known))
}

/// A guest sends somebody else: that person is invited in his place (RFC 5546 section 3.2.2.3), once, and not further.
fn invite_delegate(
    conn: &dyn SqlConn,
    record: &mut Record,
    delegator: &Attendee,
    delegate: &CalAddress,
    now: Timestamp,
) -> Result<Option<CalAddress>, StoreError> {
    let may = record.allow_shared && delegator.delegated_from.is_none() && *delegate != delegator.address;
    if !may || record.state.cancelled || record.state.is_past(now) || rows::guest(conn, delegate)?.is_some() {
        return Ok(None);
    }
    // One stranger a guest: his answers must not make us write to as many people as he likes. Whoever else he sends
    // can answer with his invitation.
    if rows::has_delegate(conn, &delegator.address)? {
        return Ok(None);
    }
    let mut attendee = Attendee::new(delegate.clone(), String::new(), Origin::Shared, now);
    attendee.language.clone_from(&delegator.language);
    attendee.delegated_from = Some(delegator.address.clone());
    insert_guest(conn, &mut record.counters, attendee, &record.state)?;
    Ok(Some(delegate.clone()))
}

/// Counts answers to instances: the series' answers, corrected by those who answered apart.
pub(super) fn instances(conn: &dyn SqlConn, starts: Vec<When>) -> Result<Vec<InstanceCount>, CommandError> {
    let record = known(conn)?;
    let mut of_series: BTreeMap<Sequence, Vec<(PartStat, u32)>> = BTreeMap::new();
    let mut counted = Vec::new();
    for start in starts.into_iter().take(INSTANCES_MAX) {
        let instant = start.instant();
        let reset = record.state.instance_reset(instant);
        if let Entry::Vacant(vacant) = of_series.entry(reset) {
            vacant.insert(rows::answers_from(conn, reset)?);
        }
        let mut counts: BTreeMap<RsvpStatus, u32> = BTreeMap::new();
        for (partstat, guests) in of_series.get(&reset).into_iter().flatten() {
            *counts.entry((*partstat).into()).or_default() += guests;
        }
        let mut apart = 0;
        for (stands, says, guests) in rows::answers_apart(conn, instant, reset)? {
            let left = counts.entry(stands.into()).or_default();
            *left = left.saturating_sub(guests);
            *counts.entry(says.into()).or_default() += guests;
            apart += guests;
        }
        counted.push(InstanceCount { start, counts: counts.into_iter().collect(), apart });
    }
    Ok(counted)
}
