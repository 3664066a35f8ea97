//! How an import moves through its passes: find the events, read them in parts, match what has new UIDs, call off what
//! has vanished, tell the organizer.

use std::collections::{BTreeMap, HashMap, HashSet};

use itip::{EventId, Timestamp};
use store::{SqlConn, StoreError, Value};

use super::churn::{self, Candidate};
use super::rows::{Import, clear, from_json, json};
use super::{
    ATTEMPTS_MAX, CHUNK_EVENTS_MAX, DOUBT_EVENTS_MIN, ImportFate, ImportProblem, ImportSource, ImportState,
    ImportSummary, ImportTask, ImportWork, ImportedEvent, LateEvent, PROBLEMS_MAILED_MAX, PlannedChunk, ReadEvent,
    Standing, Vanished,
};
use crate::command::{CommandError, Notice};
use crate::event_object::ObjectEnv;
use crate::organizer_object::{editions, queue, say};

/// Gives out the search for events.
pub(super) fn open(
    conn: &dyn SqlConn,
    id: &str,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Option<ImportWork>, CommandError> {
    let import = Import::known(conn, id)?;
    if import.state != ImportState::Planning {
        return Ok(None);
    }
    let taken = conn.run(
        "UPDATE import SET due = ?2, attempts = attempts + 1 WHERE serial = ?1 AND due <= ?3 RETURNING attempts",
        &[import.serial.into(), now.plus(env.timing.lease_secs).into(), now.into()],
    )?;
    Ok((!taken.is_empty()).then(|| work(&import, String::new(), Vec::new(), ImportTask::Read)))
}

fn work(import: &Import, spec: String, titles: Vec<String>, task: ImportTask) -> ImportWork {
    let Import { raw, method, began, .. } = import;
    ImportWork { raw: raw.clone(), method: *method, began: *began, spec, titles, task }
}

/// What the search found.
pub(super) struct Plan {
    pub name: String,
    pub chunks: Vec<PlannedChunk>,
    pub complete: bool,
    pub raw: String,
}

/// Keeps the plan.
pub(super) fn plan(
    conn: &dyn SqlConn,
    id: &str,
    plan: &Plan,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<u32>, CommandError> {
    let mut import = Import::known(conn, id)?;
    // Somebody slower has found the same.
    if import.state != ImportState::Planning {
        return Ok(Vec::new());
    }
    let mut numbers = Vec::new();
    for (number, chunk) in (0_u32..).zip(&plan.chunks) {
        put_chunk(conn, &import, number, &chunk.spec, &chunk.titles, &ImportTask::Read, now, env)?;
        import.counts.total += count(chunk.titles.len());
        numbers.push(number);
    }
    if import.name.is_empty() {
        import.name.clone_from(&plan.name);
    }
    import.raw.clone_from(&plan.raw);
    import.complete = plan.complete;
    import.state = ImportState::Reading;
    import.save(conn)?;
    Ok(numbers)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Whoever stores parts also tells the queue; the alarm does it again if nobody came for a lease's time.
#[allow(clippy::too_many_arguments, reason = "a row")]
fn put_chunk(
    conn: &dyn SqlConn,
    import: &Import,
    number: u32,
    spec: &str,
    titles: &[String],
    task: &ImportTask,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<(), StoreError> {
    let due = now.plus(env.timing.lease_secs);
    conn.run(
        "INSERT INTO import_chunk (serial, number, spec, titles, task, open, due) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
        &[import.serial.into(), number.into(), spec.into(), json(titles)?, json(task)?, due.into()],
    )
    .map(drop)
}

/// Ends an import of which nothing can be used.
pub(super) fn give_up(conn: &dyn SqlConn, id: &str, problem: &str, now: Timestamp) -> Result<(), CommandError> {
    let mut import = Import::known(conn, id)?;
    if import.state.is_over() {
        return Ok(());
    }
    import.problem(conn, "", problem)?;
    import.state = ImportState::Failed;
    finish(conn, import, now).map_err(Into::into)
}

/// Gives a part out, unless somebody has it.
pub(super) fn lease(
    conn: &dyn SqlConn,
    id: &str,
    number: u32,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Option<ImportWork>, CommandError> {
    let import = Import::known(conn, id)?;
    let taken = conn.run(
        "UPDATE import_chunk SET leased = 1, due = ?3, attempts = attempts + 1 WHERE serial = ?1 AND number = ?2 \
         AND open = 1 AND (leased = 0 OR due <= ?4) AND attempts < ?5 RETURNING spec, titles, task",
        &[import.serial.into(), number.into(), now.plus(env.timing.lease_secs).into(), now.into(), ATTEMPTS_MAX.into()],
    )?;
    let Some(row) = taken.first() else { return Ok(None) };
    Ok(Some(work(&import, row.text(0)?.to_owned(), row.json(1)?, row.json(2)?)))
}

/// What this calendar said of these events before.
pub(super) fn compare(conn: &dyn SqlConn, id: &str, events: &[ReadEvent]) -> Result<Vec<Standing>, CommandError> {
    let import = Import::known(conn, id)?;
    let uids: Vec<&str> = events.iter().map(|event| event.uid.as_str()).collect();
    let rows = conn.run(
        "SELECT uid, fingerprint, off FROM imported WHERE calendar = ?1 AND uid IN (SELECT value FROM json_each(?2))",
        &[import.calendar.as_str().into(), json(&uids)?],
    )?;
    let mut known: HashMap<&str, (&str, bool)> = HashMap::new();
    for row in &rows {
        known.insert(row.text(0)?, (row.text(1)?, row.integer(2)? != 0));
    }
    // Only while everything is being read: afterwards nothing can appear that it might be.
    let may_wait = import.state == ImportState::Reading && events.iter().any(|event| !known.contains_key(&*event.uid));
    let gone = if may_wait { unseen(conn, &import)? } else { Vec::new() };
    let gone: HashSet<&str> = gone.iter().map(|line| line.candidate.what.as_str()).collect();
    let standing = |event: &ReadEvent| match known.get(event.uid.as_str()) {
        Some((_, true)) => Standing::Returned,
        Some((fingerprint, false)) if *fingerprint == event.fingerprint => Standing::Same,
        Some((_, false)) => Standing::Changed,
        None if gone.contains(event.what.as_str()) => Standing::Later,
        None => Standing::New,
    };
    Ok(events.iter().map(standing).collect())
}

/// An event of the calendar that this import has not seen.
struct Unseen {
    uid: String,
    event: EventId,
    candidate: Candidate,
    until: Timestamp,
}

fn unseen(conn: &dyn SqlConn, import: &Import) -> Result<Vec<Unseen>, StoreError> {
    let rows = conn.run(
        "SELECT uid, event, what, start, until FROM imported WHERE calendar = ?1 AND seen < ?2 AND off = 0",
        &[import.calendar.as_str().into(), import.serial.into()],
    )?;
    rows.iter()
        .map(|row| {
            Ok(Unseen {
                uid: row.text(0)?.to_owned(),
                event: EventId::parse(row.text(1)?).ok_or(StoreError::Shape { column: 1, wanted: "event id" })?,
                candidate: Candidate { what: row.text(2)?.to_owned(), start: Timestamp(row.integer(3)?) },
                until: Timestamp(row.integer(4)?),
            })
        })
        .collect()
}

/// What was done with a part.
pub(super) struct Settled {
    pub events: Vec<ImportedEvent>,
    pub problems: Vec<ImportProblem>,
    pub incomplete: bool,
}

/// Takes the result of a part, once.
pub(super) fn settle(
    conn: &dyn SqlConn,
    id: &str,
    number: u32,
    settled: &Settled,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<u32>, CommandError> {
    let mut import = Import::known(conn, id)?;
    let closed = conn.run(
        "UPDATE import_chunk SET open = 0 WHERE serial = ?1 AND number = ?2 AND open = 1 RETURNING titles, task",
        &[import.serial.into(), number.into()],
    )?;
    let Some(row) = closed.first() else { return Ok(Vec::new()) };
    let titles: Vec<String> = row.json(0)?;
    let mut done = count(titles.len());
    for event in &settled.events {
        let counts = &mut import.counts;
        counts.held += u32::from(event.held);
        match event.fate {
            ImportFate::Created => counts.created += 1,
            ImportFate::Updated => counts.updated += 1,
            ImportFate::Unchanged => counts.unchanged += 1,
            ImportFate::Cancelled | ImportFate::Vanished => counts.cancelled += 1,
            ImportFate::Refused => counts.refused += 1,
            ImportFate::Later => done = done.saturating_sub(1),
        }
        remember(conn, &import, number, event)?;
    }
    let anonymous = settled
        .problems
        .len()
        .saturating_sub(settled.events.iter().filter(|event| event.fate == ImportFate::Refused).count());
    import.counts.refused += count(anonymous);
    let seen_by_pages =
        |event: &&ImportedEvent| !matches!(event.fate, ImportFate::Unchanged | ImportFate::Later | ImportFate::Refused);
    let changed: Vec<EventId> = settled.events.iter().filter(seen_by_pages).filter_map(|e| e.event.clone()).collect();
    if !changed.is_empty() {
        editions::change(conn, &changed, now, &env.timing)?;
    }
    import.counts.done += done;
    import.complete &= !settled.incomplete;
    for ImportProblem { name, problem } in &settled.problems {
        import.problem(conn, name, problem)?;
    }
    if let ImportTask::Late(events) = row.json(1)? {
        // What has a new UID is no longer known by the old one.
        let former: Vec<&str> = events.iter().filter_map(|late| late.was.as_deref()).collect();
        conn.run(
            "DELETE FROM imported WHERE calendar = ?1 AND uid IN (SELECT value FROM json_each(?2)) AND seen < ?3",
            &[import.calendar.as_str().into(), json(&former)?, import.serial.into()],
        )?;
    }
    advance(conn, import, now, env).map_err(Into::into)
}

fn remember(conn: &dyn SqlConn, import: &Import, chunk: u32, event: &ImportedEvent) -> Result<(), StoreError> {
    let ReadEvent { uid, fingerprint, what } = &event.read;
    let key: [Value; 3] = [import.calendar.as_str().into(), uid.as_str().into(), import.serial.into()];
    match (event.fate, &event.event) {
        (ImportFate::Later, _) => conn.run(
            "INSERT OR REPLACE INTO import_late (serial, uid, chunk, what, start) VALUES (?1, ?2, ?3, ?4, ?5)",
            &[import.serial.into(), uid.as_str().into(), chunk.into(), what.as_str().into(), event.start.into()],
        ),
        (ImportFate::Vanished, _) => {
            conn.run("UPDATE imported SET off = 1 WHERE calendar = ?1 AND uid = ?2 AND seen < ?3", &key)
        }
        // What cannot be read any more is not gone.
        (ImportFate::Refused, _) | (_, None) => {
            conn.run("UPDATE imported SET seen = ?3 WHERE calendar = ?1 AND uid = ?2", &key)
        }
        (_, Some(id)) => {
            let [calendar, uid, seen] = key;
            conn.run(
                "INSERT INTO imported (calendar, uid, seen, event, fingerprint, what, start, until, off) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0) ON CONFLICT DO UPDATE SET seen = ?3, event = ?4, \
                 fingerprint = ?5, what = ?6, start = ?7, until = ?8, off = 0",
                &[
                    calendar,
                    uid,
                    seen,
                    id.as_str().into(),
                    fingerprint.as_str().into(),
                    what.as_str().into(),
                    event.start.into(),
                    event.until.into(),
                ],
            )
        }
    }
    .map(drop)
}

/// Goes on to the next pass when a pass is over; the parts of the new one can be worked on.
fn advance(conn: &dyn SqlConn, mut import: Import, now: Timestamp, env: &ObjectEnv) -> Result<Vec<u32>, StoreError> {
    loop {
        let open = conn.run(
            "SELECT COUNT(*), (SELECT COALESCE(MAX(number), 0) + 1 FROM import_chunk WHERE serial = ?1) \
             FROM import_chunk WHERE serial = ?1 AND open = 1",
            &[import.serial.into()],
        )?;
        let (open, next) = open.first().map_or(Ok((0, 0)), |row| Ok((row.integer(0)?, row.count(1)?)))?;
        if open > 0 {
            import.save(conn)?;
            return Ok(Vec::new());
        }
        let numbers = match import.state {
            ImportState::Reading => {
                import.state = ImportState::Matching;
                plan_late(conn, &import, next, now, env)?
            }
            ImportState::Matching => {
                import.state = ImportState::Cancelling;
                plan_cancels(conn, &mut import, next, now, env)?
            }
            ImportState::Cancelling => {
                import.state = ImportState::Done;
                finish(conn, import, now)?;
                return Ok(Vec::new());
            }
            ImportState::Waiting | ImportState::Planning | ImportState::Done | ImportState::Failed => {
                return Ok(Vec::new());
            }
        };
        if !numbers.is_empty() {
            import.save(conn)?;
            return Ok(numbers);
        }
    }
}

/// Parts for the events that waited. A part that nobody could read hides which ones are gone: then all are new.
fn plan_late(
    conn: &dyn SqlConn,
    import: &Import,
    first: u32,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<u32>, StoreError> {
    let rows = conn.run(
        "SELECT uid, chunk, what, start FROM import_late WHERE serial = ?1 ORDER BY chunk, uid",
        &[import.serial.into()],
    )?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut new = Vec::new();
    for row in &rows {
        new.push(Candidate { what: row.text(2)?.to_owned(), start: Timestamp(row.integer(3)?) });
    }
    let gone = if import.unread == 0 { unseen(conn, import)? } else { Vec::new() };
    let old: Vec<Candidate> = gone.iter().map(|line| line.candidate.clone()).collect();
    let mut by_chunk: BTreeMap<u32, Vec<LateEvent>> = BTreeMap::new();
    for (row, found) in rows.iter().zip(churn::matches(&old, &new)) {
        let was = found.and_then(|at| gone.get(at)).map(|line| line.uid.clone());
        by_chunk.entry(row.count(1)?).or_default().push(LateEvent { uid: row.text(0)?.to_owned(), was });
    }
    let mut numbers = Vec::new();
    for (number, (chunk, events)) in (first..).zip(by_chunk) {
        let read = conn.run(
            "SELECT spec FROM import_chunk WHERE serial = ?1 AND number = ?2",
            &[import.serial.into(), chunk.into()],
        )?;
        let spec = read.first().map_or(Ok(""), |row| row.text(0))?;
        let titles: Vec<String> = events.iter().map(|event| event.uid.clone()).collect();
        put_chunk(conn, import, number, spec, &titles, &ImportTask::Late(events), now, env)?;
        numbers.push(number);
    }
    Ok(numbers)
}

/// Parts for the events that vanished, if they are to be called off and it is certain that they have.
fn plan_cancels(
    conn: &dyn SqlConn,
    import: &mut Import,
    first: u32,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<u32>, StoreError> {
    let gone: Vec<Unseen> = unseen(conn, import)?.into_iter().filter(|line| line.until > now).collect();
    let doubtful = !import.complete || import.unread > 0 || is_most(conn, import, count(gone.len()), now)?;
    if import.vanished == Vanished::Keep || doubtful {
        import.counts.missing = count(gone.len());
        import.counts.not_cancelled = if import.vanished == Vanished::Cancel { import.counts.missing } else { 0 };
        return Ok(Vec::new());
    }
    let mut numbers = Vec::new();
    for (number, lines) in (first..).zip(gone.chunks(CHUNK_EVENTS_MAX)) {
        let events: Vec<_> = lines.iter().map(|line| (line.uid.clone(), line.event.clone())).collect();
        put_chunk(conn, import, number, "", &[], &ImportTask::Cancel(events), now, env)?;
        numbers.push(number);
    }
    Ok(numbers)
}

/// Whether an edition lacks most of what is to come. That is rather somebody's mistake than a season called off, and a
/// mistake that is mailed to guests cannot be taken back.
fn is_most(conn: &dyn SqlConn, import: &Import, gone: u32, now: Timestamp) -> Result<bool, StoreError> {
    let rows = conn.run(
        "SELECT COUNT(*) FROM imported WHERE calendar = ?1 AND seen = ?2 AND off = 0 AND until > ?3",
        &[import.calendar.as_str().into(), import.serial.into(), now.into()],
    )?;
    let there = rows.first().map_or(Ok(0), |row| row.count(0))?;
    let known = gone + there.saturating_sub(import.counts.created);
    Ok(known >= DOUBT_EVENTS_MIN && gone > known / 2)
}

/// Tells the organizer, forgets the plan, and lets the next edition of the calendar begin.
fn finish(conn: &dyn SqlConn, mut import: Import, now: Timestamp) -> Result<(), StoreError> {
    import.ended = Some(now);
    import.save(conn)?;
    clear(conn, import.serial)?;
    conn.run(
        "UPDATE import SET state = ?2, due = ?3 WHERE serial = (SELECT MIN(serial) FROM import \
         WHERE calendar = ?1 AND ended IS NULL AND state = ?4)",
        &[
            import.calendar.as_str().into(),
            ImportState::Planning.as_str().into(),
            now.into(),
            ImportState::Waiting.as_str().into(),
        ],
    )?;
    let problems = import.problems(conn)?;
    if !is_worth_a_mail(conn, &import, &problems, now)? {
        return Ok(());
    }
    let problems = problems.into_iter().take(PROBLEMS_MAILED_MAX).collect();
    let failed = import.state == ImportState::Failed;
    let summary = ImportSummary { name: import.name, failed, counts: import.counts, problems };
    queue(conn, &Notice::Imported(Box::new(summary)), now)
}

/// A file or a mail is answered each time. A feed is polled for months: its first edition is, and then what its
/// organizer has to look at, once a day.
fn is_worth_a_mail(
    conn: &dyn SqlConn,
    import: &Import,
    problems: &[ImportProblem],
    now: Timestamp,
) -> Result<bool, StoreError> {
    if import.source != ImportSource::Feed {
        return Ok(true);
    }
    let earlier = conn.run(
        "SELECT 1 FROM import WHERE calendar = ?1 AND serial < ?2 LIMIT 1",
        &[import.calendar.as_str().into(), import.serial.into()],
    )?;
    if earlier.is_empty() {
        return Ok(true);
    }
    if problems.is_empty() && import.counts.held == 0 && import.counts.not_cancelled == 0 {
        return Ok(false);
    }
    say(conn, &format!("imported {}", import.calendar), now)
}

/// What nobody works on although it is due, each with its part; what has failed too often is given up here.
pub(super) fn due(
    conn: &dyn SqlConn,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<(String, Option<u32>)>, StoreError> {
    let mut due = Vec::new();
    let again = now.plus(env.timing.hint_repeat_secs);
    let rows = conn.run(
        "SELECT id, attempts FROM import WHERE state = ?1 AND due <= ?2",
        &[ImportState::Planning.as_str().into(), now.into()],
    )?;
    for row in &rows {
        let id = row.text(0)?;
        if row.count(1)? >= ATTEMPTS_MAX {
            let Some(mut import) = Import::with_id(conn, id)? else { continue };
            import.problem(conn, "", FAILED_EACH_TIME)?;
            import.state = ImportState::Failed;
            finish(conn, import, now)?;
        } else {
            due.push((id.to_owned(), None));
        }
    }
    let rows = conn.run(
        "SELECT import.id, number, import_chunk.attempts, titles FROM import_chunk JOIN import USING (serial) \
         WHERE open = 1 AND import_chunk.due <= ?1",
        &[now.into()],
    )?;
    for row in &rows {
        let (id, number) = (row.text(0)?, row.count(1)?);
        if row.count(2)? < ATTEMPTS_MAX {
            conn.run(
                "UPDATE import_chunk SET leased = 0, due = ?3 WHERE number = ?2 \
                 AND serial = (SELECT serial FROM import WHERE id = ?1)",
                &[id.into(), number.into(), again.into()],
            )?;
            due.push((id.to_owned(), Some(number)));
        } else if let Some(import) = Import::with_id(conn, id)? {
            let next = abandon(conn, import, number, &from_json::<Vec<String>>(row.text(3)?)?, now, env)?;
            due.extend(next.into_iter().map(|number| (id.to_owned(), Some(number))));
        }
    }
    Ok(due)
}

/// What is said of events whose part failed each time.
const FAILED_EACH_TIME: &str = "";

/// Names the events of a part that failed too often, and goes on without them.
fn abandon(
    conn: &dyn SqlConn,
    mut import: Import,
    number: u32,
    titles: &[String],
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<u32>, StoreError> {
    conn.run(
        "UPDATE import_chunk SET open = 0 WHERE serial = ?1 AND number = ?2",
        &[import.serial.into(), number.into()],
    )?;
    for title in titles {
        import.problem(conn, title, FAILED_EACH_TIME)?;
    }
    import.counts.refused += count(titles.len());
    import.counts.done += count(titles.len());
    import.unread += 1;
    advance(conn, import, now, env)
}

/// When something is due next.
pub(super) fn next_due(conn: &dyn SqlConn) -> Result<Option<Timestamp>, StoreError> {
    let rows = conn.run(
        "SELECT MIN(due) FROM (SELECT due FROM import WHERE state = ?1 UNION ALL \
         SELECT due FROM import_chunk WHERE open = 1)",
        &[ImportState::Planning.as_str().into()],
    )?;
    rows.first().map_or(Ok(None), |row| Ok(row.maybe_integer(0)?.map(Timestamp)))
}
