import * as fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import {
  closeJob,
  type Closing,
  firstDue,
  insertJob,
  leaseJob,
  releaseDead,
} from "../../src/jobs/job-rows.ts";
import type { LeasedJob } from "../../src/jobs/queue.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryStore } from "../store/temporary.ts";
import { job } from "./outcomes.ts";

const owners = ["serve:1", "cli:2"] as const;

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("ask"), subject: fc.constantFrom("a", "b", "c") }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("lease"), owner: fc.constantFrom(...owners) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("close"),
      nth: fc.nat(9),
      how: fc.constantFrom("done", "retry", "park"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass"), ms: fc.constantFrom(1, limits.jobLeaseMs) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart") }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What the daemon, a command and their deaths did so far, by the order of events. */
class History {
  readonly asked: { subject: string; at: number }[] = [];
  readonly done: { subject: string; startedAt: number }[] = [];
  readonly held: { job: LeasedJob; owner: string; until: number; at: number; isClosed: boolean }[] = [];
  nowMs = 1_000_000;
  #event = 0;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async take(of: Step): Promise<void> {
    this.#event += 1;
    if ("subject" in of) return this.ask(of.subject);
    if ("owner" in of) return void (await this.lease(of.owner));
    if ("how" in of) return this.close(this.held[of.nth], of.how);
    if ("ms" in of) this.nowMs += of.ms;
    else await this.restart();
  }

  async ask(subject: string): Promise<void> {
    await insertJob(this.#store.db, job(subject, { uniqueKey: subject }), this.nowMs);
    this.asked.push({ subject, at: this.#event });
  }

  async lease(owner: string): Promise<boolean> {
    const { nowMs } = this;
    const running = new Set<number>();
    const request = {
      owner,
      nowMs,
      kinds: ["follow"] as const,
      lane: undefined,
      subject: undefined,
      running,
      takesSuspects: true,
    };
    return this.#store.transaction(async (db) => {
      const row = await firstDue(db, request);
      if (row === undefined) return false;
      const live = this.held.filter(
        ({ job: { id }, until, isClosed }) => id === row.id && until > nowMs && !isClosed,
      );
      expect(live, "a job is leased to two at a time").toEqual([]);
      const { job: leased } = await leaseJob(db, row, request);
      const until = nowMs + limits.jobLeaseMs;
      this.held.push({ job: leased, owner, until, at: this.#event, isClosed: false });
      return true;
    });
  }

  async close(lease: History["held"][number] | undefined, how: Closing["kind"]): Promise<void> {
    if (lease === undefined) return;
    const retry = { kind: "retry", because: "x", runAt: this.nowMs + 5, isUncounted: false } as const;
    const closing: Closing = how === "retry" ? retry : { kind: how, because: "x" };
    const isRecorded = await closeJob(this.#store.db, lease.job, closing);
    const newest = this.held.findLast(({ job: { id } }) => id === lease.job.id);
    if (isRecorded) expect(lease, "only the newest holder records, and once").toBe(newest);
    if (isRecorded) expect(lease.isClosed).toBe(false);
    lease.isClosed ||= isRecorded;
    if (isRecorded && how === "done") this.done.push({ subject: lease.job.subject, startedAt: lease.at });
  }

  async restart(): Promise<void> {
    await releaseDead(this.#store.db, "serve:", this.nowMs);
    for (const lease of this.held) if (lease.owner === "serve:1") lease.until = 0;
  }

  /** Everything that is left is done, with nobody dying any more. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      this.#event += 1;
      this.nowMs += limits.jobLeaseMs;
      await this.#store.db.updateTable("job").set({ state: "ready" }).where("state", "=", "parked").execute();
      while (await this.lease("serve:1")) await this.close(this.held.at(-1), "done");
    }
  }
}

test("whoever dies or comes late: a job has one holder, one end, and is done after each time it was asked for", async () => {
  await using store = await temporaryStore();
  let leases = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      await store.db.deleteFrom("job").execute();
      const history = new History(store);
      for (const each of steps) await history.take(each);
      await history.settle();
      expect(await store.db.selectFrom("job").selectAll().execute()).toEqual([]);
      for (const { subject, at } of history.asked) {
        const after = history.done.filter((run) => run.subject === subject && run.startedAt > at);
        expect(after.length, `${subject} asked for at ${at} was done later`).toBeGreaterThan(0);
      }
      leases += history.held.length;
    }),
    { numRuns: 60 },
  );
  expect(leases).toBeGreaterThan(100);
});
