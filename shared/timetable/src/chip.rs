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
        if let Some(fate) = filter.fate {
            add(Understood::Fate(fate), &|without| without.fate = None);
        }
        if filter.offers {
            add(Understood::Offers, &|without| without.offers = false);
        }
        chips
    }
}
