import { limits } from "./limits.ts";
import type { MailFailure } from "./mail-failure.ts";

/** What mails that came back say against an address; it fades with time. */
export interface Suppression {
  /** As of `lastAtMs`. */
  readonly score: number;
  /** Milliseconds since 1970. */
  readonly lastAtMs: number;
}

/** The score now: half of it is gone after each limits.suppressionHalfLifeMs. */
function scoreAt({ score, lastAtMs }: Suppression, nowMs: number): number {
  return score * 0.5 ** (Math.max(0, nowMs - lastAtMs) / limits.suppressionHalfLifeMs);
}

/** The score after one more failure; null where the failure says nothing against the address. */
export function scoreAfter(before: Suppression | null, failure: MailFailure, nowMs: number): number | null {
  const weight = weights[failure];
  if (weight === undefined) return null;
  const left = before === null ? 0 : scoreAt(before, nowMs);
  return Math.min(limits.suppressionScoreMax, left + weight);
}

/** When mail goes to the address again, milliseconds since 1970; null where it does so now. */
export function suppressedUntilMs(suppression: Suppression, nowMs: number): number | null {
  const { score, lastAtMs } = suppression;
  if (scoreAt(suppression, nowMs) < limits.suppressionThreshold) return null;
  return Math.ceil(lastAtMs + Math.log2(score / limits.suppressionThreshold) * limits.suppressionHalfLifeMs);
}

/**
 * One mail to an address that does not exist is enough; a full mailbox may be emptied tomorrow. What was refused for its
 * sender, its size or its content, or only took too long, says nothing against the address.
 */
const weights: Readonly<Partial<Record<MailFailure, number>>> = {
  "unknown-user": 2,
  "unknown-domain": 2,
  "mailbox-closed": 2,
  "mailbox-full": 0.5,
  other: 0.5,
};
