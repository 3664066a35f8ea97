// A resolver for tests and the local stack: TXT records as JSON over HTTP, on loopback.
//
//   GET /dns-query?name=NAME&type=TXT   what a resolver answers (accept: application/dns-json)
//   PUT /records/NAME                   {"txt": ["…"], "ttl": 60} or {"fault": "servfail" | "status" | "garbage" | "hang"}
//   DELETE /records/NAME
//   GET /questions                      the names that were asked for, oldest first
//
// A name that nobody put here does not exist.

import http from "node:http";

const HOST = "127.0.0.1";
const BODY_BYTES_MAX = 64 * 1024;
const STRING_CHARS_MAX = 255;
const TXT = 16;

/** A record as resolvers write it: quoted strings of at most 255 characters, quotes and backslashes escaped. */
const presentation = (text) =>
  (text.match(new RegExp(`[^]{1,${STRING_CHARS_MAX}}`, "g")) ?? [""]).map((piece) => `"${piece.replace(/["\\]/g, "\\$&")}"`).join(" ");

/** Starts listening; resolves with { url, publish, fail, questions, close }; `url` is for DOH_URL. Port 0 takes a free one. */
export async function startDohStandin({ port = 0 } = {}) {
  const records = new Map();
  const questions = [];
  const key = (name) => name.toLowerCase().replace(/\.$/, "");

  function answer(name, response) {
    questions.push(name);
    const record = records.get(key(name));
    const send = (status, body) => response.writeHead(status, { "content-type": "application/dns-json" }).end(body);
    const dns = (Status, Answer) => send(200, JSON.stringify({ Status, TC: false, RD: true, RA: true, Question: [{ name, type: TXT }], Answer }));
    switch (record?.fault) {
      case "servfail":
        return dns(2);
      case "status":
        return send(503, "busy");
      case "garbage":
        return send(200, "<html>not DNS</html>");
      case "hang":
        return undefined; // until the client gives up
      default:
        if (!record) return dns(3);
        return dns(0, record.txt.map((text) => ({ name, type: TXT, TTL: record.ttl ?? 60, data: presentation(text) })));
    }
  }

  async function body(request) {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) {
      text += chunk;
      if (text.length > BODY_BYTES_MAX) throw new Error("too large");
    }
    return JSON.parse(text);
  }

  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, `http://${HOST}`);
    const name = decodeURIComponent(/^\/records\/(.+)$/.exec(url.pathname)?.[1] ?? "");
    const route = `${request.method} ${name ? "/records" : url.pathname}`;
    try {
      if (route === "GET /dns-query") {
        const isJson = request.headers.accept === "application/dns-json" && url.searchParams.get("type") === "TXT";
        if (!isJson || !url.searchParams.get("name")) response.writeHead(400).end();
        else answer(url.searchParams.get("name"), response);
      } else if (route === "PUT /records") {
        records.set(key(name), await body(request));
        response.writeHead(204).end();
      } else if (route === "DELETE /records") {
        records.delete(key(name));
        response.writeHead(204).end();
      } else if (route === "GET /questions") {
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(questions));
      } else {
        response.writeHead(404).end();
      }
    } catch {
      response.writeHead(400).end();
    }
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, resolve);
  });
  return {
    url: `http://${HOST}:${server.address().port}/dns-query`,
    questions,
    publish: (name, txt, { ttl } = {}) => records.set(key(name), { txt: [txt].flat(), ttl }),
    fail: (name, fault) => records.set(key(name), { fault }),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
