//! Bytes to iTIP and back (RFC 6047): mail and calendar text in, the vocabulary of `itip` out.
//!
//! The only crate that names a mail, calendar or time-zone library.
//! Reading never panics, and what a hostile sender can make it do is bounded (`limits`).

mod auth;
mod bytes;
mod charset;
mod client;
mod colour;
mod content_line;
mod html;
mod ical;
mod ical_write;
mod inbound;
mod limits;
mod mailbox;
mod mime;
mod outbound;
mod publication;
mod recurrence;
mod refusal;
mod rrule;
mod smime;
mod tnef;
mod tzif;
mod vtimezone;
mod wall;
mod zone;
mod zone_names;
mod zone_rules;

pub use auth::{AuthVerdict, authentication};
pub use charset::Charsets;
pub use client::{ClientFamily, client_family};
pub use html::{html_to_text, sanitize_html, text_to_html};
pub use ical::{
    CalendarReading, CalendarScan, ScannedEvent, Span, excerpt, read_calendar, read_calendar_events, scan_calendar,
};
pub use ical_write::{OutgoingCalendar, PublishedEvent, calendar_text};
pub use inbound::{
    Attachment, Delivery, DeliveryAction, InboundMail, MailKind, calendar_method, mailed_calendar, read_mail,
    read_mail_with,
};
pub use outbound::{ListUnsubscribe, Mailbox, OutgoingAttachment, OutgoingMail, compose};
pub use publication::{About, Publication, publish_text};
pub use recurrence::{Occurrence, details_at, find_instance, occurrences};
pub use refusal::{CalendarRefusal, Defect, MailRefusal};
pub use vtimezone::on_clock_of;
pub use wall::{midnight_there, today_there};
pub use zone::{probe, resolve_zone};
