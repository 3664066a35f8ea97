// What a screen reader says of the pages, as a specification: no time without its day, nothing twice that helps nobody,
// no sign that stands for a word, and a word about everything that changes by itself. This reader knows no commas that
// come from a style; `schedule.mjs` asks the browser for them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SEASON } from "../e2e/world.mjs";
import { openTab } from "./browser.mjs";
import { announced, heard, readTo, startReader } from "./reader.mjs";

/** `Friday 2 July` of the season, or as another language says it. */
const day = (month, date, language = "en-GB") => {
  const parts = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  return parts.format(Date.UTC(SEASON, month - 1, date)).replaceAll(",", "");
};
/** `Sat` */
const short = (month, date) => new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "UTC" }).format(Date.UTC(SEASON, month - 1, date));

/** `stage` is filled before the tests run; its pages are as they were made. */
export const spokenSuite = (stage) => describe("by ear", { concurrency: false }, () => {
  async function listen(where, options) {
    const page = await openTab(stage.browser, options);
    await page.goto(stage.season.world.url + where);
    await startReader(page);
    return page;
  }

  test("a schedule from its top to the first event", async () => {
    const page = await listen(stage.season.odd);
    assert.deepEqual(await readTo(page, /^link, Tickets/), [
      "link, Skip to content",
      "link, Skip to sending",
      "banner",
      "heading, Harbour Rovers, level 1",
      "8 events",
      "New York time",
      "link, Español",
      "link, Subscribe",
      "link, Download a file",
      "search",
      "Find events",
      "searchbox, Find events, Add your e-mail address, and what is found is picked and ready to send., placeholder Weekends in July, a name, a place …",
      "button, Find",
      "Add your e-mail address, and what is found is picked and ready to send.",
      "form, Narrow down",
      "button, Weekends, not pressed",
      "Month",
      "combobox, Month, has popup listbox, not expanded",
      "option, All months, not selected, position 1, set size 3",
      `option, July ${SEASON}, ${SEASON}-07, not selected, position 2, set size 3`,
      `option, August ${SEASON}, ${SEASON}-08, not selected, position 3, set size 3`,
      "navigation, Months",
      "link, Jul, current item",
      "Jul",
      "link, Aug",
      "Aug",
      "main",
      "button, Pick all 7",
      "form",
      `heading, July ${SEASON}, level 2`,
      `button, Pick all: July ${SEASON}`,
      "Pick all",
      `heading, ${day(7, 2)}, level 3`,
      day(7, 2),
      "list",
      "listitem, level 1, position 1, set size 1",
      `checkbox, ${day(7, 2)}, 7:05 pm ${short(7, 3)} 1:05 am for you Cup final Harbor Park, Gate 4, not checked`,
      "time",
      `${day(7, 2)},`,
      "7:05 pm",
      `${short(7, 3)} 1:05 am for you`,
      "Cup final",
      "Harbor Park, Gate 4",
      "link, Details",
      "Updated today",
      "Bring the scarf.",
      "link, Watch",
      "link, Tickets",
    ]);
    await page.context().close();
  });

  test("what is off, and what has moved and from when", async () => {
    const page = await listen(stage.season.odd);
    await readTo(page, new RegExp(`^heading, ${day(7, 3)}`));
    const off = await readTo(page, /^link, Details/);
    assert.deepEqual(off.slice(3), ["time", `${day(7, 3)},`, "7:05 pm", `${short(7, 4)} 1:05 am for you`, "Called off", "Cancelled", "Harbor Park, Gate 4", "link, Details"]);
    const moved = await readTo(page, /^checkbox/);
    const name = `${day(7, 4)}, 8:05 pm ${short(7, 5)} 2:05 am for you Moved to the evening Moved, it was ${day(7, 4)}, 1:05 pm Harbor Park, Gate 4`;
    assert.equal(moved.at(-1), `checkbox, ${name}, not checked`);
    await page.context().close();
  });

  test("everything that changes: filters, picks, a wrong address, and the page after it", async () => {
    const guest = stage.season.world.guest();
    const page = await listen(stage.season.odd);
    const box = page.getByRole("searchbox");
    await box.fill("cup");
    assert.equal(await announced(page, /events/), "polite: 1 of 8 events");
    await box.fill("");
    assert.equal(await announced(page, /events/), "polite: 8 of 8 events");

    // Keys work as those of a button do.
    await page.getByRole("button", { name: "Pick all 7" }).press("Space");
    assert.equal(await announced(page, /picked/), "polite: 7 events picked");
    const clear = page.getByRole("button", { name: `Clear month: July ${SEASON}` });
    await clear.press("Enter");
    assert.equal(await announced(page, /picked/), "polite: 3 events picked");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Pick all");
    await box.fill("cup");
    await announced(page, /not shown here/);
    await box.fill("");

    await page.getByRole("button", { name: "Clear", exact: true }).press("Enter");
    assert.equal(await announced(page, /^polite: P/), "polite: Pick what you want in your calendar");
    assert.equal(await page.evaluate(() => document.activeElement.type), "checkbox", "what was focused is gone");
    await page.getByRole("button", { name: "Send invitations" }).press("Enter");
    await announced(page, /Pick at least one event first/);
    await page.keyboard.press("Space");
    assert.equal(await announced(page, /picked/), "polite: 1 event picked");

    const address = page.getByRole("textbox", { name: "Your e-mail address" });
    await page.getByRole("button", { name: "Send invitations" }).press("Enter");
    assert.equal(await announced(page, /address/), "assertive: Please type your e-mail address.");
    assert.ok(await address.evaluate((one) => one === document.activeElement && one.ariaInvalid === "true"));
    await address.fill("ana@");
    await address.press("Enter");
    assert.equal(await announced(page, /address/), "assertive: This does not look like an e-mail address. Please check it.");
    await address.fill(guest.email);
    await address.press("Enter");

    await page.getByRole("heading", { level: 1 }).filter({ hasText: "on its way" }).waitFor();
    assert.equal(await page.title(), "On its way");
    await startReader(page);
    const masked = `${guest.email[0]}*******@example.org`;
    assert.deepEqual((await readTo(page, /^link, Back to all events/)).slice(0, 9), [
      "link, Skip to content",
      "main",
      "Harbour Rovers",
      `heading, 1 invitation is on its way to ${masked}, level 1`,
      "1 invitation is on its way to",
      masked,
      "list",
      "listitem, level 1, position 1, set size 1",
      "Cup final",
    ]);
    await page.context().close();
  });

  test("an answer to a question: how many first, then what was understood and how to take it back", async () => {
    const page = await listen(`${stage.season.demo}?q=home+games+on+sundays+against+hernos`);
    assert.equal(await page.title(), "2 of 24 events – Harbor City Gulls");
    const said = await readTo(page, /^link, Show all 24/);
    assert.deepEqual(said.slice(said.indexOf("main") + 1), [
      "Searched for “herons” instead of “hernos”.",
      "list, Understood as",
      "listitem, level 1, position 1, set size 3",
      "link, Remove: Home",
      "Home",
      "listitem, level 1, position 2, set size 3",
      "link, Remove: against Salt Marsh Herons",
      "against Salt Marsh Herons",
      "listitem, level 1, position 3, set size 3",
      "link, Remove: Sunday",
      "Sunday",
      "2 of 24 events",
      "button, Pick all 2",
      "link, Show all 24",
    ]);
    await page.context().close();
  });

  test("in Spanish, with an English voice for what is English", async () => {
    const page = await listen(`${stage.season.odd}?lang=es`, { locale: "es-ES" });
    assert.equal(await page.evaluate(() => document.documentElement.lang), "es");
    assert.equal(await page.getByRole("link", { name: "English" }).getAttribute("lang"), "en");
    const said = await readTo(page, /^checkbox/);
    assert.ok(said.includes(`button, Marcar todo: julio de ${SEASON}`), said.join("\n"));
    const friday = day(7, 2, "es");
    assert.ok(said.includes(`heading, ${friday}, level 3`), said.join("\n"));
    await page.goto(`${stage.season.world.url}${stage.season.upcoming}?lang=es`);
    assert.deepEqual(await page.locator("h1, .intro").evaluateAll((all) => all.map(({ lang }) => lang)), ["en", "en"]);
    assert.match(said.at(-1), new RegExp(`^checkbox, ${friday}, 19:05 .+ 1:05 para ti Cup final Harbor Park`));
    await page.context().close();
  });

  test("slots are groups under their titles", async () => {
    const page = await listen(stage.season.slots);
    const said = await readTo(page, /^checkbox/);
    assert.deepEqual(said.slice(said.indexOf("form")), [
      "form",
      "group, Behind the scenes of the ferry",
      "heading, Behind the scenes of the ferry, level 2",
      `heading, ${day(6, 12)}, level 3`,
      day(6, 12),
      "list",
      "listitem, level 1, position 1, set size 1",
      `checkbox, ${day(6, 12)}, 10:00 am 4:00 pm for you, not checked`,
    ]);
    await page.context().close();
  });

  test("cards and the page of an event say words where they show signs", async () => {
    const { upcoming, meetings } = stage.season;
    const page = await listen(upcoming);
    const said = await readTo(page, /^checkbox, .*Moved to the evening/);
    assert.equal(said.find((phrase) => phrase.startsWith("checkbox")), `checkbox, ${day(7, 2)} ${SEASON}, Cup final 7:05 pm New York time ${short(7, 3)} 3 Jul, 1:05 am for you Harbor Park, Gate 4 Bring the scarf., not checked`);
    assert.ok(said.includes("Cancelled"), said.join("\n"));
    await page.goto(`${stage.season.world.url}/e/${meetings[1].id.slice(0, 12)}`);
    await startReader(page);
    said.push(...(await readTo(page, /^heading, More from/)), ...(await readTo(page, /^link, All events/)));
    assert.deepEqual(said.filter((phrase) => /[✓✕→·?]/.test(phrase)), []);
    await page.context().close();
  });
});
