//! VTIMEZONE out (RFC 5545 section 3.6.5): one per zone used, as short as the truth allows.
//!
//! Outlook refuses a rule with BYMONTH alone and reads lists of RDATE badly, so a zone whose changes follow a rule
//! is written as RRULEs with BYDAY and BYMONTH; the few that follow none get one observance per change.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Weekday};
use chrono_tz::{OffsetComponents, OffsetName, Tz};
use itip::{Moment, When, Zone};

use crate::ical_write::{component, utc_offset};

/// Years after the event for which a rule must hold before it is trusted.
const YEARS_CHECKED: i32 = 5;
/// Years written out for a zone without a rule.
const YEARS_WRITTEN: i32 = 8;

/// A change of a zone's offset.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    /// The wall clock that shows when it happens, before the change.
    onset: NaiveDateTime,
    from: i32,
    to: i32,
    daylight: bool,
    name: String,
}

/// "The second Sunday of March at 2:00": what repeats every year.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    month: u32,
    weekday: Weekday,
    /// 1 to 4, or -1 for the last.
    nth: i32,
    time: NaiveTime,
    from: i32,
    to: i32,
    daylight: bool,
}

/// The VTIMEZONEs of every zone that these values name, each once, CRLF line ends.
pub(crate) fn vtimezones<'a>(whens: impl Iterator<Item = &'a When>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut text = String::new();
    for when in whens {
        let When::At(moment) = when else { continue };
        match &moment.zone {
            Zone::Utc | Zone::Floating => {}
            Zone::Iana(name) => {
                if !seen.contains(&name.as_str()) {
                    seen.push(name);
                    if let Ok(zone) = name.parse::<Tz>() {
                        text.push_str(&vtimezone(zone, moment.local.year()));
                    }
                }
            }
            Zone::Custom { tzid, vtimezone } => {
                if !seen.contains(&tzid.as_str()) {
                    seen.push(tzid);
                    text.push_str(vtimezone.trim_end());
                    text.push_str("\r\n");
                }
            }
        }
    }
    text
}

/// The same instant written in the zone of another value, as RECURRENCE-ID and EXDATE must be.
pub(crate) fn in_zone_of(model: &When, when: &When) -> When {
    let (When::At(model), When::At(moment)) = (model, when) else { return when.clone() };
    let Zone::Iana(name) = &model.zone else { return when.clone() };
    let utc = chrono::DateTime::from_timestamp(moment.instant.0, 0).map(|at| at.naive_utc());
    match (utc, name.parse::<Tz>()) {
        (Some(utc), Ok(zone)) if model.zone != moment.zone => When::At(Moment {
            local: zone.from_utc_datetime(&utc).naive_local(),
            zone: model.zone.clone(),
            instant: moment.instant,
        }),
        _ => when.clone(),
    }
}

fn vtimezone(zone: Tz, year: i32) -> String {
    let mut lines: Vec<(&str, String)> = vec![("BEGIN", "VTIMEZONE".to_owned()), ("TZID", zone.name().to_owned())];
    match yearly_rules(zone, year) {
        Some(rules) if rules.is_empty() => {
            let offset = zone.offset_from_utc_datetime(&new_year(year));
            let seconds = offset.fix().local_minus_utc();
            let name = offset.abbreviation().unwrap_or_default().to_owned();
            let onset = new_year(1970);
            observance(&mut lines, &Change { onset, from: seconds, to: seconds, daylight: false, name }, None);
        }
        Some(rules) => {
            for (rule, name) in rules {
                let onset = rule.in_year(1970).unwrap_or_else(|| new_year(1970));
                let change = Change { onset, from: rule.from, to: rule.to, daylight: rule.daylight, name };
                observance(&mut lines, &change, Some(&rule));
            }
        }
        None => {
            for change in changes(zone, year - 1, year + YEARS_WRITTEN) {
                observance(&mut lines, &change, None);
            }
        }
    }
    lines.push(("END", "VTIMEZONE".to_owned()));
    component(&lines)
}

fn new_year(year: i32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN)
}

fn observance(lines: &mut Vec<(&str, String)>, change: &Change, rule: Option<&Rule>) {
    let kind = if change.daylight { "DAYLIGHT" } else { "STANDARD" };
    lines.push(("BEGIN", kind.to_owned()));
    lines.push(("DTSTART", change.onset.format("%Y%m%dT%H%M%S").to_string()));
    if let Some(rule) = rule {
        lines.push(("RRULE", rule.text()));
    }
    lines.push(("TZOFFSETFROM", utc_offset(change.from)));
    lines.push(("TZOFFSETTO", utc_offset(change.to)));
    if !change.name.is_empty() {
        lines.push(("TZNAME", change.name.clone()));
    }
    lines.push(("END", kind.to_owned()));
}

/// The rules that a zone follows from `year` on, each with its abbreviation; empty for a zone that never changes,
/// `None` for one without rules.
fn yearly_rules(zone: Tz, year: i32) -> Option<Vec<(Rule, String)>> {
    let years: Vec<(i32, Vec<Change>)> =
        (year..=year + YEARS_CHECKED).map(|year| (year, changes(zone, year, year))).collect();
    let (_, first) = years.first()?;
    if years.iter().any(|(_, that_year)| that_year.len() != first.len()) {
        return None;
    }
    first
        .iter()
        .map(|change| {
            let holds = |rule: &Rule| years.iter().all(|(year, that_year)| rule.explains(*year, that_year));
            let rule = Rule::candidates(change).into_iter().find(holds)?;
            Some((rule, change.name.clone()))
        })
        .collect()
}

impl Rule {
    /// "The nth" and "the last" of a month may both explain a single change.
    fn candidates(change: &Change) -> Vec<Self> {
        let date = change.onset.date();
        let nth = i32::try_from(date.day().div_ceil(7)).unwrap_or(-1);
        [nth, -1]
            .into_iter()
            .filter(|nth| *nth < 5)
            .map(|nth| Self {
                month: date.month(),
                weekday: date.weekday(),
                nth,
                time: change.onset.time(),
                from: change.from,
                to: change.to,
                daylight: change.daylight,
            })
            .collect()
    }

    fn explains(&self, year: i32, changes: &[Change]) -> bool {
        let onset = self.in_year(year);
        changes.iter().any(|change| {
            Some(change.onset) == onset
                && (self.from, self.to, self.daylight) == (change.from, change.to, change.daylight)
        })
    }

    fn in_year(&self, year: i32) -> Option<NaiveDateTime> {
        let date = if self.nth < 0 {
            let next = if self.month == 12 { (year + 1, 1) } else { (year, self.month + 1) };
            let last = NaiveDate::from_ymd_opt(next.0, next.1, 1)?.pred_opt()?;
            last - Duration::days(i64::from(last.weekday().days_since(self.weekday)))
        } else {
            NaiveDate::from_weekday_of_month_opt(year, self.month, self.weekday, u8::try_from(self.nth).ok()?)?
        };
        Some(date.and_time(self.time))
    }

    fn text(&self) -> String {
        let day = match self.weekday {
            Weekday::Mon => "MO",
            Weekday::Tue => "TU",
            Weekday::Wed => "WE",
            Weekday::Thu => "TH",
            Weekday::Fri => "FR",
            Weekday::Sat => "SA",
            Weekday::Sun => "SU",
        };
        format!("FREQ=YEARLY;BYMONTH={};BYDAY={}{day}", self.month, self.nth)
    }
}

/// Every change of offset in these years. No zone changes twice within a week, so a week whose ends differ holds one
/// change, found by halving.
fn changes(zone: Tz, first_year: i32, last_year: i32) -> Vec<Change> {
    let offset = |utc: i64| {
        let utc = chrono::DateTime::from_timestamp(utc, 0).unwrap_or_default().naive_utc();
        zone.offset_from_utc_datetime(&utc)
    };
    let seconds = |utc: i64| offset(utc).fix().local_minus_utc();
    let (mut at, end) = (new_year(first_year).and_utc().timestamp(), new_year(last_year + 1).and_utc().timestamp());
    let mut found = Vec::new();
    while at < end {
        let next = (at + 7 * 86_400).min(end);
        let before = seconds(at);
        if before != seconds(next) {
            let (mut low, mut high) = (at, next);
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if seconds(middle) == before {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            let after = offset(high);
            found.push(Change {
                onset: chrono::DateTime::from_timestamp(high + i64::from(before), 0).unwrap_or_default().naive_utc(),
                from: before,
                to: after.fix().local_minus_utc(),
                daylight: after.dst_offset() != Duration::zero(),
                name: after.abbreviation().unwrap_or_default().to_owned(),
            });
        }
        at = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_york_is_two_rules() {
        let text = vtimezone(chrono_tz::America::New_York, 2027);
        assert_eq!(
            text,
            "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\n\
             BEGIN:DAYLIGHT\r\nDTSTART:19700308T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n\
             TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nTZNAME:EDT\r\nEND:DAYLIGHT\r\n\
             BEGIN:STANDARD\r\nDTSTART:19701101T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n\
             TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nTZNAME:EST\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        );
    }

    #[test]
    fn a_zone_that_never_changes_is_one_observance() {
        let text = vtimezone(chrono_tz::Asia::Tokyo, 2027);
        assert!(text.contains("TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900"), "{text}");
        assert_eq!(text.matches("DTSTART").count(), 1);
    }

    /// Reads the rules as a calendar client does: the last onset before a wall time gives its offset.
    fn offset_by_rules(rules: &[(Rule, String)], wall: NaiveDateTime) -> Option<i32> {
        let years = [wall.year() - 1, wall.year()];
        let mut onsets: Vec<(NaiveDateTime, i32)> = rules
            .iter()
            .flat_map(|(rule, _)| years.iter().filter_map(|year| Some((rule.in_year(*year)?, rule.to))))
            .collect();
        onsets.sort_unstable();
        onsets.iter().rev().find(|(onset, _)| *onset <= wall).map(|(_, to)| *to)
    }

    #[test]
    fn every_zone_with_rules_gives_the_library_s_offsets_for_years() {
        let (mut with_rules, mut without) = (0, 0);
        for zone in chrono_tz::TZ_VARIANTS {
            let Some(rules) = yearly_rules(zone, 2027) else {
                without += 1;
                continue;
            };
            if rules.is_empty() {
                continue;
            }
            with_rules += 1;
            for day in 0..1_700 {
                let wall = NaiveDate::from_ymd_opt(2027, 6, 1).unwrap().and_hms_opt(12, 0, 0).unwrap()
                    + Duration::days(day);
                let expected = zone.from_local_datetime(&wall).earliest().unwrap().offset().fix().local_minus_utc();
                assert_eq!(offset_by_rules(&rules, wall), Some(expected), "{zone} {wall}");
            }
        }
        println!("{with_rules} zones with rules, {without} without");
        assert!(with_rules > 150 && without < 25, "{with_rules} with rules, {without} without");
    }
}
