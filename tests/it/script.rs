//! The text of a conversation: lines to steps, and calendar text to properties.

use std::fmt::Write;

/// A step of a conversation: its words, and the lines that stand indented below it.
#[derive(Debug, Clone)]
pub struct Step {
    /// Line number, from 1.
    pub line: usize,
    /// The words of its line.
    pub words: Vec<String>,
    /// Its block, each line with its number.
    pub block: Vec<(usize, String)>,
}

/// Reads a script. `#` begins a comment line; an indented line belongs to the step above it. Empty lines count only
/// inside of a block that is a raw mail.
pub fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut empty = 0;
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            empty += 1;
            continue;
        }
        let gap = std::mem::take(&mut empty);
        if line.starts_with('#') {
            continue;
        }
        if let Some(content) = line.strip_prefix("  ") {
            let step = steps.last_mut().ok_or(format!("{number}: a block without a step"))?;
            if step.words.iter().any(|word| word == "raw") && !step.block.is_empty() {
                step.block.extend(std::iter::repeat_n((number, String::new()), gap));
            }
            step.block.push((number, content.to_owned()));
        } else {
            let words = line.split_whitespace().map(str::to_owned).collect();
            steps.push(Step { line: number, words, block: Vec::new() });
        }
    }
    Ok(steps)
}

/// A content line (RFC 5545 section 3.1), unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Upper-case name.
    pub name: String,
    /// Parameters as `NAME=value`, quotes removed.
    pub params: Vec<String>,
    /// The value as it stands.
    pub value: String,
}

impl Property {
    /// Reads a line such as `ATTENDEE;CN="A; B":mailto:a@b.example`.
    pub fn parse(line: &str) -> Option<Self> {
        let mut quoted = false;
        let mut pieces = vec![String::new()];
        let mut rest = line.chars();
        loop {
            match rest.next()? {
                '"' => quoted = !quoted,
                ';' if !quoted => pieces.push(String::new()),
                ':' if !quoted => break,
                c => pieces.last_mut()?.push(c),
            }
        }
        let name = pieces.remove(0).to_ascii_uppercase();
        Some(Self { name, params: pieces, value: rest.as_str().to_owned() })
    }

    /// Whether this property is what `wanted` asks for: same name and value, and at least its parameters.
    fn fits(&self, wanted: &Self) -> bool {
        self.name == wanted.name
            && self.value == wanted.value
            && wanted.params.iter().all(|param| self.params.contains(param))
    }

    fn text(&self) -> String {
        let params: String = self.params.iter().fold(String::new(), |mut text, param| {
            let _ = write!(text, ";{param}");
            text
        });
        format!("{}{params}:{}", self.name, self.value)
    }
}

/// A calendar text: the properties of the VCALENDAR, and those of each VEVENT without what is nested in it.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Of the VCALENDAR.
    pub own: Vec<Property>,
    /// Of each VEVENT.
    pub events: Vec<Vec<Property>>,
}

impl Calendar {
    /// Reads what we have written; anything that is no content line is a failure.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut calendar = Self::default();
        let mut path: Vec<String> = Vec::new();
        for line in text.replace("\r\n ", "").replace("\r\n\t", "").lines().filter(|line| !line.is_empty()) {
            let property = Property::parse(line).ok_or(format!("no content line: {line}"))?;
            match property.name.as_str() {
                "BEGIN" => {
                    if property.value == "VEVENT" {
                        calendar.events.push(Vec::new());
                    }
                    path.push(property.value);
                }
                "END" => {
                    path.pop();
                }
                _ => match path.last().map(String::as_str) {
                    Some("VCALENDAR") => calendar.own.push(property),
                    Some("VEVENT") => calendar.events.last_mut().ok_or("a stray VEVENT")?.push(property),
                    _ => {}
                },
            }
        }
        Ok(calendar)
    }

    /// METHOD, empty if absent.
    pub fn method(&self) -> &str {
        self.own.iter().find(|property| property.name == "METHOD").map_or("", |property| property.value.as_str())
    }

    /// The value of a property of the first VEVENT.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.events.first()?.iter().find(|property| property.name == name).map(|property| property.value.as_str())
    }

    /// Compares with expected properties. `VEVENT` begins the next event, `-NAME` or `-NAME:VALUE` says that
    /// a property is absent; a
    /// block without `VEVENT` is about the only one.
    pub fn compare(&self, block: &[(usize, String)]) -> Result<(), (usize, String)> {
        let mut wanted: Vec<Vec<(usize, &str)>> = Vec::new();
        for (line, text) in block {
            match text.trim() {
                "VEVENT" => wanted.push(Vec::new()),
                text => {
                    if wanted.is_empty() {
                        wanted.push(Vec::new());
                    }
                    if let Some(last) = wanted.last_mut() {
                        last.push((*line, text));
                    }
                }
            }
        }
        let Some((first, _)) = block.first() else { return Ok(()) };
        if wanted.len() != self.events.len() {
            let seen = self.text();
            return Err((*first, format!("expected {} VEVENT, seen {}:\n{seen}", wanted.len(), self.events.len())));
        }
        for (properties, event) in wanted.iter().zip(&self.events) {
            for (line, text) in properties {
                if let Some(absent) = text.strip_prefix('-') {
                    let unwanted = Property::parse(absent);
                    let is_there = event.iter().any(|property| match &unwanted {
                        Some(unwanted) => property.fits(unwanted),
                        None => property.name == absent,
                    });
                    if is_there {
                        return Err((*line, format!("expected no {absent}, seen:\n{}", self.text())));
                    }
                    continue;
                }
                let wanted = Property::parse(text).ok_or((*line, format!("no content line: {text}")))?;
                if !event.iter().chain(&self.own).any(|property| property.fits(&wanted)) {
                    return Err((*line, format!("expected {text}, seen:\n{}", self.text())));
                }
            }
        }
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for property in &self.own {
            let _ = writeln!(text, "    {}", property.text());
        }
        for event in &self.events {
            let _ = writeln!(text, "    VEVENT");
            for property in event.iter().filter(|property| property.name != "X-ALT-DESC") {
                let _ = writeln!(text, "      {}", property.text());
            }
        }
        text
    }
}

/// Lines as they stand in a mail.
pub fn crlf(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\r\n"]).collect()
}

/// Makes a calendar of a script's block. A block that is no whole calendar gets its frame: METHOD, PRODID and
/// VTIMEZONEs belong to the calendar, everything else to its one VEVENT unless BEGIN:VEVENT stands there.
pub fn calendar_of(lines: &[String]) -> String {
    if lines.iter().any(|line| line == "BEGIN:VCALENDAR") {
        return crlf(lines);
    }
    let framed = lines.iter().any(|line| line.starts_with("BEGIN:V") && line != "BEGIN:VTIMEZONE");
    let mut own = String::from("VERSION:2.0\r\n");
    let mut event = String::new();
    let mut zone = false;
    for line in lines {
        zone |= line == "BEGIN:VTIMEZONE";
        let belongs_to_calendar = zone || line.starts_with("METHOD:") || line.starts_with("PRODID:");
        zone &= line != "END:VTIMEZONE";
        let to = if belongs_to_calendar { &mut own } else { &mut event };
        let _ = write!(to, "{line}\r\n");
    }
    if !own.contains("PRODID:") {
        own.push_str("PRODID:-//Example//Script//EN\r\n");
    }
    if !framed {
        event = format!("BEGIN:VEVENT\r\n{event}END:VEVENT\r\n");
    }
    format!("BEGIN:VCALENDAR\r\n{own}{event}END:VCALENDAR\r\n")
}
