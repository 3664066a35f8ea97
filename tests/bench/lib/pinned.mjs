// Import this first: on an older node the benchmark starts once more under the one that comes with the npm packages.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { pinnedNode } from "../../../scripts/lib/project.mjs";

if (Number(process.versions.node.split(".")[0]) < 22) {
  if (!fs.existsSync(pinnedNode)) {
    console.error("error: npm packages are missing: run ./scripts/tools first");
    process.exit(1);
  }
  const { status } = spawnSync(pinnedNode, ["--no-warnings", ...process.argv.slice(1)], { stdio: "inherit" });
  process.exit(status ?? 1);
}
