// How long people wait, on a stack of its own:   node tests/bench/latency.mjs [SAMPLES]
// Prints one line a row: the count, p50, p90, p99 and the longest, in milliseconds, beside the budget of the design.

import { performance } from "node:perf_hooks";
import { sleep, startWorld } from "../e2e/world.mjs";

const samples = Number(process.argv[2] ?? 100);
const PAUSE_MS = 50; // One person at a time: this measures waiting, not throughput.

/** Asks as fast as is useful; a row of 10 ms steps would hide what is measured. */
async function until(ask, timeoutMs = 20_000) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${ask}`);
    await sleep(3);
  }
}

const rows = [];
async function measure(name, budget, prepare, act) {
  const times = [];
  // The first ones warm the runtime up.
  for (let i = -5; i < samples; i += 1) {
    const subject = await prepare(i);
    const started = performance.now();
    const ended = (await act(subject, i)) ?? performance.now();
    if (i >= 0) times.push(ended - started);
    await sleep(PAUSE_MS);
  }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  rows.push({ what: name, n: times.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: times.at(-1), budget });
}

const world = await startWorld();
try {
  const meeting = await world.organizer("google").announced();
  const invite = `/event/${meeting.id}/invite`;

  // The stand-in runs in this process: its own clock says when SES had the mail.
  const accepted = async (email) => {
    const at = await until(async () => {
      const response = await fetch(`${world.standin.url}/messages?brief&to=${encodeURIComponent(email)}`);
      const [mail] = await response.json();
      return mail && Date.parse(mail.receivedAt);
    });
    return at - performance.timeOrigin;
  };
  await measure(
    "invitation: asked by form → accepted by SES",
    "p50 150, p99 1000",
    () => world.guest(),
    async (guest) => {
      const answer = await world.fetch(invite, { method: "POST", body: new URLSearchParams({ email: guest.email, name: guest.name }) });
      if (answer.status !== 303) throw new Error(`${answer.status} ${answer.text}`);
      return accepted(guest.email);
    },
  );
  await measure(
    "invitation: asked with a key → accepted by SES",
    "p50 150, p99 1000",
    () => world.guest(),
    async (guest) => {
      await world.fetch(`${invite}?${new URLSearchParams({ email: guest.email })}`, { key: "standard" });
      return accepted(guest.email);
    },
  );
  await measure(
    "invitation: asked by form → answered",
    "",
    () => world.guest(),
    async (guest) => void (await world.fetch(invite, { method: "POST", body: new URLSearchParams({ email: guest.email }) })),
  );
  await measure(
    "organizer's new event: mail handed over → listed by API",
    "p99 2000",
    () => {
      const organizer = world.organizer("outlook");
      return { mail: organizer.meeting().mail(), path: `/organizer/${encodeURIComponent(organizer.email)}/events` };
    },
    async ({ mail, path }) => {
      await world.take(mail);
      await until(async () => (await world.get(path)).length === 1);
    },
  );
  await measure(
    "organizer's edit: mail handed over → read by API",
    "p99 2000",
    (i) => meeting.change({ location: `Gate ${i + 100}` }),
    async () => {
      await meeting.send();
      await until(async () => (await world.event(meeting.id)).location_html === meeting.says.location);
    },
  );
  const guest = world.guest("google");
  const replied = await world.organizer("apple").announced();
  await replied.invite(guest);
  await measure(
    "guest's answer: mail handed over → counted by API",
    "p99 2000",
    (i) => (i % 2 === 0 ? ["ACCEPTED", "accepted"] : ["DECLINED", "declined"]),
    async ([partstat, word]) => {
      await guest.replies(replied, partstat);
      await until(async () => (await world.statistics(replied.id)).rsvp[word] === 1);
    },
  );
} finally {
  await world.stop();
}

const width = Math.max(...rows.map(({ what }) => what.length));
console.log(`${"milliseconds".padEnd(width)}  ${["n", "p50", "p90", "p99", "max"].map((word) => word.padStart(6)).join("")}  budget`);
for (const { what, n, p50, p90, p99, max, budget } of rows) {
  const numbers = [n, ...[p50, p90, p99, max].map((time) => time.toFixed(0))];
  console.log(`${what.padEnd(width)}  ${numbers.map((number) => String(number).padStart(6)).join("")}  ${budget}`);
}
