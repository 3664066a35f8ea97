//! The rows of a timetable, by month and day: of a page, of an embed, and one by one where a page is kept up to date.
//! A season has thousands, so a row is a few short elements.

use std::sync::Arc;

use arrange::Arrange as _;
use askama::Template;
use chrono::{Datelike, NaiveDate};
use itip::{EventId, Timestamp, When, Zone};
use timetable::{Entry, EntryStatus, Filter, PageConfig, PageKind, Place, Side};

use crate::event::OfferView;
use crate::links::short;
use crate::when::{clock, clock_24, in_words, is_today, iso_on_wall, last_date, zone_words};
use crate::words::{Language, Words, fill};

/// Buttons of one offer; what is more stands on the event's own page.
const LINKS_MAX: usize = 3;

/// An entry, and what a page says of the series that it begins.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The entry.
    pub entry: Arc<Entry>,
    /// The next dates of its series.
    pub then: Vec<When>,
}

/// How rows are told.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// In which language.
    pub language: Language,
    /// As the organizer wants it.
    pub config: &'a PageConfig,
    /// The moment of the page.
    pub now: Timestamp,
    /// Rows can be ticked.
    pub pick: bool,
}

impl Look<'_> {
    /// 19:05 rather than 7:05 pm.
    pub fn clock_24(&self) -> bool {
        clock_24(self.config.times, self.language)
    }

    fn date(&self, pattern: &str, date: NaiveDate) -> String {
        in_words(pattern, date, self.language.words())
    }

    /// `Sat 3 Jul, 4:05 pm`, or with the date in another form.
    fn moment(&self, pattern: &str, when: &When) -> String {
        let date = self.date(pattern, when.local_date());
        match when {
            When::Date(_) => date,
            When::At(moment) => format!("{date}, {}", clock(moment.local.time(), self.clock_24())),
        }
    }
}

/// One event.
#[derive(Debug, Clone)]
struct Row {
    entry: Arc<Entry>,
    iso: String,
    clock: String,
    /// Zone and last day, where there is something to say.
    note: String,
    was: String,
    was_aloud: String,
    off: bool,
    over: bool,
    then: String,
    side: &'static str,
    offer: Option<OfferView>,
    /// The name of its radio button, where one of several is chosen.
    group: Option<usize>,
    ticked: bool,
}

impl Row {
    fn new(listed: &Listed, look: &Look<'_>, usual: Option<(&Zone, &str)>) -> Self {
        let (entry, words) = (&listed.entry, look.language.words());
        let mut note = match (&entry.start, usual) {
            (When::At(moment), Some((zone, _))) if moment.zone == *zone => String::new(),
            (start, usual) => {
                let zone = zone_words(start, words);
                if usual.is_some_and(|(_, told)| told == zone) { String::new() } else { zone }
            }
        };
        let last = last_date(&entry.start, &entry.end);
        if last > entry.start.local_date() {
            let until = fill(words.until_day, &[("day", &look.date(words.date_short, last))]);
            note = if note.is_empty() { until } else { format!("{note}, {until}") };
        }
        let (was, was_aloud) = match &entry.status {
            EntryStatus::Moved { from } => {
                let aloud = look.moment(words.date_aloud, from);
                (look.moment(words.date_short, from), fill(words.moved_aloud, &[("was", &aloud)]))
            }
            EntryStatus::Scheduled | EntryStatus::Tentative | EntryStatus::Cancelled => Default::default(),
        };
        let then: Vec<String> = listed.then.iter().map(|when| look.date(words.date_short, when.local_date())).collect();
        Self {
            entry: Arc::clone(entry),
            iso: iso_on_wall(&entry.start),
            clock: match &entry.start {
                When::Date(_) => words.all_day.to_owned(),
                When::At(moment) => clock(moment.local.time(), look.clock_24()),
            },
            note,
            was,
            was_aloud,
            off: entry.status == EntryStatus::Cancelled,
            over: is_over(entry, look.now),
            then: if then.is_empty() { String::new() } else { fill(words.then, &[("dates", &then.join(", "))]) },
            side: "",
            offer: entry.offer.as_ref().map(|offer| OfferView::new(offer, entry.updated, look.now, words, LINKS_MAX)),
            group: None,
            ticked: false,
        }
    }

    fn picks(&self) -> bool {
        !self.off && !self.over
    }

    fn short(&self) -> &str {
        short(&self.entry.event)
    }

    /// It is of this event.
    fn has(&self, event: &str) -> bool {
        self.entry.event.as_str() == event
    }

    fn title<'a>(&'a self, words: &'a Words) -> &'a str {
        if self.entry.title.is_empty() { words.untitled } else { &self.entry.title }
    }

    /// Where; empty if nobody knows, or only guests.
    fn place(&self) -> &str {
        match &self.entry.place {
            Place::Named(name) => name,
            Place::Hidden => "",
        }
    }

    fn hides_place(&self) -> bool {
        self.entry.place == Place::Hidden
    }

    fn is_tentative(&self) -> bool {
        self.entry.status == EntryStatus::Tentative
    }
}

fn is_over(entry: &Entry, now: Timestamp) -> bool {
    entry.end.instant().max(entry.starts()) <= now
}

/// The events of a day.
#[derive(Debug, Clone)]
struct Day {
    key: NaiveDate,
    /// As it is said.
    date: String,
    weekday: String,
    number: u32,
    month: String,
    today: bool,
    rows: Vec<Row>,
}

/// A month of a schedule, or a title of slots.
#[derive(Debug, Clone)]
pub struct Section {
    /// `2027-07`, or a number.
    pub key: String,
    /// `July 2027`, or the title.
    pub name: String,
    /// For a narrow list of months.
    pub brief: String,
    /// Year and month of its first day.
    month: (i32, u32),
    days: Vec<Day>,
    /// Rows that can be ticked.
    pub picks: usize,
}

/// A timetable, ready to be written.
#[derive(Debug, Clone, Template)]
#[template(path = "rows.html")]
pub struct Rows {
    words: &'static Words,
    pick: bool,
    slots: bool,
    /// In order.
    pub sections: Vec<Section>,
    /// The last comes first.
    pub latest_first: bool,
    earlier: Vec<Day>,
    /// The zone most of them are in; the others name their own.
    pub zone: String,
    /// How many are not over.
    pub count: usize,
    /// How many are folded away because they are over.
    pub over: usize,
    /// The language of their titles, places and offers, where it is not that of the page.
    pub foreign: String,
}

impl Rows {
    /// Puts entries into their order. `ticked` are ids, whole or short.
    pub fn new(entries: &[Listed], look: &Look<'_>, ticked: &dyn Fn(&EventId) -> bool) -> Self {
        let words = look.language.words();
        let usual = most_common(entries);
        let zone = usual.map(|(_, when)| zone_words(when, words)).unwrap_or_default();
        let usual = usual.map(|(zone_of, _)| (zone_of, zone.as_str()));
        let slots = look.config.kind == PageKind::Slots;
        let side = |side| Filter { side: Some(side), ..Filter::default() };
        let (home, away) = (side(Side::Home), side(Side::Away));
        let team = Some(look.config.team.as_str()).filter(|team| !team.is_empty());
        let sides = team.map(|team| [("home", home.matcher(Some(team))), ("away", away.matcher(Some(team)))]);
        let mut all: Vec<(NaiveDate, Row, bool)> = entries
            .iter()
            .map(|listed| {
                let mut row = Row::new(listed, look, usual);
                row.ticked = row.picks() && ticked(&listed.entry.event);
                let mut sides = sides.iter().flatten();
                row.side = sides.find(|(_, side)| side.matches(&listed.entry)).map_or("", |(word, _)| word);
                let day = listed.entry.start.local_date();
                (day, row, is_today(&listed.entry.start, look.now))
            })
            .collect();
        // The day is that of the wall where the event happens, so it goes before the instant.
        all.arrange_by(|(day, row, _), (other_day, other, _)| {
            let (starts, other_starts) = (row.entry.starts(), other.entry.starts());
            (day, starts, row.short()).cmp(&(other_day, other_starts, other.short()))
        });
        let (over, mut coming): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, row, _)| row.over && !slots);
        if look.config.descending {
            coming.reverse();
        }
        let (over_count, count) = (over.len(), coming.len());
        let mut earlier = Vec::new();
        for (date, row, _) in over {
            push(&mut earlier, date, row, false, look);
        }
        let mut sections: Vec<Section> = Vec::new();
        for (date, mut row, today) in coming {
            let at = if slots {
                let same = sections.iter().position(|section| section.name == row.title(words));
                same.unwrap_or(sections.len())
            } else {
                let same = sections.last().is_some_and(|section| section.month == (date.year(), date.month()));
                if same { sections.len() - 1 } else { sections.len() }
            };
            if at == sections.len() {
                sections.push(Section::new(at, date, &row, slots, look));
            }
            let Some(section) = sections.get_mut(at) else { continue };
            row.group = (slots && look.config.one_per_person).then_some(at);
            section.picks += usize::from(row.picks());
            push(&mut section.days, date, row, today, look);
        }
        let latest_first = look.config.descending;
        let foreign = look.language.foreign(&look.config.language);
        Self { words, pick: look.pick, slots, sections, latest_first, earlier, zone, count, over: over_count, foreign }
    }

    /// How many are ticked.
    pub fn ticked(&self) -> usize {
        let days = self.sections.iter().flat_map(|section| &section.days);
        days.flat_map(|day| &day.rows).filter(|row| row.ticked).count()
    }

    /// The event of the first of these; empty without one.
    fn first_ticked(&self) -> &str {
        let mut rows = self.sections.iter().flat_map(|section| &section.days).flat_map(|day| &day.rows);
        rows.find(|row| row.ticked).map_or("", |row| row.entry.event.as_str())
    }

    /// How many can be.
    pub fn picks(&self) -> usize {
        self.sections.iter().map(|section| section.picks).sum()
    }

    /// Whether its sections are months, to be jumped to.
    pub fn has_months(&self) -> bool {
        !self.slots && !self.sections.is_empty()
    }

    fn earlier_words(&self) -> String {
        match self.over {
            1 => self.words.earlier_one.to_owned(),
            count => fill(self.words.earlier_many, &[("count", &self.words.number(count))]),
        }
    }
}

impl Section {
    fn new(at: usize, date: NaiveDate, row: &Row, slots: bool, look: &Look<'_>) -> Self {
        let words = look.language.words();
        let (key, name) = if slots {
            (at.to_string(), row.title(words).to_owned())
        } else {
            (date.format("%Y-%m").to_string(), look.date(words.month_year, date))
        };
        let brief = look.date("{month_short}", date);
        Self { key, name, brief, month: (date.year(), date.month()), days: Vec::new(), picks: 0 }
    }
}

fn push(days: &mut Vec<Day>, date: NaiveDate, row: Row, today: bool, look: &Look<'_>) {
    match days.last_mut() {
        Some(day) if day.key == date => day.rows.push(row),
        _ => days.push(Day {
            key: date,
            date: look.date(look.language.words().date_aloud, date),
            weekday: look.date("{weekday_short}", date),
            number: date.day(),
            month: look.date("{month_short}", date),
            today,
            rows: vec![row],
        }),
    }
}

impl Day {
    /// A class that tells the browser about how tall the day will be, before it lays it out.
    fn size(&self) -> &'static str {
        match self.rows.len() {
            0..=1 => "",
            2 => " n2",
            3 => " n3",
            4 => " n4",
            5..=6 => " n6",
            7..=9 => " n8",
            10..=13 => " n12",
            14..=19 => " n16",
            20..=31 => " n24",
            _ => " n48",
        }
    }
}

/// The zone of most entries, and a time in it.
fn most_common(entries: &[Listed]) -> Option<(&Zone, &When)> {
    let mut zones: Vec<(&Zone, usize, &When)> = Vec::new();
    for listed in entries {
        let When::At(moment) = &listed.entry.start else { continue };
        match zones.iter_mut().find(|(zone, _, _)| **zone == moment.zone) {
            Some((_, count, _)) => *count += 1,
            None => zones.push((&moment.zone, 1, &listed.entry.start)),
        }
    }
    zones.iter().max_by_key(|(_, count, _)| *count).map(|(zone, _, when)| (*zone, *when))
}
