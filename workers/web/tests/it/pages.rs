//! `/v1/pages`: an organizer's pages and their slugs.

use futures_executor::block_on;
use http::StatusCode;
use scheduling::command::{Job, OrganizerCommand};
use scheduling::organizer_object::editions::{Changes, Rebuild};
use scheduling::ports::Objects;
use serde_json::{Value, json};
use store::accounts;

use crate::stage::{Answer, NOW, STANDARD, Stage, address, owner};

const OTHER: &str = "rovers@club.example";

/// Ann has a key of her own, and there is another organizer.
fn stage() -> (Stage, String) {
    let stage = Stage::new().0;
    let (other, slugs) = (address(OTHER), ["rovers".into()]);
    block_on(accounts::enroll_organizer(stage.world.db(), &other, "Harbour Rovers", &slugs, NOW)).unwrap();
    let key = stage.key(&format!("organizer:{}:*", owner()));
    (stage, key)
}

fn make(stage: &Stage, key: &str, slug: &str, config: &Value) -> Answer {
    let body = json!({ "organizer": owner().as_str(), "slug": slug, "config": config });
    stage.json("POST", "/v1/pages", Some(key), &body.to_string())
}

fn slugs(stage: &Stage, key: &str) -> Vec<String> {
    let list = stage.get("/v1/pages?organizer=ann@corp.example", Some(key)).json();
    list["pages"].as_array().unwrap().iter().map(|page| page["slug"].as_str().unwrap().to_owned()).collect()
}

fn leads_to(stage: &Stage, slug: &str) -> String {
    let page = stage.get(&format!("/s/{slug}"), None);
    match page.status {
        StatusCode::OK => slug.to_owned(),
        StatusCode::MOVED_PERMANENTLY => page.header("location").trim_start_matches("/s/").to_owned(),
        status => status.as_str().to_owned(),
    }
}

#[test]
fn an_organizer_has_a_page_before_he_says_a_word() {
    let (stage, key) = stage();
    let page = stage.get("/v1/pages/ann", Some(&key)).json();
    assert_eq!((&page["own"], &page["version"], &page["modified"]), (&json!(true), &json!(0), &Value::Null));
    assert_eq!(page["url"], "https://convoke.test/s/ann");
    assert_eq!(page["config"]["kind"], "schedule");
    assert_eq!(slugs(&stage, &key), ["ann"]);
}

#[test]
fn a_further_page_is_made_changed_and_taken_away() {
    let (stage, key) = stage();
    let made = make(&stage, &key, "ann-home", &json!({ "kind": "upcoming", "limit": 5 }));
    assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, "/v1/pages/ann-home"), "{}", made.body);
    assert_eq!(slugs(&stage, &key), ["ann", "ann-home"]);
    assert_eq!(leads_to(&stage, "ann-home"), "ann-home");
    let cards = stage.get("/s/ann-home", None).body;
    assert!(cards.contains("application/ld+json") && cards.contains("https://convoke.test/s/ann-home\""), "{cards}");
    let changed = stage.json("PUT", "/v1/pages/ann-home", Some(&key), "{\"config\":{\"title\":\"Home\"}}").json();
    assert_eq!((&changed["version"], &changed["config"]["title"]), (&json!(2), &json!("Home")));
    // A configuration is a whole: what it leaves out is the default again.
    assert_eq!(changed["config"]["limit"], Value::Null);
    assert_eq!(stage.ask("DELETE", "/v1/pages/ann-home", Some(&key), &[], "").status, StatusCode::NO_CONTENT);
    assert_eq!(leads_to(&stage, "ann-home"), "ann");
    assert_eq!(stage.get("/v1/pages/ann-home", Some(&key)).status, StatusCode::NOT_FOUND);
    // He may use the slug again.
    assert_eq!(make(&stage, &key, "ann-home", &json!({})).status, StatusCode::CREATED);
    assert_eq!(leads_to(&stage, "ann-home"), "ann-home");
    // His own page goes back to the defaults.
    stage.json("PUT", "/v1/pages/ann", Some(&key), "{\"config\":{\"title\":\"Ann\"}}");
    assert_eq!(stage.ask("DELETE", "/v1/pages/ann", Some(&key), &[], "").status, StatusCode::NO_CONTENT);
    assert_eq!(stage.get("/v1/pages/ann", Some(&key)).json()["version"], 0);
}

#[test]
fn whoever_has_a_slug_keeps_it() {
    let (stage, key) = stage();
    let status = |slug: &str| make(&stage, &key, slug, &json!({})).status;
    assert_eq!(status("rovers"), StatusCode::CONFLICT, "another organizer's own");
    assert_eq!(status("ann"), StatusCode::CONFLICT, "his own page's");
    assert_eq!(status("ann-home"), StatusCode::CREATED);
    assert_eq!(status("ann-home"), StatusCode::CONFLICT, "a page's of his");
    for wrong in ["Ann", "a", "a--b", "a.ics", "preview", ""] {
        let answer = make(&stage, &key, wrong, &json!({}));
        assert_eq!(
            (answer.status, answer.json()["errors"][0]["field"].clone()),
            (StatusCode::BAD_REQUEST, json!("slug"))
        );
    }
    let organizer = |email: &str, slug: &str| {
        let body = json!({ "slug": slug }).to_string();
        stage.json("PUT", &format!("/v1/organizers/{email}"), Some(STANDARD), &body).status
    };
    assert_eq!(organizer(OTHER, "ann-home"), StatusCode::CONFLICT, "somebody else's page");
    assert_eq!(organizer(owner().as_str(), "ann-home"), StatusCode::CONFLICT, "another page of his own");
    // An old slug of an organizer is his for ever, too.
    assert_eq!(organizer(OTHER, "harbour"), StatusCode::OK);
    assert_eq!(status("rovers"), StatusCode::CONFLICT);
    assert_eq!(leads_to(&stage, "rovers"), "harbour");
}

#[test]
fn old_slugs_of_a_page_lead_to_the_new_one() {
    let (stage, key) = stage();
    make(&stage, &key, "one", &json!({ "title": "Home" }));
    make(&stage, &key, "taken", &json!({}));
    let rename = |from: &str, to: &str| {
        let body = json!({ "slug": to }).to_string();
        stage.json("PUT", &format!("/v1/pages/{from}"), Some(&key), &body)
    };
    assert_eq!(rename("one", "taken").status, StatusCode::CONFLICT);
    assert_eq!(rename("one", "rovers").status, StatusCode::CONFLICT);
    assert_eq!(rename("ann", "two").status, StatusCode::BAD_REQUEST, "an organizer's own");
    assert_eq!(rename("one", "two").json()["config"]["title"], "Home");
    assert_eq!(rename("two", "three").status, StatusCode::OK);
    for (old, new) in [("one", "three"), ("two", "three"), ("three", "three"), ("taken", "taken")] {
        assert_eq!(leads_to(&stage, old), new);
    }
    assert_eq!(rename("three", "one").status, StatusCode::OK, "back again");
    assert_eq!((leads_to(&stage, "three"), leads_to(&stage, "one")), ("one".into(), "one".into()));
    assert_eq!(slugs(&stage, &key), ["ann", "one", "taken"]);
}

#[test]
fn an_organizers_own_configuration_moves_with_his_slug() {
    let (stage, key) = stage();
    stage.json("PUT", "/v1/pages/ann", Some(&key), "{\"config\":{\"title\":\"Ann's year\"}}");
    let moved = stage.json("PUT", "/v1/organizers/ann@corp.example", Some(&key), "{\"slug\":\"ann-corp\"}");
    assert_eq!(moved.status, StatusCode::OK);
    assert_eq!(stage.get("/v1/pages/ann-corp", Some(&key)).json()["config"]["title"], "Ann's year");
    assert_eq!(stage.get("/v1/pages/ann", Some(&key)).status, StatusCode::NOT_FOUND);
    assert_eq!(leads_to(&stage, "ann"), "ann-corp");
}

#[test]
fn nobody_writes_over_a_change_that_he_has_not_seen() {
    let (stage, key) = stage();
    let put = |tag: &str, title: &str| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        let body = json!({ "config": { "title": title } }).to_string();
        stage.ask("PUT", "/v1/pages/ann", Some(&key), &headers, &body)
    };
    let first = stage.get("/v1/pages/ann", Some(&key)).header("etag").to_owned();
    let changed = put(&first, "One");
    assert_eq!(changed.status, StatusCode::OK);
    let late = put(&first, "Two");
    assert_eq!((late.status, late.json()["code"].clone()), (StatusCode::PRECONDITION_FAILED, json!("changed")));
    assert_eq!(put(changed.header("etag"), "Three").status, StatusCode::OK);
    assert_eq!(put("*", "Four").json()["version"], 3);
    let again = stage.get("/v1/pages/ann", Some(&key));
    let known = stage.ask("GET", "/v1/pages/ann", Some(&key), &[("if-none-match", again.header("etag"))], "");
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
}

#[test]
fn a_wrong_field_is_named() {
    let (stage, key) = stage();
    for (field, value) in [
        ("accent", json!("red")),
        ("logo", json!("http://cdn.example/x.png")),
        ("frame_ancestors", json!(["club.example"])),
        ("language", json!("tlh")),
        ("limit", json!(0)),
        ("colour", json!("#000000")),
    ] {
        let body = json!({ "config": { field: value } }).to_string();
        let answer = stage.json("PUT", "/v1/pages/ann", Some(&key), &body);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["errors"][0]["field"], format!("config.{field}"), "{}", answer.body);
    }
    assert_eq!(stage.get("/v1/pages/ann", Some(&key)).json()["version"], 0);
}

#[test]
fn a_key_reaches_its_own_organizer_only() {
    let (stage, key) = stage();
    let event = stage.key(&format!("event:{}:read", stage.id("call-1")));
    let new = json!({ "organizer": OTHER, "slug": "theirs" }).to_string();
    for key in [None, Some(event.as_str()), Some(key.as_str())] {
        for (method, path) in [
            ("GET", "/v1/pages/rovers"),
            ("PUT", "/v1/pages/rovers"),
            ("DELETE", "/v1/pages/rovers"),
            ("GET", "/v1/pages?organizer=rovers@club.example"),
            ("POST", "/v1/pages"),
        ] {
            let body = if method == "POST" { new.as_str() } else { "{}" };
            assert_eq!(stage.json(method, path, key, body).status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    let nobody = stage.get("/v1/pages?organizer=nobody@club.example", Some(STANDARD));
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[test]
fn a_configuration_is_published_even_if_the_slug_that_came_with_it_is_taken() {
    let (stage, key) = stage();
    make(&stage, &key, "ann-home", &json!({}));
    stage.get("/s/ann-home", None);
    while let Some(job) = stage.world.next_job() {
        if let Job::Snapshot { organizer, edition } = job {
            block_on(stage.world.organizer(&organizer, OrganizerCommand::Read { edition })).unwrap();
        }
    }
    let settle = |due: &Rebuild| stage.world.settle_rebuild(&owner(), due, &due.editions).unwrap();
    stage.world.advance(20);
    settle(&stage.world.take_rebuild(&owner()).unwrap().unwrap());
    let body = json!({ "slug": "rovers", "config": { "title": "Home" } });
    let refused = stage.json("PUT", "/v1/pages/ann-home", Some(&key), &body.to_string());
    assert_eq!(refused.status, StatusCode::CONFLICT);
    stage.world.advance(20);
    assert_eq!(stage.world.take_rebuild(&owner()).unwrap().unwrap().changes, Changes::Everything);
}
