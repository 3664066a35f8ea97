// A stack with something to show: the demo season, and a club whose events are as odd as events can be.

import assert from "node:assert/strict";
import { loadDemo } from "../../scripts/lib/demo.mjs";
import { LOCAL } from "../../scripts/lib/stack.mjs";
import { calendar, games } from "../e2e/fixtures/season.mjs";
import { SEASON, eventually, startWorld } from "../e2e/world.mjs";

const ODD = [
  { summary: "Cup final", description: "<b>Bring</b> the scarf.\nTickets: https://example.com/tickets", url: "https://example.com/watch" },
  { summary: "Called off", start: `${SEASON}-07-03T19:05:00`, end: `${SEASON}-07-03T22:05:00` },
  { summary: "Moved to the evening", start: `${SEASON}-07-04T13:05:00`, end: `${SEASON}-07-04T16:05:00` },
  { summary: `Donaudampfschifffahrtsgesellschaftskapitän ${"und die Mannschaft ".repeat(9)}`.trim(), start: `${SEASON}-07-05T19:05:00`, end: `${SEASON}-07-05T22:05:00` },
  { summary: "مباراة القمة", location: "ملعب الميناء", start: `${SEASON}-07-06T19:05:00`, end: `${SEASON}-07-06T22:05:00` },
  { summary: "東京ベイ 対 横浜", location: "横浜スタジアム", start: `${SEASON}-08-01T19:05:00`, end: `${SEASON}-08-01T22:05:00`, zone: "Asia/Tokyo" },
  { summary: "A day in the harbour", start: `${SEASON}-08-02`, end: `${SEASON}-08-03`, zone: null, allDay: true },
  { summary: "Training", start: `${SEASON}-08-03T18:00:00`, end: `${SEASON}-08-03T19:30:00`, rrule: "FREQ=WEEKLY;COUNT=4" },
];

const TOURS = ["Behind the scenes of the ferry", "Tour of the lock"].flatMap((summary) =>
  ["06-12", "06-13"].map((day) => ({ summary, start: `${SEASON}-${day}T10:00:00`, end: `${SEASON}-${day}T11:00:00` })),
);

/** Starts the stack; with the paths of its pages: the demo, the odd ones, the next few of these, the last of them first, slots, and many games a day. */
export async function startSeason() {
  // Nobody waits for a digest, and a page full of tests is many submissions.
  const world = await startWorld({ vars: { KEYLESS_DAILY_MAX: "100000" } });
  try {
    await loadDemo({ url: world.url, state: world.state, domain: world.domain, key: world.standardKey });
    const organizer = world.organizer("google", "Harbour Rovers");
    const meetings = [];
    for (const fields of ODD) meetings.push(await organizer.announced(fields));
    await meetings[1].cancel();
    await meetings[2].edit({ start: `${SEASON}-07-04T20:05:00`, end: `${SEASON}-07-04T23:05:00` });
    await meetings[2].revision(1);
    // In a colour that needs help.
    const few = { kind: "upcoming", limit: 5, accent: "#ffd400", intro: "The next few.", language: "en" };
    const upcoming = await furtherPage(world, organizer, "rovers-next", few);
    const latest = await furtherPage(world, organizer, "rovers-latest", { descending: true });
    const harbour = world.organizer("google", "Open Harbour");
    const tours = [];
    for (const fields of TOURS) tours.push(await harbour.announced(fields));
    const slots = await furtherPage(world, harbour, "harbour-tours", { kind: "slots", title: "Open day at the harbour" });
    await eventually("all slots", async () => (await world.fetch(slots)).text.split("name=event").length > TOURS.length);
    const crowded = await leaguePage(world);
    return { world, organizer, meetings, tours, crowded, demo: LOCAL.page, odd: await organizer.page(), upcoming, latest, slots, stop: () => world.stop() };
  } catch (error) {
    await world.stop();
    throw error;
  }
}

/** Ticks the first `count` events of the page that is open and sends. */
export async function send(page, email, count = 2) {
  const boxes = page.getByRole("main").getByRole("listitem").getByRole("checkbox");
  for (let index = 0; index < count; index += 1) await boxes.nth(index).check();
  await page.getByRole("textbox", { name: /e-?mail/i }).fill(email);
  await page.getByRole("button", { name: /^send/i }).click();
  await page.getByRole("heading", { name: /on (its|their) way/i }).waitFor();
}

/**
 * Every kind of page that people see without an account: { name, path, act? }; `act` does something on the page after
 * it is open.
 */
export async function publicPages({ world, organizer, meetings, demo, odd, upcoming, slots }) {
  const [meeting] = meetings;
  const guest = world.guest("google", "Ana Example");
  await meeting.invite(guest);
  const mail = (await world.messages({ to: guest.email }))[0];
  const local = (url) => url.slice(new URL(url).origin.length);
  const link = (kind) => mail.links.find((url) => url.includes(kind));
  const ready = (await world.messages({ to: organizer.email })).flatMap(({ links }) => links).find((url) => url.includes("/o/"));
  assert.ok(link("/r/") && link("/u/") && ready, "links in mails");
  const short = meeting.id.slice(0, 12);
  const wanted = [
    { name: "home", path: "/" },
    { name: "schedule", path: demo },
    { name: "schedule-odd", path: odd },
    { name: "schedule-picked", path: demo, act: async (page) => page.getByRole("main").getByRole("listitem").getByRole("checkbox").first().check() },
    { name: "schedule-nothing", path: `${demo}?q=zzzzzz` },
    { name: "schedule-sent", path: demo, act: (page) => send(page, `${page.viewportSize().width}@example.org`) },
    { name: "landing", path: `/e/${short}` },
    { name: "landing-cancelled", path: `/e/${meetings[1].id.slice(0, 12)}` },
    { name: "landing-moved", path: `/e/${meetings[2].id.slice(0, 12)}?lang=es` },
    { name: "landing-series", path: `/e/${meetings[7].id.slice(0, 12)}` },
    { name: "frame", path: `${demo}/frame` },
    { name: "upcoming", path: upcoming },
    { name: "slots", path: slots },
    { name: "invite", path: `/event/${meeting.id}/invite?email=ana@example.org` },
    { name: "invite-cancelled", path: `/event/${meetings[1].id}/invite` },
    { name: "sent", path: `/event/${meeting.id}/sent?to=a**%40example.org` },
    { name: "answer", path: local(link("/r/")) },
    { name: "unsubscribe", path: local(link("/u/")) },
    { name: "owner", path: local(ready) },
    { name: "not-found", path: "/s/nobody" },
  ];
  return wanted;
}

/** Makes a further page of the organizer; its path. */
/** Half a year of ten games a day. */
async function leaguePage(world) {
  const league = world.organizer("google", "The league");
  const headers = { "content-type": "text/calendar" };
  const begun = await world.fetch(`/v1/organizers/${league.email}/imports`, { method: "POST", key: "standard", headers, body: calendar(games(1800)) });
  await eventually("the league's games", async () => (await world.fetch(begun.headers.get("location"), { key: "standard" })).json.state === "done", { within: 60_000 });
  return furtherPage(world, league, "league-games", {});
}

async function furtherPage(world, organizer, slug, config) {
  const body = JSON.stringify({ organizer: organizer.email, slug, config });
  const headers = { "content-type": "application/json", "x-api-key": world.standardKey };
  const answer = await fetch(`${world.url}/v1/pages`, { method: "POST", headers, body });
  assert.equal(answer.status, 201, await answer.text());
  return `/s/${slug}`;
}
