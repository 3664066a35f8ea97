//! The texts of mails: to guests, and notices to organizers. Every mail is complete as plain text and without
//! images; names and titles are one line, so that they can stand in a subject.

use askama::Template;

use crate::when::WhenView;

/// A mail's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailText {
    /// One line.
    pub subject: String,
    /// Plain text, `\n` line ends.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Why a guest gets a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// His first.
    Invitation,
    /// Something changed.
    Update,
    /// It changed in such a way that his answer no longer counts.
    AskAgain,
    /// Called off.
    Cancel,
}

/// A mail to a guest.
#[derive(Debug, Clone)]
pub struct GuestMail {
    /// Why.
    pub occasion: Occasion,
    /// Who invites.
    pub organizer: String,
    /// The event's title.
    pub title: String,
    /// When.
    pub when: WhenView,
    /// How it repeats, in words; empty if it does not.
    pub repeats: String,
    /// Where; empty if unknown.
    pub place: String,
    /// `http:` or `https:`, or empty.
    pub url: String,
    /// Plain text.
    pub description: String,
    /// What the sanitiser let through.
    pub description_html: String,
    /// The answer that counts, in a word; empty without one.
    pub answered: String,
    /// Links of the three answers: yes, maybe, no.
    pub answers: [String; 3],
    /// The page that stops these mails.
    pub unsubscribe: String,
    /// The guest's address.
    pub guest: String,
    /// Our mail domain.
    pub domain: String,
    /// The postal address, in one line; may be empty.
    pub postal: String,
}

/// A link of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLink {
    /// What it is.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// What is shown of it.
    pub shown: String,
}

/// An event of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeEvent {
    /// Our id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When, in a line.
    pub when: String,
    /// Where; may be empty.
    pub place: String,
    /// Its links.
    pub links: Vec<MailLink>,
}

/// A mail to an organizer.
#[derive(Debug, Clone)]
pub struct NoticeMail {
    /// The subject.
    pub subject: String,
    /// The heading.
    pub title: String,
    /// What there is to say.
    pub paragraphs: Vec<String>,
    /// Events it is about.
    pub events: Vec<NoticeEvent>,
    /// Events that are not listed.
    pub more: usize,
    /// The one thing to do, if any.
    pub key: Option<MailLink>,
    /// Why he gets this mail.
    pub why: String,
    /// The postal address, in one line; may be empty.
    pub postal: String,
}

#[derive(Template)]
#[template(path = "mail/guest.html")]
struct GuestHtml<'a> {
    title: &'a str,
    preview: &'a str,
    opening: &'a str,
    cancelled: bool,
    organizer: &'a str,
    when: &'a WhenView,
    repeats: &'a str,
    place: &'a str,
    url: &'a str,
    description_html: &'a str,
    answered: &'a str,
    yes: &'a str,
    maybe: &'a str,
    no: &'a str,
    unsubscribe: &'a str,
    guest: &'a str,
    domain: &'a str,
    postal: &'a str,
}

#[derive(Template)]
#[template(path = "mail/guest.txt", escape = "none")]
struct GuestPlain<'a> {
    title: &'a str,
    opening: &'a str,
    cancelled: bool,
    organizer: &'a str,
    when: &'a WhenView,
    repeats: &'a str,
    place: &'a str,
    url: &'a str,
    description: &'a str,
    answered: &'a str,
    yes: &'a str,
    maybe: &'a str,
    no: &'a str,
    unsubscribe: &'a str,
    guest: &'a str,
    domain: &'a str,
    postal: &'a str,
}

#[derive(Template)]
#[template(path = "mail/notice.html")]
struct NoticeHtml<'a> {
    title: &'a str,
    preview: &'a str,
    paragraphs: &'a [String],
    events: &'a [NoticeEvent],
    more: usize,
    key: Option<&'a MailLink>,
    why: &'a str,
    postal: &'a str,
}

#[derive(Template)]
#[template(path = "mail/notice.txt", escape = "none")]
struct NoticePlain<'a> {
    title: &'a str,
    paragraphs: &'a [String],
    events: &'a [NoticeEvent],
    more: usize,
    key: Option<&'a MailLink>,
    why: &'a str,
    postal: &'a str,
}

/// Longest title in a subject; what follows it, the date, must still be seen on a phone.
const SUBJECT_TITLE_CHARS_MAX: usize = 90;
/// Longest line that a stranger's text may put where one line is meant.
const LINE_CHARS_MAX: usize = 500;

/// A text on one line: no control characters, nothing that turns the reading direction around, single spaces.
pub fn one_line(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let visible: String = text
        .chars()
        .filter(|c| !hidden(*c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&line, LINE_CHARS_MAX)
}

fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Writes a mail to a guest.
pub fn guest_mail(mail: &GuestMail) -> Result<MailText, String> {
    let title = match one_line(&mail.title) {
        title if title.is_empty() => "Event".to_owned(),
        title => title,
    };
    let organizer = one_line(&mail.organizer);
    let place = one_line(&mail.place);
    let cancelled = mail.occasion == Occasion::Cancel;
    let (mark, opening) = match mail.occasion {
        Occasion::Invitation => ("", format!("{organizer} invites you")),
        Occasion::Update => ("Updated: ", format!("{organizer} has changed this event; this is how it stands now")),
        Occasion::AskAgain => {
            ("Updated: ", format!("{organizer} has changed this event; please say whether you can come"))
        }
        Occasion::Cancel => ("Cancelled: ", format!("{organizer} has cancelled this event")),
    };
    let when = &mail.when;
    let day = format!("{} {} {}", when.weekday, when.day, when.month);
    let clock = if when.zoned || when.clock != "All day" { format!(", {}", when.clock) } else { String::new() };
    let subject = format!("{mark}{} – {day}{clock}", cut(&title, SUBJECT_TITLE_CHARS_MAX));
    let preview = if place.is_empty() { when.sentence() } else { format!("{} · {place}", when.sentence()) };
    let [yes, maybe, no] = &mail.answers;
    let url = if is_web_address(&mail.url) { mail.url.as_str() } else { "" };
    let postal = one_line(&mail.postal);
    let html = GuestHtml {
        title: &title,
        preview: &preview,
        opening: &opening,
        cancelled,
        organizer: &organizer,
        when,
        repeats: &mail.repeats,
        place: &place,
        url,
        description_html: &mail.description_html,
        answered: &mail.answered,
        yes,
        maybe,
        no,
        unsubscribe: &mail.unsubscribe,
        guest: &mail.guest,
        domain: &mail.domain,
        postal: &postal,
    };
    let plain = GuestPlain {
        title: &title,
        opening: &opening,
        cancelled,
        organizer: &organizer,
        when,
        repeats: &mail.repeats,
        place: &place,
        url,
        description: mail.description.trim(),
        answered: &mail.answered,
        yes,
        maybe,
        no,
        unsubscribe: &mail.unsubscribe,
        guest: &mail.guest,
        domain: &mail.domain,
        postal: &postal,
    };
    render(subject, &html, &plain)
}

/// Writes a notice to an organizer.
pub fn notice_mail(mail: &NoticeMail) -> Result<MailText, String> {
    let postal = one_line(&mail.postal);
    let preview = mail.paragraphs.first().map_or("", String::as_str);
    let key = mail.key.as_ref();
    let html = NoticeHtml {
        title: &mail.title,
        preview,
        paragraphs: &mail.paragraphs,
        events: &mail.events,
        more: mail.more,
        key,
        why: &mail.why,
        postal: &postal,
    };
    let plain = NoticePlain {
        title: &mail.title,
        paragraphs: &mail.paragraphs,
        events: &mail.events,
        more: mail.more,
        key,
        why: &mail.why,
        postal: &postal,
    };
    render(cut(&one_line(&mail.subject), 200), &html, &plain)
}

fn render(subject: String, html: &impl Template, plain: &impl Template) -> Result<MailText, String> {
    let text = plain.render().map_err(|error| error.to_string())?;
    let html = html.render().map_err(|error| error.to_string())?;
    // Askama keeps the line ends of what came in; a mail has one kind.
    Ok(MailText { subject, text: unix_lines(&text), html: unix_lines(&html) })
}

fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned() + "\n"
}

fn is_web_address(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://")) && !url.chars().any(|c| c.is_control() || c == ' ')
}

#[cfg(test)]
mod tests {
    use itip::{When, Zone};

    use super::*;

    fn when() -> WhenView {
        let at = |text: &str| {
            let local: chrono::NaiveDateTime = text.parse().unwrap();
            let instant = itip::Timestamp(local.and_utc().timestamp() + 4 * 3600);
            When::At(itip::Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
        };
        WhenView::new(&at("2027-07-02T19:05:00"), &at("2027-07-02T22:05:00"))
    }

    fn mail(occasion: Occasion) -> GuestMail {
        GuestMail {
            occasion,
            organizer: "Orioles".into(),
            title: "Orioles - Rays".into(),
            when: when(),
            repeats: String::new(),
            place: "Camden Yards".into(),
            url: "https://example.com/tickets".into(),
            description: "Shirt night".into(),
            description_html: "<b>Shirt night</b>".into(),
            answered: String::new(),
            answers: [
                "https://x.test/r/T?answer=yes",
                "https://x.test/r/T?answer=maybe",
                "https://x.test/r/T?answer=no",
            ]
            .map(str::to_owned),
            unsubscribe: "https://x.test/u/T".into(),
            guest: "ana@example.com".into(),
            domain: "x.test".into(),
            postal: "Convoke, 1 Main St".into(),
        }
    }

    #[test]
    fn the_subject_carries_state_title_and_date() {
        let subject = |occasion| guest_mail(&mail(occasion)).unwrap().subject;
        assert_eq!(subject(Occasion::Invitation), "Orioles - Rays – Fri 2 July 2027, 7:05 pm");
        assert_eq!(subject(Occasion::AskAgain), "Updated: Orioles - Rays – Fri 2 July 2027, 7:05 pm");
        assert_eq!(subject(Occasion::Cancel), "Cancelled: Orioles - Rays – Fri 2 July 2027, 7:05 pm");
    }

    #[test]
    fn nothing_that_a_stranger_wrote_is_markup_or_a_header() {
        let mut hostile = mail(Occasion::Invitation);
        hostile.organizer = "Eve\r\nBcc: all@x.test <script>".into();
        hostile.title = "<img src=x onerror=alert(1)>\r\nX: y \u{202e}".into();
        hostile.place = "\"><script>".into();
        hostile.url = "javascript:alert(1)".into();
        let text = guest_mail(&hostile).unwrap();
        assert!(!text.subject.contains(['\r', '\n', '\u{202e}']), "{}", text.subject);
        assert!(!text.html.contains("<img") && !text.html.contains("<script") && !text.html.contains("javascript:"));
        assert!(!text.text.contains("javascript:") && !text.text.contains("\nBcc"));
    }

    #[test]
    fn a_long_title_leaves_the_date_in_sight() {
        let mut long = mail(Occasion::Invitation);
        long.title = "長い".repeat(200);
        assert!(guest_mail(&long).unwrap().subject.ends_with("… – Fri 2 July 2027, 7:05 pm"));
    }

    #[test]
    fn the_plain_text_stands_alone() {
        let text = guest_mail(&mail(Occasion::Invitation)).unwrap().text;
        for part in [
            "Friday 2 July 2027, 7:05 pm to 10:05 pm, New York time",
            "Camden Yards",
            "Shirt night",
            "?answer=maybe",
            "/u/T",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        let cancel = guest_mail(&mail(Occasion::Cancel)).unwrap();
        assert!(!cancel.text.contains("?answer="), "{}", cancel.text);
        assert!(!cancel.html.contains("?answer="));
    }
}
