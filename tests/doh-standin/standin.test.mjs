// The DNS stand-in answers as a resolver does, and fails as it is told.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDohStandin } from "./standin.mjs";

let standin, base;
before(async () => {
  standin = await startDohStandin();
  base = new URL(standin.url).origin;
});
after(() => standin.close());

const ask = (name, init = {}) =>
  fetch(`${standin.url}?name=${name}&type=TXT`, { headers: { accept: "application/dns-json" }, signal: AbortSignal.timeout(1000), ...init });

test("records are answered in strings of 255, whoever put them there", async () => {
  const long = `v=DKIM1; p=${"A".repeat(400)}"\\`;
  await fetch(`${base}/records/s._domainkey.club.example`, { method: "PUT", body: JSON.stringify({ txt: [long], ttl: 7 }) });
  const { Status, Answer } = await (await ask("S._domainkey.club.example")).json();
  assert.deepEqual([Status, Answer.length, Answer[0].TTL, Answer[0].type], [0, 1, 7, 16]);
  const strings = [...Answer[0].data.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text.replace(/\\(.)/g, "$1"));
  assert.equal(strings.join(""), long);
  assert.ok(strings.every((text) => text.length <= 255) && strings.length === 2);
  await fetch(`${base}/records/s._domainkey.club.example`, { method: "DELETE" });
  assert.equal((await (await ask("s._domainkey.club.example")).json()).Status, 3);
  assert.deepEqual(await (await fetch(`${base}/questions`)).json(), ["S._domainkey.club.example", "s._domainkey.club.example"]);
});

test("faults are those of resolvers", async () => {
  for (const fault of ["servfail", "status", "garbage", "hang"]) standin.fail(`${fault}.example`, fault);
  assert.equal((await (await ask("servfail.example")).json()).Status, 2);
  assert.equal((await ask("status.example")).status, 503);
  await assert.rejects((await ask("garbage.example")).json());
  await assert.rejects(ask("hang.example", { signal: AbortSignal.timeout(200) }));
});

test("only the JSON form is spoken", async () => {
  assert.equal((await fetch(`${standin.url}?name=x.example&type=TXT`)).status, 400);
  assert.equal((await fetch(`${base}/elsewhere`)).status, 404);
});
