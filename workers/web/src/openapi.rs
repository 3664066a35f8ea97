//! `GET /openapi.json`: paths, methods and who may call them come from `routes.rs`; shapes from `openapi.json`.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::WebContext;
use crate::error::Problem;
use crate::respond;
use crate::routes::{Door, ROUTES, Route};

const SHAPES: &str = include_str!("openapi.json");

/// The description of the whole surface (OpenAPI 3.1).
pub fn document(public_url: &str) -> Value {
    let mut shapes: Value = serde_json::from_str(SHAPES).unwrap_or_default();
    let mut operations = shapes.get_mut("operations").map(Value::take).unwrap_or_default();
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let shape = operations.get_mut(format!("{} {}", route.method, route.path)).map(Value::take).unwrap_or_default();
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(route.method.to_owned(), operation(route, shape));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Convoke",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Calendar invitations. The routes outside of /v1/ are those of the first Calendar Invite Server.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": public_url }],
        "paths": paths,
        "components": {
            "schemas": shapes.get_mut("schemas").map(Value::take).unwrap_or_default(),
            "securitySchemes": {
                "key": { "type": "apiKey", "in": "header", "name": "x-api-key" },
                "bearer": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn operation(route: &Route, shape: Value) -> Value {
    let mut operation = match shape {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut parameters: Vec<Value> = route
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.split_once('}').map(|(name, _)| name))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if let Some(Value::Array(more)) = operation.remove("parameters") {
        parameters.extend(more);
    }
    let keyed = json!([{ "key": [] }, { "bearer": [] }]);
    let (security, tag) = match route.door {
        Door::Key | Door::System | Door::Admin => (keyed, "keyed"),
        Door::Link => (json!([]), "links"),
        // Open, but some do more with a key.
        Door::Open if route.path.ends_with("/invite") => (json!([{}, { "key": [] }, { "bearer": [] }]), "open"),
        Door::Open => (json!([]), "open"),
    };
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        let problem = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        responses.insert("default".into(), json!({ "description": "A problem document", "content": problem }));
    }
    let id: String = format!("{}{}", route.method, route.path)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    operation.insert("operationId".into(), id.trim_end_matches('_').into());
    operation.insert("summary".into(), route.summary.into());
    operation.insert("tags".into(), json!([tag]));
    operation.insert("parameters".into(), parameters.into());
    operation.insert("security".into(), security);
    Value::Object(operation)
}

/// The document.
pub async fn get(Extension(context): Extension<Arc<WebContext>>, headers: HeaderMap) -> Result<Response, Problem> {
    respond::json_tagged(&headers, &document(&context.config.public_url))
}
