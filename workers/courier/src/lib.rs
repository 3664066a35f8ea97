//! Mail out: carries a queued job to SES and brings back what became of it.
//!
//! What lives here: leasing, pacing, composing from what is true now, settling. What does not: deciding who gets
//! mail (`scheduling`), calendar text and MIME (`imip`), signing (`ses`).
//! A job is a reference: nothing is sent that the event's or the organizer's object has not leased out.

mod batch;
mod compose;
mod notices;
mod ses_call;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use scheduling::command::{CommandError, Job};
use scheduling::keys::Keys;
use scheduling::ports::{Clock, MailTransport, Objects};
use scheduling::settings::Config;
use store::{Database, StoreError};

pub use ses_call::KEY_TAG;

/// How to reach SES, as the deployment's secrets and variables say.
#[derive(Clone)]
pub struct SesAccess {
    /// `https://email.REGION.amazonaws.com`, or the stand-in.
    pub endpoint: String,
    /// The region to sign for.
    pub region: String,
    /// `SES_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `SES_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// For temporary credentials.
    pub session_token: Option<String>,
    /// The configuration set whose event destination tells of each mail.
    pub configuration_set: Option<String>,
}

impl std::fmt::Debug for SesAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SesAccess").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// What the courier needs.
#[derive(Clone)]
pub struct CourierContext {
    /// D1.
    pub db: Arc<dyn Database>,
    /// The objects and the gate.
    pub objects: Arc<dyn Objects>,
    /// HTTP to SES.
    pub transport: Arc<dyn MailTransport>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The deployment's settings.
    pub config: Arc<Config>,
    /// Its secrets.
    pub keys: Arc<Keys>,
    /// SES.
    pub ses: SesAccess,
}

/// What to do with the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryVerdict {
    /// Over: every mail of it is settled, or waits in its object again.
    Done {
        /// Mails that SES took.
        accepted: u32,
        /// Mails that it did not.
        other: u32,
    },
    /// No mail at all: somebody else's job.
    NotMail,
}

/// Ours: the queue shall bring the job again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CourierError {
    /// D1.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An object.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Carries out a job.
pub async fn deliver(job: &Job, ctx: &CourierContext) -> Result<DeliveryVerdict, CourierError> {
    match job {
        Job::Batch { event, batch } => batch::deliver(event, *batch, ctx).await,
        Job::Notices { organizer } => notices::deliver(organizer, ctx).await,
        Job::Reread { .. } | Job::Snapshot { .. } | Job::Import { .. } | Job::Poll { .. } => {
            Ok(DeliveryVerdict::NotMail)
        }
    }
}
