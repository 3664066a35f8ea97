//! How programs find public pages: a map of them for crawlers, a guide for agents.

use itip::{EventId, Timestamp};

use crate::links::{Links, Subject};
use crate::text::escape_html;
use crate::when::iso_instant;

/// Addresses that one map may hold (sitemaps.org).
pub const SITEMAP_URLS_MAX: usize = 50_000;

/// What one line of a map leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// The map of an organizer's pages and events.
    MapOf(String),
    /// A page, by its slug.
    Page(String),
    /// An event's page.
    Event(EventId),
}

/// A map, or a map of maps, as its lines demand: what they lead to, and its last change.
pub fn sitemap(links: &Links<'_>, lines: &[(Mapped, Timestamp)]) -> String {
    let is_index = lines.iter().any(|(mapped, _)| matches!(mapped, Mapped::MapOf(_)));
    let (whole, part) = if is_index { ("sitemapindex", "sitemap") } else { ("urlset", "url") };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{whole} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
    );
    for (mapped, changed) in lines.iter().take(SITEMAP_URLS_MAX) {
        let address = match mapped {
            Mapped::MapOf(slug) => links.sitemap(slug),
            Mapped::Page(slug) => links.page(Subject::Page(slug)),
            Mapped::Event(event) => links.page(Subject::Event(event)),
        };
        let (address, changed) = (escape_html(&address), iso_instant(*changed));
        xml.extend([format!("<{part}><loc>{address}</loc><lastmod>{changed}</lastmod></{part}>\n")]);
    }
    xml.extend([format!("</{whole}>\n")]);
    xml
}

/// For crawlers: public pages, their calendars and their twins may be found; links with tokens and the API may not.
pub fn robots(links: &Links<'_>) -> String {
    let closed =
        ["/r/", "/u/", "/c/", "/o/", "/t/", "/event/", "/v1/", "/organizer/", "/shadow/", "/system/", "/order"];
    let closed: String = closed.iter().flat_map(|path| ["Disallow: ", path, "\n"]).collect();
    format!("User-agent: *\n{closed}Allow: /\n\nSitemap: {}\n", links.file("sitemap.xml"))
}

/// For agents (llmstxt.org): what can be read, searched and asked for here, and how.
pub fn guide(links: &Links<'_>, domain: &str) -> String {
    include_str!("../templates/llms.txt")
        .replace("https://convoke.example/", &links.home())
        .replace("convoke.example", domain)
}
