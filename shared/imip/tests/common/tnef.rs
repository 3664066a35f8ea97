//! `winmail.dat` as Outlook writes it, built attribute by attribute.

/// A stream ([MS-OXTNEF] section 2.1.3.1).
pub struct TnefBuilder(Vec<u8>);

impl TnefBuilder {
    pub fn new() -> Self {
        Self([&0x223E_9F78_u32.to_le_bytes()[..], &[1, 0]].concat()).attribute(1, 0x0008_9006, &[0, 0, 1, 0])
    }

    pub fn attribute(mut self, level: u8, name: u32, data: &[u8]) -> Self {
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        let length = u32::try_from(data.len()).unwrap();
        self.0.push(level);
        self.0.extend(name.to_le_bytes());
        self.0.extend(length.to_le_bytes());
        self.0.extend(data);
        self.0.extend(sum.to_le_bytes());
        self
    }

    pub fn code_page(self, number: u32) -> Self {
        self.attribute(1, 0x0006_9007, &[number.to_le_bytes(), [0; 4]].concat())
    }

    pub fn class(self, class: &str) -> Self {
        self.attribute(1, 0x0007_8008, format!("{class}\0").as_bytes())
    }

    pub fn properties(self, properties: &[Property]) -> Self {
        self.attribute(1, 0x0006_9003, &list(properties))
    }

    pub fn recipients(self, rows: &[Vec<Property>]) -> Self {
        let count = u32::try_from(rows.len()).unwrap().to_le_bytes().to_vec();
        let rows = rows.iter().flat_map(|row| list(row));
        self.attribute(1, 0x0006_9004, &count.into_iter().chain(rows).collect::<Vec<u8>>())
    }

    pub fn file(self, name: &str, data: &[u8]) -> Self {
        self.attribute(2, 0x0006_9002, &[0; 14]).attribute(2, 0x0001_8010, format!("{name}\0").as_bytes()).attribute(
            2,
            0x0006_800F,
            data,
        )
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A MAPI property, encoded.
#[derive(Clone)]
pub struct Property(Vec<u8>);

/// Where a property's name comes from: a tag, `PSETID_Appointment` or `PSETID_Meeting`.
#[derive(Clone, Copy)]
pub enum Name {
    Tag(u16),
    Appointment(u32),
    Meeting(u32),
}

impl Name {
    fn encode(self, kind: u16) -> Vec<u8> {
        let named = |set: &[u8; 16], number: u32| {
            let tag = [kind.to_le_bytes(), 0x8000_u16.to_le_bytes()].concat();
            [&tag[..], set, &[0; 4], &number.to_le_bytes()].concat()
        };
        match self {
            Self::Tag(tag) => [kind.to_le_bytes(), tag.to_le_bytes()].concat(),
            Self::Appointment(number) => {
                named(b"\x02\x20\x06\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46", number)
            }
            Self::Meeting(number) => named(b"\x90\xDA\xD8\x6E\x0B\x45\x1B\x10\x98\xDA\x00\xAA\x00\x3F\x13\x05", number),
        }
    }
}

fn padded(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data.resize(data.len().next_multiple_of(4), 0);
    data
}

fn variable(name: Name, kind: u16, data: &[u8]) -> Property {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    Property([name.encode(kind), 1_u32.to_le_bytes().to_vec(), length.to_vec(), padded(data)].concat())
}

pub fn long(name: Name, value: i32) -> Property {
    Property([name.encode(3), value.to_le_bytes().to_vec()].concat())
}

pub fn boolean(name: Name, value: bool) -> Property {
    Property([name.encode(0x0B), vec![u8::from(value), 0, 0, 0]].concat())
}

/// A FILETIME of a UTC time such as `2026-03-01 09:00`.
pub fn time(name: Name, utc: &str) -> Property {
    let utc = chrono::NaiveDateTime::parse_from_str(utc, "%Y-%m-%d %H:%M").unwrap();
    let ticks = (utc.and_utc().timestamp() + 11_644_473_600) * 10_000_000;
    Property([name.encode(0x40), ticks.to_le_bytes().to_vec()].concat())
}

pub fn binary(name: Name, data: &[u8]) -> Property {
    variable(name, 0x102, data)
}

pub fn wide(name: Name, text: &str) -> Property {
    let units: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    variable(name, 0x1F, &units)
}

pub fn narrow(name: Name, text: &[u8]) -> Property {
    variable(name, 0x1E, &[text, b"\0"].concat())
}

/// A property whose name is a text, which no meeting needs but every mail has.
pub fn named_by_text(name: &str, value: i32) -> Property {
    let units: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let length = u32::try_from(units.len()).unwrap().to_le_bytes();
    let tag = [3_u16.to_le_bytes(), 0x8001_u16.to_le_bytes()].concat();
    Property([&tag[..], &[7; 16], &1_u32.to_le_bytes(), &length, &padded(&units), &value.to_le_bytes()].concat())
}

/// A counted list of properties.
pub fn list(properties: &[Property]) -> Vec<u8> {
    let count = u32::try_from(properties.len()).unwrap().to_le_bytes().to_vec();
    properties.iter().fold(count, |bytes, property| [bytes, property.0.clone()].concat())
}

/// A Global Object ID ([MS-OXOCAL] section 2.2.1.27) with the date of an instance or zeroes.
pub fn global_object_id(instance: Option<(u16, u8, u8)>, data: &[u8]) -> Vec<u8> {
    let (year, month, day) = instance.unwrap_or_default();
    let head = b"\x04\x00\x00\x00\x82\x00\xE0\x00\x74\xC5\xB7\x10\x1A\x82\xE0\x08";
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    [&head[..], &year.to_be_bytes(), &[month, day], &[0x11; 8], &[0; 8], &length, data].concat()
}

/// A change of the clock: month, n-th, hour, always a Sunday.
fn change((month, nth, hour): (u16, u16, u16)) -> Vec<u8> {
    [0, month, 0, nth, hour, 0, 0, 0].into_iter().flat_map(u16::to_le_bytes).collect()
}

fn rules(bias: i32) -> Vec<u8> {
    [bias, 0, -60].into_iter().flat_map(i32::to_le_bytes).collect()
}

/// `PidLidTimeZoneStruct` of a zone with the summer time of the European Union.
pub fn zone_struct(bias: i32) -> Vec<u8> {
    [rules(bias), vec![0; 2], change((10, 5, 3)), vec![0; 2], change((3, 5, 2))].concat()
}

/// `PidLidAppointmentTimeZoneDefinition…` of such a zone.
pub fn zone_definition(name: &str, bias: i32) -> Vec<u8> {
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let characters = u16::try_from(units.len() / 2).unwrap().to_le_bytes().to_vec();
    let rule = [vec![2, 1, 0x3E, 0, 2, 0], vec![0; 16], rules(bias), change((10, 5, 3)), change((3, 5, 2))].concat();
    [vec![2, 1, 6, 0, 2, 0], characters, units, vec![1, 0], rule].concat()
}

/// Minutes since 1601 of a local time.
pub fn minutes(local: &str) -> u32 {
    let local = chrono::NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
    let epoch = chrono::NaiveDate::from_ymd_opt(1601, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
    u32::try_from((local - epoch).num_minutes()).unwrap()
}

/// A recurrence pattern ([MS-OXOCAL] section 2.2.1.44.5).
#[derive(Clone)]
pub struct Pattern {
    pub frequency: u16,
    pub kind: u16,
    pub period: u32,
    pub specific: Vec<u32>,
    /// End type and count.
    pub end: (u32, u32),
    /// Days left out or changed, and days they were changed to.
    pub left_out: Vec<&'static str>,
    pub changed: Vec<&'static str>,
    pub first: &'static str,
    pub last: &'static str,
    /// Minutes after midnight.
    pub times: (u32, u32),
    pub exceptions: Vec<Vec<u8>>,
}

impl Pattern {
    pub fn bytes(&self) -> Vec<u8> {
        let words = |words: &[u16]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let numbers = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let days = |days: &[&str]| {
            let count = u32::try_from(days.len()).unwrap();
            let days = days.iter().map(|day| minutes(&format!("{day} 00:00")));
            numbers(&std::iter::once(count).chain(days).collect::<Vec<_>>())
        };
        let midnight = |day: &str| minutes(&format!("{day} 00:00"));
        [
            words(&[0x3004, 0x3004, self.frequency, self.kind, 0]),
            numbers(&[0, self.period, 0]),
            numbers(&self.specific),
            numbers(&[self.end.0, self.end.1, 1]),
            days(&self.left_out),
            days(&self.changed),
            numbers(&[midnight(self.first), midnight(self.last)]),
            numbers(&[0x3006, 0x3009, self.times.0, self.times.1]),
            words(&[u16::try_from(self.exceptions.len()).unwrap()]),
            self.exceptions.concat(),
            numbers(&[0]),
        ]
        .concat()
    }
}

/// An instance that moved, with a subject and a busy status of its own.
pub fn exception(start: &str, end: &str, original: &str, subject: &[u8]) -> Vec<u8> {
    let length = u16::try_from(subject.len()).unwrap();
    let times = [start, end, original].into_iter().flat_map(|time| minutes(time).to_le_bytes());
    let texts = [0x21, length + 1, length].into_iter().flat_map(u16::to_le_bytes);
    times.chain(texts).chain(subject.iter().copied()).chain([2, 0, 0, 0]).collect()
}
