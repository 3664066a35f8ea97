import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { rawMail, request, send, sendBody, sign } from "./client.mjs";
import { FaultPlan } from "./faults.mjs";
import { addressesIn, complaints } from "./message.mjs";
import { canonicalRequest, parseAmzDate, signature } from "./sigv4.mjs";
import { startStandin } from "./standin.mjs";

describe("AWS's published signing examples", () => {
  // From the signing test suite: key AKIDEXAMPLE, 2015-08-30T12:36:00Z, us-east-1, service "service".
  const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  const amzDate = "20150830T123600Z";
  const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const formHash = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
  const base = { host: ["example.amazonaws.com"], "x-amz-date": [amzDate] };
  const cases = {
    "get-vanilla": [{ method: "GET", headers: base }, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    "get-vanilla-query-order-encoded": [
      { method: "GET", query: "Param-3=Value3&Param=Value2&%E1%88%B4=Value1", headers: base },
      "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ],
    "get-header-value-multiline": [
      { method: "GET", headers: { ...base, "my-header1": ["value1   value2      value3"] } },
      "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
    ],
    "post-x-www-form-urlencoded": [
      {
        method: "POST",
        bodyHash: formHash,
        headers: {
          ...base,
          "content-length": ["13"],
          "content-type": ["application/x-www-form-urlencoded"],
          "x-amz-content-sha256": [formHash],
        },
      },
      "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    ],
  };
  for (const [name, [input, expected]] of Object.entries(cases)) {
    test(name, () => {
      const headers = new Map(Object.entries(input.headers));
      const canonical = canonicalRequest({
        path: "/",
        bodyHash: emptyHash,
        ...input,
        headers,
        signedHeaders: [...headers.keys()].sort(),
      });
      assert.equal(signature({ secret, region: "us-east-1", service: "service", amzDate, request: canonical }), expected);
    });
  }
  test("time stamps", () => {
    assert.equal(parseAmzDate(amzDate), Date.UTC(2015, 7, 30, 12, 36, 0));
    assert.ok(Number.isNaN(parseAmzDate("2015-08-30T12:36:00Z")));
  });
});

describe("raw messages", () => {
  const to = "fan@example.org";
  const check = (raw, more = {}) => complaints(Buffer.from(raw), { recipients: [to], ...more });
  const good = rawMail(to).toString();
  test("a proper one passes", () => assert.deepEqual(check(good), []));
  const bad = {
    "bare LF": [good.replace("Hello\r\n", "Hello\n"), /bare LF/],
    "bare CR": [good.replace("Hello\r\n", "Hello\rthere\r\n"), /bare CR/],
    "long line": [good.replace("Hello", "x".repeat(999)), /a line of 999 bytes/],
    "long last line": [good.replace("Hello\r\n", "x".repeat(999)), /last line has 999/],
    "no From": [good.replace(/^From.*\r\n/, ""), /no from header/],
    "two Froms": [`From: a@b.example\r\n${good}`, /2 from headers/],
    "two subjects": [`Subject: x\r\n${good}`, /2 subject headers/],
    "two addresses in From": [good.replace("From: ", "From: x@y.example, "), /exactly one address/],
    "raw umlaut in a header": [good.replace("Subject: Game", "Subject: Spiel für alle"), /only printable ASCII/],
    "another recipient": [good.replace("To: ", "To: other@example.org, "), /other@example.org is in the header/],
    "missing recipient": [good.replace(to, "other@example.org"), /fan@example.org is in Destination/],
    "no header end": ["From: a@b.example\r\n", /no empty line/],
    "not a header": [`what is this\r\n${good}`, /not a header field/],
    "NUL": [good.replace("Hello", "He\0llo"), /NUL/],
  };
  for (const [name, [raw, pattern]] of Object.entries(bad)) {
    test(`${name} is refused`, () => assert.match(check(raw).join("; "), pattern));
  }
  test("998 bytes are allowed", () => assert.deepEqual(check(good.replace("Hello", "x".repeat(998))), []));
  test("the envelope's sender must be From", () => {
    assert.match(check(good, { from: "else@convoke.test" }).join(), /FromEmailAddress/);
    assert.deepEqual(check(good, { from: "Gulls <notification@CONVOKE.test>" }), []);
  });
  test("address lists", () => {
    assert.deepEqual(addressesIn('"Doe, \\"J\\"" <j@x.example>, k@x.example (a, comment), <l@x.example>'), [
      "j@x.example",
      "k@x.example",
      "l@x.example",
    ]);
    assert.equal(addressesIn("group: a@x.example;"), null);
    assert.equal(addressesIn("<a@x.example"), null);
  });
});

describe("fault plans", () => {
  test("rules in order, used up, matched", () => {
    const plan = new FaultPlan();
    plan.set([
      { mode: "reject", match: "BAD@" },
      { mode: "throttle", times: 2 },
    ]);
    const modes = ["a@x", "bad@x", "b@x", "c@x"].map((to) => plan.next([to]).mode);
    assert.deepEqual(modes, ["throttle", "reject", "throttle", "ok"]);
  });
  test("a seed makes the toss repeatable", () => {
    const toss = () => {
      const plan = new FaultPlan();
      plan.set({ mode: "fail500", probability: 0.3, seed: 7 });
      return Array.from({ length: 1000 }, () => plan.next(["a@x"]).mode === "fail500");
    };
    assert.deepEqual(toss(), toss());
    const share = toss().filter(Boolean).length / 1000;
    assert.ok(share > 0.25 && share < 0.35, `share ${share}`);
  });
  test("nonsense is refused", () => {
    for (const rule of [{ mode: "explode" }, { mode: "ok", probability: 2 }, { mode: "ok", often: 1 }, null, { mode: "ok", times: -1 }]) {
      assert.throws(() => new FaultPlan().set(rule));
    }
  });
});

describe("the endpoint", () => {
  let standin;
  let base;
  const control = (method, route, value) =>
    request({ method, url: base + route, body: value === undefined ? undefined : JSON.stringify(value) });
  const messages = async (query = "") => (await control("GET", `/messages${query}`)).json;
  const stats = async (query = "") => (await control("GET", `/stats${query}`)).json;

  before(async () => {
    standin = await startStandin({ port: 0, messagesMax: 50 });
    base = standin.url;
  });
  after(() => standin.close());
  beforeEach(async () => {
    await control("PUT", "/faults", []);
    await control("DELETE", "/messages");
    await control("DELETE", "/stats");
  });

  test("accepts a signed mail and keeps it byte for byte", async () => {
    const raw = Buffer.concat([rawMail("fan@example.org", { text: "" }), Buffer.from([0xff, 0xfe, 0xe4, 13, 10])]);
    const body = sendBody("fan@example.org", raw, { EmailTags: [{ Name: "convoke-key", Value: "k1" }] });
    const reply = await send(base, { body });
    assert.equal(reply.status, 200);
    const [message, ...others] = await messages();
    assert.equal(others.length, 0);
    assert.equal(message.id, reply.json.MessageId);
    assert.deepEqual(message.to, ["fan@example.org"]);
    assert.deepEqual(message.tags, { "convoke-key": "k1" });
    assert.deepEqual(Buffer.from(message.rawBase64, "base64"), raw);
    assert.deepEqual(Buffer.from(message.raw, "latin1"), raw);
    assert.deepEqual((await control("GET", `/messages/${message.id}/raw`)).bytes, raw);
    assert.equal((await control("GET", "/messages/none/raw")).status, 404);
  });

  test("valid UTF-8 is shown as UTF-8", async () => {
    await send(base, { body: sendBody("fan@example.org", rawMail("fan@example.org", { text: "Grüße\r\n" })) });
    assert.match((await messages())[0].raw, /Grüße/);
  });

  test("filters: to, after, limit, brief", async () => {
    for (const to of ["a@x.example", "b@x.example", "a@x.example"]) await send(base, { body: sendBody(to) });
    const all = await messages();
    assert.equal((await messages("?to=A@x.example")).length, 2);
    assert.equal((await messages(`?after=${all[1].sequence}`)).length, 1);
    assert.equal((await messages("?limit=1")).length, 1);
    assert.equal((await messages("?brief"))[0].raw, undefined);
  });

  const shape = (reply, status, type) => {
    assert.equal(reply.status, status);
    assert.equal(reply.headers["x-amzn-errortype"], type);
    assert.equal(reply.json.__type, type);
    assert.equal(typeof reply.json.message, "string");
  };

  describe("signatures", () => {
    const body = sendBody("fan@example.org");
    const cases = {
      "wrong secret": [{ signWith: { secret: "wrong" } }, 403, "InvalidSignatureException"],
      "unknown key": [{ signWith: { keyId: "AKIDNOBODY" } }, 403, "UnrecognizedClientException"],
      "wrong region": [{ signWith: { region: "eu-west-1" } }, 403, "InvalidSignatureException"],
      "wrong service": [{ signWith: { service: "email" } }, 403, "InvalidSignatureException"],
      "six minutes late": [{ signWith: { at: Date.now() - 6 * 60e3 } }, 403, "InvalidSignatureException"],
      "six minutes early": [{ signWith: { at: Date.now() + 6 * 60e3 } }, 403, "InvalidSignatureException"],
      "tampered body": [{ tamper: (text) => text.replace("fan@example.org", "foe@example.org") }, 403, "InvalidSignatureException"],
      "signed header missing": [{ dropHeader: "x-amz-content-sha256" }, 403, "InvalidSignatureException"],
      "no date": [{ dropHeader: "x-amz-date" }, 400, "IncompleteSignatureException"],
      "no signature": [{ dropHeader: "authorization" }, 403, "MissingAuthenticationTokenException"],
    };
    for (const [name, [options, status, type]] of Object.entries(cases)) {
      test(name, async () => {
        shape(await send(base, { body, ...options }), status, type);
        assert.equal((await messages()).length, 0);
        assert.deepEqual((await stats()).signatureFailures, { [type]: 1 });
      });
    }
    test("an x-amz header outside the signature", async () => {
      const url = `${base}/v2/email/outbound-emails`;
      const headers = { ...sign({ method: "POST", url, body }), "x-amz-security-token": "later" };
      shape(await request({ method: "POST", url, headers, body }), 403, "InvalidSignatureException");
    });
    test("four minutes of skew are forgiven", async () => {
      assert.equal((await send(base, { body, signWith: { at: Date.now() - 4 * 60e3 } })).status, 200);
    });
  });

  describe("requests", () => {
    const refused = (name, body, pattern) =>
      test(name, async () => {
        const reply = await send(base, { body });
        shape(reply, 400, "BadRequestException");
        assert.match(reply.json.message, pattern);
        assert.deepEqual((await stats()).refused, { BadRequestException: 1 });
      });
    refused("not JSON", "{", /not JSON/);
    refused("no content", JSON.stringify({ Destination: { ToAddresses: ["a@x.example"] } }), /Raw.Data/);
    refused("broken base64", sendBody("a@x.example", undefined, { Content: { Raw: { Data: "a-b" } } }), /base64/);
    refused("no recipient", sendBody("a@x.example", undefined, { Destination: {} }), /no recipient/);
    refused("not an address", sendBody("a@x.example", undefined, { Destination: { ToAddresses: ["a"] } }), /not an address/);
    refused("a tag with a space", sendBody("a@x.example", undefined, { EmailTags: [{ Name: "k", Value: "a b" }] }), /bad tag/);
    refused("a bad message", sendBody("a@x.example", Buffer.from("Hi\n")), /Invalid message/);

    test("unknown operations", async () => {
      const url = `${base}/v2/email/templates`;
      shape(await request({ method: "GET", url, headers: sign({ method: "GET", url }) }), 404, "UnknownOperationException");
    });
    test("GetAccount, and its quota", async () => {
      const url = `${base}/v2/email/account`;
      await control("PUT", "/quota", { MaxSendRate: 14 });
      await send(base, { body: sendBody("a@x.example") });
      const reply = await request({ method: "GET", url, headers: sign({ method: "GET", url }) });
      assert.equal(reply.status, 200);
      assert.equal(reply.json.SendQuota.MaxSendRate, 14);
      assert.equal(reply.json.SendQuota.SentLast24Hours, 1);
      assert.equal((await request({ method: "GET", url })).status, 403);
    });
    test("tags in the header count too", async () => {
      const raw = rawMail("a@x.example", { extra: "X-SES-MESSAGE-TAGS: key=h1, kind=game\r\n" });
      await send(base, { body: sendBody("a@x.example", raw) });
      assert.deepEqual((await messages())[0].tags, { key: "h1", kind: "game" });
    });
  });

  describe("faults", () => {
    const body = sendBody("fan@example.org", undefined, { EmailTags: [{ Name: "convoke-key", Value: "k1" }] });
    const plan = (rule) => control("PUT", "/faults", { times: 1, ...rule });
    const rejects = (promise, code) => assert.rejects(promise, (error) => error.code === code || error.code === "ECONNRESET");
    const works = async () => assert.equal((await send(base, { body })).status, 200);

    const answered = {
      throttle: [429, "TooManyRequestsException", /Maximum sending rate/],
      "daily-quota": [429, "TooManyRequestsException", /Daily message quota/],
      paused: [400, "SendingPausedException", /paused/],
      fail500: [500, "InternalFailure", /unknown error/],
      fail503: [503, "ServiceUnavailable", /temporary/],
      reject: [400, "MessageRejected", /suppression/],
    };
    for (const [mode, [status, type, pattern]] of Object.entries(answered)) {
      test(mode, async () => {
        await plan({ mode });
        const reply = await send(base, { body });
        shape(reply, status, type);
        assert.match(reply.json.message, pattern);
        assert.equal((await stats()).accepted, 0);
        assert.deepEqual((await stats()).faults, { [mode]: 1 });
        await works();
      });
    }
    const silent = {
      hang: [0, "ETIMEDOUT"],
      "hang-after": [1, "ETIMEDOUT"],
      "reset-before": [0, "ECONNRESET"],
      "reset-after": [1, "ECONNRESET"],
      "accept-and-drop": [1, "ECONNRESET"],
    };
    for (const [mode, [accepted, code]] of Object.entries(silent)) {
      test(`${mode}: ${accepted ? "accepted" : "not accepted"}, no answer`, async () => {
        await plan({ mode });
        await assert.rejects(send(base, { body, timeoutMs: 300 }), { code });
        assert.equal((await messages()).length, accepted);
        await works();
        assert.deepEqual((await stats()).keys, { distinct: 1, repeated: accepted, countMax: 1 + accepted });
      });
    }
    test("sink: counted, not kept", async () => {
      await plan({ mode: "sink", times: 3 });
      for (let i = 0; i < 3; i += 1) await works();
      assert.equal((await messages()).length, 0);
      const counted = await stats("?keys");
      assert.equal(counted.accepted, 3);
      assert.deepEqual(counted.keys.counts, { k1: 3 });
    });
    test("slow", async () => {
      await plan({ mode: "slow", delayMs: 300 });
      const started = Date.now();
      await works();
      assert.ok(Date.now() - started >= 290);
    });
    test("only the matching recipient, until it is lifted", async () => {
      await plan({ mode: "fail500", match: "fan@", times: null });
      assert.equal((await send(base, { body })).status, 500);
      assert.equal((await send(base, { body: sendBody("other@example.org") })).status, 200);
      assert.equal((await control("GET", "/faults")).json.plan[0].hits, 1);
      await control("PUT", "/faults", { mode: "ok" });
      await works();
    });
    test("an unknown plan is refused and changes nothing", async () => {
      await plan({ mode: "fail500" });
      assert.equal((await plan({ mode: "explode" })).status, 400);
      assert.equal((await send(base, { body })).status, 500);
    });
  });

  test("keeps the newest messages only", async () => {
    for (let i = 0; i < 60; i += 1) await send(base, { body: sendBody(`fan${i}@example.org`) });
    const kept = await messages();
    assert.equal(kept.length, 50);
    assert.equal(kept[0].to[0], "fan10@example.org");
    assert.equal((await stats()).accepted, 60);
  });
});

describe("as a program", () => {
  test("says where it listens, and ends with its parent", async () => {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "main.mjs"), "--port", "0", "--with-parent"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = await once(child.stdout.setEncoding("utf8"), "data");
    const [url] = line.match(/http:\S+/);
    assert.equal((await request({ method: "GET", url: `${url}/healthz` })).status, 200);
    child.stdin.end();
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
