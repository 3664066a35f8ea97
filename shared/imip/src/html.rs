//! HTML that strangers wrote, made safe for our pages and mails by an allow-list; and text to and fro.
//!
//! The input is read as a flat stream of texts and tags, never as a tree: what comes out is built anew from
//! known tags without attributes, closed in the order they were opened, and escaped text.

use mail_parser::decoders::html::add_html_token;

use crate::limits::HTML_DEPTH_MAX;

/// A piece of HTML.
enum Piece<'a> {
    /// Text between tags, entities not yet decoded.
    Text(&'a str),
    /// A start tag: name in lower case and the text of its attributes.
    Open(String, &'a str),
    /// An end tag.
    Close(String),
}

/// Elements whose content is not for readers; `template` and `svg` are where sanitisers have been fooled.
const UNSEEN: [&str; 13] = [
    "script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg", "math", "textarea",
    "select", "xmp",
];

/// Elements that are kept, without their attributes.
const KEPT: [&str; 30] = [
    "a",
    "b",
    "blockquote",
    "code",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
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

/// Elements that begin on a line of their own.
const BLOCKS: [&str; 15] =
    ["blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "table", "tr", "ul"];

/// Splits HTML into its pieces; comments, declarations and unseen elements are left out.
fn pieces(html: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let Some(tag_at) = tag_start(rest) else { return Some(Piece::Text(std::mem::take(&mut rest))) };
            if tag_at > 0 {
                let (text, tail) = rest.split_at_checked(tag_at)?;
                rest = tail;
                return Some(Piece::Text(text));
            }
            if let Some(comment) = rest.strip_prefix("<!--") {
                rest = comment.split_once("-->").map_or("", |(_, tail)| tail);
                continue;
            }
            let (tag, tail) = split_tag(rest);
            rest = tail;
            let (closes, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
            let name_len = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
            let Some((name, attributes)) = tag.split_at_checked(name_len) else { continue };
            let name = name.to_ascii_lowercase();
            if UNSEEN.contains(&name.as_str()) {
                if !closes && !attributes.ends_with('/') {
                    rest = after_element(rest, &name);
                }
            } else if !name.is_empty() {
                return Some(if closes { Piece::Close(name) } else { Piece::Open(name, attributes) });
            }
        }
        None
    })
}

/// Where the next tag, comment or declaration begins; a `<` before anything else is text.
fn tag_start(text: &str) -> Option<usize> {
    text.match_indices('<').map(|(at, _)| at).find(|at| {
        let mut next = text.get(at + 1..).unwrap_or_default().chars();
        match next.next() {
            Some('/') => next.next().is_some_and(|c| c.is_ascii_alphabetic()),
            Some(c) => c.is_ascii_alphabetic() || c == '!' || c == '?',
            None => false,
        }
    })
}

/// The inside of the tag that `text` begins with, and what follows it. Quoted attribute values may hold `>`.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in text.char_indices().skip(1) {
        match (c, quote) {
            ('>', None) => return (text.get(1..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    // A tag that is never closed hides the rest, as in browsers.
    (text.get(1..).unwrap_or_default(), "")
}

fn after_element<'a>(text: &'a str, name: &str) -> &'a str {
    let closing = text
        .match_indices("</")
        .map(|(at, _)| at)
        .find(|at| text.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)));
    closing.and_then(|at| text.get(at..)).map_or("", |tail| split_tag(tail).1)
}

/// The value of an attribute, entities decoded.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let name_len = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, tail) = rest.split_at_checked(name_len.max(1))?;
        let Some(value) = tail.trim_start().strip_prefix('=') else {
            rest = tail;
            continue;
        };
        let value = value.trim_start();
        let (value, tail) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value.get(1..)?.split_once(quote).unwrap_or((value.get(1..)?, "")),
            _ => value.split_at_checked(value.find(char::is_whitespace).unwrap_or(value.len()))?,
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(decode_entities(value));
        }
        rest = tail;
    }
}

/// Replaces character references; one that is not known stays as it is.
fn decode_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('&') {
        out.push_str(before);
        // The longest name of HTML has 31 letters.
        let name_len = tail.bytes().take(33).position(|byte| byte == b';');
        let entity = name_len
            .and_then(|len| tail.get(..len))
            .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#'));
        if let Some(name) = entity {
            add_html_token(&mut out, format!("&{name};").as_bytes(), false);
            rest = tail.get(name.len() + 1..).unwrap_or_default();
        } else {
            out.push('&');
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

/// How many of some common entities are decoded; see `probe`.
pub(crate) fn known_entities() -> usize {
    const SOME: [&str; 20] = [
        "amp", "lt", "gt", "quot", "apos", "nbsp", "copy", "reg", "trade", "euro", "pound", "hellip", "mdash", "ndash",
        "lsquo", "rsquo", "ouml", "eacute", "ccedil", "szlig",
    ];
    SOME.iter().filter(|name| decode_entities(&format!("&{name};")).chars().count() == 1).count()
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
}

/// A target that a link may have.
fn safe_href(href: &str) -> Option<String> {
    // Browsers ignore spaces and control characters in front of and inside of a scheme.
    let href: String = href.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    let scheme = href.split_once(':')?.0.to_ascii_lowercase();
    ["http", "https", "mailto", "tel"].contains(&scheme.as_str()).then_some(href)
}

fn open_link(href: &str, out: &mut String) {
    out.push_str("<a href=\"");
    escape(href, out);
    out.push_str("\" rel=\"noopener noreferrer nofollow\">");
}

/// Keeps the tags of formatted text and the targets of links, and drops everything else.
pub fn sanitize_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut open: Vec<String> = Vec::new();
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => escape(&decode_entities(text), &mut out),
            Piece::Open(name, _) if name == "br" || name == "hr" => out.extend(["<", &name, ">"]),
            Piece::Open(name, attributes) => {
                if !KEPT.contains(&name.as_str()) || open.len() >= HTML_DEPTH_MAX {
                    continue;
                }
                if name == "a" {
                    let Some(href) = attribute(attributes, "href").as_deref().and_then(safe_href) else { continue };
                    open_link(&href, &mut out);
                } else {
                    out.extend(["<", &name, ">"]);
                }
                open.push(name);
            }
            Piece::Close(name) => {
                let Some(at) = open.iter().rposition(|element| *element == name) else { continue };
                while open.len() > at {
                    let Some(element) = open.pop() else { break };
                    out.extend(["</", &element, ">"]);
                }
            }
        }
    }
    while let Some(element) = open.pop() {
        out.extend(["</", &element, ">"]);
    }
    out.trim().to_owned()
}

/// The text of an HTML document: blocks on lines of their own, list items with a dash, link targets in brackets.
pub fn html_to_text(html: &str) -> String {
    let mut out = TextOut::default();
    let mut links: Vec<(String, usize)> = Vec::new();
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => out.words(&decode_entities(text)),
            Piece::Open(name, attributes) => match name.as_str() {
                "br" => out.line_break(),
                "hr" => out.line_end(),
                "li" => {
                    out.line_end();
                    out.words("- ");
                }
                "td" | "th" => out.words(" "),
                "a" if links.len() < HTML_DEPTH_MAX => {
                    let href = attribute(attributes, "href").as_deref().and_then(safe_href).unwrap_or_default();
                    links.push((href, out.text.len()));
                }
                name if BLOCKS.contains(&name) => out.line_end(),
                _ => {}
            },
            Piece::Close(name) => match name.as_str() {
                "a" => {
                    let Some((href, from)) = links.pop() else { continue };
                    let shown = out.text.get(from..).unwrap_or_default().trim();
                    let same = href.is_empty()
                        || href == shown
                        || href.ends_with(&format!("//{shown}"))
                        || href.ends_with(&format!(":{shown}"));
                    if !same {
                        out.words(&format!(" ({href})"));
                    }
                }
                "p" => {
                    out.line_end();
                    out.line_break();
                }
                name if BLOCKS.contains(&name) => out.line_end(),
                _ => {}
            },
        }
    }
    out.text.trim().to_owned()
}

/// Text in the making: runs of white space are one space, at most one empty line in a row.
#[derive(Default)]
struct TextOut {
    text: String,
    space_due: bool,
}

impl TextOut {
    fn words(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.space_due = true;
            } else if !c.is_control() {
                if std::mem::take(&mut self.space_due) && !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push(' ');
                }
                self.text.push(c);
            }
        }
    }

    fn line_end(&mut self) {
        self.space_due = false;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn line_break(&mut self) {
        self.space_due = false;
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

fn is_web_address(text: &str, at: usize) -> bool {
    text.get(at..).is_some_and(|text| text.starts_with("https://") || text.starts_with("http://"))
}

/// Plain text as HTML: escaped, line ends as `<br>`, web addresses as links.
pub fn text_to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for (number, line) in text.trim_end().lines().enumerate() {
        if number > 0 {
            out.push_str("<br>");
        }
        let mut rest = line;
        // One search for both schemes: a line may be long, and one that stands nowhere is looked for to its end.
        let next = |rest: &str| rest.match_indices("http").map(|(at, _)| at).find(|at| is_web_address(rest, *at));
        while let Some((before, tail)) = next(rest).and_then(|at| rest.split_at_checked(at)) {
            escape(before, &mut out);
            let end = tail.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(tail.len());
            let url = tail.get(..end).unwrap_or_default();
            // What ends the sentence does not belong to the address.
            let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']);
            open_link(url, &mut out);
            escape(url, &mut out);
            out.push_str("</a>");
            rest = tail.get(url.len()..).unwrap_or_default();
        }
        escape(rest, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_safe(html: &str, expected: &str) {
        assert_eq!(sanitize_html(html), expected, "{html}");
    }

    #[test]
    fn formatting_is_kept_and_everything_else_dropped() {
        check_safe("<p class=x onclick=y>A <b>b</b><br/>c</p>", "<p>A <b>b</b><br>c</p>");
        check_safe("<html><head><title>t</title></head><body bgcolor=red><font>x</font></body></html>", "x");
        check_safe("a &lt;script&gt; &amp; &eacute; &bogus; 1 < 2", "a &lt;script&gt; &amp; é &amp;bogus; 1 &lt; 2");
        check_safe("<img src=x onerror=alert(1)><u>x", "<u>x</u>");
        check_safe("<b><i>x</b>y</i>", "<b><i>x</i></b>y");
    }

    #[test]
    fn links_keep_only_harmless_targets() {
        check_safe(
            "<a href='https://example.com/?a=1&amp;b=\"2\"' style=x>x</a>",
            "<a href=\"https://example.com/?a=1&amp;b=&quot;2&quot;\" rel=\"noopener noreferrer nofollow\">x</a>",
        );
        for href in [
            "javascript:alert(1)",
            "JaVa\nScript:alert(1)",
            " java&#115;cript:x",
            "data:text/html,x",
            "//x",
            "vbscript:x",
        ] {
            check_safe(&format!("<a href=\"{href}\">x</a>"), "x");
        }
        check_safe(
            "<a title=\">\" href=\"mailto:a@b.c\">x</a>",
            "<a href=\"mailto:a@b.c\" rel=\"noopener noreferrer nofollow\">x</a>",
        );
    }

    #[test]
    fn known_tricks_leave_no_markup() {
        for html in [
            "<script>alert(1)</script>",
            "<scr<script>ipt>alert(1)</script>",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<style><!--</style><img src=x onerror=alert(1)>--></style>",
            "<!--><img src=x onerror=alert(1)>-->",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<a href=x\u{0}y><img/src=x/onerror=alert(1)>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<p \"<img src=x onerror=alert(1)>",
            "</p><body onload=alert(1)>",
            "<",
            "<a",
            "<!",
            "<!--",
            "&",
            "&#;",
            "&#x110000;",
            "<a href=",
            "<a href='",
        ] {
            let safe = sanitize_html(html);
            let mut tags =
                safe.split('<').skip(1).map(|tag| tag.split(['>', ' ']).next().unwrap().trim_start_matches('/'));
            assert!(tags.all(|tag| KEPT.contains(&tag) || tag == "br"), "{html} gave {safe}");
            // Cleaning twice changes nothing.
            assert_eq!(sanitize_html(&safe), safe, "{html}");
        }
    }

    #[test]
    fn html_becomes_readable_text() {
        assert_eq!(
            html_to_text(
                "<p>Hello&nbsp;<b>you</b>,</p><ul><li>one</li><li>two</li></ul>See <a href=\"https://example.com\">here</a> \
                or <a href='https://example.org'>https://example.org</a><br>bye"
            ),
            "Hello you,\n\n- one\n- two\nSee here (https://example.com) or https://example.org\nbye"
        );
    }

    #[test]
    fn text_becomes_html_with_links() {
        assert_eq!(
            text_to_html("a <b> & \"c\"\nJoin https://example.com/x?a=1&b=2.\n"),
            "a &lt;b&gt; &amp; &quot;c&quot;<br>Join <a href=\"https://example.com/x?a=1&amp;b=2\" rel=\"noopener noreferrer nofollow\">\
             https://example.com/x?a=1&amp;b=2</a>."
        );
    }
}
