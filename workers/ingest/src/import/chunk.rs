//! One part of an import: read, compared, applied, projected, settled.
//!
//! An event that nobody has spoken of before is made in D1 alone, all of a part in one batch (`store::seeds`); the
//! others are told to their objects. Calls of a part of 80 events: its lease, comparison and settlement 3, R2 1 to
//! [`WINDOWS_MAX`], D1 2 to 4 batches, the objects none if all are new and 80 if all have changed.

use std::collections::{BTreeMap, BTreeSet};

use arrange::Arrange as _;
use futures_util::{StreamExt, stream};
use imip::{CalendarReading, Span};
use itip::{CalAddress, EventId, ItipMessage, Outcome, Timestamp, Uid};
use scheduling::command::{Command, CommandError, Imported, Reply};
use scheduling::event_object::{planted, statements_of};
use scheduling::import::{
    ImportCommand, ImportFate, ImportProblem, ImportReply, ImportTask, ImportWork, ImportedEvent, LateEvent, ReadEvent,
    Standing,
};
use store::accounts::OrganizerRow;
use store::directory::{self, Binding};
use store::seeds::{self, Planted};
use views::words::Words;

use super::event::{as_news, read_event, times_of, title_of};
use super::{ChunkSpec, ask, excerpt, unexpected, words_of};
use crate::binding::{self, named_delegate, new_bindings};
use crate::destination::{Author, Destination, destination, organizer_of, settings_of};
use crate::organizer_mail::{by_rule, is_organizers};
use crate::refusal::Refusal;
use crate::{IngestError, MailContext};

/// Objects that are asked at a time. The platform opens six connections at once and lets the rest wait.
const OBJECTS_AT_ONCE: usize = 12;
/// Reads from R2 for one part; what is more scattered is read whole.
const WINDOWS_MAX: usize = 6;
/// Bytes between two stretches that are rather read than skipped.
const GAP_BYTES_MAX: usize = 64 * 1024;

/// Works on a part, if nobody else does.
pub(super) async fn carry_out(
    organizer: &CalAddress,
    import: &str,
    chunk: u32,
    ctx: &MailContext,
) -> Result<(Vec<u32>, &'static str), IngestError> {
    let lease = ImportCommand::Lease { import: import.to_owned(), chunk };
    let ImportReply::Work(Some(work)) = ask(organizer, lease, ctx).await? else {
        return Ok((Vec::new(), "nothing to do"));
    };
    let part = Part { organizer, import, began: work.began, ctx };
    let done = match &work.task {
        ImportTask::Cancel(events) => part.call_off(events).await?,
        ImportTask::Read => part.apply(&work, None).await?,
        ImportTask::Late(late) => part.apply(&work, Some(late)).await?,
    };
    let settle = ImportCommand::Settle {
        import: import.to_owned(),
        chunk,
        events: done.events,
        problems: done.problems,
        incomplete: done.incomplete,
    };
    match ask(organizer, settle, ctx).await? {
        ImportReply::Next(next) => Ok((next, "settled")),
        _ => Err(unexpected()),
    }
}

/// What came of a part.
#[derive(Default)]
struct Done {
    events: Vec<ImportedEvent>,
    problems: Vec<ImportProblem>,
    incomplete: bool,
}

impl Done {
    fn refuse(&mut self, read: ReadEvent, times: (Timestamp, Timestamp), title: String, reason: String) {
        self.problems.push(ImportProblem { name: title, problem: reason });
        let (start, until) = times;
        self.events.push(ImportedEvent { read, event: None, start, until, fate: ImportFate::Refused, held: false });
    }
}

/// Who may speak about the events of a part.
struct Bound {
    bindings: BTreeMap<Uid, Vec<Binding>>,
    account: Option<OrganizerRow>,
    /// Events that this part has made; their objects need not hear of it.
    planted: BTreeSet<EventId>,
}

struct Part<'a> {
    organizer: &'a CalAddress,
    import: &'a str,
    began: Timestamp,
    ctx: &'a MailContext,
}

impl Part<'_> {
    async fn apply(&self, work: &ImportWork, late: Option<&[LateEvent]>) -> Result<Done, IngestError> {
        let text = read_part(work, self.ctx).await?;
        let mut done = Done::default();
        let CalendarReading { mut messages, refused, .. } = match imip::read_calendar_events(&text) {
            Ok(reading) => reading,
            // The one reason of all of its events; their UIDs are not known, so that nothing may count as gone.
            Err(reason) => {
                let account = store::accounts::organizer(self.ctx.db.as_ref(), self.organizer).await?;
                let reason = Refusal::Calendar(reason).reason(words_of(account.as_ref()));
                let problem = |title: &String| ImportProblem { name: title.clone(), problem: reason.clone() };
                done.problems = work.titles.iter().map(problem).collect();
                done.incomplete = true;
                return Ok(done);
            }
        };
        let mut successors: Vec<(&str, &str)> = Vec::new();
        if let Some(late) = late {
            messages.retain(|message| late.iter().any(|late| late.uid == message.uid.0));
            successors = late.iter().filter_map(|late| Some((late.uid.as_str(), late.was.as_deref()?))).collect();
        }
        let events: Vec<ReadEvent> = messages.iter().map(read_event).collect();
        let compare = ImportCommand::Compare { import: self.import.to_owned(), events: events.clone() };
        let ImportReply::Standings(mut standings) = ask(self.organizer, compare, self.ctx).await? else {
            return Err(unexpected());
        };
        for (event, standing) in events.iter().zip(&mut standings) {
            if successors.iter().any(|(uid, _)| *uid == event.uid) {
                *standing = Standing::Changed;
            }
        }
        let bound = self.bind(&messages, &standings, &successors).await?;
        let words = words_of(bound.account.as_ref());
        if late.is_none() {
            name_refused(&text, refused, words, &mut done);
        }
        let now = self.ctx.clock.now();
        let all = messages.into_iter().zip(events).zip(standings).map(|((mut message, read), standing)| {
            as_news(&mut message, standing, now);
            self.apply_one(message, read, standing, &bound)
        });
        let applied: Vec<_> = stream::iter(all).buffered(OBJECTS_AT_ONCE).collect().await;
        let mut projections = Vec::new();
        for applied in applied {
            match applied? {
                Applied::Taken(event, projection) => {
                    done.events.push(event);
                    projections.extend(projection);
                }
                Applied::Refused { read, times, title, refusal } => {
                    done.refuse(read, times, title, refusal.reason(words));
                }
            }
        }
        self.project(&projections).await?;
        Ok(done)
    }

    /// Reads the bindings of the part's events, and makes what nobody has spoken of before.
    async fn bind(
        &self,
        messages: &[ItipMessage],
        standings: &[Standing],
        successors: &[(&str, &str)],
    ) -> Result<Bound, IngestError> {
        let db = self.ctx.db.as_ref();
        if !successors.is_empty() {
            db.run(directory::bind_successors(successors, self.organizer)?).await?;
        }
        let is_touched = |standing| !matches!(standing, Standing::Same | Standing::Later);
        let touched = || messages.iter().zip(standings).filter(|(_, standing)| is_touched(**standing));
        let uids: Vec<&Uid> = touched().map(|(message, _)| &message.uid).collect();
        let (bindings, account) = directory::bindings_among(db, &uids, &[], self.organizer).await?;
        let mut bound = Bound { bindings, account, planted: BTreeSet::new() };
        if bound.account.as_ref().is_some_and(|account| account.suspended) {
            return Ok(bound);
        }
        let settings = bound.account.as_ref().map(settings_of);
        let mut wanted: Vec<(&Uid, Binding)> = Vec::new();
        let mut plants = Vec::new();
        for (message, standing) in touched() {
            let rows = bound.bindings.get(&message.uid).map(Vec::as_slice).unwrap_or_default();
            let organizer = organizer_of(message);
            if !is_organizers(message.method)
                || message.method == itip::Method::Add
                || binding::standing(rows, self.organizer, organizer) != binding::Standing::New
            {
                continue;
            }
            let mut lines = new_bindings(&message.uid, self.organizer, organizer, self.ctx);
            let plant = match (standing, &settings, lines.first().map(|line| line.event_id.clone())) {
                (Standing::New, Some(settings), Some(event)) => {
                    lines.extend(named_delegate(&event, self.organizer, organizer));
                    let domain = &self.ctx.config.domain;
                    planted(&event, message, settings, lines.clone(), self.began, domain).ok().flatten()
                }
                _ => None,
            };
            match plant {
                Some(plant) => plants.push(plant),
                None => wanted.extend(lines.into_iter().map(|line| (&message.uid, line))),
            }
        }
        bound.planted = seeds::plant(db, &plants).await?;
        if !wanted.is_empty() || bound.planted.len() < plants.len() {
            bound.bindings = directory::bindings_among(db, &uids, &wanted, self.organizer).await?.0;
        }
        let is_planted = |plant: &Planted| bound.planted.contains(&plant.state.event_id);
        let planted = plants.into_iter().filter(is_planted).map(|plant| (plant.uid, plant.bindings));
        bound.bindings.extend(planted.collect::<Vec<_>>());
        Ok(bound)
    }

    async fn apply_one(
        &self,
        message: ItipMessage,
        read: ReadEvent,
        standing: Standing,
        bound: &Bound,
    ) -> Result<Applied, IngestError> {
        let (times, title) = (times_of(&message), title_of(&message));
        let refused = |read, refusal| Ok(Applied::Refused { read, times, title, refusal });
        let taken = |read, event, fate, held| ImportedEvent { read, event, start: times.0, until: times.1, fate, held };
        if !is_organizers(message.method) {
            return refused(read, Refusal::Method(message.method));
        }
        match standing {
            Standing::Later => return Ok(Applied::Taken(taken(read, None, ImportFate::Later, false), None)),
            Standing::Same => return Ok(Applied::Taken(taken(read, None, ImportFate::Unchanged, false), None)),
            Standing::New | Standing::Changed | Standing::Returned => {}
        }
        let rows = bound.bindings.get(&message.uid).map(Vec::as_slice).unwrap_or_default();
        if let Some(line) = rows.iter().find(|line| bound.planted.contains(&line.event_id)) {
            let event = Some(line.event_id.clone());
            return Ok(Applied::Taken(taken(read, event, ImportFate::Created, false), None));
        }
        let author = Author { address: self.organizer, name: "", language: None };
        let Destination { event, owner, settings } =
            match destination(&message, rows, bound.account.clone(), &author, self.ctx).await? {
                Ok(destination) => destination,
                Err(refusal) => return refused(read, refusal),
            };
        let method = message.method;
        let command = Command::Import { message: Box::new(message), sender: owner, settings };
        let imported = match self.ctx.objects.event(&event, command).await {
            Ok(Reply::Imported(imported)) => imported,
            Ok(_) => return Err(unexpected()),
            Err(CommandError::Itip(error)) => return refused(read, by_rule(error, method)),
            Err(error) => return Err(error.into()),
        };
        let fate = fate(&imported, standing, self.began);
        let event = taken(read, Some(event), fate, imported.held && imported.outcome.is_visible());
        Ok(Applied::Taken(event, Some(imported)))
    }

    async fn call_off(&self, events: &[(String, EventId)]) -> Result<Done, IngestError> {
        let account = store::accounts::organizer(self.ctx.db.as_ref(), self.organizer).await?;
        let settings = account.as_ref().map(settings_of).unwrap_or_default();
        let all = events.iter().map(|(_, event)| {
            let command = Command::CallOff { owner: self.organizer.clone(), settings: settings.clone() };
            self.ctx.objects.event(event, command)
        });
        let replies: Vec<_> = stream::iter(all).buffered(OBJECTS_AT_ONCE).collect().await;
        let mut done = Done::default();
        let mut projections = Vec::new();
        for ((uid, event), reply) in events.iter().zip(replies) {
            let imported = match reply {
                Ok(Reply::Imported(imported)) => imported,
                // Not ours to call off any more, or never there.
                Err(CommandError::NotFound) => continue,
                Ok(_) => return Err(unexpected()),
                Err(error) => return Err(error.into()),
            };
            let read = ReadEvent { uid: uid.clone(), fingerprint: String::new(), what: String::new() };
            done.events.push(ImportedEvent {
                read,
                event: Some(event.clone()),
                start: Timestamp(0),
                until: Timestamp(0),
                fate: ImportFate::Vanished,
                held: imported.held && imported.outcome.is_visible(),
            });
            projections.push(imported);
        }
        self.project(&projections).await?;
        Ok(done)
    }

    /// One batch for the whole part; D1 takes a version only once, and each object makes sure later.
    async fn project(&self, all: &[Box<Imported>]) -> Result<(), IngestError> {
        let mut statements = Vec::new();
        for imported in all {
            statements.extend(statements_of(&imported.event, &imported.counters, imported.version)?);
        }
        if !statements.is_empty() {
            self.ctx.db.batch(statements).await?;
        }
        Ok(())
    }
}

/// The events that could be told apart, but not read.
fn name_refused(text: &[u8], refused: Vec<(Uid, imip::CalendarRefusal)>, words: &Words, done: &mut Done) {
    if refused.is_empty() {
        return;
    }
    let scan = imip::scan_calendar(text);
    let scanned = scan.as_ref().map(|scan| scan.events.as_slice()).unwrap_or_default();
    for (Uid(uid), refusal) in refused {
        let title = scanned.iter().find(|event| event.uid == uid).map(|event| event.title.clone());
        let title = title.filter(|title| !title.is_empty()).unwrap_or_else(|| uid.clone());
        let reason = Refusal::Calendar(refusal).reason(words);
        if uid.is_empty() {
            done.problems.push(ImportProblem { name: title, problem: reason });
            done.incomplete = true;
        } else {
            let read = ReadEvent { uid, fingerprint: String::new(), what: String::new() };
            done.refuse(read, (Timestamp(0), Timestamp(0)), title, reason);
        }
    }
}

/// What became of one event.
enum Applied {
    Taken(ImportedEvent, Option<Box<Imported>>),
    Refused { read: ReadEvent, times: (Timestamp, Timestamp), title: String, refusal: Refusal },
}

/// What was done with an event. Whoever repeats a part finds its work done: what its object did since the import began
/// was done by it.
fn fate(imported: &Imported, standing: Standing, began: Timestamp) -> ImportFate {
    let event = &imported.event;
    match imported.outcome {
        Outcome::Created => ImportFate::Created,
        Outcome::Updated { .. } | Outcome::Reinstated => ImportFate::Updated,
        Outcome::Cancelled => ImportFate::Cancelled,
        Outcome::Unchanged | Outcome::Stale if standing == Standing::New && event.created >= began => {
            ImportFate::Created
        }
        Outcome::Unchanged | Outcome::Stale if event.last_modified >= began => {
            if event.cancelled {
                ImportFate::Cancelled
            } else {
                ImportFate::Updated
            }
        }
        Outcome::Unchanged | Outcome::Stale | Outcome::Tombstone | Outcome::Uninvited => ImportFate::Unchanged,
    }
}

/// The text of a part: a small calendar of its own.
async fn read_part(work: &ImportWork, ctx: &MailContext) -> Result<Vec<u8>, IngestError> {
    let spec: ChunkSpec = serde_json::from_str(&work.spec).map_err(|error| CommandError::Failed(error.to_string()))?;
    let spans = spec.iter().flat_map(|(head, components)| head.iter().chain(components)).copied();
    let windows = windows(spans.collect());
    let gone = || CommandError::Failed("the text is no longer there".to_owned());
    let mut texts: Vec<(usize, Vec<u8>)> = Vec::new();
    if windows.len() > WINDOWS_MAX {
        texts.push((0, ctx.blobs.get(&work.raw).await?.ok_or_else(gone)?));
    } else {
        for (start, length) in windows {
            texts.push((start, ctx.blobs.get_range(&work.raw, start, length).await?.ok_or_else(gone)?));
        }
    }
    let bytes = |&(start, length): &Span| {
        let found = texts.iter().find_map(|(at, text)| text.get(start.checked_sub(*at)?..(start - at) + length));
        found.unwrap_or_default()
    };
    Ok(excerpt(&spec, bytes, work.method))
}

/// Few stretches that hold all spans.
fn windows(mut spans: Vec<Span>) -> Vec<Span> {
    spans.arrange();
    let mut windows: Vec<Span> = Vec::new();
    for (start, length) in spans {
        match windows.last_mut() {
            Some((first, known)) if start <= *first + *known + GAP_BYTES_MAX => {
                *known = (*known).max(start + length - *first);
            }
            _ => windows.push((start, length)),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_in_few_windows() {
        let far = 10 * GAP_BYTES_MAX;
        assert_eq!(windows(vec![(far, 5), (0, 10), (20, 5), (22, 1)]), [(0, 25), (far, 5)]);
        assert_eq!(windows(Vec::new()), []);
    }
}
