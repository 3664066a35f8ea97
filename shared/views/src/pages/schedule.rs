//! An organizer's public page, and the page after its form was sent.

use askama::Template;

use super::Shell;
use crate::rows::Rows;
use crate::text::{address_html, name_html};
use crate::words::{Words, fill};

/// A part of what was asked for, which a link takes away.
#[derive(Debug, Clone)]
pub struct Chip {
    /// In words.
    pub label: String,
    /// The page without it.
    pub href: String,
}

/// A quick filter that is on or off.
#[derive(Debug, Clone)]
pub struct Toggle {
    /// In words.
    pub label: &'static str,
    /// Its part of a query, for the script.
    pub query: &'static str,
    /// The page with it, or without it.
    pub href: String,
    /// It is on.
    pub on: bool,
}

/// One of several values.
#[derive(Debug, Clone)]
pub struct Choice {
    /// As in the query.
    pub value: String,
    /// In words.
    pub label: String,
    /// It is chosen.
    pub on: bool,
}

/// The quick filters.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// On or off.
    pub toggles: Vec<Toggle>,
    /// Teams; empty where there is nothing to choose.
    pub teams: Vec<Choice>,
    /// Months; likewise.
    pub months: Vec<Choice>,
    /// The rest of the query, which a form has to carry along.
    pub carried: Vec<(String, String)>,
}

impl Narrow {
    fn is_empty(&self) -> bool {
        self.toggles.is_empty() && self.teams.is_empty() && self.months.is_empty()
    }
}

/// An organizer's public page.
#[derive(Debug, Clone, Template)]
#[template(path = "schedule.html")]
pub struct SchedulePage {
    /// Around it.
    pub shell: Shell,
    /// Whose.
    pub organizer: String,
    /// The heading.
    pub title: String,
    /// A sentence under it; may be empty.
    pub intro: String,
    /// `https:` address of a logo; may be empty.
    pub logo: String,
    /// `https:` address of a picture behind the heading; may be empty.
    pub background: String,
    /// The address of a style that sets the accent; may be empty.
    pub theme: String,
    /// Where the form is posted.
    pub slug: String,
    /// The language, where the reader chose it: it goes along with every link and form.
    pub chosen_language: &'static str,
    /// The page in the other languages: tag, name and address.
    pub languages: Vec<(&'static str, &'static str, String)>,
    /// The events.
    pub rows: Rows,
    /// How many there are without a filter.
    pub total: usize,
    /// The link to those that have no room here: what it says and where it leads.
    pub later: Option<(String, String)>,
    /// What was asked in plain words.
    pub question: String,
    /// What was understood.
    pub chips: Vec<Chip>,
    /// Words that were taken for others: as typed, as understood.
    pub mended: Vec<(String, String)>,
    /// The quick filters.
    pub narrow: Narrow,
    /// The query of what is shown, without the `?`; empty for everything.
    pub query: String,
    /// Subscribes to what is shown.
    pub subscribe: String,
    /// What is shown, as a file.
    pub download: String,
    /// The address that was typed.
    pub email: String,
    /// The address came with the question: all is ticked, and the button is the next step.
    pub ready: bool,
    /// What has to be put right; empty if nothing.
    pub problem: String,
    /// Of the events under one title, a person gets one.
    pub one_per_person: bool,
    /// Events of one submission, at most.
    pub picks_max: usize,
    /// Of all that shall be ticked, those that did not fit: the query that ticks them in a second go. May be empty.
    pub rest: String,
    /// How many of them earlier goes took.
    pub skipped: usize,
}

impl SchedulePage {
    fn words(&self) -> &'static Words {
        self.shell.language.words()
    }

    /// This page with a query.
    fn address(&self, query: &str) -> String {
        let language =
            if self.chosen_language.is_empty() { String::new() } else { format!("lang={}", self.chosen_language) };
        let parts: Vec<&str> = [query, &language].into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { format!("/s/{}", self.slug) } else { format!("/s/{}?{}", self.slug, parts.join("&")) }
    }

    fn is_narrowed(&self) -> bool {
        !self.query.is_empty() || !self.question.is_empty()
    }

    /// Whether the page holds everything, and a script can filter it by itself.
    fn is_whole(&self) -> bool {
        !self.is_narrowed() && self.later.is_none()
    }

    fn found(&self) -> String {
        let (count, total) = (self.words().number(self.rows.count), self.words().number(self.total));
        fill(self.words().found_of, &[("count", &count), ("total", &total)])
    }

    fn show_all(&self) -> String {
        fill(self.words().show_all, &[("count", &self.words().number(self.total))])
    }

    fn tick_all(&self) -> String {
        let (words, picks) = (self.words(), self.rows.picks());
        let phrase = if self.fits() { words.tick_all } else { words.tick_first };
        fill(phrase, &[("count", &words.number(picks.min(self.picks_max)))])
    }

    /// Whether one submission takes all that can be ticked.
    fn fits(&self) -> bool {
        self.rows.picks() <= self.picks_max
    }

    fn searched_for(&self, (typed, meant): &(String, String)) -> String {
        fill(self.words().searched_for, &[("typed", typed), ("meant", meant)])
    }

    /// Of all that shall be ticked this go takes a part.
    fn is_part(&self) -> bool {
        !self.rest.is_empty() || (self.skipped > 0 && self.rows.ticked() > 0)
    }

    fn ticked_part(&self) -> String {
        let (words, ticked) = (self.words(), self.rows.ticked());
        let all = words.number(self.rows.picks());
        if self.skipped == 0 {
            return fill(words.ticked_part, &[("count", &words.number(ticked)), ("all", &all)]);
        }
        let (from, to) = (words.number(self.skipped + 1), words.number(self.skipped + ticked));
        fill(words.ticked_next, &[("from", &from), ("to", &to), ("all", &all)])
    }

    fn tick_all_address(&self) -> String {
        let and = if self.query.is_empty() { "" } else { "&" };
        self.address(&format!("{}{and}tick=all", self.query))
    }

    fn can_tick_all(&self) -> bool {
        !self.one_per_person && self.rows.picks() > 1 && !self.is_part()
    }

    fn without(&self, chip: &Chip) -> String {
        fill(self.words().without, &[("what", &chip.label)])
    }

    fn none_yet(&self) -> String {
        fill(self.words().no_events_yet, &[("organizer", &self.organizer)])
    }

    fn counted(&self) -> String {
        let words = self.words();
        match self.rows.ticked() {
            0 if self.one_per_person => words.choose_time.to_owned(),
            0 => words.tick_some.to_owned(),
            1 => words.ticked_one.to_owned(),
            count => fill(words.ticked_many, &[("count", &words.number(count))]),
        }
    }

    fn ready_words(&self) -> String {
        let words = self.words();
        let events = words.events(self.rows.ticked());
        let values = [("events", events.as_str()), ("address", &self.email), ("button", words.send_invitations)];
        fill(words.ready_to_send, &values)
    }

    fn tick_at_most(&self) -> String {
        fill(self.words().tick_at_most, &[("count", &self.picks_max.to_string())])
    }
}

/// What became of one ticked event.
#[derive(Debug, Clone)]
pub struct SentLine {
    /// Which.
    pub title: String,
    /// When, in a line.
    pub when: String,
    /// On its way.
    pub good: bool,
    /// An honest sentence.
    pub said: String,
}

/// The answer to a submission of the public page.
#[derive(Debug, Clone, Template)]
#[template(path = "schedule_sent.html")]
pub struct ScheduleSentPage {
    /// Around it.
    pub shell: Shell,
    /// Whose events.
    pub organizer: String,
    /// Back to his page.
    pub slug: String,
    /// The address of a style that sets the accent; may be empty.
    pub theme: String,
    /// The masked address.
    pub to: String,
    /// Who the mails come from.
    pub sender: String,
    /// A line per event.
    pub lines: Vec<SentLine>,
    /// How many are on their way.
    pub sent: usize,
    /// The page with those ticked that did not fit; empty if all did.
    pub rest: String,
    /// Events of one submission, at most.
    pub picks_max: usize,
    /// Of the events under one title, a person gets one.
    pub one_per_person: bool,
}

impl ScheduleSentPage {
    fn words(&self) -> &'static Words {
        self.shell.language.words()
    }

    /// HTML.
    pub(crate) fn heading(&self) -> String {
        let address = address_html(&self.to);
        let words = self.words();
        match self.sent {
            0 => words.sent_none.to_owned(),
            1 => fill(words.sent_one, &[("address", &address)]),
            count => fill(words.sent_many, &[("count", &count.to_string()), ("address", &address)]),
        }
    }

    /// HTML.
    pub(crate) fn look_for(&self) -> String {
        let (organizer, sender) = (name_html(&self.organizer), address_html(&format!("<{}>", self.sender)));
        fill(self.words().look_for, &[("organizer", &organizer), ("sender", &sender)])
    }

    fn not_all_sent(&self) -> String {
        fill(self.words().not_all_sent, &[("count", &self.picks_max.to_string())])
    }

    fn how_to_stop(&self) -> String {
        fill(self.words().how_to_stop, &[("unsubscribe", self.words().unsubscribe)])
    }
}
