//! `/s/{slug}/live`: what changes on an open page.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use itip::CalAddress;

use crate::WebContext;
use crate::error::Problem;
use crate::extract::network;
use crate::pages::{Found, find};
use crate::respond;

/// In the extensions of an answer: the caller becomes a listener of an organizer's object instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Whose.
    pub organizer: CalAddress,
    /// Where the caller listens from: of one network only so many may.
    pub network: String,
}

/// Lets a page listen. The socket itself is the platform's.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let upgrades = headers.get(header::UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if !upgrades {
        return Err(Problem::UpgradeNeeded);
    }
    let organizer = match find(context.db.as_ref(), &slug).await? {
        Found::Moved(to) => return respond::redirect(StatusCode::MOVED_PERMANENTLY, &format!("/s/{to}/live")),
        Found::Here(page) => page.organizer.address,
    };
    let mut response = Response::default();
    response.extensions_mut().insert(Listen { organizer, network: network(&headers) });
    Ok(response)
}
