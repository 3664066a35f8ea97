//! A mail as far as Convoke cares: who sent it, what kind of mail it is, and what calendar it carries.

mod calendar;
mod delivery;

pub use calendar::{calendar_method, mailed_calendar};
pub use delivery::{Delivery, DeliveryAction};

use std::collections::BTreeSet;

use itip::{CalAddress, ItipMessage, Method};
use mail_parser::{Address, HeaderName, Message, MimeHeaders};

use crate::auth::Senders;
use crate::charset::{self, Charsets};
use crate::limits::{ATTACHMENTS_MAX, MAIL_BYTES_MAX, TEXT_BYTES_MAX};
use crate::mailbox;
use crate::mime::{self, Part};
use crate::tnef::Envelope;
use crate::{CalendarRefusal, Defect, MailRefusal, html_to_text};

/// A mail that was read. Its sender is a claim until `authentication` or DKIM has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMail {
    /// Every mailbox of every From header that is an address.
    pub from: Vec<CalAddress>,
    /// How many mailboxes the From headers name, readable or not.
    pub from_mailbox_count: usize,
    /// How many From headers there are.
    pub from_header_count: usize,
    /// Display name of the first From mailbox, empty if none.
    pub from_name: String,
    /// Sender.
    pub sender: Option<CalAddress>,
    /// Reply-To, its first mailbox.
    pub reply_to: Option<CalAddress>,
    /// To and Cc.
    pub to: Vec<CalAddress>,
    /// Subject, decoded, on one line.
    pub subject: String,
    /// Message-ID without angle brackets, empty if absent.
    pub message_id: String,
    /// Whether a person or their calendar wrote it.
    pub kind: MailKind,
    /// First language of Content-Language or of the calendar's texts, such as `de`.
    pub language: Option<String>,
    /// The scheduling messages, one per UID and METHOD; refused if there is none.
    pub calendar: Result<Vec<ItipMessage>, CalendarRefusal>,
    /// What a bounce says of those that a mail was sent to; empty for any other mail.
    pub deliveries: Vec<Delivery>,
    /// Attached files other than the calendar.
    pub attachments: Vec<Attachment>,
    /// The text of the mail, made from its HTML if it has no plain one.
    pub text: String,
    /// What was odd.
    pub defects: Vec<Defect>,
}

/// Who or what wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailKind {
    /// A person, or a calendar acting for one.
    Personal,
    /// A delivery report (RFC 3464); it may carry our own REQUEST back, which is never read.
    Bounce,
    /// An out-of-office note or the like (RFC 3834).
    AutoReply,
    /// A mailing list or bulk mail without a usable calendar.
    List,
}

impl MailKind {
    /// The name in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Bounce => "bounce",
            Self::AutoReply => "auto-reply",
            Self::List => "list",
        }
    }
}

/// A file that came with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// File name, empty if the sender gave none.
    pub name: String,
    /// Media type, lower-case, without parameters.
    pub content_type: String,
    /// Content, transfer encoding removed.
    pub bytes: Vec<u8>,
}

/// Reads a mail whose charsets need no help; see `read_mail_with`.
pub fn read_mail(raw: &[u8]) -> Result<InboundMail, MailRefusal> {
    read_mail_with(raw, &charset::none)
}

/// Reads a mail: its header fields, its text, its files, and the calendar wherever the client put it.
/// `charsets` decodes what is neither Unicode nor single-byte.
pub fn read_mail_with(raw: &[u8], charsets: Charsets<'_>) -> Result<InboundMail, MailRefusal> {
    if raw.len() > MAIL_BYTES_MAX {
        return Err(MailRefusal::TooLarge);
    }
    let mail = without_envelope(raw);
    let (block, _) = mime::split_entity(mail);
    let parts = mime::parts(mail, charsets)?;
    let headers = mime::headers(block).ok_or(MailRefusal::NotAMail)?;
    // For people's eyes only: a charset could hide the quote that ends a name, and who wrote a mail must be read as
    // the receiver read it who proved it.
    let readable = charset::readable_header(block, mime::declared_charset(&parts), charsets);
    let readable = mime::headers(&readable).ok_or(MailRefusal::NotAMail)?;
    let mut defects = BTreeSet::new();

    let from = all_addresses(&headers, &HeaderName::From);
    let first_from = readable.from().and_then(Address::first);
    let from_name = first_from.and_then(mail_parser::Addr::name).map(one_line).unwrap_or_default();
    let to: Vec<_> = [HeaderName::To, HeaderName::Cc].iter().flat_map(|name| all_addresses(&headers, name)).collect();
    let text = text(&parts);
    let envelope = Envelope { from: from.first(), from_name: &from_name, to: &to, text: &text };

    let report = is_report(&headers, &parts);
    let found = if report {
        Err(CalendarRefusal::NoCalendar)
    } else {
        calendar::find(mail, &parts, &envelope, charsets, &mut defects)
    };
    let (calendar, language) = match found {
        Ok((messages, language)) => (Ok(messages), language),
        Err(reason) => (Err(reason), None),
    };
    let attachments = attachments(&parts);
    let kind = if report { MailKind::Bounce } else { kind(&headers, block, calendar.as_deref().ok(), &attachments) };
    let senders = Senders::of(&headers);
    Ok(InboundMail {
        from,
        from_mailbox_count: senders.mailboxes,
        from_header_count: senders.fields,
        from_name,
        sender: all_addresses(&headers, &HeaderName::Sender).into_iter().next(),
        reply_to: all_addresses(&headers, &HeaderName::ReplyTo).into_iter().next(),
        to,
        subject: readable.subject().map(one_line).unwrap_or_default(),
        message_id: headers.message_id().map(one_line).unwrap_or_default(),
        kind,
        language: language_of(&mime::field_texts(&headers, block, "Content-Language")).or(language),
        calendar,
        deliveries: if report {
            delivery::deliveries(&parts, &mime::field_texts(&headers, block, "X-Failed-Recipients"))
        } else {
            Vec::new()
        },
        attachments,
        text,
        defects: defects.into_iter().collect(),
    })
}

/// Leaves out what some archives put in front of the first header field.
fn without_envelope(raw: &[u8]) -> &[u8] {
    let raw = raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw).trim_ascii_start();
    match raw.iter().position(|byte| *byte == b'\n') {
        Some(end) if raw.starts_with(b"From ") || raw.starts_with(b">From ") => raw.get(end + 1..).unwrap_or_default(),
        _ => raw,
    }
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn all_addresses(headers: &Message<'_>, name: &HeaderName<'_>) -> Vec<CalAddress> {
    let fields = headers.headers().iter().filter(|field| field.name == *name);
    fields
        .filter_map(|field| field.value.as_address())
        .flat_map(Address::iter)
        .filter_map(|mailbox| mailbox::address(mailbox.address()?))
        .collect()
}

/// The first language tag of a field.
fn language_of(fields: &[String]) -> Option<String> {
    let tag = fields.first()?.split([',', ';', ' ']).next()?.trim();
    let fits = (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then(|| tag.to_owned())
}

/// A delivery report or a read receipt. It often carries our own REQUEST back.
fn is_report(headers: &Message<'_>, parts: &[Part<'_>]) -> bool {
    let is_type = |kind: &mail_parser::ContentType<'_>| {
        kind.ctype().eq_ignore_ascii_case("multipart")
            && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case("report"))
    };
    let states_delivery = |part: &Part<'_>| {
        part.forwarded == 0
            && matches!(
                part.content_type.as_str(),
                "message/delivery-status" | "message/global-delivery-status" | "message/disposition-notification"
            )
    };
    let has = |name: &str| headers.headers().iter().any(|field| field.name().eq_ignore_ascii_case(name));
    let daemon =
        headers.from().and_then(Address::first).and_then(mail_parser::Addr::address).is_some_and(|from| {
            from.split('@').next().is_some_and(|local| local.eq_ignore_ascii_case("mailer-daemon"))
        });
    headers.content_type().is_some_and(is_type)
        || parts.iter().any(states_delivery)
        || has("X-Failed-Recipients")
        || daemon
}

/// Header fields of programs that answer by themselves, older than RFC 3834 or unaware of it.
const AUTO_REPLY_FIELDS: [&str; 9] = [
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Reply",
    "X-Autoresponder",
    "X-Autoreply-From",
    "X-Mail-Autoreply",
    "X-Autogenerated",
    "X-Vacation",
    "X-FC-MachineGenerated",
];

/// Who wrote it. Google's invitations are `Auto-Submitted: auto-generated`, so that word alone says nothing;
/// a room that accepts by itself says `auto-replied`, and its REPLY counts like a person's.
fn kind(headers: &Message<'_>, block: &[u8], calendar: Option<&[ItipMessage]>, files: &[Attachment]) -> MailKind {
    let field = |name: &str| {
        mime::field_texts(headers, block, name).into_iter().next().unwrap_or_default().to_ascii_lowercase()
    };
    let automatic = field("Auto-Submitted");
    let precedence = field("Precedence");
    let answers = calendar.is_some_and(|messages| {
        messages.iter().any(|message| matches!(message.method, Method::Reply | Method::Counter | Method::Refresh))
    });
    let replied = automatic.starts_with("auto-replied")
        || precedence.starts_with("auto")
        || field("X-Mailer").contains("vacation")
        || field("Delivered-To") == "autoresponder"
        || AUTO_REPLY_FIELDS.iter().any(|name| !matches!(field(name).as_str(), "" | "no" | "false"));
    let useless = calendar.is_none() && files.is_empty();
    // Exchange asks for silence after its own answers, but also after notices that may hold a file.
    let replied = replied || useless && !matches!(field("X-Auto-Response-Suppress").as_str(), "" | "none");
    if replied && !answers || automatic.starts_with("auto-") && useless {
        MailKind::AutoReply
    } else if calendar.is_none()
        && (!field("List-Id").is_empty() || ["bulk", "list", "junk"].contains(&precedence.as_str()))
    {
        MailKind::List
    } else {
        MailKind::Personal
    }
}

fn is_body(part: &Part<'_>) -> bool {
    matches!(part.content_type.as_str(), "text/plain" | "text/html") && !part.is_attachment && part.name.is_empty()
}

/// A signature beside what it signs (RFC 1847 section 2.1).
fn is_signature(part: &Part<'_>) -> bool {
    matches!(
        part.content_type.as_str(),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature"
    )
}

fn attachments(parts: &[Part<'_>]) -> Vec<Attachment> {
    let media = |part: &Part<'_>| ["image/", "audio/", "video/"].iter().any(|kind| part.content_type.starts_with(kind));
    let files = parts.iter().filter(|part| part.forwarded == 0 && !is_body(part) && !media(part));
    files
        .filter(|part| !calendar::is_labelled(part) && !part.is_winmail() && !is_signature(part))
        .take(ATTACHMENTS_MAX)
        .map(|part| Attachment {
            name: one_line(&part.name),
            content_type: part.content_type.clone(),
            bytes: part.bytes().into_owned(),
        })
        .collect()
}

fn text(parts: &[Part<'_>]) -> String {
    let body = |kind: &str| parts.iter().find(|part| is_body(part) && part.content_type == kind);
    let mut text = match (body("text/plain"), body("text/html")) {
        (Some(plain), _) => plain.text(),
        (None, Some(html)) => html_to_text(&html.text()),
        (None, None) => String::new(),
    };
    let end = (0..=TEXT_BYTES_MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text
}
