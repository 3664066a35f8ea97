//! Maps for crawlers and the guide for agents.

use itip::{EventId, Timestamp};
use views::discovery::{Mapped, SITEMAP_URLS_MAX, guide, robots, sitemap};
use views::links::Links;

use crate::golden;

const LINKS: Links<'static> = Links::new("https://calendar.club.example");
const CHANGED: Timestamp = Timestamp(1_811_851_200);

#[test]
fn files_stay_as_they_are() {
    golden("robots.txt", &robots(&LINKS));
    golden("llms.txt", &guide(&LINKS, "club.example"));
    let id = EventId::parse("0123456789abcdef0123456789abcdef01234567").unwrap();
    let lines = [(Mapped::Page("rovers".into()), CHANGED), (Mapped::Event(id), CHANGED)];
    golden("sitemap.xml", &sitemap(&LINKS, &lines));
    golden("sitemap-index.xml", &sitemap(&LINKS, &[(Mapped::MapOf("rovers".into()), CHANGED)]));
}

#[test]
fn crawlers_reach_pages_calendars_and_twins_and_no_token() {
    let text = robots(&LINKS);
    let closed: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("Disallow: ")).collect();
    let is_open = |path: &str| !closed.iter().any(|rule| path.starts_with(rule));
    for path in
        ["/", "/s/rovers", "/s/rovers.ics", "/s/rovers.md", "/e/0123456789ab", "/e/0123456789ab.ics", "/llms.txt"]
    {
        assert!(is_open(path), "{path}");
    }
    for path in ["/r/token", "/u/token", "/c/token", "/o/token", "/t/token", "/v1/keys", "/event/0123/invite"] {
        assert!(!is_open(path), "{path}");
    }
}

#[test]
fn the_guide_is_of_the_form_that_agents_know_and_names_no_other_deployment() {
    let text = guide(&LINKS, "club.example");
    let mut lines = text.lines().filter(|line| !line.is_empty());
    assert!(lines.next().unwrap().starts_with("# ") && lines.next().unwrap().starts_with("> "));
    assert!(text.contains("create@club.example") && !text.contains("convoke.example"));
    for line in text.lines().filter(|line| line.starts_with("- ")) {
        assert!(line.starts_with("- [") && line.contains("](https://calendar.club.example/"), "{line}");
    }
}

#[test]
fn a_map_stays_within_its_limit() {
    let lines = vec![(Mapped::Page("rovers".into()), CHANGED); SITEMAP_URLS_MAX + 1];
    assert_eq!(sitemap(&LINKS, &lines).matches("<loc>").count(), SITEMAP_URLS_MAX);
}
