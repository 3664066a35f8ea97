//! SQL as data: one set of statements for Durable Object SQLite, D1 and, in tests, rusqlite.
//!
//! What lives here: values, rows, the two connection traits, and named queries over the D1 tables.
//! What does not: when to run them (`scheduling`, `web`), and how a platform runs them (`invite-server`).

pub mod accounts;
mod conn;
pub mod directory;
pub mod feeds;
pub mod pages;
pub mod search;
pub mod seeds;
#[cfg(feature = "rusqlite")]
pub mod sqlite;

pub use conn::{Database, Row, SqlConn, Statement, StoreError, Value};
