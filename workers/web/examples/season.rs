//! What a page of 2,500 events costs, step by step, on this machine: `cargo run --profile bench -p web --example season`.
//!
//! A figure is the median of all rounds; the steps of a round follow one another, so that they share its noise. With
//! the name of a step, only that one runs, for a profiler.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for developers"
)]

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use chrono::{Days, NaiveDate, NaiveDateTime};
use futures_executor::block_on;
use http::HeaderMap;
use itip::{CalAddress, Class, EventDetails, EventStatus, Moment, Recurrence, Timestamp, When, Zone};
use scheduling::keys::sha256_hex;
use scheduling::settings::{Config, ReplyAddress, Timing};
use store::sqlite::Sqlite;
use store::{Database, Row, SqlConn, Statement, StoreError, Value, accounts, directory};
use timetable::{Entry, Filter, PageConfig, Question, Source, Vocabulary};
use views::pages::Page;
use views::rows::{Listed, Look, Rows};
use views::words::Language;
use web::publish::{Edition, KeptRows, PublishContext, Rendered, render};

const EVENTS: usize = 2_500;
const ROUNDS: usize = 15;
/// 2027-02-01T12:00:00Z.
const NOW: Timestamp = Timestamp(1_801_483_200);

const CITIES: [&str; 8] =
    ["Anchor Bay", "Bayview", "Cape Lowell", "Dunmore", "Eastfield", "Fort Hale", "Granite Falls", "Harbor City"];
const NAMES: [&str; 10] =
    ["Bears", "Castors", "Diggers", "Foxes", "Gulls", "Herons", "Otters", "Rays", "Sailors", "Terns"];
const NIGHTS: [&str; 5] = ["Shirt night. ", "Fireworks after the game. ", "Kids run the bases. ", "Two for one. ", ""];

fn owner() -> CalAddress {
    CalAddress::parse("schedule@harbour-rovers.example").unwrap()
}

fn at(local: NaiveDateTime) -> When {
    let instant = Timestamp(local.and_utc().timestamp() + 4 * 3600);
    When::At(Moment { local, zone: Zone::Iana("America/New_York".into()), instant })
}

fn game(number: usize) -> EventDetails {
    let day: NaiveDate = "2027-03-01".parse().unwrap();
    let day = day.checked_add_days(Days::new(number as u64 / 14)).unwrap();
    let start = day.and_hms_opt(11 + (number % 9) as u32, (number % 4 * 15) as u32, 0).unwrap();
    let (home, city) = (number % NAMES.len(), CITIES[number * 3 % CITIES.len()]);
    let away = (number * 7 + 3 + number / NAMES.len()) % NAMES.len();
    let away = if away == home { (away + 1) % NAMES.len() } else { away };
    let says = format!("Game {}. {}Gates open one hour before.", number + 1, NIGHTS[number % NIGHTS.len()]);
    let (start, end) = (at(start), at(start + chrono::Duration::hours(3)));
    EventDetails {
        summary: format!("{} vs. {}", NAMES[home], NAMES[away]),
        description_html: says.clone(),
        description: says,
        location: format!("{city} Park, {} Stadium Way, {city}", 1 + number % 99),
        url: String::new(),
        last_end: Some(end.instant()),
        start,
        end,
        recurrence: Recurrence::default(),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: Vec::new(),
        image: String::new(),
    }
}

fn insert(db: &Sqlite, number: usize) {
    let details = game(number);
    let id = sha256_hex(&number.to_be_bytes())[..40].to_owned();
    let sql = "INSERT INTO event (event_id, version, owner, organizer_name, prodid, revision, cancelled, public, created, \
               last_modified, start_at, end_at, last_end, summary, description_html, location, details, overrides) \
               VALUES (?1, 1, ?2, 'Harbour Rovers', '-//A//B//EN', 1, 0, 1, 0, 1, ?3, ?4, ?4, ?5, ?6, ?7, ?8, '[]')";
    let text = |text: &str| Value::Text(text.to_owned());
    let params = [
        Value::Text(id),
        text(owner().as_str()),
        details.start.instant().into(),
        details.end.instant().into(),
        text(&details.summary),
        text(&details.description_html),
        text(&details.location),
        Value::Text(serde_json::to_string(&details).unwrap()),
    ];
    SqlConn::run(db, sql, &params).unwrap();
}

/// A database that has read the season before: what is measured is what comes after SQLite.
struct Read {
    db: Sqlite,
    season: Mutex<Option<Vec<Row>>>,
}

#[async_trait]
impl Database for Read {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        if let [one] = statements.as_slice()
            && one.sql == directory::sql::UPCOMING_OF
        {
            if let Some(rows) = &*self.season.lock().unwrap() {
                return Ok(vec![rows.clone()]);
            }
            let rows = Database::run(&self.db, one.clone()).await?;
            *self.season.lock().unwrap() = Some(rows.clone());
            return Ok(vec![rows]);
        }
        self.db.batch(statements).await
    }
}

fn config() -> Config {
    Config {
        domain: "convoke.test".into(),
        public_url: "https://convoke.test".into(),
        reply_address: ReplyAddress::Plus,
        postal_footer: String::new(),
        landing_hosts: Vec::new(),
        trusted_authserv_id: None,
        keyless_daily_max: 5,
        keyed_daily_max: 50,
        event_invites_max: 2_500,
        ses_timeout_ms: 1_000,
        timing: Timing::default(),
    }
}

/// The steps, and how long each took in each round.
struct Bench {
    only: Option<String>,
    took: Vec<(&'static str, Vec<f64>)>,
}

impl Bench {
    fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = black_box(work());
        let ms = start.elapsed().as_secs_f64() * 1e3;
        match self.took.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(ms),
            None => self.took.push((name, vec![ms])),
        }
        done
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

fn main() {
    let sqlite = Sqlite::open().unwrap();
    for migration in [
        include_str!("../../../d1-migrations/0001_directory.sql"),
        include_str!("../../../d1-migrations/0002_search.sql"),
        include_str!("../../../d1-migrations/0005_pages.sql"),
    ] {
        sqlite.migrate(migration).unwrap();
    }
    block_on(accounts::enroll_organizer(&sqlite, &owner(), "Harbour Rovers", &["rovers".into()], NOW)).unwrap();
    (0..EVENTS).for_each(|number| insert(&sqlite, number));
    let db = Read { db: sqlite, season: Mutex::default() };
    let config = config();
    let edition = Edition::at_path("/s/rovers", Some("en"), &HeaderMap::new()).unwrap();
    let page = |kept: Option<&KeptRows>| {
        let context = PublishContext { db: &db, config: &config, now: NOW, kept, seasons: None };
        let Rendered::Here(published) = block_on(render(context, &edition)).unwrap() else { unreachable!() };
        published
    };
    let kept = KeptRows::default();
    println!("{} bytes of HTML", page(Some(&kept)).body.len());
    let rows = block_on(directory::upcoming_of(&db, &owner(), NOW, 2_500)).unwrap();
    let entries = || -> Vec<Entry> {
        let one = |row: &directory::EventRow| {
            let source = Source {
                event: &row.event_id,
                details: &row.details,
                overrides: &row.overrides,
                organizer: &row.organizer_name,
                cancelled: row.cancelled,
                moved_from: row.moved_from.as_ref(),
                updated: row.last_modified,
                hide_place: row.hide_place,
            };
            Entry::next(&source, NOW)
        };
        rows.iter().map(one).collect()
    };
    let all = entries();
    let listed: Vec<Listed> =
        all.iter().map(|entry| Listed { entry: Arc::new(entry.clone()), then: Vec::new() }).collect();
    let look_config = PageConfig { team: "Gulls".into(), ..PageConfig::default() };
    let look = Look { language: Language::En, config: &look_config, now: NOW, pick: true };
    let by_words = Filter { words: vec!["fireworks".into(), "otters".into()], ..Filter::default() };
    let vocabulary = Vocabulary::of(&all);
    let today: NaiveDate = "2027-02-01".parse().unwrap();
    let mut bench = Bench { only: std::env::args().nth(1), took: Vec::new() };
    let rounds = if bench.only.is_some() { ROUNDS * 20 } else { ROUNDS };
    for _ in 0..rounds {
        if bench.wants("read") {
            bench.step("D1 rows into events", || block_on(directory::upcoming_of(&db, &owner(), NOW, 2_500)).unwrap());
        }
        if bench.wants("entries") {
            bench.step("events into entries", entries);
        }
        if bench.wants("rows") {
            let rows = bench.step("entries into rows", || Rows::new(&listed, &look, &|_| false));
            bench.step("rows into HTML", || rows.html().unwrap());
        }
        if bench.wants("cold") {
            bench.step("page, cold", || page(None));
        }
        if bench.wants("kept") {
            bench.step("page, events kept", || page(Some(&kept)));
        }
        if bench.wants("vocabulary") {
            bench.step("vocabulary", || Vocabulary::of(&all));
        }
        if bench.wants("question") {
            let ask = || Question::read("otters home games in may with fireworks", &vocabulary, today, None, "en");
            bench.step("question", ask);
        }
        if bench.wants("filter") {
            let wanted = by_words.matcher(Some("Gulls"));
            bench.step("filter by words", || all.iter().filter(|entry| wanted.matches(entry)).count());
        }
    }
    for (name, mut all) in bench.took {
        all.sort_by(f64::total_cmp);
        println!("{name:<22} {:7.2} ms   ({:.2} at best)", all[all.len() / 2], all[0]);
    }
}
