//! The outbox of the local SES stand-in, for the playground. Only in the local stack.

use async_trait::async_trait;
use web::Outbox;
use worker::send::SendFuture;
use worker::{Fetch, Url};

use super::within;

/// Longest wait for the stand-in.
const STAND_IN_TIMEOUT_MS: u64 = 5_000;

/// The stand-in at `SES_ENDPOINT`.
#[derive(Debug, Clone)]
pub struct StandIn(pub String);

#[async_trait]
impl Outbox for StandIn {
    async fn messages(&self) -> Result<Vec<u8>, String> {
        let read = async {
            let url = Url::parse(&format!("{}/messages", self.0))?;
            Fetch::Url(url).send().await?.bytes().await
        };
        match SendFuture::new(within(STAND_IN_TIMEOUT_MS, read)).await {
            Some(answer) => answer.map_err(|error: worker::Error| error.to_string()),
            None => Err("no answer in time".to_owned()),
        }
    }
}
