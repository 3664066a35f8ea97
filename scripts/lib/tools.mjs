// Brings a new machine to the point where everything builds: Rust target, build tools, npm packages.
// Each step looks first and does nothing when the right version is there.

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Failure, isEntry, log, main, output, pinnedNode, root, run, stateRoot, toolsDir, withLock } from "./project.mjs";

// worker-build must fit the `worker` crate, wasm-bindgen the `wasm-bindgen` crate in Cargo.lock, exactly.
// Built with little optimization: worker-build only calls others, and wasm-bindgen needs half a second either way.
// That halves the wait on a new machine. The Worker's bytes are the same.
// With --locked first; a registry mirror may lack a version that a tool's own lock file names, so then without.
const CARGO_TOOLS = [
  { crate: "worker-build", version: "0.8.7", bin: "worker-build", opt: "0" },
  { crate: "wasm-bindgen-cli", version: "0.2.130", bin: "wasm-bindgen", flags: ["--no-default-features"], opt: "1" },
];

// Only scripts/test wants it.
const CARGO_DENY = { crate: "cargo-deny", version: "0.20.2", bin: "cargo-deny", flags: ["--no-default-features"], opt: "0" };

// Only scripts/fuzz wants it.
const CARGO_FUZZ = { crate: "cargo-fuzz", version: "0.13.2", bin: "cargo-fuzz", opt: "0" };

export const toolPath = (bin) => path.join(toolsDir, "bin", bin);

export async function hasTool({ bin, version }) {
  const text = await output(toolPath(bin), ["--version"]);
  return text !== null && text.split(/\s+/).includes(version);
}

async function installTool(tool) {
  if (await hasTool(tool)) return;
  const started = Date.now();
  log(`installing ${tool.crate} ${tool.version} into ${toolsDir} (once, some minutes)`);
  const args = ["install", tool.crate, "--version", tool.version, "--root", toolsDir, "--force", ...(tool.flags ?? [])];
  const profile = { CARGO_PROFILE_RELEASE_OPT_LEVEL: tool.opt, CARGO_PROFILE_RELEASE_LTO: "off", CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16" };
  const quiet = { quiet: true, env: { ...process.env, CARGO_TERM_COLOR: "never", ...profile } };
  try {
    await run("cargo", [...args, "--locked"], { ...quiet, quiet: false, capture: true });
  } catch {
    log(`  not with its own lock file; once more with current dependencies`);
    await run("cargo", args, quiet);
  }
  if (!(await hasTool(tool))) throw new Failure(`${tool.crate} was installed, but does not answer as ${tool.version}`);
  log(`  done in ${Math.round((Date.now() - started) / 1000)} s`);
}

async function ensureRust() {
  if ((await output("cargo", ["--version"])) !== null) {
    const sysroot = await output("rustc", ["--print", "sysroot"]);
    if (sysroot && fs.existsSync(path.join(sysroot, "lib/rustlib/wasm32-unknown-unknown"))) return;
  }
  if ((await output("rustup", ["--version"])) === null) {
    throw new Failure("Rust is missing: install it with rustup (https://rustup.rs), then run this again");
  }
  log("installing the Rust toolchain of rust-toolchain.toml");
  await run("rustup", ["toolchain", "install"]);
}

async function ensurePackages() {
  const wanted = createHash("sha256")
    .update(fs.readFileSync(path.join(root, "package-lock.json")))
    .update(fs.readFileSync(path.join(root, "package.json")))
    .digest("hex");
  // Inside node_modules, so that `npm ci`, which begins by deleting it, takes the mark along.
  const mark = path.join(root, "node_modules", ".convoke-lock");
  const isCurrent = () => {
    try {
      return fs.readFileSync(mark, "utf8") === wanted && fs.existsSync(pinnedNode);
    } catch {
      return false;
    }
  };
  if (isCurrent()) return;
  log("installing npm packages");
  // An older npm warns about the node in use; the pinned one comes with the packages.
  await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  fs.writeFileSync(mark, wanted);
  if (!isCurrent()) {
    throw new Failure("the pinned node did not install: npm must be allowed to run the install script of package `node`");
  }
}

/** Where cargo-deny is; null if it cannot be had here. */
export async function ensureCargoDeny() {
  try {
    await withLock(path.join(toolsDir, "install.lock"), () => installTool(CARGO_DENY));
    return toolPath(CARGO_DENY.bin);
  } catch (error) {
    log(error.message);
    return null;
  }
}

// Second readers of what we write; only scripts/test wants them.
const PYTHON_READERS = ["icalendar==7.3.2", "python-dateutil==2.9.0.post0", "tzdata==2026.6"];

/** A Python that has them, or null where there is none that makes environments. */
export async function ensurePythonReaders() {
  const dir = path.join(toolsDir, "readers");
  const python = path.join(dir, "bin", "python");
  const mark = path.join(dir, "installed");
  const wanted = PYTHON_READERS.join(" ");
  try {
    await withLock(path.join(toolsDir, "install.lock"), async () => {
      if (fs.existsSync(mark) && fs.readFileSync(mark, "utf8") === wanted) return;
      log(`installing ${wanted} into ${dir} (once)`);
      await run("python3", ["-m", "venv", dir], { quiet: true });
      await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PYTHON_READERS], { quiet: true });
      fs.writeFileSync(mark, wanted);
    });
    return python;
  } catch (error) {
    log(error.message);
    return null;
  }
}

/** Where cargo-fuzz is. */
export async function ensureCargoFuzz() {
  await ensureRust();
  await withLock(path.join(toolsDir, "install.lock"), () => installTool(CARGO_FUZZ));
  return toolPath(CARGO_FUZZ.bin);
}

export async function ensureTools() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) throw new Failure(`node ${process.versions.node} is too old: 20 or newer is needed to start`);
  await ensureRust();
  await withLock(path.join(stateRoot, "locks", "packages"), ensurePackages);
  await withLock(path.join(toolsDir, "install.lock"), async () => {
    for (const tool of CARGO_TOOLS) await installTool(tool);
  });
}

if (isEntry(import.meta.url)) {
  main(async () => {
    await ensureTools();
    if (process.argv.includes("--deny")) await ensureCargoDeny();
    log(`tools are ready in ${toolsDir}`);
  });
}
