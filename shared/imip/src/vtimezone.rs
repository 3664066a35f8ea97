//! VTIMEZONE components (RFC 5545 section 3.6.5) for the zones that a calendar text names.
//!
//! Outlook reduces what it reads to one STANDARD and one DAYLIGHT, each with BYMONTH and BYDAY, and may drop a
//! zone that it cannot reduce (MS-OXCICAL section 2.1.3.1.1.19). So a zone whose clock follows one rule in the years
//! around the event gets exactly that. Any other gets what happens to its clock while the event lasts: for a single
//! event hardly ever more than one STANDARD, for a series one observance for every stretch of years in which a
//! rule held.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Weekday};
use itip::{Moment, Timestamp, When, Zone};

use crate::content_line::{Lines, date_time, utc};
use crate::tzif::{LocalTime, Tz};
use crate::zone::Clock;

/// First year that is written: every calendar program understands it.
const YEAR_MIN: i32 = 1970;

const DAY: i64 = 86_400;

/// The zones that a text names, each defined once.
#[derive(Debug, Default)]
pub(crate) struct ZoneBook {
    zones: Vec<Definition>,
}

#[derive(Debug)]
struct Definition {
    zone: Zone,
    tzid: String,
    from: Timestamp,
    until: Timestamp,
}

impl ZoneBook {
    /// Takes note of a time, and until when its zone's rules matter.
    pub(crate) fn note(&mut self, when: &When, until: Timestamp) {
        let When::At(moment) = when else { return };
        let (Zone::Iana(tzid) | Zone::Custom { tzid, .. }) = &moment.zone else { return };
        let until = until.max(moment.instant);
        if let Some(known) = self.zones.iter_mut().find(|known| known.zone == moment.zone) {
            known.from = known.from.min(moment.instant);
            known.until = known.until.max(until);
            return;
        }
        // Two senders may have given different zones one name.
        let mut unique = tzid.clone();
        while self.zones.iter().any(|known| known.tzid == unique) {
            unique.push('\'');
        }
        self.zones.push(Definition { zone: moment.zone.clone(), tzid: unique, from: moment.instant, until });
    }

    /// The TZID of a zone that was noted; `None` for UTC and floating times.
    pub(crate) fn tzid(&self, zone: &Zone) -> Option<&str> {
        self.zones.iter().find(|known| known.zone == *zone).map(|known| known.tzid.as_str())
    }

    /// Writes the definitions.
    pub(crate) fn write(&self, lines: &mut Lines) {
        for definition in &self.zones {
            match &definition.zone {
                Zone::Iana(name) => {
                    if let Some(tz) = Tz::find(name) {
                        write_iana(lines, tz, definition);
                    }
                }
                Zone::Custom { vtimezone, .. } => write_verbatim(lines, vtimezone, &definition.tzid),
                Zone::Utc | Zone::Floating => {}
            }
        }
    }
}

/// The name of an instance as a series that starts at `start` writes it: others name one of a timed series by its day,
/// or of a series of days by a time, and no program finds that.
pub(crate) fn named_like(start: &When, when: &When) -> When {
    match (start, when) {
        (When::Date(_), When::At(moment)) => When::Date(moment.local.date()),
        (When::At(model), When::Date(day)) => {
            let local = day.and_time(model.local.time());
            let instant = Clock::of(&model.zone).and_then(|clock| clock.instant(local));
            instant.map_or(when.clone(), |instant| When::At(Moment { local, zone: model.zone.clone(), instant }))
        }
        _ => on_clock_of(start, when),
    }
}

/// The same instant on the clock of `model`: an EXDATE or RECURRENCE-ID finds its instance in every program
/// only if it is written like DTSTART. Google names instances of a zoned series in UTC.
pub fn on_clock_of(model: &When, when: &When) -> When {
    let (When::At(model), When::At(moment)) = (model, when) else { return when.clone() };
    if model.zone == moment.zone || Zone::Floating == model.zone || Zone::Floating == moment.zone {
        return when.clone();
    }
    match Clock::of(&model.zone).and_then(|clock| clock.local(moment.instant)) {
        Some(local) => When::At(Moment { local, zone: model.zone.clone(), instant: moment.instant }),
        None => when.clone(),
    }
}

/// The definition that came with the event; the reader has left nothing but a zone in it.
fn write_verbatim(lines: &mut Lines, vtimezone: &str, tzid: &str) {
    for line in vtimezone.lines() {
        if line.starts_with("TZID") {
            lines.text("TZID", &[], tzid);
        } else {
            lines.line(line);
        }
    }
}

fn write_iana(lines: &mut Lines, tz: Tz, definition: &Definition) {
    lines.begin("VTIMEZONE");
    lines.text("TZID", &[], &definition.tzid);
    if let Some(steady) = steady(tz, year_of(definition.from) - 1, year_of(definition.until) + 1) {
        for stretch in steady {
            write_observance(lines, &stretch, None);
        }
    } else {
        let (from, until) = (definition.from.plus(-DAY), definition.until.plus(DAY));
        let stretches = stretches(tz, from, until);
        write_observance(lines, &Stretch::standing(tz, from, stretches.is_empty()), None);
        for stretch in &stretches {
            write_observance(lines, stretch, Some(until));
        }
    }
    lines.end("VTIMEZONE");
}

/// A change of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// What the clock showed at that moment, before it was changed.
    local: NaiveDateTime,
    from: i32,
    to: i32,
    daylight: bool,
    /// TZNAME, empty if the database has none.
    name: String,
}

/// "The second Sunday of March", as BYDAY and BYMONTH say it; -1 is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    month: u32,
    weekday: Weekday,
    nth: i8,
}

/// Years in a row in which the same change came on the same day of a rule.
#[derive(Debug, Clone)]
struct Stretch {
    first: Change,
    last: Change,
    /// The rules that fit every one of them.
    days: Vec<Day>,
}

impl Change {
    fn utc(&self) -> Timestamp {
        Timestamp(self.local.and_utc().timestamp() - i64::from(self.from))
    }

    fn is_like(&self, other: &Self) -> bool {
        Self { local: self.local, ..other.clone() } == *self && self.local.time() == other.local.time()
    }
}

impl Day {
    /// The rules that name a date; the last of its kind first, because that is what laws say.
    fn all_of(date: NaiveDate) -> Vec<Self> {
        let (month, weekday) = (date.month(), date.weekday());
        let is_last = (date + TimeDelta::days(7)).month() != month;
        let nth = i8::try_from(date.day().div_ceil(7)).ok().filter(|nth| *nth < 5);
        is_last.then_some(-1).into_iter().chain(nth).map(|nth| Self { month, weekday, nth }).collect()
    }

    fn in_year(self, year: i32) -> Option<NaiveDate> {
        let Self { month, weekday, nth } = self;
        match u8::try_from(nth) {
            Ok(nth) => NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth),
            Err(_) => NaiveDate::from_weekday_of_month_opt(year, month, weekday, 5)
                .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4)),
        }
    }
}

impl Stretch {
    /// The offset at a moment, as if it had always been that.
    fn standing(tz: Tz, at: Timestamp, for_ever: bool) -> Self {
        let standing = tz.period(at.0).local;
        let change = Change {
            local: NaiveDate::from_ymd_opt(YEAR_MIN, 1, 1).unwrap_or_default().into(),
            from: standing.offset,
            to: standing.offset,
            daylight: !for_ever && standing.daylight,
            name: name_of(&standing),
        };
        Self { first: change.clone(), last: change, days: Vec::new() }
    }

    fn is_single(&self) -> bool {
        self.first == self.last
    }

    /// Takes in the change of the next year if it follows a common rule.
    fn extend(&mut self, change: &Change) -> bool {
        if self.last.local.year() + 1 != change.local.year() || !self.last.is_like(change) {
            return false;
        }
        let days = Day::all_of(change.local.date());
        let common: Vec<Day> = self.days.iter().copied().filter(|day| days.contains(day)).collect();
        if common.is_empty() {
            return false;
        }
        (self.days, self.last) = (common, change.clone());
        true
    }
}

/// The pair of rules that a zone follows in all of these years, dated back to 1970; `None` if it is not like that.
fn steady(tz: Tz, first_year: i32, last_year: i32) -> Option<[Stretch; 2]> {
    let stretches = stretches(tz, start_of(first_year), start_of(last_year + 1));
    let [one, other] = stretches.as_slice() else { return None };
    let lasts = |stretch: &Stretch| (stretch.first.local.year(), stretch.last.local.year()) == (first_year, last_year);
    if !lasts(one) || !lasts(other) || one.first.to != other.first.from || other.first.to != one.first.from {
        return None;
    }
    let dated_back = |stretch: &Stretch| {
        let day = stretch.days.first()?.in_year(YEAR_MIN)?;
        let first = Change { local: day.and_time(stretch.first.local.time()), ..stretch.first.clone() };
        Some(Stretch { first, ..stretch.clone() })
    };
    Some([dated_back(one)?, dated_back(other)?])
}

/// `known_until`: a rule that gave no change in the last year before then has ended.
fn write_observance(lines: &mut Lines, stretch: &Stretch, known_until: Option<Timestamp>) {
    let Change { local, from, to, daylight, name } = &stretch.first;
    let component = if *daylight { "DAYLIGHT" } else { "STANDARD" };
    lines.begin(component);
    lines.property("DTSTART", &[], &date_time(*local));
    if let Some(day) = stretch.days.first().filter(|_| !stretch.is_single()) {
        let mut rule = format!("FREQ=YEARLY;BYMONTH={};BYDAY={}{}", day.month, day.nth, weekday(day.weekday));
        if known_until.is_some_and(|until| stretch.last.utc().plus(366 * DAY) < until) {
            // RFC 5545 section 3.6.5: in a VTIMEZONE, UNTIL is in UTC. Some read it as local time and would miss the
            // last change east of Greenwich; a day more means the same to everybody.
            rule = format!("{rule};UNTIL={}", utc(stretch.last.utc().plus(DAY)));
        }
        lines.property("RRULE", &[], &rule);
    }
    lines.property("TZOFFSETFROM", &[], &offset(*from));
    lines.property("TZOFFSETTO", &[], &offset(*to));
    lines.text("TZNAME", &[], name);
    lines.end(component);
}

/// The changes of the clock between two moments, put together to rules.
fn stretches(tz: Tz, from: Timestamp, until: Timestamp) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for change in changes(tz, from, until) {
        if !stretches.iter_mut().any(|stretch| stretch.extend(&change)) {
            let days = Day::all_of(change.local.date());
            stretches.push(Stretch { first: change.clone(), last: change, days });
        }
    }
    stretches
}

/// The changes of the clock between two moments.
fn changes(tz: Tz, from: Timestamp, until: Timestamp) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut period = tz.period(from.0);
    while period.until <= until.0 {
        let next = tz.period(period.until);
        if next.local.offset != period.local.offset {
            changes.extend(change(period.until, &period.local, &next.local));
        }
        period = next;
    }
    changes
}

fn change(at: i64, old: &LocalTime, new: &LocalTime) -> Option<Change> {
    Some(Change {
        local: DateTime::from_timestamp(at + i64::from(old.offset), 0)?.naive_utc(),
        from: old.offset,
        to: new.offset,
        daylight: (old.daylight || new.daylight) && new.offset > old.offset,
        name: name_of(new),
    })
}

/// TZNAME: what the database writes as `+03` is no name.
fn name_of(local: &LocalTime) -> String {
    let is_name = !local.designation.starts_with(['+', '-']);
    if is_name { local.designation.to_owned() } else { String::new() }
}

fn utc_time(at: Timestamp) -> NaiveDateTime {
    DateTime::from_timestamp(at.0, 0).unwrap_or_default().naive_utc()
}

/// The year in UTC, no earlier than the first that is written.
fn year_of(at: Timestamp) -> i32 {
    utc_time(at).year().max(YEAR_MIN + 1)
}

fn start_of(year: i32) -> Timestamp {
    let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    Timestamp(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

fn weekday(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

/// A UTC-OFFSET (RFC 5545 section 3.3.14); seconds only where there are some.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let text = format!("{sign}{:02}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 == 0 { text } else { format!("{text}{:02}", seconds % 60) }
}

#[cfg(test)]
mod tests;
