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
  const row = await readNotification(db, id);
  if (row === undefined || (how.onlyFrom !== undefined && row.state !== how.onlyFrom)) return;
  await setNotificationState(db, id, change);
  const isSame = row.state === change.state && row.reason === change.reason;
  if (isSame && how.isNew !== true) return;
  const decision = await lastDecision(db, id);
  await parts.onStateChanged(db, {
    notificationId: id,
    accountId: row.account_id,
    from: how.isNew === true ? null : row.state,
    to: change.state,
    reason: change.reason,
    by: decision?.by ?? "policy",
    notify: decision?.notify ?? false,
  });
}
