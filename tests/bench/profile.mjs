// What an answer costs the Worker itself, and where:   node tests/bench/profile.mjs [CASE …] [--events 2500] [--port 8790] [--lines 12]
//
// V8's sampling profiler in the Worker's own isolate, on bare workerd. Unlike the CPU of the process, which
// tests/bench/schedule.mjs compares, this leaves out the simulators of D1, KV, queues and objects' storage, and the HTTP
// server: in production those are other machines' or nobody's. Microseconds of native code on other threads, such as
// packing, are left out too. Cases: page, 304, event, statistics, view, question, search, edit, mail, list, invite.

import "./lib/pinned.mjs";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { sleep } from "../e2e/world.mjs";
import { startStandin } from "../ses-standin/standin.mjs";
import { Caller, textOf } from "./lib/measure.mjs";
import { club, firstUid, game, mail, rowsOfPage, seed } from "./lib/season.mjs";
import { deliver, startConvoke } from "./lib/workerd.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "2500" },
    port: { type: "string", default: "8790" },
    lines: { type: "string", default: "12" },
  },
});
const events = Number(options.events);
const port = Number(options.port);
const SAMPLE_US = 100;
// A longer gap between two samples is a pause of the Worker, which nothing is charged with.
const GAP_US_MAX = 1000;
// Enough of each that engine and caches are warm before it counts.
const WARM = 0.2;
const SETTLE_MS = 1500;
const REBUILT_MS = 2500;

const state = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-profile-"));
const ses = await startStandin({ port: 0 });
const vars = { KEYLESS_DAILY_MAX: "10000000", DIGEST_SECS: "3600" };
const convoke = await startConvoke({ state, port, inspectorPort: port + 1, sesEndpoint: ses.url, vars });
const season = club("Harbor League");
const eventId = await seed(convoke, season, events);
await fetch(`${ses.url}/faults`, { method: "PUT", body: JSON.stringify([{ mode: "sink" }]) });
const caller = new Caller(convoke.url);
const headers = { "accept-encoding": "gzip", "mf-cf-blob": JSON.stringify({ clientAcceptEncoding: "gzip" }), "x-api-key": convoke.key };
const get = (where, further) => caller.ask({ path: where, headers: { ...headers, ...further } });

/** V8's profiler of the Worker. */
async function connect() {
  const targets = await (await fetch(`http://127.0.0.1:${port + 1}/json`)).json();
  const { webSocketDebuggerUrl } = targets.find(({ id }) => id.endsWith("user:convoke"));
  const socket = new WebSocket(webSocketDebuggerUrl);
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const waiting = new Map();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    waiting.get(id)?.(result);
    waiting.delete(id);
  };
  let last = 0;
  const send = (method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return { send, close: () => socket.close() };
}

/** Rust's names without hashes and generic arguments, so that what is one function to a reader is one line. */
const plain = (name) =>
  (name || "(script)")
    .replace(/::h[0-9a-f]{16}\b.*$/, "")
    .replace(/\[[0-9a-f]{16}\]/g, "")
    .replace(/ (externref|multivalue|catch) .*$/, "");

/** { cpu, self, whole }: milliseconds a time, in all and by function: by itself, and with what it calls. */
function read({ nodes, samples, timeDeltas }, times) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const [self, whole] = [new Map(), new Map()];
  let cpu = 0;
  for (const [index, sample] of samples.entries()) {
    const ms = Math.min(timeDeltas[index], GAP_US_MAX) / 1000 / times;
    const name = plain(byId.get(sample).callFrame.functionName);
    if (name === "(idle)") continue;
    cpu += ms;
    self.set(name, (self.get(name) ?? 0) + ms);
    const callers = new Set();
    for (let id = sample; id; id = parents.get(id)) callers.add(plain(byId.get(id).callFrame.functionName));
    for (const each of callers) whole.set(each, (whole.get(each) ?? 0) + ms);
  }
  return { cpu, self, whole };
}

async function untilHot(where, rows) {
  for (let waited = 0; waited < 60; waited += 1) {
    const answer = await get(where);
    if (answer.headers["x-convoke-from"] === "kv" && rows(textOf(answer)) >= events) return;
    await sleep(1000);
  }
  throw new Error(`${where}: no snapshot within a minute`);
}

const page = `/s/${season.slug}`;
const list = `/organizer/${season.email}/events`;
let guests = 0;
let edits = 0;

/** A case: how often, what comes before, and what is done each time. */
const CASES = {
  page: { times: 1000, before: () => untilHot(page, rowsOfPage), act: () => get(page) },
  304: {
    times: 1000,
    before: async function () {
      await untilHot(page, rowsOfPage);
      this.known = { "if-none-match": (await get(page)).headers.etag };
    },
    act() {
      return get(page, this.known);
    },
    status: 304,
  },
  event: { times: 1000, act: () => get(`/event/${eventId}`) },
  statistics: { times: 200, act: () => get(`/organizer/${season.email}/statistics`) },
  view: { times: 100, act: () => get(`${page}?lang=en&month=2027-05`) },
  question: { times: 200, act: () => get(`${page}?q=otters+on+weekends`) },
  search: { times: 50, act: () => get(`/v1/organizers/${season.email}/search?q=otters+on+weekends`) },
  // An organizer invites us to another game.
  mail: {
    times: 200,
    act: () => {
      const index = events + ++edits;
      return deliver(convoke, mail(season, game(index), `create@${convoke.domain}`)).then(() => undefined);
    },
  },
  // An organizer moves a game: the mail, the event, D1, and the page anew.
  edit: {
    times: 10,
    before: () => untilHot(page, rowsOfPage),
    act: async () => {
      edits += 1;
      const { etag } = (await get(page)).headers;
      const dtstamp = new Date(Date.now() + 60_000 + edits * 1000);
      const moved = { ...game(0), location: `Field ${edits}` };
      await deliver(convoke, mail(season, moved, `create@${convoke.domain}`, { uid: firstUid(season), sequence: edits, dtstamp }));
      await sleep(REBUILT_MS);
      if ((await get(page)).headers.etag === etag) throw new Error("the page has not changed");
    },
  },
  list: { times: 1000, before: () => untilHot(list, (text) => JSON.parse(text).length), act: () => get(list) },
  invite: {
    times: 100,
    act: () => {
      const body = new URLSearchParams({ email: `guest${++guests}@example.org` }).toString();
      const from = `198.51.${guests % 256}.${Math.floor(guests / 256)}`;
      return caller.ask({ path: `/event/${eventId}/invite`, method: "POST", body, headers: { "cf-connecting-ip": from, "content-type": "application/x-www-form-urlencoded" } });
    },
    status: 303,
  },
};

try {
  const profiler = await connect();
  await profiler.send("Profiler.enable");
  await profiler.send("Profiler.setSamplingInterval", { interval: SAMPLE_US });
  const summary = [];
  const names = positionals.length ? positionals : "page,304,event,statistics,view,question,search,edit,mail,list,invite".split(",");
  for (const name of names) {
    const one = CASES[name];
    if (!one) throw new Error(`no case ${name}: ${Object.keys(CASES).join(", ")}`);
    await one.before?.();
    const act = async () => {
      const answer = await one.act();
      if (answer && answer.status !== (one.status ?? 200)) throw new Error(`${name}: ${answer.status}: ${textOf(answer).slice(0, 300)}`);
    };
    for (let time = 0; time < one.times * WARM; time += 1) await act();
    await sleep(SETTLE_MS);
    await profiler.send("Profiler.start");
    for (let time = 0; time < one.times; time += 1) await act();
    await sleep(SETTLE_MS);
    const { profile } = await profiler.send("Profiler.stop");
    const { cpu, self, whole } = read(profile, one.times);
    const top = (from) => [...from].sort((a, b) => b[1] - a[1]).slice(0, Number(options.lines));
    console.log(`\n${name}: ${cpu.toFixed(2)} ms of the Worker's own CPU, mean of ${one.times}`);
    console.table(top(self).map(([by, ms]) => ({ ms: Number(ms.toFixed(3)), "in itself": by.slice(0, 110) })));
    const ours = [...whole].filter(([by]) => /^(<?[a-z_]+::|<)/.test(by));
    console.table(top(ours).map(([by, ms]) => ({ ms: Number(ms.toFixed(3)), "with what it calls": by.slice(0, 110) })));
    summary.push({ case: name, times: one.times, "CPU ms": Number(cpu.toFixed(2)) });
  }
  console.table(summary);
  profiler.close();
} finally {
  caller.close();
  await convoke.stop();
  await ses.close();
  fs.rmSync(state, { recursive: true, force: true });
}
