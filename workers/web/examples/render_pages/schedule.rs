//! Schedule pages of many kinds.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate};
use itip::{EventId, Timestamp, When};
use timetable::{
    Colour, Entry, EntryStatus, Filter, Link, LinkKind, Offer, PageConfig, PageKind, Place, Teams, TimeDisplay,
};
use views::chips::chip;
use views::pages::{Chip, Choice, Narrow, Page, SchedulePage, ScheduleSentPage, SentLine, Toggle};
use views::rows::{Listed, Look, Rows};
use views::when::month_name;
use views::words::Language;

use crate::{at, shell};

const TEAMS: [&str; 30] = [
    "Gulls",
    "Rays",
    "Harbour Rovers",
    "Otters",
    "Cranes",
    "Pilots",
    "Anglers",
    "Foxes",
    "Badgers",
    "Kestrels",
    "Millers",
    "Colliers",
    "Weavers",
    "Tanners",
    "Smiths",
    "Porters",
    "Ferrymen",
    "Lanterns",
    "Comets",
    "Ramblers",
    "Beavers",
    "Herons",
    "Stags",
    "Wolves",
    "Bears",
    "Owls",
    "Swifts",
    "Larks",
    "Terns",
    "Rooks",
];

fn entry(number: usize, start: &str, hours: u32, title: &str, place: &str) -> Entry {
    let start = at(start);
    let When::At(moment) = &start else { unreachable!() };
    let end = moment.local + chrono::Duration::hours(i64::from(hours));
    Entry {
        // As long and as random as real ids are.
        event: EventId::parse(scheduling::keys::sha256_hex(&number.to_be_bytes()).get(..40).unwrap()).unwrap(),
        date: None,
        end: at(&end.format("%Y-%m-%dT%H:%M:%S").to_string()),
        start,
        title: title.into(),
        teams: title.split_once(" at ").map(|(away, home)| Teams { home: home.into(), away: away.into() }),
        place: Place::Named(place.into()),
        categories: Vec::new(),
        offer: None,
        description_html: String::new(),
        organizer: "Baltimore Gulls".into(),
        status: EntryStatus::Scheduled,
        updated: Timestamp(0),
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// 2,430 games of thirty teams from April to September.
fn season() -> Vec<Entry> {
    let times = ["19:05:00", "13:10:00", "18:40:00", "19:10:00", "22:05:00", "20:10:00", "16:05:00"];
    (0..2_430)
        .map(|number: usize| {
            let date = day("2027-04-01").checked_add_days(Days::new(number as u64 * 180 / 2_430)).unwrap();
            let mix = number * 2_654_435_761 % 4_294_967_296;
            let (home, away) = (TEAMS[mix % 30], TEAMS[(mix / 30 % 29 + mix % 30 + 1) % 30]);
            let start = format!("{date}T{}", times[mix / 870 % 7]);
            entry(number, &start, 3, &format!("{away} at {home}"), &format!("{home} Park"))
        })
        .collect()
}

/// A club's summer with everything that can happen to an event.
fn summer() -> Vec<Entry> {
    let camden = "Gulls Park, 333 West Camden Street, Baltimore";
    let mut all = Vec::new();
    for (number, (month, first)) in [(6, 1), (7, 2), (8, 1), (9, 3)]
        .into_iter()
        .flat_map(|(month, first)| (0..7_u32).map(move |week| (month, first + week * 4)).collect::<Vec<_>>())
        .enumerate()
    {
        let date = NaiveDate::from_ymd_opt(2027, month, first).unwrap();
        let hour = if date.weekday().num_days_from_monday() > 4 { "13:35:00" } else { "19:05:00" };
        let other = TEAMS[number % 29 + 1];
        let (title, place) = if number % 3 == 2 {
            (format!("Gulls at {other}"), format!("{other} Park"))
        } else {
            (format!("{other} at Gulls"), camden.to_owned())
        };
        all.push(entry(10_000 + number, &format!("{date}T{hour}"), 3, &title, &place));
    }
    all[2].status = EntryStatus::Cancelled;
    all[4].status = EntryStatus::Moved { from: at("2027-06-16T19:05:00") };
    all[5].status = EntryStatus::Tentative;
    all[6].place = Place::Hidden;
    all[3].offer = Some(Offer {
        lead: "Shirt night: the first 15,000 guests get one.".into(),
        links: vec![
            Link { kind: LinkKind::Tickets, url: "https://tickets.example/1".into(), label: String::new() },
            Link { kind: LinkKind::Parking, url: "https://parking.example/1".into(), label: String::new() },
        ],
        image: Some("card.svg".into()),
    });
    all[3].updated = NOW;
    all[9].offer = Some(Offer {
        lead: "Fireworks after the game.".into(),
        links: vec![Link {
            kind: LinkKind::Tickets,
            url: "https://tickets.example/2".into(),
            label: "Family ticket, four seats".into(),
        }],
        image: None,
    });
    all.push(entry(20_001, "2027-06-11T10:00:00", 1, "東京ドームでの親善試合", "東京ドーム、文京区"));
    all.push(entry(20_002, "2027-06-11T12:00:00", 1, "لقاء ودي بين الفريقين", "ملعب المدينة"));
    all.push(entry(
        20_003,
        "2027-06-13T09:00:00",
        2,
        "Donaudampfschifffahrtsgesellschaftskapitänsversammlung",
        "Hauptversammlungsgebäude",
    ));
    all.push(entry(20_004, "2027-06-13T18:00:00", 2, "A title of very many words that goes on and on until nobody remembers what it was about when it began, which happens in real calendars more often than one would think, and it must still be read", camden));
    let mut fair = entry(20_005, "2027-08-14T09:00:00", 2, "Fan fair", camden);
    fair.start = When::Date(day("2027-08-14"));
    fair.end = When::Date(day("2027-08-17"));
    all.push(fair);
    all.push(entry(20_006, "2027-05-28T19:05:00", 3, "Cranes at Gulls", camden));
    all.push(entry(20_007, "2027-05-30T13:35:00", 3, "Gulls at Foxes", "Foxes Park"));
    all
}

/// 2027-06-09T14:00:00Z.
const NOW: Timestamp = Timestamp(1_812_549_600);

fn listed(entries: Vec<Entry>) -> Vec<Listed> {
    entries.into_iter().map(|entry| Listed { entry: Arc::new(entry), then: Vec::new() }).collect()
}

fn page(
    entries: Vec<Entry>,
    config: &PageConfig,
    language: Language,
    filter: &Filter,
    ticked: &[usize],
) -> SchedulePage {
    let all = listed(entries);
    let matcher = filter.matcher(Some(&config.team));
    let shown: Vec<Listed> = all.iter().filter(|listed| matcher.matches(&listed.entry)).cloned().collect();
    let look = Look { language, config, now: NOW, pick: true };
    let ids: Vec<EventId> =
        ticked.iter().filter_map(|at| shown.get(*at)).map(|listed| listed.entry.event.clone()).collect();
    let words = language.words();
    let total = all.iter().filter(|listed| listed.entry.end.instant() > NOW).count();
    let toggle = |label, query, on| Toggle { label, query, href: format!("?{query}"), on };
    let mut months: Vec<(i32, u32)> =
        all.iter().map(|listed| listed.entry.start.local_date()).map(|day| (day.year(), day.month())).collect();
    months.sort_unstable();
    months.dedup();
    SchedulePage {
        shell: views::pages::Shell { language, ..shell("Baltimore Gulls") },
        organizer: "Baltimore Gulls".into(),
        title: if config.title.is_empty() { "Baltimore Gulls 2027".into() } else { config.title.clone() },
        intro: config.intro.clone(),
        logo: config.logo.clone(),
        background: config.background.clone(),
        theme: if config.accent.is_some() { "theme.css".into() } else { String::new() },
        slug: "gulls".into(),
        chosen_language: "",
        languages: vec![("es", "Español", "?lang=es".into())],
        rows: Rows::new(&shown, &look, &|id| ids.contains(id)),
        total,
        later: None,
        question: String::new(),
        chips: timetable::Chip::of(filter)
            .iter()
            .map(|part| Chip {
                label: chip(&part.what, language, look.clock_24()),
                href: format!("?{}", part.without.to_query()),
            })
            .collect(),
        narrow: if config.kind == PageKind::Slots {
            Narrow::default()
        } else {
            Narrow {
                toggles: vec![
                    toggle(words.at_home, "side=home", filter.side.is_some()),
                    toggle(words.away, "side=away", false),
                    toggle(words.weekends, "day=sat,sun", !filter.weekdays.is_empty()),
                    toggle(words.with_offers, "offers=1", filter.offers),
                ],
                teams: TEAMS
                    .iter()
                    .map(|team| Choice { value: (*team).into(), label: (*team).into(), on: false })
                    .collect(),
                months: months
                    .iter()
                    .map(|(year, month)| Choice {
                        value: format!("{year}-{month:02}"),
                        label: month_name(*year, *month, language),
                        on: false,
                    })
                    .collect(),
                carried: Vec::new(),
            }
        },
        query: filter.to_query(),
        subscribe: "webcal://convoke.test/s/gulls.ics".into(),
        download: "/s/gulls.ics?download=1".into(),
        email: String::new(),
        ready: false,
        problem: String::new(),
        one_per_person: config.one_per_person,
        picks_max: 200,
        mended: Vec::new(),
        rest: String::new(),
        skipped: 0,
    }
}

pub fn pages() -> Vec<(String, String)> {
    let plain = PageConfig { team: "Gulls".into(), ..PageConfig::default() };
    let dressed = PageConfig {
        title: "Gulls 2027: every game, home and away".into(),
        intro: "First pitch, shirt nights and fireworks. Tick your games and they stand in your calendar.".into(),
        accent: Colour::try_from("#e8590c".to_owned()).ok(),
        logo: "logo.svg".into(),
        background: "background.svg".into(),
        times: TimeDisplay::Hours24,
        ..plain.clone()
    };
    let all = Filter::default();
    let home = Filter::parse("side=home&day=sat,sun&words=night").unwrap();
    let july = Filter::parse("side=home&month=2027-07").unwrap();
    let slots = PageConfig {
        kind: PageKind::Slots,
        one_per_person: true,
        title: "Open day at the harbour".into(),
        ..PageConfig::default()
    };
    let tours = || {
        let mut tours = Vec::new();
        for (at, title) in ["Tour of the lock", "Behind the scenes of the ferry"].into_iter().enumerate() {
            for date in 12..14 {
                for hour in 9..16 {
                    tours.push(entry(
                        30_000 + at * 1000 + date * 20 + hour,
                        &format!("2027-06-{date:02}T{hour:02}:30:00"),
                        1,
                        title,
                        "",
                    ));
                }
            }
        }
        tours[4].status = EntryStatus::Cancelled;
        tours
    };
    let line = |title: &str, good, said: &str| SentLine {
        title: title.into(),
        when: "Friday 2 July 2027, 7:05 pm to 10:05 pm, New York time".into(),
        good,
        said: said.into(),
    };
    let en = Language::En.words();
    let sent = ScheduleSentPage {
        shell: shell("On its way"),
        organizer: "Baltimore Gulls".into(),
        slug: "gulls".into(),
        theme: String::new(),
        to: "a*******@example.com".into(),
        sender: "notification@convoke.test".into(),
        lines: vec![
            line("Rays at Gulls", true, en.said_sent),
            line("Rained off", false, en.said_cancelled),
            line("Otters at Gulls", false, en.said_full),
        ],
        rest: String::new(),
        picks_max: 200,
        sent: 1,
        one_per_person: false,
    };
    let page_of = |name: &str, page: &dyn Page| (name.to_owned(), page.html().unwrap());
    let ready = SchedulePage {
        email: "ana@example.com".into(),
        ready: true,
        question: "all home games in july, ana@example.com".into(),
        ..page(summer(), &plain, Language::En, &july, &[0, 1, 2, 3, 4])
    };
    let problem = SchedulePage {
        problem: en.not_an_address.into(),
        email: "ana".into(),
        ..page(summer(), &plain, Language::En, &all, &[4, 5])
    };
    let none = SchedulePage {
        question: "night home games on weekends".into(),
        ..page(summer(), &plain, Language::En, &home, &[])
    };
    vec![
        page_of("schedule", &page(summer(), &plain, Language::En, &all, &[3, 4])),
        page_of("schedule_es", &page(summer(), &plain, Language::Es, &all, &[3])),
        page_of("schedule_dressed", &page(summer(), &dressed, Language::En, &all, &[3])),
        page_of("schedule_season", &page(season(), &PageConfig::default(), Language::En, &all, &[])),
        page_of(
            "schedule_descending",
            &page(summer(), &PageConfig { descending: true, ..plain.clone() }, Language::En, &all, &[]),
        ),
        page_of("schedule_ready", &ready),
        page_of("schedule_problem", &problem),
        page_of("schedule_nothing", &none),
        page_of("schedule_empty", &page(Vec::new(), &plain, Language::En, &all, &[])),
        page_of(
            "schedule_one",
            &page(summer().split_off(27), &plain, Language::En, &Filter::parse("words=fair").unwrap(), &[]),
        ),
        page_of("slots", &page(tours(), &slots, Language::En, &all, &[2])),
        page_of(
            "slots_many",
            &page(tours(), &PageConfig { one_per_person: false, ..slots.clone() }, Language::En, &all, &[2]),
        ),
        page_of("schedule_sent", &sent),
        page_of(
            "schedule_sent_es",
            &ScheduleSentPage {
                shell: views::pages::Shell { language: Language::Es, ..shell("En camino") },
                ..sent.clone()
            },
        ),
    ]
}
