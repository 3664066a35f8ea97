//! What the account may send.

use crate::SendOutcome;

/// `SendQuota` of `GetAccount`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    /// Mails in 24 hours.
    pub max_24_hour_send: f64,
    /// Mails a second.
    pub max_send_rate: f64,
    /// Mails in the last 24 hours.
    pub sent_last_24_hours: f64,
    /// Whether SES would take mail at all (`SendingEnabled`).
    pub sending_enabled: bool,
}

/// Reads the answer to `get_account`.
pub fn read_account_response(status: u16, error_type: Option<&str>, body: &[u8]) -> Result<Quota, SendOutcome> {
    let _ = (error_type, body);
    Err(SendOutcome::Unknown { reason: format!("HTTP {status}") })
}
