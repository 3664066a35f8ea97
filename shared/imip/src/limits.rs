//! What a hostile sender can make the reader do. Each limit stands beside the sum that justifies it;
//! the frame is a Worker: 128 MiB of memory, 10 ms of CPU, 1 MiB of stack, no second chance after a panic.

/// Cloudflare hands over mail of up to 25 MiB; mailboxes refuse most of that by size before it is read.
pub(crate) const MAIL_BYTES_MAX: usize = 25 * 1024 * 1024;

/// Header fields of one part. Exchange writes 20 kB; no mail server is known to pass on more than 256 kB.
pub(crate) const HEADER_BYTES_MAX: usize = 256 * 1024;

/// Parts of a mail, multiparts included; the largest real invitation seen has 9.
pub(crate) const MIME_PARTS_MAX: usize = 500;

/// Multiparts inside each other, forwarded mail included: signed > mixed > related > alternative are 4.
/// The walk is recursive; 12 frames are some 10 kB of stack, and 25 MiB are looked through 12 times.
pub(crate) const MIME_DEPTH_MAX: usize = 12;

/// A forwarded invitation lies one mail deep.
pub(crate) const FORWARD_DEPTH_MAX: usize = 1;

/// Attachments that are handed on; a list of guests is one file.
pub(crate) const ATTACHMENTS_MAX: usize = 20;

/// Recipients of a delivery report; our mails have one each.
pub(crate) const REPORTED_RECIPIENTS_MAX: usize = 100;

/// MAPI properties of one `winmail.dat`, those of its recipients included; a meeting has some 150, a recipient 20.
pub(crate) const MAPI_PROPERTIES_MAX: usize = 20_000;

/// Bytes of one calendar: 2,500 events of 1 kB are 2.5 MB; Google's largest feed seen, 4,778 events, is 2.9 MB.
pub(crate) const CALENDAR_BYTES_MAX: usize = 8 * 1024 * 1024;

/// VCALENDAR > VEVENT > PARTICIPANT > VLOCATION (RFC 9073) are 4. `icalendar` parses recursively.
pub(crate) const COMPONENT_DEPTH_MAX: usize = 8;

/// Events of one calendar; an empty VEVENT is 27 bytes, so that 8 MiB could hold 310,000 of them.
pub(crate) const EVENTS_MAX: usize = 20_000;

/// RDATEs and EXDATEs of one event, 64 bytes each in memory; a daily series excepted for five years has 1,826.
pub(crate) const EXTRA_DATES_MAX: usize = 2_000;

/// Guests of one event; a Google event is limited to 200 without a group, Exchange to 500.
pub(crate) const ATTENDEES_MAX: usize = 5_000;

/// A summary or location. RFC 5322 section 2.1.1 limits the Subject made of it to 998.
pub(crate) const LINE_BYTES_MAX: usize = 900;

/// A description. Google allows 8,192 characters; Exchange's HTML bodies with their styles reach 100 kB.
/// An event's object stores it in one row of at most 2 MB.
pub(crate) const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The same as HTML, before and after it was made safe.
pub(crate) const HTML_BYTES_MAX: usize = 256 * 1024;

/// One VTIMEZONE that has to be kept because no name explains it; two rules are 500 bytes.
pub(crate) const VTIMEZONE_BYTES_MAX: usize = 8 * 1024;

/// Every time of an event carries a copy of it; 4 MiB are 500 copies of the largest or 8,000 of a usual one.
pub(crate) const VTIMEZONE_COPIES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Names that the TZIDs of one text are compared with, all its calendars together. One of the database costs nothing;
/// one that means nothing is compared with 600, which is 0.1 ms: 300 of them are 30 ms.
pub(crate) const ZONE_COMPARISONS_MAX: usize = 180_000;

/// Observances of one VTIMEZONE; the whole history of a real zone has about 200.
pub(crate) const OBSERVANCES_MAX: usize = 300;

/// Observances of one VTIMEZONE that have a rule; the United States changed theirs 8 times.
pub(crate) const ZONE_RULES_MAX: usize = 24;

/// Different years that one VTIMEZONE is asked for in one calendar. A year costs at most 24 rules times
/// 4 months of 31 days of 100 ns, that is 0.3 ms.
pub(crate) const ZONE_YEARS_MAX: usize = 200;

/// Days and candidate times that one expansion of a rule looks at: 20,000 at 100 ns are 2 ms, and only a
/// made-up rule needs them. A daily series of ten years needs 7,300, one on three days a week for twenty 10,400.
pub(crate) const RULE_STEPS_MAX: u32 = 20_000;

/// The same for all events of one text together: 2,500 daily series of a year each need 1.8 million;
/// 2 million are 0.2 s. Series beyond that have no known end.
pub(crate) const CALENDAR_RULE_STEPS_MAX: u32 = 2_000_000;

/// Elements that a hostile HTML text may leave open at once.
pub(crate) const HTML_DEPTH_MAX: usize = 64;
