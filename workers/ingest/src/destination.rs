//! Where an organizer's message goes: to which event, in whose name, with whose settings.

use imip::InboundMail;
use itip::{CalAddress, EventId, ItipMessage, Method, Organizer};
use scheduling::command::{Attempt, Command, CommandError};
use scheduling::settings::OrganizerSettings;
use store::accounts::{self, OrganizerRow};
use store::directory::Binding;
use views::words::Language;

use crate::binding::{Resolved, resolve};
use crate::refusal::Refusal;
use crate::slug::slugs;
use crate::{IngestError, MailContext};

/// Who speaks: the proven sender of a mail, or the organizer whose file or feed it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Author<'a> {
    /// His address.
    pub address: &'a CalAddress,
    /// His name; empty if he has told none.
    pub name: &'a str,
    /// The language that he writes, if it is one of ours and not the one that we write anyway.
    pub language: Option<Language>,
}

impl<'a> Author<'a> {
    /// The proven `sender` of a mail.
    pub fn of(mail: &'a InboundMail, address: &'a CalAddress) -> Self {
        let language = mail.language.as_deref().and_then(Language::from_tag);
        Self { address, name: &mail.from_name, language: language.filter(|language| *language != Language::default()) }
    }
}

/// An event that a message may change.
pub(crate) struct Destination {
    /// The event.
    pub event: EventId,
    /// Its owner.
    pub owner: CalAddress,
    /// His settings.
    pub settings: OrganizerSettings,
}

/// Finds it by the directory's lines about the message's UID, `rows`, and the author's `account`. The binding, the
/// organizer and his page exist when this returns.
pub(crate) async fn destination(
    message: &ItipMessage,
    rows: &[Binding],
    account: Option<OrganizerRow>,
    author: &Author<'_>,
    ctx: &MailContext,
) -> Result<Result<Destination, Refusal>, IngestError> {
    let organizer = organizer_of(message);
    let suspended = account.as_ref().is_some_and(|account| account.suspended);
    // Whoever is suspended makes nothing new, but his guests still hear of changes.
    let is_add = message.method == Method::Add;
    let may_create = !suspended && !is_add;
    let Some(resolved) = resolve(&message.uid, rows, author.address, organizer, may_create, ctx).await? else {
        return Ok(Err(if is_add { Refusal::UnknownSeries } else { Refusal::Suspended }));
    };
    let (event, owner, new) = match resolved {
        Resolved::Event { event, owner, new } => (event, owner, new),
        Resolved::Stranger { event } => {
            report_stranger(&event, message.method, author.address, ctx).await?;
            return Ok(Err(Refusal::Stranger));
        }
    };
    let mut account = match account {
        Some(account) if owner == *author.address => Some(account),
        _ => accounts::organizer(ctx.db.as_ref(), &owner).await?,
    };
    // A cancel for an event never seen makes no page.
    if account.is_none() && !(new && message.method == Method::Cancel) {
        account = enroll(&owner, organizer, author, ctx).await?;
    }
    let settings = account.as_ref().map(settings_of).unwrap_or_default();
    Ok(Ok(Destination { event, owner, settings }))
}

/// The ORGANIZER of a message.
pub(crate) fn organizer_of(message: &ItipMessage) -> Option<&Organizer> {
    message.components.iter().find_map(|component| component.organizer.as_ref())
}

/// The owner can see who tried to speak about his event.
pub(crate) async fn report_stranger(
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

/// Settings that do not decode are the defaults: a bad row must not stop an event.
pub(crate) fn settings_of(account: &OrganizerRow) -> OrganizerSettings {
    serde_json::from_str(&account.settings).unwrap_or_default()
}

/// Makes an organizer on his first message, with a name for his page.
pub(crate) async fn enroll(
    owner: &CalAddress,
    organizer: Option<&Organizer>,
    author: &Author<'_>,
    ctx: &MailContext,
) -> Result<Option<OrganizerRow>, IngestError> {
    let own = organizer.filter(|organizer| organizer.address == *owner || organizer.email.as_ref() == Some(owner));
    let calendar_name = own.map(|organizer| organizer.name.as_str()).unwrap_or_default();
    let spoken = author.address == owner;
    let from_name = if spoken { author.name } else { "" };
    let name = [calendar_name, from_name].into_iter().map(plain_name).find(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| owner.local_part().to_owned());
    let slugs = slugs(&name, owner, &ctx.keys);
    let row = accounts::enroll_organizer(ctx.db.as_ref(), owner, &name, &slugs, ctx.clock.now()).await?;
    match (row, author.language.filter(|_| spoken)) {
        (Some(row), Some(language)) => remember_language(row, language, ctx).await.map(Some),
        (row, _) => Ok(row),
    }
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
