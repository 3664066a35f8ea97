//! The commands of the README do what it says.

use futures_executor::block_on;
use store::accounts;

use crate::stage::{ADMIN, NOW, Stage, address};

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20270101T000000Z\r\n\
                        DTSTART:20270702T190000Z\r\nSUMMARY:Rovers vs Otters\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

/// What stands behind a word, without its quotes.
fn after<'a>(command: &'a str, word: &str) -> Option<&'a str> {
    let rest = command.split_once(word)?.1.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
    quote.map_or_else(|| rest.split(' ').next(), |quote| rest.get(1..)?.split(quote).next())
}

#[test]
fn a_season_is_put_online_by_these_commands() {
    let stage = Stage::empty();
    let rovers = address("rovers@club.example");
    block_on(accounts::enroll_organizer(stage.world.db(), &rovers, "Harbour Rovers", &["rovers".into()], NOW)).unwrap();
    let (_, chapter) = include_str!("../../../../README.md").split_once("## Put a season online").unwrap();
    let (chapter, _) = chapter.split_once("\n## ").unwrap();
    let commands: Vec<&str> = chapter.lines().filter(|line| line.starts_with("curl ")).collect();
    assert!(commands.len() > 10);
    for command in commands {
        let method = after(command, "-X ").unwrap_or("GET");
        let (_, path) = command.trim_end_matches('"').split_once("$CONVOKE").unwrap();
        let key = command.contains("x-api-key").then_some(ADMIN);
        let kind = after(command, "'content-type: ").and_then(|kind| kind.strip_suffix('\''));
        let headers: Vec<(&str, &str)> = kind.map(|kind| ("content-type", kind)).into_iter().collect();
        let body = if command.contains("@season.ics") { CALENDAR } else { after(command, "-d ").unwrap_or_default() };
        let answer = stage.ask(method, path, key, &headers, body);
        assert!(answer.status.is_success(), "{command}\n{}: {}", answer.status, answer.body);
    }
}
