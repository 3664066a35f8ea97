// The pages in a real browser; one stack and one browser for all of it.

import { after, before } from "node:test";
import { startBrowser } from "./browser.mjs";
import { embedSuite } from "./embed.mjs";
import { pagesSuite } from "./pages.mjs";
import { liveSuite, readingSuite, sendingSuite } from "./schedule.mjs";
import { startSeason } from "./season.mjs";
import { spokenSuite } from "./spoken.mjs";

const stage = {};
before(async () => {
  stage.browser = await startBrowser();
  stage.season = await startSeason();
});
after(async () => {
  await stage.browser?.close();
  await stage.season?.stop();
});

spokenSuite(stage);
sendingSuite(stage);
liveSuite(stage);
readingSuite(stage);
embedSuite(stage);
pagesSuite(stage);
