//! `/v1/keys`: keys are shown once and kept as hashes.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use itip::Timestamp;
use scheduling::keys::sha256_hex;
use serde::{Deserialize, Serialize};
use store::accounts::{self, ApiKeyRow};

use crate::WebContext;
use crate::auth::{Access, Scope};
use crate::error::Problem;
use crate::extract::JsonBody;
use crate::respond;

/// Most scopes of one key.
const SCOPES_MAX: usize = 100;

/// A key to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    #[serde(default)]
    label: String,
    scopes: Vec<String>,
    #[serde(default)]
    expires: Option<i64>,
}

#[derive(Serialize)]
struct KeyDocument {
    id: String,
    label: String,
    scopes: Vec<String>,
    created: i64,
    expires: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl KeyDocument {
    fn new(row: ApiKeyRow, key: Option<String>) -> Self {
        Self {
            id: row.id,
            label: row.label,
            scopes: serde_json::from_str(&row.scopes).unwrap_or_default(),
            created: row.created.0,
            expires: row.expires.map(|expires| expires.0),
            key,
        }
    }
}

/// Makes a key.
pub async fn create(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    JsonBody(new): JsonBody<NewKey>,
) -> Result<Response, Problem> {
    access.admin()?;
    if new.scopes.is_empty() || new.scopes.len() > SCOPES_MAX {
        return Err(Problem::invalid("scopes", format!("scopes holds 1 to {SCOPES_MAX} scopes")));
    }
    let mut scopes = Vec::with_capacity(new.scopes.len());
    for text in &new.scopes {
        let scope = Scope::parse(text).ok_or_else(|| Problem::invalid("scopes", format!("{text:?} is no scope")))?;
        scopes.push(scope.as_text());
    }
    if new.label.chars().count() > 100 || new.label.chars().any(char::is_control) {
        return Err(Problem::invalid("label", "label is one line of at most 100 characters"));
    }
    let now = context.clock.now();
    if new.expires.is_some_and(|expires| expires <= now.0 || expires > i64::from(u32::MAX)) {
        return Err(Problem::invalid("expires", "expires lies in the future, in epoch seconds"));
    }
    let key = format!("cvk_{}", hex(&context.entropy.bytes()));
    // The public name is made of the key, so that the key cannot be made of the name.
    let id: String = sha256_hex(format!("name {key}").as_bytes()).chars().take(12).collect();
    let row = ApiKeyRow {
        id,
        label: new.label,
        scopes: serde_json::to_string(&scopes).map_err(|error| Problem::Internal { cause: error.to_string() })?,
        created: now,
        expires: new.expires.map(Timestamp),
    };
    context.db.run(accounts::add_api_key(&sha256_hex(key.as_bytes()), &row)).await?;
    respond::json(StatusCode::CREATED, &KeyDocument::new(row, Some(key)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[derive(Serialize)]
struct KeyList {
    keys: Vec<KeyDocument>,
}

/// Lists keys without the keys themselves.
pub async fn list(Extension(context): Extension<Arc<WebContext>>, access: Access) -> Result<Response, Problem> {
    access.admin()?;
    let rows = accounts::api_keys(context.db.as_ref()).await?;
    let keys = rows.into_iter().map(|row| KeyDocument::new(row, None)).collect();
    respond::json(StatusCode::OK, &KeyList { keys })
}

/// Ends a key at once.
pub async fn remove(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    access.admin()?;
    let removed = context.db.run(accounts::remove_api_key(&id)).await?;
    if removed.is_empty() { Err(Problem::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}
