// What scripts/dev promises to people and programs that start it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

const root = path.resolve(import.meta.dirname, "../..");
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-dev-"));
const started = new Set();

after(() => {
  for (const child of started) {
    if (child.exitCode === null && child.signalCode === null) kill(-child.pid, "SIGKILL");
  }
  fs.rmSync(temporary, { recursive: true, force: true });
});

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

const answers = (url) =>
  fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.status,
    () => null,
  );

/** Starts scripts/dev; resolves when it is ready or has ended. */
async function dev(...args) {
  const child = spawn(path.join(root, "scripts", "dev"), args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  started.add(child);
  const stack = { child, stdout: "", stderr: "", exit: once(child, "exit") };
  child.stderr.setEncoding("utf8").on("data", (text) => (stack.stderr += text));
  const ready = new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stack.stdout += text;
      if (stack.stdout.includes("\n")) resolve();
    });
  });
  await Promise.race([ready, stack.exit]);
  if (stack.stdout.startsWith("READY ")) stack.ready = JSON.parse(stack.stdout.slice("READY ".length));
  return stack;
}

async function stop({ child, exit }, signal = "SIGTERM") {
  kill(child.pid, signal);
  return exit;
}

describe("scripts/dev", { timeout: 600_000 }, () => {
  const state = path.join(temporary, "one");
  let port;
  let sesPort;
  let stack;
  const list = async () => {
    const url = `${stack.ready.url}/organizer/schedule@gulls.example/events`;
    const response = await fetch(url, { headers: { "x-api-key": stack.ready.standard_key } });
    return response.json();
  };

  before(async () => {
    port = await freePort();
    sesPort = await freePort();
    stack = await dev("--port", String(port), "--ses-port", String(sesPort), "--state", state);
    assert.ok(stack.ready, stack.stderr);
  });

  test("prints one line, and everything in it is true", async () => {
    assert.deepEqual(stack.ready, {
      url: `http://127.0.0.1:${port}`,
      domain: "convoke.test",
      admin_key: "cvk_local_admin_0000000000000000",
      standard_key: "cvk_local_standard_0000000000000000",
      page: "/s/harbor-city-gulls",
    });
    assert.equal(await answers(`${stack.ready.url}/healthz`), 200);
    assert.equal(await answers(stack.ready.url + stack.ready.page), 200);
    assert.equal((await list()).length, 24);
    assert.equal(await answers(`http://127.0.0.1:${sesPort}/messages`), 200);
    const keys = await fetch(`${stack.ready.url}/v1/keys`, { headers: { "x-api-key": stack.ready.admin_key } });
    assert.equal(keys.status, 200);
  });

  test("the scheduled route answers", async () => {
    assert.equal(await answers(`${stack.ready.url}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`), 200);
  });

  test("refuses its own state directory, a port in use and nonsense, without harm to the one that runs", async () => {
    const free = [String(await freePort()), String(await freePort())];
    const cases = [
      [["--state", state, "--port", free[0], "--ses-port", free[1]], /already runs on this state directory/],
      [["--state", path.join(temporary, "two"), "--port", String(port), "--ses-port", free[1]], /port \d+ is in use.*--port/],
      [["--state", path.join(temporary, "two"), "--port", free[0], "--ses-port", String(sesPort)], /in use.*--ses-port/],
      [["--port", "many"], /not a port/],
      [["--sate", "x"], /--sate.*usage/s],
    ];
    for (const [args, pattern] of cases) {
      const second = await dev(...args);
      assert.deepEqual(await second.exit, [1, null], args.join(" "));
      assert.match(second.stderr, pattern);
      assert.equal(second.stdout, "");
    }
    assert.equal(await answers(`${stack.ready.url}/healthz`), 200);
  });

  test("a second stack runs beside it, without a demo and with another SES", async () => {
    const other = await dev(
      ...["--port", String(await freePort()), "--ses-endpoint", `http://127.0.0.1:${sesPort}`],
      ...["--state", path.join(temporary, "two"), "--no-demo"],
    );
    assert.ok(other.ready, other.stderr);
    assert.equal(await answers(`${other.ready.url}/healthz`), 200);
    assert.equal(await answers(other.ready.url + other.ready.page), 404);
    assert.deepEqual(await stop(other, "SIGINT"), [0, null]);
    assert.equal(await answers(`${stack.ready.url}/healthz`), 200);
  });

  const again = async () => {
    stack = await dev("--port", String(port), "--ses-port", String(sesPort), "--state", state);
    assert.ok(stack.ready, stack.stderr);
  };

  test("goes on after kill -9 of the whole group", async () => {
    const before_ = (await list()).map(({ uid }) => uid);
    kill(-stack.child.pid, "SIGKILL");
    await stack.exit;
    await again();
    assert.deepEqual(
      (await list()).map(({ uid }) => uid),
      before_,
    );
    assert.doesNotMatch(stack.stderr, /mailing a demo season/);
  });

  test("cleans up after kill -9 of itself alone", async () => {
    await stop(stack, "SIGKILL");
    await again();
    assert.match(stack.stderr, /that a killed stack left behind/);
    assert.equal((await list()).length, 24);
  });

  test("ends all it started, and only with its signal", async () => {
    assert.equal(stack.stdout.trim().split("\n").length, 1);
    assert.deepEqual(await stop(stack), [0, null]);
    assert.equal(await answers(`${stack.ready.url}/healthz`), null);
    assert.equal(await answers(`http://127.0.0.1:${sesPort}/messages`), null);
    assert.ok(!fs.existsSync(path.join(state, "running.json")));
  });
});
