//! What a filter wants, in words, part by part.

use timetable::{Fate, Filter, Side};

use crate::when::{clock, in_words, month_name};
use crate::words::{Language, fill};

/// Each part of a filter in words, with the filter that is left without it.
pub fn chips(filter: &Filter, language: Language, clock_24: bool) -> Vec<(String, Filter)> {
    let words = language.words();
    let day = |date| in_words(words.date_short, date, words);
    let mut chips: Vec<(String, Filter)> = Vec::new();
    let mut chip = |label: String, take: &dyn Fn(&mut Filter)| {
        let mut rest = filter.clone();
        take(&mut rest);
        chips.push((label, rest));
    };
    if let Some(side) = filter.side {
        let label = match side {
            Side::Home => words.at_home,
            Side::Away => words.away,
        };
        chip(label.to_owned(), &|rest| rest.side = None);
    }
    for (at, team) in filter.teams.iter().enumerate() {
        chip(team.clone(), &|rest| {
            rest.teams.remove(at);
        });
    }
    for (at, team) in filter.against.iter().enumerate() {
        chip(fill(words.chip_against, &[("team", team)]), &|rest| {
            rest.against.remove(at);
        });
    }
    match (filter.from, filter.to) {
        (Some(from), Some(to)) if from == to => chip(day(from), &|rest| (rest.from, rest.to) = (None, None)),
        (Some(from), Some(to)) => chip(fill(words.from_to, &[("from", &day(from)), ("to", &day(to))]), &|rest| {
            (rest.from, rest.to) = (None, None);
        }),
        (Some(from), None) => chip(fill(words.chip_from, &[("from", &day(from))]), &|rest| rest.from = None),
        (None, Some(to)) => chip(fill(words.until_day, &[("day", &day(to))]), &|rest| rest.to = None),
        (None, None) => {}
    }
    for (at, month) in filter.months.iter().enumerate() {
        chip(month_name(month.year, month.month, language), &|rest| {
            rest.months.remove(at);
        });
    }
    if filter.weekdays == [chrono::Weekday::Sat, chrono::Weekday::Sun] {
        chip(words.weekends.to_owned(), &|rest| rest.weekdays.clear());
    } else {
        for (at, weekday) in filter.weekdays.iter().enumerate() {
            let name = words.weekdays.get(weekday.num_days_from_monday() as usize).copied().unwrap_or_default();
            chip(name.to_owned(), &|rest| {
                rest.weekdays.remove(at);
            });
        }
    }
    if let Some(after) = filter.after {
        chip(fill(words.chip_from, &[("from", &clock(after, clock_24))]), &|rest| rest.after = None);
    }
    if let Some(before) = filter.before {
        chip(fill(words.chip_before, &[("time", &clock(before, clock_24))]), &|rest| rest.before = None);
    }
    for (at, place) in filter.places.iter().enumerate() {
        chip(place.clone(), &|rest| {
            rest.places.remove(at);
        });
    }
    for (at, word) in filter.words.iter().enumerate() {
        chip(fill(words.chip_word, &[("word", word)]), &|rest| {
            rest.words.remove(at);
        });
    }
    if let Some(fate) = filter.fate {
        let label = match fate {
            Fate::On => words.not_cancelled,
            Fate::Moved => words.moved,
            Fate::Cancelled => words.state_cancelled,
        };
        chip(label.to_owned(), &|rest| rest.fate = None);
    }
    if filter.offers {
        chip(words.with_offers.to_owned(), &|rest| rest.offers = false);
    }
    chips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_words_and_can_go() {
        let query = "from=2027-07-02&to=2027-07-09&month=2027-07&day=sat,sun&after=17:00&before=20:30&side=home\
                     &team=Orioles&against=Rays&place=Camden&words=shirt+night&status=on&offers=1";
        let filter = Filter::parse(query).unwrap();
        let told: Vec<String> = chips(&filter, Language::En, false).into_iter().map(|(label, _)| label).collect();
        assert_eq!(
            told,
            [
                "Home",
                "Orioles",
                "against Rays",
                "Fri 2 Jul to Fri 9 Jul",
                "July 2027",
                "Weekends",
                "from 5:00 pm",
                "before 8:30 pm",
                "Camden",
                "“shirt”",
                "“night”",
                "Not cancelled",
                "With offers",
            ]
        );
        // Taken away one after the other, nothing is left.
        let mut rest = filter;
        while let Some((_, next)) = chips(&rest, Language::Es, true).into_iter().next() {
            assert_ne!(next, rest);
            rest = next;
        }
        assert!(rest.is_empty());
    }
}
