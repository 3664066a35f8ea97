// A DKIM signer (RFC 6376, RFC 8463) on node's own cryptography, written apart from the verifier.

import crypto from "node:crypto";

/** A key pair: rsa1024, rsa2048, rsa4096 or ed25519; `record` goes into DNS. */
export function keyPair(kind) {
  if (kind === "ed25519") {
    const { privateKey, publicKey } = crypto.generateKeyPairSync("ed25519");
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    return { kind, privateKey, record: `v=DKIM1; k=ed25519; p=${raw.toString("base64")}` };
  }
  const { privateKey, publicKey } = crypto.generateKeyPairSync("rsa", { modulusLength: Number(kind.slice(3)) });
  const p = (type) => publicKey.export({ type, format: "der" }).toString("base64");
  return { kind, privateKey, record: `v=DKIM1; k=rsa; p=${p("spki")}`, pkcs1Record: `p=${p("pkcs1")}` };
}

const sha256 = (text) => crypto.createHash("sha256").update(Buffer.from(text, "latin1")).digest();

function relaxedField(field) {
  const colon = field.indexOf(":");
  const name = field.slice(0, colon).trim().toLowerCase();
  return `${name}:${field.slice(colon + 1).replace(/\r\n/g, "").replace(/[ \t]+/g, " ").trim()}`;
}

function canonicalBody(body, relaxed) {
  const text = relaxed ? body.replace(/[ \t]+/g, " ").replace(/ (?=\r\n|$)/g, "") : body;
  const trimmed = text.replace(/(\r\n)*$/, "");
  return trimmed === "" && relaxed ? "" : `${trimmed}\r\n`;
}

/** Signs a mail of the builders: a copy with a DKIM-Signature on top. */
export function signed(mail, { key, domain = mail.domain, selector = "s1", headers, canonicalization = "relaxed/relaxed", tags = "" }) {
  const text = mail.raw.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const fields = text.slice(0, end).split(/\r\n(?![ \t])/);
  const [ofHeader, ofBody] = canonicalization.split("/");
  const canonical = (field) => (ofHeader === "relaxed" ? relaxedField(field) : field);
  const names = headers ?? ["from", "to", "subject", "date", "message-id", "mime-version", "reply-to", "from"];
  const left = [...fields];
  const chosen = names.flatMap((name) => {
    const at = left.findLastIndex((field) => field.split(":")[0].trim().toLowerCase() === name.toLowerCase());
    return at < 0 ? [] : left.splice(at, 1);
  });
  const algorithm = key.kind === "ed25519" ? "ed25519-sha256" : "rsa-sha256";
  const bodyHash = sha256(canonicalBody(text.slice(end + 4), ofBody === "relaxed")).toString("base64");
  const unsigned =
    `DKIM-Signature: v=1; a=${algorithm}; c=${canonicalization}; d=${domain};\r\n s=${selector}; ${tags}h=${names.join(":")};\r\n` +
    ` bh=${bodyHash};\r\n b=`;
  const data = [...chosen, unsigned].map(canonical).join("\r\n");
  const bytes =
    key.kind === "ed25519"
      ? crypto.sign(null, sha256(data), key.privateKey)
      : crypto.sign("sha256", Buffer.from(data, "latin1"), key.privateKey);
  const signature = bytes.toString("base64").replace(/.{70}(?=.)/g, "$&\r\n ");
  return { ...mail, raw: Buffer.from(`${unsigned}${signature}\r\n${text}`, "latin1") };
}
