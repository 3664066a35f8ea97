// Who runs, and ending exactly what we started. A pid alone may be somebody else's by now:
// a process is the pair of its pid and its start time.

import { isAlive, output, sleep } from "./project.mjs";

async function list() {
  const text = (await output("ps", ["-A", "-o", "pid=,ppid=,stat=,lstart="])) ?? "";
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    // A zombie has ended; only its parent has not looked yet.
    if (!match || match[3].startsWith("Z")) return [];
    return [{ pid: Number(match[1]), parent: Number(match[2]), started: match[4] }];
  });
}

/** A process and everything below it, as { pid, started }. */
export async function tree(...roots) {
  const all = await list();
  const found = all.filter(({ pid }) => roots.includes(pid));
  for (let i = 0; i < found.length; i += 1) {
    found.push(...all.filter((process) => process.parent === found[i].pid && !found.includes(process)));
  }
  return found.map(({ pid, started }) => ({ pid, started }));
}

/** Those of the given processes that still run, and all that they started. */
export async function survivors(processes) {
  const all = await list();
  const alive = processes.filter((process) => all.some((now) => now.pid === process.pid && now.started === process.started));
  return tree(...alive.map(({ pid }) => pid));
}

const signal = (pid, name) => {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
};

/** Asks all to end, waits, then insists. */
export async function end(processes, graceMs = 3000) {
  const targets = await survivors(processes);
  for (const { pid } of targets) signal(pid, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && targets.some(({ pid }) => isAlive(pid))) await sleep(50);
  for (const { pid } of await survivors(targets)) signal(pid, "SIGKILL");
}
