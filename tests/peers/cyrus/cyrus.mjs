// Cyrus IMAP as Debian packages it: a calendar server that nobody here wrote, with people who keep events in it over
// CalDAV, whose invitations and answers leave by SMTP and whose mail comes in by LMTP.
// Everything listens on loopback and lies in one temporary directory; nothing of the machine's own Cyrus is touched.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { end, tree } from "../../../scripts/lib/processes.mjs";
import { eventually, freePort } from "../../e2e/world.mjs";
import { PROGRAMS, SASLPASSWD, missing } from "./install.mjs";
import { deliver, listen } from "./wire.mjs";

/** The domain of everybody who has a calendar in Cyrus. */
export const DOMAIN = "cyrus.test";

const HOST = "127.0.0.1";
const PASSWORD = "pw";
const REQUEST_MAX_MS = 20_000;
const STOP_MAX_MS = 5_000;

const configuration = ({ dir, user, smtp }) => `
configdirectory: ${dir}/conf
partition-default: ${dir}/data
defaultpartition: default
sievedir: ${dir}/sieve
lmtpsocket: ${dir}/socket/lmtp
idlesocket: ${dir}/socket/idle
notifysocket: ${dir}/socket/notify
cyrus_user: ${user}
servername: ${DOMAIN}
defaultdomain: ${DOMAIN}
virtdomains: off
unixhierarchysep: on
altnamespace: off
admins: cyrus
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: ${dir}/sasldb2
tls_server_cert: disabled
tls_server_key: disabled
httpmodules: caldav
httpallowcompress: no
caldav_allowscheduling: on
calendar_user_address_set: ${DOMAIN}
autocreate_quota: 0
autocreate_sieve_script: ${dir}/imip.sieve
sieve_extensions: body vnd.cyrus.imip
duplicatesuppression: no
smtp_backend: host
smtp_host: ${HOST}:${smtp}/noauth
syslog_prefix: convoke-peer
`;

const services = ({ dir, ports }) => {
  const service = (name, program) =>
    `  ${name} cmd="${PROGRAMS}/${program} -C ${dir}/imapd.conf${name === "lmtp" ? " -a" : ""}" listen="${HOST}:${ports[name]}" prefork=0`;
  return `START {
  recover cmd="${PROGRAMS}/ctl_cyrusdb -C ${dir}/imapd.conf -r"
}
SERVICES {
${service("imap", "imapd")}
${service("http", "httpd")}
${service("lmtp", "lmtpd")}
}
EVENTS {
}
`;
};

const SIEVE = `require ["body", "vnd.cyrus.imip"];
if body :content "text/calendar" :contains "METHOD:" { processimip; }
keep;
`;

/** Starts Cyrus with these people; `stop` ends it and forgets everything. */
export async function startCyrus(...names) {
  const reason = missing();
  if (reason) throw new Error(`Cyrus: ${reason}`);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "convoke-cyrus-"));
  const outbox = await listen();
  const ports = { imap: await freePort(), http: await freePort(), lmtp: await freePort() };
  const isRoot = process.getuid() === 0;
  const user = isRoot ? "cyrus" : os.userInfo().username;
  for (const name of ["conf", "data", "sieve", "socket"]) fs.mkdirSync(path.join(dir, name));
  fs.writeFileSync(path.join(dir, "imapd.conf"), configuration({ dir, user, smtp: outbox.port }));
  fs.writeFileSync(path.join(dir, "cyrus.conf"), services({ dir, ports }));
  fs.writeFileSync(path.join(dir, "imip.sieve"), SIEVE);
  for (const name of names) {
    run(SASLPASSWD, ["-p", "-c", "-f", path.join(dir, "sasldb2"), "-u", DOMAIN, name], PASSWORD);
  }
  // Cyrus drops root before it opens its files.
  if (isRoot) run("chown", ["-R", "cyrus:mail", dir]);

  const log = path.join(dir, "cyrus.log");
  const out = fs.openSync(log, "w");
  const files = ["-C", path.join(dir, "imapd.conf"), "-M", path.join(dir, "cyrus.conf"), "-p", path.join(dir, "master.pid")];
  // Standard input ends with this process, however it ends, and then so does Cyrus. A group of its own, because Cyrus
  // signals its whole group when it ends.
  const script = '"$0" "$@" & read -r _; kill $!; wait';
  const command = ["-c", script, path.join(PROGRAMS, "master"), "-D", ...files];
  const child = spawn("sh", command, { cwd: dir, detached: true, stdio: ["pipe", out, out] });
  fs.closeSync(out);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    const processes = await tree(child.pid);
    child.stdin.end();
    const insist = setTimeout(() => child.kill("SIGKILL"), STOP_MAX_MS);
    await ended;
    clearTimeout(insist);
    await end(processes);
    await outbox.close();
    fs.rmSync(dir, { recursive: true, force: true });
  };
  try {
    await eventually("Cyrus answers", () => Promise.all(Object.values(ports).map(canConnect)));
    const people = Object.fromEntries(names.map((name) => [name, new Person({ name, ports, outbox })]));
    for (const person of Object.values(people)) await person.moveIn();
    return { ...people, outbox, stop };
  } catch (error) {
    error.message += `\n${fs.readFileSync(log, "utf8")}`;
    await stop();
    throw error;
  }
}

function run(command, args, input) {
  const { status, error, stderr } = spawnSync(command, args, { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
}

const canConnect = (port) =>
  new Promise((resolve, reject) => {
    const socket = net.connect(port, HOST, () => resolve(socket.destroy()));
    socket.once("error", reject);
  });

/** Somebody with a calendar in Cyrus. */
class Person {
  constructor({ name, ports, outbox }) {
    Object.assign(this, { name, ports, outbox, email: `${name}@${DOMAIN}` });
  }

  /** The first log-in by IMAP makes the mailbox and installs the Sieve script, the first look by CalDAV the calendars. */
  async moveIn() {
    await new Promise((resolve, reject) => {
      const socket = net.connect(this.ports.imap, HOST);
      let said = "";
      socket.setEncoding("utf8").on("data", (text) => (said += text));
      socket.once("error", reject);
      socket.once("close", () => (/^a OK/m.test(said) ? resolve() : reject(new Error(`IMAP: ${said}`))));
      socket.write(`a LOGIN ${this.name} ${PASSWORD}\r\nb LOGOUT\r\n`);
    });
    await this.#dav("PROPFIND", this.#calendar, { headers: { depth: "0" } });
  }

  async #dav(method, where, { body, headers = {}, orNull } = {}) {
    const response = await fetch(new URL(where, `http://${HOST}:${this.ports.http}`), {
      method,
      body,
      headers: { authorization: `Basic ${Buffer.from(`${this.name}:${PASSWORD}`).toString("base64")}`, ...headers },
      signal: AbortSignal.timeout(REQUEST_MAX_MS),
    });
    const text = await response.text();
    if (response.status === orNull) return null;
    assert.ok(response.ok, `${method} ${where}: ${response.status} ${text.slice(0, 500)}`);
    return text;
  }

  get #calendar() {
    return `/dav/calendars/user/${this.name}/Default/`;
  }

  /** Where an event lies; Cyrus names what comes by mail in the same way. */
  #place(uid) {
    return `${this.#calendar}${encodeURIComponent(uid)}.ics`;
  }

  /** The event as it lies in the calendar, or null. */
  holds(uid) {
    return this.#dav("GET", this.#place(uid), { orNull: 404 });
  }

  /** Saves an event, as a calendar program does; Cyrus mails whoever must hear of it. */
  async saves(uid, calendar) {
    await this.#dav("PUT", this.#place(uid), { body: calendar, headers: { "content-type": "text/calendar; charset=utf-8" } });
  }

  /** Deletes an event; Cyrus mails its guests, or its organizer. */
  async deletes(uid) {
    await this.#dav("DELETE", this.#place(uid));
  }

  /** A mail arrives. */
  receives(from, raw) {
    return deliver(this.ports.lmtp, { from, to: this.email, raw });
  }
}
