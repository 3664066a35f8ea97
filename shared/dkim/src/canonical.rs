//! Canonicalization (RFC 6376 section 3.4): what may change on the way without breaking a signature.

use sha2::{Digest, Sha256};

use crate::message::Field;

/// How much may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Canonicalization {
    /// Nothing but empty lines at the end of the body.
    Simple,
    /// White space too.
    Relaxed,
}

impl Canonicalization {
    fn parse(text: &str) -> Option<Self> {
        match text.trim_ascii() {
            text if text.eq_ignore_ascii_case("simple") => Some(Self::Simple),
            text if text.eq_ignore_ascii_case("relaxed") => Some(Self::Relaxed),
            _ => None,
        }
    }

    /// `c=`: that of the header, and that of the body, which is simple if not named.
    pub(crate) fn parse_pair(text: &str) -> Option<(Self, Self)> {
        let (header, body) = text.split_once('/').unwrap_or((text, "simple"));
        Some((Self::parse(header)?, Self::parse(body)?))
    }

    /// Appends a header field without its line end.
    pub(crate) fn header_field(self, field: &Field<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Simple => out.extend_from_slice(field.raw),
            Self::Relaxed => {
                out.extend_from_slice(field.name().as_bytes());
                out.push(b':');
                let mut words = field.value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                out.extend_from_slice(words.next().unwrap_or_default());
                for word in words {
                    out.push(b' ');
                    out.extend_from_slice(word);
                }
            }
        }
    }

    /// The hash of a body.
    pub(crate) fn body_hash(self, body: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut is_empty = true;
        let mut empty_lines = 0_usize;
        for line in lines(body) {
            let line = match self {
                Self::Simple => line,
                Self::Relaxed => without_end(line),
            };
            if line.is_empty() {
                empty_lines += 1;
                continue;
            }
            is_empty = false;
            for _ in 0..std::mem::take(&mut empty_lines) {
                hash.update(b"\r\n");
            }
            match self {
                Self::Simple => hash.update(line),
                Self::Relaxed => reduced(line, &mut hash),
            }
            hash.update(b"\r\n");
        }
        // The simple form of a body without content is one empty line, the relaxed one nothing.
        if is_empty && self == Self::Simple {
            hash.update(b"\r\n");
        }
        hash.finalize().into()
    }
}

/// The lines of a body without their CRLF; a CR or LF alone is content.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let (line, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        rest = after.get(2..).unwrap_or_default();
        Some(line)
    })
}

fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn without_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !is_wsp(*byte)).map_or(0, |at| at + 1);
    line.get(..end).unwrap_or_default()
}

/// Hashes a line with every run of white space as one space.
fn reduced(line: &[u8], hash: &mut Sha256) {
    let mut rest = line;
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| is_wsp(*byte)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(space).unwrap_or((rest, &[]));
        hash.update(word);
        let next = after.iter().position(|byte| !is_wsp(*byte)).unwrap_or(after.len());
        if next > 0 {
            hash.update(b" ");
        }
        rest = after.get(next..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn headers(how: Canonicalization) -> String {
        let message = Message::parse(b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n").unwrap();
        let mut out = Vec::new();
        for field in &message.fields {
            how.header_field(field, &mut out);
            out.extend_from_slice(b"\r\n");
        }
        String::from_utf8(out).unwrap()
    }

    fn hashes_as(how: Canonicalization, body: &[u8], same: &[u8]) {
        let expected: [u8; 32] = Sha256::digest(same).into();
        assert_eq!(how.body_hash(body), expected, "{how:?} {:?}", String::from_utf8_lossy(body));
    }

    #[test]
    fn the_examples_of_rfc_6376_section_3_4_5() {
        assert_eq!(headers(Canonicalization::Relaxed), "a:X\r\nb:Y Z\r\n");
        assert_eq!(headers(Canonicalization::Simple), "A: X\r\nB : Y\t\r\n\tZ  \r\n");
        let body = b" C \r\nD \t E\r\n\r\n\r\n";
        hashes_as(Canonicalization::Relaxed, body, b" C\r\nD E\r\n");
        hashes_as(Canonicalization::Simple, body, b" C \r\nD \t E\r\n");
    }

    #[test]
    fn bodies_end_with_one_line_end_or_are_nothing() {
        for body in [&b""[..], b"\r\n", b"\r\n\r\n"] {
            hashes_as(Canonicalization::Simple, body, b"\r\n");
            hashes_as(Canonicalization::Relaxed, body, b"");
        }
        hashes_as(Canonicalization::Relaxed, b" \r\n\t\r\n", b"");
        hashes_as(Canonicalization::Simple, b" \r\n\r\n", b" \r\n");
        for how in [Canonicalization::Simple, Canonicalization::Relaxed] {
            hashes_as(how, b"a", b"a\r\n");
            hashes_as(how, b"a\r\n\r\nb\r\n\r\n", b"a\r\n\r\nb\r\n");
            hashes_as(how, b"a\nb\rc\r\n", b"a\nb\rc\r\n");
        }
    }
}
