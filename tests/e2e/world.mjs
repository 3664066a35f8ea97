// A stack of its own for one test file, and the people around it: organizers whose calendars mail create@, guests whose
// calendars answer. Mail goes in by the runtime's mail door and is read out of the SES stand-in; nothing is faked between.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run, wrangler, wranglerEnv } from "../../scripts/lib/project.mjs";
import { startDohStandin } from "../doh-standin/standin.mjs";
import { startStandin } from "../ses-standin/standin.mjs";
import { guestClients, organizerClients, withVerdict } from "./mails/clients.mjs";
import { invitationOf, readMail } from "./mails/read.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const START_MAX_MS = 300_000; // The first start may have to build the Worker.
const REQUEST_MAX_MS = 30_000; // A panic inside an object would hang its caller for ever.

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is truthy or no longer throws; the last failure is what the test reports. */
export async function eventually(what, ask, { timeoutMs = 10_000, everyMs = 50 } = {}) {
  const deadline = Date.now() + timeoutMs;
  let failure;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadline) {
      const error = new Error(`${what}: not within ${timeoutMs} ms${failure ? `; ${failure.message}` : ""}`);
      error.cause = failure;
      throw error;
    }
    await sleep(everyMs);
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts scripts/dev in a process group of its own; resolves with READY's facts and the process. */
function startProcess({ port, sesEndpoint, state, vars }) {
  const args = ["--port", String(port), "--ses-endpoint", sesEndpoint, "--state", state, "--no-demo"];
  const child = spawn(path.join(root, "scripts", "dev"), args, {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CONVOKE_VARS: JSON.stringify(vars) },
  });
  let output = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const ready = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the stack is not ready\n${output}`)), START_MAX_MS);
    child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      const line = /^READY (\{.*\})$/m.exec(output);
      if (!line) return;
      clearTimeout(timer);
      resolve({ ...JSON.parse(line[1]), child, ended });
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`the stack ended (${signal ?? code})\n${output}`)));
  });
  return ready.catch((error) => {
    signalGroup(child, "SIGKILL");
    throw error;
  });
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

/**
 * Starts a stack. The stand-ins of SES and DNS run in the test's own process, so that they outlive a killed stack and
 * remember what they accepted and were asked. `vars` override the Worker's settings.
 */
export async function startWorld({ vars = {} } = {}) {
  const state = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-e2e-"));
  const standin = await startStandin({ port: 0 });
  const dns = await startDohStandin();
  const port = await freePort();
  const world = new World({ state, standin, dns, port, vars: { DOH_URL: dns.url, ...vars } });
  try {
    await world.start();
  } catch (error) {
    await world.stop();
    throw error;
  }
  return world;
}

class World {
  #process;
  #people = 0;

  constructor({ state, standin, dns, port, vars }) {
    Object.assign(this, { state, standin, dns, port, vars, readCache: new Map() });
  }

  async start() {
    this.#process = await startProcess({ port: this.port, sesEndpoint: this.standin.url, state: this.state, vars: this.vars });
    this.url = this.#process.url;
    this.domain = this.#process.domain;
    this.adminKey = this.#process.admin_key;
    this.standardKey = this.#process.standard_key;
    this.create = `create@${this.domain}`;
  }

  /** kill -9 of the whole process group: supervisor, wrangler, runtime. */
  async kill() {
    const { child, ended } = this.#process;
    signalGroup(child, "SIGKILL");
    await ended;
  }

  async restart() {
    await this.start();
  }

  async stop() {
    if (this.#process) {
      const { child, ended } = this.#process;
      signalGroup(child, "SIGTERM");
      // A timer that was still pending would keep the test's own process alive.
      const insist = setTimeout(() => signalGroup(child, "SIGKILL"), 10_000);
      await ended;
      clearTimeout(insist);
    }
    await this.standin.close();
    await this.dns.close();
    fs.rmSync(this.state, { recursive: true, force: true });
  }

  /** Changes D1 behind the Worker's back, where the only other way would be to wait. */
  async sql(command) {
    const { state } = this;
    const where = ["--local", "--config", path.join(state, "wrangler.json"), "--persist-to", path.join(state, "data")];
    await run(...wrangler("d1", "execute", "DB", ...where, "--command", command), { cwd: state, env: wranglerEnv(state), quiet: true });
  }

  /** A minute is over, as the platform's cron says it. */
  async minute() {
    const response = await fetch(`${this.url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`, { signal: AbortSignal.timeout(REQUEST_MAX_MS) });
    assert.equal(response.status, 200, await response.text());
  }

  /** The runtime's log so far. */
  log() {
    return fs.readFileSync(path.join(this.state, "wrangler.log"), "utf8");
  }

  /** The Worker's own log lines of a kind, as objects. */
  logLines(kind) {
    return [...this.log().matchAll(/\{"[^\n]*\}/g)].flatMap(([text]) => {
      try {
        const line = JSON.parse(text);
        return line.kind === kind ? [line] : [];
      } catch {
        return [];
      }
    });
  }

  // ---- HTTP -------------------------------------------------------------------------------------------------

  /** A request; `key` is "admin", "standard" or a key itself; objects become JSON, URLSearchParams a form. */
  async fetch(where, { method = "GET", key, body, headers = {}, accept, redirect = "manual", from, timeoutMs = REQUEST_MAX_MS } = {}) {
    const all = { ...headers };
    if (key) all["x-api-key"] = { admin: this.adminKey, standard: this.standardKey }[key] ?? key;
    if (accept) all.accept = accept;
    // Every caller has an address of its own, so that the shield for one address does not mix the tests up.
    all["cf-connecting-ip"] ??= from ?? randomAddress();
    let payload = body;
    const isJson = body !== undefined && (Array.isArray(body) || body?.constructor === Object);
    if (isJson) {
      payload = JSON.stringify(body);
      all["content-type"] ??= "application/json";
    }
    const response = await fetch(new URL(where, this.url), {
      method,
      headers: all,
      body: payload,
      redirect,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  /** A JSON document that must be there. */
  async get(where, key = "standard") {
    const answer = await this.fetch(where, { key });
    assert.equal(answer.status, 200, `${where}: ${answer.status} ${answer.text.slice(0, 300)}`);
    return answer.json;
  }

  event(id) {
    return this.get(`/event/${id}`);
  }

  statistics(id) {
    return this.get(`/event/${id}/statistics`);
  }

  // ---- mail in ----------------------------------------------------------------------------------------------

  /** Hands a mail to the Worker. `verdict`: what the mail router found out, null for nothing. */
  async deliver(mail, verdict = { result: "pass" }) {
    const { from, to, raw } = verdict ? withVerdict(mail, verdict) : mail;
    const query = new URLSearchParams({ from, to, format: "json" });
    const response = await fetch(`${this.url}/cdn-cgi/handler/email?${query}`, {
      method: "POST",
      headers: { "content-type": "message/rfc822" },
      body: raw,
      signal: AbortSignal.timeout(REQUEST_MAX_MS),
    });
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      return { outcome: "not-delivered", status: response.status, text };
    }
  }

  /** Hands over a mail that must be taken without an error or a rejection. */
  async take(mail, verdict) {
    const answer = await this.deliver(mail, verdict);
    assert.equal(answer.outcome, "ok", JSON.stringify(answer).slice(0, 500));
    assert.equal(answer.rejectReason, undefined, answer.rejectReason);
    return answer;
  }

  /** Hands over a mail that must be refused in the SMTP dialogue; gives the reason. */
  async refused(mail, verdict) {
    const answer = await this.deliver(mail, verdict);
    assert.equal(answer.outcome, "ok", JSON.stringify(answer).slice(0, 500));
    assert.ok(answer.rejectReason, "the mail was taken, but should have been rejected");
    return answer.rejectReason;
  }

  // ---- mail out ---------------------------------------------------------------------------------------------

  /**
   * What the stand-in has accepted so far, read. The calendar answers of create@ that only say "accepted" are for
   * calendars, not for people; they are there with `answers`.
   */
  async messages({ to, after = 0, answers = false } = {}) {
    const query = new URLSearchParams({ after: String(after), ...(to ? { to } : {}) });
    const response = await fetch(`${this.standin.url}/messages?${query}`);
    const found = [];
    for (const message of await response.json()) {
      if (!this.readCache.has(message.id)) this.readCache.set(message.id, await readMail(message));
      found.push(this.readCache.get(message.id));
    }
    return answers ? found : found.filter(({ calendar }) => !isOurYes(calendar));
  }

  /** Where the stand-in's list ends now; for `after`. */
  async mark() {
    const response = await fetch(`${this.standin.url}/messages?brief`);
    return (await response.json()).at(-1)?.sequence ?? 0;
  }

  /** Waits for exactly `count` mails to somebody. */
  async mailsTo(to, { count = 1, after = 0, where = () => true, answers, timeoutMs } = {}) {
    const ask = async () => {
      const found = (await this.messages({ to, after, answers })).filter(where);
      assert.ok(found.length <= count, `${found.length} mails to ${to} instead of ${count}: ${found.map(({ subject }) => subject).join(" | ")}`);
      return found.length === count && found;
    };
    return eventually(`${count} mail(s) to ${to}`, ask, { timeoutMs });
  }

  async mailTo(to, options) {
    const [mail] = await this.mailsTo(to, options);
    return mail;
  }

  /** Nothing more arrives: for a while that is longer than a hint takes. */
  async quiet({ after, ms = 1000, except = () => false }) {
    await sleep(ms);
    const more = (await this.messages({ after })).filter((mail) => !except(mail));
    assert.deepEqual(
      more.map(({ to, subject }) => `${to}: ${subject}`),
      [],
    );
  }

  async faults(plan) {
    const response = await fetch(`${this.standin.url}/faults`, { method: "PUT", body: JSON.stringify(plan) });
    assert.equal(response.status, 200, await response.text());
  }

  async stats() {
    const response = await fetch(`${this.standin.url}/stats?keys`);
    return response.json();
  }

  // ---- people -----------------------------------------------------------------------------------------------

  /** An organizer nobody has met; `client` is google, outlook or apple. */
  organizer(client = "google", name) {
    this.#people += 1;
    const number = this.#people;
    return new Organizer(this, client, { name: name ?? `Club ${number} ${client}`, email: `schedule${number}@gulls.example` });
  }

  /** A guest nobody has met. */
  guest(client = "google", name) {
    this.#people += 1;
    const number = this.#people;
    return new Guest(this, client, { name: name ?? `Guest ${number}`, email: `guest${number}@example.org` });
  }
}

const isOurYes = (calendar) => calendar?.method === "REPLY" && calendar.attendees[0]?.partstat === "ACCEPTED";

const randomAddress = () => `198.51.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}`;

/** Next year in July: in the future, and in daylight saving time. */
export const SEASON = new Date().getUTCFullYear() + 1;

class Organizer {
  constructor(world, client, { name, email }) {
    Object.assign(this, { world, client: organizerClients[client], clientName: client, name, email });
  }

  /** An event in this organizer's calendar that nobody has heard of yet. */
  meeting(fields = {}) {
    return new Meeting(this, fields);
  }

  /** An event that create@ knows, with its id. */
  async announced(fields = {}) {
    const meeting = this.meeting(fields);
    await meeting.send();
    await meeting.appear();
    return meeting;
  }

  /** Where the public page is. */
  async page() {
    const { page_url } = await this.world.get(`/v1/organizers/${encodeURIComponent(this.email)}`);
    return new URL(page_url).pathname;
  }
}

let meetings = 0;

class Meeting {
  constructor(organizer, fields) {
    meetings += 1;
    this.organizer = organizer;
    this.world = organizer.world;
    this.says = {
      uid: organizer.client.uid(`${organizer.email} ${meetings}`),
      summary: `Gulls – Rays, game ${meetings}`,
      description: "Shirt night; gates open at 6 pm.",
      location: "Harbor Park, Gate 4",
      url: "https://meet.example.com/gulls-rays",
      start: `${SEASON}-07-02T19:05:00`,
      end: `${SEASON}-07-02T22:05:00`,
      zone: "America/New_York",
      sequence: 0,
      // A clock of its own: changes are a minute apart, whenever the test runs.
      dtstamp: new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000),
      organizer: { name: organizer.name, email: organizer.email },
      guests: [{ email: this.world.create }],
      ...fields,
    };
    this.says.created ??= this.says.dtstamp;
  }

  /** The start of its id that stands in short addresses and on pages. */
  get short() {
    return this.id.slice(0, 12);
  }

  /** The mail that the organizer's client would send now. */
  mail(method = "REQUEST", changes = {}) {
    return this.organizer.client.mail({ ...this.says, ...changes }, method, this.world.create);
  }

  async send(method = "REQUEST", verdict) {
    return this.world.take(this.mail(method), verdict);
  }

  /** Changes the event as a client does: later DTSTAMP always, SEQUENCE when the time moves. */
  change(fields) {
    const moves = ["start", "end", "zone", "rrule", "allDay"].some((field) => field in fields);
    const { dtstamp, sequence } = this.says;
    Object.assign(this.says, { dtstamp: new Date(dtstamp.getTime() + 60_000), sequence: moves ? sequence + 1 : sequence, updated: true }, fields);
  }

  async edit(fields) {
    this.change(fields);
    return this.send();
  }

  async cancel() {
    const { dtstamp, sequence } = this.says;
    Object.assign(this.says, { dtstamp: new Date(dtstamp.getTime() + 60_000), sequence: sequence + 1 });
    return this.send("CANCEL");
  }

  /** Waits until the API lists the event and takes its id. */
  async appear() {
    const path_ = `/organizer/${encodeURIComponent(this.organizer.email)}/events`;
    const listed = (list) => list.find((line) => readable(line.summary_html) === this.says.summary);
    const line = await eventually(`${this.says.summary} in ${path_}`, async () => listed(await this.world.get(path_)));
    this.id = line.uid;
    return line;
  }

  /** Waits until the API says so; `revision` is the old API's sequence. */
  async revision(number) {
    return eventually(`revision ${number}`, async () => {
      const event = await this.world.event(this.id);
      assert.equal(event.sequence, number);
      return event;
    });
  }

  /** Invites guests with a key and waits for their mails. */
  async invite(...guests) {
    const body = guests.map(({ email, name }) => ({ email, name }));
    const answer = await this.world.fetch(`/v1/events/${this.id}/invitations`, { method: "POST", key: "standard", body });
    assert.equal(answer.status, 202, answer.text);
    assert.deepEqual(
      answer.json.results.map(({ status }) => status),
      guests.map(() => "invited"),
    );
    return Promise.all(guests.map((guest) => guest.receives(this)));
  }
}

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** What a reader sees of a page: character references are resolved, whichever way they are written. */
export const readable = (html) =>
  html.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot|apos));/gi, (_, decimal, hex, name) =>
    name ? ENTITIES[name.toLowerCase()] : String.fromCodePoint(decimal ? Number(decimal) : parseInt(hex, 16)),
  );

class Guest {
  #answers = 0;

  constructor(world, client, { name, email }) {
    Object.assign(this, { world, client: guestClients[client], clientName: client, name, email, held: new Map() });
  }

  /** The next mail about an event that this guest has not looked at yet; it is what the answer will be to. */
  async receives(meeting, { timeoutMs } = {}) {
    const after = this.held.get(meeting.id)?.sequence ?? 0;
    const mail = await this.world.mailTo(this.email, {
      after,
      where: ({ calendar }) => calendar?.uid === meeting.id,
      timeoutMs,
    });
    this.held.set(meeting.id, mail);
    return mail;
  }

  /** The REPLY that this guest's client would send now. */
  answer(meeting, partstat, changes = {}) {
    this.#answers += 1;
    const invitation = invitationOf(this.held.get(meeting.id));
    const dtstamp = new Date(Math.floor(Date.now() / 1000) * 1000 + this.#answers * 1000);
    const { invitation: changed = {}, ...rest } = changes;
    return this.client.mail({ ...invitation, ...changed }, { email: this.email, name: this.name, partstat, dtstamp, ...rest });
  }

  async replies(meeting, partstat, changes) {
    return this.world.take(this.answer(meeting, partstat, changes));
  }
}

/** Waits until the counters of answers are these. */
export const untilRsvp = (world, id, rsvp) =>
  eventually(`rsvp ${JSON.stringify(rsvp)}`, async () => {
    const statistics = await world.statistics(id);
    assert.deepEqual(statistics.rsvp, { accepted: 0, declined: 0, noaction: 0, tentative: 0, ...rsvp });
    return statistics;
  });
