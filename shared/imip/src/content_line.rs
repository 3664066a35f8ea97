//! Content lines out (RFC 5545 section 3.1): a name, parameters, a value; escaped, quoted, folded, CRLF.
//!
//! Invariant: every line passes `Lines::line`, so that nothing a stranger wrote can end it or start another.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use itip::Timestamp;

/// Octets of a physical line, its CRLF not counted (RFC 5545 section 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// Calendar text under construction.
#[derive(Debug, Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// The text so far.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// Opens a component.
    pub(crate) fn begin(&mut self, component: &str) {
        self.line(&format!("BEGIN:{component}"));
    }

    /// Closes a component.
    pub(crate) fn end(&mut self, component: &str) {
        self.line(&format!("END:{component}"));
    }

    /// Writes a property whose value is not TEXT: it is written as it stands. Empty parameters are left out.
    pub(crate) fn property(&mut self, name: &str, params: &[(&str, &str)], value: &str) {
        let mut line = String::with_capacity(name.len() + value.len() + 1);
        line.push_str(name);
        for (key, value) in params.iter().filter(|(_, value)| !value.is_empty()) {
            line.push(';');
            line.push_str(key);
            line.push('=');
            push_param_value(&mut line, value);
        }
        line.push(':');
        line.push_str(value);
        self.line(&line);
    }

    /// Writes a property of type TEXT (RFC 5545 section 3.3.11) unless it is empty.
    pub(crate) fn text(&mut self, name: &str, params: &[(&str, &str)], text: &str) {
        if !text.is_empty() {
            self.property(name, params, &escape_text(text));
        }
    }

    /// The same for a list of texts.
    pub(crate) fn texts(&mut self, name: &str, texts: &[String]) {
        if !texts.is_empty() {
            let texts: Vec<String> = texts.iter().map(|text| escape_text(text)).collect();
            self.property(name, &[], &texts.join(","));
        }
    }

    /// Writes a property whose only type is URI, unless it is empty.
    pub(crate) fn uri(&mut self, name: &str, address: &str) {
        if !address.is_empty() {
            self.property(name, &[], &uri(address));
        }
    }

    /// Writes a property that may be a URI and must say so, unless it is empty.
    pub(crate) fn uri_value(&mut self, name: &str, address: &str) {
        if !address.is_empty() {
            self.property(name, &[("VALUE", "URI")], &uri(address));
        }
    }

    /// Writes a line, folded between characters.
    pub(crate) fn line(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars().filter(|c| *c == '\t' || !ends_line(*c)) {
            octets += c.len_utf8();
            if octets > LINE_OCTETS_MAX {
                self.0.push_str("\r\n ");
                octets = 1 + c.len_utf8();
            }
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }
}

/// Whether some reader takes the character for the end of a line, or for the end of the text. Python's
/// `splitlines` and JavaScript's `/^/m` know more of them than RFC 5545 does.
fn ends_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A text with its line ends, whatever they are, as single line feeds.
fn with_line_feeds(text: &str) -> impl Iterator<Item = char> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || match chars.next()? {
        '\r' => Some(chars.next_if_eq(&'\n').unwrap_or('\n')),
        '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        c => Some(c),
    })
}

/// RFC 5545 section 3.3.11.
pub(crate) fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in with_line_feeds(text) {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A parameter value: whatever is not a plain word is quoted, and what quotes cannot hold is written by
/// RFC 6868.
fn push_param_value(line: &mut String, value: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '+' | '.');
    if value.chars().all(plain) {
        line.push_str(value);
        return;
    }
    line.push('"');
    for c in with_line_feeds(value) {
        match c {
            '\n' => line.push_str("^n"),
            '^' => line.push_str("^^"),
            '"' => line.push_str("^'"),
            c => line.push(c),
        }
    }
    line.push('"');
}

/// A URI (RFC 3986): what may not stand in one is percent-encoded, space around and controls go.
fn uri(url: &str) -> String {
    let mut uri = String::with_capacity(url.len());
    let mut buffer = [0; 4];
    for c in url.trim().chars().filter(|c| !c.is_control()) {
        if c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c) {
            uri.push(c);
        } else {
            uri.extend(c.encode_utf8(&mut buffer).bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    uri
}

/// A DATE (RFC 5545 section 3.3.4).
pub(crate) fn date(date: NaiveDate) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// A local DATE-TIME (RFC 5545 section 3.3.5).
pub(crate) fn date_time(time: NaiveDateTime) -> String {
    format!("{}T{:02}{:02}{:02}", date(time.date()), time.hour(), time.minute(), time.second())
}

/// A DATE-TIME in UTC.
pub(crate) fn utc(timestamp: Timestamp) -> String {
    let time = chrono::DateTime::from_timestamp(timestamp.0, 0).unwrap_or_default();
    date_time(time.naive_utc()) + "Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Lines)) -> String {
        let mut lines = Lines::default();
        write(&mut lines);
        lines.into_text()
    }

    /// Everything that some program takes for a line end, and the plain controls.
    const HOSTILE: &[&str] = &[
        "\r\n", "\n", "\r", "\n\r", "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}",
        "\0", "\u{1b}", "\u{7f}", "\u{9b}", "\r\n ", "\r\r\n", "\\n", "\\\\n",
    ];

    #[test]
    fn nothing_that_anybody_wrote_starts_a_line() {
        for end in HOSTILE {
            let attack = format!("Match{end}ATTENDEE:mailto:eve@example.com{end}END:VEVENT\":;,\\{end}");
            let text = written(|lines| {
                lines.text("SUMMARY", &[], &attack);
                lines.property("ORGANIZER", &[("CN", &attack), ("ROLE", &attack)], &attack);
                lines.line(&attack);
            });
            let logical = text.replace("\r\n ", "");
            let starts: Vec<&str> = logical.split_inclusive("\r\n").filter_map(|line| line.get(..5)).collect();
            assert_eq!(starts, ["SUMMA", "ORGAN", "Match"], "{end:?}: {logical}");
            let bare = logical.replace("\r\n", "");
            assert!(!bare.chars().any(ends_line), "{end:?}: {logical}");
        }
    }

    #[test]
    fn a_parameter_cannot_leave_its_quotes() {
        let text = written(|lines| {
            lines.property(
                "ATTENDEE",
                &[("CN", "Ana \"the ^\" L\u{f3}pez;ROLE=CHAIR:x\ny"), ("CUTYPE", "")],
                "mailto:a@b.c",
            );
        });
        assert_eq!(text, "ATTENDEE;CN=\"Ana ^'the ^^^' L\u{f3}pez;ROLE=CHAIR:x^ny\":mailto:a@b.c\r\n");
        let plain = written(|lines| lines.property("DTSTART", &[("TZID", "America/New_York")], "20300101T000000"));
        assert_eq!(plain, "DTSTART;TZID=America/New_York:20300101T000000\r\n");
    }

    #[test]
    fn text_is_escaped_and_line_ends_become_one_form() {
        assert_eq!(escape_text("a, b; c\\d\r\ne\rf\ng\u{2028}h"), "a\\, b\\; c\\\\d\\ne\\nf\\ng\\nh");
        assert_eq!(written(|lines| lines.text("COMMENT", &[], "")), "");
    }

    #[test]
    fn lines_are_folded_at_75_octets_between_characters() {
        for text in ["x".repeat(500), "\u{e9}".repeat(300), "\u{65e5}\u{672c}".repeat(90), "\u{1f3b8}".repeat(100)] {
            let written = written(|lines| lines.text("SUMMARY", &[], &text));
            let physical: Vec<&str> = written.split_terminator("\r\n").collect();
            assert!(physical.iter().all(|line| line.len() <= LINE_OCTETS_MAX), "{written}");
            assert!(physical.iter().skip(1).all(|line| line.starts_with(' ')));
            // No line wastes room for another character.
            assert!(physical.iter().rev().skip(1).all(|line| line.len() > LINE_OCTETS_MAX - 4), "{written}");
            assert_eq!(written.replace("\r\n ", ""), format!("SUMMARY:{text}\r\n"));
        }
        assert_eq!(written(|lines| lines.line(&"x".repeat(75))), "x".repeat(75) + "\r\n");
    }
}
