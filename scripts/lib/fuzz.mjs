// Runs the targets of tests/fuzz one after the other, each beginning with real calendars and mails.

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Failure, log, main, root, run } from "./project.mjs";
import { ensureCargoFuzz } from "./tools.mjs";

const dir = path.join(root, "tests/fuzz");
const TARGETS = fs.readdirSync(path.join(dir, "fuzz_targets")).map((file) => path.basename(file, ".rs"));

// A mail may take 10 ms in a Worker; this build is some ten times slower than that one, and the machine may be busy.
const SECONDS_A_UNIT_MAX = 5;
const MEMORY_MB_MAX = 512;
const BYTES_A_UNIT_MAX = 64 * 1024;

/** Own fixtures, what we write ourselves, and the corpus where it lies beside the repository. */
function files() {
  const folders = ["tests/fixtures", "shared/imip/tests/golden", "../shared/corpus"].map((folder) => path.join(root, folder));
  const entries = folders.filter((folder) => fs.existsSync(folder)).flatMap((folder) => fs.readdirSync(folder, { recursive: true, withFileTypes: true }));
  return entries.filter((entry) => entry.isFile()).map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name)));
}

const texts = (bytes) => bytes.toString("latin1").replace(/\r?\n[ \t]/g, "");
const calendar = (bytes) => /BEGIN:VCALENDAR[\s\S]*END:VCALENDAR/.exec(bytes.toString("latin1"))?.[0];
const inside = (bytes) => /BEGIN:VEVENT\r?\n([\s\S]*?)END:VEVENT/.exec(bytes.toString("latin1"))?.[1];
const header = (bytes) => bytes.toString("latin1").split(/\r?\n\r?\n/, 1)[0];

/** The part of a file that a target takes; none if there is no such part. */
const SEEDS = {
  mail: (bytes) => bytes,
  calendar,
  round_trip: calendar,
  reply: inside,
  recurrence: (bytes) => texts(bytes).match(/^(RRULE|RDATE|EXDATE|DTSTART|DURATION|RECURRENCE-ID)[:;].*$/gm)?.slice(0, 12).join("\r\n"),
  html: (bytes) => /<html[\s\S]*<\/html>/i.exec(texts(bytes))?.[0] ?? /DESCRIPTION[^:]*:(.*)/.exec(texts(bytes))?.[1],
  // A property list and a recurrence pattern of nothing; the fuzzer writes the rest.
  tnef: () => Buffer.from("010400010000000304000000000007000000", "hex").toString("latin1"),
  authentication: (bytes) => (/^(Received|From):/im.test(header(bytes)) ? `${header(bytes)}\r\n\r\n` : undefined),
};

function writeSeeds(target) {
  const folder = path.join(dir, "target/seeds", target);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const bytes of files()) {
    const seed = (SEEDS[target] ?? SEEDS.mail)(bytes);
    if (!seed || seed.length > BYTES_A_UNIT_MAX) continue;
    const name = createHash("sha256").update(seed).digest("hex").slice(0, 16);
    fs.writeFileSync(path.join(folder, name), seed, "latin1");
  }
  return folder;
}

async function fuzz(cargoFuzz, target, seconds) {
  const corpus = path.join(dir, "corpus", target);
  fs.mkdirSync(corpus, { recursive: true });
  const options = [
    `-max_total_time=${seconds}`,
    `-timeout=${SECONDS_A_UNIT_MAX}`,
    `-rss_limit_mb=${MEMORY_MB_MAX}`,
    `-max_len=${BYTES_A_UNIT_MAX}`,
    `-dict=${path.join(dir, "words.dict")}`,
    "-report_slow_units=1",
    "-print_final_stats=1",
  ];
  // The compiler's own way to let a stable release build what is not yet stable: the fuzzer's counters.
  const env = { ...process.env, RUSTC_BOOTSTRAP: "1", PATH: `${path.dirname(cargoFuzz)}${path.delimiter}${process.env.PATH}` };
  // Nothing here is unsafe: without the address sanitizer the same time tries several times as much.
  const args = ["fuzz", "run", "--fuzz-dir", dir, "--sanitizer", "none", target, corpus, writeSeeds(target), "--", ...options];
  const { code, stderr } = await run("cargo", args, { capture: true, check: false, env });
  const stat = (name) => Number(new RegExp(`stat::${name}:\\s+(\\d+)`).exec(stderr)?.[1] ?? NaN);
  const last = [...stderr.matchAll(/cov: (\d+) ft: (\d+)/g)].at(-1);
  const find = /Test unit written to (.*)/.exec(stderr)?.[1];
  if (code !== 0) log(stderr.split("\n").slice(-60).join("\n"));
  return {
    target,
    executions: stat("number_of_executed_units"),
    "a second": stat("average_exec_per_sec"),
    edges: Number(last?.[1]),
    features: Number(last?.[2]),
    "slowest s": stat("slowest_unit_time_sec"),
    "memory MB": stat("peak_rss_mb"),
    find: find ?? (code === 0 ? "" : `exit code ${code}`),
  };
}

main(async () => {
  const args = process.argv.slice(2);
  const at = args.indexOf("--seconds");
  const seconds = at < 0 ? 60 : Number(args.splice(at, 2)[1]);
  const unknown = args.find((target) => !TARGETS.includes(target));
  if (unknown || !(seconds > 0)) throw new Failure(`usage: scripts/fuzz [TARGET ...] [--seconds N]\ntargets: ${TARGETS.join(" ")}`);
  const cargoFuzz = await ensureCargoFuzz();
  const rows = [];
  for (const target of args.length > 0 ? args : TARGETS) {
    log(`${target}: ${seconds} s`);
    rows.push(await fuzz(cargoFuzz, target, seconds));
  }
  console.table(rows);
  process.exitCode = rows.some((row) => row.find) ? 1 : 0;
});
