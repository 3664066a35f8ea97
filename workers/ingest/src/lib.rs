//! Mail in: what a message to one of our mailboxes means, whether its sender may say so, and whom to tell.
//!
//! What lives here: mailboxes, the ladder of trust, the binding of UIDs to people, authorship of answers.
//! What does not: reading MIME and calendar text (`imip`), what a message does to an event (`itip`, `scheduling`).
//! Nothing here mails anybody: it leaves notices with the organizers' objects.

mod authentication;
mod binding;
mod destination;
pub mod feed;
pub mod import;
mod leaving_mail;
mod mailbox;
mod organizer_mail;
mod our_reply;
mod refusal;
mod reply_mail;
mod sender;
mod slug;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_dkim;
#[cfg(test)]
mod tests_raw;

use std::sync::Arc;

use imip::{AuthVerdict, InboundMail};
use itip::CalAddress;
use scheduling::command::CommandError;
use scheduling::keys::{Keys, sha256_hex};
use scheduling::ports::{Blobs, Clock, DnsTxt, Jobs, Objects, PortError, SignatureVerifier};
use scheduling::settings::Config;
use store::{Database, StoreError};

use mailbox::Mailbox;
use sender::Sender;

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
    /// Keys of signatures.
    pub dns: Arc<dyn DnsTxt>,
    /// What verifies them.
    pub signatures: Arc<dyn SignatureVerifier>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The deployment's settings.
    pub config: Arc<Config>,
    /// Its secrets.
    pub keys: Arc<Keys>,
    /// Charsets that take tables to read (`imip::Charsets`).
    pub charsets: fn(&str, &[u8]) -> Option<String>,
}

/// Largest calendar mail. The largest feed seen, 4,778 events, has 2.9 MB, and 4 MB in base64.
const CALENDAR_MAIL_BYTES_MAX: u64 = 5 * 1024 * 1024;
/// Largest mail to `bulk@`: what Email Routing lets through (25 MiB).
const BULK_MAIL_BYTES_MAX: u64 = 25 * 1024 * 1024;

/// The largest mail that a mailbox takes; checked before it is read.
pub fn mail_bytes_max(recipient: &CalAddress) -> u64 {
    let bulk = Mailbox::of(recipient, recipient.domain()) == Mailbox::Bulk;
    if bulk { BULK_MAIL_BYTES_MAX } else { CALENDAR_MAIL_BYTES_MAX }
}

/// Takes a mail, or says why not.
pub async fn receive(mail: &RawMail, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    let mailbox = match Mailbox::of(&mail.recipient, &ctx.config.domain) {
        Mailbox::Unknown => return Ok(reject("There is no such mailbox here.")),
        Mailbox::Bulk => return Ok(reject("Guest lists are not taken by mail yet; invite through the API or a page.")),
        mailbox => mailbox,
    };
    let inbound = match imip::read_mail_with(&mail.raw, &ctx.charsets) {
        Ok(inbound) => inbound,
        Err(refusal) => return Ok(reject(&refusal.to_string())),
    };
    let verdict = authentication::verdict(&mailbox, &mail.raw, &inbound, ctx).await;
    open(&mailbox, &Letter { raw: &mail.raw, mail: &inbound, sender: Sender::of(&inbound, verdict) }, ctx).await
}

async fn open(mailbox: &Mailbox, letter: &Letter<'_>, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    match mailbox {
        Mailbox::Create => organizer_mail::receive(letter, ctx).await,
        Mailbox::Rsvp { token } => reply_mail::receive(letter, token.as_deref(), ctx).await,
        Mailbox::Unsubscribe => leaving_mail::unsubscribe(letter, ctx).await,
        Mailbox::Notification => leaving_mail::bounce(letter, ctx).await,
        Mailbox::Bulk | Mailbox::Unknown => Ok(reject("There is no such mailbox here.")),
    }
}

/// Reads a held mail again (`Job::Reread`): its `sender` has proved that it is his.
pub async fn reread(raw: &[u8], sender: &CalAddress, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    let Ok(inbound) = imip::read_mail_with(raw, &ctx.charsets) else { return Ok(MailVerdict::Accept("unreadable")) };
    if Sender::of(&inbound, AuthVerdict::None) != Sender::Claimed(sender.clone()) {
        return Ok(MailVerdict::Accept("claimed by somebody else"));
    }
    let letter = Letter { raw, mail: &inbound, sender: Sender::Proven(sender.clone()) };
    organizer_mail::take(&letter, sender, ctx).await
}

/// A mail that has been read.
pub(crate) struct Letter<'a> {
    /// Its bytes.
    pub raw: &'a [u8],
    /// What they say.
    pub mail: &'a InboundMail,
    /// Who wrote it.
    pub sender: Sender,
}

impl Letter<'_> {
    /// Keeps the bytes, so that the mail can be read again; the key is its SHA-256.
    pub async fn keep(&self, ctx: &MailContext) -> Result<String, IngestError> {
        let key = sha256_hex(self.raw);
        ctx.blobs.put(&key, self.raw.to_vec()).await?;
        Ok(key)
    }
}

pub(crate) fn reject(reason: &str) -> MailVerdict {
    let line = reason.chars().filter(|c| !c.is_control());
    MailVerdict::Reject(line.take(REASON_CHARS_MAX).collect())
}
