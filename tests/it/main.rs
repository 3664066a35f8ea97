//! What holds across crates: who may depend on whom, SQL against the real schema, and whole conversations.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod architecture;
mod conversations;
mod deployment;
mod imports;
mod migrations;
mod rules;
mod script;
mod store_suite;
mod vectors;
