//! `winmail.dat` (TNEF, [MS-OXTNEF]): what Outlook sends instead of iCalendar to addresses that it takes for
//! Exchange's. A meeting in it is written as iCalendar text, and read like any other from there on.

mod meeting;
mod series;
mod zone;

pub(crate) use meeting::{Envelope, calendar_text};

use crate::bytes::Bytes;
use crate::charset::{self, Charsets, windows_1252};
use crate::limits::{ATTENDEES_MAX, MAPI_PROPERTIES_MAX, MIME_PARTS_MAX};

/// A decoded stream. Texts are decoded when they are asked for.
#[derive(Debug, Default)]
pub(crate) struct Tnef<'a> {
    class: Option<&'a [u8]>,
    subject: Option<&'a [u8]>,
    body: Option<&'a [u8]>,
    code_page: u32,
    properties: Properties<'a>,
    recipients: Vec<Properties<'a>>,
    /// Attached files.
    pub(crate) files: Vec<File<'a>>,
}

/// An attached file.
#[derive(Debug, Default)]
pub(crate) struct File<'a> {
    title: Option<&'a [u8]>,
    properties: Properties<'a>,
    /// Its content.
    pub(crate) bytes: &'a [u8],
}

/// The sets of names that meetings use ([MS-OXPROPS] section 1.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Appointment,
    Meeting,
    Other,
}

/// What a MAPI property is called: a tag, or a number within a set of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Tag(u16),
    Named(Set, u32),
}

/// The value of a MAPI property, the first if it has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    Narrow(&'a [u8]),
    Wide(&'a [u8]),
}

/// MAPI properties in order of appearance.
#[derive(Debug, Default)]
struct Properties<'a>(Vec<(Key, Value<'a>)>);

/// Attributes ([MS-OXTNEF] section 2.1.3.2): type and name.
const CODE_PAGE: u32 = 0x0006_9007;
const MESSAGE_CLASS: u32 = 0x0007_8008;
const SUBJECT: u32 = 0x0001_8004;
const BODY: u32 = 0x0002_800C;
const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
const RECIPIENTS: u32 = 0x0006_9004;
const ATTACHMENT_BEGINS: u32 = 0x0006_9002;
const ATTACHMENT_TITLE: u32 = 0x0001_8010;
const ATTACHMENT_DATA: u32 = 0x0006_800F;
const ATTACHMENT_PROPERTIES: u32 = 0x0006_9005;

const FILE_NAME: Key = Key::Tag(0x3707);
const MEDIA_TYPE: Key = Key::Tag(0x370E);

impl<'a> Tnef<'a> {
    /// Reads a stream; `None` if it is damaged, since half an invitation is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut stream = Bytes(bytes);
        if stream.u32()? != 0x223E_9F78 {
            return None;
        }
        stream.u16()?;
        let mut tnef = Self { code_page: 1252, ..Self::default() };
        let mut properties_left = MAPI_PROPERTIES_MAX;
        // Behind the last attribute some gateways add text of their own.
        while let Some(level @ (1 | 2)) = stream.0.first().copied() {
            stream.take(1)?;
            let name = stream.u32()?;
            let length = stream.length()?;
            let data = stream.take(length)?;
            let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
            let is_intact = stream.u16()? == sum;
            // Some writers sum up properties wrongly: those show by their own lengths whether they are whole.
            let mut properties = |data| {
                let mut data = Bytes(data);
                let properties = Properties::read(&mut data, &mut properties_left)?;
                (is_intact || data.0.is_empty()).then_some(properties)
            };
            match (level, name) {
                (1, MESSAGE_PROPERTIES) => tnef.properties = properties(data)?,
                (2, ATTACHMENT_PROPERTIES) => tnef.files.last_mut()?.properties = properties(data)?,
                _ if !is_intact => return None,
                (1, CODE_PAGE) => tnef.code_page = Bytes(data).u32()?,
                (1, MESSAGE_CLASS) => tnef.class = Some(data),
                (1, SUBJECT) => tnef.subject = Some(data),
                (1, BODY) => tnef.body = Some(data),
                (1, RECIPIENTS) => {
                    let mut rows = Bytes(data);
                    let count = rows.length().filter(|count| *count <= ATTENDEES_MAX)?;
                    for _ in 0..count {
                        tnef.recipients.push(Properties::read(&mut rows, &mut properties_left)?);
                    }
                }
                (2, ATTACHMENT_BEGINS) if tnef.files.len() < MIME_PARTS_MAX => tnef.files.push(File::default()),
                (2, ATTACHMENT_BEGINS) => return None,
                (2, ATTACHMENT_TITLE) => tnef.files.last_mut()?.title = Some(data),
                (2, ATTACHMENT_DATA) => tnef.files.last_mut()?.bytes = data,
                _ => {}
            }
        }
        Some(tnef)
    }

    /// Name and media type of a file.
    pub(crate) fn label(&self, file: &File<'_>, charsets: Charsets<'_>) -> (String, String) {
        let text = |key| file.properties.get(key).map(|value| self.text(value, charsets));
        let title = || file.title.map(|title| self.narrow(title, charsets));
        let name = text(FILE_NAME).or_else(title).unwrap_or_default();
        let media_type = text(MEDIA_TYPE).filter(|kind| kind.contains('/')).map(|kind| kind.to_ascii_lowercase());
        (name, media_type.unwrap_or_else(|| "application/octet-stream".to_owned()))
    }

    fn text(&self, value: Value<'_>, charsets: Charsets<'_>) -> String {
        match value {
            Value::Wide(bytes) => {
                let text = charset::utf16(bytes, u16::from_le_bytes);
                text.split('\0').next().unwrap_or_default().to_owned()
            }
            Value::Narrow(bytes) | Value::Bytes(bytes) => self.narrow(bytes, charsets),
            Value::Number(number) => number.to_string(),
        }
    }

    /// A text in the code page of whoever wrote it.
    fn narrow(&self, bytes: &[u8], charsets: Charsets<'_>) -> String {
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let label = charset::of_code_page(self.code_page);
        charset::decode(Some(&label), bytes, charsets)
            .unwrap_or_else(|| bytes.iter().map(|byte| windows_1252(*byte)).collect())
    }
}

impl<'a> Properties<'a> {
    /// A counted list ([MS-OXTNEF] section 2.1.3.4). `left` is how many the whole stream may still hold.
    fn read(bytes: &mut Bytes<'a>, left: &mut usize) -> Option<Self> {
        let count = bytes.length()?;
        *left = left.checked_sub(count)?;
        let mut properties = Vec::new();
        for _ in 0..count {
            let (key, value) = property(bytes)?;
            properties.extend(value.filter(|_| !matches!(key, Key::Named(Set::Other, _))).map(|value| (key, value)));
        }
        Some(Self(properties))
    }

    fn get(&self, key: Key) -> Option<Value<'a>> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    fn number(&self, key: Key) -> Option<i64> {
        match self.get(key)? {
            Value::Number(number) => Some(number),
            Value::Bytes(_) | Value::Narrow(_) | Value::Wide(_) => None,
        }
    }

    fn bytes(&self, key: Key) -> Option<&'a [u8]> {
        match self.get(key)? {
            Value::Bytes(bytes) => Some(bytes),
            Value::Number(_) | Value::Narrow(_) | Value::Wide(_) => None,
        }
    }
}

fn property<'a>(bytes: &mut Bytes<'a>) -> Option<(Key, Option<Value<'a>>)> {
    const SEVERAL: u16 = 0x1000;
    let kind = bytes.u16()?;
    let tag = bytes.u16()?;
    let key = if tag < 0x8000 { Key::Tag(tag) } else { name(bytes)? };
    let base = kind & !SEVERAL;
    let fixed = match base {
        0x02 | 0x0B => Some(2),
        0x03 | 0x04 | 0x0A => Some(4),
        0x05..=0x07 | 0x14 | 0x40 => Some(8),
        0x48 => Some(16),
        0x0D | 0x1E | 0x1F | 0x102 => None,
        // Of another type the length is not known, so that nothing after it can be read.
        _ => return None,
    };
    let count = if fixed.is_none() || kind & SEVERAL != 0 { bytes.length()? } else { 1 };
    let mut first = None;
    // A wrong count ends at the end of the bytes: every value takes some.
    for _ in 0..count {
        let length = match fixed {
            Some(length) => length,
            None => bytes.length()?,
        };
        let data = bytes.take(length)?;
        pad(bytes, length);
        let value = match (base, data) {
            (0x1E, data) => Value::Narrow(data),
            (0x1F, data) => Value::Wide(data),
            (0x0B, [low, ..]) => Value::Number(i64::from(*low != 0)),
            (0x02, data) => Value::Number(i64::from(i16::from_le_bytes(data.try_into().ok()?))),
            (0x03 | 0x0A, data) => Value::Number(i64::from(i32::from_le_bytes(data.try_into().ok()?))),
            (0x14 | 0x40, data) => Value::Number(i64::from_le_bytes(data.try_into().ok()?)),
            (_, data) => Value::Bytes(data),
        };
        first = first.or(Some(value));
    }
    Some((key, first))
}

/// The name of a property: a set, and a number or a text in it; none that matters here is a text.
fn name(bytes: &mut Bytes<'_>) -> Option<Key> {
    const APPOINTMENT: &[u8] = b"\x02\x20\x06\0\0\0\0\0\xC0\0\0\0\0\0\0\x46";
    const MEETING: &[u8] = b"\x90\xDA\xD8\x6E\x0B\x45\x1B\x10\x98\xDA\0\xAA\0\x3F\x13\x05";
    let set = match bytes.take(16)? {
        APPOINTMENT => Set::Appointment,
        MEETING => Set::Meeting,
        _ => Set::Other,
    };
    match bytes.u32()? {
        0 => Some(Key::Named(set, bytes.u32()?)),
        1 => {
            let length = bytes.length()?;
            bytes.take(length)?;
            pad(bytes, length);
            Some(Key::Named(Set::Other, 0))
        }
        _ => None,
    }
}

/// Values end at a multiple of four bytes; after the last one some writers forget it.
fn pad(bytes: &mut Bytes<'_>, length: usize) {
    let padding = length.next_multiple_of(4) - length;
    let _ = bytes.take(padding.min(bytes.0.len()));
}
