//! What the surfaces need from the platform. `invite-server` implements these on Cloudflare, `memory` in tests.

use async_trait::async_trait;
use dkim::SignatureToVerify;
use itip::{CalAddress, EventId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::command::{Command, CommandError, Job, OrganizerCommand, OrganizerReply, Reply};
use crate::feed::FeedUrl;
use crate::send_gate::{Lane, Permit};

/// The objects that decide.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Asks an event's object.
    async fn event(&self, id: &EventId, command: Command) -> Result<Reply, CommandError>;

    /// Asks an organizer's object.
    async fn organizer(&self, address: &CalAddress, command: OrganizerCommand) -> Result<OrganizerReply, CommandError>;

    /// Asks to send `mails` mails now.
    async fn permit(&self, lane: Lane, mails: u32) -> Result<Permit, CommandError>;

    /// Tells the gate what SES allows, or that SES said "too fast".
    async fn pace(&self, pace: crate::send_gate::Pace) -> Result<(), CommandError>;
}

/// Work for later.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Starts a job right after the current answer; it may be lost, the objects' alarms repeat it.
    fn start(&self, job: Job);

    /// Puts jobs into the queue.
    async fn enqueue(&self, jobs: Vec<Job>) -> Result<(), PortError>;
}

/// Raw mail and uploads under their SHA-256.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores bytes; the same key twice is the same bytes.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError>;

    /// Reads them back.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, PortError>;

    /// Reads `length` bytes from `start` on; fewer where there are fewer.
    async fn get_range(&self, key: &str, start: usize, length: usize) -> Result<Option<Vec<u8>>, PortError>;
}

/// Finished documents, near every reader. What was written is seen everywhere within about a minute.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// What a document's bytes are for whoever reads: they need not pass through us.
    type Body;

    /// Reads one.
    async fn read(&self, key: &str) -> Result<Option<(SnapshotHead, Self::Body)>, PortError>;

    /// Writes one, until `until`.
    async fn write(&self, key: &str, head: &SnapshotHead, bytes: &[u8], until: Timestamp) -> Result<(), PortError>;

    /// Removes one.
    async fn remove(&self, key: &str) -> Result<(), PortError>;
}

/// What stands beside a snapshot's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// Its entity tag.
    pub etag: String,
    /// The fields of its answer, beside those that depend on the caller.
    pub fields: Vec<(String, String)>,
    /// When it becomes wrong by itself.
    pub stale_at: Option<Timestamp>,
}

/// HTTP to the servers of subscribed feeds.
#[async_trait]
pub trait FeedFetch: Send + Sync {
    /// Asks once: a redirect is an answer. The error is a sentence for the organizer.
    async fn fetch(&self, request: FeedRequest<'_>) -> Result<FeedAnswer, String>;
}

/// A conditional GET.
#[derive(Debug, Clone, Copy)]
pub struct FeedRequest<'a> {
    /// Where.
    pub url: &'a FeedUrl,
    /// If-None-Match.
    pub etag: Option<&'a str>,
    /// If-Modified-Since.
    pub modified: Option<&'a str>,
    /// A longer answer is not read.
    pub bytes_max: usize,
    /// A later one neither.
    pub timeout_ms: u32,
}

/// What a feed's server answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedAnswer {
    /// The status.
    pub status: u16,
    /// `Location`.
    pub location: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub modified: Option<String>,
    /// The body of a 200.
    pub body: Vec<u8>,
}

/// HTTP to SES.
#[async_trait]
pub trait MailTransport: Send + Sync {
    /// Sends a request and waits at most `timeout_ms` for the whole answer.
    async fn fetch(
        &self,
        request: http::Request<Vec<u8>>,
        timeout_ms: u32,
    ) -> Result<http::Response<Vec<u8>>, TransportError>;
}

/// TXT records of DNS.
#[async_trait]
pub trait DnsTxt: Send + Sync {
    /// The records of a name, each as one text.
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError>;
}

/// Public-key cryptography.
#[async_trait]
pub trait SignatureVerifier: Send + Sync {
    /// Whether a signature is right. A key that the platform does not take verifies nothing.
    async fn verify(&self, signature: &SignatureToVerify) -> bool;
}

/// The wall clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The platform's random numbers.
pub trait Entropy: Send + Sync {
    /// 32 fresh bytes.
    fn bytes(&self) -> [u8; 32];
}

/// A binding of the platform failed; trying again may help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{binding} failed: {reason}")]
pub struct PortError {
    /// Which binding.
    pub binding: &'static str,
    /// Its words.
    pub reason: String,
}

/// Why there are no records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// The name, or a TXT record of it, does not exist.
    #[error("there is no such record")]
    NotFound,
    /// Nobody knows for the moment.
    #[error("DNS does not answer: {0}")]
    Unavailable(String),
}

/// Why SES did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request never left: certainly not accepted.
    #[error("the connection could not be made: {0}")]
    NotSent(String),
    /// Anything later: it may have been accepted.
    #[error("no answer: {0}")]
    NoAnswer(String),
}
