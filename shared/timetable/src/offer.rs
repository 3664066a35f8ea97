use itip::{EventDetails, Timestamp};

use crate::fold;
use crate::join::{leads_into_meeting, without_joining};

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// Seats.
    Tickets,
    /// Things to buy.
    Shop,
    /// Where to leave the car.
    Parking,
    /// A broadcast or a stream.
    Watch,
    /// Anything else.
    More,
}

/// A link as a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it leads to.
    pub kind: LinkKind,
    /// `https:` or `http:`.
    pub url: String,
    /// The words before it in the description, empty if there were none.
    pub label: String,
}

/// What an event offers beside itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The first sentence or line of the description that is not only a link; may be empty.
    pub lead: String,
    /// Links, in the order of the text.
    pub links: Vec<Link>,
    /// An image to show, `https:` only.
    pub image: Option<String>,
}

/// Buttons that a card can bear.
const LINKS_MAX: usize = 6;
/// A lead is read at a glance.
const LEAD_CHARS_MAX: usize = 160;
/// So is a label.
const LABEL_CHARS_MAX: usize = 40;

/// Beginnings of words that tell what a link leads to, in the label or else in the address. The first kind that one
/// speaks for counts.
const KINDS: &[(LinkKind, &[&str])] = &[
    (LinkKind::Parking, &["parking", "carpark", "parkwhiz", "spothero", "estacionamiento", "aparcamiento", "parqueo"]),
    (
        LinkKind::Tickets,
        &[
            "ticket",
            "seatgeek",
            "stubhub",
            "eventbrite",
            "axs",
            "entradas",
            "boleto",
            "boletas",
            "taquilla",
            "seats",
            "rsvp",
            "abonos",
        ],
    ),
    (LinkKind::Shop, &["shop", "store", "merch", "fanshop", "tienda", "jersey", "camiseta", "playeras"]),
    (
        LinkKind::Watch,
        &[
            "watch",
            "stream",
            "live",
            "youtube",
            "youtu",
            "twitch",
            "tv",
            "broadcast",
            "listen",
            "radio",
            "espn",
            "mira",
            "ver",
            "vivo",
            "join",
            "zoom",
            "webex",
            "meet",
            "teams",
        ],
    ),
];

impl Offer {
    /// Finds the offer in what an event says. Where the place is hidden, links that lead into a meeting are left out.
    pub fn read(details: &EventDetails, hide_place: bool) -> Option<Self> {
        let mut text = if details.description.contains("://") || !details.description_html.contains("href=") {
            details.description.clone()
        } else {
            imip::html_to_text(&details.description_html)
        };
        if hide_place {
            text = without_joining(&text);
        }
        let mut offer = Self { lead: String::new(), links: Vec::new(), image: None };
        let image = details.image.as_str();
        offer.image =
            (is_web(image, &["https://"]) && !(hide_place && leads_into_meeting(image))).then(|| image.to_owned());
        let mut above = "";
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            offer.line(line, &mut above);
        }
        let url = details.url.trim();
        let new = is_web(url, &["https://", "http://"]) && !offer.links.iter().any(|link| link.url == url);
        if new && !(hide_place && leads_into_meeting(url)) {
            let link = Link { kind: kind("", url), url: url.to_owned(), label: String::new() };
            offer.links.insert(0, link);
        }
        offer.links.truncate(LINKS_MAX);
        if repeats(&offer.lead, &details.summary) {
            offer.lead.clear();
        }
        (!offer.lead.is_empty() || !offer.links.is_empty() || offer.image.is_some()).then_some(offer)
    }

    /// Takes in a line of the description; `above` is the line before it, where that may be a link's label.
    fn line<'a>(&mut self, line: &'a str, above: &mut &'a str) {
        let mut words = String::new();
        let mut rest = line;
        while let Some((before, url, after)) = split_url(rest) {
            words.push_str(before);
            let own = label_of(before);
            let label = if own.is_empty() && words.trim().len() <= 2 { label_of(std::mem::take(above)) } else { own };
            self.link(url, label);
            rest = after;
        }
        let has_link = rest.len() < line.len();
        if has_link {
            words.push_str(rest);
        }
        let told = bare(if has_link { &words } else { line });
        let only_label = has_link && (told.ends_with(':') || told.split_whitespace().count() <= LABEL_WORDS);
        if self.lead.is_empty() && !only_label && told.chars().any(char::is_alphanumeric) && !told.ends_with(':') {
            self.lead = first_sentence(told);
        }
        *above = if has_link { "" } else { bare(line) };
    }

    fn link(&mut self, url: &str, label: String) {
        if self.links.iter().any(|known| known.url == url) || self.image.as_deref() == Some(url) {
            return;
        }
        let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let is_image = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif"].iter().any(|end| path.ends_with(end));
        if is_image && is_web(url, &["https://"]) {
            self.image.get_or_insert_with(|| url.to_owned());
        } else {
            self.links.push(Link { kind: kind(&label, url), url: url.to_owned(), label });
        }
    }

    /// Whether the offer changed on the day of `now`, on the reader's or the venue's calendar alike: within 24 hours.
    pub fn is_fresh(updated: Timestamp, now: Timestamp) -> bool {
        now.0.saturating_sub(updated.0) < 86_400
    }

    /// What a search finds in it.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.lead.as_str()).chain(self.links.iter().map(|link| link.label.as_str()))
    }
}

/// Words beside a link that are its label rather than a sentence.
const LABEL_WORDS: usize = 4;

/// The text before the first web address of a line, the address, and the rest.
fn split_url(text: &str) -> Option<(&str, &str, &str)> {
    let at = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min()?;
    let (before, rest) = text.split_at_checked(at)?;
    let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '|' | '\\' | '^' | '`');
    let (url, after) = rest.split_at_checked(rest.find(ends).unwrap_or(rest.len()))?;
    let trimmed = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', ']', '}']);
    // `(https://…)`, but `https://…/Rovers_(club)`.
    let trimmed = if trimmed.contains('(') { trimmed } else { trimmed.trim_end_matches(')') };
    let (url, tail) = url.split_at_checked(trimmed.len())?;
    // `https://` alone is no address, and a longer one than browsers take is none either.
    if url.len() <= "https://".len() || url.len() > 2_048 {
        return split_url(after).map(|(_, url, after)| (before, url, after));
    }
    Some((before, url, if tail.is_empty() { after } else { rest.get(url.len()..).unwrap_or_default() }))
}

/// A line without its bullet and brackets.
fn bare(line: &str) -> &str {
    line.trim().trim_matches(['-', '*', '•', '·', '>', '(', ')', ' ']).trim()
}

/// The last words before a link, without what joins them to it.
fn label_of(before: &str) -> String {
    let text = before.trim().trim_end_matches([':', '-', '–', '—', '(', '<', '[', '→', '>', '|', ' ']);
    let text = text.rsplit(['.', '!', '?', ';', '|', '•', ')', ',']).next().unwrap_or_default();
    let text = text.trim().trim_start_matches(['-', '*', '•', '·', '>', ')']).trim();
    if text.chars().count() > LABEL_CHARS_MAX || !text.chars().any(char::is_alphanumeric) {
        return String::new();
    }
    text.to_owned()
}

/// Whether a lead says no more than the title.
fn repeats(lead: &str, title: &str) -> bool {
    // Folding takes longer than all else, and nearly every lead begins with another letter.
    let first = |text: &str| text.chars().find(|c| c.is_alphanumeric()).filter(char::is_ascii);
    match (first(lead), first(title)) {
        (Some(lead), Some(title)) if !lead.eq_ignore_ascii_case(&title) => false,
        _ => fold(lead) == fold(title),
    }
}

fn first_sentence(text: &str) -> String {
    let mut end = text.len();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let stops = matches!(c, '.' | '!' | '?' | '…') && chars.peek().is_some_and(|(_, next)| next.is_whitespace());
        if !stops {
            continue;
        }
        let word = text.get(..at).and_then(|head| head.rsplit(' ').next()).unwrap_or_default();
        // `vs.`, `St.`, `No.`
        if c != '.' || word.chars().count() > 3 {
            end = at + c.len_utf8();
            break;
        }
    }
    let sentence = text.get(..end).unwrap_or(text);
    let Some((cut, _)) = sentence.char_indices().nth(LEAD_CHARS_MAX) else { return sentence.to_owned() };
    let head = sentence.get(..cut).unwrap_or_default();
    format!("{}…", head.rsplit_once(' ').map_or(head, |(head, _)| head).trim_end_matches([',', ';', ':', ' ']))
}

fn kind(label: &str, url: &str) -> LinkKind {
    let speaks = |text: &str| {
        let folded = fold(text);
        let says = |beginnings: &[&str]| {
            folded.split(' ').any(|word| {
                // Short words are meant whole: `tv` is not `tvs`.
                beginnings.iter().any(|known| if known.len() > 4 { word.starts_with(known) } else { word == *known })
            })
        };
        KINDS.iter().find(|(_, beginnings)| says(beginnings)).map(|(kind, _)| *kind)
    };
    let address = url.split_once("://").map_or(url, |(_, rest)| rest).split('?').next().unwrap_or_default();
    speaks(label).or_else(|| speaks(&address.replace('.', " "))).unwrap_or(LinkKind::More)
}

fn is_web(url: &str, schemes: &[&str]) -> bool {
    let begins = |scheme: &&str| url.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    let clean = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '<' | '>');
    schemes.iter().any(begins) && url.len() > "https://".len() && url.len() <= 2_048 && url.chars().all(clean)
}
