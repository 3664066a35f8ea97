//! What SES's answer to a mail means, by the name of the exception and never by the status alone.

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// SES took it.
    Accepted {
        /// SES's id of it.
        message_id: String,
    },
    /// Not accepted, too fast: try again later.
    Throttled,
    /// Not accepted, and no other mail will be until somebody or the clock changes something.
    AccountHeld {
        /// SES's words.
        reason: String,
    },
    /// Not accepted, and this mail never will be.
    Refused {
        /// SES's words.
        reason: String,
    },
    /// It may have been accepted or not.
    Unknown {
        /// What is known.
        reason: String,
    },
}

/// Reads the answer to `send_email`; `error_type` is the header `x-amzn-errortype`.
pub fn read_send_response(status: u16, error_type: Option<&str>, body: &[u8]) -> SendOutcome {
    let _ = (error_type, body);
    SendOutcome::Unknown { reason: format!("HTTP {status}") }
}
