//! A meeting of Outlook as iCalendar text, by the mapping of [MS-OXCICAL].

use std::fmt::Write;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use itip::{CalAddress, Method, PartStat, Timestamp};

use super::series::{self, End, Series};
use super::zone::{self, Named};
use super::{Key, Set, Tnef};
use crate::CalendarRefusal;
use crate::charset::Charsets;
use crate::content_line::{Lines, date, date_time, utc};
use crate::limits::CALENDAR_BYTES_MAX;
use crate::mailbox::mailbox;
use crate::zone::Clock;

/// What the mail around a meeting says and the meeting does not.
pub(crate) struct Envelope<'a> {
    /// From: the organizer, or who answers.
    pub(crate) from: Option<&'a CalAddress>,
    pub(crate) from_name: &'a str,
    /// To and Cc.
    pub(crate) to: &'a [CalAddress],
    /// The text of the mail.
    pub(crate) text: &'a str,
}

const MESSAGE_CLASS: Key = Key::Tag(0x001A);
const SENSITIVITY: Key = Key::Tag(0x0036);
const SUBJECT: Key = Key::Tag(0x0037);
const SUBMIT_TIME: Key = Key::Tag(0x0039);
const START_DATE: Key = Key::Tag(0x0060);
const END_DATE: Key = Key::Tag(0x0061);
const RECIPIENT_TYPE: Key = Key::Tag(0x0C15);
const BODY: Key = Key::Tag(0x1000);
const HTML: Key = Key::Tag(0x1013);
const DISPLAY_NAME: Key = Key::Tag(0x3001);
const EMAIL_ADDRESS: Key = Key::Tag(0x3003);
const SMTP_ADDRESS: Key = Key::Tag(0x39FE);

const fn appointment(number: u32) -> Key {
    Key::Named(Set::Appointment, number)
}

const fn meeting(number: u32) -> Key {
    Key::Named(Set::Meeting, number)
}

const SEQUENCE: Key = appointment(0x8201);
const LOCATION: Key = appointment(0x8208);
const START_WHOLE: Key = appointment(0x820D);
const END_WHOLE: Key = appointment(0x820E);
const ALL_DAY: Key = appointment(0x8215);
const RECUR: Key = appointment(0x8216);
const RECURRING: Key = appointment(0x8223);
const INTENDED_BUSY_STATUS: Key = appointment(0x8224);
const REPLACE_TIME: Key = appointment(0x8228);
const ZONE_STRUCT: Key = appointment(0x8233);
const ZONE_DESCRIPTION: Key = appointment(0x8234);
const PROPOSED_START: Key = appointment(0x8250);
const PROPOSED_END: Key = appointment(0x8251);
const COUNTER_PROPOSAL: Key = appointment(0x8257);
const ZONE_START: Key = appointment(0x825E);
const ZONE_RECUR: Key = appointment(0x8260);
const ATTENDEE_CHANGE: Key = meeting(0x01);
const GLOBAL_OBJECT_ID: Key = meeting(0x03);
const START_RECURRENCE_TIME: Key = meeting(0x0E);
const OWNER_CHANGE: Key = meeting(0x1A);
const CLEAN_GLOBAL_OBJECT_ID: Key = meeting(0x23);

/// The METHOD of a message class ([MS-OXCICAL] section 2.1.3.1.1.1), and the answer that it gives.
fn method(class: &str) -> Option<(Method, Option<PartStat>)> {
    let class = class.to_ascii_lowercase();
    if class == "ipm.appointment" {
        // One that was forwarded, not sent as an invitation.
        return Some((Method::Publish, None));
    }
    let kind = class.strip_prefix("ipm.microsoft schedule.").or_else(|| class.strip_prefix("ipm.schedule.meeting."))?;
    Some(match kind {
        "mtgreq" | "request" => (Method::Request, None),
        "mtgcncl" | "canceled" => (Method::Cancel, None),
        "mtgrespp" | "resp.pos" => (Method::Reply, Some(PartStat::Accepted)),
        "mtgrespn" | "resp.neg" => (Method::Reply, Some(PartStat::Declined)),
        "mtgrespa" | "resp.tent" => (Method::Reply, Some(PartStat::Tentative)),
        _ => return None,
    })
}

/// Writes the meeting of a stream; `WinmailDat` if it holds none.
pub(crate) fn calendar_text(
    tnef: &Tnef<'_>,
    envelope: &Envelope<'_>,
    charsets: Charsets<'_>,
) -> Result<String, CalendarRefusal> {
    let class = match (tnef.class, tnef.properties.get(MESSAGE_CLASS)) {
        (Some(class), _) => tnef.narrow(class, charsets),
        (None, Some(class)) => tnef.text(class, charsets),
        (None, None) => String::new(),
    };
    let (method, answer) = method(class.trim()).ok_or(CalendarRefusal::WinmailDat)?;
    let proposes = answer.is_some() && tnef.properties.number(COUNTER_PROPOSAL) == Some(1);
    let method = if proposes { Method::Counter } else { method };
    Meeting { tnef, envelope, charsets, method, answer, zone: zone(tnef, charsets)? }.write()
}

/// The zone of the meeting. One that is there and not understood is never taken for UTC.
fn zone(tnef: &Tnef<'_>, charsets: Charsets<'_>) -> Result<Option<Named>, CalendarRefusal> {
    let properties = &tnef.properties;
    let definitions = [ZONE_RECUR, ZONE_START].into_iter().filter_map(|key| properties.bytes(key));
    let mut written = definitions.clone().count();
    if let Some(named) = definitions.into_iter().find_map(zone::definition) {
        return Ok(Some(named));
    }
    let name = properties.get(ZONE_DESCRIPTION).map(|name| tnef.text(name, charsets)).unwrap_or_default();
    if let Some(structure) = properties.bytes(ZONE_STRUCT) {
        written += 1;
        if let Some(named) = zone::structure(structure, name.trim().to_owned()) {
            return Ok(Some(named));
        }
    }
    if written > 0 { Err(CalendarRefusal::UnknownZone) } else { Ok(None) }
}

struct Meeting<'a> {
    tnef: &'a Tnef<'a>,
    envelope: &'a Envelope<'a>,
    charsets: Charsets<'a>,
    method: Method,
    answer: Option<PartStat>,
    zone: Option<Named>,
}

/// One VEVENT of it, on the wall clock of its zone.
struct Event<'a> {
    instance: Option<NaiveDateTime>,
    start: Option<NaiveDateTime>,
    end: Option<NaiveDateTime>,
    series: Option<&'a Series<'a>>,
    subject: String,
    location: String,
}

impl Meeting<'_> {
    fn write(&self) -> Result<String, CalendarRefusal> {
        let uid = match (self.uid(), self.method) {
            (Some(uid), _) => uid,
            // Of what is no invitation the calendar reader makes one.
            (None, Method::Publish) => String::new(),
            (None, _) => return Err(CalendarRefusal::NoUid),
        };
        let series = self.series()?;
        let (start, end) = match self.method {
            Method::Counter => (self.time(&[PROPOSED_START]), self.time(&[PROPOSED_END])),
            _ => (self.time(&[START_WHOLE, START_DATE]), self.time(&[END_WHOLE, END_DATE])),
        };
        let subject = self.text(SUBJECT).or_else(|| self.tnef.subject.map(|text| self.narrow(text)));
        let event = Event {
            instance: self.instance()?,
            start,
            end,
            series: series.as_ref(),
            subject: subject.unwrap_or_default(),
            location: self.text(LOCATION).unwrap_or_default(),
        };
        let mut lines = Lines::default();
        lines.begin("VCALENDAR");
        lines.property("VERSION", &[], "2.0");
        lines.property("PRODID", &[], "-//Microsoft Corporation//Outlook TNEF//EN");
        lines.property("METHOD", &[], self.method.as_str());
        let mut text = lines.into_text();
        text.extend(self.zone.as_ref().map(|zone| zone.vtimezone.as_str()));
        text.push_str(&self.event(&uid, &event));
        for changed in series.iter().flat_map(|series| &series.changed) {
            let one = Event {
                instance: Some(changed.original),
                start: Some(changed.start),
                end: Some(changed.end),
                series: None,
                subject: changed.subject.map_or_else(|| event.subject.clone(), |text| self.narrow(text)),
                location: changed.location.map_or_else(|| event.location.clone(), |text| self.narrow(text)),
            };
            text.push_str(&self.event(&uid, &one));
            if text.len() > CALENDAR_BYTES_MAX {
                return Err(CalendarRefusal::TooLarge);
            }
        }
        text.push_str("END:VCALENDAR\r\n");
        Ok(text)
    }

    fn event(&self, uid: &str, event: &Event<'_>) -> String {
        let number = |key| self.tnef.properties.number(key);
        let mut lines = Lines::default();
        lines.begin("VEVENT");
        lines.text("UID", &[], uid);
        // [MS-OXCICAL] section 2.1.3.1.1.20.9: when the organizer last changed it, or the attendee his answer.
        let changed = if self.answer.is_some() { ATTENDEE_CHANGE } else { OWNER_CHANGE };
        if let Some(stamp) = number(changed).or_else(|| number(SUBMIT_TIME)).and_then(timestamp) {
            lines.property("DTSTAMP", &[], &utc(stamp));
        }
        lines.property("SEQUENCE", &[], &number(SEQUENCE).unwrap_or(0).max(0).to_string());
        for (name, time) in [("RECURRENCE-ID", event.instance), ("DTSTART", event.start), ("DTEND", event.end)] {
            if let Some(time) = time {
                self.time_line(&mut lines, name, time);
            }
        }
        if let Some(series) = event.series {
            lines.property("RRULE", &[], &(series.rule.clone() + &self.end(&series.end)));
            for time in &series.left_out {
                self.time_line(&mut lines, "EXDATE", *time);
            }
        }
        lines.text("SUMMARY", &[], &event.subject);
        lines.text("LOCATION", &[], &event.location);
        self.description(&mut lines);
        if number(INTENDED_BUSY_STATUS) == Some(0) {
            lines.property("TRANSP", &[], "TRANSPARENT");
        }
        match number(SENSITIVITY) {
            Some(1 | 2) => lines.property("CLASS", &[], "PRIVATE"),
            Some(3) => lines.property("CLASS", &[], "CONFIDENTIAL"),
            _ => {}
        }
        self.people(&mut lines);
        lines.end("VEVENT");
        lines.into_text()
    }

    /// DESCRIPTION. Most of Outlook's mails hold it only as RTF, and as the text of the mail, under a line of
    /// tildes and stars.
    fn description(&self, lines: &mut Lines) {
        const LINE: &str = "*~*~*~*~*~*~*~*~*~*";
        let body = self.text(BODY).or_else(|| self.tnef.body.map(|body| self.narrow(body)));
        let text = body.filter(|body| !body.trim().is_empty()).unwrap_or_else(|| self.envelope.text.to_owned());
        let text = text.split_once(LINE).map_or(text.as_str(), |(_, below)| below);
        // A comment of whoever answers.
        let name = if self.answer.is_some() { "COMMENT" } else { "DESCRIPTION" };
        lines.text(name, &[], text.trim());
        if let Some(html) = self.text(HTML).filter(|_| self.answer.is_none()) {
            lines.text("X-ALT-DESC", &[("FMTTYPE", "text/html")], &html);
        }
    }

    /// Whoever wrote the mail is the organizer of the invitation, or the attendee who answers.
    fn people(&self, lines: &mut Lines) {
        const ORGANIZER: i64 = 0;
        let mailto = |address: &CalAddress| format!("mailto:{address}");
        if let (Some(answer), Some(from)) = (&self.answer, self.envelope.from) {
            let params = [("CN", self.envelope.from_name), ("PARTSTAT", answer.as_str())];
            return lines.property("ATTENDEE", &params, &mailto(from));
        }
        if let Some(organizer) = self.envelope.from {
            lines.property("ORGANIZER", &[("CN", self.envelope.from_name)], &mailto(organizer));
        }
        let guests = self.tnef.recipients.iter().filter(|row| row.number(RECIPIENT_TYPE) != Some(ORGANIZER));
        let guests = guests.filter_map(|row| {
            let text = |key| row.get(key).map(|value| self.tnef.text(value, self.charsets));
            let address = [SMTP_ADDRESS, EMAIL_ADDRESS].into_iter().filter_map(text);
            let address = address.into_iter().find_map(|address| mailbox(&address))?;
            Some((address, text(DISPLAY_NAME).unwrap_or_default()))
        });
        let mut guests: Vec<_> = guests.collect();
        if guests.is_empty() {
            guests = self.envelope.to.iter().map(|address| (address.clone(), String::new())).collect();
        }
        for (address, name) in &guests {
            let params = [("CN", name.as_str()), ("PARTSTAT", "NEEDS-ACTION"), ("RSVP", "TRUE")];
            lines.property("ATTENDEE", &params, &mailto(address));
        }
    }

    fn text(&self, key: Key) -> Option<String> {
        let text = self.tnef.text(self.tnef.properties.get(key)?, self.charsets);
        (!text.is_empty()).then_some(text)
    }

    fn narrow(&self, bytes: &[u8]) -> String {
        self.tnef.narrow(bytes, self.charsets)
    }

    fn clock(&self) -> &Clock {
        self.zone.as_ref().map_or(&Clock::Utc, |zone| &zone.clock)
    }

    fn is_all_day(&self) -> bool {
        self.tnef.properties.number(ALL_DAY) == Some(1)
    }

    /// The first of these properties that is a time.
    fn time(&self, keys: &[Key]) -> Option<NaiveDateTime> {
        let number = keys.iter().find_map(|key| self.tnef.properties.number(*key))?;
        let local = self.clock().local(timestamp(number)?)?;
        // A whole day without a zone is midnight of a clock that is at most half a day away from UTC.
        let unknown = self.is_all_day() && self.zone.is_none();
        if unknown { local.checked_add_signed(TimeDelta::hours(12)) } else { Some(local) }
    }

    fn time_line(&self, lines: &mut Lines, name: &str, time: NaiveDateTime) {
        match &self.zone {
            _ if self.is_all_day() => lines.property(name, &[("VALUE", "DATE")], &date(time.date())),
            Some(zone) => lines.property(name, &[("TZID", &zone.tzid)], &date_time(time)),
            None => lines.property(name, &[], &(date_time(time) + "Z")),
        }
    }

    /// COUNT or UNTIL; the latter in UTC (RFC 5545 section 3.3.10) unless the days are whole.
    fn end(&self, end: &End) -> String {
        match end {
            End::Never => String::new(),
            End::Count(count) => format!(";COUNT={count}"),
            End::Until(last) if self.is_all_day() => format!(";UNTIL={}", date(last.date())),
            End::Until(last) => {
                let instant = self.clock().instant(*last).unwrap_or(Timestamp(last.and_utc().timestamp()));
                format!(";UNTIL={}", utc(instant))
            }
        }
    }

    /// The series, unless this is about one instance or says nothing of how it repeats. Its days are those of a
    /// wall clock, so that it needs a zone.
    fn series(&self) -> Result<Option<Series<'_>>, CalendarRefusal> {
        let properties = &self.tnef.properties;
        if !matches!(self.method, Method::Request | Method::Publish) || self.instance()?.is_some() {
            return Ok(None);
        }
        match properties.bytes(RECUR) {
            Some(_) if self.zone.is_none() && !self.is_all_day() => Err(CalendarRefusal::UnknownZone),
            Some(pattern) => series::read(pattern).map(Some).ok_or(CalendarRefusal::UnknownRecurrence),
            None if properties.number(RECURRING) == Some(1) => Err(CalendarRefusal::UnknownRecurrence),
            None => Ok(None),
        }
    }

    fn global_object_id(&self, keys: &[Key]) -> Option<&[u8]> {
        keys.iter().find_map(|key| self.tnef.properties.bytes(*key)).filter(|id| (40..=1024).contains(&id.len()))
    }

    /// [MS-OXCICAL] section 2.1.3.1.1.20.26: the UID that another program gave the meeting stands inside its
    /// Global Object ID; Outlook's own is the whole of it in hexadecimal, the date of the instance zeroed.
    fn uid(&self) -> Option<String> {
        const FOREIGN: &[u8] = b"vCal-Uid\x01\0\0\0";
        let id = self.global_object_id(&[CLEAN_GLOBAL_OBJECT_ID, GLOBAL_OBJECT_ID])?;
        let foreign = id.get(40..).and_then(|data| data.strip_prefix(FOREIGN));
        if let Some(foreign) = foreign.and_then(|uid| std::str::from_utf8(uid).ok()) {
            return Some(foreign.trim_end_matches('\0').to_owned()).filter(|uid| !uid.is_empty());
        }
        let mut hex = String::with_capacity(id.len() * 2);
        for (at, byte) in id.iter().enumerate() {
            let byte = if (16..20).contains(&at) { 0 } else { *byte };
            let _ = write!(hex, "{byte:02X}");
        }
        Some(hex)
    }

    /// The original start of the instance that this is about (section 2.1.3.1.1.20.20): its day is in the Global
    /// Object ID, its time of day in another property. One that is not complete must not become the whole series.
    fn instance(&self) -> Result<Option<NaiveDateTime>, CalendarRefusal> {
        let Some([high, low, month, day]) = self.global_object_id(&[GLOBAL_OBJECT_ID]).and_then(|id| id.get(16..20))
        else {
            return Ok(None);
        };
        if [high, low, month, day] == [&0; 4] {
            return Ok(None);
        }
        if let Some(time) = self.time(&[REPLACE_TIME]) {
            return Ok(Some(time));
        }
        let year = i32::from(u16::from_be_bytes([*high, *low]));
        // Bits: 6 of seconds, 6 of minutes, then hours.
        let time = self.tnef.properties.number(START_RECURRENCE_TIME).and_then(|packed| u32::try_from(packed).ok());
        let time = if self.is_all_day() { Some(0) } else { time };
        let original = time.and_then(|packed| {
            let date = NaiveDate::from_ymd_opt(year, u32::from(*month), u32::from(*day))?;
            date.and_hms_opt(packed >> 12, packed >> 6 & 63, packed & 63)
        });
        // A time of day is one of a wall clock.
        match original.filter(|_| self.zone.is_some() || self.is_all_day()) {
            Some(original) => Ok(Some(original)),
            None => Err(CalendarRefusal::BadDate),
        }
    }
}

/// FILETIME: tenths of microseconds since 1601.
fn timestamp(file_time: i64) -> Option<Timestamp> {
    let seconds = file_time.div_euclid(10_000_000) - 11_644_473_600;
    // 4501-09-01 stands for no date.
    (file_time > 0 && seconds < 79_870_665_600).then_some(Timestamp(seconds))
}
