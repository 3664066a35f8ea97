//! A mail as bytes (RFC 5322, 2045, 6047), in the shape in which every big client shows an invitation:
//! `multipart/mixed` of `multipart/alternative` (text, HTML, calendar last) and the calendar once more as a file.
//!
//! Invariants: pure in its argument, so that a repeat of a mail is byte for byte the same; and whatever stands
//! in a field, it adds no header and no part.

use itip::{CalAddress, Method, Timestamp};
use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

/// A mailbox with its display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Shown name, empty if none.
    pub name: String,
    /// Where mail goes.
    pub address: CalAddress,
}

/// A mail to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// From.
    pub from: Mailbox,
    /// To: one person a mail.
    pub to: Mailbox,
    /// Reply-To.
    pub reply_to: Option<Mailbox>,
    /// Subject; line breaks become spaces.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML document.
    pub html: String,
    /// METHOD and calendar text, as `calendar_text` wrote it.
    pub calendar: Option<(Method, String)>,
    /// Other files.
    pub attachments: Vec<OutgoingAttachment>,
    /// Message-ID without angle brackets. SES replaces it.
    pub message_id: String,
    /// Date. SES replaces it.
    pub date: Timestamp,
    /// How to be left alone.
    pub list_unsubscribe: Option<ListUnsubscribe>,
    /// Whether no person wrote it (RFC 3834): `Auto-Submitted: auto-generated`.
    pub auto_submitted: bool,
    /// Makes the boundaries; the same mail must have the same one.
    pub boundary_seed: String,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingAttachment {
    /// File name.
    pub name: String,
    /// Media type, with parameters if needed.
    pub content_type: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// List-Unsubscribe with one click (RFC 2369, RFC 8058).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListUnsubscribe {
    /// An `https:` link that takes a POST.
    pub https: String,
    /// A `mailto:` link.
    pub mailto: String,
}

/// Longest subject or name, in characters: mail programs show less, and SES counts the bytes of all headers.
const PHRASE_CHARS_MAX: usize = 200;
/// Longest seed of a boundary: RFC 2046 section 5.1.1 allows 70 characters for the whole.
const SEED_CHARS_MAX: usize = 50;
/// Begins every boundary. Neither base64 nor quoted-printable can write it.
const BOUNDARY_MARK: &str = "=_";

/// Writes a mail.
pub fn compose(mail: &OutgoingMail) -> Vec<u8> {
    let mut message = MessageBuilder::new()
        .from(address(&mail.from))
        .to(address(&mail.to))
        .subject(one_line(&mail.subject))
        .date(mail.date.0)
        .message_id(token(&mail.message_id));
    if let Some(reply_to) = &mail.reply_to {
        message = message.reply_to(address(reply_to));
    }
    if let Some(ListUnsubscribe { https, mailto }) = &mail.list_unsubscribe {
        message = message
            .header("List-Unsubscribe", raw(format!("<{}>, <{}>", token(https), token(mailto))))
            .header("List-Unsubscribe-Post", raw("List-Unsubscribe=One-Click"));
    }
    if mail.auto_submitted {
        message = message.header("Auto-Submitted", raw("auto-generated"));
    }
    let mut bytes = Vec::new();
    message.body(body(mail)).serialize(&mut bytes);
    bytes
}

fn body(mail: &OutgoingMail) -> MimePart<'_> {
    let mut alternatives = vec![text_part("text/plain", &mail.text), text_part("text/html", &mail.html)];
    let mut files = Vec::new();
    if let Some((method, text)) = &mail.calendar {
        alternatives.push(calendar_part(*method, text));
        let file = ContentType::new("application/ics").attribute("name", "invite.ics");
        files.push(MimePart::new(file, text.as_bytes()).attachment("invite.ics"));
    }
    files.extend(
        mail.attachments
            .iter()
            .map(|file| base64_part(one_line(&file.content_type), &file.bytes).attachment(one_line(&file.name))),
    );
    let alternative = multipart("multipart/alternative", "a", &mail.boundary_seed, alternatives);
    if files.is_empty() {
        return alternative;
    }
    files.insert(0, alternative);
    multipart("multipart/mixed", "m", &mail.boundary_seed, files)
}

fn multipart<'a>(kind: &'a str, level: &str, seed: &str, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
    let seed: String = seed.chars().filter(char::is_ascii_alphanumeric).take(SEED_CHARS_MAX).collect();
    let boundary = format!("{BOUNDARY_MARK}{level}_{seed}");
    MimePart::new(ContentType::new(kind).attribute("boundary", boundary), parts)
}

fn text_part<'a>(kind: &'a str, text: &str) -> MimePart<'a> {
    // A text that could hold a boundary goes as base64, in which none can stand.
    if text.contains(BOUNDARY_MARK) {
        return base64_part(format!("{kind}; charset=utf-8"), text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
    MimePart::new(ContentType::new(kind).attribute("charset", "utf-8"), text)
}

/// The part that makes the buttons: no disposition and no Content-ID, method and charset always said.
/// Its transfer encoding is base64 or none: Gmail was seen to fail on quoted-printable.
fn calendar_part(method: Method, text: &str) -> MimePart<'_> {
    let content_type = format!("text/calendar; charset=UTF-8; method={}", method.as_str());
    if text.is_ascii() {
        with_content_type(content_type, text).transfer_encoding("7bit")
    } else {
        base64_part(content_type, text.as_bytes())
    }
}

/// The library writes bytes of a type that it need not understand as base64.
fn base64_part<'a>(content_type: String, bytes: impl AsRef<[u8]>) -> MimePart<'a> {
    with_content_type(content_type, bytes.as_ref().to_vec())
}

fn with_content_type<'a>(content_type: String, contents: impl Into<BodyPart<'a>>) -> MimePart<'a> {
    MimePart::raw(contents).header("Content-Type", Raw::new(content_type))
}

fn raw(value: impl Into<String>) -> HeaderType<'static> {
    Raw::new(value.into()).into()
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    let name = one_line(&mailbox.name);
    Address::new_address((!name.is_empty()).then_some(name), mailbox.address.as_str())
}

/// A text on one line, its spaces single.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(PHRASE_CHARS_MAX).collect()
}

/// A text without spaces, angle brackets and what is not ASCII: it can neither end nor leave its brackets.
fn token(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect()
}
