//! Calendars to subscribe to, and files to add.

use std::borrow::Cow;
use std::collections::BTreeMap;

use imip::{About, Publication, PublishedEvent, publish_text};
use itip::{EventDetails, Method, Override, Sequence, When, Zone};
use scheduling::keys::sha256_hex;
use store::directory::EventRow;
use timetable::{fold, published};
use views::links::{Links, Subject};
use views::text::one_line;

use super::listing::load;
use super::{Wish, heading};
use crate::error::Problem;
use crate::pages::PublicPage;
use crate::publish::{PublishContext, Published, Turning};

/// The media type.
pub const TYPE: &str = "text/calendar; charset=utf-8; method=PUBLISH";
/// PRODID.
const PRODID: &str = "-//Convoke//Convoke//EN";
/// How long an event that is over stays in a calendar: whoever looks back a month finds it.
const KEPT_SECS: i64 = 30 * 86_400;
/// How often a subscriber should come back. Calendar programs that listen to it ask each hour at most; a match that is
/// rained off is known on its day.
const REFRESH_MINUTES: u32 = 60;
/// Characters of a file's name without its ending.
const NAME_CHARS_MAX: usize = 80;

/// The calendar of a page.
pub async fn of_page(context: PublishContext<'_>, page: &PublicPage, wish: &Wish) -> Result<Published, Problem> {
    let listed = load(context, page, &wish.filter, context.now.plus(-KEPT_SECS)).await?;
    let mut turning = Turning::new(context.now);
    for end in listed.iter().filter_map(|event| event.row.event.last_end) {
        turning.at(end.plus(KEPT_SECS));
    }
    let rows: Vec<&EventRow> = listed.iter().map(|event| &event.row.event).collect();
    let config = &page.config;
    let links = Links::new(&context.config.public_url);
    let (subject, query) = (Subject::Page(&page.slug), wish.filter.to_query());
    let address = links.calendar(subject, &query);
    let body = if wish.download {
        file(context, &rows)
    } else {
        let about = About {
            uid: &sha256_hex(address.as_bytes()).chars().take(40).collect::<String>(),
            name: heading(page),
            description: &config.intro,
            page: &links.page_with(subject, &query),
            source: &address,
            image: if config.logo.is_empty() { &config.background } else { &config.logo },
            colour: config.accent.map(|accent| [accent.red, accent.green, accent.blue]),
            categories: &[],
            zone: &most_common_zone(&rows),
            last_modified: rows.iter().map(|row| row.last_modified).max(),
        };
        feed(context, &rows, about)
    };
    let name = heading(page).to_owned();
    Ok(published_as(body, Some(page.organizer.address.clone()), wish, &name, turning))
}

/// The calendar of one event.
pub fn of_event(context: PublishContext<'_>, row: &EventRow, wish: &Wish) -> Published {
    let links = Links::new(&context.config.public_url);
    let subject = Subject::Event(&row.event_id);
    let rows = &[row];
    let body = if wish.download {
        file(context, rows)
    } else {
        let about = About {
            name: &row.details.summary,
            page: &links.page(subject),
            source: &links.calendar(subject, ""),
            uid: &format!("calendar-{}", row.event_id),
            last_modified: Some(row.last_modified),
            ..About::default()
        };
        feed(context, rows, about)
    };
    published_as(body, Some(row.owner.clone()), wish, &name_of(row), Turning::new(context.now))
}

fn published_as(
    body: Vec<u8>,
    keeper: Option<itip::CalAddress>,
    wish: &Wish,
    name: &str,
    turning: Turning,
) -> Published {
    let disposition = if wish.download { attachment(name) } else { inline(name) };
    Published {
        keeper,
        body,
        content_type: TYPE,
        language: None,
        fields: vec![(http::header::CONTENT_DISPOSITION, disposition)],
        stale_at: Some(turning.stale_at()),
    }
}

/// A calendar that is read again and again. Nothing in it depends on when it was made, so that it has the same entity
/// tag until somebody changes something.
fn feed(context: PublishContext<'_>, rows: &[&EventRow], about: About<'_>) -> Vec<u8> {
    // Every change that a reader can see raises the revision, which is never below the SEQUENCE of invitations.
    written(context, rows, about, Some(REFRESH_MINUTES), |row| Sequence(row.revision))
}

/// A file to open once. Its name would make a calendar of its own of it in Outlook, so it has none. SEQUENCE stays at
/// 0: whoever adds a file and is invited later shall not hold something newer than his invitation.
pub fn file(context: PublishContext<'_>, rows: &[&EventRow]) -> Vec<u8> {
    written(context, rows, About::default(), None, |_| Sequence(0))
}

/// An event without what the public may not know.
struct Public<'a> {
    row: &'a EventRow,
    details: Cow<'a, EventDetails>,
    overrides: Cow<'a, [Override]>,
    page: String,
}

impl<'a> Public<'a> {
    fn new(row: &'a EventRow, links: &Links<'_>) -> Self {
        let (details, overrides) = published(&row.details, &row.overrides, row.hide_place);
        Self { row, details, overrides, page: links.page(Subject::Event(&row.event_id)) }
    }
}

fn written(
    context: PublishContext<'_>,
    rows: &[&EventRow],
    about: About<'_>,
    refresh_minutes: Option<u32>,
    sequence: impl Fn(&EventRow) -> Sequence,
) -> Vec<u8> {
    let links = Links::new(&context.config.public_url);
    let rows: Vec<Public<'_>> = rows.iter().map(|row| Public::new(row, &links)).collect();
    // RFC 5546 section 3.2.1 wants an ORGANIZER; the organizer's own address is for his guests.
    let address = format!("rsvp@{}", context.config.domain);
    let events = rows.iter().map(|public| PublishedEvent {
        uid: public.row.event_id.as_str(),
        sequence: sequence(public.row),
        dtstamp: public.row.last_modified,
        organizer: Some((&address, public.row.public_organizer())),
        details: Some(&public.details),
        overrides: &public.overrides,
        created: public.row.created,
        last_modified: public.row.last_modified,
        cancelled: public.row.cancelled,
        page: &public.page,
    });
    let events: Vec<PublishedEvent<'_>> = events.collect();
    let method = Some(Method::Publish);
    publish_text(&Publication { method, prodid: PRODID, about, refresh_minutes, events: &events }).into_bytes()
}

/// The zone that most events are in, by its name in the database.
fn most_common_zone(rows: &[&EventRow]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        if let When::At(moment) = &row.details.start
            && let Zone::Iana(name) = &moment.zone
        {
            *counts.entry(name).or_default() += 1;
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.to_owned()).unwrap_or_default()
}

/// What the file of an event is called: its title and day.
pub fn name_of(row: &EventRow) -> String {
    format!("{} {}", row.details.summary, row.details.start.local_date())
}

/// Content-Disposition of a file to keep.
pub fn attachment(name: &str) -> String {
    format!("attachment; {}", file_names(name))
}

/// Content-Disposition of what is shown or subscribed to, but may be kept under a name.
fn inline(name: &str) -> String {
    format!("inline; {}", file_names(name))
}

/// A file's name in ASCII, and as it is (RFC 6266, RFC 8187).
fn file_names(name: &str) -> String {
    let ascii: String = fold(name).chars().filter(char::is_ascii).collect();
    let ascii: Vec<&str> = ascii.split_whitespace().collect();
    let ascii: String = ascii.join("-").chars().take(NAME_CHARS_MAX).collect();
    let ascii = if ascii.is_empty() { "calendar" } else { &ascii };
    let whole = one_line(name).replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], " ");
    let whole: String = whole.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(NAME_CHARS_MAX).collect();
    let whole = whole.trim_matches(['.', ' ']);
    let mut names = format!("filename=\"{ascii}.ics\"");
    if !whole.is_empty() && whole != ascii {
        names.extend(["; filename*=UTF-8''", &views::links::percent(whole), ".ics"]);
    }
    names
}
