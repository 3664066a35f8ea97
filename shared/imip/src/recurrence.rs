//! The occurrences of an event: rule, extra dates, exceptions and overrides put together, within bounds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use arrange::Arrange as _;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use itip::{EventDetails, EventStatus, Moment, Override, OverrideState, Recurrence, Timestamp, When};

use crate::limits::RULE_STEPS_MAX;
use crate::rrule::{Expansion, Rule, Until};
use crate::zone::Clock;

/// One time that an event takes place, or would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The start that the rule gave, which identifies it.
    pub recurrence_id: When,
    /// When it starts.
    pub start: When,
    /// When it ends, exclusive.
    pub end: When,
    /// What this occurrence says instead of the series.
    pub details_of_override: Option<EventDetails>,
    /// Called off by an override.
    pub cancelled: bool,
}

/// The first `max` occurrences that overlap `from..until`, in order of start.
pub fn occurrences(
    details: &EventDetails,
    overrides: &[Override],
    from: Timestamp,
    until: Timestamp,
    max: usize,
) -> Vec<Occurrence> {
    let overlaps = |start: Timestamp, end: Timestamp| start < until && (end > from || start >= from);
    let known = Overrides::of(overrides);
    let series = Series::of(details);
    let mut found: Vec<Occurrence> = series
        .starts(from, until, max)
        .into_iter()
        .filter_map(|start| known.apply(series.occurrence(&start)?))
        .filter(|found| overlaps(found.start.instant(), found.end.instant()))
        .collect();
    // A moved instance is where its override puts it, wherever the rule had it.
    found.extend(overrides.iter().filter_map(|exception| match &exception.state {
        OverrideState::Changed(changed) if overlaps(changed.start.instant(), changed.end.instant()) => {
            Some(Occurrence {
                recurrence_id: exception.recurrence_id.when.clone(),
                start: changed.start.clone(),
                end: changed.end.clone(),
                cancelled: changed.status == EventStatus::Cancelled,
                details_of_override: Some(changed.as_ref().clone()),
            })
        }
        _ => None,
    }));
    found.arrange_by_key(|occurrence| (occurrence.start.instant(), occurrence.recurrence_id.instant()));
    found.truncate(max);
    found
}

/// The occurrence that a RECURRENCE-ID names, as it takes place now; `None` if the series has no such instance.
/// A date names the instance of that day, for clients that write one where the series has times.
pub fn find_instance(details: Option<&EventDetails>, overrides: &[Override], id: &When) -> Option<Occurrence> {
    let names = |when: &When| {
        when.instant() == id.instant() || (when.is_all_day() != id.is_all_day() && when.local_date() == id.local_date())
    };
    let exception = overrides.iter().find(|exception| names(&exception.recurrence_id.when));
    if let Some(Override { recurrence_id, state: OverrideState::Changed(changed), .. }) = exception {
        return Some(Occurrence {
            recurrence_id: recurrence_id.when.clone(),
            start: changed.start.clone(),
            end: changed.end.clone(),
            cancelled: changed.status == EventStatus::Cancelled,
            details_of_override: Some(changed.as_ref().clone()),
        });
    }
    let series = Series::of(details?);
    let (from, until) = (id.instant().plus(-DAY), id.instant().plus(DAY + 1));
    let starts = series.starts(from, until, RULE_STEPS_MAX as usize);
    let named = starts.iter().filter_map(|start| series.occurrence(start)).find(|found| names(&found.recurrence_id))?;
    Overrides::of(overrides).apply(named)
}

/// What an event says at one of its occurrences.
pub fn details_at(details: &EventDetails, occurrence: &Occurrence) -> EventDetails {
    let mut here = occurrence.details_of_override.clone().unwrap_or_else(|| details.clone());
    (here.start, here.end) = (occurrence.start.clone(), occurrence.end.clone());
    here.recurrence = Recurrence::default();
    here.last_end = Some(here.end.instant());
    here
}

/// When the last occurrence ends; `None` for a series without end, or one too long to count.
/// Takes the steps it needs from `steps`, the allowance of a whole calendar.
pub(crate) fn last_end(details: &EventDetails, steps: &mut u32) -> Option<Timestamp> {
    let series = Series::of(details);
    let kept = |start: &Start| !series.is_excluded(start);
    let mut last = series.extra_starts().into_iter().filter(kept).map(|start| start.instant).max();
    if let Some(rule) = &series.rule {
        if !rule.ends() {
            return None;
        }
        let last_day = rule.until.map_or(NaiveDate::MAX, |until| until.date() + TimeDelta::days(1));
        let mut look_from = |first_day: NaiveDate| {
            let allowed = (*steps).min(RULE_STEPS_MAX);
            let mut starts = series.rule_starts(rule, first_day..=last_day, allowed);
            let found = starts.by_ref().filter(kept).last();
            *steps -= allowed - starts.expansion.steps_left();
            (found, starts.expansion.gave_up())
        };
        // Close to UNTIL there is nearly always a last start; only where there is none is all gone through.
        let near_until = rule.until.filter(|_| rule.count.is_none()).map(Until::date);
        let (mut found, mut gave_up) = near_until.map_or((None, false), &mut look_from);
        if found.is_none() {
            (found, gave_up) = look_from(series.start.local.date());
        }
        last = last.max(found.map(|start| start.instant));
        if gave_up {
            let day = rule.until?.date().and_time(NaiveTime::MIN);
            last = last.max(Some(Timestamp(day.and_utc().timestamp()).plus(2 * DAY)));
        }
    }
    Some(last.map_or(details.end.instant(), |start| start.plus(series.length)))
}

const DAY: i64 = 86_400;

/// A start on the wall clock and the UTC line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Start {
    local: NaiveDateTime,
    instant: Timestamp,
}

impl Start {
    fn of(when: &When) -> Self {
        let local = match when {
            When::Date(date) => date.and_time(NaiveTime::MIN),
            When::At(moment) => moment.local,
        };
        Self { local, instant: when.instant() }
    }
}

/// An event without its overrides.
struct Series<'a> {
    details: &'a EventDetails,
    clock: Clock,
    end_clock: Clock,
    start: Start,
    /// Seconds from start to end.
    length: i64,
    rule: Option<Rule>,
    /// EXDATE: instants, and days that leave out whatever starts on them.
    excluded: HashSet<Timestamp>,
    excluded_days: HashSet<NaiveDate>,
}

impl<'a> Series<'a> {
    fn of(details: &'a EventDetails) -> Self {
        let clock = |when: &When| match when {
            When::Date(_) => Clock::Utc,
            When::At(moment) => Clock::of(&moment.zone).unwrap_or(Clock::Utc),
        };
        let all_day = details.start.is_all_day();
        let excluded = &details.recurrence.exdate;
        Self {
            details,
            clock: clock(&details.start),
            end_clock: clock(&details.end),
            start: Start::of(&details.start),
            length: details.end.instant().0.saturating_sub(details.start.instant().0).max(0),
            rule: details.recurrence.rrule.as_deref().and_then(Rule::parse),
            excluded: excluded.iter().map(When::instant).collect(),
            excluded_days: excluded.iter().filter(|when| when.is_all_day() != all_day).map(When::local_date).collect(),
        }
    }

    fn is_excluded(&self, start: &Start) -> bool {
        self.excluded.contains(&start.instant) || self.excluded_days.contains(&start.local.date())
    }

    /// DTSTART, which always counts (RFC 5545 section 3.8.5.3), and RDATE.
    fn extra_starts(&self) -> Vec<Start> {
        let dates = self.details.recurrence.rdate.iter().map(Start::of);
        std::iter::once(self.start).chain(dates).collect()
    }

    fn rule_starts<'s>(&'s self, rule: &'s Rule, window: RangeInclusive<NaiveDate>, steps: u32) -> RuleStarts<'s> {
        let left = rule.count.map(|count| {
            // DTSTART is the first of COUNT even where the rule would not give it.
            let day = self.start.local.date();
            let first = rule.expand(self.start.local, day..=day, steps).next();
            count.saturating_sub(u32::from(first != Some(self.start.local)))
        });
        RuleStarts { series: self, until: rule.until, left, expansion: rule.expand(self.start.local, window, steps) }
    }

    /// Starts whose occurrence may overlap the time asked for, in order; at most `max` of the rule's.
    fn starts(&self, from: Timestamp, until: Timestamp, max: usize) -> Vec<Start> {
        let may_overlap = |start: &Start| start.instant < until && start.instant.plus(self.length) >= from;
        let mut starts: Vec<Start> = self.extra_starts();
        if let Some(rule) = &self.rule {
            // A day of slack for the offsets of any two zones.
            let day = |at: Timestamp| Clock::Utc.local(at).map(|local| local.date());
            let first = day(from.plus(-self.length.saturating_add(DAY))).unwrap_or(self.start.local.date());
            let last = day(until.min(self.details.last_end.unwrap_or(until)).plus(DAY)).unwrap_or(NaiveDate::MAX);
            starts.extend(
                self.rule_starts(rule, first..=last, RULE_STEPS_MAX)
                    .take_while(|start| start.instant < until)
                    .filter(|start| may_overlap(start) && !self.is_excluded(start))
                    .take(max),
            );
        }
        starts.retain(|start| may_overlap(start) && !self.is_excluded(start));
        starts.arrange_by_key(|start| start.instant);
        starts.dedup_by_key(|start| start.instant);
        starts
    }

    fn occurrence(&self, start: &Start) -> Option<Occurrence> {
        let (at, end) = if let (When::At(first), When::At(last)) = (&self.details.start, &self.details.end) {
            let end = start.instant.plus(self.length);
            (
                When::At(Moment { local: start.local, zone: first.zone.clone(), instant: start.instant }),
                When::At(Moment { local: self.end_clock.local(end)?, zone: last.zone.clone(), instant: end }),
            )
        } else {
            let day = start.local.date();
            (When::Date(day), When::Date(day.checked_add_signed(TimeDelta::try_days(self.length / DAY)?)?))
        };
        Some(Occurrence { recurrence_id: at.clone(), start: at, end, details_of_override: None, cancelled: false })
    }
}

/// What a rule gives, until COUNT or UNTIL is reached.
struct RuleStarts<'a> {
    series: &'a Series<'a>,
    until: Option<Until>,
    left: Option<u32>,
    expansion: Expansion<'a>,
}

impl Iterator for RuleStarts<'_> {
    type Item = Start;

    fn next(&mut self) -> Option<Start> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        let local = self.expansion.next()?;
        let instant = self.series.clock.instant(local)?;
        let past = match self.until {
            None => false,
            Some(Until::Date(day)) => local.date() > day,
            Some(Until::Local(until)) => local > until,
            // RFC 5545 section 3.3.10: UNTIL of a zoned DTSTART is in UTC; of a day or floating time it cannot be.
            Some(Until::Utc(until)) if self.series.details.start.is_all_day() => local.date() > until.date(),
            Some(Until::Utc(until)) => instant.0 > until.and_utc().timestamp(),
        };
        (!past).then_some(Start { local, instant })
    }
}

/// Overrides by the instance they speak of.
struct Overrides<'a> {
    by_instant: HashMap<Timestamp, &'a Override>,
    /// RECURRENCE-IDs that are dates, for a series of times, and the other way round.
    by_day: HashMap<NaiveDate, &'a Override>,
    /// RANGE=THISANDFUTURE.
    onward: BTreeMap<Timestamp, &'a Override>,
}

impl<'a> Overrides<'a> {
    fn of(overrides: &'a [Override]) -> Self {
        let onward = overrides.iter().filter(|exception| exception.recurrence_id.this_and_future);
        Self {
            by_instant: overrides.iter().map(|exception| (exception.recurrence_id.instant(), exception)).collect(),
            by_day: overrides.iter().map(|exception| (exception.recurrence_id.when.local_date(), exception)).collect(),
            onward: onward.map(|exception| (exception.recurrence_id.instant(), exception)).collect(),
        }
    }

    /// What the overrides make of an occurrence; `None` where one of them speaks for itself.
    fn apply(&self, mut occurrence: Occurrence) -> Option<Occurrence> {
        let start = &occurrence.recurrence_id;
        let of_day = self.by_day.get(&start.local_date());
        let of_day = of_day.filter(|exception| exception.recurrence_id.when.is_all_day() != start.is_all_day());
        let onward = || self.onward.range(..=start.instant()).next_back().map(|(_, exception)| exception);
        if let Some(exception) = self.by_instant.get(&start.instant()).or(of_day) {
            match &exception.state {
                OverrideState::Changed(_) => return None,
                OverrideState::Cancelled => occurrence.cancelled = true,
            }
        } else if let Some(exception) = onward() {
            match &exception.state {
                OverrideState::Cancelled => occurrence.cancelled = true,
                OverrideState::Changed(changed) => shift(&mut occurrence, exception, changed)?,
            }
        }
        Some(occurrence)
    }
}

/// An instance after a RANGE=THISANDFUTURE override moves as far as that one did, on the wall clock.
fn shift(occurrence: &mut Occurrence, exception: &Override, changed: &EventDetails) -> Option<()> {
    let moved = Start::of(&changed.start).local - Start::of(&exception.recurrence_id.when).local;
    let from = Start::of(&occurrence.start).local.checked_add_signed(moved)?;
    let series = Series::of(changed);
    let instant = series.clock.instant(from)?;
    let Occurrence { start, end, .. } = series.occurrence(&Start { local: from, instant })?;
    let mut details = changed.clone();
    (details.start, details.end) = (start.clone(), end.clone());
    (occurrence.start, occurrence.end, occurrence.details_of_override) = (start, end, Some(details));
    Some(())
}

#[cfg(test)]
mod tests {
    use itip::{Order, RecurrenceId};

    use super::*;
    use crate::read_calendar;

    fn event(lines: &str) -> EventDetails {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
        read_calendar(text.as_bytes()).unwrap().remove(0).components.remove(0).details.unwrap()
    }

    fn instant(text: &str) -> Timestamp {
        Timestamp(NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%MZ").unwrap().and_utc().timestamp())
    }

    fn show(when: &When) -> String {
        match when {
            When::Date(date) => date.format("%Y%m%d").to_string(),
            When::At(moment) => moment.local.format("%Y%m%dT%H%M").to_string(),
        }
    }

    fn starts(details: &EventDetails, overrides: &[Override], from: &str, until: &str) -> Vec<String> {
        let found = occurrences(details, overrides, instant(from), instant(until), 100);
        found.iter().map(|found| format!("{}{}", if found.cancelled { "x" } else { "" }, show(&found.start))).collect()
    }

    fn exception(recurrence_id: &str, this_and_future: bool, state: OverrideState) -> Override {
        let when = event(&format!("DTSTART;TZID=Europe/Berlin:{recurrence_id}")).start;
        Override::new(RecurrenceId { when, this_and_future }, Order::default(), state)
    }

    const WEEKLY: &str =
        "DTSTART;TZID=Europe/Berlin:20260316T190000\nDTEND;TZID=Europe/Berlin:20260316T210000\nRRULE:FREQ=WEEKLY";

    #[test]
    fn the_wall_clock_is_kept_over_a_change_of_summer_time() {
        let series = event(&format!("{WEEKLY};COUNT=3"));
        let found = occurrences(&series, &[], instant("20260101T0000Z"), instant("20270101T0000Z"), 10);
        let instants: Vec<Timestamp> = found.iter().map(|found| found.start.instant()).collect();
        assert_eq!(instants, ["20260316T1800Z", "20260323T1800Z", "20260330T1700Z"].map(instant));
        assert!(found.iter().all(|found| show(&found.end).ends_with("T2100")));
        assert_eq!(series.last_end, Some(instant("20260330T1900Z")));
    }

    #[test]
    fn exceptions_extra_dates_and_the_first_start_count() {
        let series = event(
            "DTSTART;TZID=Europe/Berlin:20260302T190000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=1TU;COUNT=3\n\
             EXDATE;TZID=Europe/Berlin:20260407T190000\nRDATE:20260420T100000Z\nEXDATE;VALUE=DATE:20260303",
        );
        // DTSTART is the first of three, the first Tuesdays of March and April are left out.
        assert_eq!(starts(&series, &[], "20260101T0000Z", "20270101T0000Z"), ["20260302T1900", "20260420T1000"]);
        assert_eq!(series.last_end, Some(instant("20260420T1100Z")));
    }

    #[test]
    fn overrides_move_cancel_and_carry_on() {
        let series = event(&format!("{WEEKLY};COUNT=5"));
        let moved = |lines: &str| OverrideState::Changed(Box::new(event(lines)));
        let overrides = [
            exception("20260323T190000", false, OverrideState::Cancelled),
            exception("20260330T190000", false, moved("DTSTART;TZID=Europe/Berlin:20260401T180000")),
            exception("20260406T190000", true, moved("DTSTART;TZID=Europe/Berlin:20260406T203000\nDURATION:PT1H")),
        ];
        assert_eq!(
            starts(&series, &overrides, "20260101T0000Z", "20270101T0000Z"),
            ["20260316T1900", "x20260323T1900", "20260401T1800", "20260406T2030", "20260413T2030"]
        );
        // The moved one is found where it went, not where it was.
        assert_eq!(starts(&series, &overrides, "20260330T0000Z", "20260331T0000Z"), [""; 0]);
        assert_eq!(starts(&series, &overrides, "20260401T0000Z", "20260402T0000Z"), ["20260401T1800"]);
    }

    #[test]
    fn a_whole_day_series_stays_a_series_of_days() {
        let series = event("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=YEARLY;UNTIL=20280101");
        assert_eq!(starts(&series, &[], "20260101T0000Z", "20300101T0000Z"), ["20260101", "20270101", "20280101"]);
        assert_eq!(series.last_end, Some(instant("20280102T0000Z")));
    }

    #[test]
    fn a_window_far_from_the_start_is_reached_at_once() {
        let series = event("DTSTART:20000101T000000Z\nDURATION:PT5M\nRRULE:FREQ=MINUTELY;INTERVAL=7");
        assert_eq!(starts(&series, &[], "90000101T0000Z", "90000101T0010Z").len(), 2);
        assert_eq!(series.last_end, None);
    }

    #[test]
    fn rules_follow_the_examples_of_the_standard() {
        // RFC 5545 section 3.8.5.3, each with DTSTART;TZID=America/New_York:19970902T090000 unless given.
        for (start, rule, days) in [
            ("19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5", "0902 0912 0922 1002 1012"),
            ("19970902", "FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH", "0902 0904 0909 0911"),
            ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "0805 0810 0819 0824"),
            ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "0805 0817 0819 0831"),
            ("19970905", "FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "0905 1003 1107"),
            ("19970922", "FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "0922 1020 1117"),
            ("19970928", "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "0928 1029 1128"),
            ("19970610", "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "0610 0710 0610 0710"),
            ("19970101", "FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", "0101 0410 0719 0101"),
            ("19970519", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", "0519 0518 0517"),
            ("19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "0512 0511 0517"),
            (
                "19961105",
                "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
                "1105 1107 1102",
            ),
            ("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "0904 1007 1106"),
            ("19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4", "0929 1030 1127 1230"),
            ("20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "0115 0130 0215 0315 0330"),
        ] {
            let series = event(&format!("DTSTART;TZID=America/New_York:{start}T090000\nRRULE:{rule}"));
            let found = starts(&series, &[], "19000101T0000Z", "21000101T0000Z");
            let found: Vec<String> = found.iter().map(|start| start.chars().skip(4).take(4).collect()).collect();
            assert_eq!(found.join(" "), days, "{rule}");
        }
    }

    #[test]
    fn hostile_rules_end_soon() {
        let list = |to: u32| (0..to).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
        for rule in [
            "FREQ=DAILY;COUNT=1000000000".to_owned(),
            format!(
                "FREQ=YEARLY;BYHOUR={};BYMINUTE={};BYSECOND={};BYSETPOS=-1;COUNT=4000000",
                list(24),
                list(60),
                list(60)
            ),
            format!("FREQ=SECONDLY;BYSECOND={};UNTIL=99991231T235959Z", list(60)),
            "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2".to_owned(),
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30".to_owned(),
            "FREQ=YEARLY;INTERVAL=4294967295;COUNT=4294967295".to_owned(),
            "FREQ=MINUTELY;INTERVAL=4294967295;BYWEEKNO=53".to_owned(),
            "FREQ=WEEKLY;INTERVAL=4000000000;UNTIL=99991231".to_owned(),
        ] {
            for start in ["00010101T000000Z", "20260101T000000Z", "99991231T235959Z"] {
                let Some(series) = read_calendar(
                    format!(
                        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:{start}\nRRULE:{rule}\nEND:VEVENT\nEND:VCALENDAR"
                    )
                    .as_bytes(),
                )
                .ok()
                .and_then(|mut messages| messages.remove(0).components.remove(0).details) else {
                    continue;
                };
                let (first, last) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
                assert!(occurrences(&series, &[], first, last, 50).len() <= 50, "{rule}");
            }
        }
    }
}
