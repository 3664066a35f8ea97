// Requests one after the other, how long each took, and the CPU time of the process that answered them.

import fs from "node:fs";
import http from "node:http";
import { performance } from "node:perf_hooks";
import zlib from "node:zlib";
import { sleep } from "../../e2e/world.mjs";

// USER_HZ, which is 100 on every Linux that Node runs on.
const TICK_MS = 10;

/** User and system time of a process so far, in milliseconds. */
export function cpuMs(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Milliseconds of CPU that a process spends each millisecond while nobody asks it. */
export async function idleShare(pid, ms = 500) {
  const [before, started] = [cpuMs(pid), performance.now()];
  await sleep(ms);
  return (cpuMs(pid) - before) / (performance.now() - started);
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** One connection, kept open. */
export class Caller {
  #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url) {
    this.url = new URL(url);
  }

  /** { status, headers, bytes (as they came), ms }. */
  ask({ path, method = "GET", headers = {}, body }) {
    return new Promise((resolve, reject) => {
      const started = performance.now();
      const request = http.request(
        { host: this.url.hostname, port: this.url.port, path, method, headers, agent: this.#agent, timeout: 30_000 },
        (response) => {
          const chunks = [];
          response.on("data", (chunk) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks), ms: performance.now() - started }),
          );
        },
      );
      request.on("timeout", () => request.destroy(new Error(`${path}: no answer within 30 s`)));
      request.on("error", reject);
      request.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

/** The text of an answer, unpacked. */
export function textOf({ headers, bytes }) {
  return (headers["content-encoding"] === "gzip" ? zlib.gunzipSync(bytes) : bytes).toString();
}

/**
 * Asks `count` times, and does `before` each time what is not measured as waiting; `control` is what that costs. Every
 * answer must have the status and pass `check`. Returns { times, cpu (ms a request) }.
 */
export async function series({ caller, pid, idle = 0, count, request, status, before, control = 0, check }) {
  const times = [];
  const [cpu, started] = [cpuMs(pid), performance.now()];
  for (let index = 0; index < count; index += 1) {
    await before?.();
    const answer = await caller.ask(typeof request === "function" ? request(index) : request);
    if (answer.status !== status) throw new Error(`${caller.url}: ${answer.status} instead of ${status}: ${textOf(answer).slice(0, 300)}`);
    check?.(answer);
    times.push(answer.ms);
  }
  const spent = cpuMs(pid) - cpu - idle * (performance.now() - started);
  return { times, cpu: Math.max(0, spent / count - control) };
}

export function percentile(times, share) {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
