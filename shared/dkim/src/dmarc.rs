//! The one thing of a DMARC record that matters here: whether a domain wants its signatures to be its own.

use crate::tags::Tags;

/// Whether the TXT records of `_dmarc.domain` ask for strict alignment (`adkim=s`, RFC 7489 section 6.3); `None` if
/// there is no DMARC record among them.
pub fn wants_strict_alignment<T: AsRef<str>>(records: &[T]) -> Option<bool> {
    let tags = records.iter().filter_map(|record| Tags::parse(record.as_ref()));
    let policy = tags.into_iter().find(|tags| tags.get("v") == Some("DMARC1"))?;
    Some(policy.get("adkim").is_some_and(|mode| mode.eq_ignore_ascii_case("s")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_is_only_what_says_so() {
        for (record, expected) in [
            ("v=DMARC1; p=reject; adkim=s", Some(true)),
            ("v=DMARC1; p=none; adkim=r;", Some(false)),
            ("v=DMARC1; p=none", Some(false)),
            ("v=spf1 -all", None),
            ("", None),
        ] {
            assert_eq!(wants_strict_alignment(&[record]), expected, "{record}");
        }
    }
}
