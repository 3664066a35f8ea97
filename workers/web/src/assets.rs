//! The few files beside the pages. Their names carry a hash of their content, so they may be kept for ever.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use scheduling::keys::sha256_hex;

use crate::error::Problem;

/// A file and the name it is served under.
pub struct Asset {
    /// `/static/page-0123456789ab.css`.
    pub path: String,
    body: &'static str,
    kind: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, body: &'static str) -> Self {
        let hash: String = sha256_hex(body.as_bytes()).chars().take(12).collect();
        Self { path: format!("/static/{stem}-{hash}.{ending}"), body, kind }
    }
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($(#[$doc:meta])* $(@$feature:literal)? $name:ident = $stem:literal, $ending:literal, $kind:expr, $file:literal;)+) => {
        $($(#[$doc])* $(#[cfg(feature = $feature)])?
        pub static $name: LazyLock<Asset> =
            LazyLock::new(|| Asset::new($stem, $ending, $kind, include_str!(concat!("../../../sites/", $file))));)+

        fn all() -> Vec<&'static Asset> {
            vec![$($(#[cfg(feature = $feature)])? &*$name),+]
        }
    };
}

assets! {
    /// The style of every page.
    PAGE_CSS = "page", "css", CSS, "public/page.css";
    /// Times in the reader's zone.
    TIMES_JS = "times", "js", JS, "public/times.js";
    /// Completes a click on an invitation link when the page is looked at.
    INVITE_JS = "invite", "js", JS, "public/invite.js";
    /// Counting and remembering picks.
    SCHEDULE_JS = "schedule", "js", JS, "public/schedule.js";
    /// The playground.
    @"local" PLAYGROUND_JS = "playground", "js", JS, "playground/playground.js";
    /// The playground.
    @"local" PLAYGROUND_CSS = "playground", "css", CSS, "playground/playground.css";
}

fn file(kind: &'static str, body: &'static str, cache: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// `GET /static/{file}`.
pub async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let path = format!("/static/{name}");
    if let Some(asset) = all().into_iter().find(|asset| asset.path == path) {
        return Ok(file(asset.kind, asset.body, "public, max-age=31536000, immutable"));
    }
    // A page of the version before may still ask for its own style: today's is better than none.
    let stem = name.split('-').next().unwrap_or_default();
    let same = |asset: &&Asset| asset.path.starts_with(&format!("/static/{stem}-"));
    let ending = |asset: &&Asset| asset.path.rsplit('.').next() == name.rsplit('.').next();
    match all().into_iter().find(|asset| !stem.is_empty() && same(asset) && ending(asset)) {
        Some(asset) => Ok(file(asset.kind, asset.body, "public, max-age=60")),
        None => Err(Problem::NotFound),
    }
}

/// `GET /favicon.svg` and `/favicon.ico`.
pub async fn favicon() -> Response {
    file("image/svg+xml", include_str!("../../../sites/public/favicon.svg"), "public, max-age=86400")
}

/// `GET /robots.txt`: schedules may be found, links with tokens and addresses may not.
pub async fn robots() -> Response {
    let text = "User-agent: *\nDisallow: /r/\nDisallow: /u/\nDisallow: /c/\nDisallow: /o/\nDisallow: /event/\nDisallow: /v1/\nAllow: /\n";
    let mut response = file("text/plain; charset=utf-8", text, "public, max-age=86400");
    *response.status_mut() = StatusCode::OK;
    response
}
