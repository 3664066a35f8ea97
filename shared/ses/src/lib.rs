//! Amazon SES v2 without I/O: requests out, answers in. The caller brings the time and the network.
//!
//! What lives here: `SendEmail` with raw content and `GetAccount`, their signature (`SigV4`), and what the answers mean.

mod request;
mod response;

pub use request::{SendRequest, SesCredentials, SesEndpoint, SesError, get_account, send_email};
pub use response::{Quota, SendOutcome, read_account_response, read_send_response};
