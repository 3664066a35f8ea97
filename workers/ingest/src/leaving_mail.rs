//! Mail to `unsubscribe@` and bounces to `notification@`: people and addresses that mail must not reach any more.
//!
//! Both are believed because of a signed link that only the guest's own mail carries.

use imip::{Delivery, MailKind};
use itip::{CalAddress, EventId};
use scheduling::command::{Command, CommandError};
use scheduling::keys::{Link, address_hash, read_link};
use store::{accounts, directory};

use crate::{IngestError, Letter, MailContext, MailVerdict, reject};

/// Words of a subject that are tried as a token.
const WORDS_MAX: usize = 20;

/// Stops an organizer's mail to whoever sends the token that his mail carries in List-Unsubscribe.
pub(crate) async fn unsubscribe(letter: &Letter<'_>, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    if letter.mail.kind == MailKind::Bounce {
        return Ok(MailVerdict::Accept(letter.mail.kind.as_str()));
    }
    let mut links =
        letter.mail.subject.split_whitespace().take(WORDS_MAX).filter_map(|word| read_link(&ctx.keys, word));
    let Some(Link::Unsubscribe { event, guest }) = links.find(|link| matches!(link, Link::Unsubscribe { .. })) else {
        return Ok(reject(
            "Please use the unsubscribe link of the mail that you do not want; its code is missing here.",
        ));
    };
    letter.keep(ctx).await?;
    let owner = directory::event(ctx.db.as_ref(), &event).await?.map(|row| row.owner);
    let hash = address_hash(&ctx.keys, &guest);
    let statement = accounts::suppress(&hash, owner.as_ref(), "unsubscribed by mail", ctx.clock.now());
    ctx.db.run(statement).await?;
    tell(&event, Command::Suppress { guest }, ctx).await?;
    Ok(MailVerdict::Accept("unsubscribed"))
}

/// Marks a guest whose mail came back. SES keeps bounces to itself as a rule; this is for those that it lets through.
pub(crate) async fn bounce(letter: &Letter<'_>, ctx: &MailContext) -> Result<MailVerdict, IngestError> {
    if letter.mail.kind != MailKind::Bounce {
        return Ok(MailVerdict::Accept("nobody reads this mailbox"));
    }
    let text = String::from_utf8_lossy(letter.raw);
    let is_final = letter.mail.deliveries.iter().any(Delivery::is_permanent);
    let Some((event, guest)) = returned(&text, ctx).filter(|_| is_final) else {
        return Ok(MailVerdict::Accept(letter.mail.kind.as_str()));
    };
    letter.keep(ctx).await?;
    tell(&event, Command::Undeliverable { guest }, ctx).await?;
    Ok(MailVerdict::Accept("undeliverable"))
}

/// The unsubscribe link among the header fields of the returned mail tells event and guest, and cannot be invented.
fn returned(text: &str, ctx: &MailContext) -> Option<(EventId, CalAddress)> {
    let prefix = format!("{}/u/", ctx.config.public_url);
    let tokens = text.split(prefix.as_str()).skip(1).take(WORDS_MAX).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    });
    tokens.filter_map(|token| read_link(&ctx.keys, token)).find_map(|link| match link {
        Link::Unsubscribe { event, guest } => Some((event, guest)),
        Link::Answer { .. } | Link::Claim { .. } | Link::Organizer { .. } | Link::TakeOver { .. } => None,
    })
}

async fn tell(event: &EventId, command: Command, ctx: &MailContext) -> Result<(), IngestError> {
    match ctx.objects.event(event, command).await {
        Ok(_) | Err(CommandError::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
