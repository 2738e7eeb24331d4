import { setTimeout as wait } from "node:timers/promises";
import { sql } from "kysely";
import { afterEach, expect, test, vi } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { retryRules } from "../../src/jobs/retry-rules.ts";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import type { Store } from "../../src/store/store.ts";
import { diary, done, drain, job, temporaryQueue } from "./outcomes.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** Lets timers pass in steps, and the store answer all that was asked of it in each. */
async function pass(ms: number, store: Store): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    await vi.advanceTimersByTimeAsync(Math.min(stepMs, left));
    for (let turn = 0; turn < 3; turn += 1) await sql`select 1`.execute(store.db);
  }
}

const stepMs = 2000;

test("an orderly stop waits for running work and takes no new work", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  const stop = new AbortController();
  const started = Promise.withResolvers<undefined>();
  await queue.enqueue(store.db, job("n1"));
  let isDone = false;
  const worker = async () => {
    started.resolve(undefined);
    await wait(200);
    isDone = true;
    return done;
  };
  const working = queue.work({ follow: worker }, stop.signal);
  await started.promise;
  stop.abort();
  await queue.enqueue(store.db, job("n2"));
  await working;
  expect(isDone).toBe(true);
  expect(await queue.counts()).toEqual({ ready: 1, leased: 0, parked: 0 });
});

test("work that does not end at a stop is given back without a try used up", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  await using world = await temporaryQueue();
  const { queue, store } = world;
  const stop = new AbortController();
  const started = Promise.withResolvers<AbortSignal>();
  await queue.enqueue(store.db, job("n1"));
  const stuck = new Promise<never>(() => {});
  const working = queue.work({ follow: async (_, signal) => (started.resolve(signal), stuck) }, stop.signal);
  const signal = await started.promise;
  stop.abort();
  await pass(stepMs, store);
  await pass(limits.stopGraceMs - 2 * stepMs, store);
  expect(signal.aborted).toBe(false);
  await pass(2 * stepMs + limits.jobAbortGraceMs, store);
  await working;
  expect(signal.aborted).toBe(true);
  const row = await store.db.selectFrom("job").select(["state", "attempts"]).executeTakeFirstOrThrow();
  expect(row).toEqual({ state: "ready", attempts: 0 });
  expect(limits.stopGraceMs + limits.jobAbortGraceMs).toBeLessThan(limits.stopForcedMs);
});

test("a long job keeps its lease, and one that never ends gives its place back", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
  await using world = await temporaryQueue();
  const { queue, store, reports } = world;
  await queue.enqueue(store.db, job("n1"));
  const started = Promise.withResolvers<AbortSignal>();
  const stuck = new Promise<never>(() => {});
  const draining = drain(queue, async (_, signal) => (started.resolve(signal), stuck));
  const signal = await started.promise;
  const other = createSqlQueue({ store, owner: "cli:2" });
  await pass(limits.jobLeaseMs * 3, store);
  expect(await drain(other, diary().worker)).toBe(0);
  expect(signal.aborted).toBe(false);
  await pass(limits.jobLongestMs - limits.jobLeaseMs * 3 + limits.jobAbortGraceMs, store);
  expect(signal.aborted).toBe(true);
  await vi.waitFor(() => expect(reports).toHaveLength(1), { timeout: 60_000 });
  expect(reports[0]).toMatchObject({ result: "retry", because: "did not end in time" });
  await draining;
});

test("a process that lost its lease records nothing, neither its outcome nor what it would commit", async () => {
  let nowMs = 1000;
  await using world = await temporaryQueue({ clock: () => nowMs });
  const { queue, store, reports } = world;
  const other = createSqlQueue({ store, owner: "cli:2", clock: () => nowMs });
  await queue.enqueue(store.db, job("n1"));
  let committed = 0;
  await drain(queue, async () => {
    nowMs += limits.jobLeaseMs + 1;
    expect(await drain(other, async ({ attempt }) => ({ kind: "park", because: `attempt ${attempt}` }))).toBe(
      1,
    );
    return { kind: "done", commit: async () => void (committed += 1) };
  });
  expect(committed).toBe(0);
  expect(reports.map(({ result }) => result)).toEqual(["lost"]);
  expect((await queue.parked()).map(({ lastError }) => lastError)).toEqual(["attempt 2"]);
});

test("a clock that jumps ahead does not make a process take its own work a second time", async () => {
  let nowMs = 1000;
  await using world = await temporaryQueue({ clock: () => nowMs });
  const { queue, store } = world;
  await queue.enqueue(store.db, job("n1"));
  let runs = 0;
  await drain(queue, async () => {
    runs += 1;
    nowMs += 40 * 24 * 3600_000;
    await queue.enqueue(store.db, job("n2", { kind: "leave" }));
    await wait(100);
    return done;
  });
  expect(runs).toBe(1);
});

test("jobs of a dead daemon are due at once, and those of a command that may be alive are not", async () => {
  await using world = await temporaryQueue({ clock: () => 50_000 });
  const { queue, store } = world;
  const dead = { state: "leased", lease_until: 99_999, attempts: 1 } as const;
  for (const subject of ["a", "b"]) await queue.enqueue(store.db, job(subject, { runAt: 10 }));
  await store.db
    .updateTable("job")
    .set({ ...dead, lease_owner: "serve:77" })
    .where("subject", "=", "a")
    .execute();
  await store.db
    .updateTable("job")
    .set({ ...dead, lease_owner: "cli:7" })
    .where("subject", "=", "b")
    .execute();
  expect(await queue.releaseOwn("serve:")).toBe(1);
  const attempts: (readonly [string, number])[] = [];
  await drain(queue, async ({ subject, attempt }) => (attempts.push([subject, attempt]), done));
  expect(attempts).toEqual([["a", 2]]);
});

test("jobs that saw processes die run one at a time, beside others", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  for (const subject of ["s1", "s2", "s3", "f1", "f2", "f3"]) await queue.enqueue(store.db, job(subject));
  const deaths = limits.jobSuspectDeaths;
  await store.db
    .updateTable("job")
    .set({ deaths, attempts: deaths })
    .where("subject", "like", "s%")
    .execute();
  const running = new Set<string>();
  const together: string[] = [];
  await drain(queue, async ({ subject }) => {
    running.add(subject);
    await wait(20);
    together.push([...running].filter((name) => name.startsWith("s")).join(" "));
    running.delete(subject);
    return done;
  });
  expect(together).toHaveLength(6);
  expect(together.filter((names) => names.includes(" "))).toEqual([]);
});

test("a job over which processes keep dying is parked when its tries are used up", async () => {
  let nowMs = 0;
  await using world = await temporaryQueue({ clock: () => nowMs });
  const { queue, store, reports } = world;
  await queue.enqueue(store.db, job("m1", { kind: "read-message" }));
  const { tries } = retryRules["read-message"];
  const dying = { state: "leased", attempts: tries, lease_owner: "cli:7", lease_until: 10 } as const;
  await store.db.updateTable("job").set(dying).execute();
  nowMs = 11;
  expect(await drain(queue, diary().worker, "read-message")).toBe(0);
  expect(await queue.parked()).toMatchObject([
    { attempts: tries, lastError: "the process ended during the last try" },
  ]);
  expect(reports).toMatchObject([{ result: "parked", job: { subject: "m1" } }]);
});

test("an effect whose end does not fit on a full disk is recorded when there is space, not done again", async () => {
  const problems: unknown[] = [];
  await using world = await temporaryQueue({
    onProblem: (error) => {
      problems.push(error);
      void sql`pragma max_page_count = 1000000`.execute(store.db);
    },
  });
  const { queue, store, reports } = world;
  await queue.enqueue(store.db, job("n1"));
  let runs = 0;
  await drain(queue, async () => {
    runs += 1;
    const name = "x".repeat(100_000);
    const pages = await sql<{ page_count: number }>`pragma page_count`.execute(store.db);
    await sql.raw(`pragma max_page_count = ${pages.rows[0]?.page_count ?? 0}`).execute(store.db);
    const row = { id: "a1", name, locale: "en", modules_json: "[]", created_at: 1 };
    return {
      kind: "done",
      commit: async (db) => void (await db.insertInto("account").values(row).execute()),
    };
  });
  expect(runs).toBe(1);
  expect(problems).toMatchObject([{ code: "SQLITE_FULL" }]);
  expect(reports.map(({ result }) => result)).toEqual(["done"]);
  expect(await store.db.selectFrom("account").select("id").execute()).toEqual([{ id: "a1" }]);
});

test("an idle queue beats, writes nothing and takes no lock", async () => {
  let beats = 0;
  const beganMs = performance.now();
  await using world = await temporaryQueue({ onBeat: () => void (beats += 1) });
  await using sibling = await world.store.again();
  const version = async () =>
    (await sql<{ data_version: number }>`pragma data_version`.execute(sibling.db)).rows[0];
  const before = await version();
  const stop = new AbortController();
  const working = world.queue.work({ follow: diary().worker }, stop.signal);
  await vi.waitFor(() => expect(beats).toBeGreaterThanOrEqual(3), { timeout: 60_000 });
  expect(await version()).toEqual(before);
  stop.abort();
  await working;
  // Hardly more than one in the time of a look, however long all this took.
  expect(beats).toBeLessThanOrEqual(2 + (performance.now() - beganMs) / limits.jobPollMs);
});
