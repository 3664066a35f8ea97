// What the peers answer: the same facts as Convoke, by plain template strings, the fastest that JavaScript has.

export type EventRow = {
  event_id: string;
  owner: string;
  organizer_name: string;
  prodid: string;
  revision: number;
  cancelled: number;
  created: number;
  last_modified: number;
  start_at: number;
  end_at: number;
  summary: string;
  description_html: string;
  location: string;
  details: string;
};

export type Organizer = { name: string; slug: string };

export const SQL = {
  organizer: "SELECT address, name, slug FROM organizer WHERE slug = ?",
  page: "SELECT * FROM event WHERE owner = ? AND public = 1 AND (last_end IS NULL OR last_end > ?) ORDER BY start_at LIMIT 2500",
  search:
    "SELECT * FROM event WHERE owner = ? AND public = 1 AND (last_end IS NULL OR last_end > ?) AND (summary LIKE ? OR location LIKE ?) ORDER BY start_at LIMIT 2500",
  list: "SELECT * FROM event WHERE owner = ? ORDER BY last_modified DESC LIMIT 2500",
  event: "SELECT * FROM event WHERE event_id = ?",
  statistics:
    "SELECT sum(attendees) attendees, sum(accepted) accepted, sum(declined) declined, sum(noaction) noaction, sum(tentative) tentative FROM event WHERE owner = ?",
  origins: "SELECT key, sum(value) count FROM event, json_each(event.origins) WHERE owner = ? GROUP BY key",
  clients: "SELECT key, sum(value) count FROM event, json_each(event.clients) WHERE owner = ? GROUP BY key",
};

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: string) => (/[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (c) => escapes[c]!) : text);

const MONTHS = "January,February,March,April,May,June,July,August,September,October,November,December".split(",");
const WEEKDAYS = "Sun,Mon,Tue,Wed,Thu,Fri,Sat".split(",");

function clock(local: string): string {
  const hour = Number(local.slice(11, 13));
  return `${hour % 12 || 12}:${local.slice(14, 16)} ${hour < 12 ? "am" : "pm"}`;
}

function row(event: EventRow): { date: string; html: string } {
  const { start } = JSON.parse(event.details) as { start: { at: { local: string } } };
  const local = start.at.local;
  const short = event.event_id.slice(0, 12);
  const iso = `${new Date(event.start_at * 1000).toISOString().slice(0, 16)}Z`;
  const offer = event.description_html ? `<div class=offer><span dir=auto>${event.description_html}</span></div>` : "";
  const html = `<li${event.cancelled ? " class=off" : ""}><label><input type=checkbox name=event value=${short}><time datetime=${iso}>${clock(local)}</time><b dir=auto>${escape(event.summary)}</b><i dir=auto>${escape(event.location)}</i></label><a href="/e/${short}">Details</a>${offer}</li>`;
  return { date: local.slice(0, 10), html };
}

/** The schedule page: months, days, rows. */
export function page(organizer: Organizer, events: EventRow[]): string {
  const months = new Map<string, Map<string, string[]>>();
  for (const event of events) {
    const { date, html } = row(event);
    const month = date.slice(0, 7);
    let days = months.get(month);
    if (!days) months.set(month, (days = new Map()));
    const rows = days.get(date);
    if (rows) rows.push(html);
    else days.set(date, [html]);
  }
  const name = (month: string) => `${MONTHS[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;
  const links = [...months.keys()].map((month) => `<a href="#m${month}"><span>${name(month)}</span></a>`).join("");
  const day = ([date, rows]: [string, string[]]) => {
    const weekday = WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()];
    return `<div class=day role=group aria-labelledby=d${date}><h3 id=d${date}>${weekday} <b>${Number(date.slice(8))}</b></h3><ul>
${rows.join("\n")}
</ul></div>`;
  };
  const sections = [...months].map(
    ([month, days]) => `<section class=month id=m${month} aria-labelledby=h${month}><div class=head><h2 id=h${month}>${name(month)}</h2></div>
${[...days].map(day).join("\n")}</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(organizer.name)}</title><link rel="stylesheet" href="/static/page.css"><script src="/static/schedule.js" defer></script></head>
<body><header class="top"><h1>${escape(organizer.name)}</h1><p>${events.length} events</p></header>
<form class="find" method="get" role="search"><label for="q">Find events</label><input id="q" name="q" type="search"><button>Find</button></form>
<nav class="months">${links}</nav>
<main class="schedule"><form method="post">
${sections.join("\n")}
<div class="bar"><label for="email">Your e-mail address</label><input id="email" name="email" type="email" required><button>Send invitations</button></div>
</form></main></body></html>
`;
}

/** An event in the list of an organizer. */
export const listed = (event: EventRow) => ({
  uid: event.event_id,
  mailto: event.owner,
  organizer: event.organizer_name,
  status: event.cancelled ? "cancelled" : "confirmed",
  created: event.created,
  dtstart: event.start_at,
  dtend: event.end_at,
  summary_html: escape(event.summary),
  description_html: event.description_html,
  location_html: escape(event.location),
});

/** One event. */
export const whole = (event: EventRow) => ({
  ...listed(event),
  last_modified: event.last_modified,
  original_organizer: event.organizer_name,
  prodid: event.prodid.toLowerCase(),
  sequence: event.revision,
});

type Count = { key: string; count: number };

/** Figures of an organizer. */
export function statistics(sums: Record<string, number>, origins: Count[], clients: Count[]) {
  const { attendees, ...rsvp } = sums;
  const counts = (rows: Count[]) => Object.fromEntries(rows.map(({ key, count }) => [key, count]));
  return { attendees, origin: counts(origins), prodid: counts(clients), rsvp };
}
