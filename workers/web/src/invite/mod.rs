//! Asking for an invitation: limits first, then the event's object.
//!
//! The limits protect the recipient. Without a key the caller learns about the event, never about a person: known,
//! unknown, suppressed and over the ceiling look alike.

pub mod door;
pub mod v1;

use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue};
use itip::{CalAddress, EventId, Origin, Timestamp};
use scheduling::command::{BATCH_GUESTS_MAX, Command, Enrolled, Enrollment, Job, Reply};
use scheduling::keys::address_hash;
use serde::Serialize;
use store::accounts;
use store::directory::{self, EventRow};
use store::{Statement, Value};
use views::words::Language;

use crate::WebContext;
use crate::error::{Problem, wrong_reply};
use crate::extract::{AddressProblem, Fields, network, read_address, read_name};

/// Most people, or events, of one request.
pub const INVITATIONS_MAX: usize = 200;
/// Objects asked at the same time: the platform opens six connections at once.
const CONCURRENT: usize = 6;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Anybody.
    Keyless,
    /// Somebody with a key that reaches this event.
    Keyed,
}

/// What became of one invitation, as a caller with a key learns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// On its way.
    Invited,
    /// Has it already.
    Already,
    /// Mail cannot or must not reach this person.
    Unreachable,
    /// This person asked for no more mail.
    Suppressed,
    /// This person was named too often today.
    Limited,
    /// The event is off.
    Cancelled,
    /// The event is over.
    Past,
    /// The event is full.
    Full,
}

impl Said {
    /// The refusal that concerns the event and not the person.
    pub fn refusal(self) -> Option<Problem> {
        match self {
            Self::Cancelled => Some(Problem::EventCancelled),
            Self::Past => Some(Problem::EventPast),
            Self::Full => Some(Problem::EventFull),
            Self::Invited | Self::Already | Self::Unreachable | Self::Suppressed | Self::Limited => None,
        }
    }
}

impl From<Enrolled> for Said {
    fn from(enrolled: Enrolled) -> Self {
        match enrolled {
            Enrolled::Invited => Self::Invited,
            Enrolled::Already => Self::Already,
            Enrolled::Cancelled => Self::Cancelled,
            Enrolled::Past => Self::Past,
            Enrolled::Full => Self::Full,
            Enrolled::Unreachable => Self::Unreachable,
        }
    }
}

/// Checks a word from a link: exactly as spelled, `api` if absent.
pub fn read_origin(text: Option<&str>, caller: Caller) -> Result<Origin, Problem> {
    let origin = match text {
        None => Origin::Api,
        Some(word) => Origin::parse(word).ok_or_else(|| {
            let words: Vec<&str> = Origin::ALL.iter().map(|origin| origin.as_str()).collect();
            Problem::invalid("origin", format!("origin is one of {}", words.join(", ")))
        })?,
    };
    if origin.needs_key() && caller == Caller::Keyless { Err(Problem::KeyMissing) } else { Ok(origin) }
}

/// An invitation as links and forms ask for it; the address stands apart because a page can ask for it again.
pub struct Asked {
    /// Who, or why that is not clear.
    pub address: Result<CalAddress, AddressProblem>,
    /// As typed.
    pub typed: String,
    /// His name, empty if unknown.
    pub name: String,
    /// Where he came from.
    pub origin: Origin,
    /// Where to go afterwards, as given.
    pub landing: String,
    /// The language he reads, if the link or form says so; empty if not.
    pub language: String,
}

impl Asked {
    /// Reads the first API's four parameters, and the language.
    pub fn read(fields: &Fields, caller: Caller) -> Result<Self, Problem> {
        let typed = fields.get("email").unwrap_or_default();
        Ok(Self {
            address: read_address(typed),
            typed: typed.trim().to_owned(),
            name: read_name(fields.get("name").unwrap_or_default()),
            origin: read_origin(fields.get("origin"), caller)?,
            landing: fields.get("landing").unwrap_or_default().to_owned(),
            language: language_tag(fields.get("language").or_else(|| fields.get("lang")).unwrap_or_default()),
        })
    }
}

/// Longest tag of a language that is kept (RFC 5646 section 4.4.1).
const LANGUAGE_CHARS_MAX: usize = 35;

/// A text as a tag of BCP 47; empty if it has not the shape of one. Tags of languages that we do not write yet are
/// kept.
pub fn language_tag(text: &str) -> String {
    let tag = text.trim();
    let is_tag = tag.len() <= LANGUAGE_CHARS_MAX && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_tag { tag.to_owned() } else { String::new() }
}

/// The language that a visitor's browser asks for, if we write it; else empty.
pub fn browser_language(headers: &HeaderMap) -> String {
    let field = headers.get(http::header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    field.and_then(Language::accepted).map_or_else(String::new, |language| language.words().tag.to_owned())
}

/// Whether an event can be joined at all.
pub fn check_event(row: &EventRow, now: Timestamp) -> Result<(), Problem> {
    if row.cancelled {
        Err(Problem::EventCancelled)
    } else if row.is_past(now) {
        Err(Problem::EventPast)
    } else {
        Ok(())
    }
}

/// Which of these events have no place left.
pub async fn are_full(context: &WebContext, rows: &[EventRow]) -> Result<Vec<bool>, Problem> {
    let one = |row: &EventRow| Statement::new(directory::sql::EVENT_COUNTERS, vec![row.event_id.as_str().into()]);
    let answers = context.db.batch(rows.iter().map(one).collect()).await?;
    answers
        .iter()
        .map(|rows| Ok(rows.first().map_or(Ok(0), |row| row.count(0))? >= context.config.event_invites_max))
        .collect()
}

/// Whether this organizer may send.
pub async fn check_organizer(context: &WebContext, owner: &CalAddress) -> Result<(), Problem> {
    let row = accounts::organizer(context.db.as_ref(), owner).await?;
    if row.is_some_and(|row| row.suspended) { Err(Problem::OrganizerSuspended) } else { Ok(()) }
}

/// Slows down a network address that asks too often.
pub async fn check_network(context: &WebContext, headers: &HeaderMap) -> Result<(), Problem> {
    let key = format!("invite:{}", network(headers));
    if context.shield.allow(&key).await { Ok(()) } else { Err(Problem::TooMany { retry_secs: 60 }) }
}

/// What the limits say of each person of a submission.
pub struct Limits {
    /// `None`: go on.
    pub refused: Vec<Option<Said>>,
    /// The ceiling.
    pub max: u32,
    /// The highest count among them today.
    pub count: u32,
}

/// Counts a submission for each of the people and looks for those who asked for no more mail. Always the same two
/// questions to D1, whoever they are.
pub async fn limits(
    context: &WebContext,
    people: &[&CalAddress],
    owner: &CalAddress,
    caller: Caller,
) -> Result<Limits, Problem> {
    let hashes: Vec<String> = people.iter().map(|address| address_hash(&context.keys, address)).collect();
    let suppressed = accounts::suppressed_among(context.db.as_ref(), &hashes, owner).await?;
    let day = context.clock.now().0.div_euclid(86_400);
    let statements = hashes
        .iter()
        .map(|hash| Statement::new(accounts::sql::COUNT_SUBMISSION, vec![Value::from(day), hash.as_str().into()]))
        .collect();
    let counted = context.db.batch(statements).await?;
    let max = match caller {
        Caller::Keyless => context.config.keyless_daily_max,
        Caller::Keyed => context.config.keyed_daily_max,
    };
    let mut highest = 0;
    let mut refused = Vec::with_capacity(hashes.len());
    for (hash, rows) in hashes.iter().zip(&counted) {
        let count = rows.first().map_or(Ok(1), |row| row.count(0))?;
        highest = highest.max(count);
        refused.push(if suppressed.contains(hash) {
            Some(Said::Suppressed)
        } else if count > max {
            Some(Said::Limited)
        } else {
            None
        });
    }
    Ok(Limits { refused, max, count: highest })
}

/// Enrolls people who have passed the limits, and starts the mail.
async fn enroll(
    context: &WebContext,
    event: &EventId,
    guests: Vec<Enrollment>,
    again: bool,
) -> Result<Vec<Said>, Problem> {
    let mut said = Vec::with_capacity(guests.len());
    for chunk in guests.chunks(BATCH_GUESTS_MAX) {
        let command = Command::Enroll { guests: chunk.to_vec(), again, invites_max: context.config.event_invites_max };
        let Reply::Enrolled { results, batch } = context.objects.event(event, command).await? else {
            return Err(wrong_reply("enroll"));
        };
        if let Some(batch) = batch {
            context.jobs.start(Job::Batch { event: event.clone(), batch });
        }
        said.extend(results.into_iter().map(Said::from));
    }
    Ok(said)
}

/// Invites people to one event; an answer per person, in order.
pub async fn invite_people(
    context: &WebContext,
    row: &EventRow,
    people: &[Enrollment],
    caller: Caller,
) -> Result<(Vec<Said>, Limits), Problem> {
    let addresses: Vec<&CalAddress> = people.iter().map(|person| &person.address).collect();
    let limits = limits(context, &addresses, &row.owner, caller).await?;
    let mut answers = limits.refused.clone();
    // A test may be sent again; everybody else gets the invitation once.
    for again in [false, true] {
        let turn = |person: &Enrollment| (person.origin == Origin::Test) == again;
        let places: Vec<usize> = people
            .iter()
            .enumerate()
            .filter(|(place, person)| turn(person) && answers.get(*place).is_some_and(Option::is_none))
            .map(|(place, _)| place)
            .collect();
        let guests: Vec<Enrollment> = places.iter().filter_map(|place| people.get(*place).cloned()).collect();
        if guests.is_empty() {
            continue;
        }
        let said = enroll(context, &row.event_id, guests, again).await?;
        for (place, said) in places.into_iter().zip(said) {
            if let Some(answer) = answers.get_mut(place) {
                *answer = Some(said);
            }
        }
    }
    Ok((answers.into_iter().map(|answer| answer.unwrap_or(Said::Unreachable)).collect(), limits))
}

/// Invites one person to several events: one submission. An answer per event, in order.
pub async fn invite_to(
    context: &WebContext,
    owner: &CalAddress,
    rows: &[EventRow],
    guest: &Enrollment,
) -> Result<Vec<Result<Said, Problem>>, Problem> {
    let now = context.clock.now();
    let limits = limits(context, &[&guest.address], owner, Caller::Keyless).await?;
    let refused = limits.refused.first().copied().flatten();
    let full = are_full(context, rows).await?;
    let one = |(row, full): (&EventRow, &bool)| {
        let checked = check_event(row, now).and(if *full { Err(Problem::EventFull) } else { Ok(()) });
        let id = row.event_id.clone();
        async move {
            checked?;
            if let Some(said) = refused {
                return Ok(said);
            }
            let said = enroll(context, &id, vec![guest.clone()], false).await?;
            Ok(said.first().copied().unwrap_or(Said::Unreachable))
        }
    };
    let asked: Vec<_> = rows.iter().zip(&full).map(one).collect();
    Ok(stream::iter(asked).buffered(CONCURRENT).collect().await)
}

/// Tells a caller how much is left for a person today. Without a key only the rule is told: what is left would tell
/// whether others have named the person.
pub fn rate_headers(headers: &mut HeaderMap, limits: &Limits, caller: Caller, now: Timestamp) {
    let policy = format!("\"recipient\";q={};w=86400", limits.max);
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert("ratelimit-policy", value);
    }
    if caller == Caller::Keyed {
        let left = limits.max.saturating_sub(limits.count);
        let reset = 86_400 - now.0.rem_euclid(86_400);
        if let Ok(value) = HeaderValue::from_str(&format!("\"recipient\";r={left};t={reset}")) {
            headers.insert("ratelimit", value);
        }
    }
}
