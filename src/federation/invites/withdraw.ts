import { inviteState } from "../../domain/cloud-invite.ts";
import { recipientAfter } from "../../domain/recipient.ts";
import { type GivenInvite, standingOf, withdrawInvite } from "../../store/ocm-invites.ts";
import { addRecord } from "../../store/records.ts";
import { setRecipientState } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import type { FederationGround } from "../parts.ts";

export type Withdrawn = { readonly kind: "withdrawn" } | { readonly kind: "unchanged"; readonly why: string };

type WithdrawParts = Pick<FederationGround, "withdrawMails">;

/** Takes an invitation back before it was accepted, in the caller's transaction. Nobody is told; a mail not yet sent stays here. */
export async function withdraw(
  db: Db,
  { invite, by }: { readonly invite: GivenInvite; readonly by: string },
  parts: WithdrawParts,
): Promise<Withdrawn> {
  if (!(await withdrawInvite(db, invite.id))) {
    const state = inviteState(standingOf(invite), Date.now());
    return {
      kind: "unchanged",
      why: `the invitation is ${state === "open" ? "no longer open" : state} already`,
    };
  }
  await closeRecipient(db, invite, { because: null, by }, parts);
  return { kind: "withdrawn" };
}

/** Whoever was mailed an invitation that counts no longer is not waited for. */
export async function closeRecipient(
  db: Db,
  {
    account_id: accountId,
    sharing_id: sharingId,
    recipient_id: recipientId,
    recipient_state: was,
  }: GivenInvite,
  { because, by }: { readonly because: "expired" | null; readonly by: string },
  { withdrawMails }: WithdrawParts,
): Promise<void> {
  if (sharingId === null || recipientId === null || was === null) return;
  const state = recipientAfter(was, "revoked");
  if (state === was) return;
  await setRecipientState(db, recipientId, { state, reason: because });
  const what = because ?? "revoked";
  await addRecord(db, { accountId, sharingId, recipientId }, "outcome", { what, by });
  await withdrawMails(db, { accountId, recipientId });
}
