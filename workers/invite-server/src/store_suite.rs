//! Runs a list of statements in a real object, or in D1, and answers the rows: the other side of the storage suite,
//! which runs the same statements in rusqlite. Only in the local stack.
//!
//! `POST /dev/store-suite` with `{"on": "object" | "d1", "name": "…", "statements": [{"sql": "…", "params": [1, "a",
//! null]}], "atomic": true}` answers `{"results": [[[1, "a", null]]]}` or `{"error": "…"}`.

use serde::{Deserialize, Serialize};
use store::{Row, SqlConn, StoreError, Value};
use worker::Storage;

use crate::bindings::do_sql::{DoSql, in_transaction};
use crate::bindings::objects;
use crate::env::Contexts;

/// Where the suite is reached, from outside and in the object.
pub const PATH: &str = "/dev/store-suite";

#[derive(Deserialize)]
struct Suite {
    #[serde(default)]
    on: On,
    /// The object's name; every run should have its own.
    #[serde(default)]
    name: String,
    statements: Vec<Text>,
    /// Everything or nothing; D1 never does less.
    #[serde(default)]
    atomic: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum On {
    #[default]
    Object,
    D1,
}

#[derive(Deserialize)]
struct Text {
    sql: String,
    #[serde(default)]
    params: Vec<Cell>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Integer(i64),
    Text(String),
    Null(()),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Results(Vec<Vec<Vec<Cell>>>),
    Error(String),
}

/// Runs the suite where it wants to run.
pub async fn run(text: String, contexts: &Contexts) -> worker::Result<String> {
    let suite: Suite = serde_json::from_str(&text)?;
    match suite.on {
        On::Object => objects::post(&contexts.stubs()?.events, &suite.name, PATH, text).await,
        On::D1 => {
            let params: Vec<Vec<Value>> = suite.statements.iter().map(values).collect();
            let statements: Vec<(&str, &[Value])> = suite
                .statements
                .iter()
                .zip(&params)
                .map(|(statement, params)| (statement.sql.as_str(), params.as_slice()))
                .collect();
            Ok(written(contexts.db()?.run_all(&statements).await))
        }
    }
}

/// Runs the suite in this object.
pub fn in_object(storage: &Storage, sql: &DoSql, text: &str) -> String {
    let suite: Suite = match serde_json::from_str(text) {
        Ok(suite) => suite,
        Err(error) => return written(Err(StoreError::Json(error.to_string()))),
    };
    let work = || -> Result<_, StoreError> {
        suite.statements.iter().map(|statement| sql.run(&statement.sql, &values(statement))).collect()
    };
    written(if suite.atomic { in_transaction(storage, work) } else { work() })
}

fn values(statement: &Text) -> Vec<Value> {
    statement
        .params
        .iter()
        .map(|cell| match cell {
            Cell::Integer(number) => Value::Integer(*number),
            Cell::Text(text) => Value::Text(text.clone()),
            Cell::Null(()) => Value::Null,
        })
        .collect()
}

fn written(results: Result<Vec<Vec<Row>>, StoreError>) -> String {
    let outcome = match results {
        Ok(results) => {
            Outcome::Results(results.into_iter().map(|rows| rows.into_iter().map(cells).collect()).collect())
        }
        Err(error) => Outcome::Error(error.to_string()),
    };
    serde_json::to_string(&outcome).unwrap_or_default()
}

fn cells(row: Row) -> Vec<Cell> {
    row.0
        .into_iter()
        .map(|value| match value {
            Value::Null => Cell::Null(()),
            Value::Integer(number) => Cell::Integer(number),
            Value::Text(text) => Cell::Text(text),
        })
        .collect()
}
