// What counts is the newest version, whatever order mails come in, however often, and whichever field they change.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { instant } from "./mails/zones.mjs";
import { SEASON, eventually, readable, sleep, startWorld, untilRsvp } from "./world.mjs";

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

const LIVE = { sequence: 0 };
const later = (date, minutes) => new Date(date.getTime() + minutes * 60_000);

/** Waits until every mail that was handed over has had its effect, then reads the event. */
async function settled(meeting) {
  await sleep(700);
  return world.event(meeting.id);
}

describe("mails that come again or late", () => {
  test("the same mail twice changes nothing and tells nobody", async () => {
    const organizer = world.organizer("google");
    const meeting = await organizer.announced();
    await world.mailTo(organizer.email);
    const guest = world.guest();
    await meeting.invite(guest);
    await guest.replies(meeting, "ACCEPTED");
    await untilRsvp(world, meeting.id, { accepted: 1 });
    await meeting.edit({ summary: "Gulls – Owls" });
    await guest.receives(meeting);
    const before_ = await meeting.revision(1);
    const mark = await world.mark();
    for (let i = 0; i < 3; i += 1) await meeting.send();
    await world.quiet({ after: mark });
    assert.deepEqual(await world.event(meeting.id), before_);
  });

  test("a new DTSTAMP alone is no change that a guest sees", async () => {
    const organizer = world.organizer("outlook");
    const meeting = await organizer.announced();
    await world.mailTo(organizer.email);
    const guest = world.guest();
    await meeting.invite(guest);
    await guest.replies(meeting, "ACCEPTED");
    await untilRsvp(world, meeting.id, { accepted: 1 });
    const mark = await world.mark();
    await meeting.edit({});
    await world.quiet({ after: mark });
    assert.equal((await world.event(meeting.id)).sequence, 0);
  });

  for (const client of ["google", "outlook", "apple"]) {
    test(`an older version from ${client} never overwrites a newer one`, async () => {
      const meeting = await world.organizer(client).announced();
      const stale = meeting.mail("REQUEST", { summary: "Older by DTSTAMP", dtstamp: later(meeting.says.dtstamp, -30) });
      await meeting.edit({ start: `${SEASON}-07-05T13:05:00`, end: `${SEASON}-07-05T16:05:00` });
      await meeting.edit({ summary: "The newest" });
      const before_ = await meeting.revision(2);
      // Same SEQUENCE as now, older DTSTAMP; lower SEQUENCE, newer DTSTAMP; the first mail of all.
      const between = meeting.mail("REQUEST", { summary: "Older by a minute", dtstamp: later(meeting.says.dtstamp, -1) });
      const lower = meeting.mail("REQUEST", { summary: "Lower SEQUENCE", sequence: 0, dtstamp: later(meeting.says.dtstamp, 30) });
      for (const mail of [stale, between, lower]) await world.take(mail);
      assert.deepEqual(await settled(meeting), before_);
    });
  }

  test("two different edits with one SEQUENCE and DTSTAMP count in the order they arrive", async () => {
    const meeting = await world.organizer("outlook").announced();
    await meeting.edit({ location: "Gate 1" });
    await meeting.revision(1);
    await world.take(meeting.mail("REQUEST", { location: "Gate 2" }));
    assert.equal((await meeting.revision(2)).location_html, "Gate 2");
    await world.take(meeting.mail("REQUEST", { location: "Gate 1" }));
    assert.equal((await settled(meeting)).location_html, "Gate 2", "each content counts once");
  });

  test("a cancel with the pair of the last update cancels, as Outlook for Mac sends it", async () => {
    const meeting = await world.organizer("outlook").announced();
    await meeting.edit({ location: "Gate 1" });
    await meeting.revision(1);
    await world.take(meeting.mail("CANCEL"));
    assert.equal((await meeting.revision(2)).status, "cancelled");
  });
});

describe("cancel and life after it", () => {
  test("a cancel that comes first keeps the late invitation dead", async () => {
    const organizer = world.organizer("google");
    const meeting = organizer.meeting(LIVE);
    const request = meeting.mail();
    await meeting.cancel();
    await world.take(request);
    await sleep(700);
    const listed = await world.get(`/organizer/${encodeURIComponent(organizer.email)}/events`);
    assert.deepEqual(listed.filter(({ status }) => status !== "cancelled"), []);
    for (const { uid } of listed) {
      const guest = world.guest();
      const answer = await world.fetch(`/event/${uid}/invite`, { method: "POST", body: new URLSearchParams({ email: guest.email }), accept: "application/json" });
      assert.equal(answer.status, 410);
    }
    assert.deepEqual(await world.messages({ to: organizer.email }), [], "nothing is ready");
  });

  test("a late request after a cancel does not bring the event back", async () => {
    const meeting = await world.organizer("apple").announced();
    const update = meeting.mail("REQUEST", { summary: "Too late", dtstamp: later(meeting.says.dtstamp, 0.5) });
    await meeting.cancel();
    await meeting.revision(1);
    await world.take(update);
    assert.equal((await settled(meeting)).status, "cancelled");
  });

  test("a newer request after a cancel puts the event on again, and those who were told hear of it", async () => {
    const meeting = await world.organizer("google").announced();
    const [yes, no] = [world.guest(), world.guest("apple")];
    await meeting.invite(yes, no);
    await yes.replies(meeting, "ACCEPTED");
    await no.replies(meeting, "DECLINED");
    await untilRsvp(world, meeting.id, { accepted: 1, declined: 1 });
    await meeting.cancel();
    assert.equal((await yes.receives(meeting)).calendar.method, "CANCEL");
    const mark = await world.mark();
    meeting.change({ sequence: meeting.says.sequence + 1 });
    await meeting.send();
    const mail = await yes.receives(meeting);
    assert.equal(mail.calendar.method, "REQUEST");
    assert.equal((await meeting.revision(2)).status, "confirmed");
    await world.quiet({ after: mark, except: ({ to }) => to[0] === yes.email });
  });
});

const EDITS = {
  title: { fields: { summary: "Gulls – Comets & friends" }, api: { summary_html: "Gulls – Comets &amp; friends" } },
  date: {
    fields: { start: `${SEASON}-07-09T19:05:00`, end: `${SEASON}-07-09T22:05:00` },
    api: { dtstart: instant(`${SEASON}-07-09T19:05:00`, "America/New_York"), dtend: instant(`${SEASON}-07-09T22:05:00`, "America/New_York") },
  },
  time: {
    fields: { start: `${SEASON}-07-09T13:35:00`, end: `${SEASON}-07-09T16:35:00` },
    api: { dtstart: instant(`${SEASON}-07-09T13:35:00`, "America/New_York"), dtend: instant(`${SEASON}-07-09T16:35:00`, "America/New_York") },
  },
  zone: {
    fields: { zone: "America/Los_Angeles" },
    api: { dtstart: instant(`${SEASON}-07-09T13:35:00`, "America/Los_Angeles"), dtend: instant(`${SEASON}-07-09T16:35:00`, "America/Los_Angeles") },
  },
  location: { fields: { location: "Bayview Field; Gate 2, North" }, api: { location_html: "Bayview Field; Gate 2, North" } },
  description: { fields: { description: "Doors at noon.\nBring a hat <3" }, api: { description_html: /Doors at noon\.(<br ?\/?>|<\/p>\s*<p>)\s*Bring a hat &lt;3/ } },
  URL: { fields: { url: "https://meet.example.com/new-room" }, api: {} },
};

for (const client of ["google", "outlook", "apple"]) {
  describe(`one field at a time in the shape of ${client}`, { concurrency: false }, () => {
    let meeting, guest, page, last, owner;

    before(async () => {
      const organizer = world.organizer(client);
      meeting = await organizer.announced();
      page = await organizer.page();
      owner = (await world.mailTo(organizer.email)).links.find((link) => link.includes("/o/"));
      guest = world.guest();
      await meeting.invite(guest);
      await guest.replies(meeting, "ACCEPTED");
      await untilRsvp(world, meeting.id, { accepted: 1 });
      last = await world.event(meeting.id);
    });

    let revision = 0;
    for (const [field, { fields, api }] of Object.entries(EDITS)) {
      test(`${field}: record, page, API and mail change, and nothing else does`, async () => {
        revision += 1;
        const moved = ["date", "time", "zone"].includes(field);
        await meeting.edit(fields);
        const event = await meeting.revision(revision);

        // API: this field, revision and time of change; every other field as it was.
        for (const [name, value] of Object.entries(event)) {
          if (name in api) {
            if (api[name] instanceof RegExp) assert.match(value, api[name]);
            else assert.equal(value, api[name], name);
          } else if (!["sequence", "last_modified"].includes(name)) {
            assert.deepEqual(value, last[name], `${name} must not change with ${field}`);
          }
        }
        last = event;

        // Record: what the event's object itself shows to its owner.
        const record = readable((await world.fetch(owner)).text);
        for (const text of [meeting.says.summary, meeting.says.location, meeting.says.url]) assert.ok(record.includes(text), `record: ${text}`);
        assert.match(record, new RegExp(`<dd>${revision}</dd>`));

        // Projection: everything the organizer's calendar says.
        const full = await world.get(`/v1/events/${meeting.id}`);
        const { says } = meeting;
        assert.deepEqual(
          [full.revision, full.details.summary, full.details.location, full.details.description.trimEnd(), full.details.url, full.zone],
          [revision, says.summary, says.location, says.description, says.url, says.zone],
        );
        assert.equal(full.occurrences[0].local_start, says.start);
        assert.equal(full.occurrences[0].start, instant(says.start, says.zone));

        // Page: the list for what stands in it, the event's own page for the rest.
        await eventually("title, place and time on the page", async () => {
          const schedule = readable((await world.fetch(page)).text);
          const [, at] = /<time datetime=([^ >]+)/.exec(schedule) ?? [];
          assert.deepEqual([schedule.includes(says.summary), schedule.includes(says.location), Date.parse(at) / 1000], [true, true, instant(says.start, says.zone)]);
          return true;
        });
        const own = readable((await world.fetch(`/event/${meeting.id}/invite`)).text);
        assert.ok(own.includes(says.url), "link on the event's page");
        assert.ok(own.includes(says.description.split("\n")[0]), "description on the event's page");

        // Mail: the guest said Yes, so he is told once, and asked again when the time moved.
        const mail = await guest.receives(meeting);
        assert.deepEqual(
          [mail.calendar.summary, mail.calendar.location, mail.calendar.description.trimEnd(), mail.calendar.url],
          [says.summary, says.location, says.description, says.url],
        );
        assert.equal(mail.calendar.start.epoch, instant(says.start, says.zone));
        assert.equal(mail.calendar.start.tzid, says.zone);
        assert.equal(mail.calendar.attendees[0].partstat, moved ? "NEEDS-ACTION" : "ACCEPTED");
        if (moved) {
          await guest.replies(meeting, "ACCEPTED");
          await untilRsvp(world, meeting.id, { accepted: 1 });
        }
      });
    }
  });
}

test("200 mails for one event at once leave one order: the newest version whole, every visible change counted", async () => {
  const COUNT = 200;
  const organizer = world.organizer("google");
  const meeting = organizer.meeting({ uid: "two-hundred@google.com" });
  const { dtstamp } = meeting.says;
  // Each version changes one field of the one before; moves raise SEQUENCE as a client's do.
  const versions = [{ ...meeting.says }];
  for (let i = 1; i < COUNT; i += 1) {
    const next = { ...versions[i - 1], dtstamp: new Date(dtstamp.getTime() + i * 1000) };
    if (i % 4 === 0) next.summary = `Version ${i}`;
    if (i % 4 === 1) next.location = `Gate ${i}`;
    if (i % 4 === 2) next.description = `Text ${i}`;
    if (i % 4 === 3) {
      const minute = String(i % 60).padStart(2, "0");
      Object.assign(next, { start: `${SEASON}-07-02T19:${minute}:00`, end: `${SEASON}-07-02T22:${minute}:00`, sequence: next.sequence + 1 });
    }
    versions.push(next);
  }
  const mails = versions.map((version) => organizer.client.mail(version, "REQUEST", world.create));
  // A fixed shuffle, so that a failure can be repeated.
  let seed = 20_270_702;
  const random = () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  for (let i = mails.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [mails[i], mails[j]] = [mails[j], mails[i]];
  }
  const linesBefore = world.logLines("mail").length;
  await Promise.all(mails.map((mail) => world.take(mail)));

  const newest = versions.at(-1);
  Object.assign(meeting.says, newest);
  await meeting.appear();
  const event = await eventually("the newest version", async () => {
    const now = await world.event(meeting.id);
    assert.equal(now.location_html, newest.location);
    return now;
  });
  assert.deepEqual(
    [event.summary_html, event.location_html, event.dtstart, event.dtend],
    [newest.summary, newest.location, instant(newest.start, newest.zone), instant(newest.end, newest.zone)],
  );
  assert.match(event.description_html, new RegExp(newest.description));
  const outcomes = await eventually("a log line per mail", () => {
    const lines = world.logLines("mail").slice(linesBefore);
    return lines.length >= COUNT && lines.map(({ outcome }) => outcome);
  });
  const count = (word) => outcomes.filter((outcome) => outcome === word).length;
  assert.equal(count("created"), 1);
  assert.equal(count("created") + count("updated") + count("unchanged") + count("stale"), COUNT, outcomes.join(" "));
  assert.equal((await world.event(meeting.id)).sequence, count("updated"));
  assert.equal((await world.get(`/organizer/${encodeURIComponent(organizer.email)}/events`)).length, 1);
  await world.mailTo(organizer.email);
});

test("invitations, answers and edits all at once: counters equal a recount, everybody interested ends with the newest version", { timeout: 120_000 }, async () => {
  const organizer = world.organizer("outlook");
  const meeting = await organizer.announced();
  const guests = Array.from({ length: 40 }, (_, i) => world.guest(["google", "outlook", "apple"][i % 3]));
  const answers = ["ACCEPTED", "TENTATIVE", "DECLINED", null];
  const about = ({ calendar }) => calendar?.uid === meeting.id;
  const each = guests.map(async (guest, i) => {
    const body = new URLSearchParams({ email: guest.email, name: guest.name, origin: i % 2 ? "webform" : "wix" });
    assert.equal((await world.fetch(`/event/${meeting.id}/invite`, { method: "POST", body })).status, 303);
    const held = () => world.messages({ to: guest.email }).then((mails) => mails.find(about));
    guest.held.set(meeting.id, await eventually(`mail to ${guest.email}`, held, { timeoutMs: 60_000, everyMs: 200 }));
    if (answers[i % 4]) await guest.replies(meeting, answers[i % 4]);
  });
  const edits = (async () => {
    for (let i = 1; i <= 6; i += 1) {
      await meeting.edit({ location: `Gate ${i}` });
      await sleep(150);
    }
  })();
  await Promise.all([...each, edits]);
  await meeting.revision(6);
  await untilRsvp(world, meeting.id, { accepted: 10, tentative: 10, declined: 10, noaction: 10 });

  const interested = guests.filter((_, i) => i % 4 < 2);
  await eventually("the newest version with everybody interested", async () => {
    for (const { email } of interested) {
      const mails = (await world.messages({ to: email })).filter(about);
      assert.equal(mails.at(-1).calendar.location, "Gate 6", email);
    }
    return true;
  }, { timeoutMs: 60_000, everyMs: 250 });
  await sleep(1000);

  // Nobody got a version twice, nor an older one after a newer.
  for (const { email } of guests) {
    const stamps = (await world.messages({ to: email })).filter(about).map(({ calendar }) => calendar.dtstamp);
    assert.deepEqual(stamps, [...new Set(stamps)].sort(), email);
  }
  // The absolute counters are those of the rows.
  const { text } = await world.fetch(`/v1/events/${meeting.id}/attendees.csv`, { key: "standard" });
  const rows = text.replace(/^\ufeff/, "").split("\r\n").slice(1).filter(Boolean).map((row) => row.split(","));
  const tally = (column) => Object.fromEntries([...rows.reduce((counts, row) => counts.set(row[column], (counts.get(row[column]) ?? 0) + 1), new Map())].sort());
  const statistics = await world.statistics(meeting.id);
  assert.equal(statistics.attendees, rows.length);
  assert.deepEqual(tally(2), { accepted: 10, declined: 10, noaction: 10, tentative: 10 });
  assert.deepEqual(statistics.origin, tally(3));
  const clients = Object.fromEntries(Object.entries(tally(4)).map(([prodid, count]) => [prodid.replace(/^'/, ""), count]));
  assert.deepEqual(statistics.prodid, clients);
  assert.deepEqual(await world.get(`/organizer/${encodeURIComponent(organizer.email)}/statistics`), statistics);
});
