// A screen reader that lives in the page and keeps what it says as text. It goes through the page step by step, as
// others do in their reading mode, and tells of live regions when they change.

import fs from "node:fs";
import { createRequire } from "node:module";
import { transformSync } from "esbuild";

const require = createRequire(import.meta.url);
const source = fs.readFileSync(require.resolve("@guidepup/virtual-screen-reader/browser.js"), "utf8");
const script = transformSync(source, { format: "iife", globalName: "screenReader" }).code;

const STEPS_MAX = 400;

/** Starts at the top of the page that is open. */
export async function startReader(page) {
  // In the page's own world, past its content security policy, which lets no other script in.
  await page.evaluate(`${script}; globalThis.screenReader = screenReader.virtual; globalThis.said = 0;`);
  await page.evaluate(() => globalThis.screenReader.start({ container: document.body }));
}

/** What has been said since this was asked last. Where something ends, and that text is a paragraph, is left out. */
export async function heard(page) {
  const phrases = await page.evaluate(async () => {
    const all = await globalThis.screenReader.spokenPhraseLog();
    const news = all.slice(globalThis.said);
    globalThis.said = all.length;
    return news;
  });
  return phrases.filter((phrase) => !/^(end of |(paragraph|document|emphasis)$)/.test(phrase));
}

/** Reads on until something fits; what was said on the way. */
export async function readTo(page, what) {
  const { source: pattern, flags } = what;
  const found = await page.evaluate(
    async ([pattern, flags, most]) => {
      const fits = new RegExp(pattern, flags);
      for (let steps = 0; steps < most; steps += 1) {
        await globalThis.screenReader.next();
        if (fits.test(await globalThis.screenReader.lastSpokenPhrase())) return true;
      }
      return false;
    },
    [pattern, flags, STEPS_MAX],
  );
  const phrases = await heard(page);
  if (!found) throw new Error(`the reader does not come to ${what}:\n${phrases.join("\n")}`);
  return phrases;
}

/** Waits until a live region says something that fits; the phrase. */
export async function announced(page, what) {
  const phrases = [];
  for (let waited = 0; waited < 50; waited += 1) {
    phrases.push(...(await heard(page)));
    const found = phrases.find((phrase) => /^(polite|assertive): /.test(phrase) && what.test(phrase));
    if (found) return found;
    await page.waitForTimeout(100);
  }
  throw new Error(`nothing says ${what}; said:\n${phrases.join("\n")}`);
}
