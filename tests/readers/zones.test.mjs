// Times in zones, beside Python's zoneinfo, icalendar and dateutil, and ical.js: what a TZID means, the hours in which
// clocks change, and the VTIMEZONEs that we write. Each difference that stays is named here with its reason.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import ICAL from "ical.js";
import { ask, calendar, corpusCalendars, hasPython, icalZone, occurrences, rewritten, vevent } from "./programs.mjs";

const ZONES = `Africa/Cairo Africa/Casablanca Africa/El_Aaiun Africa/Johannesburg Africa/Lagos Africa/Nairobi
  America/Adak America/Anchorage America/Argentina/Buenos_Aires America/Asuncion America/Bogota America/Caracas
  America/Chicago America/Denver America/Halifax America/Havana America/Los_Angeles America/Mexico_City America/Miquelon
  America/New_York America/Nuuk America/Phoenix America/Port-au-Prince America/Santiago America/Sao_Paulo
  America/Scoresbysund America/St_Johns America/Tijuana America/Toronto Antarctica/Troll Asia/Amman Asia/Beirut
  Asia/Damascus Asia/Dubai Asia/Gaza Asia/Hebron Asia/Jerusalem Asia/Kathmandu Asia/Kolkata Asia/Nicosia Asia/Pyongyang
  Asia/Shanghai Asia/Tehran Asia/Tokyo Atlantic/Azores Atlantic/Bermuda Australia/Adelaide Australia/Brisbane
  Australia/Lord_Howe Australia/Sydney Europe/Berlin Europe/Chisinau Europe/Dublin Europe/Helsinki Europe/Istanbul
  Europe/Lisbon Europe/London Europe/Moscow Pacific/Apia Pacific/Auckland Pacific/Chatham Pacific/Easter
  Pacific/Kiritimati Pacific/Norfolk`.split(/\s+/);
const YEARS = [1996, 2011, 2019, 2026, 2027, 2031, 2048];

/** TZIDs as programs write them, and the zone each means. */
const NAMES = {
  '"Eastern Standard Time"': "America/New_York",
  "W. Europe Standard Time": "Europe/Berlin",
  "W. Europe": "Europe/Berlin",
  "Pacific Daylight Time": "America/Los_Angeles",
  "Eastern Standard Time 1": "America/New_York",
  "(UTC-05:00) Eastern Time (US & Canada)": "America/New_York",
  "(UTC+01:00) Amsterdam\\, Berlin\\, Bern\\, Rome\\, Stockholm\\, Vienna": "Europe/Berlin",
  "(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb": "Europe/Warsaw",
  "(GMT+10:00) Canberra, Melbourne, Sydney": "Australia/Sydney",
  "Sarajevo, Skopje, Warsaw, Zagreb": "Europe/Warsaw",
  "Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna": "Europe/Berlin",
  "/mozilla.org/20070129_1/America/New_York": "America/New_York",
  "/freeassociation.sourceforge.net/Tzfile/Europe/Paris": "Europe/Paris",
  "/softwarestudio.org/Olson_20011030_5/America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "/citadel.org/20190914_1/Europe/London": "Europe/London",
  "tzone://Microsoft/Utc": "UTC",
  "Coordinated Universal Time": "UTC",
  "Etc/UTC": "UTC",
  "GMT -0500 (Standard) / GMT -0400 (Daylight)": "America/New_York",
  "GMT -0800 (Standard) / GMT -0700 (Daylight)": "America/Los_Angeles",
  "GMT +0100 (Standard) / GMT +0200 (Daylight)": "Europe/Berlin",
  "UTC+01:00": "Etc/GMT-1",
  "America_New_York": "America/New_York",
  "US/Eastern": "America/New_York",
  "europe/berlin": "Europe/Berlin",
  "Asia/Calcutta": "Asia/Kolkata",
  "India Standard Time": "Asia/Kolkata",
  "Newfoundland Standard Time": "America/St_Johns",
  "Morocco Standard Time": "Africa/Casablanca",
  "Lord Howe Standard Time": "Australia/Lord_Howe",
};

/** TZIDs that say nothing: without a VTIMEZONE they are refused. */
const NAMELESS = ["Customized Time Zone", "tzone://Microsoft/Custom", "My Zone", "Europe/Russia", "(UTC+01:00) Atlantis", "GMT -0500 (Standard) / GMT -0300 (Daylight)", "1"];

/** Windows zones that Python's icalendar gives another clock than we do, and why ours is right. */
const WINDOWS_EXPLAINED = {};

const WALL_TIMES = [1, 4, 7, 10].map((month) => `2027${String(month).padStart(2, "0")}15T093000`);

/** Our instants of [TZID, local time], a calendar each so that no definition helps another. */
function ourInstants(pairs, definition = () => []) {
  const text = pairs.map(([tzid, local], index) => calendar(...definition(index), vevent(index, `DTSTART;TZID=${tzid}:${local}`))).join("");
  const found = occurrences(text);
  return pairs.map((_, index) => found[index]?.starts?.[0] ?? found[index]?.refused ?? "nothing");
}

const quoted = (tzid) => (tzid.includes('"') ? tzid : `"${tzid}"`);
const fieldsOf = (seconds) => {
  const at = new Date(seconds * 1000);
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate(), hour: at.getUTCHours(), minute: at.getUTCMinutes(), second: at.getUTCSeconds() };
};
const stamp = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-:]/g, "");

describe("times in zones", { skip: hasPython ? false : "Python's icalendar and dateutil are not installed" }, () => {
  test(`the clocks of ${ZONES.length} zones, around every change`, (t) => {
    const pairs = ask("pairs", { zones: ZONES, years: YEARS });
    const ours = ourInstants(pairs);
    const different = pairs.filter(([, , instant], index) => instant !== ours[index]).map((pair) => [...pair, ours[pairs.indexOf(pair)]]);
    t.diagnostic(`${pairs.length} local times compared, ${different.length} different`);
    assert.deepEqual(different, []);
  });

  test("Windows names, beside the table of Python's icalendar", (t) => {
    const pairs = Object.entries(ask("windows", null)).flatMap(([name, zone]) => WALL_TIMES.map((local) => [name, local, zone]));
    const ours = ourInstants(pairs.map(([name, local]) => [quoted(name), local]));
    const theirs = ask("instants", pairs.map(([, local, zone]) => [zone, local]));
    const different = [...new Set(pairs.filter((_, index) => ours[index] !== theirs[index]).map(([name, , zone]) => `${name} = ${zone}`))];
    t.diagnostic(`${pairs.length} local times compared, different: ${different.join("; ") || "none"}`);
    assert.deepEqual(different, Object.keys(WINDOWS_EXPLAINED));
  });

  test("names as programs write them", (t) => {
    const pairs = Object.entries(NAMES).flatMap(([name, zone]) => WALL_TIMES.map((local) => [name, local, zone]));
    const ours = ourInstants(pairs.map(([name, local]) => [quoted(name), local]));
    const theirs = ask("instants", pairs.map(([, local, zone]) => [zone, local]));
    t.diagnostic(`${pairs.length} local times compared`);
    assert.deepEqual(pairs.map(([name, local], index) => [name, local, ours[index]]), pairs.map(([name, local], index) => [name, local, theirs[index]]));
  });

  test("a name that says nothing is refused, or means its VTIMEZONE", () => {
    const pairs = NAMELESS.map((name) => [quoted(name), "20270715T093000"]);
    assert.deepEqual(ourInstants(pairs), pairs.map(() => "unknown-zone"));
    const definition = (index) => {
      const rule = (kind, from, to, hour, month) => [`BEGIN:${kind}`, `DTSTART:16010101T0${hour}0000`, `TZOFFSETFROM:${from}`, `TZOFFSETTO:${to}`, `RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=${month}`, `END:${kind}`];
      return ["BEGIN:VTIMEZONE", `TZID:${NAMELESS[index]}`, ...rule("STANDARD", "+0245", "+0145", 3, 10), ...rule("DAYLIGHT", "+0145", "+0245", 2, 3), "END:VTIMEZONE"];
    };
    assert.deepEqual(ourInstants(pairs, definition), pairs.map(() => Date.UTC(2027, 6, 15, 6, 45) / 1000));
  });

  test("floating times and days stay what they are", () => {
    const found = occurrences(calendar(vevent("floating", "DTSTART:20270715T093000"), vevent("day", "DTSTART;VALUE=DATE:20270715"), vevent("utc", "DTSTART:20270715T093000Z")));
    const at = Date.UTC(2027, 6, 15, 9, 30) / 1000;
    assert.deepEqual(found, { day: { zone: "date", starts: ["20270715"] }, floating: { zone: "floating", starts: [at] }, utc: { zone: "UTC", starts: [at] } });
  });
});

/** A VTIMEZONE that every reader is known to take: MS-OXCICAL, and reports of what Outlook refuses. */
function assertPlainForm(vtimezone) {
  assert.doesNotMatch(vtimezone, /^(RDATE|EXDATE|EXRULE)/m);
  for (const rule of vtimezone.match(/^RRULE:.*$/gm) ?? []) {
    assert.match(rule, /^RRULE:FREQ=YEARLY;BYMONTH=\d+;BYDAY=-?\d[A-Z]{2}(;UNTIL=\d{8}T\d{6}Z)?\r?$/);
  }
  for (const [, year] of vtimezone.matchAll(/^DTSTART:(\d{4})/gm)) assert.ok(Number(year) >= 1970, year);
  assert.ok(vtimezone.match(/^TZOFFSETFROM:/gm).length === vtimezone.match(/^TZOFFSETTO:/gm).length);
}

describe("VTIMEZONEs that are written", { skip: hasPython ? false : "Python's icalendar and dateutil are not installed" }, () => {
  const changes = hasPython ? ask("changes", { zones: ZONES, years: YEARS }) : {};
  const HOUR = 3600;
  const DAY = 24 * HOUR;
  // Evenings, and events that last over a change of the clock; then weekly and daily series of a year.
  const events = ZONES.flatMap((zone) => [
    ...YEARS.flatMap((year) => [1, 5, 9].map((month) => ({ zone, start: Date.UTC(year, month, 11, 19) / 1000, length: 2 * HOUR }))),
    ...(changes[zone] ?? []).map((at) => ({ zone, start: at - 3 * HOUR, length: 6 * HOUR })),
    ...YEARS.map((year) => ({ zone, start: Date.UTC(year, 1, 3, 18) / 1000, length: HOUR, rule: "FREQ=WEEKLY;COUNT=52", span: 52 * 7 * DAY })),
    ...YEARS.map((year) => ({ zone, start: Date.UTC(year, 7, 3, 18) / 1000, length: HOUR, rule: "FREQ=MONTHLY;COUNT=36", span: 1070 * DAY })),
  ]);

  test("give the offsets of zoneinfo while the event lasts, to ical.js and to dateutil", (t) => {
    const locals = ask("real_offsets", events.map(({ zone, start }) => [zone, [start]]));
    const text = events.map(({ zone, start, length, rule }, index) => {
      const [[offset]] = locals[index];
      return calendar(vevent(index, `DTSTART;TZID=${zone}:${stamp(start + offset)}`, `DURATION:PT${length}S`, ...(rule ? [`RRULE:${rule}`] : [])));
    });
    const written = rewritten(text.join(""));
    assert.equal(written.length, events.length);
    const asked = written.map((text, index) => {
      const { zone, start, length, span = length } = events[index];
      const [vtimezone] = /BEGIN:VTIMEZONE[\s\S]*END:VTIMEZONE\r\n/.exec(text);
      assertPlainForm(vtimezone);
      const steps = Math.min(120, Math.floor(span / 1800));
      const times = Array.from({ length: steps + 1 }, (_, step) => start + Math.floor((span * step) / steps / 60) * 60);
      return [vtimezone, zone, times];
    });
    const real = ask("real_offsets", asked.map(([, zone, times]) => [zone, times]));
    // Of a time that its clock shows twice, a local time does not tell which one it is.
    const once = asked.flatMap(([vtimezone, zone, times], index) => {
      const read = icalZone(vtimezone);
      return times.flatMap((time, step) => {
        const [offset, twice] = real[index][step];
        return twice ? [] : [{ zone, time, read: ICAL.Time.fromData(fieldsOf(time + offset), read).toUnixTime() }];
      });
    });
    const differentToIcal = once.filter(({ time, read }) => read !== time).map(({ zone, time, read }) => [zone, stamp(time), read - time]);
    t.diagnostic(`${asked.length} events, ${once.length} times compared with ical.js, ${differentToIcal.length} different`);
    assert.deepEqual(differentToIcal.slice(0, 20), []);
    const differentToDateutil = ask("offsets", asked);
    const count = asked.reduce((sum, [, , times]) => sum + times.length, 0);
    t.diagnostic(`${count} offsets compared with dateutil, ${differentToDateutil.length} different`);
    assert.deepEqual(differentToDateutil.slice(0, 20), []);
  });
});

/** TZIDs that the others do not know, and the zone each means; where a VTIMEZONE came with it, the name was right and that was wrong. */
const CORPUS_EXPLAINED = {
  "US-Eastern": "US/Eastern",
  "US-Mountain": "US/Mountain",
  "American/New_York": "America/New_York",
  "Europe/Germany": "Europe/Berlin",
  "TZID=Europe/Germany": "Europe/Berlin",
  "(GMT+10:00) Canberra, Melbourne, Sydney": "Australia/Sydney",
  "(UTC-05:00) Eastern Time (US & Canada)": "America/New_York",
  "(UTC-05:00) Eastern Time (US and Canada)": "America/New_York",
  "(UTC+07:00) Bangkok, Hanoi, Jakarta": "Asia/Bangkok",
  "(GMT +01:00)": "Etc/GMT-1",
  "UTC+01": "Etc/GMT-1",
  "Amsterdam, Belgrade, Berlin, Brussels, Budapest, Madrid, Paris, Prague, Stockholm": "Europe/Berlin",
  "Pacific Time (US & Canada), Tijuana": "America/Los_Angeles",
  "Pacific Time (US & Canada),Tijuana": "America/Los_Angeles",
  "Kuala Lumpur, Singapore": "Asia/Singapore",
  "GMT-05.00/-04.00": "America/New_York",
  FLE: "Europe/Kyiv",
  // A VTIMEZONE without summer time.
  "(UTC-06:00) Central Time (US & Canada)": "America/Chicago",
  "New Zealand Standard Time": "Pacific/Auckland",
  // No TZID at all: floating, read as if in UTC.
  "": "UTC",
};

describe("times of the corpus", { skip: hasPython ? false : "Python's icalendar and dateutil are not installed" }, () => {
  test("every TZID and local time, as icalendar, dateutil and ical.js read them", async (t) => {
    const pairs = new Map();
    for (const bytes of await corpusCalendars()) {
      const text = bytes.toString().replace(/\r?\n/g, "\r\n").replace(/\r\n[ \t]/g, "");
      const zones = new Map([...text.matchAll(/BEGIN:VTIMEZONE\r\n[\s\S]*?TZID:(.*)\r\n[\s\S]*?END:VTIMEZONE\r\n/g)].map(([all, tzid]) => [tzid.trim(), all]));
      for (const [, tzid, local] of text.matchAll(/^(?:DTSTART|DTEND|RECURRENCE-ID)[^:\n]*;TZID=("[^"\r\n]*"|[^:;"\r\n]*)[^:\r\n]*:(\d{8}T\d{6})\r$/gm)) {
        const vtimezone = zones.get(tzid.replaceAll('"', "")) ?? "";
        pairs.set(JSON.stringify([tzid, local, vtimezone]), { tzid, local, vtimezone });
      }
    }
    if (pairs.size === 0) return t.skip("no corpus");
    const all = [...pairs.values()];
    const ours = ourInstants(all.map(({ tzid, local }) => [tzid, local]), (index) => (all[index].vtimezone ? [all[index].vtimezone.trimEnd()] : []));
    const texts = all.map(({ tzid, local, vtimezone }, index) => calendar(...(vtimezone ? [vtimezone.trimEnd()] : []), vevent(index, `DTSTART;TZID=${tzid}:${local}`)));
    const theirs = ask("calendars", texts);
    const zones = all.map(({ tzid }) => CORPUS_EXPLAINED[tzid.replaceAll('"', "").trim()]);
    const meant = ask("instants", all.map(({ local }, index) => [zones[index] ?? "UTC", local]));
    const counts = { equal: 0, "refused, unknown to all": 0, explained: 0 };
    const different = [];
    all.forEach(({ tzid, local }, index) => {
      const { icalendar, dateutil } = theirs[index];
      const said = icalendar ?? dateutil;
      if (ours[index] === said) counts.equal += 1;
      else if (said === null && ours[index] === "unknown-zone") counts["refused, unknown to all"] += 1;
      else if (zones[index] && ours[index] === meant[index]) counts.explained += 1;
      else different.push([tzid, local, ours[index], icalendar, dateutil]);
    });
    t.diagnostic(`${all.length} pairs: ${JSON.stringify(counts)}`);
    assert.deepEqual(different, []);
  });
});
