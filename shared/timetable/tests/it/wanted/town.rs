//! Asked on the page of a town, in which no team is the page's own, on the same Thursday.

use chrono::Weekday::{Fri, Sat};

use super::season::{Line, MIDDLE, MOUNTAIN};
use super::{Send, Wanted};

const PARK: &str = "Riverside Park, Austin";
const SQUARE: &str = "Main Square, Austin";
const BATS: &str = "Bat Field, Austin";

#[rustfmt::skip]
pub const LINES: &[Line] = &[
    ("2027-06-17T18:30", "Sunset Yoga", "", "", PARK, MIDDLE, "Class", ""),
    ("2027-06-18T20:00", "Open Mic Night", "", "", "Blue Door, Austin", MIDDLE, "Music", "Free."),
    ("2027-06-19T10:00", "Farmers Market", "", "", SQUARE, MIDDLE, "Market", ""),
    ("2027-06-19T19:30", "Austin Bats vs Dallas Foxes", "Austin Bats", "Dallas Foxes", BATS, MIDDLE, "Match", ""),
    ("2027-06-20T14:00", "El Paso Suns vs Houston Comets", "El Paso Suns", "Houston Comets", "Sun Park, El Paso", MOUNTAIN, "Match", ""),
    ("2027-06-22T17:00", "Story Time for Toddlers", "", "", "City Library, Austin", MIDDLE, "Kids", ""),
    ("2027-06-24T18:30", "Sunset Yoga", "", "", PARK, MIDDLE, "Class", ""),
    ("2027-06-25T20:00", "Open Mic Night", "", "", "Blue Door, Austin", MIDDLE, "Music", "Free."),
    ("2027-06-26T10:00", "Farmers Market", "", "", SQUARE, MIDDLE, "Market", ""),
    ("2027-06-26T19:30", "Dallas Foxes vs Austin Bats", "Dallas Foxes", "Austin Bats", "Fox Ground, Dallas", MIDDLE, "Match", ""),
    ("2027-06-27T16:00", "Houston Comets vs El Paso Suns", "Houston Comets", "El Paso Suns", "Comet Park, Houston", MIDDLE, "Match", ""),
    ("2027-07-01T18:30", "Sunset Yoga", "", "", PARK, MIDDLE, "Class", ""),
    ("2027-07-02T21:00", "Salsa Night", "", "", "Blue Door, Austin", MIDDLE, "Music", "Beginners welcome."),
    ("2027-07-03T10:00", "Farmers Market", "", "", SQUARE, MIDDLE, "Market", ""),
    ("2027-07-03T19:30", "Austin Bats vs Houston Comets", "Austin Bats", "Houston Comets", BATS, MIDDLE, "Match", ""),
    ("2027-07-04T21:30", "Fireworks over the River", "", "", PARK, MIDDLE, "Festival", "Free."),
    ("2027-07-10T10:00", "Farmers Market", "", "", SQUARE, MIDDLE, "Market", ""),
    ("2027-07-10T19:30", "El Paso Suns vs Austin Bats", "El Paso Suns", "Austin Bats", "Sun Park, El Paso", MOUNTAIN, "Match", ""),
    ("2027-07-11T11:00", "Book Fair", "", "", "City Library, Austin", MIDDLE, "Fair", ""),
    ("2027-07-17T19:30", "Austin Bats vs El Paso Suns", "Austin Bats", "El Paso Suns", BATS, MIDDLE, "Match", ""),
    ("2027-07-18T15:00", "Mozart Requiem", "", "", "St. Mary's Church, Austin", MIDDLE, "Concert", "Choir and orchestra."),
    ("2027-07-24T19:30", "Houston Comets vs Dallas Foxes", "Houston Comets", "Dallas Foxes", "Comet Park, Houston", MIDDLE, "Match", ""),
    ("2027-08-07T19:30", "Austin Bats vs Dallas Foxes", "Austin Bats", "Dallas Foxes", BATS, MIDDLE, "Match", ""),
    ("2027-08-14T20:00", "Final", "", "", BATS, MIDDLE, "Match", ""),
    ("2027-08-21T12:00", "Street Food Festival", "", "", SQUARE, MIDDLE, "Festival", ""),
];

#[rustfmt::skip]
pub const ENGLISH: &[Wanted] = &[
    ("yoga tonight", |e| e.on(6, 17)),
    ("things to do this weekend", |e| e.between((6, 19), (6, 20))),
    ("what's on tomorrow night", |e| e.on(6, 18)),
    ("farmers market", |e| e.says("Farmers Market")),
    ("next farmers market", |e| e.on(6, 19) && e.says("Farmers Market")),
    ("farmers mkt in july", |e| e.says("Farmers Market") && e.month(7)),
    ("austin bats", |e| e.about("Bats")),
    ("bats home games", |e| e.home == "Austin Bats"),
    ("bats away games", |e| e.away == "Austin Bats"),
    ("bats vs foxes", |e| e.about("Bats") && e.about("Foxes")),
    ("dallas vs austin", |e| e.about("Bats") && e.about("Foxes")),
    ("games in houston", |e| e.kind == "Match" && e.at("Houston")),
    ("el paso", |e| e.about("El Paso")),
    ("matches in july", |e| e.kind == "Match" && e.month(7)),
    ("the final", |e| e.says("Final")),
    ("free events", |e| e.says("Free")),
    ("fireworks july 4", |e| e.on(7, 4)),
    ("kids events", |e| e.kind == "Kids"),
    ("toddlers", |e| e.says("Toddlers")),
    ("library", |e| e.at("Library")),
    ("at the library in july", |e| e.at("Library") && e.month(7)),
    ("open mic", |e| e.says("Open Mic")),
    ("open mic nights", |e| e.says("Open Mic")),
    ("choir concert", |e| e.says("Choir")),
    ("church", |e| e.at("Church")),
    ("saturday mornings", |e| e.day(Sat) && e.before("12:00")),
    ("saturdays at 7:30", |e| e.day(Sat) && e.within("19:30", "20:30")),
    ("evening events at riverside park", |e| e.at("Riverside Park") && e.evening()),
    ("classes", |e| e.kind == "Class"),
    ("everything at the blue door in june", |e| e.at("Blue Door") && e.month(6)),
    ("weekday evenings", |e| !e.weekend() && e.evening()),
    ("anything but yoga", |e| !e.says("Yoga")),
    ("food festival", |e| e.on(8, 21)),
    ("festivals", |e| e.kind == "Festival"),
    ("bats next game", |e| e.on(6, 19) && e.about("Bats")),
    ("next home game of the bats", |e| e.on(6, 19) && e.about("Bats")),
    ("dallas games in june", |e| e.kind == "Match" && e.about("Dallas") && e.month(6)),
    ("bats games except against dallas", |e| e.about("Bats") && !e.about("Dallas")),
    ("austin vs houston in july", |e| e.about("Bats") && e.about("Houston") && e.month(7)),
    ("bats @ suns", |e| e.on(7, 10) && e.about("Bats")),
    ("comets at bats", |e| e.home == "Austin Bats" && e.away == "Houston Comets"),
    ("all foxes games on saturdays", |e| e.about("Foxes") && e.day(Sat)),
];

/// What is not understood yet. Whoever mends one moves it up.
pub const LEFT: &[Wanted] = &[("salsa or yoga", |e| e.says("Salsa") || e.says("Yoga"))];

#[rustfmt::skip]
pub const SPANISH: &[Wanted] = &[
    ("yoga hoy", |e| e.on(6, 17)),
    ("partidos de los bats en julio", |e| e.about("Bats") && e.month(7)),
    ("bats de visitante", |e| e.away == "Austin Bats"),
    ("bats contra foxes", |e| e.about("Bats") && e.about("Foxes")),
    ("este sábado por la mañana", |e| e.on(6, 19) && e.before("12:00")),
    ("partidos en el paso", |e| e.kind == "Match" && e.at("El Paso")),
    ("eventos gratis", |e| e.says("Free")),
    ("viernes por la noche en blue door", |e| e.at("Blue Door") && e.day(Fri) && e.evening()),
    ("próximo partido de dallas", |e| e.on(6, 19) && e.about("Dallas")),
    ("qué hacer este fin de semana", |e| e.between((6, 19), (6, 20))),
];

#[rustfmt::skip]
pub const SENDS: &[Send] = &[
    ("invite me to sunset yoga, ana@example.com", "ana@example.com", |e| e.says("Yoga")),
    ("bats home games to lee@example.net", "lee@example.net", |e| e.home == "Austin Bats"),
];
