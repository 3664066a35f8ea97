// Calendars of many events, on the real runtime: a file, a long mail, a feed that changes, and kill -9 in the middle.

import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { calendar, game, games } from "./fixtures/season.mjs";
import { eventually, sleep, startWorld, untilRsvp } from "./world.mjs";

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

test("cron follows a feed: what is not modified changes nothing, one changed event is one update", { timeout: 120_000 }, async (t) => {
  const organizer = "feed@league.example";
  const shown = { list: games(12, 2_000), edition: 1, requests: [] };
  const server = http.createServer((request, response) => {
    const { "if-none-match": tag, "if-modified-since": since } = request.headers;
    const now = { etag: `"${shown.edition}"`, "last-modified": `Thu, 0${shown.edition} Oct 2026 08:00:00 GMT` };
    const status = tag === now.etag ? 304 : 200;
    shown.requests.push({ tag, since, status });
    response.writeHead(status, { ...now, "content-type": "text/calendar" }).end(status === 200 ? calendar(shown.list) : undefined);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const where = api(organizer, "feeds/league");
  const feed = { url: `http://127.0.0.1:${server.address().port}/league.ics`, vanished: "cancel", every_minutes: 5 };
  const status = () => world.get(where);
  const looked = (times) => eventually(`look ${times} at the feed`, async () => {
    const now = await status();
    // It is settled when the next look is five minutes after it; until then it is taken for ten.
    return shown.requests.length === times && now.next_at === now.checked_at + 300 && now;
  }, WAIT);
  const cron = async (times) => {
    await world.sql("UPDATE feed SET due = 0");
    await world.minute();
    return looked(times);
  };

  const put = await world.fetch(where, { method: "PUT", key: "standard", body: feed });
  assert.equal(put.status, 200, put.text);
  const first = await looked(1);
  const taken = await finished(api(organizer, `imports/${first.import}`));
  assert.deepEqual([taken.source, taken.created], ["feed", 12]);
  const events = await listed(organizer);
  const id = (title) => events.find((event) => event.summary_html === title).uid;
  // Who has said that he comes hears of changes.
  const comes = async (n) => {
    const [guest, event] = [world.guest(), { id: id(game(n).title) }];
    const asked = await world.fetch(`/v1/events/${event.id}/invitations`, { method: "POST", key: "standard", body: { email: guest.email } });
    assert.equal(asked.status, 202, asked.text);
    await guest.receives(event);
    await guest.replies(event, "ACCEPTED");
    await untilRsvp(world, event.id, { accepted: 1 });
    return guest;
  };
  const [changes, vanishes] = [await comes(2_010), await comes(2_011)];
  await comes(2_003);
  await world.mailTo(organizer);

  let mark = await world.mark();
  const second = await cron(2);
  assert.deepEqual(shown.requests[1], { tag: '"1"', since: "Thu, 01 Oct 2026 08:00:00 GMT", status: 304 });
  assert.deepEqual([second.import, second.changed_at, second.failures], [first.import, first.changed_at, 0]);
  await world.quiet({ after: mark });
  assert.deepEqual(await listed(organizer), events);

  shown.list = [...shown.list.slice(0, 10), game(2_010, { place: "Elsewhere" })];
  shown.edition = 2;
  const third = await cron(3);
  assert.deepEqual(shown.requests[2], { tag: '"1"', since: "Thu, 01 Oct 2026 08:00:00 GMT", status: 200 });
  const changed = await finished(api(organizer, `imports/${third.import}`));
  assert.deepEqual([changed.updated, changed.unchanged, changed.created, changed.cancelled], [1, 10, 0, 1]);
  const update = await world.mailTo(changes.email, { after: mark });
  assert.equal(update.calendar.method, "REQUEST");
  assert.match(update.text, /Elsewhere/);
  const off = await world.mailTo(vanishes.email, { after: mark });
  assert.equal(off.calendar.method, "CANCEL");
  // These two and no other: not to the third guest, not once more, and none to the organizer of a feed that went well.
  await sleep(3_000);
  assert.equal((await world.messages({ after: mark })).length, 2);

  // The new edition's tag is the one that counts from now on.
  mark = await world.mark();
  await cron(4);
  assert.deepEqual(shown.requests[3], { tag: '"2"', since: "Thu, 02 Oct 2026 08:00:00 GMT", status: 304 });
  await world.quiet({ after: mark });

  for (const url of ["https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://2130706433/", "https://u:p@a.example/"]) {
    const refused = await world.fetch(where, { method: "PUT", key: "standard", body: { ...feed, url } });
    assert.equal(refused.status, 400, url);
  }
  assert.equal((await world.fetch(where, { method: "DELETE", key: "standard" })).status, 204);
  assert.equal((await world.fetch(where, { key: "standard" })).status, 404);
});
