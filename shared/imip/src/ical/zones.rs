//! The zones of one calendar: what its TZIDs mean, and the times written in them.

use std::collections::HashMap;
use std::rc::Rc;

use chrono::{NaiveDateTime, NaiveTime};
use icalendar::parser::Property;
use itip::{Moment, When, Zone};

use super::param;
use super::value::{TimeValue, parse_time_value};
use crate::CalendarRefusal;
use crate::limits::{CALENDAR_RULE_STEPS_MAX, VTIMEZONE_BYTES_MAX, VTIMEZONE_COPIES_BYTES_MAX, ZONE_COMPARISONS_MAX};
use crate::zone::{Clock, comparisons, resolve_zone};

/// A zone with its clock.
#[derive(Debug, Clone)]
pub(crate) struct Hands {
    pub(crate) zone: Zone,
    pub(crate) clock: Rc<Clock>,
}

impl Hands {
    fn without_zone(zone: Zone) -> Self {
        Self { zone, clock: Rc::new(Clock::Utc) }
    }
}

/// What the times of a text may still cost, all its calendars together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Bytes of VTIMEZONE text that are copied into events.
    pub(crate) vtimezone_bytes: usize,
    /// Steps that recurrence rules take.
    pub(crate) rule_steps: u32,
    /// Names that TZIDs are compared with.
    pub(crate) zone_comparisons: usize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            vtimezone_bytes: VTIMEZONE_COPIES_BYTES_MAX,
            rule_steps: CALENDAR_RULE_STEPS_MAX,
            zone_comparisons: ZONE_COMPARISONS_MAX,
        }
    }
}

/// The zones of one calendar.
pub(crate) struct Zones {
    /// TZID and text of each VTIMEZONE.
    definitions: Vec<(String, String)>,
    /// What was looked up before.
    known: HashMap<String, Option<Hands>>,
    /// Where times hang that name no zone.
    floating: Hands,
    pub(crate) allowance: Allowance,
    /// Whether a TZID was not looked up because the allowance did not suffice: who needs it may have a zone to fall
    /// back on, but the calendar is not what it says.
    pub(crate) exhausted: bool,
}

impl Zones {
    /// Collects the VTIMEZONEs of a repaired calendar text. `own` is the zone that the calendar itself is said to
    /// be in (X-WR-TIMEZONE): whoever writes it means times without a zone to be there, not wherever a reader is.
    pub(crate) fn of(calendar: &str, own: Option<&str>, allowance: Allowance) -> Self {
        let definitions = calendar.split("\r\nBEGIN:VTIMEZONE").skip(1).filter_map(definition).collect();
        let floating = Hands::without_zone(Zone::Floating);
        let mut zones = Self { definitions, known: HashMap::new(), floating, allowance, exhausted: false };
        if let Some(hands) = own.and_then(|tzid| zones.look_up(tzid.trim()).ok()) {
            zones.floating = hands;
        }
        zones
    }

    fn look_up(&mut self, tzid: &str) -> Result<Hands, CalendarRefusal> {
        if let Some(known) = self.known.get(tzid) {
            return known.clone().ok_or(CalendarRefusal::UnknownZone);
        }
        let left = self.allowance.zone_comparisons.checked_sub(comparisons(tzid, &self.definitions));
        self.exhausted |= left.is_none();
        self.allowance.zone_comparisons = left.ok_or(CalendarRefusal::TooLarge)?;
        let hands = resolve_zone(tzid, &self.definitions)
            .filter(|zone| !matches!(zone, Zone::Custom { vtimezone, .. } if vtimezone.len() > VTIMEZONE_BYTES_MAX))
            .and_then(|zone| Some(Hands { clock: Rc::new(Clock::of(&zone)?), zone }));
        self.known.insert(tzid.to_owned(), hands.clone());
        hands.ok_or(CalendarRefusal::UnknownZone)
    }

    /// The zone that a property's times are in. Without TZID, or with one that is misspelt, it is `default`,
    /// the zone of DTSTART: a DTEND, EXDATE or RECURRENCE-ID means the clock that the event hangs on.
    fn zone_of(&mut self, property: &Property<'_>, default: Option<&Hands>) -> Result<Hands, CalendarRefusal> {
        match (param(property, "TZID").map(str::trim).filter(|tzid| !tzid.is_empty()), default) {
            (Some(tzid), default) => self.look_up(tzid).or_else(|reason| default.cloned().ok_or(reason)),
            (None, default) => Ok(default.unwrap_or(&self.floating).clone()),
        }
    }

    /// The zone that a property names, if it is known.
    pub(crate) fn named(&mut self, property: &Property<'_>) -> Option<Hands> {
        self.look_up(param(property, "TZID")?.trim()).ok()
    }

    /// The first time of a property, and the zone it is in unless it is a date.
    pub(crate) fn time(
        &mut self,
        property: &Property<'_>,
        default: Option<&Hands>,
    ) -> Result<(When, Option<Hands>), CalendarRefusal> {
        let first = property.val.as_str().split([',', '/']).next().unwrap_or_default();
        let value = parse_time_value(first).ok_or(CalendarRefusal::BadDate)?;
        let is_date = param(property, "VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("DATE"));
        let (local, hands) = match value {
            TimeValue::Date(date) => return Ok((When::Date(date), None)),
            // Outlook writes whole days as `VALUE=DATE:20260301T000000` at times.
            TimeValue::Local(local) | TimeValue::Utc(local) if is_date && local.time() == NaiveTime::MIN => {
                return Ok((When::Date(local.date()), None));
            }
            TimeValue::Utc(utc) => (utc, Hands::without_zone(Zone::Utc)),
            TimeValue::Local(local) => (local, self.zone_of(property, default)?),
        };
        Ok((self.moment(local, &hands)?, Some(hands)))
    }

    /// A local time in a zone.
    pub(crate) fn moment(&mut self, local: NaiveDateTime, hands: &Hands) -> Result<When, CalendarRefusal> {
        if let Zone::Custom { vtimezone, .. } = &hands.zone {
            let left = self.allowance.vtimezone_bytes.checked_sub(vtimezone.len());
            self.allowance.vtimezone_bytes = left.ok_or(CalendarRefusal::TooLarge)?;
        }
        let instant = hands.clock.instant(local).ok_or(CalendarRefusal::UnknownZone)?;
        Ok(When::At(Moment { local, zone: hands.zone.clone(), instant }))
    }

    /// The times of an RDATE or EXDATE; `None` in place of each that cannot be read. Times in a zone that
    /// exists only in this calendar become UTC: they are compared as instants, and a copy of the zone for
    /// each would be too much.
    pub(crate) fn times(&mut self, property: &Property<'_>, default: Option<&Hands>) -> Vec<Option<When>> {
        let Ok(hands) = self.zone_of(property, default) else { return vec![None] };
        let time = |item: &str| {
            let (local, hands) = match parse_time_value(item.split('/').next()?)? {
                TimeValue::Date(date) => return Some(When::Date(date)),
                TimeValue::Utc(utc) => (utc, &Hands::without_zone(Zone::Utc)),
                TimeValue::Local(local) => (local, &hands),
            };
            let instant = hands.clock.instant(local)?;
            let (local, zone) = match &hands.zone {
                Zone::Custom { .. } => (Clock::Utc.local(instant)?, Zone::Utc),
                zone => (local, zone.clone()),
            };
            Some(When::At(Moment { local, zone, instant }))
        };
        property.val.as_str().split(',').filter(|item| !item.trim().is_empty()).map(time).collect()
    }
}

/// TZID and text of a VTIMEZONE, cut down to what defines a zone: the text goes out again in our own mails,
/// and nothing but a zone may travel with it. `rest` starts at the line end behind its BEGIN.
fn definition(rest: &str) -> Option<(String, String)> {
    let (body, _) = rest.strip_prefix("\r\n")?.split_once("\r\nEND:VTIMEZONE")?;
    let mut tzid = None;
    let mut text = String::new();
    for line in body.split("\r\n") {
        let (head, value) = line.split_once(':')?;
        match head.split(';').next().unwrap_or_default() {
            "TZID" => tzid = tzid.or(Some(value)),
            "BEGIN" | "END" if !matches!(value, "STANDARD" | "DAYLIGHT") => return None,
            "BEGIN" | "END" | "DTSTART" | "TZOFFSETFROM" | "TZOFFSETTO" | "RRULE" | "RDATE" | "TZNAME"
            | "X-LIC-LOCATION" => {
                text.extend([line, "\r\n"]);
            }
            _ => {}
        }
    }
    let tzid = tzid?;
    let unescaped = tzid.replace("\\,", ",").replace("\\;", ";");
    let escaped = unescaped.replace(',', "\\,").replace(';', "\\;");
    Some((unescaped, format!("BEGIN:VTIMEZONE\r\nTZID:{escaped}\r\n{text}END:VTIMEZONE\r\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vtimezones_that_follow_each_other_are_all_kept() {
        let zone = |tzid: &str| {
            format!(
                "BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETTO:+0100\r\n\
                 END:STANDARD\r\nEND:VTIMEZONE\r\n"
            )
        };
        let names = ["(GMT-03:00)", "Ship", "Shore"];
        let calendar = format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", names.map(zone).concat());
        let zones = Zones::of(&calendar, None, Allowance::default());
        assert_eq!(zones.definitions, names.map(|name| (name.to_owned(), zone(name))));
    }

    #[test]
    fn only_the_zone_of_a_vtimezone_is_kept() {
        let calendar = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:My\\, zone\r\nX-NOTE:hidden\r\nBEGIN:STANDARD\r\n\
            DTSTART:16010101T000000\r\nTZOFFSETTO:+0100\r\nX-NOTE:hidden\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n";
        let zones = Zones::of(calendar, None, Allowance::default());
        assert_eq!(
            zones.definitions,
            [(
                "My, zone".to_owned(),
                "BEGIN:VTIMEZONE\r\nTZID:My\\, zone\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETTO:+0100\r\n\
                 END:STANDARD\r\nEND:VTIMEZONE\r\n"
                    .to_owned()
            )]
        );
    }
}
