import { limits } from "../domain/limits.ts";
import { backoffMs, type Schedule, schedules } from "../domain/retry.ts";
import type { MailboxCondition } from "../store/mailboxes.ts";
import type { MailboxError } from "./session.ts";

/** How patient a watcher is; limits.ts has the values, tests have shorter ones. */
export interface Patience {
  /** Waits after connections that failed or ended soon. */
  readonly reconnect: Schedule;
  /** Waits after refused credentials. */
  readonly authentication: Schedule;
  /** A connection that lived this long starts the waits over. */
  readonly stableMs: number;
  /** Refused credentials in a row, or time since the first, after which the mailbox is disabled. */
  readonly authFailures: number;
  readonly authFailureMs: number;
}

export const patience: Patience = {
  reconnect: schedules.imap,
  authentication: {
    stepsMs: [limits.imapAuthBackoffFirstMs],
    growth: 2,
    capMs: limits.imapAuthBackoffMaxMs,
  },
  stableMs: limits.imapStableMs,
  authFailures: limits.imapAuthFailures,
  authFailureMs: limits.imapAuthFailureMs,
};

/** After a login: whatever was wrong is over, but for folders that do not exist and those that cannot be made. */
export function conditionConnected(
  now: number,
  missing: readonly string[] = [],
  complaint: string | null = null,
): MailboxCondition {
  const absent = missing.length === 0 ? null : `Not on the server: folder ${missing.join(", ")}.`;
  const reasons = [absent, complaint].filter((text) => text !== null);
  const reason = reasons.length === 0 ? null : reasons.join(" ");
  return { state: "active", reason, authFailures: 0, firstAuthFailureAt: null, progressAt: now };
}

/** After a connection failed or ended. Only refused credentials count towards disabling (reference/mail-daemons.md 7.6). */
export function conditionFailed(
  before: MailboxCondition,
  error: Pick<MailboxError, "reason" | "message">,
  now: number,
  bounds: Pick<Patience, "authFailures" | "authFailureMs">,
): MailboxCondition {
  const { reason, message } = error;
  if (reason === "unsafe-login") return { ...before, state: "disabled", reason: message, progressAt: null };
  if (reason !== "authentication-failed") {
    return { ...before, state: "backoff", reason: message, progressAt: null };
  }
  const authFailures = before.authFailures + 1;
  const firstAuthFailureAt = before.firstAuthFailureAt ?? now;
  const counted = { authFailures, firstAuthFailureAt, progressAt: null };
  if (authFailures < bounds.authFailures && now - firstAuthFailureAt < bounds.authFailureMs) {
    return { ...counted, state: "auth-failed", reason: message };
  }
  const wayOut = `Disabled after ${authFailures} refused logins; \`usher mailbox enable\` starts it again.`;
  return { ...counted, state: "disabled", reason: `${message} ${wayOut}` };
}

/** How long to wait before the next connection. `failures` counts connections in a row that failed or ended soon. */
export function reconnectWaitMs(
  condition: Pick<MailboxCondition, "state" | "authFailures">,
  failures: number,
  { reconnect, authentication }: Patience,
  random: () => number,
): number {
  if (condition.state === "auth-failed") return backoffMs(condition.authFailures, authentication, random);
  return failures === 0 ? 0 : backoffMs(failures, reconnect, random);
}
