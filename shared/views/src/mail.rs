//! The texts of mails: to guests, and notices to organizers. Every mail is complete as plain text and without
//! images; names and titles are one line, so that they can stand in a subject. Date, place and state stand in the
//! subject and in the text: not every mail program shows the calendar.

use askama::Template;
use itip::{Field, PartStat};

use crate::text::escape_html;
use crate::when::WhenView;
use crate::words::{Language, Words, fill};

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
    /// Single dates of a series changed; the mail's time and place are the first one's.
    DateChanged,
    /// Single dates of a series are called off; the mail's time is the first one's.
    DateCancelled,
    /// He alone is taken off the guest list (RFC 5546 section 3.2.5).
    Removed,
    /// His COUNTER was declined (RFC 5546 section 3.2.8): everything stays.
    ProposalDeclined,
}

impl Occasion {
    /// Every occasion.
    pub const ALL: [Self; 8] = [
        Self::Invitation,
        Self::Update,
        Self::AskAgain,
        Self::Cancel,
        Self::DateChanged,
        Self::DateCancelled,
        Self::Removed,
        Self::ProposalDeclined,
    ];

    /// Whether the guest is still asked to come.
    fn invites(self) -> bool {
        match self {
            Self::Invitation | Self::Update | Self::AskAgain | Self::DateChanged | Self::ProposalDeclined => true,
            Self::Cancel | Self::DateCancelled | Self::Removed => false,
        }
    }
}

/// Something that a guest can see differ from what he held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub field: Field,
    /// How it was, in the mail's language; empty if unknown.
    pub was: String,
}

impl From<Field> for Change {
    fn from(field: Field) -> Self {
        Self { field, was: String::new() }
    }
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
    /// The event is not certain (STATUS:TENTATIVE).
    pub tentative: bool,
    /// When, and the language of the whole mail.
    pub when: WhenView,
    /// How it repeats, in words; empty if it does not.
    pub repeats: String,
    /// Of a mail about several dates: those after the first, in words.
    pub further: Vec<String>,
    /// Where; empty if unknown.
    pub place: String,
    /// `http:` or `https:`, or empty.
    pub url: String,
    /// Where a video call is joined; if empty, the place, the URL and the description are searched for it.
    pub meeting: String,
    /// What is new to this guest.
    pub changes: Vec<Change>,
    /// Plain text.
    pub description: String,
    /// What the sanitiser let through.
    pub description_html: String,
    /// The answer that counts.
    pub answered: PartStat,
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

impl MailLink {
    /// A link that shows its address.
    pub fn new(label: &str, href: String) -> Self {
        Self { label: label.to_owned(), shown: shown(&href).to_owned(), href }
    }
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
    /// Its language.
    pub language: Language,
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

/// A guest's COUNTER (RFC 5546 section 3.2.7), for the organizer's eyes.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Who proposes: a name or an address.
    pub guest: String,
    /// The event's title.
    pub title: String,
    /// When he would rather come.
    pub proposed: WhenView,
    /// When it is.
    pub current: WhenView,
    /// His COMMENT; may be empty.
    pub comment: String,
    /// The page where he accepts or declines.
    pub decide: String,
}

impl NoticeMail {
    /// A notice that says nothing yet, to somebody who sent calendar mail to our `domain`.
    pub fn new(language: Language, subject: String, title: String, domain: &str, postal: &str) -> Self {
        Self {
            language,
            subject,
            title,
            paragraphs: Vec::new(),
            events: Vec::new(),
            more: 0,
            key: None,
            why: fill(language.words().why_organizer, &[("domain", domain)]),
            postal: postal.to_owned(),
        }
    }

    /// Shows a guest's proposal to the organizer, in the language of its times.
    pub fn proposal(proposal: &Proposal, domain: &str, postal: &str) -> Self {
        let language = proposal.current.language;
        let words = language.words();
        let guest = one_line(&proposal.guest);
        let title = title_or(&proposal.title, words);
        let subject = fill(words.proposal, &[("guest", &guest), ("title", &cut(&title, SUBJECT_TITLE_CHARS_MAX))]);
        let subject = format!("{subject} – {}", proposal.proposed.in_subject());
        let mut mail = Self::new(language, subject, words.proposal_heading.to_owned(), domain, postal);
        let (proposed, current) = (proposal.proposed.sentence(), proposal.current.sentence());
        mail.paragraphs.push(fill(
            words.proposal_what,
            &[("guest", &guest), ("title", &title), ("proposed", &proposed), ("current", &current)],
        ));
        let comment = one_line(&proposal.comment);
        if !comment.is_empty() {
            mail.paragraphs.push(fill(words.comment, &[("comment", &comment)]));
        }
        mail.paragraphs.push(words.proposal_choice.to_owned());
        mail.key = Some(MailLink::new(words.proposal_decide, proposal.decide.clone()));
        mail
    }

    /// The words beside a calendar REPLY of ours to an organizer; `reason` may be empty.
    pub fn reply(partstat: PartStat, title: &str, when: &WhenView, reason: &str, domain: &str, postal: &str) -> Self {
        let words = when.language.words();
        let phrase = match partstat {
            PartStat::Accepted => words.reply_accepted,
            PartStat::Tentative => words.reply_tentative,
            PartStat::Declined => words.reply_declined,
            PartStat::NeedsAction | PartStat::Delegated => words.reply_waiting,
        };
        let title = title_or(title, words);
        let subject = fill(phrase, &[("title", &cut(&title, SUBJECT_TITLE_CHARS_MAX))]);
        let subject = format!("{subject} – {}", when.in_subject());
        let mut mail = Self::new(when.language, subject, fill(phrase, &[("title", &title)]), domain, postal);
        mail.paragraphs.push(when.sentence());
        let reason = one_line(reason);
        if !reason.is_empty() {
            mail.paragraphs.push(reason);
        }
        mail.paragraphs.push(words.reply_note.to_owned());
        mail
    }
}

#[derive(Template)]
#[template(path = "mail/guest.html")]
struct GuestHtml<'a> {
    words: &'static Words,
    title: &'a str,
    preview: &'a str,
    opening: &'a str,
    occasion: Occasion,
    changes: &'a [ChangeLine],
    tentative: bool,
    when: &'a WhenView,
    repeats: &'a str,
    further: &'a [String],
    place: &'a str,
    place_is_link: bool,
    url: &'a str,
    meeting: Option<&'a Meeting<'a>>,
    description_html: &'a str,
    answered: &'a str,
    answers: &'a [String; 3],
    unsubscribe: &'a str,
    sender_html: &'a str,
    postal: &'a str,
}

impl GuestHtml<'_> {
    /// What becomes of the calendar entry; empty while it stays.
    fn gone(&self) -> &'static str {
        gone(self.occasion, self.words)
    }
}

#[derive(Template)]
#[template(path = "mail/notice.html")]
struct NoticeHtml<'a> {
    words: &'static Words,
    title: &'a str,
    preview: &'a str,
    paragraphs: &'a [String],
    events: &'a [NoticeEvent],
    more: &'a str,
    key: Option<&'a MailLink>,
    why: &'a str,
    postal: &'a str,
}

impl NoticeHtml<'_> {
    fn id_line(&self, event: &NoticeEvent) -> String {
        fill(self.words.event_id, &[("id", &event.id)])
    }
}

/// Longest title in a subject; what follows it, the date, must still be seen on a phone.
const SUBJECT_TITLE_CHARS_MAX: usize = 90;
/// Longest place in a subject.
const SUBJECT_PLACE_CHARS_MAX: usize = 40;
/// Longest line that a stranger's text may put where one line is meant.
const LINE_CHARS_MAX: usize = 500;
/// What is shown of a meeting's address in HTML: those of Teams have 250 characters that say nothing.
const SHOWN_CHARS_MAX: usize = 48;

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

fn title_or(title: &str, words: &Words) -> String {
    match one_line(title) {
        title if title.is_empty() => words.untitled.to_owned(),
        title => title,
    }
}

fn gone(occasion: Occasion, words: &Words) -> &'static str {
    match occasion {
        Occasion::Cancel | Occasion::Removed => words.entry_goes,
        Occasion::DateCancelled => words.date_goes,
        Occasion::Invitation
        | Occasion::Update
        | Occasion::AskAgain
        | Occasion::DateChanged
        | Occasion::ProposalDeclined => "",
    }
}

/// The subject's first word and the opening.
fn reason(occasion: Occasion, several: bool, words: &Words) -> (&'static str, &'static str) {
    match occasion {
        Occasion::DateChanged if several => (words.mark_dates_changed, words.opening_dates_changed),
        Occasion::DateCancelled if several => (words.mark_dates_off, words.opening_dates_off),
        Occasion::Invitation => (words.mark_invitation, words.opening_invitation),
        Occasion::Update => (words.mark_update, words.opening_update),
        Occasion::AskAgain => (words.mark_update, words.opening_ask_again),
        Occasion::Cancel => (words.mark_cancel, words.opening_cancel),
        Occasion::DateChanged => (words.mark_date_changed, words.opening_date_changed),
        Occasion::DateCancelled => (words.mark_date_off, words.opening_date_off),
        Occasion::Removed => (words.mark_removed, words.opening_removed),
        Occasion::ProposalDeclined => (words.mark_proposal_declined, words.opening_proposal_declined),
    }
}

/// A change in words.
struct ChangeLine {
    /// What is new.
    now: String,
    /// What was, in brackets; empty if unknown.
    was: String,
}

impl ChangeLine {
    fn line(&self) -> String {
        format!("{} {}", self.now, self.was).trim_end().to_owned()
    }
}

fn change_line(change: &Change, mail: &GuestMail, words: &Words) -> ChangeLine {
    let or_none = |phrase, none, now: &str| {
        if now.is_empty() { String::from(none) } else { fill(phrase, &[("now", now)]) }
    };
    let now = match change.field {
        Field::Time => fill(words.new_time, &[("now", &mail.when.sentence())]),
        Field::Location => or_none(words.new_place, words.no_place, &one_line(&mail.place)),
        Field::Url => or_none(words.new_link, words.no_link, web_address(&mail.url)),
        Field::Summary => fill(words.new_title, &[("now", &title_or(&mail.title, words))]),
        Field::Description => words.new_description.to_owned(),
        Field::Recurrence => words.new_dates.to_owned(),
        Field::Status => String::from(if mail.tentative { words.now_tentative } else { words.now_certain }),
    };
    let was = match one_line(&change.was) {
        was if was.is_empty() => was,
        was => fill(words.was, &[("was", &was)]),
    };
    ChangeLine { now, was }
}

/// Writes a mail to a guest, in the language of its time.
pub fn guest_mail(mail: &GuestMail) -> Result<MailText, String> {
    let words = mail.when.language.words();
    let title = match (title_or(&mail.title, words), mail.tentative) {
        (title, false) => title,
        (title, true) => fill(words.tentative_title, &[("title", &cut(&title, SUBJECT_TITLE_CHARS_MAX))]),
    };
    let organizer = one_line(&mail.organizer);
    let place = one_line(&mail.place);
    let when = &mail.when;
    let invites = mail.occasion.invites();
    let (mark, opening) = reason(mail.occasion, !mail.further.is_empty(), words);
    let count = words.number(mail.further.len() + 1);
    let opening = fill(opening, &[("organizer", &organizer), ("date", &when.long), ("count", &count)]);
    let changes: Vec<ChangeLine> = mail.changes.iter().map(|change| change_line(change, mail, words)).collect();
    let url = web_address(&mail.url);
    let meeting = if invites { meeting_of(mail) } else { None };
    let meeting = meeting.as_ref();
    let place_is_link = !web_address(&place).is_empty();

    let what = format!("{} – {}", cut(&title, SUBJECT_TITLE_CHARS_MAX + 20), when.in_subject());
    let subject = fill(words.marked, &[("mark", mark), ("what", &what)]);
    let subject = match meeting {
        Some(meeting) if place.is_empty() || place_is_link => format!("{subject}, {}", meeting.service),
        _ if place.is_empty() || place_is_link => subject,
        _ => format!("{subject}, {}", cut(&place, SUBJECT_PLACE_CHARS_MAX)),
    };
    let at = if place.is_empty() { when.sentence() } else { format!("{} · {place}", when.sentence()) };
    let preview = if changes.is_empty() { at } else { joined(&changes, "", " · ") };

    // What is shown once already is not shown again under another label.
    let meeting = meeting.filter(|meeting| meeting.url != place);
    let url = if url == place || meeting.is_some_and(|meeting| meeting.url == url) { "" } else { url };
    let answered = match words.answer(mail.answered) {
        "" => String::new(),
        answer => fill(words.answered, &[("answer", answer)]),
    };
    let postal = one_line(&mail.postal);
    let sender = if invites { words.invited_by } else { words.sent_by };
    let organizer_html = format!("<span dir=\"auto\">{}</span>", escape_html(&organizer));
    let sender_html = fill(
        sender,
        &[("organizer", &organizer_html), ("guest", &escape_html(&mail.guest)), ("domain", &escape_html(&mail.domain))],
    );
    let html = GuestHtml {
        words,
        title: &title,
        preview: &preview,
        opening: &opening,
        occasion: mail.occasion,
        changes: &changes,
        tentative: mail.tentative,
        when,
        repeats: &mail.repeats,
        further: &mail.further,
        place: &place,
        place_is_link,
        url,
        meeting,
        description_html: if invites { &mail.description_html } else { "" },
        answered: &answered,
        answers: &mail.answers,
        unsubscribe: &mail.unsubscribe,
        sender_html: &sender_html,
        postal: &postal,
    };

    let sentence = when.sentence();
    let mut facts = vec![(words.when, sentence.as_str())];
    facts.extend(mail.further.iter().map(|date| ("", date.as_str())));
    facts.extend([
        ("", mail.repeats.as_str()),
        (words.state, if mail.tentative { words.tentative } else { "" }),
        (words.place, &place),
        (words.meeting, meeting.map_or("", |meeting| meeting.url)),
        (words.link, url),
    ]);
    let facts = rows(&facts);
    let sender = fill(sender, &[("organizer", &organizer), ("guest", &mail.guest), ("domain", &mail.domain)]);
    let unsubscribe = &mail.unsubscribe;
    let foot =
        format!("--\n{sender}\n{}: {unsubscribe}\n{}: {unsubscribe}\n{postal}", words.unsubscribe, words.not_asked);
    let mut text = vec![opening.clone(), title.clone(), joined(&changes, "* ", "\n"), facts];
    if invites {
        let [yes, maybe, no] = &mail.answers;
        text.push(format!("{} {answered}", words.will_you_come).trim_end().to_owned());
        text.push(rows(&[(words.yes, yes), (words.maybe, maybe), (words.no, no)]));
        text.push(words.answer_in_calendar.to_owned());
        text.push(mail.description.trim().to_owned());
    } else {
        text.push(gone(mail.occasion, words).to_owned());
    }
    text.push(foot);
    render(subject, &text, &html)
}

/// Lines of a label and a value each, the values below each other; without those that have no value. A value
/// without label belongs to the one above.
fn rows(rows: &[(&str, &str)]) -> String {
    let shown: Vec<_> = rows.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default() + 2;
    let line = |label: &str, value: &str| {
        let label = if label.is_empty() { String::new() } else { format!("{label}:") };
        format!("{label:width$}{value}")
    };
    shown.iter().map(|(label, value)| line(label, value)).collect::<Vec<_>>().join("\n")
}

fn joined(changes: &[ChangeLine], start: &str, between: &str) -> String {
    changes.iter().map(|change| format!("{start}{}", change.line())).collect::<Vec<_>>().join(between)
}

/// Writes a notice to an organizer.
pub fn notice_mail(mail: &NoticeMail) -> Result<MailText, String> {
    let words = mail.language.words();
    let postal = one_line(&mail.postal);
    let more =
        if mail.more == 0 { String::new() } else { fill(words.more_events, &[("count", &words.number(mail.more))]) };
    let html = NoticeHtml {
        words,
        title: &mail.title,
        preview: mail.paragraphs.first().map_or("", String::as_str),
        paragraphs: &mail.paragraphs,
        events: &mail.events,
        more: &more,
        key: mail.key.as_ref(),
        why: &mail.why,
        postal: &postal,
    };
    let mut text = vec![mail.title.clone()];
    text.extend(mail.paragraphs.iter().cloned());
    for event in &mail.events {
        let mut lines = vec![event.title.clone(), event.when.clone()];
        lines.extend((!event.place.is_empty()).then(|| event.place.clone()));
        lines.extend(event.links.iter().map(|link| format!("{}: {}", link.label, link.href)));
        lines.push(html.id_line(event));
        text.push(lines.join("\n"));
    }
    text.push(more.clone());
    text.extend(mail.key.iter().map(|link| format!("{}: {}", link.label, link.href)));
    text.push(format!("--\n{}\n{postal}", mail.why));
    render(cut(&one_line(&mail.subject), 200), &text, &html)
}

/// Joins the paragraphs of a text, without those that say nothing, and writes the HTML.
fn render(subject: String, text: &[String], html: &impl Template) -> Result<MailText, String> {
    let said: Vec<&str> = text.iter().map(String::as_str).filter(|paragraph| !paragraph.is_empty()).collect();
    let html = html.render().map_err(|error| error.to_string())?;
    // What came in keeps its line ends; a mail has one kind.
    Ok(MailText { subject, text: unix_lines(&said.join("\n\n")), html: unix_lines(&html) })
}

fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned() + "\n"
}

/// The address, if it is one of the web; else nothing.
fn web_address(url: &str) -> &str {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    if web && !url.chars().any(|c| c.is_control() || c == ' ') { url } else { "" }
}

fn shown(url: &str) -> &str {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url)
}

/// A video call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Meeting<'a> {
    url: &'a str,
    /// Who runs it, by its own name or its host.
    service: &'a str,
}

impl Meeting<'_> {
    fn shown(&self) -> String {
        cut(shown(self.url), SHOWN_CHARS_MAX)
    }
}

/// Hosts of video calls, the beginnings of the paths that lead into a call, and the service's name.
const SERVICES: [(&str, &[&str], &str); 4] = [
    ("meet.google.com", &["/"], "Google Meet"),
    ("teams.microsoft.com", &["/l/meetup-join/", "/meet/"], "Microsoft Teams"),
    ("teams.live.com", &["/meet/"], "Microsoft Teams"),
    ("zoom.us", &["/j/", "/my/", "/w/", "/s/"], "Zoom"),
];

/// The service of an address that leads into a call; `None` for its other pages.
fn service(url: &str) -> Option<&'static str> {
    let (host, path) = shown(url).split_at_checked(shown(url).find('/')?)?;
    let host = host.to_ascii_lowercase();
    let matches = |known: &str| host == known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'));
    SERVICES.iter().find_map(|(known, paths, name)| {
        let call = |start: &&str| path.strip_prefix(*start).is_some_and(|rest| !rest.is_empty());
        (matches(known) && paths.iter().any(call)).then_some(*name)
    })
}

/// The mail's call: the one it names, else the first in its place, URL or description.
fn meeting_of(mail: &GuestMail) -> Option<Meeting<'_>> {
    match web_address(&mail.meeting) {
        "" => [&mail.place, &mail.url, &mail.description].into_iter().find_map(|text| meeting_in(text)),
        url => Some(Meeting { url, service: service(url).unwrap_or_else(|| host_of(url)) }),
    }
}

fn host_of(url: &str) -> &str {
    shown(url).split(['/', '?', '#']).next().unwrap_or_default()
}

fn meeting_in(text: &str) -> Option<Meeting<'_>> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')' | '[' | ']' | '|')).find_map(
        |word| {
            let url = web_address(word.trim_end_matches(['.', ',', ';', ':', '!']));
            let service = if url.is_empty() { None } else { service(url) }?;
            Some(Meeting { url, service })
        },
    )
}
