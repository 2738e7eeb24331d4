import { limits } from "../../domain/limits.ts";
import type { FollowReply } from "../../protocols/protocol.ts";
import { readNotification } from "../../store/notifications.ts";
import { standingSharesOf, tieFollowedShare } from "../../store/ocm-followed-shares.ts";
import type { FederationParts } from "../parts.ts";
import { type Trouble, trouble } from "../trouble.ts";

/** What a server says that it shared with the account before. */
export interface SharedBefore {
  readonly accountId: string;
  readonly host: string;
  readonly notificationId: string;
  /** As the mail calls what is shared; null where it does not. */
  readonly title: string | null;
  /** OCM address of the account. */
  readonly address: string;
}

/**
 * A link whose server says that it is shared already is that share, where just one here can be meant (reference/ocm.md 5.2). One
 * that the account follows under another notification stays with that.
 */
export async function tieSharedBefore(
  parts: FederationParts,
  { accountId, host, notificationId, title, address }: SharedBefore,
): Promise<{ readonly kind: "made" } | Trouble | FollowReply> {
  return parts.store.transaction(async (db) => {
    const standing = await standingSharesOf(db, accountId, host, limits.ocmPendingShares);
    const named = standing.filter(({ name }) => title === null || isSame(name, title));
    const [row, another] = named;
    if (row === undefined || another !== undefined)
      return trouble("shared-before-elsewhere", { said: address });
    const other = row.notification_id === null ? undefined : await readNotification(db, row.notification_id);
    if (other?.state === "followed") {
      const detail = `${host} shared this with the account before, and the account follows it already.`;
      return { kind: "settled", because: "followed-already", detail } as const;
    }
    await tieFollowedShare(db, row.id, notificationId);
    return { kind: "made" } as const;
  });
}

function isSame(name: string, title: string): boolean {
  return plain(name) === plain(title);
}

function plain(name: string): string {
  return name.normalize("NFC").replace(/^\/+/, "");
}
