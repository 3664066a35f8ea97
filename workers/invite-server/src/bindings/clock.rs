//! The wall clock. In a deployed Worker it stands still between two pieces of I/O.

use itip::Timestamp;
use scheduling::ports::Clock;
use worker::Date;

/// `Date.now()`.
#[derive(Debug, Clone, Copy)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp(now_ms() / 1000)
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
}
