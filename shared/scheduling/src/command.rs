//! What the surfaces may ask of the objects, and the answers. These travel between isolates as JSON and outlive
//! deploys: add variants and optional fields, never change one.

use itip::{
    Answer, AnswerOutcome, Attendee, CalAddress, EventId, EventState, Field, ItipError, ItipMessage, Method, Order,
    Origin, Outcome, PartStat, Proposal, Proposed, RsvpStatus, Timestamp, When,
};
use serde::{Deserialize, Serialize};
use store::directory::Counters;

use crate::import::{ImportCommand, ImportReply, ImportSummary};
use crate::settings::OrganizerSettings;

/// A batch of mail in one event's object.
pub type BatchId = i64;

/// Most guests of one batch. The free plan allows 50 subrequests an invocation: 40 sends, the lease, the settlement
/// and the gate leave room for a retry of each.
pub const BATCH_GUESTS_MAX: usize = 40;

/// What may be asked of an event's object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// An organizer's REQUEST, PUBLISH, ADD or CANCEL; who may send it has been checked.
    Organizer {
        /// The message.
        message: Box<ItipMessage>,
        /// The authenticated sender, or the owner he acts for.
        sender: CalAddress,
        /// The owner's settings as they are now.
        settings: OrganizerSettings,
    },
    /// The same out of an import, which writes the projection of many events at once: the object's own alarm comes
    /// later and only makes sure.
    Import {
        /// The message.
        message: Box<ItipMessage>,
        /// The owner.
        sender: CalAddress,
        /// The owner's settings as they are now.
        settings: OrganizerSettings,
    },
    /// An event that vanished from its owner's calendar is off; not found if it is somebody else's by now.
    CallOff {
        /// Whose calendar.
        owner: CalAddress,
        /// The owner's settings as they are now.
        settings: OrganizerSettings,
    },
    /// Invite people who have been checked (blocked, suppressed, ceilings).
    Enroll {
        /// Whom; at most [`BATCH_GUESTS_MAX`].
        guests: Vec<Enrollment>,
        /// Send again to those who hold the invitation already (`origin=test`).
        again: bool,
        /// The most guests the event may have.
        invites_max: u32,
    },
    /// A guest's answer whose authorship has been checked.
    Answer {
        /// Who answers.
        guest: CalAddress,
        /// His name, for a guest who was not invited.
        name: String,
        /// What he says.
        answer: Answer,
        /// He is authenticated, not only holding the address of his token: an uninvited one may become `shared`.
        authenticated: bool,
        /// The guest whose invitation he holds instead of one of his own: his delegator, or a list he is a member of.
        #[serde(default)]
        vouched_by: Option<CalAddress>,
    },
    /// A guest asks for the current version (REFRESH).
    Refresh {
        /// Who.
        guest: CalAddress,
    },
    /// A guest proposes another time (COUNTER); its authorship has been checked.
    Propose {
        /// Who.
        guest: CalAddress,
        /// What.
        proposed: Proposed,
    },
    /// The organizer decides on a proposal.
    Decide {
        /// Whose.
        guest: CalAddress,
        /// The instance it is about.
        instance: Option<Timestamp>,
        /// Change the event to it; else the guest is told that it stays.
        accept: bool,
    },
    /// The organizer takes a guest off the list; he gets a CANCEL of his own.
    Remove {
        /// Who.
        guest: CalAddress,
    },
    /// The event belongs to somebody else from now on; who may say so has been checked.
    HandOver {
        /// The new owner.
        owner: CalAddress,
        /// His settings.
        settings: OrganizerSettings,
    },
    /// Somebody who may not speak about this event tried to.
    Stranger {
        /// What he did.
        attempt: Attempt,
    },
    /// How guests answer single instances of a series.
    Instances {
        /// Original starts of the instances asked for, at most [`INSTANCES_MAX`].
        starts: Vec<When>,
    },
    /// Take a batch for sending.
    Lease {
        /// Which.
        batch: BatchId,
    },
    /// What became of a leased batch.
    Settle {
        /// Which.
        batch: BatchId,
        /// The word that the lease gave.
        lease: String,
        /// A line per mail of the lease; a guest left out goes back into the queue.
        mails: Vec<Settled>,
    },
    /// State, counters and what waits.
    Show,
    /// A page of guests by address.
    Attendees {
        /// The last address of the page before.
        after: Option<CalAddress>,
        /// At most this many.
        limit: u32,
    },
    /// One guest.
    Attendee {
        /// Who.
        guest: CalAddress,
    },
    /// Mail the held change.
    Release,
    /// The organizer confirms that the event is off although he only un-invited us.
    CancelUninvited,
    /// Send a dead letter again.
    Replay {
        /// Its id.
        letter: String,
    },
    /// No more mail to this guest.
    Suppress {
        /// Who.
        guest: CalAddress,
    },
    /// Mail to this guest comes back.
    Undeliverable {
        /// Who.
        guest: CalAddress,
    },
    /// Change a switch of the event.
    AllowShared {
        /// Whether uninvited repliers become guests.
        allow: bool,
    },
    /// Whether a report may be mailed now; counts it.
    TakeReport,
}

/// Instances of a series whose answers are counted at once.
pub const INSTANCES_MAX: usize = 100;

/// A message about an event from somebody who may not change it: refused, and shown to the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Who, authenticated.
    pub sender: CalAddress,
    /// What he sent.
    pub method: Method,
    /// When.
    pub at: Timestamp,
}

/// Absolute counts of one instance of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceCount {
    /// The original start of the instance.
    pub start: When,
    /// Guests by status.
    pub counts: Vec<(RsvpStatus, u32)>,
    /// Guests who answered this instance apart from the series.
    pub apart: u32,
}

/// A person to invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// Who.
    pub address: CalAddress,
    /// His name, empty if unknown.
    pub name: String,
    /// Where he came from.
    pub origin: Origin,
    /// The language he reads, as a tag of BCP 47; empty if unknown.
    #[serde(default)]
    pub language: String,
}

/// The fate of one mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Whose mail.
    pub guest: CalAddress,
    /// What happened.
    pub fate: Fate,
}

/// What SES said, or did not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// SES has it.
    Accepted {
        /// SES's message id.
        ses_id: String,
    },
    /// Not accepted, try again after this many seconds.
    Throttled {
        /// Seconds.
        retry_secs: i64,
    },
    /// Never will be accepted.
    Refused {
        /// SES's words.
        reason: String,
    },
    /// No answer came after the request had left.
    Unknown {
        /// What was seen instead.
        reason: String,
    },
    /// The guest has asked for no more mail since: it did not leave.
    Suppressed,
}

/// An object's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Command::Organizer`], [`Command::Release`] and [`Command::CancelUninvited`].
    Organizer {
        /// What the message did.
        outcome: Outcome,
        /// The revision now.
        revision: u32,
        /// The mailing waits for a release.
        held: bool,
        /// Guests who may be told.
        guests: u32,
    },
    /// To [`Command::Import`] and [`Command::CallOff`].
    Imported(Box<Imported>),
    /// To [`Command::Enroll`].
    Enrolled {
        /// A line per guest, in order.
        results: Vec<Enrolled>,
        /// The batch to send, if any mail is due.
        batch: Option<BatchId>,
    },
    /// To [`Command::Answer`].
    Answered {
        /// `None`: an uninvited person who is not taken.
        outcome: Option<AnswerOutcome>,
        /// A batch that brings him up to date, if he answered an old version.
        batch: Option<BatchId>,
    },
    /// To [`Command::Refresh`] and [`Command::Remove`]: the batch that carries his mail, if any is due.
    Batch {
        /// Which.
        batch: Option<BatchId>,
    },
    /// To [`Command::Propose`].
    Proposed {
        /// It is new: the organizer should hear of it.
        news: bool,
        /// The event's owner.
        owner: CalAddress,
    },
    /// To [`Command::Instances`].
    Instances(Vec<InstanceCount>),
    /// To [`Command::Lease`]: the mails to send now; empty if there is nothing to do.
    Leased(Box<Lease>),
    /// To [`Command::Settle`] and the switches.
    Done,
    /// To [`Command::Show`].
    Shown(Box<Shown>),
    /// To [`Command::Attendees`]; [`Command::Attendee`] answers one or none.
    Attendees(Vec<Attendee>),
    /// To [`Command::Replay`]: the batch that carries it.
    Replayed {
        /// `None`: no longer needed, it is gone.
        batch: Option<BatchId>,
    },
    /// To [`Command::TakeReport`]: seconds until the next one is allowed, 0 if this one is.
    Report {
        /// Seconds.
        wait_secs: i64,
    },
}

/// What an import did to one event, and all that its projection is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// What the message did.
    pub outcome: Outcome,
    /// The mailing waits for a release.
    pub held: bool,
    /// The state now.
    pub event: EventState,
    /// Absolute counts.
    pub counters: Counters,
    /// The version to project.
    pub version: i64,
}

/// What became of one invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enrolled {
    /// New, or sent again.
    Invited,
    /// Has it already.
    Already,
    /// The event is off.
    Cancelled,
    /// The event is over.
    Past,
    /// The event is full.
    Full,
    /// Mail cannot or must not reach this person.
    Unreachable,
}

/// Mails taken for sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The word to settle with.
    pub lease: String,
    /// The event as it is to be sent.
    pub event: EventState,
    /// The owner's settings.
    pub settings: OrganizerSettings,
    /// At most [`BATCH_GUESTS_MAX`].
    pub mails: Vec<MailJob>,
}

/// One mail to one guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailJob {
    /// Who.
    pub guest: CalAddress,
    /// His name, empty if unknown.
    pub name: String,
    /// REQUEST, CANCEL or DECLINECOUNTER.
    pub method: Method,
    /// The revision it carries.
    pub revision: u32,
    /// The least SEQUENCE that his calendar takes as news, and the DTSTAMP; a repeat reuses both.
    pub order: Order,
    /// His own recorded answer.
    pub partstat: PartStat,
    /// The same for instances of a series for which it is another.
    #[serde(default)]
    pub instance_partstats: Vec<(When, PartStat)>,
    /// The instances that the mail speaks of alone; empty for the whole event.
    #[serde(default)]
    pub instances: Vec<Timestamp>,
    /// Whether he holds an earlier version, so that this is news and not an invitation.
    pub update: bool,
    /// What has changed since the version he holds.
    #[serde(default)]
    pub changed: Vec<Field>,
    /// He is taken off the list; the event itself goes on.
    #[serde(default)]
    pub removed: bool,
    /// In whose place he is invited.
    #[serde(default)]
    pub delegated_from: Option<CalAddress>,
    /// The language he reads; empty if unknown.
    #[serde(default)]
    pub language: String,
    /// His proposal that is declined, with DECLINECOUNTER.
    #[serde(default)]
    pub proposal: Option<Proposal>,
    /// The mail's key (decision 9), also its SES tag: 32 lower-case hexadecimal digits.
    pub key: String,
}

/// An event as its object knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The state.
    pub event: EventState,
    /// Absolute counts.
    pub counters: Counters,
    /// The owner's settings as last seen.
    pub settings: OrganizerSettings,
    /// A change waits for a release.
    pub held: bool,
    /// Mails that have not been settled.
    pub waiting: u32,
    /// Whether uninvited repliers become guests.
    pub allow_shared: bool,
    /// Proposals that the organizer has not decided on.
    #[serde(default)]
    pub proposals: Vec<Proposal>,
    /// What strangers tried, the newest first.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CommandError {
    /// There is no such event, or nothing of it to show.
    #[error("there is no such event")]
    NotFound,
    /// A rule of iTIP forbids it.
    #[error(transparent)]
    Itip(ItipError),
    /// There is nothing to release, replay, decide or confirm.
    #[error("there is nothing waiting")]
    NothingWaiting,
    /// Ours: trying again may help.
    #[error("the object failed: {0}")]
    Failed(String),
}

impl From<store::StoreError> for CommandError {
    fn from(error: store::StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ItipError> for CommandError {
    fn from(error: ItipError) -> Self {
        Self::Itip(error)
    }
}

/// What may be asked of an organizer's object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizerCommand {
    /// Keep a mail that nobody vouches for until its sender claims it, 7 days at most.
    Hold {
        /// SHA-256 of the raw mail, its key in R2.
        raw: String,
        /// Its subject, for the claim page.
        subject: String,
        /// What his calendar is told.
        #[serde(default)]
        reply: Option<Box<OurReply>>,
    },
    /// What is held, without changing anything: the claim page.
    Held,
    /// The sender has claimed what is held: it is given back and forgotten.
    Claim,
    /// Mail something to the organizer.
    Notify {
        /// What.
        notice: Notice,
    },
    /// What the public sees of him is no longer what it was.
    Changed {
        /// Which events; none of them: everything.
        events: Vec<EventId>,
    },
    /// Somebody read a published document for which there was no snapshot that he could use.
    Read {
        /// The name of the snapshot.
        edition: String,
    },
    /// Take the notices that are due.
    LeaseNotices,
    /// What became of them.
    SettleNotices {
        /// Key and fate of each.
        notices: Vec<(String, Fate)>,
    },
    /// About an import.
    Import(Box<ImportCommand>),
}

/// An organizer object's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizerReply {
    /// Done.
    Done,
    /// What is held: (raw SHA-256, subject).
    Held(Vec<(String, String)>),
    /// Notices to send now: key and notice.
    Notices(Vec<(String, Notice)>),
    /// About an import.
    Import(Box<ImportReply>),
}

/// A mail to an organizer; composed when it is sent, from what is true then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Events are ready; more than one is a digest.
    EventsReady {
        /// Which.
        events: Vec<EventId>,
    },
    /// A mail could not be used.
    MailRefused {
        /// Its subject.
        subject: String,
        /// What was wrong, in a sentence.
        reason: String,
        /// What to do about it.
        advice: String,
        /// The same for his calendar, if the mail was an invitation.
        #[serde(default)]
        reply: Option<Box<OurReply>>,
    },
    /// Somebody must prove that a held mail is his.
    Claim {
        /// Its subject.
        subject: String,
        /// The same for his calendar: we come perhaps.
        #[serde(default)]
        reply: Option<Box<OurReply>>,
    },
    /// The report he asked for.
    Report {
        /// About which event.
        event: EventId,
    },
    /// We were taken off the guest list of an event that has guests.
    Uninvited {
        /// Which event.
        event: EventId,
    },
    /// A change waits for his release.
    Approval {
        /// Which event.
        event: EventId,
    },
    /// A guest proposes another time.
    Proposal {
        /// For which event.
        event: EventId,
        /// Who.
        guest: CalAddress,
        /// For which instance; absent for the whole.
        instance: Option<Timestamp>,
    },
    /// Somebody offers him an event.
    TakeOver {
        /// Which event.
        event: EventId,
        /// Who.
        from: CalAddress,
    },
    /// What became of a file, a long mail or a feed.
    Imported(Box<ImportSummary>),
    /// Our calendar answer to his client (decision 15).
    Reply {
        /// What it says.
        reply: Box<OurReply>,
    },
}

/// A REPLY of ours as an attendee of an organizer's event: it tells his calendar what became of his mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OurReply {
    /// Where answers to him go: ORGANIZER, or a relay that stands for it.
    pub to: CalAddress,
    /// His own UID.
    pub uid: String,
    /// ORGANIZER as he wrote it.
    pub organizer: itip::Organizer,
    /// Our mailbox as he invited it.
    pub attendee: CalAddress,
    /// ACCEPTED: live; TENTATIVE: held; DECLINED: not taken.
    pub partstat: PartStat,
    /// SEQUENCE that is answered, DTSTAMP of the answer.
    pub order: Order,
    /// The single instance that was sent; absent for the whole.
    pub recurrence_id: Option<itip::RecurrenceId>,
    /// Title, start and end, which some clients show.
    pub details: Box<itip::EventDetails>,
    /// Why not, in a sentence; empty otherwise.
    pub comment: String,
}

/// Work for the queue; references only, never mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Send a batch of an event.
    Batch {
        /// Which event.
        event: EventId,
        /// Which batch.
        batch: BatchId,
    },
    /// Send an organizer's notices.
    Notices {
        /// Whose.
        organizer: CalAddress,
    },
    /// Have a snapshot made of what somebody reads; never queued.
    Snapshot {
        /// Whose object makes it.
        organizer: CalAddress,
        /// Its name.
        edition: String,
    },
    /// Read a held mail again, now that its sender has claimed it.
    Reread {
        /// SHA-256 of the raw mail.
        raw: String,
        /// Who claimed it.
        sender: CalAddress,
    },
    /// Go on with an import.
    Import {
        /// Whose.
        organizer: CalAddress,
        /// Which.
        import: String,
        /// Which part of it; absent: find the parts.
        chunk: Option<u32>,
    },
    /// Look whether a subscribed feed has changed.
    Poll {
        /// Whose.
        organizer: CalAddress,
        /// Which.
        feed: String,
    },
}
