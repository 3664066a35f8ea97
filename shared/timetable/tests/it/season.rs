//! A season to ask about: the Harbour City Rovers, who play at Camden Wharf, and what else goes on there.

use chrono::{NaiveDate, NaiveDateTime};
use itip::{Class, EventDetails, EventId, EventStatus, Moment, Recurrence, Timestamp, When, Zone};
use timetable::{Entry, Source};

pub const ORGANIZER: &str = "Harbour City Rovers";
pub const TEAM: &str = "Rovers";

/// Start (a day alone: all day), title, place, categories, description.
const LINES: &[(&str, &str, &str, &str, &str)] = &[
    ("2027-03-27", "Fan Fest", "Camden Wharf, Harbour City", "Festival", ""),
    (
        "2027-05-01T13:05",
        "Tampa Herons at Rovers",
        "Camden Wharf, Harbour City",
        "Game",
        "Opening day.\nTickets: https://club.example/tickets/1",
    ),
    ("2027-05-07T19:05", "Rovers at Denver Miners", "Silver Dome, Denver", "Game", ""),
    ("2027-05-08T18:05", "Rovers at Denver Miners", "Silver Dome, Denver", "Game", ""),
    (
        "2027-05-15T19:05",
        "Boston Lanterns at Rovers",
        "Camden Wharf, Harbour City",
        "Game",
        "Shirt night! The first 5,000 get one.",
    ),
    ("2027-06-03T12:35", "San José Halcones at Rovers", "Camden Wharf, Harbour City", "Game", ""),
    ("2027-06-09T19:05", "Rovers at Łódź Smoki", "Stadion Miejski, Łódź", "Game", ""),
    (
        "2027-06-11T20:00",
        "Summer Jazz",
        "Camden Wharf, Harbour City",
        "Concert",
        "Under the stars.\nBuy: https://club.example/jazz",
    ),
    ("2027-07-02T19:05", "Tampa Herons at Rovers", "Camden Wharf, Harbour City", "Game", "Fireworks after the game."),
    ("2027-07-03T16:05", "Tampa Herons at Rovers", "Camden Wharf, Harbour City", "Game", ""),
    ("2027-07-04T13:05", "Tampa Herons at Rovers", "Camden Wharf, Harbour City", "Game", ""),
    ("2027-07-13", "All-Star Break", "", "", ""),
    ("2027-07-16T19:10", "Rovers at Tampa Herons", "Heron Field, Tampa", "Game", ""),
    ("2027-07-17T19:10", "Rovers at Tampa Herons", "Heron Field, Tampa", "Game", ""),
    (
        "2027-07-24T18:05",
        "Denver Miners at Rovers",
        "Camden Wharf, Harbour City",
        "Game",
        "Bobblehead night.\nShop: https://club.example/shop",
    ),
    ("2027-08-06T19:30", "Rooftop Strings", "Glass House, Denver", "Concert", "A quartet under a roof of glass."),
    ("2027-08-14T19:05", "Boston Lanterns at Rovers", "Camden Wharf, Harbour City", "Game", ""),
    ("2027-09-18T19:05", "Rovers at Boston Lanterns", "Beacon Park, Boston", "Game", ""),
    ("2027-10-01T19:05", "San José Halcones at Rovers", "Camden Wharf, Harbour City", "Game", "Last home game."),
];

/// A wall time in New York, or a whole day.
pub fn when(text: &str) -> When {
    if !text.contains('T') {
        return When::Date(text.parse::<NaiveDate>().unwrap());
    }
    let local: NaiveDateTime = format!("{text}:00").parse().unwrap();
    let instant = Timestamp(local.and_utc().timestamp() + 4 * 3600);
    When::At(Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
}

pub fn details(start: &str, title: &str, place: &str, categories: &str, description: &str) -> EventDetails {
    let start = when(start);
    let end = match &start {
        When::Date(day) => When::Date(day.succ_opt().unwrap()),
        When::At(moment) => When::At(Moment {
            local: moment.local + chrono::TimeDelta::hours(3),
            instant: moment.instant.plus(3 * 3600),
            zone: moment.zone.clone(),
        }),
    };
    EventDetails {
        summary: title.into(),
        description: description.into(),
        description_html: imip::text_to_html(description),
        location: place.into(),
        url: String::new(),
        last_end: Some(end.instant()),
        start,
        end,
        recurrence: Recurrence::default(),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: categories.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        image: String::new(),
    }
}

/// What else is known of an event.
#[derive(Default)]
pub struct About {
    pub cancelled: bool,
    pub moved_from: Option<When>,
    pub hide_place: bool,
}

pub fn entry_of(details: &EventDetails, number: u8, about: &About) -> Entry {
    let event = EventId::from_bytes([number; 20]);
    let source = Source {
        event: &event,
        details,
        overrides: &[],
        organizer: ORGANIZER,
        cancelled: about.cancelled,
        moved_from: about.moved_from.as_ref(),
        updated: Timestamp(0),
        hide_place: about.hide_place,
    };
    Entry::next(&source, Timestamp(0))
}

/// The season; the game in Łódź is off, the one of 14 August was to be a day earlier.
pub fn entries() -> Vec<Entry> {
    LINES
        .iter()
        .enumerate()
        .map(|(number, (start, title, place, categories, description))| {
            let about = About {
                cancelled: title.contains("Łódź"),
                moved_from: start.starts_with("2027-08-14").then(|| when("2027-08-13T19:05")),
                hide_place: false,
            };
            let number = u8::try_from(number).unwrap();
            entry_of(&details(start, title, place, categories, description), number, &about)
        })
        .collect()
}
