import type { Db } from "../store/store.ts";
import { subscriptionOf } from "../store/subscriptions.ts";
import { planEnd } from "./answer.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";

/** Looks at what came of a notification, because its sharer's server says that it ended. */
export async function recheck(
  db: Db,
  notificationId: string,
  { queue }: Pick<ReceivingParts, "queue">,
): Promise<void> {
  const row = await subscriptionOf(db, notificationId);
  if (row !== undefined) await planCheck(db, row, queue, "revocation");
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
