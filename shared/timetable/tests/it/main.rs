//! What a timetable says and what can be asked of it, over a season of clubs that do not exist.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test fails by panicking"
)]

mod filter;
mod offer;
mod question;
mod season;
mod wanted;
