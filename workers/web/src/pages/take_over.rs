//! `/t/{token}`: somebody to whom an event was offered takes it over: its owner under his new address, or a successor.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use itip::{CalAddress, EventId};
use scheduling::command::Command;
use scheduling::keys::Link;
use store::directory;
use views::event::Telling;
use views::pages::TakeOverPage;

use crate::WebContext;
use crate::error::Problem;
use crate::events;
use crate::pages::{Reader, link, or_refusal, shell};
use crate::respond;

struct Offer {
    event: EventId,
    from: CalAddress,
    to: CalAddress,
}

fn open(context: &WebContext, token: &str) -> Result<Offer, Problem> {
    match link(context, token)? {
        Link::TakeOver { event, from, to } => Ok(Offer { event, from, to }),
        _ => Err(Problem::NotFound),
    }
}

/// What is offered.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    let answer = async {
        let offer = open(&context, &token)?;
        page(&context, reader, &token, &offer, false).await
    };
    or_refusal(&context, reader, answer.await)
}

/// Takes it over, if whoever offered it still owns it.
pub async fn post(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    let answer = async {
        let offer = open(&context, &token)?;
        let state = events::shown(&context, &offer.event).await?.event;
        if state.owner != offer.to {
            if state.owner != offer.from {
                return Err(Problem::NotFound);
            }
            // The directory first: his next mail must find the event before its object calls him the owner.
            let statements = directory::take_over(&state.original_uid, &offer.event, &offer.to, None);
            context.db.batch(statements).await?;
            let (_, settings) = events::organizer(&context, &offer.to).await?;
            let command = Command::HandOver { owner: offer.to.clone(), settings };
            context.objects.event(&offer.event, command).await?;
        }
        page(&context, reader, &token, &offer, true).await
    };
    or_refusal(&context, reader, answer.await)
}

async fn page(
    context: &WebContext,
    reader: Reader,
    token: &str,
    offer: &Offer,
    done: bool,
) -> Result<Response, Problem> {
    let state = events::shown(context, &offer.event).await?.event;
    let open = state.owner == offer.from;
    let telling = Telling::of(reader.language, context.clock.now());
    let event = events::view_of_state(&state, &telling).ok_or(Problem::EventNotFound)?;
    let page = TakeOverPage {
        shell: shell(context, event.title.clone(), reader, &[]),
        event,
        from: offer.from.to_string(),
        to: offer.to.to_string(),
        action: reader.path(format!("/t/{token}")),
        open,
        done,
    };
    respond::page(StatusCode::OK, &page, "")
}
