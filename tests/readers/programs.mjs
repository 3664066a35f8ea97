// The other programs that are asked, and ours: shared/imip/examples/occurrences.rs.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import ICAL from "ical.js";
import PostalMime from "postal-mime";

const root = path.resolve(import.meta.dirname, "../..");
const python = process.env.PYTHON ?? "python3";

/** Whether Python's icalendar and dateutil are there (pip install icalendar python-dateutil). */
export const hasPython = spawnSync(python, ["-c", "import icalendar, dateutil, zoneinfo"]).status === 0;

/** Asks oracle.py. */
export function ask(question, input) {
  const run = spawnSync(python, [path.join(import.meta.dirname, "oracle.py"), question], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

let executable;
function ours(text, ...args) {
  executable ??= execFileSync("cargo", ["build", "-q", "-p", "imip", "--example", "occurrences", "--message-format", "json"], { cwd: root, maxBuffer: 1 << 26 })
    .toString().trim().split("\n").map((line) => JSON.parse(line)).findLast((one) => one.executable).executable;
  const run = spawnSync(executable, args, { input: text, encoding: "utf8", maxBuffer: 1 << 28 });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

/** Calendars by the hundred: one text may name so many zones only (shared/imip/src/limits.rs). */
function* texts(text) {
  const calendars = text.split(/(?<=END:VCALENDAR\r\n)/);
  for (let at = 0; at < calendars.length; at += 100) yield calendars.slice(at, at + 100).join("");
}

/** A calendar with an event that can be read: a text in which nothing is usable is refused as a whole. */
const usable = () => calendar(vevent("usable", "DTSTART:20300101T000000Z"));

/** What we find: `{UID: {zone, starts} | {refused}}`. */
export function occurrences(text) {
  const { usable: _, ...found } = Object.assign({}, ...[...texts(text)].map((text) => JSON.parse(ours(usable() + text))));
  return found;
}

/** What we write of each event. */
export const rewritten = (text) => [...texts(text)].map((text) => ours(text, "--write")).join("").split("END:VCALENDAR\r\n").slice(0, -1).map((one) => `${one}END:VCALENDAR\r\n`);

/** A calendar, given the lines of its components. */
export const calendar = (...lines) => ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "METHOD:PUBLISH", ...lines, "END:VCALENDAR", ""].join("\r\n");

export const vevent = (uid, ...lines) => ["BEGIN:VEVENT", `UID:${uid}`, "DTSTAMP:20300101T000000Z", ...lines, "END:VEVENT"].join("\r\n");

/** The zone of a VTIMEZONE as ical.js reads it. */
export const icalZone = (vtimezone) => new ICAL.Timezone({ component: new ICAL.Component(ICAL.parse(vtimezone)) });

/** Every calendar of the corpus beside the repository, those in mails too, each once; none if it is not there. */
export async function corpusCalendars() {
  const corpus = path.join(root, "../shared/corpus");
  if (!fs.existsSync(corpus)) return [];
  const unique = new Map();
  const take = (bytes) => unique.set(createHash("sha256").update(bytes).digest("hex"), bytes);
  for (const entry of fs.readdirSync(corpus, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = fs.readFileSync(path.join(entry.parentPath, entry.name));
    if (/\.(ics|ical|ifb|icalendar)$/i.test(entry.name)) take(bytes);
    else if (/\.(eml|mime|mail|msg)$/i.test(entry.name)) {
      const mail = await PostalMime.parse(bytes).catch(() => ({ attachments: [] }));
      for (const part of mail.attachments) if (/calendar|ics/.test(part.mimeType)) take(Buffer.from(part.content));
    }
  }
  return [...unique.values()];
}
