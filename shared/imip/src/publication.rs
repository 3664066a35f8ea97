//! Calendars that anybody may read (METHOD:PUBLISH, RFC 5546 section 3.2.1; properties of a calendar, RFC 7986).

use itip::{Method, Timestamp};

use crate::colour;
use crate::content_line::{Lines, utc};
use crate::ical_write::{PublishedEvent, Reader, vevents, write};

/// A feed to subscribe to, or a file to open. What is empty is left out.
#[derive(Debug, Clone, Default)]
pub struct Publication<'a> {
    /// PUBLISH, or `None` for a plain calendar file.
    pub method: Option<Method>,
    /// PRODID.
    pub prodid: &'a str,
    /// What it says of itself.
    pub about: About<'a>,
    /// How often a subscriber should come back; `None` for a file.
    pub refresh_minutes: Option<u32>,
    /// The events in order.
    pub events: &'a [PublishedEvent<'a>],
}

/// What a calendar says of itself.
#[derive(Debug, Clone, Default)]
pub struct About<'a> {
    /// UID: the same in every version of the calendar.
    pub uid: &'a str,
    /// NAME.
    pub name: &'a str,
    /// DESCRIPTION.
    pub description: &'a str,
    /// URL: its page.
    pub page: &'a str,
    /// SOURCE: where it is read again.
    pub source: &'a str,
    /// IMAGE.
    pub image: &'a str,
    /// COLOR: red, green, blue.
    pub colour: Option<[u8; 3]>,
    /// CATEGORIES.
    pub categories: &'a [String],
    /// The zone that most of its events are in, by its name in the time zone database.
    pub zone: &'a str,
    /// LAST-MODIFIED.
    pub last_modified: Option<Timestamp>,
}

/// Writes a publication.
pub fn publish_text(publication: &Publication<'_>) -> String {
    let Publication { method, prodid, ref about, refresh_minutes, events } = *publication;
    let reader = if refresh_minutes.is_some() { Reader::Subscriber } else { Reader::Anybody };
    let events: Vec<_> = events.iter().map(|event| (event, vevents(event))).collect();
    write(prodid, method, &events, reader, |lines| {
        about.write(lines);
        if let Some(minutes) = refresh_minutes {
            let every = format!("PT{minutes}M");
            lines.property("REFRESH-INTERVAL", &[("VALUE", "DURATION")], &every);
            lines.property("X-PUBLISHED-TTL", &[], &every);
        }
    })
}

impl About<'_> {
    /// RFC 7986 has the first of each pair; Outlook, Google and Apple still read the second.
    fn write(&self, lines: &mut Lines) {
        lines.text("UID", &[], self.uid);
        lines.text("NAME", &[], self.name);
        lines.text("X-WR-CALNAME", &[], self.name);
        lines.text("DESCRIPTION", &[], self.description);
        lines.text("X-WR-CALDESC", &[], self.description);
        lines.text("X-WR-TIMEZONE", &[], self.zone);
        lines.uri("URL", self.page);
        lines.uri_value("SOURCE", self.source);
        lines.uri_value("IMAGE", self.image);
        if let Some(rgb @ [red, green, blue]) = self.colour {
            lines.property("COLOR", &[], colour::nearest_name(rgb));
            lines.property("X-APPLE-CALENDAR-COLOR", &[], &format!("#{red:02X}{green:02X}{blue:02X}"));
        }
        lines.texts("CATEGORIES", self.categories);
        if let Some(at) = self.last_modified {
            lines.property("LAST-MODIFIED", &[], &utc(at));
        }
    }
}
