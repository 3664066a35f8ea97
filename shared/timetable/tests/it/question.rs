//! The tables of `tests/questions`: a question, the query that it comes to, where invitations go, whether everything
//! is meant, and the days of the season (month and day) that are found.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use timetable::{Chip, Entry, Filter, Question, Understood, Vocabulary};

use crate::filter::Random;
use crate::season::{self, TEAM};

const TABLES: [(&str, &str); 2] =
    [("en", include_str!("../questions/en.tsv")), ("es", include_str!("../questions/es.tsv"))];

/// A Wednesday in the season.
fn today() -> NaiveDate {
    "2027-06-02".parse().unwrap()
}

/// A line of the table for a question. Queries are written as people read them.
fn answer(question: &str, language: &str, vocabulary: &Vocabulary, entries: &[Entry]) -> String {
    let read = Question::read(question, vocabulary, today(), Some(TEAM), language);
    let read = read.among(&mut entries.iter(), Some(TEAM));
    let send = read.send.map_or_else(|| "-".to_owned(), |address| address.to_string());
    let all = if read.all { "all" } else { "-" };
    let query = read.filter.to_query();
    let found = entries.iter().filter(|entry| read.filter.matches(entry, Some(TEAM)));
    let days: Vec<String> = found.map(|entry| entry.start.local_date().format("%m%d").to_string()).collect();
    let days = match days.len() {
        0 => "none".to_owned(),
        many if many > 9 => format!("{many} days"),
        _ => days.join(" "),
    };
    format!("{question}\t{}\t{send}\t{all}\t{days}", if query.is_empty() { "-" } else { &query })
}

#[test]
fn questions_are_understood_as_the_tables_say() {
    let entries = season::entries();
    let vocabulary = Vocabulary::of(&entries);
    let mut wrong = String::new();
    let mut asked = 0;
    for (language, table) in TABLES {
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let question = line.split('\t').next().unwrap();
            let answer = answer(question, language, &vocabulary, &entries);
            asked += 1;
            if answer != line {
                writeln!(wrong, "expected {line}\nanswered {answer}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(asked >= 150, "{asked}");
}

#[test]
fn every_chip_can_be_taken_away_and_then_the_rest_is_left() {
    let entries = season::entries();
    let vocabulary = Vocabulary::of(&entries);
    let asked =
        "Tampa home games against Boston in Denver on weekends in July after 5pm, fireworks, with offers, moved";
    let read = Question::read(asked, &vocabulary, today(), None, "en");
    let kinds: Vec<&Understood> = read.chips.iter().map(|chip| &chip.what).collect();
    assert_eq!(kinds.len(), 10, "{kinds:?}");
    for chip in &read.chips {
        let left = Chip::of(&chip.without);
        assert_eq!(left.len(), read.chips.len() - 1, "{chip:?}");
        assert!(left.iter().all(|other| other.what != chip.what && kinds.contains(&&other.what)), "{chip:?}");
        assert_eq!(Filter::parse(&chip.without.to_query()).as_ref(), Ok(&chip.without));
    }
    assert_eq!(Chip::of(&Filter::default()), []);
}

#[test]
fn a_word_that_was_mended_is_told() {
    let vocabulary = Vocabulary::of(&season::entries());
    let read = Question::read("agianst Tamap in Augst, concrets", &vocabulary, today(), None, "en");
    let told: Vec<(&str, &str)> = read.mended.iter().map(|(typed, meant)| (typed.as_str(), meant.as_str())).collect();
    for pair in [("agianst", "against"), ("tamap", "tampa"), ("augst", "august"), ("concrets", "concert")] {
        assert!(told.contains(&pair), "{pair:?} {told:?}");
    }
    assert_eq!(Question::read("home games in July", &vocabulary, today(), None, "en").mended, []);
}

#[test]
fn home_means_the_team_whose_calendar_it_is() {
    let vocabulary = Vocabulary::of(&season::entries());
    assert_eq!(vocabulary.own_team().map(|team| (team.name.as_str(), team.home, team.away)), Some(("Rovers", 9, 6)));
    let read = |team: Option<&str>| Question::read("home games", &vocabulary, today(), team, "en").filter.to_query();
    assert_eq!(read(None), "side=home&team=Rovers");
    assert_eq!(read(Some(TEAM)), "side=home");
}

/// A question takes no longer, unoptimized.
const TAKES_MAX: Duration = Duration::from_millis(200);

#[test]
fn no_text_is_too_strange_and_none_takes_long() {
    const PIECES: &[&str] = &[
        "july",
        "next",
        "between",
        "and",
        "4",
        "10",
        "2027",
        "31",
        "7pm",
        "am",
        "-",
        "--",
        "/",
        "7/4",
        "99:99",
        "from",
        "to",
        "until",
        "before",
        "after",
        "the",
        "all",
        "star",
        "break",
        "tampa",
        "in",
        "at",
        "against",
        "not",
        "home",
        "weekend",
        "que",
        "viene",
        "mañana",
        "de",
        "la",
        "\u{300}",
        "𝔗",
        "\0",
        "e@x.example",
        "@",
        "\"",
        "*",
        "(",
        "Łódź",
        "0",
        "00",
        "4294967296",
        "99999999999999999999",
        "2027-02-30",
        "1e9",
        "½",
        "²",
        "٣",
        "first",
        "two",
        "weeks",
        "days",
    ];
    let entries = season::entries();
    let vocabulary = Vocabulary::of(&entries);
    let mut random = Random(0xfeed);
    let mut longest = Duration::ZERO;
    for _ in 0..1_000 {
        let joint = random.one(&[" ", "", ", ", "-"]);
        let pieces: Vec<&str> = (0..random.below(30)).map(|_| random.one(PIECES)).collect();
        let text = pieces.join(joint);
        let language = random.one(&["en", "es", "", "xx"]);
        let day = random.one(&["2027-02-28", "2028-02-29", "2027-12-31", "0001-01-01", "9999-12-31"]).parse().unwrap();
        let team = random.one(&[None, Some(TEAM), Some("")]);
        let start = Instant::now();
        let read = Question::read(&text, &vocabulary, day, team, language);
        let mut took = start.elapsed();
        if took > TAKES_MAX {
            // The machine may have been busy with another test.
            let again = Instant::now();
            Question::read(&text, &vocabulary, day, team, language);
            took = took.min(again.elapsed());
        }
        longest = longest.max(took);
        let query = read.filter.to_query();
        let years = read.filter.from.into_iter().chain(read.filter.to).map(|day| chrono::Datelike::year(&day));
        // A page cannot be asked for the years beyond what an address can say.
        if years.clone().all(|year| (1900..3000).contains(&year)) {
            assert_eq!(Filter::parse(&query).as_ref(), Ok(&read.filter), "{text} {query}");
        }
        assert!(read.filter.from.is_none() || read.filter.to.is_none() || !read.chips.is_empty(), "{text}");
    }
    let start = Instant::now();
    for text in ["a ".repeat(500_000), "@".repeat(500_000), "xq".repeat(250_000), "july ".repeat(100_000)] {
        Question::read(&text, &vocabulary, today(), None, "en");
    }
    // Unoptimized and beside other tests; optimized it is some ten microseconds.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(longest < TAKES_MAX, "{longest:?}");
}
