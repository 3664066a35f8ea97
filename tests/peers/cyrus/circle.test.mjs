// Both ends in Cyrus: Alice keeps the events, Bob picks one from her page, and everything between them is mail that
// went through Convoke. And the mails of one history in every order that a network makes of them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { leaves } from "../../e2e/mails/read.mjs";
import { instant } from "../../e2e/mails/zones.mjs";
import { SEASON, eventually, readable, untilRsvp } from "../../e2e/world.mjs";
import { Entry, answers, held, nextSecond, startLoop } from "./loop.mjs";

let loop, world, alice, bob;
before(async () => {
  loop = await startLoop("alice", "bob");
  ({ world } = loop);
  ({ alice, bob } = loop.cyrus);
});
after(() => loop?.stop());

describe("the whole circle", { concurrency: false }, () => {
  let entry;

  test("Alice invites create@; Bob finds the event on her page and asks for it", async () => {
    entry = new Entry(alice, world, { summary: "Rehearsal – Brahms, Op. 45", description: "Bring the score; doors open at 6 pm.\nNo parking." });
    await entry.save();
    assert.equal((await loop.carry()).outcome, "created");
    await entry.appears();
    const { page_url } = await world.get(`/v1/organizers/${encodeURIComponent(alice.email)}`);
    const page = await world.fetch(new URL(page_url).pathname);
    assert.ok(readable(page.text).includes(entry.says.summary) && page.text.includes(entry.id.slice(0, 12)));
    const body = new URLSearchParams({ email: bob.email, name: "Bob Tenor", origin: "webform" });
    assert.equal((await world.fetch(`/event/${entry.id}/invite`, { method: "POST", body })).status, 303);
    const lies = await loop.reaches(bob, entry.id);
    const { says } = entry;
    assert.deepEqual([lies.summary, lies.description, lies.location, lies.organizerName], [says.summary, says.description, says.location, alice.name]);
    assert.deepEqual([lies.start.epoch, lies.start.tzid], [instant(says.start, says.zone), says.zone]);
  });

  test("Bob says yes; Alice's calendar still names create@ alone", async () => {
    await answers(bob, entry.id, "ACCEPTED");
    assert.equal((await loop.carry()).outcome, "answered");
    await untilRsvp(world, entry.id, { accepted: 1 });
    const { attendees } = await held(alice, entry.uid);
    assert.deepEqual(attendees.map(({ address }) => address), [`mailto:${alice.email}`, `mailto:${world.create}`]);
  });

  test("Alice moves it; Bob's calendar follows and he answers again", async () => {
    await nextSecond();
    await entry.move({ start: `${SEASON}-11-08T18:00:00`, end: `${SEASON}-11-08T21:00:00`, location: "Hall 3" });
    assert.equal((await loop.carry()).outcome, "updated");
    const lies = await loop.reaches(bob, entry.id);
    assert.deepEqual(
      [lies.start.epoch, lies.location, lies.partstats],
      [instant(entry.says.start, entry.says.zone), "Hall 3", ["NEEDS-ACTION"]],
    );
    await answers(bob, entry.id, "TENTATIVE");
    assert.equal((await loop.carry()).outcome, "answered");
    await untilRsvp(world, entry.id, { tentative: 1 });
  });

  test("Alice gets her report as a mail that Cyrus takes", async () => {
    const mark = await world.mark();
    const { status } = await world.fetch(`/event/${entry.id}/report`, { key: "standard" });
    assert.equal(status, 200);
    const report = await world.mailTo(alice.email, { after: mark });
    assert.ok(leaves(report.tree).some(({ type }) => type === "text/csv"));
    await alice.receives(report.from.address, report.raw);
    assert.equal(loop.cyrus.outbox.waiting(), 0);
  });

  test("Alice deletes it; Bob's calendar says that it is off", async () => {
    await nextSecond();
    await entry.delete();
    assert.equal((await loop.carry()).outcome, "cancelled");
    assert.equal((await loop.reaches(bob, entry.id)).status, "CANCELLED");
    assert.equal(loop.cyrus.outbox.waiting(), 0, "the circle ends");
  });
});

/** What a reader of the API sees of an event, without the counters that depend on how often it was told. */
async function shown({ id }) {
  const { status, summary_html, location_html, dtstart, dtend } = await world.event(id);
  return { status, summary_html, location_html, dtstart, dtend, dates: await loop.dates(id) };
}

const ORDERS = {
  "in order": (mails) => mails,
  "each twice": (mails) => mails.flatMap((mail) => [mail, mail]),
  "all, and all once more": (mails) => [...mails, ...mails],
  "the last first": (mails) => mails.toReversed(),
  "the last first, each twice": (mails) => mails.toReversed().flatMap((mail) => [mail, mail]),
  "every other one late": (mails) => [...mails.filter((_, i) => i % 2), ...mails.filter((_, i) => i % 2 === 0)],
};

/** The same history once for each order, so that each is an event of its own; `live` does one step of all at once. */
async function histories(fields, steps) {
  const lives = Object.keys(ORDERS).map((order) => ({ order, entry: new Entry(alice, world, { ...fields }), mails: [] }));
  for (const step of steps) {
    await nextSecond();
    for (const { entry, mails } of lives) {
      await step(entry);
      mails.push(...(await loop.sent()));
    }
  }
  for (const { order, mails } of lives) for (const mail of ORDERS[order](mails)) await world.take(mail);
  const path = `/organizer/${encodeURIComponent(alice.email)}/events`;
  for (const { entry, order } of lives) {
    const { id } = await eventually(`the event told ${order}`, async () => {
      const { json } = await world.fetch(path, { key: "standard" });
      const line = json.find(({ summary_html }) => summary_html === entry.says.summary);
      return line && { id: line.uid };
    });
    entry.id = id;
  }
  const states = [];
  for (const { order, entry } of lives) states.push({ order, ...(await shown(entry)) });
  return states;
}

/** Everything but the name, which tells the events of the orders apart. */
const alike = (states) => states.map(({ order, summary_html, ...rest }) => rest);

describe("the mails of Cyrus in any order and number", { concurrency: false }, () => {
  test("an evening that is edited, moved and edited again ends as its last version", async () => {
    const states = await histories({}, [
      (entry) => entry.save(),
      (entry) => entry.save({ location: "Hall 3" }),
      (entry) => entry.move({ start: `${SEASON}-07-05T18:00:00`, end: `${SEASON}-07-05T20:00:00` }),
      (entry) => entry.save({ location: "Hall 4" }),
    ]);
    const expected = {
      status: "confirmed",
      location_html: "Hall 4",
      dtstart: instant(`${SEASON}-07-05T18:00:00`, "America/New_York"),
      dtend: instant(`${SEASON}-07-05T20:00:00`, "America/New_York"),
      dates: [`${SEASON}-07-05T18:00:00`],
    };
    assert.deepEqual(alike(states), states.map(() => expected));
  });

  test("an evening that is called off stays off", async () => {
    // Its program counts SEQUENCE from 0, where Cyrus mails 1 first.
    const states = await histories({ sequence: 0 }, [
      (entry) => entry.save(),
      (entry) => entry.move({ start: `${SEASON}-07-05T18:00:00`, end: `${SEASON}-07-05T20:00:00` }),
      (entry) => entry.delete(),
    ]);
    assert.deepEqual(states.map(({ status }) => status), states.map(() => "cancelled"));
    assert.deepEqual(states.map(({ dtstart }) => dtstart), states.map(() => instant(`${SEASON}-07-05T18:00:00`, "America/New_York")));
  });

  test("one that is called off and taken up again is on", async () => {
    const states = await histories({}, [
      (entry) => entry.save(),
      (entry) => entry.delete(),
      (entry) => entry.move({ location: "Hall 5" }),
    ]);
    assert.deepEqual(states.map(({ status, location_html }) => [status, location_html]), states.map(() => ["confirmed", "Hall 5"]));
  });

  test("a series with a moved and a dropped date keeps exactly those", async () => {
    const at = (day, time = "19:05:00") => `${SEASON}-07-${day}T${time}`;
    const instances = { [at("09")]: { start: at("10", "13:05:00"), end: at("10", "16:05:00") } };
    const states = await histories({ rrule: "FREQ=WEEKLY;COUNT=5" }, [
      (entry) => entry.save(),
      (entry) => entry.move({ instances }),
      (entry) => entry.move({ exdates: [at("16")] }),
      (entry) => entry.save({ location: "Hall 6" }),
    ]);
    const dates = [at("02"), at("10", "13:05:00"), at("23"), at("30")];
    assert.deepEqual(states.map((state) => [state.dates, state.location_html]), states.map(() => [dates, "Hall 6"]));
  });

  test("made and deleted within one second, it is off in either order", async () => {
    for (const order of ["in order", "the last first"]) {
      const entry = new Entry(alice, world);
      let mails;
      do {
        await nextSecond();
        await entry.save();
        await entry.delete();
        mails = await loop.sent(2);
      } while (mails[0].calendar.dtstamp !== mails[1].calendar.dtstamp);
      assert.deepEqual([mails[0].calendar.sequence, mails[1].calendar.sequence], [1, 1], "nothing tells which was first");
      await loop.hand(...ORDERS[order](mails));
      await entry.appears();
      assert.equal((await world.event(entry.id)).status, "cancelled", order);
    }
  });
});
