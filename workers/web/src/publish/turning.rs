use imip::midnight_there;
use itip::{Timestamp, When};

/// A page that says nothing about time is made anew after this.
const STALE_SECS_MAX: i64 = 86_400;
const DAY_SECS: u64 = 86_400;
/// Moments are rounded up to this: an evening on which a match ends every few minutes shall not write each time.
const STEP_SECS: i64 = 300;

/// Finds the first moment at which what a page says becomes wrong by itself: a day turns, an event ends.
#[derive(Debug, Clone, Copy)]
pub struct Turning {
    now: Timestamp,
    first: Timestamp,
}

impl Turning {
    /// For a page that is made now.
    pub fn new(now: Timestamp) -> Self {
        Self { now, first: now.plus(STALE_SECS_MAX) }
    }

    /// The page says something about these times: that they are today, or to come.
    pub fn sees(&mut self, start: &When, end: &When) {
        self.at(end.instant());
        // The days of most events of a season are far away, and to find their midnights takes time.
        if start.instant().0.abs_diff(self.now.0) < 3 * DAY_SECS {
            let day = start.local_date();
            self.at(midnight_there(start, day));
            self.at(midnight_there(start, day.succ_opt().unwrap_or(day)));
        }
    }

    /// Something is said until then.
    pub fn at(&mut self, moment: Timestamp) {
        if moment > self.now {
            self.first = self.first.min(moment);
        }
    }

    /// The moment.
    pub fn moment(self) -> Timestamp {
        self.first
    }

    /// When a snapshot is made anew: later than the moment by at most five minutes.
    pub fn stale_at(self) -> Timestamp {
        let over = self.first.0.rem_euclid(STEP_SECS);
        if over == 0 { self.first } else { self.first.plus(STEP_SECS - over) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveDateTime};
    use itip::{Moment, Zone};

    use super::*;

    /// On the wall of a zone five hours behind.
    fn at(local: &str) -> When {
        let local: NaiveDateTime = local.parse().unwrap();
        let instant = Timestamp(local.and_utc().timestamp() + 5 * 3600);
        When::At(Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
    }

    #[test]
    fn a_page_is_right_until_a_day_turns_or_an_event_ends() {
        let (start, end) = (at("2027-01-09T19:05:00"), at("2027-01-09T22:03:00"));
        for (now, right_until) in [
            // Two days before: for a day at most.
            ("2027-01-07T12:00:00", "2027-01-08T12:00:00"),
            ("2027-01-08T12:00:00", "2027-01-09T00:00:00"),
            // On the day itself: until it is over, in steps of five minutes.
            ("2027-01-09T12:00:00", "2027-01-09T22:05:00"),
            ("2027-01-09T23:00:00", "2027-01-10T00:00:00"),
        ] {
            let mut turning = Turning::new(at(now).instant());
            turning.sees(&start, &end);
            assert_eq!(turning.stale_at(), at(right_until).instant(), "{now}");
        }
    }

    #[test]
    fn a_day_on_which_the_clock_is_changed_turns_by_the_clock_of_its_nights() {
        // At seven in the evening the clock is an hour from where it was at midnight.
        for (start, in_utc, begins, ends) in [
            ("2027-03-14T19:05:00", "2027-03-14T23:05:00", "2027-03-14T05:00:00", "2027-03-15T04:00:00"),
            ("2027-11-07T19:05:00", "2027-11-08T00:05:00", "2027-11-07T04:00:00", "2027-11-08T05:00:00"),
        ] {
            let utc = |text: &str| Timestamp(text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp());
            let zone = Zone::Iana("America/New_York".into());
            let start = When::At(Moment { local: start.parse().unwrap(), zone, instant: utc(in_utc) });
            for (now, right_until) in [(utc(begins).plus(-7200), begins), (utc(ends).plus(-7200), ends)] {
                let mut turning = Turning::new(now);
                turning.sees(&start, &start);
                assert_eq!(turning.stale_at(), utc(right_until), "{now:?}");
            }
        }
    }

    #[test]
    fn a_whole_day_turns_at_its_own_midnight() {
        let day = |day| When::Date(NaiveDate::from_ymd_opt(2027, 1, day).unwrap());
        let mut turning = Turning::new(day(8).instant().plus(7200));
        turning.sees(&day(9), &day(11));
        assert_eq!(turning.stale_at(), day(9).instant());
    }
}
