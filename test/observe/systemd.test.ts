import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { createSystemd } from "../../src/observe/systemd.ts";

const missing = ["systemd-notify", "python3"].filter((program) => !isInstalled(program));
if (missing.length > 0)
  console.log(`skipped: real sd_notify datagrams, because ${missing.join(" and ")} is missing`);

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A real AF_UNIX datagram socket, read by Python because Node has none. */
async function startReceiver() {
  const directory = await mkdtemp(join(tmpdir(), "usher-notify-"));
  cleanUps.push(async () => rm(directory, { recursive: true }));
  const path = join(directory, "notify.sock");
  const script = new URL("notify-receiver.py", import.meta.url).pathname;
  const child = spawn("python3", [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  cleanUps.push(async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  const received: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const text: string = JSON.parse(line);
    if (!text.startsWith("BARRIER")) received.push(text.trim());
    for (const wake of waiting) wake();
  });
  async function until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    await new Promise<void>((resolve, reject) => {
      const deadline = setTimeout(
        () => reject(new Error(`only received: ${JSON.stringify(received)}`)),
        60_000,
      );
      waiting.add(() => {
        if (!isDone()) return;
        clearTimeout(deadline);
        resolve();
      });
    });
  }
  await until(() => received.includes("bound"));
  received.length = 0;
  return { path, received, until };
}

function environment(extra: Record<string, string>): Record<string, string | undefined> {
  return { PATH: process.env["PATH"], ...extra };
}

describe.skipIf(missing.length > 0)("with systemd listening", () => {
  test("systemd hears ready, status, reload and stop in the order of the calls", async () => {
    const receiver = await startReceiver();
    await using systemd = createSystemd(environment({ NOTIFY_SOCKET: receiver.path }));
    void systemd.ready("3 mailboxes\nwatched");
    void systemd.status("2 mailboxes watched");
    void systemd.reloading();
    void systemd.ready("back");
    await systemd.stopping();
    await receiver.until(() => receiver.received.some((text) => text.includes("STOPPING=1")));
    expect(receiver.received.map((text) => text.split("\n").toSorted())).toEqual([
      ["READY=1", "STATUS=3 mailboxes watched"],
      ["STATUS=2 mailboxes watched"],
      ["RELOADING=1"],
      ["READY=1", "STATUS=back"],
      ["STOPPING=1"],
    ]);
  });

  test("the watchdog is fed while work goes on and starves when it stops", async () => {
    const receiver = await startReceiver();
    const warnings: string[] = [];
    const starved = Promise.withResolvers<void>();
    const answers = ["fed", "fed", "no", "throws"];
    const env = environment({
      NOTIFY_SOCKET: receiver.path,
      WATCHDOG_USEC: "100000",
      WATCHDOG_PID: `${process.pid}`,
    });
    await using systemd = createSystemd(env, {
      warn: (event) => {
        warnings.push(event);
        if (warnings.length === 2) starved.resolve();
      },
    });
    systemd.watchdog(() => {
      const answer = answers.shift() ?? "no";
      if (answer === "throws") throw new Error("the queue is broken");
      return answer === "fed";
    });
    await receiver.until(() => receiver.received.length === 2);
    await starved.promise;
    expect(receiver.received).toEqual(["WATCHDOG=1", "WATCHDOG=1"]);
    expect(warnings[0]).toBe("watchdog-not-fed");
  });

  test("a health question that hangs is not asked twice and feeds nothing", async () => {
    const receiver = await startReceiver();
    const env = environment({ NOTIFY_SOCKET: receiver.path, WATCHDOG_USEC: "20000" });
    await using systemd = createSystemd(env);
    let asked = 0;
    systemd.watchdog(async () => {
      asked += 1;
      return new Promise<boolean>(() => {});
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await systemd.status("still here");
    await receiver.until(() => receiver.received.length > 0);
    expect(receiver.received).toEqual(["STATUS=still here"]);
    expect(asked).toBe(1);
  });
});

test("no child of the daemon inherits the way to systemd", () => {
  const env = environment({
    NOTIFY_SOCKET: "/run/x",
    WATCHDOG_USEC: "1000000",
    WATCHDOG_PID: "1",
    KEPT: "yes",
  });
  createSystemd(env);
  const seen = execFileSync(process.execPath, ["-p", "JSON.stringify(process.env)"], {
    env,
    encoding: "utf8",
  });
  expect(JSON.parse(seen)).toMatchObject({ KEPT: "yes" });
  expect(seen).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
});

test("without systemd nothing is started and nothing is asked", async () => {
  const env = environment({ PATH: "/nonexistent", WATCHDOG_USEC: "1000" });
  const warnings: string[] = [];
  await using systemd = createSystemd(env, { warn: (event) => warnings.push(event) });
  let asked = 0;
  systemd.watchdog(() => {
    asked += 1;
    return true;
  });
  await systemd.ready("up");
  await systemd.stopping();
  expect({ warnings, asked }).toEqual({ warnings: [], asked: 0 });
});

test("a watchdog meant for another process is left alone", async () => {
  const env = environment({ NOTIFY_SOCKET: "/nonexistent/x", WATCHDOG_USEC: "2000", WATCHDOG_PID: "1" });
  await using systemd = createSystemd(env);
  let asked = 0;
  systemd.watchdog(() => {
    asked += 1;
    return true;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toBe(0);
});

test("a missing systemd-notify is said in the log and stops nothing", async () => {
  const warnings: unknown[] = [];
  const env = { PATH: "/nonexistent", NOTIFY_SOCKET: "/nonexistent/x" };
  await using systemd = createSystemd(env, {
    warn: (event, fields) => warnings.push([event, fields?.["code"]]),
  });
  await systemd.ready("up");
  expect(warnings).toEqual([["systemd-not-told", "ENOENT"]]);
});
