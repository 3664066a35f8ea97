//! Mail in every charset that people write: header fields, texts, calendars.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;
use imip::{Defect, InboundMail, read_mail, read_mail_with};
use itip::CalAddress;

/// What a Worker's `TextDecoder` does.
fn text_decoder(label: &str, bytes: &[u8]) -> Option<String> {
    Encoding::for_label(label.as_bytes()).map(|encoding| encoding.decode_without_bom_handling(bytes).0.into_owned())
}

fn encode(encoding: &str, text: &str) -> Vec<u8> {
    let (bytes, used, lossy) = Encoding::for_label(encoding.as_bytes()).unwrap().encode(text);
    assert!(!lossy && used.name().eq_ignore_ascii_case(Encoding::for_label(encoding.as_bytes()).unwrap().name()));
    bytes.into_owned()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16()).flat_map(unit).collect()
}

fn calendar(summary: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260301T100000Z\r\n\
         DTSTART:20260701T100000Z\r\nSUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// A mail whose subject, sender, text and calendar are in these bytes, labelled or not.
fn mail(label: Option<&str>, header: &[u8], text: &[u8], calendar: &[u8]) -> Vec<u8> {
    let charset = label.map(|label| format!("; charset=\"{label}\"")).unwrap_or_default();
    let part = |kind: &str, bytes: &[u8]| {
        format!(
            "--b\r\nContent-Type: {kind}{charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            STANDARD.encode(bytes)
        )
    };
    let start = "Content-Type: multipart/mixed; boundary=b\r\nFrom: ".as_bytes();
    let parts = part("text/plain", text) + &part("text/calendar", calendar) + "--b--\r\n";
    [start, header, b" <ana@example.com>\r\nSubject: ", header, b"\r\n\r\n", parts.as_bytes()].concat()
}

fn summary(mail: &InboundMail) -> &str {
    &mail.calendar.as_ref().unwrap()[0].components[0].details.as_ref().unwrap().summary
}

fn check(mail: &[u8], words: &str, what: &str) {
    let mail = read_mail_with(mail, &text_decoder).unwrap();
    assert_eq!(mail.from.iter().map(CalAddress::as_str).collect::<Vec<_>>(), ["ana@example.com"], "{what}");
    assert_eq!((mail.from_name.as_str(), mail.subject.as_str()), (words, words), "{what}");
    assert_eq!((mail.text.as_str(), summary(&mail)), (words, words), "{what}");
    assert!(!mail.defects.contains(&Defect::NotUtf8), "{what}");
}

/// Charsets by the labels that mail writes, and words that are in them.
const CHARSETS: [(&str, &str, &str); 44] = [
    ("utf-8", "utf-8", "Größe 日本 🎉"),
    ("UTF8", "utf-8", "Größe"),
    ("iso-8859-1", "iso-8859-1", "Größe élan"),
    ("ISO-8859-2", "iso-8859-2", "Łódź"),
    ("iso-8859-3", "iso-8859-3", "Ħal Għaxaq"),
    ("iso-8859-4", "iso-8859-4", "Šiauliai"),
    ("iso-8859-5", "iso-8859-5", "Встреча"),
    ("iso-8859-6", "iso-8859-6", "اجتماع"),
    ("iso-8859-7", "iso-8859-7", "Συνάντηση"),
    ("iso-8859-8", "iso-8859-8", "פגישה"),
    ("iso-8859-8-i", "iso-8859-8-i", "פגישה"),
    ("iso-8859-9", "windows-1254", "Toplantı"),
    ("iso-8859-13", "iso-8859-13", "Susitikimas ž"),
    ("iso-8859-15", "iso-8859-15", "10 €"),
    ("windows-1250", "windows-1250", "Schůzka"),
    ("windows-1251", "windows-1251", "Зустріч"),
    ("cp1252", "windows-1252", "“Déjà vu”"),
    ("windows-1253", "windows-1253", "Συνάντηση"),
    ("windows-1254", "windows-1254", "Toplantı"),
    ("windows-1255", "windows-1255", "פגישה"),
    ("windows-1256", "windows-1256", "اجتماع"),
    ("windows-1257", "windows-1257", "Sanāksme"),
    ("windows-1258", "windows-1258", "Cuôc hop"),
    ("windows-874", "windows-874", "ประชุม"),
    ("tis-620", "windows-874", "ประชุม"),
    ("koi8-r", "koi8-r", "Встреча"),
    ("KOI8-U", "koi8-u", "Зустріч"),
    ("ibm866", "ibm866", "Встреча"),
    ("macintosh", "macintosh", "Größe"),
    ("iso-2022-jp", "iso-2022-jp", "会議のお知らせ"),
    ("ISO-2022-JP-MS", "iso-2022-jp", "会議"),
    ("shift_jis", "shift_jis", "会議のお知らせ"),
    ("Windows-31J", "shift_jis", "会議①"),
    ("cp932", "shift_jis", "会議"),
    ("euc-jp", "euc-jp", "会議のお知らせ"),
    ("gb2312", "gbk", "会议通知"),
    ("GBK", "gbk", "会議通知"),
    ("gb18030", "gb18030", "会议 🎉"),
    ("cp936", "gbk", "会议"),
    ("big5", "big5", "會議通知"),
    ("cp950", "big5", "會議"),
    ("euc-kr", "euc-kr", "회의 알림"),
    ("ks_c_5601-1987", "euc-kr", "회의"),
    ("cp949", "euc-kr", "회의 똠"),
];

#[test]
fn every_charset_is_read_in_texts_calendars_and_encoded_words() {
    for (label, encoding, words) in CHARSETS {
        let bytes = encode(encoding, words);
        let base64 = format!("=?{label}?B?{}?=", STANDARD.encode(&bytes));
        let quoted = bytes.iter().map(|byte| format!("={byte:02X}")).collect::<Vec<_>>().concat();
        let quoted = format!("=?{label}?q?{quoted}?=");
        for header in [base64, quoted] {
            let calendar = encode(encoding, &calendar(words));
            check(&mail(Some(label), header.as_bytes(), &bytes, &calendar), words, label);
        }
    }
}

#[test]
fn utf16_is_told_by_its_label_its_mark_or_its_zeroes() {
    let words = "Größe 日本";
    let header = format!("=?utf-8?B?{}?=", STANDARD.encode(words));
    for (label, unit, mark) in [
        (Some("utf-16"), u16::to_le_bytes as fn(u16) -> [u8; 2], true),
        (Some("utf-16"), u16::to_be_bytes, true),
        (Some("utf-16le"), u16::to_le_bytes, false),
        (Some("UTF-16BE"), u16::to_be_bytes, false),
    ] {
        let (text, calendar) = (utf16(words, unit, mark), utf16(&calendar(words), unit, mark));
        check(&mail(label, header.as_bytes(), &text, &calendar), words, label.unwrap());
    }
    for (unit, mark) in [
        (u16::to_le_bytes as fn(u16) -> [u8; 2], true),
        (u16::to_be_bytes, true),
        (u16::to_le_bytes, false),
        (u16::to_be_bytes, false),
    ] {
        let read = read_mail(&mail(None, b"x", b"x", &utf16(&calendar(words), unit, mark))).unwrap();
        assert_eq!(summary(&read), words);
    }
}

#[test]
fn header_fields_of_bare_bytes_are_in_the_charset_of_the_text() {
    for (label, encoding, words) in
        [("windows-1251", "windows-1251", "Встреча"), ("gb2312", "gbk", "会议通知"), ("utf-8", "utf-8", "会議")]
    {
        let bytes = encode(encoding, words);
        check(&mail(Some(label), &bytes, &bytes, &encode(encoding, &calendar(words))), words, label);
    }
}

#[test]
fn labels_that_are_wrong_or_missing_are_seen_through() {
    // UTF-8 under another name, as many scripts send it.
    let words = "Größe 日本";
    let header = format!("=?utf-8?B?{}?=", STANDARD.encode(words));
    for label in [None, Some("us-ascii"), Some("iso-8859-1"), Some("shift_jis"), Some("x-unknown"), Some("")] {
        check(
            &mail(label, header.as_bytes(), words.as_bytes(), calendar(words).as_bytes()),
            words,
            label.unwrap_or("none"),
        );
    }
    // Windows-1252 under the name of UTF-8 or none.
    for label in [None, Some("utf-8"), Some("us-ascii"), Some("x-unknown")] {
        let bytes = encode("windows-1252", "Größe");
        let read =
            read_mail_with(&mail(label, &bytes, &bytes, &encode("windows-1252", &calendar("Größe"))), &text_decoder)
                .unwrap();
        assert_eq!(
            (read.subject.as_str(), read.text.as_str(), summary(&read)),
            ("Größe", "Größe", "Größe"),
            "{label:?}"
        );
    }
    // Seven-bit Japanese that nobody labelled.
    let bytes = encode("iso-2022-jp", "会議");
    check(
        &mail(None, b"=?iso-2022-jp?B?GyRCMnE1RBsoQg==?=", &bytes, &encode("iso-2022-jp", &calendar("会議"))),
        "会議",
        "none",
    );
}

#[test]
fn a_part_without_a_label_is_in_the_charset_of_the_others() {
    let bytes = encode("euc-kr", "회의");
    let labelled = mail(Some("euc-kr"), b"x", &bytes, &encode("euc-kr", &calendar("회의")));
    let text = String::from_utf8(labelled).unwrap().replace("text/calendar; charset=\"euc-kr\"", "text/calendar");
    assert_eq!(summary(&read_mail_with(text.as_bytes(), &text_decoder).unwrap()), "회의");
}

#[test]
fn characters_may_be_split_between_encoded_words() {
    for (label, encoding, words) in
        [("utf-8", "utf-8", "日本語の会議"), ("shift_jis", "shift_jis", "会議のお知らせ"), ("big5", "big5", "會議通知")]
    {
        let bytes = encode(encoding, words);
        let (first, rest) = bytes.split_at(3);
        let header = format!("=?{label}?B?{}?=\r\n =?{label}?B?{}?=", STANDARD.encode(first), STANDARD.encode(rest));
        check(&mail(Some(label), header.as_bytes(), &bytes, &encode(encoding, &calendar(words))), words, label);
    }
}

#[test]
fn an_encoded_word_brings_no_header_field_with_it() {
    let attack = encode("shift_jis", "会議\r\nFrom: eve@example.com\r\n<eve@example.com>, eve@example.com");
    let header = format!("=?shift_jis?B?{}?=", STANDARD.encode(&attack));
    let mail =
        read_mail_with(&mail(Some("utf-8"), header.as_bytes(), b"x", calendar("x").as_bytes()), &text_decoder).unwrap();
    assert_eq!((mail.from_header_count, mail.from_mailbox_count), (1, 1));
    assert_eq!(mail.from[0].as_str(), "ana@example.com");
}

#[test]
fn no_charset_hides_or_adds_an_address() {
    // In Shift_JIS a backslash may be the second byte of a letter, so that a quote ends where ASCII has it go on.
    let from = b"From: \"\x81\\\" <bo@victim.example>, \" <ana@example.com>\r\n";
    let rest = b"Content-Type: text/plain; charset=shift_jis\r\n\r\nx\r\n";
    let mail = read_mail_with(&[&from[..], rest].concat(), &text_decoder).unwrap();
    assert_eq!(mail.from.iter().map(CalAddress::as_str).collect::<Vec<_>>(), ["ana@example.com"]);
    assert_eq!((mail.from_header_count, mail.from_mailbox_count), (1, 1));
    for from in ["mailto:bo@victim.example?x@example.com", "<mailto:bo@victim.example?x@example.com>"] {
        let mail = read_mail(format!("From: {from}\r\n\r\nx\r\n").as_bytes()).unwrap();
        assert!(mail.from.iter().all(|from| from.domain() != "victim.example"), "{from}");
    }
}

#[test]
fn without_a_decoder_nothing_is_lost_but_the_letters() {
    let bytes = encode("shift_jis", "会議");
    let mail = read_mail(&mail(Some("shift_jis"), b"x", &bytes, &encode("shift_jis", &calendar("会議")))).unwrap();
    assert_eq!(mail.calendar.unwrap()[0].uid.0, "1");
}
