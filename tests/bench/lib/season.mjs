// A season of any length: the games, the mails that a club's calendar sends about them, and their rows in D1.
// A first mail goes through the Worker; the other rows are copies of what the Worker wrote about it, with another
// game's words and times, so that they are what mails would have brought, in seconds instead of minutes.

import { createHash } from "node:crypto";
import { organizerClients, withVerdict } from "../../e2e/mails/clients.mjs";
import { sleep } from "../../e2e/world.mjs";
import { deliver } from "./workerd.mjs";

const ZONE = "America/New_York";
const CITIES = "Anchor Bay,Bayview,Cape Lowell,Dunmore,Eastfield,Fort Hale,Granite Falls,Harbor City".split(",");
const NAMES = "Bears,Castors,Diggers,Foxes,Gulls,Herons,Otters,Rays,Sailors,Terns".split(",");
const NIGHTS = ["Shirt night", "Fireworks after the game", "Kids run the bases", "Two for one", ""];
const DAY_MS = 86_400_000;
const GAMES_A_DAY = 14;
const ROWS_AT_ONCE = 200;

const client = organizerClients.google;
const hex = (...words) => createHash("sha256").update(words.join(" ")).digest("hex").slice(0, 40);
const two = (number) => String(number).padStart(2, "0");

const offset = new Intl.DateTimeFormat("en-US", { timeZone: ZONE, timeZoneName: "longOffset" });
/** Unix seconds of a local time in the season's zone. */
function instant(local) {
  const near = new Date(`${local}-05:00`);
  const name = offset.formatToParts(near).find(({ type }) => type === "timeZoneName").value;
  return Date.parse(`${local}${name.slice(3)}`) / 1000;
}

/** Game `index` of a league whose season begins next year on the first of March. */
export function game(index) {
  const day = new Date(Date.UTC(new Date().getUTCFullYear() + 1, 2, 1) + Math.floor(index / GAMES_A_DAY) * DAY_MS).toISOString().slice(0, 10);
  const hour = 11 + (index % GAMES_A_DAY) % 9;
  const minute = (index % 4) * 15;
  const [home, away] = [index % NAMES.length, (index * 7 + 3 + Math.floor(index / NAMES.length)) % NAMES.length];
  const guest = NAMES[away === home ? (away + 1) % NAMES.length : away];
  const city = CITIES[(index * 3) % CITIES.length];
  const night = NIGHTS[index % NIGHTS.length];
  return {
    summary: `${NAMES[home]} vs. ${guest}`,
    location: `${city} Park, ${1 + (index % 99)} Stadium Way, ${city}`,
    description: `Game ${index + 1}. ${night && `${night}. `}Gates open one hour before.`,
    start: `${day}T${two(hour)}:${two(minute)}:00`,
    end: `${day}T${two(hour + 3)}:${two(minute)}:00`,
  };
}

/** A club with a calendar. */
export const club = (name) => ({ name, email: `schedule@${name.toLowerCase().replaceAll(" ", "-")}.example`, slug: name.toLowerCase().replaceAll(" ", "-") });

/** The UID of the one game that has an object. */
export const firstUid = ({ email }) => client.uid(email);

/** The mail that Google Calendar sends about a game. */
export function mail({ name, email }, one, create, { uid = client.uid(`${email} ${one.start}${one.summary}`), sequence = 0, dtstamp = new Date() } = {}) {
  const says = { uid, ...one, zone: ZONE, sequence, dtstamp, created: dtstamp, organizer: { name, email }, guests: [{ email: create }] };
  return withVerdict(client.mail(says, "REQUEST", create));
}

/** A calendar file of `count` games. */
export function file({ name, email }, count) {
  const compact = (local) => local.replace(/[-:]/g, "");
  const escape = (text) => text.replace(/[\\;,]/g, "\\$&");
  const stamp = `${compact(new Date().toISOString().slice(0, 19))}Z`;
  const zone =
    `BEGIN:VTIMEZONE\r\nTZID:${ZONE}\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nDTSTART:19700308T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\nEND:DAYLIGHT\r\n` +
    `BEGIN:STANDARD\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nDTSTART:19701101T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n`;
  const events = Array.from({ length: count }, (_, index) => {
    const { summary, location, description, start, end } = game(index);
    return [
      "BEGIN:VEVENT",
      `UID:${hex(email, index)}@${email.split("@")[1]}`,
      `DTSTAMP:${stamp}`,
      `DTSTART;TZID=${ZONE}:${compact(start)}`,
      `DTEND;TZID=${ZONE}:${compact(end)}`,
      `SUMMARY:${escape(summary)}`,
      `LOCATION:${escape(location)}`,
      `DESCRIPTION:${escape(description)}`,
      `ORGANIZER;CN=${name}:mailto:${email}`,
      "SEQUENCE:0",
      "STATUS:CONFIRMED",
      "END:VEVENT",
    ]
      .map((line) => line.replace(/(.{70})(?=.)/g, "$1\r\n "))
      .join("\r\n");
  });
  return `BEGIN:VCALENDAR\r\nPRODID:-//League//Calendar//EN\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\n${zone}${events.join("\r\n")}\r\nEND:VCALENDAR\r\n`;
}

const FIRST = {
  ...game(0),
  summary: "Template Team vs. Sample Side",
  location: "Template Park, 1 Sample Way, Templeton",
  description: "Template words of a sample game.",
};

/** Another game's row, made from the first one's: its words and times wherever they stand, as written or folded. */
function copy(first, owner, index) {
  const { summary, location, description, start, end } = game(index);
  const swaps = [
    [FIRST.summary, summary],
    [FIRST.location, location],
    [FIRST.description, description],
    [FIRST.start, start],
    [FIRST.end, end],
    [String(instant(FIRST.start)), String(instant(start))],
    [String(instant(FIRST.end)), String(instant(end))],
  ];
  const swapped = (text) =>
    swaps.reduce((all, [from, to]) => all.replaceAll(from, to).replaceAll(from.toLowerCase(), to.toLowerCase()), text);
  const row = {};
  for (const [column, value] of Object.entries(first)) row[column] = typeof value === "string" ? swapped(value) : value;
  const guests = index % 97;
  const [accepted, declined] = [Math.floor(guests / 2), Math.floor(guests / 5)];
  const times = { start_at: instant(start), end_at: instant(end), last_end: instant(end) };
  const counts = { attendees: guests, accepted, declined, tentative: 0, noaction: guests - accepted - declined };
  return {
    ...row,
    ...times,
    ...counts,
    event_id: hex(owner, index),
    rowid: Number.parseInt(hex(owner, index).slice(0, 13), 16),
    last_modified: first.last_modified - index,
    origins: JSON.stringify(guests ? { website: guests } : {}),
    clients: JSON.stringify(guests ? { "31events//ses": guests } : {}),
  };
}

/** How many events a page lists to be picked. */
export const rowsOfPage = (html) => (html.match(/name="?event"?[ >]/g) ?? []).length;

async function until(what, ask, seconds = 60) {
  for (let waited = 0; waited < seconds * 10; waited += 1) {
    const answer = await ask();
    if (answer) return answer;
    await sleep(100);
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

/** Gives a club `count` games: one by mail, the others as rows. Returns the id of the mailed one, which has an object. */
export async function seed(convoke, { name, email }, count) {
  const db = await convoke.mf.getD1Database("DB");
  const create = `create@${convoke.domain}`;
  const uid = firstUid({ email });
  await deliver(convoke, mail({ name, email }, FIRST, create, { uid }));
  const first = await until(`first event of ${name}`, () => db.prepare("SELECT * FROM event WHERE owner = ?").bind(email).first());
  const columns = Object.keys(first);
  const values = columns.map((column) => `json_extract(value, '$.${column}')`);
  const insert = db.prepare(`INSERT INTO event (${columns.join(", ")}) SELECT ${values.join(", ")} FROM json_each(?)`);
  // Its words are found as the Worker's own are: the same owner, and a rowid out of the event's id.
  const words = db.prepare(
    `INSERT INTO event_search (rowid, event_id, owner, title, teams, place, categories, offer)
    SELECT json_extract(value, '$.rowid'), json_extract(value, '$.event_id'),
      (SELECT owner FROM event_search WHERE event_id = '${first.event_id}'),
      lower(json_extract(value, '$.summary')), lower(json_extract(value, '$.summary')), lower(json_extract(value, '$.location')), '',
      json_extract(value, '$.description_html')
    FROM json_each(?)`,
  );
  for (let from = 1; from < count; from += ROWS_AT_ONCE) {
    const length = Math.min(ROWS_AT_ONCE, count - from);
    const rows = Array.from({ length }, (_, at) => copy(first, email, from + at));
    await db.batch([insert.bind(JSON.stringify(rows)), words.bind(JSON.stringify(rows))]);
  }
  // An edit, so that whatever is made from the rows is made anew.
  await deliver(convoke, mail({ name, email }, game(0), create, { uid, dtstamp: new Date(Date.now() + 60_000) }));
  await until(`edit of ${name}`, async () => {
    const row = await db.prepare("SELECT summary FROM event WHERE event_id = ?").bind(first.event_id).first();
    return row.summary === game(0).summary;
  });
  return first.event_id;
}
