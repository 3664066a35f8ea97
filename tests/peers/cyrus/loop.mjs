// The loop between Cyrus and Convoke: what Cyrus sends reaches the mail door as a mail router would hand it over, what
// SES accepted reaches Cyrus. And what people do in their calendar programs, as changes of the text that lies in Cyrus.

import assert from "node:assert/strict";
import ICAL from "ical.js";
import { escapeText, lines, stamp } from "../../e2e/mails/calendar.mjs";
import { content, leaves, mimeTree, readCalendar } from "../../e2e/mails/read.mjs";
import { compact, ianaTimezone } from "../../e2e/mails/zones.mjs";
import { SEASON, eventually, sleep, startWorld } from "../../e2e/world.mjs";
import { DOMAIN, startCyrus } from "./cyrus.mjs";

/** Starts both sides, with these people in Cyrus. */
export async function startLoop(...names) {
  const cyrus = await startCyrus(...names);
  try {
    return new Loop(cyrus, await startWorld());
  } catch (error) {
    await cyrus.stop();
    throw error;
  }
}

class Loop {
  constructor(cyrus, world) {
    Object.assign(this, { cyrus, world, read: new Map() });
  }

  async stop() {
    await this.world.stop();
    await this.cyrus.stop();
  }

  /** The next mails that Cyrus sends to Convoke, read and not yet handed over; `others` more go to somebody else. */
  async sent(count = 1, { others = 0 } = {}) {
    const all = await this.cyrus.outbox.next(count + others);
    const mails = all.filter(({ to }) => to.endsWith(`@${this.world.domain}`));
    const recipients = all.map(({ to }) => to).join(", ");
    assert.deepEqual([mails.length, all.length], [count, count + others], `Cyrus wrote to ${recipients}`);
    return mails.map((mail) => {
      const tree = mimeTree(mail.raw);
      const text = content(leaves(tree).find(({ type }) => type === "text/calendar")).toString("utf8");
      return { ...mail, domain: DOMAIN, subject: tree.headers.subject, text, calendar: readCalendar(text) };
    });
  }

  /** Hands mails of Cyrus to Convoke; gives what Convoke made of each. */
  async hand(...mails) {
    const outcomes = [];
    for (const mail of mails) {
      const before = this.world.logLines("mail").length;
      await this.world.take(mail);
      const [line] = await eventually("a log line for the mail", () => {
        const more = this.world.logLines("mail").slice(before);
        return more.length > 0 && more;
      });
      outcomes.push(line.outcome);
    }
    return outcomes;
  }

  /** Takes one mail out of Cyrus and hands it over: the mail, with its outcome. */
  async carry(options) {
    const [mail] = await this.sent(1, options);
    const [outcome] = await this.hand(mail);
    return { ...mail, outcome };
  }

  /** The next mail of Convoke about an event to somebody in Cyrus. */
  async mailed(person, event) {
    const key = `${person.email} ${event}`;
    const where = ({ calendar }) => calendar?.uid === event;
    const mail = await this.world.mailTo(person.email, { after: this.read.get(key) ?? 0, where, answers: true });
    this.read.set(key, mail.sequence);
    return mail;
  }

  /** The same, delivered there: what his calendar holds then, with the mail. */
  async reaches(person, event) {
    const mail = await this.mailed(person, event);
    await person.receives(mail.from.address, mail.raw);
    return { mail, ...(await held(person, event)) };
  }

  /** Invites somebody in Cyrus over the API; the invitation lies in his calendar. */
  async invites(event, person) {
    const body = [{ email: person.email, name: person.name }];
    const { status, json, text } = await this.world.fetch(`/v1/events/${event}/invitations`, { method: "POST", key: "standard", body });
    assert.equal(status, 202, text);
    assert.equal(json.results[0].status, "invited");
    return this.reaches(person, event);
  }

  /** What the guests of an event said, of all of it and of single dates: `{ bob: ["accepted", { date: "declined" }] }`. */
  async said(event) {
    const { attendees } = await this.world.get(`/v1/events/${event}/attendees`);
    const dates = ({ instances }) => Object.fromEntries(instances.map(({ recurrence_id, status }) => [recurrence_id, status]));
    return Object.fromEntries(attendees.map((guest) => [guest.email.split("@")[0], [guest.status, dates(guest)]]));
  }

  /** When the instances of an event begin that are not called off, on its own clock. */
  async dates(event) {
    const { occurrences } = await this.world.get(`/v1/events/${event}`);
    return occurrences.filter(({ cancelled }) => !cancelled).map(({ local_start }) => local_start);
  }
}

/** Cyrus writes DTSTAMP to the second; what must have an order must be a second apart. */
export const nextSecond = () => sleep(1000 - (Date.now() % 1000) + 10);

let entries = 0;

/** An event as its organizer's calendar program keeps it, apart from what Cyrus makes of it. */
export class Entry {
  constructor(organizer, world, fields = {}) {
    entries += 1;
    Object.assign(this, { organizer, world, uid: `entry-${entries}@${organizer.email.split("@")[1]}` });
    this.says = {
      summary: `Rehearsal ${entries}`,
      description: "Bring the score; doors open at 6 pm.",
      location: "Hall 2, Pier Road",
      start: `${SEASON}-07-02T19:05:00`,
      end: `${SEASON}-07-02T22:05:00`,
      zone: "America/New_York",
      /** What the calendar calls that zone. */
      tzid: fields.zone ?? "America/New_York",
      sequence: 1,
      status: "CONFIRMED",
      rrule: null,
      exdates: [],
      guests: [world.create],
      /** What their answers are known to be. */
      partstat: "NEEDS-ACTION",
      /** Instances that differ: their first start, and what differs. */
      instances: {},
      ...fields,
    };
  }

  #vevent(recurrenceId, says) {
    const time = (name, local) =>
      says.allDay ? `${name};VALUE=DATE:${local.replaceAll("-", "")}` : `${name};TZID=${says.tzid}:${compact(local)}`;
    return [
      "BEGIN:VEVENT",
      `UID:${this.uid}`,
      `DTSTAMP:${stamp(new Date())}`,
      `SEQUENCE:${says.sequence}`,
      ...(recurrenceId ? [time("RECURRENCE-ID", recurrenceId)] : []),
      time("DTSTART", says.start),
      time("DTEND", says.end),
      ...(recurrenceId || !says.rrule ? [] : [`RRULE:${says.rrule}`, ...says.exdates.map((date) => time("EXDATE", date))]),
      `SUMMARY:${escapeText(says.summary)}`,
      `DESCRIPTION:${escapeText(says.description)}`,
      `LOCATION:${escapeText(says.location)}`,
      `STATUS:${says.status}`,
      `ORGANIZER;CN=${this.organizer.name}:mailto:${this.organizer.email}`,
      `ATTENDEE;CN=${this.organizer.name};PARTSTAT=ACCEPTED:mailto:${this.organizer.email}`,
      ...says.guests.map((email) => `ATTENDEE;PARTSTAT=${says.partstat};RSVP=TRUE:mailto:${email}`),
      "END:VEVENT",
    ];
  }

  /** Changes the event and saves it. */
  async save(changes = {}) {
    Object.assign(this.says, changes);
    const { instances, ...master } = this.says;
    const text = lines([
      "BEGIN:VCALENDAR",
      "VERSION:2.0",
      "PRODID:-//Example//Desk Calendar//EN",
      ...(master.allDay ? [] : ianaTimezone(master.zone, { licence: false }).map((line) => line.replace(/^TZID:.*/, `TZID:${master.tzid}`))),
      ...this.#vevent(null, master),
      ...Object.entries(instances).flatMap(([first, changed]) => this.#vevent(first, { ...master, ...changed })),
      "END:VCALENDAR",
    ]);
    await this.organizer.saves(this.uid, text);
  }

  /** Changes when it is, which raises SEQUENCE as calendar programs do. */
  move(changes) {
    return this.save({ sequence: this.says.sequence + 1, ...changes });
  }

  delete() {
    return this.organizer.deletes(this.uid);
  }

  /** Waits until the API lists the event and takes its id. */
  async appears() {
    const where = `/organizer/${encodeURIComponent(this.organizer.email)}/events`;
    const line = await eventually(`${this.says.summary} in ${where}`, async () =>
      (await this.world.get(where)).find(({ summary_html }) => summary_html === this.says.summary),
    );
    this.id = line.uid;
    return line;
  }

  /** Waits until the API says so; `revision` is the old API's sequence. */
  revision(number) {
    return eventually(`revision ${number}`, async () => {
      const event = await this.world.event(this.id);
      assert.equal(event.sequence, number);
      return event;
    });
  }

  /** Invites guests with other calendars over the API; each holds his invitation. */
  async invite(...guests) {
    const body = guests.map(({ email, name }) => ({ email, name }));
    const { status, text } = await this.world.fetch(`/v1/events/${this.id}/invitations`, { method: "POST", key: "standard", body });
    assert.equal(status, 202, text);
    return Promise.all(guests.map((guest) => guest.receives(this)));
  }
}

const parsed = (text) => new ICAL.Component(ICAL.parse(text));

const attendeeOf = (event, { email }) =>
  event.getAllProperties("attendee").find((property) => property.getFirstValue().toLowerCase() === `mailto:${email}`);

const say = (event, person, partstat) => {
  const attendee = attendeeOf(event, person);
  attendee.setParameter("partstat", partstat);
  attendee.removeParameter("rsvp");
};

/** A guest answers in his calendar; `instance` is the local start of one date of a series. Cyrus sends the REPLY. */
export async function answers(person, uid, partstat, { instance } = {}) {
  const calendar = parsed(await person.holds(uid));
  const events = calendar.getAllSubcomponents("vevent");
  // Cyrus 3.6 keeps the old TRANSP beside that of an update (cyrusimap/cyrus-imapd#3942) and then refuses its own text;
  // a calendar program knows the property once.
  for (const event of events) for (const extra of event.getAllProperties("transp").slice(1)) event.removeProperty(extra);
  if (!instance) {
    for (const event of events) say(event, person, partstat);
    return person.saves(uid, calendar.toString());
  }
  const idOf = (event) => event.getFirstPropertyValue("recurrence-id")?.toString();
  let one = events.find((event) => idOf(event) === instance);
  if (!one) {
    one = new ICAL.Component(structuredClone(events.find((event) => !idOf(event)).toJSON()));
    const start = one.getFirstProperty("dtstart");
    const length = one.getFirstPropertyValue("dtend").subtractDate(start.getFirstValue());
    for (const name of ["rrule", "exdate", "rdate"]) one.removeAllProperties(name);
    const at = ICAL.Time.fromDateTimeString(instance);
    const id = new ICAL.Property("recurrence-id");
    id.setParameter("tzid", start.getParameter("tzid"));
    id.setValue(at);
    one.addProperty(id);
    start.setValue(at);
    const end = at.clone();
    end.addDuration(length);
    one.getFirstProperty("dtend").setValue(end);
    calendar.addSubcomponent(one);
  }
  say(one, person, partstat);
  return person.saves(uid, calendar.toString());
}

/** What lies in somebody's calendar about an event, read by another program; null if nothing does. */
export async function held(person, uid) {
  const text = await person.holds(uid);
  if (text === null) return null;
  const partstats = parsed(text)
    .getAllSubcomponents("vevent")
    .map((event) => attendeeOf(event, person)?.getParameter("partstat") ?? null);
  return { ...readCalendar(text), text, partstats };
}
