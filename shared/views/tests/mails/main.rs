//! Mails as people read them, in every language. `UPDATE_GOLDEN=1 cargo test -p views` writes the golden files; a
//! change of one is a change of what people get.

#![allow(clippy::unwrap_used, reason = "tests")]

mod fixtures;

use std::collections::HashSet;

use fixtures::{evening, mail, proposal, reply, when};
use itip::{Field, PartStat};
use views::mail::{Change, MailText, Occasion, guest_mail, notice_mail};
use views::words::{Language, Words};

fn golden(name: &str, text: &MailText) {
    let written = format!("Subject: {}\n\n{}", text.subject, text.text);
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "{name} differs; UPDATE_GOLDEN=1 writes it\n{written}");
}

/// Every mail of a language with a name for its file.
fn mails(language: Language) -> Vec<(String, MailText)> {
    let tag = language.words().tag;
    let guests = Occasion::ALL.iter().map(|occasion| {
        let name = format!("{occasion:?}").to_lowercase();
        (format!("{tag}-{name}.txt"), guest_mail(&mail(*occasion, language)).unwrap())
    });
    let replies = [PartStat::Accepted, PartStat::Tentative, PartStat::Declined].into_iter().map(|partstat| {
        let name = format!("{partstat:?}").to_lowercase();
        (format!("{tag}-reply-{name}.txt"), notice_mail(&reply(partstat, language)).unwrap())
    });
    let proposal = (format!("{tag}-proposal.txt"), notice_mail(&proposal(language)).unwrap());
    guests.chain(replies).chain([proposal]).collect()
}

#[test]
fn mails_stay_as_they_are() {
    for language in Language::ALL {
        for (name, text) in mails(*language) {
            golden(&name, &text);
        }
    }
}

#[test]
fn the_subject_carries_state_title_date_and_place() {
    let what = "Gavioto kontraŭ Rajo – ";
    let (english, spanish) = ("Fri 2 July 2027, 7:05 pm, ", "vie 2 jul 2027, 19:05, ");
    let cases = [
        (Occasion::Invitation, "Invitation", "Invitación"),
        (Occasion::Update, "Updated", "Actualización"),
        (Occasion::AskAgain, "Updated", "Actualización"),
        (Occasion::Cancel, "Cancelled", "Cancelado"),
        (Occasion::DateChanged, "One date changed", "Cambia una fecha"),
        (Occasion::DateCancelled, "One date is off", "Se cancela una fecha"),
        (Occasion::Removed, "No longer on the guest list", "Ya no estás en la lista"),
        (Occasion::ProposalDeclined, "Your proposal was declined", "Tu propuesta no se aceptó"),
    ];
    assert_eq!(cases.map(|(occasion, ..)| occasion), Occasion::ALL);
    for (occasion, in_english, in_spanish) in cases {
        let subject = |language| guest_mail(&mail(occasion, language)).unwrap().subject;
        let place = "Stadiono Norda, Strato 5";
        assert_eq!(subject(Language::En), format!("{in_english}: {what}{english}{place}"));
        assert_eq!(subject(Language::Es), format!("{in_spanish}: {what}{spanish}{place}"));
    }
}

#[test]
fn the_text_carries_state_date_and_place_and_so_does_the_html() {
    for occasion in Occasion::ALL {
        let mut mail = mail(occasion, Language::Es);
        mail.tentative = true;
        let text = guest_mail(&mail).unwrap();
        assert!(text.subject.contains("(por confirmar) – vie 2 jul 2027, 19:05"), "{}", text.subject);
        for shown in [&text.text, &text.html] {
            for part in ["viernes 2 de julio de 2027", "19:05 a 22:05", "Stadiono Norda", "Por confirmar", "/u/T"] {
                assert!(shown.contains(part), "{occasion:?}: {part} is missing in\n{shown}");
            }
        }
    }
}

#[test]
fn only_who_is_still_invited_is_asked() {
    for occasion in Occasion::ALL {
        let text = guest_mail(&mail(occasion, Language::En)).unwrap();
        let asked = !matches!(occasion, Occasion::Cancel | Occasion::DateCancelled | Occasion::Removed);
        assert_eq!(text.html.matches("?answer=").count(), if asked { 3 } else { 0 }, "{occasion:?}");
        assert_eq!(text.text.matches("?answer=").count(), if asked { 3 } else { 0 }, "{occasion:?}");
        assert_eq!(text.text.contains("Ĉemizoj"), asked, "{occasion:?}");
    }
}

#[test]
fn a_change_is_told_in_words() {
    let line = |field, was: &str, edit: fn(&mut views::mail::GuestMail)| {
        let mut mail = mail(Occasion::Invitation, Language::En);
        mail.changes = vec![Change { field, was: was.into() }];
        edit(&mut mail);
        let text = guest_mail(&mail).unwrap();
        let line = text.text.lines().find_map(|line| line.strip_prefix("* ")).unwrap().to_owned();
        let (shown, escaped) = (visible(&text.html), views::text::escape_html(&line));
        assert!(escaped.split(" (was").all(|part| shown.contains(part)), "{line}\n{}", text.html);
        line
    };
    let as_is = |_: &mut views::mail::GuestMail| {};
    assert_eq!(
        line(Field::Time, "Thursday", as_is),
        "New time: Friday 2 July 2027, 7:05 pm to 10:05 pm, Mexico City time (was Thursday)"
    );
    assert_eq!(line(Field::Location, "", as_is), "New place: Stadiono Norda, Strato 5");
    assert_eq!(line(Field::Location, "A", |mail| mail.place.clear()), "There is no place any more (was A)");
    assert_eq!(line(Field::Url, "", as_is), "New link: https://example.test/biletoj");
    assert_eq!(line(Field::Url, "", |mail| mail.url = "javascript:x".into()), "There is no link any more");
    assert_eq!(line(Field::Summary, "Old", as_is), "New title: Gavioto kontraŭ Rajo (was Old)");
    assert_eq!(line(Field::Description, "", as_is), "The description is new");
    assert_eq!(line(Field::Recurrence, "", as_is), "The dates of the series have changed");
    assert_eq!(line(Field::Status, "", as_is), "It is certain now");
    assert_eq!(line(Field::Status, "", |mail| mail.tentative = true), "It is tentative now");
}

/// The words of a document without its tags and styles.
fn visible(html: &str) -> String {
    let (_, body) = html.split_once("<body").unwrap();
    let mut text = String::new();
    for part in body.split('<') {
        text.push(' ');
        text.push_str(part.split_once('>').map_or("", |(_, shown)| shown));
    }
    text
}

/// The words of a language that stand between placeholders.
fn fragments(words: &Words) -> HashSet<String> {
    let names = [words.weekdays.as_slice(), &words.weekdays_short, &words.months, &words.months_short].concat();
    let phrases = words.phrases();
    let phrases = phrases.iter().map(|(_, phrase)| *phrase).chain(names);
    let parts = phrases.flat_map(|phrase| {
        phrase.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest).to_owned())
    });
    parts
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// Whether a text holds words as whole words.
fn holds(text: &str, words: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let parts: Vec<&str> = text.split(words).collect();
    parts.windows(2).any(|around| match around {
        [before, after] => !inside(before.chars().next_back()) && !inside(after.chars().next()),
        _ => false,
    })
}

#[test]
fn no_mail_mixes_languages() {
    for language in Language::ALL {
        let own = fragments(language.words());
        for other in Language::ALL.iter().filter(|other| *other != language) {
            let foreign: Vec<String> =
                fragments(other.words()).into_iter().filter(|part| !own.iter().any(|own| holds(own, part))).collect();
            assert!(foreign.len() > 100, "{foreign:?}");
            for (name, text) in mails(*language) {
                for shown in [text.subject.clone(), text.text.clone(), visible(&text.html)] {
                    for part in &foreign {
                        assert!(!holds(&shown, part), "{name} holds “{part}” of {other:?}\n{shown}");
                    }
                }
                assert!(text.html.contains(&format!("<html lang=\"{}\"", language.words().tag)));
            }
        }
    }
}

#[test]
fn a_meeting_is_a_link_wherever_it_was_written() {
    let meet = "https://meet.google.com/abc-defg-hij";
    let teams = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Y2Y5@thread.v2/0?context=%7b%22Tid%22%7d";
    let zoom = "https://club.zoom.us/j/123456789?pwd=x.1";
    let cases = [
        ("given", meet, "", "", meet, "Google Meet"),
        (
            "given, of a service unknown to us",
            "https://video.example.test/9",
            "",
            "",
            "https://video.example.test/9",
            "video.example.test",
        ),
        (
            "in the description",
            "",
            "",
            "Bonvenon!\nJoin: https://teams.microsoft.com/l/meetup-join/19%3ameeting_Y2Y5@thread.v2/0?context=%7b%22Tid%22%7d\n",
            teams,
            "Microsoft Teams",
        ),
        ("in brackets", "", "", "(https://club.zoom.us/j/123456789?pwd=x.1)", zoom, "Zoom"),
        ("before a full stop", "", "", "https://meet.google.com/abc-defg-hij.", meet, "Google Meet"),
        ("beside the place", "", "Salo 5; https://meet.google.com/abc-defg-hij", "", meet, "Google Meet"),
    ];
    for (case, meeting, place, description, url, service) in cases {
        let mut mail = mail(Occasion::Invitation, Language::En);
        mail.meeting = meeting.into();
        mail.place = place.into();
        mail.description = description.into();
        let text = guest_mail(&mail).unwrap();
        let join = text.text.lines().find_map(|line| line.strip_prefix("Join:")).map(str::trim);
        assert_eq!(join, Some(url), "{case}\n{}", text.text);
        assert!(text.html.contains(&format!("href=\"{}\"", url.replace('&', "&#38;"))), "{case}\n{}", text.html);
        assert!(text.html.contains(&format!("<b>{service}</b>")), "{case}");
        if place.is_empty() {
            assert!(text.subject.ends_with(&format!(", {service}")), "{case}: {}", text.subject);
        }
    }
}

#[test]
fn what_leads_into_no_call_is_no_meeting() {
    for description in [
        "https://zoom.us/download",
        "https://teams.microsoft.com/meetingOptions/?a=b",
        "https://meet.google.com/",
        "https://notzoom.us/j/1",
        "https://zoom.us.evil.test/j/1",
        "http://x@zoom.us/j/1",
        "javascript:https://zoom.us/j/1",
        "zoom.us/j/1",
    ] {
        let mut mail = mail(Occasion::Invitation, Language::En);
        mail.description = description.into();
        assert!(!guest_mail(&mail).unwrap().text.contains("Join:"), "{description}");
    }
    let mut cancel = mail(Occasion::Cancel, Language::En);
    cancel.meeting = "https://meet.google.com/abc".into();
    assert!(!guest_mail(&cancel).unwrap().html.contains("meet.google.com"));
}

#[test]
fn a_place_that_is_an_address_is_a_link_once() {
    let mut mail = mail(Occasion::Invitation, Language::En);
    mail.place = "https://club.zoom.us/j/1".into();
    mail.url = mail.place.clone();
    let text = guest_mail(&mail).unwrap();
    assert_eq!(text.html.matches("href=\"https://club.zoom.us/j/1\"").count(), 1);
    assert_eq!(text.text.matches("https://club.zoom.us/j/1").count(), 1);
    assert_eq!(text.subject, "Invitation: Gavioto kontraŭ Rajo – Fri 2 July 2027, 7:05 pm, Zoom");
}

#[test]
fn nothing_that_a_stranger_wrote_is_markup_or_a_header() {
    for occasion in Occasion::ALL {
        let mut hostile = mail(occasion, Language::Es);
        hostile.organizer = "Eve\r\nBcc: all@x.test <script> {guest}".into();
        hostile.title = "<img src=x onerror=alert(1)>\r\nX: y \u{202e}".into();
        hostile.place = "\"><script>".into();
        hostile.url = "javascript:alert(1)".into();
        hostile.meeting = "javascript:alert(2)".into();
        hostile.guest = "\"<script>\"@x.test".into();
        hostile.changes = vec![Change { field: Field::Summary, was: "<script>\r\nBcc: x".into() }];
        let text = guest_mail(&hostile).unwrap();
        assert!(!text.subject.contains(['\r', '\n', '\u{202e}']), "{}", text.subject);
        assert!(!text.html.contains("<img") && !text.html.contains("<script") && !text.html.contains("javascript:"));
        assert!(!text.text.contains("javascript:") && !text.text.contains("\nBcc"));
        assert!(text.text.contains("{guest}"), "a stranger's braces are text\n{}", text.text);
    }
}

#[test]
fn a_subject_leaves_the_date_in_sight() {
    for (title, tentative) in [("長い".repeat(200), false), ("مباراة ودية ".repeat(40), true), ("x".repeat(500), true)]
    {
        for language in Language::ALL {
            let mut long = mail(Occasion::ProposalDeclined, *language);
            long.title.clone_from(&title);
            long.place = title.clone();
            long.tentative = tentative;
            let subject = guest_mail(&long).unwrap().subject;
            let date = format!(" – {}, ", evening(*language).in_subject());
            assert!(subject.contains(&date), "{subject}");
            assert!(subject.chars().count() <= 230, "{} {subject}", subject.chars().count());
        }
    }
}

#[test]
fn an_event_without_a_title_or_clock_is_still_told() {
    let mut bare = mail(Occasion::Invitation, Language::Es);
    bare.title = " \r\n".into();
    bare.place.clear();
    let date = |text: &str| itip::When::Date(text.parse().unwrap());
    bare.when = views::when::WhenView::told(&date("2027-07-02"), &date("2027-07-03"), Language::Es);
    let text = guest_mail(&bare).unwrap();
    assert_eq!(text.subject, "Invitación: Evento – vie 2 jul 2027");
    assert!(text.text.contains("viernes 2 de julio de 2027, Todo el día\n"), "{}", text.text);
}

#[test]
fn several_dates_are_told_in_one_mail() {
    let further = "Friday 9 July 2027, 7:05 pm";
    for (occasion, mark, count) in [
        (Occasion::DateChanged, "Some dates changed: ", "has changed 2 dates"),
        (Occasion::DateCancelled, "Some dates are off: ", "2 dates of this event by Gavioto are off"),
    ] {
        let mut several = mail(occasion, Language::En);
        several.further = vec![further.into()];
        let text = guest_mail(&several).unwrap();
        assert!(text.subject.starts_with(mark), "{}", text.subject);
        assert!(text.text.contains(count), "{}", text.text);
        assert!(text.text.contains(&format!("\n       {further}\n")), "{}", text.text);
        assert!(text.html.contains(further), "{}", text.html);
    }
}

#[test]
fn a_proposal_says_both_times_and_offers_both_answers() {
    let text = notice_mail(&proposal(Language::En)).unwrap();
    assert_eq!(text.subject, "Ben proposes another time: Gavioto kontraŭ Rajo – Sat 3 July 2027, 12:00 pm");
    for part in [
        "Ben proposes another time for “Gavioto kontraŭ Rajo”: Saturday 3 July 2027, 12:00 pm to 3:00 pm, Mexico City \
         time instead of Friday 2 July 2027, 7:05 pm to 10:05 pm, Mexico City time.",
        "Comment: Mi laboras ĝis dek.",
        "Accept or decline: https://convoke.test/o/T\n",
    ] {
        assert!(text.text.contains(part), "{part} is missing in\n{}", text.text);
    }
    assert!(text.html.contains("href=\"https://convoke.test/o/T\""));
    let spanish = when("2027-07-02T09:05:00", "2027-07-02T09:05:00", Language::Es);
    assert_eq!(spanish.hours(), "9:05");
}
