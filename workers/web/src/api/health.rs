//! `GET /healthz`.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http::StatusCode;
use store::Statement;

use crate::WebContext;
use crate::error::Problem;
use crate::respond;

/// 200 when the database answers.
pub async fn get(Extension(context): Extension<Arc<WebContext>>) -> Result<Response, Problem> {
    context.db.run(Statement::new("SELECT 1", Vec::new())).await?;
    Ok(respond::text(StatusCode::OK, "ok\n"))
}
