//! `/event/{uid}/invite`: the first API's invitation link. GET acts only with a key; a link that a mail scanner, a
//! prefetcher or a chat program opens shows a page and sends nothing.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode};
use itip::EventId;
use scheduling::command::Enrollment;
use scheduling::settings::OrganizerSettings;
use serde::Serialize;
use serde_json::{Value, json};
use store::directory::EventRow;
use views::text::mask_address;
use views::words::Language;

use crate::WebContext;
use crate::auth::{Access, access, key_in};
use crate::error::Problem;
use crate::events;
use crate::extract::{Fields, body, has_type, read_json, wants_json};
use crate::invite::{
    Asked, Caller, Limits, Said, are_full, browser_language, check_event, check_network, invite_people, rate_headers,
    v1,
};
use crate::landing::landing;
use crate::pages::{self, Reader};
use crate::respond;

/// What a request of this route comes with.
struct Door {
    row: EventRow,
    settings: OrganizerSettings,
    access: Option<Access>,
    /// What the browser asks for; empty if nothing that we write.
    language: String,
}

impl Door {
    /// Who reads its page.
    fn reader(&self, asked: &Asked) -> Reader {
        Reader::new(Language::from_tag(&asked.language), Language::from_tag(&self.language))
    }
}

async fn open(context: &WebContext, uid: &str, headers: &HeaderMap) -> Result<Door, Problem> {
    let access = match key_in(headers) {
        Some(key) => Some(access(context, key).await?),
        None => None,
    };
    // The first API called a malformed id a bad request; an unknown one it accepted and forgot.
    let id = EventId::parse(uid).ok_or_else(|| Problem::invalid("uid", "uid is 40 lower-case letters or digits"))?;
    let found = events::row(context, &id).await;
    let row = match (&access, found) {
        (Some(access), Err(Problem::EventNotFound)) if !access.is_broad() => return Err(Problem::KeyScope),
        (_, found) => found?,
    };
    if let Some(access) = &access {
        access.invite(&id, &row.owner)?;
    }
    let (organizer, settings) = events::organizer(context, &row.owner).await?;
    if organizer.is_some_and(|organizer| organizer.suspended) {
        return Err(Problem::OrganizerSuspended);
    }
    Ok(Door { row, settings, access, language: browser_language(headers) })
}

/// `GET` and `HEAD`.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(uid): Path<String>,
    method: Method,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let reader = Reader::of(&fields, &headers);
    let keyed = key_in(&headers).is_some();
    let as_json = keyed || wants_json(&headers);
    let answer = async {
        let door = open(&context, &uid, &headers).await?;
        // HEAD is a safe method even with a key.
        if door.access.is_some() && method == Method::GET {
            act_keyed(&context, &door, &fields, wants_json(&headers), StatusCode::FOUND).await
        } else {
            show(&context, &door, &fields, as_json)
        }
    };
    answer
        .await
        .or_else(|problem| refuse(&context, reader, problem, as_json))
        .unwrap_or_else(IntoResponse::into_response)
}

/// `POST`: a form of any site, or JSON.
pub async fn post(
    Extension(context): Extension<Arc<WebContext>>,
    Path(uid): Path<String>,
    reader: Reader,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let json_body = has_type(&headers, "application/json");
    let as_json = json_body || wants_json(&headers) || key_in(&headers).is_some();
    let answer = async {
        let fields = read_fields(request, json_body).await?;
        let door = open(&context, &uid, &headers).await?;
        if door.access.is_some() {
            act_keyed(&context, &door, &fields, as_json, StatusCode::SEE_OTHER).await
        } else {
            act_keyless(&context, &door, &fields, &headers, as_json).await
        }
    };
    answer
        .await
        .or_else(|problem| refuse(&context, reader, problem, as_json))
        .unwrap_or_else(IntoResponse::into_response)
}

/// The body's fields before those of the query.
async fn read_fields(request: Request, json_body: bool) -> Result<Fields, Problem> {
    let query = request.uri().query().unwrap_or_default().as_bytes().to_vec();
    let form = has_type(request.headers(), "application/x-www-form-urlencoded");
    let typed = request.headers().contains_key(http::header::CONTENT_TYPE);
    let bytes = body(request, &()).await?;
    let mut fields = if json_body {
        let value: Value = read_json(&bytes)?;
        let Value::Object(members) = value else { return Err(Problem::Body("Send one JSON object.".into())) };
        let mut fields = Fields::default();
        for (name, value) in members {
            match value {
                Value::String(text) => fields.push(name, text),
                Value::Null => {}
                _ => return Err(Problem::Body("email, name, origin, landing and language are texts.".into())),
            }
        }
        fields
    } else if form {
        Fields::read(&bytes)
    } else if typed && !bytes.is_empty() {
        return Err(Problem::MediaType);
    } else {
        Fields::default()
    };
    fields.append(Fields::read(&query));
    Ok(fields)
}

/// A page that asks for the click, or JSON that says what to post. Sends nothing.
fn show(context: &WebContext, door: &Door, fields: &Fields, as_json: bool) -> Result<Response, Problem> {
    let now = context.clock.now();
    let asked = Asked::read(fields, Caller::Keyless)?;
    let state = check_event(&door.row, now);
    if as_json {
        state?;
        let answer = json!({
            "status": "not_sent",
            "detail": "Nothing was sent. POST these fields to the same address, or send GET with a key.",
            "method": "POST",
            "url": format!("{}/event/{}/invite", context.config.public_url, door.row.event_id),
            "fields": {
                "email": asked.address.as_ref().map_or("", |address| address.as_str()),
                "name": asked.name,
                "origin": asked.origin.as_str(),
            },
        });
        return respond::json(StatusCode::OK, &answer);
    }
    let status = state.as_ref().map_or_else(Problem::status, |()| StatusCode::OK);
    // An empty address is no mistake of the reader: the box simply waits.
    let problem = match &asked.address {
        Err(problem) if !asked.typed.is_empty() => problem.sentence(door.reader(&asked).words()).to_owned(),
        _ => String::new(),
    };
    pages::invite::page(context, &door.row, &door.settings, &asked, door.reader(&asked), problem, status)
}

#[derive(Serialize)]
struct Acted<'a> {
    status: &'static str,
    email: &'a str,
    uid: &'a str,
}

async fn act_keyed(
    context: &WebContext,
    door: &Door,
    fields: &Fields,
    as_json: bool,
    redirect: StatusCode,
) -> Result<Response, Problem> {
    let asked = Asked::read(fields, Caller::Keyed)?;
    let address = asked.address.clone().map_err(|problem| problem.problem())?;
    let (said, limits) = act(context, door, &asked, &address, Caller::Keyed).await?;
    let mut response = if as_json {
        let acted = Acted { status: v1::word(said), email: address.as_str(), uid: door.row.event_id.as_str() };
        respond::json(StatusCode::OK, &acted)?
    } else {
        respond::redirect(redirect, &next(context, door, &asked, &mask_address(&address)))?
    };
    rate_headers(response.headers_mut(), &limits, Caller::Keyed, context.clock.now());
    Ok(response)
}

async fn act_keyless(
    context: &WebContext,
    door: &Door,
    fields: &Fields,
    headers: &HeaderMap,
    as_json: bool,
) -> Result<Response, Problem> {
    let asked = Asked::read(fields, Caller::Keyless)?;
    check_network(context, headers).await?;
    let address = match &asked.address {
        Ok(address) => address.clone(),
        Err(problem) if as_json => return Err(problem.problem()),
        Err(problem) => {
            let reader = door.reader(&asked);
            let words = problem.sentence(reader.words()).to_owned();
            let status = StatusCode::BAD_REQUEST;
            return pages::invite::page(context, &door.row, &door.settings, &asked, reader, words, status);
        }
    };
    let (_, limits) = act(context, door, &asked, &address, Caller::Keyless).await?;
    let to = mask_address(&address);
    let mut response = if as_json {
        // Nothing in this answer depends on the person.
        let answer = json!({
            "status": "acknowledged",
            "detail": "If this address can be reached and has no invitation yet, one is on its way.",
            "to": to,
            "from": pages::sender(context),
            "uid": door.row.event_id.as_str(),
        });
        respond::json(StatusCode::ACCEPTED, &answer)?
    } else {
        respond::redirect(StatusCode::SEE_OTHER, &next(context, door, &asked, &to))?
    };
    rate_headers(response.headers_mut(), &limits, Caller::Keyless, context.clock.now());
    Ok(response)
}

async fn act(
    context: &WebContext,
    door: &Door,
    asked: &Asked,
    address: &itip::CalAddress,
    caller: Caller,
) -> Result<(Said, Limits), Problem> {
    check_event(&door.row, context.clock.now())?;
    // Asked before anything about the person, so that "full" says nothing about him.
    if caller == Caller::Keyless && are_full(context, std::slice::from_ref(&door.row)).await?.contains(&true) {
        return Err(Problem::EventFull);
    }
    let guest = Enrollment {
        address: address.clone(),
        name: asked.name.clone(),
        origin: asked.origin,
        language: if asked.language.is_empty() { door.language.clone() } else { asked.language.clone() },
    };
    let (said, limits) = invite_people(context, &door.row, &[guest], caller).await?;
    let said = said.first().copied().unwrap_or(Said::Unreachable);
    match said.refusal() {
        Some(problem) => Err(problem),
        None => Ok((said, limits)),
    }
}

/// The allowed landing page, else our own.
fn next(context: &WebContext, door: &Door, asked: &Asked, masked: &str) -> String {
    landing(&asked.landing, &context.config, &door.settings).unwrap_or_else(|| {
        let to: String = form_urlencoded::byte_serialize(masked.as_bytes()).collect();
        let page = door.reader(asked).path(format!("{}/event/{}/sent", context.config.public_url, door.row.event_id));
        let mark = if page.contains('?') { '&' } else { '?' };
        format!("{page}{mark}to={to}")
    })
}

fn refuse(context: &WebContext, reader: Reader, problem: Problem, as_json: bool) -> Result<Response, Problem> {
    if as_json { Err(problem) } else { pages::refusal(context, reader, problem) }
}
