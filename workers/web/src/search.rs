//! Finding an organizer's public events: by a filter, or by a question in plain words.

use std::sync::Arc;

use arrange::Arrange as _;
use itip::CalAddress;
use store::{StoreError, pages};
use timetable::{Entry, Filter, Question};
use views::words::Language;

use crate::error::Problem;
use crate::events;
use crate::pages::PublicPage;
use crate::pages::listing::DATES_MAX;
use crate::pages::schedule::Season;
use crate::publish::PublishContext;

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
    pub async fn find(self, filter: &Filter) -> Result<Vec<Arc<Entry>>, StoreError> {
        let Self { context, page, season } = self;
        let now = context.now;
        let season = season.narrowed(context, &page, filter).await?;
        let matcher = filter.matcher(Some(season.team()));
        let mut found: Vec<Arc<Entry>> = Vec::new();
        for event in season.kept().filter(|event| !event.event.is_past(now)) {
            let dates = event.dates(&|row| Entry::dates(&events::source(row), now, DATES_MAX));
            found.extend(dates.into_iter().filter(|entry| matcher.matches(entry)));
        }
        found.arrange_by(|a, b| (a.starts(), &a.event).cmp(&(b.starts(), &b.event)));
        Ok(found)
    }
}
