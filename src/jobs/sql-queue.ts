import type { Selectable } from "kysely";
import type { JobTable } from "../store/schema.ts";
import type { Store } from "../store/store.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import type { JobReport } from "./attempt.ts";
import type { Bell } from "./bell.ts";
import { insertJob, releaseDead } from "./job-rows.ts";
import { ownerOf } from "./job-owner.ts";
import type { JobQueue, JobView } from "./queue.ts";
import { isJobKind } from "./retry-rules.ts";
import { kindsOf, type LoopParts, runJobs } from "./run-jobs.ts";

export interface SqlQueueOptions {
  readonly store: Store;
  /** Marks the leases of this process, for example `serve:4711`. */
  readonly owner: string;
  /** [0, 1); spreads retries. */
  readonly random?: () => number;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Told how each attempt ended, for the log. */
  readonly onOutcome?: (report: JobReport) => void;
  /** Told of trouble with the store that may pass, such as a full disk. */
  readonly onProblem?: (error: unknown) => void;
  /** Called at least every limits.jobPollMs while the loop runs and the store answers: what a watchdog is bound to. */
  readonly onBeat?: () => void;
}

export interface SqlQueue extends JobQueue {
  /**
   * Frees the jobs of dead processes whose owner begins so; returns how many. Only for the holder of the instance
   * lock, which proves that they are dead. Their attempts stay counted.
   */
  releaseOwn(ownerPrefix: string): Promise<number>;
}

/** The queue in the table `job`. Several processes may share the file; one daemon and commands beside it. */
export function createSqlQueue(options: SqlQueueOptions): SqlQueue {
  const { store } = options;
  const parts = loopParts(options);
  const wake = (): void => {
    for (const bell of parts.bells) bell.ring();
  };
  return {
    async enqueue(db, job) {
      await insertJob(db, job, parts.clock());
      afterCommit(wake);
    },
    async work(workers, stop) {
      const kinds = kindsOf(workers);
      await runJobs({ workers, kinds, lane: undefined, subject: undefined, stop, untilIdle: false }, parts);
    },
    async drain(workers, only, signal) {
      const kinds = kindsOf(workers).filter((kind) => only.kinds.includes(kind));
      const { lane, subject } = only;
      return runJobs({ workers, kinds, lane, subject, stop: signal, untilIdle: true }, parts);
    },
    parked: async () => readParked(store),
    async runAgain(id) {
      const isFreed = await unpark(store, id, parts.clock());
      if (isFreed) afterCommit(wake);
      return isFreed;
    },
    counts: async () => countStates(store),
    releaseOwn: async (ownerPrefix) => releaseDead(store.db, ownerPrefix, parts.clock()),
  };
}

function loopParts(options: SqlQueueOptions): LoopParts {
  return {
    store: options.store,
    owner: options.owner,
    random: options.random ?? Math.random,
    clock: options.clock ?? Date.now,
    onOutcome: options.onOutcome ?? nothing,
    onProblem: options.onProblem ?? nothing,
    onBeat: options.onBeat ?? nothing,
    running: new Set<number>(),
    suspects: new Set<number>(),
    bells: new Set<Bell>(),
  };
}

function nothing(): void {}

async function readParked(store: Store): Promise<readonly JobView[]> {
  const rows = await store.db
    .selectFrom("job")
    .selectAll()
    .where("state", "=", "parked")
    .orderBy("id")
    .execute();
  const views: JobView[] = [];
  for (const row of rows) views.push(await jobView(store, row));
  return views;
}

async function jobView(store: Store, row: Selectable<JobTable>): Promise<JobView> {
  const { id, kind, subject, lane, state, attempts } = row;
  const owner = isJobKind(kind) ? await ownerOf(store.db, kind, subject) : null;
  return { id, kind, owner, subject, lane, state, attempts, runAt: row.run_at, lastError: row.last_error };
}

async function unpark(store: Store, id: number, nowMs: number): Promise<boolean> {
  const freed = await store.db
    .updateTable("job")
    .set({ state: "ready", run_at: nowMs, attempts: 0, deaths: 0, last_error: null })
    .where("id", "=", id)
    .where("state", "=", "parked")
    .executeTakeFirst();
  return freed.numUpdatedRows > 0n;
}

async function countStates(store: Store): Promise<Record<JobTable["state"], number>> {
  const rows = await store.db
    .selectFrom("job")
    .select(["state", (eb) => eb.fn.countAll<number>().as("jobs")])
    .groupBy("state")
    .execute();
  return {
    ready: 0,
    leased: 0,
    parked: 0,
    ...Object.fromEntries(rows.map(({ state, jobs }) => [state, jobs])),
  };
}
