// How fast calendars are read, beside ical.js and Python's icalendar:   node tests/bench/read.mjs [ROUNDS]
//
// All three take the same fields out of the same bytes; only files of which they say the same are timed, and the
// count of those that are not is shown. They take turns, so that a busy machine is busy for all.
// Python's icalendar must be installed (pip install icalendar) for PYTHON, python3 by default.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { corpusCalendars } from "../readers/programs.mjs";
import { feed, series, singles } from "./calendars.mjs";

const rounds = Number(process.argv[2] ?? 7);
const root = path.resolve(import.meta.dirname, "../..");

/** A program that reads; asked one question at a time. */
class Program {
  constructor(name, times, command, args) {
    Object.assign(this, { name, times, command, args, unfinished: 0 });
    this.start();
  }
  start() {
    this.child = spawn(this.command, this.args, { stdio: ["pipe", "pipe", "inherit"] });
    this.answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  /** Null if there is no answer in time: some calendars keep some programs busy for hours. */
  async ask(question, timeoutMs = 600_000) {
    this.child.stdin.write(`${question}\n`);
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs, "late")));
    const answer = await Promise.race([this.answers.next(), late]);
    clearTimeout(timer);
    if (answer === "late") {
      this.unfinished += 1;
      this.child.kill("SIGKILL");
      this.start();
      return null;
    }
    assert.ok(!answer.done, `${this.name} ended`);
    return JSON.parse(answer.value);
  }
}

/** Parts of a rule in one order, without those that only repeat a default. */
const rule = (text) =>
  text.toUpperCase().split(";").filter((part) => !["INTERVAL=1", "WKST=MO", ""].includes(part)).sort().join(";");
const comparable = (events) => JSON.stringify(events?.map((event) => event.with(4, rule(event[4]))).sort() ?? null);

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-read-"));
const made = { singles: singles(400), series: series(80), feed: [feed(2500)], corpus: await corpusCalendars() };
const sets = {};
for (const [name, calendars] of Object.entries(made)) {
  if (calendars.length === 0) continue;
  sets[name] = calendars.map((bytes, index) => {
    const file = path.join(dir, `${name}-${index}.ics`);
    fs.writeFileSync(file, bytes);
    return file;
  });
}
const lists = path.join(dir, "sets.json");

const build = ["build", "-q", "--profile", "bench", "-p", "imip", "--example", "read_fields", "--message-format", "json"];
const artifacts = execFileSync("cargo", build, { cwd: root, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 });
const executable = artifacts.toString().trim().split("\n").map((line) => JSON.parse(line)).findLast((one) => one.executable).executable;

const start = () => [
  new Program("convoke", 20, executable, [lists]),
  new Program("ical.js", 2, process.execPath, [path.join(import.meta.dirname, "read_icaljs.mjs"), lists]),
  new Program("icalendar", 1, process.env.PYTHON ?? "python3", [path.join(import.meta.dirname, "read_icalendar.py"), lists]),
];

try {
  fs.writeFileSync(lists, JSON.stringify(sets));
  const checkers = start();
  const timed = {};
  for (const [name, files] of Object.entries(sets)) {
    const said = [];
    for (const program of checkers) {
      const answers = [];
      for (const index of files.keys()) answers.push(comparable(await program.ask(`check ${name} ${index}`, 10_000)));
      said.push(answers);
    }
    const [ours, ...others] = said;
    timed[name] = files.filter((_, index) => ours[index] !== "null" && others.every((other) => other[index] === ours[index]));
    if (process.env.SHOW_DIFFERENCES) {
      files.forEach((file, index) => {
        if (!timed[name].includes(file)) fs.appendFileSync(process.env.SHOW_DIFFERENCES, `${file}\n${said.map((one) => one[index]).join("\n")}\n\n`);
      });
    }
  }
  for (const { name, child, unfinished } of checkers) {
    child.stdin.end();
    if (unfinished > 0) console.log(`${name} did not finish ${unfinished} files within 10 s each`);
  }

  fs.writeFileSync(lists, JSON.stringify(timed));
  const programs = start();
  const rows = [];
  for (const [name, files] of Object.entries(timed)) {
    if (files.length === 0) continue;
    const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
    const seconds = programs.map(() => []);
    // The first round warms the runtimes up.
    for (let round = -1; round < rounds; round += 1) {
      const sums = [];
      for (const [index, program] of programs.entries()) {
        const [elapsed, sum] = await program.ask(`time ${name} ${program.times}`);
        if (round >= 0) seconds[index].push(elapsed / program.times);
        sums.push(sum / program.times);
      }
      assert.ok(sums.every((sum) => sum === sums[0]), `${name}: the same fields: ${sums}`);
    }
    const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
    const ratios = (index) => {
      const each = seconds[index].map((one, round) => one / seconds[0][round]);
      return `${median(each).toFixed(1)} (${Math.min(...each).toFixed(1)} to ${Math.max(...each).toFixed(1)})`;
    };
    const milliseconds = (index) => Number((1000 * median(seconds[index])).toFixed(2));
    rows.push({
      set: name,
      files: `${files.length} of ${sets[name].length}`,
      MB: Number((bytes / 1e6).toFixed(2)),
      "convoke ms": milliseconds(0),
      "MB/s": Number((bytes / 1e6 / median(seconds[0])).toFixed(1)),
      "ical.js ms": milliseconds(1),
      "icalendar ms": milliseconds(2),
      "× ical.js": ratios(1),
      "× icalendar": ratios(2),
    });
  }
  for (const { child } of programs) child.stdin.end();
  console.table(rows);
} finally {
  fs.rmSync(dir, { recursive: true, force: true });
}
