//! Days, as the wall says it where an event happens.

use chrono::{DateTime, NaiveDate, NaiveTime};
use itip::{Timestamp, When};

use crate::zone::Clock;

/// The day it is at a moment where an event happens; of a DATE, in UTC. A clock that is not understood is taken to
/// show the same time as at the event's start.
pub fn today_there(event: &When, now: Timestamp) -> Option<NaiveDate> {
    if let Some(local) = clock_of(event).and_then(|clock| clock.local(now)) {
        return Some(local.date());
    }
    DateTime::from_timestamp(now.0.checked_add(offset_at_start(event))?, 0).map(|time| time.date_naive())
}

/// When a day begins where an event happens: at the first moment that has its date, even where midnight is skipped or
/// comes twice.
pub fn midnight_there(event: &When, day: NaiveDate) -> Timestamp {
    let midnight = day.and_time(NaiveTime::MIN);
    let told = clock_of(event).and_then(|clock| clock.instant(midnight));
    told.unwrap_or_else(|| Timestamp(midnight.and_utc().timestamp() - offset_at_start(event)))
}

fn clock_of(event: &When) -> Option<Clock> {
    match event {
        When::Date(_) => None,
        When::At(moment) => Clock::of(&moment.zone),
    }
}

fn offset_at_start(event: &When) -> i64 {
    match event {
        When::Date(_) => 0,
        When::At(moment) => moment.local.and_utc().timestamp() - moment.instant.0,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use itip::{Moment, Zone};

    use super::*;

    fn at(local: &str, zone: &str) -> When {
        let local: NaiveDateTime = local.parse().unwrap();
        let zone = Zone::Iana(zone.into());
        let instant = Clock::of(&zone).and_then(|clock| clock.instant(local)).unwrap();
        When::At(Moment { local, zone, instant })
    }

    fn utc(text: &str) -> Timestamp {
        Timestamp(text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp())
    }

    #[test]
    fn a_day_begins_and_ends_by_the_clock_that_holds_then() {
        for (start, zone, begins, ends) in [
            // Summer time begins and ends at two or three, before the match.
            ("2027-03-14T19:05:00", "America/New_York", "2027-03-14T05:00:00", "2027-03-15T04:00:00"),
            ("2027-11-07T19:05:00", "America/New_York", "2027-11-07T04:00:00", "2027-11-08T05:00:00"),
            // The clock goes from midnight to one, and back from one to midnight.
            ("2027-03-28T19:05:00", "Asia/Beirut", "2027-03-27T22:00:00", "2027-03-28T21:00:00"),
            ("2027-10-31T19:05:00", "Atlantic/Azores", "2027-10-31T00:00:00", "2027-11-01T01:00:00"),
        ] {
            let event = at(start, zone);
            let day = event.local_date();
            let (from, to) = (midnight_there(&event, day), midnight_there(&event, day.succ_opt().unwrap()));
            assert_eq!((from, to), (utc(begins), utc(ends)), "{zone} {start}");
            for (now, date) in
                [(from.plus(-1), day.pred_opt()), (from, Some(day)), (to.plus(-1), Some(day)), (to, day.succ_opt())]
            {
                assert_eq!(today_there(&event, now), date, "{zone} {start} {now:?}");
            }
        }
    }

    #[test]
    fn an_event_in_summer_does_not_set_the_clock_of_winter() {
        let opening = at("2027-04-02T19:05:00", "America/New_York");
        assert_eq!(today_there(&opening, utc("2027-02-10T04:30:00")), NaiveDate::from_ymd_opt(2027, 2, 9));
    }

    #[test]
    fn a_clock_that_nobody_knows_shows_what_it_shows_at_the_start() {
        let local: NaiveDateTime = "2027-01-09T19:05:00".parse().unwrap();
        let zone = Zone::Iana("Moon/Tranquility".into());
        let event = When::At(Moment { local, zone, instant: utc("2027-01-10T00:05:00") });
        assert_eq!(midnight_there(&event, event.local_date()), utc("2027-01-09T05:00:00"));
        assert_eq!(today_there(&event, utc("2027-01-09T04:59:59")), NaiveDate::from_ymd_opt(2027, 1, 8));
    }
}
