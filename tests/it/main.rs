//! What holds across crates: who may depend on whom, and SQL against the real schema.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod architecture;
mod migrations;
mod store_suite;
