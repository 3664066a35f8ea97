//! Finding the calendar of a mail. Clients put it into an alternative, an attachment or both, under a dozen
//! labels, inside signatures and forwarded mails; it is taken wherever it is, once.

use std::borrow::Cow;
use std::collections::BTreeSet;

use itip::{Component, ItipMessage, Method};

use crate::charset::{self, Charsets};
use crate::ical::{CalendarReading, method_of, read_calendar_with};
use crate::mime::{self, Part};
use crate::tnef::{self, Envelope, Tnef};
use crate::{CalendarRefusal, Defect};

/// Whether a part says of itself that it is a calendar.
pub(crate) fn is_labelled(part: &Part<'_>) -> bool {
    let kind = part.content_type.as_str();
    let name = part.name.to_ascii_lowercase();
    kind.contains("calendar")
        || kind.ends_with("/ics")
        || kind.ends_with("/x-ics")
        || kind.ends_with("ical")
        || [".ics", ".ical", ".icalendar", ".vcs"].iter().any(|suffix| name.ends_with(suffix))
}

/// Where BEGIN:VCALENDAR stands at the beginning of a line.
fn begin_calendar(bytes: &[u8]) -> Option<usize> {
    const BEGIN: &[u8] = b"BEGIN:VCALENDAR";
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_start();
        if content.get(..BEGIN.len()).is_some_and(|start| start.eq_ignore_ascii_case(BEGIN)) {
            return Some(at + line.len() - content.len());
        }
        at += line.len();
    }
    None
}

/// The messages of a mail and the language of their texts.
pub(crate) type Found = (Vec<ItipMessage>, Option<String>);

/// Reads the calendar parts of a mail; where there are none, a meeting in Outlook's own format; else the calendar
/// of a mail forwarded in it; else one that stands in a text, or in the raw mail because its frame is broken.
pub(crate) fn find(
    mail: &[u8],
    parts: &[Part<'_>],
    envelope: &Envelope<'_>,
    charsets: Charsets<'_>,
    defects: &mut BTreeSet<Defect>,
) -> Result<Found, CalendarRefusal> {
    let labelled =
        |forwarded: bool| parts.iter().filter(move |part| is_labelled(part) && (part.forwarded > 0) == forwarded);
    let own: Vec<_> = labelled(false).collect();
    let forwarded: Vec<_> = labelled(true).collect();
    if !own.is_empty() {
        return read_parts(&own, defects);
    }
    let winmail = parts.iter().find(|part| part.is_winmail() && part.forwarded == 0);
    match winmail.map(|part| meeting(&part.bytes(), envelope, charsets, defects)) {
        None | Some(Err(CalendarRefusal::WinmailDat)) => {}
        Some(found) => return found,
    }
    if !forwarded.is_empty() {
        defects.insert(Defect::CalendarInForwardedMail);
        return read_parts(&forwarded, defects);
    }
    let in_text = parts.iter().find(|part| begin_calendar(&part.bytes()).is_some()).map(Part::calendar_bytes);
    let stray = in_text.or_else(|| begin_calendar(mail).and_then(|at| mail.get(at..)).map(Cow::Borrowed));
    if let Some(bytes) = stray {
        defects.insert(Defect::CalendarInText);
        let reading = read_calendar_with(&bytes, None)?;
        defects.extend(reading.defects);
        return Ok((reading.messages, reading.language));
    }
    Err(if parts.iter().any(Part::is_winmail) {
        CalendarRefusal::WinmailDat
    } else if parts.iter().any(Part::is_encrypted) {
        CalendarRefusal::Encrypted
    } else {
        CalendarRefusal::NoCalendar
    })
}

/// The meeting of a `winmail.dat`.
fn meeting(
    bytes: &[u8],
    envelope: &Envelope<'_>,
    charsets: Charsets<'_>,
    defects: &mut BTreeSet<Defect>,
) -> Result<Found, CalendarRefusal> {
    let tnef = Tnef::read(bytes).ok_or(CalendarRefusal::WinmailDat)?;
    let reading = read_calendar_with(tnef::calendar_text(&tnef, envelope, charsets)?.as_bytes(), None)?;
    defects.extend(reading.defects);
    Ok((reading.messages, reading.language))
}

/// METHOD of a mail's or file's calendar, whether or not anything in it can be used; PUBLISH if it names none.
pub fn calendar_method(raw: &[u8]) -> Option<Method> {
    let parts = mime::parts(raw, &charset::none).unwrap_or_default();
    let of_part = |part: &Part<'_>| method_of(&part.calendar_bytes());
    parts.iter().filter(|part| is_labelled(part)).find_map(of_part).or_else(|| method_of(raw))
}

/// The calendar text of a mail, whatever is in it, and the METHOD that counts where it names none: what [`find`] reads,
/// but for winmail.dat. For calendars that are too long to be read at once.
pub fn mailed_calendar(raw: &[u8], charsets: Charsets<'_>) -> Option<(String, Option<Method>)> {
    let parts = mime::parts(raw, charsets).unwrap_or_default();
    let labelled =
        |forwarded: bool| parts.iter().filter(move |part| is_labelled(part) && (part.forwarded > 0) == forwarded);
    let mut method = None;
    let mut texts: Vec<String> = Vec::new();
    for forwarded in [false, true] {
        for part in labelled(forwarded) {
            method = method.or_else(|| part.method.as_deref().and_then(Method::parse));
            let text = crate::ical::plain_text(&part.calendar_bytes()).trim().to_owned();
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        if !texts.is_empty() {
            return Some((texts.join("\r\n"), method));
        }
    }
    let in_text = parts.iter().find(|part| begin_calendar(&part.bytes()).is_some()).map(Part::calendar_bytes);
    let stray = in_text.or_else(|| begin_calendar(raw).and_then(|at| raw.get(at..)).map(Cow::Borrowed))?;
    Some((crate::ical::plain_text(&stray).into_owned(), None))
}

fn read_parts(parts: &[&Part<'_>], defects: &mut BTreeSet<Defect>) -> Result<Found, CalendarRefusal> {
    let (mut messages, mut language): Found = (Vec::new(), None);
    let mut refusal = None;
    let mut seen: Vec<Cow<'_, [u8]>> = Vec::new();
    for part in parts {
        let method = part.method.as_deref().and_then(Method::parse);
        let bytes = part.calendar_bytes();
        if seen.iter().any(|known| known.trim_ascii() == bytes.trim_ascii()) {
            defects.insert(Defect::RepeatedCalendar);
            continue;
        }
        match read_calendar_with(&bytes, method) {
            Ok(CalendarReading { messages: more, language: tag, defects: odd, .. }) => {
                language = language.or(tag);
                defects.extend(odd);
                for message in more {
                    if messages.iter().any(|known| says_the_same(known, &message)) {
                        defects.insert(Defect::RepeatedCalendar);
                    } else {
                        messages.push(message);
                    }
                }
            }
            Err(reason) => refusal = refusal.or(Some(reason)),
        }
        seen.push(bytes);
    }
    if messages.is_empty() { Err(refusal.unwrap_or(CalendarRefusal::NoCalendar)) } else { Ok((messages, language)) }
}

/// Two parts of one mail that speak of the same version of the same event: the first is taken. Google sends
/// each calendar twice, and the texts of the two may differ in form.
fn says_the_same(known: &ItipMessage, other: &ItipMessage) -> bool {
    let versions = |message: &ItipMessage| -> Vec<_> {
        let version = |component: &Component| {
            (component.recurrence_id.as_ref().map(itip::RecurrenceId::instant), component.order)
        };
        message.components.iter().map(version).collect()
    };
    known.uid == other.uid && known.method == other.method && versions(known) == versions(other)
}
