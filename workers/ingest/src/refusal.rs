//! What we say to an organizer whose mail could not be used: what was wrong, and what helps.

use imip::CalendarRefusal;
use itip::{CalAddress, Method};
use scheduling::command::{Notice, OurReply};
use views::words::{Words, fill};

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
    /// So is every event of a calendar.
    OfAnother {
        /// Whose they are.
        organizer: CalAddress,
        /// How many.
        events: usize,
    },
    /// The account is suspended.
    Suspended,
}

impl Refusal {
    /// What was wrong, in a sentence.
    pub fn reason(&self, words: &Words) -> String {
        match self {
            Self::Calendar(refusal) => calendar_reason(*refusal, words),
            Self::UnknownMethod => words.refused_unknown_method,
            Self::Method(Method::Reply) => words.refused_reply,
            Self::Method(Method::Counter | Method::DeclineCounter) => words.refused_counter,
            Self::Method(method) => return fill(words.refused_method, &[("method", method.as_str())]),
            Self::UnknownSeries => words.refused_unknown_series,
            Self::Stranger => words.refused_stranger,
            Self::OfAnother { organizer, events } => {
                let values = [("organizer", organizer.as_str()), ("events", &words.events(*events))];
                return fill(words.refused_of_another, &values);
            }
            Self::Suspended => words.refused_suspended,
        }
        .to_owned()
    }

    /// What to do about it.
    pub fn advice(&self, words: &Words) -> String {
        match self {
            Self::Calendar(CalendarRefusal::WinmailDat) => words.advice_winmail,
            Self::Calendar(CalendarRefusal::NoCalendar) => words.advice_no_calendar,
            Self::Calendar(CalendarRefusal::UnknownZone) => words.advice_zone,
            Self::Calendar(CalendarRefusal::Encrypted) => words.advice_encrypted,
            Self::Calendar(CalendarRefusal::UnknownRecurrence) => words.advice_recurrence,
            Self::Calendar(CalendarRefusal::TooLarge | CalendarRefusal::TooDeep) => words.advice_smaller,
            Self::Calendar(_) => words.advice_again,
            Self::Method(Method::Reply | Method::Counter | Method::DeclineCounter) => words.advice_answer,
            Self::Method(_) | Self::UnknownMethod | Self::UnknownSeries => words.advice_whole,
            Self::Stranger | Self::OfAnother { .. } => words.advice_stranger,
            Self::Suspended => words.advice_suspended,
        }
        .to_owned()
    }

    /// The mail that says so; `reply` tells his calendar the same.
    pub fn notice(&self, subject: &str, reply: Option<Box<OurReply>>, words: &Words) -> Notice {
        let (reason, advice) = (self.reason(words), self.advice(words));
        Notice::MailRefused { subject: subject.to_owned(), reason, advice, reply }
    }
}

fn calendar_reason(refusal: CalendarRefusal, words: &Words) -> &'static str {
    match refusal {
        CalendarRefusal::NoCalendar => words.refused_no_calendar,
        CalendarRefusal::WinmailDat => words.refused_winmail,
        CalendarRefusal::Encrypted => words.refused_encrypted,
        CalendarRefusal::Empty => words.refused_empty,
        CalendarRefusal::NotACalendar => words.refused_not_a_calendar,
        CalendarRefusal::NoEvent => words.refused_no_event,
        CalendarRefusal::NoUid => words.refused_no_uid,
        CalendarRefusal::NoStart => words.refused_no_start,
        CalendarRefusal::BadDate => words.refused_bad_date,
        CalendarRefusal::UnknownZone => words.refused_unknown_zone,
        CalendarRefusal::UnknownRecurrence => words.refused_recurrence,
        CalendarRefusal::TooLarge => words.refused_too_large,
        CalendarRefusal::TooDeep => words.refused_too_deep,
    }
}
