//! The events of a page as its organizer wants them: for the page itself, and for its twins.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrange::Arrange as _;
use chrono::{NaiveDate, NaiveTime};
use itip::{CalAddress, Timestamp};
use store::StoreError;
use store::directory::{self, EventRow};
use store::search::{self, Search};
use timetable::{Entry, Filter, fold};

use super::PublicPage;
use crate::publish::{KeptEvent, PublishContext};

/// Events of one page. The next ones are a page of their own, which begins where this one ends.
const EVENTS_MAX: u32 = 2_500;
/// A day on a wall begins and ends within this much of the same day in UTC.
const ZONES_SECS: i64 = 14 * 3_600;
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
    /// The day from which on there are more than could be read; `None` if these are all.
    pub rest: Option<NaiveDate>,
    /// How many there are beside these, as far as that is known.
    pub beyond: usize,
}

/// Reads the events of a page that end after a moment. `dates` are those of an event that are looked at. Only where
/// there are too many it matters what is wished for: then those are looked up that may fit.
pub async fn load(
    context: PublishContext<'_>,
    page: &PublicPage,
    after: Timestamp,
    wish: &Filter,
    dates: &(dyn Fn(&EventRow) -> Vec<Entry> + Sync),
) -> Result<Listing, StoreError> {
    let (config, owner) = (&page.config, &page.organizer.address);
    // What is stored was checked when it was stored.
    let own = Filter::parse(&config.filter).unwrap_or_default();
    // One more shows whether these are all.
    let mut rows = context.upcoming(owner, after, EVENTS_MAX + 1).await?;
    let mut beyond = 0;
    if rows.len() > EVENTS_MAX as usize {
        let bounds = Filter { from: config.from, to: config.to, ..Filter::default() };
        let narrowing = [&bounds, &own, wish];
        if narrowing.iter().all(|filter| filter.is_empty()) {
            beyond = directory::count_upcoming(context.db, owner, after).await?.saturating_sub(EVENTS_MAX) as usize;
        } else {
            rows = look_up(context, owner, after, &narrowing).await?;
        }
    }
    let mut rest = rows.get(EVENTS_MAX as usize).map(|row| row.event.details.start.local_date());
    rows.truncate(EVENTS_MAX as usize);
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
        if events.len() >= over + limit as usize {
            (rest, beyond) = (None, 0);
        }
        events.truncate(over + limit as usize);
    }
    let team = if config.team.is_empty() { team_of(&events) } else { config.team.clone() };
    Ok(Listing { events, team, rest, beyond })
}

/// The first events that all of some filters may want, by D1's index.
async fn look_up(
    context: PublishContext<'_>,
    owner: &CalAddress,
    after: Timestamp,
    filters: &[&Filter],
) -> Result<Vec<Arc<KeptEvent>>, StoreError> {
    let first = filters.iter().filter_map(|filter| filter.first_day()).max();
    let last = filters.iter().filter_map(|filter| filter.last_day()).min();
    // The words of a team stand in a title, and so in the index.
    let words: Vec<String> =
        filters.iter().flat_map(|filter| filter.words.iter().chain(&filter.teams)).map(|word| fold(word)).collect();
    let search = Search {
        ends_after: first.map_or(after, |first| midnight(first).plus(-ZONES_SECS).max(after)),
        starts_before: last.map(|last| midnight(last).plus(86_400 + ZONES_SECS)),
        words: &words,
        limit: EVENTS_MAX + 1,
    };
    let rows = search::find(context.db, owner, &search).await?;
    Ok(rows.into_iter().map(KeptEvent::new).map(Arc::new).collect())
}

/// When a day begins in UTC.
pub fn midnight(day: NaiveDate) -> Timestamp {
    Timestamp(day.and_time(NaiveTime::MIN).and_utc().timestamp())
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
