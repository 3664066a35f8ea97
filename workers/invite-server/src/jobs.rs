//! Carrying out one job, whether it comes from the queue or starts right after an answer.

use itip::CalAddress;
use scheduling::command::{Job, OrganizerCommand};
use scheduling::ports::Objects;

use crate::bindings::clock::now_ms;
use crate::bindings::feed_http::FeedHttp;
use crate::env::Contexts;
use crate::log;

/// Carries a job out and logs what came of it. The error asks for another try.
pub async fn carry_out(job: &Job, contexts: &Contexts) -> Result<(), String> {
    let started = now_ms();
    let (kind, id) = name(job);
    match work(job, contexts).await {
        Ok(done) => {
            log::outcome(kind, &id, &done, started);
            Ok(())
        }
        Err(reason) => {
            log::failure(kind, &id, &reason);
            Err(reason)
        }
    }
}

async fn work(job: &Job, contexts: &Contexts) -> Result<String, String> {
    if let Job::Reread { raw, sender } = job {
        return reread(raw, sender, contexts).await;
    }
    if let Job::Snapshot { organizer, edition } = job {
        let stubs = contexts.stubs().map_err(|error| error.to_string())?;
        let read = OrganizerCommand::Read { edition: edition.clone() };
        return stubs.organizer(organizer, read).await.map(|_| "told".to_owned()).map_err(|error| error.to_string());
    }
    if let Job::Poll { organizer, feed } = job {
        let context = contexts.mail().map_err(|error| error.to_string())?;
        let done = ingest::feed::poll(organizer, feed, &FeedHttp, &context).await;
        return done.map(str::to_owned).map_err(|error| error.to_string());
    }
    if let Job::Import { organizer, import, chunk } = job {
        let context = contexts.mail().map_err(|error| error.to_string())?;
        let done = ingest::import::carry_out(organizer, import, *chunk, &context).await;
        return done.map(str::to_owned).map_err(|error| error.to_string());
    }
    let context = contexts.courier().map_err(|error| error.to_string())?;
    courier::deliver(job, &context)
        .await
        .map(|verdict| match verdict {
            courier::DeliveryVerdict::Done { accepted, other } => {
                format!("{accepted} accepted, {other} other")
            }
            courier::DeliveryVerdict::NotMail => "no mail".to_owned(),
        })
        .map_err(|error| error.to_string())
}

async fn reread(raw: &str, sender: &CalAddress, contexts: &Contexts) -> Result<String, String> {
    let context = contexts.mail().map_err(|error| error.to_string())?;
    let Some(mail) = context.blobs.get(raw).await.map_err(|error| error.to_string())? else {
        return Ok("gone".to_owned());
    };
    ingest::reread(&mail, sender, &context)
        .await
        .map(|verdict| match verdict {
            ingest::MailVerdict::Accept(word) => word.to_owned(),
            ingest::MailVerdict::Reject(_) => "rejected".to_owned(),
        })
        .map_err(|error| error.to_string())
}

/// A job's kind and its id in the log; an organizer's address stays out of it.
pub fn name(job: &Job) -> (&'static str, String) {
    match job {
        Job::Batch { event, batch } => ("batch", format!("{event}/{batch}")),
        Job::Notices { .. } => ("notices", String::new()),
        Job::Reread { raw, .. } => ("reread", raw.clone()),
        Job::Snapshot { .. } => ("snapshot", String::new()),
        Job::Import { import, chunk: None, .. } => ("import plan", import.clone()),
        Job::Import { import, chunk: Some(chunk), .. } => ("import", format!("{import}/{chunk}")),
        Job::Poll { feed, .. } => ("poll", feed.clone()),
    }
}
