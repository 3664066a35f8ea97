// Pictures of every public page:   node tests/ui/screenshots.mjs DIR [NAME …]
// At 360, 768 and 1440 px, light and dark, from a stack of its own with the demo season. NAMEs leave the others out.

import fs from "node:fs";
import path from "node:path";
import { openTab, startBrowser } from "./browser.mjs";
import { publicPages, startSeason } from "./season.mjs";

const HEIGHTS = { 360: 740, 768: 1024, 1440: 900 };

const [dir, ...names] = process.argv.slice(2);
if (!dir) {
  console.error("usage: node tests/ui/screenshots.mjs DIR [NAME …]");
  process.exit(1);
}
fs.mkdirSync(dir, { recursive: true });
const season = await startSeason();
const browser = await startBrowser();
try {
  const pages = await publicPages(season);
  for (const { name, path: where, act } of pages.filter(({ name }) => names.length === 0 || names.includes(name))) {
    for (const [width, height] of Object.entries(HEIGHTS)) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await openTab(browser, { viewport: { width: Number(width), height }, colorScheme });
        await page.goto(season.world.url + where);
        await act?.(page);
        await page.screenshot({ path: path.join(dir, `${name}-${width}-${colorScheme}.png`) });
        // The whole page too, as far as anybody scrolls.
        const fullHeight = await page.evaluate(() => document.scrollingElement.scrollHeight);
        if (fullHeight > height * 1.2) {
          // In a window as tall as that: what a browser does not see, it does not lay out.
          await page.setViewportSize({ width: Number(width), height: Math.min(fullHeight, 6000) });
          await page.screenshot({ path: path.join(dir, `${name}-${width}-${colorScheme}-long.png`) });
        }
        await page.context().close();
      }
    }
    console.log(name);
  }
} finally {
  await browser.close();
  await season.stop();
}
