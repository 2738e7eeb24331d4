import type { InvitedAddress } from "../domain/sharing-request.ts";
import { insertRecipients, type RecipientRow, type SharingRow } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { PlanningParts } from "./parts.ts";
import { newMail, planMails } from "./plan-mails.ts";

/** Adds people to a sharing and plans their invitations, in the caller's transaction. `domain`: of the site's own address. */
export async function invite(
  db: Db,
  invited: {
    readonly sharing: Pick<SharingRow, "id" | "account_id">;
    readonly addresses: readonly InvitedAddress[];
    readonly locale: string;
    readonly domain: string;
    /** When the last of those whom it invites already was added; null where it invites nobody yet. */
    readonly lastAt: number | null;
  },
  { queue, newId }: Pick<PlanningParts, "queue" | "newId">,
): Promise<void> {
  const { sharing, addresses, locale, domain, lastAt } = invited;
  const nowMs = Date.now();
  // Keeps the order of the requests, and in each of them.
  const firstAt = Math.max(nowMs, (lastAt ?? 0) + 1);
  const recipients = addresses.map(({ address, key }, place): RecipientRow => ({
    id: newId("r"),
    sharing_id: sharing.id,
    address_key: key,
    address,
    name: null,
    locale,
    state: "pending",
    reason: null,
    created_at: firstAt + place,
    updated_at: nowMs,
    told_by: null,
    link_sealed: null,
  }));
  const invitations = recipients.map(({ id }) =>
    newMail({ recipientId: id, purpose: "invitation", inReplyTo: null, domain }, newId),
  );
  await insertRecipients(db, { recipients, invitations });
  await planMails(db, { accountId: sharing.account_id, sharingId: sharing.id }, invitations, queue);
}
