//! DKIM on the way of a mail: what proves its author, and forged mail of every kind, which changes nothing.
//!
//! Ann's club.test has an event; Mallory's evil.test can sign what it likes. Every forged mail goes through the front
//! door; afterwards the event, its guest and the bindings are what they were, and nobody was written to, except Ann, who
//! may have been asked once whether a mail is hers.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dkim::testing::{PrivateKey, Signer};
use futures_executor::block_on;
use itip::{CalAddress, EventId, Origin, Uid};
use scheduling::command::{
    Command, Enrollment, Fate, Job, MailJob, Notice, OrganizerCommand, OrganizerReply, Reply, Settled,
};
use scheduling::ports::{DnsError, Objects};
use store::directory;

use crate::tests::Place;
use crate::{MailVerdict, RawMail, receive};

const UID: &str = "match-1@google.com";
const GUEST: &str = "bob@guest.test";
const ANN: &str = "Ann Org <ann@club.test>";
const MALLORY: &str = "Mallory <mal@evil.test>";

fn address(text: &str) -> CalAddress {
    CalAddress::parse(text).unwrap()
}

/// A calendar object about an event of Ann's.
fn calendar(method: &str, uid: &str, sequence: u32, organizer: &str, attendee: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\nVERSION:2.0\r\nMETHOD:{method}\r\n\
         BEGIN:VEVENT\r\nDTSTART:2027070{}T230500Z\r\nDTEND:2027070{}T235500Z\r\nDTSTAMP:2026060{}T120000Z\r\n\
         ORGANIZER{organizer}\r\nUID:{uid}\r\nATTENDEE;{attendee}\r\nSEQUENCE:{sequence}\r\nSTATUS:{}\r\n\
         SUMMARY:Game {sequence}\r\nLOCATION:Camden Yards\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        1 + sequence % 9,
        1 + sequence % 9,
        1 + sequence % 9,
        if method == "CANCEL" { "CANCELLED" } else { "CONFIRMED" },
    )
}

const BY_ANN: &str = ";CN=Ann Org:mailto:ann@club.test";
const INVITED: &str = "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:create@convoke.test";

fn anns(method: &str, sequence: u32) -> String {
    calendar(method, UID, sequence, BY_ANN, INVITED)
}

/// How a client puts a calendar into a mail, and which fields its domain signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// Two alternatives and an attachment; Content-Type is not signed.
    Google,
    /// An alternative in base64; Content-Type is signed.
    Exchange,
    /// Nothing but the calendar; Content-Type is signed.
    Bare,
}

const CLIENTS: [Client; 3] = [Client::Google, Client::Exchange, Client::Bare];

impl Client {
    fn headers(self) -> &'static str {
        match self {
            Self::Google => "mime-version:reply-to:sender:message-id:date:subject:from:to:from:to",
            Self::Exchange => "from:date:subject:message-id:content-type:mime-version",
            Self::Bare => "from:to:subject:date:message-id:mime-version:content-type:content-transfer-encoding",
        }
    }

    fn mail(self, from: &str, method: &str, calendar: &str) -> String {
        let encoded = wrapped(calendar);
        let (kind, body) = match self {
            Self::Google => (
                "multipart/mixed; boundary=\"outer\"".to_owned(),
                format!(
                    "--outer\r\nContent-Type: multipart/alternative; boundary=\"inner\"\r\n\r\n--inner\r\n\
                     Content-Type: text/plain; charset=\"UTF-8\"\r\n\r\nYou have been invited.\r\n\r\n--inner\r\n\
                     Content-Type: text/calendar; charset=\"UTF-8\"; method={method}\r\n\r\n{calendar}\r\n--inner--\r\n\
                     --outer\r\nContent-Type: application/ics; name=\"invite.ics\"\r\n\
                     Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--outer--\r\n"
                ),
            ),
            Self::Exchange => (
                "multipart/alternative;\r\n\tboundary=\"_000_x_\"".to_owned(),
                format!(
                    "--_000_x_\r\nContent-Type: text/plain; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
                     aGk=\r\n\r\n--_000_x_\r\nContent-Type: text/calendar; charset=\"utf-8\"; method={method}\r\n\
                     Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n\r\n--_000_x_--\r\n"
                ),
            ),
            Self::Bare => (
                format!("text/calendar; charset=utf-8; method={method}\r\nContent-Transfer-Encoding: base64"),
                encoded + "\r\n",
            ),
        };
        format!(
            "MIME-Version: 1.0\r\nReply-To: {from}\r\nMessage-ID: <1@club.test>\r\n\
             Date: Mon, 1 Jun 2026 12:00:00 +0000\r\nSubject: Invitation: Game\r\nFrom: {from}\r\n\
             To: create@convoke.test\r\nContent-Type: {kind}\r\n\r\n{body}"
        )
    }

    fn signer(self, domain: &str, key: u8) -> Signer {
        Signer { key: PrivateKey::ed25519(key), headers: self.headers().into(), ..Signer::new(domain) }
    }
}

fn wrapped(text: &str) -> String {
    let digits = STANDARD.encode(text);
    let lines: Vec<&str> = digits.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\r\n")
}

const ANNS_KEY: u8 = 1;
const MALLORYS_KEY: u8 = 2;

fn by_ann(client: Client) -> Signer {
    client.signer("club.test", ANNS_KEY)
}

fn by_mallory(client: Client) -> Signer {
    client.signer("evil.test", MALLORYS_KEY)
}

/// Ann's event with one guest, and DNS with both domains' keys.
struct Scene {
    place: Place,
    event: EventId,
    before: Vec<String>,
}

impl Scene {
    fn new(trusting: bool) -> Self {
        let place = if trusting { Place::trusting() } else { Place::new() };
        let record = |key: u8| Ok(vec![PrivateKey::ed25519(key).record()]);
        place.world.publish_dns("s1._domainkey.club.test", record(ANNS_KEY));
        for domain in
            ["evil.test", "club.test.evil.test", "evil.co.uk", "evil.github.io", "xn--lub-5cd.test", "test", "co.uk"]
        {
            place.world.publish_dns(&format!("s1._domainkey.{domain}"), record(MALLORYS_KEY));
        }
        let honest = by_ann(Client::Google).sign(&Client::Google.mail(ANN, "REQUEST", &anns("REQUEST", 0)));
        let mut scene = Self { place, event: EventId::from_bytes([0; 20]), before: Vec::new() };
        assert_eq!(scene.deliver("create@convoke.test", honest.as_bytes()), MailVerdict::Accept("created"));
        scene.event = scene.place.bound(UID).remove(0).1;
        let guests = vec![Enrollment {
            address: address(GUEST),
            name: String::new(),
            origin: Origin::Api,
            language: String::new(),
        }];
        scene.tell(Command::Enroll { guests, again: false, invites_max: 9 });
        scene.mailed();
        scene.place.world.take_dns_questions();
        scene.before = scene.state();
        scene
    }

    fn tell(&self, command: Command) -> Reply {
        block_on(self.place.world.event(&self.event, command)).unwrap()
    }

    fn deliver(&self, to: &str, raw: &[u8]) -> MailVerdict {
        let mail = RawMail { envelope_from: "x@evil.test".into(), recipient: address(to), raw: raw.to_vec() };
        block_on(receive(&mail, &self.place.ctx)).unwrap()
    }

    /// All that a forged mail must not change.
    fn state(&self) -> Vec<String> {
        let Reply::Shown(shown) = self.tell(Command::Show) else { panic!() };
        let guest = self.tell(Command::Attendee { guest: address(GUEST) });
        let bindings = |uid: &str| block_on(directory::bindings(self.place.world.db(), &Uid(uid.into()))).unwrap();
        vec![
            format!("{:?}", shown.event),
            format!("{:?}", shown.counters),
            format!("{guest:?}"),
            format!("{:?}", bindings(UID)),
            format!("{:?}", bindings("new-1@google.com")),
        ]
    }

    /// Lets time pass and settles whatever is to be mailed: what organizers are told, and how many guests.
    fn mailed(&self) -> (Vec<(String, Notice)>, usize) {
        let world = &self.place.world;
        world.advance(4_000);
        world.ring_alarms().unwrap();
        let (mut notices, mut guests, mut asked) = (Vec::new(), 0, BTreeSet::new());
        while let Some(job) = world.next_job() {
            match job {
                Job::Notices { organizer } if asked.insert(organizer.clone()) => {
                    let leased = block_on(world.organizer(&organizer, OrganizerCommand::LeaseNotices)).unwrap();
                    let OrganizerReply::Notices(leased) = leased else { panic!() };
                    let fate = |key: &str| (key.to_owned(), Fate::Accepted { ses_id: "1".into() });
                    let settled =
                        OrganizerCommand::SettleNotices { notices: leased.iter().map(|(key, _)| fate(key)).collect() };
                    block_on(world.organizer(&organizer, settled)).unwrap();
                    notices.extend(leased.into_iter().map(|(_, notice)| (organizer.to_string(), notice)));
                }
                Job::Batch { event, batch } => {
                    let Reply::Leased(lease) = block_on(world.event(&event, Command::Lease { batch })).unwrap() else {
                        continue;
                    };
                    guests += lease.mails.len();
                    let settle = |mail: &MailJob| Settled {
                        guest: mail.guest.clone(),
                        fate: Fate::Accepted { ses_id: "1".into() },
                    };
                    let mails = lease.mails.iter().map(settle).collect();
                    block_on(world.event(&event, Command::Settle { batch, lease: lease.lease, mails })).unwrap();
                }
                Job::Notices { .. }
                | Job::Reread { .. }
                | Job::Snapshot { .. }
                | Job::Import { .. }
                | Job::Poll { .. } => {}
            }
        }
        (notices, guests)
    }
}

/// What must become of a forged mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forged {
    /// Kept until somebody claims it; the one claim mail goes to the address in From.
    Held,
    /// Refused in the SMTP dialogue, with this in the reason.
    Rejected(&'static str),
    /// Ann's, and nothing but the old mail that it was.
    Old,
    /// Taken as Mallory's own, and Mallory is told that the event is not hers.
    HerOwn,
}

use Forged::{Held, HerOwn, Old, Rejected};

/// A forged mail.
struct Forgery {
    name: String,
    raw: Vec<u8>,
    to: &'static str,
    trusting: bool,
    dns: Vec<(String, Result<Vec<String>, DnsError>)>,
    fate: Forged,
}

impl Forgery {
    fn new(name: impl Into<String>, raw: impl Into<Vec<u8>>, fate: Forged) -> Self {
        Self { name: name.into(), raw: raw.into(), to: "create@convoke.test", trusting: false, dns: Vec::new(), fate }
    }

    fn trusting(self) -> Self {
        Self { trusting: true, ..self }
    }

    fn key(mut self, name: &str, answer: Result<&str, DnsError>) -> Self {
        self.dns.push((name.to_owned(), answer.map(|record| vec![record.to_owned()])));
        self
    }

    fn at(self, to: &'static str) -> Self {
        Self { to, ..self }
    }

    /// What went wrong.
    fn complaint(&self) -> Option<String> {
        let scene = Scene::new(self.trusting);
        for (name, answer) in &self.dns {
            scene.place.world.publish_dns(name, answer.clone());
        }
        let verdict = scene.deliver(self.to, &self.raw);
        let (notices, guests) = scene.mailed();
        let as_expected = match (self.fate, &verdict, notices.as_slice()) {
            (Held, MailVerdict::Accept("held"), [(_, Notice::Claim { .. })])
            | (Old, MailVerdict::Accept("stale"), []) => true,
            (HerOwn, MailVerdict::Accept("refused"), [(who, Notice::MailRefused { .. })]) => who == "mal@evil.test",
            (Rejected(why), MailVerdict::Reject(reason), []) => reason.contains(why),
            _ => false,
        };
        let unchanged = scene.state() == scene.before;
        (!as_expected || !unchanged || guests > 0)
            .then(|| format!("{}: {verdict:?}, {notices:?}, {guests} guests, unchanged: {unchanged}", self.name))
    }
}

const CLUB_KEY: &str = "s1._domainkey.club.test";
const UNVERIFIED: Forged = Rejected("could not be verified");

/// Mails that Mallory writes in Ann's name, carrying `calendar`.
fn spoofed(client: Client, method: &str, calendar: &str) -> Vec<Forgery> {
    let mail = client.mail(ANN, method, calendar);
    let signed = by_ann(client).sign(&mail);
    let with = |change: &dyn Fn(&mut Signer)| {
        let mut signer = by_mallory(client);
        change(&mut signer);
        signer.sign(&mail)
    };
    // What Ann's own signature would have been, had her key made it.
    let tagged = |tags: &str| Signer { tags: tags.into(), ..by_ann(client) }.sign(&mail);
    let evil = by_mallory(client).sign(&mail);
    let name = |what: &str| format!("{client:?} {method}: {what}");
    let new = |what: &str, raw: String| Forgery::new(name(what), raw, Held);
    let ed25519 = PrivateKey::ed25519(ANNS_KEY).public();
    let without_from = client.headers().replace("from:", "").replace(":from", "");
    let mut rows = vec![
        new("not signed", mail.clone()),
        new("signed by another domain", evil.clone()),
        new("signed by another key", with(&|signer| signer.domain = "club.test".into())),
        new(
            "signed under a selector without a key",
            with(&|signer| {
                signer.domain = "club.test".into();
                signer.selector = "s2".into();
            }),
        ),
        new("signed by a domain below another", with(&|signer| signer.domain = "club.test.evil.test".into())),
        new("signed by the suffix", with(&|signer| signer.domain = "test".into())),
        new("signed by a look-alike", with(&|signer| signer.domain = "xn--lub-5cd.test".into())),
        new("signed by another domain in Ann's name", with(&|signer| signer.tags = "i=ann@club.test; ".into())),
        new("the key was revoked", signed.clone()).key(CLUB_KEY, Ok("v=DKIM1; k=ed25519; p=")),
        new("there is no key any more", signed.clone()).key(CLUB_KEY, Err(DnsError::NotFound)),
        new("DNS does not answer", signed.clone()).key(CLUB_KEY, Err(DnsError::Unavailable("timeout".into()))),
        new("the record is no key", signed.clone()).key(CLUB_KEY, Ok("v=spf1 -all")),
        new("the key is of another kind", signed.clone()).key(CLUB_KEY, Ok(&format!("v=DKIM1; p={ed25519}"))),
        new("the key is for SHA-1", signed.clone()).key(CLUB_KEY, Ok(&format!("k=ed25519; h=sha1; p={ed25519}"))),
        new("the key is not for mail", signed.clone()).key(CLUB_KEY, Ok(&format!("k=ed25519; s=tlsrpt; p={ed25519}"))),
        new("the domain is testing", signed.clone()).key(CLUB_KEY, Ok(&format!("k=ed25519; t=y; p={ed25519}"))),
        new("the signature has expired", tagged("t=1700000000; x=1700000001; ")),
        new("the signature is from the future", tagged("t=1900000000; ")),
        new("the length of the body is limited", tagged("l=99999; ")),
        new("nothing of the body is signed", tagged("l=0; ")),
        new("two lengths", tagged("l=0; l=1; ")),
        new("From is not signed", Signer { headers: without_from, ..by_ann(client) }.sign(&mail)),
        new("rsa-sha1", signed.replace("a=ed25519-sha256", "a=rsa-sha1")),
        new("an unknown version", signed.replacen("v=1", "v=3", 1)),
        new("an empty domain", signed.replacen("d=club.test", "d=", 1)),
        new("two domains", signed.replacen("d=club.test", "d=evil.test; d=club.test", 1)),
        new("a huge tag", signed.replacen("v=1;", &format!("v=1; n={};", "x".repeat(20_000)), 1)),
        new("a thousand tags", signed.replacen("v=1;", &format!("v=1;{}", " t1=;".repeat(1000)), 1)),
        new(
            "a broken and a foreign signature",
            by_mallory(client).sign(&with(&|signer| signer.domain = "club.test".into())),
        ),
        new(
            "a foreign and a broken signature",
            Signer { domain: "club.test".into(), ..by_mallory(client) }.sign(&evil),
        ),
        new(
            "someone else's results",
            format!("Authentication-Results: mx.cloudflare.net; dmarc=pass header.from=club.test\r\n{mail}"),
        ),
        new(
            "folded results",
            format!(
                "Authentication-Results:\r\n mx.cloudflare.net;\r\n\tdkim=pass header.d=club.test;\r\n dmarc=pass\r\n header.from=club.test\r\n{mail}"
            ),
        ),
        new(
            "an ARC set",
            format!("ARC-Authentication-Results: i=1; mx.cloudflare.net; dmarc=pass header.from=club.test\r\n{mail}"),
        ),
    ];
    let says = |text: &str| format!("Authentication-Results: {text}\r\n{mail}");
    let pass = "dmarc=pass header.from=club.test";
    for (what, raw) in [
        ("results of another receiver", says(&format!("mx.evil.test; {pass}"))),
        (
            "results below the receiver's",
            format!(
                "Authentication-Results: mx.cloudflare.net; dmarc=none header.from=club.test\r\n{}",
                says(&format!("mx.cloudflare.net; {pass}"))
            ),
        ),
        ("results in a comment", says(&format!("mx.cloudflare.net; dkim=fail ({pass})"))),
        ("results in quotes", says(&format!("mx.cloudflare.net; dkim=fail reason=\"; {pass}\""))),
        ("results of a receiver with a longer name", says(&format!("mx.cloudflare.net.evil.test; {pass}"))),
        ("results for nobody", says("mx.cloudflare.net; dmarc=pass")),
        (
            "an older ARC set of the receiver",
            format!(
                "ARC-Authentication-Results: i=2; mx.evil.test; {pass}\r\nARC-Authentication-Results: i=1; mx.cloudflare.net; {pass}\r\n{mail}"
            ),
        ),
        (
            "ARC sets in the wrong order",
            format!(
                "ARC-Authentication-Results: i=1; mx.cloudflare.net; {pass}\r\nARC-Authentication-Results: i=2; mx.evil.test; {pass}\r\n{mail}"
            ),
        ),
        (
            "one ARC set twice",
            format!(
                "ARC-Authentication-Results: i=1; mx.cloudflare.net; {pass}\r\nARC-Authentication-Results: i=1; mx.cloudflare.net; {pass}\r\n{mail}"
            ),
        ),
        ("an ARC set without a number", format!("ARC-Authentication-Results: mx.cloudflare.net; {pass}\r\n{mail}")),
    ] {
        rows.push(new(what, raw).trusting());
    }
    let failed = "Authentication-Results: mx.cloudflare.net; dmarc=fail header.from=club.test\r\n";
    let other = "Authentication-Results: mx.cloudflare.net; dmarc=pass header.from=evil.test\r\n";
    let rejected = |what: &str, raw: String| Forgery::new(name(what), raw, UNVERIFIED);
    rows.extend([
        rejected("the receiver says fail", format!("{failed}{mail}")).trusting(),
        rejected("the receiver says fail, the signature is good", format!("{failed}{signed}")).trusting(),
        rejected("the receiver proves another domain", format!("{other}{mail}")).trusting(),
    ]);
    let from = format!("From: {ANN}");
    for (what, field, fate) in [
        ("Mallory's From above", format!("From: {MALLORY}\r\n{from}"), UNVERIFIED),
        ("Mallory's From below", format!("{from}\r\nFrom: {MALLORY}"), UNVERIFIED),
        ("Mallory's FROM with space", format!("{from}\r\nFROM : {MALLORY}"), UNVERIFIED),
        ("two mailboxes", format!("From: {MALLORY}, {ANN}"), UNVERIFIED),
        ("two mailboxes, folded", format!("From: {ANN},\r\n {MALLORY}"), UNVERIFIED),
        ("a group", format!("From: club: {ANN}, {MALLORY};"), UNVERIFIED),
        ("no mailbox", "From: undisclosed:;".to_owned(), UNVERIFIED),
        ("no address", "From: ann@club.test@evil.test".to_owned(), UNVERIFIED),
        ("no From", "X-From: x".to_owned(), UNVERIFIED),
        ("Ann in the name", "From: \"ann@club.test\" <mal@evil.test>".to_owned(), HerOwn),
        ("Ann in an encoded name", "From: =?utf-8?q?=3Cann=40club=2Etest=3E?= <mal@evil.test>".to_owned(), HerOwn),
        ("Ann in a comment", "From: mal@evil.test (ann@club.test)".to_owned(), HerOwn),
        ("Ann as Sender", format!("From: {MALLORY}\r\nSender: {ANN}"), HerOwn),
        ("Ann as Resent-From", format!("Resent-From: {ANN}\r\nFrom: {MALLORY}"), HerOwn),
        (
            "a line end in an encoded name",
            "From: =?utf-8?q?x=0D=0AFrom:_ann=40club.test?= <mal@evil.test>".to_owned(),
            HerOwn,
        ),
    ] {
        let mail = mail.replacen(&from, &field, 1);
        rows.push(Forgery::new(name(what), by_mallory(client).sign(&mail), fate));
    }
    for (what, from, to) in [
        ("a bare CR in From", "From: Ann", "From: Mal <mal@evil.test>\rX: Ann"),
        ("a NUL in From", "From: Ann", "From: Mal\0 Ann"),
        ("a bare LF before From", "From: Ann", "X: <mal@evil.test>\nFrom: Ann"),
    ] {
        rows.push(new(what, by_mallory(client).sign(&mail.replacen(from, to, 1))));
    }
    rows
}

/// Ann's own old mail, changed on the way so that it says `method` of a newer version.
fn altered(client: Client, method: &str) -> Vec<Forgery> {
    let genuine = by_ann(client).sign(&client.mail(ANN, "REQUEST", &anns("REQUEST", 0)));
    let evil = anns(method, 5);
    let part = format!("Content-Type: text/calendar; method={method}\r\n\r\n{evil}");
    let (header, body) = genuine.split_once("\r\n\r\n").unwrap();
    let name = |what: &str| format!("{client:?} altered to {method}: {what}");
    let with = |what: &str, raw: String, fate: Forged| Forgery::new(name(what), raw, fate);
    let new = |what: &str, raw: String| with(what, raw, Held);
    // What the bare calendar's encoding makes of another body is no calendar at all.
    let unreadable = if client == Client::Bare { Rejected("not an iCalendar file") } else { Held };
    let boundary = |kind: &str| format!("Content-Type: {kind}; boundary=\"evil\"");
    let parts = format!("--evil\r\n{part}\r\n--evil--\r\n");
    let mut rows = vec![
        new(
            "another body",
            format!("{header}\r\n\r\n{}", client.mail(ANN, method, &evil).split_once("\r\n\r\n").unwrap().1),
        ),
        with("another body before it", format!("{header}\r\nX: y\r\n\r\n{parts}\r\n{body}"), unreadable),
        with("a calendar among the header fields", format!("{header}\r\n{evil}\r\n\r\n{body}"), unreadable),
        with("a calendar above the header fields", format!("{evil}{genuine}"), Rejected("not a mail")),
        with(
            "a calendar in a new field",
            format!("X: y\r\n {}\r\n{genuine}", evil.trim_end().replace("\r\n", "\r\n ")),
            Old,
        ),
        with("an empty line of spaces", format!("{header}\r\nX: y\r\n \r\n{parts}\r\n\r\n{body}"), unreadable),
        with("an empty line without CR", format!("{header}\n\n{parts}\r\n\r\n{body}"), unreadable),
        new("another Content-Type above", format!("{}\r\n{header}\r\n\r\n{body}{parts}", boundary("multipart/mixed"))),
        new("another Content-Type below", format!("{header}\r\n{}\r\n\r\n{body}{parts}", boundary("multipart/mixed"))),
        new(
            "l= and a part more",
            Signer { tags: format!("l={}; ", body.len()), ..by_ann(client) }.sign(&client.mail(
                ANN,
                "REQUEST",
                &anns("REQUEST", 0),
            )) + &parts,
        ),
        new("h= was shortened", genuine.replacen("h=", "h=from:", 1) + &parts),
        new("the body hash was replaced", genuine.replacen("bh=", "bh=AAAA", 1) + &parts),
        new("the selector points to Mallory", genuine.replacen("s=s1", "s=evil", 1) + &parts)
            .key("evil._domainkey.club.test", Ok(&PrivateKey::ed25519(MALLORYS_KEY).record())),
        new("Mallory signed it too", by_mallory(client).sign(&(genuine.clone() + &parts))),
    ];
    if client != Client::Bare {
        rows.push(new("a part more", genuine.clone() + &parts));
        rows.push(new("Mallory's name in the text", genuine.replace("ATTENDEE", "X-ATTENDEE").replace("aGk=", "aGo=")));
    }
    for (what, field) in [
        ("From above", format!("From: {MALLORY}\r\n")),
        ("from above", format!("from:{MALLORY}\r\n")),
        ("From, folded", format!("FROM\r\n : {MALLORY}\r\n")),
    ] {
        let fate = if what == "From, folded" { Held } else { UNVERIFIED };
        rows.push(Forgery::new(name(what), format!("{field}{genuine}"), fate));
    }
    rows
}

/// Answers in a guest's name.
fn answers() -> Vec<Forgery> {
    let scene = Scene::new(false);
    let reply = |organizer: &str| {
        calendar("REPLY", scene.event.as_str(), 0, organizer, "PARTSTAT=DECLINED:mailto:bob@guest.test")
    };
    let mail = |from: &str| Client::Bare.mail(from, "REPLY", &reply(":mailto:rsvp@convoke.test"));
    let bob = mail("Bob <bob@guest.test>");
    let evil = by_mallory(Client::Bare);
    let refused = Rejected("could not be verified as its guest's");
    let new = |what: &str, raw: String| Forgery::new(format!("answer: {what}"), raw, refused).at("rsvp@convoke.test");
    let bobs_key = "s1._domainkey.guest.test";
    let record = PrivateKey::ed25519(3).record();
    let signed = Client::Bare.signer("guest.test", 3).sign(&bob);
    vec![
        new("not signed", bob.clone()),
        new("signed by another domain", evil.sign(&bob)),
        new("by Mallory in her own name", evil.sign(&mail(MALLORY))),
        new("with a token that is none", bob.clone()).at("rsvp+aaaaaaaaaaaaaaaaaaaaaaaaaa@convoke.test"),
        new("the key was revoked", signed.clone()).key(bobs_key, Ok("k=ed25519; p=")),
        new("DNS does not answer", signed.clone()).key(bobs_key, Err(DnsError::Unavailable("x".into()))),
        new("another body", signed.replace("\r\n\r\n", "\r\n\r\nAAAA\r\n")).key(bobs_key, Ok(&record)),
        new("Bob in the name", evil.sign(&mail("\"bob@guest.test\" <mal@evil.test>"))),
        new("two authors", evil.sign(&mail("Bob <bob@guest.test>, Mallory <mal@evil.test>"))),
        new("two From fields", format!("From: {MALLORY}\r\n{signed}")).key(bobs_key, Ok(&record)),
        new(
            "SENT-BY Mallory",
            evil.sign(&Client::Bare.mail(
                MALLORY,
                "REPLY",
                &reply(":mailto:rsvp@convoke.test").replace("ATTENDEE;", "ATTENDEE;SENT-BY=\"mailto:mal@evil.test\";"),
            )),
        ),
        new(
            "forged results",
            format!("Authentication-Results: mx.cloudflare.net; dmarc=pass header.from=guest.test\r\n{bob}"),
        ),
    ]
}

/// Everything else: what the calendar claims, other domains' neighbours, iCloud's common address.
fn claims() -> Vec<Forgery> {
    let mut rows = Vec::new();
    for client in CLIENTS {
        let own = |what: &str, organizer: &str, method: &str| {
            let mail = client.mail(MALLORY, method, &calendar(method, UID, 5, organizer, INVITED));
            Forgery::new(format!("{client:?} {method}: {what}"), by_mallory(client).sign(&mail), HerOwn)
        };
        for method in ["REQUEST", "CANCEL"] {
            rows.extend([
                own("ORGANIZER is Ann", BY_ANN, method),
                own("SENT-BY is Mallory", ";SENT-BY=\"mailto:mal@evil.test\":mailto:ann@club.test", method),
                own("EMAIL is Mallory", ";EMAIL=mal@evil.test:mailto:ann@club.test", method),
                own("EMAIL is Ann", ";EMAIL=ann@club.test:mailto:x@evil.test", method),
            ]);
        }
        // A new event in the name of somebody whose domain Mallory's is only next to.
        for (from, domain) in [
            ("dan@club.co.uk", "evil.co.uk"),
            ("dan@club.co.uk", "co.uk"),
            ("dan@club.github.io", "evil.github.io"),
            ("dan@notevil.test", "evil.test"),
            ("dan@evil.test.club.example", "evil.test"),
            ("dan@\u{441}lub.test", "xn--lub-5cd.test"),
            ("dan@xn--lub-5cd.example", "xn--lub-5cd.test"),
        ] {
            let own = calendar("REQUEST", "new-1@google.com", 0, &format!(":mailto:{from}"), INVITED);
            let raw = client.signer(domain, MALLORYS_KEY).sign(&client.mail(from, "REQUEST", &own));
            rows.push(Forgery::new(format!("{client:?}: {domain} for {from}"), raw, Held));
        }
        // A university that lets its departments sign for themselves only.
        let own = calendar("REQUEST", "new-1@google.com", 0, ":mailto:dan@uni.example", INVITED);
        let raw = client.signer("lab.uni.example", MALLORYS_KEY).sign(&client.mail("dan@uni.example", "REQUEST", &own));
        let record = PrivateKey::ed25519(MALLORYS_KEY).record();
        let strict = |what: &str, policy: Result<&str, DnsError>| {
            Forgery::new(format!("{client:?}: {what}"), raw.clone(), Held)
                .key("s1._domainkey.lab.uni.example", Ok(&record))
                .key("_dmarc.uni.example", policy)
        };
        rows.push(strict("adkim=s", Ok("v=DMARC1; p=none; adkim=s")));
        rows.push(strict("nobody knows the policy", Err(DnsError::Unavailable("x".into()))));
    }
    // iCloud mails everybody from one address and signs for all of them; who it is stands in Reply-To.
    let icloud = Client::Bare.mail(
        "noreply@insideicloud.icloud.com",
        "REQUEST",
        &anns("CANCEL", 5).replace("CANCEL\r\n", "REQUEST\r\n"),
    );
    let apple = Signer {
        headers: "from:to:subject:date:message-id:mime-version:content-type:content-transfer-encoding".into(),
        ..Client::Bare.signer("icloud.com", 4)
    };
    let signed = apple.sign(&icloud.replace("Reply-To: noreply@insideicloud.icloud.com", "Reply-To: mal@evil.test"));
    let record = PrivateKey::ed25519(4).record();
    let forged = signed.replace("Reply-To: mal@evil.test", "Reply-To: ann@club.test");
    rows.push(Forgery::new("iCloud with another Reply-To", forged, Held).key("s1._domainkey.icloud.com", Ok(&record)));
    // A letter of Ann's that quotes Mallory's lines, with a Content-Type that makes a calendar of them.
    let quoted = format!(
        "--evil\r\nContent-Type: text/calendar; method=CANCEL\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--evil--",
        wrapped(&anns("CANCEL", 5))
    );
    let letter = format!(
        "From: {ANN}\r\nTo: mal@evil.test\r\nSubject: Re: x\r\nContent-Type: text/plain\r\n\r\nYou wrote:\r\n{quoted}\r\nWhat is this?\r\n"
    );
    let signed = Signer { headers: "from:to:subject".into(), ..by_ann(Client::Bare) }.sign(&letter);
    let mixed = signed.replace("text/plain\r\n\r\nYou", "multipart/mixed; boundary=\"evil\"\r\n\r\nYou");
    rows.push(Forgery::new("a quotation read as parts", mixed.clone(), Held));
    rows.push(Forgery::new(
        "a quotation, the old type signed",
        Signer { headers: "from:content-type".into(), ..by_ann(Client::Bare) }
            .sign(&letter)
            .replace("Content-Type: text/plain", "Content-Type: multipart/mixed; boundary=\"evil\""),
        Held,
    ));
    let answer =
        format!("From: {ANN}\r\nSubject: Re: x\r\nContent-Type: text/plain\r\n\r\nSorry?\r\n\r\n{}", anns("CANCEL", 5));
    for headers in ["from:subject", "from:subject:content-type"] {
        let signed = Signer { headers: headers.into(), ..by_ann(Client::Bare) }.sign(&answer);
        rows.push(Forgery::new(format!("a calendar quoted in a letter, {headers}"), signed.clone(), Held));
        let typed = signed.replace("text/plain", "text/calendar");
        rows.push(Forgery::new(format!("a letter made a calendar, {headers}"), typed, Held));
    }
    let encoded =
        format!("From: {ANN}\r\nSubject: Re: x\r\nContent-Type: text/plain\r\n\r\n{}\r\n", wrapped(&anns("CANCEL", 5)));
    let signed = Signer { headers: "from:subject".into(), ..by_ann(Client::Bare) }.sign(&encoded);
    let decoded =
        signed.replace("Content-Type: text/plain", "Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64");
    rows.push(Forgery::new("digits read as base64", decoded, Held));
    rows
}

#[test]
fn forged_mail_changes_nothing_and_reaches_nobody() {
    let mut rows = answers();
    rows.extend(claims());
    for client in CLIENTS {
        for method in ["REQUEST", "CANCEL"] {
            rows.extend(spoofed(client, method, &anns(method, 5)));
            rows.extend(altered(client, method));
        }
    }
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "every row has a name of its own");
    assert!(rows.len() >= 200, "{}", rows.len());
    let complaints: Vec<String> = rows.iter().filter_map(Forgery::complaint).collect();
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), rows.len(), complaints.join("\n"));
}

/// The same mails, signed by Ann: the forgeries fail for what was forged, not for what they say.
#[test]
fn the_same_mail_with_its_authors_signature_is_taken() {
    for client in CLIENTS {
        for (method, word) in [("REQUEST", "updated"), ("CANCEL", "cancelled")] {
            let scene = Scene::new(false);
            let raw = by_ann(client).sign(&client.mail(ANN, method, &anns(method, 5)));
            assert_eq!(scene.deliver("create@convoke.test", raw.as_bytes()), MailVerdict::Accept(word), "{client:?}");
            assert_ne!(scene.state(), scene.before);
            assert_eq!(scene.place.world.take_dns_questions(), [CLUB_KEY]);
        }
        // The old mail again, as a forwarder hands it on: stale, but hers.
        let scene = Scene::new(false);
        let raw = by_ann(client).sign(&client.mail(ANN, "REQUEST", &anns("REQUEST", 0)));
        let forwarded = format!("Received: from x by y; Mon, 1 Jun 2026 12:00:01 +0000\r\nX-Spam: no\r\n{raw}");
        let MailVerdict::Accept(word) = scene.deliver("create@convoke.test", forwarded.as_bytes()) else { panic!() };
        assert!(["stale", "unchanged"].contains(&word), "{client:?} {word}");
    }
    let scene = Scene::new(false);
    let reply = calendar(
        "REPLY",
        scene.event.as_str(),
        0,
        ":mailto:rsvp@convoke.test",
        "PARTSTAT=DECLINED:mailto:bob@guest.test",
    );
    scene.place.world.publish_dns("s1._domainkey.guest.test", Ok(vec![PrivateKey::rsa(2048).record()]));
    let signer = Signer { key: PrivateKey::rsa(2048), ..Client::Bare.signer("guest.test", 0) };
    let raw = signer.sign(&Client::Bare.mail("Bob <bob@guest.test>", "REPLY", &reply));
    assert!(matches!(scene.deliver("rsvp@convoke.test", raw.as_bytes()), MailVerdict::Accept(_)));
    assert_ne!(scene.state(), scene.before);
}

#[test]
fn an_organization_signs_for_its_parts_where_its_policy_allows() {
    for policy in [Err(DnsError::NotFound), Ok(vec!["v=DMARC1; p=reject".to_owned()])] {
        let scene = Scene::new(false);
        scene.place.world.publish_dns("s1._domainkey.mail.club.test", Ok(vec![PrivateKey::ed25519(5).record()]));
        scene.place.world.publish_dns("_dmarc.club.test", policy);
        let raw =
            Client::Google.signer("mail.club.test", 5).sign(&Client::Google.mail(ANN, "REQUEST", &anns("REQUEST", 5)));
        assert_eq!(scene.deliver("create@convoke.test", raw.as_bytes()), MailVerdict::Accept("updated"));
    }
}

#[test]
fn dns_is_asked_only_where_the_answer_matters_and_not_often() {
    let scene = Scene::new(false);
    let asked = |to: &str, raw: String| {
        scene.deliver(to, raw.as_bytes());
        scene.place.world.take_dns_questions()
    };
    let mail = Client::Google.mail(ANN, "REQUEST", &anns("REQUEST", 0));
    let signed = by_ann(Client::Google).sign(&mail);
    assert_eq!(asked("create@convoke.test", signed.clone()), [CLUB_KEY]);
    for (to, raw) in [
        ("create@convoke.test", mail.clone()),
        ("create@convoke.test", by_mallory(Client::Google).sign(&mail)),
        ("create@convoke.test", signed.replace("Game", "Came")),
        ("create@convoke.test", format!("From: {MALLORY}\r\n{signed}")),
        ("create@convoke.test", format!("Auto-Submitted: auto-replied\r\n{}", signed.replace("calendar", "plain"))),
        ("bulk@convoke.test", signed.clone()),
        ("unsubscribe@convoke.test", signed.clone()),
        ("notification@convoke.test", signed.clone()),
        ("nobody@convoke.test", signed.clone()),
    ] {
        assert_eq!(asked(to, raw.clone()), [] as [&str; 0], "{to}\n{raw}");
    }
    let token = scheduling::keys::reply_token(&scene.place.ctx.keys, &scene.event, &address(GUEST));
    let reply = calendar(
        "REPLY",
        scene.event.as_str(),
        0,
        ":mailto:rsvp@convoke.test",
        "PARTSTAT=ACCEPTED:mailto:bob@guest.test",
    );
    let raw = Client::Bare.signer("guest.test", 3).sign(&Client::Bare.mail("Bob <bob@guest.test>", "REPLY", &reply));
    assert_eq!(asked(&format!("rsvp+{token}@convoke.test"), raw.clone()), [] as [&str; 0]);
    assert_eq!(asked("rsvp@convoke.test", raw), ["s1._domainkey.guest.test"]);
    // Six signatures of one domain under six names: three are asked for.
    let many = (0..6)
        .fold(mail, |mail, number| Signer { selector: format!("n{number}"), ..by_ann(Client::Google) }.sign(&mail));
    assert_eq!(asked("create@convoke.test", many).len(), 3);
    // A receiver that we trust has said it already.
    let scene = Scene::new(true);
    let vouched = format!("Authentication-Results: mx.cloudflare.net; dmarc=pass header.from=club.test\r\n{signed}");
    scene.deliver("create@convoke.test", vouched.as_bytes());
    assert!(scene.place.world.take_dns_questions().is_empty());
}
