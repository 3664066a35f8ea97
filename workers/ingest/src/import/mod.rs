//! Calendars of thousands of events: a file, a long mail or a feed, taken in parts (`scheduling::import`).
//!
//! What lives here: finding the parts, and applying one. Both may happen twice: the objects know what they were told.

mod chunk;
mod event;

use imip::{CalendarReading, CalendarScan, ScannedEvent, Span};
use itip::{CalAddress, Method, Uid};
use scheduling::command::{CommandError, Job, OrganizerCommand, OrganizerReply};
use scheduling::import::{
    CHUNK_EVENTS_MAX, ImportCommand, ImportOrder, ImportProgress, ImportReply, ImportSource, PlannedChunk, Vanished,
};
use scheduling::keys::sha256_hex;
use store::accounts::{self, OrganizerRow};
use store::directory;
use views::words::{Language, Words};

use crate::binding::{Standing, standing};
use crate::destination::{Author, enroll, organizer_of, report_stranger, settings_of};
use crate::refusal::Refusal;
use crate::{IngestError, Letter, MailContext, MailVerdict};

/// Where the events of a part stand: for each VCALENDAR the spans of its head and of its components.
type ChunkSpec = Vec<(Vec<Span>, Vec<Span>)>;

/// Longest title that is kept for the case that a part cannot be read.
const TITLE_CHARS_MAX: usize = 80;

/// Imports the calendar of a proven sender's mail, which is too long to be taken at once. It lies in R2 already, but
/// in the mail's encoding: its text gets a place of its own.
pub(crate) async fn begin_mail(
    letter: &Letter<'_>,
    sender: &CalAddress,
    ctx: &MailContext,
) -> Result<MailVerdict, IngestError> {
    let Some((text, method)) = imip::mailed_calendar(letter.raw, &ctx.charsets) else {
        return Ok(MailVerdict::Accept("nothing to do"));
    };
    let id = import_id(&[sender.as_str(), &sha256_hex(letter.raw)]);
    let raw = sha256_hex(text.as_bytes());
    ctx.blobs.put(&raw, text.into_bytes()).await?;
    let order = ImportOrder {
        id,
        raw,
        // A mail speaks of what is in it, and of nothing else.
        calendar: format!("mail {}", sha256_hex(letter.raw)),
        source: ImportSource::Mail,
        name: letter.mail.subject.clone(),
        method,
        vanished: Vanished::Keep,
    };
    begin(sender, order, ctx).await?;
    Ok(MailVerdict::Accept("imported"))
}

/// The id of an import: equal for equal parts.
pub(crate) fn import_id(parts: &[&str]) -> String {
    let mut id = sha256_hex(parts.join("\n").as_bytes());
    id.truncate(32);
    id
}

/// Gives an organizer's object an order; its work starts right after.
pub(crate) async fn begin(
    organizer: &CalAddress,
    order: ImportOrder,
    ctx: &MailContext,
) -> Result<ImportProgress, IngestError> {
    let import = order.id.clone();
    let ImportReply::Progress(progress) = ask(organizer, ImportCommand::Begin(order), ctx).await? else {
        return Err(unexpected());
    };
    ctx.jobs.start(Job::Import { organizer: organizer.clone(), import, chunk: None });
    Ok(progress)
}

async fn ask(organizer: &CalAddress, command: ImportCommand, ctx: &MailContext) -> Result<ImportReply, IngestError> {
    match ctx.objects.organizer(organizer, OrganizerCommand::Import(Box::new(command))).await? {
        OrganizerReply::Import(reply) => Ok(*reply),
        OrganizerReply::Done | OrganizerReply::Held(_) | OrganizerReply::Notices(_) => Err(unexpected()),
    }
}

fn unexpected() -> IngestError {
    CommandError::Failed("the answer belongs to another question".to_owned()).into()
}

/// Goes on with an import (`Job::Import`): finds its parts, or applies one of them. The word is for the log.
pub async fn carry_out(
    organizer: &CalAddress,
    import: &str,
    chunk: Option<u32>,
    ctx: &MailContext,
) -> Result<&'static str, IngestError> {
    let (next, done) = match chunk {
        None => plan(organizer, import, ctx).await?,
        Some(chunk) => chunk::carry_out(organizer, import, chunk, ctx).await?,
    };
    let job = |chunk| Job::Import { organizer: organizer.clone(), import: import.to_owned(), chunk: Some(chunk) };
    ctx.jobs.enqueue(next.into_iter().map(job).collect()).await?;
    Ok(done)
}

/// Finds the events of the text. 16 MiB are looked through in some 50 ms; no event is read.
async fn plan(
    organizer: &CalAddress,
    import: &str,
    ctx: &MailContext,
) -> Result<(Vec<u32>, &'static str), IngestError> {
    let id = || import.to_owned();
    let ImportReply::Work(Some(work)) = ask(organizer, ImportCommand::Open { import: id() }, ctx).await? else {
        return Ok((Vec::new(), "nothing to do"));
    };
    let account = accounts::organizer(ctx.db.as_ref(), organizer).await?;
    let bytes = ctx.blobs.get(&work.raw).await?.unwrap_or_default();
    let scan = match imip::scan_calendar(&bytes).map_err(Refusal::Calendar) {
        Ok(_) if account.as_ref().is_some_and(|account| account.suspended) => Err(Refusal::Suspended),
        scan => scan,
    };
    let scan = match scan {
        Ok(scan) => match whose(&scan, work.method, organizer, ctx).await? {
            Some(other) => Err(Refusal::OfAnother { organizer: other, events: scan.events.len() }),
            None => Ok(scan),
        },
        refused => refused,
    };
    let scan = match scan {
        Ok(scan) => scan,
        Err(refusal) => {
            let problem = refusal.reason(words_of(account.as_ref()));
            ask(organizer, ImportCommand::GiveUp { import: id(), problem }, ctx).await?;
            return Ok((Vec::new(), "refused"));
        }
    };
    if account.is_none() {
        let author = Author { address: organizer, name: &scan.name, language: None };
        enroll(organizer, None, &author, ctx).await?;
    }
    let (name, complete, chunks) = (scan.name.clone(), scan.complete, chunks(&scan)?);
    // The spans are of the text, not of bytes in another charset.
    let raw = match scan.text {
        std::borrow::Cow::Borrowed(text) if text.len() == bytes.len() => work.raw,
        text => {
            let key = sha256_hex(text.as_bytes());
            ctx.blobs.put(&key, text.into_owned().into_bytes()).await?;
            key
        }
    };
    let plan = ImportCommand::Plan { import: id(), name, chunks, complete, raw };
    match ask(organizer, plan, ctx).await? {
        ImportReply::Next(next) => Ok((next, "planned")),
        _ => Err(unexpected()),
    }
}

/// Who has the events of a calendar here, if none of them is the importer's: then no part of it needs to be read, and
/// no event needs to hear of it. One of his own is usually in the first part.
async fn whose(
    scan: &CalendarScan<'_>,
    method: Option<Method>,
    organizer: &CalAddress,
    ctx: &MailContext,
) -> Result<Option<CalAddress>, IngestError> {
    let mut first = None;
    for events in scan.events.chunks(CHUNK_EVENTS_MAX) {
        let spec = spec(scan, events);
        let piece = |&(start, length): &Span| scan.text.as_bytes().get(start..start + length).unwrap_or_default();
        let text = excerpt(&spec, piece, method);
        let Ok(CalendarReading { messages, refused, .. }) = imip::read_calendar_events(&text) else {
            return Ok(None);
        };
        let uids: Vec<&Uid> = messages.iter().map(|message| &message.uid).collect();
        let (bindings, _) = directory::bindings_among(ctx.db.as_ref(), &uids, &[], organizer).await?;
        for message in &messages {
            let rows = bindings.get(&message.uid).map(Vec::as_slice).unwrap_or_default();
            let named = organizer_of(message);
            match (standing(rows, organizer, named), named) {
                (Standing::Stranger { event }, Some(named)) => {
                    first.get_or_insert((event, message.method, named.address.clone()));
                }
                _ => return Ok(None),
            }
        }
        if !refused.is_empty() {
            return Ok(None);
        }
    }
    let Some((event, method, other)) = first else { return Ok(None) };
    report_stranger(&event, method, organizer, ctx).await?;
    Ok(Some(other))
}

/// Where some events of a text stand.
fn spec(scan: &CalendarScan<'_>, events: &[ScannedEvent]) -> ChunkSpec {
    let components: Vec<_> = events.iter().flat_map(|event| &event.components).collect();
    let of_one_calendar = components.chunk_by(|(a, _), (b, _)| a == b);
    of_one_calendar
        .map(|components| {
            let head = components.first().and_then(|(calendar, _)| scan.heads.get(*calendar));
            (head.cloned().unwrap_or_default(), components.iter().map(|(_, span)| *span).collect())
        })
        .collect()
}

/// The text of a part: a small calendar of its own.
fn excerpt<'a>(spec: &ChunkSpec, piece: impl Fn(&Span) -> &'a [u8], method: Option<Method>) -> Vec<u8> {
    let pieces = spec
        .iter()
        .map(|(head, components)| (head.iter().map(&piece).collect(), components.iter().map(&piece).collect()));
    imip::excerpt(pieces, method.map(Method::as_str))
}

fn chunks(scan: &CalendarScan<'_>) -> Result<Vec<PlannedChunk>, IngestError> {
    let chunk = |events: &[ScannedEvent]| {
        let spec = spec(scan, events);
        let spec = serde_json::to_string(&spec).map_err(|error| CommandError::Failed(error.to_string()))?;
        let title = |event: &ScannedEvent| {
            let title = if event.title.is_empty() { &event.uid } else { &event.title };
            title.chars().take(TITLE_CHARS_MAX).collect()
        };
        Ok(PlannedChunk { spec, titles: events.iter().map(title).collect() })
    };
    scan.events.chunks(CHUNK_EVENTS_MAX).map(chunk).collect()
}

/// The words that an organizer reads.
fn words_of(account: Option<&OrganizerRow>) -> &'static Words {
    let language = account.map(settings_of).unwrap_or_default().language;
    Language::choose(&[&language]).words()
}
