//! One call to SES, and what it means for the mail.

use itip::CalAddress;
use scheduling::ports::TransportError;
use scheduling::send_gate::Pace;
use ses::{SendOutcome, SendRequest, SesCredentials, SesEndpoint};

use crate::CourierContext;
use crate::compose::Letter;

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// SES has it.
    Accepted {
        /// SES's id of it.
        ses_id: String,
    },
    /// Never will be accepted.
    Refused {
        /// SES's words.
        reason: String,
    },
    /// It may have been accepted.
    Unknown {
        /// What was seen.
        reason: String,
    },
    /// The request never left.
    NotSent,
    /// Not accepted: too fast.
    TooFast,
    /// Not accepted, nor will any other be for a while.
    Held {
        /// Seconds.
        secs: i64,
    },
}

/// How long a held account is left in peace: a day's quota or a paused account does not change within minutes, and
/// the outbox loses nothing by waiting.
const HELD_SECS: i64 = 600;
/// The name of the message tag that comes back with each event of SES.
pub const KEY_TAG: &str = "convoke-key";

fn endpoint(ctx: &CourierContext) -> (SesEndpoint, SesCredentials) {
    let ses = &ctx.ses;
    let endpoint = SesEndpoint { base: ses.endpoint.clone(), region: ses.region.clone() };
    let credentials = SesCredentials {
        access_key_id: ses.access_key_id.clone(),
        secret_access_key: ses.secret_access_key.clone(),
        session_token: ses.session_token.clone(),
    };
    (endpoint, credentials)
}

/// Sends a mail.
pub(crate) async fn send(letter: &Letter, to: &CalAddress, key: &str, ctx: &CourierContext) -> Answer {
    let (endpoint, credentials) = endpoint(ctx);
    let key = ses::tag_value(key);
    let request = SendRequest {
        from: letter.from.as_str(),
        to: to.as_str(),
        raw: &letter.raw,
        configuration_set: ctx.ses.configuration_set.as_deref(),
        tags: &[(KEY_TAG, &key)],
    };
    // A request that cannot be made is a wrong setting: the mails wait until the operator has put it right.
    let Ok(request) = ses::send_email(&endpoint, &credentials, &request, ctx.clock.now().0) else {
        return Answer::Held { secs: HELD_SECS };
    };
    match ctx.transport.fetch(request, ctx.config.ses_timeout_ms).await {
        Ok(response) => {
            let error_type = error_type(&response);
            match ses::read_send_response(response.status().as_u16(), error_type, response.body()) {
                SendOutcome::Accepted { message_id } => Answer::Accepted { ses_id: message_id },
                SendOutcome::Throttled => Answer::TooFast,
                SendOutcome::AccountHeld { .. } => Answer::Held { secs: HELD_SECS },
                SendOutcome::Refused { reason } => Answer::Refused { reason },
                SendOutcome::Unknown { reason } => Answer::Unknown { reason },
            }
        }
        Err(TransportError::NotSent(_)) => Answer::NotSent,
        Err(TransportError::NoAnswer(reason)) => Answer::Unknown { reason },
    }
}

fn error_type(response: &http::Response<Vec<u8>>) -> Option<&str> {
    response.headers().get("x-amzn-errortype").and_then(|value| value.to_str().ok())
}

/// Asks SES for the account's rate and tells the gate. Nothing depends on it: the gate asks again later.
pub(crate) async fn ask_account(ctx: &CourierContext) {
    let (endpoint, credentials) = endpoint(ctx);
    let Ok(request) = ses::get_account(&endpoint, &credentials, ctx.clock.now().0) else { return };
    let Ok(response) = ctx.transport.fetch(request, ctx.config.ses_timeout_ms).await else { return };
    let error_type = error_type(&response);
    let pace = match ses::read_account_response(response.status().as_u16(), error_type, response.body()) {
        Ok(quota) if !quota.sending_enabled => Pace::Held { secs: HELD_SECS },
        Ok(quota) => Pace::Account {
            rate: whole(quota.max_send_rate).max(1),
            // SES writes -1 for "no quota".
            left_today: (quota.max_24_hour_send >= 0.0)
                .then(|| whole(quota.max_24_hour_send - quota.sent_last_24_hours)),
        },
        Err(SendOutcome::AccountHeld { .. }) => Pace::Held { secs: HELD_SECS },
        Err(_) => return,
    };
    let _ = ctx.objects.pace(pace).await;
}

/// A count that JSON carries as a floating-point number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range before")]
fn whole(number: f64) -> u32 {
    if number.is_nan() { 0 } else { number.clamp(0.0, f64::from(u32::MAX)) as u32 }
}
