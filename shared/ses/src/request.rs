//! Requests to SES, signed with Signature Version 4.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, Uri};
use serde::Serialize;

/// Who signs. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SesCredentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
    /// For temporary credentials.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for SesCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SesCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Where SES is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SesEndpoint {
    /// `https://email.REGION.amazonaws.com`, or a local stand-in; a path in front of `/v2` is kept.
    pub base: String,
    /// The region to sign for.
    pub region: String,
}

/// One mail to one person.
#[derive(Debug, Clone, Copy)]
pub struct SendRequest<'a> {
    /// The address in From.
    pub from: &'a str,
    /// The recipient.
    pub to: &'a str,
    /// The whole mail.
    pub raw: &'a [u8],
    /// Whose event destination tells of the mail's fate.
    pub configuration_set: Option<&'a str>,
    /// Names and values that come back with each event; what SES does not allow in them becomes `_`.
    pub tags: &'a [(&'a str, &'a str)],
}

/// Why a request cannot be made: a setting is wrong, trying again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SesError {
    /// `base` is no absolute HTTP address.
    #[error("the SES endpoint is not an http or https address")]
    Endpoint,
    /// The signer refused.
    #[error("the request cannot be signed: {0}")]
    Signing(String),
}

/// The body of `SendEmail`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmailBody<'a> {
    from_email_address: &'a str,
    destination: Destination<'a>,
    content: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_set_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination<'a> {
    to_addresses: [&'a str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: RawContent,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RawContent {
    data: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    name: String,
    value: String,
}

/// `SendEmail` with raw content.
pub fn send_email(
    endpoint: &SesEndpoint,
    credentials: &SesCredentials,
    request: &SendRequest<'_>,
    now_epoch_secs: i64,
) -> Result<Request<Vec<u8>>, SesError> {
    let body = SendEmailBody {
        from_email_address: request.from,
        destination: Destination { to_addresses: [request.to] },
        content: Content { raw: RawContent { data: STANDARD.encode(request.raw) } },
        configuration_set_name: request.configuration_set,
        email_tags: request
            .tags
            .iter()
            .map(|(name, value)| Tag { name: tag_value(name), value: tag_value(value) })
            .collect(),
    };
    let body = serde_json::to_vec(&body).map_err(|error| SesError::Signing(error.to_string()))?;
    signed(Method::POST, "/v2/email/outbound-emails", body, endpoint, credentials, now_epoch_secs)
}

/// `GetAccount`, which tells the quota.
pub fn get_account(
    endpoint: &SesEndpoint,
    credentials: &SesCredentials,
    now_epoch_secs: i64,
) -> Result<Request<Vec<u8>>, SesError> {
    signed(Method::GET, "/v2/email/account", Vec::new(), endpoint, credentials, now_epoch_secs)
}

/// Makes a text fit for a message tag: ASCII letters, digits, `_` and `-`, 1 to 256 of them.
pub fn tag_value(text: &str) -> String {
    if text.is_empty() {
        return "_".to_owned();
    }
    text.chars().take(256).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn signed(
    method: Method,
    path: &str,
    body: Vec<u8>,
    endpoint: &SesEndpoint,
    credentials: &SesCredentials,
    now_epoch_secs: i64,
) -> Result<Request<Vec<u8>>, SesError> {
    let url = format!("{}{path}", endpoint.base.trim_end_matches('/'));
    let uri: Uri = url.parse().map_err(|_| SesError::Endpoint)?;
    // The signer panics on an address without a host.
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
        return Err(SesError::Endpoint);
    }
    let refused = |error: &dyn std::error::Error| SesError::Signing(error.to_string());

    let identity = Credentials::new(
        credentials.access_key_id.as_str(),
        credentials.secret_access_key.as_str(),
        credentials.session_token.clone(),
        None,
        "convoke",
    )
    .into();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now_epoch_secs.try_into().unwrap_or(0));
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.region)
        .name("ses")
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| refused(&error))?
        .into();

    let content_type = ("content-type", "application/json");
    let headers = (method == Method::POST).then_some(content_type);
    // The Host header is the client's to set; the signer takes it from the address.
    let signable = SignableRequest::new(method.as_str(), &url, headers.into_iter(), SignableBody::Bytes(&body))
        .map_err(|error| refused(&error))?;
    let (instructions, _) = sign(signable, &params).map_err(|error| refused(&error))?.into_parts();

    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    if let Some((name, value)) = headers {
        request.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use hmac::{Hmac, Mac};
    use sha2::{Digest, Sha256};

    use super::*;

    const NOW: i64 = 1_893_456_000; // 2030-01-01T00:00:00Z

    fn endpoint() -> SesEndpoint {
        SesEndpoint { base: "https://email.eu-west-1.amazonaws.com".into(), region: "eu-west-1".into() }
    }

    fn credentials() -> SesCredentials {
        SesCredentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
        }
    }

    fn mail(raw: &[u8]) -> SendRequest<'_> {
        SendRequest {
            from: "notification@convoke.example",
            to: "ana@example.com",
            raw,
            configuration_set: Some("events"),
            tags: &[("key", "0123abcd"), ("event", "a b/c")],
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
    }

    fn sha256(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes))
    }

    fn hmac(key: &[u8], text: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    fn signing_key(secret: &str, date: &str, region: &str, service: &str) -> Vec<u8> {
        [region, service, "aws4_request"]
            .iter()
            .fold(hmac(format!("AWS4{secret}").as_bytes(), date), |key, step| hmac(&key, step))
    }

    /// The Authorization header as the AWS manual describes it, written out step by step.
    fn authorization(request: &Request<Vec<u8>>, signed_headers: &[&str], host: &str) -> String {
        let value = |name: &str| match name {
            "host" => host,
            _ => request.headers()[name].to_str().unwrap(),
        };
        let time = value("x-amz-date");
        let (date, _) = time.split_once('T').unwrap();
        let mut canonical = format!("{}\n{}\n\n", request.method(), request.uri().path());
        for name in signed_headers {
            writeln!(canonical, "{name}:{}", value(name)).unwrap();
        }
        let list = signed_headers.join(";");
        write!(canonical, "\n{list}\n{}", sha256(request.body())).unwrap();
        let scope = format!("{date}/eu-west-1/ses/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let secret = credentials().secret_access_key;
        let signature = hex(&hmac(&signing_key(&secret, date, "eu-west-1", "ses"), &to_sign));
        format!("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={list}, Signature={signature}")
    }

    #[test]
    fn the_test_derives_the_key_that_aws_publishes() {
        // "Deriving a signing key" of the AWS manual: IAM in us-east-1 on 2015-08-30.
        let key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
        assert_eq!(hex(&key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    }

    #[test]
    fn a_mail_is_signed_over_host_time_type_and_content() {
        let request = send_email(&endpoint(), &credentials(), &mail(b"Subject: x\r\n\r\nHello\r\n"), NOW).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails");
        assert_eq!(request.headers()["x-amz-date"], "20300101T000000Z");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["x-amz-content-sha256"], sha256(request.body()).as_str());
        let signed = ["content-type", "host", "x-amz-content-sha256", "x-amz-date"];
        let expected = authorization(&request, &signed, "email.eu-west-1.amazonaws.com");
        assert_eq!(request.headers()["authorization"], expected.as_str());
    }

    #[test]
    fn a_temporary_key_sends_its_token_signed() {
        let credentials = SesCredentials { session_token: Some("session/token==".into()), ..credentials() };
        let request = get_account(&endpoint(), &credentials, NOW).unwrap();
        assert_eq!(request.headers()["x-amz-security-token"], "session/token==");
        let signed = ["host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"];
        let expected = authorization(&request, &signed, "email.eu-west-1.amazonaws.com");
        assert_eq!(request.headers()["authorization"], expected.as_str());
    }

    #[test]
    fn a_local_stand_in_is_signed_with_its_port_and_path() {
        let endpoint = SesEndpoint { base: "http://127.0.0.1:8005/ses/".into(), region: "eu-west-1".into() };
        let request = get_account(&endpoint, &credentials(), NOW).unwrap();
        assert_eq!(request.uri(), "http://127.0.0.1:8005/ses/v2/email/account");
        assert!(request.body().is_empty());
        let expected = authorization(&request, &["host", "x-amz-content-sha256", "x-amz-date"], "127.0.0.1:8005");
        assert_eq!(request.headers()["authorization"], expected.as_str());
    }

    #[test]
    fn the_body_is_what_ses_expects() {
        let raw: Vec<u8> = (0..=255).collect();
        let request = send_email(&endpoint(), &credentials(), &mail(&raw), NOW).unwrap();
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let expected = serde_json::json!({
            "FromEmailAddress": "notification@convoke.example",
            "Destination": { "ToAddresses": ["ana@example.com"] },
            "Content": { "Raw": { "Data": STANDARD.encode(&raw) } },
            "ConfigurationSetName": "events",
            "EmailTags": [{ "Name": "key", "Value": "0123abcd" }, { "Name": "event", "Value": "a_b_c" }],
        });
        assert_eq!(body, expected);
        let bare = SendRequest { configuration_set: None, tags: &[], ..mail(b"x") };
        let request = send_email(&endpoint(), &credentials(), &bare, NOW).unwrap();
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body.as_object().unwrap().len(), 3, "nothing is sent as null: {body}");
    }

    #[test]
    fn the_same_mail_at_the_same_time_is_the_same_request() {
        let of = || send_email(&endpoint(), &credentials(), &mail(b"x"), NOW).unwrap();
        assert_eq!((of().headers(), of().body()), (of().headers(), of().body()));
    }

    #[test]
    fn a_wrong_endpoint_is_an_error_and_no_panic() {
        for base in ["", "email.eu-west-1.amazonaws.com", "/v2", "ftp://x", "http://", "https://a b", "mailto:a@b.c"] {
            let endpoint = SesEndpoint { base: base.into(), region: "eu-west-1".into() };
            assert_eq!(get_account(&endpoint, &credentials(), NOW).unwrap_err(), SesError::Endpoint, "{base}");
        }
        assert!(get_account(&endpoint(), &credentials(), i64::MIN).is_ok());
    }

    #[test]
    fn tags_keep_to_their_alphabet() {
        for (text, tag) in [("abc-DEF_09", "abc-DEF_09"), ("a@b.c", "a_b_c"), ("naïve", "na_ve"), ("", "_")] {
            assert_eq!(tag_value(text), tag);
        }
        assert_eq!(tag_value(&"x".repeat(300)).len(), 256);
    }

    #[test]
    fn secrets_are_not_printed() {
        let credentials = SesCredentials { session_token: Some("session-secret".into()), ..credentials() };
        let printed = format!("{credentials:?}");
        assert!(printed.contains("AKIDEXAMPLE") && !printed.contains("wJalr") && !printed.contains("session-secret"));
    }
}
