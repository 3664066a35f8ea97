// The encodings that mail is made of (RFC 2045, 2047, 5322, 5545). Strings in, strings of one byte per character out.

export const CRLF = "\r\n";

/** UTF-8 bytes as a string of one character per byte. */
export const utf8 = (text) => Buffer.from(text, "utf8").toString("latin1");

/** Base64 in lines of `width`. */
export function base64(content, width = 76) {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content, "utf8");
  const text = bytes.toString("base64");
  return (text.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join(CRLF);
}

/** Quoted-printable of a text with CRLF or LF line ends. */
export function quotedPrintable(text) {
  const lines = text.split(/\r?\n/).map((line) => {
    const bytes = [...Buffer.from(line, "utf8")];
    const words = bytes.map((byte, index) => {
      const last = index === bytes.length - 1;
      const plain = (byte >= 33 && byte <= 126 && byte !== 61) || ((byte === 32 || byte === 9) && !last);
      return plain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    });
    let out = "";
    let width = 0;
    for (const word of words) {
      if (width + word.length > 75) {
        out += `=${CRLF}`;
        width = 0;
      }
      out += word;
      width += word.length;
    }
    return out;
  });
  return lines.join(CRLF);
}

const isAscii = (text) => /^[\x20-\x7e]*$/.test(text);

/** A header text, as encoded words where it needs them; `style` B or Q. */
export function encodedText(text, style = "B") {
  if (isAscii(text)) return text;
  const words = [];
  let chunk = "";
  const limit = style === "B" ? 39 : 20;
  for (const character of text) {
    if (Buffer.byteLength(chunk + character) > limit) {
      words.push(chunk);
      chunk = "";
    }
    chunk += character;
  }
  words.push(chunk);
  const q = (word) =>
    [...Buffer.from(word, "utf8")]
      .map((byte) => {
        const character = String.fromCharCode(byte);
        if (character === " ") return "_";
        return /[A-Za-z0-9]/.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
      })
      .join("");
  const encode = style === "B" ? (word) => Buffer.from(word, "utf8").toString("base64") : q;
  return words.map((word) => `=?UTF-8?${style}?${encode(word)}?=`).join(`${CRLF} `);
}

/** `"Ana Gull" <ana@example.com>`. */
export function mailbox({ name, email }, style = "B") {
  if (!name) return `<${email}>`;
  if (!isAscii(name)) return `${encodedText(name, style)} <${email}>`;
  return /^[A-Za-z0-9 '-]+$/.test(name) ? `${name} <${email}>` : `"${name.replace(/[\\"]/g, "\\$&")}" <${email}>`;
}

/** `Fri, 02 Jul 2027 19:05:00 +0000`. */
export const mailDate = (date) => date.toUTCString().replace("GMT", "+0000");

/** A header section from `[name, value]` pairs; null values are left out. */
export const headers = (pairs) =>
  pairs
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}: ${value}${CRLF}`)
    .join("");

/** A leaf of a MIME tree. */
export const part = (pairs, body) => `${headers(pairs)}${CRLF}${body}`;

/** A multipart body; its Content-Type is the caller's. */
export const multipart = (boundary, parts) =>
  `${parts.map((one) => `--${boundary}${CRLF}${one}${CRLF}`).join("")}--${boundary}--${CRLF}`;

/** A whole message as bytes. */
export const message = (pairs, body) => Buffer.from(`${headers(pairs)}${CRLF}${body}`, "latin1");
