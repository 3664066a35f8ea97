//! What a filter wants, in words, part by part.

use chrono::Weekday;
use timetable::{Fate, Side, Understood};

use crate::when::{clock, in_words, month_name};
use crate::words::{Language, fill};

/// A part of a filter in words.
pub fn chip(what: &Understood, language: Language, clock_24: bool) -> String {
    let words = language.words();
    let day = |date| in_words(words.date_short, date, words);
    let time = |time| clock(time, clock_24);
    let range = |from: &str, to: &str| fill(words.from_to, &[("from", from), ("to", to)]);
    let starting = |from: &str| fill(words.chip_from, &[("from", from)]);
    match what {
        Understood::Days(Some(from), Some(to)) if from == to => day(*from),
        Understood::Days(Some(from), Some(to)) => range(&day(*from), &day(*to)),
        Understood::Days(Some(from), None) => starting(&day(*from)),
        Understood::Days(None, Some(to)) => fill(words.until_day, &[("day", &day(*to))]),
        Understood::Days(None, None) | Understood::Times(None, None) => String::new(),
        Understood::Month(month) => month_name(month.year, month.month, language),
        Understood::Weekdays(days) if *days == [Weekday::Sat, Weekday::Sun] => words.weekends.to_owned(),
        Understood::Weekdays(days) => {
            let name = |day: &Weekday| words.weekdays.get(day.num_days_from_monday() as usize).copied();
            days.iter().filter_map(name).collect::<Vec<_>>().join(", ")
        }
        Understood::Times(Some(from), Some(to)) => range(&time(*from), &time(*to)),
        Understood::Times(Some(from), None) => starting(&time(*from)),
        Understood::Times(None, Some(to)) => fill(words.chip_before, &[("time", &time(*to))]),
        Understood::Side(Side::Home) => words.at_home.to_owned(),
        Understood::Side(Side::Away) => words.away.to_owned(),
        Understood::Team(name) | Understood::Place(name) => name.clone(),
        Understood::Against(team) => fill(words.chip_against, &[("team", team)]),
        Understood::Word(word) => fill(words.chip_word, &[("word", word)]),
        Understood::Without(text) => fill(words.chip_not, &[("text", text)]),
        Understood::Games => words.only_games.to_owned(),
        Understood::Fate(Fate::On) => words.not_cancelled.to_owned(),
        Understood::Fate(Fate::Moved) => words.moved.to_owned(),
        Understood::Fate(Fate::Cancelled) => words.state_cancelled.to_owned(),
        Understood::Offers => words.with_offers.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use timetable::{Chip, Filter};

    use super::*;

    #[test]
    fn every_part_has_words() {
        let told = |query: &str, language, clock_24| {
            let filter = Filter::parse(query).unwrap();
            Chip::of(&filter).iter().map(|part| chip(&part.what, language, clock_24)).collect::<Vec<_>>().join(" | ")
        };
        let all = "from=2027-07-02&to=2027-07-09&month=2027-07&day=sat,sun&after=17:00&before=20:30&side=home\
                   &team=Orioles&against=Rays&place=Camden&words=shirt&not=Cubs&games=1&status=on&offers=1";
        assert_eq!(
            told(all, Language::En, false),
            "Orioles | Home | against Rays | Fri 2 Jul to Fri 9 Jul | July 2027 | Weekends | 5:00 pm to 8:30 pm | \
             Camden | “shirt” | not Cubs | Only games | Not cancelled | With offers"
        );
        assert_eq!(
            told("from=2027-07-02&day=mon,wed&before=13:00&status=moved", Language::Es, true),
            "desde vie 2 jul | lunes, miércoles | antes de 13:00 | Cambia de hora"
        );
        assert_eq!(told("from=2027-07-02&to=2027-07-02&after=9:00", Language::En, false), "Fri 2 Jul | from 9:00 am");
        assert_eq!(
            told("to=2027-07-02&side=away&status=cancelled", Language::En, false),
            "Away | until Fri 2 Jul | Cancelled"
        );
    }
}
