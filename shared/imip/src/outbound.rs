//! Mail out (RFC 6047): the shape that Gmail, Outlook, Apple and Yahoo all show buttons for.
//!
//! `multipart/mixed` of a `multipart/alternative` (text, HTML, `text/calendar` last, without a disposition) and the
//! same calendar once more as `invite.ics`. Boundaries follow from the mail's key: a repeat is byte for byte alike.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use itip::{CalAddress, Method, Timestamp};
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

/// A name and a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, empty if none.
    pub name: String,
    /// The mailbox.
    pub address: CalAddress,
}

/// How a reader stops the mail (RFC 2369, RFC 8058).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListUnsubscribe {
    /// Takes a one-click POST.
    pub https: String,
    /// A `mailto:` URL.
    pub mailto: String,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingAttachment {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A mail to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// From.
    pub from: Mailbox,
    /// To.
    pub to: Mailbox,
    /// Reply-To.
    pub reply_to: Option<Mailbox>,
    /// Subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// METHOD and calendar text.
    pub calendar: Option<(Method, String)>,
    /// Files.
    pub attachments: Vec<OutgoingAttachment>,
    /// Message-ID without angle brackets.
    pub message_id: String,
    /// Date.
    pub date: Timestamp,
    /// List-Unsubscribe and List-Unsubscribe-Post.
    pub list_unsubscribe: Option<ListUnsubscribe>,
    /// Auto-Submitted: auto-generated (RFC 3834): keeps vacation notices from answering.
    pub auto_submitted: bool,
    /// What boundaries are made from: letters and digits.
    pub boundary_seed: String,
}

/// Longest subject or name, in characters; a header line must stay below 998 octets when encoded.
const HEADER_CHARS_MAX: usize = 180;

/// One line of text: nothing in it can end a header.
fn header_text(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect();
    let words: Vec<&str> = flat.split_whitespace().collect();
    words.join(" ").chars().take(HEADER_CHARS_MAX).collect()
}

fn address(mailbox: &Mailbox) -> Address<'static> {
    let name = header_text(&mailbox.name);
    let name = (!name.is_empty()).then_some(name);
    Address::new_address(name, mailbox.address.to_string())
}

/// Base64 in lines of 76 characters (RFC 2045 section 6.8).
fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut text = String::with_capacity(encoded.len() + encoded.len() / 38 + 2);
    for (index, c) in encoded.chars().enumerate() {
        if index > 0 && index % 76 == 0 {
            text.push_str("\r\n");
        }
        text.push(c);
    }
    text
}

fn base64_part<'a>(content_type: ContentType<'a>, bytes: &[u8]) -> MimePart<'a> {
    let body = BodyPart::Text(base64_lines(bytes).into());
    MimePart { headers: vec![("Content-Type".into(), content_type.into())], contents: body }
        .transfer_encoding("base64")
}

fn multipart<'a>(subtype: &'static str, boundary: String, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
    MimePart::new(ContentType::new(subtype).attribute("boundary", boundary), BodyPart::Multipart(parts))
}

/// Writes the mail: CRLF line ends, ASCII only.
pub fn compose(mail: &OutgoingMail) -> Vec<u8> {
    let boundary = |part: &str| format!("=_{}_{part}", mail.boundary_seed);
    let plain = |subtype: &'static str, text: &str| {
        base64_part(ContentType::new(subtype).attribute("charset", "utf-8"), crlf(text).as_bytes())
    };
    let mut alternative = vec![plain("text/plain", &mail.text), plain("text/html", &mail.html)];
    let mut mixed = Vec::new();
    if let Some((method, calendar)) = &mail.calendar {
        let content_type =
            ContentType::new("text/calendar").attribute("charset", "UTF-8").attribute("method", method.as_str());
        alternative.push(base64_part(content_type, calendar.as_bytes()));
        let file = ContentType::new("application/ics").attribute("name", "invite.ics");
        mixed.push(base64_part(file, calendar.as_bytes()).attachment("invite.ics"));
    }
    for file in &mail.attachments {
        let name = header_text(&file.name);
        let content_type = ContentType::new(file.content_type.clone()).attribute("name", name.clone());
        mixed.push(base64_part(content_type, &file.bytes).attachment(name));
    }
    let mut body = multipart("multipart/alternative", boundary("alt"), alternative);
    if !mixed.is_empty() {
        mixed.insert(0, body);
        body = multipart("multipart/mixed", boundary("mix"), mixed);
    }
    let mut message = MessageBuilder::new()
        .from(address(&mail.from))
        .to(address(&mail.to))
        .subject(header_text(&mail.subject))
        .date(mail.date.0)
        .message_id(header_text(&mail.message_id));
    if let Some(reply_to) = &mail.reply_to {
        message = message.reply_to(address(reply_to));
    }
    if let Some(unsubscribe) = &mail.list_unsubscribe {
        // One URL a line: the two together pass the length that SES and others allow a line.
        let value = format!("<{}>,\r\n <{}>", header_text_long(&unsubscribe.https), header_text_long(&unsubscribe.mailto));
        message = message
            .header("List-Unsubscribe", Raw::new(value))
            .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
    }
    if mail.auto_submitted {
        message = message.header("Auto-Submitted", Raw::new("auto-generated"));
    }
    // Writing to a Vec cannot fail.
    message.body(body).write_to_vec().unwrap_or_default()
}

/// A URL of ours on one line, whatever its length.
fn header_text_long(url: &str) -> String {
    url.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>')).collect()
}

fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}
