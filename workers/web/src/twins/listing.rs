//! The events of a page as its organizer wants them, and as a reader narrows them.

use itip::Timestamp;
use store::directory::{self, EventRow};
use timetable::{Entry, Filter, Source};

use crate::error::Problem;
use crate::pages::PublicPage;
use crate::publish::PublishContext;

/// Events of one page.
const EVENTS_MAX: u32 = 2_500;
/// Dates of a series that are looked at: a year of weeks.
const DATES_MAX: usize = 60;

/// An event with those of its dates that are wanted.
pub struct Listed {
    /// The event.
    pub row: EventRow,
    /// Its dates; at least one.
    pub entries: Vec<Entry>,
}

/// Reads the events of a page that end after a moment.
pub async fn load(
    context: PublishContext<'_>,
    page: &PublicPage,
    filter: &Filter,
    after: Timestamp,
) -> Result<Vec<Listed>, Problem> {
    let config = &page.config;
    let rows = directory::upcoming_of(context.db, &page.organizer.address, after, EVENTS_MAX).await?;
    // What is stored was checked when it was stored.
    let own = Filter::parse(&config.filter).unwrap_or_default();
    let (own, wished) = (own.matcher(Some(&config.team)), filter.matcher(Some(&config.team)));
    let is_wanted = |entry: &Entry| {
        let day = entry.start.local_date();
        config.from.is_none_or(|from| day >= from)
            && config.to.is_none_or(|to| day <= to)
            && (!config.offers_only || entry.offer.is_some())
            && own.matches(entry)
            && wished.matches(entry)
    };
    let listed = rows.into_iter().filter_map(|row| {
        let mut entries = dates(&row, after);
        entries.retain(is_wanted);
        (!entries.is_empty()).then_some(Listed { row, entries })
    });
    let mut listed: Vec<Listed> = listed.collect();
    if let Some(limit) = config.limit {
        let over = listed.iter().filter(|event| event.row.is_past(context.now)).count();
        listed.truncate(over + limit as usize);
    }
    Ok(listed)
}

/// The dates of an event that end after a moment, or the last that is known of it.
pub fn dates(row: &EventRow, after: Timestamp) -> Vec<Entry> {
    let source = source(row);
    let mut dates = Entry::dates(&source, after, DATES_MAX);
    if dates.is_empty() {
        dates.push(Entry::next(&source, after));
    }
    dates
}

/// What an event's entries are made from.
pub fn source(row: &EventRow) -> Source<'_> {
    Source {
        event: &row.event_id,
        details: &row.details,
        overrides: &row.overrides,
        organizer: &row.organizer_name,
        cancelled: row.cancelled,
        moved_from: row.moved_from.as_ref(),
        updated: row.last_modified,
        hide_place: row.hide_place,
    }
}
