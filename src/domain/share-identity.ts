import { addressKey } from "./address.ts";
import type { ShareNotification } from "./share.ts";

/** What keeps one share apart from all others of an account and protocol. `secret` is never stored as it is. */
export interface ShareIdentity {
  /** Empty where the mail does not tell the origin. */
  readonly origin: string;
  readonly secret: string;
}

/**
 * By the share id where the mail has one, else by the link; a mail with neither (a federated-share notice) is kept apart
 * by who shares what, so that its repetition is the same share, and where it names nothing by its own Message-ID.
 */
export function identityOf(share: ShareNotification, messageKey: string): ShareIdentity {
  const origin = share.origin ?? "";
  if (share.shareId !== null) return { origin, secret: share.shareId };
  if (share.link !== null) return { origin, secret: JSON.stringify(["link", share.link]) };
  const names = [share.module, share.folder, share.item, share.title];
  if (names.every((name) => name === null)) {
    return { origin, secret: JSON.stringify(["mail", messageKey]) };
  }
  const { name, address } = share.sharer;
  const sharer = [name, addressKey(address) ?? address];
  return { origin, secret: JSON.stringify(["names", share.variant, ...sharer, ...names]) };
}
