import type { JobQueue } from "../jobs/queue.ts";
import type { NotificationRow } from "../store/notifications.ts";
import type { Db } from "../store/store.ts";
import type { SubscriptionRow } from "../store/subscriptions.ts";

/** Plans the work at the origin for an accepted notification, in the transaction that accepts it. */
export async function planFollow(db: Db, row: NotificationRow, queue: JobQueue): Promise<void> {
  await queue.enqueue(db, {
    kind: "follow",
    subject: row.id,
    lane: originLane(row.origin),
    uniqueKey: `follow/${row.id}`,
  });
}

/**
 * Why a subscription is looked at: on schedule, because the account asks or gives another guest password, or because a
 * mail named another folder or said that the share is over.
 */
export type CheckCause = "schedule" | "account" | "new-password" | "new-folder" | "revocation";

/** Plans a look at a subscription now. A look that was parked is parked no longer, unless the schedule asks. */
export async function planCheck(
  db: Db,
  row: SubscriptionRow,
  queue: JobQueue,
  cause: CheckCause,
): Promise<void> {
  await queue.enqueue(db, {
    kind: "check-subscription",
    subject: row.id,
    lane: originLane(row.origin),
    uniqueKey: isNews(cause) ? `check/${row.id}/${cause}` : `check/${row.id}`,
    payload: { cause },
    ...(cause === "schedule" ? { leavesParked: true } : {}),
  });
}

/** Whether the look has something to do that a later look on schedule would not do in its place. */
export function isNews(cause: unknown): cause is "new-password" | "new-folder" {
  return cause === "new-password" || cause === "new-folder";
}

/** Why a subscription ends: the account leaves it, or had taken back its yes before the subscription stood. */
type LeaveCause = "account" | "taken-back";

/** Plans the end of a subscription. */
export async function planLeave(
  db: Db,
  row: SubscriptionRow,
  queue: JobQueue,
  cause: LeaveCause,
): Promise<void> {
  await queue.enqueue(db, {
    kind: "leave",
    subject: row.id,
    lane: originLane(row.origin),
    uniqueKey: `leave/${row.id}`,
    payload: { cause },
  });
}

/** Plans to tell the origin that the account does not want the share. */
export async function planRefuse(db: Db, row: NotificationRow, queue: JobQueue): Promise<void> {
  await queue.enqueue(db, {
    kind: "refuse",
    subject: row.id,
    lane: originLane(row.origin),
    uniqueKey: `refuse/${row.id}`,
  });
}

/** Work at one origin shares a lane, so that a slow origin delays no other. */
function originLane(origin: string): string {
  return `origin/${origin}`;
}
