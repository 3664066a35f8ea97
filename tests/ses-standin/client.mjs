// A signing SES client for tests, written apart from sigv4.mjs.

import crypto from "node:crypto";
import http from "node:http";

const hash = (data) => crypto.createHash("sha256").update(data).digest("hex");
const mac = (key, data, encoding) => crypto.createHmac("sha256", key).update(data).digest(encoding);

export function sign({ method, url, body = "", keyId = "AKIDEXAMPLE", secret = "secret", region = "us-east-1", service = "ses", at = Date.now() }) {
  const { host, pathname } = new URL(url);
  const stamp = new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = stamp.slice(0, 8);
  const contentHash = hash(body);
  const canonical = `${method}\n${pathname}\n\ncontent-type:application/json\nhost:${host}\nx-amz-content-sha256:${contentHash}\nx-amz-date:${stamp}\n\ncontent-type;host;x-amz-content-sha256;x-amz-date\n${contentHash}`;
  let key = `AWS4${secret}`;
  for (const part of [day, region, service, "aws4_request"]) key = mac(key, part);
  const signature = mac(key, `AWS4-HMAC-SHA256\n${stamp}\n${day}/${region}/${service}/aws4_request\n${hash(canonical)}`, "hex");
  return {
    "content-type": "application/json",
    "x-amz-content-sha256": contentHash,
    "x-amz-date": stamp,
    authorization: `AWS4-HMAC-SHA256 Credential=${keyId}/${day}/${region}/${service}/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=${signature}`,
  };
}

/** One request on its own connection; { status, headers, json } or a rejected promise with node's error code. */
export function request({ method, url, headers, body, timeoutMs = 5000 }) {
  return new Promise((resolve, reject) => {
    const req = http.request(url, { method, headers, agent: false }, (res) => {
      const chunks = [];
      res.on("data", (chunk) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const bytes = Buffer.concat(chunks);
        let json = null;
        try {
          json = JSON.parse(bytes.toString("utf8"));
        } catch {}
        resolve({ status: res.statusCode, headers: res.headers, json, bytes });
      });
    });
    req.setTimeout(timeoutMs, () => req.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })));
    req.on("error", reject);
    req.end(body);
  });
}

export const rawMail = (to, { from = "notification@convoke.test", subject = "Game", extra = "", text = "Hello\r\n" } = {}) =>
  Buffer.from(
    `From: Gulls <${from}>\r\nTo: ${to}\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\n${extra}\r\n${text}`,
    "utf8",
  );

export function sendBody(to, raw = rawMail(to), more = {}) {
  return JSON.stringify({
    FromEmailAddress: "notification@convoke.test",
    Destination: { ToAddresses: [to] },
    Content: { Raw: { Data: raw.toString("base64") } },
    ...more,
  });
}

export function send(base, { body, signWith = {}, tamper = (text) => text, timeoutMs, dropHeader } = {}) {
  const url = `${base}/v2/email/outbound-emails`;
  const headers = sign({ method: "POST", url, body, ...signWith });
  if (dropHeader) delete headers[dropHeader];
  return request({ method: "POST", url, headers, body: tamper(body), timeoutMs });
}
