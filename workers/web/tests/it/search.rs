//! Finding public events in plain words.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures_executor::block_on;
use http::StatusCode;
use itip::{Class, EventDetails};
use scheduling::memory::World;
use store::{Database, Row, Statement, StoreError, accounts};
use web::WebContext;

use crate::stage::{ADMIN, NOW, Stage, details, owner};

/// 1 June 2027, with a season ahead.
fn season() -> Stage {
    let stage = Stage::empty();
    let game = |start: &str, title: &str, place: &str| EventDetails {
        location: place.into(),
        ..details(title, &format!("{start}:00"), &format!("{}T23:00:00", start.split('T').next().unwrap()))
    };
    let events = [
        game("2027-06-05T19:05", "Tampa Herons at Rovers", "Camden Wharf, Harbour City"),
        game("2027-06-12T13:05", "Boston Lanterns at Rovers", "Camden Wharf, Harbour City"),
        game("2027-07-03T19:05", "Rovers at Łódź Smoki", "Stadion, Łódź"),
        EventDetails {
            description: "Under a roof of glass.\nTickets: https://club.example/t".into(),
            ..game("2027-07-10T20:00", "Rooftop Strings Concert", "Glass House, Denver")
        },
        EventDetails {
            description: String::new(), ..game("2027-07-20T20:00", "नृत्य 2027", "Glass House, Boston")
        },
        EventDetails { class: Class::Private, ..game("2027-07-11T20:00", "Secret Herons Dinner", "Denver") },
    ];
    for (number, details) in events.into_iter().enumerate() {
        stage.request(&format!("search-{number}"), details);
    }
    stage.settle();
    block_on(accounts::enroll_organizer(stage.world.db(), &owner(), "Club", &["club".into()], NOW)).unwrap();
    stage
}

/// Days of what is found, and what was understood.
fn ask(stage: &Stage, query: &str) -> (Vec<String>, String) {
    let answer = stage.get(&format!("/v1/organizers/{}/search?{query}", owner()), Some(ADMIN));
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.json());
    let json = answer.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let days = json["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| text(&event["local_start"]).chars().skip(5).take(5).collect());
    (days.collect(), text(&json["query"]))
}

#[test]
fn questions_find_public_events() {
    let stage = season();
    for (query, days, understood) in [
        ("q=home+games+in+june", vec!["06-05", "06-12"], "from=2027-06-01&to=2027-06-30&side=home&team=Rovers"),
        ("q=agianst+Tamap", vec!["06-05"], "team=Rovers&against=Tampa+Herons"),
        ("q=lodz", vec!["07-03"], "team=%C5%81%C3%B3d%C5%BA+Smoki"),
        ("q=the+concerts+in+Denver+under+a+roof", vec!["07-10"], "place=Denver&words=concert+roof"),
        ("q=partidos+en+julio&lang=es", vec!["07-03"], "from=2027-07-01&to=2027-07-31&games=1"),
        ("q=next+home+game", vec!["06-05"], "from=2027-06-05&to=2027-06-05&side=home&team=Rovers"),
        ("q=last+game", vec!["07-03"], "from=2027-07-03&to=2027-07-03&games=1"),
        ("q=home+games+except+tampa", vec!["06-12"], "side=home&team=Rovers&not=Tampa+Herons"),
        ("q=dinner", vec![], "words=dinner"),
        ("words=strin+roof", vec!["07-10"], "words=strin+roof"),
        ("words=LODZ&month=2027-07", vec!["07-03"], "month=2027-07&words=LODZ"),
        ("words=%22+OR+*+tampa", vec![], "words=OR+tampa"),
        // Vowel signs are letters to us, and not to the index.
        (
            "words=%E0%A4%A8%E0%A5%83%E0%A4%A4%E0%A5%8D%E0%A4%AF",
            vec!["07-20"],
            "words=%E0%A4%A8%E0%A5%83%E0%A4%A4%E0%A5%8D%E0%A4%AF",
        ),
        ("month=2027-06&day=sat&after=17:00", vec!["06-05"], "month=2027-06&day=sat&after=17:00"),
        ("place=denver", vec!["07-10"], "place=denver"),
        ("offers=1&from=2027-07-05", vec!["07-10"], "from=2027-07-05&offers=1"),
        ("", vec!["06-05", "06-12", "07-03", "07-10", "07-20"], ""),
    ] {
        let (found, filter) = ask(&stage, query);
        assert_eq!((found, filter.as_str()), (days.into_iter().map(str::to_owned).collect(), understood), "{query}");
    }
}

#[test]
fn an_answer_says_what_was_understood_and_how_to_take_it_back() {
    let stage = season();
    let path = format!("/v1/organizers/{}/search?q=send+me+all+gmaes+agianst+tampa+in+june,+ana@example.com", owner());
    let json = stage.get(&path, Some(ADMIN)).json();
    assert_eq!((json["send"].as_str(), json["all"].as_bool()), (Some("ana@example.com"), Some(true)));
    assert_eq!(
        json["understood"],
        serde_json::json!([
            { "kind": "team", "value": "Rovers", "without": "from=2027-06-01&to=2027-06-30&against=Tampa+Herons" },
            { "kind": "against", "value": "Tampa Herons", "without": "from=2027-06-01&to=2027-06-30&team=Rovers" },
            { "kind": "days", "value": "2027-06-01/2027-06-30", "without": "team=Rovers&against=Tampa+Herons" },
        ])
    );
    assert_eq!(json["mended"][0], serde_json::json!({ "typed": "gmaes", "meant": "games" }));
    let event = &json["events"][0];
    assert_eq!((event["home"].as_str(), event["away"].as_str()), (Some("Rovers"), Some("Tampa Herons")));
    assert_eq!(
        (event["place"].as_str(), event["status"].as_str()),
        (Some("Camden Wharf, Harbour City"), Some("confirmed"))
    );
}

#[test]
fn a_change_is_found_by_its_new_words_alone() {
    let stage = season();
    let changed = details("Rovers at Łódź Smoki, Derby", "2027-07-03T19:05:00", "2027-07-03T22:00:00");
    stage.request("search-2", changed.clone());
    stage.settle();
    assert_eq!(ask(&stage, "words=derby").0, ["07-03"]);
    assert_eq!(ask(&stage, "words=stadion").0, Vec::<String>::new());
    stage.request("search-2", EventDetails { class: Class::Private, ..changed });
    stage.settle();
    assert_eq!(ask(&stage, "words=derby").0, Vec::<String>::new());
}

#[test]
fn a_hidden_place_neither_shows_nor_finds() {
    let stage = season();
    let settings = "{\"hide_place\":true}";
    block_on(store::Database::run(stage.world.db(), accounts::save_organizer(&owner(), "Club", settings, false)))
        .unwrap();
    for query in ["place=denver", "words=glass+house", "words=wharf", "q=in+Denver"] {
        assert_eq!(ask(&stage, query).0, Vec::<String>::new(), "{query}");
    }
    let json = stage.get(&format!("/v1/organizers/{}/search?words=strings", owner()), Some(ADMIN)).json();
    assert_eq!(json["events"][0]["place"], serde_json::Value::Null);
    assert!(!json.to_string().contains("Glass House"), "{json}");
}

#[test]
fn a_filter_that_means_nothing_is_refused_and_a_key_is_needed() {
    let stage = season();
    let path = format!("/v1/organizers/{}/search?day=caturday", owner());
    let answer = stage.get(&path, Some(ADMIN));
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.json().to_string().contains("mon, tue"), "{}", answer.json());
    assert_eq!(stage.get(&path, None).status, StatusCode::FORBIDDEN);
    let nobody = stage.get("/v1/organizers/nobody@club.example/search?q=july", Some(ADMIN));
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

/// Counts how often events are read.
struct Counting {
    world: Arc<World>,
    reads: AtomicUsize,
}

#[async_trait]
impl Database for Counting {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<Vec<Row>>, StoreError> {
        let reads = statements.iter().filter(|statement| statement.sql.contains("FROM event ")).count();
        self.reads.fetch_add(reads, Ordering::Relaxed);
        self.world.batch(statements).await
    }
}

fn counting(mut stage: Stage) -> (Stage, Arc<Counting>) {
    let counting = Arc::new(Counting { world: stage.world.clone(), reads: AtomicUsize::default() });
    stage.context = Arc::new(WebContext { db: counting.clone(), ..(*stage.context).clone() });
    (stage, counting)
}

#[test]
fn events_are_read_again_when_they_have_changed() {
    let (stage, counting) = counting(season());
    let ask = |query: &str| {
        let before = counting.reads.load(Ordering::Relaxed);
        let (days, _) = ask(&stage, query);
        (days, counting.reads.load(Ordering::Relaxed) - before)
    };
    let days = |days: &[&str]| days.iter().map(|&day| day.to_owned()).collect::<Vec<_>>();
    assert_eq!(ask("q=games+against+tampa"), (days(&["06-05"]), 1));
    assert_eq!(ask("q=concert+in+denver"), (days(&["07-10"]), 0));
    assert_eq!(ask("words=lodz"), (days(&["07-03"]), 0));
    stage.request("search-2", details("Rovers at Tampa Herons", "2027-07-03T19:05:00", "2027-07-03T22:00:00"));
    stage.settle();
    assert_eq!(ask("q=games+against+tampa"), (days(&["06-05", "07-03"]), 1));
    // What is over is not found, though it is remembered for the page.
    stage.world.advance(5 * 86_400);
    assert_eq!(ask("q=games+against+tampa"), (days(&["07-03"]), 1));
}

#[test]
fn a_page_that_shows_less_does_not_narrow_a_search() {
    let stage = season();
    let config = r#"{"config":{"team":"Rovers","filter":"side=home","limit":1}}"#;
    let answer = stage.json("PUT", "/v1/pages/club", Some(ADMIN), config);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(!stage.get("/s/club", None).body.contains("Strings Concert"));
    assert_eq!(ask(&stage, "q=in+july").0, ["07-03", "07-10", "07-20"]);
    assert_eq!(ask(&stage, "side=away").0, ["07-03"]);
    assert!(!stage.get("/s/club?lang=en&status=on", None).body.contains("Strings Concert"));
}

#[test]
fn more_events_than_are_remembered_are_found_by_the_index() {
    let stage = season();
    stage.copies(2_600);
    let found = |query: &str| stage.get(&format!("/v1/organizers/{}/search?{query}", owner()), Some(ADMIN)).json();
    assert_eq!(found("words=concert")["total"], 1);
    assert_eq!(found("q=concerts+in+denver")["total"], 1);
    assert_eq!(found("from=2027-07-20")["events"][0]["title"], "नृत्य 2027");
}
