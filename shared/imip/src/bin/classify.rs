//! Says of mail and calendar files what Convoke would take them for, one line a file:
//! path, outcome and reason, separated by tabs.
//!
//! The outcome is the METHOD, `refused` with the reason that its sender is told, or `ignored`:
//! delivery reports, automatic answers, list mail, and whatever holds no calendar at all.
//! A calendar that was read and understood but in which nothing takes place (`no-event`: tasks, free/busy
//! times, an empty feed; `no-start`, or `bad-date` where the start cannot be read) has its METHOD as the
//! outcome and says so in the reason.

use std::io::Write;
use std::path::{Path, PathBuf};

use imip::{CalendarRefusal, MailKind, calendar_method, read_calendar, read_mail};
use itip::ItipMessage;

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for path in std::env::args_os().skip(1) {
        collect(Path::new(&path), &mut files)?;
    }
    files.sort();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for path in files {
        let (outcome, reason) = match std::fs::read(&path) {
            Ok(bytes) => classify(&bytes),
            Err(_) => ("ignored".to_owned(), "unreadable-file"),
        };
        writeln!(out, "{}\t{outcome}\t{reason}", path.display())?;
    }
    out.flush()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else {
        files.push(path.to_owned());
    }
    Ok(())
}

type Verdict = (String, &'static str);

fn classify(bytes: &[u8]) -> Verdict {
    if !looks_like_mail(bytes) {
        return match read_calendar(bytes) {
            Ok(messages) => taken(&messages),
            Err(reason @ (CalendarRefusal::NotACalendar | CalendarRefusal::Empty)) => ignored(reason.as_str()),
            Err(reason) => refused(bytes, reason),
        };
    }
    let mail = match read_mail(bytes) {
        Ok(mail) => mail,
        Err(reason) => return ("refused".to_owned(), reason.as_str()),
    };
    match (mail.kind, &mail.calendar) {
        (kind @ (MailKind::Bounce | MailKind::AutoReply | MailKind::List), _) => ignored(kind.as_str()),
        (MailKind::Personal, Ok(messages)) => taken(messages),
        (MailKind::Personal, Err(reason @ CalendarRefusal::NoCalendar)) => ignored(reason.as_str()),
        (MailKind::Personal, Err(reason)) => refused(bytes, *reason),
    }
}

fn taken(messages: &[ItipMessage]) -> Verdict {
    let method = messages.first().map_or("publish", |message| message.method.as_str());
    (method.to_ascii_lowercase(), "-")
}

fn refused(bytes: &[u8], reason: CalendarRefusal) -> Verdict {
    let nothing_takes_place =
        matches!(reason, CalendarRefusal::NoEvent | CalendarRefusal::NoStart | CalendarRefusal::BadDate);
    match calendar_method(bytes).filter(|_| nothing_takes_place) {
        Some(method) => (method.as_str().to_ascii_lowercase(), reason.as_str()),
        None => ("refused".to_owned(), reason.as_str()),
    }
}

fn ignored(reason: &'static str) -> Verdict {
    ("ignored".to_owned(), reason)
}

/// A mail begins with header fields, a calendar with BEGIN.
fn looks_like_mail(bytes: &[u8]) -> bool {
    const FIELDS: [&str; 9] =
        ["from", "to", "subject", "date", "received", "return-path", "mime-version", "content-type", "message-id"];
    let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(16 * 1024)).unwrap_or_default());
    for line in head.trim_start_matches(['\u{feff}', '\r', '\n', ' ']).lines() {
        let Some((name, _)) = line.split_once(':') else {
            if line.trim().is_empty() {
                return false;
            }
            continue;
        };
        let name = name.trim().to_ascii_lowercase();
        if name == "begin" {
            return false;
        }
        if FIELDS.contains(&name.as_str()) {
            return true;
        }
    }
    false
}
