//! A mail as DKIM sees it: header fields as they stand, and a body.

use crate::Refusal;

/// Header fields of one mail; the same limit as the mail reader's.
const HEADER_BYTES_MAX: usize = 256 * 1024;

/// Header fields of one mail; after a dozen hops and filters it has 150.
const FIELDS_MAX: usize = 1_000;

/// A mail, split into its header fields and its body.
#[derive(Debug)]
pub struct Message<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) body: &'a [u8],
}

/// A header field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    /// As it stands, folds included, without the last line end.
    pub(crate) raw: &'a [u8],
    /// What stands before the colon.
    pub(crate) name: &'a [u8],
    /// What stands behind it.
    pub(crate) value: &'a [u8],
}

impl Field<'_> {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The name as it is compared.
    pub(crate) fn name(&self) -> String {
        self.name.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect()
    }
}

impl<'a> Message<'a> {
    /// Splits a mail. Only CRLF ends a line (RFC 5322 section 2.1): where readers may see different lines, nothing is
    /// proven.
    pub fn parse(raw: &'a [u8]) -> Result<Self, Refusal> {
        let end = if raw.starts_with(b"\r\n") {
            0
        } else {
            let window = raw.get(..raw.len().min(HEADER_BYTES_MAX)).unwrap_or_default();
            let empty_line = window.windows(4).position(|four| four == b"\r\n\r\n");
            empty_line
                .map(|at| at + 2)
                .or_else(|| (window.len() == raw.len()).then_some(raw.len()))
                .ok_or(Refusal::Malformed)?
        };
        let (header, rest) = raw.split_at_checked(end).ok_or(Refusal::Malformed)?;
        let body = rest.strip_prefix(b"\r\n").unwrap_or_default();

        let mut fields = Vec::new();
        let mut rest = header;
        while !rest.is_empty() {
            let (field, after) = split_field(rest);
            if fields.len() == FIELDS_MAX {
                return Err(Refusal::Malformed);
            }
            fields.push(parse_field(field)?);
            rest = after;
        }
        Ok(Self { fields, body })
    }

    pub(crate) fn named<'m>(&'m self, name: &'m str) -> impl Iterator<Item = (usize, &'m Field<'a>)> {
        self.fields.iter().enumerate().filter(move |(_, field)| field.is(name))
    }
}

/// The first field without its line end, and what follows.
fn split_field(header: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if end > 0 && !line.starts_with(b" ") && !line.starts_with(b"\t") {
            break;
        }
        end += line.len();
    }
    let (field, after) = header.split_at_checked(end).unwrap_or((header, &[]));
    (field.strip_suffix(b"\r\n").unwrap_or(field), after)
}

fn parse_field(raw: &[u8]) -> Result<Field<'_>, Refusal> {
    let mut before = 0;
    for byte in raw {
        // In here every LF follows a CR and every CR precedes one.
        if *byte == 0 || (*byte == b'\n') != (before == b'\r') {
            return Err(Refusal::Malformed);
        }
        before = *byte;
    }
    let colon = raw.iter().position(|byte| *byte == b':').ok_or(Refusal::Malformed)?;
    let (name, value) = raw.split_at_checked(colon).ok_or(Refusal::Malformed)?;
    let name = name.trim_ascii_end();
    if before == b'\r' || name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return Err(Refusal::Malformed);
    }
    Ok(Field { raw, name, value: value.strip_prefix(b":").unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_folds_and_the_body_is_the_rest() {
        let message = Message::parse(b"A: 1\r\n  2\r\nb :3\r\n\r\nbody\r\n\r\n").unwrap();
        let fields: Vec<_> = message.fields.iter().map(|field| (field.name(), field.raw)).collect();
        assert_eq!(fields, [("a".to_owned(), &b"A: 1\r\n  2"[..]), ("b".to_owned(), b"b :3")]);
        assert_eq!(message.body, b"body\r\n\r\n");
        assert_eq!(Message::parse(b"A: 1\r\n\r\n").unwrap().body, b"");
        assert_eq!(Message::parse(b"A: 1").unwrap().fields.len(), 1);
        assert_eq!(Message::parse(b"\r\nbody").unwrap().body, b"body");
    }

    #[test]
    fn lines_that_readers_may_see_differently_prove_nothing() {
        for header in
            ["A: 1\nB: 2", "A: 1\rB: 2", "A: 1\0", "no colon", " A: 1", ": 1", "A b: 1", "\u{feff}A: 1", "A: 1\r"]
        {
            let mail = format!("{header}\r\n\r\nbody");
            assert_eq!(Message::parse(mail.as_bytes()).unwrap_err(), Refusal::Malformed, "{header:?}");
        }
        let long = format!("A: {}\r\n\r\n", "x".repeat(HEADER_BYTES_MAX));
        assert_eq!(Message::parse(long.as_bytes()).unwrap_err(), Refusal::Malformed);
        let many = "A: 1\r\n".repeat(FIELDS_MAX + 1);
        assert_eq!(Message::parse(many.as_bytes()).unwrap_err(), Refusal::Malformed);
    }
}
