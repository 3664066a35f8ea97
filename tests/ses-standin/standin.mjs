// An SES v2 endpoint for tests and the local stack: SendEmail with raw content, and GetAccount.
// It believes nothing: the signature, the envelope and the message are checked before anything is accepted.
// Accepted mail is kept byte for byte and can be read, and faults can be planned, on the same port (README.md).

import http from "node:http";
import { randomUUID } from "node:crypto";
import { FaultPlan } from "./faults.mjs";
import { complaints, isAddress, readHeaders } from "./message.mjs";
import { verify } from "./sigv4.mjs";

const BODY_BYTES_MAX = 54 * 1024 * 1024; // 40 MB of message in base64, and its envelope
const RAW_BYTES_MAX = 40 * 1024 * 1024;
const RECIPIENTS_MAX = 50;
const TAG = /^[A-Za-z0-9_-]{1,256}$/;

const DEFAULTS = {
  host: "127.0.0.1",
  port: 8005,
  region: "us-east-1",
  service: "ses",
  credentials: { AKIDEXAMPLE: "secret" },
  messagesMax: 20_000,
  keptBytesMax: 512 * 1024 * 1024,
  // One tag tells mails apart: a second mail with the same value is a duplicate.
  keyTag: "convoke-key",
};

class Refusal extends Error {
  constructor(status, type, message) {
    super(message);
    Object.assign(this, { status, type });
  }
}

/** Starts listening; resolves with { url, port, close }. Port 0 takes a free one. */
export async function startStandin(options = {}) {
  const config = { ...DEFAULTS, ...options };
  const credentials = new Map(Object.entries(config.credentials));
  const faults = new FaultPlan();
  let quota = { Max24HourSend: 10_000_000, MaxSendRate: 10_000 };
  let sequence = 0;

  // Newest last. Dropping from the front moves a start index, and compacts now and then.
  let kept = [];
  let keptFrom = 0;
  let keptBytes = 0;
  const keep = (message) => {
    kept.push(message);
    keptBytes += message.raw.length;
    while (kept.length - keptFrom > config.messagesMax || (keptBytes > config.keptBytesMax && kept.length - keptFrom > 1)) {
      keptBytes -= kept[keptFrom].raw.length;
      kept[keptFrom] = undefined;
      keptFrom += 1;
    }
    if (keptFrom > 10_000) {
      kept = kept.slice(keptFrom);
      keptFrom = 0;
    }
  };

  let stats;
  let keyCounts;
  const resetStats = () => {
    keyCounts = new Map();
    stats = { accepted: 0, acceptedBytes: 0, refused: {}, signatureFailures: {}, faults: {}, lastComplaint: null };
  };
  resetStats();
  const bump = (counts, name) => (counts[name] = (counts[name] ?? 0) + 1);

  function accept({ recipients, from, raw, tags }, { store }) {
    sequence += 1;
    stats.accepted += 1;
    stats.acceptedBytes += raw.length;
    const key = tags[config.keyTag];
    if (key !== undefined) keyCounts.set(key, (keyCounts.get(key) ?? 0) + 1);
    const id = `0100${Date.now().toString(16).padStart(12, "0")}-${randomUUID().slice(0, 8)}-${String(sequence).padStart(6, "0")}`;
    if (store) keep({ id, sequence, receivedAt: new Date().toISOString(), from, to: recipients, tags, raw });
    return id;
  }

  async function sendEmail(req, res, body) {
    const mail = readMail(body);
    const { mode, delayMs } = faults.next(mail.recipients);
    if (mode !== "ok") bump(stats.faults, mode);
    if (delayMs > 0 && mode !== "slow") await wait(delayMs, req);

    switch (mode) {
      case "throttle":
        throw new Refusal(429, "TooManyRequestsException", "Maximum sending rate exceeded.");
      case "daily-quota":
        throw new Refusal(429, "TooManyRequestsException", "Daily message quota exceeded.");
      case "paused":
        throw new Refusal(400, "SendingPausedException", "Sending is paused for this account.");
      case "fail500":
        throw new Refusal(500, "InternalFailure", "The request processing has failed because of an unknown error.");
      case "fail503":
        throw new Refusal(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.");
      case "reject":
        throw new Refusal(400, "MessageRejected", "Email address is on the suppression list of this stand-in.");
      case "hang":
        return;
      case "reset-before":
        req.socket.resetAndDestroy();
        return;
    }

    const wrong = complaints(mail.raw, mail);
    if (wrong.length > 0) {
      stats.lastComplaint = wrong.join("; ");
      throw new Refusal(400, "BadRequestException", `Invalid message: ${stats.lastComplaint}`);
    }
    const id = accept(mail, { store: mode !== "sink" });
    if (mode === "slow") await wait(delayMs || 2000, req);
    if (mode === "hang-after") return;
    if (mode === "reset-after") {
      req.socket.resetAndDestroy();
      return;
    }
    if (mode === "accept-and-drop") {
      req.socket.end();
      return;
    }
    answer(res, 200, { MessageId: id });
  }

  function getAccount(res) {
    answer(res, 200, {
      DedicatedIpAutoWarmupEnabled: false,
      EnforcementStatus: "HEALTHY",
      ProductionAccessEnabled: true,
      SendingEnabled: true,
      SendQuota: { ...quota, SentLast24Hours: stats.accepted },
      SuppressionAttributes: { SuppressedReasons: ["BOUNCE", "COMPLAINT"] },
    });
  }

  async function control(req, res, url, body) {
    const route = `${req.method} ${url.pathname}`;
    const one = /^\/messages\/([^/]+)(\/raw)?$/.exec(url.pathname);
    if (route === "GET /messages") return listMessages(res, url.searchParams);
    if (route === "DELETE /messages") {
      kept = [];
      keptFrom = keptBytes = 0;
      return empty(res);
    }
    if (one && req.method === "GET") {
      const message = kept.find((candidate) => candidate?.id === one[1]);
      if (!message) throw new Refusal(404, "NotFoundException", "no such message");
      if (!one[2]) return answer(res, 200, toJson(message));
      res.writeHead(200, { "content-type": "message/rfc822", "content-length": message.raw.length });
      return res.end(message.raw);
    }
    if (route === "GET /faults") return answer(res, 200, { plan: faults });
    if (route === "PUT /faults") {
      try {
        faults.set(JSON.parse(body.toString("utf8") || "[]"));
      } catch (error) {
        throw new Refusal(400, "BadRequestException", error.message);
      }
      return answer(res, 200, { plan: faults });
    }
    if (route === "GET /stats") return answer(res, 200, readStats(url.searchParams.has("keys")));
    if (route === "DELETE /stats") {
      resetStats();
      return empty(res);
    }
    if (route === "PUT /quota") {
      quota = { ...quota, ...JSON.parse(body.toString("utf8")) };
      return answer(res, 200, quota);
    }
    if (route === "GET /healthz") return answer(res, 200, { ok: true });
    throw new Refusal(404, "UnknownOperationException", `${route} is not known`);
  }

  function readStats(withKeys) {
    let repeated = 0;
    let countMax = 0;
    for (const count of keyCounts.values()) {
      if (count > 1) repeated += 1;
      countMax = Math.max(countMax, count);
    }
    const keys = { distinct: keyCounts.size, repeated, countMax };
    if (withKeys) keys.counts = Object.fromEntries(keyCounts);
    return { ...stats, kept: kept.length - keptFrom, keptBytes, keys };
  }

  /** Oldest first, written piece by piece: the whole may be larger than a string can be. */
  async function listMessages(res, search) {
    const to = search.get("to")?.toLowerCase();
    const after = Number(search.get("after") ?? 0);
    const limit = Number(search.get("limit") ?? Infinity);
    const brief = search.has("brief");
    const wanted = kept
      .slice(keptFrom)
      .filter((message) => message.sequence > after)
      .filter((message) => !to || message.to.some((address) => address.toLowerCase() === to))
      .slice(0, limit);
    res.writeHead(200, { "content-type": "application/json" });
    res.write("[");
    for (const [index, message] of wanted.entries()) {
      const text = (index ? ",\n" : "") + JSON.stringify(toJson(message, brief));
      if (!res.write(text)) await drained(res);
      if (res.destroyed) return;
    }
    res.end("]\n");
  }

  async function handle(req, res) {
    const url = new URL(req.url, "http://localhost");
    const body = await readBody(req);
    const isSend = url.pathname === "/v2/email/outbound-emails";
    if (!url.pathname.startsWith("/v2/")) return control(req, res, url, body);

    const refusal = verify({
      method: req.method,
      url: req.url,
      rawHeaders: req.rawHeaders,
      body,
      credentials,
      region: config.region,
      service: config.service,
    });
    if (refusal) {
      bump(stats.signatureFailures, refusal.type);
      throw new Refusal(refusal.status, refusal.type, refusal.message);
    }
    if (isSend && req.method === "POST") return sendEmail(req, res, body);
    if (url.pathname === "/v2/email/account" && req.method === "GET") return getAccount(res);
    throw new Refusal(404, "UnknownOperationException", `${req.method} ${url.pathname} is not known`);
  }

  const server = http.createServer((req, res) => {
    res.setHeader("x-amzn-requestid", randomUUID());
    handle(req, res).catch((error) => {
      if (req.destroyed && !req.complete) return;
      const known = error instanceof Refusal;
      const type = known ? error.type : "InternalFailure";
      if (!known) process.stderr.write(`${error.stack}\n`);
      if (req.url.startsWith("/v2/")) bump(stats.refused, type);
      if (res.headersSent) return res.destroy();
      res.setHeader("x-amzn-errortype", type);
      answer(res, known ? error.status : 500, { __type: type, message: error.message });
    });
  });
  // A server that closes an idle connection while a request is on its way looks like a lost mail.
  server.keepAliveTimeout = 10 * 60 * 1000;
  server.requestTimeout = 0;

  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.port, config.host, resolve);
  });
  const { port } = server.address();
  return {
    port,
    url: `http://${config.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** Until a response takes more, or nobody reads it any longer. */
const drained = (res) =>
  new Promise((resolve) => {
    const done = () => {
      res.off("drain", done).off("close", done);
      resolve();
    };
    res.on("drain", done).on("close", done);
  });

/** The envelope of a SendEmail request, checked as far as SES checks it. */
function readMail(body) {
  const bad = (message) => new Refusal(400, "BadRequestException", message);
  let input;
  try {
    input = JSON.parse(body.toString("utf8"));
  } catch {
    throw bad("the body is not JSON");
  }
  const data = input?.Content?.Raw?.Data;
  if (typeof data !== "string") throw bad("Content.Raw.Data is missing; only raw mail is taken here");
  const raw = Buffer.from(data, "base64");
  if (raw.toString("base64") !== data) throw bad("Content.Raw.Data is not proper base64");
  if (raw.length > RAW_BYTES_MAX) throw bad(`the message has ${raw.length} bytes: at most ${RAW_BYTES_MAX}`);

  const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = input.Destination ?? {};
  const recipients = [...ToAddresses, ...CcAddresses, ...BccAddresses];
  if (recipients.length === 0) throw bad("Destination names no recipient");
  if (recipients.length > RECIPIENTS_MAX) throw bad(`${recipients.length} recipients: at most ${RECIPIENTS_MAX}`);
  const odd = recipients.find((address) => !isAddress(address));
  if (odd !== undefined) throw bad(`not an address: ${JSON.stringify(odd)}`);

  const tags = {};
  for (const { Name, Value } of input.EmailTags ?? []) {
    if (!TAG.test(Name ?? "") || !TAG.test(Value ?? "")) throw bad(`bad tag ${JSON.stringify({ Name, Value })}`);
    if (Name in tags) throw bad(`tag ${Name} twice`);
    tags[Name] = Value;
  }
  for (const { name, value } of readHeaders(raw).fields ?? []) {
    if (name !== "x-ses-message-tags") continue;
    for (const pair of value.split(",")) {
      const [tag, text] = pair.trim().split("=");
      if (!TAG.test(tag ?? "") || !TAG.test(text ?? "")) throw bad(`bad tag ${pair}`);
      tags[tag] ??= text;
    }
  }
  const from = input.FromEmailAddress;
  if (from !== undefined && typeof from !== "string") throw bad("FromEmailAddress is not a string");
  return { recipients, from, raw, tags };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function toJson({ id, sequence, receivedAt, from, to, tags, raw }, brief = false) {
  const head = { id, sequence, receivedAt, from, to, tags };
  if (brief) return head;
  let text;
  try {
    text = utf8.decode(raw);
  } catch {
    text = raw.toString("latin1");
  }
  return { ...head, raw: text, rawBase64: raw.toString("base64") };
}

async function readBody(req) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new Refusal(413, "RequestEntityTooLargeException", "the request is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answer(res, status, value) {
  const text = JSON.stringify(value);
  res.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  res.end(text);
}

const empty = (res) => res.writeHead(204).end();

/** Waits, but not for a client that went away. */
const wait = (ms, req) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      req.socket.off("close", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    req.socket.once("close", done);
  });
