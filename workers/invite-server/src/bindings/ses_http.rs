//! HTTPS to SES, with an end to every wait.

use async_trait::async_trait;
use scheduling::ports::{MailTransport, TransportError};
use worker::send::SendFuture;
use worker::{AbortController, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, js_sys};

use super::within;

/// `fetch`.
#[derive(Debug, Clone, Copy)]
pub struct SesHttp;

#[async_trait]
impl MailTransport for SesHttp {
    async fn fetch(
        &self,
        request: http::Request<Vec<u8>>,
        timeout_ms: u32,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        SendFuture::new(async move {
            let request = translate(request).map_err(TransportError::NotSent)?;
            let abort = AbortController::default();
            let signal = abort.signal();
            if let Some(answer) = within(timeout_ms.into(), exchange(request, &signal)).await {
                return answer;
            }
            abort.abort();
            Err(TransportError::NoAnswer(format!("none within {timeout_ms} ms")))
        })
        .await
    }
}

/// Whatever fails from here on counts as no answer. `fetch` has the same words for a refused connection and for one
/// that broke after the last byte of the request, and lost mail is worse than a mail that waits for its event.
async fn exchange(request: Request, signal: &worker::AbortSignal) -> Result<http::Response<Vec<u8>>, TransportError> {
    let no_answer = |error: worker::Error| TransportError::NoAnswer(error.to_string());
    let mut response = Fetch::Request(request).send_with_signal(signal).await.map_err(no_answer)?;
    let mut answer = http::Response::builder().status(response.status_code());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    let body = response.bytes().await.map_err(no_answer)?;
    answer.body(body).map_err(|error| TransportError::NoAnswer(error.to_string()))
}

fn translate(request: http::Request<Vec<u8>>) -> Result<Request, String> {
    let (parts, body) = request.into_parts();
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        let value = value.to_str().map_err(|error| error.to_string())?;
        headers.append(name.as_str(), value).map_err(|error| error.to_string())?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::from(parts.method.as_str().to_owned()))
        .with_headers(headers)
        // A signature is good for one host.
        .with_redirect(RequestRedirect::Manual);
    if !body.is_empty() {
        init.with_body(Some(js_sys::Uint8Array::from(body.as_slice()).into()));
    }
    Request::new_with_init(&parts.uri.to_string(), &init).map_err(|error| error.to_string())
}
