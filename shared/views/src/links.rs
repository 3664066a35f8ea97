//! The public addresses of a deployment: pages, their twins for programs, and the links that subscribe to them.

use itip::EventId;

use crate::words::Language;

/// Characters of an event's id in a short address: 48 bits tell apart more events than a deployment will see.
pub const SHORT_CHARS: usize = 12;

/// The start of an event's id that stands in its short address.
pub fn short(event: &EventId) -> &str {
    event.as_str().get(..SHORT_CHARS).unwrap_or_default()
}

/// Writes public addresses.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    base: &'a str,
}

/// What a public address shows, each in one form for people and two for programs.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// An organizer's page, by its slug.
    Page(&'a str),
    /// One event.
    Event(&'a EventId),
}

impl<'a> Links<'a> {
    /// The addresses below a deployment's own, such as `https://convoke.example`, without a trailing slash.
    pub const fn new(public_url: &'a str) -> Self {
        Self { base: public_url }
    }

    /// The address itself.
    pub fn home(&self) -> String {
        format!("{}/", self.base)
    }

    /// A file of ours.
    pub fn file(&self, path: &str) -> String {
        format!("{}/{}", self.base, path.trim_start_matches('/'))
    }

    /// The page of a subject, as a reader's own language has it.
    pub fn page(&self, subject: Subject<'_>) -> String {
        match subject {
            Subject::Page(slug) => format!("{}/s/{slug}", self.base),
            Subject::Event(event) => format!("{}/e/{}", self.base, short(event)),
        }
    }

    /// The page in one language.
    pub fn page_in(&self, subject: Subject<'_>, language: Language) -> String {
        format!("{}?lang={}", self.page(subject), language.words().tag)
    }

    /// The page, narrowed by a filter's text.
    pub fn page_with(&self, subject: Subject<'_>, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.page(subject))
    }

    /// The Markdown twin.
    pub fn markdown(&self, subject: Subject<'_>, language: Language) -> String {
        format!("{}.md?lang={}", self.page(subject), language.words().tag)
    }

    /// The calendar; `query` is a filter's text, empty for all.
    pub fn calendar(&self, subject: Subject<'_>, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}.ics{mark}{query}", self.page(subject))
    }

    /// The calendar as a file to keep: whoever opens it adds what it holds, and hears of no change.
    pub fn file_of_calendar(&self, subject: Subject<'_>, query: &str) -> String {
        let and = if query.is_empty() { "" } else { "&" };
        self.calendar(subject, &format!("{query}{and}download=1"))
    }

    /// Subscribes in the calendar program of the device.
    pub fn webcal(&self, subject: Subject<'_>, query: &str) -> String {
        let calendar = self.calendar(subject, query);
        let rest = calendar.split_once("://").map_or(calendar.as_str(), |(_, rest)| rest);
        format!("webcal://{rest}")
    }

    /// Subscribes in Google Calendar.
    pub fn google(&self, subject: Subject<'_>, query: &str) -> String {
        format!("https://calendar.google.com/calendar/r?cid={}", percent(&self.webcal(subject, query)))
    }

    /// Subscribes in Outlook on the web, under the calendar's name.
    pub fn outlook(&self, subject: Subject<'_>, query: &str, name: &str) -> String {
        let (url, name) = (percent(&self.calendar(subject, query)), percent(name));
        format!("https://outlook.live.com/calendar/0/addfromweb?url={url}&name={name}")
    }

    /// The map of an organizer's pages and events. It lies at the root: a map speaks only of what is below itself.
    pub fn sitemap(&self, slug: &str) -> String {
        format!("{}/sitemap.xml?of={slug}", self.base)
    }

    /// The page that sends an invitation.
    pub fn invite(&self, event: &EventId) -> String {
        format!("{}/event/{event}/invite", self.base)
    }
}

/// A text as a value in a query (RFC 3986).
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend([format!("%{byte:02X}")]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_has_its_addresses() {
        let id = EventId::parse("0123456789abcdef0123456789abcdef01234567").unwrap();
        let links = Links::new("https://convoke.example");
        let event = Subject::Event(&id);
        assert_eq!(links.page(event), "https://convoke.example/e/0123456789ab");
        assert_eq!(links.page_in(event, Language::Es), "https://convoke.example/e/0123456789ab?lang=es");
        let page = Subject::Page("gulls");
        assert_eq!(links.markdown(page, Language::En), "https://convoke.example/s/gulls.md?lang=en");
        assert_eq!(links.calendar(page, ""), "https://convoke.example/s/gulls.ics");
        assert_eq!(links.file_of_calendar(page, ""), "https://convoke.example/s/gulls.ics?download=1");
        assert_eq!(
            links.file_of_calendar(page, "side=home"),
            "https://convoke.example/s/gulls.ics?side=home&download=1"
        );
        assert_eq!(links.webcal(page, "side=home"), "webcal://convoke.example/s/gulls.ics?side=home");
        assert_eq!(
            links.google(page, ""),
            "https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2Fconvoke.example%2Fs%2Fgulls.ics"
        );
        assert_eq!(
            links.outlook(page, "side=home", "Gulls & Co"),
            "https://outlook.live.com/calendar/0/addfromweb?url=https%3A%2F%2Fconvoke.example%2Fs%2Fgulls.ics\
             %3Fside%3Dhome&name=Gulls%20%26%20Co"
        );
    }
}
