// The peer on workerd: TypeScript, Hono and the same D1, written as its documentation teaches it. The runtime packs
// the answer; Hono's middleware makes and compares the ETag.

import { AwsClient } from "aws4fetch";
import { Hono } from "hono";
import { etag } from "hono/etag";
import { invitation } from "./mail.ts";
import { type EventRow, type Organizer, SQL, listed, page, statistics, whole } from "./render.ts";

type Statement = { bind(...values: unknown[]): Statement; all<T>(): Promise<{ results: T[] }>; first<T>(): Promise<T | null>; run(): Promise<{ meta: { changes: number } }> };
type Database = { prepare(sql: string): Statement; batch<T>(all: Statement[]): Promise<{ results: T[] }[]> };
type Bindings = { DB: Database; KEY: string; SES: string; ACCESS_KEY: string; SECRET_KEY: string };

const app = new Hono<{ Bindings: Bindings }>();
const now = () => Math.floor(Date.now() / 1000);

app.use(etag());
app.use(async (c, next) => {
  await next();
  if (c.res.body && c.req.header("accept-encoding")?.includes("gzip")) c.res.headers.set("content-encoding", "gzip");
});
app.use("/organizer/*", async (c, next) => (c.req.header("x-api-key") === c.env.KEY ? next() : c.json({ error: "forbidden" }, 403)));

app.get("/s/:slug", async (c) => {
  const db = c.env.DB;
  const organizer = await db.prepare(SQL.organizer).bind(c.req.param("slug")).first<Organizer & { address: string }>();
  if (!organizer) return c.notFound();
  const words = c.req.query("q");
  const query = words
    ? db.prepare(SQL.search).bind(organizer.address, now(), `%${words}%`, `%${words}%`)
    : db.prepare(SQL.page).bind(organizer.address, now());
  const { results } = await query.all<EventRow>();
  return c.html(page(organizer, results));
});

app.get("/organizer/:email/events", async (c) => {
  const { results } = await c.env.DB.prepare(SQL.list).bind(c.req.param("email")).all<EventRow>();
  return c.json(results.map(listed));
});

app.get("/organizer/:email/statistics", async (c) => {
  const db = c.env.DB;
  const email = c.req.param("email");
  const asked = [SQL.statistics, SQL.origins, SQL.clients].map((sql) => db.prepare(sql).bind(email));
  const [sums, origins, clients] = await db.batch<any>(asked);
  return c.json(statistics(sums!.results[0], origins!.results, clients!.results));
});

app.get("/event/:uid", async (c) => {
  if (c.req.header("x-api-key") !== c.env.KEY) return c.json({ error: "forbidden" }, 403);
  const event = await c.env.DB.prepare(SQL.event).bind(c.req.param("uid")).first<EventRow>();
  return event ? c.json(whole(event)) : c.notFound();
});

// One row for the guest, one signed request to SES: no limits, no suppression, no repeat after a failure.
app.post("/event/:uid/invite", async (c) => {
  const form = await c.req.parseBody();
  const guest = String(form.email ?? "");
  const event = await c.env.DB.prepare(SQL.event).bind(c.req.param("uid")).first<EventRow>();
  if (!event || !guest.includes("@")) return c.notFound();
  const added = await c.env.DB.prepare("INSERT OR IGNORE INTO peer_guest (event_id, address) VALUES (?, ?)").bind(event.event_id, guest).run();
  if (added.meta.changes > 0) {
    const aws = new AwsClient({ accessKeyId: c.env.ACCESS_KEY, secretAccessKey: c.env.SECRET_KEY, service: "ses", region: "us-east-1" });
    const { from, raw } = invitation(event, guest);
    const send = aws.fetch(`${c.env.SES}/v2/email/outbound-emails`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ FromEmailAddress: from, Destination: { ToAddresses: [guest] }, Content: { Raw: { Data: btoa(raw) } } }),
    });
    c.executionCtx.waitUntil(send.then((answer) => answer.arrayBuffer()));
  }
  return c.redirect(`/event/${event.event_id}/sent`, 303);
});

export default app;
