//! Conversations: `tests/conversations/*.txt`, mail in and mail out of a whole deployment.
//!
//! A script reads from top to bottom. Lines that begin with `#` are comments; lines indented by two spaces belong to
//! the step above them. After each step everything that it sets off has happened: alarms, queue, courier.
//!
//! ```text
//! now 19970601T120000Z                    sets the clock, forward only (the default is that moment)
//! wait SECONDS                            moves it
//! ann@a.example > create [HOW...]         a mail to create@; its block is a calendar object, or a VEVENT's lines with
//!                                         METHOD (`script::calendar_of`), or with `raw` a whole mail
//! ben@b.example > rsvp [HOW...]           a mail to his reply address; {event} in its block is our UID, {rsvp} his
//!                                         reply address
//!     HOW: unsigned | forged | mime=METHOD (the MIME parameter) | token=GUEST (that guest's reply address) | bare
//!          (rsvp@ without a token) | raw
//! = WORD...                               the verdict of the mail above: the word of the log, or `rejected WORDS`;
//!                                         each mail has one
//! ben@b.example answers PARTSTAT [RECURRENCE-ID:..] [SEQUENCE:..] [DTSTAMP:..] [COMMENT:..]
//!                                         a REPLY to the newest mail that he holds; needs a verdict, too
//! invite GUEST [WORD]                     invites him by a page; WORD is the outcome if it is not `invited`
//! remove GUEST                            the organizer takes him off the list
//! agree GUEST | disagree GUEST            the organizer decides on his proposal, [RECURRENCE-ID:..] for an instance
//! set NAME=JSON                           a setting of the organizer of the newest mail
//! allow-shared yes|no                     whether uninvited repliers of this event become guests
//! about UID [SENDER]                      the event that the next steps are about; a mail to create@ sets it, too
//! sent GUEST METHOD                       the oldest mail to him that no line has read yet; its block compares
//!                                         properties: `VEVENT` begins the next one, `-NAME` or `-NAME:VALUE`
//!                                         is absent
//! none sent                               no mail to a guest is unread; the end of a script says so, too
//! told SENDER WORDS                       a notice to him with these words in its subject; `REPLY` for our answer to
//!                                         his calendar, whose block compares
//! state WORD...                           SEQUENCE:n REVISION:n ACCEPTED:n DECLINED:n TENTATIVE:n NEEDS-ACTION:n
//!                                         GUESTS:n STATUS:CONFIRMED|CANCELLED; `unknown` for no event
//! guest GUEST PARTSTAT [RECURRENCE-ID:..] what is recorded of him; `none` if he is no guest
//! event                                   the event as a feed shows it; its block compares
//! ```
//!
//! Whatever a script does, no guest is mailed an older version after a newer one, and every mail to a guest has the
//! properties that RFC 5546 section 3.2 wants.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use imip::{Publication, PublishedEvent};
use ingest::MailVerdict;
use itip::{EventId, Method, Timestamp};
use scheduling::command::{Command, Enrolled, Reply};

use crate::deployment::{DOMAIN, Deployment, SentMail, Vouched, address};
use crate::script::{Calendar, Step, calendar_of, crlf, steps};

/// The clock of a script that sets none.
const START: &str = "19970601T120000Z";

/// What a step found wrong: the line, and what was expected and seen.
type Wrong = (usize, String);

fn instant(text: &str) -> Option<Timestamp> {
    let time = chrono::NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()?;
    Some(Timestamp(time.and_utc().timestamp()))
}

/// A conversation under way.
struct Talk {
    place: Deployment,
    event: Option<EventId>,
    /// The sender of the newest mail to create@.
    organizer: String,
    /// Mails that no step has read.
    unread: Vec<(SentMail, Calendar)>,
    /// The newest REQUEST of each guest.
    held: BTreeMap<String, Calendar>,
    /// (SEQUENCE, DTSTAMP) of the newest mail about each instance to each guest.
    newest: BTreeMap<(String, String, String), (u32, String)>,
    /// The verdict that a `=` line must state.
    verdict: Option<String>,
    mails: usize,
}

fn run(text: &str) -> Result<(), Wrong> {
    let steps = steps(text).map_err(|error| (1, error))?;
    let start = steps.first().filter(|step| step.words[0] == "now").map_or(START, |step| step.words[1].as_str());
    let start = instant(start).ok_or((1, format!("no time: {start}")))?;
    let mut talk = Talk {
        place: Deployment::new(start),
        event: None,
        organizer: String::new(),
        unread: Vec::new(),
        held: BTreeMap::new(),
        newest: BTreeMap::new(),
        verdict: None,
        mails: 0,
    };
    for step in &steps {
        if let Some(verdict) = talk.verdict.take_if(|_| step.words[0] != "=") {
            return Err((step.line, format!("expected a line `= {verdict}` for the mail above")));
        }
        talk.step(step).map_err(|(line, words)| (if line == 0 { step.line } else { line }, words))?;
    }
    let end = text.lines().count();
    if let Some(verdict) = talk.verdict {
        return Err((end, format!("expected a line `= {verdict}` for the mail above")));
    }
    talk.none_sent().map_err(|words| (end, words))
}

impl Talk {
    fn step(&mut self, step: &Step) -> Result<(), Wrong> {
        let words: Vec<&str> = step.words.iter().map(String::as_str).collect();
        let line = step.line;
        let here = |words: String| (line, words);
        match words.as_slice() {
            ["now", at] => {
                let at = instant(at).ok_or(here(format!("no time: {at}")))?;
                self.place.advance((at.0 - self.place.now().0).max(0));
            }
            ["wait", seconds] => self.place.advance(seconds.parse().map_err(|_| here("no seconds".into()))?),
            [from, ">", "create", how @ ..] => self.mail_create(from, how, &step.block).map_err(here)?,
            [from, ">", "rsvp", how @ ..] => self.mail_rsvp(from, how, &step.block).map_err(here)?,
            [guest, "answers", partstat, with @ ..] => self.answers(guest, partstat, with).map_err(here)?,
            ["=", verdict @ ..] => {
                let (expected, seen) = (verdict.join(" "), self.verdict.take().ok_or(here("no mail above".into()))?);
                let fits = match expected.strip_prefix("rejected") {
                    Some(part) => seen.starts_with("rejected") && seen.contains(part.trim()),
                    None => expected == seen,
                };
                if !fits {
                    return Err(here(format!("expected {expected}, seen {seen}")));
                }
            }
            ["invite", guest] => self.invite(guest, "invited").map_err(here)?,
            ["invite", guest, outcome] => self.invite(guest, outcome).map_err(here)?,
            ["remove", guest] => self.command(Command::Remove { guest: address(guest) }).map_err(here)?,
            [verb @ ("agree" | "disagree"), guest, instance @ ..] => {
                let instance = match instance {
                    [] => None,
                    [id] => {
                        Some(id.strip_prefix("RECURRENCE-ID:").and_then(instant_of).ok_or(here("no instance".into()))?)
                    }
                    _ => return Err(here("one instance at most".into())),
                };
                let accept = *verb == "agree";
                self.command(Command::Decide { guest: address(guest), instance, accept }).map_err(here)?;
            }
            ["allow-shared", allow @ ("yes" | "no")] => {
                self.command(Command::AllowShared { allow: *allow == "yes" }).map_err(here)?;
            }
            ["about", uid] => self.about(uid, None).map_err(here)?,
            ["about", uid, sender] => self.about(uid, Some(sender)).map_err(here)?,
            ["sent", guest, method] => self.sent(guest, method, &step.block)?,
            ["none", "sent"] => self.none_sent().map_err(here)?,
            ["told", who, subject @ ..] => self.told(who, &subject.join(" "), &step.block)?,
            ["state", expected @ ..] => self.state(expected).map_err(here)?,
            ["guest", guest, expected @ ..] => self.guest(guest, expected).map_err(here)?,
            ["event"] => self.shown().map_err(here)?.compare(&step.block)?,
            _ => return Err(here(format!("no such step: {}", step.words.join(" ")))),
        }
        Ok(())
    }

    fn id(&self) -> Result<EventId, String> {
        self.event.clone().ok_or_else(|| "no event has been made".to_owned())
    }

    /// Lets everything happen, and looks at what was mailed.
    fn settle(&mut self) -> Result<(), String> {
        self.place.settle();
        for mail in self.place.take_sent() {
            let calendar = Calendar::parse(&mail.calendar)?;
            let who = mail.to.to_string();
            if matches!(calendar.method(), "REQUEST" | "CANCEL") {
                check_message(&mail, &calendar)?;
                self.check_order(&who, &calendar)?;
                if calendar.method() == "REQUEST" {
                    self.held.insert(who, calendar.clone());
                }
            }
            self.unread.push((mail, calendar));
        }
        Ok(())
    }

    /// No guest is mailed an older version after a newer one; only a repeat may be alike.
    fn check_order(&mut self, who: &str, calendar: &Calendar) -> Result<(), String> {
        for event in &calendar.events {
            let value = |name: &str| {
                event.iter().find(|property| property.name == name).map_or("", |property| property.value.as_str())
            };
            let order = (value("SEQUENCE").parse().unwrap_or(0), value("DTSTAMP").to_owned());
            let key = (who.to_owned(), value("UID").to_owned(), value("RECURRENCE-ID").to_owned());
            if let Some(known) = self.newest.get(&key)
                && order < *known
            {
                return Err(format!("{who} got {order:?} after {known:?}"));
            }
            self.newest.insert(key, order);
        }
        Ok(())
    }

    fn mail(&mut self, recipient: &str, from: &str, how: &[&str], block: &[(usize, String)]) -> Result<(), String> {
        let mut vouched = Vouched::Signed;
        let mut mime = None;
        let mut is_raw = false;
        for word in how {
            match *word {
                "unsigned" => vouched = Vouched::Unsigned,
                "forged" => vouched = Vouched::Forged,
                "raw" => is_raw = true,
                "bare" => {}
                word if word.starts_with("token=") => {}
                word => mime = Some(word.strip_prefix("mime=").ok_or(format!("no such word: {word}"))?.to_owned()),
            }
        }
        let lines = self.filled(from, block);
        self.mails += 1;
        let raw = if is_raw {
            crlf(&lines)
        } else {
            let calendar = calendar_of(&lines);
            let method = lines.iter().find_map(|line| line.strip_prefix("METHOD:")).unwrap_or("PUBLISH");
            calendar_mail(from, recipient, mime.as_deref().unwrap_or(method), &calendar, self.mails)
        };
        self.verdict = Some(match self.place.deliver(recipient, vouched, from, &raw) {
            MailVerdict::Accept(word) => word.to_owned(),
            MailVerdict::Reject(reason) => format!("rejected {reason}"),
        });
        self.settle()
    }

    fn filled(&self, from: &str, block: &[(usize, String)]) -> Vec<String> {
        let (event, reply) = match &self.event {
            Some(event) => (event.to_string(), self.place.reply_address(event, from)),
            None => (String::new(), String::new()),
        };
        block.iter().map(|(_, line)| line.replace("{event}", &event).replace("{rsvp}", &reply)).collect()
    }

    fn mail_create(&mut self, from: &str, how: &[&str], block: &[(usize, String)]) -> Result<(), String> {
        from.clone_into(&mut self.organizer);
        self.mail(&format!("create@{DOMAIN}"), from, how, block)?;
        let uid = block.iter().find_map(|(_, line)| line.trim().strip_prefix("UID:"));
        match uid {
            Some(uid) if !self.place.bound(uid).is_empty() => self.about(uid, Some(from)),
            _ => Ok(()),
        }
    }

    fn about(&mut self, uid: &str, sender: Option<&str>) -> Result<(), String> {
        let bound = self.place.bound(uid);
        let sender = sender.map(address);
        let own = bound.iter().find(|(who, _)| sender.as_ref() == Some(who)).or(bound.first());
        self.event = Some(own.ok_or(format!("nobody is bound to {uid}"))?.1.clone());
        Ok(())
    }

    fn mail_rsvp(&mut self, from: &str, how: &[&str], block: &[(usize, String)]) -> Result<(), String> {
        let holder = how.iter().find_map(|word| word.strip_prefix("token=")).unwrap_or(from);
        let recipient = match (&self.event, how.contains(&"bare")) {
            (Some(event), false) => self.place.reply_address(event, holder),
            _ => format!("rsvp@{DOMAIN}"),
        };
        self.mail(&recipient, from, how, block)
    }

    fn answers(&mut self, guest: &str, partstat: &str, with: &[&str]) -> Result<(), String> {
        let held = self.held.get(guest).ok_or(format!("{guest} holds no invitation"))?;
        let organizer = held.value("ORGANIZER").unwrap_or_default().to_owned();
        let stated = |name: &str| with.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix(':'));
        let stamp = chrono::DateTime::from_timestamp(self.place.now().0, 0).ok_or("no time")?;
        let stamp = stamp.format("%Y%m%dT%H%M%SZ").to_string();
        let mut lines = vec![
            "METHOD:REPLY".to_owned(),
            format!("UID:{}", held.value("UID").unwrap_or_default()),
            format!("SEQUENCE:{}", stated("SEQUENCE").or(held.value("SEQUENCE")).unwrap_or("0")),
            format!("DTSTAMP:{}", stated("DTSTAMP").unwrap_or(&stamp)),
            format!("ORGANIZER:{organizer}"),
            format!("ATTENDEE;PARTSTAT={partstat}:mailto:{guest}"),
        ];
        lines.extend(
            with.iter()
                .filter(|word| !word.starts_with("SEQUENCE:") && !word.starts_with("DTSTAMP:"))
                .map(|word| (*word).to_owned()),
        );
        let block: Vec<_> = lines.into_iter().map(|line| (0, line)).collect();
        let recipient = organizer.trim_start_matches("mailto:").to_owned();
        self.mail(&recipient, guest, &[], &block)
    }

    fn invite(&mut self, guest: &str, expected: &str) -> Result<(), String> {
        let outcome = match self.place.invite(&self.id()?, guest) {
            Enrolled::Invited => "invited",
            Enrolled::Already => "already",
            Enrolled::Cancelled => "cancelled",
            Enrolled::Past => "past",
            Enrolled::Full => "full",
            Enrolled::Unreachable => "unreachable",
        };
        self.settle()?;
        if outcome == expected { Ok(()) } else { Err(format!("expected {expected}, seen {outcome}")) }
    }

    fn command(&mut self, command: Command) -> Result<(), String> {
        let reply = self.place.command(&self.id()?, command).map_err(|error| error.to_string())?;
        let fits = matches!(reply, Reply::Batch { .. } | Reply::Organizer { .. } | Reply::Done);
        self.settle()?;
        if fits { Ok(()) } else { Err(format!("seen {reply:?}")) }
    }

    fn sent(&mut self, guest: &str, method: &str, block: &[(usize, String)]) -> Result<(), Wrong> {
        let at = self.unread.iter().position(|(mail, calendar)| {
            mail.to == address(guest) && matches!(calendar.method(), "REQUEST" | "CANCEL" | "DECLINECOUNTER")
        });
        let at = at.ok_or((0, format!("expected a mail to {guest}, seen none")))?;
        let (_, calendar) = self.unread.remove(at);
        if calendar.method() != method {
            return Err((0, format!("expected {method}, seen {}", calendar.method())));
        }
        calendar.compare(&self.expected(guest, block))
    }

    fn expected(&self, who: &str, block: &[(usize, String)]) -> Vec<(usize, String)> {
        block.iter().map(|(line, _)| *line).zip(self.filled(who, block)).collect()
    }

    fn none_sent(&self) -> Result<(), String> {
        let mut unread = String::new();
        for (mail, calendar) in &self.unread {
            if matches!(calendar.method(), "REQUEST" | "CANCEL" | "DECLINECOUNTER") {
                let _ = write!(unread, " {} to {} ({});", calendar.method(), mail.to, mail.subject);
            }
        }
        if unread.is_empty() { Ok(()) } else { Err(format!("expected no more mail to guests, seen{unread}")) }
    }

    fn told(&mut self, who: &str, subject: &str, block: &[(usize, String)]) -> Result<(), Wrong> {
        let at = self.unread.iter().position(|(mail, calendar)| {
            let fits = match subject {
                "REPLY" => calendar.method() == "REPLY",
                words => mail.subject.contains(words),
            };
            mail.to == address(who) && fits
        });
        let Some(at) = at else {
            let seen: Vec<_> = self.unread.iter().map(|(mail, _)| format!("{}: {}", mail.to, mail.subject)).collect();
            return Err((0, format!("expected a notice to {who}, seen {seen:?}")));
        };
        let (_, calendar) = self.unread.remove(at);
        calendar.compare(block)
    }

    fn state(&self, expected: &[&str]) -> Result<(), String> {
        let shown = match &self.event {
            Some(event) => self.place.show(event),
            None => None,
        };
        if expected == ["unknown"] {
            return shown.map_or(Ok(()), |_| Err("expected no event, seen one".to_owned()));
        }
        let shown = shown.ok_or("expected an event, seen none")?;
        let (event, counters) = (&shown.event, &shown.counters);
        for word in expected {
            let (name, wanted) = word.split_once(':').ok_or(format!("no such word: {word}"))?;
            let seen = match name {
                "SEQUENCE" => event.sequence.0.to_string(),
                "REVISION" => event.revision.to_string(),
                "ACCEPTED" => counters.accepted.to_string(),
                "DECLINED" => counters.declined.to_string(),
                "TENTATIVE" => counters.tentative.to_string(),
                "NEEDS-ACTION" => counters.noaction.to_string(),
                "GUESTS" => counters.attendees.to_string(),
                "STATUS" => if event.cancelled { "CANCELLED" } else { "CONFIRMED" }.to_owned(),
                name => return Err(format!("no such word: {name}")),
            };
            if seen != wanted {
                return Err(format!("expected {word}, seen {name}:{seen}"));
            }
        }
        Ok(())
    }

    fn guest(&self, guest: &str, expected: &[&str]) -> Result<(), String> {
        let id = self.id()?;
        let known = self.place.guest(&id, guest);
        let shown = self.place.show(&id).ok_or("expected an event, seen none")?;
        let seen = match (&known, expected) {
            (None, _) => "none".to_owned(),
            (Some(known), [_, instance]) => {
                let at = instance.strip_prefix("RECURRENCE-ID:").and_then(instant_of).ok_or("no instance")?;
                known.instance_partstat(at, &shown.event).as_str().to_owned()
            }
            (Some(known), _) => known.current_partstat(shown.event.version.reset).as_str().to_owned(),
        };
        match expected.first() {
            Some(wanted) if *wanted == seen => Ok(()),
            _ => Err(format!("expected {expected:?}, seen {seen}")),
        }
    }

    /// The event as a feed shows it.
    fn shown(&self) -> Result<Calendar, String> {
        let shown = self.place.show(&self.id()?).ok_or("expected an event, seen none")?;
        Calendar::parse(&published(&shown.event))
    }
}

/// An instant of a RECURRENCE-ID in UTC, or of a date.
fn instant_of(text: &str) -> Option<Timestamp> {
    instant(text).or_else(|| instant(&format!("{text}T000000Z")))
}

/// An event as a feed shows it.
pub fn published(event: &itip::EventState) -> String {
    imip::publish_text(&Publication {
        method: Some(Method::Publish),
        prodid: "-//Convoke//Convoke//EN",
        events: &[PublishedEvent {
            uid: event.event_id.as_str(),
            sequence: event.sequence,
            dtstamp: event.dtstamp,
            organizer: None,
            details: event.details.as_ref(),
            overrides: &event.overrides,
            created: event.created,
            last_modified: event.last_modified,
            cancelled: event.cancelled,
            page: "",
        }],
        ..Publication::default()
    })
}

/// A mail that is nothing but a calendar.
pub fn calendar_mail(from: &str, to: &str, method: &str, calendar: &str, number: usize) -> String {
    format!(
        "From: <{from}>\r\nTo: <{to}>\r\nSubject: A calendar\r\nMessage-ID: <{number}@mail.example>\r\n\
         Date: Sun, 1 Jun 1997 12:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/calendar; charset=UTF-8; method={method}\r\n\r\n{calendar}"
    )
}

/// What RFC 5546 sections 3.2.2 and 3.2.5 want of each message to a guest.
fn check_message(mail: &SentMail, calendar: &Calendar) -> Result<(), String> {
    if calendar.events.is_empty() {
        return Err(format!("no VEVENT in a {} to {}", calendar.method(), mail.to));
    }
    for event in &calendar.events {
        let count = |name: &str| event.iter().filter(|property| property.name == name).count();
        for name in ["UID", "DTSTAMP", "SEQUENCE", "DTSTART", "SUMMARY", "ORGANIZER", "ATTENDEE", "STATUS"] {
            if count(name) != 1 {
                return Err(format!("{} of {name} in a {} to {}", count(name), calendar.method(), mail.to));
            }
        }
        if count("REQUEST-STATUS") > 0 {
            return Err("REQUEST-STATUS in a message of an organizer".to_owned());
        }
        let has = |text: &str| event.iter().any(|property| property.name == "STATUS" && property.value == text);
        if has("CANCELLED") != (calendar.method() == "CANCEL") {
            return Err(format!("STATUS does not fit METHOD:{}", calendar.method()));
        }
    }
    Ok(())
}

#[test]
fn every_conversation_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conversations");
    let mut scripts: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    let mut failures = String::new();
    for path in &scripts {
        let text = std::fs::read_to_string(path).unwrap();
        if let Err((line, words)) = run(&text) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let _ = writeln!(failures, "tests/conversations/{name}:{line}: {words}");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn a_script_that_is_wrong_fails_and_says_where() {
    for (script, line, words) in [
        ("dance", 1, "no such step"),
        ("= created", 1, "no mail above"),
        ("# x\nann@a.example > create\n  METHOD:REQUEST\nstate unknown", 4, "expected a line `= refused`"),
        ("ann@a.example > create loudly", 1, "no such word"),
        ("ben@b.example answers ACCEPTED", 1, "holds no invitation"),
        ("invite ben@b.example", 1, "no event"),
        ("sent ben@b.example REQUEST", 1, "seen none"),
    ] {
        let (at, seen) = run(script).unwrap_err();
        assert!(at == line && seen.contains(words), "{script}: {at}: {seen}");
    }
}
