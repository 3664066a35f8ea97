//! Use cases shared by the surfaces: what may be asked of an event or an organizer, and how it is decided.
//!
//! What lives here: the objects' logic over [`store::SqlConn`] (one synchronous transaction per command), the ports
//! that the surfaces speak to, keys and signed links. What does not: the platform (`invite-server`), calendar text
//! (`imip`), HTTP (`web`). Time and randomness are arguments.

pub mod command;
pub mod event_object;
pub mod feed;
pub mod import;
pub mod keys;
#[cfg(feature = "memory")]
pub mod memory;
pub mod organizer_object;
pub mod ports;
mod schema;
pub mod send_gate;
pub mod settings;
