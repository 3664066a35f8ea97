//! What travels between isolates: an object's question and answer, and a queued job. A version stands in front,
//! because all three outlive deploys.

use scheduling::command::{CommandError, Job};
use scheduling::send_gate::{Lane, Pace, Permit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version that is written; others are refused.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Question<C> {
    v: u32,
    command: C,
}

#[derive(Serialize, Deserialize)]
struct Answer<R> {
    v: u32,
    result: Result<R, CommandError>,
}

#[derive(Serialize, Deserialize)]
struct Queued<J> {
    v: u32,
    job: J,
}

/// What may be asked of the send gate.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateCommand {
    /// May mails leave now?
    Permit {
        /// Which lane.
        lane: Lane,
        /// How many.
        mails: u32,
    },
    /// SES told something about the rate.
    Pace(Pace),
}

/// The gate's answer; a [`GateCommand::Pace`] gets none.
pub type GateReply = Option<Permit>;

/// Writes a question.
pub fn ask<C: Serialize>(command: &C) -> Result<String, CommandError> {
    write(&Question { v: VERSION, command })
}

/// Reads a question.
pub fn asked<C: DeserializeOwned>(text: &str) -> Result<C, CommandError> {
    let question: Question<C> = read(text)?;
    known(question.v, question.command)
}

/// Writes an answer.
pub fn answer<R: Serialize>(result: Result<R, CommandError>) -> Result<String, CommandError> {
    write(&Answer { v: VERSION, result })
}

/// Reads an answer.
pub fn answered<R: DeserializeOwned>(text: &str) -> Result<R, CommandError> {
    let answer: Answer<R> = read(text)?;
    known(answer.v, answer.result)?
}

/// Writes a job.
pub fn queue(job: &Job) -> Result<String, CommandError> {
    write(&Queued { v: VERSION, job })
}

/// Reads a job.
pub fn queued(text: &str) -> Result<Job, CommandError> {
    let queued: Queued<Job> = read(text)?;
    known(queued.v, queued.job)
}

fn known<T>(version: u32, body: T) -> Result<T, CommandError> {
    if version == VERSION {
        Ok(body)
    } else {
        Err(CommandError::Failed(format!("version {version} is not known here")))
    }
}

fn write<T: Serialize>(body: &T) -> Result<String, CommandError> {
    serde_json::to_string(body).map_err(failed)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, CommandError> {
    serde_json::from_str(text).map_err(failed)
}

/// Only where the text ceases to fit: serde's words may quote the text itself.
#[allow(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
fn failed(error: serde_json::Error) -> CommandError {
    CommandError::Failed(format!("{:?} error at column {}", error.classify(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scheduling::command::{Command, OrganizerReply};

    #[test]
    fn the_written_forms_stay_as_they_are() {
        assert_eq!(ask(&Command::Show).unwrap(), r#"{"v":1,"command":"show"}"#);
        assert_eq!(answer(Ok(OrganizerReply::Done)).unwrap(), r#"{"v":1,"result":{"Ok":"done"}}"#);
        let job = Job::Batch { event: itip::EventId::from_bytes([7; 20]), batch: 3 };
        let text = queue(&job).unwrap();
        assert_eq!(text, r#"{"v":1,"job":{"batch":{"event":"0707070707070707070707070707070707070707","batch":3}}}"#);
        assert_eq!(queued(&text).unwrap(), job);
    }

    #[test]
    fn another_version_is_refused_and_nothing_of_it_is_quoted() {
        assert!(asked::<Command>(r#"{"v":2,"command":"show"}"#).is_err());
        let error = asked::<Command>(r#"{"v":1,"command":"a@example.com"}"#).unwrap_err();
        assert!(!error.to_string().contains('@'));
    }
}
