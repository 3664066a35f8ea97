//! Answers: JSON, pages, redirects.

use axum::body::Body;
use axum::response::Response;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::error::Problem;
use crate::publish::{is_known, tag};

/// The type of pages.
pub const HTML: &str = "text/html; charset=utf-8";
/// The type of JSON documents.
pub const JSON: &str = "application/json";

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
    let mut response = with_type(status, JSON, bytes);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// A JSON document with an entity tag, or 304 for a caller who has it.
pub fn json_tagged(headers: &HeaderMap, value: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(value).map_err(|error| Problem::Internal { cause: error.to_string() })?;
    let tag = tag(&bytes);
    let mut response = if is_known(headers, &tag) {
        with_type(StatusCode::NOT_MODIFIED, JSON, Body::empty())
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

/// A page of an organizer, who may show pictures of his own from anywhere.
pub fn public_page(status: StatusCode, page: &impl views::pages::Page) -> Result<Response, Problem> {
    let mut response = with_fields(status, page, public_fields())?;
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    Ok(response)
}

/// A part of a page.
pub fn fragment(html: String) -> Response {
    let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", html);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A style; one that its address names completely may be kept for ever.
pub fn style(css: String, named: bool) -> Response {
    let mut response = with_type(StatusCode::OK, "text/css; charset=utf-8", css);
    let kept = if named { "public, max-age=31536000, immutable" } else { "public, max-age=60" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A page. `form_targets` are origins, beside our own, that a form of it may end at.
pub fn page(status: StatusCode, page: &impl views::pages::Page, form_targets: &str) -> Result<Response, Problem> {
    with_fields(status, page, page_fields(form_targets))
}

fn with_fields(
    status: StatusCode,
    page: &dyn views::pages::Page,
    fields: Vec<(HeaderName, String)>,
) -> Result<Response, Problem> {
    let html = page.html().map_err(|cause| Problem::Internal { cause })?;
    let mut response = with_type(status, HTML, html);
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What every page says about itself to the browser.
pub fn page_fields(form_targets: &str) -> Vec<(HeaderName, String)> {
    fields("", form_targets, "'none'")
}

/// The same of an organizer's page, who may show pictures from anywhere.
pub fn public_fields() -> Vec<(HeaderName, String)> {
    fields("https:", "", "'none'")
}

/// The same of a page that some sites may show in a frame; all of them if none is named.
pub fn framed_fields(sites: &[String]) -> Vec<(HeaderName, String)> {
    let frames = if sites.is_empty() { "*".to_owned() } else { sites.join(" ") };
    fields("https:", "", &frames)
}

/// What a part of a page says about itself: opened alone it is no page.
pub fn fragment_fields() -> Vec<(HeaderName, String)> {
    vec![
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ]
}

fn fields(pictures: &str, form_targets: &str, frames: &str) -> Vec<(HeaderName, String)> {
    // Styles and scripts come from us only; an organizer's description may show pictures.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data: {pictures}; \
         form-action 'self' {form_targets}; base-uri 'none'; frame-ancestors {frames}"
    );
    vec![
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ]
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
