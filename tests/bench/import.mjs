// A season comes in:   node tests/bench/import.mjs [--events 2500] [--repeats 3] [--only file,mails] [--port 8790]
//
// As one calendar file by the API, and as that many single mails from eight senders at once, each time for a club that
// nobody has met, on bare workerd with the SES stand-in. Measured is the time from the first byte to the last event on
// the public page; then every event is looked for by title, place and time. CPU is that of workerd, see lib/workerd.mjs.

import "./lib/pinned.mjs";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { sleep } from "../e2e/world.mjs";
import { startStandin } from "../ses-standin/standin.mjs";
import { cpuMs } from "./lib/measure.mjs";
import { club, file, game, mail, rowsOfPage } from "./lib/season.mjs";
import { deliver, startConvoke } from "./lib/workerd.mjs";

const { values: options } = parseArgs({
  options: {
    events: { type: "string", default: "2500" },
    repeats: { type: "string", default: "3" },
    only: { type: "string", default: "file,mails" },
    port: { type: "string", default: "8790" },
  },
});
const events = Number(options.events);
const SENDERS = 8;
const LAST_MAX_MS = 600_000;
const BUDGET_MS = { file: 10_000, mails: 60_000 };

const state = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-import-"));
const ses = await startStandin({ port: 0 });
await fetch(`${ses.url}/faults`, { method: "PUT", body: JSON.stringify([{ mode: "sink" }]) });
const convoke = await startConvoke({ state, port: Number(options.port), sesEndpoint: ses.url, vars: { DIGEST_SECS: "3600" } });
const db = await convoke.mf.getD1Database("DB");
const headers = { "x-api-key": convoke.key };

/** Waits for the last event: in D1 first, which costs the Worker nothing, then on the page itself. */
async function untilShown(of) {
  const count = db.prepare("SELECT count(*) AS n FROM event WHERE owner = ?").bind(of.email);
  const deadline = performance.now() + LAST_MAX_MS;
  const late = () => performance.now() > deadline;
  while ((await count.first("n")) < events && !late()) await sleep(100);
  // A file without a name makes a page that is called by the address.
  const slug = await db.prepare("SELECT slug FROM organizer WHERE address = ?").bind(of.email).first("slug");
  let shown = 0;
  while (!late()) {
    const page = await fetch(`${convoke.url}/s/${slug}`, { signal: AbortSignal.timeout(30_000) });
    shown = rowsOfPage(await page.text());
    if (shown >= events) return;
    await sleep(100);
  }
  throw new Error(`${of.name}: ${await count.first("n")} events in D1 and ${shown} on the page after ${LAST_MAX_MS} ms`);
}

/** Games that are not in the organizer's list, by title and time. */
async function missing(of) {
  const found = new Map();
  const keyOf = (summary, place) => `${summary} | ${place}`;
  const { results } = await db.prepare("SELECT summary, location, json_extract(details, '$.start.at.local') AS start FROM event WHERE owner = ?").bind(of.email).all();
  for (const { summary, location, start } of results) found.set(`${start} ${keyOf(summary, location)}`, true);
  const response = await fetch(`${convoke.url}/organizer/${of.email}/events`, { headers });
  const listed = (await response.json()).length;
  const lost = Array.from({ length: events }, (_, index) => game(index)).filter((one) => !found.has(`${one.start} ${keyOf(one.summary, one.location)}`));
  return { lost: lost.length, listed };
}

const WAYS = {
  /** One file by the API. */
  async file(of) {
    const response = await fetch(`${convoke.url}/v1/organizers/${of.email}/imports`, {
      method: "POST",
      headers: { ...headers, "content-type": "text/calendar" },
      body: file(of, events),
      signal: AbortSignal.timeout(60_000),
    });
    const said = await response.text();
    if (response.status === 404 || response.status === 405) return "POST /v1/organizers/{email}/imports does not answer yet";
    if (!response.ok) throw new Error(`the file was not taken: ${response.status} ${said.slice(0, 300)}`);
    return null;
  },
  /** A mail for each event. */
  async mails(of) {
    let next = 0;
    const send = async () => {
      while (next < events) await deliver(convoke, mails[next++]);
    };
    const mails = Array.from({ length: events }, (_, index) => mail(of, game(index), `create@${convoke.domain}`));
    const started = performance.now();
    await Promise.all(Array.from({ length: SENDERS }, send));
    return { handedOver: performance.now() - started, started };
  },
};

const rows = [];
let failed = false;
try {
  for (const way of options.only.split(",")) {
    for (let repeat = 1; repeat <= Number(options.repeats); repeat += 1) {
      const of = club(`Import ${way} ${repeat}`);
      const cpu = cpuMs(convoke.pid);
      let started = performance.now();
      const answer = await WAYS[way](of);
      if (typeof answer === "string") {
        console.log(`${way}: skipped: ${answer}`);
        break;
      }
      started = answer?.started ?? started;
      const taken = answer?.handedOver ?? performance.now() - started;
      await untilShown(of);
      const shown = performance.now() - started;
      const spent = (cpuMs(convoke.pid) - cpu) / events;
      const { lost, listed } = await missing(of);
      failed ||= lost > 0 || listed !== events;
      rows.push({
        way,
        repeat,
        events,
        "taken s": Number((taken / 1000).toFixed(1)),
        "last on the page s": Number((shown / 1000).toFixed(1)),
        "budget s": BUDGET_MS[way] / 1000,
        "CPU ms an event": Number(spent.toFixed(1)),
        listed,
        lost,
      });
      console.error(`${way} ${repeat}: ${(shown / 1000).toFixed(1)} s`);
    }
  }
  if (rows.length) console.table(rows);
} finally {
  await convoke.stop();
  await ses.close();
  fs.rmSync(state, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
