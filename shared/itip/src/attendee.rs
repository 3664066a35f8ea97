//! Guests: what they answered, what they hold, and who gets the next mail.

use serde::{Deserialize, Serialize};

use crate::{CalAddress, EventState, Method, Order, Sequence, Timestamp};

/// PARTSTAT of an event's attendee (RFC 5545 section 3.2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartStat {
    /// No answer.
    #[default]
    NeedsAction,
    /// Yes.
    Accepted,
    /// No.
    Declined,
    /// Maybe.
    Tentative,
    /// Sends somebody else.
    Delegated,
}

impl PartStat {
    /// Reads a PARTSTAT value; an unknown one counts as NEEDS-ACTION (RFC 5545 section 3.2.12).
    pub fn parse(value: &str) -> Self {
        let all = [Self::Accepted, Self::Declined, Self::Tentative, Self::Delegated];
        all.into_iter().find(|partstat| partstat.as_str().eq_ignore_ascii_case(value.trim())).unwrap_or_default()
    }

    /// The value as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeedsAction => "NEEDS-ACTION",
            Self::Accepted => "ACCEPTED",
            Self::Declined => "DECLINED",
            Self::Tentative => "TENTATIVE",
            Self::Delegated => "DELEGATED",
        }
    }

    /// The choice it expresses, if it is one.
    pub fn choice(self) -> Option<Choice> {
        match self {
            Self::Accepted => Some(Choice::Yes),
            Self::Tentative => Some(Choice::Maybe),
            Self::Declined => Some(Choice::No),
            Self::NeedsAction | Self::Delegated => None,
        }
    }
}

/// An explicit answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// ACCEPTED.
    Yes,
    /// TENTATIVE.
    Maybe,
    /// DECLINED.
    No,
}

/// The status that reports and counters use; the first API's four words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RsvpStatus {
    /// Said yes.
    Accepted,
    /// Said no.
    Declined,
    /// Has not answered the current version.
    NoAction,
    /// Said maybe.
    Tentative,
}

impl RsvpStatus {
    /// `accepted`, `declined`, `noaction`, `tentative`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::NoAction => "noaction",
            Self::Tentative => "tentative",
        }
    }
}

macro_rules! origins {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// Where a guest came from: the first API's twenty words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        #[allow(missing_docs, reason = "each variant is the word it stands for")]
        pub enum Origin { $($variant),+ }

        impl Origin {
            /// Every origin, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in links and reports.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

origins! {
    Api = "api", Bulk = "bulk", ConvertKit = "convertkit", EmailCta = "emailcta", HubSpot = "hubspot",
    Klaviyo = "klaviyo", KlaviyoCta = "klaviyocta", LandingPage = "landingpage", MailchimpCta = "mailchimpcta",
    MultiEvent = "multievent", SendGrid = "sendgrid", SendGridCta = "sendgridcta", Shared = "shared",
    SingleSend = "singlesend", Test = "test", Vip = "vip", WebForm = "webform", Wix = "wix", WixV2 = "wixv2",
    Zoho = "zoho",
}

impl Origin {
    /// Reads an origin exactly as links spell it; `API` is refused as it always was.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|origin| origin.as_str() == word)
    }

    /// Origins that only a caller with a key may use.
    pub fn needs_key(self) -> bool {
        matches!(self, Self::Test | Self::Vip | Self::Bulk)
    }
}

/// By which way an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnsweredVia {
    /// A REPLY mail of the guest's calendar client.
    Mail,
    /// The signed link in the mail's text.
    Link,
}

/// One answer of one guest to the event as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What he says.
    pub partstat: PartStat,
    /// SEQUENCE: the version he answers; DTSTAMP: the order of his answers (RFC 5546 section 2.1.5).
    pub order: Order,
    /// When it reached us.
    pub received: Timestamp,
    /// Raw PRODID of his client, empty for a link.
    pub prodid: String,
    /// COMMENT, empty if absent.
    pub comment: String,
    /// Mail or link.
    pub via: AnsweredVia,
}

/// The mail that a guest holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// REQUEST or CANCEL.
    pub method: Method,
    /// The event's revision it carried.
    pub revision: u32,
}

/// Whether mail can reach a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// Nothing against it.
    #[default]
    Open,
    /// SES refused the mail for good.
    Refused,
    /// A bounce came back.
    Undeliverable,
    /// The guest asked for no more mail.
    Suppressed,
}

/// A guest of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendee {
    /// Who.
    pub address: CalAddress,
    /// The name given with the invitation, empty if none.
    pub name: String,
    /// Where he came from.
    pub origin: Origin,
    /// When he was enrolled.
    pub invited: Timestamp,
    /// The newest answer's PARTSTAT.
    pub partstat: PartStat,
    /// His latest explicit answer, which outlives a change of time.
    pub last_choice: Option<Choice>,
    /// Order of the newest answer taken from him.
    pub answered: Option<Order>,
    /// When that answer reached us.
    pub answered_at: Option<Timestamp>,
    /// Raw PRODID of his client; empty until a REPLY came.
    pub prodid: String,
    /// COMMENT of his newest answer.
    pub comment: String,
    /// What SES accepted for him last.
    pub sent: Option<Sent>,
    /// What may have reached him although SES never answered.
    pub maybe_sent: Option<Sent>,
    /// Whether mail can reach him.
    pub delivery: Delivery,
}

impl Attendee {
    /// A guest who has just been enrolled.
    pub fn new(address: CalAddress, name: String, origin: Origin, invited: Timestamp) -> Self {
        Self {
            address,
            name,
            origin,
            invited,
            partstat: PartStat::NeedsAction,
            last_choice: None,
            answered: None,
            answered_at: None,
            prodid: String::new(),
            comment: String::new(),
            sent: None,
            maybe_sent: None,
            delivery: Delivery::Open,
        }
    }

    /// The status that counts now: an answer to a version before the last move no longer does.
    pub fn status(&self, reset_sequence: Sequence) -> RsvpStatus {
        match self.current_partstat(reset_sequence) {
            PartStat::Accepted => RsvpStatus::Accepted,
            PartStat::Declined => RsvpStatus::Declined,
            PartStat::Tentative => RsvpStatus::Tentative,
            PartStat::NeedsAction | PartStat::Delegated => RsvpStatus::NoAction,
        }
    }

    /// PARTSTAT as the next REQUEST states it.
    pub fn current_partstat(&self, reset_sequence: Sequence) -> PartStat {
        match self.answered {
            Some(order) if order.sequence >= reset_sequence => self.partstat,
            _ => PartStat::NeedsAction,
        }
    }

    /// The newest message he may be holding.
    pub fn may_hold(&self) -> Option<Sent> {
        match (self.sent, self.maybe_sent) {
            (Some(sent), Some(maybe)) if maybe.revision > sent.revision => Some(maybe),
            (Some(sent), _) => Some(sent),
            (None, maybe) => maybe,
        }
    }
}

/// What an answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerOutcome {
    /// Taken; the two statuses may be equal.
    Recorded {
        /// Status before.
        from: RsvpStatus,
        /// Status after.
        to: RsvpStatus,
    },
    /// Taken before, word for word.
    Repeated,
    /// Older than what is known of this guest.
    Stale,
}

/// How far a future DTSTAMP of a guest's clock is believed, in seconds. A clock years ahead must not
/// lock out every later answer.
const CLOCK_SKEW_MAX_SECS: i64 = 300;

/// Takes a guest's answer if it is not older than the last one (RFC 5546 section 2.1.5).
/// Equal pairs with another answer are taken in arrival order; some clients repeat a DTSTAMP.
pub fn apply_answer(attendee: &mut Attendee, answer: &Answer, event: &EventState) -> AnswerOutcome {
    let reset = event.reset_sequence;
    let order = Order {
        // Nobody has seen a version that was never sent: a SEQUENCE beyond ours is a client's own counting.
        sequence: answer.order.sequence.min(event.sequence),
        dtstamp: answer.order.dtstamp.min(answer.received.plus(CLOCK_SKEW_MAX_SECS)),
    };
    if let Some(known) = attendee.answered {
        if order < known {
            return AnswerOutcome::Stale;
        }
        if order == known && answer.partstat == attendee.partstat && answer.comment == attendee.comment {
            return AnswerOutcome::Repeated;
        }
    }
    let from = attendee.status(reset);
    attendee.partstat = answer.partstat;
    attendee.last_choice = answer.partstat.choice().or(attendee.last_choice);
    attendee.answered = Some(order);
    attendee.answered_at = Some(answer.received);
    attendee.comment.clone_from(&answer.comment);
    if !answer.prodid.is_empty() {
        attendee.prodid.clone_from(&answer.prodid);
    }
    AnswerOutcome::Recorded { from, to: attendee.status(reset) }
}

/// An organizer's choice of who hears of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AudienceSettings {
    /// Changes of time go to everybody who has not declined, not only to Yes and Maybe.
    pub wide_time_changes: bool,
}

/// The mail that is due to a guest now, if any (decision 8): the newest revision, at most once.
///
/// `wanted`: he asked for it (an invitation, a catch-up after an answer to an old version); else he is only looked
/// at because a revision makes its round through the audience.
pub fn is_due(attendee: &Attendee, event: &EventState, wanted: bool, audience: AudienceSettings) -> Option<Method> {
    if attendee.delivery != Delivery::Open {
        return None;
    }
    let holds = attendee.may_hold();
    let method = if event.cancelled { Method::Cancel } else { Method::Request };
    if attendee.sent.is_some_and(|sent| sent.revision >= event.revision && sent.method == method) {
        return None;
    }
    match (method, holds) {
        // Nobody is told of the end of something he never heard of.
        (Method::Cancel, None) => None,
        // He holds the CANCEL of an earlier revision; a second one says nothing new.
        (Method::Cancel, Some(Sent { method: Method::Cancel, .. })) if attendee.maybe_sent.is_none() => None,
        (Method::Cancel, Some(_)) => (wanted || attendee.last_choice != Some(Choice::No)).then_some(method),
        // He was enrolled and surely holds nothing: perhaps the event was off when his invitation was to leave.
        (_, _) if attendee.sent.is_none() => Some(method),
        (_, None) => None,
        // Reinstated: whoever was told that it is off, and had not declined, hears that it is on again.
        (_, Some(Sent { method: Method::Cancel, .. })) => {
            (wanted || attendee.last_choice != Some(Choice::No)).then_some(method)
        }
        (_, Some(_)) => {
            let interested = matches!(attendee.last_choice, Some(Choice::Yes | Choice::Maybe));
            let widened = audience.wide_time_changes && attendee.last_choice != Some(Choice::No);
            (wanted || interested || widened).then_some(method)
        }
    }
}
