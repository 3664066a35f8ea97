//! Amazon SES v2 without I/O: signed requests out, answers in.
//!
//! What lives here: the wire form of `SendEmail` and `GetAccount`, signing, and what an answer means.
//! What does not: sending bytes, waiting, retrying, and the mail itself.

mod account;
mod outcome;
mod request;

pub use account::{Quota, read_account_response};
pub use outcome::{SendOutcome, read_send_response};
pub use request::{SendRequest, SesCredentials, SesEndpoint, SesError, get_account, send_email, tag_value};
