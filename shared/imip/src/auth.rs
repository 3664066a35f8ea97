//! What a trusted receiver said about the sender, read from the raw header bytes (RFC 8601, RFC 8617).
//!
//! Only the topmost Authentication-Results counts: everything below it was in the mail when it arrived, so
//! the sender may have written it himself.

use itip::ascii_domain;

use crate::mime;

/// Whether the From domain is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthVerdict {
    /// `dmarc=pass` for the domain of the only From mailbox.
    Pass,
    /// Forged or ambiguous; says why.
    Fail(&'static str),
    /// No verdict that counts.
    None,
}

/// Steps (b) and (c) of the owner ladder: the verdict of `trusted_authserv_id` on this mail's From.
/// More than one From is refused even where nobody is trusted: receivers and readers may pick different ones.
pub fn authentication(raw: &[u8], trusted_authserv_id: Option<&str>) -> AuthVerdict {
    let (block, _) = mime::split_entity(raw);
    let Some(message) = mime::headers(block) else { return AuthVerdict::None };
    let senders = Senders::of(&message);
    if senders.fields > 1 {
        return AuthVerdict::Fail("several-from-headers");
    }
    if senders.mailboxes > 1 {
        return AuthVerdict::Fail("several-from-addresses");
    }
    let (Some(domain), Some(trusted)) = (senders.domain, trusted_authserv_id) else { return AuthVerdict::None };

    let topmost = mime::field_texts(&message, block, "Authentication-Results").into_iter().next();
    let verdict = topmost
        .and_then(|text| Results::parse(&text).filter(|results| results.authserv_id.eq_ignore_ascii_case(trusted)))
        .or_else(|| newest_arc(&mime::field_texts(&message, block, "ARC-Authentication-Results"), trusted));
    verdict.map_or(AuthVerdict::None, |results| results.verdict_on(&domain))
}

/// Who a mail says it is from.
pub(crate) struct Senders {
    pub(crate) fields: usize,
    pub(crate) mailboxes: usize,
    domain: Option<String>,
}

impl Senders {
    pub(crate) fn of(message: &mail_parser::Message<'_>) -> Self {
        let fields: Vec<_> =
            message.headers().iter().filter(|field| field.name == mail_parser::HeaderName::From).collect();
        let mailboxes: Vec<_> = fields
            .iter()
            .filter_map(|field| field.value.as_address())
            .flat_map(mail_parser::Address::iter)
            .filter(|mailbox| mailbox.address.is_some() || mailbox.name.is_some())
            .collect();
        let address = mailboxes.first().and_then(|mailbox| mailbox.address());
        let domain =
            address.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain.to_ascii_lowercase());
        Self { fields: fields.len(), mailboxes: mailboxes.len(), domain }
    }
}

/// The ARC set with the highest instance, if it stands on top and is the trusted receiver's: whoever seals a
/// mail puts his set above the others and counts on, so any other order was made up.
fn newest_arc(fields: &[String], trusted: &str) -> Option<Results> {
    let instance = |text: &str| -> Option<(u8, String)> {
        let (tag, rest) = text.split_once(';')?;
        let number = tag.trim().strip_prefix("i=")?.trim().parse().ok()?;
        Some((number, rest.to_owned()))
    };
    let sets: Vec<_> = fields.iter().map(|text| instance(text)).collect();
    let (newest, rest) = sets.first()?.as_ref()?;
    let others = sets.iter().skip(1);
    let is_newest = others.flatten().all(|(number, _)| number < newest);
    Results::parse(rest).filter(|results| is_newest && results.authserv_id.eq_ignore_ascii_case(trusted))
}

/// The dmarc results of an Authentication-Results field.
struct Results {
    authserv_id: String,
    /// Result and `header.from` of each `dmarc=`.
    dmarc: Vec<(String, Option<String>)>,
}

impl Results {
    /// RFC 8601 section 2.2: `authserv-id [version]; method=result [reason] ptype.property=value …; …`
    fn parse(text: &str) -> Option<Self> {
        let text = without_comments(text);
        let mut statements = split_outside_quotes(&text, |c| c == ';').into_iter();
        let authserv_id = statements.next()?.split_whitespace().next()?.trim_matches('"').to_owned();
        let dmarc = statements
            .filter_map(|statement| {
                let words = split_outside_quotes(statement, char::is_whitespace);
                let mut pairs = words.iter().filter_map(|word| word.split_once('='));
                let (method, result) = pairs.next()?;
                if !method.split('/').next()?.eq_ignore_ascii_case("dmarc") {
                    return None;
                }
                let from = pairs.find(|(property, _)| property.eq_ignore_ascii_case("header.from"));
                let from = from.map(|(_, value)| value.trim_matches('"').to_ascii_lowercase());
                let from =
                    from.map(|value| value.rsplit_once('@').map_or(value.clone(), |(_, domain)| domain.to_owned()));
                Some((result.to_ascii_lowercase(), from))
            })
            .collect();
        Some(Self { authserv_id, dmarc })
    }

    fn verdict_on(&self, domain: &str) -> AuthVerdict {
        let mut verdict = AuthVerdict::None;
        let canonical = |domain: &str| ascii_domain(domain.trim_end_matches('.'));
        for (result, from) in &self.dmarc {
            if from.as_deref().is_some_and(|from| canonical(from) != canonical(domain)) {
                // The receiver may write an internationalised domain by an older mapping: no proof either way.
                return if domain.is_ascii() {
                    AuthVerdict::Fail("verdict-for-another-domain")
                } else {
                    AuthVerdict::None
                };
            }
            match result.as_str() {
                "fail" => return AuthVerdict::Fail("dmarc-fail"),
                // Without header.from it is not said for whom.
                "pass" if from.is_some() => verdict = AuthVerdict::Pass,
                _ => {}
            }
        }
        verdict
    }
}

/// Takes out comments, which nest (RFC 5322 section 3.2.2), and the space that is allowed around an equals
/// sign. `dmarc = pass (dmarc=fail)` says `dmarc=pass`.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped, mut after_equals) = (0_u32, false, false, false);
    for c in text.chars() {
        let was_escaped = escaped;
        escaped = c == '\\' && !was_escaped;
        match c {
            '"' if depth == 0 && !was_escaped => quoted = !quoted,
            '(' if !quoted && !was_escaped => depth += 1,
            ')' if !quoted && !was_escaped && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth > 0 || !quoted && after_equals && c.is_whitespace() {
            continue;
        }
        if !quoted && c == '=' {
            out.truncate(out.trim_end().len());
        }
        after_equals = c == '=';
        out.push(c);
    }
    out
}

fn split_outside_quotes(text: &str, separates: impl Fn(char) -> bool) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c| {
        quoted ^= c == '"';
        !quoted && separates(c)
    })
    .map(str::trim)
    .filter(|piece| !piece.is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUSTED: &str = "mx.example.net";

    fn check(headers: &str, expected: AuthVerdict) {
        let mail = format!(
            "{headers}\r\nSubject: x\r\n\r\nAuthentication-Results: mx.example.net; dmarc=pass header.from=example.com\r\n"
        );
        assert_eq!(authentication(mail.as_bytes(), Some(TRUSTED)), expected, "{headers}");
        let bare = mail.replace("\r\n", "\n");
        assert_eq!(authentication(bare.as_bytes(), Some(TRUSTED)), expected, "bare LF: {headers}");
    }

    #[test]
    fn the_topmost_result_of_the_trusted_receiver_counts() {
        check(
            "Authentication-Results: mx.example.net;\r\n dkim=pass header.d=example.com;\r\n dmarc=pass (p=reject)\r\n\theader.from=Example.com\r\n\
             From: Ana <ana@example.com>",
            AuthVerdict::Pass,
        );
        check(
            "Authentication-Results: MX.example.net 1; DMARC  =  (x) PASS (y(z)) header.from=ana@example.com\r\nFrom: ana@EXAMPLE.com",
            AuthVerdict::Pass,
        );
        // What stands below the topmost may be the sender's own.
        check(
            "Authentication-Results: other.example; dmarc=none\r\nAuthentication-Results: mx.example.net; dmarc=pass header.from=example.com\r\n\
             From: ana@example.com",
            AuthVerdict::None,
        );
        check(
            "Authentication-Results: mx.example.net; dmarc=none header.from=example.com\r\n\
             Authentication-Results: mx.example.net; dmarc=pass header.from=example.com\r\nFrom: ana@example.com",
            AuthVerdict::None,
        );
        check("From: ana@example.com", AuthVerdict::None);
        check("Authentication-Results: mx.example.net; none\r\nFrom: ana@example.com", AuthVerdict::None);
    }

    #[test]
    fn forged_and_ambiguous_senders_fail() {
        let pass = "Authentication-Results: mx.example.net; dmarc=pass header.from=example.com";
        check(&format!("{pass}\r\nFrom: ana@example.org"), AuthVerdict::Fail("verdict-for-another-domain"));
        check(
            "Authentication-Results: mx.example.net; dmarc=fail header.from=example.com\r\nFrom: ana@example.com",
            AuthVerdict::Fail("dmarc-fail"),
        );
        check(
            &format!("{pass}\r\nFrom: ana@example.com\r\nFrom: eve@example.com"),
            AuthVerdict::Fail("several-from-headers"),
        );
        check(
            &format!("{pass}\r\nFrom: ana@example.com, eve@example.com"),
            AuthVerdict::Fail("several-from-addresses"),
        );
        check("From: ana@example.com\r\nFROM : eve@example.com", AuthVerdict::Fail("several-from-headers"));
        check("From: g: ana@example.com, eve@example.com;", AuthVerdict::Fail("several-from-addresses"));
    }

    #[test]
    fn a_domain_in_other_letters_is_proven_by_its_ascii_form() {
        let from_mueller = |header_from: &str, expected| {
            let result = format!("Authentication-Results: mx.example.net; dmarc=pass header.from={header_from}");
            check(&format!("{result}\r\nFrom: ana@Müller.example"), expected);
        };
        from_mueller("xn--mller-kva.example", AuthVerdict::Pass);
        from_mueller("müller.example", AuthVerdict::Pass);
        from_mueller("mueller.example", AuthVerdict::None);
    }

    #[test]
    fn quotes_and_comments_do_not_speak() {
        for result in [
            "dkim=fail (dmarc=pass header.from=example.com)",
            "dkim=fail reason=\"; dmarc=pass header.from=example.com\"",
            "spf=pass smtp.mailfrom=\"; dmarc=pass header.from=example.com\"",
            "dmarc=pass",
            "dmarc=none header.from=example.com",
            "dmarc=bestguesspass header.from=example.com",
            "xdmarc=pass header.from=example.com",
        ] {
            check(
                &format!("Authentication-Results: mx.example.net; {result}\r\nFrom: ana@example.com"),
                AuthVerdict::None,
            );
        }
    }

    #[test]
    fn the_newest_arc_set_stands_in() {
        let arc = |i: u8, id: &str| {
            format!("ARC-Authentication-Results: i={i}; {id}; dmarc=pass header.from=example.com\r\n")
        };
        let from = "From: ana@example.com";
        check(&format!("{}{}{from}", arc(2, TRUSTED), arc(1, "other.example")), AuthVerdict::Pass);
        check(&format!("{}{}{from}", arc(2, "other.example"), arc(1, TRUSTED)), AuthVerdict::None);
        check(&format!("{}{}{from}", arc(1, "other.example"), arc(2, TRUSTED)), AuthVerdict::None);
        check(&format!("{}{}{from}", arc(2, TRUSTED), arc(2, TRUSTED)), AuthVerdict::None);
        check(
            &format!(
                "Authentication-Results: other.example; dmarc=fail header.from=x.example\r\n{}{from}",
                arc(1, TRUSTED)
            ),
            AuthVerdict::Pass,
        );
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        let mail = b"Authentication-Results: mx.example.net; dmarc=pass header.from=example.com\r\nFrom: ana@example.com\r\n\r\n";
        assert_eq!(authentication(mail, None), AuthVerdict::None);
    }
}
