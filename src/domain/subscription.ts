/**
 * The life of a subscription.
 *
 * States, as OX names them (reference/ox.md, section 7); every protocol uses this one set:
 *
 *   SUBSCRIBED           the share is followed and was seen at the last check
 *   INACCESSIBLE         the origin could not be asked, or is barred to the account; pause, then ask again
 *   CREDENTIALS_REFRESH  the origin wants another guest password; waits for the account
 *   UNSUBSCRIBED         the account left (an end)
 *   REMOVED              the origin says the share or the guest is gone (an end)
 *
 *   event \ state   SUBSCRIBED   INACCESSIBLE  CREDENTIALS_REFRESH
 *   seen            SUBSCRIBED   SUBSCRIBED    SUBSCRIBED
 *   no-answer       INACCESSIBLE INACCESSIBLE  CREDENTIALS_REFRESH (still waits, asks again after the pause)
 *   barred          as no-answer: the share may stand, and this account may not look (a module switched off, an
 *                   address removed, a guest of another address); it ends nothing, and mends itself when that is undone
 *   bad-password    CREDENTIALS_REFRESH, no further checks until a password is given
 *   gone            REMOVED
 *   left            UNSUBSCRIBED
 *
 * An end is never left again; a new mail for the same share makes a new subscription.
 */

import { unreachable } from "./unreachable.ts";

/** All states a share link can be in for an account; the lasting ones are SubscriptionState. */
export type LinkState =
  | SubscriptionState
  | "ADDABLE"
  | "ADDABLE_WITH_PASSWORD"
  | "UNRESOLVABLE"
  | "UNSUPPORTED"
  | "FORBIDDEN";

export type SubscriptionState =
  | "SUBSCRIBED"
  | "UNSUBSCRIBED"
  | "CREDENTIALS_REFRESH"
  | "INACCESSIBLE"
  | "REMOVED";

export type SubscriptionEvent =
  | { readonly kind: "seen" }
  | { readonly kind: "no-answer"; readonly retryAfterMs: number | null }
  | { readonly kind: "barred" }
  | { readonly kind: "bad-password" }
  | { readonly kind: "gone" }
  | { readonly kind: "left" };

export interface SubscriptionLife {
  readonly state: SubscriptionState;
  /** Since when checks fail, ms; null while they succeed. */
  readonly failingSince: number | null;
  /** When to look again, ms; null when only the account can change something. */
  readonly nextCheckAt: number | null;
}

export interface CheckTimes {
  readonly nowMs: number;
  readonly checkEveryMs: number;
  readonly pauseAfterErrorMs: number;
  /** Uniform in [0, 1): spreads checks so that they do not come in one wave. */
  readonly random: () => number;
}

/** Whether the state is an end. */
export function hasEnded(state: SubscriptionState): boolean {
  return state === "REMOVED" || state === "UNSUBSCRIBED";
}

/** The life after an event; null where the event cannot happen because the life has ended. */
export function afterEvent(
  life: SubscriptionLife,
  event: SubscriptionEvent,
  times: CheckTimes,
): SubscriptionLife | null {
  if (hasEnded(life.state)) return null;
  switch (event.kind) {
    case "seen":
      return { state: "SUBSCRIBED", failingSince: null, nextCheckAt: jittered(times, times.checkEveryMs) };
    case "no-answer":
      return pausing(life, times, event.retryAfterMs ?? 0);
    case "barred":
      return pausing(life, times, 0);
    case "bad-password":
      return {
        state: "CREDENTIALS_REFRESH",
        failingSince: life.failingSince ?? times.nowMs,
        nextCheckAt: null,
      };
    case "gone":
      return { state: "REMOVED", failingSince: null, nextCheckAt: null };
    case "left":
      return { state: "UNSUBSCRIBED", failingSince: null, nextCheckAt: null };
    default:
      return unreachable(event);
  }
}

/** Asked again after the pause, or later where the origin wants that. */
function pausing(life: SubscriptionLife, times: CheckTimes, askedMs: number): SubscriptionLife {
  return {
    state: life.state === "CREDENTIALS_REFRESH" ? life.state : "INACCESSIBLE",
    failingSince: life.failingSince ?? times.nowMs,
    nextCheckAt: jittered(times, Math.max(times.pauseAfterErrorMs, askedMs)),
  };
}

/** Up to a tenth later than asked, never earlier: a pause that the origin wants is kept. */
function jittered(times: CheckTimes, waitMs: number): number {
  return Math.round(times.nowMs + waitMs * (1 + times.random() / 10));
}
