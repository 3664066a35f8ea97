// A real browser, driven over its DevTools protocol.

import { chromium as driver } from "playwright-core";
import { chromium } from "./chromium.mjs";

/** Starts Chromium without a window. */
export function startBrowser() {
  const executablePath = chromium();
  if (!executablePath) throw new Error("no Chromium here: install it, or name its program in CHROMIUM");
  return driver.launch({ executablePath, headless: true, args: ["--disable-dev-shm-usage"] });
}

export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1440, height: 900 };

/**
 * A tab of its own, with nothing remembered. Its `complaints` are what the browser has to say against the page: errors
 * of scripts, refused resources, breaches of the content security policy.
 */
export async function openTab(browser, { viewport = DESK, ...options } = {}) {
  // Far from the events, so that the reader's own time is another one.
  const context = await browser.newContext({ viewport, locale: "en-US", timezoneId: "Europe/Berlin", ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(error.message));
  return page;
}
