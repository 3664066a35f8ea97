// Whether Debian's Cyrus IMAP is on this machine, and getting it where that is allowed.
// No dependencies: this file is read before `npm ci`.

import { spawnSync } from "node:child_process";
import fs from "node:fs";

export const PROGRAMS = "/usr/lib/cyrus/bin";
export const SASLPASSWD = "/usr/sbin/saslpasswd2";

const PACKAGES = ["cyrus-imapd", "cyrus-caldav", "sasl2-bin", "libsasl2-modules"];
const POLICY = "/usr/sbin/policy-rc.d";

/** Why Cyrus cannot be started here, or null. */
export const missing = () =>
  [`${PROGRAMS}/master`, `${PROGRAMS}/httpd`, SASLPASSWD].every((file) => fs.existsSync(file))
    ? null
    : `Cyrus IMAP is not installed (on Debian, as root: apt-get install --no-install-recommends ${PACKAGES.join(" ")})`;

/** Installs Cyrus if it is missing, we are root and there is apt. Gives what `missing` says afterwards. */
export function install() {
  if (missing() === null || process.getuid?.() !== 0 || !fs.existsSync("/usr/bin/apt-get")) return missing();
  // Debian starts a service with its package; the tests start their own, and nobody asked for another.
  const isOurs = !fs.existsSync(POLICY);
  if (isOurs) fs.writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const apt = (...args) => spawnSync("apt-get", ["-qq", ...args], { env, stdio: "ignore" });
    console.log(`installing ${PACKAGES.join(" ")}`);
    apt("update");
    apt("install", "-y", "--no-install-recommends", ...PACKAGES);
    return missing();
  } finally {
    if (isOurs) fs.rmSync(POLICY);
  }
}
