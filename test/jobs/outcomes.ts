import type { JobReport } from "../../src/jobs/attempt.ts";
import type { JobKind, JobOutcome, NewJob, Worker } from "../../src/jobs/queue.ts";
import { createSqlQueue, type SqlQueue, type SqlQueueOptions } from "../../src/jobs/sql-queue.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryStore } from "../store/temporary.ts";

export const done: JobOutcome = { kind: "done" };

/** A job that nothing depends on. */
export function job(subject: string, rest: Partial<NewJob> = {}): NewJob {
  return { kind: "follow", subject, lane: subject, ...rest };
}

/** A queue on a store of its own, with everything it reports. */
export async function temporaryQueue(options: Partial<SqlQueueOptions> = {}): Promise<
  {
    readonly store: Store & { readonly again: () => Promise<Store> };
    readonly queue: SqlQueue;
    readonly reports: JobReport[];
  } & AsyncDisposable
> {
  const store = await temporaryStore();
  const reports: JobReport[] = [];
  const onOutcome = (report: JobReport): void => void reports.push(report);
  const queue = createSqlQueue({ store, owner: "serve:1", random: () => 0.5, onOutcome, ...options });
  return { store, queue, reports, [Symbol.asyncDispose]: async () => store[Symbol.asyncDispose]() };
}

/** Drains all due jobs of one kind with this worker. */
export async function drain(queue: SqlQueue, worker: Worker, kind: JobKind = "follow"): Promise<number> {
  return queue.drain({ [kind]: worker }, { kinds: [kind] }, AbortSignal.timeout(60_000));
}

/** A worker that writes down which subjects it saw, and what to answer for each. */
export function diary(answer: (subject: string, attempt: number) => JobOutcome = () => done): {
  readonly seen: string[];
  readonly worker: Worker;
} {
  const seen: string[] = [];
  return {
    seen,
    worker: async ({ subject, attempt }) => {
      seen.push(subject);
      return answer(subject, attempt);
    },
  };
}
