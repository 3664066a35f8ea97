// Every byte of a mail is hostile until it has been read: whatever comes, the answer is clear and quick, nothing breaks,
// and the next honest mail is taken as if nothing had happened.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { calendarMail, organizerClients, plainMail } from "./mails/clients.mjs";
import { CRLF, base64, multipart, part } from "./mails/text.mjs";
import { SEASON, eventually, readable, sleep, startWorld, untilRsvp } from "./world.mjs";

const ANSWER_MAX_MS = 10_000;

let world, honest, baseline;
before(async () => {
  world = await startWorld();
  honest = await world.organizer("google", "Honest Club").announced();
  baseline = await world.event(honest.id);
});
after(() => world?.stop());

afterEach(async () => {
  const { status } = await world.fetch("/healthz");
  assert.equal(status, 200, "the stack still answers");
});

/**
 * Hands a mail over and insists on an answer in time: taken or refused, never an exception. The local runtime reads
 * mail itself, for its own log, and turns some away before the Worker sees them.
 */
async function answered(mail, verdict) {
  const started = Date.now();
  const answer = await world.deliver(mail, verdict);
  assert.ok(Date.now() - started < ANSWER_MAX_MS, `answered after ${Date.now() - started} ms`);
  const byRuntime = answer.status === 400 && /^Email could not be parsed/.test(answer.text);
  assert.ok(answer.outcome === "ok" || byRuntime, JSON.stringify(answer).slice(0, 400));
  return { ...answer, byRuntime };
}

const ics = (lines, method = "REQUEST") =>
  ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Hostile//EN", ...(method ? [`METHOD:${method}`] : []), ...lines, "END:VCALENDAR", ""].join(CRLF);
let uids = 0;
const event = (...lines) => {
  uids += 1;
  return ["BEGIN:VEVENT", `UID:hostile-${uids}@example.com`, "DTSTAMP:20270101T000000Z", ...lines, "END:VEVENT"];
};
const start = `DTSTART:${SEASON}0702T190000Z`;
const end = `DTEND:${SEASON}0702T210000Z`;
const listed = (from) => world.get(`/organizer/${encodeURIComponent(from.email)}/events`);

/** A mail that is one calendar. */
async function handOver(calendar, options = {}) {
  const from = world.organizer();
  const { byRuntime } = await answered(calendarMail({ from, to: world.create, calendar, ...options }));
  return { from, byRuntime };
}

/** The same, and what became of it: listed events, or a refusal by mail. A proven sender gets one or the other. */
async function sendCalendar(calendar, options) {
  const { from } = await handOver(calendar, options);
  return eventually(`an outcome for ${from.email}`, async () => {
    const [notice] = await world.messages({ to: from.email });
    const events = await listed(from);
    return (events.length > 0 || notice) && { from, events, notice };
  });
}

const refusal = ({ notice }) => {
  assert.ok(notice, "no refusal came");
  assert.match(notice.subject, /^Not taken/);
  return notice.text;
};

describe("size", () => {
  test("a mail over the limit is refused before it is read", async () => {
    const from = world.organizer();
    const mail = plainMail({ from, to: world.create, subject: "Big", extra: [["Content-Type", "text/plain"]], body: `${"x".repeat(76)}${CRLF}`.repeat(70_000) });
    const { rejectReason } = await answered(mail);
    assert.match(rejectReason, /^The mail has \d+ bytes; this mailbox takes \d+\.$/);
    assert.deepEqual(await world.messages({ to: from.email }), []);
  });

  test("a megabyte of description is taken, cut to what is kept", async () => {
    const { events } = await sendCalendar(ics(event(start, end, "SUMMARY:Long", `DESCRIPTION:${"word ".repeat(200_000)}`)));
    assert.equal(events.length, 1);
    assert.ok(events[0].description_html.length < 400_000);
  });

  test("ten thousand guests are counted, not mailed", async () => {
    const mark = await world.mark();
    const guests = Array.from({ length: 10_000 }, (_, i) => `ATTENDEE:mailto:g${i}@example.org`);
    const { from, events } = await sendCalendar(ics(event(start, end, "SUMMARY:Crowd", `ORGANIZER:mailto:x@gulls.example`, ...guests)));
    assert.ok(events.length <= 1);
    await world.quiet({ after: mark, except: ({ to }) => to[0] === from.email });
  });

  test("a line of a megabyte", async () => {
    const { events } = await sendCalendar(ics(event(start, end, `SUMMARY:${"S".repeat(1_000_000)}`)));
    assert.ok(events.length <= 1);
  });

  test("three thousand events in one mail are taken in parts, and summed up in one mail", { timeout: 600_000 }, async () => {
    const { from } = await handOver(ics(Array.from({ length: 3000 }, () => event(start, end, "SUMMARY:Season")).flat(), "PUBLISH"), { method: "PUBLISH" });
    const { subject, text } = await world.mailTo(from.email, { timeoutMs: 540_000 });
    assert.match(subject, /^Your calendar was taken: /);
    assert.match(text, /\b3,?000\b/);
    const [{ total, created, refused: not }] = (await world.get(`/v1/organizers/${encodeURIComponent(from.email)}/imports`)).imports;
    assert.deepEqual([total, created, not], [3000, 3000, 0]);
  });
});

describe("truncated mail", () => {
  for (const client of Object.keys(organizerClients)) {
    test(`${client}'s invitation cut at forty places`, async () => {
      const organizer = world.organizer(client);
      const mail = organizer.meeting().mail();
      const headerEnd = mail.raw.indexOf("\r\n\r\n");
      for (let i = 1; i <= 40; i += 1) {
        const length = headerEnd + Math.floor(((mail.raw.length - headerEnd) * i) / 41);
        await answered({ ...mail, raw: mail.raw.subarray(0, length) });
      }
    });
  }

  test("an answer cut at forty places", async () => {
    const guest = world.guest("apple");
    const event_ = await world.organizer("google").announced();
    await event_.invite(guest);
    const mail = guest.answer(event_, "ACCEPTED");
    const headerEnd = mail.raw.indexOf("\r\n\r\n");
    for (let i = 1; i <= 40; i += 1) {
      const length = headerEnd + Math.floor(((mail.raw.length - headerEnd) * i) / 41);
      await answered({ ...mail, raw: mail.raw.subarray(0, length) }, null);
    }
  });

  test("an invitation with single bytes changed", async () => {
    const mail = world.organizer("google").meeting().mail();
    const headerEnd = mail.raw.indexOf("\r\n\r\n");
    let seed = 5;
    const random = (below) => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % below;
    for (let i = 0; i < 60; i += 1) {
      const raw = Buffer.from(mail.raw);
      for (let j = 0; j < 8; j += 1) raw[headerEnd + 4 + random(raw.length - headerEnd - 4)] = random(256);
      await answered({ ...mail, raw });
    }
  });
});

describe("MIME", () => {
  const plain = [["Content-Type", "text/plain"]];

  test("parts nested two hundred deep", async () => {
    let body = part(plain, "end");
    for (let i = 0; i < 200; i += 1) body = part([["Content-Type", `multipart/mixed; boundary="b${i}"`]], multipart(`b${i}`, [body]));
    const from = world.organizer();
    const outer = plainMail({ from, to: world.create, subject: "Deep", extra: [["Content-Type", 'multipart/mixed; boundary="top"']], body: multipart("top", [body]) });
    await answered(outer);
  });

  test("three thousand parts", async () => {
    const from = world.organizer();
    const body = multipart("many", Array.from({ length: 3000 }, () => part(plain, "x")));
    await answered(plainMail({ from, to: world.create, subject: "Many", extra: [["Content-Type", 'multipart/mixed; boundary="many"']], body }));
  });

  test("mails inside of mails", async () => {
    const from = world.organizer();
    let inner = part(plain, "end");
    for (let i = 0; i < 30; i += 1) inner = part([["Content-Type", "message/rfc822"]], `Subject: ${i}${CRLF}From: a@example.com${CRLF}${inner}`);
    await answered(plainMail({ from, to: world.create, subject: "Russian dolls", extra: [["Content-Type", 'multipart/mixed; boundary="top"']], body: multipart("top", [inner]) }));
  });

  test("a boundary that is missing, empty or its own content", async () => {
    for (const type of ["multipart/mixed", 'multipart/mixed; boundary=""', 'multipart/mixed; boundary="--"', `multipart/mixed; boundary="${"b".repeat(500)}"`, "multipart/alternative; boundary*0=a; boundary*1=b"]) {
      const from = world.organizer();
      await answered(plainMail({ from, to: world.create, subject: "Boundary", extra: [["Content-Type", type]], body: `--${CRLF}${CRLF}text${CRLF}----${CRLF}` }));
    }
  });

  test("a transfer encoding that lies", async () => {
    const calendar = ics(event(start, end, "SUMMARY:Encoded"));
    for (const [encoding, body] of [["base64", "!!!! not base64 ===="], ["quoted-printable", "=ZZ=\r\n=4"], ["x-uuencode", calendar], ["base64", calendar], ["7bit", base64(calendar)], ["gzip", calendar]]) {
      const from = world.organizer();
      await answered(plainMail({ from, to: world.create, subject: "Encoding", extra: [["Content-Type", "text/calendar; method=REQUEST"], ["Content-Transfer-Encoding", encoding]], body }));
    }
  });

  test("five hundred header fields and a field of 100 kB", async () => {
    const from = world.organizer();
    const extra = [...Array.from({ length: 500 }, (_, i) => [`X-Filler-${i}`, "x"]), ["X-Long", "y".repeat(100_000)], ["Content-Type", "text/plain"]];
    await answered(plainMail({ from, to: world.create, subject: "Headers", extra, body: "x" }));
  });
});

describe("character sets", () => {
  test("Latin-1 that calls itself UTF-8 is read as what it is", async () => {
    const calendar = Buffer.from(ics(event(start, end, "SUMMARY:Gr\xfc\xdfe aus K\xf6ln")), "latin1");
    const { events } = await sendCalendar(calendar);
    assert.equal(readable(events[0].summary_html), "Grüße aus Köln");
  });

  test("a declared ISO-8859-1 is followed", async () => {
    const calendar = Buffer.from(ics(event(start, end, "SUMMARY:\xc9t\xe9")), "latin1");
    const { events } = await sendCalendar(calendar, { contentType: "text/calendar; charset=ISO-8859-1; method=REQUEST" });
    assert.equal(readable(events[0].summary_html), "Été");
  });

  test("UTF-8 that calls itself something else keeps its letters", async () => {
    for (const charset of ["US-ASCII", "ISO-8859-1", "windows-1252"]) {
      const { events } = await sendCalendar(ics(event(start, end, "SUMMARY:Łódź – 東京 ⚾")), { contentType: `text/calendar; charset="${charset}"; method=REQUEST` });
      assert.equal(readable(events[0]?.summary_html ?? ""), "Łódź – 東京 ⚾", charset);
    }
    for (const charset of ["x-unknown", "utf-7", "", "\u0000"]) {
      await handOver(ics(event(start, end, "SUMMARY:Łódź – 東京 ⚾")), { contentType: `text/calendar; charset="${charset}"; method=REQUEST` });
    }
  });

  test("UTF-16, a byte order mark, NUL and lone continuation bytes", async () => {
    const text = ics(event(start, end, "SUMMARY:Bytes"));
    const samples = [
      Buffer.from(text, "utf16le"),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(ics(event(start, end, "SUMMARY:Marked")))]),
      Buffer.from(ics(event(start, end, "SUMMARY:N\u0000U\u0000L"))),
      Buffer.from(ics(event(start, end, "SUMMARY:\x80\x81\xc0\xfe")), "latin1"),
    ];
    for (const sample of samples) await handOver(sample);
    const marked = await sendCalendar(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(ics(event(start, end, "SUMMARY:Marked")))]));
    assert.equal(marked.events[0].summary_html, "Marked");
  });
});

describe("calendar objects", () => {
  test("an empty part, blanks, and text that is no calendar", async () => {
    for (const calendar of ["", "   \r\n\r\n", "Hello, this is no calendar.", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "{}"]) {
      const { events, notice } = await sendCalendar(calendar);
      assert.deepEqual(events, [], JSON.stringify(calendar));
      refusal({ notice });
    }
  });

  test("several VCALENDARs in one part are taken one by one, UIDs never merged", async () => {
    const calendar = ics(event(start, end, "SUMMARY:First")) + ics(event(start, end, "SUMMARY:Second"));
    const { events } = await sendCalendar(calendar);
    assert.deepEqual(events.map(({ summary_html }) => summary_html).sort(), ["First", "Second"]);
  });

  test("no METHOD counts as published, not as an answer or a cancel", async () => {
    const { events } = await sendCalendar(ics(event(start, end, "SUMMARY:No method"), null), { contentType: "text/calendar; charset=UTF-8" });
    assert.equal(events.length, 1);
    assert.equal(events[0].status, "confirmed");
  });

  test("the body's METHOD wins over the MIME parameter", async () => {
    const result = await sendCalendar(ics(event(start, end, "SUMMARY:Proposal"), "COUNTER"), { method: "REQUEST" });
    assert.deepEqual(result.events, []);
    assert.match(refusal(result), /COUNTER|another time/);
  });

  test("no UID, an empty UID and a UID of 100 kB", async () => {
    const noUid = ["BEGIN:VEVENT", "DTSTAMP:20270101T000000Z", start, end, "SUMMARY:None", "END:VEVENT"];
    assert.match(refusal(await sendCalendar(ics(noUid))), /UID/);
    assert.match(refusal(await sendCalendar(ics(["BEGIN:VEVENT", "UID:", ...noUid.slice(1)]))), /UID/);
    await handOver(ics(["BEGIN:VEVENT", `UID:${"u".repeat(100_000)}`, ...noUid.slice(1)]));
  });

  test("dates beyond all bounds", async () => {
    for (const date of ["9007199254740993", "99999999T000000Z", "00000000T000000Z", "-20270702T190000Z", "20270230T190000Z", "20270702T259999Z", "292277026596", "0001-01-01", "", "NaN", "20270702T190000Z20270702T190000Z"]) {
      const result = await sendCalendar(ics(event(`DTSTART:${date}`, "SUMMARY:Odd date")));
      if (result.events.length === 0) refusal(result);
      else assert.ok(Number.isSafeInteger(result.events[0].dtstart));
    }
    for (const duration of ["P99999999999999999999D", "-P1D", "PT", "P1W2D", `PT${"9".repeat(400)}S`]) {
      await handOver(ics(event(start, `DURATION:${duration}`, "SUMMARY:Odd duration")));
    }
    for (const [name, value] of [["SEQUENCE", "99999999999999999999"], ["SEQUENCE", "-1"], ["SEQUENCE", "x"], ["PRIORITY", "1e309"]]) {
      await handOver(ics(event(start, end, `${name}:${value}`, "SUMMARY:Odd number")));
    }
  });

  test("an end before its start, and an event of a thousand years", async () => {
    const backwards = await sendCalendar(ics(event(start, `DTEND:${SEASON}0701T190000Z`, "SUMMARY:Backwards")));
    for (const line of backwards.events) assert.ok(line.dtend >= line.dtstart);
    await sendCalendar(ics(event(start, "DTEND:30270702T190000Z", "SUMMARY:Forever")));
  });

  const bombs = {
    "every second for ever": "FREQ=SECONDLY",
    "every minute of every hour of every day": `FREQ=YEARLY;BYSECOND=${[...Array(60).keys()]};BYMINUTE=${[...Array(60).keys()]};BYHOUR=${[...Array(24).keys()]}`,
    "a date that never comes": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "a weekday that never comes": "FREQ=MONTHLY;BYDAY=53MO",
    "a count beyond all bounds": "FREQ=DAILY;COUNT=9999999999999999999",
    "an interval beyond all bounds": "FREQ=DAILY;INTERVAL=4294967295",
    "no interval at all": "FREQ=DAILY;INTERVAL=0",
    "contradicting ends": "FREQ=DAILY;COUNT=5;UNTIL=19000101T000000Z",
    "nonsense": "FREQ=SOMETIMES;BYDAY=XX;BYSETPOS=0",
  };
  for (const [name, rule] of Object.entries(bombs)) {
    test(`a recurrence bomb: ${name}`, async () => {
      const { events } = await sendCalendar(ics(event(start, end, `RRULE:${rule}`, "SUMMARY:Bomb")));
      for (const { uid } of events) {
        const started = Date.now();
        assert.equal((await world.fetch(`/v1/events/${uid}`, { key: "standard" })).status, 200);
        assert.equal((await world.fetch(`/event/${uid}/invite`)).status, 200);
        assert.ok(Date.now() - started < 3000, `${Date.now() - started} ms for two looks`);
      }
    });
  }

  test("fifty thousand exception dates", async () => {
    const dates = Array.from({ length: 50_000 }, (_, i) => new Date(Date.UTC(SEASON, 6, 2, 19) + i * 86_400_000).toISOString().replace(/[-:]|\.\d+/g, ""));
    await sendCalendar(ics(event(start, end, "RRULE:FREQ=DAILY", `EXDATE:${dates.join(",")}`, "SUMMARY:Never")));
  });

  test("a time zone that is a bomb of its own", async () => {
    const rules = Array.from({ length: 2000 }, (_, i) => ["BEGIN:STANDARD", `DTSTART:${1970 + (i % 50)}0101T000000`, "TZOFFSETFROM:+0000", `TZOFFSETTO:+0${i % 10}00`, "RRULE:FREQ=SECONDLY", "END:STANDARD"]).flat();
    const zone = ["BEGIN:VTIMEZONE", "TZID:Bomb", ...rules, "END:VTIMEZONE"];
    await sendCalendar(ics([...zone, ...event(`DTSTART;TZID=Bomb:${SEASON}0702T190000`, `DTEND;TZID=Bomb:${SEASON}0702T210000`, "SUMMARY:Zone")]));
  });

  test("components nested a thousand deep, never closed, closed twice", async () => {
    await handOver(`${"BEGIN:VEVENT\r\n".repeat(1000)}${"END:VEVENT\r\n".repeat(1000)}`);
    await handOver(ics([...Array(1000).fill("BEGIN:X-NEST"), ...event(start, end, "SUMMARY:Nest"), ...Array(1000).fill("END:X-NEST")]));
    await handOver(ics(["BEGIN:VEVENT", "UID:open@example.com", start, "SUMMARY:Open"]));
    await handOver(ics([...event(start, end, "SUMMARY:Twice"), "END:VEVENT", "END:VCALENDAR"]));
  });

  test("parameters and lines of every wrong shape", async () => {
    const odd = [
      ";;;:::", ":", "=", "SUMMARY", "SUMMARY;X=\"unclosed:text", `SUMMARY;${"A=B;".repeat(5000)}C=D:many`, "ATTENDEE:mailto:", "ATTENDEE:javascript:alert(1)",
      "ORGANIZER:not an address", "ORGANIZER;SENT-BY=\"mailto:\":mailto:", "URL:javascript:alert(1)", "ATTACH:file:///etc/passwd", "GEO:NaN;Infinity", "X-\u0000:1", " folded first",
    ];
    for (const line of odd) await handOver(ics(event(start, end, "SUMMARY:Odd", line)));
  });

  test("a folded bomb: one value in a hundred thousand lines", async () => {
    await sendCalendar(ics(event(start, end, `SUMMARY:F${`${CRLF} x`.repeat(100_000)}`)));
  });
});

describe("titles and descriptions", () => {
  test("markup in a title is shown as text, and only safe HTML of a description survives", async () => {
    const organizer = world.organizer("outlook", "<b>Club</b>");
    const meeting = await organizer.announced({
      summary: "</title><script>alert(1)</script>",
      description: '<p style="position:fixed" onclick="alert(1)">Hello <a href="https://example.com" target="_blank">there</a></p><style>*{display:none}</style><form action="https://attacker.example"><input name=card></form><object data=x></object><svg/onload=alert(1)>',
    });
    const guest = world.guest();
    const [mail] = await meeting.invite(guest);
    const documents = [mail.html, (await world.fetch(await organizer.page())).text, (await world.fetch(`/event/${meeting.id}/invite`)).text];
    for (const html of documents) assert.doesNotMatch(html, /<script>alert|onclick=|position:fixed|attacker\.example|<object|<svg|\*\{display/i);
    assert.match(documents[2], /Hello <a [^>]*href="https:\/\/example\.com"/);
    assert.equal(mail.calendar.summary, "</title><script>alert(1)</script>");
    const { headers } = await world.fetch(`/event/${meeting.id}/invite`);
    assert.match(headers.get("content-security-policy"), /default-src 'none'.*script-src 'self'/);
  });

  test("line breaks and control characters of a title cannot leave the subject", async () => {
    const organizer = world.organizer("google");
    const meeting = organizer.meeting({ summary: "Game\r\nBcc: victim@example.com\r\nX: \u0007\u202e1 day" });
    await world.take(meeting.mail());
    const [line] = await eventually("the event", async () => {
      const list = await listed(organizer);
      return list.length === 1 && list;
    });
    const guest = world.guest();
    await world.fetch(`/event/${line.uid}/invite`, { method: "POST", body: new URLSearchParams({ email: guest.email }) });
    const mail = await world.mailTo(guest.email);
    assert.equal(mail.headers.bcc, undefined);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(mail.subject, /[\r\n\u0007\u202e]/);
    assert.deepEqual(mail.to, [guest.email]);
  });
});

describe("answers", () => {
  test("with hostile content change at most the answer of their own guest", async () => {
    const meeting = await world.organizer("google").announced();
    const [guest, other] = [world.guest("google"), world.guest("google")];
    await meeting.invite(guest, other);
    const answer = guest.answer(meeting, "ACCEPTED");
    const text = answer.raw.toString("latin1");
    const variants = [
      text.replaceAll("PARTSTAT=ACCEPTED", `PARTSTAT=${"X".repeat(5000)}`),
      text.replaceAll(/^SEQUENCE:.*$/gm, "SEQUENCE:99999999999999"),
      text.replaceAll(/^DTSTAMP:.*$/gm, "DTSTAMP:99991231T235959Z"),
      text.replaceAll(/^UID:.*$/gm, `UID:${"z".repeat(40)}`),
      text.replaceAll(/^ATTENDEE/gm, `ATTENDEE;PARTSTAT=DECLINED:mailto:${other.email}\r\nATTENDEE`),
      text.replaceAll(/^STATUS:.*$/gm, `COMMENT:${"c".repeat(500_000)}`),
    ];
    // The attached copy says the same as the calendar part in a real mail: leave it out.
    const inlineOnly = (raw) => raw.replace(/Content-Type: application\/ics[\s\S]*?\r\n\r\n[\s\S]*?\r\n--/, "Content-Type: text/plain\r\n\r\n\r\n--");
    for (const raw of variants) await answered({ ...answer, raw: Buffer.from(inlineOnly(raw), "latin1") }, null);
    await sleep(300);
    const { text: csv } = await world.fetch(`/v1/events/${meeting.id}/attendees.csv`, { key: "standard" });
    const row = csv.split("\r\n").find((line) => line.startsWith(other.email));
    assert.match(row, /,noaction,/);
    // A clock that is years ahead does not lock later answers out.
    await sleep(1100);
    await guest.replies(meeting, "DECLINED", { dtstamp: new Date(Date.UTC(9999, 11, 31)) });
    await untilRsvp(world, meeting.id, { declined: 1, noaction: 1 });
  });

  test("a client's PRODID cannot break the statistics", async () => {
    const meeting = await world.organizer("google").announced();
    const guest = world.guest("google");
    await meeting.invite(guest);
    const answer = guest.answer(meeting, "ACCEPTED");
    const raw = answer.raw.toString("latin1").replaceAll(/^PRODID:.*$/gm, `PRODID:-//"};DROP TABLE event;--//\\n${"p".repeat(3000)}`);
    await answered({ ...answer, raw: Buffer.from(raw.replace(/Content-Type: application\/ics[\s\S]*?\r\n\r\n[\s\S]*?\r\n--/, "Content-Type: text/plain\r\n\r\n\r\n--"), "latin1") });
    const statistics = await untilRsvp(world, meeting.id, { accepted: 1 });
    assert.equal(Object.values(statistics.prodid).reduce((sum, count) => sum + count, 0), 1);
  });
});

test("after all that the honest event is as it was, and the next honest mail is taken", async () => {
  assert.deepEqual(await world.event(honest.id), baseline);
  await honest.edit({ location: "Gate 1" });
  await honest.revision(1);
  assert.doesNotMatch(world.log(), /panicked at|unreachable executed|RuntimeError/);
});
