import { isObject } from "../../domain/json.ts";
import { objectIn, textIn } from "./fields.ts";
import type { ValidationError } from "./share-body.ts";

/** What another server tells of a share (reference/ocm.md 4.5). */
export interface OcmNotification {
  /** As it came, upper case; see ShareNews for those that mean something here. */
  readonly type: string;
  /** Given by the server that holds the resource. */
  readonly providerId: string;
  /** Secret; null where the sender leaves it out, as the reva family does. */
  readonly sharedSecret: string | null;
  /** OCM address, not read yet; null where the sender leaves it out. */
  readonly grantee: string | null;
}

export type ReadNotification =
  | { readonly kind: "notification"; readonly notification: OcmNotification }
  | { readonly kind: "invalid"; readonly errors: readonly ValidationError[] };

/** Reads a notification; ocm-stub writes `type` for `notificationType`. */
export function readNotification(body: unknown): ReadNotification {
  if (!isObject(body)) return { kind: "invalid", errors: [{ name: "body", message: "INVALID" }] };
  const type = textIn(body, "notificationType") ?? textIn(body, "type");
  const providerId = textIn(body, "providerId");
  const payload = objectIn(body, "notification");
  if (type === null || providerId === null || payload === null) {
    const found = { notificationType: type, providerId, notification: payload };
    const missing = Object.entries(found).filter(([, value]) => value === null);
    return { kind: "invalid", errors: missing.map(([name]) => ({ name, message: "NOT_FOUND" })) };
  }
  const sharedSecret = textIn(payload, "sharedSecret");
  const grantee = textIn(payload, "grantee");
  return { kind: "notification", notification: { type, providerId, sharedSecret, grantee } };
}

/** What is told of a share, and by which side. */
export type ShareNews = "SHARE_ACCEPTED" | "SHARE_DECLINED" | "SHARE_UNSHARED";

export interface GivenNotification {
  readonly type: ShareNews;
  readonly resourceType: string;
  readonly providerId: string;
  readonly secret: string;
  /** OCM address of the share's recipient. */
  readonly grantee: string;
}

/** The payload holds the secret for the Nextcloud family and the grantee for the reva family: one body for all. */
export function writeNotification({
  type,
  resourceType,
  providerId,
  secret,
  grantee,
}: GivenNotification): object {
  return {
    notificationType: type,
    resourceType,
    providerId,
    notification: { sharedSecret: secret, grantee, message: messages[type] },
  };
}

const messages: Readonly<Record<ShareNews, string>> = {
  // As Nextcloud writes them (reference/ocm.md 4.5).
  SHARE_ACCEPTED: "Recipient accept the share",
  SHARE_DECLINED: "Recipient declined the share",
  SHARE_UNSHARED: "The owner ended the share.",
};
