// What calendars say to each other beside invitations and answers: single dates, proposals, REFRESH, ADD, delegates, a
// guest taken off the list, and our own answer to the organizer's calendar.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { content } from "./mails/read.mjs";
import { instant } from "./mails/zones.mjs";
import { SEASON, eventually, startWorld, untilRsvp } from "./world.mjs";

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

const date = (day) => `${SEASON}-07-${String(day).padStart(2, "0")}T19:05:00`;
const WEEKLY = { rrule: "FREQ=WEEKLY;COUNT=4" };
const occurrences = async ({ id }) => (await world.get(`/v1/events/${id}/occurrences`)).occurrences;
const utc = (local, zone) => new Date(instant(local, zone) * 1000);

describe("an answer to one date", () => {
  for (const client of ["google", "outlook", "apple"]) {
    test(`from ${client} stands beside the answer to the series`, async () => {
      const series = await world.organizer().announced(WEEKLY);
      const guest = world.guest(client);
      await series.invite(guest);
      await guest.replies(series, "ACCEPTED");
      await untilRsvp(world, series.id, { accepted: 1 });
      await guest.replies(series, "DECLINED", { instance: utc(date(9), series.says.zone), comment: "Away that week" });
      const dates = await eventually("the date's own answer", async () => {
        const found = await occurrences(series);
        return found[1].rsvp.declined === 1 && found;
      });
      assert.deepEqual(
        dates.map(({ local_start, rsvp, answered_apart }) => [local_start, rsvp.accepted, rsvp.declined, answered_apart]),
        [[date(2), 1, 0, 0], [date(9), 0, 1, 1], [date(16), 1, 0, 0], [date(23), 1, 0, 0]],
      );
      assert.equal((await world.statistics(series.id)).rsvp.accepted, 1);
      const { attendees } = await world.get(`/v1/events/${series.id}/attendees`);
      assert.deepEqual(attendees[0].instances.map(({ recurrence_id, status, comment }) => [recurrence_id, status, comment.trim()]), [
        [date(9), "declined", "Away that week"],
      ]);
      const { text: csv } = await world.fetch(`/v1/events/${series.id}/attendees.csv`, { key: "standard" });
      assert.match(csv, /2\d{3}-07-09 19:05 declined/);

      // The next mail about the series carries both answers, so that no calendar takes one back.
      await series.edit({ location: "Gate 9" });
      const update = await guest.receives(series);
      assert.equal(update.calendar.attendees[0].partstat, "ACCEPTED");
      assert.deepEqual(update.calendar.exceptions.map(({ of }) => of), [date(9)]);
      assert.match(content(update.calendarParts[0]).toString("utf8").replaceAll("\r\n ", ""), /PARTSTAT=DECLINED/);
    });
  }

  test("that the series does not have is no answer", async () => {
    const series = await world.organizer().announced(WEEKLY);
    const guest = world.guest();
    await series.invite(guest);
    await guest.replies(series, "DECLINED", { instance: utc(date(10), series.says.zone) });
    await guest.replies(series, "ACCEPTED");
    await untilRsvp(world, series.id, { accepted: 1 });
    const { attendees } = await world.get(`/v1/events/${series.id}/attendees`);
    assert.deepEqual(attendees[0].instances, []);
  });
});

describe("a guest proposes another time", () => {
  async function proposal() {
    const organizer = world.organizer();
    const meeting = await organizer.announced();
    const [guest, other] = [world.guest(), world.guest()];
    await meeting.invite(guest, other);
    await other.replies(meeting, "ACCEPTED");
    await untilRsvp(world, meeting.id, { accepted: 1, noaction: 1 });
    const mark = await world.mark();
    const later = { start: utc(date(3), meeting.says.zone), end: utc(date(3).replace("19:", "22:"), meeting.says.zone) };
    await guest.replies(meeting, "TENTATIVE", { method: "COUNTER", comment: "One day later?", invitation: later });
    const notice = await world.mailTo(organizer.email, { after: mark });
    assert.match(notice.subject, /proposes another time/);
    assert.match(notice.text, /One day later\?/);
    const page = notice.links.find((url) => url.includes("/o/"));
    return { meeting, guest, other, page };
  }
  const decide = (page, guest, decision) =>
    world.fetch(`${page}/proposals`, { method: "POST", body: new URLSearchParams({ guest: guest.email, instance: "", decision }) });

  test("the organizer agrees: the event moves for everybody, with SEQUENCE one higher", async () => {
    const { meeting, guest, other, page } = await proposal();
    assert.match((await world.fetch(page)).text, /proposes another time/);
    assert.equal((await world.fetch(page)).text.includes(guest.email), true);
    assert.equal((await decide(page, guest, "accept")).status, 200);
    const update = await other.receives(meeting);
    assert.deepEqual([update.calendar.method, update.calendar.sequence, update.calendar.start.local], ["REQUEST", 1, date(3)]);
    assert.equal((await guest.receives(meeting)).calendar.sequence, 1);
    assert.equal((await decide(page, guest, "accept")).status, 409, "decided is decided");
    // His own calendar follows with the same time: nobody is mailed twice.
    const mark = await world.mark();
    await meeting.edit({ start: date(3), end: date(3).replace("19:", "22:") });
    await world.quiet({ after: mark });
  });

  test("he declines: the guest is told so, once, in his calendar's words and in plain ones", async () => {
    const { meeting, guest, page } = await proposal();
    assert.equal((await decide(page, guest, "decline")).status, 200);
    const answer = await guest.receives(meeting);
    assert.equal(answer.calendar.method, "DECLINECOUNTER");
    assert.equal(answer.calendar.start.local, date(2));
    assert.deepEqual((await world.get(`/v1/events/${meeting.id}/proposals`)).proposals, []);
    assert.equal((await world.event(meeting.id)).sequence, 0);
  });
});

test("REFRESH brings the current version to a guest, and nothing to a stranger", async () => {
  const meeting = await world.organizer().announced();
  const guest = world.guest();
  await meeting.invite(guest);
  await guest.replies(meeting, "NEEDS-ACTION", { method: "REFRESH" });
  const again = await guest.receives(meeting);
  assert.deepEqual([again.calendar.method, again.calendar.sequence], ["REQUEST", 0]);
  const mark = await world.mark();
  const stranger = world.guest();
  stranger.held.set(meeting.id, again);
  await world.deliver(stranger.answer(meeting, "NEEDS-ACTION", { method: "REFRESH" }));
  await world.quiet({ after: mark });
});

test("a guest who is taken off the list gets a cancel of his own, and can be invited again", async () => {
  const meeting = await world.organizer().announced();
  const [guest, other] = [world.guest(), world.guest()];
  await meeting.invite(guest, other);
  await guest.replies(meeting, "ACCEPTED");
  await untilRsvp(world, meeting.id, { accepted: 1, noaction: 1 });
  const mark = await world.mark();
  const path = `/v1/events/${meeting.id}/attendees/${encodeURIComponent(guest.email)}`;
  assert.equal((await world.fetch(path, { method: "DELETE", key: "standard" })).status, 204);
  const cancel = await guest.receives(meeting);
  assert.deepEqual([cancel.calendar.method, cancel.calendar.sequence, cancel.calendar.status], ["CANCEL", 1, "CANCELLED"]);
  await world.quiet({ after: mark, except: ({ to }) => String(to) === guest.email });
  await untilRsvp(world, meeting.id, { noaction: 1 });
  assert.equal((await world.fetch(path, { method: "DELETE", key: "standard" })).status, 404);
  const [again] = await meeting.invite(guest);
  assert.equal(again.calendar.method, "REQUEST");
  assert.ok(again.calendar.sequence >= cancel.calendar.sequence && again.calendar.dtstamp > cancel.calendar.dtstamp);
});

test("a delegate is invited in his delegator's place", async () => {
  const meeting = await world.organizer().announced();
  const [guest, delegate] = [world.guest(), world.guest()];
  await meeting.invite(guest);
  await guest.replies(meeting, "DELEGATED", { delegatedTo: delegate.email });
  const invitation = await delegate.receives(meeting);
  assert.deepEqual(
    invitation.calendar.attendees.map(({ address, delegatedFrom }) => [address, String(delegatedFrom)]),
    [[`mailto:${delegate.email}`, `mailto:${guest.email}`]],
  );
  await delegate.replies(meeting, "ACCEPTED");
  await untilRsvp(world, meeting.id, { accepted: 1, noaction: 1 });
});

test("an event is handed over to a new address by its owner's offer and the reader's word", async () => {
  const [owner, successor] = [world.organizer("google"), world.organizer("google")];
  const meeting = await owner.announced();
  const ready = await world.mailTo(owner.email);
  const page = ready.links.find((url) => url.includes("/o/"));
  const form = { method: "POST", body: new URLSearchParams({ to: successor.email }) };
  assert.equal((await world.fetch(`${page}/hand-over`, form)).status, 200);
  const offer = await world.mailTo(successor.email);
  const link = offer.links.find((url) => url.includes("/t/"));
  assert.match((await world.fetch(link)).text, /Take it over/);
  const says = (organizer, fields) => organizer.client.mail({ ...meeting.says, organizer: { name: organizer.name, email: organizer.email }, ...fields }, "REQUEST", world.create);
  const later = (minutes) => new Date(meeting.says.dtstamp.getTime() + minutes * 60_000);

  assert.equal((await world.fetch(link, { method: "POST", body: new URLSearchParams() })).status, 200);
  await world.take(says(successor, { summary: "Under new direction", dtstamp: later(1) }));
  assert.equal((await meeting.revision(1)).mailto, successor.email);
  assert.equal((await world.fetch(page)).status, 404, "the old owner's link ends with his ownership");
  assert.equal((await world.fetch(`${page}/hand-over`, form)).status, 404, "and takes nothing back");
  // What the old address sends changes nothing any more.
  const stale = says(successor, { summary: "Still mine", dtstamp: later(2) });
  const raw = stale.raw.toString("latin1").replace(/^From: .*$/m, `From: ${owner.name} <${owner.email}>`);
  await world.take({ ...stale, from: owner.email, raw: Buffer.from(raw, "latin1") });
  await eventually("the attempt", async () => (await world.get(`/v1/events/${meeting.id}/attempts`)).attempts.length === 1);
  assert.equal((await world.event(meeting.id)).summary_html, "Under new direction");
});

describe("the organizer's calendar is told what became of his mail", () => {
  const answerTo = (organizer) => world.mailTo(organizer.email, { answers: true, where: ({ calendar }) => calendar?.method === "REPLY" });

  test("ACCEPTED, from the mailbox that he invited, under his own UID", async () => {
    const organizer = world.organizer("outlook");
    const meeting = await organizer.announced();
    const { calendar, from } = await answerTo(organizer);
    assert.deepEqual([calendar.uid, calendar.attendees[0].address, calendar.attendees[0].partstat], [meeting.says.uid, `mailto:${world.create}`, "ACCEPTED"]);
    assert.equal(from.address, world.create);
    assert.equal(calendar.organizer, `mailto:${organizer.email}`);
  });

  test("TENTATIVE, in the claim mail, while nobody vouches for it", async () => {
    const organizer = world.organizer("google");
    await organizer.meeting().send("REQUEST", null);
    assert.equal((await answerTo(organizer)).calendar.attendees[0].partstat, "TENTATIVE");
  });

  test("DECLINED, with the reason, for somebody else's event; and its owner sees who tried", async () => {
    const owner = world.organizer("google");
    const meeting = await owner.announced();
    const stranger = world.organizer("google");
    const mail = meeting.mail("REQUEST", { sequence: 9, summary: "Stolen" });
    const raw = mail.raw.toString("latin1").replace(/^From: .*$/m, `From: Mal <${stranger.email}>`);
    await world.take({ ...mail, from: stranger.email, raw: Buffer.from(raw, "latin1") });
    const { calendar } = await answerTo(stranger);
    assert.equal(calendar.attendees[0].partstat, "DECLINED");
    assert.match(calendar.comment, /belongs to another organizer/);
    const { attempts } = await world.get(`/v1/events/${meeting.id}/attempts`);
    assert.deepEqual(attempts.map(({ sender, method }) => [sender, method]), [[stranger.email, "REQUEST"]]);
    assert.equal((await world.event(meeting.id)).sequence, 0);
  });
});

test("ADD puts a date to a series that is known, and is refused for one that is not", async () => {
  const organizer = world.organizer();
  const series = await organizer.announced(WEEKLY);
  const guest = world.guest();
  await series.invite(guest);
  await guest.replies(series, "ACCEPTED");
  await untilRsvp(world, series.id, { accepted: 1 });
  const add = (uid) => {
    const says = { ...series.says, uid, rrule: null, start: date(28), end: date(28).replace("19:", "22:"), sequence: 1 };
    const dtstamp = new Date(says.dtstamp.getTime() + 60_000);
    return organizer.client.mail({ ...says, dtstamp }, "ADD", world.create);
  };
  await world.take(add(series.says.uid));
  const update = await guest.receives(series);
  assert.equal(update.calendar.rrule, "FREQ=WEEKLY;COUNT=4");
  assert.deepEqual((await occurrences(series)).map(({ local_start }) => local_start), [2, 9, 16, 23, 28].map(date));
  const mark = await world.mark();
  await world.take(add("nobody-knows-this-series@gulls.example"));
  assert.match((await world.mailTo(organizer.email, { after: mark })).text, /not known here/);
});
