// The schedule page as people use it: by keyboard, without a script, enlarged, on paper, by a screen reader. Found by
// role, name and label only, so that another layout passes as long as it says the same.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SEASON, eventually } from "../e2e/world.mjs";
import { file, rowsOfPage } from "../bench/lib/season.mjs";
import { PHONE, openTab } from "./browser.mjs";

const EMAIL = /e-?mail/i;
const SEND = /^send/i;

const rows = (page) => page.getByRole("main").getByRole("listitem").getByRole("checkbox");
const says = (page, hasText) => page.locator("[aria-live]").filter({ hasText });

/** What is focused: its role and name as a screen reader says them, whether it is seen to be, and seen at all. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const name = (element.labels?.[0] ?? element).textContent.trim() || element.getAttribute("aria-label") || "";
    const marked = [element, element.closest("label"), element.closest("li"), element.parentElement].filter(Boolean).some((one) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
      return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    });
    const { left, right, top, bottom } = element.getBoundingClientRect();
    // All of it, which is more than WCAG 2.4.11 asks for: nine points, none of them under something else.
    const shares = [0.15, 0.5, 0.85];
    const hits = shares.flatMap((x) => shares.map((y) => document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y)));
    const isOwn = (on) => on !== null && (element.contains(on) || on.contains(element) || on.closest("label")?.contains(element) === true);
    const over = hits.find((one) => !isOwn(one));
    return { over: over ? `${over.tagName.toLowerCase()}.${over.className}` : "the edge of the window", type: element.type ?? element.tagName.toLowerCase(), name: name.replace(/\s+/g, " "), marked, clear: over === undefined };
  });

/** Presses Tab until something fits; every stop on the way must be seen. */
async function tabTo(page, what, fits) {
  for (let presses = 0; presses < 120; presses += 1) {
    await page.keyboard.press("Tab");
    let stop = await focused(page);
    if (stop.type === "body") continue;
    // What scrolls into view needs a frame or two.
    for (let waited = 0; !stop.clear && waited < 10; waited += 1) {
      await page.waitForTimeout(50);
      stop = await focused(page);
    }
    assert.ok(stop.marked, `no focus mark on ${stop.type} "${stop.name}"`);
    assert.ok(stop.clear, `${stop.over} lies over ${stop.type} "${stop.name}"`);
    if (fits(stop)) return stop;
  }
  assert.fail(`Tab does not lead to ${what}`);
}

async function open(stage, where, options) {
  const page = await openTab(stage.browser, options);
  await page.goto(stage.season.world.url + where);
  return page;
}

/** `stage` is filled before the tests run. */
export const sendingSuite = (stage) => describe("sending from the schedule", { concurrency: false }, () => {
  for (const [size, viewport] of Object.entries({ phone: PHONE, desk: undefined })) {
    test(`two games by keyboard alone, ${size}`, async () => {
      const guest = stage.season.world.guest();
      const page = await open(stage, stage.season.demo, { viewport });
      for (let picked = 0; picked < 2; picked += 1) {
        await tabTo(page, "an event", ({ type }) => type === "checkbox");
        await page.keyboard.press("Space");
      }
      assert.equal(await page.getByRole("checkbox", { checked: true }).count(), 2);
      await says(page, /\b2\b/).first().waitFor();
      await tabTo(page, "the address", ({ type }) => type === "email");
      await page.keyboard.type(guest.email);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: /2 invitations/i }).waitFor();
      await stage.season.world.mailsTo(guest.email, { count: 2 });
      await page.context().close();
    });
  }

  test("without a script", async () => {
    const guest = stage.season.world.guest();
    const page = await open(stage, stage.season.demo, { javaScriptEnabled: false });
    await rows(page).nth(0).check();
    await rows(page).nth(3).check();
    await page.getByRole("textbox", { name: EMAIL }).fill(guest.email);
    await page.getByRole("button", { name: SEND }).click();
    await page.getByRole("heading", { level: 1, name: /2 invitations/i }).waitFor();
    await stage.season.world.mailsTo(guest.email, { count: 2 });
    await page.context().close();
  });

  test("nothing picked is said in words, and nothing leaves", async () => {
    const page = await open(stage, stage.season.demo);
    const { accepted } = await stage.season.world.stats();
    await page.getByRole("textbox", { name: EMAIL }).fill("nobody@example.org");
    await page.getByRole("button", { name: SEND }).click();
    await page.getByText(/at least one/i).waitFor();
    assert.equal((await stage.season.world.stats()).accepted, accepted);
    await page.context().close();
  });

  test("what one mailing does not take is picked in a second go, and stands where it is looked for", async () => {
    const { world } = stage.season;
    const organizer = world.organizer("google", "Harbor League");
    await organizer.announced({ summary: "Opening day", start: `${SEASON}-02-01T19:05:00`, end: `${SEASON}-02-01T22:05:00` });
    const [where, guest] = [await organizer.page(), world.guest()];
    const imports = `/v1/organizers/${encodeURIComponent(organizer.email)}/imports`;
    const taken = await world.fetch(imports, { method: "POST", key: "standard", headers: { "content-type": "text/calendar" }, body: file(organizer, 220) });
    assert.equal(taken.status, 202, taken.text);
    await eventually("the whole league", async () => rowsOfPage((await world.fetch(where)).text) === 221, { timeoutMs: 30_000 });

    const page = await open(stage, where, { viewport: PHONE });
    await page.getByRole("link", { name: "Pick the first 200" }).click();
    await page.getByText("200 of 221 are picked").waitFor();
    assert.equal(await page.getByRole("link", { name: /^Pick the first/ }).count(), 0);
    const send = async () => {
      await page.getByRole("textbox", { name: EMAIL }).fill(guest.email);
      await page.getByRole("button", { name: SEND }).click();
    };
    await send();
    await page.getByRole("heading", { level: 1, name: /200 invitations/ }).waitFor();
    const next = page.getByRole("link", { name: "Pick the next" });
    assert.ok((await next.boundingBox()).y < PHONE.height, "in sight before two hundred lines are read");
    await next.click();
    await page.getByText("Events 201 to 221 of 221 are picked.").waitFor();
    await says(page, "21 events picked").waitFor();
    await page.getByRole("link", { name: "Look at them" }).click();
    await page.waitForFunction(() => {
      const first = document.querySelector("main li :checked").getBoundingClientRect();
      return first.top > 0 && first.bottom < innerHeight;
    });
    // What is more than one mailing is said, and nothing is ticked beyond it.
    await page.getByRole("button", { name: `Pick all: March ${SEASON}` }).click();
    await says(page, "Pick at most 200 events at a time.").waitFor();
    assert.equal(await page.getByRole("checkbox", { checked: true }).count(), 200);
    await page.context().close();
  });

  test("a filter finds without a script what it finds with one, and picks survive it", async () => {
    const counts = [];
    for (const javaScriptEnabled of [true, false]) {
      const page = await open(stage, stage.season.demo, { javaScriptEnabled });
      const box = page.getByRole("searchbox").first();
      await box.fill("Foxes");
      if (javaScriptEnabled) await page.waitForFunction(() => location.search.includes("oxes"), undefined, { timeout: 5000 });
      else await box.press("Enter");
      await page.waitForURL(/oxes/);
      const names = await rows(page).evaluateAll((boxes) => boxes.filter((one) => one.checkVisibility()).map((one) => one.value));
      counts.push(names.sort());
      await page.context().close();
    }
    assert.ok(counts[0].length > 0 && counts[0].length < 24, `${counts[0].length} found`);
    assert.deepEqual(counts[0], counts[1]);
  });

  test("who types and picks all before the rows have followed has picked what fits", async () => {
    const page = await open(stage, stage.season.demo);
    const shown = () => rows(page).evaluateAll((boxes) => boxes.filter((one) => one.checkVisibility()).length);
    const every = await rows(page).count();
    const typeAndPick = (text) => page.getByRole("searchbox").first().evaluate((box, value) => {
      box.value = value;
      box.dispatchEvent(new InputEvent("input", { bubbles: true }));
      document.querySelector("[data-all]").click();
      return [...document.querySelectorAll("li:has(:checked) b")].map((title) => title.textContent);
    }, text);
    const foxes = await typeAndPick("foxes");
    assert.ok(foxes.length > 0 && foxes.every((title) => /foxes/i.test(title)), foxes.join(", "));
    assert.equal(await shown(), foxes.length);
    assert.equal((await typeAndPick("")).length, every);
    await page.context().close();
  });
});

/** `stage` is filled before the tests run. */
export const liveSuite = (stage) => describe("an open schedule", { concurrency: false }, () => {
  test("takes in what its organizer changes, without a reload, and keeps what is ticked", async () => {
    const { world, organizer, odd } = stage.season;
    const day = `${SEASON}-09-04`;
    const meeting = await organizer.announced({ summary: "Regatta", start: `${day}T10:05:00`, end: `${day}T12:05:00` });
    await eventually("the new row", async () => (await world.fetch(odd)).text.includes(`value=${meeting.short}`));
    const page = await openTab(stage.browser, { viewport: PHONE });
    const [socket] = await Promise.all([page.waitForEvent("websocket"), page.goto(world.url + odd)]);
    assert.ok(socket.url().endsWith(`${odd}/live`), socket.url());
    await page.evaluate(() => (globalThis.isFirst = true));
    const row = (text) => page.getByRole("listitem").filter({ hasText: text });
    await row("Regatta").getByRole("checkbox").check();

    await meeting.edit({ summary: "Regatta in the evening", start: `${day}T19:05:00`, end: `${day}T21:05:00` });
    await row("Regatta in the evening").waitFor();
    assert.match(await row("Regatta").textContent(), /7:05 pm/);
    assert.equal(await row("Regatta").count(), 1);
    assert.equal(await row("Regatta").getByRole("checkbox").isChecked(), true);
    await says(page, "1 event has just changed").waitFor({ state: "attached" });
    await says(page, /^1 event picked/).waitFor();

    // Into a month that the page does not have: a section of its own, before the bar.
    const heading = (month) => page.getByRole("heading", { level: 2, name: `${month} ${SEASON}` });
    await meeting.edit({ start: `${SEASON}-10-02T10:05:00`, end: `${SEASON}-10-02T12:05:00` });
    await heading("October").waitFor();
    assert.equal(await heading("September").count(), 0);
    const address = await page.getByRole("textbox", { name: EMAIL }).elementHandle();
    assert.ok(await heading("October").evaluate((one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING), address));
    assert.equal(await row("Regatta").getByRole("checkbox").isChecked(), true);
    // With all that a month has: its place among the others, and a button for its events, which says what it does.
    const months = page.getByRole("navigation", { name: "Months" }).getByRole("link");
    assert.deepEqual(await months.allTextContents(), ["Jul", "Aug", "Oct"]);
    const october = page.getByRole("button", { name: `October ${SEASON}` });
    for (const [said, ticked] of [["Clear month", false], ["Pick all", true], ["Clear month", false], ["Pick all", true]]) {
      assert.equal(await october.textContent(), said);
      await october.click();
      assert.equal(await row("Regatta").getByRole("checkbox").isChecked(), ticked);
    }
    await page.getByRole("searchbox").fill("Regatta");
    await page.waitForFunction(() => document.querySelectorAll("nav a:not([hidden])").length === 1);
    await page.getByRole("searchbox").fill("");
    // It goes with its last event.
    await meeting.edit({ start: `${SEASON}-08-20T10:05:00`, end: `${SEASON}-08-20T12:05:00` });
    await heading("October").waitFor({ state: "detached" });
    assert.deepEqual(await months.allTextContents(), ["Jul", "Aug"]);

    await meeting.cancel();
    await row("Regatta").filter({ hasText: "Cancelled" }).waitFor();
    assert.equal(await row("Regatta").getByRole("checkbox").count(), 0);
    await says(page, /^Pick/).waitFor();
    assert.equal(await page.evaluate(() => globalThis.isFirst), true, "the page was loaded again");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  test("with the latest first takes a change in at its place", async () => {
    const { world, organizer, latest } = stage.season;
    const meeting = await organizer.announced({ summary: "Rowing", start: `${SEASON}-07-05T10:05:00`, end: `${SEASON}-07-05T12:05:00` });
    await eventually("the new row", async () => (await world.fetch(latest)).text.includes(`value=${meeting.short}`));
    const page = await openTab(stage.browser);
    await Promise.all([page.waitForEvent("websocket"), page.goto(world.url + latest)]);
    const order = () => rows(page).evaluateAll((boxes) => boxes.map((box) => box.value));
    // Into another day of the month, into another month, and within a day.
    for (const [start, told] of [
      ["07-06T10:05", /6 Jul.*10:05 am/],
      ["08-03T17:05", /3 Aug.*5:05 pm/],
      ["08-03T19:45", /3 Aug.*7:45 pm/],
      ["09-01T10:05", /1 Sept?.*10:05 am/],
    ]) {
      await meeting.edit({ start: `${SEASON}-${start}:00`, end: `${SEASON}-${start.slice(0, 6)}23:05:00` });
      const row = page.getByRole("listitem").filter({ hasText: "Rowing" }).filter({ hasText: told });
      await row.waitFor();
      const live = await order();
      await eventually("the page anew", async () => {
        await page.reload();
        return (await row.count()) === 1;
      });
      assert.deepEqual(live, await order(), start);
    }
    await meeting.cancel();
    await page.context().close();
  });

  test("of slots says that it has changed, and has no months to jump to", async () => {
    const { world, slots, tours } = stage.season;
    const page = await openTab(stage.browser);
    await Promise.all([page.waitForEvent("websocket"), page.goto(world.url + slots)]);
    assert.equal(await page.getByRole("heading", { level: 2 }).count(), 2);
    assert.equal(await page.getByRole("navigation").count(), 0);
    await tours[0].edit({ start: `${SEASON}-06-12T15:00:00`, end: `${SEASON}-06-12T16:00:00` });
    await page.getByRole("link", { name: "Show the changes" }).click();
    await page.getByRole("checkbox", { name: /3:00 pm/ }).waitFor();
    await page.context().close();
  });
});

/** `stage` is filled before the tests run. */
export const readingSuite = (stage) => describe("reading the schedule", { concurrency: false }, () => {
  test("figures are told alike by the page and by its script", async () => {
    for (const [language, told, found] of [["en", "1,800 events", /of 1,800/], ["es", "1.800 eventos", /de 1\.800/]]) {
      const page = await open(stage, `${stage.season.crowded}?lang=${language}`);
      await page.getByText(told).first().waitFor();
      await page.getByRole("searchbox").fill("Rovers");
      await page.getByText(found).first().waitFor();
      await page.context().close();
    }
  });

  test("a jump to a month ends at the month, however high its neighbours turn out to be", async () => {
    for (const viewport of [PHONE, undefined]) {
      const page = await open(stage, stage.season.crowded, { viewport });
      const months = page.getByRole("navigation", { name: "Months" });
      const links = await months.getByRole("link").all();
      assert.ok(links.length > 3, `${links.length} months`);
      // From afar, so that what lies before each has not been looked at.
      for (let at = links.length - 2; at > 0; at -= 1) {
        await links[at].press("Enter");
        // Whatever comes into view takes its height within a few frames.
        await page.waitForTimeout(400);
        const heading = await page.getByRole("heading", { level: 2 }).nth(at).boundingBox();
        const strip = await months.boundingBox();
        const gap = heading.y - (strip.y + strip.height);
        assert.ok(gap > 0 && gap < 100, `month ${at} is ${gap} px below the strip`);
      }
      await page.context().close();
    }
  });

  test("nothing moves for who wants no motion", async () => {
    const page = await open(stage, stage.season.demo, { reducedMotion: "reduce", viewport: PHONE });
    await rows(page).first().check();
    const moving = await page.evaluate(() => {
      const seconds = (list) => Math.max(...list.split(",").map((one) => parseFloat(one) * (one.trim().endsWith("ms") ? 0.001 : 1)));
      const all = [document.documentElement, ...document.querySelectorAll("body, body *")];
      const moves = all.filter((one) => {
        const { transitionDuration, animationDuration, animationName, scrollBehavior } = getComputedStyle(one);
        return seconds(transitionDuration) > 0.01 || (animationName !== "none" && seconds(animationDuration) > 0.01) || scrollBehavior === "smooth";
      });
      return [...new Set(moves.map((one) => `${one.tagName.toLowerCase()}.${one.className}`))];
    });
    assert.deepEqual(moving, []);
    await page.context().close();
  });

  test("on paper every event stands, over several sheets", async () => {
    const page = await open(stage, stage.season.demo);
    const titles = await rows(page).count();
    assert.ok(titles >= 24, `${titles} events`);
    const pdf = (await page.pdf({ format: "A6" })).toString("latin1");
    assert.ok((pdf.match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length > 1, "one sheet");
    await page.emulateMedia({ media: "print" });
    const unseen = await page.evaluate(() => {
      const items = [...document.querySelectorAll("main li")].filter((item) => item.querySelector("input[type=checkbox]"));
      return items.filter((item) => !item.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || item.getBoundingClientRect().height < 8).length;
    });
    assert.equal(unseen, 0);
    await page.context().close();
  });

  test("a screen reader hears what, when and where of each event, the months and the bar", async () => {
    const page = await open(stage, stage.season.odd);
    const devtools = await page.context().newCDPSession(page);
    const { nodes } = await devtools.send("Accessibility.getFullAXTree");
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const groupsOf = ({ parentId }) => {
      const parent = byId.get(parentId);
      if (!parent) return [];
      return [...groupsOf(parent), ...(["group", "region"].includes(parent.role?.value) && parent.name?.value ? [parent.name.value] : [])];
    };
    const said = nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, parentId, properties = [] }) => ({
        groups: role?.value === "checkbox" ? groupsOf({ parentId }) : [],
        role: role?.value,
        name: (name?.value ?? "").replace(/\s+/g, " ").trim(),
        level: properties.find((property) => property.name === "level")?.value.value,
      }));
    const of = (role) => said.filter((node) => node.role === role);
    // What is read before a box: its own name, and the groups it lies in.
    const boxes = of("checkbox").map(({ name, groups }) => [...groups, name].join(", "));
    for (const [summary, when, place] of [
      ["Cup final", /7:05|19:05/, /Harbor Park/],
      ["Moved to the evening", /8:05|20:05/, /Harbor Park/],
      ["東京ベイ 対 横浜", /7:05|19:05/, /横浜スタジアム/],
    ]) {
      const name = boxes.find((one) => one.includes(summary));
      assert.ok(name, `no checkbox says ${summary}: ${boxes.join(" / ")}`);
      assert.match(name, when);
      assert.match(name, place);
      assert.match(name, /\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/);
    }
    // With a pause between time, reader's time, title and place.
    assert.match(boxes.find((one) => one.includes("Cup final")), /7:05 pm ?, [^,]+ for you ?, Cup final ?, Harbor Park/);
    assert.ok(!boxes.some((name) => name.includes("Called off")), "what is called off cannot be picked");
    const text = said.map(({ name }) => name).join("\n");
    assert.match(text, /Called off[\s\S]*Cancelled|Cancelled[\s\S]*Called off/);
    assert.equal(of("heading").filter(({ level }) => level === 1).length, 1);
    const months = of("heading").filter(({ level }) => level === 2).map(({ name }) => name);
    assert.ok(months.some((name) => /July/.test(name)) && months.some((name) => /August/.test(name)), months.join(" / "));
    assert.ok(of("textbox").some(({ name }) => EMAIL.test(name)), "the address has a name");
    assert.ok(of("button").some(({ name }) => SEND.test(name)), "the button has a name");
    assert.ok(of("searchbox").some(({ name }) => name.length > 3), "the search has a name");
    for (const role of ["main", "search"]) assert.ok(of(role).length > 0, `no ${role}`);
    await page.context().close();
  });
});
