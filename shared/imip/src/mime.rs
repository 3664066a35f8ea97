//! The parts of a mail (RFC 2045, RFC 2046). `mail-parser` reads header fields; the walk through the parts
//! is our own, because its depth, number and order have to be bounded before anything is decoded.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders};

use crate::MailRefusal;
use crate::charset::{self, Charsets, windows_1252};
use crate::limits::{FORWARD_DEPTH_MAX, HEADER_BYTES_MAX, MIME_DEPTH_MAX, MIME_PARTS_MAX};
use crate::smime::signed_content;
use crate::tnef::Tnef;

/// A part that is no multipart, in the order of the mail.
pub(crate) struct Part<'a> {
    /// Media type in lower case, `text/plain` if the sender gave none.
    pub(crate) content_type: String,
    /// `method` of text/calendar.
    pub(crate) method: Option<String>,
    /// What the sender says, or where he says nothing what he says of another part.
    charset: Option<String>,
    charsets: Charsets<'a>,
    /// File name, empty if none.
    pub(crate) name: String,
    pub(crate) is_attachment: bool,
    encoding: Encoding,
    raw: Cow<'a, [u8]>,
    /// How many mails lie around it: 0 for the mail's own parts.
    pub(crate) forwarded: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Base64,
    QuotedPrintable,
    None,
}

impl Part<'_> {
    /// The content, transfer encoding removed.
    pub(crate) fn bytes(&self) -> Cow<'_, [u8]> {
        decode(&self.raw, self.encoding)
    }

    /// The content as text; bytes that nothing explains are Windows-1252.
    pub(crate) fn text(&self) -> String {
        let bytes = self.bytes();
        charset::decode(self.charset.as_deref(), &bytes, self.charsets)
            .unwrap_or_else(|| bytes.iter().map(|byte| windows_1252(*byte)).collect())
    }

    /// The bytes of a calendar, in UTF-8 if its charset is known. Otherwise they stay as they are: a fold may
    /// have split a character, and the calendar reader mends that better than a decoder could.
    pub(crate) fn calendar_bytes(&self) -> Cow<'_, [u8]> {
        // BEGIN:VCA in base64, without a word about it.
        let forgot = self.encoding == Encoding::None && self.raw.trim_ascii_start().starts_with(b"QkVHSU46VkNB");
        let bytes = decode(&self.raw, if forgot { Encoding::Base64 } else { self.encoding });
        match charset::decode(self.charset.as_deref(), &bytes, self.charsets) {
            Some(text) => text.into_bytes().into(),
            None => bytes,
        }
    }

    /// Outlook's own format.
    pub(crate) fn is_winmail(&self) -> bool {
        self.content_type.ends_with("ms-tnef") || self.name.eq_ignore_ascii_case("winmail.dat")
    }

    /// Something that only its receiver's key opens; what is merely signed has been opened.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.content_type == "application/pgp-encrypted" || is_cms(&self.content_type, &self.name)
    }
}

/// S/MIME without a part that can be read (RFC 8551 section 3.2).
fn is_cms(content_type: &str, name: &str) -> bool {
    matches!(content_type, "application/pkcs7-mime" | "application/x-pkcs7-mime")
        || name.get(name.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(".p7m"))
}

/// The header fields of an entity; `None` if there is no field at all.
pub(crate) fn headers(block: &[u8]) -> Option<Message<'_>> {
    MessageParser::default().parse_headers(block).filter(|message| !message.parts.is_empty())
}

/// Splits an entity at the first empty line into header block and body. Some senders forget that line in
/// front of a calendar: it begins the body too.
pub(crate) fn split_entity(entity: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in entity.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii_start().is_empty() {
            return entity.split_at_checked(at + line.len()).unwrap_or((entity, &[]));
        }
        if line.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"BEGIN:VCALENDAR")) {
            return entity.split_at_checked(at).unwrap_or((entity, &[]));
        }
        at += line.len();
    }
    (entity, &[])
}

/// Every part of a mail that is no multipart, those of one forwarded mail, of a signed message and of a
/// `winmail.dat` included.
pub(crate) fn parts<'a>(mail: &'a [u8], charsets: Charsets<'a>) -> Result<Vec<Part<'a>>, MailRefusal> {
    let mut walk = Walk { parts: Vec::new(), seen: 0, charsets };
    walk.entity(&Entity(Cow::Borrowed(mail)), Place { depth: 0, forwarded: 0, in_digest: false })?;
    let Walk { mut parts, .. } = walk;
    let says_nothing =
        |charset: &str| ["us-ascii", "ascii", "utf-8", "utf8"].contains(&charset.to_ascii_lowercase().as_str());
    let declared =
        parts.iter().filter_map(|part| part.charset.as_ref()).find(|charset| !says_nothing(charset)).cloned();
    for part in parts.iter_mut().filter(|part| part.charset.as_deref().is_none_or(says_nothing)) {
        part.charset = declared.clone().or(part.charset.take());
    }
    Ok(parts)
}

/// The first charset that a part of the mail is in, as far as that says something.
pub(crate) fn declared_charset<'a>(parts: &'a [Part<'_>]) -> Option<&'a str> {
    parts.iter().find_map(|part| part.charset.as_deref())
}

#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    forwarded: usize,
    /// Parts of a multipart/digest are mails unless they say otherwise (RFC 2046 section 5.1.5).
    in_digest: bool,
}

struct Walk<'a> {
    parts: Vec<Part<'a>>,
    seen: usize,
    charsets: Charsets<'a>,
}

impl<'a> Walk<'a> {
    fn entity(&mut self, entity: &Entity<'a>, place: Place) -> Result<(), MailRefusal> {
        self.seen += 1;
        if self.seen > MIME_PARTS_MAX || place.depth > MIME_DEPTH_MAX {
            return Err(MailRefusal::TooManyParts);
        }
        let (block, body) = split_entity(&entity.0);
        let body_at = block.len();
        if block.len() > HEADER_BYTES_MAX {
            return Err(MailRefusal::TooLarge);
        }
        let fields = headers(block);
        let content_type = fields.as_ref().and_then(MimeHeaders::content_type);
        let attribute = |name: &str| content_type.and_then(|kind| kind.attribute(name)).map(str::to_owned);
        let default = if place.in_digest { ("message", "rfc822") } else { ("text", "plain") };
        let (kind, subtype) = content_type.map_or(default, |kind| (kind.ctype(), kind.subtype().unwrap_or("plain")));
        let content_type = format!("{kind}/{subtype}").to_ascii_lowercase();
        let encoding = fields.as_ref().and_then(MimeHeaders::content_transfer_encoding).unwrap_or_default().trim();
        let encoding = match encoding.to_ascii_lowercase().as_str() {
            "base64" => Encoding::Base64,
            "quoted-printable" => Encoding::QuotedPrintable,
            _ => Encoding::None,
        };

        let is_multipart = content_type.starts_with("multipart/");
        if let Some(boundary) = is_multipart.then(|| attribute("boundary").or_else(|| guessed_boundary(body))).flatten()
        {
            let inner = Place { depth: place.depth + 1, in_digest: content_type == "multipart/digest", ..place };
            let parts = split_multipart(body, boundary.as_bytes());
            let slice = |range: Range<usize>| Entity(entity.slice(body_at + range.start..body_at + range.end));
            return parts.into_iter().try_for_each(|range| self.entity(&slice(range), inner));
        }
        if matches!(content_type.as_str(), "message/rfc822" | "message/global") && place.forwarded < FORWARD_DEPTH_MAX {
            let inner = Place { depth: place.depth + 1, forwarded: place.forwarded + 1, in_digest: false };
            let mail = match decode(body, encoding) {
                Cow::Owned(decoded) => Cow::Owned(decoded),
                Cow::Borrowed(_) => entity.slice(body_at..entity.0.len()),
            };
            return self.entity(&Entity(mail), inner);
        }
        let name = fields.as_ref().and_then(MimeHeaders::attachment_name).unwrap_or_default().to_owned();
        if is_cms(&content_type, &name)
            && let Some(signed) = signed_content(&decode(body, encoding))
        {
            return self.entity(&Entity(Cow::Owned(signed)), Place { depth: place.depth + 1, ..place });
        }
        let disposition = fields.as_ref().and_then(MimeHeaders::content_disposition);
        let part = Part {
            method: attribute("method"),
            charset: attribute("charset"),
            charsets: self.charsets,
            is_attachment: disposition.is_some_and(mail_parser::ContentType::is_attachment),
            content_type,
            name,
            encoding,
            raw: entity.slice(body_at..entity.0.len()),
            forwarded: place.forwarded,
        };
        let files = if part.is_winmail() { self.files_of(&part) } else { Vec::new() };
        self.seen += files.len();
        if self.seen > MIME_PARTS_MAX {
            return Err(MailRefusal::TooManyParts);
        }
        self.parts.push(part);
        self.parts.extend(files);
        Ok(())
    }

    /// The files inside a `winmail.dat`.
    fn files_of(&self, winmail: &Part<'a>) -> Vec<Part<'a>> {
        let bytes = winmail.bytes();
        let Some(tnef) = Tnef::read(&bytes) else { return Vec::new() };
        let part = |file| {
            let (name, content_type) = tnef.label(file, self.charsets);
            Part {
                content_type,
                method: None,
                charset: None,
                charsets: self.charsets,
                name,
                is_attachment: true,
                encoding: Encoding::None,
                raw: Cow::Owned(file.bytes.to_vec()),
                forwarded: winmail.forwarded,
            }
        };
        tnef.files.iter().map(part).collect()
    }
}

/// The bytes of an entity: a piece of the mail, or of what was decoded from one.
struct Entity<'a>(Cow<'a, [u8]>);

impl<'a> Entity<'a> {
    /// A part of it, borrowed from the mail where the entity is.
    fn slice(&self, range: Range<usize>) -> Cow<'a, [u8]> {
        match &self.0 {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(range).unwrap_or_default()),
            Cow::Owned(bytes) => Cow::Owned(bytes.get(range).unwrap_or_default().to_vec()),
        }
    }
}

/// The boundary of a multipart that does not name it: the first line that could be one.
fn guessed_boundary(body: &[u8]) -> Option<String> {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let line = lines.find_map(|line| line.strip_prefix(b"--")).filter(|line| (1..=70).contains(&line.len()))?;
    std::str::from_utf8(line).ok().map(str::to_owned)
}

/// Where the parts of a multipart body lie: between lines that are the boundary.
fn split_multipart(body: &[u8], boundary: &[u8]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut at, mut open) = (0, None);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)).map(<[u8]>::trim_ascii_end);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || *rest == b"--") {
            if let Some(start) = open {
                // The line end before a boundary belongs to the boundary.
                let content = body.get(start..at).unwrap_or_default();
                let content = content.strip_suffix(b"\n").unwrap_or(content);
                let content = content.strip_suffix(b"\r").unwrap_or(content);
                parts.push(start..start + content.len());
            }
            open = rest.is_empty().then_some(at + line.len());
        }
        at += line.len();
    }
    // A mail that was cut off, or whose writer forgot the last boundary.
    parts.extend(open.map(|start| start..body.len()));
    parts
}

fn decode(bytes: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::None => Cow::Borrowed(bytes),
        Encoding::Base64 => Cow::Owned(decode_base64(bytes)),
        Encoding::QuotedPrintable => Cow::Owned(decode_quoted_printable(bytes)),
    }
}

/// Base64 as it arrives: anything that is no digit is passed over, padding may stand between two blocks.
pub(crate) fn decode_base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let (mut chunk, mut digits) = (0_u32, 0_u32);
    let flush = |out: &mut Vec<u8>, chunk: u32, digits: u32| {
        let [_, a, b, c] = (chunk << (6 * (4 - digits))).to_be_bytes();
        out.extend([a, b, c].into_iter().take(match digits {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => 0,
        }));
    };
    for byte in bytes {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                flush(&mut out, chunk, digits);
                (chunk, digits) = (0, 0);
                continue;
            }
            _ => continue,
        };
        chunk = chunk << 6 | u32::from(digit);
        digits += 1;
        if digits == 4 {
            flush(&mut out, chunk, digits);
            (chunk, digits) = (0, 0);
        }
    }
    flush(&mut out, chunk, digits);
    out
}

/// Quoted-printable as it arrives: a `=` that begins nothing stands for itself.
pub(crate) fn decode_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_end();
        let soft = content.ends_with(b"=");
        let mut rest = content.strip_suffix(b"=").unwrap_or(content);
        while let Some((byte, tail)) = rest.split_first() {
            let pair = match (byte, tail) {
                (b'=', [high, low, ..]) => hex(*high).zip(hex(*low)),
                _ => None,
            };
            out.push(pair.map_or(*byte, |(high, low)| high << 4 | low));
            rest = if pair.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
        }
        if !soft && line.ends_with(b"\n") {
            out.extend_from_slice(if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" });
        }
    }
    out
}

/// The text of every field with this name, unfolded, topmost first.
pub(crate) fn field_texts(message: &Message<'_>, block: &[u8], name: &str) -> Vec<String> {
    let wanted = HeaderName::parse(name);
    let fields = message.headers().iter().filter(|field| match &wanted {
        Some(known) if !matches!(known, HeaderName::Other(_)) => field.name == *known,
        _ => field.name().eq_ignore_ascii_case(name),
    });
    fields
        .map(|field| {
            let range = field.offset_start() as usize..field.offset_end() as usize;
            let text = String::from_utf8_lossy(block.get(range).unwrap_or_default());
            text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(mail: &str) -> Vec<(String, String)> {
        let parts = parts(mail.as_bytes(), &charset::none).unwrap();
        parts.iter().map(|part| (part.content_type.clone(), part.text())).collect()
    }

    #[test]
    fn parts_come_in_order_whatever_lies_around_them() {
        let mail = "From: a@example.com\nContent-Type: multipart/signed; boundary=\"o\"\n\npreamble\n--o\n\
            Content-Type: multipart/mixed; boundary=i\n\n--i\n\none\n--i\nContent-Type: text/html\n\
            Content-Transfer-Encoding: base64\n\nPGI+dHdvPC9iPg==\n--i--\n--o\nContent-Type: message/rfc822\n\n\
            Subject: x\nContent-Type: text/x\nContent-Transfer-Encoding: quoted-printable\n\nth=72=\nee = 3\n--o--\n";
        let expected = [("text/plain", "one"), ("text/html", "<b>two</b>"), ("text/x", "three = 3")];
        let expected: Vec<(String, String)> = expected.map(|(kind, text)| (kind.to_owned(), text.to_owned())).into();
        assert_eq!(shapes(mail), expected);
        assert_eq!(shapes(&mail.replace('\n', "\r\n")), expected);
    }

    #[test]
    fn a_calendar_begins_the_body_even_without_an_empty_line() {
        let (block, body) = split_entity(b"Content-Type: text/calendar\nBEGIN:VCALENDAR\nEND:VCALENDAR\n");
        assert_eq!(block, b"Content-Type: text/calendar\n");
        assert!(body.starts_with(b"BEGIN:VCALENDAR"));
    }

    #[test]
    fn depth_and_number_are_limited() {
        let deep = (0..50).fold(String::new(), |mail, level| {
            format!("{mail}Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n")
        });
        assert!(matches!(parts(deep.as_bytes(), &charset::none), Err(MailRefusal::TooManyParts)));
        let wide = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(1000));
        assert!(matches!(parts(wide.as_bytes(), &charset::none), Err(MailRefusal::TooManyParts)));
        // A mail in a mail in a mail is a file like any other.
        let nested = "Content-Type: message/rfc822\n\n".repeat(5_000);
        assert_eq!(parts(nested.as_bytes(), &charset::none).unwrap().len(), 1);
    }

    #[test]
    fn base64_is_read_through_noise() {
        for (text, bytes) in
            [("aGk=", "hi"), ("aG k\r\n=", "hi"), ("aGk", "hi"), ("aGk=aGk=", "hihi"), ("", ""), ("=", ""), ("a", "")]
        {
            assert_eq!(decode_base64(text.as_bytes()), bytes.as_bytes(), "{text}");
        }
    }
}
