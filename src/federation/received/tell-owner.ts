import { type ShareNews, writeNotification } from "../../protocols/ocm/notification-body.ts";
import type { Ask } from "../../protocols/protocol.ts";
import { openShareSecret } from "../../store/ocm-followed-shares.ts";
import type { ReceivedShareRow } from "../../store/ocm-received-shares.ts";
import type { FederationParts } from "../parts.ts";
import { answerOf } from "../posted.ts";
import { isTrouble, type Trouble } from "../trouble.ts";
import { peerOf } from "./access.ts";

/**
 * Tells the peer of a share what became of it (reference/ocm.md 4.5), with all that any of the families looks for. Whatever it
 * answers is an answer: some serve no notifications, and some know nothing of a share that is over.
 */
export async function tellOwner(
  parts: FederationParts,
  row: ReceivedShareRow,
  type: Exclude<ShareNews, "SHARE_UNSHARED">,
  ask: Ask,
): Promise<{ readonly kind: "told" } | Trouble> {
  const peer = await peerOf(parts, row.host, ask);
  if ("kind" in peer) return peer;
  const body = writeNotification({
    type,
    resourceType: row.resource_type,
    providerId: row.provider_id,
    secret: openShareSecret(parts.sealer, row),
    grantee: row.share_with,
  });
  const what = type === "SHARE_ACCEPTED" ? "accept the share" : "decline the share";
  const answer = answerOf(await parts.peers.post(peer, "/notifications", body, { ...ask, what }));
  return isTrouble(answer) ? answer : { kind: "told" };
}
