//! Which event a UID means in the mouth of a sender, and whether he may speak about it (decision 4).
//!
//! Invariant: a binding is written before the event's object hears of the message, and whoever comes second reads
//! the first one's; so delegates, aliases, claims and a changed key never make a second event.

use itip::{CalAddress, EventId, Organizer, Uid};
use scheduling::keys::event_id;
use store::directory::{self, Binding, Role};

use crate::{IngestError, MailContext};

/// A sender's place in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// He owns the event, or acts for its owner.
    Bound {
        /// The event.
        event: EventId,
        /// Its owner.
        owner: CalAddress,
    },
    /// He was named as ORGANIZER and now speaks himself.
    TakesOver {
        /// The event.
        event: EventId,
        /// Who has spoken until now.
        before: Option<CalAddress>,
    },
    /// Not bound, although the event's ORGANIZER is.
    Stranger {
        /// The event.
        event: EventId,
    },
    /// Nobody is bound.
    New,
}

/// The person behind ORGANIZER: EMAIL where a relay address hides him.
fn person(organizer: &Organizer) -> &CalAddress {
    organizer.email.as_ref().unwrap_or(&organizer.address)
}

/// Reads the directory's lines about a UID.
pub(crate) fn standing(rows: &[Binding], sender: &CalAddress, organizer: Option<&Organizer>) -> Standing {
    let owner_of = |event: &EventId| {
        rows.iter().find(|row| row.role == Role::Owner && row.event_id == *event).map(|row| row.identity.clone())
    };
    if let Some(row) = rows.iter().find(|row| row.identity == *sender) {
        let event = row.event_id.clone();
        let owner = owner_of(&event);
        return match row.role {
            Role::Owner => Standing::Bound { event, owner: sender.clone() },
            Role::Delegate => Standing::Bound { owner: owner.unwrap_or_else(|| sender.clone()), event },
            Role::Organizer => Standing::TakesOver { event, before: owner },
        };
    }
    let Some(organizer) = organizer else { return Standing::New };
    let is_organizer = |row: &Binding| row.identity == *person(organizer) || row.identity == organizer.address;
    match rows.iter().find(|row| is_organizer(row)) {
        Some(row) => Standing::Stranger { event: row.event_id.clone() },
        None => Standing::New,
    }
}

/// What may be said, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// The message goes to this event in the name of its owner.
    Event {
        /// The event.
        event: EventId,
        /// Its owner.
        owner: CalAddress,
        /// This mail made the binding.
        new: bool,
    },
    /// Nothing: the event is somebody else's.
    Stranger {
        /// The event.
        event: EventId,
    },
}

/// Resolves a proven sender's message by the directory's lines about its UID. With `create`, an unknown UID becomes a
/// new event.
pub(crate) async fn resolve(
    uid: &Uid,
    rows: &[Binding],
    sender: &CalAddress,
    organizer: Option<&Organizer>,
    create: bool,
    ctx: &MailContext,
) -> Result<Option<Resolved>, IngestError> {
    let mut found = standing(rows, sender, organizer);
    let mut new = false;
    if found == Standing::New {
        if !create {
            return Ok(None);
        }
        let wanted = new_bindings(uid, sender, organizer, ctx);
        // Somebody may have been quicker: his lines count.
        let rows = directory::bind_all(ctx.db.as_ref(), uid, &wanted).await?;
        found = standing(&rows, sender, organizer);
        new = true;
    }
    Ok(Some(match found {
        Standing::Bound { event, owner } => {
            name_delegate(uid, &event, sender, &owner, organizer, ctx).await?;
            Resolved::Event { event, owner, new }
        }
        Standing::TakesOver { event, before } => {
            // Only ORGANIZER's own word keeps the earlier sender: anybody can write his own name into SENT-BY.
            let named = organizer.and_then(|organizer| organizer.sent_by.as_ref());
            let delegate = before.as_ref().filter(|before| named == Some(before));
            ctx.db.batch(directory::take_over(uid, &event, sender, delegate)).await?;
            Resolved::Event { event, owner: sender.clone(), new }
        }
        Standing::Stranger { event } => Resolved::Stranger { event },
        // A row that was written a moment ago is gone: the take-over of somebody quicker removed it.
        Standing::New => Resolved::Stranger { event: event_id(&ctx.keys, sender, uid) },
    }))
}

/// The directory's lines about a new event.
pub(crate) fn new_bindings(
    uid: &Uid,
    sender: &CalAddress,
    organizer: Option<&Organizer>,
    ctx: &MailContext,
) -> Vec<Binding> {
    let event = event_id(&ctx.keys, sender, uid);
    let binding = |identity: &CalAddress, role| Binding { identity: identity.clone(), event_id: event.clone(), role };
    let mut lines = vec![binding(sender, Role::Owner)];
    if let Some(organizer) = organizer {
        let person = person(organizer);
        if person != sender && !person.domain().eq_ignore_ascii_case(&ctx.config.domain) {
            lines.push(binding(person, Role::Organizer));
        }
    }
    lines
}

/// The owner's own mail names somebody who acts for him: from now on that person may.
async fn name_delegate(
    uid: &Uid,
    event: &EventId,
    sender: &CalAddress,
    owner: &CalAddress,
    organizer: Option<&Organizer>,
    ctx: &MailContext,
) -> Result<(), IngestError> {
    if sender == owner
        && let Some(delegate) = named_delegate(event, owner, organizer)
    {
        ctx.db.run(directory::bind(uid, &delegate)).await?;
    }
    Ok(())
}

/// The line of whom the owner names by SENT-BY.
pub(crate) fn named_delegate(event: &EventId, owner: &CalAddress, organizer: Option<&Organizer>) -> Option<Binding> {
    let organizer = organizer.filter(|organizer| person(organizer) == owner)?;
    let delegate = organizer.sent_by.as_ref().filter(|delegate| *delegate != owner)?;
    Some(Binding { identity: delegate.clone(), event_id: event.clone(), role: Role::Delegate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> CalAddress {
        CalAddress::parse(text).unwrap()
    }

    fn event(number: u8) -> EventId {
        EventId::from_bytes([number; 20])
    }

    fn row(identity: &str, role: Role) -> Binding {
        Binding { identity: address(identity), event_id: event(1), role }
    }

    fn organizer(text: &str, email: Option<&str>) -> Organizer {
        Organizer { address: address(text), name: String::new(), sent_by: None, email: email.map(address) }
    }

    #[test]
    fn who_may_speak_about_an_event() {
        let ann = || organizer("ann@x.test", None);
        let bound = |owner: &str| Standing::Bound { event: event(1), owner: address(owner) };
        let owned = vec![row("ann@x.test", Role::Owner), row("deb@x.test", Role::Delegate)];
        let forwarded = vec![row("fay@x.test", Role::Owner), row("ann@x.test", Role::Organizer)];
        let takes_over = Standing::TakesOver { event: event(1), before: Some(address("fay@x.test")) };
        let stranger = || Standing::Stranger { event: event(1) };
        let icloud = organizer("2_abc@imip.me.com", Some("ann@x.test"));
        for (rows, sender, organizer, expected) in [
            (vec![], "ann@x.test", Some(ann()), Standing::New),
            (owned.clone(), "ann@x.test", Some(ann()), bound("ann@x.test")),
            (owned.clone(), "ann@x.test", None, bound("ann@x.test")),
            (owned.clone(), "deb@x.test", Some(ann()), bound("ann@x.test")),
            (owned.clone(), "mal@x.test", Some(ann()), stranger()),
            (owned.clone(), "mal@x.test", Some(icloud.clone()), stranger()),
            // Mallory's own event under a UID that he has seen is his own business.
            (owned.clone(), "mal@x.test", None, Standing::New),
            (owned, "mal@x.test", Some(organizer("mal@x.test", None)), Standing::New),
            (forwarded.clone(), "fay@x.test", Some(ann()), bound("fay@x.test")),
            (forwarded.clone(), "ann@x.test", Some(ann()), takes_over),
            (forwarded, "mal@x.test", Some(ann()), stranger()),
        ] {
            assert_eq!(standing(&rows, &address(sender), organizer.as_ref()), expected, "{sender} {organizer:?}");
        }
    }
}
