use chrono::NaiveDate;
use itip::CalAddress;

use crate::lex::{self, Item};
use crate::nearest::Nearest;
use crate::reading::Reading;
use crate::tongue::Tongue;
use crate::vocabulary::Vocabulary;
use crate::{Chip, Filter};

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
    /// The day on which it was asked.
    pub today: NaiveDate,
}

/// Longer questions are cut.
const CHARS_MAX: usize = 400;

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
            let reading = Reading::new(items, today, tongue, vocabulary);
            if best.as_ref().is_none_or(|(least, ..)| strange < *least) {
                best = Some((strange, reading, mended));
            }
        }
        let Some((_, reading, mut mended)) = best else { return Self::default() };
        let found = reading.run();
        mended.extend_from_slice(&found.mended);
        let (all, nearest) = (found.all, found.nearest);
        let filter = found.into_filter(vocabulary, page_team);
        Self { chips: Chip::of(&filter), filter, send, all, mended, nearest, today }
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
