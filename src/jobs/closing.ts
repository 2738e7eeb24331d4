import { limits } from "../domain/limits.ts";
import { backoffMs } from "../domain/retry.ts";
import type { Closing } from "./job-rows.ts";
import type { JobOutcome, LeasedJob } from "./queue.ts";
import { retryRules } from "./retry-rules.ts";

/** How the attempt itself came to an end. */
export type Ended =
  | { readonly kind: "outcome"; readonly outcome: JobOutcome }
  | { readonly kind: "threw"; readonly error: unknown }
  /** Its signal was aborted, and it did not end within limits.jobAbortGraceMs. */
  | { readonly kind: "abandoned" };

interface ClosingFacts {
  readonly nowMs: number;
  readonly random: () => number;
  /** The daemon ends: an attempt that was broken off says nothing about the work. */
  readonly isStopping: boolean;
}

/** What happens to a job after this attempt. */
export function closingOf(job: LeasedJob, ended: Ended, facts: ClosingFacts): Closing {
  if (ended.kind !== "outcome") return closingOfFailure(job, ended, facts);
  const { outcome } = ended;
  if (outcome.kind === "done") return { kind: "done" };
  const because = oneLine(outcome.because);
  if (outcome.kind === "park") return { kind: "park", because };
  const isUncounted = outcome.isUncounted === true;
  if (!isUncounted && isLastTry(job)) return { kind: "park", because };
  return { kind: "retry", because, runAt: facts.nowMs + Math.max(0, outcome.afterMs), isUncounted };
}

function closingOfFailure(
  job: LeasedJob,
  ended: Exclude<Ended, { kind: "outcome" }>,
  facts: ClosingFacts,
): Closing {
  if (facts.isStopping) {
    return {
      kind: "retry",
      because: "broken off because Usher stopped",
      runAt: facts.nowMs,
      isUncounted: true,
    };
  }
  const because = ended.kind === "threw" ? failureText(ended.error) : "did not end in time";
  if (isLastTry(job)) return { kind: "park", because };
  const waitMs = backoffMs(job.attempt, retryRules[job.kind].schedule, facts.random);
  return { kind: "retry", because, runAt: facts.nowMs + waitMs, isUncounted: false };
}

function isLastTry(job: LeasedJob): boolean {
  return job.attempt >= retryRules[job.kind].tries;
}

/** Usher's own adapter errors are written for people; the words of others may hold a link or worse. */
function failureText(error: unknown): string {
  if (!(error instanceof Error)) return "failed unexpectedly; the log says more";
  if ("temporary" in error) return oneLine(error.message);
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  return oneLine(`failed unexpectedly (${error.name}${code}); the log says more`);
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").slice(0, limits.remoteTextChars);
}
