//! What SES's answer to a mail means.
//!
//! Invariant: the exception's name and message decide, never the status alone, because SES uses 400 for what
//! passes and for what stays. Whatever is not known for sure is `Unknown`: nothing is lost by asking once more,
//! while a wrong `Refused` loses the mail.

use serde_json::Value;

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

/// Longest reason kept, in characters.
const REASON_CHARS_MAX: usize = 300;

/// Reads the answer to `send_email`; `error_type` is the header `x-amzn-errortype`.
pub fn read_send_response(status: u16, error_type: Option<&str>, body: &[u8]) -> SendOutcome {
    if (200..300).contains(&status) {
        return match field(&parse(body), &["MessageId"]) {
            "" => SendOutcome::Unknown { reason: format!("{status} without a message id") },
            message_id => SendOutcome::Accepted { message_id: message_id.to_owned() },
        };
    }
    read_failure(status, error_type, body)
}

/// What a failed request means, whichever it was.
pub(crate) fn read_failure(status: u16, error_type: Option<&str>, body: &[u8]) -> SendOutcome {
    let failure = parse(body);
    let in_body = || field(&failure, &["__type", "code", "Code"]);
    let stem = name_stem(error_type.filter(|name| !name.is_empty()).unwrap_or_else(in_body));
    let message = field(&failure, &["message", "Message"]);
    let reason = format!("{status} {stem} {message}").trim_end().chars().take(REASON_CHARS_MAX).collect();
    let says = |words: &str| message.to_ascii_lowercase().contains(words);

    // Both quotas come under one name, and only the message tells a second's from a day's.
    if says("daily message quota exceeded") || says("daily sending quota") {
        return SendOutcome::AccountHeld { reason };
    }
    if says("maximum sending rate exceeded") {
        return SendOutcome::Throttled;
    }
    match stem {
        "TooManyRequests" | "Throttling" | "Throttled" | "RequestThrottled" => SendOutcome::Throttled,
        "SendingPaused"
        | "AccountSuspended"
        | "LimitExceeded"
        // The clock, the key or the policy is wrong.
        | "RequestExpired"
        | "RequestTimeTooSkewed"
        | "InvalidSignature"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "UnrecognizedClient"
        | "InvalidClientTokenId"
        | "ExpiredToken"
        | "AccessDenied"
        | "NotAuthorized"
        | "OptInRequired" => SendOutcome::AccountHeld { reason },
        "MessageRejected" | "BadRequest" | "Validation" | "MailFromDomainNotVerified" | "NotFound" => {
            SendOutcome::Refused { reason }
        }
        _ => SendOutcome::Unknown { reason },
    }
}

/// The answer's JSON; what is none has no fields.
fn parse(body: &[u8]) -> Value {
    str::from_utf8(body).ok().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
}

/// The first of these fields that is a text; AWS spells them differently from service to service.
fn field<'a>(answer: &'a Value, names: &[&str]) -> &'a str {
    names.iter().find_map(|name| answer.get(name)?.as_str()).unwrap_or_default()
}

/// The bare name of `com.amazonaws.sesv2#MessageRejectedException:http://internal.amazon.com/`, without
/// `Exception`: AWS writes some names with and some without it.
fn name_stem(name: &str) -> &str {
    let bare = name.rsplit_once('#').map_or(name, |(_, bare)| bare);
    let bare = bare.split(':').next().unwrap_or_default().trim();
    bare.strip_suffix("Exception").unwrap_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(outcome: &SendOutcome) -> &'static str {
        match outcome {
            SendOutcome::Accepted { .. } => "accepted",
            SendOutcome::Throttled => "throttled",
            SendOutcome::AccountHeld { .. } => "held",
            SendOutcome::Refused { .. } => "refused",
            SendOutcome::Unknown { .. } => "unknown",
        }
    }

    /// Status, name, message, meaning.
    const ANSWERS: &[(u16, &str, &str, &str)] = &[
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", "throttled"),
        (429, "TooManyRequestsException", "", "throttled"),
        (400, "TooManyRequestsException", "slow down", "throttled"),
        (400, "ThrottlingException", "Rate exceeded", "throttled"),
        (400, "Throttling", "Rate exceeded", "throttled"),
        (400, "LimitExceededException", "Maximum sending rate exceeded.", "throttled"),
        (454, "", "Throttling failure: Maximum sending rate exceeded.", "throttled"),
        (429, "TooManyRequestsException", "Daily message quota exceeded.", "held"),
        (454, "", "Throttling failure: Daily message quota exceeded.", "held"),
        (400, "SendingPausedException", "Sending is paused for this account.", "held"),
        (400, "AccountSuspendedException", "suspended", "held"),
        (400, "LimitExceededException", "too many", "held"),
        (403, "RequestExpired", "Request has expired", "held"),
        (403, "InvalidSignature", "The request signature we calculated does not match", "held"),
        (403, "InvalidSignatureException", "Signature expired: 20300101T000000Z", "held"),
        (403, "SignatureDoesNotMatch", "", "held"),
        (403, "UnrecognizedClientException", "The security token is invalid.", "held"),
        (403, "AccessDeniedException", "not authorized to perform ses:SendEmail", "held"),
        (400, "MessageRejected", "Email address is not verified.", "refused"),
        (400, "MessageRejectedException", "", "refused"),
        (400, "BadRequestException", "Invalid header", "refused"),
        (400, "MailFromDomainNotVerifiedException", "", "refused"),
        (404, "NotFoundException", "Configuration set does not exist", "refused"),
        (500, "InternalFailure", "", "unknown"),
        (500, "", "", "unknown"),
        (502, "", "<html>Bad Gateway</html>", "unknown"),
        (503, "ServiceUnavailable", "", "unknown"),
        (504, "", "", "unknown"),
        // The name beats the status in both directions.
        (500, "ThrottlingException", "", "throttled"),
        (200, "", "no id", "unknown"),
        (404, "", "a proxy's page", "unknown"),
        (429, "", "a proxy's page", "unknown"),
        (400, "SomethingNewException", "", "unknown"),
    ];

    #[test]
    fn the_name_and_the_message_decide() {
        for (status, name, message, meaning) in ANSWERS {
            let in_header = read_send_response(
                *status,
                Some(&format!("{name}:http://internal.amazon.com/coral/")),
                format!("{{\"message\":\"{message}\"}}").as_bytes(),
            );
            assert_eq!(word(&in_header), *meaning, "{status} {name} {message} in the header");
            let in_body = read_send_response(
                *status,
                None,
                format!("{{\"__type\":\"com.amazonaws.sesv2#{name}\",\"Message\":\"{message}\"}}").as_bytes(),
            );
            assert_eq!(word(&in_body), *meaning, "{status} {name} {message} in the body");
        }
    }

    #[test]
    fn a_message_id_means_accepted_and_nothing_else_does() {
        let accepted = read_send_response(200, None, br#"{"MessageId":"0100018f-1"}"#);
        assert_eq!(accepted, SendOutcome::Accepted { message_id: "0100018f-1".into() });
        for body in ["", "{}", "{\"MessageId\":\"\"}", "{\"MessageId\":\"0100", "<html>"] {
            assert_eq!(word(&read_send_response(200, None, body.as_bytes())), "unknown", "{body}");
        }
    }

    #[test]
    fn an_answer_that_is_no_json_keeps_the_header_s_name() {
        assert_eq!(word(&read_send_response(400, Some("MessageRejected"), b"\xff\xfe")), "refused");
        assert_eq!(word(&read_send_response(502, None, b"\xff\xfe")), "unknown");
    }

    #[test]
    fn a_reason_is_short_and_names_the_exception() {
        let body = format!("{{\"message\":\"{}\"}}", "é".repeat(2_000));
        let SendOutcome::Refused { reason } = read_send_response(400, Some("BadRequestException"), body.as_bytes())
        else {
            panic!("not refused")
        };
        assert!(reason.starts_with("400 BadRequest é"), "{reason}");
        assert_eq!(reason.chars().count(), REASON_CHARS_MAX);
    }
}
