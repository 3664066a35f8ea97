// What SES would refuse, or a mailbox would stumble over, in a raw message. Bytes in, complaints out.

const LINE_MAX = 998; // RFC 5322 §2.1.1, without CRLF
const REQUIRED = ["from", "to", "subject", "mime-version", "content-type"];
const SINGLE = [
  ...REQUIRED,
  "date",
  "message-id",
  "sender",
  "reply-to",
  "cc",
  "bcc",
  "in-reply-to",
  "references",
  "content-transfer-encoding",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "auto-submitted",
  "x-ses-configuration-set",
  "x-ses-message-tags",
];

/** Header fields in order, unfolded; null with a complaint if the header section is broken. */
export function readHeaders(raw) {
  const end = raw.indexOf("\r\n\r\n");
  if (end < 0) return { error: "no empty line after the header" };
  const text = raw.subarray(0, end).toString("latin1");
  const fields = [];
  for (const line of text.split("\r\n")) {
    if (/^[ \t]/.test(line)) {
      if (fields.length === 0) return { error: "the header begins with a folded line" };
      if (!line.trim()) return { error: "a folded header line is empty" };
      fields.at(-1).value += line;
      continue;
    }
    const match = /^([!-9;-~]+):[ \t]*(.*)$/s.exec(line);
    if (!match) return { error: `not a header field: ${JSON.stringify(line.slice(0, 60))}` };
    fields.push({ name: match[1].toLowerCase(), value: match[2] });
  }
  return { fields };
}

/** Addresses of a From, To, Cc or Bcc field: comments and quoted strings are stepped over, groups refused. */
export function addressesIn(value) {
  const found = [];
  let outside = "";
  let angle = null;
  let quoted = false;
  let comment = 0;
  const finish = () => {
    const address = angle ?? outside.trim();
    if (address) found.push(address);
    outside = "";
    angle = null;
  };
  let inAngle = false;
  for (let i = 0; i < value.length; i += 1) {
    const c = value[i];
    if ((quoted || comment) && c === "\\") {
      if (inAngle && quoted) angle += c + (value[i + 1] ?? "");
      i += 1;
    } else if (quoted) {
      if (inAngle) angle += c;
      if (c === '"') quoted = false;
    } else if (comment) {
      comment += c === "(" ? 1 : c === ")" ? -1 : 0;
    } else if (c === '"') {
      quoted = true;
      if (inAngle) angle += c;
    } else if (c === "(" && !inAngle) comment = 1;
    else if (c === "<") {
      if (angle !== null) return null;
      inAngle = true;
      angle = "";
    } else if (c === ">") {
      if (!inAngle) return null;
      inAngle = false;
    } else if (inAngle) angle += c;
    else if (c === ",") finish();
    else if (c === ":" || c === ";") return null;
    else outside += c;
  }
  if (quoted || comment || inAngle) return null;
  finish();
  return found;
}

const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
export const isAddress = (text) => typeof text === "string" && text.length <= 254 && ADDRESS.test(text);

// The domain has no case; the local part is left alone, as SES leaves it.
export const sameSpelling = (address) => address.replace(/@.*$/, (domain) => domain.toLowerCase());

/**
 * All complaints about a message that is to go to `recipients`; empty if it is fine.
 * `from` is the envelope's FromEmailAddress if one was given.
 */
export function complaints(raw, { recipients, from }) {
  const list = [];
  if (raw.length === 0) return ["the message is empty"];

  let lineStart = 0;
  for (let i = 0; i < raw.length; i += 1) {
    const byte = raw[i];
    if (byte === 0) {
      list.push(`NUL at byte ${i}`);
      break;
    }
    if (byte === 10 && raw[i - 1] !== 13) {
      list.push(`bare LF at byte ${i}`);
      break;
    }
    if (byte === 13) {
      if (raw[i + 1] !== 10) {
        list.push(`bare CR at byte ${i}`);
        break;
      }
      if (i - lineStart > LINE_MAX) {
        list.push(`a line of ${i - lineStart} bytes at byte ${lineStart}: at most ${LINE_MAX}`);
        break;
      }
      lineStart = i + 2;
    }
  }
  if (raw.length - lineStart > LINE_MAX) list.push(`the last line has ${raw.length - lineStart} bytes: at most ${LINE_MAX}`);

  const { fields, error } = readHeaders(raw);
  if (error) return [...list, error];

  for (const { name, value } of fields) {
    // eslint-disable-next-line no-control-regex
    if (/[^\t\x20-\x7e]/.test(value)) list.push(`${name}: only printable ASCII; names and subjects are encoded words`);
  }
  const count = (wanted) => fields.filter(({ name }) => name === wanted).length;
  for (const name of REQUIRED) if (count(name) === 0 && !(name === "to" && count("cc") > 0)) list.push(`no ${name} header`);
  for (const name of SINGLE) if (count(name) > 1) list.push(`${count(name)} ${name} headers`);

  const addresses = (wanted) =>
    fields.filter(({ name }) => name === wanted).map(({ value }) => addressesIn(value));
  const senders = addresses("from").flat();
  if (count("from") === 1) {
    if (senders.length !== 1 || !isAddress(senders[0])) list.push("From must hold exactly one address");
    else if (from !== undefined && sameSpelling(addressesIn(from)?.[0] ?? "") !== sameSpelling(senders[0])) {
      list.push(`From is ${senders[0]}, FromEmailAddress ${from}`);
    }
  }

  const named = ["to", "cc", "bcc"].flatMap((name) => addresses(name));
  if (named.includes(null)) list.push("To, Cc or Bcc cannot be read");
  else {
    const inHeader = new Set(named.flat().map(sameSpelling));
    const inEnvelope = new Set(recipients.map(sameSpelling));
    for (const address of inHeader) if (!inEnvelope.has(address)) list.push(`${address} is in the header, not in Destination`);
    for (const address of inEnvelope) if (!inHeader.has(address)) list.push(`${address} is in Destination, not in the header`);
  }
  return list;
}
