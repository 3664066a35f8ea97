// kill -9 at random moments under load:   node tests/bench/kills.mjs [ROUNDS]
// Everything that was answered with "taken" before a kill must be there after the last restart.

import { eventually, sleep, startWorld } from "../e2e/world.mjs";

const rounds = Number(process.argv[2] ?? 10);
const VARS = { LEASE_SECS: "4", UNKNOWN_GRACE_SECS: "2", HINT_REPEAT_SECS: "2", SES_TIMEOUT_MS: "3000", DIGEST_SECS: "1" };
const world = await startWorld({ vars: VARS });
const promised = { events: [], invitations: [], answers: [], edits: new Map() };
let faults = 0;

/** Runs something until the kill; an answer that was cut off promises nothing. */
async function until(stopped, act) {
  while (!stopped()) {
    try {
      await act();
    } catch {
      faults += 1;
      await sleep(20);
    }
  }
}

const ask = async (meeting, guest) => {
  const body = new URLSearchParams({ email: guest.email, name: guest.name });
  const { status } = await world.fetch(`/event/${meeting.id}/invite`, { method: "POST", body, timeoutMs: 5000 });
  if (status === 303) promised.invitations.push({ meeting, guest });
};

const steady = await world.organizer("google").announced();
const pick = (list) => list[Math.floor(Math.random() * list.length)];
try {
  for (let round = 1; round <= rounds; round += 1) {
    let over = false;
    const stopped = () => over;
    const work = [
      until(stopped, async () => {
        const meeting = world.organizer("outlook").meeting();
        await meeting.send();
        promised.events.push(meeting);
      }),
      until(stopped, () => ask(steady, world.guest())),
      until(stopped, () => ask(steady, world.guest("apple"))),
      until(stopped, async () => {
        const { guest } = pick(promised.invitations) ?? {};
        if (!guest || promised.answers.some((answer) => answer.guest === guest)) return sleep(20);
        const mail = (await world.messages({ to: guest.email }))[0];
        if (!mail) return sleep(20);
        guest.held.set(steady.id, mail);
        await guest.replies(steady, "ACCEPTED");
        promised.answers.push({ guest });
      }),
      until(stopped, async () => {
        steady.change({ location: `Gate ${round}.${promised.edits.size}` });
        await steady.send();
        promised.edits.set(steady.says.location, round);
        await sleep(200);
      }),
    ];
    await sleep(100 + Math.random() * 2900);
    over = true;
    await world.kill();
    await Promise.all(work);
    await world.restart();
  }

  const missing = async () => {
    const mails = await world.messages();
    const uids = new Set(mails.map(({ to, calendar }) => `${to[0]} ${calendar?.uid}`));
    const invitations = promised.invitations.filter(({ meeting, guest }) => !uids.has(`${guest.email} ${meeting.id}`));
    const events = [];
    for (const meeting of promised.events) {
      const list = await world.get(`/organizer/${encodeURIComponent(meeting.organizer.email)}/events`);
      if (list.length !== 1 || !mails.some(({ to }) => to[0] === meeting.organizer.email)) events.push(meeting);
    }
    const { rsvp } = await world.statistics(steady.id);
    const answers = Math.max(0, promised.answers.length - rsvp.accepted);
    const newest = [...promised.edits.keys()].at(-1);
    const edit = (await world.event(steady.id)).location_html === newest || steady.says.location !== newest ? 0 : 1;
    return { invitations: invitations.length, events: events.length, answers, edit };
  };
  let last;
  await eventually("nothing is missing", async () => {
    last = await missing();
    return Object.values(last).every((count) => count === 0);
  }, { timeoutMs: 120_000, everyMs: 1000 }).catch(() => {});

  await sleep(8000);
  const versions = new Map();
  for (const { to, calendar } of await world.messages()) {
    if (!calendar) continue;
    const version = `${to[0]} ${calendar.uid} ${calendar.sequence} ${calendar.dtstamp}`;
    versions.set(version, (versions.get(version) ?? 0) + 1);
  }
  const copies = [...versions.values()];
  console.log(
    `${rounds} kills; promised: ${promised.events.length} events, ${promised.invitations.length} invitations, ` +
      `${promised.answers.length} answers, ${promised.edits.size} edits; requests cut off: ${faults}`,
  );
  console.log(`missing: ${JSON.stringify(last)}`);
  console.log(`mails to guests: ${copies.length}, repeated: ${copies.filter((count) => count > 1).length}, most copies of one: ${Math.max(...copies)}`);
  process.exitCode = Object.values(last).some((count) => count > 0) ? 1 : 0;
} finally {
  await world.stop();
}
