// Time zones as the three big clients write them, and the instants that the tests expect.

const US = {
  daylight: { month: 3, day: "2SU", hour: "020000" },
  standard: { month: 11, day: "1SU", hour: "020000" },
};
const EU = {
  daylight: { month: 3, day: "-1SU", hour: "020000" },
  standard: { month: 10, day: "-1SU", hour: "030000" },
};

const ZONES = {
  "America/New_York": { windows: "Eastern Standard Time", standard: "-0500", daylight: "-0400", names: ["EST", "EDT"], rules: US },
  "America/Los_Angeles": { windows: "Pacific Standard Time", standard: "-0800", daylight: "-0700", names: ["PST", "PDT"], rules: US },
  "Europe/Berlin": { windows: "W. Europe Standard Time", standard: "+0100", daylight: "+0200", names: ["CET", "CEST"], rules: EU },
  "Asia/Tokyo": { windows: "Tokyo Standard Time", standard: "+0900", names: ["JST"] },
};

export function zone(name) {
  const found = ZONES[name];
  if (!found) throw new Error(`no such zone in the builders: ${name}`);
  return { name, ...found };
}

/** Epoch seconds of a wall clock time: `2027-07-02T19:05:00` in a zone. */
export function instant(local, name) {
  const wall = Date.parse(`${local}Z`);
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: name,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const shown = (at) => {
    const part = Object.fromEntries(format.formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
    return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  };
  let at = wall;
  for (let i = 0; i < 3; i += 1) at += wall - shown(at);
  return at / 1000;
}

/** `2027-07-02T19:05:00` as `20270702T190500`. */
export const compact = (local) => local.replace(/[-:]/g, "");

const observance = (kind, from, to, tzname, start, rule) => [
  `BEGIN:${kind}`,
  `TZOFFSETFROM:${from}`,
  `TZOFFSETTO:${to}`,
  ...(tzname ? [`TZNAME:${tzname}`] : []),
  `DTSTART:${start}`,
  ...(rule ? [`RRULE:${rule}`] : []),
  `END:${kind}`,
];

/** VTIMEZONE under its IANA name with rules from 1970, as Google and Apple write it. */
export function ianaTimezone(name, { licence = true } = {}) {
  const { standard, daylight, names, rules } = zone(name);
  const lines = ["BEGIN:VTIMEZONE", `TZID:${name}`];
  if (licence) lines.push(`X-LIC-LOCATION:${name}`);
  if (daylight) {
    const rule = ({ month, day }) => `FREQ=YEARLY;BYMONTH=${month};BYDAY=${day}`;
    const first = { "2SU": "08", "1SU": "01", "-1SU": { 3: "29", 10: "25" } };
    const start = ({ month, day, hour }) => {
      const date = day === "-1SU" ? first[day][month] : first[day];
      return `1970${String(month).padStart(2, "0")}${date}T${hour}`;
    };
    lines.push(
      ...observance("DAYLIGHT", standard, daylight, names[1], start(rules.daylight), rule(rules.daylight)),
      ...observance("STANDARD", daylight, standard, names[0], start(rules.standard), rule(rules.standard)),
    );
  } else {
    lines.push(...observance("STANDARD", standard, standard, names[0], "19700101T000000"));
  }
  lines.push("END:VTIMEZONE");
  return lines;
}

/** VTIMEZONE under its Windows name with rules from 1601, as Exchange writes it. */
export function windowsTimezone(name) {
  const { windows, standard, daylight, rules } = zone(name);
  const rule = ({ month, day }) => `FREQ=YEARLY;INTERVAL=1;BYDAY=${day};BYMONTH=${month}`;
  const summer = daylight ?? standard;
  return [
    "BEGIN:VTIMEZONE",
    `TZID:${windows}`,
    ...observance(
      "STANDARD",
      summer,
      standard,
      null,
      `16010101T${rules?.standard.hour ?? "000000"}`,
      rules && rule(rules.standard),
    ),
    ...observance(
      "DAYLIGHT",
      standard,
      summer,
      null,
      `16010101T${rules?.daylight.hour ?? "000000"}`,
      rules && rule(rules.daylight),
    ),
    "END:VTIMEZONE",
  ];
}
