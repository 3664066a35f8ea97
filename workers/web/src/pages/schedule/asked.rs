//! What a visitor of the page asks for: in plain words, by filters, in which language.

use chrono::Weekday;
use http::HeaderMap;
use itip::EventId;
use timetable::Filter;
use views::links::{SHORT_CHARS, short};
use views::words::Language;

use super::season::Season;
use crate::extract::Fields;
use crate::pages::PublicPage;
use crate::publish::Reads;

/// Characters of a question that are read.
const QUESTION_CHARS_MAX: usize = 200;

/// What is ticked.
pub enum Ticked {
    /// These, by whole or short ids.
    Named(Vec<String>),
    /// What is shown.
    All,
}

/// A wish, read from a query or from the form of the page.
pub struct Asked {
    /// In plain words.
    pub question: String,
    /// What is wanted, as far as it is understood.
    pub filter: Filter,
    /// What is ticked.
    pub ticked: Ticked,
    /// Of what is shown, so many were ticked before.
    pub skip: usize,
    /// Words of the question that were taken for others.
    pub mended: Vec<(String, String)>,
    /// The address that was typed.
    pub email: String,
    /// The address stood in the question.
    pub ready: bool,
    /// The language to tell the page in.
    pub language: Language,
    /// How that was decided.
    pub reads: Reads,
    /// What has to be put right; empty if nothing.
    pub problem: String,
}

impl Asked {
    /// Reads the fields of a query or a form.
    pub fn read(fields: &Fields, headers: &HeaderMap, page: &PublicPage, season: &Season) -> Self {
        let reads = Reads::of(fields.get("lang").or_else(|| fields.get("language")), headers);
        // A part that means nothing is left out: what is left is still the better page.
        let mut filter = Filter::from_query(fields.pairs()).unwrap_or_default();
        let question: String = fields.get("q").unwrap_or_default().trim().chars().take(QUESTION_CHARS_MAX).collect();
        let mut email = fields.get("email").unwrap_or_default().trim().to_owned();
        let mut ready = false;
        let nothing = Self::nothing(reads, page);
        let mut mended = Vec::new();
        let mut all = fields.get("tick") == Some("all");
        if !question.is_empty() {
            let understood = season.question(&question, nothing.language);
            if let Some(address) = understood.send {
                (email, ready) = (address.as_str().to_owned(), true);
            }
            all |= understood.all;
            mended = understood.mended;
            // What the quick filters say goes on beside the question.
            let both = format!("{}&{}", filter.to_query(), understood.filter.to_query());
            filter = Filter::parse(&both).unwrap_or(understood.filter);
        }
        let named: Vec<String> = fields.named("event").map(str::to_owned).collect();
        Self {
            question,
            filter,
            ticked: if (all || ready) && named.is_empty() { Ticked::All } else { Ticked::Named(named) },
            email,
            ready,
            mended,
            skip: skipped(fields),
            ..nothing
        }
    }

    /// No wish but a language.
    pub fn nothing(reads: Reads, page: &PublicPage) -> Self {
        Self {
            question: String::new(),
            filter: Filter::default(),
            ticked: Ticked::Named(Vec::new()),
            skip: 0,
            mended: Vec::new(),
            email: String::new(),
            ready: false,
            language: reads.language().unwrap_or_else(|| Language::choose(&[&page.config.language])),
            reads,
            problem: String::new(),
        }
    }

    /// Whether an event is ticked by its name.
    pub fn names(&self, event: &EventId) -> bool {
        match &self.ticked {
            Ticked::All => false,
            Ticked::Named(ids) => ids.iter().any(|id| id.get(..SHORT_CHARS) == Some(short(event))),
        }
    }
}

fn skipped(fields: &Fields) -> usize {
    fields.get("skip").and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// The query that ticks what a submission has no room for.
pub fn rest_after(filter: &Filter, skip: usize) -> String {
    let query = filter.to_query();
    let and = if query.is_empty() { "" } else { "&" };
    format!("{query}{and}tick=all&skip={skip}")
}

/// That query as a form brings it back; empty if it has none.
pub fn rest_of(form: &Fields) -> String {
    let rest = Fields::read(form.get("rest").unwrap_or_default().as_bytes());
    match skipped(&rest) {
        0 => String::new(),
        skip => rest_after(&Filter::from_query(rest.pairs()).unwrap_or_default(), skip),
    }
}

/// Saturday and Sunday.
pub const WEEKEND: [Weekday; 2] = [Weekday::Sat, Weekday::Sun];
