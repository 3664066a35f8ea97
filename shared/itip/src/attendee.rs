//! Guests: what they answered, what they hold, and who gets the next mail.

use arrange::Arrange as _;
use serde::{Deserialize, Serialize};

use crate::{CalAddress, EventState, Method, Order, Override, OverrideState, RecurrenceId, Sequence, Timestamp, When};

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

impl From<PartStat> for RsvpStatus {
    fn from(partstat: PartStat) -> Self {
        match partstat {
            PartStat::Accepted => Self::Accepted,
            PartStat::Declined => Self::Declined,
            PartStat::Tentative => Self::Tentative,
            PartStat::NeedsAction | PartStat::Delegated => Self::NoAction,
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

/// One answer of one guest, to the event as a whole or to one instance of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The instance he answers; absent for the whole.
    #[serde(default)]
    pub recurrence_id: Option<RecurrenceId>,
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
    /// REQUEST-STATUS, verbatim; empty if absent (RFC 5546 section 3.6).
    #[serde(default)]
    pub request_status: String,
    /// DELEGATED-TO, with PARTSTAT=DELEGATED.
    #[serde(default)]
    pub delegated_to: Option<CalAddress>,
    /// Mail or link.
    pub via: AnsweredVia,
}

impl Answer {
    /// An answer to the whole event that says nothing more.
    pub fn new(partstat: PartStat, order: Order, received: Timestamp, via: AnsweredVia) -> Self {
        Self {
            recurrence_id: None,
            partstat,
            order,
            received,
            prodid: String::new(),
            comment: String::new(),
            request_status: String::new(),
            delegated_to: None,
            via,
        }
    }
}

/// What a guest says of one instance of a series; his answer to the series stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceAnswer {
    /// The original start of the instance.
    pub when: When,
    /// What he says.
    pub partstat: PartStat,
    /// SEQUENCE: the version he answers; DTSTAMP: the order of his answers about this instance.
    pub order: Order,
    /// When it reached us.
    pub received: Timestamp,
    /// COMMENT, empty if absent.
    pub comment: String,
}

impl InstanceAnswer {
    /// The instant that identifies the instance.
    pub fn instant(&self) -> Timestamp {
        self.when.instant()
    }
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
    /// REQUEST-STATUS of his newest answer, verbatim; empty if absent.
    #[serde(default)]
    pub request_status: String,
    /// His answers to single instances, by instant; empty unless the event is a series.
    #[serde(default)]
    pub instances: Vec<InstanceAnswer>,
    /// The language he reads, as a tag of BCP 47; empty if unknown.
    #[serde(default)]
    pub language: String,
    /// Who comes in his place.
    #[serde(default)]
    pub delegated_to: Option<CalAddress>,
    /// In whose place he comes.
    #[serde(default)]
    pub delegated_from: Option<CalAddress>,
    /// Taken off the guest list by the organizer: he is told so by a CANCEL of his own.
    #[serde(default)]
    pub removed: bool,
    /// The pair of that CANCEL; whatever he gets later is newer, so that his calendar takes it.
    #[serde(default)]
    pub floor: Order,
    /// When he last asked for the current version by REFRESH.
    #[serde(default)]
    pub refreshed: Option<Timestamp>,
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
            request_status: String::new(),
            instances: Vec::new(),
            language: String::new(),
            delegated_to: None,
            delegated_from: None,
            removed: false,
            floor: Order::default(),
            refreshed: None,
            sent: None,
            maybe_sent: None,
            delivery: Delivery::Open,
        }
    }

    /// The status that counts now: an answer to a version before the last move no longer does.
    pub fn status(&self, reset: Sequence) -> RsvpStatus {
        self.current_partstat(reset).into()
    }

    /// PARTSTAT as the next REQUEST states it.
    pub fn current_partstat(&self, reset: Sequence) -> PartStat {
        match self.answered {
            Some(order) if order.sequence >= reset => self.partstat,
            _ => PartStat::NeedsAction,
        }
    }

    /// His PARTSTAT for one instance: his answer to it, else the one to the series, as far as they still count.
    pub fn instance_partstat(&self, instance: Timestamp, event: &EventState) -> PartStat {
        let reset = event.instance_reset(instance);
        match self.instance_answer(instance) {
            Some(answer) if answer.order.sequence >= reset => answer.partstat,
            _ => self.current_partstat(reset),
        }
    }

    fn instance_answer(&self, instance: Timestamp) -> Option<&InstanceAnswer> {
        self.instances.iter().find(|answer| answer.instant() == instance)
    }

    /// Whether he said Yes or Maybe to an instance, or to the series without a word about that instance. Such a
    /// choice outlives a move, as it does for the whole.
    fn wants_instance(&self, instance: Timestamp) -> bool {
        let said = self.instance_answer(instance).and_then(|answer| answer.partstat.choice());
        matches!(said.or(self.last_choice), Some(Choice::Yes | Choice::Maybe))
    }

    /// Whether what changed since `revision` is something he said Yes or Maybe to.
    fn wants_changes_since(&self, revision: u32, event: &EventState) -> bool {
        let wants_any = self.instances.iter().any(|answer| self.wants_instance(answer.instant()));
        if event.version.revision > revision {
            return wants_any || matches!(self.last_choice, Some(Choice::Yes | Choice::Maybe));
        }
        let changed = event.overrides.iter().filter(|exception| exception.version.revision > revision);
        changed.into_iter().any(|exception| self.wants_instance(exception.recurrence_id.instant()))
    }

    /// Whether he said No to everything.
    fn has_declined(&self) -> bool {
        self.last_choice == Some(Choice::No)
            && !self.instances.iter().any(|answer| self.wants_instance(answer.instant()))
    }

    /// The instances that a mail may say alone, because nothing else has changed since what he holds; empty if he
    /// needs the whole. Outlook refuses an update that comes with an unchanged master.
    pub fn news_by_instance<'a>(&self, event: &'a EventState) -> Vec<&'a Override> {
        let Some(Sent { method: Method::Request, revision }) = self.sent.filter(|_| self.maybe_sent.is_none()) else {
            return Vec::new();
        };
        if event.cancelled || self.removed || event.details.is_none() || event.version.revision > revision {
            return Vec::new();
        }
        let news: Vec<_> = event.overrides.iter().filter(|exception| exception.version.revision > revision).collect();
        let is_off = |exception: &&Override| exception.state == OverrideState::Cancelled;
        let alike = news.iter().all(is_off) || !news.iter().any(is_off);
        let onward = news.iter().any(|exception| exception.recurrence_id.this_and_future);
        // REQUEST and CANCEL do not fit into one message.
        if alike && !onward { news } else { Vec::new() }
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

/// How far a future DTSTAMP of a guest's clock is believed, in seconds.
const CLOCK_SKEW_MAX_SECS: i64 = 300;

/// The pair that orders an answer among those of the same guest.
fn order_of(answer: &Answer, event: &EventState) -> Order {
    let stamp = answer.order.dtstamp;
    Order {
        // Nobody has seen a version that was never sent: a SEQUENCE beyond ours is a client's own counting.
        sequence: answer.order.sequence.min(event.sequence),
        // A clock far ahead says nothing of order, and must not lock out later answers: the arrival orders them.
        dtstamp: if stamp > answer.received.plus(CLOCK_SKEW_MAX_SECS) { answer.received } else { stamp },
    }
}

/// Takes a guest's answer if it is not older than the last one about the same thing (RFC 5546 section 2.1.5).
/// Equal pairs with another answer are taken in arrival order; some clients repeat a DTSTAMP.
/// An answer to one instance leaves the answer to the series alone; the statuses in the outcome are then those of
/// that instance.
pub fn apply_answer(attendee: &mut Attendee, answer: &Answer, event: &EventState) -> AnswerOutcome {
    let order = order_of(answer, event);
    let instance = answer.recurrence_id.as_ref().map(RecurrenceId::instant);
    let known = match instance {
        Some(instance) => {
            attendee.instance_answer(instance).map(|known| (known.order, known.partstat, known.comment.as_str()))
        }
        None => attendee.answered.map(|known| (known, attendee.partstat, attendee.comment.as_str())),
    };
    if let Some((known, partstat, comment)) = known {
        if order < known {
            return AnswerOutcome::Stale;
        }
        if order == known && answer.partstat == partstat && answer.comment == comment {
            return AnswerOutcome::Repeated;
        }
    }
    settle_doubt(attendee, answer);
    if !answer.prodid.is_empty() {
        attendee.prodid.clone_from(&answer.prodid);
    }
    let status = |attendee: &Attendee| match instance {
        Some(instance) => RsvpStatus::from(attendee.instance_partstat(instance, event)),
        None => attendee.status(event.version.reset),
    };
    let from = status(attendee);
    if let Some(recurrence_id) = &answer.recurrence_id {
        put_instance(attendee, recurrence_id, answer, order);
    } else {
        attendee.partstat = answer.partstat;
        attendee.last_choice = answer.partstat.choice().or(attendee.last_choice);
        attendee.answered = Some(order);
        attendee.answered_at = Some(answer.received);
        attendee.comment.clone_from(&answer.comment);
        attendee.request_status.clone_from(&answer.request_status);
        attendee.delegated_to.clone_from(&answer.delegated_to);
    }
    AnswerOutcome::Recorded { from, to: status(attendee) }
}

fn put_instance(attendee: &mut Attendee, recurrence_id: &RecurrenceId, answer: &Answer, order: Order) {
    let instant = recurrence_id.instant();
    attendee.instances.retain(|known| known.instant() != instant);
    attendee.instances.push(InstanceAnswer {
        when: recurrence_id.when.clone(),
        partstat: answer.partstat,
        order,
        received: answer.received,
        comment: answer.comment.clone(),
    });
    attendee.instances.arrange_by_key(InstanceAnswer::instant);
}

/// Whoever answers by his calendar holds the invitation, in its first version at least: a first mail of unknown fate
/// has arrived. Of later versions his SEQUENCE proves nothing, because edits of the text share it.
fn settle_doubt(attendee: &mut Attendee, answer: &Answer) {
    let first = Sent { method: Method::Request, revision: 0 };
    if answer.via == AnsweredVia::Mail && attendee.sent.is_none() && attendee.maybe_sent.is_some() {
        attendee.sent = Some(first);
        attendee.maybe_sent = attendee.maybe_sent.filter(|maybe| *maybe != first);
    }
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
    let is_off = event.cancelled || attendee.removed;
    let method = if is_off { Method::Cancel } else { Method::Request };
    if attendee.sent.is_some_and(|sent| sent.revision >= event.revision && sent.method == method) {
        return None;
    }
    if method == Method::Cancel {
        return match holds {
            // Nobody is told of the end of something he never heard of.
            None => None,
            // He holds the CANCEL of an earlier revision; a second one says nothing new.
            Some(Sent { method: Method::Cancel, .. }) if attendee.maybe_sent.is_none() => None,
            Some(_) => (wanted || attendee.removed || !attendee.has_declined()).then_some(method),
        };
    }
    // He was enrolled and surely holds nothing: perhaps the event was off when his invitation was to leave.
    let Some(sent) = attendee.sent else { return Some(method) };
    let told_off = holds.is_some_and(|held| held.method == Method::Cancel);
    let interested = if told_off {
        // Reinstated: whoever was told that it is off, and had not declined, hears that it is on again.
        !attendee.has_declined()
    } else {
        let widened = audience.wide_time_changes && !attendee.has_declined();
        widened || attendee.wants_changes_since(sent.revision, event)
    };
    (wanted || interested).then_some(method)
}
