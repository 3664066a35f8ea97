//! Why a mail or a calendar could not be used, and what was odd about one that could.
//! Every reason has a stable name for logs and statistics, and a sentence for the person who sent it.

/// Why no calendar message came out of a mail or a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum CalendarRefusal {
    /// No part of the mail is a calendar.
    #[error("The mail has no calendar attached. Please send the invitation from your calendar.")]
    NoCalendar,
    /// Outlook's own format (TNEF) instead of iCalendar.
    #[error(
        "The invitation came as winmail.dat, a format that only Outlook reads. \
         Please send it as iCalendar (in Outlook: internet format, plain text or HTML instead of rich text)."
    )]
    WinmailDat,
    /// A mail that only its receiver's key opens.
    #[error("The mail is encrypted, so that no invitation could be found in it. Please send it unencrypted.")]
    Encrypted,
    /// A calendar part without content.
    #[error("The attached calendar is empty.")]
    Empty,
    /// Text that is no iCalendar.
    #[error("The attached file is not an iCalendar file.")]
    NotACalendar,
    /// A calendar without a VEVENT: tasks, notes, free/busy times.
    #[error("The calendar holds no event, only tasks, notes, time zones or free/busy times.")]
    NoEvent,
    /// A VEVENT without UID (RFC 5545 section 3.8.4.7) in a message about an event that is known.
    #[error("The message has no UID, so it does not say which event it is about.")]
    NoUid,
    /// No DTSTART where one is required.
    #[error("The event has no start.")]
    NoStart,
    /// A date or time that cannot be read or lies outside of the years 1 to 9999.
    #[error("The event has a date or time that cannot be read.")]
    BadDate,
    /// A TZID that neither its name nor a VTIMEZONE explains.
    #[error("The event is in a time zone that the calendar does not define and whose name is not known.")]
    UnknownZone,
    /// A series whose rule is not understood.
    #[error("The event repeats by a rule that is not understood.")]
    UnknownRecurrence,
    /// More bytes, lines or events than are read.
    #[error("The calendar is too large.")]
    TooLarge,
    /// Components or MIME parts nested too deeply.
    #[error("The calendar is nested too deeply.")]
    TooDeep,
}

impl CalendarRefusal {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::NoCalendar,
        Self::WinmailDat,
        Self::Encrypted,
        Self::Empty,
        Self::NotACalendar,
        Self::NoEvent,
        Self::NoUid,
        Self::NoStart,
        Self::BadDate,
        Self::UnknownZone,
        Self::UnknownRecurrence,
        Self::TooLarge,
        Self::TooDeep,
    ];

    /// The name in logs and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoCalendar => "no-calendar",
            Self::WinmailDat => "winmail-dat",
            Self::Encrypted => "encrypted",
            Self::Empty => "empty",
            Self::NotACalendar => "not-a-calendar",
            Self::NoEvent => "no-event",
            Self::NoUid => "no-uid",
            Self::NoStart => "no-start",
            Self::BadDate => "bad-date",
            Self::UnknownZone => "unknown-zone",
            Self::UnknownRecurrence => "unknown-recurrence",
            Self::TooLarge => "too-large",
            Self::TooDeep => "too-deep",
        }
    }
}

/// Why bytes could not be read as a mail at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum MailRefusal {
    /// No header field was found.
    #[error("This is not a mail.")]
    NotAMail,
    /// More bytes than are read.
    #[error("The mail is too large.")]
    TooLarge,
    /// More MIME parts than are read.
    #[error("The mail has too many parts.")]
    TooManyParts,
}

impl MailRefusal {
    /// The name in logs and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAMail => "not-a-mail",
            Self::TooLarge => "mail-too-large",
            Self::TooManyParts => "too-many-parts",
        }
    }
}

/// Something odd that did not keep a mail or a calendar from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defect {
    /// The MIME parameter says another METHOD than the body, which wins (Google's counter-proposals).
    MethodMismatch,
    /// No METHOD: taken as PUBLISH.
    NoMethod,
    /// A METHOD that iTIP does not define: taken as none.
    UnknownMethod,
    /// An event had no UID: one was made from its summary and day.
    NoUid,
    /// No DTSTAMP: counts as the oldest.
    NoDtStamp,
    /// An ATTENDEE without a mailbox was left out.
    BadAttendee,
    /// ORGANIZER has no mailbox.
    BadOrganizer,
    /// An RRULE that says nothing was left out.
    BadRecurrence,
    /// An RDATE or EXDATE that cannot be read was left out.
    BadExtraDate,
    /// The end cannot be read: the event was given the length of one that has none.
    BadEnd,
    /// The event ended before it began: it was given no length.
    EndBeforeStart,
    /// A text was longer than is kept.
    TextCut,
    /// A URL that is no web address was left out.
    BadUrl,
    /// One UID had its master or an instance several times: the newest was taken.
    RepeatedInstance,
    /// Bytes that are not UTF-8 were read as Windows-1252.
    NotUtf8,
    /// A line that is no content line was joined to the one before or left out.
    BadLine,
    /// Components that were not closed, or closed twice.
    BadNesting,
    /// The same calendar came in several parts.
    RepeatedCalendar,
    /// The calendar was not in a part of its own, but in the text or among the header fields.
    CalendarInText,
    /// The calendar came from a mail inside the mail.
    CalendarInForwardedMail,
    /// Some events of a calendar with several were refused.
    EventRefused(CalendarRefusal),
}
