use std::fmt::{self, Write as _};

use arrange::Arrange as _;
use chrono::{Datelike, NaiveDate, NaiveTime, Timelike, Weekday};

use crate::matcher::Matcher;
use crate::{Entry, fold};

/// On whose ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The named team, or the page's own, plays at home.
    Home,
    /// It travels.
    Away,
}

impl Side {
    /// The word in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Away => "away",
        }
    }
}

/// What became of the wanted entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Not called off.
    On,
    /// At another time than was announced.
    Moved,
    /// Called off.
    Cancelled,
}

impl Fate {
    /// The word in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    /// 1900 to 2999.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self { year: day.year(), month: day.month() }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Which entries are wanted. The default wants all. Its text form is the query of a page's address, so that a view can
/// be shared, subscribed to and taken apart chip by chip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// First day, on the wall where it happens.
    pub from: Option<NaiveDate>,
    /// Last day, included.
    pub to: Option<NaiveDate>,
    /// In one of these months; empty: in any.
    pub months: Vec<Month>,
    /// Days of the week; empty: all.
    pub weekdays: Vec<Weekday>,
    /// Starts at this time of day or later.
    pub after: Option<NaiveTime>,
    /// Starts before this time of day. Earlier than `after`, the two mean a night.
    pub before: Option<NaiveTime>,
    /// Whether the first of `teams`, or else the page's own, plays at home.
    pub side: Option<Side>,
    /// Teams, each of which plays.
    pub teams: Vec<String>,
    /// Opponents of the first of `teams`, or else of the page's own: one of these.
    pub against: Vec<String>,
    /// The place says one of these.
    pub places: Vec<String>,
    /// Words of the title, the place, the categories or the offer, all of them; the start of a word is enough.
    pub words: Vec<String>,
    /// None of these is said by the title, the place, the categories or the offer.
    pub without: Vec<String>,
    /// Only what two teams play.
    pub games: bool,
    /// What became of it.
    pub fate: Option<Fate>,
    /// Only entries with an offer.
    pub offers: bool,
}

/// A part of a query that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct FilterError {
    /// Which parameter.
    pub name: String,
    /// What would be right.
    pub reason: &'static str,
}

/// The most values that one list of a query holds, and the most characters of a value: what is more is not meant.
const VALUES_MAX: usize = 24;
const VALUE_CHARS_MAX: usize = 80;

/// As they stand in a query, Monday first.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Filter {
    /// Whether everything is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The first day that can be wanted; `None`: any.
    pub fn first_day(&self) -> Option<NaiveDate> {
        let month = self.months.iter().min().and_then(|first| NaiveDate::from_ymd_opt(first.year, first.month, 1));
        self.from.into_iter().chain(month).max()
    }

    /// The last day that can be wanted; `None`: any.
    pub fn last_day(&self) -> Option<NaiveDate> {
        let month = self.months.iter().max().and_then(|last| {
            let (year, month) = if last.month == 12 { (last.year + 1, 1) } else { (last.year, last.month + 1) };
            NaiveDate::from_ymd_opt(year, month, 1)?.pred_opt()
        });
        self.to.into_iter().chain(month).min()
    }

    /// Whether an entry is wanted on the page of a team, or of nobody in particular.
    pub fn matches(&self, entry: &Entry, page_team: Option<&str>) -> bool {
        self.matcher(page_team).matches(entry)
    }

    /// The same for many entries.
    pub fn matcher(&self, page_team: Option<&str>) -> Matcher<'_> {
        Matcher::new(self, page_team)
    }

    /// Reads the decoded pairs of a query. Names that it does not know are somebody else's.
    ///
    /// # Errors
    /// A value that means nothing. An empty one is as good as absent, as forms send it.
    pub fn from_query<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        for (name, value) in pairs {
            let (name, value) = (name.as_ref(), value.as_ref().trim());
            if !value.is_empty() {
                filter.read(name, value).map_err(|reason| FilterError { name: name.to_owned(), reason })?;
            }
        }
        filter.settle();
        Ok(filter)
    }

    /// Reads a query as it stands in an address, without the `?`.
    ///
    /// # Errors
    /// As [`Filter::from_query`].
    pub fn parse(query: &str) -> Result<Self, FilterError> {
        Self::from_query(form_urlencoded::parse(query.as_bytes()))
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "from" => self.from = Some(day(value)?),
            "to" => self.to = Some(day(value)?),
            "month" => {
                for one in value.split(',') {
                    self.months.push(Month::of(day(&format!("{}-01", one.trim())).map_err(|_| MONTH_WANTED)?));
                }
            }
            "day" => {
                for one in value.split(',') {
                    let name = one.trim().to_ascii_lowercase();
                    let number = WEEKDAYS.iter().position(|known| *known == name).ok_or(WEEKDAY_WANTED)?;
                    let number = u8::try_from(number).map_err(|_| WEEKDAY_WANTED)?;
                    self.weekdays.push(Weekday::try_from(number).map_err(|_| WEEKDAY_WANTED)?);
                }
            }
            "after" => self.after = Some(clock(value)?),
            "before" => self.before = Some(clock(value)?),
            "side" => {
                self.side = Some(match value {
                    "home" => Side::Home,
                    "away" => Side::Away,
                    _ => return Err("home or away"),
                });
            }
            "team" => self.teams.push(value.to_owned()),
            "against" => self.against.push(value.to_owned()),
            "place" => self.places.push(value.to_owned()),
            "words" => self.words.extend(value.split_whitespace().map(str::to_owned)),
            "status" => {
                self.fate = Some(match value {
                    "on" => Fate::On,
                    "moved" => Fate::Moved,
                    "cancelled" => Fate::Cancelled,
                    _ => return Err("on, moved or cancelled"),
                });
            }
            "not" => self.without.push(value.to_owned()),
            "games" => self.games = flag(value)?,
            "offers" => self.offers = flag(value)?,
            _ => {}
        }
        Ok(())
    }

    /// Brings the lists into the one form that is written, so that equal wishes are equal texts.
    pub(crate) fn settle(&mut self) {
        self.months.arrange();
        self.months.dedup();
        self.months.truncate(VALUES_MAX);
        self.weekdays.arrange_by_key(Weekday::num_days_from_monday);
        self.weekdays.dedup();
        if self.weekdays.len() == WEEKDAYS.len() {
            self.weekdays.clear();
        }
        self.words = self.words.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).collect();
        for list in [&mut self.teams, &mut self.against, &mut self.places, &mut self.words, &mut self.without] {
            let mut known: Vec<String> = Vec::new();
            list.retain_mut(|value| {
                *value = value.split_whitespace().collect::<Vec<_>>().join(" ");
                if let Some((end, _)) = value.char_indices().nth(VALUE_CHARS_MAX) {
                    value.truncate(end);
                    value.truncate(value.trim_end().len());
                }
                let folded = fold(value);
                let new = !folded.is_empty() && !known.contains(&folded) && known.len() < VALUES_MAX;
                if new {
                    known.push(folded);
                }
                new
            });
        }
    }

    /// The query of an address that asks for this, without the `?`; empty for everything.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut put = |name: &str, value: &str| {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        };
        put("from", &self.from.map(|day| day.to_string()).unwrap_or_default());
        put("to", &self.to.map(|day| day.to_string()).unwrap_or_default());
        put("month", &joined(self.months.iter()));
        put("day", &weekdays(&self.weekdays));
        put("after", &self.after.map(written).unwrap_or_default());
        put("before", &self.before.map(written).unwrap_or_default());
        put("side", self.side.map_or("", Side::as_str));
        for (name, values) in [("team", &self.teams), ("against", &self.against), ("place", &self.places)] {
            for value in values {
                put(name, value);
            }
        }
        put("words", &self.words.join(" "));
        for value in &self.without {
            put("not", value);
        }
        put("games", if self.games { "1" } else { "" });
        put("status", self.fate.map_or("", Fate::as_str));
        put("offers", if self.offers { "1" } else { "" });
        // Commas and colons may stand in a query as they are (RFC 3986 section 3.4), and addresses are read by people.
        query.finish().replace("%2C", ",").replace("%3A", ":")
    }
}

const MONTH_WANTED: &str = "months such as 2027-07";
const WEEKDAY_WANTED: &str = "mon, tue, wed, thu, fri, sat or sun";

fn day(text: &str) -> Result<NaiveDate, &'static str> {
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day = text.parse::<NaiveDate>().ok().filter(|day| shape && (1900..3000).contains(&day.year()));
    day.ok_or("a day such as 2027-07-31")
}

fn flag(text: &str) -> Result<bool, &'static str> {
    match text {
        "1" | "true" | "on" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("1 or nothing"),
    }
}

fn clock(text: &str) -> Result<NaiveTime, &'static str> {
    let parts = text.split_once(':').filter(|(hour, minute)| (1..=2).contains(&hour.len()) && minute.len() == 2);
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    parts
        .and_then(|(hour, minute)| NaiveTime::from_hms_opt(number(hour)?, number(minute)?, 0))
        .ok_or("a time of day such as 17:00")
}

/// Days of the week as they stand in a query.
pub(crate) fn weekdays(days: &[Weekday]) -> String {
    let name = |day: &Weekday| WEEKDAYS.get(day.num_days_from_monday() as usize).copied().unwrap_or_default();
    joined(days.iter().map(name))
}

/// A time of day as it stands in a query.
pub(crate) fn written(time: NaiveTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

fn joined(values: impl Iterator<Item = impl fmt::Display>) -> String {
    let mut out = String::new();
    for value in values {
        let comma = if out.is_empty() { "" } else { "," };
        // Writing to a String does not fail.
        let _ = write!(out, "{comma}{value}");
    }
    out
}
