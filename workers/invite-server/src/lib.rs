//! The Worker: `fetch`, `email`, `queue`, `scheduled` and the Durable Object classes, a few lines each.
//!
//! What lives here: which surface an event of the platform goes to, and what the platform is told in the end.
//! `email` and `queue` are exported by hand. The `worker` crate's own macros turn an `Err` into a panic, and a panic
//! ends every request that shares the wasm instance.

#![allow(missing_docs, reason = "the macros of `worker` write public items without documentation")]

mod alarm;
mod bindings;
mod edge;
mod env;
mod event_object;
mod jobs;
mod log;
mod organizer_object;
mod send_gate;
#[cfg(feature = "local")]
mod store_suite;
mod vars;
mod wire;

use std::sync::Arc;

use axum::body::Body;
use futures_util::{StreamExt, stream};
use http::{Response, StatusCode};
use ingest::{MailVerdict, RawMail};
use itip::CalAddress;
use scheduling::command::Job;
use scheduling::keys::sha256_hex;
use scheduling::ports::{Blobs, Clock};
use store::{Database, Statement, accounts, feeds};
use wasm_bindgen::prelude::*;
use worker::email::ForwardableEmailMessage;
use worker::{
    Context, Env, FromRequest, HttpRequest, IntoResponse, MessageBatch, MessageExt, QueueRetryOptionsBuilder,
    RawMessage, Result, ScheduleContext, ScheduledEvent, event, web_sys,
};

use bindings::clock::{WallClock, now_ms};
use env::Contexts;

pub use event_object::EventObject;
pub use organizer_object::OrganizerObject;
pub use send_gate::SendGate;

/// Jobs that one invocation works on at a time. A batch sends its mails side by side already, and the platform opens
/// six connections at once.
const JOBS_AT_ONCE: usize = 3;
/// How long the queue keeps a job that failed; the object's alarm gives the hint again anyway.
const RETRY_DELAY_SECS: u32 = 10;
/// Mails up to this size have their key in R2 as their id in the log; the hash of a large one costs what its reading
/// costs.
const NAMED_BYTES_MAX: usize = 256 * 1024;
/// How the name of a dead letter queue ends.
const DEAD_SUFFIX: &str = "-dead";

/// Answers HTTP requests, whatever host they are sent to: our domain and `api.` in front of it.
#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, invocation: Context) -> Result<web_sys::Response> {
    #[cfg(feature = "local")]
    let before = bindings::calls::counted();
    let response = match Contexts::new(env, invocation) {
        Ok(contexts) => match edge::answer(&request, &contexts).await {
            Some(response) => response,
            None => route(request, &contexts).await?,
        },
        Err(faults) => {
            log::failure("environment", "", &faults);
            sent(plain(StatusCode::SERVICE_UNAVAILABLE, format!("not configured: {faults}\n"))?)?
        }
    };
    #[cfg(feature = "local")]
    {
        let after = bindings::calls::counted();
        let [kv, d1, objects] = std::array::from_fn(|n| {
            let (after, before) =
                (after.get(n).copied().unwrap_or_default(), before.get(n).copied().unwrap_or_default());
            after.saturating_sub(before)
        });
        // Fails for a WebSocket, whose headers are not ours.
        drop(response.headers().set("x-convoke-calls", &format!("kv={kv} d1={d1} objects={objects}")));
    }
    Ok(response)
}

fn sent(response: Response<Body>) -> Result<web_sys::Response> {
    response
        .into_raw()
        .map_err(|error| worker::Error::RustError(Into::<Box<dyn std::error::Error>>::into(error).to_string()))
}

async fn route(request: web_sys::Request, contexts: &Contexts) -> Result<web_sys::Response> {
    let request = HttpRequest::from_raw(request)
        .map_err(|error| worker::Error::RustError(Into::<Box<dyn std::error::Error>>::into(error).to_string()))?;
    let mut response = answer(request, contexts).await?;
    match response.extensions_mut().remove::<web::Listen>() {
        Some(listen) => Ok(contexts.listen(&listen).await?.into()),
        None => sent(response),
    }
}

async fn answer(request: HttpRequest, contexts: &Contexts) -> Result<Response<Body>> {
    let started = now_ms();
    let id = request.headers().get("cf-ray").and_then(|ray| ray.to_str().ok()).unwrap_or_default().to_owned();
    if request.uri().path() == "/healthz" {
        return health(contexts).await;
    }
    #[cfg(feature = "local")]
    if request.uri().path() == store_suite::PATH && request.method() == http::Method::POST {
        let body = axum::body::to_bytes(Body::new(request.into_body()), 1 << 20).await;
        let text = body.map(|body| String::from_utf8_lossy(&body).into_owned());
        let text = text.map_err(|error| error.to_string())?;
        return plain(StatusCode::OK, store_suite::run(text, contexts).await?);
    }
    let response = web::answer(Arc::new(contexts.web()?), request).await;
    if response.status().is_server_error() {
        log::outcome("http", &id, response.status().as_str(), started);
    }
    Ok(response)
}

/// 200 when the Worker and its bindings answer.
async fn health(contexts: &Contexts) -> Result<Response<Body>> {
    let (db, blobs) = (contexts.db()?, contexts.blobs()?);
    contexts.stubs()?;
    let asked = futures_util::future::join(db.run(Statement::new("SELECT 1", Vec::new())), blobs.get("healthz"));
    let faults: Vec<String> = match asked.await {
        (Ok(_), Ok(_)) => return plain(StatusCode::OK, "ok\n".to_owned()),
        (db, blobs) => [db.err().map(|error| error.to_string()), blobs.err().map(|error| error.to_string())]
            .into_iter()
            .flatten()
            .collect(),
    };
    log::failure("health", "", &faults.join("; "));
    plain(StatusCode::SERVICE_UNAVAILABLE, "a binding does not answer\n".to_owned())
}

fn plain(status: StatusCode, text: String) -> Result<Response<Body>> {
    Ok(Response::builder()
        .status(status)
        .header(http::header::CONTENT_TYPE, "text/plain; charset=utf-8")
        .header(http::header::CACHE_CONTROL, "no-store")
        .body(Body::from(text))?)
}

/// Takes a mail from Email Routing. An `Err` rejects the promise: the sender's server is told to try again.
#[wasm_bindgen(
    wasm_bindgen = worker::wasm_bindgen,
    wasm_bindgen_futures = worker::wasm_bindgen_futures,
    js_sys = worker::js_sys,
    js_name = email
)]
pub async fn email_export(
    message: ForwardableEmailMessage,
    env: Env,
    invocation: worker::worker_sys::Context,
) -> std::result::Result<JsValue, JsValue> {
    let started = now_ms();
    let mut id = String::new();
    match receive(&message, env, Context::new(invocation), &mut id).await {
        Ok(MailVerdict::Accept(word)) => log::outcome("mail", &id, word, started),
        Ok(MailVerdict::Reject(reason)) => {
            message.set_reject(&reason);
            log::outcome("mail", &id, "rejected", started);
        }
        Err(reason) => {
            log::failure("mail", &id, &reason);
            return Err(JsValue::from_str("please try again later"));
        }
    }
    Ok(JsValue::UNDEFINED)
}

async fn receive(
    message: &ForwardableEmailMessage,
    env: Env,
    invocation: Context,
    id: &mut String,
) -> std::result::Result<MailVerdict, String> {
    let Ok(recipient) = CalAddress::parse(&message.to()) else {
        return Ok(MailVerdict::Reject("There is no such mailbox.".to_owned()));
    };
    let contexts = Contexts::new(env, invocation)?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a size in bytes that JavaScript holds as a double"
    )]
    let size = message.raw_size() as usize;
    let most = ingest::mail_bytes_max(&recipient);
    if size as u64 > most {
        return Ok(MailVerdict::Reject(format!("The mail has {size} bytes; this mailbox takes {most}.")));
    }
    let raw = read(message, size).await?;
    if size <= NAMED_BYTES_MAX {
        *id = sha256_hex(&raw);
    }
    let mail = RawMail { envelope_from: message.from(), recipient, raw };
    let context = contexts.mail().map_err(|error| error.to_string())?;
    ingest::receive(&mail, &context).await.map_err(|error| error.to_string())
}

/// Reads a mail into a vector that has its size from the start: the memory of a wasm instance never shrinks again.
async fn read(message: &ForwardableEmailMessage, size: usize) -> std::result::Result<Vec<u8>, String> {
    let mut raw = Vec::with_capacity(size.saturating_add(1));
    let mut chunks = message.raw_byte_stream();
    while let Some(chunk) = chunks.next().await {
        raw.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
    }
    Ok(raw)
}

/// Works through a batch of jobs. Every message gets its own verdict, so that no good one shares a bad one's fate.
#[wasm_bindgen(
    wasm_bindgen = worker::wasm_bindgen,
    wasm_bindgen_futures = worker::wasm_bindgen_futures,
    js_sys = worker::js_sys,
    js_name = queue
)]
pub async fn queue_export(
    batch: worker::worker_sys::MessageBatch,
    env: Env,
    invocation: worker::worker_sys::Context,
) -> std::result::Result<JsValue, JsValue> {
    let batch = MessageBatch::<()>::from(batch);
    if batch.queue().ends_with(DEAD_SUFFIX) {
        for message in batch.raw_iter() {
            // Nothing is lost by it: what was not settled is still in its object.
            log::failure(
                "dead job",
                &message.id(),
                &format!("{:?}", bindings::queues::job(&message.body()).map(|job| jobs::name(&job))),
            );
            message.ack();
        }
        return Ok(JsValue::UNDEFINED);
    }
    let contexts = match Contexts::new(env, Context::new(invocation)) {
        Ok(contexts) => contexts,
        Err(faults) => {
            log::failure("environment", "", &faults);
            batch.retry_all();
            return Ok(JsValue::UNDEFINED);
        }
    };
    stream::iter(batch.raw_iter()).for_each_concurrent(JOBS_AT_ONCE, |message| consume(message, &contexts)).await;
    Ok(JsValue::UNDEFINED)
}

async fn consume(message: RawMessage, contexts: &Contexts) {
    let retry = QueueRetryOptionsBuilder::new().with_delay_seconds(RETRY_DELAY_SECS).build();
    match bindings::queues::job(&message.body()) {
        Ok(job) => match jobs::carry_out(&job, contexts).await {
            Ok(()) => message.ack(),
            Err(_) => message.retry_with_options(&retry),
        },
        Err(reason) => {
            // A newer version may have written it: that one shall get it, or the dead letter queue.
            log::failure("job", &message.id(), &reason);
            message.retry_with_options(&retry);
        }
    }
}

/// Feeds looked at in a minute: two batches of the queue. More of them wait for the next minute.
const FEEDS_A_MINUTE_MAX: u32 = 200;
/// A feed that was taken and never settled is due again after this.
const FEED_TAKEN_SECS: i64 = 600;

/// Runs every minute. The objects have alarms of their own; what is left is to look at feeds, and to forget what has
/// served its time.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _invocation: ScheduleContext) {
    let started = now_ms();
    match every_minute(&env).await {
        Ok(()) => log::outcome("scheduled", "", "done", started),
        Err(reason) => log::failure("scheduled", "", &reason),
    }
}

async fn every_minute(env: &Env) -> std::result::Result<(), String> {
    let (db, queue) = env::database_and_queue(env).map_err(|error| error.to_string())?;
    let now = WallClock.now();
    let forgotten = db.run(accounts::forget_submissions(now)).await;
    let due = feeds::take_due(&db, now, now.plus(FEED_TAKEN_SECS), FEEDS_A_MINUTE_MAX).await;
    let due = due.map_err(|error| error.to_string())?;
    let jobs = due.into_iter().map(|(organizer, feed)| Job::Poll { organizer, feed }).collect();
    bindings::queues::enqueue(&queue, jobs).await.map_err(|error| error.to_string())?;
    forgotten.map(drop).map_err(|error| error.to_string())
}
