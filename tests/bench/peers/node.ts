// The peer without a Worker: node:http and node:sqlite over the same database file.

import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { type EventRow, type Organizer, SQL, listed, page, statistics, whole } from "./render.ts";

const [file, port, key] = process.argv.slice(2) as [string, string, string];
const db = new DatabaseSync(file, { readOnly: true });
const sql = Object.fromEntries(Object.entries(SQL).map(([name, text]) => [name, db.prepare(text)])) as Record<
  keyof typeof SQL,
  ReturnType<typeof db.prepare>
>;
const now = () => Math.floor(Date.now() / 1000);
const isKey = (given: unknown) => typeof given === "string" && given.length === key.length && timingSafeEqual(Buffer.from(given), Buffer.from(key));

/** The body and its type, or a status. */
function answer(url: URL, isKnown: boolean): [string, string] | number {
  const [, first, second, third] = url.pathname.split("/").map(decodeURIComponent);
  if (first === "s" && second) {
    const organizer = sql.organizer.get(second) as (Organizer & { address: string }) | undefined;
    if (!organizer) return 404;
    const words = url.searchParams.get("q");
    const rows = words
      ? sql.search.all(organizer.address, now(), `%${words}%`, `%${words}%`)
      : sql.page.all(organizer.address, now());
    return [page(organizer, rows as unknown as EventRow[]), "text/html; charset=utf-8"];
  }
  if (!isKnown || !second) return 403;
  const json = (value: unknown): [string, string] => [JSON.stringify(value), "application/json"];
  if (first === "event") {
    const row = sql.event.get(second);
    return row ? json(whole(row as unknown as EventRow)) : 404;
  }
  if (first === "organizer" && third === "events") return json((sql.list.all(second) as unknown as EventRow[]).map(listed));
  if (first === "organizer" && third === "statistics") {
    const [sums, origins, clients] = [sql.statistics.get(second), sql.origins.all(second), sql.clients.all(second)];
    return json(statistics(sums as never, origins as never, clients as never));
  }
  return 404;
}

createServer((request, response) => {
  const said = answer(new URL(request.url ?? "/", "http://localhost"), isKey(request.headers["x-api-key"]));
  if (typeof said === "number") return void response.writeHead(said).end();
  const [text, type] = said;
  const etag = `"${createHash("sha1").update(text).digest("hex")}"`;
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304, { etag }).end();
  const packed = String(request.headers["accept-encoding"] ?? "").includes("gzip");
  const body = packed ? gzipSync(text) : Buffer.from(text);
  const headers = { "content-type": type, "content-length": body.length, etag, ...(packed ? { "content-encoding": "gzip" } : {}) };
  response.writeHead(200, headers).end(body);
}).listen(Number(port), "127.0.0.1", () => console.log("READY"));
