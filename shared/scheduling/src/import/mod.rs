//! Imports: a calendar of thousands of events, taken in parts.
//!
//! The organizer's object holds the plan: where the events of a text in R2 stand, which parts of it are done, and what
//! every event of a calendar said last. Parts are read and applied outside, by queued jobs, side by side and in any
//! order; a hint may be lost and a worker may die, then the alarm gives the part out again. A part that fails
//! [`ATTEMPTS_MAX`] times is named in the summary, and the import goes on.
//!
//! Three passes: *reading* the parts; *matching* the events whose UID is new with those that seem to be gone, which
//! can be told only when everything was read; *cancelling* what has vanished, if the organizer wants that.

mod churn;
mod passes;
mod rows;

use itip::{CalAddress, EventId, Method, Timestamp};
use serde::{Deserialize, Serialize};
use store::{SqlConn, StoreError};

use crate::command::{CommandError, Job};
use crate::event_object::ObjectEnv;

pub(crate) use rows::STEP;

/// Events of one part. Free Workers may make 1,000 calls to Cloudflare's own services in an invocation, and the queue
/// hands 10 parts to one: each asks at most 80 objects, and about 12 times this object, R2 and D1, which makes 920. 80
/// events of 1 kB are read in 4 ms; the new ones are one batch of 4 statements for D1, of some 0.3 MB.
pub const CHUNK_EVENTS_MAX: usize = 80;
/// How often a part is tried.
const ATTEMPTS_MAX: u32 = 5;
/// Imports that are remembered for each organizer.
const REMEMBERED_MAX: i64 = 100;
/// Problems that are kept by name; the rest are counted.
const PROBLEMS_MAX: i64 = 100;
/// Of so many events to come it is doubtful that most are called off at once.
const DOUBT_EVENTS_MIN: u32 = 10;
/// Problems named in a mail.
const PROBLEMS_MAILED_MAX: usize = 30;

/// What becomes of future events that an earlier edition of a calendar had and the newest one lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vanished {
    /// They stay.
    #[default]
    Keep,
    /// They are called off, and their guests are told.
    Cancel,
}

impl Vanished {
    /// The word in addresses and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Cancel => "cancel",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Keep, Self::Cancel].into_iter().find(|known| known.as_str() == word)
    }
}

/// Where a calendar came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportSource {
    /// A file.
    Upload,
    /// A mail.
    Mail,
    /// A subscribed feed.
    Feed,
}

impl ImportSource {
    /// The word in documents and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Mail => "mail",
            Self::Feed => "feed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Upload, Self::Mail, Self::Feed].into_iter().find(|known| known.as_str() == word)
    }
}

/// A text to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOrder {
    /// The same for the same content from the same source: hexadecimal digits.
    pub id: String,
    /// The text's key in R2.
    pub raw: String,
    /// Which calendar it is an edition of: what an earlier edition had and this one lacks has vanished.
    pub calendar: String,
    /// Where it came from.
    pub source: ImportSource,
    /// What the organizer knows it by: a subject, an address; may be empty.
    pub name: String,
    /// METHOD where the text names none.
    pub method: Option<Method>,
    /// What becomes of events that vanished.
    pub vanished: Vanished,
}

/// Where an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// An earlier edition of the same calendar comes first.
    Waiting,
    /// Its events are being found.
    Planning,
    /// Its parts are being read.
    Reading,
    /// Events with new UIDs are compared with those that are gone.
    Matching,
    /// What has vanished is called off.
    Cancelling,
    /// Over.
    Done,
    /// Nothing of it could be used.
    Failed,
}

impl ImportState {
    const ALL: [Self; 7] =
        [Self::Waiting, Self::Planning, Self::Reading, Self::Matching, Self::Cancelling, Self::Done, Self::Failed];

    /// The word in documents and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Planning => "planning",
            Self::Reading => "reading",
            Self::Matching => "matching",
            Self::Cancelling => "cancelling",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// Counts of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCounts {
    /// In the text.
    pub total: u32,
    /// Dealt with so far.
    pub done: u32,
    /// New.
    pub created: u32,
    /// Changed.
    pub updated: u32,
    /// As they were.
    pub unchanged: u32,
    /// Off: by the text, or because they vanished.
    pub cancelled: u32,
    /// To come, no longer in the text, and left as they are.
    pub missing: u32,
    /// Those of them that were to be called off, had it not been doubtful whether they are gone.
    pub not_cancelled: u32,
    /// Changed, and waiting for the organizer's release.
    pub held: u32,
    /// Not taken.
    pub refused: u32,
}

/// An event that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Its title or UID; empty if it concerns the whole.
    pub name: String,
    /// What is wrong, in a sentence; empty where it is ours: it failed each time.
    pub problem: String,
}

/// How an import stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProgress {
    /// Its id.
    pub id: String,
    /// Where it came from.
    pub source: ImportSource,
    /// What the organizer knows it by.
    pub name: String,
    /// Which calendar it is an edition of.
    pub calendar: String,
    /// What becomes of events that vanished.
    pub vanished: Vanished,
    /// Where it is.
    pub state: ImportState,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Its figures.
    pub counts: ImportCounts,
    /// The first problems; none in a list.
    pub problems: Vec<ImportProblem>,
}

/// The one mail about an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportSummary {
    /// What the organizer knows it by.
    pub name: String,
    /// Nothing of it could be used.
    pub failed: bool,
    /// Its figures.
    pub counts: ImportCounts,
    /// The first problems.
    pub problems: Vec<ImportProblem>,
}

/// A part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChunk {
    /// Where its events stand, in the words of whoever reads them.
    pub spec: String,
    /// Their titles, for the case that it cannot be read.
    pub titles: Vec<String>,
}

/// An event of a part, before it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadEvent {
    /// Its UID.
    pub uid: String,
    /// A digest of all that it says, but for when that was written.
    pub fingerprint: String,
    /// What it is, whatever its UID: equal for the same title, or the same teams.
    pub what: String,
}

/// What an import has to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// This calendar never had it.
    New,
    /// It says what it said before.
    Same,
    /// This calendar says something else of it than before.
    Changed,
    /// It had vanished, and is back.
    Returned,
    /// Its UID is new, but something like it seems to be gone: it waits until everything was read.
    Later,
}

/// What was done with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportFate {
    /// New.
    Created,
    /// Changed.
    Updated,
    /// As it was.
    Unchanged,
    /// The text says that it is off.
    Cancelled,
    /// It vanished, and was called off.
    Vanished,
    /// [`Standing::Later`].
    Later,
    /// Not taken.
    Refused,
}

/// An event of a part, after it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedEvent {
    /// What it says.
    pub read: ReadEvent,
    /// Ours, unless it was refused or waits.
    pub event: Option<EventId>,
    /// Its start.
    pub start: Timestamp,
    /// Its last start: as long as it is ahead, the event can vanish.
    pub until: Timestamp,
    /// What was done.
    pub fate: ImportFate,
    /// Its guests are told when the organizer releases it.
    pub held: bool,
}

/// An event that waited until everything was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateEvent {
    /// Its UID.
    pub uid: String,
    /// The UID that it had before; absent: it is new.
    pub was: Option<String>,
}

/// What to do with a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportTask {
    /// Read it and apply its events.
    Read,
    /// Apply those of its events that waited.
    Late(Vec<LateEvent>),
    /// Call these events off: UID and id.
    Cancel(Vec<(String, EventId)>),
}

/// A part that was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportWork {
    /// The text's key in R2.
    pub raw: String,
    /// METHOD where the text names none.
    pub method: Option<Method>,
    /// When the import began: what an event's object did since then was done by it.
    pub began: Timestamp,
    /// Where the events stand.
    pub spec: String,
    /// Their titles.
    pub titles: Vec<String>,
    /// What to do.
    pub task: ImportTask,
}

/// What may be asked of an organizer's object about imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportCommand {
    /// Import a text; the same one again is the same import.
    Begin(ImportOrder),
    /// How an import stands.
    Show {
        /// Which.
        import: String,
    },
    /// The newest imports.
    List,
    /// Where the text is, while its events have not been found.
    Open {
        /// Which.
        import: String,
    },
    /// Its events were found.
    Plan {
        /// Which.
        import: String,
        /// What the calendar calls itself.
        name: String,
        /// Its parts.
        chunks: Vec<PlannedChunk>,
        /// The text is whole: what it lacks has vanished.
        complete: bool,
        /// Where the text is now.
        raw: String,
    },
    /// Nothing of it can be used.
    GiveUp {
        /// Which.
        import: String,
        /// Why, in a sentence.
        problem: String,
    },
    /// Take a part.
    Lease {
        /// Which import.
        import: String,
        /// Which part.
        chunk: u32,
    },
    /// What is known of the events of a part.
    Compare {
        /// Which import.
        import: String,
        /// What was read.
        events: Vec<ReadEvent>,
    },
    /// A part is done.
    Settle {
        /// Which import.
        import: String,
        /// Which part.
        chunk: u32,
        /// Its events.
        events: Vec<ImportedEvent>,
        /// What could not be taken.
        problems: Vec<ImportProblem>,
        /// Something could not be told apart, so that nobody knows what has vanished.
        incomplete: bool,
    },
}

/// The object's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportReply {
    /// To [`ImportCommand::Begin`] and [`ImportCommand::Show`].
    Progress(ImportProgress),
    /// To [`ImportCommand::List`].
    List(Vec<ImportProgress>),
    /// To [`ImportCommand::Open`] and [`ImportCommand::Lease`]; `None`: somebody else has it, or it is done.
    Work(Option<ImportWork>),
    /// To [`ImportCommand::Compare`]: a line for each event.
    Standings(Vec<Standing>),
    /// To [`ImportCommand::Plan`] and [`ImportCommand::Settle`]: the parts that can be worked on now.
    Next(Vec<u32>),
    /// To [`ImportCommand::GiveUp`].
    Done,
}

/// Carries out a command. The caller has opened a transaction.
pub(crate) fn handle(
    conn: &dyn SqlConn,
    command: ImportCommand,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<ImportReply, CommandError> {
    match command {
        ImportCommand::Begin(order) => rows::begin(conn, &order, now).map(ImportReply::Progress),
        ImportCommand::Show { import } => {
            rows::show(conn, &import)?.map(ImportReply::Progress).ok_or(CommandError::NotFound)
        }
        ImportCommand::List => Ok(ImportReply::List(rows::list(conn)?)),
        ImportCommand::Open { import } => Ok(ImportReply::Work(passes::open(conn, &import, now, env)?)),
        ImportCommand::Plan { import, name, chunks, complete, raw } => {
            let planned = passes::Plan { name, chunks, complete, raw };
            Ok(ImportReply::Next(passes::plan(conn, &import, &planned, now, env)?))
        }
        ImportCommand::GiveUp { import, problem } => {
            passes::give_up(conn, &import, &problem, now)?;
            Ok(ImportReply::Done)
        }
        ImportCommand::Lease { import, chunk } => Ok(ImportReply::Work(passes::lease(conn, &import, chunk, now, env)?)),
        ImportCommand::Compare { import, events } => {
            Ok(ImportReply::Standings(passes::compare(conn, &import, &events)?))
        }
        ImportCommand::Settle { import, chunk, events, problems, incomplete } => {
            let settled = passes::Settled { events, problems, incomplete };
            Ok(ImportReply::Next(passes::settle(conn, &import, chunk, &settled, now, env)?))
        }
    }
}

/// What is due now: jobs for the queue.
pub(crate) fn alarm(
    conn: &dyn SqlConn,
    organizer: &CalAddress,
    now: Timestamp,
    env: &ObjectEnv,
) -> Result<Vec<Job>, StoreError> {
    let due = passes::due(conn, now, env)?;
    let job = |(import, chunk)| Job::Import { organizer: organizer.clone(), import, chunk };
    Ok(due.into_iter().map(job).collect())
}

/// When something is due next.
pub(crate) fn next_due(conn: &dyn SqlConn) -> Result<Option<Timestamp>, StoreError> {
    passes::next_due(conn)
}
