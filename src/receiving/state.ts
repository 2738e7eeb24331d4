import { readNotification, setNotificationState, type StateChange } from "../store/notifications.ts";
import { lastDecision } from "../store/records.ts";
import type { NotificationState } from "../store/schema.ts";
import type { Db } from "../store/store.ts";
import type { ReceivingParts } from "./parts.ts";

/** What every change of a notification's state needs. */
export type StateParts = Pick<ReceivingParts, "onStateChanged">;

/**
 * The one place where a notification changes its state. Who decided, and whether the account hears of it, is what the
 * last decision in the record says: write that first. Does nothing where `onlyFrom` is no longer its state.
 */
export async function changeState(
  db: Db,
  id: string,
  change: StateChange,
  parts: StateParts,
  how: { readonly onlyFrom?: NotificationState; readonly isNew?: boolean } = {},
): Promise<void> {
  const { onlyFrom, isNew = false } = how;
  const row = await readNotification(db, id);
  if (row === undefined || (onlyFrom !== undefined && row.state !== onlyFrom)) return;
  await setNotificationState(db, id, change);
  if (isSame(row, change) && !isNew) return;
  const { by, notify } = (await lastDecision(db, id)) ?? { by: "policy", notify: false };
  const { state: to, reason } = change;
  const from = isNew ? null : row.state;
  await parts.onStateChanged(db, {
    notificationId: id,
    accountId: row.account_id,
    from,
    to,
    reason,
    by,
    notify,
  });
}

function isSame(a: Pick<StateChange, "state" | "reason">, b: Pick<StateChange, "state" | "reason">): boolean {
  return a.state === b.state && a.reason === b.reason;
}
