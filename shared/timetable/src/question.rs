use chrono::{NaiveDate, NaiveTime, TimeDelta, Weekday};
use itip::CalAddress;

use crate::lex::{self, Item};
use crate::nearest::Nearest;
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
    /// Of what the filter wants, only so many; [`Question::among`] finds their days.
    pub nearest: Option<Nearest>,
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
        let (all, nearest) = (found.all, found.nearest);
        let filter = found.into_filter(vocabulary, page_team);
        Self { chips: Chip::of(&filter), filter, send, all, mended, nearest }
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
    nearest: Option<Nearest>,
    games: bool,
    /// Home and away are meant of the team that was named before: `Tampa home games`.
    side_of_team: bool,
    /// What the words of a team's name are that are also those of a place: `Denver`.
    city: Vec<String>,
    /// Days of the week that are not wanted.
    days_out: Vec<Weekday>,
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
    /// At a place, or as the guest of a team.
    Ground,
    /// Not wanted.
    Without,
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
        let last = self.found.filter.words.last().filter(|_| after_word && self.found.last_is_word);
        let names_night = last.is_some_and(|word| self.vocabulary.names_night(word));
        let things_follow = self.meaning(self.at + 1).is_some_and(Meaning::is_things);
        let dated = self.reader().at(self.at).is_some_and(|(_, end)| end > self.at);
        if matches!(meaning, Meaning::Next | Meaning::Last | Meaning::Ordinal(1)) && !dated && self.nearest(meaning) {
            return relation;
        }
        let filter = &mut self.found.filter;
        let hour = |hour: u32| NaiveTime::from_hms_opt(hour, 0, 0);
        match meaning {
            // `shirt night` is the name of one.
            Meaning::Night if names_night => filter.words.push("night".to_owned()),
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
                return As::Ground;
            }
            Meaning::Against => {
                self.at += 1;
                return As::Opponent;
            }
            Meaning::Not => return self.negation(),
            Meaning::Tonight => {
                self.found.spans.push(Span { first: self.today, last: self.today, month: None });
                (filter.after, filter.before) = (hour(self.tongue.night_from), None);
            }
            Meaning::Morning => part(filter, None, hour(12), joined),
            Meaning::Afternoon => part(filter, hour(12), hour(self.tongue.afternoon_until), joined),
            Meaning::Night => part(filter, hour(self.tongue.night_from), None, joined),
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
        Dates { items: &self.items, today: self.today, vocabulary: self.vocabulary }
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
        while self.meaning(at).is_some_and(|meaning| meaning == Meaning::Filler || meaning.is_things()) {
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
            if self.meaning(self.at).is_some_and(Meaning::is_things) {
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
            // Nobody goes out at four in the morning; what is written with minutes may be a morning's.
            None if (1..=9).contains(&hour) && matches!(self.items.get(at), Some(Item::Number(_))) => hour + 12,
            None if (1..=7).contains(&hour) => hour + 12,
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

    fn negation(&mut self) -> As {
        let mut next = self.skip_filler(self.at + 1);
        while matches!(self.meaning(next), Some(Meaning::Against | Meaning::At | Meaning::In | Meaning::Of)) {
            next = self.skip_filler(next + 1);
        }
        let hour = |hour: u32| NaiveTime::from_hms_opt(hour, 0, 0);
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
        let count = match self.items.get(self.at + 1) {
            Some(Item::Number(count)) => Some(*count),
            _ => None,
        };
        if count.is_none() && self.is_plural(self.at + 1) {
            return false;
        }
        let count = usize::try_from(count.unwrap_or(1)).unwrap_or(usize::MAX).max(1);
        self.found.nearest = Some(match meaning {
            Meaning::Next => Nearest::Next(count),
            Meaning::Last => Nearest::Last(count),
            _ => Nearest::First(count),
        });
        self.at += 1;
        true
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
        if let Some(meant) = words.first().cloned().and_then(|word| self.instead(&word)) {
            self.put_words(meant);
            words = self.words_from(self.at);
            if self.named(&words, relation) {
                return;
            }
        }
        let Some(word) = words.into_iter().next() else { return };
        if relation == As::Without {
            self.found.filter.without.push(word);
        } else {
            self.found.filter.words.push(word);
            self.found.last_is_word = true;
        }
        self.at += 1;
    }

    /// What is meant by a word that no event says: its singular, another word for it, or one without slips.
    fn instead(&mut self, word: &str) -> Option<Vec<String>> {
        let vocabulary = self.vocabulary;
        if vocabulary.knows(word) {
            return None;
        }
        let mut singular = ["s", "es"].iter().filter_map(|plural| word.strip_suffix(plural));
        let singular = singular.find(|known| known.len() > 2 && vocabulary.knows(known));
        if let Some(known) = singular.or_else(|| self.tongue.same(word).find(|same| vocabulary.knows(same))) {
            return Some(vec![known.to_owned()]);
        }
        let meant =
            vocabulary.abbreviated(word).or_else(|| vocabulary.mend(word).map(|(known, _)| vec![known.to_owned()]))?;
        self.found.mended.push((word.to_owned(), meant.join(" ")));
        Some(meant)
    }

    /// Other words for the one that was typed.
    fn put_words(&mut self, words: Vec<String>) {
        let end = (self.at + 1).min(self.items.len());
        self.items.splice(self.at..end, words.into_iter().map(Item::Word));
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
            (As::Place | As::Ground, _, Some((place, used))) => {
                filter.places.push(place);
                used
            }
            (As::Ground, Some((team, used)), None) => {
                filter.side = Some(Side::Away);
                filter.against.push(team);
                used
            }
            (As::Without, Some((name, used)), _) | (As::Without, None, Some((name, used))) => {
                filter.without.push(name);
                used
            }
            (_, Some((team, used)), place) if place.as_ref().is_none_or(|(_, of_place)| *of_place <= used) => {
                filter.teams.push(team);
                if place.is_some() {
                    self.found.city = words.iter().take(used).cloned().collect();
                }
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

const WEEKEND: [Weekday; 2] = [Weekday::Sat, Weekday::Sun];
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
        if !self.days_out.is_empty() {
            if filter.weekdays.is_empty() {
                filter.weekdays.extend(WORKDAYS.into_iter().chain(WEEKEND));
            }
            filter.weekdays.retain(|day| !self.days_out.contains(day));
        }
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
            // On the calendar of one team, two others are its opponents, and so is one that it has at home.
            let are_opponents =
                filter.teams.len() > 1 || filter.side.is_some() && filter.against.is_empty() && !self.side_of_team;
            if are_opponents && !filter.teams.iter().any(is_own) {
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
        // A city by itself is also what else goes on there.
        let is_city = !self.city.is_empty() && !self.games && filter.teams.len() == 1;
        if is_city && filter.side.is_none() && filter.against.is_empty() && vocabulary.is_stage(&self.city) {
            filter.teams.clear();
            filter.words.append(&mut self.city);
        }
        // Home, away and an opponent are of games by themselves.
        filter.games = self.games && vocabulary.is_mixed() && filter.side.is_none() && filter.against.is_empty();
        filter.settle();
        filter
    }
}
