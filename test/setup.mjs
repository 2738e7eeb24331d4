// Brings the ground for a command, then runs it with the project's own Node: `node test/setup.mjs COMMAND [ARG ...]`.
// Plain JavaScript without packages: Node 20 runs it before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { arch, platform } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const bin = join(modules, ".bin");

if (isStale()) install();
await run(process.argv.slice(2));

/** npm writes its own lock file last, so an interrupted installation counts as stale. */
function isStale() {
  const installed = join(modules, ".package-lock.json");
  if (!existsSync(installed) || !existsSync(join(bin, "node"))) return true;
  return statSync(installed).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
}

function install() {
  console.error("Installing packages (once; one to three minutes) ...");
  if (npmCi()) return;
  // The SQLite driver is compiled where no prebuilt binary can be had.
  const missing = ["make", "g++", "python3"].filter((tool) => spawnSync(tool, ["--version"]).error);
  if (missing.length === 0) fail("npm ci failed; its own message stands above.");
  console.error(`Installing build tools for the SQLite driver (missing: ${missing.join(", ")}) ...`);
  if (!installBuildTools()) {
    fail(`npm ci failed. Install the build tools first: sudo apt-get install -y make g++ python3`);
  }
  if (!npmCi()) fail("npm ci failed; its own message stands above.");
}

function npmCi() {
  // Headers for the driver's compilation come with the project's own Node.
  const headers = join(modules, `node-${platform()}-${arch()}`);
  const env = {
    npm_config_nodedir: headers,
    ...process.env,
    npm_config_fund: "false",
    npm_config_audit: "false",
  };
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm?.endsWith(".js") ? [process.execPath, npm] : ["npm"];
  const result = spawnSync(command, [...first, "ci"], { cwd: root, env, stdio: ["ignore", 2, 2] });
  return result.status === 0;
}

function installBuildTools() {
  const apt = process.getuid?.() === 0 ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const call = (...args) =>
    spawnSync(apt[0], [...apt.slice(1), ...args], { env, stdio: ["ignore", 2, 2] }).status === 0;
  return (
    call("update", "-q") && call("install", "-y", "-q", "--no-install-recommends", "make", "g++", "python3")
  );
}

async function run([command, ...args]) {
  if (command === undefined) fail("Say what to run: node test/setup.mjs COMMAND [ARG ...]");
  const local = join(bin, command);
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const child = spawn(existsSync(local) ? local : command, args, { cwd: root, env, stdio: "inherit" });
  // A terminal sends the signal to both; the child decides when it is done.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`${command} does not start: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
