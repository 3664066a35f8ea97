//! Finding an organizer's public events: by a filter, or by a question in plain words.

use std::sync::Arc;

use arrange::Arrange as _;
use chrono::NaiveDate;
use itip::{CalAddress, Timestamp};
use store::search::{self, Search};
use store::{StoreError, pages};
use timetable::{Entry, Filter, Question, fold};
use views::words::Language;

use crate::error::Problem;
use crate::events;
use crate::pages::PublicPage;
use crate::pages::listing::DATES_MAX;
use crate::pages::schedule::Season;
use crate::publish::{KeptEvent, PublishContext};

/// Events that a search looks at.
const EVENTS_MAX: u32 = 2_500;
/// A day on a wall begins and ends within this much of the same day in UTC.
const ZONES_SECS: i64 = 14 * 3_600;

/// An organizer's public events, whatever his pages show of them. What an isolate remembers answers; where that is not
/// all, it still tells what a question means, and D1's index finds.
pub struct Searched<'a> {
    context: PublishContext<'a>,
    page: PublicPage,
    season: Season,
}

impl<'a> Searched<'a> {
    /// The events of an organizer.
    pub async fn load(context: PublishContext<'a>, organizer: &CalAddress) -> Result<Self, Problem> {
        let own = pages::own_page(context.db, organizer).await?.ok_or(Problem::OrganizerNotFound)?;
        let page = PublicPage::of_everything(own);
        let season = Season::load(context, &page).await?;
        Ok(Self { context, page, season })
    }

    /// What a question means at this organizer's, in a language or else in his.
    pub fn question(&self, text: &str, language: &str) -> Question {
        let settings = events::settings(&self.page.organizer);
        self.season.question(text, Language::choose(&[language, &settings.language]))
    }

    /// The entries that a filter wants and that have not ended, by start.
    pub async fn find(&self, filter: &Filter) -> Result<Vec<Arc<Entry>>, StoreError> {
        let now = self.context.now;
        let events =
            if self.season.is_all() { self.season.kept().cloned().collect() } else { self.look_up(filter).await? };
        let matcher = filter.matcher(Some(self.season.team()));
        let mut found: Vec<Arc<Entry>> = Vec::new();
        for event in events.iter().filter(|event| !event.event.is_past(now)) {
            let dates = event.dates(&|row| Entry::dates(&events::source(row), now, DATES_MAX));
            found.extend(dates.into_iter().filter(|entry| matcher.matches(entry)));
        }
        found.arrange_by(|a, b| (a.starts(), &a.event).cmp(&(b.starts(), &b.event)));
        Ok(found)
    }

    /// The first events that a filter may want, by D1's index.
    async fn look_up(&self, filter: &Filter) -> Result<Vec<Arc<KeptEvent>>, StoreError> {
        let now = self.context.now;
        let midnight = |day: NaiveDate| Timestamp(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp());
        let last = filter.to.or_else(|| last_day(filter));
        let words: Vec<String> = filter.words.iter().map(|word| fold(word)).collect();
        let search = Search {
            ends_after: filter.from.map_or(now, |from| midnight(from).plus(-ZONES_SECS).max(now)),
            starts_before: last.map(|to| midnight(to).plus(86_400 + ZONES_SECS)),
            words: &words,
            limit: EVENTS_MAX,
        };
        let rows = search::find(self.context.db, &self.page.organizer.address, &search).await?;
        Ok(rows.into_iter().map(KeptEvent::new).map(Arc::new).collect())
    }
}

/// The last day of the months that are wanted.
fn last_day(filter: &Filter) -> Option<NaiveDate> {
    let last = filter.months.last()?;
    let (year, month) = if last.month == 12 { (last.year + 1, 1) } else { (last.year, last.month + 1) };
    NaiveDate::from_ymd_opt(year, month, 1)?.pred_opt()
}
