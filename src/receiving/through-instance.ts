import type { Db } from "../store/store.ts";
import { subscriptionOf } from "../store/subscriptions.ts";
import { readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import { planEnd } from "./answer.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";
import { changeState } from "./state.ts";

/** Looks at what came of a notification, because its sharer's server says that it ended. */
export async function recheck(
  db: Db,
  notificationId: string,
  { queue }: Pick<ReceivingParts, "queue">,
): Promise<void> {
  const row = await subscriptionOf(db, notificationId);
  if (row !== undefined) await planCheck(db, row, queue, "revocation");
}

/** Puts a notification aside that waits for the account's answer, because its sharer has taken back what it is about. */
export async function closeHeld(
  db: Db,
  notificationId: string,
  parts: Pick<ReceivingParts, "onStateChanged">,
): Promise<void> {
  const row = await readNotification(db, notificationId);
  if (row?.state !== "held") return;
  const about = { accountId: row.account_id, notificationId };
  await addRecord(db, about, "decision", { by: "sharer", notify: false, action: "ignore" });
  const detail = "The sharer took it back before it was answered; a new share opens it again.";
  await changeState(db, notificationId, { state: "ignored", reason: "taken-back", detail }, parts);
}

/** Ends what came of a notification, as if the account had said so; false where nothing stands. */
export async function leaveThrough(
  db: Db,
  { notificationId, by }: { readonly notificationId: string; readonly by: string },
  parts: Pick<ReceivingParts, "queue">,
): Promise<boolean> {
  const row = await subscriptionOf(db, notificationId);
  if (row === undefined) return false;
  await planEnd(db, row, by, parts);
  return true;
}
