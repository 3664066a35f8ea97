//! `/c/{token}`: the sender of a held mail says that it is his.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use itip::CalAddress;
use scheduling::command::{Job, OrganizerCommand, OrganizerReply};
use scheduling::keys::Link;
use views::pages::ClaimPage;

use crate::WebContext;
use crate::error::{Problem, wrong_reply};
use crate::pages::{Reader, link, or_refusal, shell};
use crate::respond;

fn open(context: &WebContext, token: &str) -> Result<CalAddress, Problem> {
    match link(context, token)? {
        Link::Claim { organizer } => Ok(organizer),
        _ => Err(Problem::NotFound),
    }
}

/// What is held.
pub async fn get(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    let answer = async {
        let organizer = open(&context, &token)?;
        let held = ask(&context, &organizer, OrganizerCommand::Held).await?;
        let subjects = held.into_iter().map(|(_, subject)| subject).collect();
        page(&context, reader, &token, &organizer, subjects, false)
    };
    or_refusal(&context, reader, answer.await)
}

/// Claims it.
pub async fn post(
    Extension(context): Extension<Arc<WebContext>>,
    Path(token): Path<String>,
    reader: Reader,
) -> Response {
    let answer = async {
        let organizer = open(&context, &token)?;
        let claimed = ask(&context, &organizer, OrganizerCommand::Claim).await?;
        let any = !claimed.is_empty();
        let jobs = claimed.into_iter().map(|(raw, _)| Job::Reread { raw, sender: organizer.clone() }).collect();
        if any {
            context.jobs.enqueue(jobs).await?;
        }
        page(&context, reader, &token, &organizer, Vec::new(), any)
    };
    or_refusal(&context, reader, answer.await)
}

async fn ask(
    context: &WebContext,
    organizer: &CalAddress,
    command: OrganizerCommand,
) -> Result<Vec<(String, String)>, Problem> {
    match context.objects.organizer(organizer, command).await? {
        OrganizerReply::Held(held) => Ok(held),
        _ => Err(wrong_reply("held")),
    }
}

fn page(
    context: &WebContext,
    reader: Reader,
    token: &str,
    organizer: &CalAddress,
    subjects: Vec<String>,
    done: bool,
) -> Result<Response, Problem> {
    let page = ClaimPage {
        shell: shell(context, reader.words().claim, reader, &[]),
        address: organizer.to_string(),
        subjects,
        action: reader.path(format!("/c/{token}")),
        done,
    };
    respond::page(StatusCode::OK, &page, "")
}
