//! What is published: the same bytes from D1 and from a snapshot, and when a snapshot is made anew.

use futures_executor::block_on;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use itip::{CalAddress, Class, EventDetails, Method};
use scheduling::command::{Command, Job, OrganizerCommand};
use scheduling::organizer_object::editions::{Changes, Kept, Rebuild};
use scheduling::ports::{Clock, Objects};
use scheduling::settings::OrganizerSettings;
use store::accounts;
use views::links::short;
use web::KeyHashes;
use web::publish::{Edition, KeptRows, PublishContext, STALE_GRACE_SECS, admits, from_snapshot, news, rebuild};

use crate::stage::{ADMIN, NOW, STANDARD, Stage, address, details, owner};

const PAGE: &str = "/s/ann";
const LIST: &str = "/organizer/ann@corp.example/events";

fn fields(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

impl Stage {
    /// Carries out what the router started, and the rebuild that is due. Returns how many snapshots were written.
    fn publish(&self) -> usize {
        self.publish_of(&owner(), &self.kept)
    }

    fn publish_of(&self, organizer: &CalAddress, kept: &KeptRows) -> usize {
        let before = self.world.snapshot_calls().1;
        while let Some(job) = self.world.next_job() {
            if let Job::Snapshot { organizer, edition } = job {
                block_on(self.world.organizer(&organizer, OrganizerCommand::Read { edition })).unwrap();
            }
        }
        if let Some(due) = self.world.take_rebuild(organizer).unwrap() {
            let now = self.world.now();
            let context =
                PublishContext { db: self.world.db(), config: &self.config, now, kept: Some(kept), seasons: None };
            let rebuilt = block_on(rebuild(context, &*self.world, organizer, &due)).unwrap();
            self.world.settle_rebuild(organizer, &due, &rebuilt.kept).unwrap();
        }
        self.world.snapshot_calls().1 - before
    }

    /// What the edge would answer without the router. It gets nothing but the snapshots: no D1, no object.
    fn edge(&self, path: &str, headers: &HeaderMap) -> Option<Response<Option<Vec<u8>>>> {
        let edition = Edition::wanted(path, None, headers).unwrap();
        block_on(from_snapshot(&*self.world, &edition, path, headers, self.world.now())).unwrap()
    }

    fn text(&self, path: &str) -> String {
        let answer = self.edge(path, &HeaderMap::new()).unwrap();
        String::from_utf8(answer.into_body().unwrap()).unwrap()
    }
}

/// A stage whose page and list have snapshots.
fn published() -> Stage {
    let (stage, _) = Stage::new();
    for (path, key) in [(PAGE, None), (LIST, Some(STANDARD))] {
        assert_eq!(stage.get(path, key).status, StatusCode::OK);
    }
    assert_eq!(stage.publish(), 2);
    stage
}

#[test]
fn a_snapshot_answers_as_the_router_does_with_one_read() {
    let stage = published();
    for (path, key) in [(PAGE, None), (LIST, Some(STANDARD))] {
        let mut routed = stage.get(path, key);
        routed.headers.remove("content-length");
        let reads = stage.world.snapshot_calls().0;
        let hot = stage.edge(path, &HeaderMap::new()).unwrap();
        assert_eq!(stage.world.snapshot_calls().0, reads + 1);
        assert_eq!(hot.headers(), &routed.headers, "{path}");
        assert_eq!(hot.into_body().unwrap(), routed.body.as_bytes());
        let known = fields(&[("if-none-match", &format!("\"other\", W/{}", routed.header("etag")))]);
        let same = stage.edge(path, &known).unwrap();
        assert_eq!((same.status(), same.body()), (StatusCode::NOT_MODIFIED, &None));
        let same = stage.ask("GET", path, key, &[("if-none-match", routed.header("etag"))], "");
        assert_eq!((same.status, same.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    let page = stage.get(PAGE, None);
    assert_eq!(page.header("content-language"), "en");
    assert_eq!(page.header("vary"), "Accept-Encoding, Accept-Language");
    assert!(page.header("cache-control").starts_with("public, max-age=10"));
    assert_eq!(stage.get(LIST, Some(STANDARD)).header("cache-control"), "no-cache, private");
    // Another language is another document, which nobody has asked for yet.
    assert!(stage.edge(PAGE, &fields(&[("accept-language", "es")])).is_none());
}

#[test]
fn a_change_is_written_once_a_moment_later_and_what_is_the_same_is_not() {
    let stage = published();
    stage.request("fair", details("Summer fair", "2027-08-01T10:00:00", "2027-08-01T18:00:00"));
    assert_eq!(stage.publish(), 2);
    assert!(stage.text(PAGE).contains("Summer fair") && stage.text(LIST).contains("Summer fair"));
    // A guest's answer, and a saving of settings that changes no byte.
    stage.json(
        "POST",
        &format!("/v1/events/{}/invitations", stage.id("fair")),
        Some(ADMIN),
        r#"{"email":"a@x.example"}"#,
    );
    stage.json("PUT", "/v1/organizers/ann@corp.example", Some(ADMIN), r#"{"settings":{"approval":true}}"#);
    stage.world.advance(20);
    stage.world.ring_alarms().unwrap();
    assert_eq!(stage.publish(), 0);
    stage.organizer("fair", Method::Cancel, None);
    stage.world.advance(2);
    assert_eq!(stage.publish(), 2);
    assert!(stage.text(PAGE).contains("Cancelled"));
}

#[test]
fn a_page_that_time_has_made_wrong_is_not_handed_out_for_long() {
    let stage = published();
    // The quarterly call is a month away: a page stands for a day.
    stage.world.advance(86_400 + 300 + STALE_GRACE_SECS);
    assert!(stage.edge(PAGE, &HeaderMap::new()).is_none());
    // Nothing in the list depends on the hour.
    assert!(stage.edge(LIST, &HeaderMap::new()).is_some());
    assert_eq!(stage.publish(), 1);
    assert!(stage.edge(PAGE, &HeaderMap::new()).is_some());
}

#[test]
fn rows_that_are_kept_make_the_same_page_as_rows_that_are_read() {
    let stage = published();
    let routed = |stage: &Stage| stage.get(PAGE, None).body;
    for (uid, method, summary) in [
        ("fair", Method::Request, "Summer fair"),
        ("call-1", Method::Request, "Quarterly call, moved"),
        ("gala", Method::Request, "Gala"),
        ("fair", Method::Cancel, ""),
    ] {
        let start = if summary.ends_with("moved") { "2027-09-02T19:05:00" } else { "2027-08-01T10:00:00" };
        let says = (method == Method::Request).then(|| details(summary, start, "2027-09-02T22:00:00"));
        stage.organizer(uid, method, says);
        stage.world.advance(2);
        stage.publish();
        assert_eq!(stage.text(PAGE), routed(&stage), "{uid} {summary}");
    }
    let private =
        EventDetails { class: Class::Private, ..details("Gala", "2027-08-01T10:00:00", "2027-08-01T12:00:00") };
    stage.request("gala", private);
    stage.publish();
    assert!(!stage.text(PAGE).contains("Gala"));
    assert_eq!(stage.text(PAGE), routed(&stage));
}

#[test]
fn what_may_not_be_seen_any_more_is_removed() {
    for change in [r#"{"suspended":true}"#, r#"{"slug":"ann-corp"}"#] {
        let stage = published();
        stage.json("PUT", "/v1/organizers/ann@corp.example", Some(ADMIN), change);
        stage.world.advance(2);
        stage.publish();
        assert!(stage.edge(PAGE, &HeaderMap::new()).is_none(), "{change}");
    }
}

#[test]
fn what_changed_while_nothing_was_kept_up_is_not_forgotten() {
    let stage = published();
    let fair = || details("Summer fair", "2027-08-01T10:00:00", "2027-08-01T18:00:00");
    let week = 7 * 86_400;
    // The rows are read a moment before the week is over for which the page is kept up, and once more after it.
    stage.world.advance(week - 600);
    stage.request("fair", fair());
    stage.publish();
    stage.world.advance(600);
    stage.request("gala", details("Gala", "2027-08-02T10:00:00", "2027-08-02T18:00:00"));
    stage.publish();
    assert!(stage.edge(PAGE, &HeaderMap::new()).is_none());
    stage.request("fair", EventDetails { class: Class::Private, ..fair() });
    stage.get(PAGE, None);
    stage.publish();
    assert!(!stage.text(PAGE).contains("Summer fair"));
}

#[test]
fn open_pages_are_not_told_the_ids_of_what_is_private() {
    let stage = published();
    let (public, private) = (stage.id("fair"), stage.id("dinner"));
    let says = |title: &str| details(title, "2027-08-01T10:00:00", "2027-08-01T18:00:00");
    stage.request("dinner", EventDetails { class: Class::Private, ..says("Dinner") });
    stage.request("fair", says("Summer fair"));
    let due = stage.world.take_rebuild(&owner()).unwrap().unwrap();
    let context = PublishContext {
        db: stage.world.db(),
        config: &stage.config,
        now: stage.world.now(),
        kept: Some(&stage.kept),
        seasons: None,
    };
    let rebuilt = block_on(rebuild(context, &*stage.world, &owner(), &due)).unwrap();
    let said = news(&due, &rebuilt.kept).unwrap();
    assert!(said.contains(short(&public)), "{said}");
    assert!(!said.contains(private.as_str()) && !said.contains(public.as_str()), "{said}");
}

#[test]
fn the_page_of_an_event_is_not_made_anew_for_others_that_it_does_not_name() {
    let stage = published();
    let day = |n: u32| {
        details(&format!("Game {n}"), &format!("2027-07-{n:02}T10:00:00"), &format!("2027-07-{n:02}T12:00:00"))
    };
    for n in 3..25 {
        stage.request(&format!("game-{n}"), day(n));
    }
    let page = format!("/e/{}", short(&stage.id("game-20")));
    stage.get(&page, None);
    stage.publish();
    // What a rebuild of this page would show, if there were one.
    let sneak = |title: &str| {
        let sql = format!(
            "UPDATE event SET details = json_set(details, '$.summary', '{title}') WHERE details LIKE '%Game 20%'"
        );
        stage.world.db().migrate(&sql).unwrap();
    };
    sneak("Game 20, sneaked in");
    stage.request("game-24", EventDetails { location: "Far away".into(), ..day(24) });
    stage.publish();
    assert!(stage.text(PAGE).contains("Far away"), "what changed is published");
    assert!(!stage.text(&page).contains("sneaked in"), "the 22nd of the season is not among those that a page names");
    // The next one is named by every page.
    stage.request("game-3", EventDetails { summary: "Opening day".into(), ..day(3) });
    stage.publish();
    assert!(stage.text(&page).contains("Opening day") && stage.text(&page).contains("sneaked in"));
}

#[test]
fn a_document_that_cannot_be_made_holds_up_no_other_and_is_taken_down() {
    let stage = published();
    let says = |title: &str| details(title, "2027-08-01T10:00:00", "2027-08-01T18:00:00");
    let mut ids = ["fair", "gala"].map(|uid| stage.request(uid, says(uid)));
    // The documents of one rebuild are made in this order.
    ids.sort();
    let [broken, other] = ids.each_ref().map(|id| format!("/e/{}", short(id)));
    for page in [&broken, &other] {
        assert_eq!(stage.get(page, None).status, StatusCode::OK);
    }
    stage.publish();
    // Its row is not read for the pages of others, whose object remembers it.
    let row = |set: &str| {
        let sql = format!("UPDATE event SET details = {set} WHERE event_id = '{}'", ids[0]);
        stage.world.db().migrate(&sql).unwrap();
    };
    row("'<' || details");
    stage.request("call-1", details("Opening day", "2027-06-02T10:00:00", "2027-06-02T12:00:00"));
    stage.world.advance(2);
    stage.publish();
    assert!(stage.text(PAGE).contains("Opening day") && stage.text(&other).contains("Opening day"));
    assert!(!stage.text(&broken).contains("Opening day"));
    for _ in 0..40 {
        stage.world.advance(1);
        stage.publish();
    }
    assert!(stage.edge(&broken, &HeaderMap::new()).is_none(), "nobody reads for long what is not true any more");
    row("substr(details, 2)");
    stage.world.advance(60);
    stage.publish();
    assert!(stage.text(&broken).contains("Opening day"));
}

#[test]
fn pages_that_are_open_are_loaded_again_when_theirs_can_be_made_again() {
    let stage = published();
    let kept = |key: &str, etag: &str, failures| Kept {
        key: key.into(),
        etag: etag.into(),
        stale_at: None,
        until: stage.world.now().plus(86_400),
        unsure: false,
        failures,
    };
    let (page, list) = ("1/schedule/-/ann", "1/events/-/ann@corp.example");
    let due = Rebuild { editions: vec![kept(page, "", 3), kept(list, "", 3)], changes: Changes::Events(Vec::new()) };
    assert_eq!(news(&due, &[kept(page, "", 4), kept(list, "new", 0)]), None);
    assert_eq!(news(&due, &[kept(page, "new", 0), kept(list, "", 4)]), Some(r#"{"reload":true}"#.into()));
}

#[test]
fn the_page_of_an_event_that_changes_hands_is_kept_up_by_its_new_owner_alone() {
    let bob = address("bob@club.example");
    for bob_is_first in [false, true] {
        let (stage, id) = Stage::new();
        block_on(accounts::enroll_organizer(stage.world.db(), &bob, "Bob Club", &["bob".into()], NOW)).unwrap();
        let (anns, bobs) = (KeptRows::default(), KeptRows::default());
        let page = format!("/e/{}", short(&id));
        for path in [PAGE, "/s/bob", &page] {
            assert_eq!(stage.get(path, None).status, StatusCode::OK);
        }
        assert_eq!(stage.publish_of(&owner(), &anns) + stage.publish_of(&bob, &bobs), 3);
        let settings = OrganizerSettings::default();
        block_on(stage.world.event(&id, Command::HandOver { owner: bob.clone(), settings })).unwrap();
        stage.settle();
        let rebuilds = || {
            if bob_is_first {
                stage.publish_of(&bob, &bobs);
            }
            stage.publish_of(&owner(), &anns);
            // The next reader orders what is not there; of the new owner, since D1 knows no other.
            if stage.edge(&page, &HeaderMap::new()).is_none() {
                stage.get(&page, None);
            }
            stage.publish_of(&bob, &bobs);
        };
        if bob_is_first {
            // KV has not reached every place: somebody finds no snapshot while the old owner's is still there.
            stage.get(&page, None);
        }
        rebuilds();
        assert!(!stage.text(PAGE).contains("Quarterly call") && stage.text("/s/bob").contains("Quarterly call"));
        // A snapshot that the old owner took away with his own is missed by its next reader.
        stage.world.advance(100);
        rebuilds();
        assert!(stage.text(&page).contains("Quarterly call"));
        stage.request_of(&bob, "call-1", details("Club night", "2027-07-02T19:05:00", "2027-07-02T22:05:00"));
        stage.world.advance(2);
        let written = stage.publish_of(&bob, &bobs);
        assert_eq!((written, stage.publish_of(&owner(), &anns)), (2, 0));
        assert!(stage.text(&page).contains("Club night") && stage.text("/s/bob").contains("Club night"));
        assert_eq!(
            stage.edge(&page, &HeaderMap::new()).unwrap().headers()["etag"],
            stage.get(&page, None).header("etag")
        );
    }
}

#[test]
fn a_list_needs_a_key_that_reaches_it() {
    let stage = published();
    let (admin, standard) = (scheduling::keys::sha256_hex(b"admin-key"), scheduling::keys::sha256_hex(b"standard-key"));
    let hashes = KeyHashes { admin: &admin, standard: Some(&standard) };
    let edition = Edition::events_list(&owner());
    let admitted = |key: &str| {
        let headers = if key.is_empty() { HeaderMap::new() } else { fields(&[("x-api-key", key)]) };
        block_on(admits(stage.world.db(), hashes, &headers, &edition, stage.world.now())).is_ok()
    };
    assert!(admitted(ADMIN) && admitted(STANDARD));
    assert!(admitted(&stage.key("organizer:ann@corp.example:*")));
    assert!(!admitted("") && !admitted("guess") && !admitted(&stage.key("organizer:bob@corp.example:*")));
    // Whoever has a key may ask for any address; nothing is kept of an empty answer.
    let nobody = CalAddress::parse("nobody@corp.example").unwrap();
    assert_eq!(stage.get("/organizer/nobody@corp.example/events", Some(STANDARD)).body, "[]");
    stage.publish();
    assert!(stage.edge(&format!("/organizer/{nobody}/events"), &HeaderMap::new()).is_none());
}

#[test]
fn a_page_is_listened_to_by_websocket_only() {
    let (stage, _) = Stage::new();
    let plain = stage.get("/s/ann/live", None);
    assert_eq!((plain.status, plain.header("upgrade")), (StatusCode::UPGRADE_REQUIRED, "websocket"));
    let upgrade = [("upgrade", "websocket")];
    assert_eq!(stage.ask("GET", "/s/ann/live", None, &upgrade, "").status, StatusCode::OK);
    assert_eq!(stage.ask("GET", "/s/nobody/live", None, &upgrade, "").status, StatusCode::NOT_FOUND);
}
