//! Everything that is reached over HTTP: the first API's routes, `/v1/`, pages for guests and organizers.
//!
//! What lives here: routing, keys and scopes, limits, what an answer says. What does not: deciding about events
//! (`scheduling`), the text of pages (`views`), the platform (`invite-server`). No handler reads a clock, the
//! environment or the network; everything comes with [`WebContext`].

mod api;
mod assets;
mod auth;
mod context;
mod error;
mod events;
mod extract;
mod invite;
mod landing;
mod openapi;
mod pages;
pub mod publish;
mod respond;
pub mod routes;
mod search;
mod twins;

pub use auth::{KeyHashes, Scope};
#[cfg(feature = "local")]
pub use context::Outbox;
pub use context::{Shield, WebContext};
pub use error::{Cause, Problem};
pub use openapi::document as openapi_document;
pub use pages::live::Listen;
pub use pages::schedule::Seasons;
pub use routes::answer;
