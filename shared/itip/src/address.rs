use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::ascii_domain;

/// A calendar user address (RFC 5545 section 3.3.3) that is a mailbox: lower-case, without `mailto:`,
/// exactly one `@`, its domain in ASCII (RFC 5890), safe to put into a mail header.
///
/// Addresses are compared whole and without regard to case: real calendars change the case of the
/// local part between a REQUEST and its REPLY.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CalAddress(String);

/// Why a text is not a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Empty, or longer than RFC 5321 section 4.5.3.1 allows (64 + 1 + 255 octets).
    #[error("the address is empty or longer than 320 characters")]
    Length,
    /// No `@`, or more than one outside of what is allowed.
    #[error("the address needs exactly one @ with text on both sides")]
    Shape,
    /// A character that cannot stand in an unquoted mailbox.
    #[error("the address contains a character that is not allowed")]
    Character,
    /// The part after the `@` is no domain name.
    #[error("the part after the @ is not a domain name")]
    Domain,
}

impl CalAddress {
    /// Parses a mailbox; takes `mailto:` in any case and surrounding space or angle brackets.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let text = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
        let bare = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text.get(7..).unwrap_or_default(),
            _ => text,
        };
        let bare = bare.trim();
        if bare.is_empty() || bare.len() > 320 {
            return Err(AddressError::Length);
        }
        let (local, domain) = bare.rsplit_once('@').ok_or(AddressError::Shape)?;
        if local.is_empty() || local.len() > 64 || domain.is_empty() || local.contains('@') {
            return Err(AddressError::Shape);
        }
        // RFC 5322 atext plus the dot, and RFC 6531's non-ASCII letters; quoted local parts are refused
        // on purpose: nobody has one, and they carry header injections.
        let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
        if !local.chars().all(|c| atext(c) || (!c.is_ascii() && c.is_alphanumeric())) {
            return Err(AddressError::Character);
        }
        let domain = ascii_domain(domain);
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c == '-' || c.is_ascii_alphanumeric())
        };
        if !domain.contains('.') || domain.len() > 255 || !domain.split('.').all(label) {
            return Err(AddressError::Domain);
        }
        if domain.rsplit('.').next().is_some_and(|tld| tld.chars().all(|c| c.is_ascii_digit())) {
            return Err(AddressError::Domain);
        }
        Ok(Self(format!("{}@{domain}", local.to_lowercase())))
    }

    /// The address, lower-case, without a scheme.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for CalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CalAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_has_one_spelling() {
        for text in ["Ana@Example.com", "mailto:ana@example.com", "MAILTO:ANA@EXAMPLE.COM", " <ana@example.com> "] {
            assert_eq!(CalAddress::parse(text).unwrap().as_str(), "ana@example.com");
        }
    }

    #[test]
    fn real_addresses_are_taken() {
        for text in [
            "o'neil@example.ie",
            "a+b@x.co",
            "x@xn--80ak6aa92e.xn--p1ai",
            "jürgen@müller.de",
            "a.b-c_d@sub.example.museum",
        ] {
            assert!(CalAddress::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_mailbox_is_refused() {
        for text in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "ana@example",
            "ana@@example.com",
            "a b@example.com",
            "*|EMAIL|*",
            "ana@example.com\r\nBcc: x@y.z",
            "ana@exa mple.com",
            "\"a\"@example.com",
            "a,b@example.com",
            "ana@127.0.0.1",
            "ana@-x.com",
            "ana@x..com",
            "{{ email }}",
            "a<b@example.com",
        ] {
            assert!(CalAddress::parse(text).is_err(), "{text}");
        }
    }
}
