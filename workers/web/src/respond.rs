//! Answers: JSON, pages, redirects.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use scheduling::keys::sha256_hex;
use serde::Serialize;

use crate::error::Problem;

fn with_type(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A JSON document; never kept by anybody in between.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(value).map_err(|error| Problem::Internal { cause: error.to_string() })?;
    Ok(json_bytes(status, bytes))
}

/// A JSON document that is written already.
pub fn json_bytes(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = with_type(status, "application/json", bytes);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// A JSON document with an entity tag, or 304 for a caller who has it.
pub fn json_tagged(headers: &HeaderMap, value: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(value).map_err(|error| Problem::Internal { cause: error.to_string() })?;
    let tag: String = sha256_hex(&bytes).chars().take(32).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let same = known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*");
    let mut response = if same {
        with_type(StatusCode::NOT_MODIFIED, "application/json", Body::empty())
    } else {
        json_bytes(StatusCode::OK, bytes)
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    Ok(response)
}

/// A line of text.
pub fn text(status: StatusCode, words: &'static str) -> Response {
    with_type(status, "text/plain; charset=utf-8", words)
}

/// A file to keep.
pub fn attachment(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = with_type(StatusCode::OK, kind, bytes);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page. `form_targets` are origins, beside our own, that a form of it may end at.
pub fn page(status: StatusCode, page: &impl views::pages::Page, form_targets: &str) -> Result<Response, Problem> {
    let html = page.html().map_err(|cause| Problem::Internal { cause })?;
    let mut response = with_type(status, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    // Styles and scripts come from our own /static/ only; an organizer's description may show pictures.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         form-action 'self' {form_targets}; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A redirect.
pub fn redirect(status: StatusCode, to: &str) -> Result<Response, Problem> {
    let location =
        HeaderValue::from_str(to).map_err(|error| Problem::Internal { cause: format!("redirect: {error}") })?;
    let mut response = text(status, "Acknowledged");
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
