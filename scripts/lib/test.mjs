// Everything that must hold before a commit, in the order in which it fails fastest.
// Every section runs even if an earlier one failed; the last line sums up.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { install } from "../../tests/peers/cyrus/install.mjs";
import { install as installChromium } from "../../tests/ui/chromium.mjs";
import { PLACES, buildWorker } from "./build.mjs";
import { Failure, log, main, pinnedNode, root, wrangler, wranglerEnv } from "./project.mjs";
import { ensureCargoDeny, ensurePythonReaders, ensureTools } from "./tools.mjs";

// The smallest plan takes 3 MB. What fills it: ARCHITECTURE.md, decisions of our own.
const WASM_GZIP_BYTES_MAX = 1_250_000;
const WORKER = "invite-server";

/** Runs a program, shows its output as it comes, and gives it back as text. */
function show(command, args, { env = process.env, hide = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
        if (!hide) process.stdout.write(chunk);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      if (hide && code !== 0) process.stdout.write(text);
      resolve({ ok: code === 0, text: stripVTControlCharacters(text) });
    });
  });
}

/** A check that only passes or fails. */
const check = async (...args) => {
  const { ok } = await show(...args);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
};

const sum = (results) => results.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), { passed: 0, failed: 0 });

/** A test runner's own counts; one failure if it failed without saying how often. */
function counted({ ok, text }, pattern) {
  const counts = sum([...text.matchAll(pattern)].map(({ groups }) => ({ passed: Number(groups.passed), failed: Number(groups.failed) })));
  return { passed: counts.passed, failed: ok ? counts.failed : Math.max(counts.failed, 1) };
}

const cargoTest = async (...args) =>
  counted(await show("cargo", ["test", ...args]), /^test result: \S+ (?<passed>\d+) passed; (?<failed>\d+) failed/gm);

async function nodeTest(...patterns) {
  return nodeTestWith({}, ...patterns);
}

async function nodeTestWith(env, ...patterns) {
  const options = { env: { ...process.env, ...env } };
  const result = await show(pinnedNode, ["--test", "--test-reporter=spec", "--test-concurrency=1", ...patterns], options);
  // Cancelled tests (a suite's set-up failed) are failures to node's exit code, and to us.
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(result.text)?.[1] ?? 0);
  const failed = count("fail") + count("cancelled");
  return { passed: count("pass"), failed: result.ok ? failed : Math.max(failed, 1) };
}

const clippy = (...args) => check("cargo", ["clippy", ...args, "--", "-D", "warnings"]);

async function production() {
  const { gzip, wasm } = await buildWorker("production");
  const small = gzip < WASM_GZIP_BYTES_MAX;
  console.log(`wasm: ${gzip} bytes gzip, budget ${WASM_GZIP_BYTES_MAX}${small ? "" : ": TOO LARGE"}`);
  const bytes = fs.readFileSync(wasm);
  const told = PLACES.map(([place]) => place).filter((place) => bytes.includes(place));
  console.log(`wasm: ${told.length ? `NAMES ${told.join(", ")}` : "names no place on this machine"}`);
  const checks = [small, told.length === 0];
  return { passed: checks.filter(Boolean).length, failed: checks.filter((ok) => !ok).length };
}

async function dryRun(environment) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-dry-run-"));
  try {
    const command = wrangler("deploy", "--dry-run", `--env=${environment}`, "--outdir", path.join(dir, "out"));
    return await check(...command, { env: { ...wranglerEnv(dir), CONVOKE_BUILD: "production" }, hide: true });
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

async function cargoDeny() {
  const command = await ensureCargoDeny();
  if (!command) return { passed: 0, failed: 0, skipped: "cargo-deny could not be installed here" };
  return check(command, ["--log-level", "warn", "check", "licenses", "bans", "sources"]);
}

/** By ical.js and postal-mime always, by Python's icalendar and dateutil where Python can install them. */
async function readers() {
  const python = process.env.PYTHON ?? (await ensurePythonReaders());
  return nodeTestWith(python ? { PYTHON: python } : {}, "tests/readers/*.test.mjs");
}

/** Convoke and a calendar server of others, mail by mail. Only where that server is, or can be installed. */
async function peers() {
  const missing = install();
  if (missing) return { passed: 0, failed: 0, skipped: missing };
  return nodeTest("tests/peers/**/*.test.mjs");
}

/** Pages in a real browser. Without one nothing is known about them, so that is a failure. */
async function ui() {
  const missing = installChromium();
  if (missing) throw new Failure(missing);
  return nodeTest("tests/ui/*.test.mjs");
}

/** id, what it is, whether --quick runs it, how. */
const SECTIONS = [
  ["format", "rustfmt", true, () => check("cargo", ["fmt", "--check"])],
  ["lint", "clippy, native", true, () => clippy("--workspace", "--all-targets")],
  ["rust", "Rust tests", true, () => cargoTest("--no-fail-fast", "--workspace")],
  [
    "lint-wasm",
    "clippy, the Worker for wasm: production and local",
    false,
    async () => {
      const worker = ["-p", WORKER, "--target", "wasm32-unknown-unknown"];
      return sum([await clippy(...worker), await clippy(...worker, "--features", "local")]);
    },
  ],
  ["deny", "licences, banned crates, sources", false, cargoDeny],
  ["standin", "SES and DNS stand-ins", false, () => nodeTest("tests/ses-standin/*.test.mjs", "tests/doh-standin/*.test.mjs")],
  ["readers", "what is sent, read by other programs", false, readers],
  ["probe", "the same answers in WebAssembly", false, () => nodeTest("tests/wasm-probe/*.test.mjs")],
  ["size", "production build: its size, and that it names no place on this machine", false, production],
  ["deploy", "wrangler deploy --dry-run: production, staging", false, async () => sum([await dryRun(""), await dryRun("staging")])],
  ["e2e", "the local stack, end to end", false, () => nodeTest("tests/e2e/**/*.test.mjs")],
  ["ui", "the pages in Chromium: axe-core, keyboard, no script, paper, screen reader", false, ui],
  ["peers", "Cyrus IMAP as organizer and guest, over the local stack", false, peers],
];

const USAGE = `usage: scripts/test [--quick] [SECTION ...]
sections: ${SECTIONS.map(([id]) => id).join(" ")}`;

const seconds = (started) => `${((Date.now() - started) / 1000).toFixed(1)} s`;

main(async () => {
  const args = process.argv.slice(2);
  if (args.includes("-h") || args.includes("--help")) return log(USAGE);
  const quick = args.includes("--quick");
  const wanted = args.filter((arg) => arg !== "--quick");
  const unknown = wanted.find((arg) => !SECTIONS.some(([id]) => id === arg));
  if (unknown) throw new Failure(`${unknown} is no section\n${USAGE}`);
  const sections = SECTIONS.filter(([id, , isQuick]) => (wanted.length > 0 ? wanted.includes(id) : !quick || isQuick));

  if (sections.some(([, , isQuick]) => !isQuick)) await ensureTools();
  const total = { passed: 0, failed: 0 };
  const report = [];
  for (const [id, title, , runSection] of sections) {
    console.log(`\n== ${id}: ${title} ==`);
    const started = Date.now();
    let result;
    try {
      result = await runSection();
    } catch (error) {
      console.log(error instanceof Failure ? `error: ${error.message}` : error.stack);
      result = { passed: 0, failed: 1 };
    }
    total.passed += result.passed;
    total.failed += result.failed;
    const verdict = result.skipped ? `skipped: ${result.skipped}` : `${result.passed} passed, ${result.failed} failed`;
    report.push(`${result.failed > 0 ? "FAILED" : "ok"}\t${id}\t${verdict}\t${seconds(started)}`);
    console.log(`-- ${id}: ${verdict}, ${seconds(started)}`);
  }
  console.log(`\n${report.join("\n")}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
});
