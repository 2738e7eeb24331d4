import type { ShareNotification } from "../domain/share.ts";
import type { MessageRow } from "../store/messages.ts";
import type { Db } from "../store/store.ts";
import { openSubscription } from "../store/subscriptions.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";
import { shareKeyOf } from "./share-key.ts";

/**
 * Plans a look at the subscription of a share of which its sender writes that it is over. The mail ends nothing: what stands
 * only the origin can tell.
 */
export async function checkRevoked(
  db: Db,
  mail: Pick<MessageRow, "account_id" | "message_key">,
  revoked: ShareNotification,
  { queue }: Pick<ReceivingParts, "queue">,
): Promise<void> {
  const subscription = await openSubscription(db, shareKeyOf(revoked, mail));
  if (subscription !== undefined) await planCheck(db, subscription, queue, "revocation");
}
