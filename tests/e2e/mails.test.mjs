// The builders of genuine-looking mail, read back by libraries that had no part in writing it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import PostalMime from "postal-mime";
import { guestClients, organizerClients, withVerdict } from "./mails/clients.mjs";
import { content, leaves, mimeTree, readCalendar, shape } from "./mails/read.mjs";
import { encodedText, quotedPrintable } from "./mails/text.mjs";
import { instant } from "./mails/zones.mjs";

const SHAPES = {
  google: {
    request: "multipart/mixed(multipart/alternative(text/plain,text/html,text/calendar),application/ics)",
    reply: "multipart/mixed(multipart/alternative(text/plain,text/html,text/calendar),application/ics)",
    encoding: "8bit",
    tzid: "America/New_York",
    organizer: "mailto:ana@gulls.example",
  },
  outlook: {
    request: "multipart/alternative(text/plain,text/html,text/calendar)",
    reply: "multipart/alternative(text/plain,text/html,text/calendar)",
    encoding: "base64",
    tzid: "Eastern Standard Time",
    organizer: "mailto:ana@gulls.example",
  },
  apple: {
    request: "multipart/mixed(multipart/alternative(text/plain,text/html),text/calendar)",
    reply: "multipart/alternative(text/plain,text/calendar)",
    encoding: "base64",
    tzid: "America/New_York",
    organizer: /^mailto:2_[0-9A-Z]+@imip\.me\.com$/,
  },
};

const EVENT = {
  summary: "Gulls – Rays, Łódź; round 2",
  description: "Shirt night.\nGates open at 6 pm, bring \\ an umbrella; really.",
  location: "Harbor Park, Gate 4",
  url: "https://meet.example.com/gulls-rays",
  start: "2027-07-02T19:05:00",
  end: "2027-07-02T22:05:00",
  zone: "America/New_York",
  sequence: 0,
  dtstamp: new Date("2027-01-05T10:00:00Z"),
  created: new Date("2027-01-05T09:00:00Z"),
  organizer: { name: "Ana Güll", email: "ana@gulls.example" },
  guests: [{ email: "create@convoke.test" }, { email: "bob@example.com", name: "Bob Example" }],
};

const INVITATION = {
  uid: "a".repeat(40),
  sequence: 2,
  summary: EVENT.summary,
  organizer: "rsvp+abcdefgh234567abc@convoke.test",
  organizerName: "Ana Güll",
  start: new Date("2027-07-02T23:05:00Z"),
  end: new Date("2027-07-03T02:05:00Z"),
};

const calendarOf = (tree) => leaves(tree).find(({ type }) => type === "text/calendar");

for (const [name, client] of Object.entries(organizerClients)) {
  describe(`${name}'s invitation`, () => {
    const expected = SHAPES[name];
    const { raw } = client.mail({ ...EVENT, uid: client.uid("mails") }, "REQUEST", "create@convoke.test");
    const tree = mimeTree(raw);
    const leaf = calendarOf(tree);
    const calendar = readCalendar(content(leaf).toString("utf8"));

    test("has the client's parts", () => {
      assert.equal(shape(tree), expected.request);
      assert.equal(leaf.headers["content-transfer-encoding"], expected.encoding);
      assert.equal(leaf.params.method, "REQUEST");
    });

    test("says the same to ical.js as to its author", () => {
      assert.equal(calendar.method, "REQUEST");
      assert.equal(calendar.summary, EVENT.summary);
      assert.equal(calendar.description.trimEnd(), EVENT.description);
      assert.equal(calendar.location, EVENT.location);
      assert.equal(calendar.start.tzid, expected.tzid);
      assert.equal(calendar.start.epoch, instant(EVENT.start, EVENT.zone));
      assert.equal(calendar.end.epoch, instant(EVENT.end, EVENT.zone));
      assert.deepEqual(calendar.timezones, [expected.tzid]);
      assert.equal(calendar.attendees.length, 2);
      if (expected.organizer instanceof RegExp) assert.match(calendar.organizer, expected.organizer);
      else assert.equal(calendar.organizer, expected.organizer);
    });

    test("is a mail that another library reads", async () => {
      const mail = await PostalMime.parse(raw);
      assert.match(mail.subject, /Gulls – Rays, Łódź; round 2/);
      assert.equal(mail.from.name, "Ana Güll");
      assert.match(mail.text, /Gates open at 6 pm/);
      assert.match(mail.html, /Gates open at 6 pm/);
    });

    test("folds at 75 octets and ends every line with CRLF", () => {
      const text = content(leaf).toString("utf8");
      assert.equal(text.replaceAll("\r\n", "").includes("\n"), false);
      for (const line of text.split("\r\n")) assert.ok(Buffer.byteLength(line) <= 75, line);
    });

    test("is called off by a CANCEL of the same UID", () => {
      const cancel = client.mail({ ...EVENT, uid: client.uid("mails"), sequence: 1 }, "CANCEL", "create@convoke.test");
      const read = readCalendar(content(calendarOf(mimeTree(cancel.raw))).toString("utf8"));
      assert.deepEqual([read.method, read.status, read.sequence, read.uid], ["CANCEL", "CANCELLED", 1, client.uid("mails")]);
    });

    test("can last all day", () => {
      const day = { ...EVENT, uid: client.uid("day"), allDay: true, zone: null, start: "2027-07-02", end: "2027-07-03" };
      const read = readCalendar(content(calendarOf(mimeTree(client.mail(day, "REQUEST", "create@convoke.test").raw))).toString("utf8"));
      assert.deepEqual([read.start.isDate, read.start.local, read.end.local], [true, "2027-07-02", "2027-07-03"]);
    });
  });

  describe(`${name}'s answer`, () => {
    const answer = { email: "bob@example.com", name: "Bob Example", partstat: "TENTATIVE", dtstamp: new Date("2027-01-06T10:00:00Z"), comment: "Perhaps, if it is dry" };
    const { raw, to } = guestClients[name].mail(INVITATION, answer);
    const tree = mimeTree(raw);
    const calendar = readCalendar(content(calendarOf(tree)).toString("utf8"));

    test("has the client's parts and goes to ORGANIZER", () => {
      assert.equal(shape(tree), SHAPES[name].reply);
      assert.equal(to, INVITATION.organizer);
      assert.equal(calendar.prodid.toLowerCase(), guestClients[name].prodid);
    });

    test("names one attendee, the version answered and the comment", () => {
      assert.equal(calendar.method, "REPLY");
      assert.deepEqual([calendar.uid, calendar.sequence], [INVITATION.uid, 2]);
      assert.deepEqual(calendar.attendees.map(({ address, partstat }) => [address.toLowerCase(), partstat]), [
        ["mailto:bob@example.com", "TENTATIVE"],
      ]);
      assert.equal(calendar.organizer === null, name === "outlook");
    });
  });
}

test("the router's verdict stands on top and speaks about the From domain", () => {
  const mail = organizerClients.google.mail({ ...EVENT, uid: "x" }, "REQUEST", "create@convoke.test");
  const { headers } = mimeTree(withVerdict(mail).raw);
  assert.match(headers["authentication-results"], /^mx\.cloudflare\.net;.*dmarc=pass header\.from=gulls\.example/);
  assert.match(headers["received"], /by mx\.cloudflare\.net/);
});

test("every zone of the builders agrees with the runtime's own tables, in winter and in summer", () => {
  for (const zone of ["America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo"]) {
    for (const start of ["2027-01-15T12:00:00", "2027-07-15T12:00:00", "2027-03-20T08:00:00", "2027-10-31T20:00:00"]) {
      for (const client of Object.values(organizerClients)) {
        const event = { ...EVENT, uid: "zone", zone, start, end: start.replace("T", "T").replace(/\d\d:00$/, "30:00") };
        const read = readCalendar(content(calendarOf(mimeTree(client.mail(event, "REQUEST", "create@convoke.test").raw))).toString("utf8"));
        assert.equal(read.start.epoch, instant(start, zone), `${zone} ${start} ${read.start.tzid}`);
      }
    }
  }
});

test("encodings survive their own decoders", async () => {
  const text = `${"a".repeat(200)} = ü\ttrailing space \nDot.\n.`;
  const raw = `From: <a@example.com>\r\nSubject: ${encodedText("Prüfung über Grüße und sehr viele Wörter, die nicht in ein Wort passen – ✓", "Q")}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quotedPrintable(text)}`;
  const mail = await PostalMime.parse(raw);
  assert.equal(mail.text.trimEnd(), text);
  assert.equal(mail.subject, "Prüfung über Grüße und sehr viele Wörter, die nicht in ein Wort passen – ✓");
});
