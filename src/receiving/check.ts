import {
  afterEvent,
  hasEnded,
  type SubscriptionEvent,
  type SubscriptionLife,
} from "../domain/subscription.ts";
import { unreachable } from "../domain/unreachable.ts";
import type { LeasedJob, Worker } from "../jobs/queue.ts";
import type { Ask, Call, FollowReply, NotFollowed } from "../protocols/protocol.ts";
import { readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { Db } from "../store/store.ts";
import {
  keepFolders,
  readSubscription,
  type SubscriptionRow,
  updateSubscription,
} from "../store/subscriptions.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { askFor, type Asking, isLastTry, recordCalls, retryAfter } from "./asking.ts";
import type { ReceivingParts } from "./parts.ts";
import { isNews } from "./plan.ts";
import { changeState } from "./state.ts";

/** The worker that looks whether a subscription still stands, and keeps its state true. */
export function createCheck(parts: ReceivingParts): Worker {
  return async (job, signal) => {
    const row = await readSubscription(parts.store.db, job.subject);
    if (row === undefined || row.ended_at !== null) return { kind: "done" };
    const notification = await readNotification(parts.store.db, row.notification_id);
    const asking = notification === undefined ? undefined : await askFor(notification, parts);
    if (asking === undefined) return { kind: "done" };
    const calls: Call[] = [];
    const reply = await lookAt(asking, job, { signal, record: (call) => calls.push(call) });
    const commit = async (db: Db): Promise<void> => keepState(db, { row, reply, calls }, parts);
    // What the schedule would not make up for is tried again; the subscription is paused as after any error.
    if (reply.kind === "try-later" && isNews(job.payload["cause"]) && !isLastTry(job)) {
      const afterMs = retryAfter(reply.retryAfterMs, parts.settings().pauseAfterErrorMs);
      return { kind: "retry", because: reply.because, afterMs, commit };
    }
    return { kind: "done", commit };
  };
}

/**
 * A folder that a later mail named is followed like the first, and a home server is given a new guest password in the
 * same way; whether all still stands, the check alone decides.
 */
async function lookAt({ via, way, share, account }: Asking, job: LeasedJob, ask: Ask): Promise<FollowReply> {
  const { cause } = job.payload;
  if (cause === "new-folder" || (cause === "new-password" && via === "home")) {
    const reply = await way.follow(share, account.who, ask);
    if (reply.kind === "followed") return reply;
  }
  return way.check(share, account.who, ask);
}

interface Look {
  readonly row: SubscriptionRow;
  readonly reply: FollowReply;
  readonly calls: readonly Call[];
}

async function keepState(db: Db, look: Look, parts: ReceivingParts): Promise<void> {
  const { reply, calls } = look;
  // The account may have left meanwhile: an end is never undone.
  const row = (await readSubscription(db, look.row.id)) ?? look.row;
  const { checkEveryMs, pauseAfterErrorMs } = parts.settings();
  const life: SubscriptionLife = {
    state: row.state,
    failingSince: row.failing_since,
    nextCheckAt: row.next_check_at,
  };
  const nowMs = Date.now();
  const times = { nowMs, checkEveryMs, pauseAfterErrorMs, random: parts.random };
  const next = afterEvent(life, eventOf(reply), times);
  const about = { accountId: row.account_id, notificationId: row.notification_id, subscriptionId: row.id };
  await recordCalls(db, about, calls);
  if (next === null) return;
  await addRecord(db, about, "outcome", {
    what: "check",
    from: row.state,
    to: next.state,
    ...(reply.kind === "followed" ? {} : { because: reply.because, detail: reply.detail }),
  });
  await updateSubscription(db, row.id, {
    state: next.state,
    reason: reply.kind === "followed" ? null : reply.because,
    detail: reply.kind === "followed" ? null : reply.detail,
    checked_at: nowMs,
    next_check_at: next.nextCheckAt,
    failing_since: next.failingSince,
    ended_at: hasEnded(next.state) ? nowMs : null,
  });
  if (next.state !== row.state) {
    afterCommit(() =>
      parts.tell("subscription-changed", { subscription: row.id, from: row.state, to: next.state }),
    );
  }
  if (reply.kind === "followed") await keepFolders(db, row.id, reply.folders);
  if (hasEnded(next.state) && reply.kind === "no") {
    const change = { state: "failed", reason: reply.because, detail: reply.detail } as const;
    await changeState(db, row.notification_id, change, parts, { onlyFrom: "followed" });
  }
}

/** What an answer means for the life of a subscription that stands. */
function eventOf(reply: FollowReply): SubscriptionEvent {
  switch (reply.kind) {
    case "followed":
    case "settled":
      return { kind: "seen" };
    case "try-later":
      return { kind: "no-answer", retryAfterMs: reply.retryAfterMs };
    case "no":
      return { kind: finalEvents[reply.state] };
    default:
      return unreachable(reply);
  }
}

/** Only an origin that says so ends a subscription; what the account may not, it may again tomorrow. */
const finalEvents: Readonly<
  Record<NotFollowed["state"], Exclude<SubscriptionEvent["kind"], "seen" | "no-answer">>
> = {
  CREDENTIALS_REFRESH: "bad-password",
  ADDABLE_WITH_PASSWORD: "bad-password",
  REMOVED: "gone",
  UNSUBSCRIBED: "left",
  UNRESOLVABLE: "barred",
  UNSUPPORTED: "barred",
  FORBIDDEN: "barred",
};
