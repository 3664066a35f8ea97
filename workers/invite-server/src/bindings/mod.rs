//! Adapters: each implements one port of `scheduling`, `store` or `web` on one binding of Cloudflare.
//!
//! What lives here: conversions and waiting. What does not: any decision about events or mail.

pub mod calls;
pub mod clock;
pub mod d1;
pub mod do_sql;
pub mod doh;
pub mod entropy;
pub mod feed_http;
pub mod kv;
pub mod objects;
#[cfg(feature = "local")]
pub mod outbox;
pub mod queues;
pub mod r2;
pub mod ses_http;
pub mod shield;
pub mod signatures;
pub mod text_decoder;

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use wasm_bindgen::{JsCast, JsValue};
use worker::{Delay, js_sys};

/// What a JavaScript exception says: its message, never the objects that hang on it.
pub fn words(error: &JsValue) -> String {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
        .or_else(|| error.as_string())
        .unwrap_or_else(|| "an exception without words".to_owned())
}

/// Waits for `work`, at most `ms` milliseconds.
pub async fn within<T>(ms: u64, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(Delay::from(Duration::from_millis(ms)))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(((), _)) => None,
    }
}
