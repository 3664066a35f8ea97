//! Calendar text for guests and feeds: iCalendar objects (RFC 5545) that carry iTIP messages (RFC 5546).
//!
//! What lives here: which properties a message has and in which order. What does not: how a line is escaped
//! and folded (`content_line`), and the time-zone definitions (`vtimezone`).

use std::borrow::Cow;

use arrange::Arrange as _;
use chrono::NaiveDate;
use itip::{
    CalAddress, Class, EventDetails, EventStatus, Method, Order, Override, OverrideState, PartStat, Recurrence,
    RecurrenceId, Sequence, Timestamp, When, Zone,
};

use crate::content_line::{Lines, date, date_time, utc};
use crate::recurrence::{details_at, find_instance, occurrences};
use crate::text_to_html;
use crate::vtimezone::{ZoneBook, named_like};

/// Years for which the zones of a series without end are defined.
const ENDLESS_YEARS: i64 = 10;
/// The same for one that ends, however late.
const SERIES_YEARS_MAX: i64 = 30;
/// Instances that are written only because a guest answered them apart: a weekly series over a year.
const ANSWERED_INSTANCES_MAX: usize = 60;
/// Instances that are written after one that changes all that follow, and how far ahead they are looked for.
const FOLLOWING_INSTANCES_MAX: usize = 60;
const FOLLOWING_YEARS_MAX: i64 = 10;
/// A year in seconds, leap days included.
const YEAR: i64 = 31_556_952;

/// A calendar message to one guest, or an answer of ours to an organizer.
#[derive(Debug, Clone)]
pub struct OutgoingCalendar<'a> {
    /// REQUEST, CANCEL, DECLINECOUNTER; REPLY for an answer of ours.
    pub method: Method,
    /// PRODID.
    pub prodid: &'a str,
    /// UID: our event id to guests, the organizer's own in a REPLY.
    pub uid: &'a str,
    /// SEQUENCE of the event as a whole; exceptions have their own.
    pub sequence: Sequence,
    /// The least SEQUENCE that this guest takes for news, and the DTSTAMP.
    pub order: Order,
    /// ORGANIZER without `mailto:`; answers go there.
    pub organizer_address: &'a str,
    /// CN of ORGANIZER, empty if none.
    pub organizer_name: &'a str,
    /// The one ATTENDEE.
    pub attendee: &'a CalAddress,
    /// His CN, empty if none.
    pub attendee_name: &'a str,
    /// His PARTSTAT.
    pub partstat: PartStat,
    /// The same for instances of a series for which it is another.
    pub instance_partstats: &'a [(When, PartStat)],
    /// Who sends him in his place.
    pub delegated_from: Option<&'a CalAddress>,
    /// The master; `None` where only single instances are known.
    pub details: Option<&'a EventDetails>,
    /// Exceptions of the series.
    pub overrides: &'a [Override],
    /// The instances that the message speaks of alone; empty for the whole event.
    pub instances: &'a [Timestamp],
    /// CREATED.
    pub created: Timestamp,
    /// LAST-MODIFIED.
    pub last_modified: Timestamp,
    /// Minutes before the start that a REQUEST asks for a reminder.
    pub alarm_minutes: Option<u32>,
    /// Whether the whole event is called off; a CANCEL says so anyway.
    pub cancelled: bool,
    /// COMMENT.
    pub comment: Option<&'a str>,
}

/// An event of a publication: no guest is named in it.
#[derive(Debug, Clone)]
pub struct PublishedEvent<'a> {
    /// UID.
    pub uid: &'a str,
    /// SEQUENCE.
    pub sequence: Sequence,
    /// DTSTAMP.
    pub dtstamp: Timestamp,
    /// ORGANIZER without `mailto:` and its CN; RFC 5546 section 3.2.1 wants it with METHOD:PUBLISH.
    pub organizer: Option<(&'a str, &'a str)>,
    /// The master; `None` where only single instances are known.
    pub details: Option<&'a EventDetails>,
    /// Exceptions of the series.
    pub overrides: &'a [Override],
    /// CREATED.
    pub created: Timestamp,
    /// LAST-MODIFIED.
    pub last_modified: Timestamp,
    /// Whether the whole event is called off.
    pub cancelled: bool,
    /// The page that tells more, in place of the event's own link, which its text then names; empty: there is none.
    pub page: &'a str,
}

/// Writes a message: CRLF, pure in its argument, so that a repeat is byte for byte the same.
pub fn calendar_text(calendar: &OutgoingCalendar<'_>) -> String {
    let event = PublishedEvent {
        uid: calendar.uid,
        sequence: calendar.sequence,
        dtstamp: calendar.order.dtstamp,
        organizer: Some((calendar.organizer_address, calendar.organizer_name)),
        details: calendar.details,
        overrides: calendar.overrides,
        created: calendar.created,
        last_modified: calendar.last_modified,
        cancelled: calendar.cancelled || calendar.method == Method::Cancel,
        page: "",
    };
    let mut vevents = if calendar.instances.is_empty() { vevents(&event) } else { Vec::new() };
    for instance in calendar.instances {
        vevents.extend(instance_alone(&event, *instance));
    }
    if calendar.instances.is_empty() && !event.cancelled {
        vevents.extend(answered_instances(&event, calendar.instance_partstats));
    }
    for vevent in &mut vevents {
        vevent.sequence = vevent.sequence.max(calendar.order.sequence);
    }
    let reader = Reader::Guest(calendar);
    write(calendar.prodid, Some(calendar.method), &[(&event, vevents)], reader, |_| {})
}

/// Whose calendar the text is for.
#[derive(Clone, Copy)]
pub(crate) enum Reader<'a> {
    Guest(&'a OutgoingCalendar<'a>),
    Subscriber,
    Anybody,
}

pub(crate) fn write(
    prodid: &str,
    method: Option<Method>,
    events: &[(&PublishedEvent<'_>, Vec<Vevent<'_>>)],
    reader: Reader<'_>,
    write_about: impl FnOnce(&mut Lines),
) -> String {
    let mut zones = ZoneBook::default();
    for (event, vevents) in events {
        for vevent in vevents {
            vevent.note_zones(event.dtstamp, &mut zones);
        }
    }
    let mut lines = Lines::default();
    lines.begin("VCALENDAR");
    lines.text("PRODID", &[], prodid);
    lines.property("VERSION", &[], "2.0");
    lines.property("CALSCALE", &[], "GREGORIAN");
    if let Some(method) = method {
        lines.property("METHOD", &[], method.as_str());
    }
    write_about(&mut lines);
    zones.write(&mut lines);
    for (event, vevents) in events {
        for vevent in vevents {
            vevent.write(event, reader, &zones, &mut lines);
        }
    }
    lines.end("VCALENDAR");
    lines.into_text()
}

/// A VEVENT: the master, or an instance that differs from it.
pub(crate) struct Vevent<'a> {
    details: Cow<'a, EventDetails>,
    recurrence_id: Option<RecurrenceId>,
    recurrence: Recurrence,
    sequence: Sequence,
}

/// The components of an event. A cancelled one is whole in its master: what its instances said is over.
pub(crate) fn vevents<'a>(event: &PublishedEvent<'a>) -> Vec<Vevent<'a>> {
    let master = event.details.map(|details| Vevent {
        details: Cow::Borrowed(details),
        recurrence_id: None,
        recurrence: without_cancelled_instances(details, event.overrides),
        sequence: event.sequence,
    });
    let is_series = event.details.is_none_or(|details| details.recurrence.is_series());
    let speaks = is_series && !(event.cancelled && event.details.is_some());
    let instances = event.overrides.iter().filter(|_| speaks).filter_map(|exception| match &exception.state {
        OverrideState::Changed(details) => Some(changed_instance(event, exception, details)),
        OverrideState::Cancelled => None,
    });
    let following = if speaks { following_instances(event) } else { Vec::new() };
    master.into_iter().chain(instances).chain(following).collect()
}

/// The instances after a RANGE=THISANDFUTURE exception, one by one: most calendar programs take such an exception for
/// one instance. The range stays on it, for those that know it and for what lies beyond.
fn following_instances<'a>(event: &PublishedEvent<'a>) -> Vec<Vevent<'a>> {
    let is_onward = |exception: &&Override| {
        exception.recurrence_id.this_and_future && matches!(exception.state, OverrideState::Changed(_))
    };
    let (Some(master), Some(first)) = (event.details, event.overrides.iter().find(is_onward)) else {
        return Vec::new();
    };
    let from = first.recurrence_id.instant();
    let until = from.plus(FOLLOWING_YEARS_MAX * YEAR);
    let is_exception = |id: &When| event.overrides.iter().any(|known| known.recurrence_id.instant() == id.instant());
    occurrences(master, event.overrides, from, until, FOLLOWING_INSTANCES_MAX)
        .into_iter()
        .filter(|found| found.details_of_override.is_some() && !found.cancelled && !is_exception(&found.recurrence_id))
        .map(|found| Vevent {
            details: Cow::Owned(details_at(master, &found)),
            recurrence_id: Some(RecurrenceId {
                when: named_like(&master.start, &found.recurrence_id),
                this_and_future: false,
            }),
            recurrence: Recurrence::default(),
            sequence: first.version.sequence.max(event.sequence),
        })
        .collect()
}

fn changed_instance<'a>(event: &PublishedEvent<'a>, exception: &Override, details: &'a EventDetails) -> Vevent<'a> {
    Vevent {
        recurrence_id: Some(RecurrenceId {
            when: named_like(&event.details.unwrap_or(details).start, &exception.recurrence_id.when),
            ..exception.recurrence_id
        }),
        details: Cow::Borrowed(details),
        recurrence: Recurrence::default(),
        sequence: exception.version.sequence.max(event.sequence),
    }
}

/// One instance without its master: changed, or with CANCEL called off. Outlook wants its times even then.
fn instance_alone<'a>(event: &PublishedEvent<'a>, instance: Timestamp) -> Option<Vevent<'a>> {
    let exception = event.overrides.iter().find(|known| known.recurrence_id.instant() == instance)?;
    match &exception.state {
        OverrideState::Changed(details) => Some(changed_instance(event, exception, details)),
        OverrideState::Cancelled => {
            let mut vevent = plain_instance(event, &exception.recurrence_id.when)?;
            vevent.sequence = exception.version.sequence.max(event.sequence);
            Some(vevent)
        }
    }
}

/// An instance as the series has it.
fn plain_instance<'a>(event: &PublishedEvent<'a>, id: &When) -> Option<Vevent<'a>> {
    let master = event.details?;
    let occurrence = find_instance(Some(master), &[], id)?;
    let details = Cow::Owned(details_at(master, &occurrence));
    let when = named_like(&master.start, &occurrence.recurrence_id);
    let recurrence_id = Some(RecurrenceId { when, this_and_future: false });
    Some(Vevent { details, recurrence_id, recurrence: Recurrence::default(), sequence: event.sequence })
}

/// Instances that a guest answered apart although nothing about them differs: without them, a mail about the whole
/// series would take his word back.
fn answered_instances<'a>(event: &PublishedEvent<'a>, answered: &[(When, PartStat)]) -> Vec<Vevent<'a>> {
    let is_exception = |id: &When| event.overrides.iter().any(|known| known.recurrence_id.instant() == id.instant());
    let apart = answered.iter().filter(|(id, _)| !is_exception(id)).take(ANSWERED_INSTANCES_MAX);
    apart.filter_map(|(id, _)| plain_instance(event, id)).collect()
}

/// How a series repeats once the instances that were called off are taken out of it.
fn without_cancelled_instances(details: &EventDetails, overrides: &[Override]) -> Recurrence {
    let mut recurrence = details.recurrence.clone();
    if !recurrence.is_series() {
        return recurrence;
    }
    for exception in overrides.iter().filter(|exception| exception.state == OverrideState::Cancelled) {
        if exception.recurrence_id.this_and_future {
            end_before(&mut recurrence, &exception.recurrence_id.when, &details.start);
        } else {
            recurrence.exdate.push(exception.recurrence_id.when.clone());
        }
    }
    // An exception says that an instance takes place after all (it was left out of the series before).
    let is_on = |when: &When| {
        overrides.iter().any(|known| {
            known.recurrence_id.instant() == when.instant() && matches!(known.state, OverrideState::Changed(_))
        })
    };
    recurrence.exdate.retain(|when| !is_on(when));
    for when in &mut recurrence.exdate {
        *when = named_like(&details.start, when);
    }
    recurrence.exdate.arrange_by_key(When::instant);
    recurrence.exdate.dedup();
    recurrence
}

/// Ends a series before an instance: to most calendar programs RANGE=THISANDFUTURE means one instance.
fn end_before(recurrence: &mut Recurrence, instance: &When, start: &When) {
    recurrence.rdate.retain(|when| when.instant() < instance.instant());
    let Some(rule) = &mut recurrence.rrule else { return };
    // RFC 5545 section 3.3.10: UNTIL is of the type of DTSTART, and in UTC where that has a zone.
    let until = match start {
        When::Date(_) => date(instance.local_date().pred_opt().unwrap_or(NaiveDate::MIN)),
        When::At(moment) => {
            let until = utc(instance.instant().plus(-1));
            if moment.zone == Zone::Floating { until.trim_end_matches('Z').to_owned() } else { until }
        }
    };
    let is_end = |part: &&str| ["COUNT=", "UNTIL="].iter().any(|end| part.to_ascii_uppercase().starts_with(end));
    let rest: Vec<&str> = rule.split(';').filter(|part| !is_end(part)).collect();
    *rule = format!("{};UNTIL={until}", rest.join(";"));
}

impl Vevent<'_> {
    fn note_zones(&self, dtstamp: Timestamp, zones: &mut ZoneBook) {
        let from_now = self.details.start.instant().max(dtstamp);
        let until = match self.details.last_end {
            Some(end) => end.min(from_now.plus(SERIES_YEARS_MAX * YEAR)),
            None => from_now.plus(ENDLESS_YEARS * YEAR),
        };
        let mut note = |when: &When| zones.note(when, until);
        note(&self.details.start);
        note(&self.details.end);
        self.recurrence_id.iter().for_each(|id| note(&id.when));
        self.recurrence.rdate.iter().chain(&self.recurrence.exdate).for_each(note);
    }

    fn write(&self, event: &PublishedEvent<'_>, reader: Reader<'_>, zones: &ZoneBook, lines: &mut Lines) {
        lines.begin("VEVENT");
        lines.text("UID", &[], event.uid);
        lines.property("DTSTAMP", &[], &utc(event.dtstamp));
        lines.property("SEQUENCE", &[], &self.sequence.0.to_string());
        self.write_times(zones, lines);
        self.write_contents(event, reader, lines);
        lines.property("CREATED", &[], &utc(event.created));
        lines.property("LAST-MODIFIED", &[], &utc(event.last_modified));
        if let Some((address, name)) = event.organizer {
            lines.property("ORGANIZER", &[("CN", name)], &mailto(address));
        }
        if let Reader::Guest(calendar) = reader {
            write_guest(calendar, self.partstat(calendar), lines);
            if let (Method::Request, Some(minutes)) = (calendar.method, calendar.alarm_minutes) {
                write_alarm(minutes, &self.details.summary, lines);
            }
        }
        lines.end("VEVENT");
    }

    /// What the guest says of this component.
    fn partstat(&self, calendar: &OutgoingCalendar<'_>) -> PartStat {
        let instant = self.recurrence_id.as_ref().map(RecurrenceId::instant);
        let apart = calendar.instance_partstats.iter().find(|(id, _)| Some(id.instant()) == instant);
        apart.map_or(calendar.partstat, |(_, partstat)| *partstat)
    }

    fn write_times(&self, zones: &ZoneBook, lines: &mut Lines) {
        if let Some(id) = &self.recurrence_id {
            let range = if id.this_and_future { "THISANDFUTURE" } else { "" };
            write_when("RECURRENCE-ID", &id.when, range, zones, lines);
        }
        write_when("DTSTART", &self.details.start, "", zones, lines);
        // RFC 5545 section 3.8.2.2: DTEND is later than DTSTART; without it the event has no length.
        if self.details.end.instant() > self.details.start.instant() {
            write_when("DTEND", &self.details.end, "", zones, lines);
        }
        if let Some(rule) = &self.recurrence.rrule {
            lines.property("RRULE", &[], rule);
        }
        for when in &self.recurrence.rdate {
            write_when("RDATE", when, "", zones, lines);
        }
        for when in &self.recurrence.exdate {
            write_when("EXDATE", when, "", zones, lines);
        }
    }

    fn write_contents(&self, event: &PublishedEvent<'_>, reader: Reader<'_>, lines: &mut Lines) {
        let details = self.details.as_ref();
        lines.text("SUMMARY", &[], &details.summary);
        lines.text("DESCRIPTION", &[], &description(details, event.page));
        // Outlook alone reads it; where it says no more than the text, it is left out, and so it is in what many fetch
        // many times a day.
        let says_more =
            !details.description_html.is_empty() && details.description_html != text_to_html(&details.description);
        if says_more && !matches!(reader, Reader::Subscriber) {
            let html = format!("<html><body>{}</body></html>", details.description_html);
            lines.text("X-ALT-DESC", &[("FMTTYPE", "text/html")], &html);
        }
        lines.text("LOCATION", &[], &details.location);
        lines.uri("URL", if event.page.is_empty() { &details.url } else { event.page });
        lines.texts("CATEGORIES", &details.categories);
        // A mail that loads a picture tells when it is opened.
        if !matches!(reader, Reader::Guest(_)) {
            lines.uri_value("IMAGE", &details.image);
        }
        let class = match details.class {
            Class::Public => "PUBLIC",
            Class::Private => "PRIVATE",
            Class::Confidential => "CONFIDENTIAL",
        };
        lines.property("CLASS", &[], class);
        let status = match details.status {
            _ if event.cancelled => "CANCELLED",
            EventStatus::Confirmed => "CONFIRMED",
            EventStatus::Tentative => "TENTATIVE",
            EventStatus::Cancelled => "CANCELLED",
        };
        lines.property("STATUS", &[], status);
        // Who follows a calendar of sixty matches goes to few of them; what he goes to, his invitations say.
        let is_transparent = details.transparent || matches!(reader, Reader::Subscriber);
        lines.property("TRANSP", &[], if is_transparent { "TRANSPARENT" } else { "OPAQUE" });
    }
}

/// The text, with the event's own link where another one stands as URL.
fn description<'a>(details: &'a EventDetails, page: &str) -> Cow<'a, str> {
    let (text, link) = (&details.description, &details.url);
    if page.is_empty() || link.is_empty() || text.contains(link.as_str()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(if text.is_empty() { link.clone() } else { format!("{text}\n\n{link}") })
}

fn write_when(name: &str, when: &When, range: &str, zones: &ZoneBook, lines: &mut Lines) {
    let (params, value) = match when {
        When::Date(day) => (("VALUE", "DATE"), date(*day)),
        When::At(moment) => match (&moment.zone, zones.tzid(&moment.zone)) {
            (Zone::Utc, _) => (("TZID", ""), date_time(moment.local) + "Z"),
            (_, tzid) => (("TZID", tzid.unwrap_or_default()), date_time(moment.local)),
        },
    };
    lines.property(name, &[params, ("RANGE", range)], &value);
}

fn write_guest(calendar: &OutgoingCalendar<'_>, partstat: PartStat, lines: &mut Lines) {
    let address = calendar.attendee.as_str();
    let name = if calendar.attendee_name.is_empty() { address } else { calendar.attendee_name };
    // Only a REQUEST wants an answer (RFC 5545 section 3.2.17).
    let rsvp = if calendar.method == Method::Request { "TRUE" } else { "" };
    let delegator = calendar.delegated_from.map(|from| mailto(from.as_str())).unwrap_or_default();
    let params = [
        ("CN", name),
        ("CUTYPE", "INDIVIDUAL"),
        ("ROLE", "REQ-PARTICIPANT"),
        ("PARTSTAT", partstat.as_str()),
        ("RSVP", rsvp),
        ("DELEGATED-FROM", &delegator),
    ];
    lines.property("ATTENDEE", &params, &mailto(address));
    lines.text("COMMENT", &[], calendar.comment.unwrap_or_default());
}

fn write_alarm(minutes: u32, summary: &str, lines: &mut Lines) {
    lines.begin("VALARM");
    lines.property("ACTION", &[], "DISPLAY");
    lines.text("DESCRIPTION", &[], if summary.is_empty() { "Reminder" } else { summary });
    lines.property("TRIGGER", &[], &format!("-PT{minutes}M"));
    lines.end("VALARM");
}

/// A CAL-ADDRESS (RFC 5545 section 3.3.3). Escapes of RFC 6068 are left out: calendar programs compare the
/// text after `mailto:` with a mailbox.
fn mailto(address: &str) -> String {
    format!("mailto:{address}")
}
