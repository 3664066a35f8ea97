//! iCalendar text to iTIP messages: repaired line by line, parsed strictly, read into types.

mod description;
mod event;
mod lines;
mod people;
mod scan;
pub(crate) mod value;
mod zones;

use std::collections::{BTreeSet, HashMap};

use icalendar::parser::{Component as Parsed, ParseString, Property, read_calendar_simple};
use itip::{Component, ItipMessage, Method, Sequence, Uid};

pub(crate) use lines::plain as plain_text;
pub use scan::{CalendarScan, ScannedEvent, Span, excerpt, scan_calendar};

use crate::limits::EVENTS_MAX;
use crate::{CalendarRefusal, Defect};

/// Everything that came out of a calendar text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalendarReading {
    /// One message per VCALENDAR and UID, in order of appearance.
    pub messages: Vec<ItipMessage>,
    /// Events that could not be used; without a UID where it was missing or the whole calendar was refused.
    pub refused: Vec<(Uid, CalendarRefusal)>,
    /// LANGUAGE of the first text that names one.
    pub language: Option<String>,
    /// What was odd, each kind once.
    pub defects: Vec<Defect>,
}

/// Reads a calendar text, event by event: one that cannot be used does not cost the others.
/// Refused as a whole if nothing in it can be used.
pub fn read_calendar_events(bytes: &[u8]) -> Result<CalendarReading, CalendarRefusal> {
    read_calendar_with(bytes, None)
}

/// The usable messages of a calendar text, one per VCALENDAR and UID; a feed gives many.
pub fn read_calendar(bytes: &[u8]) -> Result<Vec<ItipMessage>, CalendarRefusal> {
    read_calendar_events(bytes).map(|reading| reading.messages)
}

/// METHOD of a calendar text, PUBLISH if it names none that is known; `None` if it is no calendar.
pub(crate) fn method_of(bytes: &[u8]) -> Option<Method> {
    let calendar = lines::repair(bytes).ok()?.calendars.into_iter().next()?;
    let written = calendar
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, value)| (name.split(';').next() == Some("METHOD")).then(|| Method::parse(value)).flatten());
    Some(written.unwrap_or(Method::Publish))
}

/// `fallback` is the METHOD of the MIME parameter, for a body that has none.
pub(crate) fn read_calendar_with(bytes: &[u8], fallback: Option<Method>) -> Result<CalendarReading, CalendarRefusal> {
    let lines::Repaired { calendars, defects } = lines::repair(bytes)?;
    let mut reader = Reader {
        reading: CalendarReading::default(),
        defects,
        events_left: EVENTS_MAX,
        allowance: zones::Allowance::default(),
        made_uids: HashMap::new(),
    };
    for text in &calendars {
        match reader.calendar(text, fallback) {
            Ok(()) | Err(CalendarRefusal::NoEvent) => {}
            Err(reason) => reader.reading.refused.push((Uid(String::new()), reason)),
        }
    }
    let Reader { mut reading, mut defects, .. } = reader;
    if reading.messages.is_empty() {
        return Err(reading.refused.first().map_or(CalendarRefusal::NoEvent, |(_, reason)| *reason));
    }
    defects.extend(reading.refused.iter().map(|(_, reason)| Defect::EventRefused(*reason)));
    reading.defects = defects.into_iter().collect();
    Ok(reading)
}

/// A property's parameter; the pre-pass has made the keys upper-case.
pub(crate) fn param<'a>(property: &'a Property<'_>, key: &str) -> Option<&'a str> {
    property.params.iter().find(|param| param.key == key)?.val.as_ref().map(ParseString::as_str)
}

struct Reader {
    reading: CalendarReading,
    defects: BTreeSet<Defect>,
    events_left: usize,
    allowance: zones::Allowance,
    /// How often each made UID was needed.
    made_uids: HashMap<String, usize>,
}

/// Cyrus before 3.8 mails a new event of SEQUENCE 0 with 1, and its edits and its end with 0 again
/// (cyrusimap/cyrus-imapd#4344). Read as one number, they are ordered by DTSTAMP.
fn mails_1_for_0(prodid: &str, method: Method) -> bool {
    matches!(method, Method::Request | Method::Cancel) && prodid.starts_with("-//CyrusIMAP.org/")
}

/// The components of one UID, or why they cannot be used.
type Group = (Uid, Result<Vec<Component>, CalendarRefusal>);

impl Reader {
    fn calendar(&mut self, text: &str, fallback: Option<Method>) -> Result<(), CalendarRefusal> {
        let parsed = read_calendar_simple(text).map_err(|_| CalendarRefusal::NotACalendar)?;
        let Some(calendar) = parsed.first() else { return Err(CalendarRefusal::NotACalendar) };
        let method = self.method(calendar, fallback);
        let prodid = calendar.find_prop("PRODID").map(|prop| prop.val.as_str().trim().chars().take(200).collect());

        let own_zone = calendar.find_prop("X-WR-TIMEZONE").map(|prop| prop.val.as_str());
        let mut zones = zones::Zones::of(text, own_zone, self.allowance);
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<Uid, usize> = HashMap::new();
        for parsed in calendar.components.iter().filter(|component| component.name == "VEVENT") {
            self.events_left = self.events_left.checked_sub(1).ok_or(CalendarRefusal::TooLarge)?;
            let fields = event::Fields::of(parsed);
            if self.reading.language.is_none() {
                self.reading.language = fields.language();
            }
            let uid = match (fields.uid(), method) {
                (Some(uid), _) => uid,
                // A posting without one is named by what it says; an invitation must say which event it means.
                (None, Method::Publish) => self.made_uid(&fields),
                (None, _) => {
                    self.reading.refused.push((Uid(String::new()), CalendarRefusal::NoUid));
                    continue;
                }
            };
            let component = event::read(&fields, method, &mut zones, &mut self.defects);
            let place = *places.entry(uid.clone()).or_insert(groups.len());
            match groups.get_mut(place) {
                None => groups.push((uid, component.map(|component| vec![component]))),
                Some((_, group)) => match (group.as_mut(), component) {
                    (Ok(components), Ok(component)) => components.push(component),
                    // A series without one of its instances would be another series.
                    (Ok(_), Err(reason)) => *group = Err(reason),
                    (Err(_), _) => {}
                },
            }
        }
        self.allowance = zones.allowance;
        if zones.exhausted {
            return Err(CalendarRefusal::TooLarge);
        }
        if groups.is_empty() && self.reading.refused.is_empty() {
            return Err(CalendarRefusal::NoEvent);
        }
        let prodid: String = prodid.unwrap_or_default();
        for (uid, group) in groups {
            match group {
                Err(reason) => self.reading.refused.push((uid, reason)),
                Ok(components) => {
                    let mut components = self.newest(components);
                    if mails_1_for_0(&prodid, method) {
                        for component in &mut components {
                            component.order.sequence = component.order.sequence.max(Sequence(1));
                        }
                    }
                    self.reading.messages.push(ItipMessage { method, prodid: prodid.clone(), uid, components });
                }
            }
        }
        Ok(())
    }

    /// A made UID that this calendar has not yet used: two matinees of one day are two events.
    fn made_uid(&mut self, fields: &event::Fields<'_>) -> Uid {
        self.defects.insert(Defect::NoUid);
        let Uid(made) = fields.made_uid();
        let count = self.made_uids.entry(made.clone()).and_modify(|count| *count += 1).or_insert(1);
        Uid(if *count == 1 { made } else { format!("{made}-{count}") })
    }

    /// METHOD of the body, which beats the MIME parameter; without both, or with a word that iTIP does not know,
    /// the calendar is a posting.
    fn method(&mut self, calendar: &Parsed<'_>, fallback: Option<Method>) -> Method {
        let written = calendar.properties.iter().filter(|prop| prop.name == "METHOD").map(|prop| prop.val.as_str());
        let mut written = written.filter(|value| !value.trim().is_empty()).peekable();
        let (known, is_written) = (written.clone().find_map(Method::parse), written.peek().is_some());
        let odd = match (known, fallback) {
            (Some(method), Some(fallback)) if method != fallback => Some(Defect::MethodMismatch),
            (Some(_), _) => None,
            (None, _) if is_written => Some(Defect::UnknownMethod),
            (None, _) => Some(Defect::NoMethod),
        };
        self.defects.extend(odd);
        known.or(fallback).unwrap_or(Method::Publish)
    }

    /// One component per instance: where a sender repeats one, the newest counts, then the last.
    fn newest(&mut self, components: Vec<Component>) -> Vec<Component> {
        let mut places = HashMap::new();
        let mut kept: Vec<Component> = Vec::new();
        for component in components {
            let instance = component.recurrence_id.as_ref().map(itip::RecurrenceId::instant);
            let place = *places.entry(instance).or_insert(kept.len());
            match kept.get_mut(place) {
                None => kept.push(component),
                Some(known) => {
                    self.defects.insert(Defect::RepeatedInstance);
                    if component.order >= known.order {
                        *known = component;
                    }
                }
            }
        }
        kept
    }
}
