//! The events of a page as its organizer wants them: for the page itself, and for its twins.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrange::Arrange as _;
use itip::Timestamp;
use store::StoreError;
use store::directory::EventRow;
use timetable::{Entry, Filter};

use super::PublicPage;
use crate::publish::{KeptEvent, PublishContext};

/// Events of one page.
const EVENTS_MAX: u32 = 2_500;
/// Dates of a series that are looked at: a year of weeks.
pub const DATES_MAX: usize = 60;

/// An event with those of its dates that may stand on the page.
pub struct Event {
    /// The event.
    pub row: Arc<KeptEvent>,
    /// Its dates; at least one.
    pub dates: Vec<Arc<Entry>>,
}

/// The events of a page.
pub struct Listing {
    /// In the order of their first dates.
    pub events: Vec<Event>,
    /// Whose games they are; empty if nobody's in particular.
    pub team: String,
    /// The organizer has no others that could stand here.
    pub all: bool,
}

/// Reads the events of a page that end after a moment. `dates` are those of an event that are looked at.
pub async fn load(
    context: PublishContext<'_>,
    page: &PublicPage,
    after: Timestamp,
    dates: &(dyn Fn(&EventRow) -> Vec<Entry> + Sync),
) -> Result<Listing, StoreError> {
    let config = &page.config;
    // One more shows whether these are all.
    let mut rows = context.upcoming(&page.organizer.address, after, EVENTS_MAX + 1).await?;
    let all = rows.len() <= EVENTS_MAX as usize;
    rows.truncate(EVENTS_MAX as usize);
    // What is stored was checked when it was stored.
    let own = Filter::parse(&config.filter).unwrap_or_default();
    let matcher = own.matcher(Some(&config.team));
    let is_wanted = |entry: &Entry| {
        let day = entry.start.local_date();
        config.from.is_none_or(|from| day >= from)
            && config.to.is_none_or(|to| day <= to)
            && (!config.offers_only || entry.offer.is_some())
            && matcher.matches(entry)
    };
    let wanted = rows.into_iter().filter_map(|row| {
        let mut dates = row.dates(dates);
        dates.retain(|date| is_wanted(date));
        (!dates.is_empty()).then_some(Event { row, dates })
    });
    let mut events: Vec<Event> = wanted.collect();
    events.arrange_by_key(|event| event.dates.first().map(|date| date.starts()));
    if let Some(limit) = config.limit {
        let over = events.iter().filter(|event| event.row.event.is_past(context.now)).count();
        events.truncate(over + limit as usize);
    }
    let team = if config.team.is_empty() { team_of(&events) } else { config.team.clone() };
    Ok(Listing { events, team, all })
}

/// Games that tell whose they are.
const GAMES_MIN: usize = 5;

/// The one team that plays in nine of ten games; empty if there is none.
fn team_of(events: &[Event]) -> String {
    let mut games = 0;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for teams in events.iter().filter_map(|event| event.dates.first()?.teams.as_ref()) {
        games += 1;
        for name in [&teams.home, &teams.away] {
            *counts.entry(name).or_default() += 1;
        }
    }
    let mut often = counts.into_iter().filter(|(_, count)| games >= GAMES_MIN && count * 10 >= games * 9);
    match (often.next(), often.next()) {
        (Some((name, _)), None) => name.to_owned(),
        // Two who only play each other: the page is both's.
        _ => String::new(),
    }
}
