//! The words of questions, one file for each language.

mod en;
mod es;

use chrono::Weekday;

use crate::{Fate, Side};

/// What a word or phrase means in a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Says nothing.
    Filler,
    /// What is asked for, whatever it is: events.
    Thing,
    Game,
    Games,
    Yesterday,
    Today,
    Tomorrow,
    DayAfterTomorrow,
    Tonight,
    Weekend,
    Weekends,
    Workdays,
    Worknights,
    Morning,
    Afternoon,
    Night,
    Noon,
    This,
    Next,
    /// The next ones, all of them.
    Coming,
    Last,
    /// Behind what is gone by: `pasado`.
    Past,
    /// Days of a month: `early July`.
    Part(u8, u8),
    /// Three months from this one on, as the north calls them.
    Quarter(u8),
    /// Before the evening.
    Early,
    Late,
    Lunch,
    /// Behind a span of time: `two weeks from now`.
    FromNow,
    From,
    To,
    Until,
    Between,
    And,
    Before,
    After,
    In,
    At,
    Of,
    Am,
    Pm,
    Days,
    Weeks,
    Months,
    Year,
    Side(Side),
    Against,
    Offers,
    Tickets,
    Fate(Fate),
    Not,
    Send,
    All,
    Number(u8),
    Ordinal(u8),
    Month(u8),
    Weekday(Weekday),
}

impl Meaning {
    /// What is asked for.
    pub(crate) fn is_things(self) -> bool {
        matches!(self, Self::Thing | Self::Game | Self::Games)
    }
}

/// A language in which questions are understood.
#[derive(Debug)]
pub(crate) struct Tongue {
    /// The primary subtag of BCP 47.
    pub tag: &'static str,
    /// Folded phrases of up to four words, `|` between those that mean the same.
    pub phrases: &'static [(Meaning, &'static str)],
    /// Folded words, and what events call the same.
    pub same: &'static [(&'static str, &'static str)],
    /// 4/7 is the fourth of July.
    pub day_first: bool,
    /// When the afternoon ends and the night begins, in hours.
    pub afternoon_until: u32,
    /// Night begins.
    pub night_from: u32,
}

const ALL: [&Tongue; 2] = [&en::TONGUE, &es::TONGUE];

impl Tongue {
    /// The language of a tag, then the others.
    pub(crate) fn from(tag: &str) -> impl Iterator<Item = &'static Self> {
        let primary: String = tag.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
        let own = ALL.into_iter().filter(move |tongue| tongue.tag == primary).collect::<Vec<_>>();
        let first = own.first().map(|tongue| tongue.tag);
        own.into_iter().chain(ALL.into_iter().filter(move |tongue| Some(tongue.tag) != first))
    }

    /// What events may call the same.
    pub(crate) fn same(&self, word: &str) -> impl Iterator<Item = &'static str> {
        self.same.iter().filter(move |(said, _)| *said == word).map(|(_, same)| *same)
    }

    /// Tells phrases with their meanings: at least those that hold a text.
    pub(crate) fn each(&self, text: &str, tell: &mut dyn FnMut(&'static str, Meaning)) {
        for (meaning, phrases) in self.phrases.iter().filter(|(_, phrases)| phrases.contains(text)) {
            phrases.split('|').for_each(|phrase| tell(phrase, *meaning));
        }
    }

    /// What a phrase means.
    pub(crate) fn meaning(&self, phrase: &str) -> Option<Meaning> {
        let mut meant = None;
        self.each(phrase, &mut |known, meaning| {
            if known == phrase {
                meant = Some(meaning);
            }
        });
        meant
    }

    /// The longest phrase that words begin with, by what it means and how many of them it is.
    pub(crate) fn begins(&self, words: &[String]) -> Option<(Meaning, usize)> {
        let text = words.join(" ");
        let mut longest = None;
        self.each(words.first()?, &mut |phrase, meaning| {
            if text.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
                let length = phrase.split(' ').count();
                if longest.is_none_or(|(_, known)| length > known) {
                    longest = Some((meaning, length));
                }
            }
        });
        longest
    }
}
