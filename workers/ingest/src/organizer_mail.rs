//! Mail to `create@`: an organizer's calendar creates, changes or calls off events.
//!
//! Invariants: nobody is mailed about a mail whose sender is not proven, except the one claim mail; nothing of a
//! forged mail is stored; the binding, the organizer and his page exist before the event's object hears of it.

use imip::{Defect, InboundMail, MailKind};
use itip::{CalAddress, EventId, ItipError, ItipMessage, Method, Outcome, PartStat, Uid};
use scheduling::command::{Command, CommandError, Notice, OrganizerCommand, OurReply, Reply};
use store::accounts::{self, OrganizerRow};
use store::directory;
use views::words::{Language, Words};

use crate::destination::{Author, Destination, destination, settings_of};
use crate::import;
use crate::mailbox::Mailbox;
use crate::our_reply::{is_awaited, our_reply, reply_to_mail};
use crate::refusal::Refusal;
use crate::sender::Sender;
use crate::{IngestError, Letter, MailContext, MailVerdict, reject};

/// Events that are taken at once. Each costs four calls, and the free plan allows 1,000 calls of Cloudflare's own
/// services in an invocation; a mail that holds more is imported in parts.
const EVENTS_MAX: usize = 50;

/// Takes a mail from anybody.
pub(crate) async fn receive(letter: &Letter<'_>, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    if letter.mail.kind != MailKind::Personal {
        return Ok(MailVerdict::Accept(letter.mail.kind.as_str()));
    }
    match &letter.sender {
        Sender::Nobody(reason) => Ok(reject(&format!("The sender could not be verified: {reason}."))),
        Sender::Claimed(sender) | Sender::Proven(sender) if is_ours(sender, ctx) => {
            Ok(MailVerdict::Accept("our own mail"))
        }
        Sender::Claimed(sender) => hold(letter, sender, ctx).await,
        Sender::Proven(sender) if !is_meant_for_us(letter, sender, ctx).await? => hold(letter, sender, ctx).await,
        Sender::Proven(sender) => {
            letter.keep(ctx).await?;
            take(letter, sender, ctx).await
        }
    }
}

/// Whether its author wants us to have this mail: he invites us, writes to us, or we know all that it speaks of from
/// him. Any guest of an invitation can hand its signed mail on to us, and his host's event must not become public by
/// that.
async fn is_meant_for_us(letter: &Letter<'_>, sender: &CalAddress, ctx: &MailContext) -> Result<bool, IngestError> {
    if is_addressed_to_us(letter.mail, &ctx.config.domain) {
        return Ok(true);
    }
    let uids: Vec<&Uid> = letter.mail.calendar.iter().flatten().map(|message| &message.uid).collect();
    let (rows, _) = directory::bindings_among(ctx.db.as_ref(), &uids, &[], sender).await?;
    let is_his = |uid: &&Uid| rows.get(*uid).is_some_and(|rows| rows.iter().any(|row| row.identity == *sender));
    Ok(uids.iter().all(is_his))
}

/// Whether the mail or its calendar names our mailbox.
pub(crate) fn is_addressed_to_us(mail: &InboundMail, domain: &str) -> bool {
    let invited = mail.calendar.iter().flatten().flat_map(|message| &message.components);
    let invited = invited.flat_map(|component| &component.attendees).map(|attendee| &attendee.address);
    invited.chain(&mail.to).any(|address| Mailbox::of(address, domain) == Mailbox::Create)
}

/// A mail of ours that came back must not start a conversation with ourselves.
fn is_ours(sender: &CalAddress, ctx: &MailContext) -> bool {
    sender.domain().eq_ignore_ascii_case(&ctx.config.domain)
}

/// Keeps a mail that nobody vouches for until its sender claims it.
async fn hold(letter: &Letter<'_>, sender: &CalAddress, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    if let Err(refusal) = usable(letter) {
        // The server that brought it tells its user; a mail of ours could hit somebody who never wrote.
        return Ok(reject(&refusal.reason(words_of(letter, None))));
    }
    let raw = letter.keep(ctx).await?;
    let subject = letter.mail.subject.clone();
    let comment = "Waits for your confirmation; see the mail's text.";
    let (domain, now) = (&ctx.config.domain, ctx.clock.now());
    let reply = reply_to_mail(letter.mail, sender, domain, PartStat::Tentative, comment, now);
    ctx.objects.organizer(sender, OrganizerCommand::Hold { raw, subject, reply }).await?;
    Ok(MailVerdict::Accept("held"))
}

/// The messages of a mail, if at least the first is one that an organizer sends.
fn usable<'a>(letter: &Letter<'a>) -> Result<&'a [ItipMessage], Refusal> {
    let messages = letter.mail.calendar.as_ref().map_err(|refusal| Refusal::Calendar(*refusal))?;
    if letter.mail.defects.contains(&Defect::UnknownMethod) {
        return Err(Refusal::UnknownMethod);
    }
    match messages.iter().find(|message| !is_organizers(message.method)) {
        Some(message) => Err(Refusal::Method(message.method)),
        None => Ok(messages),
    }
}

/// Whether organizers send it.
pub(crate) fn is_organizers(method: Method) -> bool {
    matches!(method, Method::Request | Method::Publish | Method::Add | Method::Cancel)
}

/// Takes a proven sender's mail.
pub(crate) async fn take(
    letter: &Letter<'_>,
    sender: &CalAddress,
    ctx: &MailContext,
) -> Result<MailVerdict, IngestError> {
    let messages = match usable(letter) {
        Ok(messages) => messages,
        Err(refusal) => return refuse(letter, sender, &refusal, ctx).await,
    };
    let (mut created, mut replies) = (Vec::new(), Vec::new());
    let mut verdict = "nothing to do";
    if messages.len() > EVENTS_MAX {
        return import::begin_mail(letter, sender, ctx).await;
    }
    for message in messages {
        match apply(message, letter, sender, &mut replies, ctx).await? {
            Applied::Created(event) => {
                verdict = "created";
                created.push(event);
            }
            Applied::Known(what) => verdict = what,
            Applied::Refused(refusal) => {
                let words = words_for(letter, sender, ctx).await?;
                let (domain, now) = (&ctx.config.domain, ctx.clock.now());
                let reply = our_reply(message, sender, domain, PartStat::Declined, &refusal.reason(words), now);
                notify(sender, refusal.notice(&letter.mail.subject, reply, words), ctx).await?;
                verdict = "refused";
            }
        }
    }
    if !created.is_empty() {
        notify(sender, Notice::EventsReady { events: created }, ctx).await?;
    }
    // What people read goes first, what their calendars read after it.
    for (owner, reply) in replies {
        notify(&owner, Notice::Reply { reply }, ctx).await?;
    }
    Ok(MailVerdict::Accept(verdict))
}

/// Tells a proven sender once what was wrong.
async fn refuse(
    letter: &Letter<'_>,
    sender: &CalAddress,
    refusal: &Refusal,
    ctx: &MailContext,
) -> Result<MailVerdict, IngestError> {
    let words = words_for(letter, sender, ctx).await?;
    notify(sender, refusal.notice(&letter.mail.subject, None, words), ctx).await?;
    Ok(MailVerdict::Accept("refused"))
}

/// The words that an organizer reads: of the language that he chose, else of his mail.
async fn words_for(letter: &Letter<'_>, sender: &CalAddress, ctx: &MailContext) -> Result<&'static Words, IngestError> {
    let account = accounts::organizer(ctx.db.as_ref(), sender).await?;
    Ok(words_of(letter, account.as_ref()))
}

fn words_of(letter: &Letter<'_>, account: Option<&OrganizerRow>) -> &'static Words {
    let chosen = account.map(settings_of).unwrap_or_default().language;
    Language::choose(&[&chosen, letter.mail.language.as_deref().unwrap_or_default()]).words()
}

async fn notify(organizer: &CalAddress, notice: Notice, ctx: &MailContext) -> Result<(), IngestError> {
    ctx.objects.organizer(organizer, OrganizerCommand::Notify { notice }).await?;
    Ok(())
}

/// What became of one message.
enum Applied {
    /// A new event.
    Created(EventId),
    /// Anything else that was taken; the word is for the log.
    Known(&'static str),
    /// Not taken.
    Refused(Refusal),
}

async fn apply(
    message: &ItipMessage,
    letter: &Letter<'_>,
    sender: &CalAddress,
    replies: &mut Vec<(CalAddress, Box<OurReply>)>,
    ctx: &MailContext,
) -> Result<Applied, IngestError> {
    let (rows, account) = directory::bindings_and_account(ctx.db.as_ref(), &message.uid, sender).await?;
    let author = Author::of(letter.mail, sender);
    let Destination { event, owner, settings } = match destination(message, &rows, account, &author, ctx).await? {
        Ok(destination) => destination,
        Err(refusal) => return Ok(Applied::Refused(refusal)),
    };
    let command = Command::Organizer { message: Box::new(message.clone()), sender: owner.clone(), settings };
    let reply = match ctx.objects.event(&event, command).await {
        Ok(reply) => reply,
        Err(CommandError::Itip(error)) => return Ok(Applied::Refused(by_rule(error, message.method))),
        Err(error) => return Err(error.into()),
    };
    let Reply::Organizer { outcome, held, .. } = reply else { return Ok(Applied::Known("nothing to do")) };
    if held && outcome.is_visible() {
        notify(&owner, Notice::Approval { event: event.clone() }, ctx).await?;
    }
    if is_taken(&outcome) && is_awaited(message, &ctx.config.domain) {
        let reply = our_reply(message, sender, &ctx.config.domain, PartStat::Accepted, "", ctx.clock.now());
        replies.extend(reply.map(|reply| (owner.clone(), reply)));
    }
    Ok(match outcome {
        Outcome::Created => Applied::Created(event),
        Outcome::Updated { .. } => Applied::Known("updated"),
        Outcome::Cancelled => Applied::Known("cancelled"),
        Outcome::Reinstated => Applied::Known("reinstated"),
        Outcome::Tombstone => Applied::Known("tombstone"),
        Outcome::Unchanged => Applied::Known("unchanged"),
        Outcome::Stale => Applied::Known("stale"),
        Outcome::Uninvited => {
            notify(&owner, Notice::Uninvited { event }, ctx).await?;
            Applied::Known("uninvited")
        }
    })
}

/// Whether the organizer's calendar holds what we hold.
fn is_taken(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Created | Outcome::Updated { .. } | Outcome::Reinstated | Outcome::Unchanged)
}

/// A rule of iTIP that forbids a message.
pub(crate) fn by_rule(error: ItipError, method: Method) -> Refusal {
    match error {
        ItipError::NoComponent => Refusal::Calendar(imip::CalendarRefusal::NoEvent),
        // Not applicable is an ADD of a whole series.
        ItipError::MethodNotAllowed | ItipError::NotApplicable => Refusal::Method(method),
        ItipError::NotOrganizer => Refusal::Stranger,
        ItipError::UnknownSeries => Refusal::UnknownSeries,
    }
}
