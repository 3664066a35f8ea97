//! The season that people ask about: what the Rovers play, and what else their page shows.

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};
use itip::{When, Zone};
use timetable::Entry;

use crate::season::{About, details, entry_of, when};

const ROVERS: &str = "Rovers";

/// An event as somebody who asks would speak of it. Who plays is written here and not read from the title.
pub struct Event {
    pub day: NaiveDate,
    pub time: Option<NaiveTime>,
    pub title: &'static str,
    pub home: &'static str,
    pub away: &'static str,
    pub place: &'static str,
    pub kind: &'static str,
    pub says: &'static str,
}

pub const EAST: (&str, i64) = ("America/New_York", 4);
pub const MIDDLE: (&str, i64) = ("America/Chicago", 5);
pub const MOUNTAIN: (&str, i64) = ("America/Denver", 6);
const WEST: (&str, i64) = ("America/Los_Angeles", 7);
const MEXICO: (&str, i64) = ("America/Mexico_City", 6);
const SWISS: (&str, i64) = ("Europe/Zurich", -2);
const POLAND: (&str, i64) = ("Europe/Warsaw", -1);

/// Start, title, home, away, place, zone, kind, description.
pub type Line = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    (&'static str, i64),
    &'static str,
    &'static str,
);

const HOME: &str = "Camden Wharf, Harbour City";

#[rustfmt::skip]
const LINES: &[Line] = &[
    ("2027-04-10T13:05", "Tampa Herons at Rovers", ROVERS, "Tampa Herons", HOME, EAST, "Game", "Opening day."),
    ("2027-04-11T13:35", "Tampa Herons at Rovers", ROVERS, "Tampa Herons", HOME, EAST, "Game", ""),
    ("2027-04-24T19:05", "Rovers at Denver Miners", "Denver Miners", ROVERS, "Silver Dome, Denver", MOUNTAIN, "Game", ""),
    ("2027-05-08T18:05", "Boston Lanterns at Rovers", ROVERS, "Boston Lanterns", HOME, EAST, "Game", ""),
    ("2027-05-13T12:35", "Boston Lanterns at Rovers", ROVERS, "Boston Lanterns", HOME, EAST, "Game", ""),
    ("2027-05-29T16:10", "Rovers at St. Louis Arches", "St. Louis Arches", ROVERS, "Arch Park, St. Louis", MIDDLE, "Game", ""),
    ("2027-05-31T14:05", "Kansas City Kilns at Rovers", ROVERS, "Kansas City Kilns", HOME, EAST, "Game", "Memorial Day."),
    ("2027-06-05T19:05", "New York Comets at Rovers", ROVERS, "New York Comets", HOME, EAST, "Game", ""),
    ("2027-06-09T19:00", "Rovers at New York Comets", "New York Comets", ROVERS, "Comet Yard, New York", EAST, "Game", ""),
    ("2027-06-12T20:00", "Summer Jazz", "", "", HOME, EAST, "Concert", "Under the stars."),
    ("2027-06-16T19:05", "Denver Miners at Rovers", ROVERS, "Denver Miners", HOME, EAST, "Game", ""),
    ("2027-06-17T10:00", "Kids' Clinic", "", "", "Practice Field, Harbour City", EAST, "Camp", "For ages 6 to 12."),
    ("2027-06-17T19:05", "Denver Miners at Rovers", ROVERS, "Denver Miners", HOME, EAST, "Game", ""),
    ("2027-06-18T19:05", "Denver Miners at Rovers", ROVERS, "Denver Miners", HOME, EAST, "Game", "Fireworks after the game."),
    ("2027-06-19T13:05", "San José Halcones at Rovers", ROVERS, "San José Halcones", HOME, EAST, "Game", ""),
    ("2027-06-20T13:35", "San José Halcones at Rovers", ROVERS, "San José Halcones", HOME, EAST, "Game", "Father's Day brunch."),
    ("2027-06-22T19:40", "Rovers at Tampa Herons", "Tampa Herons", ROVERS, "Heron Field, Tampa", EAST, "Game", ""),
    ("2027-06-23T12:10", "Rovers at Tampa Herons", "Tampa Herons", ROVERS, "Heron Field, Tampa", EAST, "Game", ""),
    ("2027-06-25T20:00", "Rooftop Strings", "", "", "Glass House, Denver", MOUNTAIN, "Concert", "A quartet under a roof of glass."),
    ("2027-06-26T18:05", "Rovers at Denver Miners", "Denver Miners", ROVERS, "Silver Dome, Denver", MOUNTAIN, "Game", ""),
    ("2027-06-27T13:10", "Rovers at Denver Miners", "Denver Miners", ROVERS, "Silver Dome, Denver", MOUNTAIN, "Game", ""),
    ("2027-06-30T11:05", "Kansas City Kilns at Rovers", ROVERS, "Kansas City Kilns", HOME, EAST, "Game", "Camp day."),
    ("2027-07-02T19:05", "Tampa Herons at Rovers", ROVERS, "Tampa Herons", HOME, EAST, "Game", "Fireworks after the game."),
    ("2027-07-03T16:05", "Tampa Herons at Rovers", ROVERS, "Tampa Herons", HOME, EAST, "Game", ""),
    ("2027-07-04T13:05", "Tampa Herons at Rovers", ROVERS, "Tampa Herons", HOME, EAST, "Game", ""),
    ("2027-07-07T20:00", "Noche de Boleros", "", "", "Teatro Degollado, Guadalajara", MEXICO, "Concert", "Entrada libre."),
    ("2027-07-10T20:30", "Chamber Night", "", "", "Tonhalle, Zürich", SWISS, "Concert", ""),
    ("2027-07-12", "All-Star Break", "", "", "", EAST, "", ""),
    ("2027-07-16T19:10", "Rovers at Boston Lanterns", "Boston Lanterns", ROVERS, "Beacon Park, Boston", EAST, "Game", ""),
    ("2027-07-17T16:10", "Rovers at Boston Lanterns", "Boston Lanterns", ROVERS, "Beacon Park, Boston", EAST, "Game", ""),
    ("2027-07-18T13:35", "Rovers at Boston Lanterns", "Boston Lanterns", ROVERS, "Beacon Park, Boston", EAST, "Game", ""),
    ("2027-07-20T19:05", "St. Louis Arches at Rovers", ROVERS, "St. Louis Arches", HOME, EAST, "Game", ""),
    ("2027-07-21T19:05", "St. Louis Arches at Rovers", ROVERS, "St. Louis Arches", HOME, EAST, "Game", "Called off."),
    ("2027-07-24T18:05", "New York Comets at Rovers", ROVERS, "New York Comets", HOME, EAST, "Game", "Bobblehead night.\nTickets: https://club.example/tickets/24"),
    ("2027-07-25T13:35", "New York Comets at Rovers", ROVERS, "New York Comets", HOME, EAST, "Game", ""),
    ("2027-07-29T12:35", "Montréal Voyageurs at Rovers", ROVERS, "Montréal Voyageurs", HOME, EAST, "Game", ""),
    ("2027-07-30T19:30", "Orchestra in the Park", "", "", "Wharf Green, Harbour City", EAST, "Concert", "Free and outdoors."),
    ("2027-07-31T09:00", "Harbour City 10K", "", "", "Wharf Green, Harbour City", EAST, "Run", ""),
    ("2027-08-01T15:00", "Rovers at Montréal Voyageurs", "Montréal Voyageurs", ROVERS, "Parc Jarry, Montréal", EAST, "Game", ""),
    ("2027-08-03T19:05", "Łódź Smoki at Rovers", ROVERS, "Łódź Smoki", HOME, EAST, "Game", "A friendly."),
    ("2027-08-06T21:00", "Lantern Parade", "", "", "Beacon Park, Boston", EAST, "Festival", ""),
    ("2027-08-07T19:05", "Tampa Herons at Rovers", ROVERS, "Tampa Herons", HOME, EAST, "Game", "Was to be a day earlier."),
    ("2027-08-08T13:35", "Tampa Herons at Rovers", ROVERS, "Tampa Herons", HOME, EAST, "Game", ""),
    ("2027-08-11T19:00", "Rovers at Tampa Herons", "Tampa Herons", ROVERS, "Heron Field, Tampa", EAST, "Game", ""),
    ("2027-08-14T20:00", "Rock under the Dome", "", "", "Silver Dome, Denver", MOUNTAIN, "Concert", "Loud.\nTickets: https://club.example/tickets/rock"),
    ("2027-08-15T11:00", "Kids' Clinic", "", "", "Practice Field, Harbour City", EAST, "Camp", "For ages 6 to 12."),
    ("2027-08-20T19:05", "San José Halcones at Rovers", ROVERS, "San José Halcones", HOME, EAST, "Game", ""),
    ("2027-08-21T19:05", "San José Halcones at Rovers", ROVERS, "San José Halcones", HOME, EAST, "Game", ""),
    ("2027-08-22T14:00", "Tampa Herons vs Denver Miners", "Tampa Herons", "Denver Miners", HOME, EAST, "Game", "For the hospital."),
    ("2027-08-28T18:40", "Rovers at San José Halcones", "San José Halcones", ROVERS, "Parque Bahía, San José", WEST, "Game", ""),
    ("2027-08-29T13:00", "Rovers at San José Halcones", "San José Halcones", ROVERS, "Parque Bahía, San José", WEST, "Game", ""),
    ("2027-08-31", "Season Ticket Deadline", "", "", "", EAST, "", ""),
    ("2027-09-04T19:05", "Kansas City Kilns at Rovers", ROVERS, "Kansas City Kilns", HOME, EAST, "Game", ""),
    ("2027-09-06T13:05", "Kansas City Kilns at Rovers", ROVERS, "Kansas City Kilns", HOME, EAST, "Game", "Labor Day."),
    ("2027-09-11T19:15", "Rovers at Kansas City Kilns", "Kansas City Kilns", ROVERS, "Kiln Court, Kansas City", MIDDLE, "Game", ""),
    ("2027-09-17T19:05", "Boston Lanterns at Rovers", ROVERS, "Boston Lanterns", HOME, EAST, "Game", "Fireworks after the game."),
    ("2027-09-18T13:05", "Boston Lanterns at Rovers", ROVERS, "Boston Lanterns", HOME, EAST, "Game", "Doubleheader, game 1."),
    ("2027-09-18T18:35", "Boston Lanterns at Rovers", ROVERS, "Boston Lanterns", HOME, EAST, "Game", "Doubleheader, game 2."),
    ("2027-09-25T18:10", "Rovers at New York Comets", "New York Comets", ROVERS, "Comet Yard, New York", EAST, "Game", ""),
    ("2027-09-26T13:35", "Rovers at New York Comets", "New York Comets", ROVERS, "Comet Yard, New York", EAST, "Game", ""),
    ("2027-10-02T19:05", "Denver Miners at Rovers", ROVERS, "Denver Miners", HOME, EAST, "Game", ""),
    ("2027-10-03T15:05", "Denver Miners at Rovers", ROVERS, "Denver Miners", HOME, EAST, "Game", "Thank you, fans."),
    ("2027-10-09T21:00", "Autumn Jazz", "", "", "Blue Cellar, New York", EAST, "Concert", ""),
    ("2027-10-10T10:00", "Fan Fest", "", "", HOME, EAST, "Festival", ""),
    ("2027-12-18T19:00", "Winter Lights Concert", "", "", HOME, EAST, "Concert", ""),
    ("2027-12-31T22:00", "New Year's Eve Gala", "", "", "Glass House, Denver", MOUNTAIN, "Gala", ""),
    ("2028-01-15T14:00", "Rovers at Łódź Smoki", "Łódź Smoki", ROVERS, "Atlas Arena, Łódź", POLAND, "Game", ""),
];

/// The season with the entries of its page, by the day.
pub fn events() -> Vec<(Event, Entry)> {
    of_lines(LINES)
}

/// Events with their entries.
pub fn of_lines(lines: &[Line]) -> Vec<(Event, Entry)> {
    let event = |(number, line): (usize, &Line)| {
        let &(start, title, home, away, place, zone, kind, says) = line;
        let mut details = details(start, title, place, kind, says);
        for end in [&mut details.start, &mut details.end] {
            if let When::At(moment) = end {
                moment.zone = Zone::Iana(zone.0.into());
                moment.instant = moment.instant.plus((zone.1 - EAST.1) * 3600);
            }
        }
        if title == "All-Star Break" {
            details.end = when("2027-07-15");
        }
        let (day, time) = start.split_once('T').unwrap_or((start, ""));
        let time = (!time.is_empty()).then(|| at(time));
        let event = Event { day: day.parse().unwrap(), time, title, home, away, place, kind, says };
        let about = About {
            cancelled: event.off(),
            moved_from: event.moved().then(|| when("2027-08-06T19:05")),
            hide_place: false,
        };
        let entry = entry_of(&details, u8::try_from(number).unwrap(), &about);
        (event, entry)
    };
    lines.iter().enumerate().map(event).collect()
}

fn at(time: &str) -> NaiveTime {
    format!("{time}:00").parse().unwrap()
}

fn day((month, day): (u32, u32)) -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, month, day).unwrap()
}

/// What the expectations are written in. Days are those of 2027.
impl Event {
    pub fn game(&self) -> bool {
        self.kind == "Game"
    }

    pub fn concert(&self) -> bool {
        self.kind == "Concert"
    }

    /// The Rovers play at home.
    pub fn home(&self) -> bool {
        self.home == ROVERS
    }

    /// The Rovers travel.
    pub fn away(&self) -> bool {
        self.away == ROVERS
    }

    /// The Rovers play against them.
    pub fn vs(&self, other: &str) -> bool {
        (self.home() && self.away.contains(other)) || (self.away() && self.home.contains(other))
    }

    /// It has to do with a city or a team.
    pub fn about(&self, name: &str) -> bool {
        [self.title, self.place].iter().any(|text| text.contains(name))
    }

    pub fn at(&self, place: &str) -> bool {
        self.place.contains(place)
    }

    pub fn says(&self, text: &str) -> bool {
        self.title.contains(text) || self.says.contains(text)
    }

    pub fn off(&self) -> bool {
        self.says.starts_with("Called off")
    }

    pub fn moved(&self) -> bool {
        self.says.starts_with("Was to be")
    }

    pub fn on(&self, month: u32, of: u32) -> bool {
        self.day == day((month, of))
    }

    /// Both days included.
    pub fn between(&self, first: (u32, u32), last: (u32, u32)) -> bool {
        (day(first)..=day(last)).contains(&self.day)
    }

    pub fn from(&self, month: u32, of: u32) -> bool {
        self.day >= day((month, of))
    }

    pub fn until(&self, month: u32, of: u32) -> bool {
        self.day <= day((month, of))
    }

    pub fn month(&self, month: u32) -> bool {
        self.day.year() == 2027 && self.day.month() == month
    }

    pub fn day(&self, weekday: Weekday) -> bool {
        self.day.weekday() == weekday
    }

    pub fn weekend(&self) -> bool {
        self.day(Weekday::Sat) || self.day(Weekday::Sun)
    }

    /// Starts at this time or later. A whole day has no time.
    pub fn after(&self, time: &str) -> bool {
        self.time.is_some_and(|start| start >= at(time))
    }

    /// Starts before this time.
    pub fn before(&self, time: &str) -> bool {
        self.time.is_some_and(|start| start < at(time))
    }

    /// Starts in this part of the day.
    pub fn within(&self, first: &str, end: &str) -> bool {
        self.after(first) && self.before(end)
    }

    pub fn evening(&self) -> bool {
        self.after("17:00")
    }

    pub fn afternoon(&self) -> bool {
        self.within("12:00", "17:00")
    }
}
