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
  const missing = ["make", "g++", "python3"].filter((tool) => spawnSync(tool, ["--version"]).error);
  const first = npmCi(missing.length === 0 ? "shown" : "kept");
  if (first.isDone) return;
  if (missing.length === 0) fail("npm ci failed; its own message stands above.");
  console.error("No prebuilt SQLite driver could be had; installing make and g++ to compile it ...");
  const tools = installBuildTools();
  if (!tools.isDone) {
    fail(
      `${first.output}${tools.output}\nnpm ci failed for want of build tools, which this user cannot install. ` +
        "Type: sudo apt-get install -y make g++ python3",
    );
  }
  if (!npmCi("shown").isDone) fail("npm ci failed; its own message stands above.");
}

/** `kept` output is for the case that nothing else helps: a driver that must be compiled is no fault yet. */
function npmCi(output) {
  // Headers for the driver's compilation come with the project's own Node.
  const headers = join(modules, `node-${platform()}-${arch()}`);
  const env = {
    npm_config_nodedir: headers,
    ...process.env,
    npm_config_fund: "false",
    npm_config_audit: "false",
  };
  const npm = process.env.npm_execpath;
  const command = npm?.endsWith(".js") ? [process.execPath, npm, "ci"] : ["npm", "ci"];
  return call(command, env, output);
}

function installBuildTools() {
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const apt = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"];
  const packages = ["--no-install-recommends", "make", "g++", "python3"];
  const installing = [...apt, "install", "-y", "-o", "DPkg::Lock::Timeout=300", ...packages];
  const first = call(installing, process.env, "kept");
  if (first.isDone) return first;
  // A fresh machine may not know its packages yet.
  call([...apt, "update"], process.env, "kept");
  return call(installing, process.env, "kept");
}

function call([command, ...args], env, output) {
  const stdio = output === "shown" ? ["ignore", 2, 2] : ["ignore", "pipe", "pipe"];
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return {
    isDone: result.status === 0,
    output: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`,
  };
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
