//! A mail as far as Convoke cares: who sent it, what kind of mail it is, and what calendar it carries.

use itip::{CalAddress, ItipMessage};

use crate::{CalendarRefusal, Defect, MailRefusal};

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

/// Reads a mail.
pub fn read_mail(raw: &[u8]) -> Result<InboundMail, MailRefusal> {
    let _ = raw;
    Err(MailRefusal::NotAMail)
}
