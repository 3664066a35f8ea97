//! Which published documents somebody reads, and when they are made anew.
//!
//! Only what was read lately is kept: an organizer whose pages nobody opens costs nothing. What is read is made anew
//! a moment after the last change, so that a season that comes in is a few rebuilds, and when it goes stale by itself.

use itip::{EventId, Timestamp};
use store::{SqlConn, StoreError};

use crate::settings::Timing;

/// The tables.
pub(super) const TABLES: &[&str] = &[
    // etag: of what the snapshot holds; '' while there is none. stale_at: when it becomes wrong by itself.
    // wanting: it has to be made; 2: somebody has begun to. failures: how often in a row it could not be made, and
    // not_before: when that is tried again.
    "CREATE TABLE edition (key TEXT PRIMARY KEY, etag TEXT NOT NULL, stale_at INTEGER, until INTEGER NOT NULL, \
     wanting INTEGER NOT NULL, failures INTEGER NOT NULL, not_before INTEGER NOT NULL) WITHOUT ROWID",
    // An event that changed; '' is everything. taken: a rebuild is under way that knows of it.
    "CREATE TABLE changed (event TEXT PRIMARY KEY, taken INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE rebuild (id INTEGER PRIMARY KEY CHECK (id = 1), first INTEGER NOT NULL, due INTEGER NOT NULL)",
];

/// How long a document is kept up after somebody read it from D1; then the next reader makes it anew.
const KEEP_SECS: i64 = 7 * 86_400;
/// For so long after it was ordered a snapshot may not have reached a reader; later than that KV has lost it.
const SPREAD_SECS: i64 = 90;
/// Most documents of one organizer that have snapshots, pages of single events and all others apart, so that a crawler
/// who reads every event leaves room for the page that everybody reads; the rest is read from D1.
const EDITIONS_MAX: i64 = 150;

/// Whether a key is that of one event's page.
macro_rules! is_of_event {
    ($key:literal) => {
        concat!("(substr(", $key, ", instr(", $key, ", '/'), 7) IN ('/event/', '/event-'))")
    };
}
/// Documents that are made in one go: of an event's page some five calls each, far below the 1,000 that an invocation
/// has.
const PASS_MAX: i64 = 100;
/// The longest wait between two tries at a document that cannot be made.
const RETRY_SECS_MAX: i64 = 300;
/// Most changed events that are remembered one by one; more of them are everything.
const CHANGED_MAX: i64 = 50;

/// A document that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The name of its snapshot.
    pub key: String,
    /// What the snapshot holds; empty while there is none.
    pub etag: String,
    /// When it becomes wrong by itself.
    pub stale_at: Option<Timestamp>,
    /// When KV may forget it.
    pub until: Timestamp,
    /// An attempt to make it failed: the snapshot may hold something else already.
    pub unsure: bool,
    /// How often in a row it could not be made.
    pub failures: u32,
}

impl Kept {
    /// It could not be made. Its snapshot may hold what is wrong by now.
    #[must_use]
    pub fn failed(&self) -> Self {
        Self { etag: String::new(), failures: self.failures.saturating_add(1), ..self.clone() }
    }
}

/// What has changed since the last rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// These events.
    Events(Vec<EventId>),
    /// More than is worth naming, or the organizer himself.
    Everything,
}

/// A rebuild that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild {
    /// The documents to make, if they are affected.
    pub editions: Vec<Kept>,
    /// What has changed.
    pub changes: Changes,
}

/// Notes that events, or with none everything, look different now.
pub(crate) fn change(
    conn: &dyn SqlConn,
    events: &[EventId],
    now: Timestamp,
    timing: &Timing,
) -> Result<(), StoreError> {
    if conn.run("SELECT 1 FROM edition LIMIT 1", &[])?.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = if events.is_empty() { vec![""] } else { events.iter().map(EventId::as_str).collect() };
    for name in names {
        // The row that would be one too many stands for all.
        conn.run(
            "INSERT INTO changed (event, taken) \
             SELECT CASE WHEN (SELECT COUNT(*) FROM changed) < ?2 THEN ?1 ELSE '' END, 0 WHERE true \
             ON CONFLICT (event) DO UPDATE SET taken = 0 WHERE taken = 1",
            &[name.into(), CHANGED_MAX.into()],
        )?;
    }
    conn.run(
        "INSERT INTO rebuild (id, first, due) VALUES (1, ?1, ?2) \
         ON CONFLICT (id) DO UPDATE SET due = MIN(?2, first + ?3) WHERE due < MIN(?2, first + ?3)",
        &[now.into(), now.plus(timing.rebuild_secs).into(), timing.rebuild_max_secs.into()],
    )
    .map(drop)
}

/// Notes that somebody read a document for which there was no snapshot that he could use: it is ordered, again if the
/// last order is too old to be still on its way.
pub(super) fn read(conn: &dyn SqlConn, key: &str, now: Timestamp) -> Result<(), StoreError> {
    conn.run("DELETE FROM edition WHERE until <= ?1", &[now.into()])?;
    conn.run(
        "UPDATE edition SET etag = '', until = ?2, wanting = 1 WHERE key = ?1 AND until <= ?3",
        &[key.into(), now.plus(KEEP_SECS).into(), now.plus(KEEP_SECS - SPREAD_SECS).into()],
    )?;
    conn.run(
        concat!(
            "INSERT INTO edition (key, etag, stale_at, until, wanting, failures, not_before) \
             SELECT ?1, '', NULL, ?2, 1, 0, 0 \
             WHERE (SELECT COUNT(*) FROM edition WHERE ",
            is_of_event!("key"),
            " = ",
            is_of_event!("?1"),
            ") < ?3 ON CONFLICT DO NOTHING"
        ),
        &[key.into(), now.plus(KEEP_SECS).into(), EDITIONS_MAX.into()],
    )
    .map(drop)
}

/// The rebuild that is due. In a transaction; what changes from now on belongs to the next one.
pub fn take(conn: &dyn SqlConn, now: Timestamp) -> Result<Option<Rebuild>, StoreError> {
    if next(conn)?.is_none_or(|at| at > now) {
        return Ok(None);
    }
    conn.run("DELETE FROM edition WHERE until <= ?1", &[now.into()])?;
    let waits = conn.run("SELECT 1 FROM rebuild WHERE due > ?1", &[now.into()])?;
    if waits.is_empty() {
        conn.run("DELETE FROM rebuild", &[])?;
        let news = conn.run("UPDATE changed SET taken = 1 WHERE taken = 0 RETURNING event", &[])?;
        if !news.is_empty() {
            conn.run("UPDATE edition SET wanting = 1 WHERE wanting = 0", &[])?;
        }
    }
    let rows = conn.run("SELECT event FROM changed WHERE taken = 1", &[])?;
    let events: Option<Vec<EventId>> =
        rows.iter().map(|row| Ok(EventId::parse(row.text(0)?))).collect::<Result<_, StoreError>>()?;
    let changes = events.map_or(Changes::Everything, Changes::Events);
    // What people have open comes before the pages of single events.
    let rows = conn.run(
        concat!(
            "SELECT key, etag, stale_at, until, wanting, failures FROM edition \
             WHERE (wanting > 0 OR stale_at <= ?1) AND not_before <= ?1 ORDER BY ",
            is_of_event!("key"),
            ", key LIMIT ?2"
        ),
        &[now.into(), PASS_MAX.into()],
    )?;
    let mut editions = Vec::with_capacity(rows.len());
    for row in &rows {
        let key = row.text(0)?;
        conn.run("UPDATE edition SET wanting = 2 WHERE key = ?1", &[key.into()])?;
        editions.push(Kept {
            key: key.to_owned(),
            etag: row.text(1)?.to_owned(),
            stale_at: row.maybe_integer(2)?.map(Timestamp),
            until: Timestamp(row.integer(3)?),
            unsure: row.integer(4)? == 2,
            failures: u32::try_from(row.integer(5)?).unwrap_or(u32::MAX),
        });
    }
    Ok(Some(Rebuild { editions, changes }))
}

/// A rebuild is done: these documents are what their snapshots hold now, or could not be made; the others are gone.
pub fn done(conn: &dyn SqlConn, rebuild: &Rebuild, kept: &[Kept], now: Timestamp) -> Result<(), StoreError> {
    for before in &rebuild.editions {
        match kept.iter().find(|kept| kept.key == before.key) {
            Some(kept) => {
                let wait = kept.failures.checked_sub(1).map(|earlier| (1_i64 << earlier.min(20)).min(RETRY_SECS_MAX));
                conn.run(
                    "UPDATE edition SET etag = ?2, stale_at = ?3, wanting = ?4 > 0, failures = ?4, not_before = ?5 \
                     WHERE key = ?1",
                    &[
                        kept.key.as_str().into(),
                        kept.etag.as_str().into(),
                        kept.stale_at.into(),
                        kept.failures.into(),
                        wait.map_or(Timestamp(0), |wait| now.plus(wait)).into(),
                    ],
                )?;
            }
            None => {
                conn.run("DELETE FROM edition WHERE key = ?1", &[before.key.as_str().into()])?;
            }
        }
    }
    // Those that were too many for one go are made next, and have to know what changed. One that failed is made
    // whatever changed.
    conn.run(
        "DELETE FROM changed WHERE taken = 1 \
         AND NOT EXISTS (SELECT 1 FROM edition WHERE wanting > 0 AND failures = 0)",
        &[],
    )
    .map(drop)
}

/// When the next rebuild is due.
pub(super) fn next(conn: &dyn SqlConn) -> Result<Option<Timestamp>, StoreError> {
    let rows = conn.run(
        "SELECT MIN(at) FROM (SELECT due AS at FROM rebuild \
         UNION ALL SELECT MAX(not_before, CASE wanting WHEN 0 THEN stale_at ELSE 0 END) FROM edition \
         UNION ALL SELECT 0 FROM changed WHERE taken = 1)",
        &[],
    )?;
    rows.first().map_or(Ok(None), |row| Ok(row.maybe_integer(0)?.map(Timestamp)))
}

#[cfg(test)]
mod tests {
    use store::sqlite::Sqlite;

    use super::*;

    const PAGE: &str = "1/schedule/en/harbour-rovers";

    fn object() -> Sqlite {
        let conn = Sqlite::open().unwrap();
        super::super::migrate(&conn).unwrap();
        conn
    }

    fn changed(conn: &Sqlite, number: u16, now: i64) {
        let [high, low] = number.to_be_bytes();
        let mut bytes = [0; 20];
        bytes[..2].copy_from_slice(&[high, low]);
        change(conn, &[EventId::from_bytes(bytes)], Timestamp(now), &Timing::default()).unwrap();
    }

    /// Makes what is due: each document gets this tag, and goes stale then.
    fn rebuilt(conn: &Sqlite, now: i64, etag: &str, stale_at: Option<i64>) -> Option<Rebuild> {
        let rebuild = take(conn, Timestamp(now)).unwrap()?;
        let made = rebuild.editions.iter().map(|kept| Kept {
            etag: etag.into(),
            stale_at: stale_at.map(Timestamp),
            ..kept.clone()
        });
        done(conn, &rebuild, &made.collect::<Vec<_>>(), Timestamp(now)).unwrap();
        Some(rebuild)
    }

    fn with_page() -> Sqlite {
        let conn = object();
        read(&conn, PAGE, Timestamp(1_000)).unwrap();
        assert_eq!(rebuilt(&conn, 1_000, "a", None).unwrap().editions.len(), 1);
        assert_eq!(next(&conn).unwrap(), None);
        conn
    }

    #[test]
    fn what_nobody_reads_is_not_made() {
        let conn = object();
        changed(&conn, 1, 1_000);
        assert_eq!(next(&conn).unwrap(), None);
    }

    #[test]
    fn a_season_that_comes_in_over_a_minute_is_a_few_rebuilds() {
        let conn = with_page();
        let mut rebuilds = 0;
        for number in 0..2_500_u16 {
            let now = 2_000 + i64::from(number) * 60 / 2_500;
            changed(&conn, number, now);
            let found = rebuilt(&conn, now, "b", None);
            // Too many to be named.
            assert!(found.as_ref().is_none_or(|rebuild| rebuild.changes == Changes::Everything));
            rebuilds += usize::from(found.is_some());
        }
        assert_eq!(rebuilds, 5);
        // The last change waits no longer than the others did.
        assert_eq!(next(&conn).unwrap(), Some(Timestamp(2_060)));
        assert!(rebuilt(&conn, 2_060, "c", None).is_some());
        assert_eq!(next(&conn).unwrap(), None);
    }

    #[test]
    fn what_changes_during_a_rebuild_or_before_one_that_failed_is_not_forgotten() {
        let conn = with_page();
        changed(&conn, 1, 2_000);
        assert_eq!(take(&conn, Timestamp(2_000)).unwrap(), None);
        let failed = take(&conn, Timestamp(2_001)).unwrap().unwrap();
        assert!(matches!(&failed.changes, Changes::Events(events) if events.len() == 1));
        // Nobody said that it was done: it is due again.
        assert_eq!(next(&conn).unwrap(), Some(Timestamp(0)));
        let again = take(&conn, Timestamp(2_003)).unwrap().unwrap();
        assert_eq!(again.changes, failed.changes);
        // The same event and another one change while that one is under way.
        changed(&conn, 1, 2_004);
        changed(&conn, 2, 2_004);
        done(&conn, &again, &again.editions, Timestamp(2_004)).unwrap();
        assert_eq!(next(&conn).unwrap(), Some(Timestamp(2_005)));
        let last = take(&conn, Timestamp(2_005)).unwrap().unwrap();
        assert!(matches!(&last.changes, Changes::Events(events) if events.len() == 2));
    }

    #[test]
    fn what_a_failed_attempt_may_have_written_is_not_trusted() {
        let conn = with_page();
        changed(&conn, 1, 2_000);
        let failed = take(&conn, Timestamp(2_001)).unwrap().unwrap();
        assert!(!failed.editions[0].unsure);
        // Meanwhile the event is what it was before.
        changed(&conn, 1, 2_002);
        let again = take(&conn, Timestamp(2_003)).unwrap().unwrap();
        assert!(again.editions[0].unsure);
        done(&conn, &again, &again.editions, Timestamp(2_004)).unwrap();
        changed(&conn, 1, 3_000);
        assert!(!take(&conn, Timestamp(3_001)).unwrap().unwrap().editions[0].unsure);
    }

    #[test]
    fn what_cannot_be_made_is_tried_less_and_less_often_and_holds_up_nothing_else() {
        const BROKEN: &str = "1/schedule/es/harbour-rovers";
        let conn = with_page();
        read(&conn, BROKEN, Timestamp(2_000)).unwrap();
        let mut now = 2_000;
        let mut waits = Vec::new();
        for _ in 0..11 {
            let tried = take(&conn, Timestamp(now)).unwrap().unwrap();
            assert_eq!(tried.editions.iter().map(|kept| kept.key.as_str()).collect::<Vec<_>>(), [BROKEN]);
            done(&conn, &tried, &[tried.editions[0].failed()], Timestamp(now)).unwrap();
            let again = next(&conn).unwrap().unwrap();
            waits.push(again.0 - now);
            assert_eq!(take(&conn, again.plus(-1)).unwrap(), None);
            now = again.0;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        // A change is published where that works; what it was is not remembered for the sake of the other.
        now -= 100;
        changed(&conn, 1, now);
        let rebuild = rebuilt(&conn, now + 1, "b", None).unwrap();
        assert_eq!(rebuild.editions.iter().map(|kept| kept.key.as_str()).collect::<Vec<_>>(), [PAGE]);
        assert_eq!(next(&conn).unwrap(), Some(Timestamp(now + 100)));
        let mended = take(&conn, Timestamp(now + 100)).unwrap().unwrap();
        assert_eq!((mended.editions[0].etag.as_str(), mended.editions[0].failures), ("", 11));
        let made = Kept { etag: "c".into(), failures: 0, ..mended.editions[0].clone() };
        done(&conn, &mended, &[made], Timestamp(now + 100)).unwrap();
        assert_eq!(next(&conn).unwrap(), None);
    }

    #[test]
    fn a_crawler_who_reads_every_event_leaves_room_for_the_page() {
        let conn = object();
        for number in 0..2 * EDITIONS_MAX {
            read(&conn, &format!("1/event-md/en/{number:012}"), Timestamp(1_000)).unwrap();
        }
        for key in [PAGE, "1/events/-/ann@corp.example", "1/schedule/en/event-halls"] {
            read(&conn, key, Timestamp(1_000)).unwrap();
        }
        let first = take(&conn, Timestamp(1_000)).unwrap().unwrap();
        let keys: Vec<&str> = first.editions.iter().take(3).map(|kept| kept.key.as_str()).collect();
        assert_eq!(keys, ["1/events/-/ann@corp.example", "1/schedule/en/event-halls", PAGE]);
        let all = conn.run("SELECT COUNT(*) FROM edition", &[]).unwrap()[0].integer(0).unwrap();
        assert_eq!(all, EDITIONS_MAX + 3);
    }

    #[test]
    fn more_documents_than_one_go_takes_are_made_in_several_and_all_know_what_changed() {
        let conn = with_page();
        let count = usize::try_from(PASS_MAX).unwrap() + 20;
        for number in 0..count {
            read(&conn, &format!("1/event/en/{number:012}"), Timestamp(1_000)).unwrap();
        }
        while rebuilt(&conn, 1_000, "a", None).is_some() {}
        changed(&conn, 1, 2_000);
        let first = rebuilt(&conn, 2_001, "b", None).unwrap();
        assert_eq!((first.editions.len(), first.editions[0].key.as_str()), (count - 20, PAGE));
        assert_eq!(next(&conn).unwrap(), Some(Timestamp(0)));
        let rest = rebuilt(&conn, 2_001, "b", None).unwrap();
        assert_eq!((rest.editions.len(), &rest.changes), (21, &first.changes));
        assert_eq!(next(&conn).unwrap(), None);
    }

    #[test]
    fn a_document_is_made_again_when_it_goes_stale_and_alone() {
        let conn = with_page();
        read(&conn, "1/schedule/es/harbour-rovers", Timestamp(1_000)).unwrap();
        let first = rebuilt(&conn, 1_000, "a", Some(5_000)).unwrap();
        assert_eq!(
            first.editions.iter().map(|kept| kept.key.as_str()).collect::<Vec<_>>(),
            ["1/schedule/es/harbour-rovers"]
        );
        assert_eq!(next(&conn).unwrap(), Some(Timestamp(5_000)));
        assert_eq!(take(&conn, Timestamp(4_999)).unwrap(), None);
        let stale = rebuilt(&conn, 5_000, "a", Some(9_000)).unwrap();
        assert_eq!((stale.editions.len(), stale.changes), (1, Changes::Events(Vec::new())));
    }

    #[test]
    fn a_snapshot_that_was_lost_is_made_again_but_not_one_that_is_on_its_way() {
        let conn = with_page();
        read(&conn, PAGE, Timestamp(1_000 + SPREAD_SECS - 1)).unwrap();
        assert_eq!(next(&conn).unwrap(), None);
        // Nothing has changed, so only the missing tag tells that the bytes have to be written.
        let lost = 1_000 + SPREAD_SECS;
        read(&conn, PAGE, Timestamp(lost)).unwrap();
        let rebuild = rebuilt(&conn, lost, "a", None).unwrap();
        assert_eq!(rebuild.editions.iter().map(|kept| kept.etag.as_str()).collect::<Vec<_>>(), [""]);
        read(&conn, PAGE, Timestamp(lost + 1)).unwrap();
        assert_eq!(next(&conn).unwrap(), None);
        // The new order counts for a week of its own.
        changed(&conn, 1, 1_000 + KEEP_SECS);
        assert_eq!(take(&conn, Timestamp(1_002 + KEEP_SECS)).unwrap().unwrap().editions.len(), 1);
    }

    #[test]
    fn a_document_that_is_not_there_any_more_is_forgotten() {
        let conn = with_page();
        change(&conn, &[], Timestamp(2_000), &Timing::default()).unwrap();
        let rebuild = take(&conn, Timestamp(2_002)).unwrap().unwrap();
        assert_eq!(rebuild.changes, Changes::Everything);
        done(&conn, &rebuild, &[], Timestamp(2_002)).unwrap();
        changed(&conn, 1, 3_000);
        assert_eq!(next(&conn).unwrap(), None);
    }

    #[test]
    fn a_document_that_nobody_asked_for_in_a_week_is_forgotten() {
        let conn = with_page();
        let later = 1_000 + KEEP_SECS;
        changed(&conn, 1, later);
        assert_eq!(take(&conn, Timestamp(later + 2)).unwrap().unwrap().editions, []);
    }
}
