use chrono::{NaiveDate, NaiveTime, Weekday};

use crate::{Fate, Filter, Month, Side};

/// A piece of a filter that can be taken away by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// What it says.
    pub what: Understood,
    /// The filter without it.
    pub without: Filter,
}

/// What a piece of a filter says; views put it into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Understood {
    /// From and to, days included.
    Days(Option<NaiveDate>, Option<NaiveDate>),
    /// A month.
    Month(Month),
    /// Days of the week.
    Weekdays(Vec<Weekday>),
    /// From this time of day, and before that.
    Times(Option<NaiveTime>, Option<NaiveTime>),
    /// On whose ground.
    Side(Side),
    /// Who plays.
    Team(String),
    /// Against whom.
    Against(String),
    /// Where.
    Place(String),
    /// A word.
    Word(String),
    /// A name or word that is not said.
    Without(String),
    /// Only games.
    Games,
    /// What became of it.
    Fate(Fate),
    /// With an offer.
    Offers,
}

impl Chip {
    /// The pieces of a filter, however it came about.
    pub fn of(filter: &Filter) -> Vec<Self> {
        let mut chips = Vec::new();
        let mut add = |what: Understood, take: &dyn Fn(&mut Filter)| {
            let mut without = filter.clone();
            take(&mut without);
            chips.push(Self { what, without });
        };
        for (at, team) in filter.teams.iter().enumerate() {
            add(Understood::Team(team.clone()), &|without| drop(without.teams.remove(at)));
        }
        if let Some(side) = filter.side {
            add(Understood::Side(side), &|without| without.side = None);
        }
        for (at, team) in filter.against.iter().enumerate() {
            add(Understood::Against(team.clone()), &|without| drop(without.against.remove(at)));
        }
        if filter.from.is_some() || filter.to.is_some() {
            add(Understood::Days(filter.from, filter.to), &|without| (without.from, without.to) = (None, None));
        }
        for month in &filter.months {
            add(Understood::Month(*month), &|without| without.months.retain(|other| other != month));
        }
        if !filter.weekdays.is_empty() {
            add(Understood::Weekdays(filter.weekdays.clone()), &|without| without.weekdays.clear());
        }
        if filter.after.is_some() || filter.before.is_some() {
            let times = Understood::Times(filter.after, filter.before);
            add(times, &|without| (without.after, without.before) = (None, None));
        }
        for (at, place) in filter.places.iter().enumerate() {
            add(Understood::Place(place.clone()), &|without| drop(without.places.remove(at)));
        }
        for (at, word) in filter.words.iter().enumerate() {
            add(Understood::Word(word.clone()), &|without| drop(without.words.remove(at)));
        }
        for (at, text) in filter.without.iter().enumerate() {
            add(Understood::Without(text.clone()), &|without| drop(without.without.remove(at)));
        }
        if filter.games {
            add(Understood::Games, &|without| without.games = false);
        }
        if let Some(fate) = filter.fate {
            add(Understood::Fate(fate), &|without| without.fate = None);
        }
        if filter.offers {
            add(Understood::Offers, &|without| without.offers = false);
        }
        chips
    }
}

impl Understood {
    /// A word for the kind, for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Days(..) => "days",
            Self::Month(_) => "month",
            Self::Weekdays(_) => "weekdays",
            Self::Times(..) => "times",
            Self::Side(_) => "side",
            Self::Team(_) => "team",
            Self::Against(_) => "against",
            Self::Place(_) => "place",
            Self::Word(_) => "word",
            Self::Without(_) => "not",
            Self::Games => "games",
            Self::Fate(_) => "status",
            Self::Offers => "offers",
        }
    }

    /// What it says, as it stands in a query; days and times as `from/to`, open where a side is empty.
    pub fn value(&self) -> String {
        fn span<T>(from: Option<T>, to: Option<T>, written: impl Fn(T) -> String) -> String {
            let [from, to] = [from, to].map(|end| end.map(&written).unwrap_or_default());
            format!("{from}/{to}")
        }
        match self {
            Self::Days(from, to) => span(*from, *to, |day| day.to_string()),
            Self::Times(after, before) => span(*after, *before, crate::filter::written),
            Self::Month(month) => month.to_string(),
            Self::Weekdays(days) => crate::filter::weekdays(days),
            Self::Side(side) => side.as_str().to_owned(),
            Self::Team(text) | Self::Against(text) | Self::Place(text) | Self::Word(text) | Self::Without(text) => {
                text.clone()
            }
            Self::Fate(fate) => fate.as_str().to_owned(),
            Self::Games | Self::Offers => "1".to_owned(),
        }
    }
}
