//! Time-zone names and the clocks behind them.
//!
//! A TZID is a free text. What it means is looked for in the order of how much can go wrong: its own name,
//! then the VTIMEZONE that came with it, then a guess that its text fully supports; and if none of these
//! answers, there is no zone. Nothing is ever silently taken for UTC.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use itip::{Timestamp, Zone};

use crate::ical::value::parse_offset;
use crate::tzif::{self, Tz};
use crate::zone_names::WINDOWS_ZONES;
use crate::zone_rules::ZoneRules;

/// A zone that can tell the time.
#[derive(Debug, Clone)]
pub(crate) enum Clock {
    /// UTC, or a floating time read as if in UTC.
    Utc,
    Iana(Tz),
    Rules(ZoneRules),
}

impl Clock {
    /// The clock of a zone; `None` if its name or its rules are not understood.
    pub(crate) fn of(zone: &Zone) -> Option<Self> {
        match zone {
            Zone::Utc | Zone::Floating => Some(Self::Utc),
            Zone::Iana(name) => Tz::find(name).map(Self::Iana),
            Zone::Custom { vtimezone, .. } => ZoneRules::parse(vtimezone).map(Self::Rules),
        }
    }

    /// The instant of a local time (RFC 5545 section 3.3.5): one that occurs twice is the first of the two,
    /// one that is skipped is read with the offset before the gap.
    /// `None` where a VTIMEZONE was asked too much.
    pub(crate) fn instant(&self, local: NaiveDateTime) -> Option<Timestamp> {
        let offset = match self {
            Self::Utc => 0,
            Self::Iana(tz) => tz.offset_of_local(local.and_utc().timestamp()),
            Self::Rules(rules) => rules.offset_of_local(local)?,
        };
        Some(Timestamp(local.and_utc().timestamp() - i64::from(offset)))
    }

    /// The local time at an instant; `None` outside of the years 1 to 9999.
    pub(crate) fn local(&self, instant: Timestamp) -> Option<NaiveDateTime> {
        let utc = chrono::DateTime::from_timestamp(instant.0, 0)?.naive_utc();
        let offset = match self {
            Self::Utc => 0,
            Self::Iana(tz) => tz.period(instant.0).local.offset,
            Self::Rules(rules) => rules.offset_at(utc)?,
        };
        utc.checked_add_signed(TimeDelta::seconds(i64::from(offset))).filter(crate::ical::value::in_range)
    }
}

/// Finds the zone that a TZID means: by its name, else by the VTIMEZONE that defines it, given as pairs of
/// TZID and component text.
pub fn resolve_zone(tzid: &str, vtimezones: &[(String, String)]) -> Option<Zone> {
    let name = tidy(tzid);
    let named = zone_by_name(name).filter(|_| !AMBIGUOUS.contains(&name));
    if let Some(zone) = named.as_ref().filter(|zone| !is_only_an_offset(zone)) {
        return Some(zone.clone());
    }
    if let Some((_, vtimezone)) = definition(name, vtimezones) {
        let rules = ZoneRules::parse(vtimezone);
        if let Some(zone) = named.filter(|zone| rules.as_ref().is_none_or(|rules| agrees(rules, zone))) {
            return Some(zone);
        }
        let located = rules.as_ref().and_then(|rules| {
            let zone = zone_by_name(tidy(rules.location.as_deref()?))?;
            (!is_only_an_offset(&zone) || agrees(rules, &zone)).then_some(zone)
        });
        if located.is_some() {
            return located;
        }
        if rules.is_some() {
            return Some(Zone::Custom { tzid: name.to_owned(), vtimezone: vtimezone.clone() });
        }
    }
    zone_by_name(name).or_else(|| zone_by_guess(name))
}

fn definition<'a>(name: &str, vtimezones: &'a [(String, String)]) -> Option<&'a (String, String)> {
    vtimezones.iter().find(|(defined, _)| tidy(defined).eq_ignore_ascii_case(name))
}

/// With how many names about a TZID is compared until it is known what it means.
pub(crate) fn comparisons(tzid: &str, vtimezones: &[(String, String)]) -> usize {
    let name = tidy(tzid);
    match zone_by_name(name) {
        Some(zone) if !is_only_an_offset(&zone) && !AMBIGUOUS.contains(&name) => {
            if iana(name).is_some() {
                0
            } else {
                10
            }
        }
        // Reading the rules takes its time as well.
        _ if definition(name, vtimezones).is_some() => vtimezones.len() + 100,
        Some(_) => vtimezones.len() + 10,
        None => vtimezones.len() + 600,
    }
}

/// Whether a zone has one clock all the time: of a place, that is a fact; of `UTC-3`, only what its name says.
fn is_only_an_offset(zone: &Zone) -> bool {
    match zone {
        Zone::Utc | Zone::Floating => true,
        Zone::Iana(name) => name.starts_with("Etc/") || name.starts_with("GMT"),
        Zone::Custom { .. } => false,
    }
}

/// Whether a zone shows in every month what the rules of a VTIMEZONE say.
fn agrees(rules: &ZoneRules, zone: &Zone) -> bool {
    let Some(clock) = Clock::of(zone) else { return false };
    (1..=12).filter_map(|month| NaiveDate::from_ymd_opt(2025, month, 15)?.and_hms_opt(12, 0, 0)).all(|noon| {
        let utc = noon.and_utc().timestamp();
        let ours = clock.instant(noon).map(|instant| utc - instant.0);
        ours.is_some() && ours == rules.offset_of_local(noon).map(i64::from)
    })
}

/// A TZID without the quotes and escapes that some calendars leave on it.
fn tidy(tzid: &str) -> &str {
    tzid.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\'))
}

fn zone_by_name(name: &str) -> Option<Zone> {
    let tail = |rest: &str| rest.rsplit(['/', ':']).next().is_some_and(is_utc_name);
    // Exchange writes `tzone://Microsoft/Utc`, and `tzone://Microsoft/Custom` beside a VTIMEZONE.
    if is_utc_name(name) || name.starts_with("tzone:") && tail(name) {
        return Some(Zone::Utc);
    }
    iana(name)
        .or_else(|| windows(name))
        .or_else(|| {
            // `(UTC-05:00) Eastern Time (US & Canada)`: what follows the offset is a name of its own.
            let (_, rest) = name.strip_prefix('(')?.split_once(')')?;
            windows(rest.trim())
        })
        .or_else(|| {
            // `/softwarestudio.org/Olson_20011030_5/America/Chicago`: the longest tail that is a zone.
            let path = name.strip_prefix('/').or_else(|| name.strip_prefix("posix/"))?;
            let starts = std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1));
            starts.take(8).find_map(|at| iana(path.get(at..)?))
        })
        .or_else(|| {
            // `Europe_London`, `US-Eastern`: the path sign was not allowed where the name came from.
            let at = name.find(['_', '-'])?;
            let (area, rest) = (name.get(..at)?, name.get(at + 1..)?);
            iana(&format!("{area}/{rest}"))
        })
        .map(|name| if is_utc_name(name) { Zone::Utc } else { Zone::Iana(name.to_owned()) })
}

fn is_utc_name(name: &str) -> bool {
    ["UTC", "Z", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Zulu", "UCT", "GMT", "Coordinated Universal Time"]
        .iter()
        .any(|utc| utc.eq_ignore_ascii_case(name))
}

/// Legacy names of the database that have no summer time, while whoever writes them usually means New York
/// or Denver: a VTIMEZONE that came with one knows better.
const AMBIGUOUS: [&str; 2] = ["EST", "MST"];

fn iana(name: &str) -> Option<&'static str> {
    Tz::find(name).map(|tz| tz.name())
}

fn windows(name: &str) -> Option<&'static str> {
    let find = |name: &str| {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        let at =
            WINDOWS_ZONES.binary_search_by(|(known, _)| known.bytes().map(lower).cmp(name.bytes().map(lower))).ok()?;
        WINDOWS_ZONES.get(at).map(|(_, zone)| *zone)
    };
    // In a parameter a comma needs no escape, but many write one.
    let city = |city: &str| city.trim_end_matches('\\').trim().to_owned();
    let spaced = name.split(',').map(city).collect::<Vec<_>>().join(", ");
    let name = spaced.as_str();
    // Outlook also writes `W. Europe` for `W. Europe Standard Time`, and Exchange the summer name.
    find(name).or_else(|| find(&format!("{name} Standard Time"))).or_else(|| {
        let (stem, _) = name.split_once(" Daylight Time")?;
        find(&format!("{stem} Standard Time"))
    })
}

/// Standard and summer offsets that only one widely used zone has.
const OFFSET_PAIRS: [(i32, i32, &str); 13] = [
    (-9, -8, "America/Anchorage"),
    (-8, -7, "America/Los_Angeles"),
    (-7, -6, "America/Denver"),
    (-6, -5, "America/Chicago"),
    (-5, -4, "America/New_York"),
    (-4, -3, "America/Halifax"),
    (0, 1, "Europe/London"),
    (1, 2, "Europe/Berlin"),
    (2, 3, "Europe/Helsinki"),
    (10, 11, "Australia/Sydney"),
    (12, 13, "Pacific/Auckland"),
    (-1, 0, "Atlantic/Azores"),
    (-10, -9, "America/Adak"),
];

/// What a name without a definition still says: a pair of offsets (`GMT -0500 (Standard) / GMT -0400
/// (Daylight)`), a city under a wrong path (`American/New_York`), a bare offset (`UTC+01:00`), or a known
/// name with a copy's number (`Eastern Standard Time 1`).
fn zone_by_guess(name: &str) -> Option<Zone> {
    if let Some((standard, summer)) = name.split_once('/') {
        let hours = |text: &str| {
            let text = text.split('(').next().unwrap_or_default();
            bare_offset(text).filter(|seconds| seconds % 3600 == 0).map(|seconds| seconds / 3600)
        };
        if let (Some(standard), Some(summer)) = (hours(standard), hours(summer)) {
            return OFFSET_PAIRS
                .iter()
                .find(|(known, known_summer, _)| (*known, *known_summer) == (standard, summer))
                .map(|(.., zone)| Zone::Iana((*zone).to_owned()));
        }
    }
    if let Some(zone) = name.rsplit_once('/').and_then(|(_, place)| by_city(place).or_else(|| by_country(place))) {
        return Some(zone);
    }
    let numbered = name.rsplit_once(' ').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(zone) = numbered.and_then(|(stem, _)| windows(stem)) {
        return Some(Zone::Iana(zone.to_owned()));
    }
    bare_offset(name.trim_matches(['(', ')'])).and_then(fixed_zone).or_else(|| by_offset_and_cities(name))
}

/// `(UTC+02:00) Helsinki, Kiew, Riga`: what Outlook shows, in any language. A city that the database has tells the
/// zone if the offset agrees; without one the offset does, if no zone with it has summer time.
fn by_offset_and_cities(name: &str) -> Option<Zone> {
    let (offset, cities) = name.strip_prefix('(')?.split_once(')')?;
    let offset = bare_offset(offset)?;
    let named = cities.split([',', ';']).take(12).find_map(|city| by_city(&city.trim().replace(' ', "_")));
    let Some(zone) = named else {
        const WITHOUT_SUMMER_TIME: [i32; 10] = [180, 240, 270, 300, 330, 345, 360, 420, 480, 540];
        return WITHOUT_SUMMER_TIME.contains(&(offset / 60)).then(|| fixed_zone(offset)).flatten();
    };
    // The clock is at its standard offset in January or, in the south, in July.
    let clock = Clock::of(&zone)?;
    let offset_in = |month: u32| {
        let noon = NaiveDate::from_ymd_opt(2025, month, 15)?.and_hms_opt(12, 0, 0)?;
        Some(noon.and_utc().timestamp() - clock.instant(noon)?.0)
    };
    let standard = offset_in(1)?.min(offset_in(7)?);
    (standard == i64::from(offset)).then_some(zone)
}

/// The zone that is named after a city: the database has each only once, its older spellings aside.
fn by_city(city: &str) -> Option<Zone> {
    // Without Australia, where West and North are zones.
    const CONTINENTS: [&str; 7] = ["Africa", "America", "Asia", "Atlantic", "Europe", "Indian", "Pacific"];
    let is_it = |name: &&str| {
        let parts = name.split_once('/').zip(name.rsplit_once('/'));
        parts.is_some_and(|((area, _), (_, named))| CONTINENTS.contains(&area) && named.eq_ignore_ascii_case(city))
    };
    tzif::names().find(is_it).map(|name| Zone::Iana(name.to_owned()))
}

/// `Europe/Germany`: a country with one clock, where the database has a city.
fn by_country(country: &str) -> Option<Zone> {
    const COUNTRIES: [(&str, &str); 18] = [
        ("Austria", "Europe/Vienna"),
        ("Belgium", "Europe/Brussels"),
        ("China", "Asia/Shanghai"),
        ("Denmark", "Europe/Copenhagen"),
        ("England", "Europe/London"),
        ("Finland", "Europe/Helsinki"),
        ("France", "Europe/Paris"),
        ("Germany", "Europe/Berlin"),
        ("Greece", "Europe/Athens"),
        ("Hungary", "Europe/Budapest"),
        ("India", "Asia/Kolkata"),
        ("Ireland", "Europe/Dublin"),
        ("Italy", "Europe/Rome"),
        ("Japan", "Asia/Tokyo"),
        ("Netherlands", "Europe/Amsterdam"),
        ("Poland", "Europe/Warsaw"),
        ("Sweden", "Europe/Stockholm"),
        ("Switzerland", "Europe/Zurich"),
    ];
    let (_, zone) = COUNTRIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(country))?;
    Some(Zone::Iana((*zone).to_owned()))
}

/// The offset of `GMT -0500`, `UTC+01:00`, `+0530`; never of a text that says more.
fn bare_offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let offset = ["UTC", "GMT"]
        .iter()
        .find_map(|prefix| {
            let (head, rest) = text.split_at_checked(prefix.len())?;
            head.eq_ignore_ascii_case(prefix).then(|| rest.trim())
        })
        .unwrap_or(text);
    offset.starts_with(['+', '-']).then(|| parse_offset(offset))?
}

/// A zone without summer time. The database has whole hours only, with the sign turned round.
fn fixed_zone(seconds: i32) -> Option<Zone> {
    let hours = seconds / 3600;
    if seconds == 0 {
        return Some(Zone::Utc);
    }
    if seconds % 3600 == 0 {
        return iana(&format!("Etc/GMT{:+}", -hours)).map(|name| Zone::Iana(name.to_owned()));
    }
    let offset = format!("{}{:02}{:02}", if seconds < 0 { '-' } else { '+' }, hours.abs(), seconds.abs() % 3600 / 60);
    Some(Zone::Custom {
        tzid: format!("UTC{offset}"),
        vtimezone: format!(
            "BEGIN:VTIMEZONE\r\nTZID:UTC{offset}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n\
             TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        ),
    })
}

/// How many Windows zone names and HTML entities are recognised: equal natively and in WebAssembly,
/// or a perfect-hash table was built for the wrong word size.
pub fn probe() -> (usize, usize) {
    let zones = WINDOWS_ZONES.iter().filter(|(name, _)| resolve_zone(name, &[]).is_some()).count();
    (zones, crate::html::known_entities())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(tzid: &str) -> Option<String> {
        resolve_zone(tzid, &[]).map(|zone| match zone {
            Zone::Iana(name) => name,
            Zone::Utc => "UTC".to_owned(),
            Zone::Floating => "floating".to_owned(),
            Zone::Custom { tzid, .. } => format!("custom {tzid}"),
        })
    }

    #[test]
    fn the_table_is_sorted_and_every_zone_exists() {
        let lower: Vec<String> = WINDOWS_ZONES.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        assert!(lower.windows(2).all(|pair| pair[0].as_bytes() < pair[1].as_bytes()));
        for (windows, zone) in WINDOWS_ZONES {
            assert_eq!(Tz::find(zone).map(|tz| tz.name()), Some(*zone));
            assert!(name(windows).is_some(), "{windows}");
        }
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        for (tzid, zone) in [
            ("Europe/Zurich", "Europe/Zurich"),
            ("europe/zurich", "Europe/Zurich"),
            ("\"Pacific Standard Time\"", "America/Los_Angeles"),
            ("W. Europe", "Europe/Berlin"),
            ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
            ("(UTC+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney"),
            ("\\\"(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb\\\"", "Europe/Warsaw"),
            ("(UTC+01:00) Amsterdam\\, Berlin\\, Bern\\, Rome\\, Stockholm\\, Vienna", "Europe/Berlin"),
            (
                "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
                "America/Argentina/Buenos_Aires",
            ),
            ("/mozilla.org/20070129_1/America/New_York", "America/New_York"),
            ("/Europe/Stockholm", "Europe/Stockholm"),
            ("posix/Europe/Vaduz", "Europe/Vaduz"),
            ("tzone://Microsoft/Utc", "UTC"),
            ("UTC", "UTC"),
            ("GMT -0500 (Standard) / GMT -0400 (Daylight)", "America/New_York"),
            ("GMT +0100 (Standard) / GMT +0200 (Daylight)", "Europe/Berlin"),
            ("UTC+01", "Etc/GMT-1"),
            ("(GMT-03:00)", "Etc/GMT+3"),
            ("UTC+05:30", "custom UTC+0530"),
            ("Europe_London", "Europe/London"),
            ("US-Eastern", "US/Eastern"),
            ("America_New_York", "America/New_York"),
            ("American/New_York", "America/New_York"),
            ("Europe/Germany", "Europe/Berlin"),
            ("(UTC+02:00) Helsinki, Kiew, Riga, Sofia, Tallinn, Wilna", "Europe/Helsinki"),
            ("(UTC-03:00) Brasilien, Sao Paulo", "America/Sao_Paulo"),
            ("(UTC+05:30) Neu-Delhi", "custom UTC+0530"),
            ("(UTC+09:00) Osaka, Sapporo, Tokio", "Etc/GMT-9"),
            ("Eastern Standard Time 1", "America/New_York"),
            ("Central Asia Standard Time", "Asia/Bishkek"),
            ("Mountain Standard Time (Mexico)", "America/Mazatlan"),
        ] {
            assert_eq!(name(tzid).as_deref(), Some(zone), "{tzid}");
        }
    }

    #[test]
    fn a_name_that_is_only_an_offset_loses_to_other_rules() {
        let brazil = |tzid: &str, summer: &str| {
            let vtimezone = format!(
                "BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T230000\r\n\
                 TZOFFSETFROM:{summer}\r\nTZOFFSETTO:-0300\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=3SU\r\n\
                 END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T230000\r\nTZOFFSETFROM:-0300\r\n\
                 TZOFFSETTO:{summer}\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=4SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
            );
            resolve_zone(tzid, &[(tzid.to_owned(), vtimezone)]).unwrap()
        };
        for tzid in ["(GMT-03:00)", "Etc/GMT+3", "UTC-02", "GMT", "UTC"] {
            assert!(matches!(brazil(tzid, "-0200"), Zone::Custom { .. }), "{tzid}");
        }
        assert_eq!(brazil("Etc/GMT+3", "-0300"), Zone::Iana("Etc/GMT+3".to_owned()));
        // A place knows its clock better than a VTIMEZONE of some years ago.
        assert_eq!(brazil("America/Sao_Paulo", "-0200"), Zone::Iana("America/Sao_Paulo".to_owned()));
        assert_eq!(
            brazil("(UTC-03:00) Brasilia", "-0200"),
            Zone::Iana("America/Sao_Paulo".to_owned()),
            "it names a place"
        );
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        for tzid in [
            "",
            "Europe/Russia",
            "Customized Time Zone",
            "tzone://Microsoft/Custom",
            "foo",
            "(UTC+01:00) Atlantis",
            "(UTC+03:00) Berlin",
            "(UTC) Berlin",
        ] {
            assert_eq!(name(tzid), None, "{tzid}");
        }
    }

    #[test]
    fn gaps_and_overlaps_follow_the_standard() {
        let clock = Clock::Iana(Tz::find("America/New_York").unwrap());
        let local = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        let utc = |text: &str| Timestamp(local(text).and_utc().timestamp());
        // 2026-03-08 02:30 does not exist: read as EST, that is 03:30 EDT. 2026-11-01 01:30 is first EDT.
        assert_eq!(clock.instant(local("2026-03-08 02:30")), Some(utc("2026-03-08 07:30")));
        assert_eq!(clock.instant(local("2026-11-01 01:30")), Some(utc("2026-11-01 05:30")));
        // Samoa left out a whole day.
        let apia = Clock::Iana(Tz::find("Pacific/Apia").unwrap());
        assert_eq!(apia.instant(local("2011-12-30 12:00")), Some(utc("2011-12-30 22:00")));
    }
}
