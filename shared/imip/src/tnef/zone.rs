//! Time zones as Outlook writes them: a name, and the rules of Windows ([MS-OXOCAL] sections 2.2.1.39 to 2.2.1.42).

use crate::bytes::Bytes;
use crate::content_line::Lines;
use crate::zone::{Clock, resolve_zone};

/// A zone that can be written and that can tell the time.
pub(super) struct Named {
    pub(super) tzid: String,
    /// The VTIMEZONE component.
    pub(super) vtimezone: String,
    pub(super) clock: Clock,
}

impl Named {
    fn of(name: String, rules: &Rules) -> Option<Self> {
        let tzid = if name.is_empty() { "Outlook".to_owned() } else { name };
        let vtimezone = rules.vtimezone(&tzid)?;
        let zone = resolve_zone(&tzid, &[(tzid.clone(), vtimezone.clone())])?;
        Some(Self { clock: Clock::of(&zone)?, tzid, vtimezone })
    }
}

/// PidLidAppointmentTimeZoneDefinition…: a key name of Windows and the rules of one or more times.
pub(super) fn definition(bytes: &[u8]) -> Option<Named> {
    const EFFECTIVE: u16 = 2;
    let mut bytes = Bytes(bytes);
    bytes.take(2)?;
    bytes.u16()?;
    bytes.u16()?;
    let characters = usize::from(bytes.u16()?);
    let units = bytes.take(characters * 2)?.chunks_exact(2);
    let units: Vec<u16> = units.map(|pair| u16::from_le_bytes(pair.try_into().unwrap_or_default())).collect();
    let name = String::from_utf16_lossy(&units);
    let mut chosen = None;
    for _ in 0..bytes.u16()? {
        bytes.take(4)?;
        let flags = bytes.u16()?;
        bytes.take(2 + 14)?;
        let rules = Rules {
            bias: bytes.i32()?,
            standard_bias: bytes.i32()?,
            daylight_bias: bytes.i32()?,
            standard: Change::read(&mut bytes)?,
            daylight: Change::read(&mut bytes)?,
        };
        if chosen.is_none() || flags & EFFECTIVE != 0 {
            chosen = Some(rules);
        }
    }
    Named::of(name.trim_matches(['\0', ' ']).to_owned(), &chosen?)
}

/// `PidLidTimeZoneStruct`, named by `PidLidTimeZoneDescription`.
pub(super) fn structure(bytes: &[u8], name: String) -> Option<Named> {
    let mut bytes = Bytes(bytes);
    let (bias, standard_bias, daylight_bias) = (bytes.i32()?, bytes.i32()?, bytes.i32()?);
    bytes.u16()?;
    let standard = Change::read(&mut bytes)?;
    bytes.u16()?;
    let daylight = Change::read(&mut bytes)?;
    Named::of(name, &Rules { bias, standard_bias, daylight_bias, standard, daylight })
}

/// Biases are minutes to add to the local time to get UTC.
struct Rules {
    bias: i32,
    standard_bias: i32,
    daylight_bias: i32,
    standard: Change,
    daylight: Change,
}

/// When the clock changes (SYSTEMTIME): the `day`-th `week_day` of a month, 5 for the last, or with a year that
/// very day of it.
struct Change {
    year: u16,
    month: u16,
    week_day: u16,
    day: u16,
    hour: u16,
    minute: u16,
}

impl Change {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let (year, month, week_day, day) = (bytes.u16()?, bytes.u16()?, bytes.u16()?, bytes.u16()?);
        let (hour, minute) = (bytes.u16()?, bytes.u16()?);
        bytes.take(4)?;
        Some(Self { year, month, week_day, day, hour, minute })
    }

    fn rule(&self) -> Option<String> {
        const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
        if !(1..=12).contains(&self.month) || self.hour > 23 || self.minute > 59 {
            return None;
        }
        let when = match (self.year, self.day) {
            (0, 1..=5) => {
                let position = if self.day == 5 { -1 } else { i32::from(self.day) };
                format!("BYDAY={position}{}", DAYS.get(usize::from(self.week_day))?)
            }
            (1.., 1..=31) => format!("BYMONTHDAY={}", self.day),
            _ => return None,
        };
        Some(format!("FREQ=YEARLY;BYMONTH={};{when}", self.month))
    }
}

impl Rules {
    fn vtimezone(&self, tzid: &str) -> Option<String> {
        let standard = offset(self.bias.checked_add(self.standard_bias)?)?;
        let mut lines = Lines::default();
        lines.begin("VTIMEZONE");
        lines.text("TZID", &[], tzid);
        let mut observance = |kind: &str, change: &Change, from: &str, to: &str, rule: Option<String>| {
            lines.begin(kind);
            lines.property("DTSTART", &[], &format!("16010101T{:02}{:02}00", change.hour, change.minute));
            lines.property("TZOFFSETFROM", &[], from);
            lines.property("TZOFFSETTO", &[], to);
            if let Some(rule) = rule {
                lines.property("RRULE", &[], &rule);
            }
            lines.end(kind);
        };
        // A month of 0 means that the clock never changes.
        if self.standard.month == 0 || self.daylight.month == 0 {
            let midnight = Change { year: 0, month: 0, week_day: 0, day: 0, hour: 0, minute: 0 };
            observance("STANDARD", &midnight, &standard, &standard, None);
        } else {
            let daylight = offset(self.bias.checked_add(self.daylight_bias)?)?;
            observance("STANDARD", &self.standard, &daylight, &standard, Some(self.standard.rule()?));
            observance("DAYLIGHT", &self.daylight, &standard, &daylight, Some(self.daylight.rule()?));
        }
        lines.end("VTIMEZONE");
        Some(lines.into_text())
    }
}

/// The offset from UTC of a bias in minutes.
fn offset(bias: i32) -> Option<String> {
    let minutes = bias.unsigned_abs();
    // The farthest real ones are 12 hours west and 14 east.
    (minutes <= 15 * 60).then(|| format!("{}{:02}{:02}", if bias > 0 { '-' } else { '+' }, minutes / 60, minutes % 60))
}
