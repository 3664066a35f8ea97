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
use crate::extract::{Fields, OrganizerPath};
use crate::search::Searched;
use crate::{events, respond};

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
    let limit = fields.number("limit")?.map_or(EVENTS_MAX, |limit| (limit as usize).min(EVENTS_MAX));
    let searched = Searched::load(context.publishing(), &address).await?;
    let asked = fields.get("q").map(str::trim).filter(|question| !question.is_empty());
    let question = if let Some(text) = asked {
        searched.question(text, fields.get("lang").unwrap_or_default())
    } else {
        let filter = Filter::from_query(fields.pairs())
            .map_err(|error| Problem::invalid(error.name.clone(), error.to_string()))?;
        Question { chips: Chip::of(&filter), filter, ..Question::default() }
    };
    let entries = searched.find(&question.filter).await?;
    let answer = Found {
        understood: question.chips.iter().map(piece).collect(),
        query: question.filter.to_query(),
        send: question.send.map(|address| address.to_string()),
        all: question.all,
        mended: question.mended.into_iter().map(|(typed, meant)| Mended { typed, meant }).collect(),
        total: entries.len(),
        events: entries.iter().take(limit).map(|entry| event(entry, &context.config.public_url)).collect(),
    };
    respond::json(StatusCode::OK, &answer)
}

fn piece(chip: &Chip) -> Piece {
    Piece { kind: chip.what.kind(), value: chip.what.value(), without: chip.without.to_query() }
}

fn event(entry: &Entry, public_url: &str) -> FoundEvent {
    let (home, away) = entry.teams.clone().map(|teams| (teams.home, teams.away)).unzip();
    FoundEvent {
        invite_url: format!("{public_url}/event/{}/invite", entry.event),
        uid: entry.event.clone().into(),
        start: entry.start.instant().0,
        end: entry.end.instant().0,
        local_start: events::local(&entry.start),
        title: entry.title.clone(),
        home,
        away,
        place: match &entry.place {
            Place::Named(place) => Some(place.clone()),
            Place::Hidden => None,
        },
        status: match entry.status {
            EntryStatus::Scheduled => "confirmed",
            EntryStatus::Tentative => "tentative",
            EntryStatus::Moved { .. } => "moved",
            EntryStatus::Cancelled => "cancelled",
        },
        offer: entry.offer.as_ref().map(|offer| offer.lead.clone()).filter(|lead| !lead.is_empty()),
    }
}
