use http::{HeaderMap, header};
use itip::CalAddress;
use views::words::Language;

use crate::api::organizers::is_slug;
use crate::twins::{Twin, is_short};

/// What is published of an organizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `/s/{slug}`: the page.
    Schedule,
    /// `/s/{slug}/embed`: the next events as a part of another site's page.
    Embed,
    /// `/s/{slug}/frame`: the same alone, for a frame.
    Frame,
    /// `/e/{short}`: the page of one event.
    Landing,
    /// `/s/{slug}.ics` and `/s/{slug}.md`: the page for programs.
    PageTwin(Twin),
    /// `/e/{short}.ics` and `/e/{short}.md`: an event for programs.
    EventTwin(Twin),
    /// `/organizer/{email}/events`: the first API's list. Needs a key.
    EventsList,
}

/// How a part is handed out.
struct Manner {
    /// In the names of snapshots.
    word: &'static str,
    /// Written in the reader's language.
    in_languages: bool,
    /// Only with a key that reaches the organizer.
    keyed: bool,
}

impl Part {
    /// Every part.
    pub const ALL: &'static [Self] = &[
        Self::Schedule,
        Self::Embed,
        Self::Frame,
        Self::Landing,
        Self::PageTwin(Twin::Calendar),
        Self::PageTwin(Twin::Markdown),
        Self::EventTwin(Twin::Calendar),
        Self::EventTwin(Twin::Markdown),
        Self::EventsList,
    ];

    const fn manner(self) -> Manner {
        match self {
            Self::Schedule => Manner { word: "schedule", in_languages: true, keyed: false },
            Self::Embed => Manner { word: "embed", in_languages: true, keyed: false },
            Self::Frame => Manner { word: "frame", in_languages: true, keyed: false },
            Self::Landing => Manner { word: "event", in_languages: true, keyed: false },
            Self::PageTwin(Twin::Calendar) => Manner { word: "schedule-ics", in_languages: false, keyed: false },
            Self::PageTwin(Twin::Markdown) => Manner { word: "schedule-md", in_languages: true, keyed: false },
            Self::EventTwin(Twin::Calendar) => Manner { word: "event-ics", in_languages: false, keyed: false },
            Self::EventTwin(Twin::Markdown) => Manner { word: "event-md", in_languages: true, keyed: false },
            Self::EventsList => Manner { word: "events", in_languages: false, keyed: true },
        }
    }

    /// Whether it is written in the reader's language.
    pub fn in_languages(self) -> bool {
        self.manner().in_languages
    }

    /// What matters of a reader's language. Only the links of a page take a choice along.
    fn told_to(self, reads: Reads) -> Reads {
        match (self, reads) {
            (Self::Schedule, reads) => reads,
            (part, Reads::Accepted(language) | Reads::Chosen(language)) if part.in_languages() => {
                Reads::Accepted(language)
            }
            _ => Reads::Any,
        }
    }

    /// Whether it needs a key.
    pub fn is_keyed(self) -> bool {
        self.manner().keyed
    }

    /// Cache-Control. A browser may show what it has for ten seconds, and once more while it asks.
    pub fn cache_control(self) -> &'static str {
        if self.is_keyed() { "no-cache, private" } else { "public, max-age=10, stale-while-revalidate=30" }
    }

    /// Vary.
    pub fn vary(self) -> &'static str {
        if self.in_languages() { "Accept-Encoding, Accept-Language" } else { "Accept-Encoding" }
    }
}

/// One published document: a part of somebody, in a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Which part.
    pub part: Part,
    /// Whose: a slug or an address, as it stands in the path.
    pub name: String,
    /// What its reader wants to read.
    pub reads: Reads,
}

/// The language that a visitor wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// None that we write: he gets the organizer's own.
    Any,
    /// His browser says so. Whoever gets a link from him has a browser of his own.
    Accepted(Language),
    /// The address says so, because he chose it: it goes along with every link.
    Chosen(Language),
}

impl Reads {
    /// What the address says, else what the browser says.
    pub fn of(asked: Option<&str>, headers: &HeaderMap) -> Self {
        let field = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        match asked.and_then(Language::from_tag) {
            Some(language) => Self::Chosen(language),
            None => field().and_then(Language::accepted).map_or(Self::Any, Self::Accepted),
        }
    }

    /// The language, if he wants one.
    pub fn language(self) -> Option<Language> {
        match self {
            Self::Any => None,
            Self::Accepted(language) | Self::Chosen(language) => Some(language),
        }
    }

    /// The tag of a language that he chose; empty if he did not.
    pub fn choice(self) -> &'static str {
        if let Self::Chosen(language) = self { language.words().tag } else { "" }
    }
}

/// The form of snapshots and of what they hold; another one is another name, so that a deploy never reads the old.
const FORM: &str = "1";
/// In such a name, before a language that was chosen.
const CHOSEN: char = '=';

impl Edition {
    /// What a GET of this address wants, if it is published at all. A query asks for something of its own, which no
    /// snapshot has; only `lang` chooses among them.
    pub fn wanted(path: &str, query: Option<&str>, headers: &HeaderMap) -> Option<Self> {
        let asked = match query {
            None | Some("") => None,
            Some(query) => Some(query.strip_prefix("lang=").filter(|tag| !tag.contains('&'))?),
        };
        Self::at_path(path, asked, headers)
    }

    /// What is published under a path, in the language that is asked for.
    pub fn at_path(path: &str, asked: Option<&str>, headers: &HeaderMap) -> Option<Self> {
        let mut edition = Self::at(path)?;
        edition.reads = edition.part.told_to(Reads::of(asked, headers));
        Some(edition)
    }

    /// An organizer's list.
    pub fn events_list(owner: &CalAddress) -> Self {
        Self { part: Part::EventsList, name: owner.as_str().to_owned(), reads: Reads::Any }
    }

    /// What is published under a path.
    fn at(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let (first, rest) = path.split_once('/')?;
        let (part, name) = match first {
            "s" => match Twin::split(rest) {
                Some((slug, twin)) => (Part::PageTwin(twin), slug.to_owned()),
                None => match rest.split_once('/') {
                    None => (Part::Schedule, rest.to_owned()),
                    Some((slug, "embed")) => (Part::Embed, slug.to_owned()),
                    Some((slug, "frame")) => (Part::Frame, slug.to_owned()),
                    Some(_) => return None,
                },
            },
            "e" => match Twin::split(rest) {
                Some((short, twin)) => (Part::EventTwin(twin), short.to_owned()),
                None => (Part::Landing, rest.to_owned()),
            },
            "organizer" => {
                let email = rest.strip_prefix("shadow/").unwrap_or(rest).strip_suffix("/events")?;
                (Part::EventsList, email.replace("%40", "@"))
            }
            _ => return None,
        };
        Self::named(part, name, Reads::Any)
    }

    fn named(part: Part, name: String, reads: Reads) -> Option<Self> {
        let right = match part {
            Part::Schedule | Part::Embed | Part::Frame | Part::PageTwin(_) => is_slug(&name),
            Part::Landing | Part::EventTwin(_) => is_short(&name),
            Part::EventsList => !name.contains('%') && CalAddress::parse(&name).is_ok_and(|one| one.as_str() == name),
        };
        (right && part.told_to(reads) == reads).then_some(Self { part, name, reads })
    }

    /// The name of its snapshot.
    pub fn key(&self) -> String {
        let reads = match self.reads {
            Reads::Any => "-".to_owned(),
            Reads::Accepted(language) => language.words().tag.to_owned(),
            Reads::Chosen(language) => format!("{CHOSEN}{}", language.words().tag),
        };
        format!("{FORM}/{}/{reads}/{}", self.part.manner().word, self.name)
    }

    /// Reads a snapshot's name.
    pub fn from_key(key: &str) -> Option<Self> {
        let mut words = key.splitn(4, '/');
        let (form, word, reads, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let part = Part::ALL.iter().copied().find(|part| part.manner().word == word)?;
        let reads = match reads.strip_prefix(CHOSEN) {
            Some(chosen) => Reads::Chosen(Language::from_tag(chosen)?),
            None if reads == "-" => Reads::Any,
            None => Reads::Accepted(Language::from_tag(reads)?),
        };
        if form == FORM { Self::named(part, name.to_owned(), reads) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wanted(address: &str, accept_language: &str) -> Option<String> {
        let (path, query) = address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(accept_language).unwrap());
        Edition::wanted(path, query, &headers).map(|edition| edition.key())
    }

    #[test]
    fn an_address_names_its_snapshot() {
        for (address, accept_language, key) in [
            ("/s/harbour-rovers", "", "1/schedule/-/harbour-rovers"),
            ("/s/harbour-rovers", "fr, es;q=0.8, en;q=0.5", "1/schedule/es/harbour-rovers"),
            ("/s/harbour-rovers?lang=en", "es", "1/schedule/=en/harbour-rovers"),
            ("/s/harbour-rovers?lang=fr", "es", "1/schedule/es/harbour-rovers"),
            ("/s/harbour-rovers.ics", "es", "1/schedule-ics/-/harbour-rovers"),
            ("/s/harbour-rovers.md", "es", "1/schedule-md/es/harbour-rovers"),
            ("/e/0123456789ab.ics", "es", "1/event-ics/-/0123456789ab"),
            ("/e/0123456789ab.md?lang=es", "", "1/event-md/es/0123456789ab"),
            ("/s/harbour-rovers/embed?lang=es-MX", "en", "1/embed/es/harbour-rovers"),
            ("/s/harbour-rovers/frame", "", "1/frame/-/harbour-rovers"),
            ("/e/0123456789ab", "es", "1/event/es/0123456789ab"),
            ("/organizer/ann@corp.example/events", "es", "1/events/-/ann@corp.example"),
            ("/organizer/ann%40corp.example/events", "", "1/events/-/ann@corp.example"),
            ("/organizer/shadow/ann@corp.example/events", "", "1/events/-/ann@corp.example"),
        ] {
            assert_eq!(wanted(address, accept_language).as_deref(), Some(key), "{address}");
            assert_eq!(Edition::from_key(key).map(|edition| edition.key()).as_deref(), Some(key));
        }
    }

    #[test]
    fn what_no_snapshot_has_is_left_to_the_router() {
        for address in [
            "/",
            "/s/",
            "/s/Harbour",
            "/s/harbour/live",
            "/s/harbour?q=final",
            "/s/harbour?lang=en&q=final",
            "/s/har%20bour",
            "/s/harbour.ics?side=home",
            "/s/harbour.txt",
            "/s/.ics",
            "/e/0123456789abc.ics",
            "/e/0123456789AB.md",
            "/organizer/ann@corp.example/events?cursor=1",
            "/organizer/Ann@corp.example/events",
            "/organizer/ann/events",
            "/organizer/ann%2540corp.example/events",
            "/organizer/ann@corp.example/statistics",
            "/event/0123",
            "/e/0123456789abc",
            "/e/0123456789AB",
        ] {
            assert_eq!(wanted(address, "en"), None, "{address}");
        }
        for key in [
            "",
            "0/schedule/-/ann",
            "1/other/-/ann",
            "1/schedule/xx/ann",
            "1/schedule/=/ann",
            "1/schedule/-/An n",
            "1/embed/=es/ann",
            "1/schedule-ics/es/ann",
            "1/events/-/ann",
        ] {
            assert_eq!(Edition::from_key(key), None, "{key}");
        }
    }
}
