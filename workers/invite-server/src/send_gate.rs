//! The sending rate of the whole account: a shell around `scheduling::send_gate`. Keeps nothing on disk: after an
//! eviction the gate starts cautiously anew and asks SES.

use std::cell::RefCell;

use scheduling::command::CommandError;
use scheduling::ports::Clock;
use scheduling::send_gate;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::bindings::clock::WallClock;
use crate::wire::{self, GateCommand, GateReply};

/// The only gate.
#[durable_object(fetch)]
pub struct SendGate {
    gate: RefCell<send_gate::SendGate>,
}

impl DurableObject for SendGate {
    fn new(_state: State, _env: Env) -> Self {
        Self { gate: RefCell::new(send_gate::SendGate::new(WallClock.now())) }
    }

    async fn fetch(&self, mut req: Request) -> Result<Response> {
        let text = req.text().await?;
        let result = wire::asked(&text).and_then(|command| self.carry_out(&command));
        let answer = wire::answer(result).map_err(|error| error.to_string())?;
        Response::ok(answer)
    }
}

impl SendGate {
    fn carry_out(&self, command: &GateCommand) -> std::result::Result<GateReply, CommandError> {
        let now = WallClock.now();
        let mut gate = self.gate.try_borrow_mut().map_err(|error| CommandError::Failed(error.to_string()))?;
        Ok(match *command {
            GateCommand::Permit { lane, mails } => Some(gate.permit(lane, mails, now)),
            GateCommand::Pace(pace) => {
                gate.pace(pace, now);
                None
            }
        })
    }
}
