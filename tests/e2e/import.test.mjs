// Calendars of many events, on the real runtime: a file, a long mail, a feed that changes, and kill -9 in the middle.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { calendar, game, games } from "./fixtures/season.mjs";
import { eventually, startWorld } from "./world.mjs";

const WAIT = { timeoutMs: 60_000, everyMs: 200 };

let world;
before(async () => {
  world = await startWorld({ vars: { LEASE_SECS: "6", HINT_REPEAT_SECS: "2", SES_TIMEOUT_MS: "5000" } });
});
after(() => world?.stop());

const api = (organizer, rest) => `/v1/organizers/${organizer}/${rest}`;
const upload = (organizer, text, query = "") =>
  world.fetch(api(organizer, `imports${query}`), { method: "POST", key: "standard", body: text, headers: { "content-type": "text/calendar" } });
const listed = async (organizer) => (await world.fetch(`/organizer/${organizer}/events`, { key: "standard" })).json;

async function finished(location) {
  return eventually("the end of the import", async () => {
    const { json } = await world.fetch(location, { key: "standard" });
    return ["done", "failed"].includes(json?.state) && json;
  }, WAIT);
}

test("a file is taken whole, and killed in the middle loses nothing", { timeout: 180_000 }, async () => {
  const organizer = "file@league.example";
  const taken = await upload(organizer, calendar(games(300)));
  assert.equal(taken.status, 202, taken.text);
  const location = taken.headers.get("location");
  await eventually("a part of it", async () => (await world.fetch(location, { key: "standard" })).json.done >= 40, { ...WAIT, everyMs: 20 });
  await world.kill();
  await world.restart();
  const progress = await finished(location);
  assert.deepEqual([progress.state, progress.total, progress.done, progress.created, progress.refused], ["done", 300, 300, 300, 0]);
  assert.equal((await listed(organizer)).length, 300);
  // One summary, or two of the same: whether a mail left that was under way when the Worker died is not known, and such
  // a notice is repeated, as every mail of unknown fate is.
  const summaries = await eventually("the summary", async () => {
    const mails = await world.messages({ to: organizer });
    return mails.length > 0 && mails;
  }, WAIT);
  assert.ok(summaries.length <= 2);
  for (const { subject } of summaries) assert.equal(subject, "Your calendar was taken: The league");
  const again = await upload(organizer, calendar(games(300)));
  assert.equal(again.headers.get("location"), location);
  assert.equal(again.json.state, "done");
});

test("a mail of more events than are taken at once is taken whole", { timeout: 120_000 }, async () => {
  const from = "mail@league.example";
  const text = calendar(games(60, 1_000)).replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:PUBLISH");
  const lines = [`From: <${from}>`, `To: <${world.create}>`, "Subject: Our fixtures", "Message-ID: <fixtures@league.example>", "MIME-Version: 1.0"];
  lines.push('Content-Type: text/calendar; charset=UTF-8; name="fixtures.ics"', "Content-Disposition: attachment", "", text);
  const mail = { from, to: world.create, domain: "league.example", raw: Buffer.from(lines.join("\r\n")) };
  await world.take(mail);
  await eventually("all of its events", async () => (await listed(from))?.length === 60, WAIT);
  const summary = await world.mailTo(from, { timeoutMs: 30_000 });
  assert.equal(summary.subject, "Your calendar was taken: Our fixtures");
});

test("a feed is followed: not modified, changed, and what vanishes is called off", { timeout: 120_000 }, async (t) => {
  const organizer = "feed@league.example";
  const shown = { list: games(12, 2_000), edition: 1, requests: [] };
  const server = http.createServer((request, response) => {
    const etag = `"${shown.edition}"`;
    shown.requests.push(request.headers["if-none-match"]);
    if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag, "content-type": "text/calendar" }).end(calendar(shown.list));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const where = api(organizer, "feeds/league");
  const feed = { url: `http://127.0.0.1:${server.address().port}/league.ics`, vanished: "cancel", every_minutes: 5 };
  const look = async () => {
    // The first PUT of an address looks at once; the same address with other settings forgets its tag.
    const put = await world.fetch(where, { method: "PUT", key: "standard", body: feed });
    assert.equal(put.status, 200, put.text);
    await eventually("a look at the feed", async () => (await world.fetch(where, { key: "standard" })).json.checked_at > 0, WAIT);
    const { json } = await world.fetch(where, { key: "standard" });
    return finished(api(organizer, `imports/${json.import}`));
  };
  const first = await look();
  assert.deepEqual([first.source, first.created], ["feed", 12]);
  shown.list = [...shown.list.slice(0, 10), game(2_010, { place: "Elsewhere" })];
  shown.edition = 2;
  const second = await eventually("the change", async () => {
    const progress = await look();
    return progress.updated === 1 && progress;
  }, WAIT);
  assert.deepEqual([second.unchanged, second.created, second.cancelled], [10, 0, 1]);
  assert.equal((await listed(organizer)).length, 12);

  for (const url of ["https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://2130706433/", "https://u:p@a.example/"]) {
    const refused = await world.fetch(where, { method: "PUT", key: "standard", body: { ...feed, url } });
    assert.equal(refused.status, 400, url);
  }
  assert.equal((await world.fetch(where, { method: "DELETE", key: "standard" })).status, 204);
  assert.equal((await world.fetch(where, { key: "standard" })).status, 404);
});
