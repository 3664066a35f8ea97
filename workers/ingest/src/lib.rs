//! Mail in: what a message to one of our mailboxes means, whether its sender may say so, and whom to tell.
//!
//! What lives here: mailboxes, the ladder of trust, the binding of UIDs to people, authorship of answers.
//! What does not: reading MIME and calendar text (`imip`), what a message does to an event (`itip`, `scheduling`).
//! Nothing here mails anybody: it leaves notices with the organizers' objects.

use std::sync::Arc;

use itip::CalAddress;
use scheduling::command::CommandError;
use scheduling::keys::Keys;
use scheduling::ports::{Blobs, Clock, Jobs, Objects, PortError};
use scheduling::settings::Config;
use store::{Database, StoreError};

/// A mail as the edge hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMail {
    /// MAIL FROM; empty for a bounce.
    pub envelope_from: String,
    /// RCPT TO.
    pub recipient: CalAddress,
    /// The whole message.
    pub raw: Vec<u8>,
}

/// What to tell the server that brought the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailVerdict {
    /// Taken; the word is for the log.
    Accept(&'static str),
    /// Not taken, for good: a public reason of at most [`REASON_CHARS_MAX`] characters.
    Reject(String),
}

/// Longest reason of a rejection, so that it fits one line of an SMTP answer.
pub const REASON_CHARS_MAX: usize = 200;

/// Ours: the sender's server shall try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// D1.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// R2 or the queue.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What mail needs.
#[derive(Clone)]
pub struct MailContext {
    /// D1.
    pub db: Arc<dyn Database>,
    /// The objects.
    pub objects: Arc<dyn Objects>,
    /// Work for right after.
    pub jobs: Arc<dyn Jobs>,
    /// Raw mail.
    pub blobs: Arc<dyn Blobs>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The deployment's settings.
    pub config: Arc<Config>,
    /// Its secrets.
    pub keys: Arc<Keys>,
}

/// Largest calendar mail. A series of 2,500 exceptions with descriptions has 1.6 MB.
const CALENDAR_MAIL_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Largest mail to `bulk@`: what Email Routing lets through (25 MiB).
const BULK_MAIL_BYTES_MAX: u64 = 25 * 1024 * 1024;

/// The largest mail that a mailbox takes; checked before it is read.
pub fn mail_bytes_max(recipient: &CalAddress) -> u64 {
    if recipient.local_part() == "bulk" { BULK_MAIL_BYTES_MAX } else { CALENDAR_MAIL_BYTES_MAX }
}

/// Takes a mail, or says why not.
pub async fn receive(mail: &RawMail, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    let _ = (mail, ctx);
    Ok(MailVerdict::Reject("This mailbox is not open yet.".to_owned()))
}

/// Reads a held mail again (`Job::Reread`): its `sender` has proved that it is his.
pub async fn reread(raw: &[u8], sender: &CalAddress, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    let _ = (raw, sender, ctx);
    Ok(MailVerdict::Accept("nothing to do"))
}
