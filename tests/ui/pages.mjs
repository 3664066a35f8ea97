// Every public page: axe-core with the rules of WCAG 2.2 AA, in light and dark, on a phone and on a desk; and how it
// flows when it is small or its text large. The report is left in .convoke/ui, or in the directory that UI_REPORT names.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import axe from "axe-core";
import { root } from "../../scripts/lib/project.mjs";
import { DESK, PHONE, openTab } from "./browser.mjs";
import { publicPages } from "./season.mjs";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const report = path.resolve(root, process.env.UI_REPORT ?? ".convoke/ui");
const found = [];

/** What axe-core has against the page that is open, in both sizes and both colour schemes. */
async function judge(page, name) {
  // In the page's own world, past its content security policy, which lets no other script in.
  await page.evaluate(axe.source);
  const wrong = [];
  for (const [size, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      // In a window as tall as the page everything is laid out, and nothing is just passing under what sticks to an edge.
      const height = await page.evaluate(() => document.scrollingElement.scrollHeight);
      await page.setViewportSize({ ...viewport, height });
      const { violations, passes, incomplete } = await page.evaluate(
        (tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations", "incomplete"] }),
        TAGS,
      );
      const brief = (rules) => rules.map(({ id, nodes }) => ({ rule: id, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
      found.push({ page: name, size, colorScheme, passes: passes.length, violations: brief(violations), incomplete: brief(incomplete) });
      wrong.push(...brief(violations).map(({ rule, nodes }) => `${size}, ${colorScheme}: ${rule}: ${nodes.slice(0, 3).join(" | ")}`));
    }
  }
  return wrong;
}

/** How many pixels the page that is open is too wide for a window; WCAG 1.4.10 and 1.4.4. */
async function tooWide(page) {
  const wrong = [];
  for (const [how, width, fontSize] of [["at 320 px", 320, ""], ["with text twice as large", 640, "200%"]]) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.evaluate((size) => {
      document.documentElement.style.fontSize = size;
      return document.scrollingElement.scrollWidth - document.documentElement.clientWidth;
    }, fontSize);
    if (over > 0) wrong.push(`${over} px too wide ${how}`);
  }
  return wrong;
}

/** `stage` is filled before the tests run. */
export const pagesSuite = (stage) => describe("every public page", { concurrency: false }, () => {
  after(() => {
    fs.mkdirSync(report, { recursive: true });
    fs.writeFileSync(path.join(report, "axe.json"), `${JSON.stringify({ axe: axe.version, tags: TAGS, pages: found }, null, 1)}\n`);
  });

  test("passes axe-core and flows", async (t) => {
    const pages = await publicPages(stage.season);
    for (const { name, path: where, act } of pages) {
      await t.test(name, async () => {
        const page = await openTab(stage.browser, { viewport: PHONE, reducedMotion: "reduce" });
        await page.goto(stage.season.world.url + where);
        await act?.(page);
        const wrong = [...(await judge(page, name)), ...(await tooWide(page))];
        // The page of an address that is not there is a 404, and the browser says so.
        wrong.push(...page.complaints.filter((text) => !/status of (404|410)/.test(text)));
        await page.context().close();
        assert.deepEqual(wrong, []);
      });
    }
    assert.ok(pages.length >= 12, `${pages.length} pages`);
    assert.equal(found.length, pages.length * 4);
    assert.ok(found.every(({ passes }) => passes > 5), "axe-core had rules to check");
  });
});
