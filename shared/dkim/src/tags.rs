//! Tag lists (RFC 6376 section 3.2), which signatures and key records are written in.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Tags in their order. A real signature has a dozen.
const TAGS_MAX: usize = 50;

/// `tag=value; tag=value`, white space around both removed. A tag that stands twice makes the list invalid.
#[derive(Debug)]
pub(crate) struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_ascii();
        let mut tags: Vec<(&str, &str)> = Vec::new();
        for piece in text.strip_suffix(';').unwrap_or(text).split(';') {
            let (tag, value) = piece.split_once('=')?;
            let tag = tag.trim_ascii();
            let is_name = tag.starts_with(|c: char| c.is_ascii_alphabetic())
                && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name || tags.iter().any(|(known, _)| *known == tag) || tags.len() == TAGS_MAX {
                return None;
            }
            tags.push((tag, value.trim_ascii()));
        }
        Some(Self(tags))
    }

    pub(crate) fn get(&self, tag: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| *name == tag).map(|(_, value)| *value)
    }

    /// The entries of a list separated by colons.
    pub(crate) fn list(&self, tag: &str) -> Option<impl Iterator<Item = &'a str>> {
        self.get(tag).map(|value| value.split(':').map(str::trim_ascii))
    }
}

/// Base64 that may be folded anywhere.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    ENGINE.decode(digits).ok()
}

/// A domain name of letters, digits, hyphens and, as DNS has them, underscores; in lower case. Names in other letters
/// are compared in their `xn--` form only.
pub(crate) fn domain_name(text: &str) -> Option<String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let name = text.trim_ascii();
    (name.len() <= 253 && name.split('.').all(is_label)).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_tags_is_read_through_folds_and_only_once_each() {
        let tags = Tags::parse(" a = 1;\r\n\tbh=ab\r\n cd= ; h = From : To ;").unwrap();
        assert_eq!((tags.get("a"), tags.get("bh"), tags.get("b")), (Some("1"), Some("ab\r\n cd="), None));
        assert_eq!(tags.list("h").unwrap().collect::<Vec<_>>(), ["From", "To"]);
        for bad in ["", "a", "a=1;;b=2", "a=1; a=2", "=1", "1a=2", "a b=1", "a=1; a =1"] {
            assert!(Tags::parse(bad).is_none(), "{bad}");
        }
        let many = (0..60).map(|number| format!("t{number}=1")).collect::<Vec<_>>().join(";");
        assert!(Tags::parse(&many).is_none());
    }

    #[test]
    fn names_are_plain_ascii_labels() {
        assert_eq!(domain_name("Mail.EXAMPLE.com").as_deref(), Some("mail.example.com"));
        for bad in ["", ".", "a..b", "a.b.", "a b.c", "a/b.c", "müller.example", "a?x=1.b", &"a.".repeat(127)] {
            assert_eq!(domain_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn base64_may_be_folded_and_unpadded() {
        assert_eq!(base64("aG\r\n k=").unwrap(), b"hi");
        assert_eq!(base64("aGk").unwrap(), b"hi");
        assert!(base64("aG*k").is_none() && base64("aGk=aGk=").is_none());
    }
}
