import { addressDomain } from "../domain/address.ts";
import { invitationMessageId } from "../domain/invitation.ts";
import type { Purpose } from "../domain/purpose.ts";
import type { JobQueue } from "../jobs/queue.ts";
import { addRecords } from "../store/records.ts";
import { sendKey } from "../store/sent-mails.ts";
import type { InvitationRow } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { PlanningParts } from "./parts.ts";

/** Domain of the site's own address, which Message-IDs are made of; null while no mail can be sent. */
export function siteDomain({ sender }: Pick<PlanningParts, "sender">): string | null {
  return addressDomain(sender()?.address ?? "");
}

/** A mail that is not planned yet. */
export function newMail(
  mail: {
    readonly recipientId: string;
    readonly purpose: Purpose;
    /** Message-ID of the first mail to the recipient; null for that one. */
    readonly inReplyTo: string | null;
    readonly domain: string;
  },
  newId: PlanningParts["newId"],
): InvitationRow {
  const id = newId("i");
  return {
    id,
    recipient_id: mail.recipientId,
    template: mail.purpose,
    message_id: invitationMessageId(id, mail.domain),
    in_reply_to: mail.inReplyTo,
    fate: null,
    fate_status: null,
    fate_at: null,
    raw_sealed: null,
    state: "planned",
    attempts: 0,
    unknown_attempts: 0,
    reply: null,
    created_at: Date.now(),
    sent_at: null,
  };
}

/** What mails are about. */
export interface Sharing {
  readonly accountId: string;
  readonly sharingId: string;
}

/** Plans the sending of mails that stand in the store, in the caller's transaction. */
export async function planMails(
  db: Db,
  about: Sharing,
  mails: readonly InvitationRow[],
  queue: JobQueue,
): Promise<void> {
  const byPurpose = Map.groupBy(mails, ({ template }) => template);
  for (const [mail, ofPurpose] of byPurpose) {
    const subjects = ofPurpose.map((row) => ({ ...about, recipientId: row.recipient_id }));
    await addRecords(db, subjects, "outcome", { what: "queued", mail });
  }
  for (const { id } of mails) await sendNow(db, about.accountId, id, queue);
}

/** The mail is looked at now, whatever it waits for: it is sent, waits on, or is closed where it is no longer wanted. */
export async function sendNow(
  db: Db,
  accountId: string,
  invitationId: string,
  queue: JobQueue,
): Promise<void> {
  await queue.enqueue(db, {
    kind: "send-invitation",
    subject: invitationId,
    lane: "smtp",
    uniqueKey: sendKey(accountId, invitationId),
  });
}
