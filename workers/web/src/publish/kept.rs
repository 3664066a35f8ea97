use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use itip::{CalAddress, EventId, Timestamp};
use scheduling::organizer_object::editions::Changes;
use store::directory::{self, EventRow};
use store::{Database, StoreError};
use timetable::Entry;

use super::PublishContext;
use crate::events;

/// After this everything is read again, whatever was told: what nobody tells, such as a migration, is not missed.
const KEPT_SECS: i64 = 3_600;

/// Events that the page of another one looks at to name what comes next: some may be off.
pub const NEXT_MAX: u32 = 16;

/// The events of one organizer between two rebuilds, so that a change reads its own row and not all 2,500: reading
/// those is most of the work of a page.
#[derive(Debug, Default)]
pub struct KeptRows(Mutex<Option<Season>>);

/// An event of a season.
#[derive(Debug)]
pub struct KeptEvent {
    /// The event.
    pub event: EventRow,
    alone: OnceLock<Arc<Entry>>,
}

impl KeptEvent {
    /// An event that has been read.
    pub fn new(event: EventRow) -> Self {
        Self { event, alone: OnceLock::new() }
    }

    /// Its only entry, which is the same at every moment and made once; of a series those that are asked for.
    pub fn dates(&self, of_series: &(dyn Fn(&EventRow) -> Vec<Entry> + Sync)) -> Vec<Arc<Entry>> {
        if self.event.details.recurrence.is_series() {
            return of_series(&self.event).into_iter().map(Arc::new).collect();
        }
        let made = || Arc::new(Entry::next(&events::source(&self.event), self.event.last_modified));
        vec![Arc::clone(self.alone.get_or_init(made))]
    }
}

#[derive(Debug)]
struct Season {
    owner: CalAddress,
    since: Timestamp,
    read: Timestamp,
    /// In the order of [`directory::upcoming_of`].
    rows: Vec<Arc<KeptEvent>>,
}

impl Season {
    fn upcoming(&self, since: Timestamp, limit: u32) -> Vec<Arc<KeptEvent>> {
        self.rows.iter().filter(|row| !row.event.is_past(since)).take(limit as usize).cloned().collect()
    }

    fn take_in(&mut self, id: &EventId, row: Option<EventRow>) {
        self.rows.retain(|row| row.event.event_id != *id);
        let stands = |row: &EventRow| row.owner == self.owner && row.public && !row.is_past(self.since);
        if let Some(row) = row.filter(stands) {
            let at = self.rows.partition_point(|other| by_start(&other.event) < by_start(&row));
            self.rows.insert(at, Arc::new(KeptEvent::new(row)));
        }
    }
}

impl KeptRows {
    fn season(&self) -> MutexGuard<'_, Option<Season>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Knows nothing any more.
    pub(super) fn forget(&self) {
        *self.season() = None;
    }

    /// Learns what has changed; comes before what is made of it. Tells whether the next [`NEXT_MAX`] events are other
    /// ones now, or say something else.
    pub(super) async fn refresh(
        &self,
        db: &dyn Database,
        changes: &Changes,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        // An error in between leaves nothing that could be wrong.
        let Some(mut season) = self.season().take() else {
            return Ok(true);
        };
        let Changes::Events(ids) = changes else {
            return Ok(true);
        };
        if season.read.plus(KEPT_SECS) <= now {
            return Ok(true);
        }
        let before = season.upcoming(now, NEXT_MAX);
        if !ids.is_empty() {
            let mut read: BTreeMap<EventId, EventRow> =
                directory::events_among(db, ids).await?.into_iter().map(|row| (row.event_id.clone(), row)).collect();
            for id in ids {
                season.take_in(id, read.remove(id));
            }
        }
        let after = season.upcoming(now, NEXT_MAX);
        // What has not changed is still the same value.
        let same = before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| Arc::ptr_eq(a, b));
        *self.season() = Some(season);
        Ok(!same)
    }

    fn upcoming(&self, owner: &CalAddress, since: Timestamp, limit: u32) -> Option<Vec<Arc<KeptEvent>>> {
        let season = self.season();
        let season = season.as_ref().filter(|season| season.owner == *owner && season.since <= since)?;
        Some(season.upcoming(since, limit))
    }
}

/// The order of [`directory::upcoming_of`].
fn by_start(row: &EventRow) -> (Timestamp, &EventId) {
    (row.details.start.instant(), &row.event_id)
}

impl PublishContext<'_> {
    /// An organizer's public events that have not ended at a moment, by start.
    pub async fn upcoming(
        &self,
        owner: &CalAddress,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<Arc<KeptEvent>>, StoreError> {
        if let Some(rows) = self.kept.and_then(|kept| kept.upcoming(owner, since, limit)) {
            return Ok(rows);
        }
        // One more shows whether these are all.
        let rows = directory::upcoming_of(self.db, owner, since, limit.saturating_add(1)).await?;
        let mut rows: Vec<Arc<KeptEvent>> = rows.into_iter().map(|row| Arc::new(KeptEvent::new(row))).collect();
        // A list that was cut is not all there is.
        if let Some(kept) = self.kept.filter(|_| rows.len() <= limit as usize) {
            *kept.season() = Some(Season { owner: owner.clone(), since, read: self.now, rows: rows.clone() });
        }
        rows.truncate(limit as usize);
        Ok(rows)
    }
}
