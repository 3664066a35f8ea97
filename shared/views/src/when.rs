//! Times in words, on the wall where the event happens. The reader's own zone is added by the page's script: only
//! his browser knows it.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Timelike};
use itip::{Timestamp, When, Zone};
use timetable::TimeDisplay;

pub use imip::today_there;

use crate::words::{Language, Words, fill};

/// An event's time, ready for a page or a mail. The examples are English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhenView {
    /// The language it is told in.
    pub language: Language,
    /// `Fri`.
    pub weekday: String,
    /// `2`.
    pub day: String,
    /// `Fri 2 Jul`.
    pub short: String,
    /// `Friday 2 July 2027`, with the last day where there are several.
    pub long: String,
    /// `Fri 2 July 2027`, for a subject.
    pub dated: String,
    /// `2027-07`.
    pub month_key: String,
    /// `July 2027`.
    pub month: String,
    /// `2027-07-02`.
    pub date: String,
    /// `7:05 pm`, or `All day`.
    pub clock: String,
    /// `10:05 pm`, empty for an all-day event and one without length.
    pub until: String,
    /// `New York time`; empty for all-day and floating times.
    pub zone: String,
    /// The start for `<time datetime>`: an instant, or a date.
    pub iso: String,
    /// The end likewise; empty when there is none to show.
    pub iso_end: String,
    /// It has dates and no clock times.
    pub all_day: bool,
    /// The instant is known, so that it can be shown in another zone.
    pub zoned: bool,
    /// The last day, `Sun 4 Jul`, where the event spans several.
    pub last_day: String,
}

impl WhenView {
    /// Describes the time from `start` to `end` (exclusive) in English.
    pub fn new(start: &When, end: &When) -> Self {
        Self::told(start, end, Language::En)
    }

    /// Describes the time from `start` to `end` (exclusive).
    pub fn told(start: &When, end: &When, language: Language) -> Self {
        Self::told_by(start, end, language, language.words().clock_24)
    }

    /// The same on a clock of 24 hours or of 12, whatever the language has.
    pub fn told_by(start: &When, end: &When, language: Language, clock_24: bool) -> Self {
        let words = language.words();
        let clock = |time| clock(time, clock_24);
        let date = start.local_date();
        let last = last_date(start, end);
        let (clock, until) = match (start, end) {
            (When::At(from), When::At(to)) => {
                let until = if to.instant > from.instant { clock(to.local.time()) } else { String::new() };
                (clock(from.local.time()), until)
            }
            (When::At(from), When::Date(_)) => (clock(from.local.time()), String::new()),
            (When::Date(_), _) => (words.all_day.to_owned(), String::new()),
        };
        let spans = last > date;
        let first_day = in_words(words.date_long, date, words);
        let long = if spans { from_to(&first_day, &in_words(words.date_long, last, words), words) } else { first_day };
        let zoned = matches!(start, When::At(moment) if moment.zone != Zone::Floating);
        Self {
            language,
            weekday: in_words("{weekday_short}", date, words),
            day: date.day().to_string(),
            short: in_words(words.date_short, date, words),
            long,
            dated: in_words(words.date_subject, date, words),
            month_key: date.format("%Y-%m").to_string(),
            month: in_words(words.month_year, date, words),
            date: date.to_string(),
            clock,
            until,
            zone: zone_words(start, words),
            iso: iso(start),
            iso_end: if zoned && end.instant() > start.instant() { iso(end) } else { String::new() },
            all_day: matches!(start, When::Date(_)),
            zoned,
            last_day: if spans { in_words(words.date_short, last, words) } else { String::new() },
        }
    }

    /// The clock times: `7:05 pm to 10:05 pm`.
    pub fn hours(&self) -> String {
        if self.until.is_empty() {
            self.clock.clone()
        } else {
            from_to(&self.clock, &self.until, self.language.words())
        }
    }

    /// The whole time in one line: `Friday 2 July 2027, 7:05 pm to 10:05 pm, New York time`.
    pub fn sentence(&self) -> String {
        let mut text = format!("{}, {}", self.long, self.hours());
        if !self.zone.is_empty() {
            text.push_str(", ");
            text.push_str(&self.zone);
        }
        text
    }

    /// The start for a subject: `Fri 2 July 2027, 7:05 pm`, or only the day.
    pub fn in_subject(&self) -> String {
        if self.all_day { self.dated.clone() } else { format!("{}, {}", self.dated, self.clock) }
    }
}

fn from_to(from: &str, to: &str, words: &Words) -> String {
    fill(words.from_to, &[("from", from), ("to", to)])
}

/// The last day an event touches; its end is exclusive (RFC 5545 section 3.6.1).
pub(crate) fn last_date(start: &When, end: &When) -> NaiveDate {
    let first = start.local_date();
    let last = match end {
        When::Date(date) => date.checked_sub_days(Days::new(1)).unwrap_or(*date),
        When::At(moment) if moment.local.time() == NaiveTime::MIN => {
            moment.local.date().checked_sub_days(Days::new(1)).unwrap_or(moment.local.date())
        }
        When::At(moment) => moment.local.date(),
    };
    // A party that ends at two in the morning is still one evening.
    let overnight = matches!((start, end), (When::At(from), When::At(to)) if to.instant.0 - from.instant.0 < 43_200);
    if overnight { first } else { last.max(first) }
}

/// Whether a page tells 19:05 rather than 7:05 pm.
pub fn clock_24(times: TimeDisplay, language: Language) -> bool {
    match times {
        TimeDisplay::Auto => language.words().clock_24,
        TimeDisplay::Hours12 => false,
        TimeDisplay::Hours24 => true,
    }
}

/// `7:05 pm`, `19:05`.
pub fn clock(time: NaiveTime, clock_24: bool) -> String {
    let minute = time.minute();
    if clock_24 {
        return format!("{}:{minute:02}", time.hour());
    }
    let (is_pm, hour) = time.hour12();
    format!("{hour}:{minute:02} {}", if is_pm { "pm" } else { "am" })
}

/// `Friday 2 July 2027`.
pub fn long_date(date: NaiveDate, language: Language) -> String {
    let words = language.words();
    in_words(words.date_long, date, words)
}

/// `July 2027`.
pub fn month_name(year: i32, month: u32, language: Language) -> String {
    let words = language.words();
    NaiveDate::from_ymd_opt(year, month, 1).map_or_else(String::new, |day| in_words(words.month_year, day, words))
}

/// A date as one of a language's patterns has it.
pub(crate) fn in_words(pattern: &str, date: NaiveDate, words: &Words) -> String {
    let weekday = date.weekday().num_days_from_monday() as usize;
    let month = date.month0() as usize;
    let name = |names: &[&'static str], at: usize| names.get(at).copied().unwrap_or_default();
    fill(
        pattern,
        &[
            ("weekday", name(&words.weekdays, weekday)),
            ("weekday_short", name(&words.weekdays_short, weekday)),
            ("day", &date.day().to_string()),
            ("month", name(&words.months, month)),
            ("month_short", name(&words.months_short, month)),
            ("year", &date.year().to_string()),
        ],
    )
}

/// `New York time`, `UTC`, the sender's own name for a zone; empty where no zone is meant.
pub(crate) fn zone_words(when: &When, words: &Words) -> String {
    let When::At(moment) = when else {
        return String::new();
    };
    match &moment.zone {
        Zone::Utc => "UTC".to_owned(),
        Zone::Floating => String::new(),
        Zone::Iana(name) => match name.rsplit('/').next() {
            Some(city) if name.contains('/') && !name.starts_with("Etc/") => words.zone(city),
            _ => name.clone(),
        },
        Zone::Custom { tzid, .. } => tzid.clone(),
    }
}

/// The zone's name as the organizer wrote it, where it has one.
pub fn zone_name(when: &When) -> Option<String> {
    let When::At(moment) = when else { return None };
    match &moment.zone {
        Zone::Utc => Some("UTC".to_owned()),
        Zone::Floating => None,
        Zone::Iana(name) => Some(name.clone()),
        Zone::Custom { tzid, .. } => Some(tzid.clone()),
    }
}

/// A value for `<time datetime>`.
pub fn iso(when: &When) -> String {
    match when {
        When::Date(date) => date.to_string(),
        When::At(moment) if moment.zone == Zone::Floating => moment.local.format("%Y-%m-%dT%H:%M").to_string(),
        When::At(moment) => iso_instant(moment.instant),
    }
}

/// The start on its own wall with its distance from UTC, `2027-07-02T19:05-04:00`: the instant and the wall in one value.
/// Without the distance where none is meant; a date where there is no time.
pub fn iso_on_wall(when: &When) -> String {
    let When::At(moment) = when else { return iso(when) };
    let (date, time) = (moment.local.date(), moment.local.time());
    let (hour, minute) = (time.hour(), time.minute());
    if moment.zone == Zone::Floating {
        return format!("{date}T{hour:02}:{minute:02}");
    }
    let minutes = (moment.local.and_utc().timestamp() - moment.instant.0).div_euclid(60);
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{date}T{hour:02}:{minute:02}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// `2027-07-02T23:05:00Z`.
pub fn iso_instant(at: Timestamp) -> String {
    DateTime::from_timestamp(at.0, 0).map_or_else(String::new, |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Whether an event starts on the day that it is now where it happens.
pub fn is_today(start: &When, now: Timestamp) -> bool {
    // No day is so long; the clocks of a whole season need not be asked.
    let is_near = start.instant().0.abs_diff(now.0) < 2 * 86_400;
    is_near && today_there(start, now) == Some(start.local_date())
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use itip::Moment;

    use super::*;

    fn at(local: &str, zone: Zone, offset_hours: i64) -> When {
        let local: NaiveDateTime = local.parse().unwrap();
        When::At(Moment { local, zone, instant: Timestamp(local.and_utc().timestamp() - offset_hours * 3600) })
    }

    #[test]
    fn a_time_is_told_where_it_happens() {
        let zone = || Zone::Iana("America/New_York".into());
        let view = WhenView::new(&at("2027-07-02T19:05:00", zone(), -4), &at("2027-07-02T22:05:00", zone(), -4));
        assert_eq!(view.sentence(), "Friday 2 July 2027, 7:05 pm to 10:05 pm, New York time");
        assert_eq!((view.iso.as_str(), view.zoned), ("2027-07-02T23:05:00Z", true));
        assert_eq!(iso_on_wall(&at("2027-07-02T19:05:00", zone(), -4)), "2027-07-02T19:05-04:00");
        assert_eq!(iso_on_wall(&at("2027-07-02T19:05:00", zone(), 5)), "2027-07-02T19:05+05:00");
    }

    #[test]
    fn today_begins_by_the_clock_of_its_night() {
        let utc = |text: &str| Timestamp(text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp());
        // Summer time begins at two: at midnight the clock is five hours behind, at the match four.
        let start = at("2027-03-14T19:05:00", Zone::Iana("America/New_York".into()), -4);
        for (now, is) in [
            ("2027-03-12T23:05:00", false),
            ("2027-03-14T04:30:00", false),
            ("2027-03-14T05:00:00", true),
            ("2027-03-15T03:59:00", true),
            ("2027-03-15T04:00:00", false),
        ] {
            assert_eq!(is_today(&start, utc(now)), is, "{now}");
        }
    }

    #[test]
    fn days_are_days() {
        let date = |text: &str| When::Date(text.parse().unwrap());
        let one = WhenView::new(&date("2027-07-02"), &date("2027-07-03"));
        assert_eq!(one.sentence(), "Friday 2 July 2027, All day");
        let three = WhenView::new(&date("2027-07-02"), &date("2027-07-05"));
        assert_eq!(three.long, "Friday 2 July 2027 to Sunday 4 July 2027");
        assert_eq!(three.last_day, "Sun 4 Jul");
    }

    #[test]
    fn an_evening_that_ends_after_midnight_is_one_evening() {
        let utc = |text| at(text, Zone::Utc, 0);
        let view = WhenView::new(&utc("2027-07-02T22:00:00"), &utc("2027-07-03T02:00:00"));
        assert_eq!(view.last_day, "");
        assert_eq!(view.sentence(), "Friday 2 July 2027, 10:00 pm to 2:00 am, UTC");
    }

    #[test]
    fn spanish_has_its_own_order_and_clock() {
        let zone = || Zone::Iana("America/New_York".into());
        let told = |start: &When, end: &When| WhenView::told(start, end, Language::Es);
        let view = told(&at("2027-07-02T19:05:00", zone(), -4), &at("2027-07-02T22:05:00", zone(), -4));
        assert_eq!(view.sentence(), "viernes 2 de julio de 2027, 19:05 a 22:05, hora de Nueva York");
        assert_eq!(view.in_subject(), "vie 2 jul 2027, 19:05");
        assert_eq!((view.short.as_str(), view.month.as_str()), ("vie 2 jul", "julio de 2027"));
        let date = |text: &str| When::Date(text.parse().unwrap());
        let days = told(&date("2027-07-02"), &date("2027-07-05"));
        assert_eq!(days.sentence(), "viernes 2 de julio de 2027 a domingo 4 de julio de 2027, Todo el día");
        assert_eq!(days.in_subject(), "vie 2 jul 2027");
    }

    #[test]
    fn english_days_and_months_are_those_of_the_calendar() {
        let mut day: NaiveDate = "2027-01-01".parse().unwrap();
        for _ in 0..365 {
            let view = WhenView::new(&When::Date(day), &When::Date(day));
            assert_eq!(view.long, day.format("%A %-d %B %Y").to_string());
            assert_eq!(view.short, day.format("%a %-d %b").to_string());
            day = day.succ_opt().unwrap();
        }
    }
}
