// Who may speak for whom: organizers by what a trusted receiver says, guests by token or by proof; and who is never
// written to.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { calendarMail, guestClients, organizerClients, plainMail, withVerdict } from "./mails/clients.mjs";
import { invitationOf } from "./mails/read.mjs";
import { CRLF, base64, multipart, part } from "./mails/text.mjs";
import { eventually, sleep, startWorld, untilRsvp } from "./world.mjs";

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

const eventsOf = (organizer) => world.get(`/organizer/${encodeURIComponent(organizer.email)}/events`);

/** Gives a mail another header section on top. */
const onTop = (mail, text) => ({ ...mail, raw: Buffer.concat([Buffer.from(text, "latin1"), mail.raw]) });

describe("a mail nobody vouches for", () => {
  test("is held: nothing is published, the sender gets one claim mail, and the link publishes by POST only", async () => {
    const organizer = world.organizer("outlook");
    const meeting = organizer.meeting();
    await meeting.send("REQUEST", null);
    const claim = await world.mailTo(organizer.email);
    assert.match(claim.subject, /Is this mail yours/);
    const link = claim.links.find((url) => url.includes("/c/"));
    assert.ok(link, claim.text);

    const second = organizer.meeting();
    const mark = await world.mark();
    await second.send("REQUEST", null);
    await meeting.send("REQUEST", null);
    await world.quiet({ after: mark });
    assert.deepEqual(await eventsOf(organizer), [], "nothing is published");
    assert.equal((await world.fetch(`/v1/organizers/${encodeURIComponent(organizer.email)}`, { key: "standard" })).status, 404);

    const page = await world.fetch(link);
    assert.equal(page.status, 200);
    assert.ok(page.text.includes(meeting.says.summary) && page.text.includes(second.says.summary));
    await sleep(500);
    assert.deepEqual(await eventsOf(organizer), [], "looking is not claiming");

    assert.equal((await world.fetch(link, { method: "POST", body: new URLSearchParams() })).status, 200);
    await meeting.appear();
    await second.appear();
    // From now on the event is his: a mail that is proven changes it.
    await meeting.edit({ location: "Gate 9" });
    assert.equal((await meeting.revision(1)).location_html, "Gate 9");
  });

  test("changes nothing about an event that exists", async () => {
    const organizer = world.organizer("google");
    const meeting = await organizer.announced();
    await world.mailTo(organizer.email);
    meeting.change({ location: "Somewhere else" });
    await meeting.send("REQUEST", null);
    await meeting.send("CANCEL", null);
    await sleep(700);
    const event = await world.event(meeting.id);
    assert.deepEqual([event.sequence, event.status, event.location_html], [0, "confirmed", "Harbor Park, Gate 4"]);
  });

  test("is not answered by mail when it is unusable: its server is told", async () => {
    const stranger = world.organizer();
    const mark = await world.mark();
    const mail = plainMail({
      from: stranger,
      to: world.create,
      subject: "Hello",
      extra: [["Content-Type", "text/plain; charset=utf-8"]],
      body: `Where is the park?${CRLF}`,
    });
    assert.match(await world.refused(mail, null), /no calendar/i);
    await world.quiet({ after: mark });
  });
});

describe("a forged or doubtful sender is rejected, nothing is stored and nobody mailed", () => {
  const forged = {
    "dmarc=fail": () => [{ result: "fail" }],
    "a verdict for another domain": () => [{ result: "pass", domain: "attacker.example" }],
    "two From headers": (mail) => [{ result: "pass" }, onTop(mail, "From: Somebody <somebody@attacker.example>\r\n")],
    "two senders in one From": (mail) => [
      { result: "pass" },
      { ...mail, raw: Buffer.from(mail.raw.toString("latin1").replace(/^From: (.*)$/m, "From: $1, <somebody@attacker.example>"), "latin1") },
    ],
  };
  for (const [name, forge] of Object.entries(forged)) {
    test(name, async () => {
      const organizer = world.organizer("google");
      const meeting = organizer.meeting();
      const mark = await world.mark();
      const [verdict, mail = meeting.mail()] = forge(meeting.mail());
      await world.refused(mail, verdict);
      await world.quiet({ after: mark });
      assert.deepEqual(await eventsOf(organizer), []);
    });
  }

  test("a verdict that the sender wrote himself, below the router's", async () => {
    const organizer = world.organizer("google");
    const meeting = organizer.meeting();
    const mail = withVerdict(meeting.mail(), { result: "pass" });
    await world.refused(mail, { result: "fail" });
    assert.deepEqual(await eventsOf(organizer), []);
  });

  test("a verdict in the name of a receiver that we do not trust counts as none", async () => {
    const organizer = world.organizer("google");
    const meeting = organizer.meeting();
    await meeting.send("REQUEST", { result: "pass", authserv: "mx.attacker.example" });
    assert.match((await world.mailTo(organizer.email)).subject, /Is this mail yours/);
    assert.deepEqual(await eventsOf(organizer), []);
  });
});

describe("an event belongs to its organizer", () => {
  for (const method of ["REQUEST", "CANCEL"]) {
    test(`a stranger's ${method} with the organizer's name in it is refused, and he is told why`, async () => {
      const organizer = world.organizer("google");
      const meeting = await organizer.announced();
      const stranger = world.organizer("google");
      const says = { ...meeting.says, sequence: 5, summary: "Stolen", dtstamp: new Date(meeting.says.dtstamp.getTime() + 600_000) };
      const { raw, to } = organizerClients.google.mail(says, method, world.create);
      const From = `From: Mallory <${stranger.email.replace("gulls", "owls")}>`;
      const mail = { from: stranger.email.replace("gulls", "owls"), to, domain: "owls.example", raw: Buffer.from(raw.toString("latin1").replace(/^From: .*$/m, From), "latin1") };
      await world.take(mail);
      const refusal = await world.mailTo(mail.from);
      assert.match(refusal.text, /belongs to another organizer/);
      const event = await world.event(meeting.id);
      assert.deepEqual([event.sequence, event.status, event.summary_html], [0, "confirmed", meeting.says.summary]);
    });
  }

  test("a stranger's own event under a UID that he has seen is an event of his own", async () => {
    const meeting = await world.organizer("google").announced();
    const other = world.organizer("google");
    const copy = await other.announced({ uid: meeting.says.uid });
    assert.notEqual(copy.id, meeting.id);
    await copy.cancel();
    await copy.revision(1);
    assert.equal((await world.event(meeting.id)).status, "confirmed");
  });

  test("the ORGANIZER takes an event over from whoever forwarded it, and its id stays", async () => {
    const organizer = world.organizer("google");
    const meeting = organizer.meeting();
    const forwarder = { name: "Fay Forwards", email: "fay@owls.example" };
    const raw = Buffer.from(meeting.mail().raw.toString("latin1").replace(/^From: .*$/m, `From: ${forwarder.name} <${forwarder.email}>`), "latin1");
    await world.take({ from: forwarder.email, to: world.create, domain: "owls.example", raw });
    const listed = () => world.get(`/organizer/${encodeURIComponent(forwarder.email)}/events`);
    const [line] = await eventually("the forwarder's event", async () => {
      const list = await listed();
      return list.length === 1 && list;
    });
    await meeting.edit({ location: "Gate 1" });
    await meeting.appear();
    assert.equal(meeting.id, line.uid);
    assert.equal((await meeting.revision(1)).mailto, organizer.email);
    // The forwarder has lost it.
    const again = { ...meeting.says, location: "Gate 2", dtstamp: new Date(meeting.says.dtstamp.getTime() + 60_000) };
    const late = organizerClients.google.mail(again, "REQUEST", world.create);
    await world.take({ from: forwarder.email, to: world.create, domain: "owls.example", raw: Buffer.from(late.raw.toString("latin1").replace(/^From: .*$/m, `From: ${forwarder.name} <${forwarder.email}>`), "latin1") });
    await sleep(700);
    assert.equal((await world.event(meeting.id)).location_html, "Gate 1");
  });

  test("mail to another mailbox is refused with a word", async () => {
    const meeting = world.organizer().meeting();
    assert.match(await world.refused({ ...meeting.mail(), to: `postmaster@${world.domain}` }), /mailbox/);
  });
});

describe("an answer counts when its writer holds the guest's token or is proven to be the guest", () => {
  let meeting;
  before(async () => {
    meeting = await world.organizer("outlook").announced();
  });

  /** A guest of the event, invited, and his reply address. */
  async function guestWithToken(client = "google") {
    const guest = world.guest(client);
    const [mail] = await meeting.invite(guest);
    return { guest, address: invitationOf(mail).organizer, token: /\+(\w+)@/.exec(invitationOf(mail).organizer)[1] };
  }
  const statusOf = async ({ email }) => {
    const { text } = await world.fetch(`/v1/events/${meeting.id}/attendees.csv`, { key: "standard" });
    return text.split("\r\n").map((row) => row.split(",")).find(([address]) => address === email)?.[2];
  };
  const untilStatus = (guest, status) => eventually(`${guest.email} ${status}`, async () => (await statusOf(guest)) === status);

  for (const [name, verdict] of [["authenticated", { result: "pass" }], ["not authenticated", null], ["even with dmarc=fail, as forwarding breaks it", { result: "fail" }]]) {
    test(`with his token, ${name}`, async () => {
      const { guest } = await guestWithToken();
      await world.take(guest.answer(meeting, "ACCEPTED"), verdict);
      await untilStatus(guest, "accepted");
    });
  }

  for (const client of Object.keys(guestClients)) {
    test(`from ${client} with the token in dash form and without ORGANIZER`, async () => {
      const { guest, token } = await guestWithToken(client);
      await world.take(guest.answer(meeting, "TENTATIVE", { to: `rsvp-${token}@${world.domain}`, organizer: false }), null);
      await untilStatus(guest, "tentative");
    });
  }

  test("with the token in capitals", async () => {
    const { guest, token } = await guestWithToken();
    await world.take(guest.answer(meeting, "ACCEPTED", { to: `RSVP+${token.toUpperCase()}@${world.domain}` }), null);
    await untilStatus(guest, "accepted");
  });

  test("with the token only in ORGANIZER, at the plain address", async () => {
    const { guest } = await guestWithToken();
    await world.take(guest.answer(meeting, "ACCEPTED", { to: `rsvp@${world.domain}` }), null);
    await untilStatus(guest, "accepted");
  });

  test("proven, without any token", async () => {
    const { guest } = await guestWithToken("outlook");
    await world.take(guest.answer(meeting, "DECLINED", { to: `rsvp@${world.domain}` }));
    await untilStatus(guest, "declined");
  });

  test("not with another guest's token", async () => {
    const { guest } = await guestWithToken();
    const { address } = await guestWithToken();
    const forged = guest.answer(meeting, "DECLINED", { to: address, invitation: { organizer: address } });
    assert.match(await world.refused(forged, null), /could not be verified/);
    assert.equal(await statusOf(guest), "noaction");
  });

  test("not without token and without proof", async () => {
    const { guest } = await guestWithToken("outlook");
    assert.match(await world.refused(guest.answer(meeting, "ACCEPTED", { to: `rsvp@${world.domain}` }), null), /could not be verified/);
    assert.equal(await statusOf(guest), "noaction");
  });

  test("not for one guest by another, however proven", async () => {
    const { guest } = await guestWithToken("outlook");
    const mallory = world.guest("outlook");
    const mail = guest.answer(meeting, "ACCEPTED", { to: `rsvp@${world.domain}` });
    const raw = Buffer.from(mail.raw.toString("latin1").replace(/^From: .*$/m, `From: Mallory <${mallory.email}>`), "latin1");
    await world.refused({ ...mail, from: mallory.email, raw });
    assert.equal(await statusOf(guest), "noaction");
  });

  test("an older answer never overwrites a newer one, whichever comes first", async () => {
    const { guest } = await guestWithToken("apple");
    const older = guest.answer(meeting, "ACCEPTED", { dtstamp: new Date(Date.now() - 120_000) });
    const newer = guest.answer(meeting, "DECLINED", { dtstamp: new Date(Date.now() - 60_000) });
    await world.take(newer);
    await untilStatus(guest, "declined");
    await world.take(older);
    await world.take(newer);
    await sleep(500);
    assert.equal(await statusOf(guest), "declined");
    await world.take(guest.answer(meeting, "NEEDS-ACTION"));
    await untilStatus(guest, "noaction");
  });

  test("a proven person who was not invited is counted as shared", async () => {
    const { guest: invited, address } = await guestWithToken();
    const crasher = world.guest("google");
    crasher.held.set(meeting.id, invited.held.get(meeting.id));
    await world.take(crasher.answer(meeting, "ACCEPTED", { to: address }));
    await untilStatus(crasher, "accepted");
    assert.equal((await world.statistics(meeting.id)).origin.shared, 1);
    const unknown = world.guest("google");
    unknown.held.set(meeting.id, invited.held.get(meeting.id));
    await world.refused(unknown.answer(meeting, "ACCEPTED", { to: address }), null);
    assert.equal(await statusOf(unknown), undefined);
  });

  test("a counter-proposal that calls itself an answer is a proposal, with the answer that it carries", async () => {
    const { guest } = await guestWithToken("google");
    // Google's "propose a new time": method=REPLY in MIME, METHOD:COUNTER in both bodies.
    await guest.replies(meeting, "TENTATIVE", { method: "COUNTER" });
    const { proposals } = await eventually("the proposal", async () => {
      const found = await world.get(`/v1/events/${meeting.id}/proposals`);
      return found.proposals.some(({ email }) => email === guest.email) && found;
    });
    assert.equal(proposals.length, 1);
    await untilStatus(guest, "tentative");
  });
});

describe("mail that nobody may be answered for", () => {
  let mark;
  const text = `I am away until Monday.${CRLF}`;
  const plain = [["Content-Type", "text/plain; charset=utf-8"]];

  before(async () => {
    mark = await world.mark();
  });

  test("an out-of-office note", async () => {
    const from = world.organizer();
    await world.take(plainMail({ from, to: world.create, subject: "Automatic reply", extra: [["Auto-Submitted", "auto-replied"], ["X-Auto-Response-Suppress", "All"], ...plain], body: text }));
  });

  test("a mailing list's mail without a calendar", async () => {
    const from = world.organizer();
    await world.take(plainMail({ from, to: world.create, subject: "News", extra: [["List-Id", "<news.gulls.example>"], ["Precedence", "bulk"], ...plain], body: text }));
  });

  test("a delivery report that carries our own invitation back", async () => {
    const meeting = await world.organizer("google").announced();
    const guest = world.guest();
    const [mail] = await meeting.invite(guest);
    mark = await world.mark();
    const before_ = await world.event(meeting.id);
    const [returned] = (await world.messages({ to: guest.email })).filter(({ id }) => id === mail.id);
    const original = await (await fetch(`${world.standin.url}/messages/${returned.id}/raw`)).text();
    const daemon = { name: "Mail Delivery System", email: "mailer-daemon@example.org" };
    for (const to of [world.create, invitationOf(mail).organizer, `rsvp@${world.domain}`]) {
      const bounce = plainMail({
        from: daemon,
        to,
        subject: "Undelivered Mail Returned to Sender",
        extra: [["Auto-Submitted", "auto-replied"], ["Content-Type", 'multipart/report; report-type=delivery-status; boundary="report"']],
        body: multipart("report", [
          part(plain, `The mail could not be delivered.${CRLF}`),
          part([["Content-Type", "message/delivery-status"]], `Reporting-MTA: dns; mx.example.org${CRLF}${CRLF}Final-Recipient: rfc822; ${guest.email}${CRLF}Action: delayed${CRLF}Status: 4.2.2${CRLF}`),
          part([["Content-Type", "message/rfc822"]], original),
        ]),
      });
      for (const verdict of [null, { result: "pass" }]) assert.equal((await world.deliver(bounce, verdict)).outcome, "ok");
    }
    assert.deepEqual(await world.event(meeting.id), before_);
  });

  test("our own mail that comes back", async () => {
    const meeting = world.organizer("google").meeting();
    const raw = Buffer.from(meeting.mail().raw.toString("latin1").replace(/^From: .*$/m, `From: Gulls <notification@${world.domain}>`), "latin1");
    await world.take({ from: `notification@${world.domain}`, to: world.create, domain: world.domain, raw });
  });

  test("gets no answer, not one of them", async () => {
    await world.quiet({ after: mark });
  });

  test("but Google's own auto-generated invitations are taken", async () => {
    await world.organizer("google").announced();
  });
});

describe("an unusable mail of a proven sender says once what was wrong", () => {
  const calendar = (...lines) => ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", "METHOD:REQUEST", ...lines, "END:VCALENDAR", ""].join(CRLF);
  const event = (...lines) => calendar("BEGIN:VEVENT", "DTSTAMP:20270101T000000Z", ...lines, "END:VEVENT");
  const cases = {
    "no calendar at all": [(from, to) => plainMail({ from, to, subject: "Please add", extra: [["Content-Type", "text/plain; charset=utf-8"]], body: `Friday at 7.${CRLF}` }), /no calendar attached/],
    "an empty calendar part": [(from, to) => calendarMail({ from, to, calendar: "" }), /calendar is empty|no calendar/],
    "an event without UID": [(from, to) => calendarMail({ from, to, calendar: event("DTSTART:20270702T190000Z", "SUMMARY:No UID") }), /has no UID/],
    "an event without a start": [(from, to) => calendarMail({ from, to, calendar: event("UID:nostart@example.com", "SUMMARY:No start") }), /has no start/],
    "an unreadable date": [(from, to) => calendarMail({ from, to, calendar: event("UID:baddate@example.com", "DTSTART:9007199254740993", "SUMMARY:Far away") }), /date or time that cannot be read/],
    "an unknown zone": [(from, to) => calendarMail({ from, to, calendar: event("UID:zone@example.com", "DTSTART;TZID=Middle-earth/Shire:20270702T190000", "SUMMARY:Party") }), /time zone/],
    "tasks only": [(from, to) => calendarMail({ from, to, calendar: calendar("BEGIN:VTODO", "UID:todo@example.com", "DTSTAMP:20270101T000000Z", "SUMMARY:Paint the fence", "END:VTODO") }), /no event/],
    "an unknown METHOD": [(from, to) => calendarMail({ from, to, calendar: event("UID:m@example.com", "DTSTART:20270702T190000Z").replace("METHOD:REQUEST", "METHOD:FROBNICATE") }), /METHOD/],
    "an answer at create@": [(from, to) => calendarMail({ from, to, method: "REPLY", calendar: event("UID:r@example.com", "DTSTART:20270702T190000Z", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:x@example.com").replace("METHOD:REQUEST", "METHOD:REPLY") }), /answer to an invitation/],
    "winmail.dat": [(from, to) => plainMail({ from, to, subject: "Meeting", extra: [["Content-Type", 'application/ms-tnef; name="winmail.dat"'], ["Content-Transfer-Encoding", "base64"]], body: base64(Buffer.from("789f3e2201000000", "hex")) }), /winmail\.dat/],
  };
  for (const [name, [build, reason]] of Object.entries(cases)) {
    test(name, async () => {
      const from = world.organizer();
      const mark = await world.mark();
      await world.take(build(from, world.create));
      const answer = await world.mailTo(from.email);
      assert.match(answer.subject, /^Not taken: /);
      assert.match(answer.text, reason);
      assert.equal(answer.calendar, null);
      const { level } = await world.fetch("/healthz").then(({ status }) => ({ level: status }));
      assert.equal(level, 200);
      await world.take(build(from, world.create));
      await sleep(600);
      assert.equal((await world.messages({ to: from.email, after: mark })).length, 1, "said once, not twice");
    });
  }
});
