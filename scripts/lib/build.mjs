// Builds the Worker: production by default, the local stack's with `local`. They go to different directories,
// so that neither a running local stack nor a deploy can pick up the other's.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { buildAssets, HEADERS } from "./assets.mjs";
import { Failure, isEntry, log, main, root, run, stateRoot, withLock } from "./project.mjs";
import { ensureTools, toolPath } from "./tools.mjs";

const crate = path.join(root, "workers", "invite-server");

/** Everything the Worker is made from. Tests and documents are not in it. */
const INPUTS = [
  ".cargo",
  "Cargo.toml",
  "Cargo.lock",
  "rust-toolchain.toml",
  "d1-migrations",
  "shared",
  "scripts/lib/assets.mjs",
  "sites",
  "workers",
  HEADERS,
];
const NOT_INPUTS = new Set(["assets", "build", "build-local", "target", "node_modules", "tests", "benches"]);

const FLAVOURS = {
  production: { dir: "build", assets: "assets", features: [], optimize: true },
  local: { dir: "build-local", assets: "build-local/assets", features: ["--features", "local"] },
};

// What LLVM cannot do, because it does not see the finished file. Functions of similar names have similar bodies: side by
// side they compress better. More than -O1 makes them smaller, but less alike, and the compressed file larger.
const WASM_OPT = path.join(root, "node_modules", "binaryen", "bin", "wasm-opt");
const OPTIMIZATIONS = [
  "--enable-bulk-memory",
  "--enable-exception-handling",
  "--enable-multivalue",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-sign-ext",
  "--debuginfo",
  "-O1",
  "--reorder-functions-by-name",
];

/** Where sources lie on this machine, and what stands for it in the Worker. */
export const PLACES = [
  [root, "convoke"],
  [process.env.CARGO_HOME || path.join(os.homedir(), ".cargo"), "cargo"],
  [process.env.RUSTUP_HOME || path.join(os.homedir(), ".rustup"), "rustup"],
];

// Panics name the file that they come from, which is nobody's business and differs from machine to machine. Cargo adds
// this to the flags of .cargo/config.toml.
const REMAPPED = PLACES.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
const CARGO_CONFIG = `target.wasm32-unknown-unknown.rustflags=${JSON.stringify(REMAPPED)}`;

/** Names, sizes and times of all inputs: cheap, and changed by every edit, checkout and pull. */
function fingerprint(flavour) {
  const lines = [flavour, process.env.RUSTFLAGS ?? "", process.env.CARGO_TARGET_DIR ?? "", CARGO_CONFIG];
  const visit = (file) => {
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) {
      lines.push(`${path.relative(root, file)} ${stat.size} ${stat.mtimeMs}`);
      return;
    }
    for (const name of fs.readdirSync(file).sort()) {
      if (!NOT_INPUTS.has(name)) visit(path.join(file, name));
    }
  };
  for (const input of INPUTS) visit(path.join(root, input));
  return lines.join("\n");
}

/** Builds if anything changed. Returns where the Worker and its static files lie, and how large its wasm is. */
export async function buildWorker(flavour, { force = false } = {}) {
  const { dir, assets, features, optimize } = FLAVOURS[flavour] ?? {};
  if (!dir) throw new Failure(`CONVOKE_BUILD=${flavour}: expected ${Object.keys(FLAVOURS).join(" or ")}`);
  const out = path.join(crate, dir);
  const mark = path.join(out, ".inputs");
  await withLock(path.join(stateRoot, "locks", "build"), async () => {
    const before = fingerprint(flavour);
    if (!force && fs.existsSync(path.join(out, "index.js")) && readOrEmpty(mark) === before) {
      log(`worker (${flavour}): nothing changed`);
      return;
    }
    const started = Date.now();
    log(`worker (${flavour}): building`);
    fs.rmSync(mark, { force: true });
    await run(toolPath("worker-build"), ["--release", "--no-opt", "--out-dir", dir, "--", "--config", CARGO_CONFIG, ...features], {
      cwd: crate,
      env: {
        ...process.env,
        WASM_BINDGEN_BIN: toolPath("wasm-bindgen"),
        ESBUILD_BIN: path.join(root, "node_modules", ".bin", "esbuild"),
      },
    });
    const wasm = path.join(out, "index_bg.wasm");
    if (optimize) {
      await run(process.execPath, [WASM_OPT, ...OPTIMIZATIONS, wasm, "-o", wasm]);
      fs.writeFileSync(wasm, withoutNames(fs.readFileSync(wasm)));
    }
    await buildAssets(path.join(crate, assets), { playground: flavour === "local" });
    // A lock file that the build itself wrote is not a change; an edit during the build is.
    if (withoutLock(fingerprint(flavour)) === withoutLock(before)) fs.writeFileSync(mark, fingerprint(flavour));
    log(`worker (${flavour}): built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
  const wasm = path.join(out, "index_bg.wasm");
  const bytes = fs.readFileSync(wasm);
  const gzip = (await promisify(zlib.gzip)(bytes, { level: 9 })).length;
  log(`worker (${flavour}): ${bytes.length} bytes of wasm, ${gzip} gzip`);
  return { dir: out, assets: path.join(crate, assets), wasm, bytes: bytes.length, gzip };
}

/**
 * Leaves out the custom section "name": a seventh of the upload, and no panic needs it, because there are none. The
 * local stack's Worker keeps it for profilers.
 * The linker cannot do it: `strip = true` also drops the target features that wasm-bindgen reads.
 */
export function withoutNames(wasm) {
  const kept = [wasm.subarray(0, 8)];
  let at = 8;
  const leb128 = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < wasm.length) {
    const start = at;
    const id = wasm[at++];
    const end = leb128() + at;
    const isNames = id === 0 && wasm.subarray(at + 1, at + 1 + wasm[at]).toString() === "name";
    if (!isNames) kept.push(wasm.subarray(start, end));
    at = end;
  }
  return Buffer.concat(kept);
}

const withoutLock = (lines) => lines.replace(/^Cargo\.lock .*$/m, "");

function readOrEmpty(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

if (isEntry(import.meta.url)) {
  main(async () => {
    await ensureTools();
    await buildWorker(process.env.CONVOKE_BUILD || "production", { force: process.argv.includes("--force") });
  });
}
