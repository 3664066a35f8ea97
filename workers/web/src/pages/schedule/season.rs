//! The events of a page, as the organizer wants it and as a visitor narrows it.

use std::sync::{Arc, OnceLock};

use arrange::Arrange as _;
use chrono::NaiveDate;
use itip::{EventId, Timestamp, When};
use store::StoreError;
use store::directory::EventRow;
use timetable::{Entry, EntryStatus, Filter, Nearest, PageConfig, Question, Vocabulary};
use views::rows::Listed;
use views::when::today_there;
use views::words::Language;

use super::choices::Choices;
use crate::events;
use crate::pages::PublicPage;
use crate::pages::listing::{self, DATES_MAX, Event, Listing, midnight};
use crate::publish::{KeptEvent, PublishContext, Turning};

/// How long an event that is over stays on the page, folded away.
const EARLIER_SECS: i64 = 14 * 86_400;
/// How long an offer is told to be new.
const FRESH_SECS: i64 = 86_400;
/// Dates that a row names after the first.
const THEN_MAX: usize = 3;

/// The events of a page at a moment.
pub struct Season {
    /// The moment.
    pub now: Timestamp,
    /// How many are not over.
    pub total: usize,
    events: Arc<Events>,
    /// Those that a filter may want, where `events` are not all.
    looked_up: Option<Arc<Events>>,
}

/// What is read of a page once, for whoever asks until it changes.
pub struct Events {
    list: Vec<Event>,
    team: String,
    rest: Option<NaiveDate>,
    beyond: usize,
    since: Timestamp,
    /// Of a series other dates come next then, and of a page with a limit other events.
    until: Timestamp,
    vocabulary: OnceLock<Vocabulary>,
    choices: OnceLock<Choices>,
}

impl Events {
    async fn load(context: PublishContext<'_>, page: &PublicPage, wish: &Filter) -> Result<Self, StoreError> {
        let now = context.now;
        let from = wish.first_day().map_or(now, |day| midnight(day).max(now));
        let Listing { events: list, team, rest, beyond } =
            listing::load(context, page, now.plus(-EARLIER_SECS), wish, &|row| dates(row, from)).await?;
        let until = turning(&list, now).moment();
        let (vocabulary, choices) = (OnceLock::new(), OnceLock::new());
        Ok(Self { list, team, rest, beyond, since: now, until, vocabulary, choices })
    }

    /// How many, over or not.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Whether they need not be read again if nobody has changed anything.
    pub fn are_right_at(&self, now: Timestamp) -> bool {
        (self.since..self.until).contains(&now)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.list.iter().flat_map(|event| &event.dates).map(Arc::as_ref)
    }

    fn first_dates(&self) -> impl Iterator<Item = &Entry> {
        self.list.iter().filter_map(|event| event.dates.first()).map(Arc::as_ref)
    }
}

impl Season {
    /// Reads the events of a page, or knows them still.
    pub async fn load(context: PublishContext<'_>, page: &PublicPage) -> Result<Self, StoreError> {
        let now = context.now;
        let known = context.seasons.and_then(|seasons| seasons.get(page, now));
        let events = match known {
            Some(known) => known,
            None => Arc::new(Events::load(context, page, &Filter::default()).await?),
        };
        if let Some(seasons) = context.seasons {
            seasons.keep(page, &events);
        }
        let over = events.list.iter().filter(|event| event.row.event.is_past(now)).count();
        Ok(Self { now, total: events.count() - over + events.beyond, events, looked_up: None })
    }

    /// Of more events than a page can hold, looks up those that a filter may want.
    pub async fn narrowed(
        self,
        context: PublishContext<'_>,
        page: &PublicPage,
        filter: &Filter,
    ) -> Result<Self, StoreError> {
        if self.is_all() || filter.is_empty() {
            return Ok(self);
        }
        let looked_up = Some(Arc::new(Events::load(context, page, filter).await?));
        Ok(Self { looked_up, ..self })
    }

    fn list(&self) -> &[Event] {
        &self.looked_up.as_ref().unwrap_or(&self.events).list
    }

    /// Whose games they are; empty if nobody's in particular.
    pub fn team(&self) -> &str {
        &self.events.team
    }

    /// Whether the organizer has no others that could stand here.
    pub fn is_all(&self) -> bool {
        self.events.rest.is_none()
    }

    /// The day from which on there are more events than those that are listed.
    pub fn rest(&self) -> Option<NaiveDate> {
        self.looked_up.as_ref().unwrap_or(&self.events).rest
    }

    /// The events themselves, as they are kept.
    pub fn kept(&self) -> impl Iterator<Item = &Arc<KeptEvent>> {
        self.list().iter().map(|event| &event.row)
    }

    /// What the quick filters choose among.
    pub fn choices(&self) -> &Choices {
        self.events.choices.get_or_init(|| Choices::among(self.events.entries()))
    }

    /// What a filter leaves; of a series its first date that is wanted.
    pub fn listed(&self, filter: &Filter) -> Vec<Listed> {
        let matcher = filter.matcher(Some(self.team()));
        let one = |event: &Event| {
            let mut dates = event.dates.iter().filter(|date| matcher.matches(date));
            let entry = Arc::clone(dates.next()?);
            Some(Listed { entry, then: dates.take(THEN_MAX).map(|date| date.start.clone()).collect() })
        };
        self.list().iter().filter_map(one).collect()
    }

    /// The next events of some that can be invited to, after the first so many.
    pub fn next<'a>(&self, listed: &'a [Listed], skip: usize, max: usize) -> Vec<&'a EventId> {
        let entries = listed.iter().map(|listed| listed.entry.as_ref());
        let mut open: Vec<&Entry> =
            entries.filter(|entry| entry.status != EntryStatus::Cancelled && entry.end.instant() > self.now).collect();
        open.arrange_by_key(|entry| entry.starts());
        open.into_iter().skip(skip).take(max).map(|entry| &entry.event).collect()
    }

    /// What a question in plain words means here and now.
    pub fn question(&self, text: &str, language: Language) -> Question {
        let first = self.coming().next().or_else(|| self.events.first_dates().next());
        // Without an event there is no wall but that of UTC.
        let start = first.map_or(When::Date(NaiveDate::default()), |entry| entry.start.clone());
        let today = today_there(&start, self.now).unwrap_or_default();
        let team = Some(self.team()).filter(|team| !team.is_empty());
        let vocabulary = self.events.vocabulary.get_or_init(|| Vocabulary::of(self.events.first_dates()));
        let coming = self.events.list.iter().flat_map(|event| &event.dates).map(Arc::as_ref);
        let mut coming = coming.filter(|entry| entry.end.instant() > self.now);
        let read = Question::read(text, vocabulary, today, team, language.words().tag);
        // The last of those that are known is not the last of all: then all that fit are shown.
        let unknown = !self.is_all() && matches!(read.nearest, Some(Nearest::Last(_)));
        if unknown { read } else { read.among(&mut coming, team) }
    }

    /// The configuration of the page, with the team whose games it has.
    pub fn config(&self, page: &PublicPage) -> PageConfig {
        PageConfig { team: self.events.team.clone(), ..page.config.clone() }
    }

    /// The next date of each event that is not over.
    pub fn coming(&self) -> impl Iterator<Item = &Entry> {
        let now = self.now;
        self.events
            .list
            .iter()
            .filter(move |event| !event.row.event.is_past(now))
            .filter_map(|event| event.dates.first())
            .map(Arc::as_ref)
    }

    /// When the page becomes wrong although nobody changes anything.
    pub fn turning(&self) -> Turning {
        turning(&self.events.list, self.now)
    }

    /// The events themselves.
    pub fn rows(&self) -> impl Iterator<Item = &EventRow> {
        self.kept().map(|kept| &kept.event)
    }

    /// The event that a page calls by a part of its id, or by all of it.
    pub fn row(&self, id: &str) -> Option<&EventRow> {
        let named = |row: &&EventRow| row.event_id.as_str().starts_with(id);
        if id.len() < views::links::SHORT_CHARS { None } else { self.rows().find(named) }
    }
}

fn turning(events: &[Event], now: Timestamp) -> Turning {
    let mut turning = Turning::new(now);
    for entry in events.iter().filter_map(|event| event.dates.first()) {
        turning.sees(&entry.start, &entry.end);
        turning.at(entry.end.instant().plus(EARLIER_SECS));
        if entry.offer.is_some() {
            turning.at(entry.updated.plus(FRESH_SECS));
        }
    }
    turning
}

/// The dates of an event; of a series those to come that take place.
fn dates(row: &EventRow, now: Timestamp) -> Vec<Entry> {
    let source = events::source(row);
    let mut dates = Entry::dates(&source, now, DATES_MAX);
    if !row.cancelled {
        let some_left = dates.iter().any(|date| date.status != EntryStatus::Cancelled);
        dates.retain(|date| !some_left || date.status != EntryStatus::Cancelled);
    }
    // Further away than we look: the start is what is known for certain. A series that is over has no date to show.
    if dates.is_empty() && !row.is_past(now) {
        dates.push(Entry::next(&source, now));
    }
    dates
}
