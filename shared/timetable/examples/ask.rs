//! How long questions take, and filters over many entries: `cargo run --profile bench -p timetable --example ask`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "measured by hand"
)]

use std::time::Instant;

use chrono::{Days, NaiveDate};
use itip::{Class, EventDetails, EventId, EventStatus, Recurrence, Timestamp, When};
use timetable::{Entry, Filter, Question, Source, Vocabulary};

fn entries(count: usize) -> Vec<Entry> {
    let first: NaiveDate = "2027-03-27".parse().unwrap();
    (0..count)
        .map(|number| {
            let day = first.checked_add_days(Days::new((number % 200) as u64)).unwrap();
            let (home, away) = (number % 30, number / 30 % 29 + 1);
            let details = EventDetails {
                summary: format!("City{} Nick{} at Town{home} Name{home}", (home + away) % 30, (home + away) % 30),
                description: format!(
                    "Theme{} Word{number}ing night. Tickets: https://club.example/{number}",
                    number % 40
                ),
                description_html: String::new(),
                location: format!("Ground {home}, Town{home}"),
                url: String::new(),
                start: When::Date(day),
                end: When::Date(day.succ_opt().unwrap()),
                recurrence: Recurrence::default(),
                last_end: None,
                status: EventStatus::Confirmed,
                class: Class::Public,
                transparent: false,
                categories: vec!["Game".into()],
                image: String::new(),
            };
            let source = Source {
                event: &EventId::from_bytes([7; 20]),
                details: &details,
                overrides: &[],
                organizer: "League",
                cancelled: false,
                moved_from: None,
                updated: Timestamp(0),
                hide_place: false,
            };
            Entry::next(&source, Timestamp(0))
        })
        .collect()
}

/// As much of a mail as a question holds, in a language that none of the tables knows.
const PASTED: &str = "Liebe Leute, wie versprochen kommt hier der Plan fuer die Ferien: wer kann, trifft sich \
    Freitags nach dem Training am Vereinsheim, alle anderen stossen spaeter dazu. Bitte bringt Schlafsack, Taschenlampe, \
    Badesachen und gute Laune mit. Die Anmeldung laeuft noch bis Sonntag, danach wird bestellt. Rueckfragen an Trainerin \
    oder Betreuer, gern auch telefonisch zwischen sechzehn und achtzehn Uhr. Wir freuen uns";

fn main() {
    let today = "2027-06-02".parse().unwrap();
    for count in [2_500, 50_000] {
        let start = Instant::now();
        let entries = entries(count);
        let made = start.elapsed();
        let start = Instant::now();
        let vocabulary = Vocabulary::of(&entries);
        println!("{count} entries: made in {made:?}, vocabulary in {:?}", start.elapsed());
        for text in [
            "home games in July",
            "Name3 home games on weekends in July",
            "games against Town4 after 6pm in the next two weeks",
            "agianst Tonw4 on Satruday with tikets",
            "send me all home games in May, ana@example.com",
            PASTED,
        ] {
            let start = Instant::now();
            for _ in 0..200 {
                std::hint::black_box(Question::read(text, &vocabulary, today, Some("Town3"), "en"));
            }
            println!("  {:>9.1} µs  {text:.60}", start.elapsed().as_secs_f64() * 1e6 / 200.0);
        }
        for query in ["month=2027-07&day=sat,sun&side=home", "words=theme3+night", "against=town4&place=ground"] {
            let filter = Filter::parse(query).unwrap();
            let start = Instant::now();
            let matcher = filter.matcher(Some("Town3"));
            let found = entries.iter().filter(|entry| matcher.matches(entry)).count();
            println!("  {:>9.1} µs  {query}: {found}", start.elapsed().as_secs_f64() * 1e6);
        }
    }
}
