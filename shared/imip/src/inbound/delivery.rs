//! Delivery reports (RFC 3464): whom a mail of ours did not reach.

use itip::CalAddress;

use crate::limits::REPORTED_RECIPIENTS_MAX;
use crate::mailbox::mailbox;
use crate::mime::Part;

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Original-Recipient if it names a mailbox, else Final-Recipient: the address that was written to.
    pub recipient: CalAddress,
    /// Action (RFC 3464 section 2.3.3).
    pub action: DeliveryAction,
    /// Status (RFC 3463): class, subject, detail; `(5, 0, 0)` where a failure has none.
    pub status: (u16, u16, u16),
}

/// Action of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryAction {
    /// It will not arrive.
    Failed,
    /// It is still being tried.
    Delayed,
    /// It arrived, or was handed to a system that reports no more.
    Delivered,
}

impl Delivery {
    /// Whether mail to this address is of no use: this one failed, and for a reason that will not go away
    /// (RFC 3463 section 3.1, class 5). A mailbox that is full or a policy against one mail is such a reason too.
    pub fn is_permanent(&self) -> bool {
        self.action == DeliveryAction::Failed && self.status.0 == 5
    }
}

/// The recipients of every report in a mail, or of the header field that Exim and Gmail write without one.
pub(crate) fn deliveries(parts: &[Part<'_>], failed_recipients: &[String]) -> Vec<Delivery> {
    let is_status = |part: &&Part<'_>| {
        part.forwarded == 0
            && matches!(part.content_type.as_str(), "message/delivery-status" | "message/global-delivery-status")
    };
    let mut found: Vec<Delivery> = Vec::new();
    for part in parts.iter().filter(is_status) {
        let text = part.text().replace('\r', "");
        let groups = text.split("\n\n").filter_map(of_group);
        found.extend(groups.take(REPORTED_RECIPIENTS_MAX - found.len().min(REPORTED_RECIPIENTS_MAX)));
    }
    if found.is_empty() {
        let addresses = failed_recipients.iter().flat_map(|field| field.split([',', ' ']));
        let addresses = addresses.filter_map(mailbox);
        let failed =
            addresses.map(|recipient| Delivery { recipient, action: DeliveryAction::Failed, status: (5, 0, 0) });
        found.extend(failed.take(REPORTED_RECIPIENTS_MAX));
    }
    found
}

/// The fields of one recipient; `None` for those of the whole message.
fn of_group(group: &str) -> Option<Delivery> {
    let unfolded = group.replace("\n ", " ").replace("\n\t", " ");
    let field = |name: &str| {
        unfolded.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    };
    // `rfc822; ana@example.com`; some leave the type out.
    let recipient = |name: &str| {
        let value = field(name)?;
        mailbox(value.split_once(';').map_or(value, |(_, address)| address))
    };
    let recipient = recipient("Original-Recipient").or_else(|| recipient("Final-Recipient"))?;
    let status = field("Status").and_then(status);
    let action = match field("Action")?.to_ascii_lowercase().split_whitespace().next()? {
        "failed" | "failure" => DeliveryAction::Failed,
        "delayed" => DeliveryAction::Delayed,
        "delivered" | "relayed" | "expanded" => DeliveryAction::Delivered,
        _ => return None,
    };
    let class = match action {
        DeliveryAction::Failed => 5,
        DeliveryAction::Delayed => 4,
        DeliveryAction::Delivered => 2,
    };
    Some(Delivery { recipient, action, status: status.unwrap_or((class, 0, 0)) })
}

/// `5.1.1`, with or without a comment after it.
fn status(text: &str) -> Option<(u16, u16, u16)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
    [2, 4, 5].contains(&class).then_some((class, subject, detail))
}
