//! ORGANIZER and ATTENDEE properties (RFC 5545 sections 3.8.4.1 and 3.8.4.3).

use icalendar::parser::Property;
use itip::{CalAddress, InvitedAttendee, Organizer, PartStat};

use super::param;
use super::value::decode_carets;

/// iCloud writes a relay of its own as the address and the person into EMAIL.
const RELAY_DOMAINS: [&str; 2] = ["imip.me.com", "imip.icloud.com"];

fn is_relay(address: &CalAddress) -> bool {
    RELAY_DOMAINS.contains(&address.domain())
}

/// The mailbox of a property's value or of a parameter; of a list, the first.
fn mailbox(text: &str) -> Option<CalAddress> {
    text.split(',').find_map(|item| CalAddress::parse(item.trim_matches(['"', ' '])).ok())
}

fn param_mailbox(property: &Property<'_>, key: &str) -> Option<CalAddress> {
    param(property, key).and_then(mailbox)
}

/// CN on one line; empty if absent or if it only repeats an address scheme.
fn name(property: &Property<'_>) -> String {
    let name = decode_carets(param(property, "CN").unwrap_or_default());
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    name.strip_prefix("mailto:").or(name.strip_prefix("MAILTO:")).unwrap_or(&name).chars().take(200).collect()
}

/// The organizer; a URI that is no mailbox (`urn:uuid:…`, `invalid:nomail`) gives way to EMAIL (RFC 7986).
pub(crate) fn organizer(property: &Property<'_>) -> Option<Organizer> {
    let email = param_mailbox(property, "EMAIL");
    Some(Organizer {
        address: mailbox(property.val.as_str()).or_else(|| email.clone())?,
        name: name(property),
        sent_by: param_mailbox(property, "SENT-BY"),
        email,
    })
}

/// An attendee; EMAIL beats a URI that is no mailbox or only a relay.
pub(crate) fn attendee(property: &Property<'_>) -> Option<InvitedAttendee> {
    let address = mailbox(property.val.as_str()).filter(|address| !is_relay(address));
    Some(InvitedAttendee {
        address: address.or_else(|| param_mailbox(property, "EMAIL")).or_else(|| mailbox(property.val.as_str()))?,
        name: name(property),
        partstat: param(property, "PARTSTAT").map(PartStat::parse).unwrap_or_default(),
        sent_by: param_mailbox(property, "SENT-BY"),
        delegated_to: param_mailbox(property, "DELEGATED-TO"),
        delegated_from: param_mailbox(property, "DELEGATED-FROM"),
    })
}
