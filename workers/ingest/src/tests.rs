//! Mail as it is understood once it has been read; reading it is `imip`'s to prove.

use std::sync::Arc;

use futures_executor::block_on;
use imip::{AuthVerdict, CalendarRefusal, Delivery, DeliveryAction, InboundMail, MailKind};
use itip::{
    Attendee, CalAddress, Class, Component, EventDetails, EventId, EventStatus, InvitedAttendee, ItipMessage, Method,
    Moment, Order, Organizer, Origin, PartStat, Recurrence, Sequence, Timestamp, Uid, When, Zone,
};
use scheduling::command::{
    Command, Enrollment, Fate, Job, MailJob, Notice, OrganizerCommand, OrganizerReply, Reply, Settled, Shown,
};
use scheduling::keys::{Key, Keys, Link, reply_token, sha256_hex, sign_link};
use scheduling::memory::World;
use scheduling::ports::{Blobs, Objects};
use scheduling::settings::{Config, ReplyAddress, Timing};
use store::{accounts, directory};

use crate::mailbox::Mailbox;
use crate::sender::Sender;
use crate::{IngestError, Letter, MailContext, MailVerdict, open};

const NOW: Timestamp = Timestamp(1_790_000_000);
const DOMAIN: &str = "convoke.test";

fn address(text: &str) -> CalAddress {
    CalAddress::parse(text).unwrap()
}

/// One deployment.
pub(crate) struct Place {
    /// Its objects and bindings.
    pub world: Arc<World>,
    /// What mail gets of it.
    pub ctx: MailContext,
}

impl Place {
    /// One whose receiver's verdict is believed.
    pub fn trusting() -> Self {
        let mut place = Self::new();
        let trusted_authserv_id = Some("mx.cloudflare.net".into());
        place.ctx.config = Arc::new(Config { trusted_authserv_id, ..(*place.ctx.config).clone() });
        place
    }

    pub fn new() -> Self {
        let migrations = [
            include_str!("../../../d1-migrations/0001_directory.sql"),
            include_str!("../../../d1-migrations/0002_search.sql"),
            include_str!("../../../d1-migrations/0006_seeds.sql"),
            include_str!("../../../d1-migrations/0007_events_version.sql"),
        ];
        let world = Arc::new(World::new(DOMAIN, Timing::default(), NOW, &migrations).unwrap());
        let config = Config {
            domain: DOMAIN.into(),
            public_url: "https://convoke.test".into(),
            reply_address: ReplyAddress::Plus,
            postal_footer: String::new(),
            landing_hosts: Vec::new(),
            trusted_authserv_id: None,
            keyless_daily_max: 10,
            keyed_daily_max: 10,
            event_invites_max: 1000,
            ses_timeout_ms: 1000,
            timing: Timing::default(),
        };
        let keys = Keys { event: Key::new("event"), link: Key::new("link") };
        let ctx = MailContext {
            db: world.clone(),
            objects: world.clone(),
            jobs: world.clone(),
            blobs: world.clone(),
            dns: world.clone(),
            signatures: world.clone(),
            clock: world.clone(),
            config: Arc::new(config),
            keys: Arc::new(keys),
            charsets: |_, _| None,
        };
        Self { world, ctx }
    }

    fn mail(&self, to: &Mailbox, mail: &InboundMail, verdict: AuthVerdict) -> Result<MailVerdict, IngestError> {
        self.raw_mail(to, mail, verdict, b"raw")
    }

    fn raw_mail(
        &self,
        to: &Mailbox,
        mail: &InboundMail,
        verdict: AuthVerdict,
        raw: &[u8],
    ) -> Result<MailVerdict, IngestError> {
        let verdict = block_on(open(to, &Letter { raw, mail, sender: Sender::of(mail, verdict) }, &self.ctx));
        self.world.ring_alarms().unwrap();
        verdict
    }

    fn create(&self, mail: &InboundMail, verdict: AuthVerdict) -> MailVerdict {
        self.mail(&Mailbox::Create, mail, verdict).unwrap()
    }

    fn passed(&self, mail: &InboundMail) -> &'static str {
        match self.create(mail, AuthVerdict::Pass) {
            MailVerdict::Accept(what) => what,
            MailVerdict::Reject(reason) => panic!("{reason}"),
        }
    }

    fn rsvp(&self, mail: &InboundMail, token: Option<&str>, verdict: AuthVerdict) -> MailVerdict {
        self.mail(&Mailbox::Rsvp { token: token.map(str::to_owned) }, mail, verdict).unwrap()
    }

    pub fn notices(&self, organizer: &str) -> Vec<Notice> {
        self.world.advance(10_000);
        match block_on(self.world.organizer(&address(organizer), OrganizerCommand::LeaseNotices)).unwrap() {
            OrganizerReply::Notices(notices) => notices.into_iter().map(|(_, notice)| notice).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn held(&self, organizer: &str) -> Vec<(String, String)> {
        match block_on(self.world.organizer(&address(organizer), OrganizerCommand::Held)).unwrap() {
            OrganizerReply::Held(held) => held,
            other => panic!("{other:?}"),
        }
    }

    pub fn bound(&self, uid: &str) -> Vec<(String, EventId, &'static str)> {
        let rows = block_on(directory::bindings(self.world.db(), &Uid(uid.into()))).unwrap();
        rows.into_iter().map(|row| (row.identity.to_string(), row.event_id, row.role.as_str())).collect()
    }

    fn event(&self, uid: &str) -> EventId {
        self.bound(uid).first().unwrap().1.clone()
    }

    fn show(&self, id: &EventId) -> Box<Shown> {
        match block_on(self.world.event(id, Command::Show)).unwrap() {
            Reply::Shown(shown) => shown,
            other => panic!("{other:?}"),
        }
    }

    fn guest(&self, id: &EventId, guest: &str) -> Option<Attendee> {
        match block_on(self.world.event(id, Command::Attendee { guest: address(guest) })).unwrap() {
            Reply::Attendees(guests) => guests.into_iter().next(),
            other => panic!("{other:?}"),
        }
    }

    fn invite(&self, id: &EventId, guest: &str) -> String {
        let guests = vec![Enrollment {
            address: address(guest),
            name: String::new(),
            origin: Origin::Api,
            language: String::new(),
        }];
        block_on(self.world.event(id, Command::Enroll { guests, again: false, invites_max: 9 })).unwrap();
        reply_token(&self.ctx.keys, id, &address(guest))
    }

    fn send_everything(&self) {
        self.world.advance(60);
        self.world.ring_alarms().unwrap();
        while let Some(job) = self.world.next_job() {
            let Job::Batch { event, batch } = job else { continue };
            let Reply::Leased(lease) = block_on(self.world.event(&event, Command::Lease { batch })).unwrap() else {
                panic!()
            };
            let accepted =
                |mail: &MailJob| Settled { guest: mail.guest.clone(), fate: Fate::Accepted { ses_id: "1".into() } };
            let mails = lease.mails.iter().map(accepted).collect();
            block_on(self.world.event(&event, Command::Settle { batch, lease: lease.lease, mails })).unwrap();
        }
    }

    fn is_kept(&self, raw: &[u8]) -> bool {
        block_on(self.world.get(&sha256_hex(raw))).unwrap().is_some()
    }
}

fn details(summary: &str) -> EventDetails {
    let at = |instant: i64| {
        let local = chrono::DateTime::from_timestamp(instant, 0).unwrap().naive_utc();
        When::At(Moment { local, zone: Zone::Utc, instant: Timestamp(instant) })
    };
    EventDetails {
        summary: summary.into(),
        description: String::new(),
        description_html: String::new(),
        location: String::new(),
        url: String::new(),
        start: at(NOW.0 + 864_000),
        end: at(NOW.0 + 867_600),
        recurrence: Recurrence::default(),
        last_end: Some(Timestamp(NOW.0 + 867_600)),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: Vec::new(),
        image: String::new(),
    }
}

fn organizer(text: &str, sent_by: Option<&str>) -> Organizer {
    Organizer { address: address(text), name: "Ann Org".into(), sent_by: sent_by.map(address), email: None }
}

fn guest(text: &str, partstat: PartStat) -> InvitedAttendee {
    InvitedAttendee {
        address: address(text),
        name: String::new(),
        partstat,
        sent_by: None,
        delegated_to: None,
        delegated_from: None,
        member: None,
    }
}

fn message(method: Method, uid: &str, sequence: u32, organizer: Option<Organizer>, summary: &str) -> ItipMessage {
    ItipMessage {
        method,
        prodid: "-//Test//EN".into(),
        uid: Uid(uid.into()),
        components: vec![Component {
            recurrence_id: None,
            order: Order { sequence: Sequence(sequence), dtstamp: NOW.plus(i64::from(sequence)) },
            organizer,
            attendees: vec![guest("create@convoke.test", PartStat::NeedsAction)],
            details: (method != Method::Cancel && method != Method::Reply).then(|| details(summary)),
            comment: String::new(),
            request_status: Vec::new(),
        }],
    }
}

fn letter(from: &str, messages: Vec<ItipMessage>) -> InboundMail {
    InboundMail {
        from: vec![address(from)],
        from_mailbox_count: 1,
        from_header_count: 1,
        from_name: "Some Name".into(),
        sender: None,
        reply_to: None,
        to: Vec::new(),
        subject: "Invitation".into(),
        message_id: String::new(),
        kind: MailKind::Personal,
        language: None,
        calendar: Ok(messages),
        deliveries: Vec::new(),
        attachments: Vec::new(),
        text: String::new(),
        defects: Vec::new(),
    }
}

fn request(from: &str, uid: &str, sequence: u32, by: Organizer) -> InboundMail {
    letter(from, vec![message(Method::Request, uid, sequence, Some(by), "Match")])
}

fn answer(id: &EventId, who: &str, partstat: PartStat, by: Option<Organizer>) -> ItipMessage {
    let mut reply = message(Method::Reply, id.as_str(), 0, by, "");
    reply.components[0].attendees = vec![guest(who, partstat)];
    reply
}

#[test]
fn a_proven_organizers_mail_becomes_an_event_with_a_page() {
    let place = Place::new();
    let mail = request("ann@x.test", "u1", 0, organizer("ann@x.test", None));
    assert_eq!(place.passed(&mail), "created");
    assert!(place.is_kept(b"raw"));
    let id = place.event("u1");
    let notices = place.notices("ann@x.test");
    let [Notice::EventsReady { events }, Notice::Reply { reply }] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((reply.partstat, reply.attendee.as_str()), (PartStat::Accepted, "create@convoke.test"));
    assert_eq!(events.as_slice(), std::slice::from_ref(&id));
    let account = block_on(accounts::organizer(place.world.db(), &address("ann@x.test"))).unwrap().unwrap();
    assert_eq!((account.name.as_str(), account.slug.as_str()), ("Ann Org", "ann-org"));
    assert!(block_on(directory::event(place.world.db(), &id)).unwrap().is_some());
    // The same mail again says nothing and changes nothing.
    assert_eq!(place.passed(&mail), "stale");
    assert!(place.notices("ann@x.test").is_empty());
    let edit = letter("ann@x.test", vec![message(Method::Request, "u1", 1, None, "Final")]);
    assert_eq!(place.passed(&edit), "updated");
    assert_eq!(place.passed(&letter("ann@x.test", vec![message(Method::Cancel, "u1", 2, None, "")])), "cancelled");
}

#[test]
fn the_ladder_decides_what_a_mail_is_worth() {
    let place = Place::new();
    let mail = request("ann@x.test", "u1", 0, organizer("ann@x.test", None));
    let MailVerdict::Reject(reason) = place.create(&mail, AuthVerdict::Fail("dmarc failed")) else { panic!() };
    assert_eq!(reason, "The sender could not be verified: dmarc failed.");
    assert!(!place.is_kept(b"raw") && place.bound("u1").is_empty() && place.notices("ann@x.test").is_empty());

    let mut two = mail.clone();
    two.from.push(address("bob@x.test"));
    two.from_mailbox_count = 2;
    assert!(matches!(place.create(&two, AuthVerdict::Pass), MailVerdict::Reject(_)));
    assert!(place.bound("u1").is_empty());

    assert_eq!(place.create(&mail, AuthVerdict::None), MailVerdict::Accept("held"));
    assert_eq!(place.create(&mail, AuthVerdict::None), MailVerdict::Accept("held"));
    assert_eq!(place.held("ann@x.test"), [(sha256_hex(b"raw"), "Invitation".to_owned())]);
    assert!(place.bound("u1").is_empty());
    let notices = place.notices("ann@x.test");
    let [Notice::Claim { reply: Some(reply), .. }] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((reply.partstat, &reply.to), (PartStat::Tentative, &address("ann@x.test")), "his calendar: perhaps");
}

#[test]
fn unusable_mail_gets_one_reason_and_only_if_its_sender_is_proven() {
    let mut winmail = letter("ann@x.test", Vec::new());
    winmail.calendar = Err(CalendarRefusal::WinmailDat);
    let reply = letter("ann@x.test", vec![message(Method::Reply, "u1", 0, None, "")]);
    let counter = letter("ann@x.test", vec![message(Method::Counter, "u1", 0, None, "Match")]);
    for (mail, word) in [(winmail, "winmail.dat"), (reply, "METHOD:REPLY"), (counter, "METHOD:COUNTER")] {
        let place = Place::new();
        let MailVerdict::Reject(reason) = place.create(&mail, AuthVerdict::None) else { panic!("{word}") };
        assert!(reason.contains(word) && reason.chars().count() <= 200, "{reason}");
        assert!(place.notices("ann@x.test").is_empty());
        place.passed(&mail);
        place.passed(&mail);
        let notices = place.notices("ann@x.test");
        let [Notice::MailRefused { reason, advice, .. }] = notices.as_slice() else { panic!("{notices:?}") };
        assert!(reason.contains(word) && !advice.is_empty(), "{reason}");
    }
}

#[test]
fn machines_are_never_answered() {
    for kind in [MailKind::Bounce, MailKind::AutoReply, MailKind::List] {
        let place = Place::new();
        let mut mail = request("ann@x.test", "u1", 0, organizer("ann@x.test", None));
        mail.kind = kind;
        assert_eq!(place.create(&mail, AuthVerdict::Pass), MailVerdict::Accept(kind.as_str()));
        assert!(place.bound("u1").is_empty() && place.notices("ann@x.test").is_empty());
    }
    let place = Place::new();
    let ours = request("notification@convoke.test", "u1", 0, organizer("ann@x.test", None));
    assert_eq!(place.create(&ours, AuthVerdict::Pass), MailVerdict::Accept("our own mail"));
}

#[test]
fn a_stranger_changes_nothing_and_is_told() {
    let place = Place::new();
    place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
    let before = place.show(&place.event("u1")).event;
    let by_ann = || organizer("ann@x.test", Some("mal@evil.test"));
    assert_eq!(place.passed(&request("mal@evil.test", "u1", 5, by_ann())), "refused");
    let cancel = letter("mal@evil.test", vec![message(Method::Cancel, "u1", 9, Some(by_ann()), "")]);
    assert_eq!(place.passed(&cancel), "refused");
    assert_eq!(place.show(&place.event("u1")).event, before);
    let notices = place.notices("mal@evil.test");
    assert!(matches!(notices.as_slice(), [Notice::MailRefused { .. }]), "{notices:?}");
    // An event of his own under the same UID is another event.
    assert_eq!(place.passed(&request("mal@evil.test", "u1", 0, organizer("mal@evil.test", None))), "created");
    assert_eq!(place.show(&before.event_id).event, before);
}

#[test]
fn organizer_takes_over_with_his_first_own_mail() {
    let place = Place::new();
    assert_eq!(place.passed(&request("fay@x.test", "u1", 0, organizer("ann@x.test", None))), "created");
    let id = place.event("u1");
    assert_eq!(place.show(&id).event.owner, address("fay@x.test"));
    assert_eq!(place.passed(&request("ann@x.test", "u1", 1, organizer("ann@x.test", None))), "unchanged");
    assert_eq!(place.show(&id).event.owner, address("ann@x.test"));
    assert_eq!(place.bound("u1"), [("ann@x.test".to_owned(), id.clone(), "owner")]);
    assert_eq!(place.passed(&request("fay@x.test", "u1", 2, organizer("ann@x.test", None))), "refused");
}

#[test]
fn a_delegate_speaks_once_the_owner_has_named_him() {
    let place = Place::new();
    let named = || organizer("ann@x.test", Some("deb@x.test"));
    assert_eq!(place.passed(&request("ann@x.test", "u1", 0, named())), "created");
    let update = letter("deb@x.test", vec![message(Method::Request, "u1", 1, Some(named()), "Moved")]);
    assert_eq!(place.passed(&update), "updated");
    let shown = place.show(&place.event("u1"));
    assert_eq!(shown.event.owner, address("ann@x.test"));
    // A take-over keeps the earlier sender only when ORGANIZER's own mail names him.
    let place = Place::new();
    place.passed(&request("deb@x.test", "u2", 0, named()));
    place.passed(&request("ann@x.test", "u2", 1, named()));
    let mut roles: Vec<_> = place.bound("u2").into_iter().map(|(who, _, role)| format!("{who} {role}")).collect();
    roles.sort();
    assert_eq!(roles, ["ann@x.test owner", "deb@x.test delegate"]);
}

#[test]
fn icloud_speaks_for_the_person_it_names() {
    let place = Place::new();
    let by = Organizer { email: Some(address("ann@x.test")), ..organizer("2_abc@imip.me.com", None) };
    assert_eq!(place.passed(&request("noreply@insideicloud.icloud.com", "u1", 0, by)), "created");
    assert_eq!(place.show(&place.event("u1")).event.owner, address("ann@x.test"));
    let unnamed = request("noreply@insideicloud.icloud.com", "u2", 0, organizer("2_abc@imip.me.com", None));
    assert!(matches!(place.create(&unnamed, AuthVerdict::Pass), MailVerdict::Reject(_)));
}

#[test]
fn a_new_organizer_is_written_to_in_the_language_of_his_mail() {
    for (written, kept) in [(Some("es-MX"), "es"), (Some("en-GB"), ""), (Some("tlh"), ""), (None, "")] {
        let place = Place::new();
        let mail = InboundMail {
            language: written.map(str::to_owned),
            ..request("ann@x.test", "u1", 0, organizer("ann@x.test", None))
        };
        assert_eq!(place.passed(&mail), "created");
        let account = block_on(accounts::organizer(place.world.db(), &address("ann@x.test"))).unwrap().unwrap();
        let settings: scheduling::settings::OrganizerSettings = serde_json::from_str(&account.settings).unwrap();
        assert_eq!(settings.language, kept, "{written:?}");
    }
}

#[test]
fn an_invitation_that_a_guest_hands_on_is_not_published() {
    let place = Place::new();
    let mut private = request("ann@x.test", "u1", 0, organizer("ann@x.test", None));
    let Ok(messages) = &mut private.calendar else { panic!() };
    messages[0].components[0].attendees = vec![guest("mal@z.test", PartStat::NeedsAction)];
    assert_eq!(place.passed(&private), "held");
    assert!(place.bound("u1").is_empty());
    // Written to us, it is; and what we know from her is hers to change, whatever the mail names.
    let addressed = InboundMail { to: vec![address("create@convoke.test")], ..private.clone() };
    assert_eq!(place.passed(&addressed), "created");
    let Ok(messages) = &mut private.calendar else { panic!() };
    messages[0].components[0].order.dtstamp = NOW.plus(5);
    messages[0].components[0].details = Some(details("Final"));
    assert_eq!(place.passed(&private), "updated");
}

#[test]
fn a_cancel_that_comes_first_leaves_a_tombstone_and_no_page() {
    let place = Place::new();
    let by = || organizer("ann@x.test", None);
    let cancel = letter("ann@x.test", vec![message(Method::Cancel, "u1", 5, Some(by()), "")]);
    assert_eq!(place.passed(&cancel), "tombstone");
    assert!(block_on(accounts::organizer(place.world.db(), &address("ann@x.test"))).unwrap().is_none());
    assert_ne!(place.passed(&request("ann@x.test", "u1", 4, by())), "created");
    assert!(!place.notices("ann@x.test").iter().any(|notice| matches!(notice, Notice::EventsReady { .. })));
}

#[test]
fn the_suspended_make_nothing_new_but_their_guests_hear_of_changes() {
    let place = Place::new();
    let by = || organizer("ann@x.test", None);
    place.passed(&request("ann@x.test", "u1", 0, by()));
    place.notices("ann@x.test");
    let suspend = accounts::save_organizer(&address("ann@x.test"), "Ann", "{}", true);
    block_on(store::Database::run(place.world.db(), suspend)).unwrap();
    assert_eq!(place.passed(&request("ann@x.test", "u2", 0, by())), "refused");
    assert!(place.bound("u2").is_empty());
    assert!(matches!(place.notices("ann@x.test").as_slice(), [Notice::MailRefused { .. }]));
    let cancel = letter("ann@x.test", vec![message(Method::Cancel, "u1", 1, Some(by()), "")]);
    assert_eq!(place.passed(&cancel), "cancelled");
}

#[test]
fn whose_answer_counts() {
    let on_behalf = |who: &str, by: &str| {
        let mut message = answer(&EventId::from_bytes([0; 20]), who, PartStat::Accepted, None);
        message.components[0].attendees[0].sent_by = Some(address(by));
        message
    };
    let plain = |who: &str| answer(&EventId::from_bytes([0; 20]), who, PartStat::Accepted, None);
    for (what, from, message, verdict, token_of, counts) in [
        ("his token", "gus@y.test", plain("gus@y.test"), AuthVerdict::None, Some("gus@y.test"), true),
        ("his token, forwarded", "fwd@z.test", plain("gus@y.test"), AuthVerdict::Fail("x"), Some("gus@y.test"), true),
        ("himself", "gus@y.test", plain("gus@y.test"), AuthVerdict::Pass, None, true),
        ("only his name", "gus@y.test", plain("gus@y.test"), AuthVerdict::None, None, false),
        ("forged", "gus@y.test", plain("gus@y.test"), AuthVerdict::Fail("x"), None, false),
        ("somebody else", "mal@y.test", plain("gus@y.test"), AuthVerdict::Pass, None, false),
        ("another's token", "mal@z.test", plain("gus@y.test"), AuthVerdict::Pass, Some("mal@z.test"), false),
        ("his assistant", "eva@y.test", on_behalf("gus@y.test", "eva@y.test"), AuthVerdict::Pass, None, true),
        ("an assistant from afar", "mal@z.test", on_behalf("gus@y.test", "mal@z.test"), AuthVerdict::Pass, None, false),
        ("an unproven assistant", "eva@y.test", on_behalf("gus@y.test", "eva@y.test"), AuthVerdict::None, None, false),
    ] {
        let place = Place::new();
        place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
        let id = place.event("u1");
        place.invite(&id, "gus@y.test");
        let token = token_of.map(|who| reply_token(&place.ctx.keys, &id, &address(who)));
        let mut message = message;
        message.uid = Uid(id.to_string());
        let verdict = place.rsvp(&letter(from, vec![message]), token.as_deref(), verdict);
        let partstat = place.guest(&id, "gus@y.test").unwrap().partstat;
        assert_eq!((partstat == PartStat::Accepted), counts, "{what}: {verdict:?}");
        assert_eq!(verdict == MailVerdict::Accept("answered"), counts, "{what}");
        assert!(place.guest(&id, "mal@z.test").is_none(), "{what}");
    }
}

#[test]
fn a_guests_token_neither_proposes_nor_asks_in_another_guests_name() {
    let place = Place::new();
    place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
    let id = place.event("u1");
    place.invite(&id, "gus@y.test");
    let token = place.invite(&id, "mal@z.test");
    place.notices("ann@x.test");
    for method in [Method::Counter, Method::Refresh, Method::Reply] {
        let mut message = answer(&id, "gus@y.test", PartStat::Accepted, None);
        message.method = method;
        message.components[0].details = Some(details("Match"));
        let verdict = place.rsvp(&letter("mal@z.test", vec![message]), Some(&token), AuthVerdict::Pass);
        assert!(verdict != MailVerdict::Accept("answered"), "{method:?}: {verdict:?}");
        let gus = place.guest(&id, "gus@y.test").unwrap();
        assert_eq!((gus.answered, gus.refreshed), (None, None), "{method:?}");
        assert!(place.show(&id).proposals.is_empty(), "{method:?}");
        let told = place.notices("ann@x.test").iter().any(|notice| matches!(notice, Notice::Proposal { .. }));
        assert!(!told, "{method:?}");
    }
}

#[test]
fn the_token_also_counts_in_the_body_and_in_any_case() {
    let place = Place::new();
    place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
    let id = place.event("u1");
    let token = place.invite(&id, "gus@y.test").to_uppercase();
    let by = organizer(&format!("rsvp+{token}@convoke.test"), None);
    let mail = letter("gus@y.test", vec![answer(&id, "gus@y.test", PartStat::Tentative, Some(by))]);
    assert_eq!(place.rsvp(&mail, None, AuthVerdict::None), MailVerdict::Accept("answered"));
    // Another domain's mailbox of that name proves nothing.
    let foreign = organizer(&format!("rsvp+{token}@evil.test"), None);
    let mail = letter("gus@y.test", vec![answer(&id, "gus@y.test", PartStat::Declined, Some(foreign))]);
    assert!(matches!(place.rsvp(&mail, None, AuthVerdict::None), MailVerdict::Reject(_)));
}

#[test]
fn only_a_whole_answer_is_an_answer() {
    let place = Place::new();
    place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
    let id = place.event("u1");
    let token = place.invite(&id, "gus@y.test");
    let yes = || answer(&id, "gus@y.test", PartStat::Accepted, None);
    let mut counter = yes();
    counter.method = Method::Counter;
    counter.components[0].attendees[0].partstat = PartStat::NeedsAction;
    let mut two = yes();
    two.components[0].attendees.push(guest("bob@y.test", PartStat::Accepted));
    let mut one_date = yes();
    one_date.components[0].recurrence_id = Some(itip::RecurrenceId { when: details("").end, this_and_future: false });
    let mut foreign = yes();
    foreign.uid = Uid("somebody-elses".into());
    for (message, word) in [
        (counter, "a proposal without a time"),
        (two, "not one attendee"),
        (one_date, "no such date"),
        (foreign, "not our event"),
    ] {
        let mail = letter("gus@y.test", vec![message]);
        assert_eq!(place.rsvp(&mail, Some(&token), AuthVerdict::Pass), MailVerdict::Accept(word));
        assert_eq!(place.guest(&id, "gus@y.test").unwrap().answered, None, "{word}");
    }
    let invented =
        letter("gus@y.test", vec![answer(&EventId::from_bytes([9; 20]), "gus@y.test", PartStat::Accepted, None)]);
    assert_eq!(place.rsvp(&invented, None, AuthVerdict::Pass), MailVerdict::Accept("no such event"));
}

#[test]
fn authenticated_uninvited_people_are_shared_guests_and_token_holders_are_not() {
    let place = Place::new();
    place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
    let id = place.event("u1");
    let mail = letter("new@y.test", vec![answer(&id, "new@y.test", PartStat::Accepted, None)]);
    assert_eq!(place.rsvp(&mail, None, AuthVerdict::Pass), MailVerdict::Accept("answered"));
    assert_eq!(place.guest(&id, "new@y.test").unwrap().origin, Origin::Shared);
    let mail = letter("tok@y.test", vec![answer(&id, "tok@y.test", PartStat::Accepted, None)]);
    let token = reply_token(&place.ctx.keys, &id, &address("tok@y.test"));
    assert_eq!(place.rsvp(&mail, Some(&token), AuthVerdict::None), MailVerdict::Accept("not a guest"));
}

#[test]
fn whoever_answers_an_old_version_gets_the_current_one() {
    let place = Place::new();
    let by = || organizer("ann@x.test", None);
    place.passed(&request("ann@x.test", "u1", 0, by()));
    let id = place.event("u1");
    let token = place.invite(&id, "gus@y.test");
    place.send_everything();
    place.passed(&letter("ann@x.test", vec![message(Method::Request, "u1", 1, Some(by()), "Final")]));
    place.send_everything();
    let mail = letter("gus@y.test", vec![answer(&id, "gus@y.test", PartStat::Accepted, None)]);
    assert_eq!(place.rsvp(&mail, Some(&token), AuthVerdict::None), MailVerdict::Accept("answered"));
    assert!(matches!(place.world.next_job(), Some(Job::Batch { event, .. }) if event == id));
}

#[test]
fn a_change_that_waits_for_its_organizer_is_announced_once() {
    let place = Place::new();
    let by = || organizer("ann@x.test", None);
    place.passed(&request("ann@x.test", "u1", 0, by()));
    let id = place.event("u1");
    place.invite(&id, "gus@y.test");
    place.notices("ann@x.test");
    let save = accounts::save_organizer(&address("ann@x.test"), "Ann", "{\"approval\":true}", false);
    block_on(store::Database::run(place.world.db(), save)).unwrap();
    let edit = letter("ann@x.test", vec![message(Method::Request, "u1", 1, Some(by()), "Final")]);
    assert_eq!((place.passed(&edit), place.passed(&edit)), ("updated", "stale"));
    let notices = place.notices("ann@x.test");
    assert!(
        matches!(notices.as_slice(), [Notice::Approval { event }, Notice::Reply { .. }] if *event == id),
        "{notices:?}"
    );
}

#[test]
fn the_code_of_a_mail_unsubscribes_its_reader() {
    let place = Place::new();
    place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
    let id = place.event("u1");
    place.invite(&id, "gus@y.test");
    let link = Link::Unsubscribe { event: id.clone(), guest: address("gus@y.test") };
    let token = sign_link(&place.ctx.keys, &link);
    let mut mail = letter("gus@y.test", Vec::new());
    mail.calendar = Err(CalendarRefusal::NoCalendar);
    mail.kind = MailKind::AutoReply;
    for (subject, accepted) in
        [(format!("Re: {token}"), true), ("please stop".into(), false), (format!("{token}x"), false)]
    {
        mail.subject = subject;
        let verdict = place.mail(&Mailbox::Unsubscribe, &mail, AuthVerdict::None).unwrap();
        assert_eq!(verdict == MailVerdict::Accept("unsubscribed"), accepted, "{verdict:?}");
    }
    assert_eq!(place.guest(&id, "gus@y.test").unwrap().delivery, itip::Delivery::Suppressed);
    let hash = scheduling::keys::address_hash(&place.ctx.keys, &address("gus@y.test"));
    assert!(block_on(accounts::is_suppressed(place.world.db(), &hash, &address("ann@x.test"))).unwrap());
    assert!(!block_on(accounts::is_suppressed(place.world.db(), &hash, &address("bob@x.test"))).unwrap());
}

#[test]
fn a_final_bounce_of_our_own_mail_closes_the_address() {
    let place = Place::new();
    place.passed(&request("ann@x.test", "u1", 0, organizer("ann@x.test", None)));
    let id = place.event("u1");
    place.invite(&id, "gus@y.test");
    let link = Link::Unsubscribe { event: id.clone(), guest: address("gus@y.test") };
    let token = sign_link(&place.ctx.keys, &link);
    let mut mail = letter("mailer-daemon@y.test", Vec::new());
    mail.kind = MailKind::Bounce;
    for (action, status, token, closed) in [
        (DeliveryAction::Delayed, (4, 4, 1), token.as_str(), false),
        (DeliveryAction::Failed, (5, 1, 1), "forged.token", false),
        (DeliveryAction::Failed, (5, 1, 1), token.as_str(), true),
    ] {
        mail.deliveries = vec![Delivery { recipient: address("gus@y.test"), action, status }];
        let raw = format!("List-Unsubscribe: <https://convoke.test/u/{token}>\r\n");
        place.raw_mail(&Mailbox::Notification, &mail, AuthVerdict::None, raw.as_bytes()).unwrap();
        let delivery = place.guest(&id, "gus@y.test").unwrap().delivery;
        assert_eq!(delivery == itip::Delivery::Undeliverable, closed, "{status:?} {token}");
    }
}
