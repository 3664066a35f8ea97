//! `/v1/organizers/{email}/imports`: calendar files of any length.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::future::join;
use http::{HeaderValue, StatusCode, header};
use itip::CalAddress;
use scheduling::command::{CommandError, Job, OrganizerCommand, OrganizerReply};
use scheduling::import::{ImportCommand, ImportOrder, ImportProgress, ImportReply, ImportSource, Vanished};
use scheduling::keys::sha256_hex;
use serde_json::{Value, json};
use store::accounts;

use crate::WebContext;
use crate::auth::Access;
use crate::error::{Problem, wrong_reply};
use crate::extract::{Fields, OrganizerPath, has_type};
use crate::respond;

/// Longest file. 20,000 events, the most of one calendar, have 12 MB; two copies of it fit a Worker's 128 MB.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest name of a calendar.
const CALENDAR_CHARS_MAX: usize = 100;

fn document(progress: &ImportProgress) -> Value {
    let ImportProgress { counts, .. } = progress;
    let problem = |problem: &str| match problem {
        "" => Value::from("It could not be stored for a reason of ours. Please send it again."),
        problem => problem.into(),
    };
    let problems: Vec<Value> =
        progress.problems.iter().map(|line| json!({ "name": line.name, "problem": problem(&line.problem) })).collect();
    json!({
        "id": progress.id,
        "source": progress.source.as_str(),
        "name": progress.name,
        "vanished": progress.vanished.as_str(),
        "state": progress.state.as_str(),
        "created_at": progress.began.0,
        "finished_at": progress.ended.map(|ended| ended.0),
        "total": counts.total,
        "done": counts.done,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "cancelled": counts.cancelled,
        "missing": counts.missing,
        "not_cancelled": counts.not_cancelled,
        "held": counts.held,
        "refused": counts.refused,
        "problems": problems,
    })
}

async fn ask(context: &WebContext, organizer: &CalAddress, command: ImportCommand) -> Result<ImportReply, Problem> {
    match context.objects.organizer(organizer, OrganizerCommand::Import(Box::new(command))).await {
        Ok(OrganizerReply::Import(reply)) => Ok(*reply),
        Ok(_) => Err(wrong_reply("import")),
        Err(CommandError::NotFound) => Err(Problem::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// Takes a file and answers before it is read; the same file again is the same import.
pub async fn create(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    OrganizerPath(organizer): OrganizerPath,
    fields: Fields,
    request: Request,
) -> Result<Response, Problem> {
    access.organizer(&organizer)?;
    if !has_type(request.headers(), "text/calendar") {
        return Err(Problem::Body("Send text/calendar: a file as calendars export it.".into()));
    }
    let vanished = match fields.get("vanished") {
        None => Vanished::default(),
        Some(word) => {
            Vanished::parse(word).ok_or_else(|| Problem::invalid("vanished", "vanished is keep or cancel"))?
        }
    };
    let calendar = fields.get("calendar").unwrap_or_default();
    if calendar.chars().count() > CALENDAR_CHARS_MAX {
        return Err(Problem::invalid("calendar", format!("calendar has at most {CALENDAR_CHARS_MAX} characters")));
    }
    let blobs = context.blobs.as_ref().ok_or_else(|| Problem::Internal { cause: "no place for files".into() })?;
    let bytes = read_file(request).await?;
    let raw = sha256_hex(&bytes);
    let (account, stored) = join(accounts::organizer(context.db.as_ref(), &organizer), blobs.put(&raw, bytes)).await;
    if account?.is_some_and(|row| row.suspended) {
        return Err(Problem::OrganizerSuspended);
    }
    stored?;
    let mut id = sha256_hex(format!("{calendar}\n{raw}\n{}", vanished.as_str()).as_bytes());
    id.truncate(32);
    let order = ImportOrder {
        id,
        raw,
        calendar: format!("file {calendar}"),
        source: ImportSource::Upload,
        name: calendar.to_owned(),
        method: None,
        vanished,
    };
    let ImportReply::Progress(progress) = ask(&context, &organizer, ImportCommand::Begin(order)).await? else {
        return Err(wrong_reply("import"));
    };
    if !progress.state.is_over() {
        let job = Job::Import { organizer: organizer.clone(), import: progress.id.clone(), chunk: None };
        context.jobs.start(job);
    }
    let mut response = respond::json(StatusCode::ACCEPTED, &document(&progress))?;
    let location = format!("/v1/organizers/{organizer}/imports/{}", progress.id);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Reads as much as is taken, piece by piece. The key in R2 is a digest of the whole, so it is kept until its end.
///
/// It has its size from the start, if that is told: one that grows is copied again and again, and the memory of a wasm
/// instance never shrinks.
async fn read_file(request: Request) -> Result<Vec<u8>, Problem> {
    let told = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let size: usize = told.unwrap_or_default();
    if size > FILE_BYTES_MAX {
        return Err(Problem::TooLarge);
    }
    let mut bytes = Vec::with_capacity(size);
    let mut pieces = request.into_body().into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| Problem::Body(format!("The file did not arrive as a whole: {error}")))?;
        if bytes.len() + piece.len() > FILE_BYTES_MAX {
            return Err(Problem::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    if bytes.is_empty() { Err(Problem::Body("The file is empty.".into())) } else { Ok(bytes) }
}

/// How one stands.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    Path((email, import)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let organizer = CalAddress::parse(&email).map_err(|_| Problem::OrganizerNotFound)?;
    access.organizer(&organizer)?;
    match ask(&context, &organizer, ImportCommand::Show { import }).await? {
        ImportReply::Progress(progress) => respond::json(StatusCode::OK, &document(&progress)),
        _ => Err(wrong_reply("import")),
    }
}

/// The newest, without their problems.
pub async fn list(
    Extension(context): Extension<Arc<WebContext>>,
    access: Access,
    OrganizerPath(organizer): OrganizerPath,
) -> Result<Response, Problem> {
    access.organizer(&organizer)?;
    match ask(&context, &organizer, ImportCommand::List).await? {
        ImportReply::List(imports) => {
            let imports: Vec<Value> = imports.iter().map(document).collect();
            respond::json(StatusCode::OK, &json!({ "imports": imports }))
        }
        _ => Err(wrong_reply("import")),
    }
}
