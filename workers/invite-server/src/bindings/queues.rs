//! Work for later: the queue, and what goes on right after an answer.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use scheduling::command::Job;
use scheduling::ports::{Jobs, PortError};
use wasm_bindgen::JsValue;
use worker::js_sys::JSON;
use worker::send::SendFuture;
use worker::{BatchMessageBuilder, Context, Queue, QueueContentType, RawMessageBuilder};

use super::clock::now_ms;
use super::words;
use crate::env::Contexts;
use crate::jobs;
use crate::wire;

/// Most messages of one `sendBatch`; a job is some hundred bytes, far below the 256 kB of a batch.
const BATCH_MESSAGES_MAX: usize = 100;

/// Puts jobs into the queue.
pub async fn enqueue(queue: &Queue, jobs: Vec<Job>) -> Result<(), PortError> {
    let mut messages = Vec::with_capacity(jobs.len());
    for job in jobs {
        let text = wire::queue(&job).map_err(|error| failed(error.to_string()))?;
        let body = JSON::parse(&text).map_err(|error| failed(words(&error)))?;
        messages.push(RawMessageBuilder::new(body).build_with_content_type(QueueContentType::Json));
    }
    while !messages.is_empty() {
        let rest = messages.split_off(messages.len().min(BATCH_MESSAGES_MAX));
        let batch = BatchMessageBuilder::new().messages(std::mem::replace(&mut messages, rest));
        SendFuture::new(queue.send_raw_batch(batch.build())).await.map_err(|error| failed(error.to_string()))?;
    }
    Ok(())
}

/// Reads a message's body.
pub fn job(body: &JsValue) -> Result<Job, String> {
    let text = JSON::stringify(body).map_err(|error| words(&error))?;
    wire::queued(&String::from(text)).map_err(|error| error.to_string())
}

fn failed(reason: String) -> PortError {
    PortError { binding: "OUTBOX", reason }
}

/// The queue, and the rest of the current invocation.
pub struct WorkerJobs {
    /// `OUTBOX`.
    pub queue: Queue,
    /// The invocation.
    pub invocation: Arc<Context>,
    /// What a job needs that starts right away.
    pub contexts: Contexts,
}

/// How long one wish for a snapshot stands for all that follow it here.
const SNAPSHOT_WISH_MS: i64 = 2_000;

/// While a page that many read has no snapshot, one of them asks for it.
fn is_repeated(job: &Job) -> bool {
    static LAST: Mutex<(String, i64)> = Mutex::new((String::new(), 0));
    let Job::Snapshot { edition, .. } = job else {
        return false;
    };
    let now = now_ms();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let repeated = last.0 == *edition && now < last.1.saturating_add(SNAPSHOT_WISH_MS);
    if !repeated {
        *last = (edition.clone(), now);
    }
    repeated
}

#[async_trait]
impl Jobs for WorkerJobs {
    fn start(&self, job: Job) {
        if is_repeated(&job) {
            return;
        }
        let contexts = self.contexts.clone();
        self.invocation.wait_until(async move {
            // Whatever comes of it is in the log; the object's alarm repeats what was not settled.
            let _ = jobs::carry_out(&job, &contexts).await;
        });
    }

    async fn enqueue(&self, jobs: Vec<Job>) -> Result<(), PortError> {
        enqueue(&self.queue, jobs).await
    }
}
