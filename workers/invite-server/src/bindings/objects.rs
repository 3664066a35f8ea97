//! The objects, by name: an event's by its id, an organizer's by his address, one gate for all.

use async_trait::async_trait;
use itip::{CalAddress, EventId};
use scheduling::command::{Command, CommandError, OrganizerCommand, OrganizerReply, Reply};
use scheduling::ports::Objects;
use scheduling::send_gate::{Lane, Pace, Permit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::send::SendFuture;
use worker::{Method, ObjectNamespace, Request, RequestInit};

use super::within;
use crate::wire::{self, GateCommand, GateReply};

/// The name of the only gate.
const GATE: &str = "gate";

/// Longest wait for an object: one that died with its instance never answers.
const OBJECT_TIMEOUT_MS: u64 = 20_000;

/// The three namespaces.
#[derive(Debug, Clone)]
pub struct Stubs {
    /// `EVENT_OBJECT`.
    pub events: ObjectNamespace,
    /// `ORGANIZER_OBJECT`.
    pub organizers: ObjectNamespace,
    /// `SEND_GATE`.
    pub gates: ObjectNamespace,
}

#[async_trait]
impl Objects for Stubs {
    async fn event(&self, id: &EventId, command: Command) -> Result<Reply, CommandError> {
        ask(&self.events, id.as_str(), &command).await
    }

    async fn organizer(&self, address: &CalAddress, command: OrganizerCommand) -> Result<OrganizerReply, CommandError> {
        ask(&self.organizers, address.as_str(), &command).await
    }

    async fn permit(&self, lane: Lane, mails: u32) -> Result<Permit, CommandError> {
        let reply: GateReply = ask(&self.gates, GATE, &GateCommand::Permit { lane, mails }).await?;
        reply.ok_or_else(|| CommandError::Failed("the gate gave no permit".to_owned()))
    }

    async fn pace(&self, pace: Pace) -> Result<(), CommandError> {
        let _: GateReply = ask(&self.gates, GATE, &GateCommand::Pace(pace)).await?;
        Ok(())
    }
}

async fn ask<C: Serialize, R: DeserializeOwned>(
    namespace: &ObjectNamespace,
    name: &str,
    command: &C,
) -> Result<R, CommandError> {
    let question = wire::ask(command)?;
    let answer = SendFuture::new(within(OBJECT_TIMEOUT_MS, post(namespace, name, "/", question)))
        .await
        .ok_or_else(|| CommandError::Failed("no answer in time".to_owned()))?
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    wire::answered(&answer)
}

/// Posts to an object and returns what it answers.
pub async fn post(namespace: &ObjectNamespace, name: &str, path: &str, body: String) -> worker::Result<String> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    // The host means nothing; a URL needs one.
    let request = Request::new_with_init(&format!("https://object{path}"), &init)?;
    namespace.get_by_name(name)?.fetch_with_request(request).await?.text().await
}
