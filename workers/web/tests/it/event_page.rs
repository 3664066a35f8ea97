//! The page of one event, the next few as cards, and both inside of other sites.

use http::StatusCode;
use itip::{Class, EventDetails, Method, Recurrence};
use serde_json::json;

use crate::stage::{STANDARD, Stage, details, owner};

fn short(stage: &Stage, uid: &str) -> String {
    stage.id(uid).as_str().get(..12).unwrap().to_owned()
}

fn configure(stage: &Stage, config: &serde_json::Value) {
    let body = json!({ "config": config }).to_string();
    let answer = stage.json("PUT", "/v1/pages/ann", Some(STANDARD), &body);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

fn read(stage: &Stage, path: &str, language: &str) -> String {
    let page = stage.ask("GET", path, None, &[("accept-language", language)], "");
    assert_eq!(page.status, StatusCode::OK, "{path}");
    page.body
}

#[test]
fn an_event_has_a_short_address() {
    let (stage, id) = Stage::new();
    let path = format!("/e/{}", short(&stage, "call-1"));
    let page = stage.get(&path, None);
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let long = stage.get(&format!("/e/{id}"), None);
    assert_eq!((long.status, long.header("location")), (StatusCode::MOVED_PERMANENTLY, path.as_str()));
    for nothing in ["/e/0123456789ab", "/e/short", "/e/0123456789AB"] {
        assert_eq!(stage.get(nothing, None).status, StatusCode::NOT_FOUND, "{nothing}");
    }
    // Two events whose ids begin alike have no short address.
    stage.copies(2);
    assert_eq!(stage.get("/e/000000000000", None).status, StatusCode::NOT_FOUND);
    assert_eq!(stage.get(&path, None).status, StatusCode::OK);
}

#[test]
fn what_is_not_public_has_no_page() {
    let (stage, _) = Stage::new();
    let secret =
        EventDetails { class: Class::Private, ..details("Secret", "2027-07-04T19:05:00", "2027-07-04T22:05:00") };
    let id = stage.request("secret", secret);
    assert_eq!(stage.get(&format!("/e/{}", short(&stage, "secret")), None).status, StatusCode::NOT_FOUND);
    assert_eq!(stage.get(&format!("/e/{id}"), None).status, StatusCode::NOT_FOUND);
    let body = json!({ "suspended": true }).to_string();
    stage.json("PUT", &format!("/v1/organizers/{}", owner()), Some(crate::stage::ADMIN), &body);
    assert!(!stage.get(&format!("/e/{}", short(&stage, "call-1")), None).body.contains("Quarterly"));
}

#[test]
fn nothing_public_tells_the_address_of_an_organizer_without_a_name() {
    let (stage, id) = Stage::new();
    // What the projection writes for him, and for one whose calendar has his address for a name.
    stage.world.db().migrate("UPDATE event SET organizer_name = owner").unwrap();
    let event = format!("/e/{}", short(&stage, "call-1"));
    let (calendar, text, invite) = (format!("{event}.ics"), format!("{event}.md"), format!("/event/{id}/invite"));
    for path in [&event, &calendar, &text, &invite, "/s/ann", "/s/ann.ics", "/s/ann.md", "/s/ann/embed", "/s/ann/frame"]
    {
        let answer = stage.get(path, None);
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.body.contains("ann@corp.example"), "{path}: {}", answer.body);
    }
}

#[test]
fn the_page_says_when_where_and_has_one_button() {
    let (stage, id) = Stage::new();
    let path = format!("/e/{}", short(&stage, "call-1"));
    let english = read(&stage, &path, "en");
    for part in [
        "Quarterly call",
        "Friday 2 July 2027",
        "7:05 pm to 10:05 pm",
        "New York time",
        "data-wall=\"2027-07-02T19:05-04:00\"",
        "Main Hall, &#60;Denver&#62;",
        "query=Main%20Hall%2C%20%3CDenver%3E",
        "name=\"origin\" value=\"landingpage\"",
        "Send me the calendar invitation",
        "webcal://convoke.test/e/",
        ".ics?download=1",
    ] {
        assert!(english.contains(part), "{part}");
    }
    assert!(english.contains(&format!("action=\"/event/{id}/invite?lang=en\"")));
    let spanish = read(&stage, &path, "es-MX");
    for part in ["lang=\"es\"", "viernes 2 de julio de 2027", "19:05 a 22:05", "Enviarme la invitación"] {
        assert!(spanish.contains(part), "{part}");
    }
    assert!(read(&stage, &format!("{path}?lang=es"), "en").contains("lang=\"es\""));
    // The door behind the button invites, and counts the page as the origin.
    let sent = stage.form(&format!("/event/{id}/invite?lang=es"), "email=ana@example.com&origin=landingpage");
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert_eq!((stage.mails(), stage.language(&id, "ana@example.com").as_str()), (1, "es"));
    stage.settle();
    let figures = stage.get(&format!("/event/{id}/statistics"), Some(STANDARD)).json();
    assert_eq!(figures["origin"]["landingpage"], 1);
}

#[test]
fn what_takes_nobody_says_so_and_has_no_button() {
    let (stage, _) = Stage::new();
    stage.request("off", details("Rained off", "2027-07-03T19:05:00", "2027-07-03T22:05:00"));
    stage.organizer("off", Method::Cancel, None);
    stage.request("past", details("Past game", "2027-05-02T19:05:00", "2027-05-02T22:05:00"));
    for (uid, words) in [("off", "Cancelled"), ("past", "This event is over")] {
        let page = read(&stage, &format!("/e/{}", short(&stage, uid)), "en");
        assert!(page.contains(words) && !page.contains("<form"), "{uid}: {page}");
    }
    stage.world.db().migrate("UPDATE event SET attendees = 2500").unwrap();
    let full = read(&stage, &format!("/e/{}", short(&stage, "call-1")), "en");
    assert!(full.contains("This event is full") && !full.contains("<form"));
}

#[test]
fn a_series_shows_its_next_dates() {
    let (stage, _) = Stage::new();
    let weekly = Recurrence { rrule: Some("FREQ=WEEKLY;COUNT=5".into()), ..Recurrence::default() };
    let series = EventDetails {
        recurrence: weekly,
        last_end: None,
        ..details("Training", "2027-07-05T18:00:00", "2027-07-05T19:00:00")
    };
    stage.request("training", series);
    let page = read(&stage, &format!("/e/{}", short(&stage, "training")), "en");
    for part in ["Monday 5 July 2027", "Other dates", "Mon 12 Jul, 6:00 pm", "The invitation holds all dates."] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.contains("More from Ann Corp") && page.contains("Quarterly call"));
}

#[test]
fn a_page_is_laid_out_as_its_organizer_wants() {
    let (stage, _) = Stage::new();
    let path = format!("/e/{}", short(&stage, "call-1"));
    assert!(read(&stage, &path, "en").contains("landing timetable"));
    configure(
        &stage,
        &json!({ "layout": "plain", "times": "24h", "language": "es", "logo": "https://cdn.example/ann.svg" }),
    );
    let page = read(&stage, &path, "");
    for part in ["landing bare", "19:05 a 22:05", "lang=\"es\"", "https://cdn.example/ann.svg"] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("class=\"about\""), "a plain page has no description");
    let english = read(&stage, &path, "en");
    assert!(english.contains("19:05 to 22:05") && english.contains("<h1 dir=\"auto\" lang=\"es\">"));
    let rows = read(&stage, "/s/ann", "en");
    assert!(rows.contains("<b dir=auto lang=es>") && !page.contains("<h1 dir=\"auto\" lang"));
}

fn season(stage: &Stage) {
    for day in 10..22 {
        let (from, to) = (format!("2027-07-{day}T19:05:00"), format!("2027-07-{day}T22:05:00"));
        stage.request(&format!("game-{day}"), details(&format!("Game {day}"), &from, &to));
    }
}

#[test]
fn an_upcoming_page_shows_the_next_few_as_cards() {
    let (stage, id) = Stage::new();
    season(&stage);
    configure(&stage, &json!({ "kind": "upcoming", "limit": 3, "title": "Next at Ann's", "intro": "Come by." }));
    let page = read(&stage, "/s/ann", "en");
    for part in ["Next at Ann", "Come by.", "Quarterly call", "Game 10", "Game 11", "action=\"/s/ann\""] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("Game 12"));
    let sent = stage.form("/s/ann", &format!("email=ana@example.com&event={id}"));
    assert_eq!((sent.status, stage.mails()), (StatusCode::OK, 1));
    configure(&stage, &json!({ "kind": "upcoming", "from": "2027-07-12", "to": "2027-07-13" }));
    let page = read(&stage, "/s/ann", "en");
    assert!(
        page.contains("Game 12") && page.contains("Game 13") && !page.contains("Game 11") && !page.contains("Game 14")
    );
}

#[test]
fn another_site_shows_the_next_few_as_a_part_of_its_page() {
    let (stage, id) = Stage::new();
    season(&stage);
    let part = stage.get("/s/ann/embed?lang=es", None);
    assert_eq!(part.status, StatusCode::OK);
    assert_eq!(part.header("access-control-allow-origin"), "*");
    assert_eq!(part.header("set-cookie"), "");
    for words in [
        "<section class=\"convoke\" lang=\"es\"",
        "Quarterly call",
        "action=\"https://convoke.test/s/ann/embed\"",
        "https://convoke.test/e/",
    ] {
        assert!(part.body.contains(words), "{words}: {}", part.body);
    }
    assert!(part.body.contains("Game 18") && !part.body.contains("Game 19"), "ten of them");
    assert!(!part.body.contains("<script"));
    let send = |body: &str| stage.form("/s/ann/embed", body);
    let sent = send(&format!("email=ana@example.com&event={id}&lang=en"));
    assert_eq!((sent.status, sent.header("access-control-allow-origin")), (StatusCode::OK, "*"));
    assert!(sent.body.contains("a*******@example.com") && !sent.body.contains("<html"), "{}", sent.body);
    assert_eq!(stage.mails(), 1);
    let wrong = send(&format!("email=nonsense&event={id}&lang=es"));
    assert_eq!((wrong.status, wrong.json()["errors"][0]["field"].clone()), (StatusCode::BAD_REQUEST, json!("email")));
    assert_eq!(send("email=ana@example.com").status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.get("/s/nobody/embed", None).status, StatusCode::NOT_FOUND);
    let tag = part.header("etag").to_owned();
    let again = stage.ask("GET", "/s/ann/embed?lang=es", None, &[("if-none-match", &tag)], "");
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[test]
fn only_named_sites_may_frame_and_only_the_frame() {
    let (stage, _) = Stage::new();
    let ancestors = |path: &str| {
        let policy = stage.get(path, None).header("content-security-policy").to_owned();
        policy.rsplit("frame-ancestors ").next().unwrap().to_owned()
    };
    assert_eq!(ancestors("/s/ann/frame"), "*");
    configure(&stage, &json!({ "frame_ancestors": ["https://club.example", "https://*.league.example"] }));
    assert_eq!(ancestors("/s/ann/frame"), "https://club.example https://*.league.example");
    assert_eq!(ancestors("/s/ann"), "'none'");
}

#[test]
fn a_configuration_is_looked_at_before_it_is_kept() {
    let (stage, _) = Stage::new();
    let preview = |more: serde_json::Value| {
        let mut body = json!({ "organizer": owner().as_str() });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stage.json("POST", "/v1/pages/preview", Some(STANDARD), &body.to_string())
    };
    let page = preview(json!({ "config": { "kind": "upcoming", "title": "Not yet" }, "language": "es" }));
    assert_eq!(
        (page.status, page.header("x-robots-tag"), page.header("cache-control")),
        (StatusCode::OK, "noindex", "no-store")
    );
    assert!(page.body.contains("Not yet") && page.body.contains("lang=\"es\""));
    let event = preview(json!({ "config": { "layout": "poster" }, "event": stage.id("call-1").as_str() }));
    assert!(event.body.contains("landing poster"));
    assert!(preview(json!({})).body.contains("Quarterly call"));
    assert_eq!(preview(json!({ "event": "0123456789ab" })).json()["errors"][0]["field"], "event");
    assert_eq!(preview(json!({ "config": { "limit": 0 } })).json()["errors"][0]["field"], "config.limit");
    assert_eq!(stage.get("/v1/pages/ann", Some(STANDARD)).json()["version"], 0);
}
