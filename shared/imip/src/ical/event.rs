//! A VEVENT to a component of an iTIP message.

use std::collections::BTreeSet;

use arrange::Arrange as _;
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use icalendar::parser::{Component as Parsed, Property};
use itip::{
    Class, Component, EventDetails, EventStatus, Method, Order, Recurrence, RecurrenceId, Sequence, Timestamp, Uid,
    When,
};

use super::value::{Duration, TimeValue, in_range, parse_duration, parse_time_value, split_text_list};
use super::zones::{Hands, Zones};
use super::{description, param, people};
use crate::limits::{ATTENDEES_MAX, EXTRA_DATES_MAX, LINE_BYTES_MAX, TEXT_BYTES_MAX};
use crate::recurrence;
use crate::rrule::Rule;
use crate::{CalendarRefusal, Defect};

/// The properties of a VEVENT, sorted out in one pass. Where one may stand only once, the first counts.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    uid: Option<&'a Property<'a>>,
    recurrence_id: Option<&'a Property<'a>>,
    sequence: Option<&'a Property<'a>>,
    cdo_sequence: Option<&'a Property<'a>>,
    dtstamp: Option<&'a Property<'a>>,
    dtstart: Option<&'a Property<'a>>,
    dtend: Option<&'a Property<'a>>,
    duration: Option<&'a Property<'a>>,
    rrule: Option<&'a Property<'a>>,
    rdates: Vec<&'a Property<'a>>,
    exdates: Vec<&'a Property<'a>>,
    summary: Option<&'a Property<'a>>,
    location: Option<&'a Property<'a>>,
    pub(super) description: Option<&'a Property<'a>>,
    pub(super) html: Option<&'a Property<'a>>,
    url: Option<&'a Property<'a>>,
    conference: Option<&'a Property<'a>>,
    status: Option<&'a Property<'a>>,
    class: Option<&'a Property<'a>>,
    transp: Option<&'a Property<'a>>,
    categories: Vec<&'a Property<'a>>,
    image: Option<&'a Property<'a>>,
    attached_image: Option<&'a Property<'a>>,
    organizer: Option<&'a Property<'a>>,
    attendees: Vec<&'a Property<'a>>,
    comments: Vec<&'a Property<'a>>,
    request_status: Vec<&'a Property<'a>>,
}

impl<'a> Fields<'a> {
    /// Sorts out the properties; those of an alarm inside the event are its own and never looked at.
    pub(crate) fn of(event: &'a Parsed<'a>) -> Self {
        let mut fields = Self::default();
        for property in &event.properties {
            let field = match property.name.as_str() {
                "UID" => &mut fields.uid,
                "RECURRENCE-ID" => &mut fields.recurrence_id,
                "SEQUENCE" => &mut fields.sequence,
                "X-MICROSOFT-CDO-APPT-SEQUENCE" => &mut fields.cdo_sequence,
                "DTSTAMP" => &mut fields.dtstamp,
                "DTSTART" => &mut fields.dtstart,
                "DTEND" => &mut fields.dtend,
                "DURATION" => &mut fields.duration,
                "RRULE" => &mut fields.rrule,
                "SUMMARY" => &mut fields.summary,
                "LOCATION" => &mut fields.location,
                "DESCRIPTION" => &mut fields.description,
                "X-ALT-DESC" | "STYLED-DESCRIPTION" if description::is_html(property) => &mut fields.html,
                "URL" => &mut fields.url,
                "X-GOOGLE-CONFERENCE"
                | "X-MICROSOFT-SKYPETEAMSMEETINGURL"
                | "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK"
                | "CONFERENCE"
                    if web_address(property.val.as_str()).is_some() =>
                {
                    &mut fields.conference
                }
                "IMAGE" if secure_address(property).is_some() => &mut fields.image,
                "ATTACH" if is_image(property) && secure_address(property).is_some() => &mut fields.attached_image,
                "STATUS" => &mut fields.status,
                "CLASS" => &mut fields.class,
                "TRANSP" => &mut fields.transp,
                "ORGANIZER" => &mut fields.organizer,
                name => {
                    let list = match name {
                        "RDATE" => &mut fields.rdates,
                        "EXDATE" => &mut fields.exdates,
                        "CATEGORIES" => &mut fields.categories,
                        "ATTENDEE" => &mut fields.attendees,
                        "COMMENT" => &mut fields.comments,
                        "REQUEST-STATUS" => &mut fields.request_status,
                        _ => continue,
                    };
                    list.push(property);
                    continue;
                }
            };
            field.get_or_insert(property);
        }
        fields
    }

    /// The UID, verbatim but for space around it.
    pub(crate) fn uid(&self) -> Option<Uid> {
        let uid = self.uid?.val.as_str().trim();
        (!uid.is_empty()).then(|| Uid(uid.to_owned()))
    }

    /// A UID for a posted event that has none, made of its summary and day: the next edition of a feed then finds
    /// the event again when only its time of day, place or text changed.
    pub(crate) fn made_uid(&self) -> Uid {
        let summary = self.summary.map(|property| one_line(property.val.as_str())).unwrap_or_default();
        let day = day(self.dtstart.map(|property| property.val.as_str()).unwrap_or_default());
        // FNV-1a: the same in every build and for ever, which the standard library's hasher is not.
        let fnv = |seed: u64, text: &str| {
            text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        };
        let hash = fnv(fnv(0xcbf2_9ce4_8422_2325, &summary), &format!("\n{day}"));
        Uid(format!("no-uid-{hash:016x}"))
    }

    /// LANGUAGE of a text.
    pub(crate) fn language(&self) -> Option<String> {
        let texts = [self.summary, self.description, self.location];
        let language = texts.into_iter().flatten().find_map(|text| param(text, "LANGUAGE"))?.trim();
        let fits = !language.is_empty()
            && language.len() <= 35
            && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        fits.then(|| language.to_owned())
    }

    /// SEQUENCE and DTSTAMP. Outlook keeps its own count where SEQUENCE is absent or 0; without DTSTAMP
    /// a message is older than any other.
    fn order(&self, defects: &mut BTreeSet<Defect>) -> Order {
        let number = |property: Option<&Property<'_>>| {
            property.and_then(|property| property.val.as_str().trim().parse::<u32>().ok()).unwrap_or(0)
        };
        let sequence = match number(self.sequence) {
            0 => number(self.cdo_sequence),
            sequence => sequence,
        };
        let dtstamp =
            self.dtstamp.and_then(|property| parse_time_value(property.val.as_str())).map(|value| match value {
                TimeValue::Date(date) => date.and_time(NaiveTime::MIN),
                TimeValue::Local(time) | TimeValue::Utc(time) => time,
            });
        if dtstamp.is_none() {
            defects.insert(Defect::NoDtStamp);
        }
        let dtstamp = dtstamp.map(|time| Timestamp(time.and_utc().timestamp())).unwrap_or_default();
        Order { sequence: Sequence(sequence), dtstamp }
    }
}

/// The day of a DTSTART value.
pub(super) fn day(start: &str) -> &str {
    let start = start.trim();
    start.get(..8).unwrap_or(start)
}

/// Reads a VEVENT as a message with this METHOD means it.
pub(crate) fn read(
    fields: &Fields<'_>,
    method: Method,
    zones: &mut Zones,
    defects: &mut BTreeSet<Defect>,
) -> Result<Component, CalendarRefusal> {
    // RFC 5546 sections 3.2.3 to 3.2.8: these say something about an event that the receiver knows.
    let details_needed = matches!(method, Method::Publish | Method::Request | Method::Add);
    let start = match fields.dtstart.map(|property| start(property, fields, zones)) {
        Some(Ok(start)) => Some(start),
        Some(Err(reason)) if details_needed => return Err(reason),
        None if details_needed => return Err(CalendarRefusal::NoStart),
        _ => None,
    };
    let hands = start.as_ref().and_then(|(_, hands)| hands.clone());
    // An instance that cannot be told must not turn into the whole series.
    let recurrence_id =
        fields.recurrence_id.map(|property| recurrence_id(property, zones, hands.as_ref())).transpose()?;

    let details = match start {
        Some((start, hands)) => match details(fields, start, hands.as_ref(), zones, defects) {
            Ok(details) => Some(details),
            Err(reason) if details_needed => return Err(reason),
            Err(_) => None,
        },
        None => None,
    };
    let organizer = fields.organizer.and_then(people::organizer);
    if organizer.is_none() && fields.organizer.is_some() {
        defects.insert(Defect::BadOrganizer);
    }
    let mut attendees: Vec<_> = fields.attendees.iter().map(|property| people::attendee(property)).collect();
    if attendees.contains(&None) {
        defects.insert(Defect::BadAttendee);
    }
    if attendees.len() > ATTENDEES_MAX {
        return Err(CalendarRefusal::TooLarge);
    }
    let comments: Vec<String> =
        fields.comments.iter().map(|property| text(property, TEXT_BYTES_MAX, defects)).collect();
    Ok(Component {
        recurrence_id,
        order: fields.order(defects),
        organizer,
        attendees: attendees.drain(..).flatten().collect(),
        details,
        comment: cut(comments.join("\n"), TEXT_BYTES_MAX, defects),
        request_status: fields.request_status.iter().take(20).map(|property| line(property, defects)).collect(),
    })
}

/// DTSTART. If its TZID is misspelt and DTEND's is not, both mean the same zone.
fn start(
    property: &Property<'_>,
    fields: &Fields<'_>,
    zones: &mut Zones,
) -> Result<(When, Option<Hands>), CalendarRefusal> {
    zones.time(property, None).or_else(|reason| {
        let end = fields.dtend.filter(|_| reason == CalendarRefusal::UnknownZone).and_then(|end| zones.named(end));
        zones.time(property, Some(&end.ok_or(reason)?))
    })
}

fn recurrence_id(
    property: &Property<'_>,
    zones: &mut Zones,
    default: Option<&Hands>,
) -> Result<RecurrenceId, CalendarRefusal> {
    let (when, _) = zones.time(property, default)?;
    let this_and_future = param(property, "RANGE").is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
    Ok(RecurrenceId { when, this_and_future })
}

fn details(
    fields: &Fields<'_>,
    start: When,
    hands: Option<&Hands>,
    zones: &mut Zones,
    defects: &mut BTreeSet<Defect>,
) -> Result<EventDetails, CalendarRefusal> {
    let end = end(fields, &start, hands, zones, defects)?;
    let recurrence = recurrence(fields, hands, zones, defects)?;
    let description::Description { plain, html, link } = description::read(fields, defects);
    let url = fields.url.map(|property| property.val.as_str().trim()).filter(|url| !url.is_empty());
    if url.is_some_and(|url| web_address(url).is_none()) {
        defects.insert(Defect::BadUrl);
    }
    let url = url
        .and_then(web_address)
        .or_else(|| fields.conference.and_then(|property| web_address(property.val.as_str())))
        .map(str::to_owned)
        .or(link);
    let word = |property: Option<&Property<'_>>| {
        property.map(|property| property.val.as_str().trim().to_ascii_uppercase()).unwrap_or_default()
    };
    let categories = fields.categories.iter().flat_map(|property| split_text_list(property.val.as_str()));
    let categories = categories.take(100).map(|category| one_line(&category)).collect();
    let image = fields.image.or(fields.attached_image).and_then(secure_address).unwrap_or_default().to_owned();
    let mut details = EventDetails {
        summary: fields.summary.map(|property| line(property, defects)).unwrap_or_default(),
        description: plain,
        description_html: html,
        location: fields.location.map(|property| text(property, LINE_BYTES_MAX, defects)).unwrap_or_default(),
        url: url.unwrap_or_default(),
        start,
        end,
        recurrence,
        last_end: None,
        status: match word(fields.status).as_str() {
            "TENTATIVE" => EventStatus::Tentative,
            "CANCELLED" | "CANCELED" => EventStatus::Cancelled,
            _ => EventStatus::Confirmed,
        },
        // RFC 5545 section 3.8.1.3: an unknown word is as good as PRIVATE.
        class: match word(fields.class).as_str() {
            "" | "PUBLIC" => Class::Public,
            "CONFIDENTIAL" => Class::Confidential,
            _ => Class::Private,
        },
        transparent: word(fields.transp) == "TRANSPARENT",
        categories,
        image,
    };
    details.last_end = recurrence::last_end(&details, &mut zones.allowance.rule_steps);
    Ok(details)
}

/// DTEND, or DTSTART plus DURATION, or the defaults of RFC 5545 section 3.6.1: a whole day, or no time at all.
fn end(
    fields: &Fields<'_>,
    start: &When,
    hands: Option<&Hands>,
    zones: &mut Zones,
    defects: &mut BTreeSet<Defect>,
) -> Result<When, CalendarRefusal> {
    // An end that cannot be read does not make the start wrong: as good as none.
    let dtend = match fields.dtend.map(|property| zones.time(property, hands)) {
        Some(Err(CalendarRefusal::BadDate)) => {
            defects.insert(Defect::BadEnd);
            None
        }
        dtend => dtend.transpose()?,
    };
    let duration = fields.duration.and_then(|property| parse_duration(property.val.as_str()));
    let end = match (start, dtend, duration) {
        (_, Some((end, _)), _) => alike(start, end, hands, zones)?,
        (When::Date(date), None, Some(duration)) => {
            let days =
                duration.days.checked_add(duration.seconds.div_euclid(86_400)).ok_or(CalendarRefusal::BadDate)?;
            When::Date(later(date.and_time(NaiveTime::MIN), days).ok_or(CalendarRefusal::BadDate)?.date())
        }
        (When::At(moment), None, Some(duration)) => match hands {
            Some(hands) => after(moment.local, duration, hands, zones)?,
            None => start.clone(),
        },
        (_, None, None) => start.clone(),
    };
    let ends_before = end.instant() < start.instant();
    if ends_before {
        defects.insert(Defect::EndBeforeStart);
    }
    match start {
        // DTEND is exclusive; the same day twice is how some write one whole day.
        When::Date(date) if ends_before || end.instant() == start.instant() => {
            let next = later(date.and_time(NaiveTime::MIN), 1).ok_or(CalendarRefusal::BadDate)?;
            Ok(When::Date(next.date()))
        }
        When::At(_) if ends_before => Ok(start.clone()),
        _ => Ok(end),
    }
}

/// Makes DTEND a date or a time as DTSTART is (RFC 5545 section 3.8.2.2 requires it).
fn alike(start: &When, end: When, hands: Option<&Hands>, zones: &mut Zones) -> Result<When, CalendarRefusal> {
    match (start, end, hands) {
        (When::Date(_), When::At(end), _) => {
            let past_midnight = end.local.time() > NaiveTime::MIN;
            let days = i64::from(past_midnight);
            Ok(When::Date(later(end.local, days).ok_or(CalendarRefusal::BadDate)?.date()))
        }
        (When::At(_), When::Date(end), Some(hands)) => zones.moment(end.and_time(NaiveTime::MIN), hands),
        (_, end, _) => Ok(end),
    }
}

/// RFC 5545 section 3.3.6: days are days of the calendar, hours are hours of a clock that does not jump.
fn after(local: NaiveDateTime, duration: Duration, hands: &Hands, zones: &mut Zones) -> Result<When, CalendarRefusal> {
    let days_later = later(local, duration.days).ok_or(CalendarRefusal::BadDate)?;
    let instant = hands.clock.instant(days_later).ok_or(CalendarRefusal::UnknownZone)?.plus(duration.seconds);
    let local = if duration.seconds == 0 { Some(days_later) } else { hands.clock.local(instant) };
    zones.moment(local.ok_or(CalendarRefusal::BadDate)?, hands)
}

fn later(time: NaiveDateTime, days: i64) -> Option<NaiveDateTime> {
    time.checked_add_signed(TimeDelta::try_days(days)?).filter(in_range)
}

fn recurrence(
    fields: &Fields<'_>,
    hands: Option<&Hands>,
    zones: &mut Zones,
    defects: &mut BTreeSet<Defect>,
) -> Result<Recurrence, CalendarRefusal> {
    let rrule = fields.rrule.map(|property| property.val.as_str().trim()).filter(|rule| !rule.is_empty());
    let usable = rrule.filter(|rule| rule.len() <= LINE_BYTES_MAX && Rule::parse(rule).is_some());
    if usable.is_none() && rrule.is_some() {
        defects.insert(Defect::BadRecurrence);
    }
    let mut dates = |properties: &[&Property<'_>]| {
        let mut dates = Vec::new();
        for property in properties {
            for date in zones.times(property, hands) {
                match date {
                    Some(date) => dates.push(date),
                    None => {
                        defects.insert(Defect::BadExtraDate);
                    }
                }
            }
        }
        dates.arrange_by_key(When::instant);
        dates.dedup();
        if dates.len() > EXTRA_DATES_MAX { Err(CalendarRefusal::TooLarge) } else { Ok(dates) }
    };
    Ok(Recurrence { rrule: usable.map(str::to_owned), rdate: dates(&fields.rdates)?, exdate: dates(&fields.exdates)? })
}

/// A link that may stand on a page: `http` or `https`, and nothing in it that could break out of it.
pub(super) fn web_address(text: &str) -> Option<&str> {
    let text = text.trim().trim_matches(['<', '>']);
    let scheme = |scheme: &str| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    let clean = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '<' | '>');
    ((scheme("https://") || scheme("http://")) && text.len() <= 2048 && text.chars().all(clean)).then_some(text)
}

/// The address of a picture; a page that is read over TLS shows no other.
fn secure_address<'a>(property: &'a Property<'a>) -> Option<&'a str> {
    let address = web_address(property.val.as_str())?;
    address.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")).then_some(address)
}

fn is_image(property: &Property<'_>) -> bool {
    param(property, "FMTTYPE").and_then(|kind| kind.get(..6)).is_some_and(|kind| kind.eq_ignore_ascii_case("image/"))
}

/// A text on one line.
fn line(property: &Property<'_>, defects: &mut BTreeSet<Defect>) -> String {
    cut(one_line(property.val.as_str()), LINE_BYTES_MAX, defects)
}

pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text of several lines, without control characters and space around it.
pub(super) fn text(property: &Property<'_>, bytes_max: usize, defects: &mut BTreeSet<Defect>) -> String {
    cut(plain(property.val.as_str()), bytes_max, defects)
}

pub(super) fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    // LINE SEPARATOR and PARAGRAPH SEPARATOR, pasted from elsewhere, would end lines in some readers of what we write.
    let text = text.replace(['\u{2028}', '\u{2029}'], "\n");
    text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Cuts a text at a character.
pub(super) fn cut(mut text: String, bytes_max: usize, defects: &mut BTreeSet<Defect>) -> String {
    if text.len() > bytes_max {
        defects.insert(Defect::TextCut);
        let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
