//! The platform's rate limiter.

use async_trait::async_trait;
use web::Shield;
use worker::RateLimiter;
use worker::send::SendFuture;

use crate::log;

/// `INVITE_SHIELD`.
#[derive(Debug)]
pub struct RateShield(pub RateLimiter);

#[async_trait]
impl Shield for RateShield {
    async fn allow(&self, key: &str) -> bool {
        match SendFuture::new(self.0.limit(key.to_owned())).await {
            Ok(outcome) => outcome.success,
            Err(error) => {
                // A broken shield must not close the door: the limits that count are in D1.
                log::failure("shield", "INVITE_SHIELD", &error.to_string());
                true
            }
        }
    }
}
