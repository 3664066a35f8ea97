// The two ends of Cyrus's mail: a place that takes what it sends by SMTP (RFC 5321), and a hand that gives it mail by
// LMTP (RFC 2033). Only what Cyrus says and answers.

import net from "node:net";
import { eventually } from "../../e2e/world.mjs";

const HOST = "127.0.0.1";
const ANSWER_MAX_MS = 20_000;

const address = (line) => /<([^>]*)>/.exec(line)?.[1] ?? "";

/** Takes mail on a free port and keeps it: { port, close, next, size }. */
export async function listen() {
  const mails = [];
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    converse(socket, (mail) => mails.push(mail));
  });
  await new Promise((resolve) => server.listen(0, HOST, resolve));
  server.unref();
  let taken = 0;
  return {
    port: server.address().port,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
    /** The mails that nobody has taken yet, once there are `count`: { from, to, raw }, one for each recipient. */
    async next(count = 1) {
      await eventually(`${count} mail(s) of Cyrus`, () => mails.length >= taken + count);
      const found = mails.slice(taken);
      taken = mails.length;
      return found;
    },
    /** How many mails nobody has taken. */
    waiting: () => mails.length - taken,
  };
}

function converse(socket, keep) {
  const say = (line) => socket.write(`${line}\r\n`);
  let buffer = "";
  let from = "";
  let to = [];
  let inData = false;
  say("220 mx ESMTP");
  // One character for each byte, so that what is kept is what was sent.
  socket.setEncoding("latin1").on("data", (chunk) => {
    buffer += chunk;
    for (;;) {
      if (inData) {
        // A mail of no bytes would end at once; Cyrus sends none.
        const at = buffer.indexOf("\r\n.\r\n");
        if (at < 0) return;
        const raw = Buffer.from(buffer.slice(0, at + 2).replace(/^\.\./gm, "."), "latin1");
        buffer = buffer.slice(at + 5);
        inData = false;
        for (const one of to) keep({ from, to: one, raw });
        say("250 kept");
        continue;
      }
      const at = buffer.indexOf("\r\n");
      if (at < 0) return;
      const line = buffer.slice(0, at);
      buffer = buffer.slice(at + 2);
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "EHLO") {
        say("250-mx");
        say("250 8BITMIME");
      } else if (verb === "MAIL") {
        from = address(line);
        to = [];
        say("250 ok");
      } else if (verb === "RCPT") {
        to.push(address(line));
        say("250 ok");
      } else if (verb === "DATA") {
        inData = true;
        say("354 go");
      } else if (verb === "QUIT") {
        say("221 bye");
        socket.end();
      } else {
        say("250 ok");
      }
    }
  });
}

/** Hands one mail to an LMTP server and waits until it lies in the mailbox. */
export async function deliver(port, { from, to, raw }) {
  const socket = net.connect(port, HOST);
  socket.setTimeout(ANSWER_MAX_MS, () => socket.destroy(new Error("LMTP: no answer")));
  let said = "";
  let wake = () => {};
  let failure = null;
  socket.setEncoding("latin1").on("data", (text) => {
    said += text;
    wake();
  });
  socket.once("error", (error) => (failure = error));
  socket.once("close", () => {
    failure ??= new Error(`LMTP ended: ${said}`);
    wake();
  });
  const answer = async (code) => {
    for (;;) {
      const last = /^(\d{3}) .*\r\n/m.exec(said);
      if (last) {
        said = said.slice(last.index + last[0].length);
        if (last[1] !== code) throw new Error(`LMTP: ${last[0].trim()}`);
        return;
      }
      if (failure) throw failure;
      await new Promise((resolve) => (wake = resolve));
    }
  };
  try {
    await answer("220");
    for (const [line, code] of [["LHLO mx", "250"], [`MAIL FROM:<${from}>`, "250"], [`RCPT TO:<${to}>`, "250"], ["DATA", "354"]]) {
      socket.write(`${line}\r\n`);
      await answer(code);
    }
    const text = raw.toString("latin1").replace(/^\./gm, "..");
    socket.write(Buffer.from(`${text}${text.endsWith("\r\n") ? "" : "\r\n"}.\r\n`, "latin1"));
    await answer("250");
    socket.write("QUIT\r\n");
  } finally {
    socket.end();
  }
}
