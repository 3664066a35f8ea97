//! Charsets of mail. UTF-8, UTF-16 and the single-byte ones are read here; the tables of the Asian ones are
//! 130 kB when compressed, so whoever calls lends a decoder for them: in a Worker, the platform's `TextDecoder`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mail_parser::decoders::charsets::map::charset_decoder;

use crate::mime::{decode_base64, decode_quoted_printable};

/// Decodes bytes by a label of the WHATWG Encoding Standard; `None` if it does not know the label.
pub type Charsets<'a> = &'a dyn Fn(&str, &[u8]) -> Option<String>;

/// No charsets beyond those that are read without help.
pub(crate) fn none(_: &str, _: &[u8]) -> Option<String> {
    None
}

/// Labels of multi-byte charsets as mail names them, and the Encoding Standard's name.
const MULTI_BYTE: [(&str, &str); 37] = [
    ("big5", "big5"),
    ("big5-hkscs", "big5"),
    ("cn-big5", "big5"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("csbig5", "big5"),
    ("cseuckr", "euc-kr"),
    ("csgb2312", "gbk"),
    ("csiso2022jp", "iso-2022-jp"),
    ("csshiftjis", "shift_jis"),
    ("euc-cn", "gbk"),
    ("euc-jp", "euc-jp"),
    ("euc-kr", "euc-kr"),
    ("eucjp", "euc-jp"),
    ("euckr", "euc-kr"),
    ("gb18030", "gb18030"),
    ("gb2312", "gb18030"),
    ("gb_2312-80", "gb18030"),
    ("gbk", "gb18030"),
    ("iso-2022-jp", "iso-2022-jp"),
    ("iso-2022-jp-1", "iso-2022-jp"),
    ("iso-2022-jp-2", "iso-2022-jp"),
    ("iso-2022-jp-ms", "iso-2022-jp"),
    ("ks_c_5601-1987", "euc-kr"),
    ("ksc5601", "euc-kr"),
    ("ms932", "shift_jis"),
    ("ms936", "gbk"),
    ("ms949", "euc-kr"),
    ("shift-jis", "shift_jis"),
    ("shift_jis", "shift_jis"),
    ("sjis", "shift_jis"),
    ("uhc", "euc-kr"),
    ("windows-31j", "shift_jis"),
    ("windows-949", "euc-kr"),
    ("x-sjis", "shift_jis"),
];

/// Bytes by the label that came with them. A label lies more often than bytes that happen to be UTF-8, so those
/// are UTF-8 whatever it says; but seven-bit Japanese looks like ASCII, and UTF-16 may. `None` if the label says
/// nothing, or something that cannot be.
pub(crate) fn decode(label: Option<&str>, bytes: &[u8], charsets: Charsets<'_>) -> Option<String> {
    let label = label.map(|label| label.trim_matches(['"', '\'', ' ']).to_ascii_lowercase()).unwrap_or_default();
    match (bytes, label.as_str()) {
        ([0xFF, 0xFE, rest @ ..], _) => return Some(utf16(rest, u16::from_le_bytes)),
        ([0xFE, 0xFF, rest @ ..], _) => return Some(utf16(rest, u16::from_be_bytes)),
        (_, "utf-16le") => return Some(utf16(bytes, u16::from_le_bytes)),
        (_, "utf-16be" | "utf-16") => return Some(utf16(bytes, u16::from_be_bytes)),
        _ => {}
    }
    if is_iso_2022_jp(bytes) {
        return charsets("iso-2022-jp", bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && label != "utf-7"
    {
        return Some(text.to_owned());
    }
    if let Some((_, name)) = MULTI_BYTE.iter().find(|(known, _)| *known == label) {
        return charsets(name, bytes);
    }
    match label.as_str() {
        // Not UTF-8, so the label is wrong; and ASCII has no such bytes.
        "" | "utf-8" | "utf8" | "us-ascii" | "ascii" | "unknown-8bit" => None,
        label => charsets(label, bytes).or_else(|| Some(charset_decoder(label.as_bytes())?(bytes))),
    }
}

/// Escape sequences to JIS X 0208 and 0201, and no byte above ASCII (RFC 1468).
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    bytes.is_ascii() && bytes.windows(3).any(|bytes| matches!(bytes, b"\x1b$B" | b"\x1b$@" | b"\x1b(J"))
}

/// UTF-16 without its mark.
pub(crate) fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit(pair.try_into().unwrap_or_default()));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Latin-1 with the printable characters that Windows put in place of the C1 controls.
pub(crate) fn windows_1252(byte: u8) -> char {
    const C1: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    usize::from(byte).checked_sub(0x80).and_then(|at| C1.get(at)).copied().unwrap_or(char::from(byte))
}

/// The label of a Windows code page.
pub(crate) fn of_code_page(number: u32) -> String {
    match number {
        932 | 936 | 949 | 950 => format!("cp{number}"),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        50220..=50222 => "iso-2022-jp".to_owned(),
        51932 => "euc-jp".to_owned(),
        51949 => "euc-kr".to_owned(),
        54936 => "gb18030".to_owned(),
        65001 => "utf-8".to_owned(),
        28591..=28605 => format!("iso-8859-{}", number - 28590),
        _ => format!("windows-{number}"),
    }
}

/// A header block in UTF-8: bytes that are in no encoded word, which RFC 6532 wants to be UTF-8, by the label of
/// the mail's text, and encoded words as UTF-8.
pub(crate) fn readable_header<'a>(block: &'a [u8], label: Option<&str>, charsets: Charsets<'_>) -> Cow<'a, [u8]> {
    if std::str::from_utf8(block).is_ok() && !is_iso_2022_jp(block) {
        return unify_encoded_words(block, charsets);
    }
    let mut text = String::with_capacity(block.len() * 2);
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        let decoded = decode(label, line, charsets);
        text.push_str(&decoded.unwrap_or_else(|| line.iter().map(|byte| windows_1252(*byte)).collect()));
    }
    Cow::Owned(unify_encoded_words(text.as_bytes(), charsets).into_owned())
}

/// A header block whose encoded words (RFC 2047) are all UTF-8, each with whole characters: words that follow
/// each other in one charset are decoded together, because many writers split characters between them.
pub(crate) fn unify_encoded_words<'a>(block: &'a [u8], charsets: Charsets<'_>) -> Cow<'a, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(start) = find(block, at, *b"=?") {
        let Some(mut word) = EncodedWord::at(block, start) else {
            at = start + 2;
            continue;
        };
        let mut words = 1;
        while let Some(next) = EncodedWord::after(block, word.end).filter(|next| next.charset == word.charset) {
            word.bytes.extend_from_slice(&next.bytes);
            word.end = next.end;
            words += 1;
        }
        at = word.end;
        let ours = words == 1 && word.charset.eq_ignore_ascii_case("utf-8");
        if let Some(text) = decode(Some(&word.charset), &word.bytes, charsets).filter(|_| !ours) {
            out.extend_from_slice(block.get(kept..start).unwrap_or_default());
            out.extend_from_slice(format!("=?utf-8?B?{}?=", STANDARD.encode(text)).as_bytes());
            kept = word.end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(block);
    }
    out.extend_from_slice(block.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

fn find(bytes: &[u8], from: usize, what: [u8; 2]) -> Option<usize> {
    bytes.get(from..)?.windows(2).position(|pair| pair == what).map(|at| from + at)
}

/// `=?charset?encoding?text?=`.
struct EncodedWord {
    charset: String,
    bytes: Vec<u8>,
    end: usize,
}

impl EncodedWord {
    fn at(block: &[u8], start: usize) -> Option<Self> {
        let rest = block.get(start..)?.strip_prefix(b"=?")?;
        // RFC 2047 section 2 allows 75 octets; some write a whole subject as one word.
        let rest = rest.get(..rest.len().min(1_500))?;
        let mut fields = rest.splitn(3, |byte| *byte == b'?');
        let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
        if !matches!(encoding, b"B" | b"b" | b"Q" | b"q") {
            return None;
        }
        let length = find(text, 0, *b"?=")?;
        let text = text.get(..length).filter(|text| !text.contains(&b'\n'))?;
        // RFC 2231 section 5 adds a language after an asterisk.
        let charset = std::str::from_utf8(charset).ok()?.split('*').next()?.to_ascii_lowercase();
        let fits = !charset.is_empty() && charset.bytes().all(|byte| byte.is_ascii_graphic());
        let bytes = if matches!(encoding, b"B" | b"b") {
            decode_base64(text)
        } else {
            let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
            // A space at the end is meant, which in a body's quoted-printable it is not.
            let end = spaced.len() - spaced.trim_ascii_end().len();
            let mut bytes = decode_quoted_printable(&spaced);
            bytes.extend(std::iter::repeat_n(b' ', end));
            bytes
        };
        let consumed = 2 + fields_length(rest, text.len())?;
        fits.then_some(Self { charset, bytes, end: start + consumed })
    }

    /// The word that follows after nothing but white space.
    fn after(block: &[u8], end: usize) -> Option<Self> {
        let rest = block.get(end..)?;
        let space = rest.len() - rest.trim_ascii_start().len();
        if space == 0 { None } else { Self::at(block, end + space) }
    }
}

/// Length of `charset?encoding?text?=`.
fn fields_length(rest: &[u8], text: usize) -> Option<usize> {
    let charset = rest.iter().position(|byte| *byte == b'?')?;
    let encoding = rest.get(charset + 1..)?.iter().position(|byte| *byte == b'?')?;
    Some(charset + 1 + encoding + 1 + text + 2)
}
