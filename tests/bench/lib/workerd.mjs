// Workers on bare workerd. Miniflare writes workerd's configuration and starts it, once for each Worker, and then only
// waits: requests go to a socket that workerd itself opens in front of the Worker, past every proxy.
// In the measured process are the Worker and the simulators of its bindings (D1, KV, R2, queues, objects), which
// workerd runs as Workers of their own; in production those are other machines.

import fs from "node:fs";
import path from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { LOCAL, prepareWorker } from "../../../scripts/lib/stack.mjs";

const HOST = "127.0.0.1";

/** The workerd processes that this one has started. */
function children() {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        // pid (name) state parent …; the name may hold anything but ends at the last parenthesis.
        const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
        return name === "workerd" && rest.split(" ")[1] === String(process.pid);
      } catch {
        return false; // It ended in between.
      }
    })
    .map(Number);
}

/**
 * Starts a Worker. Returns { url, pid, mailDoor, stop, mf }: where workerd listens, its process, and miniflare's own
 * door, which takes mail. At `inspectorPort` a profiler can listen.
 */
export async function startWorker({ port, persist, modules, inspectorPort, ...worker }) {
  const before = children();
  const mf = new Miniflare(
    convertV4MiniflareOptions({
      host: HOST,
      port: 0,
      logRequests: false,
      unsafeTriggerHandlers: true,
      cf: false,
      inspectorPort,
      // The Worker's own log lines; what goes wrong is still shown.
      handleStructuredLogs: ({ level, message }) => level === "error" && console.error(message),
      resourcePersistencePath: path.join(persist, "v3"),
      workers: [
        { ...worker, modules, modulesRoot: path.dirname(modules[0].path), unsafeDirectSockets: [{ host: HOST, port }] },
      ],
    }),
  );
  const mailDoor = await mf.ready;
  const [pid] = children().filter((child) => !before.includes(child));
  if (!pid) throw new Error("workerd did not start");
  return { url: `http://${HOST}:${port}`, pid, mailDoor, mf, stop: () => mf.dispose() };
}

/** Convoke's Worker as the local stack configures it, without wrangler's proxy. */
export async function startConvoke({ state, port, sesEndpoint, vars, inspectorPort }) {
  const url = `http://${HOST}:${port}`;
  const { config, persist, doh } = await prepareWorker({ state, url, sesEndpoint, vars });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  const { modulesRules, ...options } = workerOptions;
  // Static files are another service's, in production too.
  delete options.assets;
  const file = (name) => path.join(state, "worker", name);
  const worker = await startWorker({
    ...options,
    name: "convoke",
    port,
    persist,
    inspectorPort,
    modules: [
      { type: "ESModule", path: file("index.js") },
      { type: "CompiledWasm", path: file("index_bg.wasm") },
    ],
  });
  const stop = async () => {
    await worker.stop();
    await doh?.close();
  };
  return { ...worker, persist, domain: LOCAL.domain, key: LOCAL.adminKey, stop };
}

/** Hands a mail to the Worker; what it says to it. */
export async function deliver({ mailDoor }, { from, to, raw }) {
  const query = new URLSearchParams({ from, to, format: "json" });
  const response = await fetch(new URL(`/cdn-cgi/local/email?${query}`, mailDoor), {
    method: "POST",
    headers: { "content-type": "message/rfc822" },
    body: raw,
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok || JSON.parse(text).outcome !== "ok" || JSON.parse(text).rejectReason) throw new Error(`mail: ${response.status} ${text.slice(0, 500)}`);
}
