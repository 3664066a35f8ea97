//! The organizer's public page, and what stands around everything.

use http::StatusCode;
use itip::{Class, Method};

use crate::stage::{ADMIN, STANDARD, Stage, days, details, owner};

fn season() -> Stage {
    let stage = Stage::new().0;
    stage.request("past", details("Past game", "2027-05-02T19:05:00", "2027-05-02T22:05:00"));
    stage.request("off", details("Rained off", "2027-07-03T19:05:00", "2027-07-03T22:05:00"));
    stage.organizer("off", Method::Cancel, None);
    stage.request("fair", days("Summer fair", "2027-08-01", "2027-08-03"));
    let secret =
        itip::EventDetails { class: Class::Private, ..details("Secret", "2027-07-04T19:05:00", "2027-07-04T22:05:00") };
    stage.request("secret", secret);
    stage
}

#[test]
fn a_page_shows_what_comes_by_month() {
    let stage = season();
    let page = stage.get("/s/ann", None);
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "July 2027",
        "August 2027",
        "Quarterly call",
        "7:05 pm",
        "Cancelled",
        "Summer fair",
        "All day",
        "until Mon 2 Aug",
        "New York time",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains("Past game") && !page.body.contains("Secret"));
    let (_, shown) = page.body.split_once("<body>").unwrap();
    assert!(!shown.contains("http://") && !shown.contains("https://"));
    // What is off cannot be picked.
    assert_eq!(page.body.matches("type=checkbox name=event").count(), 2);
}

#[test]
fn a_search_works_without_a_script() {
    let stage = season();
    let found = stage.get("/s/ann?q=august+fair", None);
    assert!(found.body.contains("Summer fair") && !found.body.contains("Quarterly call"));
    let nothing = stage.get("/s/ann?q=%3Cb%3Ex", None);
    assert!(nothing.body.contains("Nothing matches") && !nothing.body.contains("<b>x"));
}

#[test]
fn several_events_are_one_submission() {
    let stage = season();
    let (call, fair, off, past) = (stage.id("call-1"), stage.id("fair"), stage.id("off"), stage.id("past"));
    let body = format!(
        "email=ana@example.com&event={call}&event={fair}&event={off}&event={past}&event={call}&event={}",
        "0".repeat(40)
    );
    let page = stage.form("/s/ann", &body);
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("2 invitations are on their way"), "{}", page.body);
    for part in
        ["a*******@example.com", "has been cancelled", "is over", "No longer on this page", "notification@convoke.test"]
    {
        assert!(page.body.contains(part), "{part}");
    }
    assert_eq!(stage.mails(), 2);
    // Whoever has them already, or asked for no mail, reads the same.
    assert_eq!(stage.form("/s/ann", &body).body, page.body);
    assert_eq!(stage.mails(), 0);
}

#[test]
fn what_is_missing_is_asked_for_and_picks_stay() {
    let stage = season();
    let call = stage.id("call-1");
    let page = stage.form("/s/ann", &format!("email=nonsense&event={call}"));
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(
        page.body.contains("checked")
            && page.body.contains("role=\"alert\"")
            && page.body.contains("value=\"nonsense\"")
    );
    assert!(stage.form("/s/ann", "email=ana@example.com").body.contains("Pick at least one event"));
    assert_eq!(stage.mails(), 0);
}

#[test]
fn old_slugs_lead_to_the_new_one() {
    let stage = season();
    let change = |slug: &str| {
        stage.json("PUT", &format!("/v1/organizers/{}", owner()), Some(STANDARD), &format!("{{\"slug\":\"{slug}\"}}"))
    };
    for wrong in ["A", "-a", "a--b", "a/b", "x", ""] {
        assert_eq!(change(wrong).status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(change("ann-corp").json()["slug"], "ann-corp");
    let old = stage.get("/s/ann", None);
    assert_eq!((old.status, old.header("location")), (StatusCode::MOVED_PERMANENTLY, "/s/ann-corp"));
    assert_eq!(stage.get("/s/ann-corp", None).status, StatusCode::OK);
    assert_eq!(stage.get("/s/ANN-corp", None).header("location"), "/s/ann-corp");
    let nobody = stage.ask("GET", "/s/nobody", None, &[("accept", "text/html")], "");
    assert_eq!((nobody.status, nobody.header("content-type")), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
}

#[test]
fn an_organizer_without_events_has_a_page() {
    let stage = Stage::new().0;
    stage.organizer("call-1", Method::Cancel, None);
    stage.world.advance(100 * 86_400);
    assert!(stage.get("/s/ann", None).body.contains("No upcoming events"));
}

#[test]
fn settings_are_checked() {
    let stage = Stage::new().0;
    let put = |body: &str| stage.json("PUT", &format!("/v1/organizers/{}", owner()), Some(STANDARD), body).status;
    assert_eq!(
        put(
            "{\"settings\":{\"approval\":true,\"landing_hosts\":[\"club.example\"],\"language\":\"es-MX\"},\"name\":\"Ann & Co\"}"
        ),
        StatusCode::OK
    );
    for wrong in [
        "{\"settings\":{\"aproval\":true}}",
        "{\"settings\":{\"alarm_minutes\":99999}}",
        "{\"name\":\" \"}",
        "{\"settings\":{\"language\":\"tlh\"}}",
        "{\"settings\":{\"landing_hosts\":[\"https://club.example\"]}}",
        "{\"colour\":\"red\"}",
    ] {
        assert_eq!(put(wrong), StatusCode::BAD_REQUEST, "{wrong}");
    }
    let read = stage.get(&format!("/v1/organizers/{}", owner()), Some(STANDARD)).json();
    assert_eq!((read["name"].as_str(), &read["settings"]["approval"]), (Some("Ann & Co"), &true.into()));
}

#[test]
fn the_document_of_an_event_keeps_its_zone() {
    let stage = season();
    let document = stage.get(&format!("/v1/events/{}", stage.id("call-1")), Some(STANDARD)).json();
    assert_eq!(document["zone"], "America/New_York");
    assert_eq!(document["occurrences"][0]["local_start"], "2027-07-02T19:05:00");
    let day = stage.get(&format!("/v1/events/{}", stage.id("fair")), Some(STANDARD)).json();
    assert_eq!((&day["all_day"], &day["zone"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn small_things_answer() {
    let stage = Stage::new().0;
    assert_eq!(stage.get("/healthz", None).body, "ok\n");
    assert!(stage.get("/", None).body.contains("create@convoke.test"));
    assert!(stage.get("/robots.txt", None).body.contains("Disallow: /r/"));
    assert_eq!(stage.get("/favicon.ico", None).header("location"), "/favicon.svg");
    let page = stage.get("/", None).body;
    let style =
        page.split("href=\"").find(|part| part.starts_with("/static/page-")).unwrap().split('"').next().unwrap();
    assert_eq!(stage.get(style, None).status, StatusCode::NOT_FOUND, "the platform serves it, and no loop begins");
    assert_eq!(stage.get("/static/page-000000000000.css", None).header("location"), style);
    assert_eq!(stage.get("/static/nothing.css", None).status, StatusCode::NOT_FOUND);
    let letters = stage.get("/v1/dead-letters?limit=2", Some(ADMIN)).json();
    assert_eq!(letters, serde_json::json!({ "dead_letters": [], "next_cursor": null }));
    for wrong in ["limit=0", "limit=x", "cursor=x", "cursor=1-'"] {
        assert_eq!(stage.get(&format!("/v1/dead-letters?{wrong}"), Some(ADMIN)).status, StatusCode::BAD_REQUEST);
    }
    let replay = stage.json("POST", "/v1/dead-letters/none/replay", Some(ADMIN), "");
    assert_eq!(replay.status, StatusCode::NOT_FOUND);
    let playground = stage.get("/dev", None).status;
    assert_eq!(playground == StatusCode::OK, cfg!(feature = "local"));
}
