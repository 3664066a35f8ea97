// What the public reads comes out of KV: with one read, compressed, tagged, and made anew a moment after a change.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { SEASON, eventually, startWorld } from "./world.mjs";

let world;
before(async () => {
  world = await startWorld();
});
after(() => world?.stop());

const HOT = "kv=1 d1=0 objects=0";
const fromKv = ({ headers }) => headers.get("x-convoke-from") === "kv";
const hot = (path, options) =>
  eventually(`${path} out of KV`, async () => {
    const answer = await world.fetch(path, options);
    return fromKv(answer) && answer;
  });

/** A request whose bytes are left as they come. */
const raw = (path, { method = "GET", headers = {} } = {}) =>
  new Promise((resolve, reject) => {
    const request = http.request(new URL(path, world.url), { method, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.once("error", reject);
    request.end();
  });

describe("a public page", { concurrency: false }, () => {
  let organizer;
  let meeting;
  let page;
  before(async () => {
    organizer = world.organizer("google");
    meeting = await organizer.announced();
    page = await organizer.page();
  });

  test("is made from D1 for its first reader, and costs one read of KV from then on", async () => {
    const first = await world.fetch(page);
    assert.equal(first.status, 200);
    assert.equal(first.headers.get("x-convoke-from"), null);
    const later = await hot(page);
    assert.equal(later.text, first.text);
    for (const name of ["etag", "content-type", "cache-control", "vary", "content-language", "content-security-policy"]) {
      assert.ok(later.headers.get(name), name);
      // The local runtime weakens the tag of what it compresses by itself.
      assert.equal(later.headers.get(name), first.headers.get(name).replace(/^W\//, ""), name);
    }
    // Alarms of objects may count in between, but not every time.
    await eventually("one call", async () => (await world.fetch(page)).headers.get("x-convoke-calls") === HOT);
  });

  test("is not sent to who has it", async () => {
    const etag = (await hot(page)).headers.get("etag");
    await eventually("one call for 304", async () => {
      const same = await world.fetch(page, { headers: { "if-none-match": `W/${etag}` } });
      assert.deepEqual([same.status, same.text, same.headers.get("etag")], [304, "", etag]);
      return same.headers.get("x-convoke-calls") === HOT;
    });
  });

  test("is compressed once, for who takes that, and whole for the others; HEAD has no body", async () => {
    const { text } = await hot(page);
    const packed = await raw(page, { headers: { "accept-encoding": "gzip" } });
    assert.equal(packed.headers["content-encoding"], "gzip");
    assert.equal(gunzipSync(packed.body).toString(), text);
    for (const headers of [{}, { "accept-encoding": "identity" }, { "accept-encoding": "gzip;q=0" }]) {
      const whole = await raw(page, { headers });
      assert.equal(whole.headers["content-encoding"], undefined, JSON.stringify(headers));
      assert.equal(whole.body.toString(), text);
    }
    const head = await raw(page, { method: "HEAD" });
    assert.deepEqual([head.status, head.body.length, head.headers["x-convoke-from"]], [200, 0, "kv"]);
  });

  test("in each language is a document of its own; a search is never out of KV", async () => {
    assert.equal((await world.fetch(`${page}?lang=es`)).headers.get("x-convoke-from"), null);
    await hot(`${page}?lang=es`);
    await hot(page, { headers: { "accept-language": "es-MX,es;q=0.9" } });
    assert.ok(!fromKv(await world.fetch(`${page}?q=gulls`)));
  });

  test("says so within seconds when its organizer edits an event, in KV and to those who have it open", async () => {
    await hot(page);
    const socket = new Socket(`${page}/live`);
    await socket.opened;
    assert.equal(await socket.says("ping"), "pong");
    const edited = Date.now();
    await meeting.edit({ summary: "Gulls – Owls, the final" });
    const message = JSON.parse(await socket.next());
    const told = Date.now() - edited;
    assert.deepEqual(message, { changed: [meeting.id.slice(0, 12)] });
    const now = await world.fetch(page);
    assert.ok(fromKv(now) && now.text.includes("the final"));
    assert.ok(told < 5000, `told after ${told} ms`);
    // A guest is nobody else's business.
    await meeting.invite(world.guest());
    await meeting.edit({ location: "Harbor Park, Gate 9" });
    assert.deepEqual(JSON.parse(await socket.next()), { changed: [meeting.id.slice(0, 12)] });
    assert.equal((await world.fetch(`${page}/live`)).status, 426);
    socket.close();
  });

  test("is listened to by twenty of one network, and by others all the same", async () => {
    const listen = (address) => new Socket(`${page}/live`, { "cf-connecting-ip": address });
    // They are given 64 bits together.
    const crowd = Array.from({ length: 20 }, (_, n) => listen(`2001:db8:7::${(n + 1).toString(16)}`));
    await Promise.all(crowd.map((socket) => socket.opened));
    await assert.rejects(listen("2001:db8:7:0:9::1").opened, /429/);
    const others = [listen("2001:db8:8::1"), listen("192.0.2.7")];
    await Promise.all(others.map((socket) => socket.opened));
    // Who leaves makes room.
    crowd[0].close();
    const next = await eventually("room", async () => {
      const socket = listen("2001:db8:7::ffff");
      await socket.opened;
      return socket;
    });
    assert.equal(await next.says("ping"), "pong");
    for (const socket of [...crowd.slice(1), ...others, next]) socket.close();
  });

  test("forgets nothing of a burst", async () => {
    const games = Array.from({ length: 20 }, (_, n) => organizer.meeting({ summary: `Burst ${n}`, start: `${SEASON}-08-02T19:05:00`, end: `${SEASON}-08-02T22:05:00` }));
    await Promise.all(games.map((game) => game.send()));
    await eventually("20 games in KV", async () => {
      const answer = await world.fetch(page);
      return fromKv(answer) && games.every(({ says }) => answer.text.includes(`${says.summary}<`));
    }, { timeoutMs: 30_000 });
  });

  test("is gone when its organizer is suspended", async () => {
    await hot(page);
    const path = `/v1/organizers/${encodeURIComponent(organizer.email)}`;
    await world.fetch(path, { method: "PUT", key: "admin", body: { suspended: true } });
    await eventually("gone", async () => (await world.fetch(page)).status === 404);
    await world.fetch(path, { method: "PUT", key: "admin", body: { suspended: false } });
    await hot(page);
  });
});

test("the first API's list needs its key, then one read of KV", async () => {
  const organizer = world.organizer("outlook");
  const meeting = await organizer.announced();
  const path = `/organizer/${organizer.email}/events`;
  const list = await hot(path, { key: "standard" });
  assert.deepEqual(list.json.map(({ uid }) => uid), [meeting.id]);
  assert.equal(list.headers.get("access-control-allow-origin"), "*");
  await eventually("one call", async () => (await world.fetch(path, { key: "standard" })).headers.get("x-convoke-calls") === HOT);
  assert.equal((await world.fetch(path)).status, 403);
  assert.equal((await world.fetch(path, { key: "guess" })).status, 403);
});

/** The least of a WebSocket: an upgrade, unmasked text frames in, masked ones out. */
class Socket {
  #frames = [];
  #waiting = [];

  constructor(path, fields = {}) {
    const headers = { ...fields, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": Buffer.from("convoke-e2e-test").toString("base64") };
    const request = http.request(new URL(path, world.url), { headers });
    this.opened = new Promise((resolve, reject) => {
      request.once("upgrade", (_, socket, head) => {
        this.socket = socket;
        let bytes = head;
        const read = (chunk) => {
          bytes = Buffer.concat([bytes, chunk]);
          while (bytes.length >= 2 && bytes.length >= 2 + (bytes[1] & 127)) {
            const size = bytes[1] & 127;
            assert.ok(size < 126, "short messages only");
            this.#take(bytes.subarray(2, 2 + size).toString());
            bytes = bytes.subarray(2 + size);
          }
        };
        socket.on("data", read);
        read(Buffer.alloc(0));
        resolve();
      });
      request.once("response", (response) => reject(new Error(`no upgrade: ${response.statusCode}`)));
      request.once("error", reject);
    });
    request.end();
  }

  #take(text) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(text);
    else this.#frames.push(text);
  }

  next() {
    const ready = this.#frames.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no message within 10 s")), 10_000);
      this.#waiting.push((text) => {
        clearTimeout(timer);
        resolve(text);
      });
    });
  }

  says(text) {
    const payload = Buffer.from(text);
    this.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
    return this.next();
  }

  close() {
    this.socket.destroy();
  }
}
