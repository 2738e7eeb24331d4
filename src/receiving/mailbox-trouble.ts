import type { JobOutcome } from "../jobs/queue.ts";
import { MailboxError } from "../mailbox/session.ts";

/** The connection to the mailbox comes back by itself. */
const notNowMs = 2000;

/** What becomes of work that a mailbox could not do; throws what is no MailboxError. */
export function afterMailboxError(error: unknown): JobOutcome {
  if (!(error instanceof MailboxError)) throw error;
  const because = `mailbox: ${error.reason}: ${error.message}`;
  if (!error.temporary) return { kind: "park", because };
  // A refusal is about this mail; anything else says nothing about it.
  if (error.reason === "refused") return { kind: "retry", because, afterMs: notNowMs };
  return { kind: "retry", because, afterMs: notNowMs, isUncounted: true };
}
