// Where things lie, and how the scripts run other programs. No dependencies: this file is read before `npm ci`.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** Build tools that are compiled once and shared by all checkouts of one user. */
export const toolsDir =
  process.env.CONVOKE_TOOLS ||
  path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "convoke", "tools");

/** The node that package.json pins; wrangler refuses older ones. */
export const pinnedNode = path.join(root, "node_modules", "node", "bin", "node");

const wranglerCli = path.join(root, "node_modules", "wrangler", "wrangler-dist", "cli.js");

/** Wrangler without its launcher process, so that a signal reaches the process that holds the runtime. */
export const wrangler = (...args) => [pinnedNode, ["--no-warnings", wranglerCli, ...args]];

/** Wrangler must neither ask nor report, and must keep what it writes where we say. */
export const wranglerEnv = (dir) => ({
  ...process.env,
  CI: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  // Tracing every request into a database of its own costs half as much again as serving it.
  X_LOCAL_OBSERVABILITY: process.env.X_LOCAL_OBSERVABILITY ?? "false",
  WRANGLER_LOG_PATH: path.join(dir, "wrangler-logs"),
  WRANGLER_REGISTRY_PATH: path.join(dir, "wrangler-registry"),
  WRANGLER_CACHE_DIR: path.join(dir, "wrangler-cache"),
});

export const log = (line) => process.stderr.write(`${line}\n`);

export class Failure extends Error {}

/** Runs a program to its end. Its output goes to standard error unless `capture` asks for it. */
export function run(command, args, { capture = false, quiet = false, check = true, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["ignore", capture || quiet ? "pipe" : 2, capture || quiet ? "pipe" : 2],
      ...options,
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", (error) =>
      reject(error.code === "ENOENT" ? new Failure(`${command}: not found`) : error),
    );
    child.on("close", (code, signal) => {
      if (check && code !== 0) {
        if (quiet) process.stderr.write(stdout + stderr);
        reject(new Failure(`${path.basename(command)} ${args.join(" ")}: ${signal ?? `exit code ${code}`}`));
      } else {
        resolve({ code, signal, stdout, stderr });
      }
    });
  });
}

/** What a program prints, or null if it is not there or fails. */
export async function output(command, args, options = {}) {
  try {
    return (await run(command, args, { capture: true, ...options })).stdout.trim();
  } catch {
    return null;
  }
}

export const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One process at a time; the lock of a process that died is taken over. */
export async function withLock(file, work) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  for (let waited = 0; ; waited += 1) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    let holder = NaN;
    try {
      holder = Number(fs.readFileSync(file, "utf8"));
    } catch {
      continue;
    }
    // An empty file is a holder between creating and writing it: give it a second.
    if (holder > 0 ? !isAlive(holder) : waited > 4) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (waited % 120 === 1) log(`waiting for process ${holder} (${path.basename(file)})`);
    await sleep(250);
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** Default state of the local stack, and what the scripts remember about this checkout. */
export const stateRoot = path.join(root, ".convoke");

/** True in the file that node was started with. */
export const isEntry = (url) => process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(url);

/** Ends a script with a readable line instead of a stack when the cause is known. */
export function main(work) {
  Promise.resolve()
    .then(work)
    .catch((error) => {
      log(error instanceof Failure ? `error: ${error.message}` : error.stack);
      process.exitCode = 1;
    });
}
