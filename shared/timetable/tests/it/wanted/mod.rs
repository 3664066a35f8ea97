//! What people ask, and which events they mean. Written down before a single question was put to the parser: an
//! expectation says nothing of filters or chips, only which events of the season somebody with the page before him
//! would point at.

mod en;
mod es;
mod season;
mod town;

use std::fmt::Write as _;

use timetable::{Entry, Question, Vocabulary};

use crate::season::TEAM;
use season::Event;

/// A question, and whether an event is meant.
type Wanted = (&'static str, fn(&Event) -> bool);
/// Also where the invitations go.
type Send = (&'static str, &'static str, fn(&Event) -> bool);

const TODAY: &str = "2027-06-17";

/// Puts questions about a season; what was not answered with just the events that are meant.
fn misses(
    language: &str,
    team: Option<&str>,
    season: &[(Event, Entry)],
    asked: impl Iterator<Item = Send>,
) -> (usize, Vec<String>) {
    let vocabulary = Vocabulary::of(season.iter().map(|(_, entry)| entry));
    let today = TODAY.parse().unwrap();
    let mut count = 0;
    let mut wrong = Vec::new();
    for (question, address, is_meant) in asked {
        count += 1;
        let read = Question::read(question, &vocabulary, today, team, language);
        let read = read.among(season.iter().map(|(_, entry)| entry), today, team);
        let matcher = read.filter.matcher(team);
        let mut differs = String::new();
        let mut meant = 0;
        for (event, entry) in season {
            let (wanted, found) = (is_meant(event), matcher.matches(entry));
            meant += usize::from(wanted);
            if wanted != found {
                let sign = if wanted { "not found" } else { "not meant" };
                let time = event.time.map(|time| time.format(" %H:%M").to_string()).unwrap_or_default();
                writeln!(
                    differs,
                    "    {sign}: {}{time} {}, {}",
                    event.day.format("%a %d %b"),
                    event.title,
                    event.place
                )
                .unwrap();
            }
        }
        let sent = read.send.map(|address| address.to_string()).unwrap_or_default();
        if sent != address {
            writeln!(differs, "    to <{sent}> and not to <{address}>").unwrap();
        }
        assert!(meant > 0, "{question}: a question that nobody answers proves nothing");
        if !differs.is_empty() {
            wrong.push(format!("{question}\n  {}\n{differs}", read.filter.to_query()));
        }
    }
    (count, wrong)
}

#[test]
fn questions_find_the_events_that_people_mean() {
    let plain = |list: &'static [Wanted]| list.iter().map(|(question, is_meant)| (*question, "", *is_meant));
    let sends = |list: &'static [Send]| list.iter().copied();
    let all = season::events();
    let (past_asked, mut wrong) = misses("en", Some(TEAM), &all, plain(en::PAST));
    let today = TODAY.parse().unwrap();
    let coming: Vec<(Event, Entry)> = all.into_iter().filter(|(event, _)| event.day >= today).collect();
    let (english, more) = misses("en", Some(TEAM), &coming, plain(en::WANTED).chain(sends(en::SENDS)));
    wrong.extend(more);
    let (spanish, more) = misses("es", Some(TEAM), &coming, plain(es::WANTED).chain(sends(es::SENDS)));
    wrong.extend(more);
    let town = season::of_lines(town::LINES);
    let (english_town, more) = misses("en", None, &town, plain(town::ENGLISH).chain(sends(town::SENDS)));
    wrong.extend(more);
    let (spanish_town, more) = misses("es", None, &town, plain(town::SPANISH));
    wrong.extend(more);
    let mut left = misses("en", Some(TEAM), &coming, plain(en::LEFT)).1;
    left.extend(misses("en", None, &town, plain(town::LEFT)).1);
    assert_eq!(left.len(), en::LEFT.len() + town::LEFT.len(), "understood by now: only these are not\n{left:?}");
    let asked = past_asked + english + spanish + english_town + spanish_town;
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
}
