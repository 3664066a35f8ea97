//! Every path that answers, on one page.

use std::sync::{Arc, OnceLock};

use axum::body::{Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use axum::{BoxError, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tower::ServiceExt as _;

use crate::WebContext;
use crate::api::{
    dead_letters, events, feeds, guests, health, imports, keys, organizers, original, pages, report, search,
};
use crate::error::Problem;
use crate::extract::BODY_BYTES_MAX;
use crate::pages::{answer, claim, home, invite, live, owner, schedule, take_over, unsubscribe, upcoming};
use crate::twins::{self, discovery};
use crate::{assets, invite as invites, openapi};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anybody.
    Open,
    /// A key that reaches the event or organizer in the path.
    Key,
    /// A key for everything, or `system:read`.
    System,
    /// The admin key.
    Admin,
    /// Whoever holds the signed link.
    Link,
}

/// One method of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// `get`, `post`, …
    pub method: &'static str,
    /// With parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub door: Door,
    /// What it does, in a few words.
    pub summary: &'static str,
}

macro_rules! routes {
    ($($path:literal { $($method:ident $door:ident $handler:path, $summary:literal;)+ })+) => {
        /// Every route, in the order of this page.
        pub const ROUTES: &[Route] = &[$($(
            Route { method: stringify!($method), path: $path, door: Door::$door, summary: $summary },
        )+)+];

        fn table() -> Router {
            Router::new()$(.route($path, MethodRouter::new()$(.$method($handler))+
                .options(|| preflight($path, concat!($(stringify!($method), ","),+)))
                .fallback(wrong_method)))+
        }
    };
}

routes! {
    // The first API.
    "/event/{uid}" { get Key original::event, "An event"; }
    "/event/{uid}/statistics" { get Key original::event_statistics, "Figures of an event"; }
    "/event/{uid}/attendees" { get Key original::attendees, "Guests of an event, masked"; }
    "/event/{uid}/report" { get Key original::report, "Mail the guest list to the owner"; }
    "/event/{uid}/invite" {
        get Open invites::door::get, "With a key: invite. Without: a page, or JSON that says what to post";
        post Open invites::door::post, "Ask for an invitation";
    }
    "/event/{uid}/sent" { get Open invite::sent, "What to look for after asking"; }
    "/organizer/{email}/events" { get Key original::organizer_events, "Events of an organizer"; }
    "/organizer/{email}/statistics" { get Key original::organizer_statistics, "Figures of an organizer"; }
    "/organizer/{email}/statistic" { get Key original::organizer_statistics, "Figures of an organizer"; }
    "/organizer/shadow/{email}/events" { get Key original::organizer_events, "Events of an organizer"; }
    "/organizer/shadow/{email}/statistics" { get Key original::organizer_statistics, "Figures of an organizer"; }
    "/organizer/shadow/{email}/statistic" { get Key original::organizer_statistics, "Figures of an organizer"; }
    "/shadow/organizer/{email}/events" { get Key original::organizer_events, "Events of an organizer"; }
    "/shadow/organizer/{email}/statistics" { get Key original::organizer_statistics, "Figures of an organizer"; }
    "/shadow/organizer/{email}/statistic" { get Key original::organizer_statistics, "Figures of an organizer"; }
    "/system/events" { get System original::system_events, "Events of everybody"; }
    "/system/statistics" { get System original::system_statistics, "Figures over everything"; }
    "/system/statistic" { get System original::system_statistics, "Figures over everything"; }
    "/order/order" { post Open original::order, "Not built: 404"; }
    "/order" { post Open original::order, "Not built: 404"; }

    // What is new.
    "/v1/events/{uid}" {
        get Key events::get, "An event with zone, occurrences and figures";
        patch Key events::patch, "Change an event's switches";
    }
    "/v1/events/{uid}/invitations" { post Key invites::v1::create, "Invite one person or up to 200"; }
    "/v1/events/{uid}/occurrences" { get Key guests::occurrences, "When it takes place, with answers to each date"; }
    "/v1/events/{uid}/attendees" { get Key guests::list, "Guests, with answers to single dates"; }
    "/v1/events/{uid}/attendees/{email}" { delete Key guests::remove, "Take a guest off the list; he is told"; }
    "/v1/events/{uid}/proposals" {
        get Key guests::proposals, "Other times that guests propose";
        post Key guests::decide_by_key, "Agree to a proposal, or decline it";
    }
    "/v1/events/{uid}/attempts" { get Key guests::attempts, "Who tried to change it without being its organizer"; }
    "/v1/events/{uid}/attendees.csv" { get Key report::csv, "The guest list as a file"; }
    "/v1/events/{uid}/release" { post Key events::release, "Mail a change that waits for approval"; }
    "/v1/organizers/{email}" {
        get Key organizers::get, "An organizer's settings";
        put Key organizers::put, "Change an organizer's settings";
    }
    "/v1/organizers/{email}/search" { get Key search::get, "Public events by a question in plain words, or by a filter"; }
    "/v1/pages" {
        get Key pages::list, "An organizer's pages and their configurations";
        post Key pages::create, "Make a further page";
    }
    "/v1/pages/preview" { post Key pages::preview, "A page as a configuration would make it; stores nothing"; }
    "/v1/pages/{slug}" {
        get Key pages::get, "A page's configuration";
        put Key pages::put, "Change a page's configuration or slug";
        delete Key pages::remove, "Take a page away, or an organizer's own back to the defaults";
    }
    "/v1/organizers/{email}/feeds" { get Key feeds::list, "Subscribed feeds"; }
    "/v1/organizers/{email}/feeds/{id}" {
        get Key feeds::get, "How a feed stands";
        put Key feeds::put, "Subscribe to a feed, or change how";
        delete Key feeds::remove, "End a subscription; its events stay";
    }
    "/v1/organizers/{email}/imports" {
        get Key imports::list, "The newest imports";
        post Key imports::create, "Import a calendar file, however long";
    }
    "/v1/organizers/{email}/imports/{id}" { get Key imports::get, "How an import stands"; }
    "/v1/keys" {
        get Admin keys::list, "All keys, without the keys themselves";
        post Admin keys::create, "Make a key; it is shown once";
    }
    "/v1/keys/{id}" { delete Admin keys::remove, "End a key"; }
    "/v1/dead-letters" { get Admin dead_letters::list, "Mail that waits for a human"; }
    "/v1/dead-letters/{id}/replay" { post Admin dead_letters::replay, "Send it again"; }

    // Pages.
    "/" { get Open home::get, "What this is"; }
    "/s/{slug}" {
        get Open twins::page, "An organizer's public page; with .ics or .md behind the slug for programs";
        post Open schedule::post, "Ask for invitations to several events";
    }
    "/s/{slug}/live" { get Open live::get, "A WebSocket that says which events changed"; }
    "/s/{slug}/rows" { get Open schedule::rows, "Some events of a page anew, as HTML"; }
    "/theme/{file}" { get Open schedule::theme, "A page's accent"; }
    "/s/{slug}/file" { post Open twins::file, "Some events as a calendar file"; }
    "/s/{slug}/embed" {
        get Open upcoming::part, "The next events as a part of another site's page";
        post Open upcoming::embed_post, "Ask for invitations from there";
    }
    "/s/{slug}/frame" { get Open upcoming::part, "The next events alone, for a frame of another site"; }
    "/e/{short}" { get Open twins::event, "The page of one event; with .ics or .md behind it for programs"; }
    "/r/{token}" {
        get Link answer::get, "Answer an invitation: the page";
        post Link answer::post, "Answer an invitation";
    }
    "/u/{token}" {
        get Link unsubscribe::get, "No more mail: the page";
        post Link unsubscribe::post, "No more mail (RFC 8058)";
    }
    "/c/{token}" {
        get Link claim::get, "Held mail: the page";
        post Link claim::post, "Claim held mail";
    }
    "/o/{token}" { get Link owner::get, "The owner's view of an event"; }
    "/o/{token}/report" { post Link owner::report, "Mail the guest list"; }
    "/o/{token}/release" { post Link owner::release, "Mail a change that waits for approval"; }
    "/o/{token}/proposals" { post Link owner::decide, "Agree to a guest's proposal, or decline it"; }
    "/o/{token}/hand-over" { post Link owner::hand_over, "Offer the event to another address"; }
    "/t/{token}" {
        get Link take_over::get, "An event that is offered: the page";
        post Link take_over::post, "Take it over";
    }
    "/o/{token}/cancel" { post Link owner::cancel, "Cancel an event that we were taken off"; }

    // The rest.
    "/healthz" { get Open health::get, "Whether everything answers"; }
    "/openapi.json" { get Open openapi::get, "This description"; }
    "/robots.txt" { get Open discovery::robots, "For crawlers"; }
    "/sitemap.xml" { get Open discovery::sitemap, "Everybody's public pages, or one organizer's with his events"; }
    "/llms.txt" { get Open discovery::guide, "For agents: what can be read and asked for, and how"; }
    "/favicon.ico" { get Open assets::favicon, "Where the icon is"; }
    "/static/{file}" { get Open assets::moved, "Where a style or script is that has changed since"; }
}

/// Made once: a hundred routes take longer than many an answer. So they know no context; each request brings its own.
static ROUTER: OnceLock<Router> = OnceLock::new();

fn router() -> Router {
    let table = table();
    #[cfg(feature = "local")]
    let table = table.merge(crate::pages::playground::routes());
    table.fallback(home::fallback).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).layer(middleware::from_fn(cross_origin))
}

/// Answers a request with what this one may use.
pub async fn answer<B>(context: Arc<WebContext>, mut request: http::Request<B>) -> Response
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    request.extensions_mut().insert(context);
    let Ok(response) = ROUTER.get_or_init(router).clone().oneshot(request).await;
    response
}

#[allow(clippy::unused_async, reason = "a handler is a future")]
async fn wrong_method() -> Problem {
    Problem::MethodNotAllowed
}

/// The first API's answer to OPTIONS. No cookie opens anything here, so every origin may ask.
#[allow(clippy::unused_async, reason = "a handler is a future")]
async fn preflight(path: &'static str, methods: &'static str) -> Response {
    let mut response = StatusCode::OK.into_response();
    let methods = format!("{}OPTIONS", methods.to_ascii_uppercase());
    let headers = response.headers_mut();
    if let Ok(methods) = HeaderValue::from_str(&methods) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    let allowed = if path.starts_with("/v1/") {
        "Content-Type,Authorization,X-Api-Key,Idempotency-Key,If-Match,If-None-Match"
    } else {
        "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}

/// Lets scripts of other sites read the API's answers; pages are for people.
async fn cross_origin(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    open_to_scripts(&path, response.headers_mut());
    response
}

/// Says that scripts of other sites may read what stands at an address of the API.
pub fn open_to_scripts(path: &str, headers: &mut HeaderMap) {
    let api = ["/event/", "/organizer/", "/shadow/", "/system/", "/order", "/v1/", "/openapi.json", "/healthz"];
    let embedded = path.starts_with("/s/") && path.ends_with("/embed");
    if embedded || twins::Twin::split(path).is_some() || api.iter().any(|prefix| path.starts_with(prefix)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Link,ETag,Location,Retry-After,RateLimit,RateLimit-Policy,Idempotency-Key"),
        );
    }
}
