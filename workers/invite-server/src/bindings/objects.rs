//! The objects, by name: an event's by its id, an organizer's by his address, one gate for all.

use async_trait::async_trait;
use itip::{CalAddress, EventId};
use scheduling::command::{Command, CommandError, OrganizerCommand, OrganizerReply, Reply};
use scheduling::ports::Objects;
use scheduling::send_gate::{Lane, Pace, Permit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use web::Listen;
use worker::send::SendFuture;
use worker::{Headers, Method, ObjectNamespace, Request, RequestInit, Response};

use super::{calls, within};
use crate::wire::{self, GateCommand, GateReply};

/// The name of the only gate.
const GATE: &str = "gate";

/// Longest wait for an object: one that died with its instance never answers.
const OBJECT_TIMEOUT_MS: u64 = 20_000;

/// Where an organizer's object takes listeners.
pub const LISTEN_PATH: &str = "/live";
/// The field that says from which network a listener comes.
pub const NETWORK_FIELD: &str = "x-network";

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

/// Asks one.
pub async fn ask<C: Serialize, R: DeserializeOwned>(
    namespace: &ObjectNamespace,
    name: &str,
    command: &C,
) -> Result<R, CommandError> {
    calls::count(calls::Binding::Object);
    let question = wire::ask(command)?;
    let answer = SendFuture::new(within(OBJECT_TIMEOUT_MS, post(namespace, name, "/", question)))
        .await
        .ok_or_else(|| CommandError::Failed("no answer in time".to_owned()))?
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    wire::answered(&answer)
}

/// Makes the caller a listener of an organizer's object.
pub async fn listen(organizers: &ObjectNamespace, listen: &Listen) -> worker::Result<Response> {
    let headers = Headers::new();
    headers.set("upgrade", "websocket")?;
    headers.set(NETWORK_FIELD, &listen.network)?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    let request = Request::new_with_init(&format!("https://object{LISTEN_PATH}"), &init)?;
    organizers.get_by_name(listen.organizer.as_str())?.fetch_with_request(request).await
}

/// Posts to an object and returns what it answers.
pub async fn post(namespace: &ObjectNamespace, name: &str, path: &str, body: String) -> worker::Result<String> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    // The host means nothing; a URL needs one.
    let request = Request::new_with_init(&format!("https://object{path}"), &init)?;
    namespace.get_by_name(name)?.fetch_with_request(request).await?.text().await
}
