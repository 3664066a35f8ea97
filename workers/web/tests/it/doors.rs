//! Asking for an invitation: who may, what is sent, what is said.

use http::StatusCode;
use itip::Method;

use crate::stage::{ADMIN, STANDARD, Stage, details, owner};

#[test]
fn nothing_that_only_looks_sends() {
    let (stage, id) = Stage::new();
    let agents = ["", "Mozilla/5.0", "Barracuda Sentinel", "GoogleImageProxy", "Slackbot-LinkExpanding"];
    for agent in agents {
        for method in ["GET", "HEAD"] {
            for accept in ["*/*", "text/html", "application/json"] {
                let path =
                    format!("/event/{id}/invite?email=ana@example.com&origin=klaviyo&landing=https://shop.example");
                let answer = stage.ask(method, &path, None, &[("user-agent", agent), ("accept", accept)], "");
                assert_eq!(answer.status, StatusCode::OK, "{method} {accept}");
            }
        }
    }
    // HEAD is a safe method with a key, too.
    stage.ask("HEAD", &format!("/event/{id}/invite?email=ana@example.com"), Some(STANDARD), &[], "");
    assert_eq!(stage.mails(), 0);
    stage.form(&format!("/event/{id}/invite"), "email=ana@example.com");
    assert_eq!(stage.mails(), 1);
    stage.form(&format!("/event/{id}/invite"), "email=ana@example.com");
    assert_eq!(stage.mails(), 0);
}

#[test]
fn a_link_without_a_key_shows_a_page_with_the_address_filled_in() {
    let (stage, id) = Stage::new();
    let page = stage.get(&format!("/event/{id}/invite?email=ana+news@example.com&name=Ana&origin=klaviyocta"), None);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.body.contains("value=\"ana+news@example.com\"")
            || page.body.contains("value=\"ana&#43;news@example.com\"")
    );
    for part in ["method=\"post\"", "data-auto", "7:05 pm", "New York time", "Ann Corp", "value=\"klaviyocta\""] {
        assert!(page.body.contains(part), "{part}");
    }
    let json = stage.ask("GET", &format!("/event/{id}/invite"), None, &[("accept", "application/json")], "").json();
    assert_eq!((json["status"].as_str(), json["method"].as_str()), (Some("not_sent"), Some("POST")));
}

#[test]
fn an_organizer_can_demand_the_button() {
    let (stage, id) = Stage::new();
    let change = "{\"settings\":{\"button_only\":true}}";
    let answer = stage.json("PUT", &format!("/v1/organizers/{}", owner()), Some(STANDARD), change);
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert!(!stage.get(&format!("/event/{id}/invite?email=a@x.example"), None).body.contains("data-auto"));
}

#[test]
fn with_a_key_the_link_acts_as_it_always_did() {
    let (stage, id) = Stage::new();
    let ask = |rest: &str| stage.get(&format!("/event/{id}/invite?{rest}"), Some(STANDARD));
    let answer = ask("email=Ana@Example.com&name=Ana&origin=api&landing=https://shop.example/thanks");
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::FOUND, "Acknowledged"));
    assert_eq!(answer.header("location"), "https://shop.example/thanks");
    assert_eq!(answer.header("ratelimit-policy"), "\"recipient\";q=50;w=86400");
    assert!(answer.header("ratelimit").starts_with("\"recipient\";r=49;t="));
    assert_eq!(stage.mails(), 1);
    for landing in
        ["", "https://evil.example", "//evil.example", "https://shop.example@evil.example", "%5C%5Cevil.example"]
    {
        let answer = ask(&format!("email=b@x.example&landing={landing}"));
        let own = format!("https://convoke.test/event/{id}/sent?to=b*******%40x.example");
        assert_eq!(answer.header("location"), own, "{landing}");
    }
    for rest in
        ["", "email=", "email=ana", "email=*|EMAIL|*", "email=a@x.example&origin=API", "email=a@x.example&origin=tv"]
    {
        let answer = ask(rest);
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{rest}");
        assert_eq!(answer.json()["title"], "Failed");
    }
    let json = stage.ask(
        "GET",
        &format!("/event/{id}/invite?email=ana@example.com"),
        Some(STANDARD),
        &[("accept", "application/json")],
        "",
    );
    assert_eq!((json.status, json.json()["status"].as_str()), (StatusCode::OK, Some("already")));
    assert_eq!(stage.get("/event/SHORT/invite?email=a@x.example", Some(STANDARD)).status, StatusCode::BAD_REQUEST);
    assert_eq!(
        stage.get(&format!("/event/{id}/invite?email=a@x.example"), Some("wrong")).status,
        StatusCode::FORBIDDEN
    );
}

#[test]
fn a_test_is_sent_again_and_needs_a_key() {
    let (stage, id) = Stage::new();
    for origin in ["test", "vip", "bulk"] {
        let answer = stage.form(&format!("/event/{id}/invite"), &format!("email=a@x.example&origin={origin}"));
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
    assert_eq!(stage.mails(), 0);
    for _ in 0..2 {
        stage.get(&format!("/event/{id}/invite?email=a@x.example&origin=test"), Some(STANDARD));
    }
    assert!(stage.mails() >= 1);
}

#[test]
fn a_placeholder_in_the_address_asks_for_the_address() {
    let (stage, id) = Stage::new();
    for typed in ["*%7CEMAIL%7C*", "%7B%7B%20email%20%7D%7D", "%25%25emailaddr%25%25", "%25EMAIL%25", "ana"] {
        let page = stage.get(&format!("/event/{id}/invite?email={typed}"), None);
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("role=\"alert\"") && !page.body.contains("data-auto"), "{typed}");
        let page = stage.form(&format!("/event/{id}/invite"), &format!("email={typed}"));
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
    }
    let page = stage.get(&format!("/event/{id}/invite"), None);
    assert!(!page.body.contains("role=\"alert\"") && !page.body.contains("data-auto"));
    stage.form(&format!("/event/{id}/invite"), "email=ana+news@example.com");
    let guests = stage.get(&format!("/v1/events/{id}/attendees.csv"), Some(STANDARD));
    assert!(guests.body.contains("ana+news@example.com"), "{}", guests.body);
}

#[test]
fn a_form_without_script_ends_on_a_page() {
    let (stage, id) = Stage::new();
    let answer = stage.form(&format!("/event/{id}/invite"), "email=ana@example.com&origin=webform");
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let next = answer.header("location").strip_prefix("https://convoke.test").unwrap().to_owned();
    let page = stage.get(&next, None);
    for part in ["a*******@example.com", "notification@convoke.test", "Ann Corp", "Yes"] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains("ana@"));
    let to_shop = stage.form(&format!("/event/{id}/invite"), "email=bob@example.com&landing=https://shop.example/x");
    assert_eq!(to_shop.header("location"), "https://shop.example/x");
    let multipart = stage.ask(
        "POST",
        &format!("/event/{id}/invite"),
        None,
        &[("content-type", "multipart/form-data; boundary=x")],
        "--x--",
    );
    assert_eq!(multipart.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[test]
fn the_answer_says_nothing_about_the_person() {
    let (stage, id) = Stage::new();
    let ask = |email: &str| {
        let json = stage.json("POST", &format!("/event/{id}/invite"), None, &format!("{{\"email\":\"{email}\"}}"));
        let form = stage.form(&format!("/event/{id}/invite"), &format!("email={email}"));
        (json.status, json.body, json.headers, form.status, form.headers, form.body)
    };
    let fresh = ask("a-new@x.example");
    let known = ask("a-new@x.example");
    let token = scheduling::keys::sign_link(
        &stage.keys,
        &scheduling::keys::Link::Unsubscribe { event: id.clone(), guest: crate::stage::address("a-off@x.example") },
    );
    stage.form(&format!("/u/{token}"), "List-Unsubscribe=One-Click");
    let suppressed = ask("a-off@x.example");
    for _ in 0..6 {
        ask("a-much@x.example");
    }
    let limited = ask("a-much@x.example");
    assert_eq!(fresh.0, StatusCode::ACCEPTED);
    assert_eq!(fresh, known);
    assert_eq!(fresh, suppressed);
    assert_eq!(fresh, limited);
    // With a key it is told.
    let answer =
        stage.json("POST", &format!("/v1/events/{id}/invitations"), Some(STANDARD), "{\"email\":\"a-off@x.example\"}");
    assert_eq!(answer.json()["results"][0]["status"], "suppressed");
}

#[test]
fn one_person_gets_few_mails_without_a_key() {
    let stage = Stage::new().0;
    let ids: Vec<_> = (0..8)
        .map(|number| {
            stage.request(&format!("e{number}"), details("More", "2027-07-02T19:05:00", "2027-07-02T22:05:00"))
        })
        .collect();
    for id in &ids {
        stage.form(&format!("/event/{id}/invite"), "email=ana@example.com");
    }
    assert_eq!(stage.mails(), 5);
}

#[test]
fn a_network_that_asks_too_often_waits() {
    let (stage, id) = Stage::new();
    *stage.gate.0.lock().unwrap() = true;
    let answer = stage.json("POST", &format!("/event/{id}/invite"), None, "{\"email\":\"a@x.example\"}");
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"));
    let keyed = stage.json("POST", &format!("/event/{id}/invite"), Some(STANDARD), "{\"email\":\"a@x.example\"}");
    assert_eq!(keyed.status, StatusCode::OK);
}

#[test]
fn an_event_that_is_off_or_over_is_refused_in_words() {
    let (stage, id) = Stage::new();
    let past = stage.request("past", details("Past", "2027-05-02T19:05:00", "2027-05-02T22:05:00"));
    stage.organizer("call-1", Method::Cancel, None);
    for (id, code, words) in [(id, "event_cancelled", "cancelled"), (past, "event_past", "over")] {
        for key in [None, Some(STANDARD)] {
            let answer = stage.json("POST", &format!("/event/{id}/invite"), key, "{\"email\":\"a@x.example\"}");
            assert_eq!((answer.status, answer.json()["code"].as_str()), (StatusCode::GONE, Some(code)));
        }
        let keyed = stage.get(&format!("/event/{id}/invite?email=a@x.example"), Some(STANDARD));
        assert_eq!(keyed.json()["code"], code);
        for page in [
            stage.get(&format!("/event/{id}/invite?email=a@x.example"), None),
            stage.form(&format!("/event/{id}/invite"), "email=a@x.example"),
        ] {
            assert_eq!(page.status, StatusCode::GONE);
            assert!(page.body.to_lowercase().contains(words) && !page.body.contains("type=\"email\""), "{}", page.body);
        }
        let v1 = stage.json(
            "POST",
            &format!("/v1/events/{id}/invitations"),
            Some(STANDARD),
            "[{\"email\":\"a@x.example\"}]",
        );
        assert_eq!(v1.status, StatusCode::GONE);
    }
    assert_eq!(stage.mails(), 0);
}

#[test]
fn a_suspended_organizer_sends_nothing() {
    let (stage, id) = Stage::new();
    let change =
        |key| stage.json("PUT", &format!("/v1/organizers/{}", owner()), Some(key), "{\"suspended\":true}").status;
    assert_eq!(change(STANDARD), StatusCode::FORBIDDEN);
    assert_eq!(change(ADMIN), StatusCode::OK);
    assert_eq!(stage.form(&format!("/event/{id}/invite"), "email=a@x.example").status, StatusCode::FORBIDDEN);
    assert_eq!(
        stage.get(&format!("/event/{id}/invite?email=a@x.example"), Some(STANDARD)).status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(stage.get("/s/ann", None).status, StatusCode::NOT_FOUND);
    assert_eq!(stage.mails(), 0);
}

#[test]
fn two_hundred_people_at_once_and_wrong_lines_stop_nobody() {
    let (stage, id) = Stage::new();
    let path = format!("/v1/events/{id}/invitations");
    let mut people: Vec<_> = (0..197).map(|n| serde_json::json!({ "email": format!("p{n}@x.example") })).collect();
    people.push(serde_json::json!({ "email": "nobody" }));
    people.push(serde_json::json!({ "email": "p0@x.example", "origin": "vip" }));
    people.push(serde_json::json!({ "email": "o@x.example", "origin": "TV" }));
    let answer = stage.json("POST", &path, Some(STANDARD), &serde_json::json!(people).to_string());
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let results = answer.json();
    let count =
        |word: &str| results["results"].as_array().unwrap().iter().filter(|line| line["status"] == word).count();
    assert_eq!((count("invited"), count("already"), count("invalid")), (197, 1, 2));
    assert_eq!(stage.mails(), 197);
    people.push(serde_json::json!({ "email": "q@x.example" }));
    for body in
        [serde_json::json!(people).to_string(), "[]".into(), "{}".into(), "{\"email\":1}".into(), "nonsense".into()]
    {
        assert_eq!(stage.json("POST", &path, Some(STANDARD), &body).status, StatusCode::BAD_REQUEST);
    }
    let headers = [("content-type", "application/json"), ("idempotency-key", "abc")];
    let repeated = stage.ask("POST", &path, Some(STANDARD), &headers, "{\"email\":\"p1@x.example\"}");
    assert_eq!(
        (repeated.header("idempotency-key"), &repeated.json()["results"][0]["status"]),
        ("abc", &"already".into())
    );
    let huge = "x".repeat(300_000);
    assert_eq!(stage.json("POST", &path, Some(STANDARD), &huge).status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn whoever_is_invited_reads_his_own_language() {
    let (stage, id) = Stage::new();
    let door = format!("/event/{id}/invite");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let spanish = ("accept-language", "es-MX,es;q=0.9,en;q=0.8");
    let post = |path: &str, body: &str, browser: &[(&str, &str)]| {
        let headers: Vec<_> = browser.iter().copied().chain([form]).collect();
        let answer = stage.ask("POST", path, None, &headers, body);
        assert!(answer.status.is_redirection() || answer.status.is_success(), "{}", answer.body);
    };
    post(&door, "email=browser@x.example", &[spanish]);
    post(&door, "email=field@x.example&language=en-GB", &[spanish]);
    post(&door, "email=lang@x.example&lang=es", &[]);
    post(&door, "email=wrong@x.example&language=%3Cscript%3E", &[]);
    post(&door, "email=french@x.example", &[("accept-language", "fr")]);
    post("/s/ann", &format!("email=page@x.example&event={id}"), &[spanish]);
    let one = "{\"email\":\"api@x.example\",\"language\":\"es-ES\"}";
    let answer = stage.json("POST", &format!("/v1/events/{id}/invitations"), Some(STANDARD), one);
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    stage.ask("GET", &format!("{door}?email=key@x.example"), Some(STANDARD), &[spanish], "");
    for (guest, language) in [
        ("browser", "es"),
        ("field", "en-GB"),
        ("lang", "es"),
        ("wrong", ""),
        ("french", ""),
        ("page", "es"),
        ("api", "es-ES"),
        ("key", "es"),
    ] {
        assert_eq!(stage.language(&id, &format!("{guest}@x.example")), language, "{guest}");
    }
    // The page that a link opens keeps what the link says.
    let page = stage.get(&format!("{door}?lang=es-MX"), None).body;
    assert!(page.contains(&format!("action=\"{door}?lang=es-MX\"")), "{page}");
}
