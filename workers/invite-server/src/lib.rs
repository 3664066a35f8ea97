//! The Worker: `fetch`, `email`, `queue`, `scheduled` and the Durable Object classes, a few lines each.
//!
//! `email` and `queue` are exported by hand. The `worker` crate's own macros turn an `Err` into a panic,
//! and a panic ends every request that shares the wasm instance.

#![allow(
    missing_docs,
    reason = "the macros of `worker` write public items without documentation"
)]

use serde_json::Value;
use wasm_bindgen::prelude::*;
use worker::{
    Context, DurableObject, Env, MessageBatch, MessageExt, Method, Request, Response, Result,
    ScheduleContext, ScheduledEvent, State, durable_object, email::ForwardableEmailMessage, event,
};

/// Answers HTTP requests.
#[event(fetch)]
async fn fetch(req: Request, _env: Env, _ctx: Context) -> Result<Response> {
    match (req.method(), req.path().as_str()) {
        (Method::Get | Method::Head, "/healthz") => Response::ok("ok\n"),
        _ => Response::error("not found\n", 404),
    }
}

/// Takes a mail from Email Routing.
#[wasm_bindgen(
    wasm_bindgen = worker::wasm_bindgen,
    wasm_bindgen_futures = worker::wasm_bindgen_futures,
    js_sys = worker::js_sys,
    js_name = email
)]
pub async fn email_export(
    message: ForwardableEmailMessage,
    _env: Env,
    _ctx: worker::worker_sys::Context,
) -> std::result::Result<JsValue, JsValue> {
    let raw = message.raw_bytes().await?;
    worker::console_log!("mail of {} bytes", raw.len());
    Ok(JsValue::UNDEFINED)
}

/// Works through a batch of outgoing mail.
#[allow(clippy::unused_async, reason = "the runtime wants a promise")]
#[wasm_bindgen(
    wasm_bindgen = worker::wasm_bindgen,
    wasm_bindgen_futures = worker::wasm_bindgen_futures,
    js_sys = worker::js_sys,
    js_name = queue
)]
pub async fn queue_export(
    batch: worker::worker_sys::MessageBatch,
    _env: Env,
    _ctx: worker::worker_sys::Context,
) -> std::result::Result<JsValue, JsValue> {
    for message in MessageBatch::<Value>::from(batch).raw_iter() {
        message.ack();
    }
    Ok(JsValue::UNDEFINED)
}

/// Runs every minute.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, _env: Env, _ctx: ScheduleContext) {}

/// The record of one event.
#[durable_object]
pub struct EventObject {
    _state: State,
}

impl DurableObject for EventObject {
    fn new(state: State, _env: Env) -> Self {
        Self { _state: state }
    }

    async fn fetch(&self, _req: Request) -> Result<Response> {
        Response::error("not implemented", 501)
    }
}

/// What belongs to one organizer.
#[durable_object]
pub struct OrganizerObject {
    _state: State,
}

impl DurableObject for OrganizerObject {
    fn new(state: State, _env: Env) -> Self {
        Self { _state: state }
    }

    async fn fetch(&self, _req: Request) -> Result<Response> {
        Response::error("not implemented", 501)
    }
}

/// The sending rate of the whole account.
#[durable_object]
pub struct SendGate {
    _state: State,
}

impl DurableObject for SendGate {
    fn new(state: State, _env: Env) -> Self {
        Self { _state: state }
    }

    async fn fetch(&self, _req: Request) -> Result<Response> {
        Response::error("not implemented", 501)
    }
}
