// Somebody keeps his calendar in Cyrus and is invited by Convoke: the invitation lies in his calendar, his answers are
// counted, and changes and cancels arrive as such.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SEASON, untilRsvp } from "../../e2e/world.mjs";
import { answers, held, nextSecond, startLoop } from "./loop.mjs";

let loop, world, bob, carol;
before(async () => {
  loop = await startLoop("bob", "carol");
  ({ world } = loop);
  ({ bob, carol } = loop.cyrus);
});
after(() => loop?.stop());

const replyAddress = (mail) => mail.calendar.organizer.replace("mailto:", "");

describe("an invitation in Cyrus", { concurrency: false }, () => {
  let organizer, meeting, invitation;

  test("lies in the calendar, word for word, and waits for an answer", async () => {
    organizer = world.organizer("google", "Harbor City Gulls");
    meeting = await organizer.announced({ summary: "Gulls – Rays; the “classic”", description: "Shirt night, fireworks.\nGates open at 6 pm." });
    const { says } = meeting;
    const lies = await loop.invites(meeting.id, bob);
    invitation = lies.mail;
    assert.deepEqual(
      [lies.summary, lies.description, lies.location, lies.organizer, lies.organizerName, lies.status, lies.partstats],
      [says.summary, says.description, says.location, invitation.calendar.organizer, organizer.name, "CONFIRMED", ["NEEDS-ACTION"]],
    );
    assert.deepEqual([lies.start, lies.end], [invitation.calendar.start, invitation.calendar.end]);
    assert.equal(lies.method, null, "an event, not a message");
    await untilRsvp(world, meeting.id, { noaction: 1 });
    assert.equal(loop.cyrus.outbox.waiting(), 0, "nothing is answered before the guest says so");
  });

  test("is accepted: the answer goes to the address of this guest and is counted", async () => {
    await answers(bob, meeting.id, "ACCEPTED");
    const mail = await loop.carry();
    assert.equal(mail.outcome, "answered");
    assert.deepEqual([mail.from, mail.to], [bob.email, replyAddress(invitation)]);
    assert.deepEqual([mail.calendar.method, mail.calendar.uid, mail.calendar.attendees.length], ["REPLY", meeting.id, 1]);
    const statistics = await untilRsvp(world, meeting.id, { accepted: 1 });
    assert.deepEqual(Object.keys(statistics.prodid), [mail.calendar.prodid.toLowerCase()]);
    const [line] = await world.get(`/event/${meeting.id}/attendees`);
    assert.equal(line.status, "accepted");
  });

  test("is a maybe, then a no, then a yes again", async () => {
    for (const [partstat, rsvp] of [["TENTATIVE", { tentative: 1 }], ["DECLINED", { declined: 1 }], ["ACCEPTED", { accepted: 1 }]]) {
      await nextSecond();
      await answers(bob, meeting.id, partstat);
      assert.equal((await loop.carry()).outcome, "answered");
      await untilRsvp(world, meeting.id, rsvp);
    }
  });

  test("counts the later of two answers, whichever arrives first and however often", async () => {
    const sent = [];
    for (const partstat of ["TENTATIVE", "DECLINED"]) {
      await nextSecond();
      await answers(bob, meeting.id, partstat);
      sent.push(...(await loop.sent()));
    }
    const [maybe, no] = sent;
    assert.deepEqual(await loop.hand(no, maybe, no, maybe), ["answered", "stale", "repeated", "stale"]);
    await untilRsvp(world, meeting.id, { declined: 1 });
    await nextSecond();
    await answers(bob, meeting.id, "ACCEPTED");
    const [yes] = await loop.sent();
    assert.deepEqual(await loop.hand(yes, no, maybe), ["answered", "stale", "stale"]);
    await untilRsvp(world, meeting.id, { accepted: 1 });
  });

  test("changes its words: the calendar shows them and keeps the yes", async () => {
    await meeting.edit({ location: "Gate 7", description: "No fireworks." });
    const lies = await loop.reaches(bob, meeting.id);
    assert.deepEqual([lies.location, lies.description, lies.sequence, lies.partstats], ["Gate 7", "No fireworks.", 0, ["ACCEPTED"]]);
    assert.equal(loop.cyrus.outbox.waiting(), 0);
  });

  test("moves: the calendar shows the new time and asks again", async () => {
    await meeting.edit({ start: `${SEASON}-07-03T18:05:00`, end: `${SEASON}-07-03T21:05:00` });
    const lies = await loop.reaches(bob, meeting.id);
    assert.deepEqual([lies.start.local, lies.sequence, lies.partstats], [meeting.says.start, 1, ["NEEDS-ACTION"]]);
    await untilRsvp(world, meeting.id, { noaction: 1 });
    await answers(bob, meeting.id, "ACCEPTED");
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.calendar.sequence], ["answered", 1]);
    await untilRsvp(world, meeting.id, { accepted: 1 });
  });

  test("is called off: the calendar says so", async () => {
    await meeting.cancel();
    const lies = await loop.reaches(bob, meeting.id);
    assert.deepEqual([lies.mail.calendar.method, lies.status, lies.sequence], ["CANCEL", "CANCELLED", 2]);
    assert.equal(loop.cyrus.outbox.waiting(), 0);
  });

  test("is on again: the calendar says so and asks", async () => {
    await meeting.edit({ start: `${SEASON}-07-04T18:05:00`, end: `${SEASON}-07-04T21:05:00` });
    const lies = await loop.reaches(bob, meeting.id);
    assert.deepEqual([lies.status, lies.start.local, lies.sequence, lies.partstats], ["CONFIRMED", meeting.says.start, 3, ["NEEDS-ACTION"]]);
  });

  test("is deleted: Cyrus declines for its owner", async () => {
    await nextSecond();
    await bob.deletes(meeting.id);
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.calendar.attendees[0].partstat], ["answered", "DECLINED"]);
    await untilRsvp(world, meeting.id, { declined: 1 });
  });
});

test("an invitation passed on in the same house: her answer is hers, his stays his", async () => {
  const meeting = await world.organizer("outlook").announced();
  await loop.invites(meeting.id, bob);
  await answers(bob, meeting.id, "ACCEPTED");
  assert.equal((await loop.carry()).outcome, "answered");
  // Carol saves the event in her own calendar. It names Bob's reply address, which is no proof that she is Bob.
  const { text } = await held(bob, meeting.id);
  await carol.saves(meeting.id, text.replaceAll(bob.email, carol.email).replace("PARTSTAT=ACCEPTED", "PARTSTAT=NEEDS-ACTION"));
  await answers(carol, meeting.id, "TENTATIVE");
  const mail = await loop.carry();
  assert.deepEqual([mail.outcome, mail.from, mail.calendar.attendees[0].address], ["answered", carol.email, `mailto:${carol.email}`]);
  const { origin } = await untilRsvp(world, meeting.id, { accepted: 1, tentative: 1 });
  assert.equal(origin.shared, 1);
});

describe("a series in Cyrus", { concurrency: false }, () => {
  const dates = ["07-02", "07-09", "07-16", "07-23"].map((day) => `${SEASON}-${day}T19:05:00`);
  let series;

  test("lies in the calendar as a series", async () => {
    series = await world.organizer("apple").announced({ rrule: "FREQ=WEEKLY;COUNT=4" });
    const lies = await loop.invites(series.id, bob);
    assert.deepEqual([lies.rrule, lies.start.tzid, lies.partstats], ["FREQ=WEEKLY;COUNT=4", "America/New_York", ["NEEDS-ACTION"]]);
  });

  test("is accepted as a whole", async () => {
    await answers(bob, series.id, "ACCEPTED");
    assert.equal((await loop.carry()).outcome, "answered");
    await untilRsvp(world, series.id, { accepted: 1 });
  });

  test("is declined on one date: the answer speaks of that date alone, and the yes to the rest stands", async () => {
    await nextSecond();
    await answers(bob, series.id, "DECLINED", { instance: dates[1] });
    const mail = await loop.carry();
    assert.equal(mail.calendar.method, "REPLY");
    assert.match(mail.text, /^RECURRENCE-ID;TZID=America\/New_York:\d{4}0709T190500\r$/m);
    assert.deepEqual(mail.calendar.attendees.map(({ partstat }) => partstat), ["DECLINED"]);
    assert.equal(mail.outcome, "answered");
    assert.deepEqual(await loop.said(series.id), { bob: ["accepted", { [dates[1]]: "declined" }] });
    const occurrences = await world.get(`/v1/events/${series.id}/occurrences`);
    const counts = occurrences.occurrences.map(({ rsvp, answered_apart }) => [rsvp.accepted, rsvp.declined, answered_apart]);
    assert.deepEqual(counts, [[1, 0, 0], [0, 1, 1], [1, 0, 0], [1, 0, 0]]);
    await untilRsvp(world, series.id, { accepted: 1 });
  });

  test("becomes a maybe on all dates: one answer with the series and the date in it", async () => {
    await nextSecond();
    await answers(bob, series.id, "TENTATIVE");
    const mail = await loop.carry();
    assert.deepEqual([mail.calendar.events, mail.calendar.exceptions.map(({ of }) => of)], [2, [dates[1]]]);
    assert.equal(mail.outcome, "answered");
    assert.deepEqual(await loop.said(series.id), { bob: ["tentative", { [dates[1]]: "tentative" }] });
    await untilRsvp(world, series.id, { tentative: 1 });
  });

  test("has a date moved by its organizer: so does the calendar", async () => {
    const moved = { start: `${SEASON}-07-17T13:05:00`, end: `${SEASON}-07-17T16:05:00` };
    const { says } = series;
    const instance = { ...says, ...moved, rrule: null, recurrenceId: dates[2], sequence: says.sequence + 1, dtstamp: new Date(says.dtstamp.getTime() + 60_000) };
    await world.take(series.organizer.client.mail(instance, "REQUEST", world.create));
    const lies = await loop.reaches(bob, series.id);
    assert.deepEqual([lies.mail.calendar.method, lies.mail.calendar.rrule], ["REQUEST", null], "the mail speaks of that date alone");
    assert.equal(lies.rrule, "FREQ=WEEKLY;COUNT=4");
    assert.ok(lies.exceptions.some(({ of, start }) => of === dates[2] && start === moved.start), JSON.stringify(lies.exceptions));
  });

  test("has a date dropped by its organizer: so has the calendar", async () => {
    const { says } = series;
    const instance = { ...says, rrule: null, recurrenceId: dates[3], start: dates[3], end: dates[3].replace("19:", "22:"), sequence: says.sequence + 2, dtstamp: new Date(says.dtstamp.getTime() + 120_000) };
    await world.take(series.organizer.client.mail(instance, "CANCEL", world.create));
    const lies = await loop.reaches(bob, series.id);
    assert.deepEqual([lies.mail.calendar.method, lies.mail.calendar.exceptions.map(({ of }) => of)], ["CANCEL", [dates[3]]]);
    assert.deepEqual([lies.status, lies.excluded], ["CONFIRMED", [dates[3]]]);
  });

  test("is called off as a whole: so it is in the calendar", async () => {
    series.says.dtstamp = new Date(series.says.dtstamp.getTime() + 180_000);
    series.says.sequence += 3;
    await series.send("CANCEL");
    const lies = await loop.reaches(bob, series.id);
    assert.deepEqual([lies.mail.calendar.method, lies.status], ["CANCEL", "CANCELLED"]);
  });
});
