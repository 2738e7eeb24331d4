import type { RecipientState } from "../domain/recipient.ts";
import { readRecipient } from "../store/invited.ts";
import { isMuted } from "../store/mutes.ts";
import { inviteOfRecipient } from "../store/ocm-invites.ts";
import { readSharer, readSharing } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { PlanningParts } from "./parts.ts";
import { linkOf } from "./write-invitation.ts";

/** What a recipient's page shows; nothing of it opens anything. */
export interface ShownInvitation {
  /** Language of the recipient, BCP 47. */
  readonly locale: string;
  readonly title: string;
  readonly sharerName: string;
  readonly sharerAddress: string;
  /** Host of the link, with its port where it has one. */
  readonly host: string;
  readonly expiresAtMs: number | null;
  /** `expired`: revoked because its time was over. */
  readonly state: RecipientState | "expired";
  /** The recipient wants no more invitations of this account. */
  readonly isMuted: boolean;
}

/** Undefined where there is no such recipient any more. Changes nothing. */
export async function shownInvitation(
  db: Db,
  recipientId: string,
  parts: Pick<PlanningParts, "sealer">,
): Promise<ShownInvitation | undefined> {
  const recipient = await readRecipient(db, recipientId);
  const sharing = recipient && (await readSharing(db, recipient.sharing_id));
  const sharer = sharing && (await readSharer(db, { id: sharing.account_id }));
  if (recipient === undefined || sharing === undefined || sharer === undefined) return undefined;
  const { state, reason } = recipient;
  const invite = await inviteOfRecipient(db, recipientId);
  return {
    locale: recipient.locale,
    title: sharing.title,
    sharerName: sharer.name,
    sharerAddress: sharer.address,
    host: new URL(linkOf({ recipient, sharing }, parts)).host,
    expiresAtMs: invite?.expires_at ?? sharing.expires_at,
    state: state === "revoked" && reason === "expired" ? "expired" : state,
    isMuted: await isMuted(db, sharing.account_id, recipient.address_key),
  };
}
