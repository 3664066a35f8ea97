// Made-up calendars of the kinds that arrive, the same ones each time.

/** Mulberry32: small, and the same on every machine. */
export function random(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (end) => next() % end;
  return { below, one: (list) => list[below(list.length)] };
}

const WORDS = "match final cup round season court coach training dinner away home derby ticket gate doors open at from the with and für día équipe 日本 🎸 notes: see, map; bring".split(" ");
const ZONES = {
  "Europe/Berlin": ["+0100", "+0200", "3;BYDAY=-1SU", "10;BYDAY=-1SU", "0329T020000", "1025T030000"],
  "America/New_York": ["-0500", "-0400", "3;BYDAY=2SU", "11;BYDAY=1SU", "0308T020000", "1101T020000"],
};

const two = (number) => String(number).padStart(2, "0");
const escaped = (text) => text.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");

/** Folded at 75 octets between characters. */
function folded(line) {
  let out = "";
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > 75) {
      out += "\r\n ";
      octets = 1;
    }
    out += character;
    octets += size;
  }
  return `${out}\r\n`;
}

function zone(tzid) {
  const [standard, summer, spring, autumn, springStart, autumnStart] = ZONES[tzid];
  const rule = (kind, start, from, to, month) =>
    `BEGIN:${kind}\r\nDTSTART:1970${start}\r\nTZOFFSETFROM:${from}\r\nTZOFFSETTO:${to}\r\nRRULE:FREQ=YEARLY;BYMONTH=${month}\r\nEND:${kind}\r\n`;
  return `BEGIN:VTIMEZONE\r\nTZID:${tzid}\r\n${rule("DAYLIGHT", springStart, standard, summer, spring)}${rule("STANDARD", autumnStart, summer, standard, autumn)}END:VTIMEZONE\r\n`;
}

function text({ below, one }, words) {
  return Array.from({ length: words }, () => one(WORDS)).join(below(9) ? " " : "\n").trim();
}

function event(dice, { uid, tzid, day, guests, words, lines = [], instance }) {
  const { below, one } = dice;
  const hour = 9 + below(10);
  const at = (hours) => `;TZID=${tzid}:${day}T${two(hours)}${instance ? "15" : "00"}00`;
  const written = [
    "BEGIN:VEVENT",
    `UID:${uid}`,
    `DTSTAMP:2030010${1 + below(9)}T101500Z`,
    ...(instance ? [`RECURRENCE-ID${instance}`] : []),
    `DTSTART${at(hour)}`,
    `DTEND${at(hour + 2)}`,
    ...lines,
    `SEQUENCE:${below(5)}`,
    `STATUS:${one(["CONFIRMED", "TENTATIVE"])}`,
    `SUMMARY:${escaped(text(dice, 4).replaceAll("\n", " "))}`,
    `LOCATION:${escaped(text(dice, 5).replaceAll("\n", " "))}`,
    `DESCRIPTION:${escaped(text(dice, words))}`,
    "ORGANIZER;CN=The Office:mailto:office@harbour.example",
    ...Array.from({ length: guests }, (_, index) => {
      const partstat = one(["NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE"]);
      return `ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=${partstat};RSVP=TRUE;CN=Guest ${index}:mailto:guest${index}@guests.example`;
    }),
    "TRANSP:OPAQUE",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "DESCRIPTION:Reminder",
    "TRIGGER:-PT30M",
    "END:VALARM",
    "END:VEVENT",
  ];
  return written.map(folded).join("");
}

function calendar(method, tzids, events) {
  const head = `BEGIN:VCALENDAR\r\nPRODID:-//Harbour//Calendar//EN\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nMETHOD:${method}\r\n`;
  return `${head}${tzids.map(zone).join("")}${events.join("")}END:VCALENDAR\r\n`;
}

const day = ({ below }) => `2030${two(1 + below(12))}${two(1 + below(28))}`;

/** Invitations to one event each. */
export function singles(count) {
  const dice = random(1);
  return Array.from({ length: count }, (_, index) => {
    const tzid = dice.one(Object.keys(ZONES));
    const one = { uid: `single-${index}@harbour.example`, tzid, day: day(dice), guests: 1 + dice.below(20), words: 30 + dice.below(100) };
    return calendar("REQUEST", [tzid], [event(dice, one)]);
  });
}

/** Weekly series of a year with exceptions and five moved instances each. */
export function series(count) {
  const dice = random(2);
  return Array.from({ length: count }, (_, index) => {
    const tzid = dice.one(Object.keys(ZONES));
    const shared = { uid: `series-${index}@harbour.example`, tzid, guests: 5, words: 40 };
    const weekly = ["RRULE:FREQ=WEEKLY;COUNT=52", `EXDATE;TZID=${tzid}:20300204T090000,20300211T090000`];
    const moved = Array.from({ length: 5 }, (_, week) =>
      event(dice, { ...shared, day: `203005${two(7 + week)}`, instance: `;TZID=${tzid}:203006${two(3 + week)}T090000` }),
    );
    return calendar("REQUEST", [tzid], [event(dice, { ...shared, day: "20300107", lines: weekly }), ...moved]);
  });
}

/** A season's feed. */
export function feed(count) {
  const dice = random(3);
  const tzids = Object.keys(ZONES);
  const events = Array.from({ length: count }, (_, index) =>
    event(dice, { uid: `feed-${index}@harbour.example`, tzid: dice.one(tzids), day: day(dice), guests: 0, words: 40 }),
  );
  return calendar("PUBLISH", tzids, events);
}
