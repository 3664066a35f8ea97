// The whole loop in the shape of each big client: create, page and API, invite, answer, change, move, cancel, report.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { guestClients } from "./mails/clients.mjs";
import { content, leaves } from "./mails/read.mjs";
import { instant } from "./mails/zones.mjs";
import { SEASON, eventually, readable, startWorld, untilRsvp } from "./world.mjs";

const EVENT_FIELDS = [
  "uid", "created", "description_html", "dtend", "dtstart", "last_modified", "location_html", "mailto",
  "original_organizer", "organizer", "prodid", "sequence", "status", "summary_html",
];
const LINE_FIELDS = [
  "uid", "mailto", "organizer", "status", "created", "dtstart", "dtend", "summary_html", "description_html", "location_html",
];
const STATISTICS_FIELDS = ["attendees", "origin", "prodid", "rsvp"];
const RSVP_FIELDS = ["accepted", "declined", "noaction", "tentative"];
const ATTENDEE_FIELDS = ["attendee", "name", "status", "origin", "prodid"];
const UNANSWERED = "31events//ses";

const mask = (text) => `${text[0].toUpperCase()}*******`;
const maskAddress = (email) => `${email[0]}*******@${email.split("@")[1]}`;

/** What every calendar mail to a guest must look like for the big clients to show buttons (itip rules 31-36, 40-45). */
function assertCalendarMail(mail, { method, guest, meeting, world }) {
  assert.equal(mail.shape, "multipart/mixed(multipart/alternative(text/plain,text/html,text/calendar),application/ics)");
  const [inline, attached] = mail.calendarParts;
  assert.deepEqual([inline.params.method, inline.params.charset?.toUpperCase()], [method, "UTF-8"]);
  assert.equal(inline.headers["content-disposition"], undefined);
  assert.equal(inline.headers["content-id"], undefined);
  assert.match(attached.headers["content-disposition"], /^attachment\b.*invite\.ics/);
  assert.equal(attached.headers["content-transfer-encoding"], "base64");
  assert.ok(content(inline).equals(content(attached)), "the two calendar parts differ");
  const text = content(inline).toString("utf8");
  assert.equal(text.replaceAll("\r\n", "").includes("\n"), false, "bare LF in the calendar");
  for (const line of text.split("\r\n")) assert.ok(Buffer.byteLength(line) <= 75, `a line of ${Buffer.byteLength(line)} octets: ${line}`);

  const { calendar } = mail;
  assert.deepEqual([calendar.method, calendar.events, calendar.uid], [method, 1, meeting.id]);
  assert.match(calendar.organizer, new RegExp(`^mailto:rsvp\\+[a-z2-7]{17}@${world.domain}$`));
  assert.equal(calendar.organizerName, meeting.organizer.name);
  assert.deepEqual(calendar.attendees.map(({ address }) => address), [`mailto:${guest.email}`]);
  if (method === "REQUEST") assert.equal(calendar.attendees[0].rsvp, "TRUE");
  assert.deepEqual(calendar.timezones, [calendar.start.tzid]);
  assert.equal(calendar.start.epoch, instant(meeting.says.start, meeting.says.zone));
  assert.equal(calendar.end.epoch, instant(meeting.says.end, meeting.says.zone));
  for (const required of ["uid", "dtstamp", "dtstart", "dtend", "summary", "organizer", "attendee", "sequence"]) {
    assert.equal(calendar.names.filter((name) => name === required).length, 1, required);
  }

  assert.deepEqual(mail.to, [guest.email]);
  assert.equal(mail.from.address, `notification@${world.domain}`);
  assert.equal(mail.from.name, meeting.organizer.name);
  assert.equal(mail.replyTo, meeting.organizer.email);
  assert.match(mail.headers["list-unsubscribe"], /^<http[^>]+\/u\/[^>]+>, ?<mailto:unsubscribe@[^>]+>$|^<mailto:[^>]+>, ?<http[^>]+>$/);
  assert.equal(mail.headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
  assert.match(mail.text, /I did not ask for this/);
  assert.match(mail.text, /1 Example Street/);
}

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

for (const client of ["google", "outlook", "apple"]) {
  describe(`an organizer with ${client}`, { concurrency: false }, () => {
    let organizer, meeting, ready, page, systemBefore;
    const guests = {};

    test("mails create@ and is told that the event is ready", async () => {
      organizer = world.organizer(client, "Harbor City Gulls");
      systemBefore = await world.get("/system/statistics", "admin");
      meeting = await organizer.announced();
      ready = await world.mailTo(organizer.email);
      assert.match(ready.subject, /^Ready: /);
      assert.ok(ready.text.includes(meeting.id), "the mail names the event id");
      assert.ok(ready.links.includes(`${world.url}/event/${meeting.id}/invite`), ready.links.join(" "));
      assert.ok(leaves(ready.tree).every(({ type }) => type !== "text/calendar"));
    });

    test("finds the event on a public page", async () => {
      page = await organizer.page();
      assert.ok(ready.links.includes(`${world.url}${page}`), `${page} is not in the mail`);
      const { status, text, headers } = await world.fetch(page);
      assert.equal(status, 200);
      assert.match(headers.get("content-type"), /^text\/html/);
      assert.ok(readable(text).includes(meeting.says.summary) && text.includes(`/e/${meeting.short}"`) && text.includes("Harbor Park, Gate 4"));
    });

    test("reads the event over the API, field for field", async () => {
      const event = await world.event(meeting.id);
      assert.deepEqual(Object.keys(event), EVENT_FIELDS);
      const now = Date.now() / 1000;
      assert.match(event.uid, /^[a-z0-9]{40}$/);
      assert.ok(Math.abs(event.created - now) < 60 && Math.abs(event.last_modified - now) < 60);
      assert.deepEqual(
        { ...event, created: 0, last_modified: 0 },
        {
          uid: meeting.id,
          created: 0,
          description_html: event.description_html,
          dtend: instant(meeting.says.end, meeting.says.zone),
          dtstart: instant(meeting.says.start, meeting.says.zone),
          last_modified: 0,
          location_html: "Harbor Park, Gate 4",
          mailto: organizer.email,
          original_organizer: organizer.name,
          organizer: organizer.name,
          prodid: organizer.client.prodid,
          sequence: 0,
          status: "confirmed",
          summary_html: meeting.says.summary,
        },
      );
      assert.match(event.description_html, /Shirt night; gates open at 6 pm\./);
    });

    test("finds it in the lists of the organizer and of the system", async () => {
      const lists = [
        await world.get(`/organizer/${encodeURIComponent(organizer.email)}/events`),
        await world.get(`/organizer/shadow/${encodeURIComponent(organizer.email)}/events`),
        (await world.get("/system/events", "admin")).filter(({ uid }) => uid === meeting.id),
      ];
      const event = await world.event(meeting.id);
      for (const list of lists) {
        assert.equal(list.length, 1);
        assert.deepEqual(Object.keys(list[0]), LINE_FIELDS);
        assert.deepEqual(list[0], Object.fromEntries(LINE_FIELDS.map((field) => [field, event[field]])));
      }
    });

    test("starts with empty statistics", async () => {
      const empty = { attendees: 0, origin: {}, prodid: {}, rsvp: { accepted: 0, declined: 0, noaction: 0, tentative: 0 } };
      const statistics = await world.statistics(meeting.id);
      assert.deepEqual(Object.keys(statistics), STATISTICS_FIELDS);
      assert.deepEqual(Object.keys(statistics.rsvp), RSVP_FIELDS);
      assert.deepEqual(statistics, empty);
      assert.deepEqual(await world.get(`/organizer/shadow/${encodeURIComponent(organizer.email)}/statistics`), empty);
      assert.deepEqual(await world.get(`/event/${meeting.id}/attendees`), []);
    });

    test("has a guest who asks by a plain form, without a key", async () => {
      guests.yes = world.guest("google", "Yara Yes");
      const body = new URLSearchParams({ email: guests.yes.email, name: guests.yes.name, origin: "webform" });
      const { status, headers } = await world.fetch(`/event/${meeting.id}/invite`, { method: "POST", body });
      assert.equal(status, 303);
      const landing = await world.fetch(headers.get("location"));
      assert.equal(landing.status, 200);
      assert.ok(landing.text.includes(maskAddress(guests.yes.email)));
      const mail = await guests.yes.receives(meeting);
      assertCalendarMail(mail, { method: "REQUEST", guest: guests.yes, meeting, world });
      assert.equal(mail.calendar.sequence, 0);
      assert.equal(mail.calendar.attendees[0].partstat, "NEEDS-ACTION");
      assert.equal(mail.calendar.attendees[0].cn, "Yara Yes");
      assert.equal(mail.calendar.summary, meeting.says.summary);
      assert.equal(mail.calendar.location, meeting.says.location);
      assert.match(mail.calendar.description, /Shirt night; gates open at 6 pm\./);
      assert.ok(mail.text.includes(meeting.says.summary) && mail.text.includes(meeting.says.location));
    });

    test("has a guest who is invited by a link with a key", async () => {
      guests.maybe = world.guest("outlook", "Maya Maybe");
      const query = new URLSearchParams({ email: guests.maybe.email, name: guests.maybe.name, origin: "mailchimpcta", landing: "https://www.example.com/thanks" });
      const { status, headers, text } = await world.fetch(`/event/${meeting.id}/invite?${query}`, { key: "standard" });
      assert.deepEqual([status, headers.get("location"), text], [302, "https://www.example.com/thanks", "Acknowledged"]);
      assertCalendarMail(await guests.maybe.receives(meeting), { method: "REQUEST", guest: guests.maybe, meeting, world });
    });

    test("has guests who are invited by JSON", async () => {
      guests.no = world.guest("apple", "Nora No");
      guests.silent = world.guest("google", "Silas Silent");
      const body = [guests.no, guests.silent].map(({ email, name }) => ({ email, name, origin: "vip" }));
      const { status, json } = await world.fetch(`/v1/events/${meeting.id}/invitations`, { method: "POST", key: "standard", body });
      assert.equal(status, 202);
      assert.deepEqual(json.results.map(({ email, status: said }) => [email, said]), body.map(({ email }) => [email, "invited"]));
      for (const guest of [guests.no, guests.silent]) {
        assertCalendarMail(await guest.receives(meeting), { method: "REQUEST", guest, meeting, world });
      }
      const tokens = Object.values(guests).map((guest) => guest.held.get(meeting.id).calendar.organizer);
      assert.equal(new Set(tokens).size, 4, "every guest has a reply address of his own");
    });

    test("counts four guests before anybody has answered", async () => {
      const statistics = await untilRsvp(world, meeting.id, { noaction: 4 });
      assert.equal(statistics.attendees, 4);
      assert.deepEqual(statistics.origin, { mailchimpcta: 1, vip: 2, webform: 1 });
      assert.deepEqual(statistics.prodid, { [UNANSWERED]: 4 });
    });

    test("gets answers from three clients, counted at three levels", async () => {
      await guests.yes.replies(meeting, "ACCEPTED");
      await guests.maybe.replies(meeting, "TENTATIVE", { comment: "If I find a sitter" });
      await guests.no.replies(meeting, "DECLINED");
      const rsvp = { accepted: 1, declined: 1, noaction: 1, tentative: 1 };
      const statistics = await untilRsvp(world, meeting.id, rsvp);
      assert.deepEqual(statistics.prodid, {
        [UNANSWERED]: 1,
        [guestClients.google.prodid]: 1,
        [guestClients.outlook.prodid]: 1,
        [guestClients.apple.prodid]: 1,
      });
      const address = encodeURIComponent(organizer.email);
      for (const path of [`/organizer/shadow/${address}/statistics`, `/organizer/${address}/statistics`]) {
        assert.deepEqual(await world.get(path), statistics, path);
      }
      const system = await world.get("/system/statistics", "admin");
      assert.deepEqual(Object.keys(system), STATISTICS_FIELDS);
      assert.equal(system.attendees - systemBefore.attendees, 4);
      for (const word of RSVP_FIELDS) assert.equal(system.rsvp[word] - systemBefore.rsvp[word], rsvp[word], word);
    });

    test("sees a masked guest list in the order of addresses", async () => {
      const list = await world.get(`/event/${meeting.id}/attendees`);
      const expected = Object.entries({ yes: "accepted", maybe: "tentative", no: "declined", silent: "noaction" })
        .map(([who, status]) => ({ guest: guests[who], status }))
        .sort((a, b) => (a.guest.email < b.guest.email ? -1 : 1));
      assert.deepEqual(Object.keys(list[0]), ATTENDEE_FIELDS);
      assert.deepEqual(
        list.map(({ attendee, name, status }) => ({ attendee, name, status })),
        expected.map(({ guest, status }) => ({ attendee: maskAddress(guest.email), name: mask(guest.name), status })),
      );
    });

    test("edits the text: only Yes and Maybe are told, and keep their answers", async () => {
      const mark = await world.mark();
      await meeting.edit({ summary: `${meeting.says.summary} (fireworks)`, description: "Fireworks after the game." });
      const event = await meeting.revision(1);
      assert.equal(event.summary_html, meeting.says.summary);
      await eventually("the new title on the page", async () => /\(fireworks\)/.test((await world.fetch(page)).text));
      for (const [guest, partstat] of [[guests.yes, "ACCEPTED"], [guests.maybe, "TENTATIVE"]]) {
        const before_ = guest.held.get(meeting.id).calendar;
        const mail = await guest.receives(meeting);
        assertCalendarMail(mail, { method: "REQUEST", guest, meeting, world });
        assert.match(mail.subject, /^Updated: .*fireworks/);
        assert.equal(mail.calendar.sequence, before_.sequence);
        assert.ok(mail.calendar.dtstamp > before_.dtstamp, `${mail.calendar.dtstamp} is not later than ${before_.dtstamp}`);
        assert.equal(mail.calendar.attendees[0].partstat, partstat);
        assert.equal(mail.calendar.organizer, before_.organizer);
      }
      await world.quiet({ after: mark, except: ({ to }) => [guests.yes.email, guests.maybe.email].includes(to[0]) });
      await untilRsvp(world, meeting.id, { accepted: 1, declined: 1, noaction: 1, tentative: 1 });
    });

    test("sees a Maybe become a Yes after that edit", async () => {
      await guests.maybe.replies(meeting, "ACCEPTED");
      await untilRsvp(world, meeting.id, { accepted: 2, declined: 1, noaction: 1 });
    });

    for (const round of [1, 2]) {
      test(`moves the event for the ${round === 1 ? "first" : "second"} time: the same two are asked again`, async () => {
        const mark = await world.mark();
        const day = `${SEASON}-07-0${2 + round}`;
        await meeting.edit({ start: `${day}T18:05:00`, end: `${day}T21:05:00` });
        const event = await meeting.revision(1 + round);
        assert.equal(event.dtstart, instant(meeting.says.start, meeting.says.zone));
        for (const guest of [guests.yes, guests.maybe]) {
          const mail = await guest.receives(meeting);
          assertCalendarMail(mail, { method: "REQUEST", guest, meeting, world });
          assert.equal(mail.calendar.sequence, round);
          assert.equal(mail.calendar.attendees[0].partstat, "NEEDS-ACTION");
          assert.match(mail.text, /please say whether you can come/);
        }
        await world.quiet({ after: mark, except: ({ to }) => [guests.yes.email, guests.maybe.email].includes(to[0]) });
        await untilRsvp(world, meeting.id, { noaction: 4 });
      });
    }

    test("gets an answer to the move", async () => {
      await guests.yes.replies(meeting, "ACCEPTED");
      await untilRsvp(world, meeting.id, { accepted: 1, noaction: 3 });
    });

    test("cancels: everybody who holds an invitation and has not declined gets a CANCEL", async () => {
      const mark = await world.mark();
      await meeting.cancel();
      const event = await meeting.revision(4);
      assert.equal(event.status, "cancelled");
      for (const guest of [guests.yes, guests.maybe, guests.silent]) {
        const mail = await guest.receives(meeting);
        assertCalendarMail(mail, { method: "CANCEL", guest, meeting, world });
        assert.equal(mail.calendar.status, "CANCELLED");
        assert.equal(mail.calendar.sequence, 3);
        assert.match(mail.subject, /^Cancelled: /);
      }
      const told = [guests.yes, guests.maybe, guests.silent].map(({ email }) => email);
      await world.quiet({ after: mark, except: ({ to }) => told.includes(to[0]) });
      const listed = await world.get(`/organizer/${encodeURIComponent(organizer.email)}/events`);
      assert.deepEqual(listed.map(({ status }) => status), ["cancelled"]);
      const text = await eventually("Cancelled on the page", async () => {
        const answer = await world.fetch(page);
        return answer.text.includes("Cancelled") && answer.text;
      });
      assert.ok(text.includes(`/e/${meeting.short}"`) && !text.includes(`value=${meeting.short}`), "a cancelled event cannot be ticked");
    });

    test("asks for the report and gets it as a CSV file by mail", async () => {
      const mark = await world.mark();
      const { status, text } = await world.fetch(`/event/${meeting.id}/report`, { key: "standard" });
      assert.deepEqual([status, text], [200, "Acknowledged"]);
      const mail = await world.mailTo(organizer.email, { after: mark });
      const file = leaves(mail.tree).find(({ type }) => type === "text/csv");
      assert.match(file.headers["content-disposition"], new RegExp(`attachment; ?filename="?${meeting.id}\\.csv"?`));
      const rows = content(file).toString("utf8").replace(/^\ufeff/, "").split("\r\n").filter(Boolean);
      assert.equal(rows[0], "email,name,status,origin,prodid");
      // A spreadsheet would run a cell that begins with a minus: it is quoted.
      const safe = (cell) => (cell.startsWith("-") ? `'${cell}` : cell);
      const line = (guest, answer, origin, prodid) => [guest.email, guest.name, answer, origin, safe(prodid)].join(",");
      assert.deepEqual(
        rows.slice(1).sort(),
        [
          line(guests.yes, "accepted", "webform", guestClients.google.prodid),
          line(guests.maybe, "noaction", "mailchimpcta", guestClients.outlook.prodid),
          line(guests.no, "noaction", "vip", guestClients.apple.prodid),
          line(guests.silent, "noaction", "vip", UNANSWERED),
        ].sort(),
      );
    });
  });
}

describe("links in mail", { concurrency: false }, () => {
  test("the organizer's link shows facts and figures by GET and mails the report only by POST", async () => {
    const organizer = world.organizer("google");
    const meeting = await organizer.announced();
    const ready = await world.mailTo(organizer.email);
    const guest = world.guest();
    await meeting.invite(guest);
    const owner = ready.links.find((link) => link.includes("/o/"));
    assert.ok(owner, ready.links.join(" "));
    const mark = await world.mark();
    for (const method of ["GET", "HEAD", "GET"]) {
      const { status, text } = await world.fetch(owner, { method });
      assert.equal(status, 200);
      if (method === "GET") assert.ok(text.includes(meeting.id) && text.includes("Mail me the guest list"));
    }
    await world.quiet({ after: mark });
    const { status } = await world.fetch(`${owner}/report`, { method: "POST", body: new URLSearchParams() });
    assert.equal(status, 200);
    const report = await world.mailTo(organizer.email, { after: mark });
    assert.ok(leaves(report.tree).some(({ type }) => type === "text/csv"));
  });

  test("a guest answers by Yes, Maybe and No links: GET changes nothing, POST does", async () => {
    const meeting = await world.organizer("outlook").announced();
    const guest = world.guest();
    const [mail] = await meeting.invite(guest);
    const links = Object.fromEntries(["yes", "maybe", "no"].map((word) => [word, mail.links.find((link) => link.endsWith(`answer=${word}`))]));
    for (const link of Object.values(links)) {
      assert.ok(link, mail.text);
      const { status, text } = await world.fetch(link);
      assert.equal(status, 200);
      assert.match(text, /<form method="post"/);
    }
    assert.deepEqual((await world.statistics(meeting.id)).rsvp, { accepted: 0, declined: 0, noaction: 1, tentative: 0 });
    for (const [word, rsvp] of [["maybe", { tentative: 1 }], ["yes", { accepted: 1 }], ["no", { declined: 1 }], ["yes", { accepted: 1 }]]) {
      const { status, text } = await world.fetch(links[word].split("?")[0], { method: "POST", body: new URLSearchParams({ answer: word }) });
      assert.equal(status, 200, text);
      await untilRsvp(world, meeting.id, rsvp);
    }
    const tampered = links.yes.replace(/\/r\/(.)/, (_, first) => `/r/${first === "A" ? "B" : "A"}`);
    assert.equal((await world.fetch(tampered)).status, 404);
    assert.equal((await world.fetch(tampered.split("?")[0], { method: "POST", body: new URLSearchParams({ answer: "no" }) })).status, 404);
  });

  test("one box on the public page sends every ticked event, each once", async () => {
    const organizer = world.organizer("google");
    const first = await organizer.announced();
    const second = await organizer.announced({ start: `${SEASON}-08-01T13:05:00`, end: `${SEASON}-08-01T16:05:00` });
    const page = await organizer.page();
    const guest = world.guest();
    const body = new URLSearchParams([["event", first.id], ["event", second.id], ["email", guest.email]]);
    const answer = await world.fetch(page, { method: "POST", body });
    assert.equal(answer.status, 200);
    assert.match(answer.text, /2 invitations are on their way/);
    await guest.receives(first);
    await guest.receives(second);
    await eventually("the origin", async () => (await world.statistics(first.id)).origin.multievent === 1);
    const mark = await world.mark();
    assert.equal((await world.fetch(page, { method: "POST", body })).status, 200);
    await world.quiet({ after: mark });
  });
});
