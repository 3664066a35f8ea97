//! The occurrences of an event: rule, extra dates, exceptions and overrides put together, within bounds.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use itip::{EventDetails, EventStatus, Moment, Override, OverrideState, Timestamp, When};

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
        OverrideState::Changed(changed) if overlaps(changed.start.instant(), changed.end.instant()) => Some(Occurrence {
            recurrence_id: exception.recurrence_id.when.clone(),
            start: changed.start.clone(),
            end: changed.end.clone(),
            cancelled: changed.status == EventStatus::Cancelled,
            details_of_override: Some(changed.as_ref().clone()),
        }),
        _ => None,
    }));
    found.sort_by_key(|occurrence| (occurrence.start.instant(), occurrence.recurrence_id.instant()));
    found.truncate(max);
    found
}

/// When the last occurrence ends; `None` for a series without end, or one too long to count.
pub(crate) fn last_end(details: &EventDetails) -> Option<Timestamp> {
    let series = Series::of(details);
    let mut last = series.extra_starts().into_iter().filter(|start| !series.is_excluded(start)).map(|start| start.instant).max();
    if let Some(rule) = &series.rule {
        if !rule.ends() {
            return None;
        }
        let mut starts = series.rule_starts(rule, series.start.local);
        last = last.max(starts.by_ref().filter(|start| !series.is_excluded(start)).map(|start| start.instant).last());
        if starts.gave_up() {
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

    fn rule_starts<'s>(&'s self, rule: &'s Rule, not_before: NaiveDateTime) -> RuleStarts<'s> {
        let left = rule.count.map(|count| {
            // DTSTART is the first of COUNT even where the rule would not give it.
            let first = rule.expand(self.start.local, self.start.local).next();
            count.saturating_sub(u32::from(first != Some(self.start.local)))
        });
        RuleStarts { series: self, until: rule.until, left, expansion: rule.expand(self.start.local, not_before) }
    }

    /// Starts whose occurrence may overlap the window, in order; at most `max` of the rule's.
    fn starts(&self, from: Timestamp, until: Timestamp, max: usize) -> Vec<Start> {
        let may_overlap = |start: &Start| start.instant < until && start.instant.plus(self.length) >= from;
        let mut starts: Vec<Start> = self.extra_starts();
        if let Some(rule) = &self.rule {
            // A day of slack for the offsets of any two zones.
            let not_before = self.clock.local(from.plus(-self.length.saturating_add(DAY))).unwrap_or(self.start.local);
            starts.extend(
                self.rule_starts(rule, not_before)
                    .take_while(|start| start.instant < until)
                    .filter(|start| may_overlap(start) && !self.is_excluded(start))
                    .take(max),
            );
        }
        starts.retain(|start| may_overlap(start) && !self.is_excluded(start));
        starts.sort_by_key(|start| start.instant);
        starts.dedup_by_key(|start| start.instant);
        starts
    }

    fn occurrence(&self, start: &Start) -> Option<Occurrence> {
        let (at, end) = match (&self.details.start, &self.details.end) {
            (When::At(first), When::At(last)) => {
                let end = start.instant.plus(self.length);
                (
                    When::At(Moment { local: start.local, zone: first.zone.clone(), instant: start.instant }),
                    When::At(Moment { local: self.end_clock.local(end)?, zone: last.zone.clone(), instant: end }),
                )
            }
            _ => {
                let day = start.local.date();
                (When::Date(day), When::Date(day.checked_add_signed(TimeDelta::try_days(self.length / DAY)?)?))
            }
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

impl RuleStarts<'_> {
    /// Whether the end came from the bound on work, not from the rule.
    fn gave_up(&self) -> bool {
        self.expansion.gave_up()
    }
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
