// Events that are not a plain evening, and what an organizer can decide: all day, series and their exceptions, private
// events, several at once, approval, who hears of a move, being taken off the guest list.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { instant } from "./mails/zones.mjs";
import { SEASON, eventually, readable, startWorld, untilRsvp } from "./world.mjs";

let world;
before(async () => {
  world = await startWorld({ vars: { DIGEST_SECS: "3" } });
});
after(() => world?.stop());

const settle = (organizer, settings) =>
  world.fetch(`/v1/organizers/${encodeURIComponent(organizer.email)}`, { method: "PUT", key: "standard", body: { settings } });

for (const client of ["google", "outlook", "apple"]) {
  describe(`from ${client}`, { concurrency: false }, () => {
    test("a day without a time stays a day, in the API, on the page and in the guest's calendar", async () => {
      const organizer = world.organizer(client);
      const meeting = await organizer.announced({ allDay: true, zone: null, start: `${SEASON}-08-14`, end: `${SEASON}-08-16` });
      const event = await world.event(meeting.id);
      assert.deepEqual([event.dtstart, event.dtend], [Date.UTC(SEASON, 7, 14) / 1000, Date.UTC(SEASON, 7, 16) / 1000]);
      const full = await world.get(`/v1/events/${meeting.id}`);
      assert.deepEqual([full.all_day, full.zone, full.occurrences[0].local_start], [true, null, `${SEASON}-08-14`]);
      const guest = world.guest();
      const [{ calendar }] = await meeting.invite(guest);
      assert.deepEqual([calendar.start.isDate, calendar.start.local, calendar.end.local], [true, `${SEASON}-08-14`, `${SEASON}-08-16`]);
      assert.deepEqual(calendar.timezones, []);
      assert.match((await world.fetch(await organizer.page())).text, /All day/);
    });

    test("a weekly series keeps its rule; one date called off and one moved keep the others", async () => {
      const organizer = world.organizer(client);
      const series = await organizer.announced({ rrule: "FREQ=WEEKLY;COUNT=6" });
      const dates = [2, 9, 16, 23, 30].map((day) => `${SEASON}-07-${String(day).padStart(2, "0")}T19:05:00`).concat(`${SEASON}-08-06T19:05:00`);
      const starts = async () => {
        const { occurrences } = await world.get(`/v1/events/${series.id}`);
        return occurrences.filter(({ cancelled }) => !cancelled).map(({ local_start }) => local_start);
      };
      assert.deepEqual(await starts(), dates);
      const guest = world.guest();
      const [mail] = await series.invite(guest);
      assert.equal(mail.calendar.rrule, "FREQ=WEEKLY;COUNT=6");
      assert.match(mail.text, /Repeats every week/);
      await guest.replies(series, "ACCEPTED");
      await untilRsvp(world, series.id, { accepted: 1 });

      // One date is called off: a CANCEL of one instance, with its own SEQUENCE.
      const { says } = series;
      const instance = { ...says, rrule: null, recurrenceId: dates[2], start: dates[2], end: dates[2].replace("19:", "22:"), sequence: says.sequence + 1, dtstamp: new Date(says.dtstamp.getTime() + 60_000) };
      await world.take(organizer.client.mail(instance, "CANCEL", world.create));
      assert.equal((await series.revision(1)).status, "confirmed");
      assert.deepEqual(await starts(), dates.filter((date) => date !== dates[2]));
      const update = await guest.receives(series);
      assert.deepEqual([update.calendar.method, update.calendar.recurrenceId], ["CANCEL", dates[2]]);
      assert.equal(update.calendar.start.epoch, instant(dates[2], says.zone), "Outlook wants the times of what is off");

      // One date is moved.
      const moved = `${SEASON}-07-24T13:05:00`;
      const other = { ...instance, recurrenceId: dates[3], start: moved, end: moved.replace("13:", "16:"), dtstamp: new Date(says.dtstamp.getTime() + 120_000) };
      await world.take(organizer.client.mail(other, "REQUEST", world.create));
      await series.revision(2);
      assert.deepEqual(await starts(), [dates[0], dates[1], moved, dates[4], dates[5]]);
      const again = await guest.receives(series);
      assert.equal(again.calendar.events, 1, "the date alone: Outlook refuses it beside an unchanged series");
      assert.deepEqual(again.calendar.exceptions, [{ of: dates[3], start: moved }]);
      assert.equal(again.calendar.attendees[0].partstat, "NEEDS-ACTION", "asked again about this date");
      assert.equal((await world.statistics(series.id)).rsvp.accepted, 1, "the answer to the series stands");

      // A late guest gets the whole: rule, what is off, what was moved.
      const late = world.guest();
      const [whole] = await series.invite(late);
      assert.equal(whole.calendar.rrule, "FREQ=WEEKLY;COUNT=6");
      assert.deepEqual(whole.calendar.excluded, [dates[2]]);
      assert.deepEqual(whole.calendar.exceptions, [{ of: dates[3], start: moved }]);
      assert.equal((await world.event(series.id)).dtstart, instant(dates[0], says.zone), "the first API shows the first date");
    });
  });
}

test("a private event is in the organizer's figures, but on no page", async () => {
  const organizer = world.organizer("outlook");
  const open = await organizer.announced();
  const secret = organizer.meeting({ class: "PRIVATE", summary: "Contract talks" });
  await secret.send();
  await secret.appear();
  await world.mailsTo(organizer.email, { count: 2 });
  const page = readable((await world.fetch(await organizer.page())).text);
  assert.ok(page.includes(open.says.summary));
  assert.ok(!page.includes("Contract talks"));
});

test("other guests of the organizer are never stored, mailed or shown", async () => {
  const organizer = world.organizer("google");
  const others = ["pat@example.net", "kim@example.net"];
  const mark = await world.mark();
  const meeting = await organizer.announced({ guests: [{ email: world.create }, ...others.map((email) => ({ email }))] });
  await world.mailTo(organizer.email);
  await meeting.edit({ location: "Gate 1" });
  await meeting.revision(1);
  await meeting.cancel();
  await meeting.revision(2);
  await world.quiet({ after: mark, except: ({ to }) => to[0] === organizer.email });
  const documents = [await world.event(meeting.id), await world.get(`/event/${meeting.id}/attendees`), await world.get(`/v1/events/${meeting.id}`)];
  for (const email of others) assert.ok(!JSON.stringify(documents).includes(email));
  assert.equal((await world.statistics(meeting.id)).attendees, 0);
});

test("the first event is announced at once, those that follow in one mail", async () => {
  const organizer = world.organizer("google");
  await organizer.announced();
  const first = await world.mailTo(organizer.email);
  assert.match(first.subject, /^Ready: Gulls/);
  const season = Array.from({ length: 5 }, () => organizer.meeting());
  for (const meeting of season) await meeting.send();
  const [, digest] = await world.mailsTo(organizer.email, { count: 2 });
  assert.equal(digest.subject, "Ready: 5 events");
  for (const meeting of season) {
    await meeting.appear();
    assert.ok(digest.text.includes(meeting.id), meeting.id);
  }
  await world.quiet({ after: digest.sequence });
});

describe("an organizer who wants to look first", () => {
  test("sees the change on his page at once; guests hear of it when he releases it, and only of the newest", async () => {
    const organizer = world.organizer("google");
    const meeting = await organizer.announced();
    await world.mailTo(organizer.email);
    assert.equal((await settle(organizer, { approval: true })).status, 200);
    const guest = world.guest();
    await meeting.invite(guest);
    await guest.replies(meeting, "ACCEPTED");
    await untilRsvp(world, meeting.id, { accepted: 1 });
    const mark = await world.mark();
    await meeting.edit({ location: "Gate 1" });
    await meeting.edit({ location: "Gate 2" });
    assert.equal((await meeting.revision(2)).location_html, "Gate 2");
    const notice = await eventually("the question", async () => (await world.messages({ to: organizer.email, after: mark }))[0]);
    assert.match(notice.subject, /^Waiting for you/);
    await world.quiet({ after: mark, except: ({ to }) => to[0] === organizer.email });
    const owner = notice.links.find((link) => link.includes("/o/"));
    assert.match((await world.fetch(owner)).text, /A change waits for you/);
    await world.quiet({ after: mark, ms: 300, except: ({ to }) => to[0] === organizer.email });
    assert.equal((await world.fetch(`${owner}/release`, { method: "POST", body: new URLSearchParams() })).status, 200);
    const mail = await guest.receives(meeting);
    assert.equal(mail.calendar.location, "Gate 2");
    assert.equal((await world.fetch(`/v1/events/${meeting.id}/release`, { method: "POST", key: "standard" })).status, 409, "nothing waits any more");
  });
});

test("an organizer can ask that everybody who has not declined hears of a move", async () => {
  const organizer = world.organizer("apple");
  const meeting = await organizer.announced();
  assert.equal((await settle(organizer, { wide_time_changes: true })).status, 200);
  const [yes, no, silent] = [world.guest(), world.guest(), world.guest()];
  await meeting.invite(yes, no, silent);
  await yes.replies(meeting, "ACCEPTED");
  await no.replies(meeting, "DECLINED");
  await untilRsvp(world, meeting.id, { accepted: 1, declined: 1, noaction: 1 });
  const mark = await world.mark();
  await meeting.edit({ start: `${SEASON}-07-03T13:05:00`, end: `${SEASON}-07-03T16:05:00` });
  await yes.receives(meeting);
  await silent.receives(meeting);
  await world.quiet({ after: mark, except: ({ to }) => [yes.email, silent.email].includes(to[0]) });
});

test("a CANCEL that takes only us off the guest list cancels nobody until the organizer says so", async () => {
  const organizer = world.organizer("outlook");
  const meeting = await organizer.announced({ guests: [{ email: world.create }, { email: "pat@example.net" }] });
  await world.mailTo(organizer.email);
  const guest = world.guest();
  await meeting.invite(guest);
  const mark = await world.mark();
  const { says } = meeting;
  const uninvite = { ...says, guests: [{ email: world.create }], sequence: says.sequence + 1, dtstamp: new Date(says.dtstamp.getTime() + 60_000) };
  await world.take(organizer.client.mail(uninvite, "CANCEL", world.create));
  const question = await world.mailTo(organizer.email, { after: mark });
  assert.match(question.subject, /^Cancel for your guests\?/);
  await world.quiet({ after: mark, except: ({ to }) => to[0] === organizer.email });
  assert.equal((await world.event(meeting.id)).status, "confirmed");
  const owner = question.links.find((link) => link.includes("/o/"));
  assert.equal((await world.fetch(owner)).status, 200);
  assert.equal((await world.event(meeting.id)).status, "confirmed");
  assert.equal((await world.fetch(`${owner}/cancel`, { method: "POST", body: new URLSearchParams() })).status, 200);
  assert.equal((await guest.receives(meeting)).calendar.method, "CANCEL");
  await eventually("cancelled", async () => (await world.event(meeting.id)).status === "cancelled");
});
