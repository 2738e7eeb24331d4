import { limits } from "../domain/limits.ts";
import { StoreError } from "../store/store-error.ts";
import { type AttemptParts, type JobReport, runAttempt } from "./attempt.ts";
import { Bell } from "./bell.ts";
import {
  firstDue,
  isExhausted,
  type Lease,
  leaseJob,
  type LeaseRequest,
  nextDueAt,
  parkExhausted,
} from "./job-rows.ts";
import type { JobKind, LeasedJob, Workers } from "./queue.ts";
import { isJobKind } from "./retry-rules.ts";

export interface LoopParts extends AttemptParts {
  readonly owner: string;
  /** Ids of the jobs that run in this process. */
  readonly running: Set<number>;
  /** Those of them over which processes died before: one at a time. */
  readonly suspects: Set<number>;
  /** Bells of all loops in this process. */
  readonly bells: Set<Bell>;
  readonly onOutcome: (report: JobReport) => void;
  readonly onBeat: () => void;
}

interface Loop {
  readonly workers: Workers;
  readonly kinds: readonly JobKind[];
  readonly lane: string | undefined;
  readonly subject: string | undefined;
  readonly stop: AbortSignal;
  /** Ends when nothing is due and nothing runs, and throws where the store cannot be read or written now. */
  readonly untilIdle: boolean;
}

/**
 * Leases due jobs and runs them until `stop`; then running ones may end within limits.stopGraceMs. Returns how many
 * attempts were made. Throws StoreError where the store fails for good.
 */
export async function runJobs(loop: Loop, parts: LoopParts): Promise<number> {
  const crew = new Crew(loop, parts);
  parts.bells.add(crew.bell);
  try {
    while (!loop.stop.aborted && !crew.hasFailed) {
      // Work that ends during the round may have planned more, so only a round that began idle can be the last.
      const { isIdle, attempts } = crew;
      const waitMs = await nextRound(loop, crew, parts);
      if (loop.untilIdle && isIdle && crew.attempts === attempts) break;
      await crew.bell.wait(waitMs, loop.stop);
    }
  } finally {
    parts.bells.delete(crew.bell);
    await crew.end();
  }
  return crew.attempts;
}

/** Starts what is due, and gives how long to wait for more. */
async function nextRound(loop: Loop, crew: Crew, parts: LoopParts): Promise<number> {
  const nowMs = parts.clock();
  const request = {
    owner: parts.owner,
    nowMs,
    kinds: loop.kinds,
    lane: loop.lane,
    subject: loop.subject,
    running: parts.running,
    takesSuspects: parts.suspects.size === 0,
  };
  try {
    for (const lease of await leaseDue(request, crew.places, parts)) crew.start(lease);
    const dueAt = await nextDueAt(parts.store.db, loop.kinds, nowMs);
    parts.onBeat();
    return dueAt === null ? limits.jobPollMs : Math.min(limits.jobPollMs, Math.max(0, dueAt - parts.clock()));
  } catch (error) {
    if (loop.untilIdle || !(error instanceof StoreError && error.temporary)) throw error;
    parts.onProblem(error);
    // Waiting for a full disk or a foreign lock is what the loop should do now: no reason for a watchdog to bite.
    parts.onBeat();
    return limits.jobPollMs;
  }
}

/** Looks first: an idle daemon writes nothing. */
async function leaseDue(request: LeaseRequest, most: number, parts: LoopParts): Promise<readonly Lease[]> {
  const { store } = parts;
  if (most <= 0 || (await firstDue(store.db, request)) === undefined) return [];
  const dead: LeasedJob[] = [];
  const leased = await store.transaction(async (db) => {
    const leases: Lease[] = [];
    while (leases.length < most) {
      const takesSuspects = request.takesSuspects && !leases.some(({ isSuspect }) => isSuspect);
      const row = await firstDue(db, { ...request, takesSuspects });
      if (row === undefined) break;
      if (isExhausted(row)) dead.push(await parkExhausted(db, row, deathText));
      else leases.push(await leaseJob(db, row, request));
    }
    return leases;
  });
  for (const job of dead) {
    parts.onOutcome({ job, result: "parked", because: deathText, tookMs: 0, error: null });
  }
  return leased;
}

const deathText = "the process ended during the last try";

/** The attempts of one loop that run now. */
class Crew {
  readonly bell = new Bell();
  attempts = 0;
  readonly #loop: Loop;
  readonly #parts: LoopParts;
  readonly #halt = new AbortController();
  readonly #attempts = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(loop: Loop, parts: LoopParts) {
    this.#loop = loop;
    this.#parts = parts;
  }

  get isIdle(): boolean {
    return this.#attempts.size === 0;
  }

  get places(): number {
    return limits.jobsAtOnce - this.#attempts.size;
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  start({ job, isSuspect }: Lease): void {
    this.attempts += 1;
    this.#parts.running.add(job.id);
    if (isSuspect) this.#parts.suspects.add(job.id);
    const attempt = this.#run(job).finally(() => {
      this.#parts.running.delete(job.id);
      this.#parts.suspects.delete(job.id);
      this.#attempts.delete(attempt);
      this.bell.ring();
    });
    this.#attempts.add(attempt);
  }

  /** Waits for running attempts within the grace. Throws what made the store unusable, if anything did. */
  async end(): Promise<void> {
    const patience = setTimeout(() => this.#halt.abort(), limits.stopGraceMs);
    await Promise.all(this.#attempts);
    clearTimeout(patience);
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #run(job: LeasedJob): Promise<void> {
    const worker = this.#loop.workers[job.kind];
    const parts = this.#parts;
    try {
      if (worker === undefined) throw new Error(`No worker for jobs of kind ${job.kind}.`);
      parts.onOutcome(await runAttempt({ job, worker, halt: this.#halt.signal, parts }));
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}

/** The kinds that these workers do. */
export function kindsOf(workers: Workers): readonly JobKind[] {
  return Object.keys(workers).filter(isJobKind);
}
