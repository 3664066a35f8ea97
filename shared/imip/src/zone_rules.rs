//! The rules of a VTIMEZONE (RFC 5545 section 3.6.5), for zones that no name explains.

use std::cell::RefCell;
use std::collections::BTreeMap;

use arrange::Arrange as _;
use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};

use crate::ical::value::{TimeValue, parse_offset, parse_time_value};
use crate::limits::{OBSERVANCES_MAX, RULE_STEPS_MAX, ZONE_RULES_MAX, ZONE_YEARS_MAX};
use crate::rrule::{Freq, Rule, Until};

/// The observances of one VTIMEZONE.
#[derive(Debug, Clone)]
pub(crate) struct ZoneRules {
    observances: Vec<Observance>,
    /// X-LIC-LOCATION, the IANA name that libical and Mozilla add.
    pub(crate) location: Option<String>,
    /// The changes of each year that was asked for.
    years: RefCell<BTreeMap<i32, Vec<Onset>>>,
}

/// A STANDARD or DAYLIGHT component as far as it has been read.
#[derive(Default)]
struct Reading {
    start: Option<NaiveDateTime>,
    from: Option<i32>,
    to: Option<i32>,
    rule: Option<Rule>,
    dates: Vec<NaiveDateTime>,
}

impl Reading {
    fn finish(self) -> Option<Observance> {
        let Self { start, from, to, rule, dates } = self;
        Some(Observance { start: start?, from: from.or(to)?, to: to?, rule, dates }.settled())
    }
}

/// A STANDARD or DAYLIGHT component.
#[derive(Debug, Clone)]
struct Observance {
    start: NaiveDateTime,
    from: i32,
    to: i32,
    rule: Option<Rule>,
    dates: Vec<NaiveDateTime>,
}

/// A change of the clock: at which UTC time, from and to which offset.
type Onset = (NaiveDateTime, i32, i32);

impl ZoneRules {
    /// Reads an unfolded VTIMEZONE text; `None` if it holds no usable observance, or too many.
    pub(crate) fn parse(vtimezone: &str) -> Option<Self> {
        let mut rules = Self { observances: Vec::new(), location: None, years: RefCell::default() };
        let mut open: Option<Reading> = None;
        for line in vtimezone.lines() {
            let Some((head, value)) = line.split_once(':') else { continue };
            let name = head.split(';').next().unwrap_or_default().to_ascii_uppercase();
            match (name.as_str(), &mut open) {
                ("BEGIN", _) if is_observance(value) => open = Some(Reading::default()),
                ("END", _) if is_observance(value) => {
                    rules.observances.extend(open.take().and_then(Reading::finish));
                }
                ("X-LIC-LOCATION", None) => rules.location = Some(value.trim().to_owned()),
                ("DTSTART", Some(reading)) => reading.start = local_time(value),
                ("TZOFFSETFROM", Some(reading)) => reading.from = parse_offset(value),
                ("TZOFFSETTO", Some(reading)) => reading.to = parse_offset(value),
                ("RRULE", Some(reading)) => reading.rule = Rule::parse(value),
                ("RDATE", Some(reading)) => reading.dates.extend(value.split(',').filter_map(local_time)),
                _ => {}
            }
        }
        let rule_count = rules.observances.iter().filter(|observance| observance.rule.is_some()).count();
        let fits = (1..=OBSERVANCES_MAX).contains(&rules.observances.len()) && rule_count <= ZONE_RULES_MAX;
        fits.then_some(rules)
    }

    /// Offset in seconds at a UTC time; `None` once too many years were asked for.
    pub(crate) fn offset_at(&self, utc: NaiveDateTime) -> Option<i32> {
        self.with_onsets(utc.year(), |onsets| {
            let last = onsets.iter().rfind(|(at, ..)| *at <= utc).map(|(.., to)| *to);
            // Before the first change known, the clock stood at what that change came from.
            last.or_else(|| onsets.first().map(|(_, from, _)| *from))
        })
    }

    /// Offset in seconds of a local time: the first of two, the one before a gap.
    pub(crate) fn offset_of_local(&self, local: NaiveDateTime) -> Option<i32> {
        self.with_onsets(local.year(), |onsets| {
            let mut offset = onsets.first().map(|(_, from, _)| *from)?;
            for (at, _, to) in onsets {
                let read_with = |seconds: i32| local - TimeDelta::seconds(i64::from(seconds));
                if read_with(offset) < *at || read_with(*to) < *at {
                    break;
                }
                offset = *to;
            }
            Some(offset)
        })
    }

    fn with_onsets<T>(&self, year: i32, ask: impl FnOnce(&[Onset]) -> Option<T>) -> Option<T> {
        let mut years = self.years.borrow_mut();
        if !years.contains_key(&year) && years.len() >= ZONE_YEARS_MAX {
            return None;
        }
        ask(years.entry(year).or_insert_with(|| self.onsets_around(year)))
    }

    /// The changes that matter in a year, in order: its own, the neighbours' and the last one before.
    fn onsets_around(&self, year: i32) -> Vec<Onset> {
        let mut onsets: Vec<Onset> = Vec::new();
        for observance in &self.observances {
            let mut note = |local| onsets.push((observance.utc(local), observance.from, observance.to));
            note(observance.start);
            observance.dates.iter().copied().for_each(&mut note);
            let Some(rule) = &observance.rule else { continue };
            // A rule that ended long ago still says which offset it left behind.
            let last_year = rule.until.map_or(year, |until| until.date().year().min(year));
            let january = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
            rule.expand(observance.start, january(last_year - 2)..=january(year + 2), RULE_STEPS_MAX)
                .take_while(|local| !observance.is_past_until(*local))
                .for_each(&mut note);
        }
        onsets.arrange();
        onsets
    }
}

impl Observance {
    /// Cuts the rule down to what a clock change can need: one month of the year, one time of day.
    /// A counted rule is written out, so that no question has to start at its beginning.
    fn settled(mut self) -> Self {
        self.rule = self.rule.take().filter(|rule| rule.freq == Freq::Yearly).map(|rule| rule.once_a_year(self.start));
        if let Some(rule) = self.rule.take_if(|rule| rule.count.is_some()) {
            let count = rule.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
            let all = rule.expand(self.start, NaiveDate::MIN..=NaiveDate::MAX, RULE_STEPS_MAX);
            self.dates.extend(all.take(count.min(OBSERVANCES_MAX)));
        }
        self
    }

    fn utc(&self, local: NaiveDateTime) -> NaiveDateTime {
        local - TimeDelta::seconds(i64::from(self.from))
    }

    fn is_past_until(&self, local: NaiveDateTime) -> bool {
        match self.rule.as_ref().and_then(|rule| rule.until) {
            Some(Until::Utc(until)) => self.utc(local) > until,
            Some(Until::Local(until)) => local > until,
            Some(Until::Date(until)) => local.date() > until,
            None => false,
        }
    }
}

fn is_observance(name: &str) -> bool {
    ["STANDARD", "DAYLIGHT"].iter().any(|observance| name.trim().eq_ignore_ascii_case(observance))
}

/// A local time; Exchange's `16010101T000000` and year-0001 definitions are real. A PERIOD counts by its start.
fn local_time(value: &str) -> Option<NaiveDateTime> {
    match parse_time_value(value.split('/').next()?)? {
        TimeValue::Date(date) => Some(date.and_time(chrono::NaiveTime::MIN)),
        TimeValue::Local(time) | TimeValue::Utc(time) => Some(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXCHANGE_BERLIN: &str = "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\n\
        DTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n\
        RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
        DTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n\
        RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

    fn time(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    #[test]
    fn exchange_rules_give_the_offsets_of_berlin() {
        let rules = ZoneRules::parse(EXCHANGE_BERLIN).unwrap();
        for (local, offset) in [
            ("2026-01-15 12:00", 3600),
            ("2026-07-15 12:00", 7200),
            ("2026-03-29 01:59", 3600),
            ("2026-03-29 02:30", 3600),
            ("2026-03-29 03:00", 7200),
            ("2026-10-25 01:59", 7200),
            ("2026-10-25 02:30", 7200),
            ("2026-10-25 03:00", 3600),
            ("2026-12-31 23:59", 3600),
        ] {
            assert_eq!(rules.offset_of_local(time(local)), Some(offset), "{local}");
        }
        assert_eq!(rules.offset_at(time("2026-10-25 00:59")), Some(7200));
        assert_eq!(rules.offset_at(time("2026-10-25 01:00")), Some(3600));
    }

    #[test]
    fn a_rule_that_ended_leaves_its_offset_behind() {
        let text = "BEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:DAYLIGHT\r\nDTSTART:20000326T020000\r\nTZOFFSETFROM:+0100\r\n\
            TZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20100328T010000Z\r\nEND:DAYLIGHT\r\n\
            BEGIN:STANDARD\r\nDTSTART:20001029T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n\
            RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;UNTIL=20091025T010000Z\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
        let rules = ZoneRules::parse(text).unwrap();
        assert_eq!(rules.offset_of_local(time("2026-01-01 00:00")), Some(7200));
        assert_eq!(rules.offset_of_local(time("1999-07-01 00:00")), Some(3600));
    }

    #[test]
    fn a_single_observance_is_a_fixed_offset() {
        let text = "BEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nDTSTART:00010101T000000\nTZOFFSETTO:+0530\nEND:STANDARD\n";
        assert_eq!(ZoneRules::parse(text).unwrap().offset_of_local(time("2026-01-01 00:00")), Some(19800));
        assert!(ZoneRules::parse("BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n").is_none());
    }
}
