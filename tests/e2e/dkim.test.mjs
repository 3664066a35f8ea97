// Organizers and guests who are proven by nothing but the signature of their own domain: no receiver is trusted here.
// The keys come from the DNS stand-in, and the real runtime's Web Crypto verifies.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { keyPair, signed } from "./mails/dkim.mjs";
import { eventually, sleep, startWorld } from "./world.mjs";

const KINDS = ["rsa1024", "rsa2048", "rsa4096", "ed25519"];
const DOMAIN = "gulls.example";
const FIELDS = ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"];

let world, keys;
before(async () => {
  keys = Object.fromEntries(KINDS.map((kind) => [kind, keyPair(kind)]));
  world = await startWorld({ vars: { TRUSTED_AUTHSERV_ID: "", DOH_TIMEOUT_MS: "500" } });
  for (const kind of KINDS) {
    for (const domain of [DOMAIN, "icloud.com"]) world.dns.publish(`${kind}._domainkey.${domain}`, keys[kind].record);
  }
});
after(() => world?.stop());

const by = (kind, options) => ({ key: keys[kind], domain: DOMAIN, selector: kind, ...options });
const eventsOf = (organizer) => world.get(`/organizer/${encodeURIComponent(organizer.email)}/events`);
const edited = (mail, from, to) => {
  const text = mail.raw.toString("latin1");
  assert.ok(text.includes(from), from);
  return { ...mail, raw: Buffer.from(text.replace(from, to), "latin1") };
};

describe("a mail that its author's domain signed", () => {
  for (const [client, kind, options] of [
    ["google", "rsa2048", {}],
    ["google", "ed25519", { canonicalization: "simple/simple" }],
    ["outlook", "ed25519", { headers: FIELDS }],
    ["outlook", "rsa1024", { headers: FIELDS, canonicalization: "relaxed/simple" }],
    ["outlook", "rsa4096", { headers: FIELDS, canonicalization: "simple/relaxed" }],
    // Apple's own domain signs for its users.
    ["apple", "rsa2048", { headers: [...FIELDS, "reply-to"], domain: "icloud.com" }],
  ]) {
    test(`makes an event: ${client}, ${kind}, ${options.canonicalization ?? "relaxed/relaxed"}`, async () => {
      const meeting = world.organizer(client).meeting();
      await world.take(signed(meeting.mail(), by(kind, options)), null);
      await meeting.appear();
      meeting.change({ location: "Gate 9" });
      await world.take(signed(meeting.mail(), by(kind, options)), null);
      assert.equal((await meeting.revision(1)).location_html, "Gate 9");
    });
  }

  test("may have its key in DNS as PKCS#1, and another signature above", async () => {
    world.dns.publish(`bare._domainkey.${DOMAIN}`, keys.rsa2048.pkcs1Record);
    const meeting = world.organizer("google").meeting();
    const own = signed(meeting.mail(), by("rsa2048", { selector: "bare" }));
    await world.take(signed(own, by("ed25519", { domain: "service.example" })), null);
    await meeting.appear();
  });

  test("is a guest's answer without a token", async () => {
    const meeting = world.organizer("google").meeting();
    await world.take(signed(meeting.mail(), by("rsa2048")), null);
    await meeting.appear();
    const guest = world.guest("outlook");
    await meeting.invite(guest);
    world.dns.publish("s1._domainkey.example.org", keys.ed25519.record);
    const answer = guest.answer(meeting, "DECLINED", { to: `rsvp@${world.domain}` });
    assert.match(await world.refused(answer, null), /could not be verified/);
    await world.take(signed(answer, { key: keys.ed25519, domain: "example.org", headers: FIELDS }), null);
    await eventually("declined", async () => (await world.statistics(meeting.id)).rsvp.declined === 1);
  });

  test("costs one question for many mails", async () => {
    const asked = () => world.dns.questions.filter((name) => name === `once._domainkey.${DOMAIN}`).length;
    world.dns.publish(`once._domainkey.${DOMAIN}`, keys.ed25519.record);
    for (let number = 0; number < 3; number += 1) {
      const meeting = world.organizer("google").meeting();
      await world.take(signed(meeting.mail(), by("ed25519", { selector: "once" })), null);
      await meeting.appear();
    }
    assert.equal(asked(), 1);
  });
});

describe("a mail whose signature proves nothing is held, and its sender asked once", () => {
  const evil = () => ({ key: keyPair("ed25519"), domain: "evil.example" });
  const forgeries = {
    "signed by another domain": (mail) => {
      const other = evil();
      world.dns.publish("s1._domainkey.evil.example", other.key.record);
      return signed(mail, other);
    },
    "signed by another key": (mail) => signed(mail, by("ed25519", { key: keyPair("ed25519") })),
    "another body": (mail) => edited(signed(mail, by("rsa2048")), "LOCATION:Harbor", "LOCATION:Harbour"),
    "another subject": (mail) => edited(signed(mail, by("rsa2048")), "Subject: ", "Subject: New "),
    "a part of the body": (mail) => signed(mail, by("ed25519", { tags: "l=10; " })),
    "expired": (mail) => signed(mail, by("rsa2048", { tags: "x=1700000000; " })),
    "revoked": (mail) => {
      world.dns.publish(`revoked._domainkey.${DOMAIN}`, "v=DKIM1; p=");
      return signed(mail, by("rsa2048", { selector: "revoked" }));
    },
    ...Object.fromEntries(
      ["servfail", "status", "garbage", "hang"].map((fault) => [
        `DNS: ${fault}`,
        (mail) => {
          world.dns.fail(`${fault}._domainkey.${DOMAIN}`, fault);
          return signed(mail, by("ed25519", { selector: fault }));
        },
      ]),
    ),
  };
  for (const [name, forge] of Object.entries(forgeries)) {
    test(name, async () => {
      const organizer = world.organizer("google");
      await world.take(forge(organizer.meeting().mail()), null);
      assert.match((await world.mailTo(organizer.email)).subject, /Is this mail yours/);
      await sleep(200);
      assert.deepEqual(await eventsOf(organizer), []);
    });
  }

  test("but with a second author it is refused", async () => {
    const organizer = world.organizer("google");
    const mail = edited(signed(organizer.meeting().mail(), by("rsa2048")), "From:", "From: Mallory <mal@evil.example>\r\nFrom:");
    await world.refused(mail, null);
    assert.deepEqual(await eventsOf(organizer), []);
  });
});
