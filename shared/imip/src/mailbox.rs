//! Mailboxes as people and programs write them, to one spelling each.

use itip::CalAddress;

/// Reads a calendar user address: bare, in angle brackets, as a
/// `mailto:` URI (RFC 6068) with its escapes, with a display name before it; an internationalised domain in ASCII.
pub(crate) fn mailbox(text: &str) -> Option<CalAddress> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    let text = match text.rsplit_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => text,
    };
    let mut bare = text.trim();
    let mut is_uri = false;
    // Some programs put the scheme before an address that has it.
    while let Some((_, rest)) = bare.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("mailto:")) {
        (bare, is_uri) = (rest.trim(), true);
    }
    let decoded = if is_uri { decode_percent(bare.split('?').next().unwrap_or_default()) } else { bare.to_owned() };
    address(&decoded)
}

/// Reads the address of a header field that has been taken apart. Nothing but the last `@` tells where its domain
/// begins, because whether that domain is proven is judged by the same sign.
pub(crate) fn address(text: &str) -> Option<CalAddress> {
    CalAddress::parse(text).ok()
}

/// `%2B` and the like; escapes that are none stay.
fn decode_percent(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).filter(|hex| *byte == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        let decoded = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(*byte));
        rest = if decoded.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_spelling() {
        for text in [
            "ana@example.com",
            "<Ana@Example.com>",
            "mailto:ana@example.com",
            "MAILTO:<ana@example.com>",
            "mailto:mailto:ana@example.com",
            "mailto:ana%40example.com",
            "mailto:ana@example.com?subject=Hi@there",
            " \"Doe, Ana\" <ana@example.com>",
            "'ana@example.com'",
            "mailto: ana@example.com",
        ] {
            assert_eq!(mailbox(text).map(|address| address.to_string()).as_deref(), Some("ana@example.com"), "{text}");
        }
        assert_eq!(mailbox("mailto:a%2Bb@example.com").unwrap().as_str(), "a+b@example.com");
        assert_eq!(mailbox("Ána@Bücher.example").unwrap().as_str(), "ána@xn--bcher-kva.example");
        assert_eq!(mailbox("mailto:a%zz@example.com").unwrap().as_str(), "a%zz@example.com");
    }

    #[test]
    fn what_is_no_mailbox_is_none() {
        for text in [
            "",
            "invalid:nomail",
            "/o=Example/ou=Site/cn=Recipients/cn=ana",
            "urn:uuid:1",
            "mailto:",
            "mailto:mailto:",
            "<>",
            "<",
            "mailto:a%0D%0ABcc:%20eve@example.com",
            "mailto:a%3Cb@example.com",
            "ana@exam\u{300}ple.com",
            "ana@\u{1F389}.com",
            "%",
            "mailto:%4",
        ] {
            assert_eq!(mailbox(text), None, "{text}");
        }
    }
}
