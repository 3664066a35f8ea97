// Reads the outbox of the SES stand-in and writes genuine calendar mail to the local mail door.
const $ = (id) => document.getElementById(id);
const domain = document.body.dataset.domain;
const zeroPad = (n, width = 2) => String(n).padStart(width, "0");
let events = [];
let mails = [];
let open = null;

// Mail in --------------------------------------------------------------------------------------------------------

const bytesOf = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0) & 255);
const utf8 = (bytes) => new TextDecoder().decode(bytes);

function decode(body, encoding) {
  if (/base64/i.test(encoding)) return utf8(bytesOf(atob(body.replace(/[^A-Za-z0-9+/=]/g, ""))));
  if (/quoted/i.test(encoding)) {
    const plain = body.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return utf8(bytesOf(plain));
  }
  return body;
}

const words = (text) => (text || "").replace(/\?=\s+=\?/g, "?==?").replace(/=\?[\w-]+\?([bq])\?([^?]*)\?=/gi, (_, kind, body) =>
  decode(kind.toLowerCase() === "b" ? body : body.replace(/_/g, " "), kind.toLowerCase() === "b" ? "base64" : "quoted"));

function parse(raw) {
  const at = raw.search(/\r?\n\r?\n/);
  const head = at < 0 ? raw : raw.slice(0, at);
  const body = at < 0 ? "" : raw.slice(at).replace(/^\r?\n\r?\n/, "");
  const headers = {};
  for (const line of head.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] ??= line.slice(colon + 1).trim();
  }
  const type = headers["content-type"] || "text/plain";
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\//i.test(type) && boundary) {
    const parts = body.split(`--${boundary}`).slice(1).filter((part) => !part.startsWith("--"));
    return { headers, type, parts: parts.map((part) => parse(part.replace(/^\r?\n/, "").replace(/\r?\n$/, ""))) };
  }
  return { headers, type, text: decode(body, headers["content-transfer-encoding"] || "") };
}

const find = (part, test) => (part.parts ? part.parts.map((one) => find(one, test)).find(Boolean) : test(part.type) ? part : undefined);

// Calendar text -----------------------------------------------------------------------------------------------

const unfold = (ics) => ics.replace(/\r?\n[ \t]/g, "");
const block = (ics, name) => new RegExp(`BEGIN:${name}\\r?\\n([\\s\\S]*?)END:${name}`).exec(unfold(ics))?.[1] || "";
const line = (text, name) => new RegExp(`^${name}[;:].*$`, "mi").exec(text)?.[0].trim();
const value = (text, name) => line(text, name)?.replace(/^("[^"]*"|[^":])*:/, "");
const escapeText = (text) => text.replace(/\\/g, "\\\\").replace(/;/g, "\\;").replace(/,/g, "\\,").replace(/\r?\n/g, "\\n");

function fold(text) {
  const out = [];
  for (const whole of text.split("\n")) {
    let rest = "";
    let bytes = 0;
    for (const c of whole) {
      const size = new TextEncoder().encode(c).length;
      if (bytes + size > 74) { out.push(rest); rest = " "; bytes = 1; }
      rest += c;
      bytes += size;
    }
    out.push(rest);
  }
  return out.join("\r\n") + "\r\n";
}

function stamp(date = new Date()) {
  return `${date.getUTCFullYear()}${zeroPad(date.getUTCMonth() + 1)}${zeroPad(date.getUTCDate())}T${zeroPad(date.getUTCHours())}${zeroPad(date.getUTCMinutes())}${zeroPad(date.getUTCSeconds())}Z`;
}

function later(time) {
  const m = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?$/.exec(time.value);
  if (!m) return time;
  const date = new Date(Date.UTC(+m[1], m[2] - 1, +m[3], m[4] ?? 0, m[5] ?? 0, m[6] ?? 0));
  if (m[4] === undefined) date.setUTCDate(date.getUTCDate() + 1); else date.setUTCHours(date.getUTCHours() + 1);
  const text = stamp(date).slice(0, -1);
  return { ...time, value: m[4] === undefined ? text.slice(0, 8) : text };
}

const timeLine = (name, time) => `${name}${time.params}:${time.value}${time.utc ? "Z" : ""}`;

// Mail out --------------------------------------------------------------------------------------------------------

const base64 = (text) => {
  let binary = "";
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/.{1,76}/g, "$&\r\n");
};
const headerText = (text) => (/^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${base64(text).replace(/\r\n/g, "")}?=`);

async function post(from, to, subject, method, ics, verdict) {
  const boundary = `b${crypto.randomUUID()}`;
  const mail = [
    ...(verdict ? [`Authentication-Results: mx.cloudflare.net; dmarc=pass header.from=${from.split("@")[1]}`] : []),
    `From: <${from}>`,
    `To: <${to}>`,
    `Subject: ${headerText(subject)}`,
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${crypto.randomUUID()}@${from.split("@")[1]}>`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    'Content-Type: text/plain; charset="UTF-8"',
    "Content-Transfer-Encoding: base64",
    "",
    base64(subject),
    `--${boundary}`,
    `Content-Type: text/calendar; charset="UTF-8"; method=${method}`,
    "Content-Transfer-Encoding: base64",
    "",
    base64(fold(ics)),
    `--${boundary}--`,
    "",
  ].join("\r\n");
  const door = `/cdn-cgi/handler/email?from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`;
  const answer = await fetch(door, { method: "POST", body: mail });
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 300) || `the mail door answered ${answer.status}`);
}

function organizerMail(event, change, method) {
  const create = `create@${domain}`;
  const next = { ...event, ...change };
  const ics = [
    "BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0", "CALSCALE:GREGORIAN", `METHOD:${method}`,
    "BEGIN:VEVENT",
    timeLine("DTSTART", next.start), timeLine("DTEND", next.end),
    ...(next.rrule ? [`RRULE:${next.rrule}`] : []),
    `DTSTAMP:${stamp()}`,
    `ORGANIZER;CN="${next.organizer.replace(/["\r\n]/g, "'")}":mailto:${next.owner}`,
    `UID:${next.original_uid}`,
    `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=${create};X-NUM-GUESTS=0:mailto:${create}`,
    `DESCRIPTION:${escapeText(next.description)}`,
    `LOCATION:${escapeText(next.location)}`,
    `SEQUENCE:${event.sequence + 1}`,
    `STATUS:${method === "CANCEL" ? "CANCELLED" : "CONFIRMED"}`,
    `SUMMARY:${escapeText(next.summary)}`,
    "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR",
  ].join("\n");
  const subject = `${method === "CANCEL" ? "Canceled event" : "Updated invitation"}: ${next.summary}`;
  return post(next.owner, create, subject, method, ics, true);
}

function replyMail(mail, partstat, prodid) {
  const event = block(mail.ics, "VEVENT");
  const organizer = line(event, "ORGANIZER");
  const to = value(event, "ORGANIZER").replace(/^mailto:/i, "");
  const guest = mail.to;
  const copied = ["DTSTART", "DTEND", "RECURRENCE-ID", "SUMMARY"].map((name) => line(event, name)).filter(Boolean);
  const ics = [
    "BEGIN:VCALENDAR", `PRODID:${prodid}`, "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:REPLY", "BEGIN:VEVENT",
    ...copied,
    `DTSTAMP:${stamp()}`, organizer, `UID:${value(event, "UID")}`,
    `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=${partstat};CN=${guest}:mailto:${guest}`,
    `SEQUENCE:${value(event, "SEQUENCE") || 0}`, "END:VEVENT", "END:VCALENDAR",
  ].join("\n");
  const word = { ACCEPTED: "Accepted", TENTATIVE: "Tentative", DECLINED: "Declined" }[partstat];
  return post(guest, to, `${word}: ${mail.subject}`, "REPLY", ics, true);
}

// The screen ------------------------------------------------------------------------------------------------------

const say = (text) => { $("said").textContent = text; };
const element = (name, text, attributes = {}) => {
  const node = document.createElement(name);
  if (text) node.textContent = text;
  for (const [key, one] of Object.entries(attributes)) node.setAttribute(key, one);
  return node;
};
const current = () => events.find((event) => event.event_id === $("event").value);

function showEvents(list) {
  const kept = $("event").value;
  const changed = list.map((event) => event.event_id).join() !== events.map((event) => event.event_id).join();
  const before = current();
  events = list;
  if (changed) {
    $("event").replaceChildren(...list.map((event) => element("option", event.summary, { value: event.event_id })));
    if (list.some((event) => event.event_id === kept)) $("event").value = kept;
  }
  const event = current();
  for (const option of $("event").options) {
    const one = list.find((other) => other.event_id === option.value);
    if (one && option.textContent !== one.summary) option.textContent = one.summary;
  }
  if (event && (!before || before.event_id !== event.event_id || before.revision !== event.revision)) fill(event);
  facts(event);
}

function fill(event) {
  $("edit").elements.summary.value = event.summary;
  $("edit").elements.location.value = event.location;
}

function facts(event) {
  const nodes = [];
  if (event) {
    if (event.cancelled) nodes.push(element("p", "✕ Cancelled", { class: "off" }));
    nodes.push(element("p", event.when));
    nodes.push(element("p", `${event.attendees} ${event.attendees === 1 ? "guest" : "guests"}: ${event.accepted} yes, ${event.tentative} maybe, ${event.declined} no. Changed ${event.revision} times.`));
    const links = element("p");
    links.append(element("a", "Invitation page", { href: `/event/${event.event_id}/invite` }));
    if (event.slug) links.append(" · ", element("a", "Public page", { href: `/s/${event.slug}` }));
    nodes.push(links);
  } else {
    nodes.push(element("p", `No events yet. Mail an invitation to create@${domain}, or start with the demo season.`));
  }
  $("facts").replaceChildren(...nodes);
  for (const form of [$("invite"), $("edit")]) form.hidden = !event;
}

function showMails(list) {
  const known = new Map(mails.map((mail) => [mail.id, mail]));
  mails = list.map((message) => known.get(message.id) || readMail(message)).reverse();
  $("count").textContent = mails.length ? `${mails.length}` : "";
  $("none").hidden = mails.length > 0;
  const items = mails.slice(0, 100).map((mail) => {
    const button = element("button", "", { type: "button", ...(open === mail.id ? { "aria-current": "true" } : {}) });
    button.append(element("b", mail.subject), element("span", `${mail.method ? `${mail.method} · ` : ""}${mail.to} · ${mail.at}`));
    button.addEventListener("click", () => { open = mail.id; showMail(mail); showMails(mails.map((one) => one.message).reverse()); });
    const item = element("li");
    item.append(button);
    return item;
  });
  const focused = document.activeElement?.closest?.("#mails li");
  const place = focused ? [...$("mails").children].indexOf(focused) : -1;
  $("mails").replaceChildren(...items);
  if (place >= 0) $("mails").children[place]?.querySelector("button")?.focus();
}

function readMail(message) {
  const tree = parse(message.raw);
  const ics = find(tree, (type) => /^text\/calendar/i.test(type))?.text || "";
  const html = find(tree, (type) => /^text\/html/i.test(type))?.text;
  const text = find(tree, (type) => /^text\/plain/i.test(type))?.text || "";
  return {
    message, id: message.id, ics, html, text, raw: message.raw,
    to: message.to[0] || "", from: words(tree.headers.from), subject: words(tree.headers.subject) || "(no subject)",
    method: value(unfold(ics), "METHOD") || "",
    at: new Date(message.receivedAt).toLocaleTimeString(),
  };
}

function showMail(mail) {
  $("one").hidden = false;
  $("h-one").textContent = mail.subject;
  $("heads").replaceChildren(...[["From", mail.from], ["To", mail.to]].flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  $("answer").hidden = mail.method !== "REQUEST";
  const frame = $("html");
  const escaped = mail.text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  frame.srcdoc = mail.html || `<pre style="white-space:pre-wrap;font:15px system-ui">${escaped}</pre>`;
  $("ics").textContent = unfold(mail.ics);
  $("raw").textContent = mail.raw;
}

async function refresh() {
  try {
    const [messages, list] = await Promise.all([fetch("/dev/messages"), fetch("/dev/events")]);
    if (list.ok) showEvents(await list.json());
    if (messages.ok) {
      const answer = await messages.json();
      showMails(Array.isArray(answer) ? answer : answer.messages || []);
    }
  } catch (error) {
    say(`The stack does not answer: ${error.message}`);
  }
}

async function act(words, work) {
  say("…");
  try {
    await work();
    say(words);
  } catch (error) {
    say(`That did not work: ${error.message}`);
  }
  await refresh();
}

$("event").addEventListener("change", () => { fill(current()); facts(current()); });
$("invite").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const email = submit.target.elements.email.value;
  act(`Asked for an invitation for ${email}.`, async () => {
    const answer = await fetch(`/event/${current().event_id}/invite`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ email, origin: "landingpage" }),
    });
    if (!answer.ok) throw new Error((await answer.json()).detail);
  });
});
$("edit").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const event = current();
  const { summary, location } = submit.target.elements;
  switch (submit.submitter?.value) {
    case "later":
      return act("Moved one hour later. Guests who said Yes or Maybe are told.", () =>
        organizerMail(event, { start: later(event.start), end: later(event.end) }, "REQUEST"));
    case "cancel":
      return act("Cancelled. Guests who have not declined are told.", () => organizerMail(event, {}, "CANCEL"));
    default:
      return act("Saved. Guests who said Yes or Maybe are told.", () =>
        organizerMail(event, { summary: summary.value, location: location.value }, "REQUEST"));
  }
});
$("answer").addEventListener("submit", (submit) => {
  submit.preventDefault();
  const mail = mails.find((one) => one.id === open);
  act(`Answered as ${mail.to}.`, () => replyMail(mail, submit.submitter.value, submit.target.elements.client.value));
});
refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 2000);
