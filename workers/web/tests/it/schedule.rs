//! The organizer's page as its visitors narrow it, tick it and send it.

use std::collections::BTreeSet;

use futures_executor::block_on;
use http::StatusCode;
use itip::{EventDetails, Method, When};
use store::pages;

use crate::stage::{Answer, NOW, Stage, days, details, owner};

/// Three games, a concert and a series.
fn season() -> Stage {
    let stage = Stage::new().0;
    let game = |uid: &str, title: &str, start: &str, end: &str| stage.request(uid, details(title, start, end));
    game("g1", "Rays at Gulls", "2027-07-03T13:05:00", "2027-07-03T16:05:00");
    game("g2", "Gulls at Otters", "2027-07-10T19:05:00", "2027-07-10T22:05:00");
    game("g3", "Otters at Gulls", "2027-08-06T19:05:00", "2027-08-06T22:05:00");
    stage.request("fair", days("Fan fair", "2027-08-01", "2027-08-03"));
    stage
}

fn configure(stage: &Stage, json: &str) {
    block_on(pages::save(stage.world.db(), &owner(), "ann", json, None, NOW)).unwrap().unwrap();
}

fn titles(page: &Answer) -> Vec<&str> {
    let known = ["Quarterly call", "Rays at Gulls", "Gulls at Otters", "Otters at Gulls", "Fan fair"];
    known.into_iter().filter(|title| page.body.contains(&format!("<b dir=auto>{title}"))).collect()
}

fn short(stage: &Stage, uid: &str) -> String {
    views::links::short(&stage.id(uid)).to_owned()
}

#[test]
fn a_view_has_an_address() {
    let stage = season();
    configure(&stage, "{\"team\":\"Gulls\",\"title\":\"Gulls 2027\"}");
    for (query, wanted) in [
        ("side=home", vec!["Rays at Gulls", "Otters at Gulls"]),
        ("side=away", vec!["Gulls at Otters"]),
        ("team=Otters&month=2027-08", vec!["Otters at Gulls"]),
        ("day=sat,sun", vec!["Rays at Gulls", "Gulls at Otters", "Fan fair"]),
        ("words=fair", vec!["Fan fair"]),
        ("games=1&not=rays", vec!["Gulls at Otters", "Otters at Gulls"]),
        ("q=next+home+game", vec!["Rays at Gulls"]),
        ("q=last+game", vec!["Otters at Gulls"]),
        ("month=2027-13", vec!["Quarterly call", "Rays at Gulls", "Gulls at Otters", "Otters at Gulls", "Fan fair"]),
    ] {
        assert_eq!(titles(&stage.get(&format!("/s/ann?{query}"), None)), wanted, "{query}");
    }
    let page = stage.get("/s/ann?side=home&month=2027-07", None);
    for part in ["1 of 5 events", "Gulls 2027", "href=\"/s/ann?side=home\"", "/s/ann.ics?month=2027-07&#38;side=home"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let nothing = stage.get("/s/ann?words=hockey", None);
    assert!(nothing.body.contains("Nothing matches") && nothing.body.contains("Show all 5"));
}

#[test]
fn the_page_speaks_the_reader_s_language() {
    let stage = season();
    let ask = |path: &str, accept: &str| stage.ask("GET", path, None, &[("accept-language", accept)], "").body;
    let spanish = ask("/s/ann", "es-MX");
    for part in
        ["<html lang=\"es\"", "julio de 2027", "13:05", "Enviar invitaciones", "Todo el día", "hora de Nueva York"]
    {
        assert!(spanish.contains(part), "{part}");
    }
    assert!(ask("/s/ann?lang=en", "es-MX").contains("Send invitations"));
    configure(&stage, "{\"language\":\"es\",\"times\":\"12h\"}");
    let own = ask("/s/ann", "de");
    assert!(own.contains("<html lang=\"es\"") && own.contains("1:05 pm"));
    // Whoever chose a language keeps it on the page after, and in his invitation.
    let body = format!("email=ana@example.com&lang=es&event={}", short(&stage, "g1"));
    let sent = stage.form("/s/ann", &body);
    assert!(sent.body.contains("1 invitación va camino de"), "{}", sent.body);
    assert_eq!(stage.language(&stage.id("g1"), "ana@example.com"), "es");
}

#[test]
fn a_link_that_is_passed_on_takes_a_language_along_only_if_it_was_chosen() {
    let stage = season();
    configure(&stage, "{\"team\":\"Gulls\"}");
    let page = |path: &str| stage.ask("GET", path, None, &[("accept-language", "es")], "").body;
    for (path, choices) in [
        ("/s/ann", vec!["lang=en"]),
        ("/s/ann?side=home", vec!["lang=en"]),
        ("/s/ann?lang=es", vec!["lang=en", "lang=es"]),
        ("/s/ann?side=home&lang=es", vec!["lang=en", "lang=es"]),
    ] {
        let body = page(path);
        assert!(body.contains("<html lang=\"es\""), "{path}");
        // A link to a language is how it is chosen.
        let found: BTreeSet<&str> = body
            .split("href=\"/s/ann?")
            .skip(1)
            .filter_map(|rest| rest.split('"').next()?.split("&#38;").find(|part| part.starts_with("lang=")))
            .collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), choices, "{path}");
        assert_eq!(body.contains("name=\"lang\""), choices.contains(&"lang=es"), "{path}");
    }
}

#[test]
fn a_question_with_an_address_is_ready_to_send_and_sends_nothing() {
    let stage = season();
    configure(&stage, "{\"team\":\"Gulls\"}");
    let page = stage.get("/s/ann?q=send+me+all+home+games+in+august,+ana@example.com", None);
    assert_eq!(titles(&page), ["Otters at Gulls"]);
    assert_eq!(page.body.matches(" checked>").count(), 1);
    for part in ["value=\"ana@example.com\"", "Nothing is sent until you press", "1 event picked", "Remove: Home"] {
        assert!(page.body.contains(part), "{part}");
    }
    assert_eq!(stage.mails(), 0);
    assert_eq!(stage.get("/s/ann?words=gulls&tick=all", None).body.matches(" checked>").count(), 3);
}

#[test]
fn a_word_that_was_mended_is_told() {
    let stage = season();
    let page = stage.get("/s/ann?q=oters", None);
    assert_eq!(titles(&page), ["Gulls at Otters", "Otters at Gulls"]);
    assert!(page.body.contains("Searched for “otters” instead of “oters”."), "{}", page.body);
    let spanish = stage.get("/s/ann?q=oters&lang=es", None);
    assert!(spanish.body.contains("Se buscó «otters» en lugar de «oters»."), "{}", spanish.body);
    assert!(!stage.get("/s/ann?q=otters", None).body.contains("Searched for"));
}

#[test]
fn a_team_that_nearly_all_games_are_of_has_home_and_away() {
    let stage = season();
    let has_sides = || stage.get("/s/ann", None).body.contains("data-part=\"side=home\"");
    assert!(!has_sides(), "three games are too few to tell");
    for (uid, title) in [("g4", "Gulls at Rays"), ("g5", "Pipers at Gulls")] {
        stage.request(uid, details(title, "2027-08-13T19:05:00", "2027-08-13T22:05:00"));
    }
    assert!(has_sides());
    assert_eq!(titles(&stage.get("/s/ann?side=away", None)), ["Gulls at Otters"]);
    assert_eq!(stage.get("/s/ann.ics?side=home", None).body.matches("BEGIN:VEVENT").count(), 3);
    for (uid, title) in [("g6", "Pipers at Rays"), ("g7", "Otters at Rays")] {
        stage.request(uid, details(title, "2027-08-13T19:05:00", "2027-08-13T22:05:00"));
    }
    assert!(!has_sides(), "a league is nobody's");
}

#[test]
fn what_does_not_fit_is_picked_in_a_second_go() {
    let stage = Stage::new().0;
    stage.copies(240);
    let all = stage.get("/s/ann?words=call", None).body;
    assert!(all.contains("Pick the first 200") && !all.contains("data-all"), "{all}");
    let ticked = |body: &str| body.matches(" checked>").count();
    let first = stage.get("/s/ann?words=call&tick=all", None).body;
    assert_eq!(ticked(&first), 200);
    assert!(first.contains("200 of 241 are picked") && !first.contains("Pick the first 200"));
    assert!(first.contains("name=\"rest\" value=\"words=call&#38;tick=all&#38;skip=200\""), "{first}");
    let form =
        format!("email=ana@example.com&event={}&rest=words%3Dcall%26tick%3Dall%26skip%3D200", short(&stage, "call-1"));
    let sent = stage.form("/s/ann", &form).body;
    assert!(sent.contains("href=\"/s/ann?words=call&#38;tick=all&#38;skip=200\">Pick the next"), "{sent}");
    let second = stage.get("/s/ann?words=call&tick=all&skip=200", None).body;
    assert_eq!(ticked(&second), 41);
    assert!(second.contains("Events 201 to 241 of 241 are picked."), "{second}");
    assert!(second.contains("href=\"#picked\""));
    assert_eq!(second.matches("<li id=picked").count(), 1, "{second}");
    let beyond = stage.get("/s/ann?words=call&tick=all&skip=241", None).body;
    assert!(ticked(&beyond) == 0 && !beyond.contains("are picked."));
    assert!(!second.contains("name=\"rest\""));
    let forged = stage.form("/s/ann", &format!("{}&rest=%22%3E%3Cb%3E", form.split("&rest").next().unwrap())).body;
    assert!(!forged.contains("Pick the next"));
}

#[test]
fn a_season_that_is_too_long_for_a_page_goes_on_on_the_next() {
    let stage = season();
    stage.copies(2_499);
    // Those of the day before might be of the next day somewhere.
    let earlier = "UPDATE event SET start_at = start_at - 864000, end_at = end_at - 864000, last_end = last_end - 864000, \
                   details = replace(details, '2027-07-02', '2027-06-22') WHERE event_id < '1'";
    stage.world.db().migrate(earlier).unwrap();
    let first = stage.get("/s/ann?lang=en", None);
    assert_eq!(titles(&first), ["Quarterly call"]);
    let later =
        "<a class=\"button\" href=\"/s/ann?from=2027-07-03&#38;lang=en\">Later events, from Saturday 3 July 2027";
    assert!(first.body.contains("2,504 events") && first.body.contains(later), "{}", first.body);
    assert!(!first.body.contains("data-whole"), "a script would filter what it has");
    let next = stage.get("/s/ann?from=2027-07-03", None);
    assert_eq!(titles(&next), ["Rays at Gulls", "Gulls at Otters", "Otters at Gulls", "Fan fair"]);
    assert!(next.body.contains("4 of 2,504 events") && !next.body.contains("Later events"), "{}", next.body);
    for (query, wanted) in [
        ("month=2027-08", vec!["Otters at Gulls", "Fan fair"]),
        ("words=fair", vec!["Fan fair"]),
        ("team=Otters", vec!["Gulls at Otters", "Otters at Gulls"]),
        ("q=in+august", vec!["Otters at Gulls", "Fan fair"]),
        ("to=2027-07-02", vec!["Quarterly call"]),
    ] {
        let page = stage.get(&format!("/s/ann?{query}"), None);
        assert_eq!(titles(&page), wanted, "{query}");
        assert!(!page.body.contains("Later events"), "{query}");
    }
    // Of what is wished for there may be more than is looked up.
    assert!(stage.get("/s/ann?words=call&side=away", None).body.contains("Nothing matches"));
    assert!(stage.get("/s/ann?after=19:00", None).body.contains("/s/ann?from=2027-07-03&#38;after=19:00"));
    // Nor is the last of these the last of all.
    assert!(stage.get("/s/ann?q=last+event", None).body.contains("Later events"));
    assert!(stage.get("/s/ann?month=2027-08", None).body.contains("<option value=\"2027-08\" selected>August 2027"));
    assert!(stage.get("/s/ann.md?month=2027-08", None).body.contains("Fan fair"));
    assert!(stage.get("/s/ann.ics?words=fair", None).body.contains("SUMMARY:Fan fair"));
    // Picks of any part are sent together.
    let picks: String = ["call-1", "g1", "g2", "g3"].map(|uid| format!("&event={}", short(&stage, uid))).concat();
    let sent = stage.form("/s/ann", &format!("email=ana@example.com{picks}")).body;
    assert!(sent.contains("4 invitations are on their way"), "{sent}");
    // A page of some of them has room for those.
    configure(&stage, "{\"filter\":\"team=Otters\"}");
    let some = stage.get("/s/ann", None);
    assert_eq!(titles(&some), ["Gulls at Otters", "Otters at Gulls"]);
    assert!(some.body.contains("2 events") && some.body.contains("data-whole"), "{}", some.body);
}

#[test]
fn picks_are_named_by_a_part_of_their_id() {
    let stage = season();
    let (one, gone) = (short(&stage, "g1"), short(&stage, "g2"));
    stage.organizer("g2", Method::Cancel, None);
    let sent = stage
        .form("/s/ann", &format!("email=ana@example.com&event={one}&event={gone}&event={}&event=x", stage.id("g1")));
    assert!(sent.body.contains("1 invitation is on its way"), "{}", sent.body);
    assert!(sent.body.contains("has been cancelled"));
    assert!(sent.body.contains("cannot be called back"));
    assert_eq!(stage.mails(), 1);
    // Over and no longer on the page: still known by its name.
    stage.world.advance(200 * 86_400);
    let late = stage.form("/s/ann", &format!("email=ben@example.com&event={one}"));
    assert!(late.body.contains("This event is over"), "{}", late.body);
}

#[test]
fn what_is_over_is_folded_away() {
    let stage = season();
    stage.world.advance(33 * 86_400);
    let page = stage.get("/s/ann", None);
    assert!(page.body.contains("2 earlier events") && page.body.contains("3 events"));
    assert_eq!(page.body.matches("type=checkbox name=event").count(), 3);
}

#[test]
fn a_person_gets_one_of_the_slots_under_a_title() {
    let stage = Stage::empty();
    block_on(store::accounts::enroll_organizer(stage.world.db(), &owner(), "Ann Corp", &["ann".into()], NOW)).unwrap();
    let slot = |uid: &str, hour: u32| {
        let (start, end) = (format!("2027-07-03T{hour}:00:00"), format!("2027-07-03T{hour}:30:00"));
        stage.request(uid, details("Tour", &start, &end));
    };
    slot("ten", 10);
    slot("eleven", 11);
    slot("twelve", 12);
    configure(&stage, "{\"kind\":\"slots\",\"one_per_person\":true}");
    let page = stage.get("/s/ann", None);
    assert_eq!(page.body.matches("type=radio name=event-0").count(), 3);
    assert!(page.body.contains("One time per person"));
    let both = format!("email=ana@example.com&event-0={}&event={}", short(&stage, "eleven"), short(&stage, "ten"));
    let sent = stage.form("/s/ann", &both);
    assert!(
        sent.body.contains("1 invitation is on its way") && sent.body.contains("this one was not sent"),
        "{}",
        sent.body
    );
    assert_eq!(stage.mails(), 1);
    // Another day, another slot: he keeps the first, and whoever knows his address learns nothing.
    let again = stage.form("/s/ann", &format!("email=ana@example.com&event-0={}", short(&stage, "twelve")));
    let other = stage.form("/s/ann", &format!("email=ben@example.com&event-0={}", short(&stage, "twelve")));
    assert_eq!(again.body.replace("a*******", "b*******"), other.body);
    assert_eq!(stage.mails(), 1);
}

#[test]
fn changed_rows_are_told_alone() {
    let stage = season();
    let answer = stage.get(&format!("/s/ann/rows?ids={},{}&lang=es", stage.id("g1"), "0".repeat(40)), None);
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Rays at Gulls") && !answer.body.contains("Otters") && !answer.body.contains("<html"));
    assert_eq!(stage.get("/s/nobody/rows?ids=x", None).status, StatusCode::NOT_FOUND);
}

#[test]
fn a_colour_is_a_style_that_its_name_tells() {
    let stage = season();
    configure(&stage, "{\"accent\":\"#e8590c\",\"logo\":\"https://club.example/logo.svg\"}");
    let page = stage.get("/s/ann", None);
    assert!(page.header("content-security-policy").contains("img-src 'self' data: https:"));
    let path = page.body.split("href=\"").find(|part| part.starts_with("/theme/")).unwrap().split('"').next().unwrap();
    let style = stage.get(path, None);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable") && style.body.contains("--accent:light-dark(#"));
    for wrong in ["/theme/red.css", "/theme/e8590c", "/theme/e8590c-x.js"] {
        assert_eq!(stage.get(wrong, None).status, StatusCode::NOT_FOUND, "{wrong}");
    }
    assert!(!stage.get("/theme/e8590c-0.css", None).header("cache-control").contains("immutable"));
}

#[test]
fn a_series_stands_at_the_date_that_is_wanted() {
    let stage = Stage::new().0;
    let mut weekly: EventDetails = details("Training", "2027-06-02T18:00:00", "2027-06-02T19:00:00");
    weekly.recurrence.rrule = Some("FREQ=WEEKLY;COUNT=20".into());
    weekly.last_end = None;
    assert!(matches!(weekly.start, When::At(_)));
    stage.request("weekly", weekly);
    let page = stage.get("/s/ann", None);
    assert!(page.body.contains("then Wed 9 Jun, Wed 16 Jun, Wed 23 Jun"), "{}", page.body);
    let august = stage.get("/s/ann?month=2027-08", None);
    assert!(august.body.contains("id=d2027-08-04") && august.body.contains("then Wed 11 Aug"), "{}", august.body);
}

fn events_version(stage: &Stage) -> u32 {
    block_on(pages::page(stage.world.db(), "ann")).unwrap().unwrap().events_version
}

#[test]
fn the_events_of_a_page_are_read_again_when_one_has_changed() {
    let stage = season();
    let found = |stage: &Stage| titles(&stage.get("/s/ann?q=gulls", None)).len();
    let rename = |uid: &str| {
        let sql = "UPDATE event SET details = replace(details, 'Gulls', 'Terns'), last_modified = last_modified";
        stage.world.db().migrate(&format!("{sql} WHERE event_id = '{}'", stage.id(uid))).unwrap();
    };
    assert_eq!(found(&stage), 3);
    rename("g1");
    assert_eq!(found(&stage), 2);
    // A change that moves no version is not seen: nothing is read for a page that is the same.
    stage.world.db().migrate("DROP TRIGGER event_changed").unwrap();
    rename("g2");
    assert_eq!(found(&stage), 2);
    // Another wish for the page is another page.
    configure(&stage, "{\"title\":\"Gulls 2027\"}");
    assert_eq!(found(&stage), 1);
}

#[test]
fn time_alone_makes_other_dates_stand_on_a_page() {
    let stage = Stage::new().0;
    let mut weekly: EventDetails = details("Training", "2027-06-02T18:00:00", "2027-06-02T19:00:00");
    weekly.recurrence.rrule = Some("FREQ=WEEKLY;COUNT=20".into());
    weekly.last_end = None;
    stage.request("weekly", weekly);
    let shows = |day: &str| stage.get("/s/ann?words=training", None).body.contains(&format!("id=d2027-06-{day}"));
    assert!(shows("02") && !shows("09"));
    stage.world.advance(7 * 86_400);
    assert!(shows("09") && !shows("02"));
}

#[test]
fn answers_of_guests_are_no_change_of_the_events() {
    let stage = season();
    stage.settle();
    let before = events_version(&stage);
    let (uid, form) = (stage.id("g1"), "email=fan%40example.org");
    assert_eq!(stage.form(&format!("/event/{uid}/invite"), form).status, StatusCode::SEE_OTHER);
    stage.settle();
    assert_eq!(events_version(&stage), before);
    stage.request("g1", details("Rays at Gulls", "2027-07-04T13:05:00", "2027-07-04T16:05:00"));
    stage.settle();
    assert!(events_version(&stage) > before);
    let cancelled = events_version(&stage);
    stage.organizer("g2", Method::Cancel, None);
    stage.settle();
    assert!(events_version(&stage) > cancelled);
}
