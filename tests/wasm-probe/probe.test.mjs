// Looks the same names up natively and in WebAssembly; see src/lib.rs for why.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

const root = path.resolve(import.meta.dirname, "../..");
const cargo = (...args) =>
  execFileSync("cargo", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 26 });

/** Where cargo put the module: the build's own account of it. */
function buildModule() {
  const lines = cargo("build", "--quiet", "--release", "-p", "wasm-probe", "--lib", "--target", "wasm32-unknown-unknown", "--message-format=json");
  const artifact = lines
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .findLast(({ reason, target }) => reason === "compiler-artifact" && target.name.replace("-", "_") === "wasm_probe");
  return artifact.filenames.find((file) => file.endsWith(".wasm"));
}

test("perfect-hash tables find in WebAssembly what they find natively", async () => {
  const native = JSON.parse(cargo("run", "--quiet", "-p", "wasm-probe"));
  const module = await WebAssembly.compile(fs.readFileSync(buildModule()));
  // Crates that could use the clock or random numbers import them; counting needs neither.
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = () => {
      throw new Error(`${from}.${name} was called`);
    };
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  const wasm = Object.fromEntries(Object.keys(native).map((name) => [name, exports[name]()]));
  assert.deepEqual(wasm, native);

  const names = fs.readFileSync(path.join(import.meta.dirname, "html_entities.txt"), "utf8").trim().split("\n");
  assert.equal(native.html_entities, names.length);
  assert.ok(native.windows_zones >= 130, `only ${native.windows_zones} Windows zones`);
});
