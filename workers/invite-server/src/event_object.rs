//! The record of one event: a shell that opens transactions around `scheduling::event_object`.
//!
//! Reading and deciding happen in one synchronous transaction, without an await; only an object without a record asks D1
//! before whether an import has left it one. What the alarm does outside is safe
//! to repeat: D1 takes a version only once, and the queue gets hints.

use std::sync::Arc;

use itip::{CalAddress, EventId};
use scheduling::command::{Command, CommandError, OrganizerCommand, OrganizerReply, Reply};
use scheduling::event_object::{self, ObjectEnv};
use scheduling::ports::Clock;
use store::{Database, StoreError, seeds};
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::alarm::{Alarm, NOTHING_DUE};
use crate::bindings::clock::{WallClock, now_ms};
use crate::bindings::do_sql::{DoSql, in_transaction};
use crate::bindings::{objects, queues};
use crate::env::{ObjectContext, object_context};
use crate::{log, wire};

/// One event.
#[durable_object(alarm)]
pub struct EventObject {
    state: State,
    sql: DoSql,
    alarm: Alarm,
    /// Why this instance cannot work, if it cannot.
    ready: std::result::Result<(Arc<ObjectContext>, EventId), String>,
}

impl DurableObject for EventObject {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        let sql = DoSql::new(&storage);
        let ready = in_transaction(&storage, || event_object::migrate(&sql))
            .map_err(|error: StoreError| error.to_string())
            .and_then(|()| object_context(&env))
            .and_then(|context| {
                let id = state.id().name().as_deref().and_then(EventId::parse);
                id.map(|id| (context, id)).ok_or_else(|| "the object's name is no event id".to_owned())
            });
        Self { state, sql, alarm: Alarm::default(), ready }
    }

    async fn fetch(&self, mut req: Request) -> Result<Response> {
        let text = req.text().await?;
        #[cfg(feature = "local")]
        if req.path() == crate::store_suite::PATH {
            return Response::ok(crate::store_suite::in_object(&self.state.storage(), &self.sql, &text));
        }
        let result = match wire::asked(&text) {
            Ok(command) => self.carry_out(command).await,
            Err(error) => Err(error),
        };
        if let Err(CommandError::Failed(reason)) = &result {
            log::failure("event", &self.id(), reason);
        }
        let answer = wire::answer(result).map_err(|error| error.to_string())?;
        Response::ok(answer)
    }

    async fn alarm(&self) -> Result<Response> {
        let started = now_ms();
        self.alarm.came();
        match self.flush().await.and_then(|done| self.arm(done).map(|()| done)) {
            Ok(done) => {
                self.alarm.succeeded();
                log::outcome("event alarm", &self.id(), done, started);
            }
            Err(reason) => {
                log::failure("event alarm", &self.id(), &reason);
                self.alarm.back_off(&self.state.storage()).map_err(|error| error.to_string())?;
            }
        }
        Response::empty()
    }
}

impl EventObject {
    async fn carry_out(&self, command: Command) -> std::result::Result<Reply, CommandError> {
        let (context, id) = self.ready()?;
        // Other commands may come in while D1 answers: whether there is a record is asked again in the transaction.
        let seed = if event_object::is_known(&self.sql)? {
            None
        } else {
            seeds::read_seed(&context.db.run(seeds::seed(id)).await?)?
        };
        let now = WallClock.now();
        let env = context.object_env();
        let storage = self.state.storage();
        let (reply, armed) = in_transaction(&storage, || {
            seed.iter().try_for_each(|seed| event_object::sow(&self.sql, seed))?;
            let reply = event_object::handle(&self.sql, id, command, now, &env)?;
            let armed = self.set_next(&env, None)?;
            Ok::<_, CommandError>((reply, armed))
        })?;
        self.alarm.committed(armed);
        Ok(reply)
    }

    /// Does what is due outside of the object. Hints go out even if D1 is away.
    async fn flush(&self) -> std::result::Result<&'static str, String> {
        let (context, id) = self.ready()?;
        let storage = self.state.storage();
        let work =
            in_transaction(&storage, || event_object::alarm(&self.sql, id, WallClock.now(), &context.object_env()))
                .map_err(|error| error.to_string())?;
        let done = match (work.statements.is_empty(), work.jobs.is_empty()) {
            (true, true) => NOTHING_DUE,
            (false, true) => "projected",
            (true, false) => "hinted",
            (false, false) => "projected, hinted",
        };
        let projected = if work.statements.is_empty() {
            Ok(())
        } else {
            match context.db.batch(work.statements).await {
                Ok(_) => self.tell(&work.tell, id).await.and_then(|()| {
                    in_transaction(&storage, || event_object::projected(&self.sql, &work.projection))
                        .map_err(|error: StoreError| error.to_string())
                }),
                Err(error) => Err(format!("D1: {error}")),
            }
        };
        let hinted = queues::enqueue(&context.queue, work.jobs).await;
        projected?;
        hinted.map_err(|error| error.to_string())?;
        Ok(done)
    }

    /// Tells organizers' objects that their pages are no longer what they were.
    async fn tell(&self, organizers: &[CalAddress], id: &EventId) -> std::result::Result<(), String> {
        let (context, _) = self.ready()?;
        for organizer in organizers {
            let changed = OrganizerCommand::Changed { events: vec![id.clone()] };
            let told: std::result::Result<OrganizerReply, CommandError> =
                objects::ask(&context.organizers, organizer.as_str(), &changed).await;
            told.map_err(|error| format!("organizer: {error}"))?;
        }
        Ok(())
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
        let next = event_object::next_alarm(&self.sql, WallClock.now(), env)?;
        self.alarm.arm(&self.state.storage(), next, done)
    }

    fn ready(&self) -> std::result::Result<&(Arc<ObjectContext>, EventId), NotReady> {
        self.ready.as_ref().map_err(|reason| NotReady(reason.clone()))
    }

    fn id(&self) -> String {
        self.ready.as_ref().map_or_else(|_| self.state.id().to_string(), |(_, id)| id.to_string())
    }
}

/// Why an instance cannot work.
pub struct NotReady(pub String);

impl From<NotReady> for CommandError {
    fn from(reason: NotReady) -> Self {
        Self::Failed(reason.0)
    }
}

impl From<NotReady> for String {
    fn from(reason: NotReady) -> Self {
        reason.0
    }
}
