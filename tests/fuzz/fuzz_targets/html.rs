//! HTML that a stranger wrote and visitors will see.
#![no_main]

use imip::{html_to_text, sanitize_html, text_to_html};
use libfuzzer_sys::fuzz_target;

/// The start tags that may come out, with all that stands in them. `a` has its target, which no quote can end.
fn assert_harmless(html: &str) {
    const KEPT: &[&str] = &[
        "b",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "small",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ];
    for tag in html.split('<').skip(1) {
        let (tag, text) = tag.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{html}");
        let name = tag.strip_prefix('/').unwrap_or(tag);
        let link = || {
            let href = tag.strip_prefix("a href=\"")?.strip_suffix("\" rel=\"noopener noreferrer nofollow\"")?;
            let scheme = href.split_once(':')?.0.to_ascii_lowercase();
            (!href.contains('"') && ["http", "https", "mailto", "tel"].contains(&scheme.as_str())).then_some(())
        };
        assert!(KEPT.contains(&name) || tag == "/a" || link().is_some(), "{tag:?} in {html}");
    }
}

fuzz_target!(|html: &str| {
    let clean = sanitize_html(html);
    assert_harmless(&clean);
    assert_eq!(sanitize_html(&clean), clean, "cleaning twice changes nothing");
    let text = html_to_text(html);
    assert!(text.len() <= 8 * html.len() + 8, "{} bytes of {}", text.len(), html.len());
    assert_harmless(&text_to_html(html));
});
