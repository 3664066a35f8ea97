//! HTTP to the servers of subscribed feeds: one step at a time, with an end to every wait and every answer.

use async_trait::async_trait;
use futures_util::StreamExt;
use scheduling::ports::{FeedAnswer, FeedFetch, FeedRequest};
use worker::send::SendFuture;
use worker::{AbortController, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

use super::within;

/// `fetch`.
#[derive(Debug, Clone, Copy)]
pub struct FeedHttp;

#[async_trait]
impl FeedFetch for FeedHttp {
    async fn fetch(&self, request: FeedRequest<'_>) -> Result<FeedAnswer, String> {
        SendFuture::new(async move {
            let abort = AbortController::default();
            let signal = abort.signal();
            let question = translate(&request).map_err(|error| error.to_string())?;
            let answer = within(request.timeout_ms.into(), exchange(question, request.bytes_max, &signal)).await;
            // Also what is left of an answer that was too long.
            if !matches!(answer, Some(Ok(_))) {
                abort.abort();
            }
            answer.unwrap_or_else(|| Err("its server does not answer in time".to_owned()))
        })
        .await
    }
}

async fn exchange(question: Request, bytes_max: usize, signal: &worker::AbortSignal) -> Result<FeedAnswer, String> {
    let failed = |_: worker::Error| "its server cannot be reached".to_owned();
    let mut response = Fetch::Request(question).send_with_signal(signal).await.map_err(failed)?;
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let mut answer = FeedAnswer {
        status: response.status_code(),
        location: header("location"),
        etag: header("etag"),
        modified: header("last-modified"),
        body: Vec::new(),
    };
    if answer.status == 200 {
        let mut pieces = response.stream().map_err(failed)?;
        while let Some(piece) = pieces.next().await {
            answer.body.extend_from_slice(&piece.map_err(failed)?);
            if answer.body.len() > bytes_max {
                return Err(format!("it is longer than {bytes_max} bytes"));
            }
        }
    }
    Ok(answer)
}

fn translate(request: &FeedRequest<'_>) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("accept", "text/calendar, text/plain;q=0.5, */*;q=0.1")?;
    headers.set("user-agent", "Convoke (calendar feeds)")?;
    for (name, value) in [("if-none-match", request.etag), ("if-modified-since", request.modified)] {
        if let Some(value) = value {
            headers.set(name, value)?;
        }
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers).with_redirect(RequestRedirect::Manual);
    Request::new_with_init(&request.url.to_string(), &init)
}
