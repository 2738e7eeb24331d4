import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../domain/limits.ts";
import type { Store } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { closingOf, type Ended } from "./closing.ts";
import { closeJob, type Closing, renewLease } from "./job-rows.ts";
import type { LeasedJob, Worker } from "./queue.ts";

export interface AttemptParts {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: () => number;
  /** Told of trouble with the store that may pass. */
  readonly onProblem: (error: unknown) => void;
}

/** What became of one attempt, for the log. */
export interface JobReport {
  readonly job: LeasedJob;
  /** `lost`: its end could not be recorded, because the job was taken over or the daemon stopped. */
  readonly result: "done" | "retry" | "parked" | "lost";
  readonly because: string | null;
  readonly tookMs: number;
  /** What the worker or its `commit` threw. */
  readonly error: unknown;
}

interface Attempt {
  readonly job: LeasedJob;
  readonly worker: Worker;
  /** Aborted when the daemon cannot wait any longer. */
  readonly halt: AbortSignal;
  readonly parts: AttemptParts;
}

/** Runs one leased job and records how it ended. Throws StoreError where the store fails for good. */
export async function runAttempt(attempt: Attempt): Promise<JobReport> {
  const startedMs = performance.now();
  using lease = holdLease(attempt);
  const ended = await recordEnd(attempt, await endOf(attempt, lease.signal));
  return { job: attempt.job, tookMs: Math.round(performance.now() - startedMs), ...ended };
}

async function endOf({ worker, job }: Attempt, signal: AbortSignal): Promise<Ended> {
  const { promise: abandoned, resolve } = Promise.withResolvers<Ended>();
  let timer: NodeJS.Timeout | undefined;
  const abandonSoon = (): void => {
    timer = setTimeout(() => resolve({ kind: "abandoned" }), limits.jobAbortGraceMs);
  };
  signal.addEventListener("abort", abandonSoon, { once: true });
  const ended = await Promise.race([ranToEnd(worker, job, signal), abandoned]);
  signal.removeEventListener("abort", abandonSoon);
  clearTimeout(timer);
  return ended;
}

/** Never rejects, also not long after it was abandoned. */
async function ranToEnd(worker: Worker, job: LeasedJob, signal: AbortSignal): Promise<Ended> {
  try {
    return { kind: "outcome", outcome: await worker(job, signal) };
  } catch (error) {
    return { kind: "threw", error };
  }
}

/** Records the end in one transaction with what the outcome commits; a commit that throws is a failed attempt. */
async function recordEnd(attempt: Attempt, ended: Ended): Promise<Omit<JobReport, "job" | "tookMs">> {
  const { job, halt, parts } = attempt;
  const facts = { nowMs: parts.clock(), random: parts.random, isStopping: halt.aborted };
  const closing = closingOf(job, ended, facts);
  const commit = ended.kind === "outcome" ? ended.outcome.commit : undefined;
  try {
    const isRecorded = await whenStorePermits(attempt, async () =>
      parts.store.transaction(async (db) => {
        if (!(await closeJob(db, job, closing))) return false;
        await commit?.(db);
        return true;
      }),
    );
    return {
      result: isRecorded ? resultOf(closing) : "lost",
      because: closing.kind === "done" ? null : closing.because,
      error: ended.kind === "threw" ? ended.error : null,
    };
  } catch (error) {
    if (commit === undefined) throw error;
    return recordEnd(attempt, { kind: "threw", error });
  }
}

function resultOf(closing: Closing): JobReport["result"] {
  return closing.kind === "park" ? "parked" : closing.kind;
}

/** The effect of the job is out in the world: a full disk must not make Usher forget that, so it asks until it fits. */
async function whenStorePermits(attempt: Attempt, write: () => Promise<boolean>): Promise<boolean> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreError && error.temporary)) throw error;
      attempt.parts.onProblem(error);
      if (attempt.halt.aborted) return false;
      await wait(limits.jobPollMs);
    }
  }
}

/** Renews the lease while the attempt runs; its signal is aborted when the attempt should end. */
function holdLease({ job, halt, parts }: Attempt): Disposable & { readonly signal: AbortSignal } {
  const end = new AbortController();
  const endNow = (): void => end.abort();
  const renew = async (): Promise<void> => {
    try {
      const leaseUntil = parts.clock() + limits.jobLeaseMs;
      if (!(await renewLease(parts.store.db, job, leaseUntil))) endNow();
    } catch (error) {
      parts.onProblem(error);
    }
  };
  const renewal = setInterval(() => void renew(), limits.jobLeaseMs / 3);
  const deadline = setTimeout(endNow, limits.jobLongestMs);
  halt.addEventListener("abort", endNow, { once: true });
  return {
    signal: end.signal,
    [Symbol.dispose]: () => {
      clearInterval(renewal);
      clearTimeout(deadline);
      halt.removeEventListener("abort", endNow);
    },
  };
}
