//! The events of a page as a reader narrows them, with their dates.

use itip::Timestamp;
use store::directory::EventRow;
use timetable::{Entry, Filter};

use crate::error::Problem;
use crate::events::source;
use crate::pages::PublicPage;
use crate::pages::listing::{self, DATES_MAX, Event, Listing, midnight};
use crate::publish::PublishContext;

/// Reads the events of a page that end after a moment.
pub async fn load(
    context: PublishContext<'_>,
    page: &PublicPage,
    filter: &Filter,
    after: Timestamp,
) -> Result<Vec<Event>, Problem> {
    let from = filter.first_day().map_or(after, |day| midnight(day).max(after));
    let Listing { mut events, team, .. } = listing::load(context, page, after, filter, &|row| dates(row, from)).await?;
    let wished = filter.matcher(Some(&team));
    for event in &mut events {
        event.dates.retain(|date| wished.matches(date));
    }
    events.retain(|event| !event.dates.is_empty());
    Ok(events)
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
