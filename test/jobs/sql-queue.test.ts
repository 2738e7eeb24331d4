import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import type { JobOutcome } from "../../src/jobs/queue.ts";
import { retryRules } from "../../src/jobs/retry-rules.ts";
import { diary, done, drain, job, temporaryQueue } from "./outcomes.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("planned work is done once, in the order it became due, and leaves no row", async () => {
  await using world = await temporaryQueue({ clock: () => 1000 });
  const { queue, store } = world;
  await queue.enqueue(store.db, job("second", { runAt: 20 }));
  await queue.enqueue(
    store.db,
    job("first", { runAt: 10, payload: { reason: "asked", tries: 3, by: null } }),
  );
  await queue.enqueue(store.db, job("later", { runAt: 1001 }));
  const { seen, worker } = diary();
  expect(await drain(queue, worker)).toBe(2);
  expect(seen).toEqual(["first", "second"]);
  expect(await queue.counts()).toEqual({ ready: 1, leased: 0, parked: 0 });
  expect(world.reports.map(({ job: { subject }, result }) => [subject, result])).toEqual([
    ["first", "done"],
    ["second", "done"],
  ]);
});

test("work whose cause is rolled back is never done", async () => {
  await using world = await temporaryQueue();
  const cause = world.store.transaction(async (db) => {
    await world.queue.enqueue(db, job("n1"));
    throw new Error("rolled back on purpose");
  });
  await expect(cause).rejects.toThrow("on purpose");
  expect(await drain(world.queue, diary().worker)).toBe(0);
});

test("a running daemon takes work as soon as its cause is committed", async () => {
  // The time of the next look never comes.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await using world = await temporaryQueue();
  const stop = new AbortController();
  const started = Promise.withResolvers<undefined>();
  const working = world.queue.work({ follow: async () => (started.resolve(undefined), done) }, stop.signal);
  await wait(100);
  await world.store.transaction(async (db) => world.queue.enqueue(db, job("n1")));
  await started.promise;
  stop.abort();
  await working;
});

test("a running daemon finds the work that a command planned, and work that becomes due", async () => {
  await using world = await temporaryQueue();
  await using command = await temporaryQueue();
  await using sibling = await world.store.again();
  const stop = new AbortController();
  const { seen, worker } = diary();
  const all = Promise.withResolvers<undefined>();
  const working = world.queue.work(
    {
      follow: async (leased, signal) => {
        const outcome = await worker(leased, signal);
        if (seen.length === 2) all.resolve(undefined);
        return outcome;
      },
    },
    stop.signal,
  );
  await command.queue.enqueue(sibling.db, job("by a command"));
  await world.queue.enqueue(world.store.db, job("due soon", { runAt: Date.now() + 200 }));
  await all.promise;
  expect(seen.toSorted()).toEqual(["by a command", "due soon"]);
  stop.abort();
  await working;
});

test("asking twice for the same work is asking once, at the earlier time and with the newest payload", async () => {
  await using world = await temporaryQueue({ clock: () => 1000 });
  const { queue, store } = world;
  await queue.enqueue(store.db, job("n1", { uniqueKey: "k", runAt: 5000, payload: { n: 1 } }));
  await queue.enqueue(store.db, job("n1", { uniqueKey: "k", runAt: 900, payload: { n: 2 } }));
  await queue.enqueue(store.db, job("n1", { uniqueKey: "k", runAt: 7000, payload: { n: 3 } }));
  const payloads: unknown[] = [];
  expect(await drain(queue, async ({ payload }) => (payloads.push(payload), done))).toBe(1);
  expect(payloads).toEqual([{ n: 3 }]);
});

test("what is asked for while the work is under way is done once more afterwards", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  const ask = async () => queue.enqueue(store.db, job("n1", { uniqueKey: "k" }));
  for (const first of [
    done,
    { kind: "park", because: "no" },
    { kind: "retry", because: "no", afterMs: 3600_000 },
  ]) {
    const attempts: number[] = [];
    await ask();
    await drain(queue, async ({ attempt }) => {
      attempts.push(attempt);
      if (attempts.length > 1) return done;
      await ask();
      await ask();
      return first as JobOutcome;
    });
    expect(attempts).toHaveLength(2);
    expect(await queue.counts()).toEqual({ ready: 0, leased: 0, parked: 0 });
  }
});

test("work may plan itself anew in the transaction that closes it", async () => {
  await using world = await temporaryQueue({ clock: () => 1000 });
  const { queue, store } = world;
  const again = job("s1", { uniqueKey: "check/s1", runAt: 9000 });
  await queue.enqueue(store.db, { ...again, runAt: 1000 });
  await drain(queue, async () => ({ kind: "done", commit: async (db) => queue.enqueue(db, again) }));
  const rows = await store.db.selectFrom("job").select(["run_at", "attempts", "state"]).execute();
  expect(rows).toEqual([{ run_at: 9000, attempts: 0, state: "ready" }]);
});

test("failed work waits as long as it says, or by the schedule of its kind, and is parked after its tries", async () => {
  let nowMs = 0;
  await using world = await temporaryQueue({ clock: () => nowMs });
  const { queue, store, reports } = world;
  await queue.enqueue(store.db, job("says", { runAt: 0 }));
  await queue.enqueue(store.db, job("throws", { runAt: 0 }));
  const ranAt: Record<string, number[]> = { says: [], throws: [] };
  while ((await queue.counts()).ready > 0) {
    await drain(queue, async ({ subject }) => {
      ranAt[subject]?.push(nowMs);
      if (subject === "throws") throw new Error("https://ox.example.org/share/secret-token");
      return { kind: "retry", because: "origin is down", afterMs: 60_000 };
    });
    const next = await store.db
      .selectFrom("job")
      .select("run_at")
      .where("state", "=", "ready")
      .orderBy("run_at")
      .execute();
    nowMs = next[0]?.run_at ?? nowMs;
  }
  expect(ranAt["says"]).toEqual(Array.from({ length: limits.followTries }, (_, index) => index * 60_000));
  expect(ranAt["throws"]?.slice(0, 4)).toEqual([0, 30_000, 90_000, 210_000]);
  expect(ranAt["throws"]).toHaveLength(limits.followTries);
  const parked = await queue.parked();
  expect(parked.map(({ subject, lastError }) => [subject, lastError])).toEqual([
    ["says", "origin is down"],
    ["throws", "failed unexpectedly (Error); the log says more"],
  ]);
  expect(reports.filter(({ result }) => result === "parked")).toHaveLength(2);
});

test("parked work stays until somebody runs it again, with all its tries", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  await queue.enqueue(store.db, job("n1", { uniqueKey: "k" }));
  await drain(queue, async () => ({ kind: "park", because: "a rest\nof two lines" }));
  const [parked] = await queue.parked();
  expect(parked).toMatchObject({ subject: "n1", attempts: 1, lastError: "a rest of two lines" });
  await queue.enqueue(store.db, job("n1", { uniqueKey: "k", leavesParked: true }));
  expect(await drain(queue, diary().worker)).toBe(0);
  expect(await queue.runAgain(parked?.id ?? 0)).toBe(true);
  expect(await queue.runAgain(parked?.id ?? 0)).toBe(false);
  const attempts: number[] = [];
  await drain(queue, async ({ attempt }) => (attempts.push(attempt), { kind: "park", because: "again" }));
  await queue.enqueue(store.db, job("n1", { uniqueKey: "k" }));
  await drain(queue, async ({ attempt }) => (attempts.push(attempt), done));
  expect(attempts).toEqual([1, 1]);
});

test("an attempt that says nothing about the work does not use up a try", async () => {
  await using world = await temporaryQueue({ clock: () => 1000 });
  const { queue, store } = world;
  await queue.enqueue(store.db, job("m1", { kind: "read-message" }));
  const { tries } = retryRules["read-message"];
  let runs = 0;
  await drain(
    queue,
    async () => {
      runs += 1;
      return runs > tries * 3
        ? done
        : { kind: "retry", because: "not connected", afterMs: 0, isUncounted: true };
    },
    "read-message",
  );
  expect(runs).toBe(tries * 3 + 1);
});

test("a worker's commit and the end of its job are one: a commit that throws is a failed attempt", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  await queue.enqueue(store.db, job("n1"));
  await drain(queue, async () => ({
    kind: "done",
    commit: async (db) => {
      const account = { id: "a1", name: "alice", locale: "en", modules_json: "[]", created_at: 1 };
      await db.insertInto("account").values(account).execute();
      await db
        .insertInto("account")
        .values({ ...account, id: "a2" })
        .execute();
    },
  }));
  expect(await store.db.selectFrom("account").select("id").execute()).toEqual([]);
  const [row] = await store.db.selectFrom("job").select(["state", "attempts", "last_error"]).execute();
  expect(row).toMatchObject({ state: "ready", attempts: 1, last_error: expect.stringContaining("UNIQUE") });
});

test("two jobs of a lane run at a time, eight in all, and a slow lane stops no other", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  for (let index = 0; index < 6; index += 1)
    await queue.enqueue(store.db, job(`slow ${index}`, { lane: "slow" }));
  for (let index = 0; index < 20; index += 1) await queue.enqueue(store.db, job(`quick ${index}`));
  const running = { slow: 0, all: 0, mostSlow: 0, mostAll: 0, quickDone: 0 };
  const { promise: allQuickDone, resolve: tellQuickDone } = Promise.withResolvers<void>();
  await drain(queue, async ({ subject }) => {
    const isSlow = subject.startsWith("slow");
    running.all += 1;
    running.slow += isSlow ? 1 : 0;
    running.mostAll = Math.max(running.mostAll, running.all);
    running.mostSlow = Math.max(running.mostSlow, running.slow);
    // A lane that kept the others waiting would keep this test waiting.
    await (isSlow ? allQuickDone : wait(2));
    running.quickDone += isSlow ? 0 : 1;
    if (running.quickDone === 20) tellQuickDone();
    running.all -= 1;
    running.slow -= isSlow ? 1 : 0;
    return done;
  });
  expect(running.mostSlow).toBe(limits.jobsPerLane);
  expect(running.mostAll).toBeGreaterThan(limits.jobsPerLane);
  expect(running.mostAll).toBeLessThanOrEqual(limits.jobsAtOnce);
});

test("a command that does due work also does the work that this plans", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  await queue.enqueue(store.db, job("0"));
  const ran = await drain(queue, async ({ subject }) => ({
    kind: "done",
    commit: async (db) => {
      if (subject !== "49") await queue.enqueue(db, job(String(Number(subject) + 1)));
    },
  }));
  expect(ran).toBe(50);
});

test("a command drains one lane and its kinds only", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  await queue.enqueue(store.db, job("here", { kind: "read-message", lane: "mailbox/m1" }));
  await queue.enqueue(store.db, job("there", { kind: "read-message", lane: "mailbox/m2" }));
  await queue.enqueue(store.db, job("other", { lane: "mailbox/m1" }));
  const { seen, worker } = diary();
  const only = { kinds: ["read-message"], lane: "mailbox/m1" } as const;
  await queue.drain({ "read-message": worker, follow: worker }, only, AbortSignal.timeout(60_000));
  expect(seen).toEqual(["here"]);
});
