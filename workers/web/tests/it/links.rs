//! Signed links: pages that change nothing, and forms that do.

use http::StatusCode;
use itip::{CalAddress, EventId, Method, Origin};
use scheduling::command::{BATCH_GUESTS_MAX, Command, Enrollment, Job, Notice, OrganizerCommand, OrganizerReply};
use scheduling::keys::{Link, sign_link};
use scheduling::ports::Objects;

use crate::stage::{STANDARD, Stage, address, details, owner};

fn guest() -> CalAddress {
    address("ana@example.com")
}

fn invited() -> (Stage, EventId) {
    let (stage, id) = Stage::new();
    stage.get(&format!("/event/{id}/invite?email={}&name=Ana", guest()), Some(STANDARD));
    assert_eq!(stage.mails(), 1);
    (stage, id)
}

fn status(stage: &Stage, id: &EventId) -> String {
    let guests = stage.get(&format!("/event/{id}/attendees"), Some(STANDARD)).json();
    guests[0]["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_guest_answers_by_link_and_only_by_pressing() {
    let (stage, id) = invited();
    let path = format!("/r/{}", sign_link(&stage.keys, &Link::Answer { event: id.clone(), guest: guest() }));
    for method in ["GET", "HEAD"] {
        let answer = stage.ask(method, &format!("{path}?answer=yes"), None, &[], "");
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(status(&stage, &id), "noaction");
    let page = stage.get(&format!("{path}?answer=yes"), None);
    assert!(page.body.contains("autofocus") && page.body.contains("a*******@example.com"));
    for (word, status_word, said) in
        [("yes", "accepted", "Yes"), ("no", "declined", "No"), ("maybe", "tentative", "Maybe")]
    {
        let done = stage.form(&path, &format!("answer={word}"));
        assert!(done.body.contains(&format!("Your answer is {said}")), "{}", done.body);
        assert_eq!(status(&stage, &id), status_word);
    }
    assert_eq!(stage.form(&path, "answer=perhaps").status, StatusCode::BAD_REQUEST);
    assert_eq!(stage.form(&path, "").status, StatusCode::BAD_REQUEST);
    stage.organizer("call-1", Method::Cancel, None);
    let off = stage.form(&path, "answer=yes");
    assert!(off.body.contains("Cancelled"));
    assert_eq!(status(&stage, &id), "tentative");
}

#[test]
fn a_link_serves_its_own_purpose_only() {
    let (stage, id) = invited();
    let answer = sign_link(&stage.keys, &Link::Answer { event: id.clone(), guest: guest() });
    let owner_link = sign_link(&stage.keys, &Link::Organizer { event: id.clone(), owner: owner() });
    for path in [
        format!("/u/{answer}"),
        format!("/o/{answer}"),
        format!("/c/{answer}"),
        format!("/r/{owner_link}"),
        "/r/x".into(),
        format!("/r/{answer}x"),
        format!("/o/{owner_link}.y"),
        "/u/a.b".into(),
    ] {
        assert_eq!(stage.get(&path, None).status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(stage.form(&path, "answer=yes").status.as_u16() / 100, 4, "{path}");
    }
}

#[test]
fn one_click_stops_an_organizer_and_a_choice_stops_everything() {
    let (stage, id) = invited();
    let path = format!("/u/{}", sign_link(&stage.keys, &Link::Unsubscribe { event: id.clone(), guest: guest() }));
    assert!(stage.get(&path, None).body.contains("Stop mail from"));
    stage.ask("HEAD", &path, None, &[], "");
    let next = stage.request("next", details("Next", "2027-07-09T19:05:00", "2027-07-09T22:05:00"));
    let invite = |id: &EventId| {
        let body = format!("{{\"email\":\"{}\"}}", guest());
        stage.json("POST", &format!("/v1/events/{id}/invitations"), Some(STANDARD), &body).json()["results"][0]["status"].clone()
    };
    assert_eq!(invite(&next), "invited");
    let third = stage.request("third", details("Third", "2027-07-10T19:05:00", "2027-07-10T22:05:00"));
    // As mail programs send it, in either of the two forms that RFC 8058 allows.
    let multipart = [("content-type", "multipart/form-data; boundary=x")];
    let body = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    assert_eq!(stage.ask("POST", &path, None, &multipart, body).status, StatusCode::OK);
    assert_eq!(stage.form(&path, "List-Unsubscribe=One-Click").status, StatusCode::OK);
    assert_eq!(invite(&third), "suppressed");
    let everything = stage.form(&path, "scope=everything");
    assert!(everything.body.contains("No more mail from here"));
}

#[test]
fn held_mail_is_claimed_once() {
    let stage = Stage::new().0;
    let path = format!("/c/{}", sign_link(&stage.keys, &Link::Claim { organizer: owner() }));
    assert!(stage.get(&path, None).body.contains("Nothing is waiting"));
    let hold = OrganizerCommand::Hold { raw: "ab".repeat(32), subject: "Invitation: <Game>".into(), reply: None };
    futures_executor::block_on(stage.world.organizer(&owner(), hold)).unwrap();
    for method in ["GET", "HEAD", "GET"] {
        stage.ask(method, &path, None, &[], "");
    }
    while stage.world.next_job().is_some() {}
    let page = stage.get(&path, None);
    assert!(page.body.contains("Yes, it is mine") && !page.body.contains("<Game>"));
    assert!(stage.form(&path, "").body.contains("Thank you"));
    let job = stage.world.next_job();
    assert_eq!(job, Some(Job::Reread { raw: "ab".repeat(32), sender: owner() }));
    assert!(stage.form(&path, "").body.contains("Nothing is waiting"));
    assert_eq!(stage.world.next_job(), None);
}

#[test]
fn an_owner_sees_figures_and_asks_for_the_list() {
    let (stage, id) = invited();
    let path = format!("/o/{}", sign_link(&stage.keys, &Link::Organizer { event: id.clone(), owner: owner() }));
    let page = stage.get(&path, None);
    for part in ["Quarterly call", "<b>one guest</b>", "No answer yet", "Not known before an answer", "/event/"] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(stage.form(&format!("{path}/report"), "").body.contains("on its way to ann@corp.example"));
    let notices = futures_executor::block_on(stage.world.organizer(&owner(), OrganizerCommand::LeaseNotices)).unwrap();
    let OrganizerReply::Notices(notices) = notices else { panic!("no notices") };
    assert!(notices.iter().any(|(_, notice)| *notice == Notice::Report { event: id.clone() }));
    let mut asked = (0..100).map(|_| stage.form(&format!("{path}/report"), "").status);
    assert_eq!(asked.find(|status| *status != StatusCode::OK), Some(StatusCode::TOO_MANY_REQUESTS));
    for verb in ["release", "cancel"] {
        assert_eq!(stage.form(&format!("{path}/{verb}"), "").status, StatusCode::CONFLICT, "{verb}");
        assert_eq!(stage.get(&format!("{path}/{verb}"), None).status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[test]
fn an_owners_link_ends_with_his_ownership() {
    let (stage, id) = Stage::new();
    for (whose, status) in [(owner(), StatusCode::OK), (guest(), StatusCode::NOT_FOUND)] {
        let path = format!("/o/{}", sign_link(&stage.keys, &Link::Organizer { event: id.clone(), owner: whose }));
        assert_eq!(stage.get(&path, None).status, status);
        let offer = stage.form(&format!("{path}/hand-over"), "to=new@example.com");
        assert_eq!(offer.status, status);
    }
}

#[test]
fn the_owner_of_a_large_event_reads_its_figures_as_his_language_writes_them() {
    let (stage, id) = Stage::new();
    let guest = |number| Enrollment {
        address: address(&format!("guest{number}@example.com")),
        name: String::new(),
        origin: Origin::LandingPage,
        language: String::new(),
    };
    let guests: Vec<Enrollment> = (0..1_002).map(guest).collect();
    for guests in guests.chunks(BATCH_GUESTS_MAX) {
        let enroll = Command::Enroll { guests: guests.to_vec(), again: false, invites_max: 2_500 };
        futures_executor::block_on(stage.world.event(&id, enroll)).unwrap();
    }
    let path = format!("/o/{}", sign_link(&stage.keys, &Link::Organizer { event: id, owner: owner() }));
    for (language, guests, figure) in [("en", "1,002 guests", ">1,002<"), ("es", "1.002 personas", ">1.002<")] {
        let page = stage.get(&format!("{path}?lang={language}"), None).body;
        assert!(page.contains(guests) && page.contains(figure), "{page}");
    }
}
