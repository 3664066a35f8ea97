//! What a request may use.

use std::sync::Arc;

use async_trait::async_trait;
use scheduling::keys::Keys;
use scheduling::ports::{Blobs, Clock, Entropy, Jobs, Objects};
use scheduling::settings::Config;
use store::Database;

use crate::pages::schedule::Seasons;
use crate::publish::PublishContext;

/// A limit on how often one caller may ask; the platform counts.
#[async_trait]
pub trait Shield: Send + Sync {
    /// Counts a request of `key` (a purpose and a network address) and tells whether it may go on.
    async fn allow(&self, key: &str) -> bool;
}

/// What the web surface may use: no mail, no queue consumer, no environment.
#[derive(Clone)]
pub struct WebContext {
    /// D1.
    pub db: Arc<dyn Database>,
    /// The event and organizer objects.
    pub objects: Arc<dyn Objects>,
    /// Work for later.
    pub jobs: Arc<dyn Jobs>,
    /// Raw mail; pages only read it.
    pub blobs: Option<Arc<dyn Blobs>>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Random numbers, for new keys.
    pub entropy: Arc<dyn Entropy>,
    /// The deployment's settings.
    pub config: Arc<Config>,
    /// The secrets that names and links are made with.
    pub keys: Arc<Keys>,
    /// SHA-256 of the admin key, hexadecimal. An empty text opens nothing.
    pub admin_key_hash: String,
    /// SHA-256 of the local stack's fixed standard key; `None` in every deployed build.
    pub standard_key_hash: Option<String>,
    /// The pages that were asked for last, of all requests of an isolate.
    pub seasons: Arc<Seasons>,
    /// The limit per network address.
    pub shield: Arc<dyn Shield>,
    /// The stand-in's outbox.
    #[cfg(feature = "local")]
    pub outbox: Arc<dyn Outbox>,
}

impl WebContext {
    /// What publishing may use of it, now.
    pub fn publishing(&self) -> PublishContext<'_> {
        PublishContext {
            db: self.db.as_ref(),
            config: &self.config,
            now: self.clock.now(),
            kept: None,
            seasons: Some(&self.seasons),
        }
    }
}

/// What the playground needs from the local stack.
#[cfg(feature = "local")]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// The answer of the SES stand-in's `GET /messages`, as it is.
    async fn messages(&self) -> Result<Vec<u8>, String>;
}
