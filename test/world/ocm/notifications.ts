import type { Answered } from "./caller.ts";
import type { JsonObject } from "./json.ts";
import { type Federation, isOver, type Notified, type SentShare, type TakenShare } from "./shares.ts";

/** The share that a notification is about: by the id that the owner's server gave, and the secret; null where none fits. */
export function shareToldOf(
  { sent, taken }: Pick<Federation, "sent" | "taken">,
  type: Notified["type"],
  providerId: string,
  secret: string,
): SentShare | TakenShare | null {
  if (type !== "SHARE_UNSHARED") {
    return sent.find((each) => each.id === providerId && each.secret === secret && !isOver(each)) ?? null;
  }
  return (
    taken.find((each) => each.providerId === providerId && each.secret === secret && !isOver(each)) ?? null
  );
}

/** Brings an accepted notification about. */
export function notedChange(
  { notified }: Pick<Federation, "notified">,
  type: Notified["type"],
  share: SentShare | TakenShare,
  notification: JsonObject,
): void {
  const providerId = "providerId" in share ? share.providerId : share.id;
  notified.push({ type, providerId, host: share.host, notification });
  if (type === "SHARE_UNSHARED") share.state = "unshared";
  else if (type === "SHARE_ACCEPTED") share.state = "accepted";
  else share.state = share.state === "accepted" ? "left" : "declined";
}

const messages = {
  SHARE_ACCEPTED: "Recipient accept the share",
  SHARE_DECLINED: "Recipient declined the share",
  SHARE_UNSHARED: "The share is over",
} as const;

/** Tells the other side; null where it cannot be discovered. Nextcloud and ownCloud send these payloads (reference/ocm.md 4.5). */
export async function notify(
  federation: Federation,
  type: Notified["type"],
  share: SentShare | TakenShare,
): Promise<Answered | null> {
  const to = await federation.discover(share.host);
  if (to === null) return null;
  return federation.post(to, "/notifications", {
    notificationType: type,
    resourceType: "file",
    providerId: "providerId" in share ? share.providerId : share.id,
    notification: { sharedSecret: share.secret, message: messages[type] },
  });
}
