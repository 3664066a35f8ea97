//! The guest list: by mail to the owner, and as a file for callers with a key.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use itip::{CalAddress, EventId};
use scheduling::command::{Command, Notice, OrganizerCommand, Reply};
use store::directory::CLIENT_UNKNOWN;
use views::api::GuestLine;
use views::report;

use crate::WebContext;
use crate::api::original::readable;
use crate::auth::Access;
use crate::error::{Problem, wrong_reply};
use crate::events;
use crate::extract::EventPath;
use crate::respond;

/// Guests read from an object at a time.
const GUESTS_PAGE: u32 = 1_000;

/// Everybody on an event's list, by address, page by page.
pub async fn guests(context: &WebContext, id: &EventId) -> Result<Vec<(CalAddress, GuestLine)>, Problem> {
    let reset = events::shown(context, id).await?.event.version.reset;
    let mut lines: Vec<(CalAddress, GuestLine)> = Vec::new();
    loop {
        let after = lines.last().map(|(address, _)| address.clone());
        let command = Command::Attendees { after, limit: GUESTS_PAGE };
        let Reply::Attendees(page) = context.objects.event(id, command).await? else {
            return Err(wrong_reply("attendees"));
        };
        let full = page.len() >= GUESTS_PAGE as usize;
        lines.extend(page.into_iter().map(|guest| {
            let prodid = if guest.prodid.is_empty() { CLIENT_UNKNOWN.to_owned() } else { guest.prodid.to_lowercase() };
            let line = GuestLine {
                email: guest.address.to_string(),
                status: guest.status(reset),
                origin: guest.origin.as_str(),
                name: guest.name,
                prodid,
                comment: guest.comment,
                request_status: guest.request_status,
                instances: guest.instances,
            };
            (guest.address, line)
        }));
        if !full {
            return Ok(lines);
        }
    }
}

/// Mails the guest list to the owner, unless that was done a moment ago.
pub async fn mail(context: &WebContext, id: &EventId, owner: &CalAddress) -> Result<(), Problem> {
    let Reply::Report { wait_secs } = context.objects.event(id, Command::TakeReport).await? else {
        return Err(wrong_reply("take_report"));
    };
    if wait_secs > 0 {
        return Err(Problem::TooMany { retry_secs: wait_secs });
    }
    let notice = Notice::Report { event: id.clone() };
    context.objects.organizer(owner, OrganizerCommand::Notify { notice }).await?;
    Ok(())
}

/// `GET /v1/events/{uid}/attendees.csv`.
pub async fn csv(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    EventPath(id): EventPath,
) -> Result<Response, Problem> {
    readable(&context, &access, &id).await?;
    let guests = guests(&context, &id).await?;
    let bytes = report::csv(guests.into_iter().map(|(_, line)| line));
    Ok(respond::attachment("text/csv; charset=utf-8", &report::file_name(id.as_str()), bytes))
}
