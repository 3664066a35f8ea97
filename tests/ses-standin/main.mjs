// node tests/ses-standin/main.mjs [--port 8005] [--host 127.0.0.1] [--region us-east-1] [--messages-max 20000]
// Prints one line when it listens and stays until SIGTERM, or, with --with-parent, until standard input ends.

import { parseArgs } from "node:util";
import { startStandin } from "./standin.mjs";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8005" },
    host: { type: "string", default: "127.0.0.1" },
    region: { type: "string", default: "us-east-1" },
    "messages-max": { type: "string", default: "20000" },
    "with-parent": { type: "boolean", default: false },
  },
});

let standin;
try {
  standin = await startStandin({
    port: Number(values.port),
    host: values.host,
    region: values.region,
    messagesMax: Number(values["messages-max"]),
  });
} catch (error) {
  process.stderr.write(`SES stand-in: ${error.message}\n`);
  process.exit(1);
}
process.stdout.write(`SES stand-in at ${standin.url}\n`);

const stop = () => standin.close().then(() => process.exit(0));
process.on("SIGTERM", stop).on("SIGINT", stop);
if (values["with-parent"]) process.stdin.on("end", stop).on("error", stop).resume();
