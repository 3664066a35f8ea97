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
    let (local, domain) = text.trim().rsplit_once('@')?;
    CalAddress::parse(&format!("{local}@{}", ascii_domain(domain))).ok()
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

/// A domain name whose internationalised labels are A-labels (RFC 5890 section 2.3.2.1), lower-case.
pub(crate) fn ascii_domain(domain: &str) -> String {
    let label = |label: &str| {
        let lower = label.to_lowercase();
        // What is no letter or digit stays, and is refused: marks and the like are spoofs as a rule.
        if lower.is_ascii() || lower.len() > 255 || !lower.chars().all(|c| c == '-' || c.is_alphanumeric()) {
            return lower;
        }
        punycode(&lower).map_or(lower, |encoded| format!("xn--{encoded}"))
    };
    domain.split(['.', '\u{3002}', '\u{FF0E}']).map(label).collect::<Vec<_>>().join(".")
}

/// RFC 3492 section 6.3. `None` on overflow, which a label that fits into the DNS cannot cause.
fn punycode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    const T_MIN: u32 = 1;
    const T_MAX: u32 = 26;
    const SKEW: u32 = 38;
    const DAMP: u32 = 700;
    // `a` to `z` are 0 to 25, the digits follow.
    let digit = |number: u32| char::from_digit((number + 10) % BASE, BASE);
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    let total = u32::try_from(label.chars().count()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut code, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    while handled < total {
        let next = label.chars().map(u32::from).filter(|c| *c >= code).min()?;
        delta = delta.checked_add((next - code).checked_mul(handled + 1)?)?;
        code = next;
        for c in label.chars().map(u32::from) {
            if c < code {
                delta = delta.checked_add(1)?;
            }
            if c != code {
                continue;
            }
            let mut rest = delta;
            for k in (BASE..).step_by(36) {
                let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                if rest < threshold {
                    break;
                }
                out.push(digit(threshold + (rest - threshold) % (BASE - threshold))?);
                rest = (rest - threshold) / (BASE - threshold);
            }
            out.push(digit(rest)?);
            // Section 6.1, adaptation of the bias.
            delta /= if handled == basic { DAMP } else { 2 };
            delta += delta / (handled + 1);
            let mut k = 0;
            while delta > (BASE - T_MIN) * T_MAX / 2 {
                delta /= BASE - T_MIN;
                k += BASE;
            }
            bias = k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        code = code.checked_add(1)?;
    }
    Some(out)
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

    #[test]
    fn domains_become_what_the_dns_knows() {
        for (domain, ascii) in [
            ("Example.COM", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("müller-straße.example", "xn--mller-strae-46a18a.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("пример。испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
            ("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(ascii_domain(domain), ascii, "{domain}");
        }
        let long = "é".repeat(100_000);
        assert_eq!(ascii_domain(&long), long);
        assert_eq!(mailbox("Ána@Bücher.example").unwrap().as_str(), "ána@xn--bcher-kva.example");
    }
}
