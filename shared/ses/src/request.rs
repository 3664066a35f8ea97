use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// A key that may send.
#[derive(Clone)]
pub struct SesCredentials {
    /// Its public name.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// For temporary keys.
    pub session_token: Option<String>,
}

/// Where SES answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SesEndpoint {
    /// `https://email.REGION.amazonaws.com`, without a trailing slash.
    pub base: String,
    /// The region that signatures are for.
    pub region: String,
}

/// A mail to one recipient.
#[derive(Debug, Clone)]
pub struct SendRequest<'a> {
    /// The envelope sender's mailbox.
    pub from: &'a str,
    /// The recipient's mailbox.
    pub to: &'a str,
    /// The whole mail.
    pub raw: &'a [u8],
    /// Whose event destination tells what becomes of the mail.
    pub configuration_set: Option<&'a str>,
    /// Names and values that come back with every event; letters, digits, `_` and `-` only.
    pub tags: &'a [(&'a str, &'a str)],
}

/// Why no request could be made: a configuration that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SesError {
    /// The request could not be signed.
    #[error("the request could not be signed: {0}")]
    Signature(String),
    /// The endpoint is no URL.
    #[error("the SES endpoint is not a URL: {0}")]
    Endpoint(String),
}

/// `POST /v2/email/outbound-emails`, signed. `now` is epoch seconds.
pub fn send_email(
    endpoint: &SesEndpoint,
    credentials: &SesCredentials,
    request: &SendRequest<'_>,
    now: i64,
) -> Result<http::Request<Vec<u8>>, SesError> {
    let tags: Vec<_> = request.tags.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    let mut body = json!({
        "FromEmailAddress": request.from,
        "Destination": { "ToAddresses": [request.to] },
        "Content": { "Raw": { "Data": STANDARD.encode(request.raw) } },
        "EmailTags": tags,
    });
    if let (Some(name), Some(fields)) = (request.configuration_set, body.as_object_mut()) {
        fields.insert("ConfigurationSetName".to_owned(), json!(name));
    }
    signed(endpoint, credentials, "POST", "/v2/email/outbound-emails", body.to_string().into_bytes(), now)
}

/// `GET /v2/email/account`, signed. `now` is epoch seconds.
pub fn get_account(
    endpoint: &SesEndpoint,
    credentials: &SesCredentials,
    now: i64,
) -> Result<http::Request<Vec<u8>>, SesError> {
    signed(endpoint, credentials, "GET", "/v2/email/account", Vec::new(), now)
}

fn signed(
    endpoint: &SesEndpoint,
    credentials: &SesCredentials,
    method: &'static str,
    path: &str,
    body: Vec<u8>,
    now: i64,
) -> Result<http::Request<Vec<u8>>, SesError> {
    let unsigned = |error: &dyn std::fmt::Display| SesError::Signature(error.to_string());
    let url = format!("{}{path}", endpoint.base);
    let uri: http::Uri = url.parse().map_err(|_| SesError::Endpoint(endpoint.base.clone()))?;
    let host = uri.authority().ok_or_else(|| SesError::Endpoint(endpoint.base.clone()))?.to_string();
    let identity = Credentials::new(
        credentials.access_key_id.clone(),
        credentials.secret_access_key.clone(),
        credentials.session_token.clone(),
        None,
        "convoke",
    )
    .into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0));
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.region)
        .name("ses")
        .time(time)
        .settings(settings)
        .build()
        .map_err(|error| unsigned(&error))?
        .into();
    let mut headers = vec![("host", host.as_str())];
    if method == "POST" {
        headers.push(("content-type", "application/json"));
    }
    let signable = SignableRequest::new(method, &url, headers.iter().copied(), SignableBody::Bytes(&body))
        .map_err(|error| unsigned(&error))?;
    let (instructions, _) = sign(signable, &params).map_err(|error| unsigned(&error))?.into_parts();
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut request = request.body(body).map_err(|error| unsigned(&error))?;
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, Mac};
    use sha2::{Digest, Sha256};

    use super::*;

    fn endpoint() -> SesEndpoint {
        SesEndpoint { base: "https://email.us-west-2.amazonaws.com".into(), region: "us-west-2".into() }
    }

    fn credentials() -> SesCredentials {
        SesCredentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        }
    }

    fn mail(raw: &[u8]) -> SendRequest<'_> {
        let tags = &[("key", "0123abcd")];
        SendRequest { from: "notification@convoke.test", to: "ana@example.com", raw, configuration_set: None, tags }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn hmac(key: &[u8], text: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    /// The signature as AWS describes it ("Create a signed AWS API request"), written out step by step.
    fn expected_signature(request: &http::Request<Vec<u8>>) -> String {
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let date = header("x-amz-date");
        let names = "content-type;host;x-amz-content-sha256;x-amz-date";
        let canonical_headers: String = names.split(';').map(|name| format!("{name}:{}\n", header(name))).collect();
        let payload = hex(&Sha256::digest(request.body()));
        assert_eq!(header("x-amz-content-sha256"), payload);
        let canonical = format!("POST\n{}\n\n{canonical_headers}\n{names}\n{payload}", request.uri().path());
        let scope = format!("{}/us-west-2/ses/aws4_request", &date[..8]);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let mut key = hmac(b"AWS4secret", &date[..8]);
        for step in ["us-west-2", "ses", "aws4_request"] {
            key = hmac(&key, step);
        }
        let signature = hex(&hmac(&key, &to_sign));
        format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    #[test]
    fn the_signature_is_the_one_that_aws_describes() {
        let request = send_email(&endpoint(), &credentials(), &mail(b"Subject: x\r\n\r\nHello"), 1_893_456_000).unwrap();
        assert_eq!(request.headers()["x-amz-date"], "20300101T000000Z");
        assert_eq!(request.headers()["authorization"].to_str().unwrap(), expected_signature(&request));
    }

    #[test]
    fn the_mail_travels_byte_for_byte() {
        let raw: Vec<u8> = (0..=255).collect();
        let request = send_email(&endpoint(), &credentials(), &mail(&raw), 0).unwrap();
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(STANDARD.decode(body["Content"]["Raw"]["Data"].as_str().unwrap()).unwrap(), raw);
        assert_eq!(body["Destination"]["ToAddresses"][0], "ana@example.com");
        assert_eq!(body["EmailTags"][0]["Value"], "0123abcd");
    }

    #[test]
    fn an_endpoint_that_is_no_url_is_said() {
        let endpoint = SesEndpoint { base: "not a url".into(), region: "x".into() };
        assert!(matches!(get_account(&endpoint, &credentials(), 0), Err(SesError::Endpoint(_))));
    }
}
