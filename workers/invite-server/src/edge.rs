//! What is published, straight from KV: before any router, context or decision.

use http::{HeaderMap, HeaderValue, Uri, header};
use scheduling::ports::Clock;
use wasm_bindgen::JsValue;
use web::publish::{self, Edition};
use worker::js_sys::Reflect;
use worker::web_sys::{self, ReadableStream};
use worker::{EncodeBody, Headers, ResponseBuilder};

use crate::bindings::clock::WallClock;
use crate::bindings::kv::decompressed;
use crate::bindings::words;
use crate::env::Contexts;
use crate::log;

/// The fields that choose an answer; the others are not even read.
const FIELDS: [header::HeaderName; 4] = [
    header::ACCEPT_LANGUAGE,
    header::IF_NONE_MATCH,
    header::AUTHORIZATION,
    header::HeaderName::from_static("x-api-key"),
];

/// Answers from a snapshot; `None`: the router shall.
pub async fn answer(request: &web_sys::Request, contexts: &Contexts) -> Option<web_sys::Response> {
    let method = request.method();
    if method != "GET" && method != "HEAD" {
        return None;
    }
    let uri: Uri = request.url().parse().ok()?;
    let mut fields = HeaderMap::with_capacity(FIELDS.len());
    for name in FIELDS {
        if let Ok(Some(value)) = request.headers().get(name.as_str())
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            fields.insert(name, value);
        }
    }
    let edition = Edition::wanted(uri.path(), uri.query(), &fields)?;
    let now = WallClock.now();
    if edition.part.is_keyed() {
        publish::admits(&contexts.db().ok()?, contexts.key_hashes(), &fields, &edition, now).await.ok()?;
    }
    let found = publish::from_snapshot(&contexts.pages().ok()?, &edition, uri.path(), &fields, now).await;
    let response = match found {
        Ok(response) => response?,
        Err(problem) => {
            // D1 can answer, too.
            log::failure("snapshot", "", &problem.to_string());
            return None;
        }
    };
    match written(request, &method, response) {
        Ok(response) => Some(response),
        Err(error) => {
            log::failure("snapshot", "", &error);
            None
        }
    }
}

fn written(
    request: &web_sys::Request,
    method: &str,
    response: http::Response<Option<ReadableStream>>,
) -> Result<web_sys::Response, String> {
    let (parts, body) = response.into_parts();
    let headers = Headers::new();
    let set = |name: &str, value: &str| headers.set(name, value).map_err(|error| error.to_string());
    for (name, value) in &parts.headers {
        set(name.as_str(), value.to_str().unwrap_or_default())?;
    }
    #[cfg(feature = "local")]
    set("x-convoke-from", "kv")?;
    let has_body = body.is_some();
    let packed = takes_gzip(request);
    let body = match body {
        Some(body) if method == "HEAD" => {
            // Nobody will read it.
            drop(body.cancel());
            None
        }
        Some(body) if !packed => Some(decompressed(&body).map_err(|error| words(&error))?),
        body => body,
    };
    let mut builder = ResponseBuilder::new().with_status(parts.status.as_u16());
    if has_body && packed {
        set("content-encoding", "gzip")?;
        builder = builder.with_encode_body(EncodeBody::Manual);
    }
    let builder = builder.with_headers(headers);
    Ok(match body {
        Some(body) => builder.stream(body),
        None => builder.empty(),
    }
    .into())
}

/// What the caller himself takes: Accept-Encoding is the platform's own here.
fn takes_gzip(request: &web_sys::Request) -> bool {
    let get = |from: &JsValue, name: &str| Reflect::get(from, &JsValue::from_str(name)).ok();
    let accepted = get(request, "cf").and_then(|cf| get(&cf, "clientAcceptEncoding")).and_then(|text| text.as_string());
    accepted.is_some_and(|accepted| {
        accepted.split(',').any(|one| {
            let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
            coding.trim().eq_ignore_ascii_case("gzip") && weight.trim().trim_start_matches("q=") != "0"
        })
    })
}
