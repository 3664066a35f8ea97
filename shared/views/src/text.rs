//! Small texts: escaping and masking.

use itip::CalAddress;

/// Plain text as HTML.
pub fn escape_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// An address as HTML, in the type of addresses.
pub fn address_html(address: &str) -> String {
    format!("<span class=\"address\">{}</span>", escape_html(address))
}

/// A name as HTML, in its own direction.
pub fn name_html(name: &str) -> String {
    format!("<b dir=\"auto\">{}</b>", escape_html(name))
}

/// Plain text of several lines as HTML.
pub fn escape_lines(text: &str) -> String {
    escape_html(text).replace("\r\n", "\n").replace('\n', "<br>")
}

/// A text in one line, as it is safe to show among others: without controls, and without those marks of direction that
/// would turn around what follows it.
pub fn one_line(text: &str) -> String {
    let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let words = text.split_whitespace().map(|word| word.replace(is_unsafe, ""));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first API's mask: the first character and seven asterisks; nothing of nothing.
pub fn mask(text: &str) -> String {
    text.chars().next().map(|first| format!("{first}*******")).unwrap_or_default()
}

/// An address with its local part masked.
pub fn mask_address(address: &CalAddress) -> String {
    format!("{}@{}", mask(address.local_part()), address.domain())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_keeps_one_character_and_the_domain() {
        let zoe = CalAddress::parse("Zoë@x.example").unwrap();
        assert_eq!(mask_address(&zoe), "z*******@x.example");
        assert_eq!((mask("").as_str(), mask("Émile").as_str()), ("", "É*******"));
    }

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(escape_html("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(escape_lines("a\r\n<b>\nc"), "a<br>&lt;b&gt;<br>c");
    }
}
