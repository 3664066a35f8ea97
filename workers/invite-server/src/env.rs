//! The environment: the only reader of `Env`. Each surface gets one context with just the bindings it needs.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use courier::CourierContext;
use ingest::MailContext;
use scheduling::event_object::ObjectEnv;
use scheduling::keys::Keys;
use scheduling::ports::{Clock, Entropy, Objects};
use scheduling::settings::Config;
use wasm_bindgen::JsCast;
use web::publish::{KeptRows, PublishContext};
use web::{KeyHashes, Listen, Seasons, WebContext};
use worker::js_sys::{Array, Object};
use worker::{Bucket, Context, Env, ObjectNamespace, Queue, Response};

use crate::bindings::clock::WallClock;
use crate::bindings::d1::D1;
use crate::bindings::doh::Doh;
use crate::bindings::entropy::WebCrypto;
use crate::bindings::kv::{self, Pages};
use crate::bindings::objects::{self, Stubs};
use crate::bindings::queues::WorkerJobs;
use crate::bindings::r2::MailBucket;
use crate::bindings::ses_http::SesHttp;
use crate::bindings::shield::RateShield;
use crate::vars::{self, Build, Settings};

/// The settings in the shape the contexts share.
struct Shared {
    settings: Settings,
    config: Arc<Config>,
    keys: Arc<Keys>,
    seasons: Arc<Seasons>,
}

/// Parsed once per isolate; a deployment's environment does not change while it runs.
static SHARED: OnceLock<Result<Shared, String>> = OnceLock::new();

fn shared(env: &Env) -> Result<&'static Shared, String> {
    SHARED
        .get_or_init(|| {
            let settings = vars::read(&texts(env), Build::THIS).map_err(|faults| faults.to_string())?;
            Ok(Shared {
                config: Arc::new(settings.config.clone()),
                keys: Arc::new(settings.keys.clone()),
                seasons: Arc::default(),
                settings,
            })
        })
        .as_ref()
        .map_err(Clone::clone)
}

/// Variables and secrets; everything else in `Env` is a binding.
fn texts(env: &Env) -> BTreeMap<String, String> {
    Object::entries(env.unchecked_ref())
        .iter()
        .filter_map(|entry| {
            let entry = Array::from(&entry);
            let value = entry.get(1);
            let text = value.as_string().or_else(|| value.as_f64().map(|number| number.to_string()))?;
            Some((entry.get(0).as_string()?, text))
        })
        .collect()
}

/// Makes the contexts of one invocation.
#[derive(Clone)]
pub struct Contexts {
    env: Env,
    shared: &'static Shared,
    invocation: Arc<Context>,
}

impl Contexts {
    /// Of this invocation; the error names every fault of the environment.
    pub fn new(env: Env, invocation: Context) -> Result<Self, String> {
        Ok(Self { shared: shared(&env)?, env, invocation: Arc::new(invocation) })
    }

    /// What a request may use.
    pub fn web(&self) -> worker::Result<WebContext> {
        Ok(WebContext {
            db: Arc::new(self.db()?),
            objects: self.objects()?,
            jobs: self.jobs()?,
            blobs: Some(Arc::new(self.blobs()?)),
            clock: Arc::new(WallClock),
            entropy: Arc::new(WebCrypto),
            config: self.shared.config.clone(),
            keys: self.shared.keys.clone(),
            admin_key_hash: self.shared.settings.admin_key_hash.clone(),
            standard_key_hash: self.shared.settings.standard_key_hash.clone(),
            seasons: self.shared.seasons.clone(),
            shield: Arc::new(RateShield(self.env.rate_limiter("INVITE_SHIELD")?)),
            #[cfg(feature = "local")]
            outbox: Arc::new(crate::bindings::outbox::StandIn(self.shared.settings.ses.endpoint.clone())),
        })
    }

    /// What a mail may use.
    pub fn mail(&self) -> worker::Result<MailContext> {
        Ok(MailContext {
            db: Arc::new(self.db()?),
            objects: self.objects()?,
            jobs: self.jobs()?,
            blobs: Arc::new(self.blobs()?),
            dns: Arc::new(Doh(self.shared.settings.doh.clone())),
            signatures: Arc::new(WebCrypto),
            clock: Arc::new(WallClock),
            config: self.shared.config.clone(),
            keys: self.shared.keys.clone(),
            charsets: crate::bindings::text_decoder::decode,
        })
    }

    /// What outgoing mail may use.
    pub fn courier(&self) -> worker::Result<CourierContext> {
        Ok(CourierContext {
            db: Arc::new(self.db()?),
            objects: self.objects()?,
            transport: Arc::new(SesHttp),
            clock: Arc::new(WallClock),
            config: self.shared.config.clone(),
            keys: self.shared.keys.clone(),
            ses: self.shared.settings.ses.clone(),
        })
    }

    /// D1.
    pub fn db(&self) -> worker::Result<D1> {
        self.env.d1("DB").map(D1)
    }

    /// KV.
    pub fn pages(&self) -> worker::Result<Pages> {
        kv::pages(&self.env)
    }

    /// The keys that are not in D1.
    pub fn key_hashes(&self) -> KeyHashes<'static> {
        let settings = &self.shared.settings;
        KeyHashes { admin: &settings.admin_key_hash, standard: settings.standard_key_hash.as_deref() }
    }

    /// R2.
    pub fn blobs(&self) -> worker::Result<MailBucket> {
        self.bucket().map(MailBucket)
    }

    fn bucket(&self) -> worker::Result<Bucket> {
        self.env.bucket("MAIL")
    }

    fn objects(&self) -> worker::Result<Arc<dyn Objects>> {
        Ok(Arc::new(self.stubs()?))
    }

    /// The namespaces of the objects.
    pub fn stubs(&self) -> worker::Result<Stubs> {
        Ok(Stubs {
            events: self.env.durable_object("EVENT_OBJECT")?,
            organizers: self.env.durable_object("ORGANIZER_OBJECT")?,
            gates: self.env.durable_object("SEND_GATE")?,
        })
    }

    /// Makes the caller a listener of an organizer's object.
    pub async fn listen(&self, listen: &Listen) -> worker::Result<Response> {
        objects::listen(&self.env.durable_object("ORGANIZER_OBJECT")?, listen).await
    }

    fn jobs(&self) -> worker::Result<Arc<WorkerJobs>> {
        Ok(Arc::new(WorkerJobs {
            queue: self.env.queue("OUTBOX")?,
            invocation: self.invocation.clone(),
            contexts: self.clone(),
        }))
    }
}

/// What an object may use: no raw mail, no SES; an event's object tells organizers' objects that it changed.
#[derive(Debug)]
pub struct ObjectContext {
    /// D1, for its projection.
    pub db: D1,
    /// KV, for what is published.
    pub pages: Pages,
    /// The organizers' objects.
    pub organizers: ObjectNamespace,
    /// The queue, for its hints.
    pub queue: Queue,
    config: Arc<Config>,
}

impl ObjectContext {
    /// What the object's logic needs to know for one call.
    pub fn object_env(&self) -> ObjectEnv {
        ObjectEnv { domain: self.config.domain.clone(), timing: self.config.timing, nonce: WebCrypto.bytes() }
    }
}

impl ObjectContext {
    /// What publishing may use, now.
    pub fn publishing<'a>(&'a self, kept: &'a KeptRows) -> PublishContext<'a> {
        PublishContext { db: &self.db, config: &self.config, now: WallClock.now(), kept: Some(kept), seasons: None }
    }
}

/// Makes an object's context.
pub fn object_context(env: &Env) -> Result<Arc<ObjectContext>, String> {
    let shared = shared(env)?;
    let context = || -> worker::Result<_> {
        Ok(ObjectContext {
            db: D1(env.d1("DB")?),
            pages: kv::pages(env)?,
            organizers: env.durable_object("ORGANIZER_OBJECT")?,
            queue: env.queue("OUTBOX")?,
            config: shared.config.clone(),
        })
    };
    context().map(Arc::new).map_err(|error| error.to_string())
}

/// D1 and the queue, for the scheduled handler, which needs nothing else.
pub fn database_and_queue(env: &Env) -> worker::Result<(D1, Queue)> {
    Ok((env.d1("DB").map(D1)?, env.queue("OUTBOX")?))
}
