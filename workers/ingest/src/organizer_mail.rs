//! Mail to `create@`: an organizer's calendar creates, changes or calls off events.
//!
//! Invariants: nobody is mailed about a mail whose sender is not proven, except the one claim mail; nothing of a
//! forged mail is stored; the binding, the organizer and his page exist before the event's object hears of it.

use imip::{Defect, InboundMail, MailKind};
use itip::{CalAddress, EventId, ItipError, ItipMessage, Method, Organizer, Outcome, PartStat};
use scheduling::command::{Attempt, Command, CommandError, Notice, OrganizerCommand, OurReply, Reply};
use scheduling::settings::OrganizerSettings;
use store::accounts::{self, OrganizerRow};
use store::directory;
use views::words::{Language, Words};

use crate::binding::{Resolved, resolve};
use crate::mailbox::Mailbox;
use crate::our_reply::{is_awaited, our_reply, reply_to_mail};
use crate::refusal::Refusal;
use crate::sender::Sender;
use crate::slug::slugs;
use crate::{IngestError, Letter, MailContext, MailVerdict, reject};

/// Events taken from one mail. Each costs four calls, and the free plan allows 1,000 calls of Cloudflare's own
/// services in an invocation.
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
    for message in letter.mail.calendar.iter().flatten().take(EVENTS_MAX) {
        let rows = directory::bindings(ctx.db.as_ref(), &message.uid).await?;
        if !rows.iter().any(|row| row.identity == *sender) {
            return Ok(false);
        }
    }
    Ok(true)
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

fn is_organizers(method: Method) -> bool {
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
    for message in messages.iter().take(EVENTS_MAX) {
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
    if messages.len() > EVENTS_MAX {
        let refusal = Refusal::TooMany { taken: EVENTS_MAX, of: messages.len() };
        refuse(letter, sender, &refusal, ctx).await?;
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
    let organizer = message.components.iter().find_map(|component| component.organizer.as_ref());
    let (rows, account) = directory::bindings_and_account(ctx.db.as_ref(), &message.uid, sender).await?;
    let suspended = account.as_ref().is_some_and(|account| account.suspended);
    // Whoever is suspended makes nothing new, but his guests still hear of changes.
    let is_add = message.method == Method::Add;
    let Some(resolved) = resolve(&message.uid, &rows, sender, organizer, !suspended && !is_add, ctx).await? else {
        return Ok(Applied::Refused(if is_add { Refusal::UnknownSeries } else { Refusal::Suspended }));
    };
    let (event, owner, new) = match resolved {
        Resolved::Event { event, owner, new } => (event, owner, new),
        Resolved::Stranger { event } => {
            report_stranger(&event, message.method, sender, ctx).await?;
            return Ok(Applied::Refused(Refusal::Stranger));
        }
    };
    let mut account = match account {
        Some(account) if owner == *sender => Some(account),
        _ => accounts::organizer(ctx.db.as_ref(), &owner).await?,
    };
    // A cancel for an event never seen makes no page.
    if account.is_none() && !(new && message.method == Method::Cancel) {
        account = enroll(&owner, organizer, letter, ctx).await?;
    }
    let settings = account.as_ref().map(settings_of).unwrap_or_default();
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

/// The owner can see who tried to speak about his event.
async fn report_stranger(
    event: &EventId,
    method: Method,
    sender: &CalAddress,
    ctx: &MailContext,
) -> Result<(), IngestError> {
    let attempt = Attempt { sender: sender.clone(), method, at: ctx.clock.now() };
    match ctx.objects.event(event, Command::Stranger { attempt }).await {
        Ok(_) | Err(CommandError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn by_rule(error: ItipError, method: Method) -> Refusal {
    match error {
        ItipError::NoComponent => Refusal::Calendar(imip::CalendarRefusal::NoEvent),
        // Not applicable is an ADD of a whole series.
        ItipError::MethodNotAllowed | ItipError::NotApplicable => Refusal::Method(method),
        ItipError::NotOrganizer => Refusal::Stranger,
        ItipError::UnknownSeries => Refusal::UnknownSeries,
    }
}

/// Settings that do not decode are the defaults: a bad row must not stop an event.
fn settings_of(account: &OrganizerRow) -> OrganizerSettings {
    serde_json::from_str(&account.settings).unwrap_or_default()
}

/// Makes an organizer on his first mail, with a name for his page.
async fn enroll(
    owner: &CalAddress,
    organizer: Option<&Organizer>,
    letter: &Letter<'_>,
    ctx: &MailContext,
) -> Result<Option<OrganizerRow>, IngestError> {
    let own = organizer.filter(|organizer| organizer.address == *owner || organizer.email.as_ref() == Some(owner));
    let calendar_name = own.map(|organizer| organizer.name.as_str()).unwrap_or_default();
    let spoken = letter.sender.proven() == Some(owner);
    let from_name = if spoken { letter.mail.from_name.as_str() } else { "" };
    let name = [calendar_name, from_name].into_iter().map(plain_name).find(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| owner.local_part().to_owned());
    let slugs = slugs(&name, owner, &ctx.keys);
    let row = accounts::enroll_organizer(ctx.db.as_ref(), owner, &name, &slugs, ctx.clock.now()).await?;
    match (row, own_language(letter).filter(|_| spoken)) {
        (Some(row), Some(language)) => remember_language(row, language, ctx).await.map(Some),
        (row, _) => Ok(row),
    }
}

/// The language of a mail, if it is one that we write and not the one that we write anyway.
fn own_language(letter: &Letter<'_>) -> Option<Language> {
    let language = Language::from_tag(letter.mail.language.as_deref()?)?;
    (language != Language::default()).then_some(language)
}

/// A new organizer is written to as he writes, until he says otherwise.
async fn remember_language(
    mut row: OrganizerRow,
    language: Language,
    ctx: &MailContext,
) -> Result<OrganizerRow, IngestError> {
    let settings = OrganizerSettings { language: language.words().tag.to_owned(), ..settings_of(&row) };
    if let Ok(json) = serde_json::to_string(&settings) {
        ctx.db.run(accounts::save_organizer(&row.address, &row.name, &json, row.suspended)).await?;
        row.settings = json;
    }
    Ok(row)
}

/// Longest name kept of an organizer.
const NAME_CHARS_MAX: usize = 80;

/// A name on one line; empty for an address, which calendars write where they know no name.
fn plain_name(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name = name.trim().trim_matches('"').trim();
    if name.contains('@') { String::new() } else { name.chars().take(NAME_CHARS_MAX).collect() }
}
