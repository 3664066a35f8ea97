use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

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
    /// `https:` address of a picture behind the heading.
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
#[error("{field}: {reason}")]
pub struct PageError {
    /// Which field.
    pub field: &'static str,
    /// What would be right.
    pub reason: String,
}
