//! From a season and a wish to the page.

use arrange::Arrange as _;
use chrono::NaiveDate;
use itip::EventId;
use scheduling::settings::Config;
use timetable::{Filter, PageKind, Side};
use views::chips::chip;
use views::head::{Head, PageFacts};
use views::links::Subject;
use views::pages::{Chip, Choice, Narrow, SchedulePage, Toggle};
use views::rows::{Look, Rows};
use views::when::{long_date, month_name};
use views::words::{Language, fill};

use super::asked::{Asked, Ticked, WEEKEND, rest_after};
use super::choices::Choices;
use super::season::Season;
use super::theme_path;
use crate::assets::{LIVE_JS, SCHEDULE_JS};
use crate::invite::INVITATIONS_MAX;
use crate::pages::{PublicPage, shell_at};

/// Teams that can be chosen from a list; of more than these nobody finds his own.
const TEAMS_MAX: usize = 80;

/// The page that answers a wish.
pub fn written(config: &Config, page: &PublicPage, season: &Season, asked: Asked) -> SchedulePage {
    let own = season.config(page);
    let look = Look { language: asked.language, config: &own, now: season.now, pick: true };
    let listed = season.listed(&asked.filter);
    // Of more than one submission takes, the next ones are ticked.
    let next: Vec<&EventId> = match asked.ticked {
        Ticked::All => season.next(&listed, asked.skip, INVITATIONS_MAX),
        Ticked::Named(_) => Vec::new(),
    };
    let rows = Rows::new(&listed, &look, &|event| asked.names(event) || next.contains(&event));
    let after = asked.skip.saturating_add(INVITATIONS_MAX);
    let rest = match asked.ticked {
        Ticked::All if rows.picks() > after => rest_after(&asked.filter, after),
        _ => String::new(),
    };
    let title = if page.config.title.is_empty() { &page.organizer.name } else { &page.config.title };
    let chosen = asked.reads.choice();
    let links = Views { slug: &page.slug, language: chosen };
    let query = asked.filter.to_query();
    let public = views::links::Links::new(&config.public_url);
    let subject = Subject::Page(&page.slug);
    let told = |part: &timetable::Chip| Chip {
        label: chip(&part.what, asked.language, look.clock_24()),
        href: links.to(&part.without.to_query()),
    };
    let later = season.rest().and_then(|day| later(day, &asked, &links));
    SchedulePage {
        shell: shell_at(&config.domain, title.clone(), asked.language, &[&LIVE_JS, &SCHEDULE_JS]),
        organizer: page.organizer.name.clone(),
        title: title.clone(),
        intro: page.config.intro.clone(),
        logo: page.config.logo.clone(),
        background: page.config.background.clone(),
        theme: page.config.accent.map(theme_path).unwrap_or_default(),
        slug: page.slug.clone(),
        chosen_language: chosen,
        languages: other_languages(asked.language, &page.slug, &query),
        rows,
        total: season.total,
        later,
        chips: timetable::Chip::of(&asked.filter).iter().map(told).collect(),
        narrow: narrow(page, season, &asked, &links),
        mended: asked.mended,
        subscribe: public.webcal(subject, &query),
        download: path_of(&public.file_of_calendar(subject, &query)),
        query,
        question: asked.question,
        email: asked.email,
        ready: asked.ready,
        problem: asked.problem,
        one_per_person: page.config.kind == PageKind::Slots && page.config.one_per_person,
        picks_max: INVITATIONS_MAX,
        rest,
        skipped: if matches!(asked.ticked, Ticked::All) { asked.skip } else { 0 },
    }
}

/// The link to the events from a day on, if any of them can be wanted.
fn later(day: NaiveDate, asked: &Asked, links: &Views<'_>) -> Option<(String, String)> {
    let filter = &asked.filter;
    let is_ahead = filter.first_day().is_none_or(|first| first < day);
    let is_wanted = filter.last_day().is_none_or(|last| last >= day);
    let from_then = Filter { from: Some(day), ..filter.clone() };
    let label = fill(asked.language.words().later_events, &[("day", &long_date(day, asked.language))]);
    (is_ahead && is_wanted).then(|| (label, links.to(&from_then.to_query())))
}

/// What the head of a page says of all its events.
pub fn head(config: &Config, page: &PublicPage, season: &Season, written: &SchedulePage) -> Head {
    let facts = PageFacts {
        slug: &page.slug,
        title: &written.title,
        intro: &written.intro,
        organizer: &written.organizer,
        image: &written.background,
    };
    let entries: Vec<_> = season.coming().collect();
    Head::of_page(&views::links::Links::new(&config.public_url), &facts, &entries, written.shell.language)
}

/// An address of ours without the host, as a page needs it.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(rest).to_owned()
}

/// Addresses of the page in the language that its reader chose.
struct Views<'a> {
    slug: &'a str,
    language: &'static str,
}

impl Views<'_> {
    fn to(&self, query: &str) -> String {
        let language = if self.language.is_empty() { String::new() } else { format!("lang={}", self.language) };
        let parts: Vec<&str> = [query, &language].into_iter().filter(|part| !part.is_empty()).collect();
        if parts.is_empty() { format!("/s/{}", self.slug) } else { format!("/s/{}?{}", self.slug, parts.join("&")) }
    }
}

/// The page with what an earlier submission had no room for; empty without a query for it.
pub fn rest_page(page: &PublicPage, asked: &Asked, rest: &str) -> String {
    let language = asked.reads.choice();
    if rest.is_empty() { String::new() } else { Views { slug: &page.slug, language }.to(rest) }
}

fn other_languages(language: Language, slug: &str, query: &str) -> Vec<(&'static str, &'static str, String)> {
    let others = Language::ALL.iter().filter(|other| **other != language);
    others
        .map(|other| {
            let words = other.words();
            (words.tag, words.in_language, Views { slug, language: words.tag }.to(query))
        })
        .collect()
}

/// The quick filters that make a difference on this page.
fn narrow(page: &PublicPage, season: &Season, asked: &Asked, links: &Views<'_>) -> Narrow {
    if page.config.kind == PageKind::Slots {
        return Narrow::default();
    }
    let (filter, words) = (&asked.filter, asked.language.words());
    let own = timetable::fold(season.team());
    let Choices { dates, games, weekends, offers, months, teams } = season.choices();
    let some = |count: usize| count > 0 && count < *dates;
    let mut toggles = Vec::new();
    let mut toggle = |label, query, on, flip: &dyn Fn(&mut Filter)| {
        let mut other = filter.clone();
        flip(&mut other);
        toggles.push(Toggle { label, query, href: links.to(&other.to_query()), on });
    };
    if !own.is_empty() && *games > 0 {
        for (label, query, side) in [(words.at_home, "side=home", Side::Home), (words.away, "side=away", Side::Away)] {
            let on = filter.side == Some(side);
            toggle(label, query, on, &|other| other.side = (!on).then_some(side));
        }
    }
    if some(*weekends) {
        let on = filter.weekdays == WEEKEND;
        toggle(words.weekends, "day=sat,sun", on, &|other| {
            other.weekdays = if on { Vec::new() } else { WEEKEND.to_vec() };
        });
    }
    if some(*offers) {
        toggle(words.with_offers, "offers=1", filter.offers, &|other| other.offers = !filter.offers);
    }
    // A title with a dash is not yet a game: only a page of games lets choose among teams.
    let chosen = |folded: &String| filter.teams.iter().any(|team| timetable::fold(team) == *folded);
    let teams: Vec<Choice> = teams
        .iter()
        .filter(|(folded, _)| games * 2 > *dates && **folded != own)
        .map(|(folded, name)| Choice { value: name.clone(), label: name.clone(), on: chosen(folded) })
        .collect();
    let mut months = months.clone();
    months.extend(filter.months.iter().filter(|month| !season.choices().months.contains(month)));
    months.arrange();
    let months: Vec<Choice> = months
        .iter()
        .map(|month| Choice {
            value: month.to_string(),
            label: month_name(month.year, month.month, asked.language),
            on: filter.months == [*month],
        })
        .collect();
    let rest = Filter { teams: Vec::new(), months: Vec::new(), ..filter.clone() };
    Narrow {
        toggles,
        teams: if (2..=TEAMS_MAX).contains(&teams.len()) { teams } else { Vec::new() },
        months: if months.len() > 1 { months } else { Vec::new() },
        carried: form_urlencoded::parse(rest.to_query().as_bytes()).into_owned().collect(),
    }
}
