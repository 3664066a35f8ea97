// Where a Chromium is, and getting it where that is allowed. No dependencies: this file is read before `npm ci`.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

/** The program that CHROMIUM names, else the first of the usual names on the path; null if there is none. */
export function chromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const dirs = [...(process.env.PATH ?? "").split(path.delimiter), "/usr/bin"].filter(Boolean);
  const found = NAMES.flatMap((name) => dirs.map((dir) => path.join(dir, name)));
  return [...found, ...MAC].find((file) => fs.existsSync(file)) ?? null;
}

/** Installs Chromium if there is none, we are root and there is apt. Says what is missing afterwards, or null. */
export function install() {
  if (!chromium() && process.getuid?.() === 0 && fs.existsSync("/usr/bin/apt-get")) {
    console.log("installing chromium");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...args) => spawnSync("apt-get", ["-qq", ...args], { env, stdio: "ignore" });
    apt("update");
    apt("install", "-y", "--no-install-recommends", "chromium");
  }
  if (chromium()) return null;
  return "no Chromium here: install Chromium or Chrome (on Debian: apt-get install chromium), or name its program in CHROMIUM";
}
