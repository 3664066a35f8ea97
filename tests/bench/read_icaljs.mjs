// The side of ical.js in read.mjs: see shared/imip/examples/read_fields.rs, which speaks the same way.

import fs from "node:fs";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import ICAL from "ical.js";

const address = (property) => property.getFirstValue().replace(/^mailto:/i, "").toLowerCase();
const time = (value) => (value.isDate ? value.toString().replaceAll("-", "") : String(value.toUnixTime()));
const text = (component, name) => (component.getFirstPropertyValue(name) ?? "").trim();

function fields(component) {
  const event = new ICAL.Event(component);
  const id = component.getFirstPropertyValue("recurrence-id");
  const dtstamp = component.getFirstPropertyValue("dtstamp");
  const organizer = component.getFirstProperty("organizer");
  const found = [
    text(component, "uid"),
    id ? time(id) : "",
    time(event.startDate),
    time(event.endDate),
    component.getFirstPropertyValue("rrule")?.toString() ?? "",
    text(component, "summary"),
    text(component, "location"),
    text(component, "description"),
    organizer ? address(organizer) : "",
    String(component.getFirstPropertyValue("sequence") ?? 0),
    dtstamp ? time(dtstamp) : "0",
    component.getFirstPropertyValue("status") ?? "CONFIRMED",
  ];
  for (const attendee of component.getAllProperties("attendee")) {
    found.push(`${address(attendee)} ${attendee.getParameter("partstat") ?? "NEEDS-ACTION"}`);
  }
  return found;
}

function read(bytes) {
  try {
    return new ICAL.Component(ICAL.parse(bytes.toString())).getAllSubcomponents("vevent").map(fields);
  } catch {
    return null;
  }
}

const lists = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const sets = Object.fromEntries(Object.entries(lists).map(([name, paths]) => [name, paths.map((path) => fs.readFileSync(path))]));
for await (const line of createInterface({ input: process.stdin })) {
  const [order, name, number] = line.split(" ");
  if (order === "check") {
    console.log(JSON.stringify(read(sets[name][Number(number)])));
    continue;
  }
  const started = performance.now();
  let sum = 0;
  for (let i = 0; i < Number(number); i += 1) {
    for (const bytes of sets[name]) for (const event of read(bytes) ?? []) sum += event.length;
  }
  console.log(JSON.stringify([(performance.now() - started) / 1000, sum]));
}
