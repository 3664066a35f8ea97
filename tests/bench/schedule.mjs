// Schedule pages, lists, search and invitations beside other ways of making them:
//
//   node tests/bench/schedule.mjs [--rounds 5] [--events 2500] [--growth 100,1000,10000,50000] [--out DIR] [--port 8790]
//
// In one run, in turns, over the same rows: Convoke's Worker, a TypeScript Worker with Hono on the same D1, a plain
// Node server on the same SQLite file, and as limits two Workers that hand out Convoke's own bytes: one from KV, which is
// all that a Worker can do less than Convoke, one from a constant.
// Every Worker has a workerd of its own and is asked at workerd's own socket, one request after the other over one
// connection. CPU is what that process spends (user and system) for a request, less what it spends idle; it holds the
// Worker and the simulated bindings, see lib/workerd.mjs. Ratios are taken within a round; medians over the rounds.
// With --out, the table, the figures as JSON and the charts of growth are left in that directory.

import "./lib/pinned.mjs";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import esbuild from "esbuild";
import { sleep } from "../e2e/world.mjs";
import { startStandin } from "../ses-standin/standin.mjs";
import { chart } from "./lib/chart.mjs";
import { Caller, cpuMs, idleShare, median, percentile, series, textOf } from "./lib/measure.mjs";
import { club, rowsOfPage, seed } from "./lib/season.mjs";
import { startConvoke, startWorker } from "./lib/workerd.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    events: { type: "string", default: "2500" },
    growth: { type: "string", default: "100,1000,10000,50000" },
    only: { type: "string" },
    out: { type: "string" },
    port: { type: "string", default: "8790" },
  },
});
const rounds = Number(options.rounds);
const port = Number(options.port);
const growth = options.growth.split(",").filter(Boolean).map(Number);
const peersDir = path.join(import.meta.dirname, "peers");

// Long enough that a clock of 10 ms steps is a small error, short enough that nobody waits.
const SERIES_MS = 1000;
const [COUNT_MIN, COUNT_MAX] = [12, 1000];
const WARM_MS = 1500;
const INVITATIONS = 40;
const SETTLE_MS = 1500;
const PAGE_MAX = 2500; // A page shows no more; nor does a list.
const SEARCH = "otters";

const PEERS = { convoke: "Convoke", hono: "Hono + D1", node: "node:http + SQLite", kv: "bytes from KV", constant: "constant bytes" };

if (!fs.existsSync(path.join(peersDir, "node_modules", "hono"))) {
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: peersDir, stdio: ["ignore", "ignore", "inherit"] });
}

const state = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-bench-"));
const ses = await startStandin({ port: 0 });
const stops = [() => ses.close(), () => fs.rmSync(state, { recursive: true, force: true })];
// Limits that protect people would end the bench after a few hundred guests.
const vars = { KEYLESS_DAILY_MAX: "10000000", DIGEST_SECS: "3600" };
const convokeOptions = { state: path.join(state, "convoke"), port, sesEndpoint: ses.url, vars };

async function control(method, where, body) {
  const response = await fetch(ses.url + where, { method, body: body && JSON.stringify(body) });
  return response.json();
}

/** The database file that miniflare keeps. */
function databaseFile(persist) {
  const dir = path.join(persist, "v3", "d1", "miniflare-D1DatabaseObject");
  const [file] = fs.readdirSync(dir).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  return path.join(dir, file);
}

function bundle(entry, platform) {
  const outfile = path.join(state, `${path.basename(entry, ".ts")}.mjs`);
  esbuild.buildSync({ entryPoints: [path.join(peersDir, entry)], outfile, bundle: true, format: "esm", platform, target: "es2024", minify: false });
  return outfile;
}

async function startHono(persist) {
  const bindings = { KEY: convoke.key, SES: ses.url, ACCESS_KEY: "AKIDEXAMPLE", SECRET_KEY: "secret" };
  const worker = await startWorker({
    name: "hono",
    port: port + 1,
    persist,
    compatibilityDate: "2026-10-01",
    bindings,
    d1Databases: { DB: { id: "local-db" } },
    modules: [{ type: "ESModule", path: bundle("hono.ts", "browser") }],
  });
  const db = await worker.mf.getD1Database("DB");
  await db.prepare("CREATE TABLE peer_guest (event_id TEXT, address TEXT, PRIMARY KEY (event_id, address)) WITHOUT ROWID").run();
  return worker;
}

async function startNode(file) {
  const args = ["--no-warnings", bundle("node.ts", "node"), file, String(port + 2), convoke.key];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", (code) => reject(new Error(`the Node server ended: ${code}`)));
  });
  return { url: `http://127.0.0.1:${port + 2}`, pid: child.pid, stop: () => child.kill() };
}

/** Convoke's own answers as the constants. */
async function startConstant(paths) {
  const dir = path.join(state, "constant");
  fs.mkdirSync(dir);
  const index = {};
  const all = [];
  let at = 0;
  const caller = new Caller(convoke.url);
  for (const where of paths) {
    const { headers, bytes } = await caller.ask({ path: where, headers: ASK });
    const kept = ["content-type", "content-encoding", "etag", "cache-control"].filter((name) => headers[name]);
    index[where.split("?")[0]] = {
      from: at,
      to: (at += bytes.length),
      headers: { etag: '"constant"', ...Object.fromEntries(kept.map((name) => [name, headers[name]])) },
    };
    all.push(bytes);
  }
  caller.close();
  fs.writeFileSync(path.join(dir, "answers.bin"), Buffer.concat(all));
  fs.writeFileSync(path.join(dir, "answers.mjs"), `export default ${JSON.stringify(index)};`);
  fs.copyFileSync(path.join(peersDir, "constant.mjs"), path.join(dir, "constant.mjs"));
  const module = (type, name) => ({ type, path: path.join(dir, name) });
  return startWorker({
    name: "constant",
    port: port + 3,
    persist: path.join(dir, "data"),
    compatibilityDate: "2026-10-01",
    modules: [module("ESModule", "constant.mjs"), module("ESModule", "answers.mjs"), module("Data", "answers.bin")],
  });
}

/** Convoke's own snapshots in a KV of its own. */
async function startKv(endings) {
  const names = await snapshotKeys();
  const KEYS = Object.fromEntries(Object.entries(endings).map(([where, end]) => [where, names.find((name) => name.endsWith(end))]));
  const worker = await startWorker({
    name: "kv",
    port: port + 4,
    persist: path.join(state, "kv"),
    compatibilityDate: "2026-10-01",
    bindings: { KEYS },
    kvNamespaces: { PAGES: { id: "pages" } },
    modules: [{ type: "ESModule", path: path.join(peersDir, "kv.mjs") }],
  });
  const copy = await worker.mf.getKVNamespace("PAGES");
  for (const name of Object.values(KEYS)) {
    const { value, metadata } = await pages.getWithMetadata(name, "arrayBuffer");
    await copy.put(name, value, { metadata });
  }
  return worker;
}

const notes = [];

// ---- the same rows everywhere ---------------------------------------------------------------------------------------

const season = club("Harbor League");
const seasons = growth.map((count) => ({ count, of: count === Number(options.events) ? season : club(`League of ${count}`) }));

let convoke = await startConvoke(convokeOptions);
console.error(`${options.events} events, and ${growth.join(", ") || "no others"} for growth`);
const eventId = await seed(convoke, season, Number(options.events));
for (const { count, of } of seasons) if (of !== season) await seed(convoke, of, count);
await convoke.stop();
// Both begin with the same file; each writes only its own.
const copies = { hono: path.join(state, "hono"), node: path.join(state, "node") };
for (const dir of Object.values(copies)) fs.cpSync(path.join(convoke.persist, "v3", "d1"), path.join(dir, "v3", "d1"), { recursive: true });
convoke = await startConvoke(convokeOptions);

// As the edge hands a request over: what the client can unpack stands in cf, and every client has an address.
const ASK = { "accept-encoding": "gzip", "mf-cf-blob": JSON.stringify({ clientAcceptEncoding: "gzip" }), "x-api-key": convoke.key };
const fromSomewhere = () => ({ "mf-cf-blob": ASK["mf-cf-blob"], "cf-connecting-ip": `198.51.${Math.floor(Math.random() * 256)}.${Math.floor(Math.random() * 256)}` });

const pages = await convoke.mf.getKVNamespace("PAGES");
const snapshotKeys = async () => (await pages.list()).keys.map(({ name }) => name);
/** Whether the answer came out of KV; the local build says so. */
const fromKv = ({ headers }) => headers["x-convoke-from"] === "kv";
/** Waits until a page is published with all its events. */
async function untilHot(where, rows, expected) {
  const caller = new Caller(convoke.url);
  let hot = false;
  for (let waited = 0; waited < 60 && !hot; waited += 1) {
    const answer = await caller.ask({ path: where, headers: ASK });
    hot = fromKv(answer) && rows(textOf(answer)) >= expected;
    if (!hot) await sleep(1000);
  }
  caller.close();
  if (!hot) notes.push(`${where}: no snapshot in KV within a minute; Convoke renders it from D1 each time`);
  return hot;
}

const rowsOfList = (text) => JSON.parse(text).length;
const pagePath = `/s/${season.slug}`;
const listPath = `/organizer/${season.email}/events`;
const shownMax = Math.min(Number(options.events), PAGE_MAX);
const snapshotsThere = (await untilHot(pagePath, rowsOfPage, shownMax)) && (await untilHot(listPath, rowsOfList, shownMax));
await control("PUT", "/faults", [{ mode: "sink" }]);
await control("PUT", "/quota", { MaxSendRate: 100_000, Max24HourSend: 100_000_000 });

const running = {
  convoke,
  hono: await startHono(copies.hono),
  node: await startNode(databaseFile(copies.node)),
  constant: await startConstant([pagePath, listPath]),
  kv: await startKv({ [pagePath]: `schedule/-/${season.slug}`, [listPath]: `events/-/${season.email}` }),
};
for (const { stop } of Object.values(running)) stops.unshift(stop);
for (const peer of Object.values(running)) peer.caller = new Caller(peer.url);

// ---- cases ----------------------------------------------------------------------------------------------------------

const get = (where, headers = {}) => ({ path: where, headers: { ...ASK, ...headers } });

const searchPath = await (async () => {
  const api = `/v1/organizers/${season.email}/search?q=${SEARCH}`;
  const { status } = await running.convoke.caller.ask(get(api));
  const page = `${pagePath}?q=${SEARCH}`;
  // The page's own search is what the peers have, too.
  return { page, api: status === 200 ? api : null };
})();

/** Everything in KV is gone before each request; what that costs by itself is measured and taken off. */
const remembered = new Set();
async function forgetSnapshots() {
  for (const key of await snapshotKeys()) remembered.add(key);
  await Promise.all([...remembered].map((key) => pages.delete(key)));
}

const CASES = [
  { id: "page", name: "schedule page, hot", path: pagePath, rows: rowsOfPage, peers: ["convoke", "hono", "node", "kv", "constant"], hot: true },
  { id: "304", name: "schedule page, 304", path: pagePath, status: 304, peers: ["convoke", "hono", "node", "kv", "constant"], hot: true },
  { id: "list", name: "list of an organizer", path: listPath, rows: rowsOfList, peers: ["convoke", "hono", "node", "kv", "constant"], hot: true },
  { id: "event", name: "one event", path: `/event/${eventId}`, rows: (text) => (JSON.parse(text).uid ? 1 : 0), peers: ["convoke", "hono", "node"] },
  { id: "statistics", name: "statistics of an organizer", path: `/organizer/${season.email}/statistics`, rows: (text) => JSON.parse(text).attendees, peers: ["convoke", "hono", "node"] },
  { id: "search", name: `search "${SEARCH}" on the page`, path: searchPath.page, rows: rowsOfPage, peers: ["convoke", "hono", "node"] },
  // Out of what the isolate remembers; its very first page comes out of D1 and costs several times as much. What it
  // forgets is ordered again only a minute and a half later, so nothing hot comes after it.
  { id: "cold", name: "schedule page, no snapshot", path: pagePath, rows: rowsOfPage, peers: ["convoke", "hono", "node"], cold: true },
  { id: "invite", name: "invitation, by form", path: `/event/${eventId}/invite`, status: 303, invite: true, peers: ["convoke", "hono"] },
].filter(({ id }) => !options.only || options.only.split(",").includes(id));

if (!searchPath.api) notes.push(`search by API: skipped, /v1/organizers/{email}/search does not answer yet`);

let guests = 0;
function invitation(where) {
  guests += 1;
  const body = new URLSearchParams({ email: `guest${guests}@example.org` }).toString();
  return { path: where, method: "POST", body, headers: { ...fromSomewhere(), "content-type": "application/x-www-form-urlencoded" } };
}

/** What is asked, and how often; checks that everybody answers the same. */
async function prepare(one) {
  if (one.invite) return { counts: Object.fromEntries(one.peers.map((id) => [id, INVITATIONS])), requests: {} };
  const requests = {};
  const counts = {};
  const seen = {};
  let encoding = "gzip";
  for (const id of one.peers) {
    const { caller } = running[id];
    const first = await caller.ask(get(one.path));
    if (first.status !== 200) {
      notes.push(`${one.name}: skipped for ${PEERS[id]}, which answers ${first.status}`);
      continue;
    }
    // A Worker that leaves packing to the edge is compared with others that do.
    if (id === "convoke" && first.headers["content-encoding"] !== "gzip") encoding = "identity";
    requests[id] = get(one.path, { "accept-encoding": encoding });
    if (one.status === 304) {
      if (!first.headers.etag) {
        notes.push(`${one.name}: skipped for ${PEERS[id]}, which gives no ETag`);
        delete requests[id];
        continue;
      }
      requests[id].headers["if-none-match"] = first.headers.etag;
    } else {
      const again = await caller.ask(requests[id]);
      seen[id] = { rows: one.rows(textOf(again)), bytes: again.bytes.length, from: fromKv(again) ? "KV" : "" };
    }
    // Until the engines have compiled what is hot.
    const warmed = performance.now() + WARM_MS;
    let ms;
    for (let asked = 0; asked < COUNT_MIN || (performance.now() < warmed && asked < COUNT_MAX); asked += 1) ({ ms } = await caller.ask(requests[id]));
    counts[id] = Math.min(COUNT_MAX, Math.max(COUNT_MIN, Math.round(SERIES_MS / ms)));
  }
  const rows = new Set(Object.values(seen).map((each) => each.rows));
  if (rows.size > 1) notes.push(`${one.name}: NOT EQUAL: ${Object.entries(seen).map(([id, each]) => `${PEERS[id]} ${each.rows}`).join(", ")} events`);
  return { counts, requests, seen, encoding };
}

async function measure(one, id, { counts, requests }) {
  const { caller, pid } = running[id];
  const count = counts[id];
  const idle = await idleShare(pid, 300);
  if (one.invite) {
    const { accepted } = await control("GET", "/stats");
    const started = cpuMs(pid);
    const begun = performance.now();
    const { times } = await series({ caller, pid, count, status: 303, request: () => invitation(one.path) });
    for (let waited = 0; (await control("GET", "/stats")).accepted < accepted + count; waited += 1) {
      if (waited > 200) throw new Error(`${PEERS[id]}: invitations are missing at the stand-in`);
      await sleep(50);
    }
    await sleep(SETTLE_MS);
    return { times, cpu: (cpuMs(pid) - started - idle * (performance.now() - begun)) / count };
  }
  if (!(id in requests)) return null;
  const request = requests[id];
  const isWanted = (answer) => {
    if (id === "convoke" && one.cold && fromKv(answer)) throw new Error(`${one.name}: came out of KV`);
  };
  const shared = { caller, pid, idle, request, status: one.status ?? 200, check: isWanted };
  if (!one.cold || id !== "convoke" || !snapshotsThere) return series({ ...shared, count });
  await forgetSnapshots();
  const before = cpuMs(pid);
  for (let times = 0; times < COUNT_MIN; times += 1) await forgetSnapshots();
  const price = (cpuMs(pid) - before) / COUNT_MIN;
  return series({ ...shared, count: COUNT_MIN, before: forgetSnapshots, control: price });
}

/** Takes turns: in each round everybody is asked, and another one begins. */
async function inTurns(one, measured) {
  const prepared = await prepare(one);
  const found = Object.fromEntries(one.peers.map((id) => [id, []]));
  for (let round = 0; round < measured; round += 1) {
    for (let turn = 0; turn < one.peers.length; turn += 1) {
      const id = one.peers[(round + turn) % one.peers.length];
      const answer = await measure(one, id, prepared);
      found[id].push(answer && { cpu: answer.cpu, p50: percentile(answer.times, 0.5), p99: percentile(answer.times, 0.99) });
    }
  }
  return { ...prepared, found };
}

const summary = (found, field) => {
  const values = found.filter(Boolean).map((one) => one[field]);
  return values.length ? median(values) : null;
};
/** How many times what Convoke needs, in the same round. */
const ratio = (ours, theirs, field) => {
  const values = theirs.flatMap((one, round) => (one && ours[round] && ours[round][field] > 0 ? [one[field] / ours[round][field]] : []));
  return values.length ? median(values) : null;
};

try {
  const results = [];
  for (const one of CASES) {
    if (one.hot && snapshotsThere) await untilHot(one.path, one.rows ?? rowsOfPage, shownMax);
    const { counts, seen, encoding, found } = await inTurns(one, rounds);
    for (const id of one.peers) {
      if (summary(found[id], "cpu") === null) continue;
      results.push({
        case: one.name,
        by: PEERS[id],
        requests: counts[id] * rounds,
        "events in it": one.status || !seen ? "" : seen[id].rows,
        bytes: seen?.[id]?.bytes ?? "",
        from: seen?.[id]?.from ?? "",
        packed: one.status ? "" : encoding,
        "CPU ms": Number(summary(found[id], "cpu").toFixed(2)),
        "p50 ms": Number(summary(found[id], "p50").toFixed(2)),
        "p99 ms": Number(summary(found[id], "p99").toFixed(2)),
        "× CPU": id === "convoke" ? 1 : Number(ratio(found.convoke, found[id], "cpu")?.toFixed(2) ?? NaN),
        "× p50": id === "convoke" ? 1 : Number(ratio(found.convoke, found[id], "p50")?.toFixed(2) ?? NaN),
      });
    }
    console.error(`measured: ${one.name}`);
  }

  const grown = [];
  for (const { count, of } of seasons) {
    for (const [what, where, rows] of [
      ["page", `/s/${of.slug}`, rowsOfPage],
      ["list", `/organizer/${of.email}/events`, rowsOfList],
    ]) {
      await untilHot(where, rows, Math.min(count, PAGE_MAX));
      const one = { name: `${what} of ${count}`, path: where, rows, peers: ["convoke", "hono", "node"] };
      const { seen, found } = await inTurns(one, Math.min(rounds, 3));
      for (const id of one.peers) {
        const cpu = summary(found[id], "cpu");
        if (cpu === null) continue;
        const [cpuMs, p50Ms] = [cpu, summary(found[id], "p50")].map((value) => Number(value.toFixed(2)));
        const { rows: shown, bytes, from } = seen[id];
        grown.push({ what, events: count, by: PEERS[id], "events in it": shown, bytes, from, "CPU ms": cpuMs, "p50 ms": p50Ms });
      }
    }
    console.error(`measured: growth, ${count} events`);
  }

  console.table(results);
  if (grown.length) console.table(grown);
  for (const note of notes) console.log(note);
  const of = (name, by, field) => results.find((row) => row.case === name && row.by === by)?.[field];
  const budget = (what, value, meets) => {
    if (value !== undefined) console.log(`${meets(value) ? "met" : "NOT MET"}: ${what}: ${value}`);
  };
  for (const [what, name] of [["hot page", "schedule page, hot"], ["list", "list of an organizer"]]) {
    budget(`${what}, CPU under 1 ms`, of(name, "Convoke", "CPU ms"), (ms) => ms < 1);
    budget(`${what}, Hono's CPU at least 15 times`, of(name, PEERS.hono, "× CPU"), (times) => times >= 15);
  }
  budget("304, CPU under 0.3 ms", of("schedule page, 304", "Convoke", "CPU ms"), (ms) => ms < 0.3);
  // The simulated KV is in the process; a Worker that only reads it has the same.
  for (const name of ["schedule page, hot", "schedule page, 304", "list of an organizer"]) {
    const [ours, least] = ["Convoke", PEERS.kv].map((by) => of(name, by, "CPU ms"));
    if (ours !== undefined) console.log(`${name}: ${(ours - least).toFixed(2)} ms of CPU more than bytes from KV`);
  }

  if (options.out) {
    fs.mkdirSync(options.out, { recursive: true });
    fs.writeFileSync(path.join(options.out, "schedule.json"), JSON.stringify({ results, grown, notes }, null, 1));
    for (const what of ["page", "list"]) {
      const lines = ["convoke", "hono", "node"].map((id) => ({
        name: PEERS[id],
        points: grown.filter((row) => row.what === what && row.by === PEERS[id]).map((row) => [row.events, row["CPU ms"]]),
      }));
      if (lines.every(({ points }) => points.length > 0)) {
        const title = { page: "A schedule page by the events of its organizer", list: "The list of an organizer by his events" }[what];
        fs.writeFileSync(path.join(options.out, `growth-${what}.svg`), chart({ title, x: "events of the organizer", y: "CPU ms", lines }));
      }
    }
    console.log(`written to ${options.out}`);
  }
} finally {
  for (const peer of Object.values(running)) peer.caller.close();
  for (const stop of stops) await stop();
}
