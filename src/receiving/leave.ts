import { unreachable } from "../domain/unreachable.ts";
import type { JobOutcome, LeasedJob, Worker } from "../jobs/queue.ts";
import type { Call, LeaveReply } from "../protocols/protocol.ts";
import { type NotificationRow, readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { Db } from "../store/store.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { readSubscription, type SubscriptionRow, updateSubscription } from "../store/subscriptions.ts";
import { askFor, notNow, recordCalls } from "./asking.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";
import { changeState } from "./state.ts";

/** The worker that ends a subscription which the account leaves. */
export function createLeave(parts: ReceivingParts): Worker {
  return async (job, signal) => {
    const row = await readSubscription(parts.store.db, job.subject);
    if (row === undefined || row.ended_at !== null) return { kind: "done" };
    const notification = await readNotification(parts.store.db, row.notification_id);
    if (isWantedAgain(notification, job)) return { kind: "done" };
    const asking = notification === undefined ? undefined : await askFor(notification, parts);
    const calls: Call[] = [];
    if (asking === undefined) {
      return { kind: "done", commit: async (db) => end(db, { row, calls, job }, parts) };
    }
    const record = (call: Call): number => calls.push(call);
    const reply = await asking.way.leave(asking.share, asking.account.who, { signal, record });
    return outcomeOf({ row, reply, calls, job }, parts);
  };
}

/** The account took back its yes, and has given it again since: its last word counts. */
function isWantedAgain(notification: NotificationRow | undefined, { payload }: LeasedJob): boolean {
  const isWanted = notification?.state === "accepted" || notification?.state === "followed";
  return payload["cause"] === "taken-back" && isWanted;
}

interface Leaving {
  readonly row: SubscriptionRow;
  readonly reply: LeaveReply;
  readonly calls: readonly Call[];
  readonly job: LeasedJob;
}

function outcomeOf(leaving: Leaving, parts: ReceivingParts): JobOutcome {
  const { row, reply, calls, job } = leaving;
  switch (reply.kind) {
    case "left":
    // The other side no longer knows the subscription: what was wanted stands.
    case "no":
      return { kind: "done", commit: async (db) => end(db, leaving, parts) };
    case "try-later": {
      const commit = async (db: Db): Promise<void> => {
        await recordCalls(db, about(row), calls);
        await addRecord(db, about(row), "outcome", { what: "leave", attempt: job.attempt, ...reply });
      };
      return notNow(reply, job, commit, parts);
    }
    default:
      return unreachable(reply);
  }
}

/** What happened while the other side was asked stays: an end, a refusal, and a yes that was given again. */
async function end(
  db: Db,
  { row, calls, job }: Omit<Leaving, "reply">,
  parts: ReceivingParts,
): Promise<void> {
  await recordCalls(db, about(row), calls);
  const now = await readSubscription(db, row.id);
  if (now === undefined || now.ended_at !== null) return;
  const notification = await readNotification(db, row.notification_id);
  if (notification?.state === "followed" && isWantedAgain(notification, job)) {
    // It was followed and left at once: following it once more puts right what the other side has.
    await planCheck(db, now, parts.queue, "new-folder");
    return;
  }
  await addRecord(db, about(row), "outcome", { what: "leave", from: now.state, to: "UNSUBSCRIBED" });
  await updateSubscription(db, row.id, {
    state: "UNSUBSCRIBED",
    reason: "left",
    detail: null,
    next_check_at: null,
    ended_at: Date.now(),
  });
  afterCommit(() =>
    parts.tell("subscription-changed", { subscription: row.id, from: now.state, to: "UNSUBSCRIBED" }),
  );
  if (notification?.state === "accepted" || notification?.state === "refused") return;
  const detail = "The account left the subscription.";
  await changeState(db, row.notification_id, { state: "ignored", reason: "left", detail }, parts);
}

function about(row: SubscriptionRow): { accountId: string; notificationId: string; subscriptionId: string } {
  return { accountId: row.account_id, notificationId: row.notification_id, subscriptionId: row.id };
}
