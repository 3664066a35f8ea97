// The local stack: the Worker in wrangler's runtime, with every binding simulated, and the SES and DNS stand-ins.
// Everything listens on loopback and writes below one state directory, so that several stacks can run side by side.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { startDohStandin } from "../../tests/doh-standin/standin.mjs";
import { buildWorker } from "./build.mjs";
import { end, survivors, tree } from "./processes.mjs";
import { Failure, isAlive, log, output, pinnedNode, root, run, sleep, wrangler, wranglerEnv } from "./project.mjs";
import { ensureTools } from "./tools.mjs";

const HOST = "127.0.0.1";
const READY_MAX_MS = 120_000;
const TICK_MS = 60_000;

/** The local stack's keys are no secrets: a production build refuses everything that begins with cvk_local_. */
export const LOCAL = {
  domain: "convoke.test",
  adminKey: "cvk_local_admin_0000000000000000",
  standardKey: "cvk_local_standard_0000000000000000",
  page: "/s/harbor-city-gulls",
};

const localVars = ({ url, sesEndpoint, dohUrl }) => ({
  ENVIRONMENT: "local",
  DOMAIN: LOCAL.domain,
  PUBLIC_URL: url,
  SES_ENDPOINT: sesEndpoint,
  DOH_URL: dohUrl,
  SES_ACCESS_KEY_ID: "AKIDEXAMPLE",
  SES_SECRET_ACCESS_KEY: "secret",
  EVENT_KEY: "cvk_local_event_0000000000000000",
  LINK_KEY: "cvk_local_link_0000000000000000",
  ADMIN_KEY: LOCAL.adminKey,
  STANDARD_KEY: LOCAL.standardKey,
  TRUSTED_AUTHSERV_ID: "mx.cloudflare.net",
  LANDING_HOSTS: "example.com,example.org,example.net,localhost",
  POSTAL_FOOTER: "Convoke, 1 Example Street, Exampletown",
  // Short, so that what takes minutes in production can be watched.
  LEASE_SECS: "15",
  UNKNOWN_GRACE_SECS: "5",
  HINT_REPEAT_SECS: "3",
  DIGEST_SECS: "30",
  SES_TIMEOUT_MS: "8000",
  KEYLESS_DAILY_MAX: "1000",
  KEYED_DAILY_MAX: "1000000",
  EVENT_INVITES_MAX: "1000000",
});

const hash = (data) => createHash("sha256").update(data).digest("hex");

/**
 * Starts a stack and waits until it answers.
 * Returns { url, sesUrl, state, stop, failed }; `failed` rejects when a part of it ends by itself.
 */
export async function startStack({ port = 8787, sesPort = 8005, sesEndpoint, state, vars = {} }) {
  fs.mkdirSync(state, { recursive: true });
  const runningFile = path.join(state, "running.json");
  await endLeftovers(runningFile);
  await assertFree(port, "--port");
  if (!sesEndpoint) await assertFree(sesPort, "--ses-port");

  const url = `http://${HOST}:${port}`;
  const sesUrl = sesEndpoint ? null : `http://${HOST}:${sesPort}`;
  const { config, persist, doh } = await prepareWorker({ state, url, sesEndpoint: sesEndpoint ?? sesUrl, vars });

  const children = [];
  const remember = async () => {
    const processes = await tree(...children.map(({ pid }) => pid));
    const [self] = await tree(process.pid);
    fs.writeFileSync(runningFile, JSON.stringify({ self, processes }, null, 1));
    return processes;
  };
  let stopping = false;
  let processes = [];
  const stop = async () => {
    stopping = true;
    await doh?.close();
    await end([...processes, ...(await tree(...children.map(({ pid }) => pid)))], 5000);
    fs.rmSync(runningFile, { force: true });
  };
  const start = (name, [command, args], { stdin, env }) => {
    const out = fs.openSync(path.join(state, `${name}.log`), "w");
    // In our own process group on purpose: who kills the group kills all of it.
    const child = spawn(command, args, { cwd: state, env, stdio: [stdin, out, out] });
    fs.closeSync(out);
    children.push(child);
    const exited = new Promise((_, reject) => {
      child.once("error", (error) => reject(new Failure(`${name}: ${error.message}`)));
      child.once("exit", (code, signal) => {
        if (!stopping) reject(new Failure(`${name} ended by itself (${signal ?? code})\n${logTail(state, name)}`));
      });
    });
    exited.catch(() => {});
    return exited;
  };

  try {
    const exits = [];
    if (sesUrl) {
      const script = path.join(root, "tests", "ses-standin", "main.mjs");
      const args = [script, "--port", String(sesPort), "--with-parent"];
      exits.push(start("ses-standin", [pinnedNode, args], { stdin: "pipe", env: process.env }));
    }
    exits.push(
      start(
        "wrangler",
        wrangler(
          "dev",
          ...["--config", config, "--ip", HOST, "--port", String(port), "--inspector-port", "0"],
          ...["--persist-to", persist, "--show-interactive-dev-session=false"],
          // worker-build has bundled already.
          ...["--no-bundle", "--log-level", process.env.CONVOKE_LOG || "log"],
        ),
        { stdin: "ignore", env: wranglerEnv(state) },
      ),
    );
    await remember();
    const failed = Promise.race(exits);
    failed.catch(() => {});
    await Promise.race([failed, untilHealthy(state, url, sesUrl)]);
    processes = await remember();

    // The local runtime fires no crons.
    const ticker = setInterval(() => {
      const signal = AbortSignal.timeout(TICK_MS - 5000);
      fetch(`${url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`, { signal }).then(
        (response) => response.body?.cancel(),
        (error) => stopping || log(`scheduled: ${error.message}`),
      );
    }, TICK_MS);
    const stopAll = async () => {
      clearInterval(ticker);
      await stop();
    };
    return { url, sesUrl, state, stop: stopAll, failed };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * What every way of running the Worker here begins with: tools, build, configuration and a migrated database.
 * Returns { config, persist, doh }; the DNS stand-in, if one was needed, runs in this process.
 */
export async function prepareWorker({ state, url, sesEndpoint, vars = {} }) {
  fs.mkdirSync(state, { recursive: true });
  await ensureTools();
  const build = await buildWorker("local");
  // On a port that nobody has to choose. Nothing is known to it: no key, no proof by DKIM.
  const doh = vars.DOH_URL ? null : await startDohStandin();
  const config = await writeConfig(state, build, { ...localVars({ url, sesEndpoint, dohUrl: doh?.url }), ...vars });
  const persist = path.join(state, "data");
  await applyMigrations(state, config, persist);
  return { config, persist, doh };
}

/** Ends what a killed stack left behind in this state directory; refuses if one is alive. */
async function endLeftovers(runningFile) {
  let running;
  try {
    running = JSON.parse(fs.readFileSync(runningFile, "utf8"));
  } catch {
    return;
  }
  if (running.self && (await survivors([running.self])).length > 0) {
    throw new Failure(`a stack already runs on this state directory (process ${running.self.pid})`);
  }
  const left = await survivors(running.processes ?? []);
  if (left.length > 0) {
    log(`ending ${left.length} processes that a killed stack left behind`);
    await end(left);
  }
  fs.rmSync(runningFile, { force: true });
}

function assertFree(port, option) {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", (error) =>
      reject(new Failure(error.code === "EADDRINUSE" ? `port ${port} is in use: choose another with ${option}` : error.message)),
    );
    probe.listen(port, HOST, () => probe.close(resolve));
  });
}

/**
 * The top level of wrangler.toml with local names and variables, and its own copy of the Worker and its files,
 * so that neither a later build nor another stack disturbs this one.
 */
async function writeConfig(state, build, vars) {
  const raw = await readWranglerToml();
  for (const key of ["build", "env", "send_metrics", "workers_dev", "preview_urls", "routes", "route"]) delete raw[key];
  const worker = path.join(state, "worker");
  fs.mkdirSync(worker, { recursive: true });
  for (const file of ["index.js", "index_bg.wasm"]) {
    fs.copyFileSync(path.join(build.dir, file), path.join(worker, `${file}.new`));
    fs.renameSync(path.join(worker, `${file}.new`), path.join(worker, file));
  }
  const assets = path.join(state, "assets");
  fs.rmSync(assets, { recursive: true, force: true });
  fs.cpSync(build.assets, assets, { recursive: true });
  const config = {
    ...raw,
    main: "worker/index.js",
    assets: { ...raw.assets, directory: assets },
    vars: { ...raw.vars, ...vars },
    d1_databases: raw.d1_databases?.map((database) => ({
      ...database,
      database_id: `local-${database.binding.toLowerCase()}`,
      migrations_dir: path.resolve(root, database.migrations_dir),
    })),
    kv_namespaces: raw.kv_namespaces?.map((namespace) => ({ ...namespace, id: `local-${namespace.binding.toLowerCase()}` })),
  };
  const file = path.join(state, "wrangler.json");
  fs.writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
  return file;
}

/** wrangler.toml, read by wrangler itself; that takes a second, so the answer is kept. */
async function readWranglerToml() {
  const source = path.join(root, "wrangler.toml");
  const cache = path.join(root, "node_modules", ".convoke-wrangler.json");
  const key = hash(fs.readFileSync(source));
  try {
    const known = JSON.parse(fs.readFileSync(cache, "utf8"));
    if (known.key === key) return known.raw;
  } catch {
    // Not read yet.
  }
  const script = `import("wrangler").then((w) => {
    console.log(JSON.stringify(w.experimental_readRawConfig({ config: process.argv[1] }).rawConfig)); process.exit(0) })`;
  const text = await output(pinnedNode, ["--no-warnings", "-e", script, source], { env: wranglerEnv(path.join(root, ".convoke")) });
  if (!text) throw new Failure("wrangler.toml cannot be read");
  const raw = JSON.parse(text);
  fs.writeFileSync(`${cache}.${process.pid}`, JSON.stringify({ key, raw }));
  fs.renameSync(`${cache}.${process.pid}`, cache);
  return raw;
}

/** Applies what is new. Wrangler needs three seconds to find out that nothing is, so we look first. */
async function applyMigrations(state, config, persist) {
  const dir = path.join(root, "d1-migrations");
  const files = fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => name.endsWith(".sql")).sort() : [];
  const now = Object.fromEntries(files.map((name) => [name, hash(fs.readFileSync(path.join(dir, name)))]));
  const mark = path.join(state, "migrations.json");
  let applied = {};
  try {
    applied = JSON.parse(fs.readFileSync(mark, "utf8"));
  } catch {
    // A new state directory.
  }
  const edited = Object.keys(applied).filter((name) => now[name] !== applied[name]);
  if (edited.length > 0) {
    throw new Failure(
      `${edited.join(", ")} changed after it was applied to ${state}; applied migrations are never edited. ` +
        "Take another --state, or delete this one.",
    );
  }
  if (files.every((name) => name in applied)) return;
  log("applying migrations");
  const command = wrangler("d1", "migrations", "apply", "DB", "--local", "--config", config, "--persist-to", persist);
  await run(...command, { cwd: state, env: wranglerEnv(state), quiet: true });
  fs.writeFileSync(mark, JSON.stringify(now, null, 1));
}

async function untilHealthy(state, url, sesUrl) {
  const deadline = Date.now() + READY_MAX_MS;
  let last = "no answer";
  for (const target of [sesUrl && `${sesUrl}/healthz`, `${url}/healthz`].filter(Boolean)) {
    for (;;) {
      try {
        const response = await fetch(target, { signal: AbortSignal.timeout(5000) });
        last = `${response.status} ${(await response.text()).slice(0, 500)}`;
        if (response.status === 200) break;
      } catch (error) {
        last = error.cause?.code ?? error.message;
      }
      if (Date.now() > deadline) throw new Failure(`${target} does not answer 200: ${last}\n${logTail(state, "wrangler")}`);
      await sleep(100);
    }
  }
}

function logTail(state, name) {
  try {
    return fs.readFileSync(path.join(state, `${name}.log`), "utf8").split("\n").slice(-30).join("\n");
  } catch {
    return "";
  }
}
