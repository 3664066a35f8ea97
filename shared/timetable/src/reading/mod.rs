//! What the pieces of a question mean together.

mod found;
mod name;
mod time;

use chrono::{NaiveDate, NaiveTime, Weekday};

use self::found::Found;
use crate::lex::Item;
use crate::nearest::Nearest;
use crate::span::{Dates, Span};
use crate::tongue::{Meaning, Tongue};
use crate::vocabulary::Vocabulary;
use crate::{Fate, Filter, Side};

/// How a team is meant that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Team,
    Opponent,
    Place,
    /// At a place, or as the guest of a team.
    Ground,
    /// Not wanted.
    Without,
}

/// A question on the way from its items to what they mean.
pub(crate) struct Reading<'a> {
    items: Vec<Item>,
    at: usize,
    today: NaiveDate,
    tongue: &'static Tongue,
    vocabulary: &'a Vocabulary,
    found: Found,
}

impl<'a> Reading<'a> {
    /// Reads items in a language.
    pub(crate) fn new(items: Vec<Item>, today: NaiveDate, tongue: &'static Tongue, vocabulary: &'a Vocabulary) -> Self {
        Self { items, at: 0, today, tongue, vocabulary, found: Found::default() }
    }

    /// Reads them all.
    pub(crate) fn run(mut self) -> Found {
        let mut relation = As::Team;
        while let Some(item) = self.items.get(self.at).cloned() {
            let before = self.at;
            match item {
                Item::Word(_) => {
                    self.name(relation);
                    // Names are meant alike when they are joined: `against Tampa or Boston`.
                    if self.meaning(self.at) != Some(Meaning::And) {
                        relation = As::Team;
                    }
                }
                Item::Landmark(_, _, words) => {
                    self.found.filter.words.extend(words);
                    relation = As::Team;
                }
                Item::Says(meaning) => relation = self.says(meaning, relation),
                _ => {
                    if !self.dates() && !self.clock(None) {
                        self.at += 1;
                    }
                    relation = As::Team;
                }
            }
            // Whatever is not understood is passed by.
            self.at = self.at.max(before + 1);
        }
        self.found
    }

    fn meaning(&self, at: usize) -> Option<Meaning> {
        match self.items.get(at)? {
            Item::Says(meaning) => Some(*meaning),
            _ => None,
        }
    }

    fn says(&mut self, meaning: Meaning, relation: As) -> As {
        let joined = self.at > 0 && self.meaning(self.at - 1) == Some(Meaning::And);
        let after_word = self.at.checked_sub(1).is_some_and(|at| matches!(self.items.get(at), Some(Item::Word(_))));
        let last = self.found.filter.words.last().filter(|_| after_word && self.found.last_is_word);
        let names_night = last.is_some_and(|word| self.vocabulary.names_night(word));
        let things_follow = self.meaning(self.at + 1).is_some_and(Meaning::is_things);
        let dated = self.reader().at(self.at).is_some_and(|(_, end)| end > self.at);
        let dated = dated && !self.is_weekday_thing(meaning);
        if !dated && self.nearest(meaning) {
            return relation;
        }
        let filter = &mut self.found.filter;
        match meaning {
            // `shirt night` is the name of one.
            Meaning::Night if names_night => filter.words.push("night".to_owned()),
            Meaning::Before | Meaning::After | Meaning::From | Meaning::Until | Meaning::Between => {
                self.bound(meaning);
                return As::Team;
            }
            Meaning::In if !dated => {
                self.at += 1;
                return As::Place;
            }
            Meaning::At => {
                if !self.clock(Some(self.at + 1)) {
                    self.at += 1;
                }
                return As::Ground;
            }
            Meaning::Against => {
                self.at += 1;
                return As::Opponent;
            }
            Meaning::Not => return self.negation(),
            Meaning::Tonight => {
                self.found.spans.push(Span::days(self.today, self.today));
                (filter.after, filter.before) = (hour(self.tongue.night_from), None);
            }
            Meaning::Morning => part(filter, None, hour(12), joined),
            Meaning::Afternoon => part(filter, hour(12), hour(self.tongue.afternoon_until), joined),
            Meaning::Night => part(filter, hour(self.tongue.night_from), None, joined),
            Meaning::Lunch => part(filter, hour(11), hour(14), joined),
            Meaning::Noon => part(filter, hour(12), hour(13), joined),
            Meaning::Weekend if !dated => filter.weekdays.extend(WEEKEND),
            Meaning::Weekends => filter.weekdays.extend(WEEKEND),
            Meaning::Workdays | Meaning::Worknights => {
                filter.weekdays.extend(WORKDAYS);
                if meaning == Meaning::Worknights {
                    filter.after = hour(self.tongue.night_from);
                }
            }
            // `day games`
            Meaning::Days if things_follow => part(filter, None, hour(self.tongue.night_from), joined),
            Meaning::Early if !dated => part(filter, None, hour(self.tongue.night_from), joined),
            Meaning::Late if !dated => part(filter, hour(self.tongue.night_from), None, joined),
            Meaning::Weekday(day) if !dated => {
                filter.weekdays.push(day);
                self.weekdays_until(day);
            }
            // Home and away is both.
            Meaning::Side(side) => {
                self.found.side_of_team |= after_word && things_follow;
                filter.side = if filter.side.is_some_and(|said| said != side) { None } else { Some(side) };
            }
            Meaning::Tickets if self.vocabulary.knows("tickets") => filter.words.push("tickets".to_owned()),
            Meaning::Offers | Meaning::Tickets => filter.offers = true,
            Meaning::Fate(fate) => filter.fate = Some(fate),
            Meaning::All | Meaning::Send => self.found.all = true,
            Meaning::Filler | Meaning::Thing | Meaning::Game | Meaning::Games | Meaning::And => {
                self.found.games |= matches!(meaning, Meaning::Game | Meaning::Games);
                self.at += 1;
                return relation;
            }
            Meaning::To if !dated && self.reader().at(self.skip_filler(self.at + 1)).is_some() => {
                self.bound(Meaning::Until);
                return As::Team;
            }
            _ => {
                if !self.dates() {
                    self.at += 1;
                }
                return if meaning == Meaning::To { relation } else { As::Team };
            }
        }
        self.at += 1;
        As::Team
    }

    fn reader(&self) -> Dates<'_> {
        Dates { items: &self.items, today: self.today, day_first: self.tongue.day_first, vocabulary: self.vocabulary }
    }

    fn skip_filler(&self, mut at: usize) -> usize {
        while self.meaning(at).is_some_and(|meaning| meaning == Meaning::Filler || meaning.is_things()) {
            at += 1;
        }
        at
    }

    fn negation(&mut self) -> As {
        let mut next = self.skip_filler(self.at + 1);
        while matches!(self.meaning(next), Some(Meaning::Against | Meaning::At | Meaning::In | Meaning::Of)) {
            next = self.skip_filler(next + 1);
        }
        let night = hour(self.tongue.night_from);
        let found = &mut self.found;
        match self.items.get(next) {
            Some(Item::Word(_)) => {
                self.at = next;
                return As::Without;
            }
            Some(Item::Says(left_out)) => match *left_out {
                Meaning::Side(side) => {
                    found.filter.side = Some(if side == Side::Home { Side::Away } else { Side::Home });
                }
                Meaning::Fate(_) => found.filter.fate = Some(Fate::On),
                Meaning::Weekend | Meaning::Weekends => found.days_out.extend(WEEKEND),
                Meaning::Workdays | Meaning::Worknights => found.days_out.extend(WORKDAYS),
                Meaning::Weekday(day) => {
                    found.days_out.push(day);
                    // `except Mondays and Tuesdays`
                    while let Some(Meaning::Weekday(day)) = self.meaning(next + 2)
                        && self.meaning(next + 1) == Some(Meaning::And)
                    {
                        self.found.days_out.push(day);
                        next += 2;
                    }
                }
                Meaning::Month(month) => found.months_out |= 1 << month,
                Meaning::Night => found.filter.before = night,
                Meaning::Morning => found.filter.after = hour(12),
                // What cannot be left out is not asked for either.
                Meaning::Offers | Meaning::Tickets => {}
                _ => {
                    self.at += 1;
                    return As::Team;
                }
            },
            _ => {
                self.at += 1;
                return As::Team;
            }
        }
        self.at = next + 1;
        As::Team
    }

    /// The rest of `Monday to Friday`; stands then on its last day.
    fn weekdays_until(&mut self, first: Weekday) {
        let joins = matches!(self.items.get(self.at + 1), Some(Item::Dash))
            || matches!(self.meaning(self.at + 1), Some(Meaning::To | Meaning::Until));
        if let Some(Meaning::Weekday(last)) = self.meaning(self.at + 2).filter(|_| joins) {
            let days = std::iter::successors(Some(first), |day| (*day != last).then(|| day.succ()));
            self.found.filter.weekdays.extend(days);
            self.at += 2;
        }
    }

    /// `next game`, `last two home games`; more than one without their number are all of them.
    fn nearest(&mut self, meaning: Meaning) -> bool {
        let nearest = match meaning {
            Meaning::Next | Meaning::Coming => Nearest::Next,
            Meaning::Last => Nearest::Last,
            Meaning::Ordinal(1) => Nearest::First,
            _ => return false,
        };
        let count = match self.items.get(self.at + 1) {
            Some(Item::Number(count)) => Some(*count),
            _ => None,
        };
        if count.is_none() && (meaning == Meaning::Coming || self.is_plural(self.at + 1)) {
            return false;
        }
        let count = usize::try_from(count.unwrap_or(1)).unwrap_or(usize::MAX).max(1);
        self.found.nearest = Some(nearest(count));
        self.at += 1;
        true
    }

    /// `the next Friday game` is not that of next Friday.
    fn is_weekday_thing(&self, meaning: Meaning) -> bool {
        let is_day = matches!(self.meaning(self.at + 1), Some(Meaning::Weekday(_)));
        let after = self.items.get(self.at + 2..).unwrap_or_default();
        let thing = after.iter().find(|item| !matches!(item, Item::Says(Meaning::Night | Meaning::Side(_))));
        meaning == Meaning::Next && is_day && thing == Some(&Item::Says(Meaning::Game))
    }

    /// Whether several are named by the words from an item on.
    fn is_plural(&self, at: usize) -> bool {
        let mut plural = false;
        for item in self.items.get(at..).unwrap_or_default() {
            match item {
                Item::Says(Meaning::Games) => return true,
                Item::Word(word) => plural = word.ends_with('s'),
                Item::Says(Meaning::Filler | Meaning::Side(_)) => {}
                _ => return false,
            }
        }
        plural
    }
}

const WEEKEND: [Weekday; 2] = [Weekday::Sat, Weekday::Sun];
const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

#[inline(never)]
fn hour(hour: u32) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(hour, 0, 0)
}

/// A part of the day; joined to another by `or`, from the earlier to the later.
fn part(filter: &mut Filter, after: Option<NaiveTime>, before: Option<NaiveTime>, joined: bool) {
    if joined && (filter.after.is_some() || filter.before.is_some()) {
        filter.after = filter.after.min(after);
        filter.before = filter.before.and_then(|known| before.map(|before| known.max(before)));
    } else {
        (filter.after, filter.before) = (after, before);
    }
}
