//! Finding an organizer's public events: by a filter, or by a question in plain words.

use arrange::Arrange as _;
use chrono::NaiveDate;
use itip::{CalAddress, Timestamp, When};
use store::search::{self, Mention, Search};
use store::{Database, pages};
use timetable::{Entry, Filter, Heard, PageConfig, Question, Teams, Vocabulary, fold};
use views::when::today_there;

use crate::WebContext;
use crate::error::Problem;
use crate::events;
use crate::pages::listing::DATES_MAX;

/// Events that a search looks at.
const EVENTS_MAX: u32 = 2_500;
/// Events that a question is understood by.
const MENTIONS_MAX: u32 = 5_000;
/// A day on a wall begins and ends within this much of the same day in UTC.
const ZONES_SECS: i64 = 14 * 3_600;

/// The entries that a filter wants and that have not ended, by start. `team` is the one whose page it is.
pub async fn find(
    context: &WebContext,
    organizer: &CalAddress,
    filter: &Filter,
    team: Option<&str>,
) -> Result<Vec<Entry>, Problem> {
    let now = context.clock.now();
    let midnight = |day: NaiveDate| Timestamp(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp());
    let last = filter.to.or_else(|| last_day(filter));
    let words: Vec<String> = filter.words.iter().map(|word| fold(word)).collect();
    let search = Search {
        ends_after: filter.from.map_or(now, |from| midnight(from).plus(-ZONES_SECS).max(now)),
        starts_before: last.map(|to| midnight(to).plus(86_400 + ZONES_SECS)),
        words: &words,
        limit: EVENTS_MAX,
    };
    let rows = search::find(context.db.as_ref(), organizer, &search).await?;
    let matcher = filter.matcher(team);
    let mut found: Vec<Entry> = Vec::new();
    for row in &rows {
        found.extend(
            Entry::dates(&events::source(row), now, DATES_MAX).into_iter().filter(|entry| matcher.matches(entry)),
        );
    }
    found.arrange_by(|a, b| (a.starts(), &a.event).cmp(&(b.starts(), &b.event)));
    Ok(found)
}

/// The last day of the months that are wanted.
fn last_day(filter: &Filter) -> Option<NaiveDate> {
    let last = filter.months.last()?;
    let (year, month) = if last.month == 12 { (last.year + 1, 1) } else { (last.year, last.month + 1) };
    NaiveDate::from_ymd_opt(year, month, 1)?.pred_opt()
}

/// Understands a question as it is meant at an organizer's: by the names of his events, on the day that it is there.
pub async fn understand(
    context: &WebContext,
    organizer: &CalAddress,
    question: &str,
    team: Option<&str>,
    language: &str,
) -> Result<Question, Problem> {
    let now = context.clock.now();
    let db = context.db.as_ref();
    let mentions = search::mentions(db, organizer, now, MENTIONS_MAX).await?;
    let today = today(db, organizer, now).await?;
    Ok(Question::read(question, &vocabulary(&mentions), today, team, language))
}

/// The day where the next event takes place.
async fn today(db: &dyn Database, organizer: &CalAddress, now: Timestamp) -> Result<NaiveDate, Problem> {
    let next = Search { ends_after: now, starts_before: None, words: &[], limit: 1 };
    let row = search::find(db, organizer, &next).await?.into_iter().next();
    // Without an event there is no wall but that of UTC.
    let start = row.map_or(When::Date(NaiveDate::default()), |row| row.details.start);
    Ok(today_there(&start, now).unwrap_or_default())
}

fn vocabulary(mentions: &[Mention]) -> Vocabulary {
    let read: Vec<(&Mention, Option<Teams>, String)> =
        mentions.iter().map(|mention| (mention, Teams::read(&mention.title), mention.categories.join("\n"))).collect();
    Vocabulary::learn(read.iter().filter_map(|(mention, teams, categories)| {
        Some(Heard {
            title: &mention.title,
            teams: teams.as_ref(),
            place: &mention.place,
            text: categories,
            days: (mention.days.0.parse().ok()?, mention.days.1.parse().ok()?),
        })
    }))
}

/// The team of an organizer's own page; empty if he has named none.
pub async fn page_team(db: &dyn Database, organizer: &CalAddress) -> Result<String, Problem> {
    let own = pages::pages_of(db, organizer).await?.into_iter().next();
    let config: Option<PageConfig> = own.and_then(|page| serde_json::from_str(page.config.as_deref()?).ok());
    Ok(config.map(|config| config.team).unwrap_or_default())
}
