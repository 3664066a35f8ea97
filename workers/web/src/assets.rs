//! The files beside the pages. The platform serves them without the Worker (`[assets]` in wrangler.toml) from where
//! `scripts/build` has put them; here are only their names. Those carry a hash, so the files may be kept for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::error::Problem;
use crate::respond;

/// A file of `sites` as pages refer to it.
pub struct Asset {
    stem: &'static str,
    ending: &'static str,
    /// `/static/page-0123456789abcdef.css`.
    pub path: String,
}

impl Asset {
    fn new(stem: &'static str, ending: &'static str, hash: u64) -> Self {
        Self { stem, ending, path: format!("/static/{stem}-{hash:016x}.{ending}") }
    }
}

/// FNV-1a, as `scripts/lib/assets.mjs` counts it: the compiler has only the name left of a file.
const fn fingerprint(mut bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    while let [byte, rest @ ..] = bytes {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        bytes = rest;
    }
    hash
}

macro_rules! assets {
    ($($(#[$doc:meta])* $(@$feature:literal)? $name:ident = $folder:literal, $stem:literal, $ending:literal;)+) => {
        $($(#[$doc])* $(#[cfg(feature = $feature)])?
        pub static $name: LazyLock<Asset> = LazyLock::new(|| {
            const HASH: u64 =
                fingerprint(include_bytes!(concat!("../../../sites/", $folder, "/", $stem, ".", $ending)));
            Asset::new($stem, $ending, HASH)
        });)+

        fn all() -> Vec<&'static Asset> {
            vec![$($(#[cfg(feature = $feature)])? &*$name),+]
        }
    };
}

assets! {
    /// The style of every page.
    PAGE_CSS = "public", "page", "css";
    /// Times in the reader's zone.
    TIMES_JS = "public", "times", "js";
    /// Completes a click on an invitation link when the page is looked at.
    INVITE_JS = "public", "invite", "js";
    /// Counting and remembering picks.
    SCHEDULE_JS = "public", "schedule", "js";
    /// What changes on an open page.
    LIVE_JS = "public", "live", "js";
    /// The pages of one event and of the next few.
    LANDING_CSS = "public", "landing", "css";
    /// Sharing the address of an event.
    LANDING_JS = "public", "landing", "js";
    /// The next events inside of other sites.
    EMBED_CSS = "public", "embed", "css";
    /// The playground.
    @"local" PLAYGROUND_JS = "playground", "playground", "js";
    /// The playground.
    @"local" PLAYGROUND_CSS = "playground", "playground", "css";
}

/// `GET /static/{file}`, where the platform has no such file: a page of the version before asks for its own style.
/// Today's is better than none.
pub async fn moved(Path(name): Path<String>) -> Result<Response, Problem> {
    let stem = name.split('-').next().unwrap_or_default();
    let ending = name.rsplit('.').next().unwrap_or_default();
    let today = all().into_iter().find(|asset| asset.stem == stem && asset.ending == ending);
    match today {
        Some(asset) if !asset.path.ends_with(&name) => redirect(&asset.path, "public, max-age=60"),
        _ => Err(Problem::NotFound),
    }
}

/// `GET /favicon.ico`, which browsers ask for unasked.
pub async fn favicon() -> Result<Response, Problem> {
    redirect("/favicon.svg", "public, max-age=86400")
}

fn redirect(path: &str, cache: &'static str) -> Result<Response, Problem> {
    let mut response = respond::redirect(StatusCode::FOUND, path)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    Ok(response)
}
