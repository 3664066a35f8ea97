//! What the account may send.

use serde::Deserialize;

use crate::SendOutcome;
use crate::outcome::read_failure;

/// What `GetAccount` says about sending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    /// Mails in 24 hours; -1 for an account without such a limit.
    pub max_24_hour_send: f64,
    /// Mails a second.
    pub max_send_rate: f64,
    /// Mails in the last 24 hours.
    pub sent_last_24_hours: f64,
    /// Whether SES would take mail at all: false while the account is paused.
    pub sending_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Account {
    send_quota: SendQuota,
    #[serde(default = "yes")]
    sending_enabled: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct SendQuota {
    #[serde(rename = "Max24HourSend")]
    max_24_hour_send: f64,
    #[serde(rename = "MaxSendRate")]
    max_send_rate: f64,
    #[serde(rename = "SentLast24Hours")]
    sent_last_24_hours: f64,
}

/// Reads the answer to `get_account`; `error_type` is the header `x-amzn-errortype`. A failure means the same as
/// for a mail.
pub fn read_account_response(status: u16, error_type: Option<&str>, body: &[u8]) -> Result<Quota, SendOutcome> {
    if !(200..300).contains(&status) {
        return Err(read_failure(status, error_type, body));
    }
    let account: Option<Account> = str::from_utf8(body).ok().and_then(|body| serde_json::from_str(body).ok());
    let account = account.ok_or_else(|| SendOutcome::Unknown { reason: format!("{status} without a quota") })?;
    Ok(Quota {
        max_24_hour_send: account.send_quota.max_24_hour_send,
        max_send_rate: account.send_quota.max_send_rate,
        sent_last_24_hours: account.send_quota.sent_last_24_hours,
        sending_enabled: account.sending_enabled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_is_read() {
        let body = br#"{"EnforcementStatus":"HEALTHY","SendingEnabled":true,
            "SendQuota":{"Max24HourSend":50000.0,"MaxSendRate":14.0,"SentLast24Hours":127.0}}"#;
        let quota =
            Quota { max_24_hour_send: 50_000.0, max_send_rate: 14.0, sent_last_24_hours: 127.0, sending_enabled: true };
        assert_eq!(read_account_response(200, None, body), Ok(quota));
        let paused =
            br#"{"SendingEnabled":false,"SendQuota":{"Max24HourSend":-1,"MaxSendRate":1,"SentLast24Hours":0}}"#;
        let quota = read_account_response(200, None, paused).unwrap();
        assert!(!quota.sending_enabled && quota.max_24_hour_send < 0.0);
    }

    #[test]
    fn a_failure_means_what_it_means_for_a_mail() {
        let held = read_account_response(403, Some("InvalidSignatureException"), b"{}");
        assert!(matches!(held, Err(SendOutcome::AccountHeld { .. })));
        assert_eq!(read_account_response(429, Some("TooManyRequestsException"), b""), Err(SendOutcome::Throttled));
        assert!(matches!(read_account_response(200, None, b"{}"), Err(SendOutcome::Unknown { .. })));
        assert!(matches!(read_account_response(500, None, b""), Err(SendOutcome::Unknown { .. })));
    }
}
