// A calendar invitation as a peer would write it: text and calendar, nothing more.

import type { EventRow } from "./render.ts";

const compact = (seconds: number) => `${new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
const base64 = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/.{76}/g, "$&\r\n");
};
const fold = (line: string) => line.replace(/(.{70})(?=.)/g, "$1\r\n ");

export function invitation(event: EventRow, guest: string): { from: string; raw: string } {
  const from = "notification@convoke.test";
  const calendar = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Peer//EN",
    "METHOD:REQUEST",
    "BEGIN:VEVENT",
    `UID:${event.event_id}`,
    `DTSTAMP:${compact(Date.now() / 1000)}`,
    `DTSTART:${compact(event.start_at)}`,
    `DTEND:${compact(event.end_at)}`,
    `SUMMARY:${event.summary.replace(/[\\;,]/g, "\\$&")}`,
    `LOCATION:${event.location.replace(/[\\;,]/g, "\\$&")}`,
    `ORGANIZER;CN="${event.organizer_name}":mailto:rsvp@convoke.test`,
    `ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:${guest}`,
    "SEQUENCE:0",
    "END:VEVENT",
    "END:VCALENDAR",
    "",
  ]
    .map(fold)
    .join("\r\n");
  const boundary = crypto.randomUUID();
  const raw = [
    `From: "${event.organizer_name}" <${from}>`,
    `To: <${guest}>`,
    `Subject: Invitation: ${event.summary}`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${crypto.randomUUID()}@convoke.test>`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    'Content-Type: text/plain; charset="utf-8"',
    "Content-Transfer-Encoding: base64",
    "",
    base64(`${event.organizer_name} invites you to ${event.summary}, ${event.location}.\n`),
    `--${boundary}`,
    'Content-Type: text/calendar; charset="utf-8"; method=REQUEST',
    "Content-Transfer-Encoding: base64",
    "",
    base64(calendar),
    `--${boundary}--`,
    "",
  ].join("\r\n");
  return { from, raw };
}
