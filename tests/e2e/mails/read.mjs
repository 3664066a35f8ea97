// Reads back what the Worker sends, with libraries that had no part in writing it: postal-mime for the mail, ical.js for
// the calendar. The MIME tree itself is taken apart here, because its shape is what clients look at.

import ICAL from "ical.js";
import PostalMime from "postal-mime";

/** The tree of parts: { type, params, headers, body, parts }. */
export function mimeTree(raw) {
  const text = Buffer.isBuffer(raw) ? raw.toString("latin1") : raw;
  const end = text.indexOf("\r\n\r\n");
  const fields = text
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n");
  const headers = {};
  for (const field of fields) {
    const colon = field.indexOf(":");
    const name = field.slice(0, colon).toLowerCase();
    headers[name] = name in headers ? `${headers[name]}\n${field.slice(colon + 1).trim()}` : field.slice(colon + 1).trim();
  }
  const body = text.slice(end + 4);
  const [type, ...rest] = (headers["content-type"] ?? "text/plain").split(";");
  const params = Object.fromEntries(
    rest
      .map((one) => /^\s*([^=\s]+)="?([^"]*)"?\s*$/.exec(one))
      .filter(Boolean)
      .map(([, name, value]) => [name.toLowerCase(), value]),
  );
  const node = { type: type.trim().toLowerCase(), params, headers, body, parts: [] };
  if (node.type.startsWith("multipart/")) {
    const escaped = params.boundary.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const [inside] = `\r\n${body}\r\n`.split(`\r\n--${params.boundary}--`);
    const pieces = inside.split(new RegExp(`\r\n--${escaped}[ \t]*\r\n`));
    node.parts = pieces.slice(1).map(mimeTree);
  }
  return node;
}

/** The bytes of a leaf. */
export function content(node) {
  const encoding = (node.headers["content-transfer-encoding"] ?? "7bit").toLowerCase();
  if (encoding === "base64") return Buffer.from(node.body, "base64");
  if (encoding === "quoted-printable") {
    const text = node.body.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(text, "latin1");
  }
  return Buffer.from(node.body, "latin1");
}

/** `multipart/mixed(multipart/alternative(text/plain,text/html),…)`. */
export const shape = (node) => (node.parts.length > 0 ? `${node.type}(${node.parts.map(shape).join(",")})` : node.type);

export const leaves = (node) => (node.parts.length > 0 ? node.parts.flatMap(leaves) : [node]);

/** Everything a calendar client would take from a text/calendar object, by ical.js. */
export function readCalendar(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const events = calendar.getAllSubcomponents("vevent");
  const master = events.find((event) => !event.hasProperty("recurrence-id")) ?? events[0];
  const event = new ICAL.Event(master);
  const value = (name) => master.getFirstPropertyValue(name);
  const organizer = master.getFirstProperty("organizer");
  const zones = calendar.getAllSubcomponents("vtimezone").map((zone) => new ICAL.Timezone(zone));
  const time = (name) => {
    const property = master.getFirstProperty(name);
    if (!property) return null;
    const at = property.getFirstValue();
    const tzid = property.getParameter("tzid");
    if (tzid) at.zone = zones.find((zone) => zone.tzid === tzid) ?? at.zone;
    return { local: at.toString(), tzid: tzid ?? null, isDate: at.isDate, epoch: at.toUnixTime() };
  };
  return {
    method: calendar.getFirstPropertyValue("method"),
    prodid: calendar.getFirstPropertyValue("prodid"),
    timezones: zones.map((zone) => zone.tzid),
    events: events.length,
    uid: value("uid"),
    recurrenceId: value("recurrence-id")?.toString() ?? null,
    comment: value("comment"),
    sequence: value("sequence") ?? 0,
    dtstamp: value("dtstamp").toString(),
    summary: value("summary"),
    description: value("description"),
    location: value("location"),
    url: value("url"),
    status: value("status"),
    start: time("dtstart"),
    end: time("dtend"),
    isRecurring: event.isRecurring(),
    rrule: master.getFirstPropertyValue("rrule")?.toString() ?? null,
    exceptions: events
      .filter((one) => one.hasProperty("recurrence-id"))
      .map((one) => ({ of: one.getFirstPropertyValue("recurrence-id").toString(), start: one.getFirstPropertyValue("dtstart").toString() })),
    excluded: master.getAllProperties("exdate").flatMap((property) => property.getValues().map(String)),
    organizer: organizer?.getFirstValue() ?? null,
    organizerName: organizer?.getParameter("cn") ?? null,
    attendees: master.getAllProperties("attendee").map((property) => ({
      address: property.getFirstValue(),
      partstat: property.getParameter("partstat"),
      rsvp: property.getParameter("rsvp"),
      cn: property.getParameter("cn"),
      role: property.getParameter("role") ?? null,
      delegatedFrom: property.getParameter("delegated-from") ?? null,
    })),
    names: master.getAllProperties().map((property) => property.name),
  };
}

/** A mail out of the stand-in, read as a guest's client reads it. */
export async function readMail(message) {
  const bytes = Buffer.from(message.rawBase64, "base64");
  const tree = mimeTree(bytes);
  const parsed = await PostalMime.parse(bytes);
  const calendarParts = leaves(tree).filter(({ type }) => type === "text/calendar" || type === "application/ics");
  const mail = {
    id: message.id,
    sequence: message.sequence,
    raw: bytes,
    to: message.to,
    tags: message.tags,
    tree,
    shape: shape(tree),
    headers: tree.headers,
    subject: parsed.subject ?? "",
    from: parsed.from,
    replyTo: parsed.replyTo?.[0]?.address ?? null,
    text: parsed.text ?? "",
    html: parsed.html ?? "",
    attachments: parsed.attachments,
    calendarParts,
    links: [...new Set([...(parsed.text ?? "").matchAll(/https?:\/\/[^\s<>"]+/g)].map(([url]) => url))],
    calendar: null,
  };
  if (calendarParts.length > 0) mail.calendar = readCalendar(content(calendarParts[0]).toString("utf8"));
  return mail;
}

/** What a reply needs to know of the invitation that it answers. */
export const invitationOf = ({ calendar }) => ({
  uid: calendar.uid,
  sequence: calendar.sequence,
  summary: calendar.summary,
  organizer: calendar.organizer.replace(/^mailto:/i, ""),
  organizerName: calendar.organizerName,
  start: new Date(calendar.start.epoch * 1000),
  end: new Date(calendar.end.epoch * 1000),
});
