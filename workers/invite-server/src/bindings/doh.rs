//! DNS over HTTPS in its JSON form, with a small memory per isolate.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use scheduling::ports::{DnsError, DnsTxt, MailTransport};
use serde_json::Value;

use super::clock::now_ms;
use super::ses_http::SesHttp;
use crate::log;
use crate::vars::DohAccess;

/// How long an answer is kept, whatever its TTL says: long enough for a burst of mail, and short enough that a key that
/// was revoked is soon gone.
const KEPT_SECS: std::ops::RangeInclusive<u64> = 30..=3600;
/// Answers kept at once, some 500 bytes each.
const KEPT_MAX: usize = 256;
/// A key record with RSA-4096 has 750 bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// `fetch` of a resolver.
#[derive(Debug)]
pub struct Doh(pub DohAccess);

/// An answer that is kept. So few are searched faster than they are sorted.
struct Kept {
    name: String,
    /// `None`: there are none.
    records: Option<Vec<String>>,
    /// When to ask again, in milliseconds since 1970.
    until: i64,
}

static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

#[async_trait]
impl DnsTxt for Doh {
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let now = now_ms();
        if let Some(answer) = known(name, now) {
            return answer;
        }
        let (records, ttl) = self.ask(name).await.map_err(unavailable)?;
        let kept_ms = 1000 * ttl.clamp(*KEPT_SECS.start(), *KEPT_SECS.end());
        keep(
            Kept { name: name.to_owned(), records: records.clone(), until: now.saturating_add_unsigned(kept_ms) },
            now,
        );
        records.ok_or(DnsError::NotFound)
    }
}

fn unavailable(reason: String) -> DnsError {
    log::failure("dns", "", &reason);
    DnsError::Unavailable(reason)
}

fn known(name: &str, now: i64) -> Option<Result<Vec<String>, DnsError>> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter()
        .find(|kept| kept.name == name && kept.until > now)
        .map(|kept| kept.records.clone().ok_or(DnsError::NotFound))
}

fn keep(answer: Kept, now: i64) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|old| old.until > now && old.name != answer.name);
    if kept.len() >= KEPT_MAX {
        kept.remove(0);
    }
    kept.push(answer);
}

impl Doh {
    async fn ask(&self, name: &str) -> Result<(Option<Vec<String>>, u64), String> {
        let request = http::Request::get(format!("{}?name={name}&type=TXT", self.0.url))
            .header(http::header::ACCEPT, "application/dns-json")
            .body(Vec::new())
            .map_err(|error| error.to_string())?;
        let response = SesHttp.fetch(request, self.0.timeout_ms).await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("status {}", response.status()));
        }
        read(response.body())
    }
}

/// RFC 1035 section 4.1.1: no error, and no such name. Section 3.2.2: TXT.
const NO_ERROR: u64 = 0;
const NAME_ERROR: u64 = 3;
const TXT: u64 = 16;

/// The records of an answer, `None` if it says that there are none, and the shortest TTL in seconds.
fn read(body: &[u8]) -> Result<(Option<Vec<String>>, u64), String> {
    if body.len() > ANSWER_BYTES_MAX {
        return Err("the answer is too large".to_owned());
    }
    let answer: Option<Value> = str::from_utf8(body).ok().and_then(|body| serde_json::from_str(body).ok());
    let answer = answer.ok_or_else(|| "the answer is no JSON".to_owned())?;
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    match number(&answer, "Status") {
        Some(NO_ERROR | NAME_ERROR) => {}
        Some(code) => return Err(format!("response code {code}")),
        None => return Err("the answer is not DNS as JSON".to_owned()),
    }
    let records = answer.get("Answer").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    // A CNAME on the way stands here too.
    let ttl = records.iter().filter_map(|record| number(record, "TTL")).min().unwrap_or_default();
    let texts: Vec<String> = records
        .iter()
        .filter(|record| number(record, "type") == Some(TXT))
        .filter_map(|record| record.get("data").and_then(Value::as_str))
        .map(text)
        .collect();
    Ok(((!texts.is_empty()).then_some(texts), ttl))
}

/// One record: its character strings, quoted and escaped as in a zone file (RFC 1035 section 5.1), joined. A resolver
/// that does not quote gives the text as it is.
fn text(data: &str) -> String {
    if !data.trim_start().starts_with('"') {
        return data.to_owned();
    }
    let mut out = String::new();
    let mut quoted = false;
    let mut characters = data.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => {
                let rest = characters.as_str();
                let code = rest.get(..3).and_then(|digits| digits.parse::<u8>().ok());
                match code {
                    Some(code) => {
                        out.push(char::from(code));
                        characters.nth(2);
                    }
                    None => out.extend(characters.next()),
                }
            }
            _ if quoted => out.push(character),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(json: &str) -> Option<Vec<String>> {
        read(json.as_bytes()).unwrap().0
    }

    #[test]
    fn an_answer_gives_its_texts_in_one_piece() {
        let json = r#"{"Status":0,"TC":false,"Question":[{"name":"s._domainkey.club.example","type":16}],"Answer":[
            {"name":"s._domainkey.club.example","type":5,"TTL":20,"data":"key.service.example."},
            {"name":"key.service.example","type":16,"TTL":300,"data":"\"v=DKIM1; k=rsa; \" \"p=AAAA\\\"B\\067\""},
            {"name":"key.service.example","type":16,"TTL":300,"data":"v=spf1 -all"}]}"#;
        let (texts, ttl) = read(json.as_bytes()).unwrap();
        assert_eq!(texts.unwrap(), ["v=DKIM1; k=rsa; p=AAAA\"BC", "v=spf1 -all"]);
        assert_eq!(ttl, 20);
    }

    #[test]
    fn what_does_not_exist_is_known_not_to() {
        assert_eq!(records(r#"{"Status":3}"#), None);
        assert_eq!(records(r#"{"Status":0,"Answer":[]}"#), None);
        assert_eq!(records(r#"{"Status":0,"Answer":[{"type":5,"TTL":1,"data":"x."}]}"#), None);
    }

    #[test]
    fn anything_else_is_no_answer() {
        let long = format!(r#"{{"Status":0,"x":"{}"}}"#, "x".repeat(ANSWER_BYTES_MAX));
        for body in [r#"{"Status":2}"#, r#"{"Status":5}"#, "{}", "<html>", "", "null", &long] {
            assert!(read(body.as_bytes()).is_err(), "{body:.40}");
        }
    }
}
