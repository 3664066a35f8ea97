//! From what D1 and the objects know to what documents and pages say.

use itip::{CalAddress, EventDetails, EventId, EventState, EventStatus, Override, Timestamp, When};
use scheduling::command::{Command, Reply};
use scheduling::settings::OrganizerSettings;
use store::accounts::{self, OrganizerRow};
use store::directory::{self, Counters, EventRow};
use timetable::{Entry, EntryStatus, Source};
use views::api::{EventDocument, EventFull, EventLine, Occurrence, Rsvp, Statistics};
use views::event::{EventView, Telling};
use views::text::{escape_html, escape_lines};
use views::when;

use crate::WebContext;
use crate::error::Problem;

/// How far ahead a series is unrolled, in seconds: 400 days reach a yearly event.
const AHEAD_SECS: i64 = 400 * 86_400;
/// Occurrences that a document names.
const OCCURRENCES_MAX: usize = 50;
/// Occurrences that a page names after the next one.
const REPEATS_MAX: usize = 3;

/// The row of an event, or 404.
pub async fn row(context: &WebContext, id: &EventId) -> Result<EventRow, Problem> {
    directory::event(context.db.as_ref(), id).await?.ok_or(Problem::EventNotFound)
}

/// The event as its object knows it.
pub async fn shown(context: &WebContext, id: &EventId) -> Result<scheduling::command::Shown, Problem> {
    match context.objects.event(id, Command::Show).await? {
        Reply::Shown(shown) => Ok(*shown),
        _ => Err(crate::error::wrong_reply("show")),
    }
}

/// An organizer with his settings; one without a row has the defaults.
pub async fn organizer(
    context: &WebContext,
    address: &CalAddress,
) -> Result<(Option<OrganizerRow>, OrganizerSettings), Problem> {
    let row = accounts::organizer(context.db.as_ref(), address).await?;
    let settings = row.as_ref().map(settings).unwrap_or_default();
    Ok((row, settings))
}

/// The settings of a row; unreadable ones are the defaults.
pub fn settings(row: &OrganizerRow) -> OrganizerSettings {
    serde_json::from_str(&row.settings).unwrap_or_default()
}

fn status(cancelled: bool) -> &'static str {
    if cancelled { "cancelled" } else { "confirmed" }
}

fn description(details: &EventDetails) -> String {
    if details.description_html.is_empty() {
        escape_lines(&details.description)
    } else {
        details.description_html.clone()
    }
}

/// The first API's details of an event. A series shows its first occurrence, an all-day event midnight UTC.
pub fn document(row: EventRow) -> EventDocument {
    EventDocument {
        description_html: description(&row.details),
        location_html: escape_html(&row.details.location),
        summary_html: escape_html(&row.details.summary),
        dtstart: row.details.start.instant().0,
        dtend: row.details.end.instant().0,
        uid: row.event_id.into(),
        created: row.created.0,
        last_modified: row.last_modified.0,
        mailto: row.owner.as_str().to_owned(),
        original_organizer: row.organizer_name.clone(),
        organizer: row.organizer_name,
        prodid: row.prodid.to_lowercase(),
        sequence: row.revision,
        status: status(row.cancelled),
    }
}

/// The first API's line of a list.
pub fn line(row: EventRow) -> EventLine {
    EventLine {
        summary_html: escape_html(&row.details.summary),
        description_html: description(&row.details),
        location_html: escape_html(&row.details.location),
        dtstart: row.details.start.instant().0,
        dtend: row.details.end.instant().0,
        uid: row.event_id.into(),
        mailto: row.owner.as_str().to_owned(),
        organizer: row.organizer_name,
        status: status(row.cancelled),
        created: row.created.0,
    }
}

/// The first API's statistics.
pub fn statistics(counters: Counters) -> Statistics {
    Statistics {
        attendees: counters.attendees,
        origin: counters.origins,
        prodid: counters.clients,
        rsvp: Rsvp {
            accepted: counters.accepted,
            declined: counters.declined,
            noaction: counters.noaction,
            tentative: counters.tentative,
        },
    }
}

/// The document of `GET /v1/events/{uid}`.
pub fn full(row: EventRow, counters: Counters, public_url: &str, now: Timestamp) -> EventFull {
    let times = times(&row.details, &row.overrides, now, OCCURRENCES_MAX);
    let occurrences = times
        .into_iter()
        .map(|time| Occurrence {
            start: time.start.instant().0,
            end: time.end.instant().0,
            local_start: local(&time.start),
            cancelled: time.cancelled || row.cancelled,
            summary: time.details.map(|details| details.summary).filter(|summary| *summary != row.details.summary),
        })
        .collect();
    EventFull {
        invite_url: format!("{public_url}/event/{}/invite", row.event_id),
        status: match row.details.status {
            _ if row.cancelled => "cancelled",
            EventStatus::Tentative => "tentative",
            EventStatus::Confirmed | EventStatus::Cancelled => "confirmed",
        },
        past: row.is_past(now),
        all_day: row.details.start.is_all_day(),
        zone: when::zone_name(&row.details.start),
        uid: row.event_id.into(),
        owner: row.owner.as_str().to_owned(),
        organizer: row.organizer_name,
        revision: row.revision,
        created: row.created.0,
        last_modified: row.last_modified.0,
        details: row.details,
        occurrences,
        statistics: statistics(counters),
    }
}

/// A time on its own wall: `2027-07-02T19:05:00`, or a date.
pub fn local(when: &When) -> String {
    match when {
        When::Date(date) => date.to_string(),
        When::At(moment) => moment.local.format("%Y-%m-%dT%H:%M:%S").to_string(),
    }
}

/// One time an event takes place.
pub struct Time {
    /// Its start.
    pub start: When,
    /// Its end.
    pub end: When,
    /// What it says instead of the event.
    pub details: Option<EventDetails>,
    /// Off.
    pub cancelled: bool,
}

/// The times of an event that have not ended, at most `max`; the last or first one of an event that is over.
pub fn times(details: &EventDetails, overrides: &[Override], now: Timestamp, max: usize) -> Vec<Time> {
    let single = || Time { start: details.start.clone(), end: details.end.clone(), details: None, cancelled: false };
    if !details.recurrence.is_series() {
        return vec![single()];
    }
    let mut times: Vec<Time> = imip::occurrences(details, overrides, now, now.plus(AHEAD_SECS), max)
        .into_iter()
        .map(|one| Time { start: one.start, end: one.end, details: one.details_of_override, cancelled: one.cancelled })
        .collect();
    if times.is_empty() {
        // Further away than we look, or over: the start is what is known for certain.
        times.push(single());
    }
    times
}

/// What the entries of an event are made from.
pub fn source(row: &EventRow) -> Source<'_> {
    Source {
        event: &row.event_id,
        details: &row.details,
        overrides: &row.overrides,
        organizer: row.public_organizer(),
        cancelled: row.cancelled,
        moved_from: row.moved_from.as_ref(),
        updated: row.last_modified,
        hide_place: row.hide_place,
    }
}

/// What the public may see of an event, and its dates to come: at most `max`, first the one that takes place next.
pub fn entries(row: &EventRow, now: Timestamp, max: usize) -> Vec<Entry> {
    let source = source(row);
    let mut dates = Entry::dates(&source, now, max);
    let next = dates.iter().position(|date| date.status != EntryStatus::Cancelled);
    if let Some(next) = next.filter(|next| *next > 0) {
        let date = dates.remove(next);
        dates.insert(0, date);
    }
    if dates.is_empty() {
        dates.push(Entry::next(&source, now));
    }
    dates
}

/// An event as the public may see it, with the dates that follow.
pub fn public_view(row: &EventRow, telling: &Telling) -> EventView {
    let mut entries = entries(row, telling.now, REPEATS_MAX + 1);
    let rest = entries.split_off(entries.len().min(1));
    let next = entries.pop().unwrap_or_else(|| Entry::next(&source(row), telling.now));
    EventView { past: row.is_past(telling.now), ..EventView::of_entry(&next, &rest, telling) }
}

/// An event as its object knows it, for its owner or a guest; `None` while there is nothing to show.
pub fn view_of_state(state: &EventState, telling: &Telling) -> Option<EventView> {
    let details = state.shown()?;
    let organizer = if state.organizer.name.is_empty() { state.owner.as_str() } else { &state.organizer.name };
    let times = times(details, &state.overrides, telling.now, REPEATS_MAX + 1);
    let mut times = times.into_iter().filter(|time| !time.cancelled);
    let next = times.next();
    let details = next.as_ref().and_then(|time| time.details.as_ref()).unwrap_or(details);
    let (start, end) = next.as_ref().map_or((&details.start, &details.end), |time| (&time.start, &time.end));
    let untitled = telling.language.words().untitled;
    Some(EventView {
        id: state.event_id.to_string(),
        starts: start.instant().0,
        wall: when::iso_on_wall(start),
        was: String::new(),
        hidden_place: false,
        offer: None,
        tentative: false,
        full: false,
        title: if details.summary.trim().is_empty() { untitled.to_owned() } else { details.summary.clone() },
        when: telling.when(start, end),
        place: details.location.clone(),
        url: web_link(&details.url),
        description_html: description(details),
        organizer: organizer.to_owned(),
        cancelled: state.cancelled || details.status == EventStatus::Cancelled,
        past: state.is_past(telling.now),
        today: when::is_today(start, telling.now),
        repeats: times.map(|time| telling.when(&time.start, &time.end).short).collect(),
    })
}

/// A link that is safe to follow; anything but the web is left out.
fn web_link(url: &str) -> String {
    let lower = url.trim().to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    if web && !url.chars().any(char::is_control) { url.trim().to_owned() } else { String::new() }
}
