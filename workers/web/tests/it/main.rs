//! The router against in-memory twins of the whole platform.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod contract;
mod doors;
mod event_page;
mod imports;
mod languages;
mod links;
mod pages;
mod places;
mod published;
mod readme;
mod schedule;
mod search;
mod stage;
mod twins;
