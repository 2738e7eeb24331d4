import { addressKey } from "../domain/address.ts";
import { recipientAfter } from "../domain/recipient.ts";
import { mailsTo, readRecipient, setRecipientLink } from "../store/invited.ts";
import {
  insertInvitations,
  type InvitationRow,
  readSharing,
  setRecipientState,
  updateInvitation,
} from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { PlanningParts } from "./parts.ts";
import { newMail, planMails, sendNow, siteDomain } from "./plan-mails.ts";
import { asNew } from "./resend.ts";

/** A mail to somebody whom a protocol invites, over a link of his own. */
export interface MemberMail {
  readonly recipientId: string;
  /** Secret. */
  readonly link: string;
  readonly purpose: "invitation" | "discovery" | "invite";
}

/**
 * Plans the mail and lets the recipient be pending, in the caller's transaction. What was sent before under the same purpose is
 * sent once more; what is on its way already stays. False while no mail can be sent, and where he no longer waits for one.
 */
export async function mailMember(db: Db, mail: MemberMail, parts: PlanningParts): Promise<boolean> {
  const recipient = await readRecipient(db, mail.recipientId);
  const sharing = recipient && (await readSharing(db, recipient.sharing_id));
  const domain = siteDomain(parts);
  if (recipient === undefined || sharing === undefined || domain === null) return false;
  // Who is known by the host of his Cozy alone has no mail address.
  if (addressKey(recipient.address) === null) return false;
  const state = recipientAfter(recipient.state, "invited-again");
  if (state !== "pending" || sharing.revoked_at !== null) return false;
  const place = { table: "recipient", row: recipient.id, column: "link_sealed" };
  await setRecipientLink(db, recipient.id, parts.sealer.seal(mail.link, place));
  await setRecipientState(db, recipient.id, { state, reason: null, told_by: null });
  const planned = await rowOf(db, mail, domain, parts);
  const about = { accountId: sharing.account_id, sharingId: sharing.id };
  if (planned !== null) await planMails(db, about, [planned], parts.queue);
  return true;
}

/** The row to send; null where it is on its way already. */
async function rowOf(
  db: Db,
  { recipientId, purpose }: MemberMail,
  domain: string,
  { newId }: Pick<PlanningParts, "newId">,
): Promise<InvitationRow | null> {
  const mails = await mailsTo(db, recipientId);
  const known = mails.find(({ template }) => template === purpose);
  if (known === undefined) {
    const inReplyTo = mails[0]?.message_id ?? null;
    const row = newMail({ recipientId, purpose, inReplyTo, domain }, newId);
    await insertInvitations(db, [row]);
    return row;
  }
  if (known.state === "planned" || known.state === "attempting") return null;
  await updateInvitation(db, known.id, asNew);
  return known;
}

/** Lets mails that were not sent yet close themselves, because their recipient no longer waits for them. */
export async function withdrawMails(
  db: Db,
  { accountId, recipientId }: { readonly accountId: string; readonly recipientId: string },
  { queue }: Pick<PlanningParts, "queue">,
): Promise<void> {
  for (const { id, state } of await mailsTo(db, recipientId)) {
    if (state === "planned" || state === "unknown") await sendNow(db, accountId, id, queue);
  }
}
