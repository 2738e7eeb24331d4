import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { json } from "../http/server/world.ts";
import { makeCheckDue, outcomesOf, subscriptionOf, sweepNow, until } from "./scene.ts";
import {
  followFiles,
  type FollowedFiles,
  openServedScene,
  readToEnd,
  type ServedScene,
} from "./served-scene.ts";

/** As the unit has them. */
const nodeOptions = "--max-old-space-size=256 --max-semi-space-size=2";
const megabyte = 1024 * 1024;
const marker = "Low tide at a quarter past four, and nobody on the quay.";
const plan = { id: "1", name: "plan.txt", sizeBytes: marker.length, text: marker };
const line = "The net is hauled in, turn ";
const frames = Array.from(
  { length: (30 * megabyte) / 32 },
  (_, at) => line + String(at % 100_000).padStart(5),
);
const filmBytes = Buffer.from(frames.join(""));
const film = { id: "2", name: "Ebb & flow 100%.mkv", sizeBytes: filmBytes.length, text: frames.join("") };

let scene: ServedScene;
let token: string;
let carlas: string;
let share: FollowedFiles;
beforeAll(async () => {
  scene = await openServedScene({ accounts: ["bob", "carla"] });
  await scene.start({ NODE_OPTIONS: nodeOptions });
  token = await scene.addToken("bob", ["files:read", "subscriptions:read", "subscriptions:write"]);
  carlas = await scene.addToken("carla", ["files:read"]);
  share = await followFiles(scene, "Harbour", [plan, film]);
});
afterAll(async () => scene[Symbol.asyncDispose]());
afterEach(async () => {
  scene.world.origin.behave();
  await sessionsEnd();
  expect(scene.world.origin.refusals()).toEqual([]);
});

async function sessionsEnd(): Promise<void> {
  const { origin } = scene.world;
  await until(
    "the guest is logged out",
    () => origin.openSessions() === 0,
    () => origin.openSessions(),
  );
}

describe("a folder behind a subscription", () => {
  test("is listed over HTTP, its root and what is below, whole paths and sizes", async () => {
    const root = await scene.ask("GET", `${share.below}/browse`, { token });
    expect([root.status, json(root)]).toMatchObject([200, { path: "" }]);
    expect(namesIn(json(root))).toEqual(["Films", "quay.odt"]);
    const below = json(await scene.ask("GET", `${share.below}/browse?path=Films`, { token }));
    expect(below["entries"]).toMatchObject([
      { kind: "file", name: plan.name, sizeBytes: plan.sizeBytes },
      { kind: "file", name: film.name, sizeBytes: film.sizeBytes },
    ]);
    for (const path of ["Films/../..", "..", "Nets", "Films/plan.txt"]) {
      const none = await scene.ask("GET", `${share.below}/browse?path=${encodeURIComponent(path)}`, {
        token,
      });
      expect([path, none.status, json(none)["reason"]]).toEqual([path, 404, "no-such-path"]);
    }
  });

  test("is nothing at all for another account, and closed to a token without the scope", async () => {
    for (const path of [`${share.below}/browse`, share.content("Films/plan.txt")]) {
      const foreign = await scene.ask("GET", path, { token: carlas });
      const never = await scene.ask("GET", path.replace(share.subscription, "s000000000"), { token: carlas });
      expect([foreign.status, foreign.text]).toEqual([404, never.text]);
    }
    const reads = await scene.addToken("bob", ["subscriptions:read"]);
    const refused = await scene.ask("GET", `${share.below}/browse`, { token: reads });
    expect([refused.status, json(refused)["reason"]]).toEqual([403, "scope-missing"]);
  });
});

describe("a file behind a subscription", () => {
  test("comes whole and in parts, a stale part never, and leaves no copy on the disk", async () => {
    const path = share.content("Films/plan.txt");
    const whole = await scene.ask("GET", path, { token });
    expect([whole.status, whole.text]).toEqual([200, marker]);
    const etag = String(whole.headers["etag"]);
    const part = await scene.ask("GET", path, { token, headers: { range: "bytes=4-7" } });
    expect([part.status, part.text]).toEqual([206, "tide"]);
    expect(part.headers["content-range"]).toBe(`bytes 4-7/${marker.length}`);
    const same = { range: "bytes=4-", "if-range": etag };
    expect(await scene.ask("GET", path, { token, headers: same })).toMatchObject({ status: 206 });
    const other = { range: "bytes=4-7", "if-range": '"other"' };
    const stale = await scene.ask("GET", path, { token, headers: other });
    expect([stale.status, stale.text]).toEqual([200, marker]);
    const beyond = await scene.ask("GET", path, { token, headers: { range: "bytes=900-" } });
    expect([beyond.status, beyond.headers["content-range"]]).toEqual([416, `bytes */${marker.length}`]);
    expect(await filesHolding(scene.world.directory, marker)).toEqual([]);
    // The search finds what there is.
    await writeFile(join(scene.world.directory, "state", "found.txt"), `.${marker}`);
    expect(await filesHolding(scene.world.directory, marker)).toEqual(["found.txt"]);
  });

  test.skipIf(!existsSync("/proc/self/clear_refs"))(
    "of 30 MB is passed on as fast as it is read, to four readers at once, and not gathered in memory",
    async () => {
      const { pid } = scene.daemon;
      await readToEnd(await scene.begin(share.content("Films/plan.txt"), token));
      const path = share.content(`Films/${film.name}`);
      await writeFile(`/proc/${pid}/clear_refs`, "5");
      const before = await residentMb(pid, "VmRSS");
      const readers = await Promise.all([1, 2, 3, 4].map(async () => scene.begin(path, token)));
      // Readers that take their time: what the origin could send meanwhile must wait there.
      await wait(1000);
      const read = await Promise.all(readers.map(readToEnd));
      expect(read.map(({ bytes, isComplete }) => [isComplete, bytes.equals(filmBytes)])).toEqual(
        readers.map(() => [true, true]),
      );
      const growth = (await residentMb(pid, "VmHWM")) - before;
      console.log(
        `4 downloads of 30 MB: ${Math.round(before)} MB resident, ${Math.round(growth)} MB more at most`,
      );
      expect(growth).toBeLessThan(75);
      expect(await filesHolding(scene.world.directory, line)).toEqual([]);
    },
  );

  test("that nobody waits for any more is let go at the origin", async () => {
    const response = await scene.begin(share.content(`Films/${film.name}`), token);
    await until("the download runs", () => response.readableLength > 0 || response.read() !== null);
    expect(scene.world.origin.openSessions()).toBe(1);
    response.destroy();
    await sessionsEnd();
  });

  test.each([
    ["with a length", "ranges"],
    ["without a length", "unmeasured"],
  ] as const)("that breaks off at the origin, %s, breaks off for the client", async (_name, documents) => {
    const { origin } = scene.world;
    origin.setHabits({ documents });
    origin.misbehave({ kind: "cut", afterBytes: 3 * megabyte }, "document");
    const response = await scene.begin(share.content(`Films/${film.name}`), token);
    expect(response.statusCode).toBe(200);
    const { bytes, isComplete } = await readToEnd(response);
    origin.setHabits({ documents: "ranges" });
    expect(isComplete).toBe(false);
    expect(bytes.length).toBeLessThanOrEqual(3 * megabyte);
    expect(bytes.equals(filmBytes.subarray(0, bytes.length))).toBe(true);
    await scene.daemon.waitFor("content-broke-off");
  });

  test("keeps nobody else waiting while slow readers take their time", async () => {
    const slow = await Promise.all(
      [1, 2].map(async () => scene.begin(share.content(`Films/${film.name}`), token)),
    );
    expect((await scene.ask("GET", `${share.below}/browse`, { token })).status).toBe(200);
    expect((await scene.ask("POST", `${share.below}/check`, { token, body: {} })).status).toBe(202);
    await until("the check has ended", async () => !(await hasJob("check-subscription")));
    expect((await subscriptionOf(scene, share.notification)).state).toBe("SUBSCRIBED");
    // Nobody has read to the end yet.
    expect(slow.map(({ complete }) => complete)).toEqual([false, false]);
    for (const response of slow) response.destroy();
  });
});

describe("an origin in trouble", () => {
  test("that is down is told as such, with a time to ask again", async () => {
    await scene.world.origin.goDown();
    const down = await scene.ask("GET", `${share.below}/browse`, { token });
    await scene.world.origin.comeUp();
    expect([down.status, Number(down.headers["retry-after"]) > 0]).toEqual([503, true]);
    expect((await scene.ask("GET", `${share.below}/browse`, { token })).status).toBe(200);
  });

  test("a share that was revoked is a clear problem, and the subscription ends at its check", async () => {
    const revoked = await followFiles(scene, "Revoked", [plan]);
    scene.world.origin.revoke(revoked.token);
    for (const path of [`${revoked.below}/browse`, revoked.content("Films/plan.txt")]) {
      const problem = await scene.ask("GET", path, { token });
      expect([problem.status, problem.headers["content-type"]]).toEqual([
        409,
        expect.stringContaining("application/problem+json"),
      ]);
      expect(json(problem)).toMatchObject({
        reason: "share-revoked",
        detail: expect.stringContaining("revoked"),
      });
      expect(problem.text).not.toContain(revoked.token);
    }
    // A GET changes nothing.
    expect((await subscriptionOf(scene, revoked.notification)).state).toBe("SUBSCRIBED");
    await makeCheckDue(scene, revoked.subscription);
    await sweepNow(scene);
    await until(
      "the check found it",
      async () => (await subscriptionOf(scene, revoked.notification)).state === "REMOVED",
    );
    const ended = await scene.ask("GET", `${revoked.below}/browse`, { token });
    expect([ended.status, json(ended)["reason"]]).toEqual([409, "subscription-ended"]);
  });
});

describe("the commands", () => {
  test("browse and get show the same, beside the daemon and without it", async () => {
    const file = join(scene.world.directory, "film.mkv");
    for (const isServed of [true, false]) {
      if (!isServed) expect(await scene.daemon.end("SIGTERM")).toBe(0);
      const root = await scene.usherJson<Listing>("subscription", "browse", share.subscription);
      expect(namesIn(root)).toEqual(["Films", "quay.odt"]);
      const below = await scene.usher("subscription", "browse", share.subscription, "Films");
      expect([below.code, below.out]).toEqual([0, expect.stringContaining(film.name)]);
      const text = await scene.usher("subscription", "get", share.subscription, "Films/plan.txt");
      expect([text.code, text.out]).toEqual([0, marker]);
      const options = ["--output", file, ...(isServed ? [] : ["--force"])];
      const saved = await scene.usher(
        "subscription",
        "get",
        share.subscription,
        `Films/${film.name}`,
        ...options,
      );
      expect([saved.code, (await readFile(file)).equals(filmBytes)]).toEqual([0, true]);
    }
    expect((await outcomesOf(scene, share.notification)).filter((what) => what === "get well")).toHaveLength(
      4,
    );
    await scene.start();
  });
});

interface Listing {
  readonly entries?: unknown;
}

function namesIn({ entries }: Listing): readonly string[] {
  const named = entries as readonly { readonly name: string }[];
  return named.map(({ name }) => name).toSorted();
}

async function hasJob(kind: "check-subscription"): Promise<boolean> {
  const jobs = await scene.store.db.selectFrom("job").select("id").where("kind", "=", kind).execute();
  return jobs.length > 0;
}

async function residentMb(pid: number, name: "VmRSS" | "VmHWM"): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]) / 1024;
}

/**
 * Names of the files below a directory that hold this text. Another process looks: where this one closed the store's
 * file, it would lose its locks (SQLite, "How To Corrupt", 2.2).
 */
async function filesHolding(directory: string, text: string): Promise<readonly string[]> {
  const grep = spawn("grep", ["-rlaF", "-e", text, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const found = await grep.stdout.setEncoding("utf8").toArray();
  return found
    .join("")
    .split("\n")
    .filter((file) => file !== "")
    .map((file) => basename(file));
}
