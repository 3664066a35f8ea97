//! Who wrote a mail, and how sure that is (decision 5).

use imip::{AuthVerdict, InboundMail};
use itip::CalAddress;

/// The author of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The From domain signed the mail, or a receiver that we trust vouches for it.
    Proven(CalAddress),
    /// From says so, nobody vouches.
    Claimed(CalAddress),
    /// Forged, ambiguous, or without a usable From; says why.
    Nobody(&'static str),
}

/// iCloud mails a person's invitation from one address for everybody; the person stands in ORGANIZER's EMAIL or in
/// Reply-To.
const ICLOUD_SENDER: &str = "noreply@insideicloud.icloud.com";

impl Sender {
    /// Judges a mail by the verdict of whom we trust.
    pub fn of(mail: &InboundMail, verdict: AuthVerdict) -> Self {
        if let AuthVerdict::Fail(reason) = verdict {
            return Self::Nobody(reason);
        }
        let [from] = mail.from.as_slice() else {
            return Self::Nobody("the From header must name exactly one sender");
        };
        if mail.from_header_count != 1 || mail.from_mailbox_count != 1 {
            return Self::Nobody("the From header must name exactly one sender");
        }
        let person = if from.as_str() == ICLOUD_SENDER {
            match behind_icloud(mail) {
                Some(person) => person,
                None => return Self::Nobody("the organizer behind iCloud's address is not named"),
            }
        } else {
            from.clone()
        };
        match verdict {
            AuthVerdict::Pass => Self::Proven(person),
            AuthVerdict::None | AuthVerdict::Fail(_) => Self::Claimed(person),
        }
    }

    /// The author, if he is proven.
    pub fn proven(&self) -> Option<&CalAddress> {
        match self {
            Self::Proven(address) => Some(address),
            Self::Claimed(_) | Self::Nobody(_) => None,
        }
    }
}

fn behind_icloud(mail: &InboundMail) -> Option<CalAddress> {
    let messages = mail.calendar.as_ref().map_or(&[][..], Vec::as_slice);
    let organizers = messages.iter().flat_map(|message| &message.components).filter_map(|c| c.organizer.as_ref());
    let mut people: Vec<CalAddress> = organizers.filter_map(|organizer| organizer.email.clone()).collect();
    people.dedup();
    match people.as_slice() {
        [person] => Some(person.clone()),
        [] => mail.reply_to.clone(),
        // One mail speaks for one person.
        _ => None,
    }
}
