import { limits } from "../domain/limits.ts";
import { backoffMs, schedules } from "../domain/retry.ts";
import type { JobOutcome, LeasedJob } from "../jobs/queue.ts";
import type { Db } from "../store/store.ts";
import type { CallFailure } from "./call.ts";

/**
 * What becomes of a step at a member's Cozy that failed: tried again while that may help, then parked for the administrator to
 * see. `commit` records the failure.
 */
export function stepFailed(
  { reason, temporary }: Pick<CallFailure, "reason" | "temporary">,
  job: Pick<LeasedJob, "attempt">,
  commit: (db: Db) => Promise<void>,
): JobOutcome {
  if (!temporary || job.attempt >= limits.followTries) return { kind: "park", because: reason, commit };
  const afterMs = backoffMs(job.attempt, schedules.http, Math.random);
  return { kind: "retry", because: reason, afterMs, commit };
}
