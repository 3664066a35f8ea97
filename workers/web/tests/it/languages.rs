//! Every page in every language that we write.

use http::StatusCode;
use itip::EventId;
use scheduling::command::OrganizerCommand;
use scheduling::keys::{Link, sign_link};
use scheduling::ports::Objects;
use views::words::Language;
use web::routes::{Door, ROUTES};

use crate::stage::{Answer, STANDARD, Stage, address, details, owner};

/// What has no page for people behind it.
const FOR_PROGRAMS: &[&str] = &[
    "/order",
    "/order/order",
    "/s/{slug}/live",
    "/s/{slug}/file",
    "/theme/{file}",
    "/healthz",
    "/openapi.json",
    "/robots.txt",
    "/sitemap.xml",
    "/llms.txt",
    "/favicon.ico",
    "/static/{file}",
];

/// A request for a page: the route it is of, the method, the address, the form.
type Ask = (&'static str, &'static str, String, &'static str);

fn stage() -> (Stage, EventId) {
    let (stage, id) = Stage::new();
    stage.request("fair", details("Tombola", "2027-08-07T19:05:00", "2027-08-07T22:05:00"));
    stage.get(&format!("/event/{id}/invite?email=ana@example.com"), Some(STANDARD));
    let hold = OrganizerCommand::Hold { raw: "ab".repeat(32), subject: String::new(), reply: None };
    futures_executor::block_on(stage.world.organizer(&owner(), hold)).unwrap();
    (stage, id)
}

/// Every page, and every answer of its forms, good and bad. The order matters: what comes later finds what earlier
/// forms did.
fn asks(stage: &Stage, id: &EventId) -> Vec<Ask> {
    let guest = || address("ana@example.com");
    let link = |letter: &str, link: &Link| format!("/{letter}/{}", sign_link(&stage.keys, link));
    let answer = link("r", &Link::Answer { event: id.clone(), guest: guest() });
    let stranger = link("r", &Link::Answer { event: id.clone(), guest: address("eve@example.com") });
    let leave = link("u", &Link::Unsubscribe { event: id.clone(), guest: guest() });
    let claim = link("c", &Link::Claim { organizer: owner() });
    let own = link("o", &Link::Organizer { event: id.clone(), owner: owner() });
    let (from, to) = (owner(), address("new@example.com"));
    let take = link("t", &Link::TakeOver { event: id.clone(), from, to });
    let short: String = id.as_str().chars().take(12).collect();
    vec![
        ("/", "GET", "/".into(), ""),
        ("/no", "GET", "/no".into(), ""),
        ("/s/{slug}", "GET", "/s/ann".into(), ""),
        ("/s/{slug}", "GET", "/s/ann?q=tombola".into(), ""),
        ("/s/{slug}", "GET", "/s/ann?q=zzz".into(), ""),
        ("/s/{slug}", "GET", "/s/nobody".into(), ""),
        ("/s/{slug}", "POST", "/s/ann".into(), "email=ana@example.com&event={id}"),
        ("/s/{slug}", "POST", "/s/ann".into(), "email=ana&event={id}"),
        ("/s/{slug}", "POST", "/s/ann".into(), "email=ana@example.com"),
        ("/s/{slug}/rows", "GET", "/s/ann/rows?ids={id}".into(), ""),
        ("/s/{slug}/embed", "GET", "/s/ann/embed".into(), ""),
        ("/s/{slug}/embed", "POST", "/s/ann/embed".into(), "email=ana@example.com&event={id}"),
        ("/s/{slug}/frame", "GET", "/s/ann/frame".into(), ""),
        ("/e/{short}", "GET", format!("/e/{short}"), ""),
        ("/e/{short}", "GET", "/e/000000000000".into(), ""),
        ("/event/{uid}/invite", "GET", "/event/{id}/invite?email=ana@example.com".into(), ""),
        ("/event/{uid}/invite", "POST", "/event/{id}/invite".into(), "email=ana"),
        ("/event/{uid}/invite", "GET", "/event/{id}/invite?origin=nowhere".into(), ""),
        ("/event/{uid}/sent", "GET", "/event/{id}/sent?to=a*******@example.com".into(), ""),
        ("/event/{uid}/sent", "GET", "/event/{id}/sent".into(), ""),
        ("/r/{token}", "GET", format!("{answer}?answer=yes"), ""),
        ("/r/{token}", "POST", answer.clone(), "answer=maybe"),
        ("/r/{token}", "POST", answer, "answer=perhaps"),
        ("/r/{token}", "POST", stranger, "answer=yes"),
        ("/r/{token}", "GET", "/r/broken".into(), ""),
        ("/c/{token}", "GET", claim.clone(), ""),
        ("/c/{token}", "POST", claim.clone(), ""),
        ("/c/{token}", "POST", claim, ""),
        ("/o/{token}", "GET", own.clone(), ""),
        ("/o/{token}/report", "POST", format!("{own}/report"), ""),
        ("/o/{token}/report", "POST", format!("{own}/report"), ""),
        ("/o/{token}/release", "POST", format!("{own}/release"), ""),
        ("/o/{token}/cancel", "POST", format!("{own}/cancel"), ""),
        ("/o/{token}/proposals", "POST", format!("{own}/proposals"), "guest=ana@example.com&decision=accept"),
        ("/o/{token}/hand-over", "POST", format!("{own}/hand-over"), "to=ann@corp.example"),
        ("/o/{token}/hand-over", "POST", format!("{own}/hand-over"), "to=ann"),
        ("/o/{token}/hand-over", "POST", format!("{own}/hand-over"), "to=new@example.com"),
        ("/t/{token}", "GET", take.clone(), ""),
        ("/t/{token}", "POST", take.clone(), ""),
        ("/u/{token}", "GET", leave.clone(), ""),
        ("/u/{token}", "POST", leave.clone(), "scope=organizer"),
        ("/u/{token}", "POST", leave, "scope=everything"),
    ]
}

fn send(stage: &Stage, id: &EventId, (_, method, path, form): &Ask, headers: &[(&str, &str)], query: &str) -> Answer {
    let path = path.replace("{id}", id.as_str());
    let mark = if path.contains('?') { '&' } else { '?' };
    let path = if query.is_empty() { path } else { format!("{path}{mark}{query}") };
    let mut all = vec![("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    // Forms say it in the address that they are posted to, or in a field.
    let form = form.replace("{id}", id.as_str());
    let form = if query.is_empty() || form.is_empty() { form } else { format!("{form}&{query}") };
    stage.ask(method, &path, None, &all, &form)
}

/// The fixed parts of a phrase.
fn parts(phrase: &str) -> impl Iterator<Item = &str> {
    let rest = phrase.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    rest.map(|part| part.trim_matches(|c: char| !c.is_alphabetic()))
}

/// Where a text stands as words of their own.
fn says(text: &str, words: &str) -> bool {
    let borders = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + words.len()..).and_then(|after| after.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    };
    text.match_indices(words).any(|(at, _)| borders(at))
}

/// What is read and heard of a page: its text, and the attributes that hold words.
fn readable(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<').skip(1) {
        let (tag, shown) = piece.split_once('>').unwrap_or((piece, ""));
        if tag.starts_with("script") || tag.starts_with("style") || tag.contains("hreflang=") {
            continue;
        }
        let names = ["aria-label=\"", "placeholder=\"", "alt=\"", "title=\"", "data-"];
        for name in names {
            for (at, _) in tag.match_indices(name) {
                let value = tag.get(at..).and_then(|rest| rest.split('"').nth(1)).unwrap_or_default();
                for part in parts(value) {
                    text.extend([part, "\n"]);
                }
            }
        }
        // An address is nobody's language.
        for word in shown.split_whitespace().filter(|word| !word.contains("://")) {
            text.extend([word, " "]);
        }
        text.push('\n');
    }
    text
}

/// The phrases of English that Spanish does not have.
fn english_only() -> Vec<(&'static str, &'static str)> {
    let spanish: Vec<&str> = Language::Es.words().phrases().iter().flat_map(|(_, phrase)| parts(phrase)).collect();
    let english = Language::En.words().phrases();
    english
        .into_iter()
        .flat_map(|(name, phrase)| parts(phrase).map(move |part| (name, part)))
        .filter(|(_, part)| part.chars().count() > 2 && !spanish.iter().any(|own| says(own, part)))
        .collect()
}

#[test]
fn every_page_is_in_the_list() {
    let (stage, id) = stage();
    let asks = asks(&stage, &id);
    for route in ROUTES.iter().filter(|route| matches!(route.door, Door::Open | Door::Link)) {
        let listed =
            asks.iter().any(|(path, method, ..)| *path == route.path && method.eq_ignore_ascii_case(route.method));
        let api = route.path.starts_with("/v1/") || FOR_PROGRAMS.contains(&route.path);
        assert!(listed != api, "{} {}", route.method, route.path);
    }
}

#[test]
fn a_spanish_reader_finds_no_english_phrase() {
    let english = english_only();
    let wishes: [(&[(&str, &str)], &str); 2] =
        [(&[], "lang=es"), (&[("accept-language", "es-MX,es;q=0.9,en;q=0.5")], "")];
    for (headers, query) in wishes {
        let (stage, id) = stage();
        for ask in asks(&stage, &id) {
            let answer = send(&stage, &id, &ask, headers, query);
            let page = &answer.body;
            assert_ne!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{ask:?}");
            assert!(answer.header("content-type").starts_with("text/html"), "{ask:?}: {page}");
            if page.starts_with("<!doctype") {
                assert!(page.contains("<html lang=\"es\""), "{ask:?}");
            }
            let text = readable(page);
            for (name, part) in &english {
                assert!(!says(&text, part), "{name} ({part}) in {ask:?}:\n{text}");
            }
        }
    }
}

#[test]
fn an_english_reader_finds_no_spanish_phrase() {
    let (stage, id) = stage();
    let spanish: Vec<&str> = Language::Es.words().phrases().iter().flat_map(|(_, phrase)| parts(phrase)).collect();
    for ask in asks(&stage, &id) {
        let answer = send(&stage, &id, &ask, &[], "lang=en");
        let text = readable(&answer.body);
        for part in spanish.iter().filter(|part| part.chars().any(|c| "áéíóúñ¿¡".contains(c))) {
            assert!(!says(&text, part), "{part} in {ask:?}:\n{text}");
        }
    }
}

#[test]
fn a_chosen_language_goes_along() {
    let (stage, id) = stage();
    let answer = sign_link(&stage.keys, &Link::Answer { event: id.clone(), guest: address("ana@example.com") });
    let page = stage.get(&format!("/r/{answer}?answer=yes&lang=es"), None);
    assert!(page.body.contains(&format!("action=\"/r/{answer}?lang=es\"")), "{}", page.body);
    assert!(page.body.contains("viernes 2 de julio de 2027"), "{}", page.body);
    let sent = stage.form(&format!("/event/{id}/invite?lang=es"), "email=ana@example.com");
    assert_eq!(
        sent.header("location"),
        format!("https://convoke.test/event/{id}/sent?lang=es&to=a*******%40example.com")
    );
    // A problem document is for programs.
    let problem = stage.json("GET", &format!("/event/{id}/invite?origin=nowhere&lang=es"), None, "");
    assert!(problem.body.contains("origin is one of"), "{}", problem.body);
}
