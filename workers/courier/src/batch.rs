//! A batch of one event's guests: lease, ask the gate, send, settle (decision 9).
//!
//! Invariant: every mail of a lease is settled in this run, whatever happens to it; only a crash leaves a lease open,
//! and then the object calls its mails unknown.

use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::StreamExt;
use itip::{CalAddress, EventId};
use scheduling::command::{BatchId, Command, CommandError, Fate, Lease, MailJob, Reply, Settled};
use scheduling::keys::address_hash;
use scheduling::send_gate::{Lane, Pace, Permit};
use store::accounts;

use crate::compose::{Letter, guest_mail};
use crate::ses_call::{Answer, ask_account, send};
use crate::{CourierContext, CourierError, DeliveryVerdict};

/// Requests to SES at a time: a Worker may hold six connections, and one stays for the objects.
const CONCURRENT_MAX: usize = 5;
/// When a connection could not even be made, this is soon enough.
const NOT_SENT_RETRY_SECS: i64 = 10;
/// When the gate itself does not answer.
const GATE_RETRY_SECS: i64 = 5;
/// After "too fast", on top of what the gate says.
const TOO_FAST_RETRY_SECS: i64 = 5;

/// Sends a batch.
pub(crate) async fn deliver(
    event: &EventId,
    batch: BatchId,
    ctx: &CourierContext,
) -> Result<DeliveryVerdict, CourierError> {
    let lease = match ctx.objects.event(event, Command::Lease { batch }).await {
        Ok(Reply::Leased(lease)) => lease,
        Ok(_) | Err(CommandError::NotFound | CommandError::NothingWaiting) => return Ok(NOTHING),
        Err(error) => return Err(error.into()),
    };
    if lease.mails.is_empty() {
        return Ok(NOTHING);
    }
    let unwilling = match unwilling(&lease, ctx).await {
        Ok(unwilling) => unwilling,
        Err(error) => {
            // Nothing has left: the whole lease goes back into the queue.
            settle(event, Command::Settle { batch, lease: lease.lease, mails: Vec::new() }, ctx).await?;
            return Err(error);
        }
    };
    let (stay, go): (Vec<&MailJob>, Vec<&MailJob>) = lease.mails.iter().partition(|job| unwilling.contains(&job.guest));
    let permit = permit(go.len(), ctx).await;
    let granted = usize::try_from(permit.granted).unwrap_or(usize::MAX);
    // Once SES says "too fast" or holds the account, what has not left yet waits.
    let stopped = AtomicI64::new(0);
    let (now, later) = go.split_at_checked(granted).unwrap_or((&go, &[]));
    let wait = |job: &&MailJob| settled(job, Fate::Throttled { retry_secs: permit.retry_secs.max(1) });
    let mut mails: Vec<Settled> = futures_util::stream::iter(now)
        .map(|job| deliver_one(&lease, job, &stopped, ctx))
        .buffer_unordered(CONCURRENT_MAX)
        .collect()
        .await;
    mails.extend(later.iter().map(wait));
    mails.extend(stay.into_iter().map(|job| settled(job, Fate::Suppressed)));
    let verdict = count(mails.iter().map(|mail| &mail.fate));
    settle(event, Command::Settle { batch, lease: lease.lease.clone(), mails }, ctx).await?;
    if permit.ask_account {
        ask_account(ctx).await;
    }
    Ok(verdict)
}

/// Who of a lease has asked this organizer, or everybody, for no more mail. Unsubscribing tells one event; the others
/// find out here.
async fn unwilling(lease: &Lease, ctx: &CourierContext) -> Result<Vec<CalAddress>, CourierError> {
    let hashed = |job: &MailJob| (address_hash(&ctx.keys, &job.guest), job.guest.clone());
    let guests: Vec<(String, CalAddress)> = lease.mails.iter().map(hashed).collect();
    let hashes: Vec<String> = guests.iter().map(|(hash, _)| hash.clone()).collect();
    let suppressed = accounts::suppressed_among(ctx.db.as_ref(), &hashes, &lease.event.owner).await?;
    Ok(guests.into_iter().filter(|(hash, _)| suppressed.contains(hash)).map(|(_, guest)| guest).collect())
}

const NOTHING: DeliveryVerdict = DeliveryVerdict::Done { accepted: 0, other: 0 };

/// Leave to send; without a gate nothing leaves.
pub(crate) async fn permit(mails: usize, ctx: &CourierContext) -> Permit {
    let lane = if mails == 1 { Lane::Single } else { Lane::Bulk };
    let wanted = u32::try_from(mails).unwrap_or(u32::MAX);
    ctx.objects.permit(lane, wanted).await.unwrap_or(Permit {
        granted: 0,
        retry_secs: GATE_RETRY_SECS,
        ask_account: false,
    })
}

/// A second try: a settlement that is lost costs the guest a quarter of an hour.
async fn settle(event: &EventId, command: Command, ctx: &CourierContext) -> Result<(), CourierError> {
    if ctx.objects.event(event, command.clone()).await.is_ok() {
        return Ok(());
    }
    ctx.objects.event(event, command).await?;
    Ok(())
}

fn settled(job: &MailJob, fate: Fate) -> Settled {
    Settled { guest: job.guest.clone(), fate }
}

async fn deliver_one(lease: &Lease, job: &MailJob, stopped: &AtomicI64, ctx: &CourierContext) -> Settled {
    let held = stopped.load(Ordering::Relaxed);
    if held > 0 {
        return settled(job, Fate::Throttled { retry_secs: held });
    }
    let fate = match guest_mail(lease, job, &ctx.config, &ctx.keys) {
        Ok(letter) => send_one(&letter, &job.guest, &job.key, stopped, ctx).await,
        Err(reason) => Fate::Refused { reason: format!("the mail could not be written: {reason}") },
    };
    settled(job, fate)
}

/// Sends a mail and tells the gate what it taught.
pub(crate) async fn send_one(
    letter: &Letter,
    to: &itip::CalAddress,
    key: &str,
    stopped: &AtomicI64,
    ctx: &CourierContext,
) -> Fate {
    match send(letter, to, key, ctx).await {
        Answer::Accepted { ses_id } => Fate::Accepted { ses_id },
        Answer::Refused { reason } => Fate::Refused { reason },
        Answer::Unknown { reason } => Fate::Unknown { reason },
        Answer::NotSent => Fate::Throttled { retry_secs: NOT_SENT_RETRY_SECS },
        Answer::TooFast => {
            // The first of several parallel mails speaks for all: halving five times would stop everybody.
            if stopped.swap(TOO_FAST_RETRY_SECS, Ordering::Relaxed) == 0 {
                // The gate learns it from the next mail if this word is lost.
                let _ = ctx.objects.pace(Pace::TooFast).await;
            }
            Fate::Throttled { retry_secs: TOO_FAST_RETRY_SECS }
        }
        Answer::Held { secs } => {
            if stopped.swap(secs, Ordering::Relaxed) < secs {
                let _ = ctx.objects.pace(Pace::Held { secs }).await;
            }
            Fate::Throttled { retry_secs: secs }
        }
    }
}

/// Sums up for the log.
pub(crate) fn count<'a>(fates: impl Iterator<Item = &'a Fate>) -> DeliveryVerdict {
    let (mut accepted, mut other) = (0, 0);
    for fate in fates {
        match fate {
            Fate::Accepted { .. } => accepted += 1,
            Fate::Throttled { .. } | Fate::Refused { .. } | Fate::Unknown { .. } | Fate::Suppressed => other += 1,
        }
    }
    DeliveryVerdict::Done { accepted, other }
}
