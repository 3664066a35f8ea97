//! The logic of an organizer's object: mail held until it is claimed, notices to the organizer, and which of his
//! pages are made anew when.

pub mod editions;

use itip::{CalAddress, Timestamp};
use store::{SqlConn, StoreError, Value};

use crate::command::{CommandError, Fate, Job, Notice, OrganizerCommand, OrganizerReply};
use crate::event_object::ObjectEnv;
use crate::import;
use crate::keys::sha256_hex;

const STEPS: &[&[&str]] = &[FIRST, editions::TABLES, import::STEP];

const FIRST: &[&str] = &[
    "CREATE TABLE held (raw TEXT PRIMARY KEY, subject TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    // due: queued, not before; leased, until. hint_at: when the queue is told again.
    "CREATE TABLE notice (id INTEGER PRIMARY KEY AUTOINCREMENT, notice TEXT NOT NULL, leased INTEGER NOT NULL, \
     due INTEGER NOT NULL, hint_at INTEGER NOT NULL, attempts INTEGER NOT NULL)",
    // What has been said already and must not be said again for a while.
    "CREATE TABLE said (what TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
];

/// How long an unclaimed mail is kept.
const HELD_SECS: i64 = 7 * 86_400;
/// Most mails held of one sender: enough for a person's week, too few to fill anything.
const HELD_MAX: i64 = 200;
/// How long the same complaint, or the request to claim, is not repeated.
const SAID_SECS: i64 = 86_400;
/// How often a notice is tried.
const ATTEMPTS_MAX: u32 = 8;
/// Events named in one digest; the rest are counted.
const DIGEST_EVENTS_MAX: usize = 500;
/// Notices of one lease.
const LEASE_MAX: i64 = 10;
/// The mark under which the last "ready" mail is remembered.
const READY: &str = "ready";

/// Brings the object's tables to the newest schema; runs in the constructor.
pub fn migrate(conn: &dyn SqlConn) -> Result<(), StoreError> {
    crate::schema::migrate(conn, STEPS)
}

/// Carries out a command. The caller has opened a transaction, and sets the alarm to [`next_alarm`] in it.
pub fn handle(
    conn: &dyn SqlConn,
    command: OrganizerCommand,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<OrganizerReply, CommandError> {
    match command {
        OrganizerCommand::Hold { raw, subject, reply } => {
            forget(conn, now)?;
            conn.run(
                "INSERT INTO held (raw, subject, at) SELECT ?1, ?2, ?3 \
                 WHERE (SELECT COUNT(*) FROM held) < ?4 ON CONFLICT DO NOTHING",
                &[raw.into(), subject.as_str().into(), now.into(), HELD_MAX.into()],
            )?;
            if say(conn, "claim", now)? {
                queue(conn, &Notice::Claim { subject, reply }, now)?;
            }
            Ok(OrganizerReply::Done)
        }
        OrganizerCommand::Held => {
            forget(conn, now)?;
            Ok(OrganizerReply::Held(held(conn)?))
        }
        OrganizerCommand::Claim => {
            forget(conn, now)?;
            let mails = held(conn)?;
            conn.run("DELETE FROM held", &[])?;
            Ok(OrganizerReply::Held(mails))
        }
        OrganizerCommand::Notify { notice } => {
            notify(conn, notice, now, env)?;
            Ok(OrganizerReply::Done)
        }
        OrganizerCommand::Changed { events } => {
            editions::change(conn, &events, now, &env.timing)?;
            Ok(OrganizerReply::Done)
        }
        OrganizerCommand::Read { edition } => {
            editions::read(conn, &edition, now)?;
            Ok(OrganizerReply::Done)
        }
        OrganizerCommand::LeaseNotices => Ok(OrganizerReply::Notices(lease(conn, now, env)?)),
        OrganizerCommand::SettleNotices { notices } => {
            for (key, fate) in &notices {
                settle(conn, key, fate, now, env)?;
            }
            Ok(OrganizerReply::Done)
        }
        OrganizerCommand::Import(command) => {
            import::handle(conn, *command, now, env).map(|reply| OrganizerReply::Import(Box::new(reply)))
        }
    }
}

fn forget(conn: &dyn SqlConn, now: Timestamp) -> Result<(), StoreError> {
    conn.run("DELETE FROM held WHERE at <= ?1", &[now.plus(-HELD_SECS).into()])?;
    conn.run("DELETE FROM said WHERE at <= ?1", &[now.plus(-SAID_SECS).into()]).map(drop)
}

fn held(conn: &dyn SqlConn) -> Result<Vec<(String, String)>, StoreError> {
    let rows = conn.run("SELECT raw, subject FROM held ORDER BY at, raw", &[])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// Whether something may be said now; remembers that it was.
pub(crate) fn say(conn: &dyn SqlConn, what: &str, now: Timestamp) -> Result<bool, StoreError> {
    let rows = conn.run(
        "INSERT INTO said (what, at) VALUES (?1, ?2) ON CONFLICT (what) DO UPDATE SET at = ?2 WHERE at <= ?3 \
         RETURNING what",
        &[what.into(), now.into(), now.plus(-SAID_SECS).into()],
    )?;
    Ok(!rows.is_empty())
}

fn json(notice: &Notice) -> Result<String, StoreError> {
    serde_json::to_string(notice).map_err(|error| StoreError::Json(error.to_string()))
}

pub(crate) fn queue(conn: &dyn SqlConn, notice: &Notice, due: Timestamp) -> Result<(), StoreError> {
    conn.run(
        "INSERT INTO notice (notice, leased, due, hint_at, attempts) VALUES (?1, 0, ?2, ?2, 0)",
        &[json(notice)?.into(), due.into()],
    )
    .map(drop)
}

fn notify(conn: &dyn SqlConn, notice: Notice, now: Timestamp, env: &ObjectEnv) -> Result<(), StoreError> {
    match notice {
        Notice::EventsReady { events } => ready(conn, events, now, env),
        Notice::MailRefused { ref subject, ref reason, .. } => {
            let text = format!("refused {subject} {reason}");
            if say(conn, &sha256_hex(text.as_bytes()), now)? { queue(conn, &notice, now) } else { Ok(()) }
        }
        // Once a day: nobody can make us write to a stranger again and again.
        Notice::TakeOver { ref event, .. } => {
            if say(conn, &format!("offered {event}"), now)? {
                queue(conn, &notice, now)
            } else {
                Ok(())
            }
        }
        Notice::Claim { .. }
        | Notice::Report { .. }
        | Notice::Uninvited { .. }
        | Notice::Approval { .. }
        | Notice::Proposal { .. }
        | Notice::Imported(_)
        | Notice::Reply { .. } => queue(conn, &notice, now),
    }
}

/// The first event is announced at once; those that follow soon are collected into one mail.
fn ready(conn: &dyn SqlConn, events: Vec<itip::EventId>, now: Timestamp, env: &ObjectEnv) -> Result<(), StoreError> {
    let waiting = conn.run(
        "SELECT id, notice FROM notice WHERE leased = 0 AND attempts = 0 AND due > ?1 \
         AND notice LIKE '{\"events_ready\"%' LIMIT 1",
        &[now.into()],
    )?;
    if let Some(row) = waiting.first()
        && let Notice::EventsReady { events: mut collected } = row.json(1)?
    {
        collected.extend(events);
        collected.truncate(DIGEST_EVENTS_MAX);
        let params = [row.integer(0)?.into(), json(&Notice::EventsReady { events: collected })?.into()];
        return conn.run("UPDATE notice SET notice = ?2 WHERE id = ?1", &params).map(drop);
    }
    let last = conn.run("SELECT at FROM said WHERE what = ?1", &[READY.into()])?;
    let last = last.first().map(|row| row.integer(0)).transpose()?;
    let due = last.map_or(now, |last| now.max(Timestamp(last).plus(env.timing.digest_secs)));
    conn.run("INSERT OR REPLACE INTO said (what, at) VALUES (?1, ?2)", &[READY.into(), due.into()])?;
    queue(conn, &Notice::EventsReady { events }, due)
}

fn lease(conn: &dyn SqlConn, now: Timestamp, env: &ObjectEnv) -> Result<Vec<(String, Notice)>, StoreError> {
    let rows = conn.run(
        "SELECT id, notice FROM notice WHERE leased = 0 AND due <= ?1 ORDER BY id LIMIT ?2",
        &[now.into(), LEASE_MAX.into()],
    )?;
    let mut notices = Vec::new();
    for row in rows {
        let id = row.integer(0)?;
        let until: Value = now.plus(env.timing.lease_secs).into();
        conn.run(
            "UPDATE notice SET leased = 1, due = ?2, hint_at = ?2, attempts = attempts + 1 WHERE id = ?1",
            &[id.into(), until],
        )?;
        notices.push((id.to_string(), row.json(1)?));
    }
    Ok(notices)
}

fn settle(conn: &dyn SqlConn, key: &str, fate: &Fate, now: Timestamp, env: &ObjectEnv) -> Result<(), StoreError> {
    let Ok(id) = key.parse::<i64>() else {
        return Ok(());
    };
    let again = match fate {
        Fate::Accepted { .. } | Fate::Refused { .. } | Fate::Suppressed => {
            return conn.run("DELETE FROM notice WHERE id = ?1", &[id.into()]).map(drop);
        }
        Fate::Throttled { retry_secs } => now.plus((*retry_secs).max(1)),
        Fate::Unknown { .. } => now.plus(env.timing.unknown_grace_secs),
    };
    requeue(conn, id, again)
}

fn requeue(conn: &dyn SqlConn, id: i64, due: Timestamp) -> Result<(), StoreError> {
    conn.run("DELETE FROM notice WHERE id = ?1 AND attempts >= ?2", &[id.into(), ATTEMPTS_MAX.into()])?;
    let params = [id.into(), due.into()];
    conn.run("UPDATE notice SET leased = 0, due = ?2, hint_at = ?2 WHERE id = ?1", &params).map(drop)
}

/// What is due now: jobs for the queue.
pub fn alarm(
    conn: &dyn SqlConn,
    organizer: &CalAddress,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<Job>, StoreError> {
    for row in conn.run("SELECT id FROM notice WHERE leased = 1 AND due <= ?1", &[now.into()])? {
        requeue(conn, row.integer(0)?, now)?;
    }
    let due = conn.run(
        "UPDATE notice SET hint_at = ?2 WHERE leased = 0 AND due <= ?1 AND hint_at <= ?1 RETURNING id",
        &[now.into(), now.plus(env.timing.hint_repeat_secs).into()],
    )?;
    let mut jobs = import::alarm(conn, organizer, now, env)?;
    if !due.is_empty() {
        jobs.push(Job::Notices { organizer: organizer.clone() });
    }
    Ok(jobs)
}

/// When the object must wake up next; `None` when nothing waits.
pub fn next_alarm(conn: &dyn SqlConn, _now: Timestamp, _env: &ObjectEnv) -> Result<Option<Timestamp>, StoreError> {
    let rows = conn.run("SELECT MIN(MAX(due, hint_at)) FROM notice", &[])?;
    let notices = rows.first().map_or(Ok(None), |row| Ok::<_, StoreError>(row.maybe_integer(0)?.map(Timestamp)))?;
    Ok(notices.into_iter().chain(editions::next(conn)?).chain(import::next_due(conn)?).min())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Timing;
    use store::sqlite::Sqlite;

    fn env() -> ObjectEnv {
        ObjectEnv { domain: "convoke.test".into(), timing: Timing::default(), nonce: [0; 32] }
    }

    fn object() -> Sqlite {
        let conn = Sqlite::open().unwrap();
        migrate(&conn).unwrap();
        migrate(&conn).unwrap();
        conn
    }

    fn ready(number: u8) -> OrganizerCommand {
        let events = vec![itip::EventId::from_bytes([number; 20])];
        OrganizerCommand::Notify { notice: Notice::EventsReady { events } }
    }

    fn leased(conn: &Sqlite, now: i64) -> Vec<(String, Notice)> {
        match handle(conn, OrganizerCommand::LeaseNotices, Timestamp(now), &env()).unwrap() {
            OrganizerReply::Notices(notices) => notices,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_season_is_announced_by_its_first_event_and_one_digest() {
        let conn = object();
        handle(&conn, ready(1), Timestamp(1_000), &env()).unwrap();
        for number in 2..40 {
            handle(&conn, ready(number), Timestamp(1_001), &env()).unwrap();
        }
        assert_eq!(leased(&conn, 1_002).len(), 1);
        let digest = leased(&conn, 1_300);
        let Some((_, Notice::EventsReady { events })) = digest.first() else { panic!("{digest:?}") };
        assert_eq!((digest.len(), events.len()), (1, 38));
    }

    #[test]
    fn a_claim_is_asked_for_once_a_day_and_gives_everything_back() {
        let conn = object();
        for raw in ["a", "b", "a"] {
            let hold = OrganizerCommand::Hold { raw: raw.into(), subject: "Game".into(), reply: None };
            handle(&conn, hold, Timestamp(1_000), &env()).unwrap();
        }
        assert_eq!(leased(&conn, 1_000).len(), 1);
        let claim = handle(&conn, OrganizerCommand::Claim, Timestamp(2_000), &env()).unwrap();
        assert_eq!(claim, OrganizerReply::Held(vec![("a".into(), "Game".into()), ("b".into(), "Game".into())]));
        let again = handle(&conn, OrganizerCommand::Claim, Timestamp(2_000), &env()).unwrap();
        assert_eq!(again, OrganizerReply::Held(Vec::new()));
    }

    #[test]
    fn a_mail_nobody_claims_is_forgotten_after_a_week() {
        let conn = object();
        let hold = OrganizerCommand::Hold { raw: "a".into(), subject: "Game".into(), reply: None };
        handle(&conn, hold, Timestamp(0), &env()).unwrap();
        let left = handle(&conn, OrganizerCommand::Held, Timestamp(HELD_SECS), &env()).unwrap();
        assert_eq!(left, OrganizerReply::Held(Vec::new()));
    }

    #[test]
    fn a_notice_whose_courier_died_is_sent_by_another() {
        let conn = object();
        handle(&conn, ready(1), Timestamp(1_000), &env()).unwrap();
        assert_eq!(leased(&conn, 1_000).len(), 1);
        assert_eq!(leased(&conn, 1_001).len(), 0);
        let organizer = CalAddress::parse("a@club.example").unwrap();
        assert_eq!(alarm(&conn, &organizer, Timestamp(1_060), &env()).unwrap().len(), 1);
        let [(key, _)] = &leased(&conn, 1_060)[..] else { panic!() };
        let accepted = Fate::Accepted { ses_id: "1".into() };
        let settle = OrganizerCommand::SettleNotices { notices: vec![(key.clone(), accepted)] };
        handle(&conn, settle, Timestamp(1_061), &env()).unwrap();
        assert_eq!(next_alarm(&conn, Timestamp(1_061), &env()).unwrap(), None);
    }
}
