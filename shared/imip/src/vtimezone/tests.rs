//! The rules that are written, read again by an evaluator that knows nothing of how they were made, against
//! the database they were made from.

use std::collections::BTreeMap;

use super::*;

fn utc_of(text: &str) -> Timestamp {
    Timestamp(text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp())
}

fn tz(name: &str) -> Tz {
    Tz::find(name).unwrap()
}

fn zones() -> impl Iterator<Item = Tz> {
    crate::tzif::names().map(tz)
}

/// A time on the clock of a zone.
fn at(tz: Tz, utc: Timestamp) -> When {
    let local = utc_time(utc.plus(i64::from(tz.period(utc.0).local.offset)));
    When::At(Moment { local, zone: Zone::Iana(tz.name().to_owned()), instant: utc })
}

fn written(tz: Tz, from: Timestamp, until: Timestamp) -> String {
    let mut book = ZoneBook::default();
    book.note(&at(tz, from), until);
    let mut lines = Lines::default();
    book.write(&mut lines);
    lines.into_text()
}

fn written_for_a_summer_evening(tz: Tz) -> String {
    let evening = utc_of("2030-07-15T19:30:00");
    written(tz, evening, evening.plus(2 * 3_600))
}

/// STANDARD or DAYLIGHT as a calendar program reads it.
struct Observance {
    start: NaiveDateTime,
    from: i64,
    to: i64,
    rule: BTreeMap<String, String>,
}

/// A calendar program's reading of a VTIMEZONE: every change of the clock until 2110 as UTC and new offset.
fn read(text: &str) -> Vec<(i64, i64)> {
    assert!(text.starts_with("BEGIN:VTIMEZONE\r\nTZID:") && text.ends_with("END:VTIMEZONE\r\n"), "{text}");
    let seconds = |text: &str| {
        let sign = if text.starts_with('-') { -1 } else { 1 };
        let number = |at: usize| text.get(at..at + 2).map_or(0, |digits| digits.parse::<i64>().unwrap());
        sign * (number(1) * 3600 + number(3) * 60 + number(5))
    };
    let mut onsets = Vec::new();
    for part in text.split("BEGIN:").skip(2) {
        let mut observance = Observance { start: NaiveDateTime::default(), from: 0, to: 0, rule: BTreeMap::new() };
        for line in part.split("\r\n") {
            match line.split_once(':') {
                Some(("DTSTART", value)) => {
                    observance.start = NaiveDateTime::parse_from_str(value, "%Y%m%dT%H%M%S").unwrap();
                }
                Some(("TZOFFSETFROM", value)) => observance.from = seconds(value),
                Some(("TZOFFSETTO", value)) => observance.to = seconds(value),
                Some(("RRULE", value)) => {
                    observance.rule = value
                        .split(';')
                        .map(|part| {
                            part.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap()
                        })
                        .collect();
                }
                _ => {}
            }
        }
        onsets.extend(observance.onsets());
    }
    onsets.sort_unstable();
    onsets
}

impl Observance {
    fn onsets(&self) -> Vec<(i64, i64)> {
        let utc = |local: NaiveDateTime| local.and_utc().timestamp() - self.from;
        let mut onsets = vec![(utc(self.start), self.to)];
        if self.rule.is_empty() {
            return onsets;
        }
        assert_eq!(self.rule["FREQ"], "YEARLY");
        let month: u32 = self.rule["BYMONTH"].parse().unwrap();
        let (nth, weekday) = self.rule["BYDAY"].split_at(self.rule["BYDAY"].len() - 2);
        let until = self.rule.get("UNTIL").map_or(i64::MAX, |until| {
            NaiveDateTime::parse_from_str(until, "%Y%m%dT%H%M%SZ").unwrap().and_utc().timestamp()
        });
        for year in self.start.year()..2110 {
            let days: Vec<NaiveDate> = (1..=31)
                .filter_map(|day| NaiveDate::from_ymd_opt(year, month, day))
                .filter(|date| super::weekday(date.weekday()) == weekday)
                .collect();
            let day = match nth.parse::<i32>().unwrap() {
                -1 => days[days.len() - 1],
                nth => days[usize::try_from(nth).unwrap() - 1],
            };
            let onset = utc(day.and_time(self.start.time()));
            if year == self.start.year() {
                assert_eq!(onset, onsets[0].0, "DTSTART is an instance of its own rule");
            } else if onset <= until {
                onsets.push((onset, self.to));
            }
        }
        onsets
    }
}

fn assert_equal_to_database(tz: Tz, text: &str, from: Timestamp, until: Timestamp) {
    let onsets = read(text);
    let changes = onsets.iter().flat_map(|(at, _)| [at - 1, *at, at + 1]);
    let days = (from.0..until.0).step_by(5 * 86_400 + 3_600);
    for at in days.chain(changes).chain([until.0]).filter(|at| (from.0..=until.0).contains(at)) {
        let read = onsets.iter().rev().find(|(onset, _)| *onset <= at).map(|(_, to)| *to);
        let database = i64::from(tz.period(at).local.offset);
        assert_eq!(read, Some(database), "{} at {}\n{text}", tz.name(), utc_time(Timestamp(at)));
    }
}

#[test]
fn every_zone_is_right_while_an_event_lasts() {
    for tz in zones() {
        for year in [1971, 1999, 2027] {
            let starts = (0..12).map(|month| start_of(year).plus(month * 30 * DAY));
            // The nights in which clocks change are the hard ones.
            let changes = changes(tz, start_of(year), start_of(year + 1)).into_iter();
            for start in starts.chain(changes.map(|change| change.utc().plus(-3_600))) {
                let end = start.plus(2 * 3_600);
                assert_equal_to_database(tz, &written(tz, start, end), start, end);
            }
        }
    }
}

#[test]
fn every_zone_is_right_for_a_long_series() {
    let (from, until) = (start_of(2004), start_of(2038));
    for tz in zones() {
        assert_equal_to_database(tz, &written(tz, from, until), from, until);
    }
}

#[test]
fn a_zone_that_follows_a_rule_is_right_long_after_the_event() {
    let mut followed = 0;
    for tz in zones() {
        if steady(tz, 2026, 2048).is_some() {
            followed += 1;
            let text = written_for_a_summer_evening(tz);
            assert_equal_to_database(tz, &text, start_of(2026), start_of(2049));
            assert_eq!((text.matches("DTSTART:1970").count(), text.matches("RRULE:").count()), (2, 2), "{}", tz.name());
            assert!(!text.contains("UNTIL"), "{}", tz.name());
        }
    }
    assert!(followed > 150, "{followed}");
}

#[test]
fn a_single_event_needs_one_standard_and_at_most_one_daylight() {
    for tz in zones() {
        let text = written_for_a_summer_evening(tz);
        assert_eq!(text.matches("BEGIN:STANDARD").count(), 1, "{}\n{text}", tz.name());
        assert!(text.matches("BEGIN:DAYLIGHT").count() <= 1, "{}\n{text}", tz.name());
    }
}

#[test]
fn new_york_reads_as_every_calendar_program_writes_it() {
    assert_eq!(
        written_for_a_summer_evening(tz("America/New_York")),
        "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\n\
         BEGIN:DAYLIGHT\r\nDTSTART:19700308T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n\
         TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nTZNAME:EDT\r\nEND:DAYLIGHT\r\n\
         BEGIN:STANDARD\r\nDTSTART:19701101T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n\
         TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nTZNAME:EST\r\nEND:STANDARD\r\n\
         END:VTIMEZONE\r\n"
    );
}

#[test]
fn a_zone_without_a_rule_is_what_its_clock_shows() {
    let evening = utc_of("2030-01-20T19:30:00");
    let (tokyo, ramadan) =
        (written_for_a_summer_evening(tz("Asia/Tokyo")), written(tz("Africa/Casablanca"), evening, evening));
    for (text, offset) in [(tokyo, "+0900"), (ramadan, "+0000")] {
        let standing =
            format!("BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\n");
        assert!(text.contains(&standing) && text.matches("BEGIN:").count() == 2, "{text}");
    }
}

#[test]
fn summer_is_what_is_ahead() {
    for (tz, summer) in [(tz("Europe/Dublin"), "IST"), (tz("Europe/London"), "BST")] {
        let text = written_for_a_summer_evening(tz);
        assert!(text.contains(&format!("TZOFFSETTO:+0100\r\nTZNAME:{summer}\r\nEND:DAYLIGHT")), "{text}");
        assert!(text.contains("TZOFFSETTO:+0000\r\nTZNAME:GMT\r\nEND:STANDARD"), "{text}");
    }
}

#[test]
fn a_changed_law_ends_one_rule_and_starts_another() {
    let text = written(tz("America/New_York"), start_of(2005), start_of(2010));
    assert_eq!(text.matches("BEGIN:DAYLIGHT").count(), 2, "{text}");
    assert!(text.contains("BYMONTH=4;BYDAY=1SU;UNTIL=20060403T070000Z"), "{text}");
    assert!(text.contains("DTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n"), "{text}");
}

#[test]
fn each_zone_is_defined_once_for_all_its_years() {
    let mut book = ZoneBook::default();
    let (early, late) = (utc_of("2026-06-01T12:00:00"), utc_of("2031-06-01T12:00:00"));
    for when in [at(tz("Europe/Paris"), late), at(tz("Europe/Paris"), early), at(tz("Asia/Tokyo"), early)] {
        book.note(&when, early);
    }
    book.note(&When::Date(NaiveDate::from_ymd_opt(2030, 1, 1).unwrap()), late);
    let zones: Vec<_> = book.zones.iter().map(|zone| (zone.tzid.as_str(), zone.from, zone.until)).collect();
    assert_eq!(zones, [("Europe/Paris", early, late), ("Asia/Tokyo", early, early)]);
}

#[test]
fn a_zone_of_its_own_keeps_its_text_and_gets_its_own_name() {
    let custom = |offset: &str| {
        let vtimezone = format!(
            "BEGIN:VTIMEZONE\r\nTZID:Ship\\, time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n\
             TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        );
        let zone = Zone::Custom { tzid: "Ship, time".to_owned(), vtimezone };
        When::At(Moment { local: NaiveDateTime::default(), zone, instant: Timestamp(0) })
    };
    let mut book = ZoneBook::default();
    let (east, west) = (custom("+0130"), custom("-0130"));
    for when in [&east, &west, &east] {
        book.note(when, Timestamp(0));
    }
    let mut lines = Lines::default();
    book.write(&mut lines);
    let text = lines.into_text();
    let (one, other) = text.split_once("END:VTIMEZONE\r\n").unwrap();
    assert!(one.contains("TZID:Ship\\, time\r\n") && one.contains("TZOFFSETTO:+0130"), "{one}");
    assert!(other.contains("TZID:Ship\\, time'\r\n") && other.contains("TZOFFSETTO:-0130"), "{other}");
}

#[test]
fn an_instance_is_named_on_the_clock_of_its_series() {
    let local = |local: &str, zone: Zone, instant: &str| {
        let instant = instant.parse::<NaiveDateTime>().unwrap().and_utc().timestamp();
        When::At(Moment { local: local.parse().unwrap(), zone, instant: Timestamp(instant) })
    };
    let paris = || Zone::Iana("Europe/Paris".to_owned());
    let series = local("2030-01-07T19:00:00", paris(), "2030-01-07T18:00:00");
    let named_in_utc = local("2030-07-08T17:00:00", Zone::Utc, "2030-07-08T17:00:00");
    assert_eq!(on_clock_of(&series, &named_in_utc), local("2030-07-08T19:00:00", paris(), "2030-07-08T17:00:00"));
    let floating = local("2030-07-08T19:00:00", Zone::Floating, "2030-07-08T19:00:00");
    assert_eq!(on_clock_of(&series, &floating), floating);
    assert_eq!(on_clock_of(&floating, &series), series);
}
