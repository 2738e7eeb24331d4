import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where servers lie; an ordinary user's PATH has no sbin. */
const directories = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/lib/dovecot"];

/**
 * Installs without starting the packages' own services (policy-rc.d), one installation at a time on this machine.
 * A policy-rc.d that was there before stays.
 */
const installScript = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
options='-y --no-install-recommends -o DPkg::Lock::Timeout=300'
apt-get install $options "$@" || { apt-get update && apt-get install $options "$@"; }
`;

/**
 * Finds a server program, and installs its Debian packages where it is missing and that is possible (root, or sudo
 * without a password). Returns its absolute path; throws with the line to type where it cannot be installed.
 */
export async function findProgram(program: string, packages: readonly string[]): Promise<string> {
  const found = await find(program);
  if (found !== null) return found;
  const line = `sudo apt-get install --no-install-recommends ${packages.join(" ")}`;
  const prefix = await rootPrefix();
  if (prefix === null)
    throw new Error(`${program} is missing and this user cannot install it. Type: ${line}`);
  process.stderr.write(`Installing ${packages.join(" ")} from Debian's packages ...\n`);
  const command = [
    ...prefix,
    "flock",
    "/tmp/usher-packages.lock",
    "sh",
    "-c",
    installScript,
    "sh",
    ...packages,
  ];
  try {
    await run("env", command, { maxBuffer: 16 * 1024 * 1024, timeout: 300_000 });
  } catch (error) {
    throw new Error(`${program} is missing and could not be installed. Type: ${line}`, { cause: error });
  }
  const installed = await find(program);
  if (installed === null)
    throw new Error(`${program} is still missing after its installation. Type: ${line}`);
  return installed;
}

async function find(program: string): Promise<string | null> {
  for (const directory of directories) {
    const path = join(directory, program);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

/** What to put before a command so that it runs as root; null where nothing does. */
async function rootPrefix(): Promise<readonly string[] | null> {
  if (process.getuid?.() === 0) return [];
  try {
    await run("sudo", ["-n", "true"]);
    return ["sudo", "-n"];
  } catch {
    return null;
  }
}
