//! ORGANIZER and ATTENDEE properties (RFC 5545 sections 3.8.4.1 and 3.8.4.3).

use icalendar::parser::Property;
use itip::{CalAddress, InvitedAttendee, Organizer, PartStat};

use super::param;
use super::value::decode_carets;
use crate::mailbox;

/// iCloud writes a relay of its own as the address and the person into EMAIL.
const RELAY_DOMAINS: [&str; 2] = ["imip.me.com", "imip.icloud.com"];

fn is_relay(address: &CalAddress) -> bool {
    RELAY_DOMAINS.contains(&address.domain())
}

/// The mailbox of a property's value or of a parameter; of a list, the first.
fn mailbox(text: &str) -> Option<CalAddress> {
    mailbox::mailbox(text).or_else(|| text.split(',').find_map(mailbox::mailbox))
}

fn param_mailbox(property: &Property<'_>, key: &str) -> Option<CalAddress> {
    param(property, key).and_then(mailbox)
}

/// The person whom a value that is no mailbox stands for (`urn:uuid:…`, Exchange's `invalid:nomail`, X.500's
/// `/o=…`): EMAIL (RFC 7986 section 6.2), or a CN that is an address.
fn behind(property: &Property<'_>) -> Option<CalAddress> {
    param_mailbox(property, "EMAIL").or_else(|| param(property, "CN").and_then(mailbox::mailbox))
}

/// CN on one line; empty if absent or if it only repeats an address scheme.
fn name(property: &Property<'_>) -> String {
    let name = decode_carets(param(property, "CN").unwrap_or_default());
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    name.strip_prefix("mailto:").or(name.strip_prefix("MAILTO:")).unwrap_or(&name).chars().take(200).collect()
}

/// The organizer.
pub(crate) fn organizer(property: &Property<'_>) -> Option<Organizer> {
    Some(Organizer {
        address: mailbox(property.val.as_str()).or_else(|| behind(property))?,
        name: name(property),
        sent_by: param_mailbox(property, "SENT-BY"),
        email: param_mailbox(property, "EMAIL"),
    })
}

/// An attendee; EMAIL beats a URI that is no mailbox or only a relay.
pub(crate) fn attendee(property: &Property<'_>) -> Option<InvitedAttendee> {
    let written = mailbox(property.val.as_str());
    let address = written.clone().filter(|address| !is_relay(address));
    Some(InvitedAttendee {
        address: address.or_else(|| behind(property)).or(written)?,
        name: name(property),
        partstat: param(property, "PARTSTAT").map(PartStat::parse).unwrap_or_default(),
        sent_by: param_mailbox(property, "SENT-BY"),
        delegated_to: param_mailbox(property, "DELEGATED-TO"),
        delegated_from: param_mailbox(property, "DELEGATED-FROM"),
        member: param_mailbox(property, "MEMBER"),
    })
}
