//! `GET /v1/organizers/{email}/search`: events by a question in plain words, or by a filter.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http::StatusCode;
use timetable::{Chip, Entry, EntryStatus, Filter, Place, Question};
use views::api::{Found, FoundEvent, Mended, Piece};

use crate::WebContext;
use crate::auth::Access;
use crate::error::Problem;
use crate::events;
use crate::extract::{Fields, OrganizerPath};
use crate::{respond, search};

/// Events of an answer, unless `limit` says less.
const EVENTS_MAX: usize = 500;

/// `q` is a question; without one the other parameters are a filter.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    OrganizerPath(address): OrganizerPath,
    fields: Fields,
) -> Result<Response, Problem> {
    access.organizer(&address)?;
    let (row, settings) = events::organizer(&context, &address).await?;
    row.ok_or(Problem::OrganizerNotFound)?;
    let limit = fields.number("limit")?.map_or(EVENTS_MAX, |limit| (limit as usize).min(EVENTS_MAX));
    let team = search::page_team(context.db.as_ref(), &address).await?;
    let team = Some(team.as_str()).filter(|team| !team.is_empty());
    let asked = fields.get("q").map(str::trim).filter(|question| !question.is_empty());
    let question = if let Some(text) = asked {
        let language = fields.get("lang").unwrap_or(&settings.language);
        search::understand(&context, &address, text, team, language).await?
    } else {
        let filter = Filter::from_query(fields.pairs())
            .map_err(|error| Problem::invalid(error.name.clone(), error.to_string()))?;
        Question { chips: Chip::of(&filter), filter, ..Question::default() }
    };
    let entries = search::find(&context, &address, &question.filter, team).await?;
    let answer = Found {
        understood: question.chips.iter().map(piece).collect(),
        query: question.filter.to_query(),
        send: question.send.map(|address| address.to_string()),
        all: question.all,
        mended: question.mended.into_iter().map(|(typed, meant)| Mended { typed, meant }).collect(),
        total: entries.len(),
        events: entries.into_iter().take(limit).map(|entry| event(entry, &context.config.public_url)).collect(),
    };
    respond::json(StatusCode::OK, &answer)
}

fn piece(chip: &Chip) -> Piece {
    Piece { kind: chip.what.kind(), value: chip.what.value(), without: chip.without.to_query() }
}

fn event(entry: Entry, public_url: &str) -> FoundEvent {
    let (home, away) = entry.teams.map(|teams| (teams.home, teams.away)).unzip();
    FoundEvent {
        invite_url: format!("{public_url}/event/{}/invite", entry.event),
        uid: entry.event.into(),
        start: entry.start.instant().0,
        end: entry.end.instant().0,
        local_start: events::local(&entry.start),
        title: entry.title,
        home,
        away,
        place: match entry.place {
            Place::Named(place) => Some(place),
            Place::Hidden => None,
        },
        status: match entry.status {
            EntryStatus::Scheduled => "confirmed",
            EntryStatus::Tentative => "tentative",
            EntryStatus::Moved { .. } => "moved",
            EntryStatus::Cancelled => "cancelled",
        },
        offer: entry.offer.map(|offer| offer.lead).filter(|lead| !lead.is_empty()),
    }
}
