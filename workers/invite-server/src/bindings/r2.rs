//! Raw mail and uploads in R2.

use async_trait::async_trait;
use scheduling::ports::{Blobs, PortError};
use worker::send::SendFuture;
use worker::{Bucket, Range};

/// `MAIL`.
#[derive(Debug)]
pub struct MailBucket(pub Bucket);

#[async_trait]
impl Blobs for MailBucket {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError> {
        SendFuture::new(self.0.put(key, bytes).execute()).await.map(drop).map_err(failed)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, PortError> {
        SendFuture::new(async {
            let object = self.0.get(key).execute().await.map_err(failed)?;
            match object.as_ref().and_then(worker::Object::body) {
                Some(body) => body.bytes().await.map(Some).map_err(failed),
                None => Ok(None),
            }
        })
        .await
    }

    async fn get_range(&self, key: &str, start: usize, length: usize) -> Result<Option<Vec<u8>>, PortError> {
        let range = Range::OffsetWithLength { offset: start as u64, length: length as u64 };
        SendFuture::new(async {
            let object = self.0.get(key).range(range).execute().await.map_err(failed)?;
            match object.as_ref().and_then(worker::Object::body) {
                Some(body) => body.bytes().await.map(Some).map_err(failed),
                None => Ok(None),
            }
        })
        .await
    }
}

#[allow(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn failed(error: worker::Error) -> PortError {
    PortError { binding: "MAIL", reason: error.to_string() }
}
