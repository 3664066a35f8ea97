// Whole mails, header for header and part for part as the big calendar clients send them (RFC 6047).
// A builder returns { from, to, domain, raw }: the envelope, the domain that DMARC speaks about, and the bytes.

import { createHash } from "node:crypto";
import {
  appleReply,
  exchangeCalendar,
  exchangeReply,
  googleCalendar,
  googleReply,
  icloudCalendar,
  lines,
  relayAddress,
  said,
} from "./calendar.mjs";
import { CRLF, base64, encodedText, headers, mailDate, mailbox, message, multipart, part, quotedPrintable, utf8 } from "./text.mjs";

const digest = (...words) => createHash("sha256").update(words.join("\n")).digest("hex");
const domainOf = (email) => email.split("@")[1];
const escapeHtml = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

let counter = 0;
/** Message-IDs never repeat, not even for the same content. */
const messageId = (domain) => `<${digest(String(process.pid), String(Date.now()), String((counter += 1))).slice(0, 32)}@${domain}>`;

const when = (event) => `${event.start.replace("T", " ").slice(0, 16)} - ${event.end.slice(11, 16)} (${event.zone ?? "all day"})`;

const summaryLines = (event) => [event.summary, when(event), event.location, event.description].filter(Boolean);

/** Google Calendar: alternative of three with a 7bit calendar, and the same object as application/ics. */
function googleMail({ calendar, method, subject, text, html, from, replyTo, to, date, sender = true }) {
  const boundary = `000000000000${digest(subject, String(date)).slice(0, 16)}`;
  const inner = `000000000000${digest(subject, String(date)).slice(16, 32)}`;
  // 7bit as Google declares it; text beyond ASCII makes it 8bit in truth.
  const encoding = /^[\x00-\x7f]*$/.test(calendar) ? "7bit" : "8bit";
  const alternative = multipart(inner, [
    part(
      [
        ["Content-Type", 'text/plain; charset="UTF-8"; format=flowed; delsp=yes'],
        ["Content-Transfer-Encoding", "base64"],
      ],
      base64(text),
    ),
    part(
      [
        ["Content-Type", 'text/html; charset="UTF-8"'],
        ["Content-Transfer-Encoding", "quoted-printable"],
      ],
      quotedPrintable(html),
    ),
    part(
      [
        ["Content-Type", `text/calendar; charset="UTF-8"; method=${method}`],
        ["Content-Transfer-Encoding", encoding],
      ],
      utf8(calendar),
    ),
  ]);
  return message(
    [
      ["MIME-Version", "1.0"],
      ["Reply-To", replyTo && mailbox(replyTo)],
      ["Sender", sender ? "Google Calendar <calendar-notification@google.com>" : null],
      ["Auto-Submitted", "auto-generated"],
      ["Message-ID", messageId("google.com")],
      ["Date", mailDate(date)],
      ["Subject", encodedText(subject)],
      ["From", mailbox(from)],
      ["To", to],
      ["Content-Type", `multipart/mixed; boundary="${boundary}"`],
    ],
    multipart(boundary, [
      part([["Content-Type", `multipart/alternative; boundary="${inner}"`]], alternative),
      part(
        [
          ["Content-Type", 'application/ics; name="invite.ics"'],
          ["Content-Disposition", 'attachment; filename="invite.ics"'],
          ["Content-Transfer-Encoding", "base64"],
        ],
        base64(calendar),
      ),
    ]),
  );
}

/** Exchange: one alternative, the calendar last and in base64, nothing attached. */
function exchangeMail({ calendar, method, subject, text, html, from, to, date }) {
  const boundary = `_000_${digest(subject, String(date)).slice(0, 32).toUpperCase()}${domainOf(from.email).replaceAll(".", "")}_`;
  return message(
    [
      ["From", mailbox(from, "Q")],
      ["To", `"${to}" <${to}>`],
      ["Subject", encodedText(subject, "Q")],
      ["Thread-Topic", encodedText(subject, "Q")],
      ["Thread-Index", `Adk${digest(subject).slice(0, 20)}==`],
      ["Date", mailDate(date)],
      ["Message-ID", messageId(domainOf(from.email))],
      ["Accept-Language", "en-US"],
      ["Content-Language", "en-US"],
      ["X-MS-Has-Attach", ""],
      ["X-MS-TNEF-Correlator", ""],
      ["Content-Type", `multipart/alternative;${CRLF}\tboundary="${boundary}"`],
      ["MIME-Version", "1.0"],
    ],
    multipart(boundary, [
      part(
        [
          ["Content-Type", 'text/plain; charset="utf-8"'],
          ["Content-Transfer-Encoding", "base64"],
        ],
        base64(text),
      ),
      part(
        [
          ["Content-Type", 'text/html; charset="utf-8"'],
          ["Content-Transfer-Encoding", "base64"],
        ],
        base64(html),
      ),
      part(
        [
          ["Content-Type", `text/calendar; charset="utf-8"; method=${method}`],
          ["Content-Transfer-Encoding", "base64"],
        ],
        base64(calendar),
      ),
    ]),
  );
}

/** iCloud: everything in a mixed body, the calendar as a base64 attachment, the person only in Reply-To and EMAIL. */
function icloudMail({ calendar, method, subject, text, html, from, to, date }) {
  const boundary = `----=_Part_${digest(subject, String(date)).slice(0, 12)}`;
  const inner = `----=_Part_${digest(subject, String(date)).slice(12, 24)}`;
  return message(
    [
      ["From", mailbox({ name: from.name, email: "noreply@insideicloud.icloud.com" })],
      ["Reply-To", mailbox(from)],
      ["To", to],
      ["Message-ID", messageId("insideicloud.icloud.com")],
      ["Subject", encodedText(subject)],
      ["Date", mailDate(date)],
      ["MIME-Version", "1.0"],
      ["Content-Type", `multipart/mixed; ${CRLF}\tboundary="${boundary}"`],
    ],
    multipart(boundary, [
      part(
        [["Content-Type", `multipart/alternative; ${CRLF}\tboundary="${inner}"`]],
        multipart(inner, [
          part(
            [
              ["Content-Type", "text/plain;charset=UTF-8"],
              ["Content-Transfer-Encoding", "quoted-printable"],
            ],
            quotedPrintable(text),
          ),
          part(
            [
              ["Content-Type", "text/html;charset=UTF-8"],
              ["Content-Transfer-Encoding", "quoted-printable"],
            ],
            quotedPrintable(html),
          ),
        ]),
      ),
      part(
        [
          ["Content-Type", `text/calendar;charset=UTF-8;method=${method};name=invite.ics`],
          ["Content-Transfer-Encoding", "base64"],
          ["Content-Disposition", "attachment; filename=invite.ics"],
        ],
        base64(calendar),
      ),
    ]),
  );
}

/** An iPhone's own account: an alternative of two, the calendar quoted-printable and named meeting.ics. */
function iosMail({ calendar, method, subject, text, from, to, date }) {
  const boundary = `Apple-Mail-${digest(subject, String(date)).slice(0, 8).toUpperCase()}`;
  return message(
    [
      ["Content-Type", `multipart/alternative; boundary=${boundary}`],
      ["From", mailbox(from)],
      ["Mime-Version", "1.0 (1.0)"],
      ["Date", mailDate(date)],
      ["Subject", encodedText(subject)],
      ["Message-Id", messageId(domainOf(from.email))],
      ["To", to],
      ["X-Mailer", "iPhone Mail (21F79)"],
    ],
    multipart(boundary, [
      part(
        [
          ["Content-Type", `text/plain;${CRLF}\tcharset=utf-8`],
          ["Content-Transfer-Encoding", "quoted-printable"],
        ],
        quotedPrintable(text),
      ),
      part(
        [
          ["Content-Type", `text/calendar;${CRLF}\tcharset=utf-8;${CRLF}\tmethod=${method};${CRLF}\tname=meeting.ics`],
          ["Content-Transfer-Encoding", "quoted-printable"],
        ],
        quotedPrintable(calendar),
      ),
    ]),
  );
}

const words = (event) => {
  const list = summaryLines(event);
  return { text: `${list.join("\n")}\n`, html: `<html><body>${list.map((line) => `<p>${escapeHtml(line)}</p>`).join("")}</body></html>` };
};

function subjectOf(event, method, forms) {
  if (method === "CANCEL") return forms.cancel;
  return event.sequence > 0 || event.updated ? forms.update : forms.invite;
}

/**
 * How an organizer's client writes to create@. `event` is everything the calendar knows: uid, summary, description,
 * location, url, start, end, zone or allDay, rrule, sequence, dtstamp, created, organizer {name, email}, guests.
 */
export const organizerClients = {
  google: {
    prodid: "-//google inc//google calendar 70.9054//en",
    family: "Google",
    uid: (word) => `${digest("google", word).slice(0, 26)}@google.com`,
    mail(event, method, to) {
      const at = `${event.summary} @ ${when(event)}`;
      const forms = { invite: `Invitation: ${at} (${to})`, update: `Updated invitation: ${at} (${to})`, cancel: `Canceled event: ${at} (${to})` };
      const raw = googleMail({
        calendar: googleCalendar(event, method),
        method,
        subject: subjectOf(event, method, forms),
        ...words(event),
        from: event.organizer,
        replyTo: event.organizer,
        to,
        date: event.dtstamp,
      });
      return { from: event.organizer.email, to, domain: domainOf(event.organizer.email), raw };
    },
  },
  outlook: {
    prodid: "microsoft exchange server 2010",
    family: "Outlook",
    uid: (word) => `040000008200E00074C5B7101A82E008000000${digest("outlook", word).slice(0, 58).toUpperCase()}`,
    mail(event, method, to) {
      const forms = { invite: event.summary, update: event.summary, cancel: `Canceled: ${event.summary}` };
      const raw = exchangeMail({
        calendar: exchangeCalendar(event, method),
        method,
        subject: subjectOf(event, method, forms),
        ...words(event),
        from: event.organizer,
        to,
        date: event.dtstamp,
      });
      return { from: event.organizer.email, to, domain: domainOf(event.organizer.email), raw };
    },
  },
  apple: {
    prodid: "-//caldav.icloud.com//caldavj 2514b607//en",
    family: "Apple",
    uid: (word) => digest("apple", word).slice(0, 32).toUpperCase().replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5"),
    mail(event, method, to) {
      const who = event.organizer.name;
      const forms = {
        invite: `${who} has invited you to: ${event.summary}`,
        update: `${who} has updated: ${event.summary}`,
        cancel: `${who} has canceled: ${event.summary}`,
      };
      const raw = icloudMail({
        calendar: icloudCalendar(event, method),
        method,
        subject: subjectOf(event, method, forms),
        ...words(event),
        from: event.organizer,
        to,
        date: event.dtstamp,
      });
      return { from: "noreply@insideicloud.icloud.com", to, domain: "insideicloud.icloud.com", raw };
    },
  },
};

/** How a guest's client answers. `answer`: email, name, partstat, dtstamp, comment, organizer (whether it is named). */
export const guestClients = {
  google: {
    prodid: "-//google inc//google calendar 70.9054//en",
    mail(invitation, answer) {
      const subject = `${said(answer.partstat)}: ${invitation.summary} @ ${invitation.start.toISOString().slice(0, 16)}`;
      const text = `${answer.name} has replied: ${said(answer.partstat)}\n`;
      const raw = googleMail({
        calendar: googleReply(invitation, answer),
        method: "REPLY",
        subject,
        text,
        html: `<html><body><p>${escapeHtml(text)}</p></body></html>`,
        from: answer,
        to: answer.to ?? invitation.organizer,
        date: answer.dtstamp,
        sender: false,
      });
      return reply(answer, invitation, raw);
    },
  },
  outlook: {
    prodid: "microsoft exchange server 2010",
    mail(invitation, answer) {
      const raw = exchangeMail({
        calendar: exchangeReply(invitation, answer),
        method: "REPLY",
        subject: `${said(answer.partstat)}: ${invitation.summary}`,
        text: answer.comment ?? "",
        html: "<html><body></body></html>",
        from: answer,
        to: answer.to ?? invitation.organizer,
        date: answer.dtstamp,
      });
      return reply(answer, invitation, raw);
    },
  },
  apple: {
    prodid: "-//apple inc.//iphone os 17.5//en",
    mail(invitation, answer) {
      const raw = iosMail({
        calendar: appleReply(invitation, answer),
        method: "REPLY",
        subject: `${said(answer.partstat)}: ${invitation.summary}`,
        text: `${answer.name} ${said(answer.partstat).toLowerCase()} your invitation.\n`,
        from: answer,
        to: answer.to ?? invitation.organizer,
        date: answer.dtstamp,
      });
      return reply(answer, invitation, raw);
    },
  },
};

const reply = (answer, invitation, raw) => ({
  from: answer.email,
  to: answer.to ?? invitation.organizer,
  domain: domainOf(answer.email),
  raw,
});

/** A plain mail of a person, with parts of the caller's choice. */
export function plainMail({ from, to, subject, date = new Date(), extra = [], body }) {
  const raw = message(
    [
      ["From", mailbox(from)],
      ["To", to],
      ["Subject", encodedText(subject)],
      ["Date", mailDate(date)],
      ["Message-ID", messageId(domainOf(from.email))],
      ["MIME-Version", "1.0"],
      ...extra,
    ],
    body,
  );
  return { from: from.email, to, domain: domainOf(from.email), raw };
}

/** A mail whose only part is a calendar text, taken as it is. */
export function calendarMail({ from, to, subject = "Invitation", calendar, method = "REQUEST", contentType, encoding = "base64", extra = [] }) {
  const bytes = Buffer.isBuffer(calendar) ? calendar : Buffer.from(calendar, "utf8");
  const type = contentType ?? `text/calendar; charset=UTF-8; method=${method}`;
  return plainMail({
    from,
    to,
    subject,
    extra: [
      ["Content-Type", type],
      ["Content-Transfer-Encoding", encoding],
      ...extra,
    ],
    body: encoding === "base64" ? base64(bytes) : bytes.toString("latin1"),
  });
}

/** What the mail router writes on top of a mail after checking it. `null` writes nothing. */
export function withVerdict(mail, { result = "pass", domain = mail.domain, authserv = "mx.cloudflare.net" } = {}) {
  const verdict = headers([
    [
      "Authentication-Results",
      [
        `${authserv};`,
        `dkim=${result} header.d=${domain} header.s=s2048 header.b=Qm9veWFo;`,
        `dmarc=${result} header.from=${domain} policy.dmarc=reject;`,
        `spf=${result} (${authserv}: domain of ${mail.from} designates 192.0.2.10 as permitted sender) smtp.mailfrom=${mail.from};`,
        "arc=none smtp.remote-ip=192.0.2.10",
      ].join(`${CRLF}\t`),
    ],
  ]);
  const received = headers([["Received", `from mail.${domain} (192.0.2.10)${CRLF}\tby ${authserv} (unused) id x1 for <${mail.to}>; ${mailDate(new Date())}`]]);
  return { ...mail, raw: Buffer.concat([Buffer.from(received + verdict, "latin1"), mail.raw]) };
}

export { lines, relayAddress };
