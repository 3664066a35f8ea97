// The demo season: 24 games of the Harbor City Gulls, invited by mail as a calendar client does it.
// It goes through the mail door like everything else; nothing is written behind the Worker's back.

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { log, sleep } from "./project.mjs";

const ORGANIZER = { name: "Harbor City Gulls", address: "schedule@gulls.example" };
const PAGE = "/s/harbor-city-gulls";
const HOME = "Gull Park, 1 Harbor Street, Harbor City, ME";
const OPPONENTS = [
  ["Bayview Bears", "Bayview Field, Bayview, ME"],
  ["Cape Anchor Terns", "Lighthouse Grounds, Cape Anchor, MA"],
  ["Fort Lowell Foxes", "Lowell Stadium, Fort Lowell, NH"],
  ["Montréal Castors", "Stade du Canal, Montréal, QC"],
  ["Quarry Hill Diggers", "The Pit, Quarry Hill, VT"],
  ["Salt Marsh Herons", "Heron Yard, Salt Marsh, RI"],
];
const GAMES = 24;
const DAY_MS = 24 * 60 * 60 * 1000;

const TIMEZONE = [
  "BEGIN:VTIMEZONE",
  "TZID:America/New_York",
  "X-LIC-LOCATION:America/New_York",
  "BEGIN:DAYLIGHT",
  "TZOFFSETFROM:-0500",
  "TZOFFSETTO:-0400",
  "TZNAME:EDT",
  "DTSTART:19700308T020000",
  "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
  "END:DAYLIGHT",
  "BEGIN:STANDARD",
  "TZOFFSETFROM:-0400",
  "TZOFFSETTO:-0500",
  "TZNAME:EST",
  "DTSTART:19701101T020000",
  "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
  "END:STANDARD",
  "END:VTIMEZONE",
];

const compact = (date) => date.toISOString().replace(/[-:]|\.\d{3}/g, "");

/** Game `index` of the season that begins on `firstDay` (a UTC midnight): three or four days apart, 7:05 pm or 1:05 pm. */
function game(index, firstDay) {
  const [opponent, field] = OPPONENTS[index % OPPONENTS.length];
  const atHome = Math.floor(index / 2) % 2 === 0;
  const day = new Date(firstDay + Math.floor(index * 3.5) * DAY_MS);
  const [from, to] = index % 3 === 2 ? ["130500", "160500"] : ["190500", "220500"];
  const date = compact(day).slice(0, 8);
  return {
    uid: `${createHash("sha256").update(`${ORGANIZER.address} ${firstDay} ${index}`).digest("hex").slice(0, 26)}@google.com`,
    summary: atHome ? `Gulls vs. ${opponent}` : `Gulls at ${opponent}`,
    location: atHome ? HOME : field,
    description:
      `${atHome ? "Home game" : "Away game"} ${index + 1} of ${GAMES}.\n` +
      `Gates open one hour before the first pitch.\nTickets: https://example.com/gulls/tickets/${index + 1}`,
    start: `${date}T${from}`,
    end: `${date}T${to}`,
  };
}

const escapeText = (text) => text.replace(/[\\;,]/g, "\\$&").replace(/\n/g, "\\n");

/** RFC 5545 §3.1: at most 75 octets a line, never inside a character. */
function fold(line) {
  const lines = [];
  let current = "";
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > 75) {
      lines.push(current);
      current = " ";
      octets = 1;
    }
    current += character;
    octets += size;
  }
  return [...lines, current].join("\r\n");
}

const calendar = (event, { mailbox, now }) =>
  [
    "BEGIN:VCALENDAR",
    "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
    "VERSION:2.0",
    "CALSCALE:GREGORIAN",
    "METHOD:REQUEST",
    ...TIMEZONE,
    "BEGIN:VEVENT",
    `DTSTART;TZID=America/New_York:${event.start}`,
    `DTEND;TZID=America/New_York:${event.end}`,
    `DTSTAMP:${compact(now)}`,
    `ORGANIZER;CN=${ORGANIZER.name}:mailto:${ORGANIZER.address}`,
    `UID:${event.uid}`,
    `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=${mailbox};X-NUM-GUESTS=0:mailto:${mailbox}`,
    `CREATED:${compact(now)}`,
    `DESCRIPTION:${escapeText(event.description)}`,
    `LAST-MODIFIED:${compact(now)}`,
    `LOCATION:${escapeText(event.location)}`,
    "SEQUENCE:0",
    "STATUS:CONFIRMED",
    `SUMMARY:${escapeText(event.summary)}`,
    "TRANSP:OPAQUE",
    "END:VEVENT",
    "END:VCALENDAR",
  ]
    .map((line) => `${fold(line)}\r\n`)
    .join("");

const base64 = (text) =>
  Buffer.from(text)
    .toString("base64")
    .replace(/.{76}/g, "$&\r\n");
const isAscii = (text) => /^[\r\n\x20-\x7e]*$/.test(text);
const encodedWord = (text) => (isAscii(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`);
const escapeHtml = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** The mail Google Calendar sends: three alternatives and the same calendar object as an attachment. */
export function invitationMail(event, { mailbox, now }) {
  const ics = calendar(event, { mailbox, now });
  const id = event.uid.slice(0, 24);
  const [outer, inner] = [`${id}0001`, `${id}0002`];
  const text = `You have been invited to the following event.\n\nTitle: ${event.summary}\n${event.description}\nWhere: ${event.location}\n`;
  const html = `<html><body><p>You have been invited to the following event.</p><h3>${escapeHtml(event.summary)}</h3><p>${escapeHtml(
    event.description,
  ).replace(/\n/g, "<br>")}</p><p>${escapeHtml(event.location)}</p></body></html>`;
  const lines = [
    "Authentication-Results: mx.cloudflare.net; dkim=pass header.d=gulls.example; spf=pass smtp.mailfrom=gulls.example;",
    " dmarc=pass header.from=gulls.example policy.dmarc=reject",
    "MIME-Version: 1.0",
    `Reply-To: ${ORGANIZER.name} <${ORGANIZER.address}>`,
    "Sender: Google Calendar <calendar-notification@google.com>",
    "Auto-Submitted: auto-generated",
    `Message-ID: <calendar-${id}@google.com>`,
    `Date: ${now.toUTCString().replace("GMT", "+0000")}`,
    `Subject: ${encodedWord(`Invitation: ${event.summary}`)}`,
    `From: ${ORGANIZER.name} <${ORGANIZER.address}>`,
    `To: ${mailbox}`,
    `Content-Type: multipart/mixed; boundary="${outer}"`,
    "",
    `--${outer}`,
    `Content-Type: multipart/alternative; boundary="${inner}"`,
    "",
    `--${inner}`,
    'Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes',
    "Content-Transfer-Encoding: base64",
    "",
    base64(text),
    `--${inner}`,
    'Content-Type: text/html; charset="UTF-8"',
    "Content-Transfer-Encoding: base64",
    "",
    base64(html),
    `--${inner}`,
    'Content-Type: text/calendar; charset="UTF-8"; method=REQUEST',
    ...(isAscii(ics) ? ["Content-Transfer-Encoding: 7bit", "", ics] : ["Content-Transfer-Encoding: base64", "", base64(ics)]),
    `--${inner}--`,
    "",
    `--${outer}`,
    'Content-Type: application/ics; name="invite.ics"',
    'Content-Disposition: attachment; filename="invite.ics"',
    "Content-Transfer-Encoding: base64",
    "",
    base64(ics),
    `--${outer}--`,
    "",
  ];
  return lines.join("\r\n");
}

/** Mails the season in; a second start finds it there, an interrupted one goes on where it stopped. */
export async function loadDemo({ url, state, domain, key }) {
  const file = path.join(state, "demo.json");
  let progress;
  try {
    progress = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    progress = { firstDay: Math.floor(Date.now() / DAY_MS) * DAY_MS + 5 * DAY_MS, mailed: 0 };
  }
  if (progress.mailed < GAMES) log(`mailing a demo season of ${GAMES} games`);
  const mailbox = `create@${domain}`;
  const door = `${url}/cdn-cgi/handler/email?from=${encodeURIComponent(ORGANIZER.address)}&to=${encodeURIComponent(mailbox)}`;
  while (progress.mailed < GAMES) {
    const mail = invitationMail(game(progress.mailed, progress.firstDay), { mailbox, now: new Date() });
    const response = await fetch(door, { method: "POST", body: mail, signal: AbortSignal.timeout(30_000) });
    const answer = await response.text();
    if (!response.ok) {
      log(`demo: game ${progress.mailed + 1} was not taken: ${response.status} ${answer.slice(0, 300)}`);
      return;
    }
    progress.mailed += 1;
    fs.writeFileSync(file, JSON.stringify(progress));
  }
  // Until the page is there and the API lists every game.
  const list = `${url}/organizer/${ORGANIZER.address}/events`;
  for (let waited = 0; waited < 100; waited += 1) {
    const page = await fetch(url + PAGE, { signal: AbortSignal.timeout(10_000) });
    await page.body?.cancel();
    const events = await fetch(list, { headers: { "x-api-key": key }, signal: AbortSignal.timeout(10_000) });
    const text = await events.text();
    if (page.ok && events.ok && JSON.parse(text).length >= GAMES) return;
    await sleep(100);
  }
  log(`demo: ${PAGE} does not show the whole season yet`);
}
