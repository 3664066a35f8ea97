//! What a request says: queries and bodies as lists of fields, paths as typed values.

use std::net::Ipv6Addr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::{HeaderMap, header, request::Parts};
use itip::{CalAddress, EventId};
use serde::de::DeserializeOwned;
use views::words::Words;

use crate::error::Problem;

/// Longest body, in bytes: 200 invitations of a name and an address each stay below 100 kB.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// Fields of a query or a form, decoded; damaged escapes are kept as they are.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `a=b&c=d`.
    pub fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Adds a field.
    pub fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// Adds fields behind these.
    pub fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a field, also of one that is numbered: `event`, `event-1`.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_named =
            move |key: &str| key.strip_prefix(name).is_some_and(|end| end.is_empty() || end.starts_with('-'));
        self.0.iter().filter(move |(key, _)| is_named(key)).map(|(_, value)| value.as_str())
    }

    /// All of them, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// A number.
    pub fn number(&self, name: &'static str) -> Result<Option<u32>, Problem> {
        self.get(name)
            .map(|text| text.parse().map_err(|_| Problem::invalid(name, format!("{name} is a whole number"))))
            .transpose()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Ok(Self::read(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

/// A form, or nothing: a body of any other type is an empty form.
#[derive(Debug, Clone, Default)]
pub struct Form(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let form = has_type(request.headers(), "application/x-www-form-urlencoded");
        let bytes = body(request, state).await?;
        Ok(Self(if form { Fields::read(&bytes) } else { Fields::default() }))
    }
}

/// A JSON body.
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !has_type(request.headers(), "application/json") {
            return Err(Problem::MediaType);
        }
        let bytes = body(request, state).await?;
        read_json(&bytes).map(Self)
    }
}

/// Reads a JSON body. As text first: all other JSON is read from texts, and serde's code for bytes would come on top.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = str::from_utf8(bytes).map_err(|_| Problem::Body("The JSON is no UTF-8.".into()))?;
    serde_json::from_str(text).map_err(|error| Problem::Body(format!("The JSON does not fit: {error}")))
}

/// The whole body.
pub async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|_| Problem::TooLarge)
}

/// Whether the body is of a type; parameters do not matter.
pub fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted))
}

/// Whether the caller asks for JSON rather than for a page.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accept = accept.to_ascii_lowercase();
    (accept.contains("application/json") || accept.contains("application/problem+json"))
        && !accept.contains("text/html")
}

/// The caller's network, as the edge tells it: his address, or of an IPv6 address the 64 bits behind which all others
/// are his, too.
pub fn network(headers: &HeaderMap) -> String {
    let address = headers.get("cf-connecting-ip").and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    match address.parse::<Ipv6Addr>().map(|address| address.segments()) {
        // An IPv4 address in disguise.
        Ok([0, 0, 0, 0, 0, 0xffff, ..]) | Err(_) => address.to_owned(),
        Ok([a, b, c, d, ..]) => format!("{a:x}:{b:x}:{c:x}:{d:x}"),
    }
}

/// The event in the path; whatever cannot be an id names no event.
pub struct EventPath(pub EventId);

impl<S: Send + Sync> FromRequestParts<S> for EventPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(uid) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::EventNotFound)?;
        EventId::parse(&uid).map(Self).ok_or(Problem::EventNotFound)
    }
}

/// The organizer in the path; the case of his address does not matter.
pub struct OrganizerPath(pub CalAddress);

impl<S: Send + Sync> FromRequestParts<S> for OrganizerPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(address) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::OrganizerNotFound)?;
        CalAddress::parse(&address).map(Self).map_err(|_| Problem::OrganizerNotFound)
    }
}

/// An address as people and mail programs put it into links. A `+` that was not escaped has become a space on the
/// way: inside of a local part it is put back.
pub fn read_address(text: &str) -> Result<CalAddress, AddressProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AddressProblem::Empty);
    }
    if is_merge_tag(text) {
        return Err(AddressProblem::MergeTag);
    }
    let repaired = match text.rsplit_once('@') {
        Some((local, domain)) if local.contains(' ') => format!("{}@{domain}", local.replace(' ', "+")),
        _ => text.to_owned(),
    };
    CalAddress::parse(&repaired).map_err(|error| AddressProblem::Wrong(error.to_string()))
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressProblem {
    /// Nothing there.
    Empty,
    /// The mail program did not fill in its placeholder.
    MergeTag,
    /// Something else.
    Wrong(String),
}

impl AddressProblem {
    /// What to say to a person.
    pub fn sentence(&self, words: &'static Words) -> &'static str {
        match self {
            Self::Empty => words.no_address,
            Self::MergeTag => words.not_filled_in,
            Self::Wrong(_) => words.not_an_address,
        }
    }

    /// What to say to a program.
    pub fn problem(&self) -> Problem {
        let detail = match self {
            Self::Empty => "email is missing".into(),
            Self::MergeTag => "email is a placeholder that was not filled in".into(),
            Self::Wrong(why) => why.clone(),
        };
        Problem::invalid("email", detail)
    }
}

/// Whether a text looks like the placeholder of a mailing program: Mailchimp, Klaviyo, `HubSpot`, `SendGrid`,
/// `ActiveCampaign`, Constant Contact, Campaign Monitor, Zoho, Salesforce, Braze, Mailer Lite.
pub fn is_merge_tag(text: &str) -> bool {
    let pairs = [
        ("*|", "|*"),
        ("{{", "}}"),
        ("{%", "%}"),
        ("%%", "%%"),
        ("[[", "]]"),
        ("$[", "]"),
        ("{$", "}"),
        ("[", "]"),
        ("<%", "%>"),
        ("${", "}"),
    ];
    let wrapped = |mark: char| text.len() > 2 && text.starts_with(mark) && text.ends_with(mark) && !text.contains('@');
    pairs.iter().any(|(open, close)| text.starts_with(open) && text.ends_with(close))
        || wrapped('%')
        || wrapped('$')
        || text.starts_with("__test_email__")
}

/// A name as it is kept: one line, no control characters, at most 100 characters.
pub fn read_name(text: &str) -> String {
    let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name = one_line.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_merge_tag(&name) { String::new() } else { name.chars().take(100).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_mailing_programs_are_recognised() {
        for text in [
            "*|EMAIL|*",
            "*|EMAIL_UID|*",
            "{{ email }}",
            "{{email|urlencode}}",
            "{{ contact.EMAIL }}",
            "[%email%]",
            "%EMAIL%",
            "$SUBSCRIBER.EMAIL$",
            "[[emailAddress]]",
            "[email]",
            "[email,fallback=]",
            "$[EMAIL]$",
            "$[FNAME|there]$",
            "%%emailaddr%%",
            "{{${email_address}}}",
            "{$email}",
            "{{ .Subscriber.Email }}",
            "{{lead.Email Address}}",
            "__test_email__",
        ] {
            assert_eq!(read_address(text), Err(AddressProblem::MergeTag), "{text}");
        }
    }

    #[test]
    fn a_plus_that_became_a_space_is_put_back() {
        assert_eq!(read_address(" ana news@x.com ").unwrap().as_str(), "ana+news@x.com");
        assert_eq!(read_address("o'neil@x.ie").unwrap().as_str(), "o'neil@x.ie");
        assert!(matches!(read_address("ana@x com"), Err(AddressProblem::Wrong(_))));
        assert_eq!(read_address("  "), Err(AddressProblem::Empty));
    }

    #[test]
    fn a_network_is_what_one_caller_can_have() {
        for (address, named) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:7::1", "2001:db8:7:0"),
            ("2001:0db8:0007:0:ffff:0:0:9", "2001:db8:7:0"),
            ("2001:db8:7:1::1", "2001:db8:7:1"),
            ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
            ("", ""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("cf-connecting-ip", address.parse().unwrap());
            assert_eq!(network(&headers), named, "{address}");
        }
        assert_eq!(network(&HeaderMap::new()), "unknown");
    }

    #[test]
    fn a_name_is_one_harmless_line() {
        assert_eq!(read_name(" Ana\r\nBcc: x@y.z "), "Ana Bcc: x@y.z");
        assert_eq!(read_name("*|FNAME|*"), "");
        assert_eq!(read_name(&"x".repeat(500)).len(), 100);
    }
}
