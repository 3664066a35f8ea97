//! A mail as bytes (RFC 5322, 2045, 6047), in the shape in which every big client shows an invitation:
//! `multipart/mixed` of `multipart/alternative` (text, HTML, calendar last) and the calendar once more as a file.
//!
//! Invariant: pure in its argument, so that a repeat of a mail is byte for byte the same.

use itip::{CalAddress, Method, Timestamp};

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

/// Writes a mail.
pub fn compose(mail: &OutgoingMail) -> Vec<u8> {
    let _ = mail;
    Vec::new()
}
