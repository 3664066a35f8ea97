//! The one alarm of an object: derived from its rows, moved only when that changes something, never thrown from.
//!
//! The platform drops an alarm for good after a few exceptions, so a failure sets the next alarm itself.

use std::cell::Cell;

use itip::Timestamp;
use store::StoreError;
use worker::Storage;

use crate::bindings::clock::now_ms;
use crate::bindings::do_sql::set_alarm;

/// The longest back-off.
const BACK_OFF_MAX_MS: i64 = 60_000;
/// The rest after an alarm that found nothing to do: rows that ask for an alarm and give it no work are a bug, which
/// shall cost an alarm a second and not a thousand.
const REST_MS: i64 = 1_000;
/// What an alarm says that found nothing to do.
pub const NOTHING_DUE: &str = "nothing due";
/// An alarm this late is not believed to come any more.
const LATE_MS: i64 = 60_000;

/// What an instance knows about its object's alarm. An evicted one forgets, and sets the alarm once too often.
#[derive(Debug, Default)]
pub struct Alarm {
    /// When the next alarm comes, in milliseconds since 1970.
    armed: Cell<Option<i64>>,
    failures: Cell<u32>,
}

impl Alarm {
    /// Sets the alarm for what the rows need, as part of the current transaction. Pass the result to
    /// [`Alarm::committed`] after it. `done` is what the alarm that has just come found to do, if one has.
    pub fn arm(
        &self,
        storage: &Storage,
        next: Option<Timestamp>,
        done: Option<&str>,
    ) -> Result<Option<i64>, StoreError> {
        let now = now_ms();
        let soonest = if done == Some(NOTHING_DUE) { now.saturating_add(REST_MS) } else { now };
        let wanted = next.map(|next| next.0.saturating_mul(1000).max(soonest));
        match wanted {
            Some(at) if self.must_move(at, now) => {
                set_alarm(storage, at)?;
                Ok(Some(at))
            }
            _ => Ok(None),
        }
    }

    /// The transaction of an [`Alarm::arm`] is committed.
    pub fn committed(&self, armed: Option<i64>) {
        if armed.is_some() {
            self.armed.set(armed);
        }
    }

    /// The alarm has come; the object has none until it is armed again.
    pub fn came(&self) {
        self.armed.set(None);
    }

    /// The alarm's work is done: the next failure starts with a short wait again.
    pub fn succeeded(&self) {
        self.failures.set(0);
    }

    /// The alarm's work failed: another try after a while that doubles. The error is the last resort's: the platform
    /// did not even take the alarm.
    pub fn back_off(&self, storage: &Storage) -> Result<(), StoreError> {
        let failures = self.failures.get();
        self.failures.set(failures.saturating_add(1));
        let now = now_ms();
        let at = now.saturating_add((1_000_i64 << failures.min(6)).min(BACK_OFF_MAX_MS));
        if self.must_move(at, now) {
            set_alarm(storage, at)?;
            self.armed.set(Some(at));
        }
        Ok(())
    }

    fn must_move(&self, at: i64, now: i64) -> bool {
        self.armed.get().is_none_or(|armed| armed > at || armed.saturating_add(LATE_MS) < now)
    }
}
