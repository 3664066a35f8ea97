// The doors through which an invitation is asked for: who may, what a scanner sets off (nothing), what a caller learns
// about a person (nothing), and what every malformed request gets (a problem document).

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SEASON, eventually, readable, startWorld } from "./world.mjs";

let world, meeting, path;
before(async () => {
  world = await startWorld({ vars: { KEYLESS_DAILY_MAX: "3", KEYED_DAILY_MAX: "5" } });
  meeting = await world.organizer("google").announced();
  path = `/event/${meeting.id}/invite`;
  // He is told that it is ready, and that mail must not count as one that a scanner set off.
  await world.mailTo(meeting.organizer.email);
});
after(() => world?.stop());

const HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const JSON_ = "application/json";

const post = (fields, options = {}) => world.fetch(path, { method: "POST", body: new URLSearchParams(fields), ...options });

function assertProblem({ status, headers, json, text }, expected) {
  assert.equal(headers.get("content-type"), "application/problem+json", `${status} ${text.slice(0, 200)}`);
  assert.equal(status, expected, text);
  assert.equal(json.status, expected);
  for (const member of ["type", "title", "detail", "code"]) assert.equal(typeof json[member], "string", member);
}

describe("a link that is only looked at", () => {
  test("sends nothing, whoever opens it and however", async () => {
    const mark = await world.mark();
    const guest = world.guest();
    const query = new URLSearchParams({ email: guest.email, name: guest.name, origin: "emailcta" });
    const scanners = [
      { method: "GET", accept: HTML },
      { method: "HEAD", accept: HTML },
      { method: "GET", accept: "*/*", headers: { "user-agent": "Mozilla/5.0 (compatible; LinkScanner/2.1)" } },
      { method: "GET", accept: JSON_ },
      { method: "HEAD" },
      { method: "GET", accept: HTML, headers: { purpose: "prefetch", "sec-purpose": "prefetch" } },
      { method: "OPTIONS", headers: { origin: "https://shop.example.com", "access-control-request-method": "POST" } },
    ];
    for (const scanner of scanners) {
      const { status, text } = await world.fetch(`${path}?${query}`, scanner);
      assert.ok(status === 200 || status === 204, `${scanner.method} ${status} ${text}`);
    }
    // HEAD is safe even with a key.
    const head = await world.fetch(`${path}?${query}`, { method: "HEAD", key: "standard" });
    assert.equal(head.status, 200);
    await world.quiet({ after: mark });
    assert.equal((await world.statistics(meeting.id)).attendees, 0);
  });

  test("shows a person one button with the address filled in, and a program what to post", async () => {
    const query = new URLSearchParams({ email: "ana@example.com", name: "Ana", origin: "hubspot" });
    const page = await world.fetch(`${path}?${query}`, { accept: HTML });
    assert.match(page.headers.get("content-type"), /^text\/html/);
    assert.match(page.text, /<form[^>]*method="post"/);
    assert.match(page.text, /value="ana@example\.com"/);
    assert.match(page.text, /value="hubspot"/);
    const { json } = await world.fetch(`${path}?${query}`, { accept: JSON_ });
    assert.deepEqual([json.status, json.method, json.fields.email, json.fields.origin], ["not_sent", "POST", "ana@example.com", "hubspot"]);
  });

  test("with a key acts once, answers 302 as it always did, or JSON for who asks for it", async () => {
    const guest = world.guest();
    const query = new URLSearchParams({ email: guest.email.toUpperCase(), origin: "klaviyo" });
    const first = await world.fetch(`${path}?${query}`, { key: "standard" });
    assert.deepEqual([first.status, first.text], [302, "Acknowledged"]);
    assert.ok(first.headers.get("location").startsWith(`${world.url}/event/${meeting.id}/sent`));
    const mail = await guest.receives(meeting);
    assert.deepEqual(mail.to, [guest.email]);
    const again = await world.fetch(`${path}?${query}`, { key: "standard", accept: JSON_ });
    assert.deepEqual([again.status, again.json.status], [200, "already"]);
    assert.equal((await world.fetch(`${path}?${query}`, { key: "cvk_wrong" })).status, 403);
  });
});

describe("one person", () => {
  test("asked for ten times at once gets one mail", async () => {
    const guest = world.guest();
    const body = [{ email: guest.email, name: guest.name }];
    const url = `/v1/events/${meeting.id}/invitations`;
    const mark = await world.mark();
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => world.fetch(url, { method: "POST", key: "standard", body })));
    const said = answers.map(({ json }) => json.results[0].status).sort();
    assert.deepEqual(said, ["already", "already", "already", "already", "invited"]);
    const mail = await guest.receives(meeting);
    await world.quiet({ after: mark, except: ({ id }) => id === mail.id });
  });

  test("twice in one list is one invitation", async () => {
    const guest = world.guest();
    const body = [{ email: guest.email }, { email: guest.email.toUpperCase() }];
    const { json } = await world.fetch(`/v1/events/${meeting.id}/invitations`, { method: "POST", key: "standard", body });
    assert.deepEqual(json.results.map(({ status }) => status), ["invited", "already"]);
    await guest.receives(meeting);
  });

  test("is a test guest and gets it again every time, with a key only", async () => {
    const guest = world.guest();
    const query = new URLSearchParams({ email: guest.email, origin: "test" });
    for (let i = 0; i < 2; i += 1) {
      assert.equal((await world.fetch(`${path}?${query}`, { key: "standard" })).status, 302);
      await guest.receives(meeting);
    }
    for (const origin of ["test", "vip", "bulk"]) {
      assertProblem(await post({ email: guest.email, origin }, { accept: JSON_ }), 403);
    }
  });

  test("who types a wrong line in a list does not stop the others", async () => {
    const guest = world.guest();
    const body = [{ email: "not an address" }, { email: guest.email, origin: "nowhere" }, { email: guest.email }, { email: "*|EMAIL|*" }];
    const { status, json } = await world.fetch(`/v1/events/${meeting.id}/invitations`, { method: "POST", key: "standard", body });
    assert.equal(status, 202);
    assert.deepEqual(json.results.map((line) => line.status), ["invalid", "invalid", "invited", "invalid"]);
    assert.ok(json.results[0].detail.length > 0);
    await guest.receives(meeting);
  });
});

describe("an event that cannot be joined", () => {
  async function assertGone(id, word) {
    const mark = await world.mark();
    const guest = world.guest();
    const where = `/event/${id}/invite`;
    const form = new URLSearchParams({ email: guest.email });
    const page = await world.fetch(where, { method: "POST", body: form, accept: HTML });
    assert.equal(page.status, 410);
    assert.match(readable(page.text), word);
    assertProblem(await world.fetch(where, { method: "POST", body: form, accept: JSON_ }), 410);
    assertProblem(await world.fetch(where, { method: "POST", body: { email: guest.email } }), 410);
    assertProblem(await world.fetch(`${where}?${form}`, { key: "standard" }), 410);
    assertProblem(await world.fetch(`/v1/events/${id}/invitations`, { method: "POST", key: "standard", body: { email: guest.email } }), 410);
    const looked = await world.fetch(`${where}?${form}`, { accept: HTML });
    assert.match(readable(looked.text), word);
    await world.quiet({ after: mark });
  }

  test("because it was cancelled says so", async () => {
    const cancelled = await world.organizer("outlook").announced();
    await cancelled.cancel();
    await cancelled.revision(1);
    await assertGone(cancelled.id, /cancelled/i);
  });

  test("because it is over says so", async () => {
    const year = new Date().getUTCFullYear() - 1;
    const past = await world.organizer("apple").announced({ start: `${year}-07-02T19:05:00`, end: `${year}-07-02T22:05:00` });
    await assertGone(past.id, /over/i);
    const mark = await world.mark();
    await past.edit({ summary: "Too late to matter" });
    assert.equal((await past.revision(1)).summary_html, "Too late to matter");
    await world.quiet({ after: mark });
  });

  test("because it does not exist is a 404, and a malformed id a 400", async () => {
    const unknown = "0".repeat(40);
    assertProblem(await world.fetch(`/event/${unknown}/invite`, { method: "POST", body: { email: "ana@example.com" } }), 404);
    assertProblem(await world.fetch(`/event/${unknown}`, { key: "standard" }), 404);
    assertProblem(await world.fetch(`/event/${unknown}/statistics`, { key: "standard" }), 404);
    assertProblem(await world.fetch("/event/short/invite", { method: "POST", body: { email: "ana@example.com" } }), 400);
  });

  test("and a button mailed long ago sends the current version", async () => {
    const moved = await world.organizer("google").announced();
    await moved.edit({ start: `${SEASON}-07-20T19:05:00`, end: `${SEASON}-07-20T22:05:00`, location: "Bayview Field" });
    await moved.revision(1);
    const guest = world.guest();
    await world.fetch(`/event/${moved.id}/invite`, { method: "POST", body: new URLSearchParams({ email: guest.email }) });
    const { calendar } = await guest.receives(moved);
    assert.deepEqual([calendar.location, calendar.sequence, calendar.start.local], ["Bayview Field", 1, `${SEASON}-07-20T19:05:00`]);
  });
});

describe("what a caller without a key learns about a person", () => {
  const answerOf = async (email) => {
    const { status, headers, json } = await post({ email }, { accept: JSON_ });
    // The local stack's count of calls takes in what objects do at the same time.
    const { date, "x-convoke-calls": _, ...rest } = Object.fromEntries(headers);
    return { status, headers: rest, json: { ...json, to: json.to?.replace(/^./, "x") } };
  };

  test("is nothing: new, invited, over the ceiling, suppressed and refused by SES get one answer", async () => {
    const [fresh, invited, limited, suppressed, refused] = Array.from({ length: 5 }, () => world.guest());
    await post({ email: invited.email });
    await invited.receives(meeting);

    for (let i = 0; i < 5; i += 1) await post({ email: limited.email });
    await limited.receives(meeting);

    await post({ email: suppressed.email });
    const mail = await suppressed.receives(meeting);
    const unsubscribe = /<(http[^>]+)>/.exec(mail.headers["list-unsubscribe"])[1];
    assert.equal((await world.fetch(unsubscribe, { method: "POST", body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) })).status, 200);

    await world.faults({ mode: "reject", match: refused.email });
    await post({ email: refused.email });
    await eventually("the refusal", async () => (await world.stats()).faults.reject === 1);

    const mark = await world.mark();
    const answers = [];
    for (const guest of [fresh, invited, limited, suppressed, refused]) answers.push(await answerOf(guest.email));
    assert.equal(answers[0].status, 202);
    for (const answer of answers.slice(1)) assert.deepEqual(answer, answers[0]);
    const first = await fresh.receives(meeting);
    await world.quiet({ after: mark, except: ({ id }) => id === first.id });
    await world.faults([]);
  });

  test("is nothing at the ceiling for a new event either: no mail, the same answer", async () => {
    const other = await world.organizer("outlook").announced();
    const guest = world.guest();
    for (let i = 0; i < 3; i += 1) await post({ email: guest.email });
    await guest.receives(meeting);
    const mark = await world.mark();
    const answer = await world.fetch(`/event/${other.id}/invite`, { method: "POST", body: { email: guest.email } });
    assert.equal(answer.status, 202);
    await world.quiet({ after: mark });
    // Updates to somebody who holds the invitation never count.
    await guest.replies(meeting, "ACCEPTED");
    await eventually("the answer", async () => (await world.statistics(meeting.id)).rsvp.accepted >= 1);
    await meeting.edit({ location: "Harbor Park, Gate 5" });
    await guest.receives(meeting);
  });

  test("with a key is what happened, and how much is left", async () => {
    const guest = world.guest();
    const body = { email: guest.email };
    const url = `/v1/events/${meeting.id}/invitations`;
    const said = [];
    for (let i = 0; i < 7; i += 1) {
      const { json, headers } = await world.fetch(url, { method: "POST", key: "standard", body });
      said.push(json.results[0].status);
      assert.match(headers.get("ratelimit"), /r=\d+/);
    }
    assert.deepEqual(said, ["invited", "already", "already", "already", "already", "limited", "limited"]);
  });

  test("one network address that asks for everybody is slowed down", async () => {
    const from = "203.0.113.7";
    let slowed;
    // The limiter counts by the minute, and a minute may end in between: more than twice what one allows.
    for (let i = 0; i < 130 && !slowed; i += 1) {
      const answer = await post({ email: `crowd${i}@example.net` }, { from, accept: JSON_ });
      if (answer.status === 429) slowed = answer;
      else assert.equal(answer.status, 202);
    }
    assertProblem(slowed, 429);
    assert.ok(Number(slowed.headers.get("retry-after")) > 0);
  });
});

describe("leaving", () => {
  const oneClick = (mail) => /<(http[^>]+)>/.exec(mail.headers["list-unsubscribe"])[1];

  test("by the one-click POST of RFC 8058: no more mail, and looking at the link does nothing", async () => {
    const organizer = world.organizer("google");
    const event = await organizer.announced();
    const guest = world.guest();
    const [mail] = await event.invite(guest);
    await guest.replies(event, "ACCEPTED");
    await eventually("the answer", async () => (await world.statistics(event.id)).rsvp.accepted === 1);
    for (const method of ["GET", "HEAD"]) assert.equal((await world.fetch(oneClick(mail), { method })).status, 200);
    await event.edit({ location: "Gate 1" });
    await guest.receives(event);

    const body = new URLSearchParams({ "List-Unsubscribe": "One-Click" });
    assert.equal((await world.fetch(oneClick(mail), { method: "POST", body })).status, 200);
    const mark = await world.mark();
    await event.edit({ location: "Gate 2" });
    const second = await organizer.announced();
    await world.fetch(`/event/${second.id}/invite`, { method: "POST", body: new URLSearchParams({ email: guest.email }) });
    await event.cancel();
    await world.quiet({ after: mark, except: ({ to }) => to[0] !== guest.email });
    // Another organizer's invitation still arrives.
    await world.fetch(path, { method: "POST", body: new URLSearchParams({ email: guest.email }) });
    await guest.receives(meeting);
  });

  test("by 'I did not ask for this': no more mail from anybody here", async () => {
    const event = await world.organizer("outlook").announced();
    const guest = world.guest();
    const [mail] = await event.invite(guest);
    const link = /I did not ask for this: (\S+)/.exec(mail.text)?.[1];
    assert.ok(link, mail.text);
    const page = await world.fetch(link, { accept: HTML });
    assert.equal(page.status, 200);
    assert.match(page.text, /value="everything"/);
    assert.equal((await world.fetch(link.split("?")[0], { method: "POST", body: new URLSearchParams({ scope: "everything" }) })).status, 200);
    const mark = await world.mark();
    await post({ email: guest.email });
    await world.quiet({ after: mark });
  });

  test("by mail to unsubscribe@ with the token of the mail", async () => {
    const event = await world.organizer("apple").announced();
    const guest = world.guest();
    const [mail] = await event.invite(guest);
    const [, subject] = /<mailto:unsubscribe@[^?]+\?subject=([^>]+)>/.exec(mail.headers["list-unsubscribe"]);
    const raw = Buffer.from(
      `From: ${guest.email}\r\nTo: unsubscribe@${world.domain}\r\nSubject: ${decodeURIComponent(subject)}\r\nMessage-ID: <leave@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n\r\n`,
    );
    await world.take({ from: guest.email, to: `unsubscribe@${world.domain}`, domain: "example.org", raw }, null);
    await guest.replies(event, "ACCEPTED");
    const mark = await world.mark();
    await event.edit({ location: "Gate 3" });
    await event.revision(1);
    await world.quiet({ after: mark });
  });
});

describe("text that strangers put in", () => {
  test("a name cannot add header fields, calendar lines or parameters", async () => {
    const names = [
      "Eve\r\nBcc: victim@example.com\r\n\r\nHello",
      "Eve\nATTENDEE:mailto:victim@example.com",
      'Eve";ROLE=CHAIR;X="',
      "Eve:mailto:victim@example.com",
      "Eve\u0000\u001b[31m",
      "Eve \u202Eevil\u2066",
      "=?UTF-8?B?RXZl?=",
      "Ève <victim@example.com>, Łukasz",
      "x".repeat(5000),
    ];
    for (const name of names) {
      const guest = world.guest("google", name);
      const event = meeting;
      const { status } = await world.fetch(`/v1/events/${event.id}/invitations`, { method: "POST", key: "standard", body: { email: guest.email, name } });
      assert.equal(status, 202);
      const mail = await guest.receives(event);
      assert.deepEqual(mail.to, [guest.email]);
      assert.equal(mail.headers.bcc, undefined);
      assert.equal(mail.calendar.attendees.length, 1, JSON.stringify(name));
      assert.equal(mail.calendar.attendees[0].address, `mailto:${guest.email}`);
      assert.notEqual(mail.calendar.attendees[0].role, "CHAIR");
      assert.doesNotMatch(mail.headers.to, /victim@example\.com>,|^victim/);
    }
  });

  test("a title cannot become markup on the page, nor a description a script", async () => {
    const organizer = world.organizer("google", 'Club "><script>alert(1)</script>');
    const event = await organizer.announced({
      summary: '<img src=x onerror=alert(1)>"><script>alert(2)</script>',
      description: '<b>Bold</b> <script>alert(3)</script><a href="javascript:alert(4)">x</a><img src=x onerror=alert(5)><iframe src="https://attacker.example"></iframe>',
      location: "<svg onload=alert(6)>",
    });
    const guest = world.guest();
    const [mail] = await event.invite(guest);
    const pages = [(await world.fetch(await organizer.page())).text, (await world.fetch(`/event/${event.id}/invite`)).text, mail.html];
    for (const html of pages) {
      assert.doesNotMatch(html, /<script>alert|onerror=alert\(\d\)>|<svg onload|<iframe|href="javascript:/i);
    }
    const { summary_html, description_html, location_html } = await world.event(event.id);
    assert.doesNotMatch(summary_html + description_html + location_html, /<script|<img[^>]*onerror|<svg|<iframe|javascript:/i);
    assert.match(description_html, /<b>Bold<\/b>/);
  });

  test("landing never leads to a host that was not allowed", async () => {
    const evil = [
      "https://attacker.example", "//attacker.example", "https://example.com@attacker.example", "https://example.com.attacker.example",
      "https:\\\\attacker.example", "javascript:alert(1)", "data:text/html,x", "http://example.com", "https://attacker.example#example.com",
      "https://attacker.example?example.com", "httpattacker.example", "https://example.com\r\nSet-Cookie: a=b", "\thttps://attacker.example",
      "https://attacker.example/.example.com", "https://example.com%2eattacker.example", "/\\attacker.example", "https://[::1]/",
    ];
    for (const landing of evil) {
      const guest = world.guest();
      const { status, headers } = await post({ email: guest.email, landing });
      assert.equal(status, 303, landing);
      assert.ok(headers.get("location").startsWith(`${world.url}/event/${meeting.id}/sent`), `${landing} led to ${headers.get("location")}`);
      assert.equal(headers.get("set-cookie"), null);
    }
    for (const landing of ["https://www.example.com/thanks?a=b", "example.org/thanks"]) {
      const { headers } = await post({ email: world.guest().email, landing });
      assert.match(headers.get("location"), /^https:\/\/(www\.example\.com|example\.org)\/thanks/);
    }
  });

  test("a merge tag that a mail program left in asks for the address instead of failing", async () => {
    for (const email of ["*|EMAIL|*", "{{ contact.email }}", "%%emailaddr%%", "{$EMAIL}", "%EMAIL%", "[[email]]", "$email$"]) {
      const page = await world.fetch(`${path}?${new URLSearchParams({ email, name: "*|FNAME|*" })}`, { accept: HTML });
      assert.equal(page.status, 200, email);
      assert.match(page.text, /came without your address/, email);
      assert.ok(!page.text.includes("FNAME"));
      assertProblem(await post({ email }, { accept: JSON_ }), 400);
      assert.equal((await post({ email }, { accept: HTML })).status, 400);
    }
  });
});

describe("other sites", () => {
  test("a plain HTML form of any origin works without a script", async () => {
    const guest = world.guest();
    const headers = { origin: "https://club.example", referer: "https://club.example/tickets", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const { status, headers: answer } = await post({ email: guest.email, name: "Ana", origin: "webform" }, { headers, accept: HTML });
    assert.equal(status, 303);
    const sent = await world.fetch(answer.get("location"), { accept: HTML });
    assert.equal(sent.status, 200);
    await guest.receives(meeting);
  });

  test("a script of any origin may post JSON and read the answer", async () => {
    const origin = "https://club.example";
    const preflight = await world.fetch(path, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" } });
    assert.ok([200, 204].includes(preflight.status));
    assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
    assert.match(preflight.headers.get("access-control-allow-methods"), /POST/);
    assert.match(preflight.headers.get("access-control-allow-headers").toLowerCase(), /content-type/);
    const guest = world.guest();
    const answer = await world.fetch(path, { method: "POST", headers: { origin }, body: { email: guest.email, origin: "wixv2" } });
    assert.equal(answer.status, 202);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    await guest.receives(meeting);
  });

  test("'on its way' names only a masked address, never a stranger's text", async () => {
    const lure = await world.fetch(`/event/${meeting.id}/sent?to=${encodeURIComponent("Call 555-0100 now")}`, { accept: HTML });
    assert.equal(lure.status, 200);
    assert.ok(!lure.text.includes("555-0100"));
  });
});

describe("malformed requests", () => {
  const long = "a".repeat(300);
  const cases = [
    ["no address", {}, 400],
    ["an empty address", { email: "" }, 400],
    ["no @", { email: "ana" }, 400],
    ["two @", { email: "a@b@example.com" }, 400],
    ["a header in the address", { email: "ana@example.com\r\nBcc: x@example.com" }, 400],
    ["a list of addresses", { email: "a@example.com,b@example.com" }, 400],
    ["an overlong address", { email: `${long}@example.com` }, 400],
    ["no domain", { email: "ana@localhost" }, 400],
    ["control characters", { email: "a\u0000na@example.com" }, 400],
    ["an unknown origin", { email: "ana@example.com", origin: "nowhere" }, 400],
    ["an origin in capitals", { email: "ana@example.com", origin: "API" }, 400],
  ];
  for (const [name, fields, status] of cases) {
    test(`${name}: ${status} as a problem document, by form, JSON and link`, async () => {
      assertProblem(await post(fields, { accept: JSON_ }), status);
      assertProblem(await world.fetch(path, { method: "POST", body: fields }), status);
      assertProblem(await world.fetch(`${path}?${new URLSearchParams(fields)}`, { key: "standard" }), status);
    });
  }

  test("bodies of every wrong kind: 4xx, never 5xx", async () => {
    const bodies = [
      ["application/json", "", 400],
      ["application/json", "{", 400],
      ["application/json", "null", 400],
      ["application/json", "[]", 400],
      ["application/json", '"ana@example.com"', 400],
      ["application/json", '{"email":5}', 400],
      ["application/json", '{"email":["ana@example.com"]}', 400],
      ["application/json", `{"email":${"[".repeat(10_000)}`, 400],
      ["application/json", Buffer.from([0xff, 0xfe, 0x00]), 400],
      ["application/x-www-form-urlencoded", "email=%FF%FE", 400],
      ["application/x-www-form-urlencoded", "%%%", 400],
      ["text/plain", "email=ana@example.com", 415],
      ["multipart/form-data; boundary=x", "--x--", 415],
      ["application/x-www-form-urlencoded", `email=${"a".repeat(300_000)}`, 413],
      ["application/json", `{"name":"${"a".repeat(300_000)}"}`, 413],
    ];
    for (const [type, body, status] of bodies) {
      const answer = await world.fetch(path, { method: "POST", body, headers: { "content-type": type }, accept: JSON_ });
      assertProblem(answer, status);
    }
  });

  test("the JSON door with a key: 4xx, never 5xx", async () => {
    const url = `/v1/events/${meeting.id}/invitations`;
    const bodies = ["", "{", "[]", "{}", '{"email":"ana@example.com","unknown":1}', '[{"email":"ana@example.com"},5]', "5", JSON.stringify(Array.from({ length: 201 }, (_, i) => ({ email: `a${i}@example.com` })))];
    for (const body of bodies) {
      assertProblem(await world.fetch(url, { method: "POST", key: "standard", body, headers: { "content-type": "application/json" } }), 400);
    }
    assertProblem(await world.fetch(url, { method: "POST", key: "standard", body: "email=a", headers: { "content-type": "text/plain" } }), 415);
    assertProblem(await world.fetch(url, { method: "POST", body: { email: "ana@example.com" } }), 403);
    assertProblem(await world.fetch(url, { method: "POST", key: "nonsense", body: { email: "ana@example.com" } }), 403);
  });

  test("paths, methods, cursors and limits: 4xx, never 5xx", async () => {
    const wrong = [
      ["GET", "/event/", [404]], ["GET", "/nowhere", [404]], ["DELETE", path, [405]], ["PUT", `/event/${meeting.id}`, [405]],
      ["GET", `/event/${"A".repeat(40)}`, [404]], ["GET", `/event/${"a".repeat(41)}`, [404]], ["GET", `/event/${"a".repeat(9000)}`, [404, 414]],
      ["GET", "/event/%00", [404]], ["GET", "/event/%FF%FE", [400, 404]], ["GET", "/organizer/%FF/events", [200, 400, 404]],
      ["GET", "/organizer/nobody@example.com/statistics", [404]], ["GET", "/v1/dead-letters?cursor=x", [400]], ["GET", "/v1/dead-letters?limit=-1", [400]],
      ["GET", "/v1/dead-letters?limit=9999999999999999999", [400]], ["POST", "/order/order", [404]], ["GET", "/s/no-such-page", [404]],
      ["GET", "/r/broken", [404]], ["GET", "/u/broken.token", [404]], ["GET", "/c/...", [404]], ["GET", "/o/..%2f..", [404]], ["GET", "/static/..%2fwrangler.toml", [404]],
    ];
    for (const [method, where, statuses] of wrong) {
      const { status } = await world.fetch(where, { method, key: "admin" });
      assert.ok(statuses.includes(status), `${method} ${where.slice(0, 80)}: ${status}`);
    }
    for (const where of ["/system/events", "/system/statistics"]) {
      assertProblem(await world.fetch(where), 403);
      assertProblem(await world.fetch(where, { key: "standard" }), 403);
    }
    for (const where of [`/event/${meeting.id}`, `/event/${meeting.id}/statistics`, `/event/${meeting.id}/attendees`, `/event/${meeting.id}/report`]) {
      assertProblem(await world.fetch(where), 403);
    }
    assert.equal((await world.fetch("/healthz")).status, 200);
  });

  test("styles and scripts are kept for ever under a name of their own; an old name leads to today's file", async () => {
    const { text: page } = await world.fetch("/");
    const files = page.match(/\/static\/[a-z]+-[0-9a-f]{16}\.(css|js)/g);
    assert.ok(files?.length >= 2, "the page has a style and a script");
    for (const file of files) {
      const response = await world.fetch(file);
      assert.equal(response.status, 200, file);
      assert.match(response.headers.get("content-type"), file.endsWith(".css") ? /^text\/css/ : /^text\/javascript/);
      assert.match(response.headers.get("cache-control"), /max-age=31536000, immutable/);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      const old = await world.fetch(file.replace(/-[0-9a-f]+/, "-0000000000000000"));
      assert.deepEqual([old.status, old.headers.get("location")], [302, file]);
    }
    const icon = await world.fetch("/favicon.ico", { redirect: "follow" });
    assert.equal(icon.headers.get("content-type"), "image/svg+xml");
    assertProblem(await world.fetch("/static/nothing.css"), 404);
  });

  test("the report is limited: five an hour, then 429 with a time to come back", async () => {
    const event = await world.organizer("google").announced();
    const statuses = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await world.fetch(`/event/${event.id}/report`, { key: "standard" })).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
    assert.equal((await world.fetch(`/event/${event.id}/report`, { key: "standard", method: "HEAD" })).status, 200);
  });
});

test("a key reaches as far as its scopes and ends when it is removed", async () => {
  const other = await world.organizer("apple").announced();
  const make = async (...scopes) => {
    const { status, json } = await world.fetch("/v1/keys", { method: "POST", key: "admin", body: { label: "test", scopes } });
    assert.equal(status, 201);
    return json;
  };
  const status = async (where, key, options) => (await world.fetch(where, { key, ...options })).status;
  const invite = (id) => [`/v1/events/${id}/invitations`, { method: "POST", body: { email: world.guest().email } }];
  const may = async (key, id) => {
    const [where, options] = invite(id);
    return [await status(where, key, options), await status(`/event/${id}`, key), await status("/system/statistics", key)];
  };
  const inviter = await make(`event:${meeting.id}:invite`);
  assert.deepEqual([await may(inviter.key, meeting.id), await may(inviter.key, other.id)], [[202, 403, 403], [403, 403, 403]]);
  const reader = await make(`event:${meeting.id}:read`);
  assert.deepEqual([await may(reader.key, meeting.id), await may(reader.key, other.id)], [[403, 200, 403], [403, 403, 403]]);
  const owner = await make(`organizer:${other.organizer.email}:*`);
  assert.deepEqual([await may(owner.key, meeting.id), await may(owner.key, other.id)], [[403, 403, 403], [202, 200, 403]]);
  const system = await make("system:read");
  assert.equal(await status("/system/statistics", system.key), 200);
  assert.equal(await status("/v1/keys", system.key), 403);
  assert.equal(await status(`/event/${"0".repeat(40)}`, reader.key), 403, "a key for one event does not learn which others exist");
  const listed = await world.get("/v1/keys", "admin");
  assert.ok(!JSON.stringify(listed).includes(reader.key));
  assert.equal(await status(`/v1/keys/${reader.id}`, "admin", { method: "DELETE" }), 204);
  assert.equal(await status(`/event/${meeting.id}`, reader.key), 403);
});
