use chrono::{NaiveDate, NaiveTime, TimeDelta, Weekday};
use itip::CalAddress;

use crate::lex::{self, Item};
use crate::span::{Dates, Span};
use crate::tongue::{Meaning, Tongue};
use crate::vocabulary::Vocabulary;
use crate::{Chip, Fate, Filter, Side};

/// What a question in plain words asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// Which entries.
    pub filter: Filter,
    /// What was understood, piece by piece.
    pub chips: Vec<Chip>,
    /// Where invitations are to be sent.
    pub send: Option<CalAddress>,
    /// Everything that is found is meant, nothing needs to be picked.
    pub all: bool,
    /// Words that were taken for others: as typed, as understood.
    pub mended: Vec<(String, String)>,
}

/// Longer questions are cut.
const CHARS_MAX: usize = 400;
/// Words of a name that are looked up together.
const NAME_WORDS_MAX: usize = 5;

impl Question {
    /// Reads a question that was asked on `today`, on the page of a team or of nobody in particular. `language` is the
    /// page's; a question in another that we know is understood, too.
    pub fn read(
        text: &str,
        vocabulary: &Vocabulary,
        today: NaiveDate,
        page_team: Option<&str>,
        language: &str,
    ) -> Self {
        let text: String = text.chars().take(CHARS_MAX).collect();
        let (text, send) = without_address(&text);
        let mut best: Option<(usize, Reading<'_>, Vec<lex::Mended>)> = None;
        for tongue in Tongue::from(language) {
            let (items, mended) = lex::cut(&text, tongue, vocabulary);
            let strange = items.iter().filter(|item| matches!(item, Item::Word(word) if !vocabulary.knows(word)));
            let strange = strange.count() + mended.len();
            let reading = Reading { items, at: 0, today, tongue, vocabulary, found: Found::default() };
            if best.as_ref().is_none_or(|(least, ..)| strange < *least) {
                best = Some((strange, reading, mended));
            }
        }
        let Some((_, mut reading, mut mended)) = best else { return Self::default() };
        reading.run();
        let found = reading.found;
        mended.extend_from_slice(&found.mended);
        let all = found.all;
        let filter = found.into_filter(vocabulary, page_team);
        Self { chips: Chip::of(&filter), filter, send, all, mended }
    }
}

/// Takes an e-mail address out of a text; of several the last counts.
fn without_address(text: &str) -> (String, Option<CalAddress>) {
    let mut send = None;
    let kept: Vec<&str> = text
        .split_whitespace()
        .filter(|word| {
            if !word.contains('@') || word.len() < 3 {
                return true;
            }
            let bare = word.trim_start_matches("mailto:");
            let bare = bare.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '+' | '_'));
            let address = CalAddress::parse(bare).ok().filter(|address| address.domain().contains('.'));
            let is_address = address.is_some();
            if is_address {
                send = address;
            }
            !is_address
        })
        .collect();
    (kept.join(" "), send)
}

/// What has been understood so far.
#[derive(Debug, Default)]
struct Found {
    filter: Filter,
    spans: Vec<Span>,
    all: bool,
    /// The last name that was read was none.
    last_is_word: bool,
    mended: Vec<lex::Mended>,
}

/// How a team is meant that follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Team,
    Opponent,
    Place,
}

struct Reading<'a> {
    items: Vec<Item>,
    at: usize,
    today: NaiveDate,
    tongue: &'static Tongue,
    vocabulary: &'a Vocabulary,
    found: Found,
}

impl Reading<'_> {
    fn run(&mut self) {
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
        let named = after_word && self.found.last_is_word;
        let dated = self.reader().at(self.at).is_some_and(|(_, end)| end > self.at);
        let filter = &mut self.found.filter;
        let hour = |hour: u32| NaiveTime::from_hms_opt(hour, 0, 0);
        match meaning {
            // `shirt night` is the name of one.
            Meaning::Night if named && self.vocabulary.knows("night") => filter.words.push("night".to_owned()),
            Meaning::Before | Meaning::After | Meaning::From | Meaning::Until | Meaning::Between => {
                self.bound(meaning);
                return As::Team;
            }
            Meaning::In => {
                self.at += 1;
                return As::Place;
            }
            Meaning::At => {
                if !self.clock(Some(self.at + 1)) {
                    self.at += 1;
                }
                return As::Place;
            }
            Meaning::Against => {
                self.at += 1;
                return As::Opponent;
            }
            Meaning::Not => {
                self.negation();
                return As::Team;
            }
            Meaning::Tonight => {
                self.found.spans.push(Span { first: self.today, last: self.today, month: None });
                (filter.after, filter.before) = (hour(self.tongue.night_from), None);
            }
            Meaning::Morning => part(filter, None, hour(12), joined),
            Meaning::Afternoon => part(filter, hour(12), hour(self.tongue.afternoon_until), joined),
            Meaning::Night => part(filter, hour(self.tongue.night_from), None, joined),
            Meaning::Noon => part(filter, hour(12), hour(13), joined),
            Meaning::Weekend if !dated => filter.weekdays.extend([Weekday::Sat, Weekday::Sun]),
            Meaning::Weekends => filter.weekdays.extend([Weekday::Sat, Weekday::Sun]),
            Meaning::Workdays | Meaning::Worknights => {
                filter.weekdays.extend(WORKDAYS);
                if meaning == Meaning::Worknights {
                    filter.after = hour(self.tongue.night_from);
                }
            }
            Meaning::Weekday(day) if !dated => filter.weekdays.push(day),
            // Home and away is both.
            Meaning::Side(side) => {
                filter.side = if filter.side.is_some_and(|said| said != side) { None } else { Some(side) };
            }
            Meaning::Offers => filter.offers = true,
            Meaning::Fate(fate) => filter.fate = Some(fate),
            Meaning::All | Meaning::Send => self.found.all = true,
            Meaning::Filler | Meaning::Thing | Meaning::And => {
                self.at += 1;
                return relation;
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
        Dates { items: &self.items, today: self.today, tongue: self.tongue, vocabulary: self.vocabulary }
    }

    /// A date, or two that are joined to a span.
    fn dates(&mut self) -> bool {
        let Some((span, end)) = self.reader().at(self.at) else { return false };
        let (span, end) = self.through(span, end, false);
        self.found.spans.push(span);
        self.at = end;
        true
    }

    /// `May to July`, `3 June until 10 June`.
    fn through(&self, span: Span, end: usize, and: bool) -> (Span, usize) {
        let joins = matches!(self.items.get(end), Some(Item::Dash))
            || matches!(self.meaning(end), Some(Meaning::To | Meaning::Until))
            || and && self.meaning(end) == Some(Meaning::And);
        let start = self.skip_filler(end + 1);
        let day_of_month = || match self.items.get(start)? {
            // `July 4 through 10`
            Item::Number(day) if span.first == span.last => {
                let day = chrono::Datelike::with_day(&span.last, *day)?;
                Some((Span { first: day, last: day, month: None }, start + 1))
            }
            _ => None,
        };
        let second = if joins { self.reader().at(start).or_else(day_of_month) } else { None };
        match second {
            Some((last, end)) if last.last >= span.first => {
                (Span { first: span.first, last: last.last, month: None }, end)
            }
            _ => (span, end),
        }
    }

    fn skip_filler(&self, mut at: usize) -> usize {
        while matches!(self.meaning(at), Some(Meaning::Filler | Meaning::Thing)) {
            at += 1;
        }
        at
    }

    /// `before August`, `after 6 pm`, `after the break`, `between 3 and 10 June`, `from 5 to 8 pm`.
    fn bound(&mut self, meaning: Meaning) {
        let start = self.skip_filler(self.at + 1);
        let range = matches!(meaning, Meaning::Between | Meaning::From);
        if let Some((span, end)) = self.reader().at(start) {
            let (whole, whole_end) = self.through(span, end, meaning == Meaning::Between);
            let is_joint = |item: &Item| matches!(item, Item::Dash | Item::Says(Meaning::To | Meaning::Until));
            let two_ends = self.items.get(start..whole_end).is_some_and(|items| items.iter().any(is_joint));
            if range && two_ends || meaning == Meaning::Between {
                self.found.spans.push(Span { month: None, ..whole });
                self.at = whole_end;
            } else {
                self.limit(meaning, span.first, span.last);
                self.at = end;
            }
            return;
        }
        if let Some((first, end)) = self.time_at(start) {
            let joins = matches!(self.items.get(end), Some(Item::Dash))
                || matches!(self.meaning(end), Some(Meaning::To | Meaning::And | Meaning::Until));
            let second = (range && joins).then(|| self.time_at(self.skip_filler(end + 1))).flatten();
            let filter = &mut self.found.filter;
            match (meaning, second) {
                (_, Some((last, end))) => {
                    (filter.after, filter.before) = (Some(first), Some(last));
                    self.at = end;
                    return;
                }
                (Meaning::Before | Meaning::Until, None) => filter.before = Some(first),
                _ => filter.after = Some(first),
            }
            self.at = end;
            return;
        }
        if let Some(Item::Landmark(first, last, _)) = self.items.get(start) {
            let (first, last) = (*first, *last);
            self.limit(meaning, first, last);
            self.at = start + 1;
            // `the all-star game`, where the calendar says break.
            if self.meaning(self.at) == Some(Meaning::Thing) {
                self.at += 1;
            }
            return;
        }
        self.at += 1;
    }

    fn limit(&mut self, meaning: Meaning, first: NaiveDate, last: NaiveDate) {
        let filter = &mut self.found.filter;
        match meaning {
            Meaning::Before => filter.to = first.pred_opt(),
            Meaning::Until => filter.to = Some(last),
            Meaning::After => filter.from = last.succ_opt(),
            _ => filter.from = Some(first),
        }
        // Of two that contradict each other the last counts.
        if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
            match meaning {
                Meaning::Before | Meaning::Until => filter.from = None,
                _ => filter.to = None,
            }
        }
    }

    /// A time of day; a bare number only where the caller knows that a time is meant.
    fn time_at(&self, at: usize) -> Option<(NaiveTime, usize)> {
        let (hour, minute) = match self.items.get(at)? {
            Item::Clock(time) => (chrono::Timelike::hour(time), chrono::Timelike::minute(time)),
            Item::Number(hour) => (*hour, 0),
            Item::Says(Meaning::Noon) => return Some((NaiveTime::from_hms_opt(12, 0, 0)?, at + 1)),
            _ => return None,
        };
        let half = self.meaning(at + 1).filter(|meaning| matches!(meaning, Meaning::Am | Meaning::Pm));
        // `between 5 and 8 pm`, `from 5 to 8 pm`
        let shared = self.meaning(at + 3).filter(|meaning| matches!(meaning, Meaning::Am | Meaning::Pm));
        let hour = match half.or(shared) {
            Some(Meaning::Am) if hour == 12 => 0,
            Some(Meaning::Am) => hour,
            Some(_) if hour < 12 => hour + 12,
            // Nobody goes out at four in the morning.
            None if (1..=9).contains(&hour) && matches!(self.items.get(at), Some(Item::Number(_))) => hour + 12,
            _ => hour,
        };
        Some((NaiveTime::from_hms_opt(hour, minute, 0)?, at + 1 + usize::from(half.is_some())))
    }

    /// `7pm`, `at 7`, `19:05`: what starts in the hour from then.
    fn clock(&mut self, known: Option<usize>) -> bool {
        let start = known.unwrap_or(self.at);
        let clear = matches!(self.items.get(start), Some(Item::Clock(_)))
            || matches!(self.meaning(start + 1), Some(Meaning::Am | Meaning::Pm));
        if !clear && known.is_none() {
            return false;
        }
        let Some((time, end)) = self.time_at(start) else { return false };
        let filter = &mut self.found.filter;
        let (until, wrapped) = time.overflowing_add_signed(TimeDelta::hours(1));
        filter.after = Some(time);
        filter.before = (wrapped == 0).then_some(until);
        self.at = end;
        true
    }

    fn negation(&mut self) {
        let next = self.skip_filler(self.at + 1);
        let left_out = self.meaning(next);
        let filter = &mut self.found.filter;
        match left_out {
            Some(Meaning::Side(side)) => {
                filter.side = Some(if side == Side::Home { Side::Away } else { Side::Home });
            }
            Some(Meaning::Fate(_)) => filter.fate = Some(Fate::On),
            Some(Meaning::Weekend | Meaning::Weekends) => filter.weekdays.extend(WORKDAYS),
            Some(Meaning::Workdays | Meaning::Worknights) => filter.weekdays.extend([Weekday::Sat, Weekday::Sun]),
            Some(Meaning::Weekday(day)) => {
                let all = WORKDAYS.into_iter().chain([Weekday::Sat, Weekday::Sun]);
                filter.weekdays.extend(all.filter(|other| *other != day));
            }
            // What cannot be left out is not asked for either.
            Some(Meaning::Offers) => {}
            _ => {
                self.at += 1;
                return;
            }
        }
        self.at = next + 1;
    }

    /// The folded words from an item on, as far as they follow one another.
    fn words_from(&self, at: usize) -> Vec<String> {
        let items = self.items.get(at..).unwrap_or_default();
        let word = |item: &Item| match item {
            Item::Word(word) => Some(word.clone()),
            _ => None,
        };
        items.iter().map_while(word).take(NAME_WORDS_MAX).collect()
    }

    /// A team, a place, or any other word.
    fn name(&mut self, relation: As) {
        let mut words = self.words_from(self.at);
        self.found.last_is_word = false;
        if self.named(&words, relation) {
            return;
        }
        let Some(word) = words.first_mut() else { return };
        if !self.vocabulary.knows(word) {
            let singular = ["s", "es"].iter().filter_map(|plural| word.strip_suffix(plural));
            let known = singular.filter(|known| known.len() > 2).find(|known| self.vocabulary.knows(known));
            if let Some(known) = known.map(str::to_owned) {
                *word = known;
            } else if let Some((known, _)) = self.vocabulary.mend(word) {
                self.found.mended.push((word.clone(), known.to_owned()));
                *word = known.to_owned();
                if let Some(Item::Word(typed)) = self.items.get_mut(self.at) {
                    known.clone_into(typed);
                }
                let words = self.words_from(self.at);
                if self.named(&words, relation) {
                    return;
                }
            }
        }
        let Some(word) = words.into_iter().next() else { return };
        self.found.filter.words.push(word);
        self.found.last_is_word = true;
        self.at += 1;
    }

    fn named(&mut self, words: &[String], relation: As) -> bool {
        let team = self.vocabulary.team(words);
        let place = self.vocabulary.place(words);
        let filter = &mut self.found.filter;
        let used = match (relation, team, place) {
            (As::Opponent, Some((team, used)), _) => {
                filter.against.push(team);
                used
            }
            (As::Place, _, Some((place, used))) => {
                filter.places.push(place);
                used
            }
            (_, Some((team, used)), place) if place.as_ref().is_none_or(|(_, of_place)| *of_place <= used) => {
                filter.teams.push(team);
                used
            }
            // A word of a place that is also one of a title is left to the words: `jazz at the wharf`.
            (_, _, Some((place, used))) if used > 1 => {
                filter.places.push(place);
                used
            }
            _ => return false,
        };
        self.at += used;
        true
    }
}

const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

/// A part of the day; joined to another by `or`, from the earlier to the later.
fn part(filter: &mut Filter, after: Option<NaiveTime>, before: Option<NaiveTime>, joined: bool) {
    if joined && (filter.after.is_some() || filter.before.is_some()) {
        filter.after = filter.after.min(after);
        filter.before = filter.before.and_then(|known| before.map(|before| known.max(before)));
    } else {
        (filter.after, filter.before) = (after, before);
    }
}

impl Found {
    fn into_filter(mut self, vocabulary: &Vocabulary, page_team: Option<&str>) -> Filter {
        let mut filter = self.filter;
        self.spans.dedup();
        let months: Option<Vec<_>> = self.spans.iter().map(|span| span.month).collect();
        if let Some(months) = months.filter(|months| months.len() > 1) {
            filter.months = months;
        } else {
            // Of days that are said apart a filter keeps what lies between, too.
            let first = self.spans.iter().map(|span| span.first).min();
            let last = self.spans.iter().map(|span| span.last).max();
            filter.from = first.max(filter.from);
            filter.to = last.into_iter().chain(filter.to).min();
        }
        let own = page_team.map(str::to_owned).or_else(|| vocabulary.own_team().map(|team| team.name.clone()));
        if let Some(own) = own {
            let own = crate::fold(&own);
            let is_own = |team: &String| {
                let team = crate::fold(team);
                crate::fold::has_words(&team, &own) || crate::fold::has_words(&own, &team)
            };
            // On the calendar of one team, two others are its opponents.
            if filter.teams.len() > 1 && !filter.teams.iter().any(is_own) {
                filter.against.append(&mut filter.teams);
            }
            if page_team.is_none()
                && filter.teams.is_empty()
                && (filter.side.is_some() || !filter.against.is_empty())
                && let Some(team) = vocabulary.own_team()
            {
                filter.teams.push(team.name.clone());
            }
        }
        filter.settle();
        filter
    }
}
