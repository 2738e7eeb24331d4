import { createHash } from "node:crypto";
import { limits } from "../../domain/limits.ts";
import type { Invite } from "../../protocols/ocm/link.ts";
import { inviteForms } from "../../protocols/ocm/given-invite.ts";
import { countHeld } from "../../store/notifications.ts";
import type { Db } from "../../store/store.ts";
import type { FederationGround } from "../parts.ts";

/**
 * Lets an invitation that a person pasted, or that a page of another server led him here with, be judged like one in a mail that
 * nobody vouches for: it waits for the account's answer, and its server hears nothing. The notification's id.
 */
export async function bringInvite(
  db: Db,
  { accountId, invite }: { readonly accountId: string; readonly invite: Invite },
  { announce }: Pick<FederationGround, "announce">,
): Promise<string> {
  const { origin, shareId } = invite;
  const share = {
    protocol: "ocm-invite",
    variant: "code",
    origin,
    link: null,
    shareId,
    recipientKind: "member",
    module: null,
    folder: null,
    item: null,
    // Who it is, his server tells whoever accepts.
    sharer: { name: "", address: new URL(origin).host },
    title: null,
  } as const;
  const key = `brought ${createHash("sha256").update(inviteForms(origin, shareId).code).digest("hex")}`;
  return announce(db, { accountId, share, key, voucher: null });
}

/** Whether a stranger may bring one account more: what waits already is enough to look at. */
export async function mayBring(db: Db, accountId: string): Promise<boolean> {
  return (await countHeld(db, accountId, "ocm-invite")) < limits.ocmPendingInvites;
}
