//! What belongs to one organizer: a shell that opens transactions around `scheduling::organizer_object`.

use std::sync::Arc;

use itip::CalAddress;
use scheduling::command::{CommandError, OrganizerCommand, OrganizerReply};
use scheduling::event_object::ObjectEnv;
use scheduling::organizer_object::{self, editions};
use scheduling::ports::Clock;
use store::StoreError;
use web::Problem;
use web::publish::{self, KeptRows};
use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    durable_object,
};

use crate::alarm::{Alarm, NOTHING_DUE};
use crate::bindings::clock::{WallClock, now_ms};
use crate::bindings::do_sql::{DoSql, in_transaction};
use crate::bindings::objects::{LISTEN_PATH, NETWORK_FIELD};
use crate::bindings::queues;
use crate::env::{ObjectContext, object_context};
use crate::event_object::NotReady;
use crate::{log, wire};

/// Open pages that hear of changes by themselves; the others ask. Telling them all takes a few milliseconds.
const LISTENERS_MAX: usize = 1_000;
/// Open pages of one network that do. Whoever shares his address with more people, as in a stadium, is not shut out:
/// his page asks.
const LISTENERS_OF_NETWORK_MAX: usize = 20;

/// One organizer. Logged by the platform's id, since the name is an address.
#[durable_object]
pub struct OrganizerObject {
    state: State,
    sql: DoSql,
    alarm: Alarm,
    kept: KeptRows,
    /// Why this instance cannot work, if it cannot.
    ready: std::result::Result<(Arc<ObjectContext>, CalAddress), String>,
}

impl DurableObject for OrganizerObject {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        let sql = DoSql::new(&storage);
        let ready = in_transaction(&storage, || organizer_object::migrate(&sql))
            .map_err(|error: StoreError| error.to_string())
            .and_then(|()| object_context(&env))
            .and_then(|context| {
                let address = state.id().name().and_then(|name| CalAddress::parse(&name).ok());
                address.map(|address| (context, address)).ok_or_else(|| "the object's name is no address".to_owned())
            });
        if let Ok(pair) = WebSocketRequestResponsePair::new("ping", "pong") {
            state.set_websocket_auto_response(&pair);
        }
        Self { state, sql, alarm: Alarm::default(), kept: KeptRows::default(), ready }
    }

    async fn fetch(&self, mut req: Request) -> Result<Response> {
        if req.path() == LISTEN_PATH {
            let network = req.headers().get(NETWORK_FIELD)?.unwrap_or_default();
            return self.listen(&network);
        }
        let text = req.text().await?;
        let result = wire::asked(&text).and_then(|command| self.carry_out(command));
        if let Err(CommandError::Failed(reason)) = &result {
            log::failure("organizer", &self.state.id().to_string(), reason);
        }
        let answer = wire::answer(result).map_err(|error| error.to_string())?;
        Response::ok(answer)
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> Result<()> {
        // Listeners have nothing to say.
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> Result<()> {
        Ok(())
    }

    async fn connect(&self, _: worker::Socket) -> Result<()> {
        Err("an object takes no connections".into())
    }

    async fn alarm(&self) -> Result<Response> {
        let started = now_ms();
        self.alarm.came();
        let id = self.state.id().to_string();
        match self.flush().await.and_then(|done| self.arm(done).map(|()| done)) {
            Ok(done) => {
                self.alarm.succeeded();
                log::outcome("organizer alarm", &id, done, started);
            }
            Err(reason) => {
                log::failure("organizer alarm", &id, &reason);
                self.alarm.back_off(&self.state.storage()).map_err(|error| error.to_string())?;
            }
        }
        Response::empty()
    }
}

impl OrganizerObject {
    fn carry_out(&self, command: OrganizerCommand) -> std::result::Result<OrganizerReply, CommandError> {
        let (context, _) = self.ready()?;
        let now = WallClock.now();
        let env = context.object_env();
        let (reply, armed) = in_transaction(&self.state.storage(), || {
            let reply = organizer_object::handle(&self.sql, command, now, &env)?;
            let armed = self.set_next(&env, None)?;
            Ok::<_, CommandError>((reply, armed))
        })?;
        self.alarm.committed(armed);
        Ok(reply)
    }

    async fn flush(&self) -> std::result::Result<&'static str, String> {
        let (context, address) = self.ready()?;
        let jobs = in_transaction(&self.state.storage(), || {
            organizer_object::alarm(&self.sql, address, WallClock.now(), &context.object_env())
        })
        .map_err(|error| error.to_string())?;
        let hinted = !jobs.is_empty();
        queues::enqueue(&context.queue, jobs).await.map_err(|error| error.to_string())?;
        let rebuilt = self.rebuild(context, address).await?;
        Ok(match (hinted, rebuilt) {
            (false, false) => NOTHING_DUE,
            (true, false) => "hinted",
            (false, true) => "rebuilt",
            (true, true) => "hinted, rebuilt",
        })
    }

    /// Makes what is published anew, if that is due, and tells those who have it open.
    async fn rebuild(&self, context: &ObjectContext, address: &CalAddress) -> std::result::Result<bool, String> {
        let storage = self.state.storage();
        let due = in_transaction(&storage, || editions::take(&self.sql, WallClock.now()));
        let Some(due) = due.map_err(|error| error.to_string())? else {
            return Ok(false);
        };
        let rebuilt = publish::rebuild(context.publishing(&self.kept), &context.pages, address, &due).await;
        let reason = |problem: Problem| match problem {
            Problem::Internal { cause } => cause,
            other => other.to_string(),
        };
        let rebuilt = rebuilt.map_err(reason)?;
        for problem in rebuilt.failures {
            log::failure("snapshot", &self.state.id().to_string(), &reason(problem));
        }
        in_transaction(&storage, || editions::done(&self.sql, &due, &rebuilt.kept, WallClock.now()))
            .map_err(|error: StoreError| error.to_string())?;
        if let Some(news) = publish::news(&due, &rebuilt.kept) {
            for listener in self.state.get_websockets() {
                // Whoever does not listen any more has missed nothing.
                drop(listener.send_with_str(&news));
            }
        }
        Ok(true)
    }

    /// Takes a listener. He sleeps with the object; a ping is answered without waking either.
    fn listen(&self, network: &str) -> Result<Response> {
        if self.state.get_websockets().len() >= LISTENERS_MAX {
            return Response::error("too many listeners", 503);
        }
        if self.state.get_websockets_with_tag(network).len() >= LISTENERS_OF_NETWORK_MAX {
            return Response::error("too many listeners from this address", 429);
        }
        let pair = WebSocketPair::new()?;
        self.state.accept_websocket_with_tags(&pair.server, &[network]);
        Response::from_websocket(pair.client)
    }

    fn arm(&self, done: &str) -> std::result::Result<(), String> {
        let (context, _) = self.ready()?;
        let env = context.object_env();
        let armed = in_transaction(&self.state.storage(), || self.set_next(&env, Some(done)))
            .map_err(|error| error.to_string())?;
        self.alarm.committed(armed);
        Ok(())
    }

    fn set_next(&self, env: &ObjectEnv, done: Option<&str>) -> std::result::Result<Option<i64>, StoreError> {
        let next = organizer_object::next_alarm(&self.sql, WallClock.now(), env)?;
        self.alarm.arm(&self.state.storage(), next, done)
    }

    fn ready(&self) -> std::result::Result<&(Arc<ObjectContext>, CalAddress), NotReady> {
        self.ready.as_ref().map_err(|reason| NotReady(reason.clone()))
    }
}
