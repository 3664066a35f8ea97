//! The SQLite inside a Durable Object, and its transactions.

use store::{Row, SqlConn, StoreError, Value};
use wasm_bindgen::prelude::*;
use worker::{SqlStorage, SqlStorageValue, Storage};

use super::words;

/// One object's database.
#[derive(Debug, Clone)]
pub struct DoSql(SqlStorage);

impl DoSql {
    /// Of the object whose storage this is.
    pub fn new(storage: &Storage) -> Self {
        Self(storage.sql())
    }
}

impl SqlConn for DoSql {
    fn run(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let bound: Vec<SqlStorageValue> = params.iter().map(bind).collect();
        let cursor = self.0.exec(sql, bound).map_err(platform)?;
        cursor
            .raw()
            .map(|cells| {
                let cells = cells.map_err(platform)?.into_iter().map(value);
                cells.collect::<Result<Vec<_>, _>>().map(Row)
            })
            .collect()
    }
}

fn platform(error: impl std::fmt::Display) -> StoreError {
    StoreError::Platform(error.to_string())
}

fn bind(value: &Value) -> SqlStorageValue {
    match value {
        Value::Null => SqlStorageValue::Null,
        Value::Integer(number) => SqlStorageValue::Integer(*number),
        Value::Text(text) => SqlStorageValue::String(text.clone()),
    }
}

fn value(cell: SqlStorageValue) -> Result<Value, StoreError> {
    Ok(match cell {
        SqlStorageValue::Null => Value::Null,
        SqlStorageValue::Boolean(flag) => Value::Integer(flag.into()),
        SqlStorageValue::Integer(number) => Value::Integer(number),
        #[allow(clippy::cast_possible_truncation, reason = "the values of `store` are whole")]
        SqlStorageValue::Float(number) => Value::Integer(number as i64),
        SqlStorageValue::String(text) => Value::Text(text),
        SqlStorageValue::Blob(_) => {
            return Err(platform("a blob is not among the values of `store`"));
        }
    })
}

#[wasm_bindgen(wasm_bindgen = worker::wasm_bindgen)]
extern "C" {
    /// `DurableObjectStorage`, with the method that `worker` leaves out.
    type SyncStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &SyncStorage,
        work: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// Runs `work` in a transaction. It cannot await, so nobody gets in between its reading and its writing; an `Err`
/// takes back its rows and the alarm it set.
pub fn in_transaction<T, E: From<StoreError>>(storage: &Storage, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let raw: &SyncStorage = storage.as_raw().unchecked_ref();
    let mut work = Some(work);
    let mut done = None;
    let end = raw.transaction_sync(&mut || {
        let result = work.take().map(|work| work());
        let commits = matches!(result, Some(Ok(_)));
        done = result;
        if commits { Ok(JsValue::UNDEFINED) } else { Err(JsValue::from_str("rolled back")) }
    });
    match (end, done) {
        (Ok(_), Some(result)) | (Err(_), Some(result @ Err(_))) => result,
        // The commit itself failed.
        (Err(error), _) => Err(platform(words(&error)).into()),
        (Ok(_), None) => Err(platform("the transaction did not run").into()),
    }
}

/// Sets the object's alarm to a moment in milliseconds since 1970; in a transaction, as part of it.
///
/// The raw call: `worker`'s own is lazy and takes an offset.
pub fn set_alarm(storage: &Storage, at_ms: i64) -> Result<(), StoreError> {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds stay below 2^53 for 285,000 years")]
    let at = worker::js_sys::Date::new(&JsValue::from_f64(at_ms as f64));
    storage.as_raw().set_alarm(at, worker::js_sys::Object::new()).map(drop).map_err(|error| platform(words(&error)))
}
