// AWS Signature Version 4, the receiving side. Written from the public description, not from any client,
// so that a mistake in our signer cannot hide behind the same mistake here.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const ALGORITHM = "AWS4-HMAC-SHA256";
const SKEW_MAX_MS = 5 * 60 * 1000;

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const hmac = (key, data) => createHmac("sha256", key).update(data).digest();

/** `20150830T123600Z` as milliseconds, or NaN. */
export function parseAmzDate(text) {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? "");
  return m ? Date.UTC(m[1], m[2] - 1, m[3], m[4], m[5], m[6]) : NaN;
}

// Everything but the unreserved characters of RFC 3986 is escaped, in capitals.
const uriEncode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalQuery(query) {
  if (!query) return "";
  const decode = (part) => decodeURIComponent(part.replace(/\+/g, "%20"));
  return query
    .split("&")
    .filter(Boolean)
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [decode(pair), ""] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
    })
    .map(([name, value]) => [uriEncode(name), uriEncode(value)])
    .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0))
    .map((pair) => pair.join("="))
    .join("&");
}

/** Lower-case name → values in order of arrival, from node's flat `rawHeaders`. */
export function collectHeaders(rawHeaders) {
  const headers = new Map();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[i + 1]]);
  }
  return headers;
}

const canonicalValue = (values) => values.map((value) => value.trim().replace(/\s+/g, " ")).join(",");

export function canonicalRequest({ method, path, query, headers, signedHeaders, bodyHash }) {
  return [
    method,
    path || "/",
    canonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(headers.get(name))}`),
    "",
    signedHeaders.join(";"),
    bodyHash,
  ].join("\n");
}

// The key depends on the day only; a sender of ten thousand mails need not cost forty thousand hashes.
const keys = new Map();
function signingKey(secret, date, region, service) {
  const id = `${secret}/${date}/${region}/${service}`;
  if (!keys.has(id)) {
    if (keys.size > 100) keys.clear();
    keys.set(id, hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request"));
  }
  return keys.get(id);
}

export function signature({ secret, region, service, amzDate, request }) {
  const date = amzDate.slice(0, 8);
  const text = [ALGORITHM, amzDate, `${date}/${region}/${service}/aws4_request`, sha256(request)].join("\n");
  return hmac(signingKey(secret, date, region, service), text).toString("hex");
}

const refuse = (status, type, message) => ({ status, type, message });

/**
 * Checks a request. Returns null if it is signed properly, otherwise the error AWS would answer.
 * `credentials` maps access key ids to secrets.
 */
export function verify({ method, url, rawHeaders, body, credentials, region, service, now = Date.now() }) {
  const headers = collectHeaders(rawHeaders);
  const one = (name) => (headers.get(name)?.length === 1 ? headers.get(name)[0] : undefined);

  const authorization = one("authorization");
  if (authorization === undefined) {
    return refuse(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const match = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  if (!match) return refuse(400, "IncompleteSignatureException", "Authorization header is malformed");
  const [, credential, signedList, given] = match;

  const scope = credential.split("/");
  if (scope.length !== 5 || scope[4] !== "aws4_request") {
    return refuse(400, "IncompleteSignatureException", `Credential must have five parts: ${credential}`);
  }
  const [keyId, date, scopeRegion, scopeService] = scope;

  const amzDate = one("x-amz-date");
  const time = parseAmzDate(amzDate);
  if (Number.isNaN(time)) return refuse(400, "IncompleteSignatureException", "x-amz-date is missing or malformed");
  if (date !== amzDate.slice(0, 8)) {
    return refuse(403, "InvalidSignatureException", "Date in Credential scope does not match x-amz-date");
  }
  if (scopeService !== service) {
    return refuse(403, "InvalidSignatureException", `Credential should be scoped to correct service: '${service}'.`);
  }
  if (scopeRegion !== region) {
    return refuse(403, "InvalidSignatureException", `Credential should be scoped to a valid region: '${region}'.`);
  }
  if (Math.abs(now - time) > SKEW_MAX_MS) {
    const word = time < now ? "expired" : "not yet current";
    return refuse(403, "InvalidSignatureException", `Signature ${word}: ${amzDate} (limit 5 min.)`);
  }
  if (!credentials.has(keyId)) {
    return refuse(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
  }

  const signedHeaders = signedList.split(";");
  const sorted = [...signedHeaders].sort();
  if (signedList !== sorted.join(";") || new Set(signedHeaders).size !== signedHeaders.length) {
    return refuse(400, "IncompleteSignatureException", "SignedHeaders must be sorted and unique");
  }
  const missing = signedHeaders.find((name) => !headers.has(name));
  if (missing) return refuse(403, "InvalidSignatureException", `Signed header ${missing} is not in the request`);
  // The host, the time and everything AWS-specific must be covered, or it could be changed on the way.
  const unsigned = [...headers.keys()].find(
    (name) => (name === "host" || name.startsWith("x-amz-")) && !signedHeaders.includes(name),
  );
  if (unsigned) return refuse(403, "InvalidSignatureException", `Header ${unsigned} must be signed`);

  const bodyHash = sha256(body);
  const declared = one("x-amz-content-sha256");
  if (declared !== undefined && declared !== bodyHash) {
    return refuse(403, "InvalidSignatureException", "x-amz-content-sha256 does not match the body");
  }

  const [path, query] = url.split("?", 2);
  const request = canonicalRequest({ method, path, query, headers, signedHeaders, bodyHash });
  const expected = signature({ secret: credentials.get(keyId), region, service, amzDate, request });
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(given))) {
    return refuse(
      403,
      "InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided. " +
        `The canonical string for this request should have been:\n${request}`,
    );
  }
  return null;
}
