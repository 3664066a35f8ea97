// The local stack as a program: start, demo, one READY line, stay until told to end.

import path from "node:path";
import { parseArgs } from "node:util";
import { loadDemo } from "./demo.mjs";
import { end, tree } from "./processes.mjs";
import { Failure, log, main, stateRoot } from "./project.mjs";
import { LOCAL, startStack } from "./stack.mjs";

const USAGE =
  "usage: scripts/dev [--port 8787] [--ses-port 8005] [--ses-endpoint URL] [--state DIR] [--no-demo]\n" +
  "CONVOKE_LOG=warn       no log line for every request (a quarter less CPU): for benchmarks\n" +
  "CONVOKE_VARS='{\"LEASE_SECS\":\"3\"}'  other settings for the Worker: for tests";

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        port: { type: "string", default: "8787" },
        "ses-port": { type: "string", default: "8005" },
        "ses-endpoint": { type: "string" },
        state: { type: "string", default: stateRoot },
        "no-demo": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new Failure(`${error.message}\n${USAGE}`);
  }
  if (values.help) {
    log(USAGE);
    process.exit(0);
  }
  const port = (name) => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 1 || number > 65535) throw new Failure(`--${name} ${values[name]} is not a port`);
    return number;
  };
  if (values["ses-endpoint"] && !URL.canParse(values["ses-endpoint"])) throw new Failure("--ses-endpoint is not a URL");
  return {
    port: port("port"),
    sesPort: port("ses-port"),
    sesEndpoint: values["ses-endpoint"]?.replace(/\/+$/, ""),
    state: path.resolve(values.state),
    demo: !values["no-demo"],
    vars: readVars(process.env.CONVOKE_VARS),
  };
}

function readVars(text) {
  if (!text) return {};
  try {
    return Object.fromEntries(Object.entries(JSON.parse(text)).map(([name, value]) => [name, String(value)]));
  } catch {
    throw new Failure("CONVOKE_VARS is not a JSON object");
  }
}

main(async () => {
  const options = readOptions();
  let endNow;
  let isEnding = false;
  const ended = new Promise((resolve) => (endNow = resolve));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      isEnding = true;
      endNow();
    });
  }

  const starting = startStack(options);
  const stack = await Promise.race([starting, ended.then(() => null)]);
  if (stack === null) {
    // Told to end during the start, perhaps in the middle of a build: end what runs below us, and nothing else.
    starting.then((late) => late.stop(), () => {});
    await end((await tree(process.pid)).filter(({ pid }) => pid !== process.pid));
    process.exit(0);
  }
  try {
    if (options.demo) {
      const demo = loadDemo({ url: stack.url, state: options.state, domain: LOCAL.domain, key: LOCAL.standardKey });
      await Promise.race([demo, ended, stack.failed]);
    }
    if (!isEnding) {
      const { url } = stack;
      const { domain, adminKey: admin_key, standardKey: standard_key, page } = LOCAL;
      process.stdout.write(`READY ${JSON.stringify({ url, domain, admin_key, standard_key, page })}\n`);
      log(`mail that left: ${stack.sesUrl ? `${stack.sesUrl}/messages` : options.sesEndpoint}; logs: ${options.state}`);
    }
    await Promise.race([ended, stack.failed]);
  } finally {
    await stack.stop();
  }
  process.exit(0);
});
