//! What an event is about: DESCRIPTION as text and as safe HTML, whichever of the two the sender wrote,
//! with a conference's boilerplate taken out and its link kept.

use std::collections::BTreeSet;

use icalendar::parser::Property;

use super::event::{Fields, cut, plain, web_address};
use super::param;
use crate::limits::{HTML_BYTES_MAX, TEXT_BYTES_MAX};
use crate::{Defect, html_to_text, sanitize_html, text_to_html};

/// The description in both forms.
pub(crate) struct Description {
    pub(crate) plain: String,
    pub(crate) html: String,
    /// The meeting link that stood in Google's block.
    pub(crate) link: Option<String>,
}

/// Whether X-ALT-DESC (Outlook) or STYLED-DESCRIPTION (RFC 9073) is HTML.
pub(crate) fn is_html(property: &Property<'_>) -> bool {
    param(property, "FMTTYPE").is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"))
}

/// Reads the description.
pub(crate) fn read(fields: &Fields<'_>, defects: &mut BTreeSet<Defect>) -> Description {
    let written = fields.description.map(|property| plain(property.val.as_str())).unwrap_or_default();
    let (written, link) = without_google_block(&cut(written, HTML_BYTES_MAX, defects));
    let styled = fields.html.map(|property| property.val.as_str().to_owned());
    let styled = styled.or_else(|| fields.description.and_then(|property| data_html(param(property, "ALTREP")?)));
    let styled = styled.map(|html| without_google_block(&cut(html, HTML_BYTES_MAX, defects)).0);
    // Outlook often adds an HTML form that holds nothing.
    let styled = styled.filter(|html| !html_to_text(html).is_empty());

    let (text, html) = match styled {
        Some(html) if written.is_empty() => (html_to_text(&html), sanitize_html(&html)),
        Some(html) => (text_of(&written), sanitize_html(&html)),
        None if looks_like_html(&written) => {
            (html_to_text(&with_breaks(&written)), sanitize_html(&with_breaks(&written)))
        }
        None => (written.clone(), text_to_html(&written)),
    };
    // Escapes and links make HTML longer than its source.
    let html =
        if html.len() > HTML_BYTES_MAX { text_to_html(&cut(text.clone(), TEXT_BYTES_MAX, defects)) } else { html };
    Description { plain: cut(text, TEXT_BYTES_MAX, defects), html, link }
}

fn text_of(written: &str) -> String {
    if looks_like_html(written) { html_to_text(&with_breaks(written)) } else { written.to_owned() }
}

/// Google and many web sites write HTML into DESCRIPTION. Outlook's `<https://…>` is not that.
fn looks_like_html(text: &str) -> bool {
    const TAGS: [&str; 20] = [
        "a", "b", "i", "u", "p", "br", "em", "strong", "ul", "ol", "li", "div", "span", "html", "body", "table",
        "font", "h1", "h2", "h3",
    ];
    text.match_indices('<').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let name: String =
            rest.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).take(8).collect();
        let after = rest.trim_start_matches('/').get(name.len()..).unwrap_or_default();
        TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(&name))
            && (after.starts_with(['>', '/'])
                || after.starts_with(char::is_whitespace) && after.chars().take(200).any(|c| c == '>'))
    })
}

/// Line ends of a text that is HTML only in its words are meant as line ends.
fn with_breaks(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let has_blocks = ["<br", "<p>", "<p ", "<div", "<table", "<html"].iter().any(|tag| lower.contains(tag));
    if has_blocks { html.to_owned() } else { html.replace('\n', "<br>") }
}

/// Takes out the block that Google Calendar frames with `-::~:~::~…::-` and "Please do not edit this section",
/// and returns the link in it: how to join is said by URL, in every client alike.
fn without_google_block(text: &str) -> (String, Option<String>) {
    const FRAME: &str = "-::~:~::~";
    let block = text.find(FRAME).and_then(|start| {
        let rest = text.get(start + FRAME.len()..)?;
        let frame_end = rest.find("::-")? + 3;
        let closing = frame_end + rest.get(frame_end..)?.find(FRAME)? + FRAME.len();
        let end = closing + rest.get(closing..)?.find("::-")? + 3;
        Some((start, rest.get(frame_end..closing - FRAME.len())?, start + FRAME.len() + end))
    });
    let Some((start, inside, end)) = block else { return (text.to_owned(), None) };
    let link = inside
        .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\''))
        .find(|word| word.contains("://meet.google.com/"))
        .or_else(|| inside.split_whitespace().find(|word| web_address(word).is_some()))
        .and_then(web_address);
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let joined =
        [before.trim_end(), after.trim_start()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    (joined.join("\n\n"), link.map(str::to_owned))
}

/// Thunderbird puts the HTML form into `ALTREP="data:text/html,…"`, percent-encoded.
fn data_html(uri: &str) -> Option<String> {
    let encoded = uri.strip_prefix("data:text/html,")?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        let hex = (byte == b'%').then(|| rest.clone().take(2).map(char::from).collect::<String>());
        match hex.and_then(|hex| u8::from_str_radix(&hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest.nth(1);
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_google_block_goes_and_its_link_stays() {
        let text = "Bring a pen.\n\n-::~:~::~:~:~:~:~:~:~:~:~::~:~::-\nJoin with Google Meet: \
            https://meet.google.com/abc-defg-hij\nOr dial: (US) +1 000\n\nPlease do not edit this section.\n\
            -::~:~::~:~:~:~:~:~:~:~:~::~:~::-\n\nSee you";
        let (rest, link) = without_google_block(text);
        assert_eq!(rest, "Bring a pen.\n\nSee you");
        assert_eq!(link.as_deref(), Some("https://meet.google.com/abc-defg-hij"));
        assert_eq!(without_google_block("plain -::~:~::~ open"), ("plain -::~:~::~ open".to_owned(), None));
    }

    #[test]
    fn html_is_told_from_text_with_angle_brackets() {
        for html in ["<b>x</b>", "a<br>b", "<a href=\"x\">y</a>", "text</p>", "<br/>"] {
            assert!(looks_like_html(html), "{html}");
        }
        for text in ["a < b and b > c", "Join<https://example.com>", "<mailto:a@b.c>", "<ana@example.com>", "<", "x <b"]
        {
            assert!(!looks_like_html(text), "{text}");
        }
    }

    #[test]
    fn data_uris_are_decoded() {
        assert_eq!(data_html("data:text/html,%3Cb%3Ehi%3C%2Fb%3E%20100%").as_deref(), Some("<b>hi</b> 100%"));
    }
}
