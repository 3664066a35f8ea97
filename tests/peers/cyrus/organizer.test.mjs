// Somebody keeps events in Cyrus and invites create@: what Cyrus mails by itself makes, changes and calls off the event,
// and guests hear of it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { instant } from "../../e2e/mails/zones.mjs";
import { SEASON, eventually, untilRsvp } from "../../e2e/world.mjs";
import { Entry, nextSecond, startLoop } from "./loop.mjs";

let loop, world, alice;
before(async () => {
  loop = await startLoop("alice");
  ({ world } = loop);
  ({ alice } = loop.cyrus);
});
after(() => loop?.stop());

async function announced(fields) {
  const entry = new Entry(alice, world, fields);
  await entry.save();
  const mail = await loop.carry();
  assert.equal(mail.outcome, "created");
  await entry.appears();
  return entry;
}

describe("an event kept in Cyrus", { concurrency: false }, () => {
  const guests = {};
  let entry;

  test("is listed once create@ is invited, field for field", async () => {
    entry = new Entry(alice, world);
    await entry.save();
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.subject, mail.to], ["created", `Invitation: ${entry.says.summary}`, world.create]);
    assert.deepEqual([mail.calendar.method, mail.calendar.sequence], ["REQUEST", 1]);
    await entry.appears();
    const event = await world.event(entry.id);
    const { says } = entry;
    assert.deepEqual(
      [event.mailto, event.original_organizer, event.status, event.summary_html, event.location_html, event.sequence],
      [alice.email, alice.name, "confirmed", says.summary, says.location, 0],
    );
    assert.deepEqual([event.dtstart, event.dtend], [instant(says.start, says.zone), instant(says.end, says.zone)]);
    assert.match(event.description_html, /Bring the score; doors open at 6 pm\./);
    assert.match(event.prodid, /^-\/\/cyrusimap\.org\/cyrus /);
  });

  test("is announced to its organizer by a mail that Cyrus takes", async () => {
    const ready = await world.mailTo(alice.email, { where: ({ subject }) => subject.startsWith("Ready: ") });
    assert.ok(ready.text.includes(entry.id));
    await alice.receives(ready.from.address, ready.raw);
    assert.equal(loop.cyrus.outbox.waiting(), 0, "a notice starts no conversation between the servers");
  });

  test("is answered by create@: Alice's calendar shows that it comes", async () => {
    const { mail, attendees } = await loop.reaches(alice, entry.uid);
    assert.deepEqual([mail.calendar.method, mail.calendar.attendees.length], ["REPLY", 1]);
    assert.deepEqual(attendees.map(({ address, partstat }) => [address, partstat]), [
      [`mailto:${alice.email}`, "ACCEPTED"],
      [`mailto:${world.create}`, "ACCEPTED"],
    ]);
    entry.says.partstat = "ACCEPTED";
    assert.equal(loop.cyrus.outbox.waiting(), 0);
  });

  test("gets guests over the API, and their answers", async () => {
    Object.assign(guests, { yes: world.guest("google"), no: world.guest("outlook"), silent: world.guest("apple") });
    const [mail] = await entry.invite(...Object.values(guests));
    assert.deepEqual([mail.calendar.summary, mail.calendar.organizerName], [entry.says.summary, alice.name]);
    await guests.yes.replies(entry, "ACCEPTED");
    await guests.no.replies(entry, "DECLINED");
    await untilRsvp(world, entry.id, { accepted: 1, declined: 1, noaction: 1 });
    // The organizer asked Convoke to keep the guest list: his calendar goes on to name create@ only.
    assert.equal(loop.cyrus.outbox.waiting(), 0);
  });

  test("changes its text: the same SEQUENCE, and who said yes keeps his yes", async () => {
    await nextSecond();
    const mark = await world.mark();
    await entry.save({ summary: "Dress rehearsal", location: "Hall 3" });
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.calendar.sequence], ["updated", 1]);
    const event = await entry.revision(1);
    assert.deepEqual([event.summary_html, event.location_html], ["Dress rehearsal", "Hall 3"]);
    const before_ = guests.yes.held.get(entry.id).calendar;
    const { calendar } = await guests.yes.receives(entry);
    assert.deepEqual(
      [calendar.method, calendar.summary, calendar.sequence, calendar.attendees[0].partstat],
      ["REQUEST", "Dress rehearsal", before_.sequence, "ACCEPTED"],
    );
    // Alice's calendar knows that create@ comes, and says so in its mail: nobody answers twice.
    await world.quiet({ after: mark, ms: 500, except: ({ to }) => to[0] === guests.yes.email });
    assert.deepEqual(await world.messages({ to: alice.email, after: mark, answers: true }), []);
    await untilRsvp(world, entry.id, { accepted: 1, declined: 1, noaction: 1 });
  });

  test("moves: who said yes is asked again", async () => {
    await nextSecond();
    const mark = await world.mark();
    await entry.move({ start: `${SEASON}-07-03T18:05:00`, end: `${SEASON}-07-03T21:05:00` });
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.calendar.sequence], ["updated", 2]);
    const event = await entry.revision(2);
    assert.equal(event.dtstart, instant(entry.says.start, entry.says.zone));
    const before_ = guests.yes.held.get(entry.id).calendar;
    const { calendar } = await guests.yes.receives(entry);
    assert.deepEqual([calendar.start.epoch, calendar.attendees[0].partstat], [event.dtstart, "NEEDS-ACTION"]);
    assert.equal(calendar.sequence, before_.sequence + 1);
    // Cyrus asks everybody again, create@ too.
    assert.equal((await loop.reaches(alice, entry.uid)).attendees[1].partstat, "ACCEPTED");
    await world.quiet({ after: mark, ms: 500, except: ({ to }) => [guests.yes.email, alice.email].includes(to[0]) });
    // An answer to the old time is none to the new one.
    await untilRsvp(world, entry.id, { noaction: 3 });
    await guests.yes.replies(entry, "ACCEPTED");
    await untilRsvp(world, entry.id, { accepted: 1, noaction: 2 });
  });

  test("is deleted: Cyrus sends a CANCEL of the same SEQUENCE, and guests get theirs", async () => {
    await nextSecond();
    const mark = await world.mark();
    await entry.delete();
    assert.equal(await alice.holds(entry.uid), null);
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.calendar.method, mail.calendar.sequence], ["cancelled", "CANCEL", 2]);
    assert.equal((await entry.revision(3)).status, "cancelled");
    const { calendar } = await guests.yes.receives(entry);
    assert.deepEqual([calendar.method, calendar.status], ["CANCEL", "CANCELLED"]);
    assert.equal((await guests.silent.receives(entry)).calendar.method, "CANCEL");
    await world.quiet({ after: mark, ms: 500, except: ({ to }) => to[0] !== guests.no.email });
  });

  test("is saved once more with a higher SEQUENCE: it is on again", async () => {
    await nextSecond();
    await entry.move({});
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.calendar.method, mail.calendar.sequence], ["reinstated", "REQUEST", 3]);
    assert.equal((await entry.revision(4)).status, "confirmed");
    const { calendar } = await guests.yes.receives(entry);
    assert.deepEqual([calendar.method, calendar.status], ["REQUEST", "CONFIRMED"]);
  });

  test("is called off by STATUS:CANCELLED, which Cyrus also mails as a CANCEL", async () => {
    await nextSecond();
    await entry.move({ status: "CANCELLED" });
    const mail = await loop.carry();
    assert.deepEqual([mail.outcome, mail.calendar.method], ["cancelled", "CANCEL"]);
    assert.equal((await entry.revision(5)).status, "cancelled");
    assert.equal((await guests.yes.receives(entry)).calendar.method, "CANCEL");
  });
});

describe("a weekly series kept in Cyrus", { concurrency: false }, () => {
  const at = (day, time = "19:05:00") => `${SEASON}-${day}T${time}`;
  const dates = ["07-02", "07-09", "07-16", "07-23", "07-30", "08-06"].map((day) => at(day));
  const moved = { start: at("07-10", "13:05:00"), end: at("07-10", "16:05:00") };
  let entry, guest;

  /** Everybody's copy after a change that guests see: what Cyrus said, what is listed, what the guest was mailed. */
  async function change(changes, expected) {
    await nextSecond();
    await entry.move(changes);
    const mail = await loop.carry();
    assert.equal(mail.outcome, "updated");
    await eventually("the dates", async () => {
      assert.deepEqual(await loop.dates(entry.id), expected);
      return true;
    });
    const { calendar } = await guest.receives(entry);
    return { mail, calendar };
  }

  test("keeps its rule and its zone", async () => {
    entry = await announced({ rrule: "FREQ=WEEKLY;COUNT=6" });
    assert.deepEqual(await loop.dates(entry.id), dates);
    guest = world.guest("google");
    const [{ calendar }] = await entry.invite(guest);
    assert.deepEqual([calendar.rrule, calendar.start.tzid], ["FREQ=WEEKLY;COUNT=6", "America/New_York"]);
    await guest.replies(entry, "ACCEPTED");
    await untilRsvp(world, entry.id, { accepted: 1 });
  });

  test("moves one date: Cyrus mails that instance alone", async () => {
    const instances = { [dates[1]]: moved };
    const { mail, calendar } = await change({ instances }, [dates[0], moved.start, ...dates.slice(2)]);
    // And so does Convoke.
    for (const { events, rrule, exceptions } of [mail.calendar, calendar]) {
      assert.deepEqual([events, rrule, exceptions], [1, null, [{ of: dates[1], start: moved.start }]]);
    }
  });

  test("drops one date: Cyrus mails the series with an EXDATE, and the moved one stays moved", async () => {
    const { mail, calendar } = await change({ exdates: [dates[2]] }, [dates[0], moved.start, ...dates.slice(3)]);
    assert.deepEqual([mail.calendar.events, mail.calendar.excluded], [2, [dates[2]]]);
    assert.deepEqual(calendar.excluded, [dates[2]]);
    assert.deepEqual(calendar.exceptions, [{ of: dates[1], start: moved.start }]);
  });

  test("drops the moved date, too", async () => {
    const { calendar } = await change({ instances: {}, exdates: [dates[1], dates[2]] }, [dates[0], ...dates.slice(3)]);
    assert.deepEqual([calendar.excluded, calendar.exceptions], [[dates[1], dates[2]], []]);
  });

  test("takes a dropped date up again", async () => {
    const { calendar } = await change({ exdates: [dates[1]] }, [dates[0], ...dates.slice(2)]);
    assert.deepEqual(calendar.excluded, [dates[1]]);
  });

  test("moves as a whole, across the change to winter time", async () => {
    const autumn = ["10-22", "10-29", "11-05", "11-12", "11-19", "11-26"].map((day) => at(day, "18:30:00"));
    const { calendar } = await change({ start: autumn[0], end: at("10-22", "20:30:00"), exdates: [] }, autumn);
    assert.deepEqual([calendar.rrule, calendar.start.tzid], ["FREQ=WEEKLY;COUNT=6", "America/New_York"]);
    const { occurrences } = await world.get(`/v1/events/${entry.id}`);
    assert.deepEqual(
      occurrences.map(({ start }) => start),
      autumn.map((local) => instant(local, "America/New_York")),
    );
  });

  test("ends with a CANCEL of the whole", async () => {
    await nextSecond();
    await entry.delete();
    assert.equal((await loop.carry()).outcome, "cancelled");
    const { calendar } = await guest.receives(entry);
    assert.deepEqual([calendar.method, calendar.rrule], ["CANCEL", "FREQ=WEEKLY;COUNT=6"]);
  });
});

describe("other events kept in Cyrus", { concurrency: false }, () => {
  test("whole days stay days", async () => {
    const entry = await announced({ allDay: true, start: `${SEASON}-08-14`, end: `${SEASON}-08-16` });
    const event = await world.event(entry.id);
    assert.deepEqual([event.dtstart, event.dtend], [Date.UTC(SEASON, 7, 14) / 1000, Date.UTC(SEASON, 7, 16) / 1000]);
    const [{ calendar }] = await entry.invite(world.guest());
    assert.deepEqual([calendar.start.isDate, calendar.start.local, calendar.end.local], [true, entry.says.start, entry.says.end]);
  });

  test("a zone that only its VTIMEZONE explains is read by its rules, which Cyrus cuts to the time of the event", async () => {
    const dates = ["10-22", "10-29", "11-05", "11-12"].map((day) => `${SEASON}-${day}T18:30:00`);
    const entry = await announced({ zone: "Europe/Berlin", tzid: "Harbour Clock", start: dates[0], end: `${SEASON}-10-22T20:30:00`, rrule: "FREQ=WEEKLY;COUNT=4" });
    const { occurrences } = await world.get(`/v1/events/${entry.id}`);
    const expected = dates.map((local) => instant(local, "Europe/Berlin"));
    assert.deepEqual(occurrences.map(({ start }) => start), expected);
    const guest = world.guest();
    const [{ calendar }] = await entry.invite(guest);
    assert.equal(calendar.start.epoch, expected[0]);
  });

  test("a series without an end goes on in the guest's calendar", async () => {
    const entry = await announced({ rrule: "FREQ=MONTHLY;BYDAY=1FR" });
    const guest = world.guest();
    const [{ calendar }] = await entry.invite(guest);
    assert.equal(calendar.rrule, "FREQ=MONTHLY;BYDAY=1FR");
  });

  test("other guests of the organizer's are his own; a mail of Cyrus that takes create@ off the list says that all is off", async () => {
    const pat = "pat@example.net";
    const entry = new Entry(alice, world, { guests: [world.create, pat] });
    await entry.save();
    assert.equal((await loop.carry({ others: 1 })).outcome, "created");
    await entry.appears();
    assert.ok(!JSON.stringify(await world.get(`/v1/events/${entry.id}`)).includes(pat));
    await nextSecond();
    await entry.save({ guests: [pat] });
    // Cyrus 3.6 names all guests in it, as RFC 5546 section 3.2.5 has it for an event that is off as a whole.
    const mail = await loop.carry();
    assert.deepEqual([mail.calendar.method, mail.calendar.status, mail.calendar.attendees.length], ["CANCEL", "CANCELLED", 3]);
    assert.equal(mail.outcome, "cancelled");
    await nextSecond();
    await entry.save({ guests: [world.create, pat] });
    assert.equal((await loop.carry()).outcome, "reinstated");
    assert.equal((await world.event(entry.id)).status, "confirmed");
  });

  // Cyrus before 3.8 mails a new event of SEQUENCE 0 with 1 and goes on with what the program writes
  // (cyrusimap/cyrus-imapd#4344); calendar programs begin at 0.
  test("a program that counts SEQUENCE from 0: its edit, its move and its end are counted all the same", async () => {
    const entry = new Entry(alice, world, { sequence: 0 });
    await entry.save();
    const first = await loop.carry();
    assert.deepEqual([first.calendar.sequence, first.outcome], [1, "created"]);
    await entry.appears();
    await nextSecond();
    await entry.save({ location: "Hall 8" });
    const edit = await loop.carry();
    assert.deepEqual([edit.calendar.sequence, edit.outcome], [0, "updated"]);
    assert.equal((await entry.revision(1)).location_html, "Hall 8");
    await nextSecond();
    await entry.save({ start: `${SEASON}-07-03T19:05:00`, end: `${SEASON}-07-03T22:05:00` });
    const move = await loop.carry();
    assert.deepEqual([move.calendar.sequence, move.outcome], [1, "updated"]);
    assert.equal((await entry.revision(2)).dtstart, instant(entry.says.start, entry.says.zone));
    await nextSecond();
    await entry.delete();
    const cancel = await loop.carry();
    assert.deepEqual([cancel.calendar.method, cancel.calendar.sequence, cancel.outcome], ["CANCEL", 0, "cancelled"]);
    assert.equal((await entry.revision(3)).status, "cancelled");
  });
});
