// Series of random rules, beside Python's dateutil. The rules are the same ones each time.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { random } from "../bench/calendars.mjs";
import { ask, calendar, hasPython, occurrences, vevent } from "./programs.mjs";

const MAX = 60;
const YEARS = 20;
const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "Africa/Casablanca", "UTC"];

const two = (number) => String(number).padStart(2, "0");
const numbers = (dice, count, make) => [...new Set(Array.from({ length: 1 + dice.below(count) }, make))].join(",");
const signed = (dice, most) => (1 + dice.below(most)) * dice.one([1, 1, -1]);
/** With numbers or without: dateutil takes `MO,2TU` for what is both, RFC 5545 for either. */
const days = (dice, nth) => numbers(dice, 3, () => `${nth ? dice.one(nth) : ""}${dice.one(DAYS)}`);
const monthDays = (dice) => numbers(dice, 3, () => signed(dice, 31));
const months = (dice) => `;BYMONTH=${numbers(dice, 4, () => 1 + dice.below(12))}`;
const position = (dice) => `;BYSETPOS=${numbers(dice, 2, () => signed(dice, 3))}`;

/** What a rule of each kind says after FREQ. BYWEEKNO always has a BYDAY: without one, dateutil takes the whole week. */
const KINDS = {
  "DAILY by month": (dice) => `DAILY${months(dice)}`,
  "DAILY by month day": (dice) => `DAILY;BYMONTHDAY=${monthDays(dice)}`,
  "DAILY at hours": (dice) => `DAILY;BYHOUR=${numbers(dice, 3, () => dice.below(24))};BYMINUTE=${numbers(dice, 2, () => dice.below(60))}`,
  "HOURLY on days": (dice) => `HOURLY;BYDAY=${days(dice)};BYHOUR=${numbers(dice, 4, () => dice.below(24))}`,
  WEEKLY: () => "WEEKLY",
  "WEEKLY by day": (dice) => `WEEKLY;BYDAY=${days(dice)}`,
  "WEEKLY by day and position": (dice) => `WEEKLY;BYDAY=${DAYS.join(",")}${position(dice)}`,
  MONTHLY: () => "MONTHLY",
  "MONTHLY by month day": (dice) => `MONTHLY;BYMONTHDAY=${monthDays(dice)}`,
  "MONTHLY by nth day": (dice) => `MONTHLY;BYDAY=${days(dice, [1, 2, 3, 4, -1, -2, 5, -5])}`,
  "MONTHLY by day and position": (dice) => `MONTHLY;BYDAY=${days(dice)}${position(dice)}`,
  "MONTHLY on Friday the 13th": (dice) => `MONTHLY;BYDAY=${dice.one(DAYS)};BYMONTHDAY=${signed(dice, 28)}`,
  YEARLY: () => "YEARLY",
  "YEARLY by month": (dice) => `YEARLY${months(dice)}`,
  "YEARLY by month and nth day": (dice) => `YEARLY${months(dice)};BYDAY=${days(dice, [1, 2, -1, -2])}`,
  "YEARLY by nth day": (dice) => `YEARLY;BYDAY=${days(dice, [1, 20, -1, -20, 52])}`,
  "YEARLY by year day": (dice) => `YEARLY;BYYEARDAY=${numbers(dice, 4, () => signed(dice, 366))}`,
  "YEARLY by week": (dice) => `YEARLY;BYWEEKNO=${numbers(dice, 3, () => signed(dice, 51))};BYDAY=${days(dice)}`,
  "YEARLY by month day and position": (dice) => `YEARLY${months(dice)};BYMONTHDAY=${monthDays(dice)}${position(dice)}`,
  "YEARLY by day and position": (dice) => `YEARLY;BYDAY=${days(dice)}${position(dice)}`,
};

function rules(count) {
  const dice = random(4);
  return Object.entries(KINDS).flatMap(([kind, make]) =>
    Array.from({ length: count }, () => {
      const interval = dice.below(2) ? `;INTERVAL=${1 + dice.below(4)}` : "";
      const weekStart = dice.below(2) ? `;WKST=${dice.one(DAYS)}` : "";
      const day = dice.one(["20280229", `${2024 + dice.below(6)}${two(1 + dice.below(12))}${two(1 + dice.below(28))}`, "20270131"]);
      // 02:30 does not exist in a night of spring and exists twice in one of autumn.
      const time = dice.one(["090000", "183000", "023000", "000000"]);
      return { kind, rule: `FREQ=${make(dice)}${interval}${weekStart}`, seed: `${day}T${time}`, zone: dice.one(ZONES), allDay: dice.below(5) === 0 };
    }),
  );
}

const stamp = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-:]/g, "");
const instant = (start) => (typeof start === "string" ? Date.UTC(start.slice(0, 4), start.slice(4, 6) - 1, start.slice(6)) / 1000 : start);

/** Ends, additions and exceptions, made of the times that the rule has. */
function complete(series, starts, dice) {
  const { zone, allDay, rule, start } = series;
  const made = { ...series, count: 0, until: "", rdates: [], exdates: [], last_year: Number(start.slice(0, 4)) + YEARS, max: MAX };
  const some = () => starts[dice.below(starts.length)];
  const write = (seconds) => (allDay ? stamp(seconds).slice(0, 8) : `${stamp(seconds)}Z`);
  const end = dice.below(4);
  if (end === 0) made.count = 1 + dice.below(30);
  // At a time of the series, a second before one, or on its day.
  if (end === 1) made.until = allDay ? stamp(some()).slice(0, 8) : `${stamp(some() - dice.below(2))}Z`;
  if (end === 2) made.until = stamp(some()).slice(0, 8);
  if (dice.below(3) === 0) made.exdates = [some(), some()].map(write);
  if (dice.below(3) === 0) made.rdates = [some() + 86_400, some() + 3 * 86_400].map(write);
  const name = (property) => (allDay ? `${property};VALUE=DATE` : zone === "UTC" ? property : `${property};TZID=${zone}`);
  const value = allDay ? start.slice(0, 8) : zone === "UTC" ? `${start}Z` : start;
  const tokyo = (text) => stamp(instantOf(text) + 9 * 3600);
  made.lines = [
    `${name("DTSTART")}:${value}`,
    `RRULE:${rule}${made.count ? `;COUNT=${made.count}` : ""}${made.until ? `;UNTIL=${made.until}` : ""}`,
    // Exceptions in the clock of another zone, extra dates as periods.
    ...made.exdates.map((text, index) => (allDay ? `EXDATE;VALUE=DATE:${text}` : index ? `EXDATE;TZID=Asia/Tokyo:${tokyo(text)}` : `EXDATE:${text}`)),
    ...made.rdates.map((text, index) => (allDay ? `RDATE;VALUE=DATE:${text}` : index ? `RDATE;VALUE=PERIOD:${text}/PT1H` : `RDATE:${text}`)),
  ];
  const asked = { ...made, zone: allDay ? "UTC" : zone };
  if (allDay) for (const list of ["rdates", "exdates"]) asked[list] = made[list].map((text) => `${text}T000000`);
  return { made, asked };
}
const instantOf = (text) => Date.UTC(text.slice(0, 4), text.slice(4, 6) - 1, text.slice(6, 8), text.slice(9, 11), text.slice(11, 13), text.slice(13, 15)) / 1000;

describe("series beside dateutil", { skip: hasPython ? false : "Python's icalendar and dateutil are not installed" }, () => {
  test(`${Object.keys(KINDS).length} kinds of rules`, (t) => {
    const seeds = rules(60).map((one) => (one.allDay ? { ...one, seed: `${one.seed.slice(0, 8)}T000000` } : one)).filter((one) => !(one.allDay && /HOUR/.test(one.rule)));
    // A series begins with a time of its rule; what it means if it does not, programs disagree about.
    const first = ask("first_starts", seeds.map(({ seed, rule }) => [seed, rule]));
    const started = seeds.map((one, index) => ({ ...one, start: first[index] })).filter(({ start }) => start);
    const bare = { count: 0, until: "", rdates: [], exdates: [], max: MAX };
    const plain = ask("series", started.map((one) => ({ ...one, ...bare, zone: one.allDay ? "UTC" : one.zone, last_year: Number(one.start.slice(0, 4)) + YEARS })));
    const dice = random(5);
    const all = started.map((one, index) => complete(one, plain[index], dice));

    const expected = ask("series", all.map(({ asked }) => asked));
    const found = occurrences(all.map(({ made }, index) => calendar(vevent(index, ...made.lines))).join(""));
    const different = all.flatMap(({ made }, index) => {
      const until = Date.UTC(made.last_year + 1, 0, 1) / 1000;
      const local = (start) => instant(start) < until - 86_400;
      const ours = (found[index]?.starts ?? []).map(instant).filter(local);
      const theirs = expected[index].toSorted((a, b) => a - b).filter(local);
      return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ kind: made.kind, lines: made.lines, ours: ours.map(stamp).slice(0, 12), theirs: theirs.map(stamp).slice(0, 12), lengths: [ours.length, theirs.length] }];
    });
    const times = expected.reduce((sum, one) => sum + one.length, 0);
    t.diagnostic(`${all.length} series with ${times} times compared, ${different.length} different`);
    assert.deepEqual(different.slice(0, 12), []);
  });
});
