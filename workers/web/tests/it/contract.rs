//! The first API: fields, order, types, keys.

use http::StatusCode;
use itip::Method;

use crate::stage::{ADMIN, NOW, STANDARD, Stage, days, details};

#[test]
fn an_event_has_the_fourteen_fields_in_their_order() {
    let (stage, id) = Stage::new();
    let answer = stage.get(&format!("/event/{id}"), Some(STANDARD));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let created = NOW.0 + 10;
    assert_eq!(
        answer.body,
        format!(
            "{{\"uid\":\"{id}\",\"created\":{created},\"description_html\":\"Line one<br>Line two\",\
             \"dtend\":1814580300,\"dtstart\":1814569500,\"last_modified\":{created},\
             \"location_html\":\"Main Hall, &lt;Denver&gt;\",\"mailto\":\"ann@corp.example\",\
             \"original_organizer\":\"Ann Corp\",\"organizer\":\"Ann Corp\",\
             \"prodid\":\"-//google inc//google calendar 70.9054//en\",\"sequence\":0,\"status\":\"confirmed\",\
             \"summary_html\":\"Quarterly call\"}}"
        )
    );
}

#[test]
fn lists_have_ten_fields_and_take_any_case() {
    let (stage, id) = Stage::new();
    for path in [
        "/organizer/ann@corp.example/events",
        "/organizer/ANN@corp.example/events",
        "/organizer/ann%40corp.example/events",
        "/organizer/shadow/ann@corp.example/events",
        "/shadow/organizer/ann@corp.example/events",
    ] {
        let answer = stage.get(path, Some(STANDARD));
        assert!(answer.body.starts_with(&format!("[{{\"uid\":\"{id}\",\"mailto\":")), "{path}: {}", answer.body);
        let line = &answer.json()[0];
        assert_eq!(line.as_object().unwrap().len(), 10);
        assert_eq!(line["dtstart"], 1_814_569_500);
    }
    assert_eq!(stage.get("/organizer/nobody@corp.example/events", Some(STANDARD)).body, "[]");
    assert_eq!(stage.get("/organizer/nobody/events", Some(STANDARD)).body, "[]");
    assert_eq!(stage.get("/system/events", Some(ADMIN)).json().as_array().unwrap().len(), 1);
}

#[test]
fn an_organizers_list_says_where_it_goes_on() {
    let (stage, _) = Stage::new();
    stage.copies(2_500);
    let answer = stage.get("/organizer/ann@corp.example/events", Some(STANDARD));
    assert_eq!(answer.json().as_array().unwrap().len(), 2_500);
    let link = answer.header("link").to_owned();
    let next = link.strip_prefix("<https://convoke.test").unwrap().split_once('>').unwrap().0.to_owned();
    assert!(link.ends_with("rel=\"next\""));
    let rest = stage.get(&next, Some(STANDARD));
    assert_eq!(rest.json().as_array().unwrap().len(), 1);
    assert_eq!(rest.header("link"), "");
    assert_eq!(stage.get("/system/events", Some(ADMIN)).json().as_array().unwrap().len(), 2_501);
}

#[test]
fn statistics_have_their_four_answers_at_every_level() {
    let (stage, id) = Stage::new();
    let empty = "{\"attendees\":0,\"origin\":{},\"prodid\":{},\
                 \"rsvp\":{\"accepted\":0,\"declined\":0,\"noaction\":0,\"tentative\":0}}";
    assert_eq!(stage.get(&format!("/event/{id}/statistics"), Some(STANDARD)).body, empty);
    stage.get(&format!("/event/{id}/invite?email=ana@example.com&origin=mailchimpcta"), Some(STANDARD));
    stage.settle();
    let one = "{\"attendees\":1,\"origin\":{\"mailchimpcta\":1},\"prodid\":{\"31events//ses\":1},\
               \"rsvp\":{\"accepted\":0,\"declined\":0,\"noaction\":1,\"tentative\":0}}";
    for path in [
        format!("/event/{id}/statistics"),
        "/organizer/shadow/ann@corp.example/statistics".into(),
        "/organizer/shadow/ann@corp.example/statistic".into(),
        "/organizer/ann@corp.example/statistics".into(),
        "/shadow/organizer/ann@corp.example/statistics".into(),
        "/system/statistics".into(),
    ] {
        assert_eq!(stage.get(&path, Some(ADMIN)).body, one, "{path}");
    }
    let unknown = stage.get("/organizer/shadow/nobody@corp.example/statistics", Some(STANDARD));
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[test]
fn guests_are_masked_and_an_empty_name_breaks_nothing() {
    let (stage, id) = Stage::new();
    stage.get(&format!("/event/{id}/invite?email=zoe@x.example&name=Zoe&origin=vip"), Some(STANDARD));
    stage.get(&format!("/event/{id}/invite?email=ana@x.example&name="), Some(STANDARD));
    let answer = stage.get(&format!("/event/{id}/attendees"), Some(STANDARD));
    assert_eq!(
        answer.body,
        "[{\"attendee\":\"a*******@x.example\",\"name\":\"\",\"status\":\"noaction\",\"origin\":\"api\",\
         \"prodid\":\"31events//ses\"},{\"attendee\":\"z*******@x.example\",\"name\":\"Z*******\",\
         \"status\":\"noaction\",\"origin\":\"vip\",\"prodid\":\"31events//ses\"}]"
    );
}

#[test]
fn an_all_day_event_is_midnight_utc_and_texts_are_escaped() {
    let (stage, _) = Stage::new();
    let mut event = days("<script>alert(1)</script>", "2027-07-02", "2027-07-03");
    (event.description, event.description_html, event.location) = Default::default();
    let id = stage.request("day", event);
    let answer = stage.get(&format!("/event/{id}"), Some(STANDARD)).json();
    assert_eq!((&answer["dtstart"], &answer["dtend"]), (&1_814_486_400.into(), &1_814_572_800.into()));
    assert_eq!(answer["summary_html"], "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_eq!((answer["description_html"].as_str(), answer["location_html"].as_str()), (Some(""), Some("")));
    for path in [format!("/event/{id}/invite"), format!("/event/{id}/sent"), "/s/ann".into()] {
        let page = stage.ask("GET", &path, None, &[("accept", "text/html")], "");
        assert!(!page.body.contains("<script>"), "{path}");
        assert!(page.body.contains("&#60;script&#62;") || page.body.contains("&lt;script&gt;"), "{path}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
    }
}

#[test]
fn revision_and_status_follow_the_organizer() {
    let (stage, id) = Stage::new();
    stage.request("call-1", details("Annual call", "2027-07-02T19:05:00", "2027-07-02T22:05:00"));
    let answer = stage.get(&format!("/event/{id}"), Some(STANDARD)).json();
    assert_eq!((&answer["sequence"], answer["summary_html"].as_str()), (&1.into(), Some("Annual call")));
    stage.organizer("call-1", Method::Cancel, None);
    let answer = stage.get(&format!("/event/{id}"), Some(STANDARD)).json();
    assert_eq!((&answer["sequence"], answer["status"].as_str()), (&2.into(), Some("cancelled")));
}

#[test]
fn a_report_is_acknowledged_a_few_times_an_hour() {
    let (stage, id) = Stage::new();
    let path = format!("/event/{id}/report");
    assert_eq!(stage.ask("HEAD", &path, Some(STANDARD), &[], "").status, StatusCode::OK);
    let first = stage.get(&path, Some(STANDARD));
    assert_eq!((first.status, first.body.as_str()), (StatusCode::OK, "Acknowledged"));
    let second =
        (0..100).map(|_| stage.get(&path, Some(STANDARD))).find(|answer| answer.status != StatusCode::OK).unwrap();
    assert_eq!(second.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(second.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(second.json()["code"], "too_many_requests");
}

#[test]
fn every_scope_opens_its_own_doors_only() {
    let (stage, id) = Stage::new();
    let other = stage.request("other", details("Other", "2027-07-03T19:05:00", "2027-07-03T22:05:00"));
    let keys = [
        ("*", ADMIN.to_owned()),
        ("standard", STANDARD.to_owned()),
        ("system", stage.key("system:read")),
        ("organizer", stage.key("organizer:ann@corp.example:*")),
        ("stranger", stage.key("organizer:bob@corp.example:*")),
        ("read", stage.key(&format!("event:{id}:read"))),
        ("invite", stage.key(&format!("event:{id}:invite"))),
        ("wrong", "cvk_0000".to_owned()),
        ("none", String::new()),
    ];
    let matrix: [(&str, String, &[&str]); 12] = [
        ("GET", format!("/event/{id}"), &["*", "standard", "organizer", "read"]),
        ("GET", format!("/event/{other}"), &["*", "standard", "organizer"]),
        ("GET", format!("/event/{id}/statistics"), &["*", "standard", "organizer", "read"]),
        ("GET", format!("/event/{id}/attendees"), &["*", "standard", "organizer", "read"]),
        ("GET", format!("/v1/events/{id}/attendees.csv"), &["*", "standard", "organizer", "read"]),
        ("GET", format!("/v1/events/{id}"), &["*", "standard", "organizer", "read"]),
        ("GET", "/organizer/ann@corp.example/events".into(), &["*", "standard", "organizer"]),
        ("GET", "/organizer/shadow/ann@corp.example/statistics".into(), &["*", "standard", "organizer"]),
        ("GET", "/system/events".into(), &["*", "system"]),
        ("GET", "/system/statistics".into(), &["*", "system"]),
        ("GET", "/v1/keys".into(), &["*"]),
        ("GET", "/v1/dead-letters".into(), &["*"]),
    ];
    for (method, path, open) in &matrix {
        for (name, key) in &keys {
            let key = Some(key.as_str()).filter(|key| !key.is_empty());
            let answer = stage.ask(method, path, key, &[], "");
            let wanted = if open.contains(name) { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(answer.status, wanted, "{name} {path}: {}", answer.body);
            if wanted == StatusCode::FORBIDDEN {
                assert_eq!(answer.header("content-type"), "application/problem+json");
            }
        }
    }
    for (name, key) in &keys {
        let key = Some(key.as_str()).filter(|key| !key.is_empty());
        let answer = stage.json("POST", &format!("/v1/events/{id}/invitations"), key, "{\"email\":\"a@x.example\"}");
        let open = ["*", "standard", "organizer", "invite"].contains(name);
        assert_eq!(answer.status == StatusCode::ACCEPTED, open, "{name}: {}", answer.body);
    }
    let bearer = [("authorization", "Bearer standard-key")];
    assert_eq!(stage.ask("GET", &format!("/event/{id}"), None, &bearer, "").status, StatusCode::OK);
}

#[test]
fn what_does_not_exist_is_a_problem_document() {
    let (stage, _) = Stage::new();
    let unknown = "0".repeat(40);
    for path in [
        format!("/event/{unknown}"),
        format!("/event/{unknown}/statistics"),
        format!("/event/{unknown}/attendees"),
        format!("/event/{unknown}/report"),
        format!("/event/{unknown}/invite?email=a@x.example"),
        format!("/v1/events/{unknown}"),
        "/event/short".into(),
        "/event/..%2f..%2fetc".into(),
        "/event/%ff".into(),
        "/v1/organizers/nobody@x.example".into(),
        "/nothing".into(),
    ] {
        let answer = stage.get(&path, Some(STANDARD));
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], 404, "{path}");
    }
    for path in ["/order/order", "/order"] {
        assert_eq!(stage.json("POST", path, None, "{}").status, StatusCode::NOT_FOUND);
    }
    assert_eq!(stage.json("DELETE", "/system/events", Some(ADMIN), "").status, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn options_answer_as_the_first_api_did() {
    let (stage, id) = Stage::new();
    let answer = stage.ask("OPTIONS", &format!("/event/{id}"), None, &[], "");
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-methods"), "GET,OPTIONS");
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token"
    );
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let invite = stage.ask("OPTIONS", &format!("/event/{id}/invite"), None, &[], "");
    assert_eq!(invite.header("access-control-allow-methods"), "GET,POST,OPTIONS");
}

#[test]
fn who_has_a_document_is_not_sent_it_again() {
    let (stage, id) = Stage::new();
    let path = format!("/event/{id}");
    let tag = stage.get(&path, Some(STANDARD)).header("etag").to_owned();
    let again = stage.ask("GET", &path, Some(STANDARD), &[("if-none-match", &tag)], "");
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[test]
fn the_description_covers_every_route_and_nothing_else() {
    let (stage, _) = Stage::new();
    let document = stage.get("/openapi.json", None).json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            described += 1;
            assert!(
                web::routes::ROUTES.iter().any(|route| route.path == path && route.method == method),
                "{method} {path}"
            );
            assert!(operation["responses"].as_object().unwrap().len() > 1, "{method} {path} has no answer described");
        }
    }
    assert_eq!(described, web::routes::ROUTES.len());
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn keys_are_shown_once_and_end_when_they_are_removed() {
    let (stage, id) = Stage::new();
    let key = stage.key("standard");
    assert!(key.starts_with("cvk_") && key.len() == 68);
    assert_eq!(stage.get(&format!("/event/{id}"), Some(&key)).status, StatusCode::OK);
    let list = stage.get("/v1/keys", Some(ADMIN));
    assert!(!list.body.contains(&key));
    let name = list.json()["keys"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(stage.ask("DELETE", &format!("/v1/keys/{name}"), Some(ADMIN), &[], "").status, StatusCode::NO_CONTENT);
    assert_eq!(stage.get(&format!("/event/{id}"), Some(&key)).status, StatusCode::FORBIDDEN);
    for body in ["{\"scopes\":[]}", "{\"scopes\":[\"everything\"]}", "{}", "[", "{\"scopes\":[\"*\"],\"expires\":1}"] {
        assert_eq!(stage.json("POST", "/v1/keys", Some(ADMIN), body).status, StatusCode::BAD_REQUEST, "{body}");
    }
}
