// iCalendar objects of an event, property for property as Google, Exchange, iCloud and iOS write them (RFC 5545).

import { CRLF } from "./text.mjs";
import { compact, ianaTimezone, windowsTimezone, zone } from "./zones.mjs";

/** TEXT values: backslash, semicolon, comma and line ends are escaped. */
export const escapeText = (text) => text.replace(/[\\;,]/g, "\\$&").replace(/\r?\n/g, "\\n");

/** A parameter value, quoted where it must be. */
export const parameter = (text) => (/[:;,]/.test(text) ? `"${text.replace(/"/g, "")}"` : text);

/** Folds at 75 octets without splitting a character; continuation lines begin with `indent`. */
export function fold(line, indent = " ") {
  const lines = [];
  let current = "";
  for (const character of line) {
    if (Buffer.byteLength(current + character) > 75) {
      lines.push(current);
      current = indent;
    }
    current += character;
  }
  lines.push(current);
  return lines.join(CRLF);
}

export const lines = (list, indent) => list.filter((line) => line !== null).map((line) => fold(line, indent) + CRLF).join("");

/** `20270702T190500Z`. */
export const stamp = (date) => date.toISOString().replace(/[-:]|\.\d+/g, "");

const dateOnly = (text) => text.slice(0, 10).replaceAll("-", "");

/** DTSTART or DTEND with the zone's name as `tzid` writes it. */
function time(property, local, event, tzid) {
  if (event.allDay) return `${property};VALUE=DATE:${dateOnly(local)}`;
  if (!event.zone) return `${property}:${compact(local)}Z`;
  return `${property};TZID=${parameter(tzid(event.zone))}:${compact(local)}`;
}

const iana = (name) => name;
const windows = (name) => zone(name).windows;

const optional = (condition, ...list) => (condition ? list : []);

/** Google Calendar's object. The meeting link is a property of its own; URL is never written. */
export function googleCalendar(event, method) {
  const { organizer, guests } = event;
  const attendee = ({ email, name, partstat = "NEEDS-ACTION" }) =>
    `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=${partstat};RSVP=TRUE;CN=${parameter(name ?? email)};X-NUM-GUESTS=0:mailto:${email}`;
  return lines([
    "BEGIN:VCALENDAR",
    "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
    "VERSION:2.0",
    "CALSCALE:GREGORIAN",
    `METHOD:${method}`,
    ...optional(event.zone && !event.allDay, ...ianaTimezone(event.zone ?? "America/New_York")),
    "BEGIN:VEVENT",
    time("DTSTART", event.start, event, iana),
    time("DTEND", event.end, event, iana),
    ...optional(event.recurrenceId, time("RECURRENCE-ID", event.recurrenceId ?? event.start, event, iana)),
    ...optional(event.rrule, `RRULE:${event.rrule}`),
    ...optional(event.class, `CLASS:${event.class}`),
    `DTSTAMP:${stamp(event.dtstamp)}`,
    `ORGANIZER;CN=${parameter(organizer.name)}:mailto:${organizer.email}`,
    `UID:${event.uid}`,
    ...guests.map(attendee),
    ...optional(event.url, `X-GOOGLE-CONFERENCE:${event.url}`),
    "X-MICROSOFT-CDO-OWNERAPPTID:734910285",
    `CREATED:${stamp(event.created)}`,
    `DESCRIPTION:${escapeText(event.description)}`,
    `LAST-MODIFIED:${stamp(event.dtstamp)}`,
    `LOCATION:${escapeText(event.location)}`,
    `SEQUENCE:${event.sequence}`,
    `STATUS:${method === "CANCEL" ? "CANCELLED" : "CONFIRMED"}`,
    `SUMMARY:${escapeText(event.summary)}`,
    "TRANSP:OPAQUE",
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
}

/** Exchange's object: Windows zone names, language parameters, its own sequence beside SEQUENCE. */
export function exchangeCalendar(event, method) {
  const { organizer, guests } = event;
  const attendee = ({ email, name, partstat = "NEEDS-ACTION" }) =>
    `ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=${partstat};RSVP=TRUE;CN=${parameter(name ?? email)}:mailto:${email}`;
  const timed = event.zone && !event.allDay;
  return lines([
    "BEGIN:VCALENDAR",
    `METHOD:${method}`,
    "PRODID:Microsoft Exchange Server 2010",
    "VERSION:2.0",
    ...optional(timed, ...windowsTimezone(event.zone ?? "America/New_York")),
    "BEGIN:VEVENT",
    `ORGANIZER;CN=${parameter(organizer.name)}:mailto:${organizer.email}`,
    ...guests.map(attendee),
    `DESCRIPTION;LANGUAGE=en-US:${escapeText(event.description)}\\n`,
    ...optional(event.rrule, `RRULE:${event.rrule}`),
    `UID:${event.uid}`,
    `SUMMARY;LANGUAGE=en-US:${method === "CANCEL" ? "Canceled: " : ""}${escapeText(event.summary)}`,
    time("DTSTART", event.start, event, windows),
    time("DTEND", event.end, event, windows),
    ...optional(event.recurrenceId, time("RECURRENCE-ID", event.recurrenceId ?? event.start, event, windows)),
    `CLASS:${event.class ?? "PUBLIC"}`,
    "PRIORITY:5",
    `DTSTAMP:${stamp(event.dtstamp)}`,
    "TRANSP:OPAQUE",
    `STATUS:${method === "CANCEL" ? "CANCELLED" : "CONFIRMED"}`,
    `SEQUENCE:${event.sequence}`,
    `LOCATION;LANGUAGE=en-US:${escapeText(event.location)}`,
    `X-MICROSOFT-CDO-APPT-SEQUENCE:${event.sequence}`,
    "X-MICROSOFT-CDO-OWNERAPPTID:2118329471",
    "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",
    "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
    `X-MICROSOFT-CDO-ALLDAYEVENT:${event.allDay ? "TRUE" : "FALSE"}`,
    "X-MICROSOFT-CDO-IMPORTANCE:1",
    `X-MICROSOFT-CDO-INSTTYPE:${event.rrule ? 1 : 0}`,
    ...optional(event.url, `X-MICROSOFT-SKYPETEAMSMEETINGURL:${event.url}`),
    "X-MICROSOFT-DONOTFORWARDMEETING:FALSE",
    "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
    "X-MICROSOFT-LOCATIONS:[]",
    "BEGIN:VALARM",
    "DESCRIPTION:REMINDER",
    "TRIGGER;RELATED=START:-PT15M",
    "ACTION:DISPLAY",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
}

/** iCloud's object: a relay address as ORGANIZER, the person in EMAIL. */
export function icloudCalendar(event, method) {
  const { organizer, guests } = event;
  const attendee = ({ email, name, partstat = "NEEDS-ACTION" }) =>
    `ATTENDEE;CN=${parameter(name ?? email)};CUTYPE=INDIVIDUAL;EMAIL=${parameter(email)};PARTSTAT=${partstat};ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:${email}`;
  return lines([
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//caldav.icloud.com//CALDAVJ 2514B607//EN",
    "CALSCALE:GREGORIAN",
    `METHOD:${method}`,
    ...optional(event.zone && !event.allDay, ...ianaTimezone(event.zone ?? "America/New_York", { licence: false })),
    "BEGIN:VEVENT",
    `CREATED:${stamp(event.created)}`,
    `DTSTAMP:${stamp(event.dtstamp)}`,
    `UID:${event.uid}`,
    time("DTSTART", event.start, event, iana),
    time("DTEND", event.end, event, iana),
    ...optional(event.recurrenceId, time("RECURRENCE-ID", event.recurrenceId ?? event.start, event, iana)),
    ...optional(event.rrule, `RRULE:${event.rrule}`),
    ...optional(event.url, `URL;VALUE=URI:${event.url}`),
    `SUMMARY:${escapeText(event.summary)}`,
    `LOCATION:${escapeText(event.location)}`,
    `DESCRIPTION:${escapeText(event.description)}`,
    `LAST-MODIFIED:${stamp(event.dtstamp)}`,
    `SEQUENCE:${event.sequence}`,
    ...optional(method === "CANCEL", "STATUS:CANCELLED"),
    "TRANSP:OPAQUE",
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
    `ORGANIZER;CN=${parameter(organizer.name)};EMAIL=${parameter(organizer.email)}:mailto:${relayAddress(organizer)}`,
    ...guests.map(attendee),
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
}

/** iCloud hides a person behind an address of this form; the same person always has the same. */
export function relayAddress({ email }) {
  const letters = Buffer.from(email).toString("hex").toUpperCase().padEnd(32, "GE4DCMRT").slice(0, 40);
  return `2_${letters}@imip.me.com`;
}

/** An answer as Google Calendar writes it, to one date in UTC. `invitation` is what was read out of our REQUEST. */
export function googleReply(invitation, { email, name, partstat, dtstamp, comment, organizer = true, method = "REPLY", instance, delegatedTo }) {
  return lines([
    "BEGIN:VCALENDAR",
    "PRODID:-//Google Inc//Google Calendar 70.9054//EN",
    "VERSION:2.0",
    "CALSCALE:GREGORIAN",
    `METHOD:${method}`,
    "BEGIN:VEVENT",
    `DTSTART:${stamp(invitation.start)}`,
    `DTEND:${stamp(invitation.end)}`,
    `DTSTAMP:${stamp(dtstamp)}`,
    ...optional(organizer, `ORGANIZER;CN=${parameter(invitation.organizerName)}:mailto:${invitation.organizer}`),
    `UID:${invitation.uid}`,
    ...optional(instance, `RECURRENCE-ID:${instance && stamp(instance)}`),
    `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=${partstat}${delegatedTo ? `;DELEGATED-TO="mailto:${delegatedTo}"` : ""};CN=${parameter(name ?? email)};X-NUM-GUESTS=0:mailto:${email}`,
    ...optional(comment, `COMMENT:${escapeText(comment ?? "")}`),
    `CREATED:${stamp(dtstamp)}`,
    "DESCRIPTION:",
    `LAST-MODIFIED:${stamp(dtstamp)}`,
    "LOCATION:",
    `SEQUENCE:${invitation.sequence}`,
    "STATUS:CONFIRMED",
    `SUMMARY:${escapeText(invitation.summary)}`,
    "TRANSP:OPAQUE",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "DESCRIPTION:This is an event reminder",
    "TRIGGER:-P0DT0H30M0S",
    "END:VALARM",
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
}

const SAID = { ACCEPTED: "Accepted", DECLINED: "Declined", TENTATIVE: "Tentative", "NEEDS-ACTION": "Undecided" };
export const said = (partstat) => SAID[partstat] ?? partstat;

/** An answer as Exchange Online writes it: no ORGANIZER, the answer in SUMMARY. */
export function exchangeReply(invitation, { email, name, partstat, dtstamp, comment, organizer = false, zone: name_ = "America/New_York", method = "REPLY", instance }) {
  return lines([
    "BEGIN:VCALENDAR",
    `METHOD:${method}`,
    "PRODID:Microsoft Exchange Server 2010",
    "VERSION:2.0",
    ...windowsTimezone(name_),
    "BEGIN:VEVENT",
    ...optional(organizer, `ORGANIZER:mailto:${invitation.organizer}`),
    `ATTENDEE;PARTSTAT=${partstat};CN=${parameter(name ?? email)}:mailto:${email}`,
    ...optional(comment, `COMMENT;LANGUAGE=en-US:${escapeText(comment ?? "")}\\n`),
    `UID:${invitation.uid}`,
    ...optional(instance, `RECURRENCE-ID:${instance && stamp(instance)}`),
    `SUMMARY;LANGUAGE=en-US:${said(partstat)}: ${escapeText(invitation.summary)}`,
    `DTSTART:${stamp(invitation.start)}`,
    `DTEND:${stamp(invitation.end)}`,
    "CLASS:PUBLIC",
    "PRIORITY:5",
    `DTSTAMP:${stamp(dtstamp)}`,
    "TRANSP:OPAQUE",
    "STATUS:CONFIRMED",
    `SEQUENCE:${invitation.sequence}`,
    "LOCATION;LANGUAGE=en-US:",
    `X-MICROSOFT-CDO-APPT-SEQUENCE:${invitation.sequence}`,
    "X-MICROSOFT-CDO-OWNERAPPTID:0",
    "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
    "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
    "X-MICROSOFT-CDO-IMPORTANCE:1",
    "X-MICROSOFT-CDO-INSTTYPE:0",
    "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
}

/** An answer as Calendar on an iPhone writes it. */
export function appleReply(invitation, { email, name, partstat, dtstamp, comment, organizer = true, method = "REPLY", instance }) {
  return lines([
    "BEGIN:VCALENDAR",
    "CALSCALE:GREGORIAN",
    `METHOD:${method}`,
    "PRODID:-//Apple Inc.//iPhone OS 17.5//EN",
    "VERSION:2.0",
    "BEGIN:VEVENT",
    `ATTENDEE;CN=${parameter(name ?? email)};PARTSTAT=${partstat};EMAIL=${parameter(email)}:MAILTO:${email}`,
    ...optional(comment, `COMMENT:${escapeText(comment ?? "")}`),
    `DTEND:${stamp(invitation.end)}`,
    `DTSTAMP:${stamp(dtstamp)}`,
    `DTSTART:${stamp(invitation.start)}`,
    ...optional(organizer, `ORGANIZER;CN=${parameter(invitation.organizerName)}:mailto:${invitation.organizer}`),
    ...optional(instance, `RECURRENCE-ID:${instance && stamp(instance)}`),
    `SEQUENCE:${invitation.sequence}`,
    `SUMMARY:${escapeText(invitation.summary)}`,
    "TRANSP:OPAQUE",
    `UID:${invitation.uid}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ]);
}
