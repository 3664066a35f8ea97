// The golden files of shared/imip, read by programs that had no part in writing them: ical.js and postal-mime, and
// Python's icalendar where it is installed (pip install icalendar).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import ICAL from "ical.js";
import PostalMime from "postal-mime";
import { EXPECTED } from "./expected.mjs";

const GOLDEN = path.resolve(import.meta.dirname, "../../shared/imip/tests/golden");
const names = (extension) => fs.readdirSync(GOLDEN).filter((name) => name.endsWith(extension));
const read = (name) => fs.readFileSync(path.join(GOLDEN, name), "utf8");

/** `2030-06-14T23:30:00Z`, or the date alone. */
const utc = (time) => (time.isDate ? time.toString() : `${new Date(time.toUnixTime() * 1000).toISOString().slice(0, 19)}Z`);

/** A parameter's text: ical.js leaves RFC 6868 to its reader. */
const uncaret = (text) => text?.replace(/\^[n'^]/g, (pair) => ({ "^n": "\n", "^'": '"', "^^": "^" })[pair]);

/** The time of a property, in the zone it names. */
function placed(property) {
  const time = property.getFirstValue();
  assert.equal(time.zone.tzid, property.getParameter("tzid") ?? time.zone.tzid, "the zone is defined");
  return time;
}

/** What ical.js finds; it has no zones but those that the text defines. */
function byIcalJs(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const events = calendar.getAllSubcomponents("vevent").map((component) => {
    const time = (name) => (component.hasProperty(name) ? utc(placed(component.getFirstProperty(name))) : undefined);
    const attendees = component.getAllProperties("attendee");
    assert.ok(attendees.length <= 1, "one guest a mail");
    const event = {
      uid: component.getFirstPropertyValue("uid"),
      sequence: component.getFirstPropertyValue("sequence"),
      summary: component.getFirstPropertyValue("summary"),
      description: component.getFirstPropertyValue("description"),
      location: component.getFirstPropertyValue("location"),
      url: component.getFirstPropertyValue("url"),
      categories: component.getFirstProperty("categories")?.getValues(),
      start: time("dtstart"),
      end: time("dtend"),
      instance: time("recurrence-id"),
      status: component.getFirstPropertyValue("status"),
      organizer: component.getFirstPropertyValue("organizer"),
      attendee: attendees[0]?.getFirstValue(),
      name: uncaret(attendees[0]?.getParameter("cn")),
      partstat: attendees[0]?.getParameter("partstat"),
      alarm: component.getFirstSubcomponent("valarm")?.getFirstPropertyValue("trigger").toString(),
    };
    return event;
  });
  const about = Object.fromEntries(calendar.getAllProperties().map((property) => [property.name, said(property)]));
  return { method: calendar.getFirstPropertyValue("method"), about, events, starts: starts(calendar) };
}

/** A property of the calendar as text; ical.js does not know that some of RFC 7986's are TEXT, and leaves them escaped. */
function said(property) {
  const text = property.getValues().join(",");
  return property.type === "unknown" ? text.replace(/\\([\\,;])/g, "$1") : text;
}

/** Every start of the first event, overrides left aside. */
function starts(calendar) {
  const [master] = calendar.getAllSubcomponents("vevent").filter((component) => !component.hasProperty("recurrence-id"));
  if (!master?.hasProperty("rrule")) return undefined;
  const dtstart = placed(master.getFirstProperty("dtstart"));
  const expansion = new ICAL.RecurExpansion({ component: master, dtstart });
  const found = [];
  for (let next = expansion.next(); next; next = expansion.next()) found.push(utc(next));
  return found;
}

/** Leaves out of what was read whatever is not expected, so that a file need not be told twice. */
function pick(found, expected) {
  return Object.fromEntries(Object.keys(expected).map((key) => [key, found[key] ?? null]));
}

describe("calendars by ical.js", () => {
  test("every golden file is known", () => {
    assert.deepEqual(names(".ics").sort(), Object.keys(EXPECTED).sort());
  });
  for (const [name, expected] of Object.entries(EXPECTED)) {
    test(name, () => {
      const text = read(name);
      assert.ok(text.endsWith("\r\n") && !/[^\r]\n|\r[^\n]/.test(text), "CRLF");
      for (const line of text.split("\r\n")) assert.ok(Buffer.byteLength(line) <= 75, line);
      const found = byIcalJs(text);
      assert.equal(found.method, expected.method);
      if (expected.about) assert.deepEqual(pick(found.about, expected.about), expected.about);
      assert.equal(found.events.length, expected.events.length);
      found.events.forEach((event, index) => {
        assert.deepEqual(pick(event, expected.events[index]), expected.events[index]);
      });
      if (expected.starts) assert.deepEqual(found.starts, expected.starts);
    });
  }
});

describe("mails by postal-mime", () => {
  for (const name of names(".eml")) {
    test(name, async () => {
      const mail = await PostalMime.parse(fs.readFileSync(path.join(GOLDEN, name)));
      const calendar = read(name.replace(".eml", ".ics"));
      const method = EXPECTED[name.replace(".eml", ".ics")].method;
      assert.deepEqual(
        mail.attachments.map(({ mimeType, filename, disposition, method }) => ({ mimeType, filename, disposition, method })),
        [
          { mimeType: "text/calendar", filename: null, disposition: null, method },
          { mimeType: "application/ics", filename: "invite.ics", disposition: "attachment", method: undefined },
        ],
      );
      // It gives calendars line ends of its own; that the bytes are the same is tested in Rust.
      const lines = calendar.replaceAll("\r\n", "\n");
      for (const { content } of mail.attachments) assert.equal(Buffer.from(content).toString(), lines);
      assert.deepEqual(mail.to, [{ address: "ana.lopez@example.com", name: "Ana López" }]);
      assert.equal(mail.from.address, "notification@convoke.example");
      assert.ok(mail.subject && mail.text && mail.html);
      const header = (key) => mail.headers.find((one) => one.key === key)?.value;
      assert.match(header("list-unsubscribe"), /^<https:\/\/[^>]+>,\s+<mailto:[^>]+>$/);
      assert.equal(header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    });
  }
  test("texts of the world arrive as they were", async () => {
    const mail = await PostalMime.parse(fs.readFileSync(path.join(GOLDEN, "world.eml")));
    assert.equal(mail.from.name, "Peña «El Niño», 応援団");
    assert.equal(mail.subject, "Invitación: Concierto de fin de año 🎉 大晦日コンサート, mar 31 dic 2030 22:00");
    assert.equal(mail.text.trim().replace(/\r\n/g, "\n"), EXPECTED["world.ics"].events[0].description);
  });
});

const python = process.env.PYTHON ?? "python3";
const hasIcalendar = spawnSync(python, ["-c", "import icalendar"]).status === 0;

describe("calendars by Python's icalendar", { skip: hasIcalendar ? false : "not installed" }, () => {
  const script = path.join(import.meta.dirname, "golden.py");
  const files = Object.keys(EXPECTED).map((name) => path.join(GOLDEN, name));
  const run = hasIcalendar ? spawnSync(python, [script, ...files], { encoding: "utf8", maxBuffer: 1 << 24 }) : null;
  for (const [name, expected] of Object.entries(EXPECTED)) {
    test(name, () => {
      assert.equal(run.status, 0, run.stderr);
      const found = JSON.parse(run.stdout)[name];
      assert.equal(found.method, expected.method);
      assert.equal(found.events.length, expected.events.length);
      found.events.forEach((event, index) => {
        assert.deepEqual(pick(event, expected.events[index]), expected.events[index]);
      });
    });
  }
});
