//! rusqlite as the twin of both platforms: the same statements, the same limit on parameters.

use std::sync::Mutex;

use async_trait::async_trait;
use rusqlite::types::ValueRef;

use crate::{Database, Row, SqlConn, Statement, StoreError, Value};

/// An in-memory database.
pub struct Sqlite(Mutex<rusqlite::Connection>);

/// Most bound parameters that Durable Object SQLite and D1 take.
const BOUND_PARAMS_MAX: usize = 100;

fn platform(error: impl std::fmt::Display) -> StoreError {
    StoreError::Platform(error.to_string())
}

impl Sqlite {
    /// Opens an empty database.
    pub fn open() -> Result<Self, StoreError> {
        rusqlite::Connection::open_in_memory().map(|conn| Self(Mutex::new(conn))).map_err(platform)
    }

    /// Runs a migration file.
    pub fn migrate(&self, sql: &str) -> Result<(), StoreError> {
        self.0.lock().map_err(platform)?.execute_batch(sql).map_err(platform)
    }

    /// Runs `work` in a transaction that an `Err` rolls back, as `transactionSync` does in an object.
    pub fn transaction<T, E: From<StoreError>>(&self, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        SqlConn::run(self, "BEGIN", &[])?;
        let done = work(self);
        SqlConn::run(self, if done.is_ok() { "COMMIT" } else { "ROLLBACK" }, &[])?;
        done
    }
}

impl SqlConn for Sqlite {
    fn run(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        if params.len() > BOUND_PARAMS_MAX {
            return Err(StoreError::Platform(format!("{} bound parameters", params.len())));
        }
        let conn = self.0.lock().map_err(platform)?;
        let mut statement = conn.prepare_cached(sql).map_err(platform)?;
        let bound = params.iter().map(|value| match value {
            Value::Null => rusqlite::types::Value::Null,
            // Both platforms bind JavaScript numbers, which are doubles; columns of type INTEGER make integers of them.
            #[allow(clippy::cast_precision_loss, reason = "numbers stay within 2^53")]
            Value::Integer(number) => (*number as f64).into(),
            Value::Text(text) => text.clone().into(),
        });
        let columns = statement.column_count();
        let rows = statement
            .query_map(rusqlite::params_from_iter(bound), |row| {
                (0..columns)
                    .map(|column| {
                        Ok(match row.get_ref(column)? {
                            ValueRef::Null => Value::Null,
                            ValueRef::Integer(number) => Value::Integer(number),
                            #[allow(clippy::cast_possible_truncation, reason = "the platforms only have doubles")]
                            ValueRef::Real(number) => Value::Integer(number as i64),
                            ValueRef::Text(text) | ValueRef::Blob(text) => {
                                Value::Text(String::from_utf8_lossy(text).into_owned())
                            }
                        })
                    })
                    .collect::<rusqlite::Result<Vec<_>>>()
                    .map(Row)
            })
            .map_err(platform)?;
        rows.collect::<rusqlite::Result<Vec<_>>>().map_err(platform)
    }
}

#[async_trait]
impl Database for Sqlite {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        self.transaction(|conn| {
            statements.iter().map(|statement| SqlConn::run(conn, statement.sql, &statement.params)).collect()
        })
    }
}
