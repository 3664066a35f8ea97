//! The router against in-memory twins of the whole platform.

mod contract;
mod doors;
mod links;
mod places;
mod stage;
