//! The page behind an invitation link, and the page after it.

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http::StatusCode;
use itip::CalAddress;
use scheduling::settings::OrganizerSettings;
use store::accounts;
use store::directory::{self, EventRow};
use views::event::Telling;
use views::pages::{InvitePage, SentPage};

use crate::WebContext;
use crate::assets::INVITE_JS;
use crate::error::Problem;
use crate::events;
use crate::extract::{EventPath, Fields};
use crate::invite::Asked;
use crate::landing::{landing, origin};
use crate::pages::{Reader, or_refusal, sender, shell};
use crate::respond;

/// Other events that a page names.
const MORE_MAX: u32 = 6;

/// The page with one button.
pub fn page(
    context: &WebContext,
    row: &EventRow,
    settings: &OrganizerSettings,
    asked: &Asked,
    reader: Reader,
    problem: String,
    status: StatusCode,
) -> Result<Response, Problem> {
    let telling = Telling::of(reader.language, context.clock.now());
    let event = events::public_view(row, &telling);
    let landing = landing(&asked.landing, &context.config, settings).unwrap_or_default();
    // A browser checks redirects of a form too, so the landing page must be named.
    let target = origin(&landing).map(|(scheme, authority)| format!("{scheme}://{authority}")).unwrap_or_default();
    let email = match &asked.address {
        Ok(address) => address.as_str().to_owned(),
        Err(crate::extract::AddressProblem::Wrong(_)) => asked.typed.clone(),
        Err(_) => String::new(),
    };
    let page = InvitePage {
        shell: shell(context, event.title.clone(), reader, &[&INVITE_JS]),
        auto: asked.address.is_ok() && problem.is_empty() && !settings.button_only,
        action: match asked.language.as_str() {
            "" => format!("/event/{}/invite", row.event_id),
            language => format!("/event/{}/invite?lang={language}", row.event_id),
        },
        event,
        email,
        name: asked.name.clone(),
        origin: asked.origin.as_str().to_owned(),
        landing,
        problem,
    };
    respond::page(status, &page, &target)
}

/// `GET /event/{uid}/sent`: what to look for now. Says the same to everybody.
pub async fn sent(
    Extension(context): Extension<Arc<WebContext>>,
    EventPath(id): EventPath,
    reader: Reader,
    fields: Fields,
) -> Response {
    let answer = async {
        let row = events::row(&context, &id).await?;
        let now = context.clock.now();
        let telling = Telling::of(reader.language, now);
        let organizer = accounts::organizer(context.db.as_ref(), &row.owner).await?;
        let more = directory::upcoming_of(context.db.as_ref(), &row.owner, now, MORE_MAX + 1).await?;
        let more = more
            .iter()
            .filter(|other| other.event_id != id && !other.cancelled)
            .take(MORE_MAX as usize)
            .map(|other| events::public_view(other, &telling))
            .collect();
        let event = events::public_view(&row, &telling);
        let page = SentPage {
            shell: shell(&context, reader.words().on_its_way, reader, &[]),
            event,
            to: fields.get("to").filter(|to| is_masked(to)).unwrap_or_default().to_owned(),
            sender: sender(&context),
            more,
            page: organizer.map(|organizer| format!("/s/{}", organizer.slug)).unwrap_or_default(),
        };
        respond::page(StatusCode::OK, &page, "")
    };
    or_refusal(&context, reader, answer.await)
}

/// Whether a text is an address that we masked, and not a message that somebody wants shown on our page.
fn is_masked(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        let mut chars = local.chars();
        chars.next().is_some_and(|c| !c.is_control())
            && chars.as_str() == "*******"
            && CalAddress::parse(&format!("x@{domain}")).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_masked_address_is_shown() {
        assert!(is_masked("a*******@example.com"));
        for text in ["ana@example.com", "a*******@<b>", "a*******@call 123", "*******@", "Pay now"] {
            assert!(!is_masked(text), "{text}");
        }
    }
}
