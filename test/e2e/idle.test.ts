import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, publicHost } from "../http/server/world.ts";
import { freePorts } from "../world/ports.ts";
import { type Daemon, startDaemon } from "../world/site.ts";
import { openScene, type Scene, until } from "./scene.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const watchedMs = 5000;

let scene: Scene;
let cache: string;
/** Ticks of processor time of each start. */
const starts: number[] = [];
beforeAll(async () => {
  scene = await openScene();
  cache = join(scene.world.directory, "cache");
  await mkdir(cache);
});
afterAll(async () => scene[Symbol.asyncDispose]());

/** Flags of Node between the program and the script, as the unit has them. */
async function unitFlags(): Promise<readonly string[]> {
  const unit = await readFile(join(root, "config", "usher.service"), "utf8");
  const [, command = ""] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const words = command.split(" ");
  expect([words[0], words.slice(-2)]).toEqual([
    "/opt/usher/node_modules/.bin/node",
    ["/opt/usher/src/main.ts", "serve"],
  ]);
  return words.slice(1, -2);
}

/** Starts the daemon as the unit does; systemd itself makes the cache directory and names it. */
async function startAsUnit(): Promise<Daemon> {
  const env = { NODE_COMPILE_CACHE: cache, CACHE_DIRECTORY: cache };
  const daemon = startDaemon(scene.world.configFile, env, await unitFlags());
  await daemon.waitFor("ready");
  starts.push(await cpuTicks(daemon.pid));
  await daemon.waitFor("mailbox-connected");
  return daemon;
}

/** Resident megabytes, once they are below that: what the start left behind is swept when the process has time. */
async function residentBelow(mostMb: number, pid: number): Promise<number> {
  let residentMb = 0;
  await until(
    `it needs less than ${mostMb} MB`,
    async () => {
      const text = await readFile(`/proc/${pid}/status`, "utf8");
      residentMb = Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1]) / 1024;
      return residentMb < mostMb;
    },
    () => residentMb,
  );
  return residentMb;
}

/** Ticks of processor time, a hundred in a second, of all threads (proc(5)). */
async function cpuTicks(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** How often any thread of the process woke up by itself. */
async function wakeUps(pid: number): Promise<number> {
  let sum = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const text = await readFile(`/proc/${pid}/task/${thread}/status`, "utf8").catch(() => "");
    sum += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return sum;
}

const hasProc = existsSync("/proc/self/status");
if (!hasProc) console.log("Skipped: what an idle daemon needs, which only /proc tells.");

describe.skipIf(!hasProc)("an idle daemon with one account, run as the unit runs it", () => {
  test("needs less than 120 MB and hardly any processor time, and little for its start", async () => {
    for (const _ of [1, 2]) expect(await (await startAsUnit()).end("SIGTERM")).toBe(0);
    await using daemon = await startAsUnit();
    // The first seconds belong to the start.
    await wait(2000);
    const before = { ticks: await cpuTicks(daemon.pid), wakeUps: await wakeUps(daemon.pid) };
    await wait(watchedMs);
    const ticks = (await cpuTicks(daemon.pid)) - before.ticks;
    const wakeUpsPerSecond = ((await wakeUps(daemon.pid)) - before.wakeUps) / (watchedMs / 1000);
    const residentMb = await residentBelow(120, daemon.pid);
    console.log(
      `idle: ${Math.round(residentMb)} MB resident, ${ticks} ticks and ${wakeUpsPerSecond} wake-ups a second ` +
        `in ${watchedMs} ms, ready after ${starts.join(", ")} ticks`,
    );
    // Far below what a timer storm costs.
    expect(ticks).toBeLessThan(15);
    expect(wakeUpsPerSecond).toBeLessThan(100);
    // A second of processor time; the first start fills the cache.
    expect(Math.min(...starts.slice(1))).toBeLessThan(100);
    expect(daemon.log.filter(({ level }) => level !== "info")).toEqual([]);
  });

  test("that serves HTTP needs little more", async () => {
    const [port = 0] = await freePorts(1);
    const server = { publicUrl: `https://${publicHost}`, listen: `127.0.0.1:${port}` };
    await scene.world.configure({ server });
    for (const _ of [1, 2]) expect(await (await startAsUnit()).end("SIGTERM")).toBe(0);
    await using daemon = await startAsUnit();
    expect(await ask({ port }, "GET", "/health/ready")).toMatchObject({ status: 200 });
    await wait(2000);
    const ticksBefore = await cpuTicks(daemon.pid);
    await wait(watchedMs);
    const ticks = (await cpuTicks(daemon.pid)) - ticksBefore;
    const residentMb = await residentBelow(150, daemon.pid);
    console.log(
      `idle with its server: ${Math.round(residentMb)} MB resident, ${ticks} ticks in ${watchedMs} ms`,
    );
    expect(ticks).toBeLessThan(15);
  });
});

test("npm run usher -- serve runs the same daemon, and passes the signal on", async () => {
  const args = ["run", "-s", "usher", "--", "--config", scene.world.configFile, "serve"];
  const npm = spawn("npm", args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(npm, "close");
  try {
    const events: string[] = [];
    for await (const line of createInterface({ input: npm.stdout })) {
      const { event }: { event: string } = JSON.parse(line);
      events.push(event);
      if (event === "ready") npm.kill("SIGTERM");
    }
    expect(events).toContain("ready");
    expect(events.at(-1)).toBe("stopping");
  } finally {
    npm.kill("SIGKILL");
    await closed;
  }
});
