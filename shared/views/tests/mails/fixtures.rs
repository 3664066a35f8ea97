//! Mails to try the words on.

use chrono::NaiveDateTime;
use itip::{Field, Moment, PartStat, Timestamp, When, Zone};
use views::mail::{Change, GuestMail, NoticeMail, Occasion, Proposal};
use views::when::WhenView;
use views::words::Language;

/// A time in Mexico City, six hours behind UTC.
fn at(local: &str) -> When {
    let local: NaiveDateTime = local.parse().unwrap();
    let instant = Timestamp(local.and_utc().timestamp() + 6 * 3600);
    When::At(Moment { local, zone: Zone::Iana("America/Mexico_City".into()), instant })
}

pub fn when(start: &str, end: &str, language: Language) -> WhenView {
    WhenView::told(&at(start), &at(end), language)
}

pub fn evening(language: Language) -> WhenView {
    when("2027-07-02T19:05:00", "2027-07-02T22:05:00", language)
}

fn night_before(language: Language) -> WhenView {
    when("2027-07-01T20:00:00", "2027-07-01T23:00:00", language)
}

/// A mail whose own content is in no language that we write, so that every word found in it is ours.
pub fn mail(occasion: Occasion, language: Language) -> GuestMail {
    let was = |field, was: String| Change { field, was };
    GuestMail {
        occasion,
        organizer: "Gavioto".into(),
        title: "Gavioto kontraŭ Rajo".into(),
        tentative: false,
        when: evening(language),
        repeats: match occasion {
            Occasion::DateChanged | Occasion::DateCancelled => language.words().repeats("FREQ=WEEKLY", true),
            _ => String::new(),
        },
        further: Vec::new(),
        place: "Stadiono Norda, Strato 5".into(),
        url: "https://example.test/biletoj".into(),
        meeting: String::new(),
        changes: match occasion {
            Occasion::Update => vec![
                was(Field::Location, "Stadiono Suda".into()),
                Field::Description.into(),
                Field::Status.into(),
                Field::Recurrence.into(),
            ],
            Occasion::AskAgain | Occasion::DateChanged => {
                vec![was(Field::Time, night_before(language).sentence())]
            }
            _ => Vec::new(),
        },
        description: "Ĉemizoj senpagas.".into(),
        description_html: "<b>Ĉemizoj</b> senpagas.".into(),
        answered: match occasion {
            Occasion::Update | Occasion::ProposalDeclined => PartStat::Accepted,
            _ => PartStat::NeedsAction,
        },
        answers: ["yes", "maybe", "no"].map(|word| format!("https://convoke.test/r/T?answer={word}")),
        unsubscribe: "https://convoke.test/u/T".into(),
        guest: "ana@example.test".into(),
        domain: "convoke.test".into(),
        postal: "Convoke, 1 Strato, Urbo".into(),
    }
}

pub fn proposal(language: Language) -> NoticeMail {
    let proposal = Proposal {
        guest: "Ben".into(),
        title: "Gavioto kontraŭ Rajo".into(),
        proposed: when("2027-07-03T12:00:00", "2027-07-03T15:00:00", language),
        current: evening(language),
        comment: "Mi laboras\r\nĝis dek.".into(),
        decide: "https://convoke.test/o/T".into(),
    };
    NoticeMail::proposal(&proposal, "convoke.test", "Convoke, 1 Strato, Urbo")
}

pub fn reply(partstat: PartStat, language: Language) -> NoticeMail {
    let reason = if partstat == PartStat::Declined { "Kialo." } else { "" };
    NoticeMail::reply(partstat, "Gavioto kontraŭ Rajo", &evening(language), reason, "convoke.test", "")
}
