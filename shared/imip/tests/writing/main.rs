//! The writing side from outside: golden files, hostile texts, and what the reading side makes of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may fail loudly"
)]

mod fixtures;
mod golden;
mod hostile;
mod mail;
mod round_trip;
