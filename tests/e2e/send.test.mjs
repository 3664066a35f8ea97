// When SES is slow, angry, gone or confused: no mail is lost, and a mail whose fate is unknown is repeated word for word.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { content } from "./mails/read.mjs";
import { eventually, startWorld } from "./world.mjs";

// Seconds. Production's are in wrangler.toml.
const VARS = { LEASE_SECS: "10", UNKNOWN_GRACE_SECS: "2", HINT_REPEAT_SECS: "1", SES_TIMEOUT_MS: "4000" };
const LATE_MS = 40_000;

let world, meeting;
before(async () => {
  world = await startWorld({ vars: VARS });
  meeting = await world.organizer("google").announced();
});
after(() => world?.stop());

/** Asks for an invitation without waiting for its mail. */
async function ask(guest) {
  const answer = await world.fetch(`/event/${meeting.id}/invite`, { method: "POST", body: new URLSearchParams({ email: guest.email, name: guest.name }) });
  assert.equal(answer.status, 303, answer.text);
}

const versionOf = ({ calendar }) => [calendar.uid, calendar.method, calendar.sequence, calendar.dtstamp].join(" ");

/** All mails to a guest once they have stopped coming: no batch of the event waits. */
async function whenOver(guest, { atLeast = 1 } = {}) {
  await eventually(`mail to ${guest.email}`, async () => (await world.messages({ to: guest.email })).length >= atLeast, { timeoutMs: LATE_MS });
  await idle();
  return world.messages({ to: guest.email });
}

/** Nothing of the event waits or is under way. */
async function idle() {
  const owner = await ownerPage();
  await eventually("nothing waits", async () => !/Mails on their way/.test((await world.fetch(owner)).text), { timeoutMs: LATE_MS, everyMs: 250 });
}

let ownerLink;
async function ownerPage() {
  if (!ownerLink) {
    const ready = await world.mailTo(meeting.organizer.email, { where: ({ subject }) => subject.startsWith("Ready") });
    ownerLink = ready.links.find((link) => link.includes("/o/"));
  }
  return ownerLink;
}

const FAULTS = {
  throttle: { about: "SES says 429, too fast", copies: 1 },
  fail500: { about: "SES answers 500", copies: 1 },
  fail503: { about: "SES answers 503", copies: 1 },
  "reset-before": { about: "the connection is reset before SES took the mail", copies: 1 },
  hang: { about: "SES never answers and did not take the mail", copies: 1 },
  "reset-after": { about: "SES took the mail and the connection is reset", copies: 2 },
  "accept-and-drop": { about: "SES took the mail and hung up without an answer", copies: 2 },
  "hang-after": { about: "SES took the mail and never answered", copies: 2 },
};

describe("one invitation each", { concurrency: true }, () => {
  const guests = new Map();
  before(async () => {
    for (const mode of Object.keys(FAULTS)) guests.set(mode, world.guest());
    await world.faults([...guests].map(([mode, guest]) => ({ mode, times: 1, match: guest.email })));
    for (const guest of guests.values()) await ask(guest);
  });
  for (const [mode, { about, copies }] of Object.entries(FAULTS)) {
    test(`${about}: it arrives${copies > 1 ? ", at most twice and then identical" : " once"}`, { timeout: 60_000 }, async () => {
      const mails = await whenOver(guests.get(mode));
      assert.ok(mails.length >= 1 && mails.length <= copies, `${mails.length} copies`);
      assert.equal(new Set(mails.map(versionOf)).size, 1, mails.map(versionOf).join(" | "));
      assert.equal(new Set(mails.map(({ tags }) => tags.key)).size, 1);
      const calendars = mails.map((mail) => content(mail.calendarParts[0]).toString("utf8"));
      assert.equal(new Set(calendars).size, 1, "a repeat is word for word the same");
      const { plan } = await (await fetch(`${world.standin.url}/faults`)).json();
      assert.equal(plan.find((rule) => rule.mode === mode).hits, 1, "the fault took place");
    });
  }
});

test("a mail of unknown fate that an update has overtaken is never repeated", { timeout: 90_000 }, async () => {
  await idle();
  const guest = world.guest();
  await meeting.invite(guest);
  await guest.replies(meeting, "ACCEPTED");
  await eventually("the answer", async () => (await world.statistics(meeting.id)).rsvp.accepted === 1);
  await world.faults({ mode: "hang", times: 1, match: guest.email });
  await meeting.edit({ location: "Gate 1" });
  await eventually("the hanging request", async () => (await world.stats()).faults.hang >= 2);
  await meeting.edit({ location: "Gate 2" });
  const mail = await eventually("the newest", async () => (await world.messages({ to: guest.email })).find(({ calendar }) => calendar.location === "Gate 2"), { timeoutMs: LATE_MS });
  assert.equal(mail.calendar.method, "REQUEST");
  await idle();
  const mails = await world.messages({ to: guest.email });
  assert.deepEqual(mails.map(({ calendar }) => calendar.location), ["Harbor Park, Gate 4", "Gate 2"]);
  guest.held.set(meeting.id, mails.at(-1));
});

test("what SES refuses for good is listed with a reason, and can be sent again", { timeout: 60_000 }, async () => {
  const guest = world.guest();
  await world.faults({ mode: "reject", times: 1, match: guest.email });
  await ask(guest);
  const letters = async () => (await world.get("/v1/dead-letters", "admin")).dead_letters;
  const letter = await eventually("the dead letter", async () => (await letters())[0], { timeoutMs: LATE_MS });
  assert.equal(letter.event_id, meeting.id);
  assert.match(letter.reason, /MessageRejected/);
  assert.ok(!JSON.stringify(letter).includes(guest.email), "the list names nobody in full");
  assert.equal((await world.messages({ to: guest.email })).length, 0);
  for (const key of ["standard", undefined]) {
    assert.equal((await world.fetch("/v1/dead-letters", { key })).status, 403);
    assert.equal((await world.fetch(`/v1/dead-letters/${letter.id}/replay`, { method: "POST", key })).status, 403);
  }
  const replay = await world.fetch(`/v1/dead-letters/${letter.id}/replay`, { method: "POST", key: "admin" });
  assert.equal(replay.status, 202, replay.text);
  await guest.receives(meeting, { timeoutMs: LATE_MS });
  assert.deepEqual(await letters(), []);
  assert.equal((await world.fetch(`/v1/dead-letters/${letter.id}/replay`, { method: "POST", key: "admin" })).status, 404);
});

test("a mail that never gets an answer is repeated three times at most and then listed", { timeout: 120_000 }, async () => {
  const guest = world.guest();
  await world.faults({ mode: "reset-after", match: guest.email });
  await ask(guest);
  const letter = await eventually("the dead letter", async () => (await world.get("/v1/dead-letters", "admin")).dead_letters[0], { timeoutMs: 90_000, everyMs: 500 });
  assert.equal(letter.event_id, meeting.id);
  const mails = await world.messages({ to: guest.email });
  assert.ok(mails.length <= 4, `${mails.length} copies`);
  assert.equal(new Set(mails.map(versionOf)).size, 1);
  await world.faults([]);
  assert.equal((await world.fetch(`/v1/dead-letters/${letter.id}/replay`, { method: "POST", key: "admin" })).status, 202);
  await idle();
});

test("an update round meets throttling and failures on the way: everybody is told once", { timeout: 120_000 }, async () => {
  const other = await world.organizer("outlook").announced();
  const guests = Array.from({ length: 12 }, () => world.guest());
  await other.invite(...guests);
  for (const guest of guests) await guest.replies(other, "ACCEPTED");
  await eventually("all answers", async () => (await world.statistics(other.id)).rsvp.accepted === guests.length);
  await world.faults([
    { mode: "throttle", times: 2 },
    { mode: "fail500", times: 2 },
    { mode: "reset-before", times: 1 },
  ]);
  await other.edit({ location: "Gate 7" });
  for (const guest of guests) {
    const mail = await guest.receives(other, { timeoutMs: 60_000 });
    assert.equal(mail.calendar.location, "Gate 7");
  }
  await world.faults([]);
  for (const guest of guests) {
    const mails = (await world.messages({ to: guest.email })).filter(({ calendar }) => calendar.location === "Gate 7");
    assert.equal(mails.length, 1);
  }
});

test("hints that come again while SES takes its time send nothing twice", { timeout: 60_000 }, async () => {
  const other = await world.organizer("google").announced();
  const guests = Array.from({ length: 4 }, () => world.guest());
  await world.faults({ mode: "slow", delayMs: 3000, match: "@example.org" });
  const body = guests.map(({ email }) => ({ email }));
  const path = `/v1/events/${other.id}/invitations`;
  const answers = [1, 2, 3].map(() => world.fetch(path, { method: "POST", key: "standard", body }));
  for (const { status } of await Promise.all(answers)) assert.equal(status, 202);
  for (const guest of guests) await guest.receives(other, { timeoutMs: LATE_MS });
  // Longer than an answer takes, so that several repeated hints have met an open lease.
  await world.quiet({ after: await world.mark(), ms: 6000 });
  await world.faults([]);
});

test("the ready mail survives a failing SES too", { timeout: 60_000 }, async () => {
  const organizer = world.organizer("apple");
  await world.faults({ mode: "fail500", times: 2, match: organizer.email });
  await organizer.announced();
  const mail = await world.mailTo(organizer.email, { timeoutMs: LATE_MS });
  assert.match(mail.subject, /^Ready: /);
});
