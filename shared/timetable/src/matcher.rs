use chrono::{Datelike, NaiveTime};
use itip::When;

use crate::fold::{fold_all, has_words};
use crate::{Entry, EntryStatus, Fate, Filter, Month, Place, Side, fold};

/// A [`Filter`] made ready for many entries: its words are folded once.
#[derive(Debug)]
pub struct Matcher<'a> {
    filter: &'a Filter,
    own: Option<String>,
    teams: Vec<String>,
    against: Vec<String>,
    places: Vec<String>,
    words: Vec<String>,
    without: Vec<String>,
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(filter: &'a Filter, page_team: Option<&str>) -> Self {
        let folded = |list: &[String]| {
            list.iter().map(|value| fold(value)).filter(|value| !value.is_empty()).collect::<Vec<_>>()
        };
        Self {
            filter,
            own: page_team.map(fold).filter(|team| !team.is_empty()),
            teams: folded(&filter.teams),
            against: folded(&filter.against),
            places: folded(&filter.places),
            words: folded(&filter.words),
            without: folded(&filter.without),
        }
    }

    /// Whether an entry is wanted.
    pub fn matches(&self, entry: &Entry) -> bool {
        self.in_time(entry) && self.fate(entry) && self.sides(entry) && self.place(entry) && self.said(entry)
    }

    fn in_time(&self, entry: &Entry) -> bool {
        let filter = self.filter;
        let day = entry.start.local_date();
        filter.from.is_none_or(|from| day >= from)
            && filter.to.is_none_or(|to| day <= to)
            && (filter.months.is_empty() || filter.months.contains(&Month::of(day)))
            && (filter.weekdays.is_empty() || filter.weekdays.contains(&day.weekday()))
            && at_time(&entry.start, filter.after, filter.before)
    }

    fn fate(&self, entry: &Entry) -> bool {
        (!self.filter.offers || entry.offer.is_some())
            && (!self.filter.games || is_game(entry))
            && self.filter.fate.is_none_or(|fate| match fate {
                Fate::On => entry.status != EntryStatus::Cancelled,
                Fate::Moved => matches!(entry.status, EntryStatus::Moved { .. }),
                Fate::Cancelled => entry.status == EntryStatus::Cancelled,
            })
    }

    /// Whether there is a way to see the two sides as the wanted team and its opponent.
    fn sides(&self, entry: &Entry) -> bool {
        let side = self.filter.side;
        if side.is_none() && self.teams.is_empty() && self.against.is_empty() {
            return true;
        }
        let Some(teams) = &entry.teams else {
            // No game, but it may be about a team: its fan fest.
            let title = fold(&entry.title);
            return side.is_none() && self.against.is_empty() && self.teams.iter().all(|team| has_words(&title, team));
        };
        let (home, away) = (fold(&teams.home), fold(&teams.away));
        let fits = |own: &str, other: &str| {
            let (subject, partners) = match self.teams.split_first() {
                Some((subject, partners)) => (Some(subject), partners),
                None => (self.own.as_ref(), [].as_slice()),
            };
            subject.is_none_or(|team| has_words(own, team))
                && partners.iter().all(|team| has_words(other, team))
                && (self.against.is_empty() || self.against.iter().any(|team| has_words(other, team)))
        };
        (side != Some(Side::Away) && fits(&home, &away)) || (side != Some(Side::Home) && fits(&away, &home))
    }

    fn place(&self, entry: &Entry) -> bool {
        let Place::Named(place) = &entry.place else { return self.places.is_empty() };
        if self.places.is_empty() {
            return true;
        }
        let place = fold(place);
        self.places.iter().any(|wanted| has_words(&place, wanted))
    }

    fn said(&self, entry: &Entry) -> bool {
        if self.words.is_empty() && self.without.is_empty() {
            return true;
        }
        let text = fold_all(entry.public_texts());
        self.words.iter().all(|wanted| has_words(&text, wanted))
            && !self.without.iter().any(|unwanted| has_words(&text, unwanted))
    }
}

/// Two teams, or one of which it is not known yet who plays.
fn is_game(entry: &Entry) -> bool {
    const CALLED: [&str; 7] = ["game", "match", "final", "semifinal", "playoff", "partido", "juego"];
    entry.teams.is_some() || {
        let title = fold(&entry.title);
        title.split(' ').any(|word| CALLED.iter().any(|called| word.strip_suffix('s').unwrap_or(word) == *called))
    }
}

/// A whole day has no time of day, so it starts at none.
fn at_time(start: &When, after: Option<NaiveTime>, before: Option<NaiveTime>) -> bool {
    if after.is_none() && before.is_none() {
        return true;
    }
    let When::At(moment) = start else { return false };
    let time = moment.local.time();
    let (late, early) = (after.is_none_or(|after| time >= after), before.is_none_or(|before| time < before));
    match (after, before) {
        (Some(after), Some(before)) if before <= after => late || early,
        _ => late && early,
    }
}
