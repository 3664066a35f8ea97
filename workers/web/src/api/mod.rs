//! JSON for programs: the first API's routes and `/v1/`.

pub mod dead_letters;
pub mod events;
pub mod feeds;
pub mod guests;
pub mod health;
pub mod imports;
pub mod keys;
pub mod organizers;
pub mod original;
pub mod pages;
pub mod report;
pub mod search;

use itip::{EventId, Timestamp};

use crate::error::Problem;
use crate::extract::Fields;

/// Rows read from D1 at a time.
pub const PAGE_ROWS: u32 = 500;

/// Where a list goes on: the last row's time and id.
pub fn write_cursor(at: Timestamp, id: &str) -> String {
    format!("{}-{id}", at.0)
}

/// Reads a cursor that [`write_cursor`] wrote.
pub fn read_cursor(fields: &Fields) -> Result<Option<(Timestamp, String)>, Problem> {
    fields
        .get("cursor")
        .map(|text| {
            let (at, id) = text.split_once('-')?;
            let fits = !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric());
            Some((Timestamp(at.parse().ok()?), id.to_owned())).filter(|_| fits)
        })
        .map(|cursor| cursor.ok_or_else(|| Problem::invalid("cursor", "cursor is the one that the page before gave")))
        .transpose()
}

/// A cursor whose id is an event's.
pub fn read_event_cursor(fields: &Fields) -> Result<Option<(Timestamp, EventId)>, Problem> {
    let wrong = || Problem::invalid("cursor", "cursor is the one that the page before gave");
    read_cursor(fields)?.map(|(at, id)| EventId::parse(&id).map(|id| (at, id)).ok_or_else(wrong)).transpose()
}

/// How many rows a page has: 1 to `max`.
pub fn read_limit(fields: &Fields, max: u32) -> Result<u32, Problem> {
    match fields.number("limit")? {
        None => Ok(max.min(100)),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::invalid("limit", format!("limit is 1 to {max}"))),
    }
}
