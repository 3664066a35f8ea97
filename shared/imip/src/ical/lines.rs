//! The lenient pre-pass: bytes as calendars really write them become content lines as RFC 5545 defines them,
//! one text per VCALENDAR, which the strict parser of the `icalendar` crate then reads.
//!
//! Repaired here: byte order marks, control characters, any mix of line ends, broken folds, bytes that are
//! not UTF-8, lower-case names, quotes that are missing or left open, text before and after the calendar,
//! components that are not closed. A value is never changed beyond that.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::charset::{utf16, windows_1252};
use crate::limits::{CALENDAR_BYTES_MAX, COMPONENT_DEPTH_MAX};
use crate::{CalendarRefusal, Defect};

/// The calendars of a text, repaired.
#[derive(Debug, Default)]
pub(crate) struct Repaired {
    /// Each VCALENDAR with CRLF line ends, unfolded.
    pub(crate) calendars: Vec<String>,
    pub(crate) defects: BTreeSet<Defect>,
}

/// Finds and repairs every VCALENDAR of a text.
pub(crate) fn repair(bytes: &[u8]) -> Result<Repaired, CalendarRefusal> {
    if bytes.len() > CALENDAR_BYTES_MAX {
        return Err(CalendarRefusal::TooLarge);
    }
    let mut repaired = Repaired::default();
    let text = without_indent(decode(bytes, &mut repaired.defects));
    if text.trim().is_empty() {
        return Err(CalendarRefusal::Empty);
    }
    let mut writer = Writer { repaired: &mut repaired, out: String::new(), open: Vec::new(), after: After::Component };
    for (line, broken_fold) in unfold(&text) {
        writer.line(&line, broken_fold)?;
    }
    writer.close_to(0);
    if repaired.calendars.is_empty() {
        return Err(CalendarRefusal::NotACalendar);
    }
    Ok(repaired)
}

/// A calendar as one text in which every line begins where it seems to.
pub(crate) fn plain(bytes: &[u8]) -> Cow<'_, str> {
    without_indent(decode(bytes, &mut BTreeSet::new()))
}

/// Bytes to text: UTF-8 where possible, UTF-16 by its mark or its zeroes, otherwise Windows-1252 line by line.
fn decode<'a>(bytes: &'a [u8], defects: &mut BTreeSet<Defect>) -> Cow<'a, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match bytes {
        [0xFF, 0xFE, rest @ ..] => return utf16(rest, u16::from_le_bytes).into(),
        [0xFE, 0xFF, rest @ ..] => return utf16(rest, u16::from_be_bytes).into(),
        [b'B' | b'b', 0, ..] => return utf16(bytes, u16::from_le_bytes).into(),
        [0, b'B' | b'b', ..] => return utf16(bytes, u16::from_be_bytes).into(),
        _ => {}
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    // RFC 5545 section 3.1 lets a fold split a character, so lines are joined before they are decoded.
    let mut text = String::with_capacity(bytes.len());
    for line in unfold_bytes(bytes) {
        if let Ok(line) = std::str::from_utf8(&line) {
            text.push_str(line);
        } else {
            defects.insert(Defect::NotUtf8);
            text.extend(line.iter().map(|byte| windows_1252(*byte)));
        }
        text.push('\n');
    }
    text.into()
}

/// A calendar that was pasted with every line moved in would read as a single folded line.
fn without_indent(text: Cow<'_, str>) -> Cow<'_, str> {
    let begin = text.lines().find(|line| line.trim().eq_ignore_ascii_case("BEGIN:VCALENDAR")).unwrap_or_default();
    let indent = begin.get(..begin.len() - begin.trim_start().len()).unwrap_or_default();
    if indent.is_empty() || !text.lines().all(|line| line.trim().is_empty() || line.starts_with(indent)) {
        return text;
    }
    let lines = text.lines().map(|line| line.strip_prefix(indent).unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n").into()
}

fn unfold_bytes(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line, lines.last_mut()) {
            ([b' ' | b'\t', rest @ ..], Some(last)) => last.extend_from_slice(rest),
            _ => lines.push(line.to_vec()),
        }
    }
    lines
}

/// Logical lines, each with whether the physical line before it was long enough to have been folded.
fn unfold(text: &str) -> impl Iterator<Item = (Cow<'_, str>, bool)> {
    // A lone CR ends a line too; CR CR LF, left by a doubled conversion, ends one.
    let mut physical = text.split(['\n', '\r']).filter(|line| !line.is_empty()).peekable();
    let mut last_was_long = false;
    std::iter::from_fn(move || {
        let first = physical.next()?;
        let broken_fold = std::mem::replace(&mut last_was_long, first.len() >= 70);
        let mut line = Cow::Borrowed(first);
        while let Some(rest) = physical.peek().and_then(|next| next.strip_prefix([' ', '\t'])) {
            line.to_mut().push_str(rest);
            last_was_long = rest.len() >= 70;
            physical.next();
        }
        if line.contains(|c: char| c.is_control() && c != '\t') {
            line.to_mut().retain(|c| !c.is_control() || c == '\t');
        }
        Some((line, broken_fold))
    })
}

/// Writes the repaired calendars; keeps the stack of open components.
struct Writer<'a> {
    repaired: &'a mut Repaired,
    out: String,
    open: Vec<String>,
    after: After,
}

/// What the last line written was: what stray text may belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Component,
    Text,
    OtherProperty,
}

/// Components that hold no other of their kind: a BEGIN inside one means that its END was lost.
pub(super) const TOP_LEVEL: [&str; 5] = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"];

impl Writer<'_> {
    fn line(&mut self, line: &str, broken_fold: bool) -> Result<(), CalendarRefusal> {
        let Some(content) = ContentLine::split(line) else {
            self.stray_text(line, broken_fold);
            return Ok(());
        };
        match content.name.as_ref() {
            "BEGIN" => self.begin(&component_name(content.value)),
            "END" => {
                self.end(&component_name(content.value));
                Ok(())
            }
            _ => {
                if !self.open.is_empty() {
                    content.write(&mut self.out);
                    self.after = if content.is_text() { After::Text } else { After::OtherProperty };
                }
                Ok(())
            }
        }
    }

    fn begin(&mut self, name: &str) -> Result<(), CalendarRefusal> {
        if name == "VCALENDAR" {
            self.close_to(0);
        } else if self.open.is_empty() {
            // A bare event, as some programs put on the clipboard; anything else outside is not ours.
            if name != "VEVENT" && name != "VTIMEZONE" {
                return Ok(());
            }
            self.repaired.defects.insert(Defect::BadNesting);
            self.push("VCALENDAR");
        } else if TOP_LEVEL.contains(&name) {
            self.close_to(1);
        }
        if self.open.len() >= COMPONENT_DEPTH_MAX {
            return Err(CalendarRefusal::TooDeep);
        }
        self.push(name);
        Ok(())
    }

    fn end(&mut self, name: &str) {
        match self.open.iter().rposition(|open| open == name) {
            Some(at) => {
                self.close_to(at + 1);
                self.pop();
            }
            None => {
                self.repaired.defects.insert(Defect::BadNesting);
            }
        }
    }

    /// Closes components that were left open until `depth` remain; reaching 0 finishes a calendar.
    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            self.repaired.defects.insert(Defect::BadNesting);
            self.pop();
        }
    }

    fn push(&mut self, name: &str) {
        self.out.extend(["BEGIN:", name, "\r\n"]);
        self.after = After::Component;
        self.open.push(name.to_owned());
    }

    fn pop(&mut self) {
        let Some(name) = self.open.pop() else { return };
        self.out.extend(["END:", &name, "\r\n"]);
        self.after = After::Component;
        if self.open.is_empty() {
            self.repaired.calendars.push(std::mem::take(&mut self.out));
        }
    }

    /// A line that is no content line: the rest of a text whose line break was not escaped, or of a fold
    /// that lost its leading space. After anything else it is noise.
    fn stray_text(&mut self, line: &str, broken_fold: bool) {
        if self.open.is_empty() {
            return;
        }
        self.repaired.defects.insert(Defect::BadLine);
        let joint = match self.after {
            After::Text | After::OtherProperty if broken_fold => "",
            After::Text => "\\n",
            After::Component | After::OtherProperty => return,
        };
        self.out.truncate(self.out.len() - "\r\n".len());
        self.out.extend([joint, line, "\r\n"]);
    }
}

pub(super) fn component_name(value: &str) -> String {
    value.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().to_ascii_uppercase()
}

/// A content line (RFC 5545 section 3.1) taken apart.
pub(super) struct ContentLine<'a> {
    pub(super) name: Cow<'a, str>,
    params: Vec<(&'a str, Cow<'a, str>)>,
    pub(super) value: &'a str,
}

impl<'a> ContentLine<'a> {
    pub(super) fn split(line: &'a str) -> Option<Self> {
        let name_end = line.find([':', ';'])?;
        let name = line.get(..name_end)?.trim();
        let rest = line.get(name_end..)?;
        let fits =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        // A web address at the start of a line is text, not a property called "https".
        if !fits || rest.starts_with("://") {
            return None;
        }
        let name = if name.bytes().any(|byte| byte.is_ascii_lowercase()) {
            name.to_ascii_uppercase().into()
        } else {
            Cow::Borrowed(name)
        };
        let value_at = value_start(&name, rest)?;
        let params = split_params(rest.get(..value_at)?);
        Some(Self { name, params, value: rest.get(value_at + 1..)?.trim_start() })
    }

    fn is_text(&self) -> bool {
        matches!(self.name.as_ref(), "SUMMARY" | "DESCRIPTION" | "LOCATION" | "COMMENT" | "CONTACT")
            || self.name.starts_with("X-")
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.name);
        for (key, value) in &self.params {
            out.extend([";", &key.to_ascii_uppercase(), "="]);
            if !value.is_empty() {
                out.extend(["\"", value, "\""]);
            }
        }
        out.extend([":", self.value, "\r\n"]);
    }
}

/// Where the colon before the value stands in `;PARAM=…:value`. The first one outside of quotes,
/// unless the kind of value tells that it belongs to a parameter that should have been quoted.
fn value_start(name: &str, rest: &str) -> Option<usize> {
    if rest.starts_with(':') {
        return Some(0);
    }
    let mut quoted = false;
    let outside_quotes = rest.bytes().enumerate().filter(move |(_, byte)| {
        quoted ^= *byte == b'"';
        *byte == b':' && !quoted
    });
    let after = |at: usize| rest.get(at + 1..).unwrap_or_default().trim_start();
    let fits = |at: &usize| match name {
        // `CN=Smith: John:mailto:john@example.com`
        "ATTENDEE" | "ORGANIZER" => after(*at).get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:")),
        // `TZID=(UTC-05:00) Eastern Time:20260301T090000`
        "DTSTART" | "DTEND" | "DUE" | "RECURRENCE-ID" | "EXDATE" | "RDATE" => {
            let digits = after(*at).bytes().take_while(u8::is_ascii_digit).count();
            digits == 8 || digits == 4 && after(*at).as_bytes().get(4) == Some(&b'-')
        }
        _ => true,
    };
    let mut colons = outside_quotes.map(|(at, _)| at).peekable();
    // A quote that was never closed hides every colon after it.
    let mut all = rest.match_indices(':').map(|(at, _)| at).peekable();
    let first = colons.peek().or_else(|| all.peek()).copied()?;
    Some(colons.find(fits).or_else(|| all.find(fits)).unwrap_or(first))
}

/// `;KEY=value;KEY="value"` with the quotes taken off; parameters without a value are left out.
fn split_params(text: &str) -> Vec<(&str, Cow<'_, str>)> {
    let mut params = Vec::new();
    let mut quoted = false;
    let parts = text.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    for part in parts {
        let Some((key, value)) = part.split_once('=') else { continue };
        let key = key.trim();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            continue;
        }
        let value = value.trim();
        let unquoted = if value.contains('"') { value.replace('"', "").into() } else { Cow::Borrowed(value) };
        params.push((key, unquoted));
    }
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let repaired = repair(input.as_bytes()).unwrap();
        assert_eq!(repaired.calendars.concat().replace("\r\n", "\n"), expected);
    }

    #[test]
    fn clean_calendars_pass_unchanged() {
        let text = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:A; b\\, c: d\nEND:VEVENT\nEND:VCALENDAR\n";
        check(&text.replace('\n', "\r\n"), text);
    }

    #[test]
    fn line_ends_folds_and_case_are_evened_out() {
        check(
            "\u{FEFF}begin:vcalendar\rBEGIN:VEVENT\r\r\nsummary:on\r\n e\n\t two\n \nuid:1\nEnd:Vevent\nEND:VCALENDAR",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:one two\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n",
        );
    }

    #[test]
    fn components_are_closed_and_stray_ends_dropped() {
        check(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nBEGIN:VALARM\nEND:VEVENT\nEND:VALARM\nBEGIN:VEVENT\nUID:2\nBEGIN:VCALENDAR",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nBEGIN:VALARM\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nEND:VEVENT\n\
             END:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\n",
        );
    }

    #[test]
    fn text_around_and_between_is_left_out_or_joined() {
        check(
            "Hello,\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nnoise\nDESCRIPTION:first\nsecond line\nhttps://example.com\n\
             END:VEVENT\nEND:VCALENDAR\nUID:outside\n",
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDESCRIPTION:first\\nsecond line\\nhttps://example.com\nEND:VEVENT\nEND:VCALENDAR\n",
        );
    }

    #[test]
    fn parameters_are_quoted_wherever_the_sender_forgot() {
        let check_line = |line: &str, expected: &str| {
            check(
                &format!("BEGIN:VCALENDAR\n{line}\nEND:VCALENDAR"),
                &format!("BEGIN:VCALENDAR\n{expected}\nEND:VCALENDAR\n"),
            );
        };
        check_line("ORGANIZER;;CN=A: B;x=:MAILTO:a@example.com", "ORGANIZER;CN=\"A: B\";X=:MAILTO:a@example.com");
        check_line(
            "DTSTART;TZID=(UTC-05:00) East:20260301T090000",
            "DTSTART;TZID=\"(UTC-05:00) East\":20260301T090000",
        );
        check_line("DTSTART;TZID=\"open:20260301T090000", "DTSTART;TZID=\"open\":20260301T090000");
        check_line(
            "ATTENDEE;MEMBER=\"mailto:a@b.c\",\"mailto:d@e.f\":x",
            "ATTENDEE;MEMBER=\"mailto:a@b.c,mailto:d@e.f\":x",
        );
        check_line("SUMMARY;LANGUAGE=en;junk:a:b", "SUMMARY;LANGUAGE=\"en\":a:b");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_windows_1252() {
        let repaired = repair(b"BEGIN:VCALENDAR\nSUMMARY:Caf\xe9 \x80\nX:\xc3\n \xa9\nEND:VCALENDAR").unwrap();
        assert_eq!(repaired.calendars.concat(), "BEGIN:VCALENDAR\r\nSUMMARY:Café €\r\nX:é\r\nEND:VCALENDAR\r\n");
        assert!(repaired.defects.contains(&Defect::NotUtf8));
    }

    #[test]
    fn indented_calendars_are_moved_back() {
        check(
            "  BEGIN:VCALENDAR\n  SUMMARY:a\n   b\n\n  END:VCALENDAR\n",
            "BEGIN:VCALENDAR\nSUMMARY:ab\nEND:VCALENDAR\n",
        );
    }

    #[test]
    fn nesting_is_limited() {
        let text = format!("BEGIN:VCALENDAR\n{}", "BEGIN:X\n".repeat(20));
        assert_eq!(repair(text.as_bytes()).unwrap_err(), CalendarRefusal::TooDeep);
    }
}
