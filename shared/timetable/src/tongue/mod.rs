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
    /// The things that are asked for: games, events.
    Thing,
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
    Fate(Fate),
    Not,
    Send,
    All,
    Number(u32),
    Month(u32),
    Weekday(Weekday),
}

/// A language in which questions are understood.
#[derive(Debug)]
pub(crate) struct Tongue {
    /// The primary subtag of BCP 47.
    pub tag: &'static str,
    /// Folded phrases of up to four words.
    pub phrases: &'static [(&'static str, Meaning)],
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

    /// What a phrase means.
    pub(crate) fn meaning(&self, phrase: &str) -> Option<Meaning> {
        self.phrases.iter().find(|(known, _)| *known == phrase).map(|(_, meaning)| *meaning)
    }
}
