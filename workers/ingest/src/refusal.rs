//! What we say to an organizer whose mail could not be used: what was wrong, and what helps.

use imip::CalendarRefusal;
use itip::Method;
use scheduling::command::{Notice, OurReply};

/// Why a mail to `create@` is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No calendar message came out of it.
    Calendar(CalendarRefusal),
    /// A METHOD that iTIP does not know (RFC 5546 section 1.4): what it wants done cannot be guessed.
    UnknownMethod,
    /// A message that no organizer sends here.
    Method(Method),
    /// An ADD to a series that is not known (RFC 5546 section 3.2.4).
    UnknownSeries,
    /// The event is somebody else's.
    Stranger,
    /// The account is suspended.
    Suspended,
    /// More events than are taken from one mail.
    TooMany {
        /// Taken.
        taken: usize,
        /// In the mail.
        of: usize,
    },
}

impl Refusal {
    /// What was wrong, in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::Calendar(refusal) => refusal.to_string(),
            Self::UnknownMethod => "Your mail's METHOD is not one that calendars know.".to_owned(),
            Self::Method(Method::Reply) => {
                "Your mail is an answer to an invitation (METHOD:REPLY), not an invitation.".to_owned()
            }
            Self::Method(Method::Counter | Method::DeclineCounter) => {
                "Your mail proposes another time (METHOD:COUNTER); only an event's organizer can change it.".to_owned()
            }
            Self::Method(method) => format!("A message with METHOD:{} is not taken here.", method.as_str()),
            Self::UnknownSeries => "Your mail adds a date to a series (METHOD:ADD) that is not known here.".to_owned(),
            Self::Stranger => {
                "This event belongs to another organizer, so nothing was changed by your mail.".to_owned()
            }
            Self::Suspended => "Your account is suspended, so the event was not created.".to_owned(),
            Self::TooMany { taken, of } => {
                format!(
                    "Your mail holds {of} events; the first {taken} were taken and the other {} were not.",
                    of - taken
                )
            }
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::Calendar(CalendarRefusal::WinmailDat) => {
                "In Outlook, set the message format to HTML or plain text and send the invitation again."
            }
            Self::Calendar(CalendarRefusal::NoCalendar) => {
                "Create the event in your calendar and add this address as a guest; \
                 a forwarded text or a screenshot is not enough."
            }
            Self::Calendar(CalendarRefusal::UnknownZone) => {
                "Choose a city's time zone in your calendar (such as New York or Berlin) and send the event again."
            }
            Self::Calendar(CalendarRefusal::Encrypted) => {
                "In your mail program, switch encryption off for this invitation and send it again."
            }
            Self::Calendar(CalendarRefusal::UnknownRecurrence) => {
                "Choose a simpler repetition in your calendar (such as every week on one day), or send single events."
            }
            Self::Calendar(CalendarRefusal::TooLarge | CalendarRefusal::TooDeep) => {
                "Remove attachments, or send the events in several mails."
            }
            Self::Calendar(_) => "Please send the event again from your calendar.",
            Self::Method(Method::Reply | Method::Counter | Method::DeclineCounter) => {
                "To answer an invitation, use the buttons in it or answer from your calendar; \
                 to create an event, invite this address to it."
            }
            Self::Method(_) | Self::UnknownMethod | Self::UnknownSeries => {
                "Change the event in your calendar and send the whole invitation again."
            }
            Self::Stranger => "Ask its organizer to send the change, or create an event of your own in your calendar.",
            Self::Suspended => "Please write to whoever runs this server.",
            Self::TooMany { .. } => "Send the others again, in mails of at most 50 events.",
        }
        .to_owned()
    }

    /// The mail that says so; `reply` tells his calendar the same.
    pub fn notice(&self, subject: &str, reply: Option<Box<OurReply>>) -> Notice {
        Notice::MailRefused { subject: subject.to_owned(), reason: self.reason(), advice: self.advice(), reply }
    }
}
