//! `/`: what this place is; and what is at no address at all.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use views::pages::HomePage;

use crate::WebContext;
use crate::error::Problem;
use crate::pages::{Reader, or_refusal, shell};
use crate::respond;

/// Three steps and an address.
pub async fn get(Extension(context): Extension<Arc<WebContext>>, reader: Reader) -> Response {
    let page = HomePage {
        shell: shell(&context, reader.words().home_title, reader, &[]),
        create: format!("create@{}", context.config.domain),
    };
    or_refusal(&context, reader, respond::page(StatusCode::OK, &page, ""))
}

/// Whatever has no route: a page for people, a problem document for programs.
pub async fn fallback(Extension(context): Extension<Arc<WebContext>>, reader: Reader, request: Request) -> Response {
    let accept = request.headers().get(http::header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html") {
        or_refusal(&context, reader, Err(Problem::NotFound))
    } else {
        Problem::NotFound.into_response()
    }
}
