// The files that the platform serves without the Worker. `sites/public` goes to the root as it is, but its styles and
// scripts go to /static, smaller and under names with a hash of what was written, so that they may be kept for ever.

import fs from "node:fs";
import path from "node:path";
import { root } from "./project.mjs";

const sites = path.join(root, "sites");
const HASHED = new Set([".css", ".js"]);
// Other sites name these: they are there under a name that stays, too.
const STABLE = new Set(["embed.css", "embed.js"]);

/** Committed, because wrangler wants the directory to be there before it builds. */
export const HEADERS = "workers/invite-server/assets/_headers";

/** FNV-1a of 64 bits, as `workers/web/src/assets.rs` counts it. */
export function fingerprint(bytes) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

/** Fills `out`; `playground` puts the local stack's files there too. */
export async function buildAssets(out, { playground }) {
  // Not before the packages are installed.
  const { transform } = await import("esbuild");
  const kept = fs.readFileSync(path.join(root, HEADERS));
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(path.join(out, "static"), { recursive: true });
  fs.writeFileSync(path.join(out, "_headers"), kept);

  const folders = playground ? ["public", "playground"] : ["public"];
  for (const folder of folders.map((name) => path.join(sites, name))) {
    for (const name of fs.readdirSync(folder)) {
      const { name: stem, ext } = path.parse(name);
      const file = path.join(folder, name);
      if (HASHED.has(ext)) {
        const source = fs.readFileSync(file);
        const { code } = await transform(source.toString(), { loader: ext.slice(1), minify: true, charset: "utf8" });
        fs.writeFileSync(path.join(out, "static", `${stem}-${fingerprint(source)}${ext}`), code);
        if (STABLE.has(name)) fs.writeFileSync(path.join(out, "static", name), code);
      } else if (ext !== ".html") {
        fs.cpSync(file, path.join(out, name), { recursive: true });
      }
    }
  }
}
