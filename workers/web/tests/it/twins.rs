//! What programs read: calendars, Markdown, maps.

use http::StatusCode;
use itip::{Class, EventDetails, Method, Recurrence};
use views::links::short;

use crate::stage::{NOW, Stage, days, details, owner};

/// Harbour Rovers of a summer: one past, one off, one of days, one private, one of ten Mondays.
fn season() -> Stage {
    let stage = Stage::new().0;
    stage.request("long-past", details("Long past", "2027-04-02T19:05:00", "2027-04-02T22:05:00"));
    stage.request("past", details("Past game", "2027-05-20T19:05:00", "2027-05-20T22:05:00"));
    stage.request("off", details("Rovers vs Rays", "2027-07-03T19:05:00", "2027-07-03T22:05:00"));
    stage.organizer("off", Method::Cancel, None);
    stage.request("fair", days("Summer fair; \"ünïcode\" & <b>", "2027-08-01", "2027-08-03"));
    let secret =
        EventDetails { class: Class::Private, ..details("Secret", "2027-07-04T19:05:00", "2027-07-04T22:05:00") };
    stage.request("secret", secret);
    let mut course = details("Training", "2027-07-05T19:05:00", "2027-07-05T20:05:00");
    course.recurrence = Recurrence { rrule: Some("FREQ=WEEKLY;COUNT=10".into()), ..Recurrence::default() };
    course.last_end = Some(course.end.instant().plus(9 * 7 * 86_400));
    stage.request("course", course);
    stage
}

/// Content lines with their folds undone.
fn lines(calendar: &str) -> Vec<String> {
    calendar.replace("\r\n ", "").lines().map(str::to_owned).collect()
}

fn values<'a>(lines: &'a [String], name: &str) -> Vec<&'a str> {
    let of_name = lines.iter().filter(|line| line.split([':', ';']).next() == Some(name));
    of_name.filter_map(|line| line.split_once(':').map(|(_, value)| value)).collect()
}

#[test]
fn a_page_is_subscribed_to() {
    let stage = season();
    let feed = stage.get("/s/ann.ics", None);
    assert_eq!(feed.status, StatusCode::OK);
    assert_eq!(feed.header("content-type"), "text/calendar; charset=utf-8; method=PUBLISH");
    assert_eq!(feed.header("access-control-allow-origin"), "*");
    let lines = lines(&feed.body);
    assert_eq!(values(&lines, "METHOD"), ["PUBLISH"]);
    assert_eq!(values(&lines, "SOURCE"), ["https://convoke.test/s/ann.ics"]);
    assert_eq!(values(&lines, "X-WR-TIMEZONE"), ["America/New_York"]);
    assert_eq!(values(&lines, "REFRESH-INTERVAL"), ["PT60M"]);
    assert_eq!(values(&lines, "TZID"), ["America/New_York"], "each zone once");
    let titles = values(&lines, "SUMMARY");
    for title in ["Past game", "Rovers vs Rays", "Quarterly call", "Training", "Summer fair\\; \"ünïcode\" & <b>"] {
        assert!(titles.contains(&title), "{title}: {titles:?}");
    }
    assert!(!titles.contains(&"Long past") && !titles.contains(&"Secret"), "{titles:?}");
    assert!(values(&lines, "RRULE").contains(&"FREQ=WEEKLY;COUNT=10"), "a series stays a series");
    assert_eq!(values(&lines, "STATUS").iter().filter(|status| **status == "CANCELLED").count(), 1);
    assert!(!feed.body.contains("ann@corp.example") && !feed.body.contains("ATTENDEE"));
    assert!(values(&lines, "ORGANIZER").iter().all(|organizer| *organizer == "mailto:rsvp@convoke.test"));
    let id = stage.id("fair");
    assert!(values(&lines, "URL").contains(&format!("https://convoke.test/e/{}", short(&id)).as_str()));
}

#[test]
fn a_private_date_of_a_public_series_is_nowhere() {
    let stage = season();
    let secret = |title: &str| EventDetails {
        class: Class::Confidential,
        ..details(title, "2027-07-05T19:05:00", "2027-07-05T20:05:00")
    };
    // The very next one, which would head the page.
    stage.date("course", "2027-07-05T19:05:00", secret("Contract talks"));
    let short = short(&stage.id("course")).to_owned();
    for path in ["/s/ann", "/s/ann.ics", "/s/ann.md", "/s/ann/embed", &format!("/s/ann/rows?ids={short}"), "/llms.txt"]
        .into_iter()
        .chain([format!("/e/{short}"), format!("/e/{short}.ics"), format!("/e/{short}.md")].iter().map(String::as_str))
    {
        let answer = stage.get(path, None);
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.body.contains("Contract talks"), "{path}: {}", answer.body);
    }
    let page = stage.get(&format!("/e/{short}"), None).body;
    assert!(page.contains("Training") && page.contains("12 July"), "the next date is the one after it: {page}");
    assert!(!stage.get("/s/ann?q=contract", None).body.contains(&short));
    let file = stage.form("/s/ann/file", &format!("event={short}"));
    assert!(file.body.contains("Training") && !file.body.contains("Contract"), "{}", file.body);
}

#[test]
fn a_calendar_changes_when_something_changes_and_not_before() {
    let stage = season();
    let first = stage.get("/s/ann.ics", None);
    stage.world.advance(3_600);
    let again = stage.ask("GET", "/s/ann.ics", None, &[("if-none-match", first.header("etag"))], "");
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    stage.request("fair", days("Summer fair, in the park", "2027-08-01", "2027-08-03"));
    let moved = stage.ask("GET", "/s/ann.ics", None, &[("if-none-match", first.header("etag"))], "");
    assert_eq!(moved.status, StatusCode::OK);
    let of = |body: &str| {
        let lines = lines(body);
        let at = lines.iter().position(|line| line.contains(stage.id("fair").as_str())).unwrap();
        let rest = &lines[at..];
        (values(rest, "SEQUENCE")[0].parse::<u32>().unwrap(), values(rest, "LAST-MODIFIED")[0].to_owned())
    };
    let (before, after) = (of(&first.body), of(&moved.body));
    assert!(after.0 > before.0 && after.1 > before.1, "{before:?} {after:?}");
}

#[test]
fn a_filter_narrows_a_calendar_and_a_twin_alike() {
    let stage = season();
    let feed = stage.get("/s/ann.ics?words=fair", None);
    let lines = lines(&feed.body);
    assert_eq!(values(&lines, "SUMMARY").len(), 1);
    assert_eq!(values(&lines, "SOURCE"), ["https://convoke.test/s/ann.ics?words=fair"]);
    assert_ne!(values(&lines, "UID")[0], values(&self::lines(&stage.get("/s/ann.ics", None).body), "UID")[0]);
    let twin = stage.get("/s/ann.md?words=fair", None);
    assert!(twin.body.contains("Summer fair") && !twin.body.contains("Quarterly call"), "{}", twin.body);
    for (path, field) in [("/s/ann.ics?from=soon", "from"), ("/s/ann.md?day=someday", "day")] {
        let wrong = stage.get(path, None);
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert!(wrong.json()["detail"].as_str().unwrap().contains(field), "{}", wrong.body);
    }
}

#[test]
fn one_event_is_a_calendar_a_file_and_a_text() {
    let stage = season();
    let short = short(&stage.id("fair")).to_owned();
    let feed = stage.get(&format!("/e/{short}.ics"), None);
    assert_eq!(values(&lines(&feed.body), "SUMMARY").len(), 1);
    let file = stage.get(&format!("/e/{short}.ics?download=1"), None);
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"summer-fair-unicode-b-2027-08-01.ics\"; \
         filename*=UTF-8''Summer%20fair%3B%20%C3%BCn%C3%AFcode%20%26%20b%202027-08-01.ics"
    );
    let lines = lines(&file.body);
    assert!(values(&lines, "X-WR-CALNAME").is_empty() && values(&lines, "SOURCE").is_empty());
    assert_eq!(values(&lines, "SEQUENCE"), ["0"]);
    let text = stage.ask("GET", &format!("/e/{short}.md"), None, &[("accept-language", "es")], "");
    assert_eq!(text.header("content-language"), "es");
    assert!(text.body.starts_with("# Summer fair; \"ünïcode\" \\& \\<b\\>\n"), "{}", text.body);
    assert!(text.body.contains("2027-08-01") && text.body.contains("/invite>"), "{}", text.body);
    assert_eq!(text.header("link"), format!("<https://convoke.test/e/{short}?lang=es>; rel=\"canonical\""));
}

#[test]
fn what_is_not_public_has_no_twin() {
    let stage = season();
    let secret = short(&stage.id("secret")).to_owned();
    for path in [
        format!("/e/{secret}.ics"),
        format!("/e/{secret}.md"),
        "/e/000000000000.ics".into(),
        "/e/0.ics".into(),
        "/s/nobody.ics".into(),
        "/s/nobody.md?words=x".into(),
    ] {
        let answer = stage.get(&path, None);
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
}

#[test]
fn ticked_events_are_one_file() {
    let stage = season();
    let (call, fair, secret) = (stage.id("call-1"), stage.id("fair"), stage.id("secret"));
    let file = stage.form("/s/ann/file", &format!("event={call}&event={}&event={secret}&event={call}", short(&fair)));
    assert_eq!((file.status, file.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(values(&lines(&file.body), "UID"), [call.as_str(), fair.as_str()]);
    assert!(file.header("content-disposition").starts_with("attachment; filename=\""));
    for (body, status) in [
        ("", StatusCode::BAD_REQUEST),
        ("event=x", StatusCode::BAD_REQUEST),
        ("event=%27%3B--%C3%BC%C3%BC%C3%BC%C3%BC", StatusCode::BAD_REQUEST),
        ("event=000000000000", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(stage.form("/s/ann/file", body).status, status, "{body}");
    }
}

#[test]
fn an_old_slug_leads_to_the_new_twin() {
    let stage = season();
    let change = format!("/v1/organizers/{}", owner());
    stage.json("PUT", &change, Some(crate::stage::STANDARD), "{\"slug\":\"ann-corp\"}");
    for (old, new) in [
        ("/s/ann.ics", "/s/ann-corp.ics"),
        ("/s/ann.md", "/s/ann-corp.md"),
        ("/s/ann.ics?side=home", "/s/ann-corp.ics?side=home"),
    ] {
        let moved = stage.get(old, None);
        assert_eq!((moved.status, moved.header("location")), (StatusCode::MOVED_PERMANENTLY, new));
    }
}

#[test]
fn a_twin_lists_every_date_to_come() {
    let stage = season();
    let twin = stage.get("/s/ann.md", None);
    assert_eq!(twin.header("content-type"), "text/markdown; charset=utf-8; variant=CommonMark");
    assert_eq!(twin.body.matches("[Training]").count(), 10);
    assert!(twin.body.contains("- **Cancelled** · 2027-07-03T19:05:00-04:00 · "), "{}", twin.body);
    assert!(!twin.body.contains("Past game") && !twin.body.contains("Secret"));
    let starts: Vec<&str> =
        twin.body.lines().filter_map(|line| line.split(" · ").find(|part| part.contains("2027-"))).collect();
    assert!(starts.is_sorted_by_key(|start| start.trim_start_matches("- ")), "{starts:?}");
}

#[test]
fn maps_lead_to_what_is_public_and_to_come() {
    let stage = season();
    let index = stage.get("/sitemap.xml", None);
    assert_eq!(index.header("content-type"), "application/xml; charset=utf-8");
    assert!(index.body.contains("<loc>https://convoke.test/sitemap.xml?of=ann</loc>"), "{}", index.body);
    let map = stage.get("/sitemap.xml?of=ann", None);
    let event = |uid: &str| format!("<loc>https://convoke.test/e/{}</loc>", short(&stage.id(uid)));
    for part in ["<loc>https://convoke.test/s/ann</loc>", &event("fair"), &event("off"), &event("course")] {
        assert!(map.body.contains(part), "{part}\n{}", map.body);
    }
    for part in [event("past"), event("secret")] {
        assert!(!map.body.contains(&part), "{part}");
    }
    let known = stage.ask("GET", "/sitemap.xml", None, &[("if-none-match", index.header("etag"))], "");
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
    assert_eq!(stage.get("/sitemap.xml?of=nobody", None).status, StatusCode::NOT_FOUND);
    stage.world.advance(400 * 86_400);
    assert!(!stage.get("/sitemap.xml", None).body.contains("<loc>"), "nothing is to come at {NOW:?} and a year");
}

#[test]
fn agents_and_crawlers_are_told_where_to_begin() {
    let (stage, _) = Stage::new();
    let guide = stage.get("/llms.txt", None);
    assert!(guide.body.starts_with("# Convoke\n") && guide.body.contains("https://convoke.test/openapi.json"));
    assert!(stage.get("/robots.txt", None).body.contains("Sitemap: https://convoke.test/sitemap.xml"));
}

#[test]
fn a_place_for_guests_alone_is_in_no_twin() {
    let stage = season();
    let mut meeting = details("Members' call", "2027-07-06T19:05:00", "2027-07-06T20:05:00");
    meeting.location = "The back room".into();
    meeting.url = "https://us02web.zoom.us/j/123?pwd=x".into();
    meeting.description = "Talk of the month.\nJoin: https://us02web.zoom.us/j/123?pwd=x".into();
    meeting.description_html = "Talk of the month.<br>Join: https://us02web.zoom.us/j/123?pwd=x".into();
    stage.request("meeting", meeting);
    let id = stage.id("meeting");
    let paths = ["/s/ann.ics".to_owned(), "/s/ann.md".to_owned()];
    let paths = paths.into_iter().chain(["ics", "md", "ics?download=1"].map(|end| format!("/e/{}.{end}", short(&id))));
    let paths: Vec<String> = paths.collect();
    let tells = |path: &str| {
        let body = stage.get(path, None).body.replace("\r\n ", "");
        assert!(body.contains("Members"), "{path}");
        body.contains("back room") || body.contains("zoom")
    };
    assert!(paths.iter().all(|path| tells(path)));
    let hide = "{\"settings\":{\"hide_place\":true}}";
    let set = stage.json("PUT", &format!("/v1/organizers/{}", owner()), Some(crate::stage::STANDARD), hide);
    assert_eq!(set.status, StatusCode::OK, "{}", set.body);
    for path in &paths {
        assert!(!tells(path), "{path}");
    }
    let file = stage.form("/s/ann/file", &format!("event={id}"));
    assert!(!file.body.contains("back room") && !file.body.contains("zoom"), "{}", file.body);
}

#[test]
fn twins_of_a_season_are_no_larger_than_they_must_be() {
    let stage = Stage::new().0;
    stage.copies(2_499);
    for (path, bytes_max) in [("/s/ann.ics", 1_300_000), ("/s/ann.md", 500_000), ("/sitemap.xml?of=ann", 250_000)] {
        let answer = stage.get(path, None);
        assert!(answer.body.contains("convoke.test/e/") && answer.body.len() < bytes_max, "{path}");
    }
}
