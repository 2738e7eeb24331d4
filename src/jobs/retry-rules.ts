import { limits } from "../domain/limits.ts";
import { type Schedule, schedules, triesWithin } from "../domain/retry.ts";
import type { JobKind } from "./queue.ts";

/** What the queue does with work of one kind that fails without saying when to try again. */
export interface RetryRule {
  readonly schedule: Schedule;
  /** Attempts after which it is parked. */
  readonly tries: number;
}

export const retryRules: Readonly<Record<JobKind, RetryRule>> = {
  // One more than the tries of a whole mail: the last one looks at its headers only.
  "read-message": { schedule: schedules.imap, tries: limits.readTries + 1 },
  follow: { schedule: schedules.http, tries: limits.followTries },
  "check-subscription": { schedule: schedules.http, tries: limits.followTries },
  leave: { schedule: schedules.http, tries: limits.followTries },
  refuse: { schedule: schedules.http, tries: limits.followTries },
  "send-invitation": { schedule: schedules.mail, tries: triesWithin(limits.sendForMs, schedules.mail) },
  "send-notice": { schedule: schedules.mail, tries: triesWithin(limits.sendForMs, schedules.mail) },
  "tell-member": { schedule: schedules.http, tries: limits.followTries },
  "send-sharer-notice": { schedule: schedules.mail, tries: triesWithin(limits.sendForMs, schedules.mail) },
  "mark-message": { schedule: schedules.imap, tries: limits.followTries },
  "read-answer": { schedule: schedules.imap, tries: limits.followTries },
  "expire-notifications": { schedule: schedules.http, tries: limits.followTries },
  "tell-peer": { schedule: schedules.http, tries: limits.followTries },
  "sweep-federation": { schedule: schedules.http, tries: limits.followTries },
  "sweep-sharings": { schedule: schedules.http, tries: limits.followTries },
  "sweep-subscriptions": { schedule: schedules.http, tries: limits.followTries },
};

export function isJobKind(text: string): text is JobKind {
  return Object.hasOwn(retryRules, text);
}
