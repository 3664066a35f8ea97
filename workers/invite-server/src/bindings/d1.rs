//! D1: batches are transactions; rows are positions.
//!
//! D1 answers a batch with objects by column name, so in a batch of several statements the columns of a SELECT need
//! different names that are no numbers. A single statement is asked for arrays and has no such limit.

use async_trait::async_trait;
use store::{Database, Row, Statement, StoreError, Value};
use wasm_bindgen::prelude::*;
use worker::js_sys::{Array, Object, Promise, Reflect};
use worker::send::SendFuture;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{D1Database, D1PreparedStatement};

use super::{calls, within, words};

/// Longest wait for D1. It answers in milliseconds; whoever waits longer should let his caller try again.
const D1_TIMEOUT_MS: u64 = 15_000;

/// The read model's database.
#[derive(Debug)]
pub struct D1(pub D1Database);

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen, js_sys = worker::js_sys)]
extern "C" {
    /// `D1Database`; `worker` hides the rows of its batches behind serde.
    type RawD1;

    #[wasm_bindgen(method, catch)]
    fn batch(this: &RawD1, statements: Array) -> Result<Promise, JsValue>;
}

#[async_trait]
impl Database for D1 {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let statements: Vec<_> =
            statements.iter().map(|statement| (statement.sql, statement.params.as_slice())).collect();
        SendFuture::new(within(D1_TIMEOUT_MS, self.run_all(&statements)))
            .await
            .unwrap_or_else(|| Err(platform("no answer in time")))
    }
}

impl D1 {
    /// Runs statements that need not be constants.
    pub async fn run_all(&self, statements: &[(&str, &[Value])]) -> Result<Vec<Vec<Row>>, StoreError> {
        calls::count(calls::Binding::D1);
        match statements {
            [] => Ok(Vec::new()),
            [(sql, params)] => Ok(vec![self.run_one(sql, params).await?]),
            _ => {
                let prepared = Array::new();
                for (sql, params) in statements {
                    prepared.push(self.prepare(sql, params)?.inner());
                }
                let raw: &RawD1 = self.0.as_ref().unchecked_ref();
                let promise = raw.batch(prepared).map_err(failed)?;
                let answers = JsFuture::from(promise).await.map_err(failed)?;
                Array::from(&answers)
                    .iter()
                    .map(|answer| {
                        let results = Reflect::get(&answer, &JsValue::from_str("results")).map_err(failed)?;
                        Array::from(&results).iter().map(|row| cells(&Object::values(row.unchecked_ref()))).collect()
                    })
                    .collect()
            }
        }
    }

    async fn run_one(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = self.prepare(sql, params)?.raw_js_value().await.map_err(refused)?;
        rows.iter().map(|row| cells(&Array::from(row))).collect()
    }

    fn prepare(&self, sql: &str, params: &[Value]) -> Result<D1PreparedStatement, StoreError> {
        let statement = self.0.prepare(sql);
        if params.is_empty() {
            return Ok(statement);
        }
        let bound: Vec<JsValue> = params.iter().map(bind).collect();
        statement.bind(&bound).map_err(platform)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn failed(error: JsValue) -> StoreError {
    platform(words(&error))
}

/// D1's own words, without the stack that `worker` prints with them.
fn refused(error: worker::Error) -> StoreError {
    match error {
        worker::Error::D1(error) => platform(error.cause()),
        other => platform(other),
    }
}

fn platform(error: impl std::fmt::Display) -> StoreError {
    StoreError::Platform(error.to_string())
}

fn bind(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        #[allow(clippy::cast_precision_loss, reason = "the values of `store` stay within 2^53")]
        Value::Integer(number) => JsValue::from_f64(*number as f64),
        Value::Text(text) => JsValue::from_str(text),
    }
}

fn cells(row: &Array) -> Result<Row, StoreError> {
    row.iter()
        .map(|cell| {
            if cell.is_null() || cell.is_undefined() {
                Ok(Value::Null)
            } else if let Some(number) = cell.as_f64() {
                #[allow(clippy::cast_possible_truncation, reason = "the values of `store` are whole")]
                Ok(Value::Integer(number as i64))
            } else {
                cell.as_string().map(Value::Text).ok_or_else(|| platform("a blob is not among the values of `store`"))
            }
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Row)
}
