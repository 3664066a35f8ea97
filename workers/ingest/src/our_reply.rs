//! What an organizer's calendar is told of us as an attendee of his event (decision 15): we come, perhaps, or not.

use imip::InboundMail;
use itip::{CalAddress, Component, ItipMessage, Method, Order, Organizer, PartStat, Timestamp};
use scheduling::command::OurReply;

use crate::mailbox::Mailbox;

/// Domains whose addresses stand for an organizer's calendar, so that answers go there although nobody writes from
/// them: iCloud's relay, and Google's secondary calendars.
const RELAY_DOMAINS: [&str; 2] = ["imip.me.com", "group.calendar.google.com"];

/// The answer to an invitation, or `None` for a message that asks for none: only a REQUEST that has us among its
/// attendees does. `person` is who wrote it.
pub(crate) fn our_reply(
    message: &ItipMessage,
    person: &CalAddress,
    domain: &str,
    partstat: PartStat,
    comment: &str,
    now: Timestamp,
) -> Option<Box<OurReply>> {
    let component = asked(message, domain)?;
    let organizer = component.organizer.as_ref()?;
    Some(Box::new(OurReply {
        to: reply_to(organizer, person),
        uid: message.uid.0.clone(),
        organizer: organizer.clone(),
        attendee: ours(component, domain)?.clone(),
        partstat,
        order: Order { sequence: component.order.sequence, dtstamp: now },
        recurrence_id: component.recurrence_id.clone(),
        details: Box::new(component.details.clone()?),
        comment: comment.to_owned(),
    }))
}

/// The same for the first invitation of a mail that could not be taken as a whole.
pub(crate) fn reply_to_mail(
    mail: &InboundMail,
    person: &CalAddress,
    domain: &str,
    partstat: PartStat,
    comment: &str,
    now: Timestamp,
) -> Option<Box<OurReply>> {
    let messages = mail.calendar.as_ref().ok()?;
    our_reply(messages.first()?, person, domain, partstat, comment, now)
}

/// Whether the organizer's calendar still waits for our word.
pub(crate) fn is_awaited(message: &ItipMessage, domain: &str) -> bool {
    let waits = |component: &Component| {
        let us = component.attendees.iter().find(|attendee| is_ours(&attendee.address, domain));
        us.is_some_and(|attendee| attendee.partstat != PartStat::Accepted)
    };
    asked(message, domain).is_some_and(waits)
}

/// The component that a REQUEST asks us about: the master, else its first instance.
fn asked<'a>(message: &'a ItipMessage, domain: &str) -> Option<&'a Component> {
    if message.method != Method::Request {
        return None;
    }
    let master = message.components.iter().find(|component| component.recurrence_id.is_none());
    master.or(message.components.first()).filter(|component| ours(component, domain).is_some())
}

fn ours<'a>(component: &'a Component, domain: &str) -> Option<&'a CalAddress> {
    component.attendees.iter().map(|attendee| &attendee.address).find(|address| is_ours(address, domain))
}

fn is_ours(address: &CalAddress, domain: &str) -> bool {
    Mailbox::of(address, domain) == Mailbox::Create
}

/// Answers go to ORGANIZER (RFC 6047 section 2.4), but never to somebody whom a stranger wrote into it.
fn reply_to(organizer: &Organizer, person: &CalAddress) -> CalAddress {
    let is_relay = RELAY_DOMAINS.iter().any(|relay| organizer.address.domain().eq_ignore_ascii_case(relay));
    if is_relay { organizer.address.clone() } else { person.clone() }
}
