use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Filter;

/// Most entries that a page may be told to show.
pub const LIMIT_MAX: u32 = 2_500;
/// Longest title and team name, in characters.
const TITLE_CHARS_MAX: usize = 120;
/// Longest introduction, in characters.
const INTRO_CHARS_MAX: usize = 500;
/// Longest address of a picture, in bytes.
const URL_BYTES_MAX: usize = 500;
/// Longest filter, in bytes: a view that can still be shared as a link.
const FILTER_BYTES_MAX: usize = 1_000;
/// Most sites that may frame a page, and the longest of them: they travel in one field of each answer.
const FRAME_ANCESTORS_MAX: usize = 10;
/// Longest name of a site, in bytes.
const SITE_BYTES_MAX: usize = 100;

/// What a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageKind {
    /// A season to scan and pick from.
    #[default]
    Schedule,
    /// The next few, for a club's front page.
    Upcoming,
    /// Start times under one title: pick one.
    Slots,
}

/// How a landing page is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Time first, one column.
    #[default]
    Timetable,
    /// The image beside it.
    Poster,
    /// Only what is needed.
    Plain,
}

/// How clock times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TimeDisplay {
    /// As the language has it.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// 7:05 pm.
    #[serde(rename = "12h")]
    Hours12,
    /// 19:05.
    #[serde(rename = "24h")]
    Hours24,
}

/// An sRGB colour, `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl TryFrom<String> for Colour {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "a colour is # and six hexadecimal digits";
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(WRONG)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        let all = u32::from_str_radix(digits, 16).map_err(|_| WRONG)?;
        let [_, red, green, blue] = all.to_be_bytes();
        Ok(Self { red, green, blue })
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        format!("#{:02x}{:02x}{:02x}", colour.red, colour.green, colour.blue)
    }
}

/// How an organizer wants a page. Absent fields are the defaults, so that stored ones stay readable.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageConfig {
    /// What it is for.
    pub kind: PageKind,
    /// The heading; empty: the organizer's name.
    pub title: String,
    /// A sentence under it.
    pub intro: String,
    /// The accent.
    pub accent: Option<Colour>,
    /// `https:` address of a logo.
    pub logo: String,
    /// `https:` address of a picture: behind the heading of a schedule, and of links to the page that are shared. Cards and
    /// the pages of single events do not show it.
    pub background: String,
    /// First day shown.
    pub from: Option<NaiveDate>,
    /// Last day shown.
    pub to: Option<NaiveDate>,
    /// Newest first.
    pub descending: bool,
    /// How clock times are written.
    pub times: TimeDisplay,
    /// The team whose page this is, which "home games" are games of.
    pub team: String,
    /// What the page is narrowed to, as a query of [`crate::Filter`].
    pub filter: String,
    /// Only events with an offer.
    pub offers_only: bool,
    /// Of the events under one title, a person gets one.
    pub one_per_person: bool,
    /// Entries shown; absent: all.
    pub limit: Option<u32>,
    /// How the landing pages of its events are laid out.
    pub layout: Layout,
    /// The language where a visitor asks for none that we write: a tag of BCP 47, or empty.
    pub language: String,
    /// Sites that may show it in a frame, such as `https://club.example`; empty: all.
    pub frame_ancestors: Vec<String>,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct PageError {
    /// Which field.
    pub field: Cow<'static, str>,
    /// What would be right, as the rest of a sentence about the field.
    pub reason: String,
}

fn wrong(field: &'static str, reason: impl Into<String>) -> PageError {
    PageError { field: field.into(), reason: reason.into() }
}

impl PageConfig {
    /// Reads and checks what somebody sends.
    pub fn read(members: Map<String, Value>) -> Result<Self, PageError> {
        // One by one first, so that the answer names the field.
        for (name, value) in &members {
            let alone = Map::from_iter([(name.clone(), value.clone())]);
            serde_json::from_value::<Self>(Value::Object(alone))
                .map_err(|error| PageError { field: name.clone().into(), reason: format!("does not fit: {error}") })?;
        }
        let config: Self = serde_json::from_value(Value::Object(members))
            .map_err(|error| wrong("config", format!("does not fit: {error}")))?;
        config.check()?;
        Ok(config)
    }

    /// Finds the first field that is wrong. Which languages there are is not known here.
    pub fn check(&self) -> Result<(), PageError> {
        let texts = [
            ("title", &self.title, TITLE_CHARS_MAX),
            ("intro", &self.intro, INTRO_CHARS_MAX),
            ("team", &self.team, TITLE_CHARS_MAX),
        ];
        for (field, text, max) in texts {
            if text.chars().count() > max || text.chars().any(char::is_control) {
                return Err(wrong(field, format!("is one line of at most {max} characters")));
            }
        }
        for (field, url) in [("logo", &self.logo), ("background", &self.background)] {
            if !url.is_empty() && image_site(url).is_none() {
                let rule = format!("is empty or an https: address without a user, at most {URL_BYTES_MAX} characters");
                return Err(wrong(field, rule));
            }
        }
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            return Err(wrong("to", "is not before from"));
        }
        if self.filter.len() > FILTER_BYTES_MAX {
            return Err(wrong("filter", format!("is at most {FILTER_BYTES_MAX} characters")));
        }
        Filter::parse(&self.filter).map_err(|error| wrong("filter", format!("does not fit: {error}")))?;
        if self.limit.is_some_and(|limit| !(1..=LIMIT_MAX).contains(&limit)) {
            return Err(wrong("limit", format!("is 1 to {LIMIT_MAX}")));
        }
        if self.frame_ancestors.len() > FRAME_ANCESTORS_MAX || !self.frame_ancestors.iter().all(|site| is_site(site)) {
            let rule = format!("holds at most {FRAME_ANCESTORS_MAX} sites such as https://club.example");
            return Err(wrong("frame_ancestors", rule));
        }
        Ok(())
    }
}

/// The site that a picture comes from, such as `https://cdn.example`; `None` for an address that a page must not load.
pub fn image_site(url: &str) -> Option<&str> {
    // Visible ASCII without what ends a value in markup, style or header, or what browsers rewrite.
    let fits = url.len() <= URL_BYTES_MAX
        && url.bytes().all(|b| (0x21..=0x7e).contains(&b) && !b"\\<>\"'`^{}|()".contains(&b));
    let rest = url.strip_prefix("https://").filter(|_| fits)?;
    let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    url.get(.."https://".len() + host).filter(|site| is_site(site))
}

/// Whether a text is an origin: scheme, host, perhaps a port. `*.` may stand for all names below a domain.
fn is_site(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric())
    };
    text.len() <= SITE_BYTES_MAX
        && host.strip_prefix("*.").unwrap_or(host).split('.').all(label)
        && port.is_none_or(|port| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<PageConfig, PageError> {
        match value {
            Value::Object(members) => PageConfig::read(members),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let config = read(json!({
            "kind": "upcoming", "title": "Harbour Rovers", "intro": "Home and away.", "accent": "#E85D04",
            "logo": "https://cdn.example/rovers.svg?v=2", "from": "2027-03-01", "to": "2027-11-30", "times": "24h",
            "team": "Rovers", "offers_only": true, "limit": 5, "layout": "poster", "language": "es",
            "frame_ancestors": ["https://club.example", "https://*.league.example:8443", "http://localhost:3000"],
        }))
        .unwrap();
        assert_eq!(String::from(config.accent.unwrap()), "#e85d04");
        let stored = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<PageConfig>(&stored).unwrap(), config);
        assert_eq!(read(json!({})).unwrap(), PageConfig::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("title", json!("x".repeat(121))),
            ("title", json!("two\nlines")),
            ("title", json!(7)),
            ("intro", json!("x".repeat(501))),
            ("accent", json!("red")),
            ("accent", json!("#12345g")),
            ("accent", json!("#+12345")),
            ("kind", json!("season")),
            ("layout", json!("Poster")),
            ("times", json!("am")),
            ("from", json!("2027-02-30")),
            ("limit", json!(0)),
            ("limit", json!(2_501)),
            ("logo", json!("http://cdn.example/x.png")),
            ("logo", json!("https://user@cdn.example/x.png")),
            ("logo", json!("https://user:pw@cdn.example/x.png")),
            ("background", json!("https://cdn.example/a b.png")),
            ("background", json!("https://cdn.example/x.png');body{}")),
            ("background", json!("javascript:alert(1)")),
            ("background", json!("https://")),
            ("frame_ancestors", json!(["https://club.example/"])),
            ("frame_ancestors", json!(["club.example"])),
            ("frame_ancestors", json!(["*"])),
            ("frame_ancestors", json!(["https://club.example; script-src *"])),
            ("frame_ancestors", json!(vec!["https://club.example"; 11])),
            ("filter", json!("x".repeat(1_001))),
            ("colour", json!("#000000")),
        ];
        for (field, value) in cases {
            let error = read(json!({ "title": "Rovers", field: value })).unwrap_err();
            assert_eq!(error.field, field, "{value}: {error}");
        }
        assert_eq!(read(json!({ "from": "2027-05-02", "to": "2027-05-01" })).unwrap_err().field, "to");
    }

    #[test]
    fn a_picture_is_let_in_by_its_site() {
        assert_eq!(image_site("https://cdn.example:8443/a/b.png?c#d"), Some("https://cdn.example:8443"));
        assert_eq!(image_site("https://cdn.example"), Some("https://cdn.example"));
        assert_eq!(image_site("https://cdn.example?x"), Some("https://cdn.example"));
        assert_eq!(image_site("http://cdn.example/a.png"), None);
        assert_eq!(image_site("https://a@cdn.example/a.png"), None);
    }
}
