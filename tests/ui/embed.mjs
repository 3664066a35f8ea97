// The events of a page inside of another site: whatever that site's style does, and whatever its policy forbids.

import assert from "node:assert/strict";
import fs from "node:fs";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { PHONE, openTab } from "./browser.mjs";

const FOREIGN = fileURLToPath(new URL("hostile.html", import.meta.url));

/** How the embed looks: what the reader sees of it, as the browser computes it. */
const look = (page) =>
  page.evaluate(() => {
    const host = document.querySelector("convoke-schedule");
    const style = (element, ...names) => Object.fromEntries(names.map((name) => [name, getComputedStyle(element)[name]]));
    const one = (selector) => host.shadowRoot.querySelector(selector);
    return {
      host: style(host, "display", "opacity", "pointerEvents", "position", "transform"),
      card: style(one(".card"), "display", "color", "backgroundColor", "fontSize", "borderTopWidth", "visibility", "letterSpacing", "textTransform"),
      title: style(one(".title"), "fontSize", "fontFamily", "color"),
      button: style(one("button"), "backgroundColor", "color", "minHeight", "borderRadius"),
    };
  });

/** `stage` is filled before the tests run. */
export const embedSuite = (stage) => describe("inside of another site", { concurrency: false }, () => {
  let site;
  let url;
  before(async () => {
    const { world, demo } = stage.season;
    const page = demo.split("/").pop();
    const hostile = fs.readFileSync(FOREIGN, "utf8").replaceAll("PAGE", page).replaceAll("HOME", world.url);
    const pages = {
      "/hostile": { html: hostile },
      "/plain": { html: hostile.replace(/<style>[^]*<\/style>/, "") },
      // Nothing inline, and of other sites only ours.
      "/strict": {
        html: hostile.replace(/<style>[^]*<\/style>/, ""),
        policy: `default-src 'none'; script-src ${world.url}; connect-src ${world.url}`,
      },
      "/nobody": { html: hostile.replace(/<style>[^]*<\/style>/, "").replaceAll(`page="${page}"`, 'page="nobody-at-all"') },
      "/frame": { html: `<!doctype html><html lang=en><title>Club</title><iframe title="Games" src="${world.url}${demo}/frame" width="340" height="700"></iframe></html>` },
      "/stolen": { html: `<!doctype html><html lang=en><title>Club</title><iframe title="Games" src="${world.url}${demo}"></iframe></html>` },
    };
    site = http.createServer((request, answer) => {
      const { html, policy } = pages[request.url] ?? {};
      answer.writeHead(html ? 200 : 204, { "content-type": "text/html", ...(policy && { "content-security-policy": policy }) }).end(html ?? "");
    });
    await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${site.address().port}`;
  });
  after(() => site?.close());

  async function open(path, options) {
    const page = await openTab(stage.browser, options);
    await page.goto(url + path);
    return page;
  }
  const boxes = (page) => page.getByRole("checkbox");

  test("its style reaches nothing", async () => {
    const looks = [];
    for (const path of ["/plain", "/hostile"]) {
      const page = await open(path, { viewport: PHONE });
      await page.locator("convoke-schedule .card").first().waitFor();
      looks.push(await look(page));
      await page.context().close();
    }
    assert.deepEqual(looks[1], looks[0]);
    assert.equal(looks[0].host.display, "block");
  });

  test("cards look in a frame as they do on a page of their own", async () => {
    const { world, odd, upcoming } = stage.season;
    const looks = [];
    for (const path of [`${odd}/frame`, upcoming]) {
      const page = await openTab(stage.browser);
      await page.goto(world.url + path);
      looks.push(
        await page.locator(".card").first().evaluate((card) =>
          [...card.querySelectorAll(".date, .date *, .what > *")].map((part) => {
            const { display, fontSize, paddingTop, paddingLeft, borderBottomWidth, marginLeft } = getComputedStyle(part);
            return [part.className || part.tagName, display, fontSize, paddingTop, paddingLeft, borderBottomWidth, marginLeft].join(" ");
          }),
        ),
      );
      await page.context().close();
    }
    assert.deepEqual(looks[1], looks[0]);
  });

  test("ticked and sent by keyboard, with the answer in place and no cookie", async () => {
    const guest = stage.season.world.guest();
    const page = await open("/hostile");
    await boxes(page).first().focus();
    await page.keyboard.press("Space");
    assert.equal(await page.getByRole("checkbox", { checked: true }).count(), 1);
    await page.getByRole("textbox", { name: /e-?mail/i }).focus();
    await page.keyboard.type(guest.email);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /on (its|their) way/i }).waitFor();
    assert.equal(await page.evaluate(() => document.querySelector("convoke-schedule").shadowRoot.activeElement?.className), "answer");
    assert.equal(new URL(page.url()).pathname, "/hostile");
    await stage.season.world.mailsTo(guest.email, { count: 1 });
    assert.deepEqual(await page.context().cookies(), []);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  test("nothing ticked is said in words, and nothing leaves", async () => {
    const page = await open("/plain");
    const { accepted } = await stage.season.world.stats();
    await page.getByRole("textbox", { name: /e-?mail/i }).fill("nobody@example.org");
    await page.getByRole("button", { name: /^send/i }).click();
    await page.getByRole("alert").filter({ hasText: /at least one/i }).waitFor();
    assert.equal((await stage.season.world.stats()).accepted, accepted);
    await page.context().close();
  });

  test("it passes axe-core in light and dark", async () => {
    const page = await open("/plain", { viewport: PHONE });
    await page.locator("convoke-schedule .card").first().waitFor();
    await page.evaluate(axe.source);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await page.evaluate(() => globalThis.axe.run("convoke-schedule", { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].failureSummary}`), [], colorScheme);
    }
    await page.context().close();
  });

  test("a strict policy needs no exception for styles", async () => {
    const page = await open("/strict");
    await page.locator("convoke-schedule .card").first().waitFor();
    assert.match((await look(page)).card.display, /grid/);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  test("what it holds is shown where the page is not there", async () => {
    const page = await open("/nobody");
    await page.getByRole("link", { name: "All games" }).waitFor();
    await page.context().close();
  });

  test("a frame shows the events, and no other page lets itself be framed", async () => {
    const page = await open("/frame");
    await page.frameLocator("iframe").getByRole("checkbox").first().waitFor();
    await page.goto(`${url}/stolen`);
    assert.ok(page.complaints.some((text) => /frame-ancestors/.test(text)), page.complaints.join("\n"));
    await page.context().close();
  });
});
