import { createHash } from "node:crypto";
import { identityOf } from "../domain/share-identity.ts";
import type { ShareNotification } from "../domain/share.ts";
import type { MessageRow } from "../store/messages.ts";
import type { ShareKey } from "../store/notifications.ts";

/** Under which key the store knows a share of the account that a mail came to. */
export function shareKeyOf(
  share: ShareNotification,
  mail: Pick<MessageRow, "account_id" | "message_key">,
): ShareKey {
  const { origin, secret } = identityOf(share, mail.message_key);
  const shareKey = createHash("sha256").update(secret).digest("hex");
  return { accountId: mail.account_id, protocol: share.protocol, origin, shareKey };
}
