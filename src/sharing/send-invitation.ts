import { deliver, type Progress } from "../delivery/deliver.ts";
import { bounceAddress } from "../domain/bounce-address.ts";
import type { WrittenLetter } from "../domain/letter.ts";
import type { MailAddress } from "../domain/mail.ts";
import { failureOfReply } from "../domain/mail-failure.ts";
import type { Worker } from "../jobs/queue.ts";
import { addRecord } from "../store/records.ts";
import { type PlannedInvitation, readInvitation, readSharer, updateInvitation } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { failMail } from "./fail-mail.ts";
import type { SharingParts } from "./parts.ts";
import { bouncePurpose } from "./take-report.ts";

/** The worker that hands one invitation to the mail server, unless its recipient no longer waits for it. */
export function createSendInvitation(parts: SharingParts): Worker {
  return async (job, signal) => {
    const planned = await readInvitation(parts.store.db, job.subject);
    if (planned === undefined || planned.recipient.state !== "pending") return { kind: "done" };
    const { invitation, recipient, sharing } = planned;
    const about = { accountId: sharing.account_id, sharingId: sharing.id, recipientId: recipient.id };
    const mail = {
      row: invitation,
      to: recipient.address_key,
      envelopeSender: envelopeSender(invitation.id, parts),
      envelopeId: invitation.id,
      rawPlace: { table: "invitation", row: invitation.id, column: "raw_sealed" },
      write: async (site: MailAddress) => writeLetter(planned, site, parts),
      update: async (db: Db, change: Parameters<typeof updateInvitation>[2]) =>
        updateInvitation(db, invitation.id, change),
      record: async (db: Db, detail: object) => addRecord(db, about, "outcome", { what: "send", ...detail }),
      onFailed: async (db: Db, reply: string) =>
        failMail(db, { invitationId: invitation.id, ...failureOfReply(reply) }, parts),
      tell: (progress: Progress, attempt: number, reply: string) => {
        parts.tell(`invitation-${progress}`, {
          sharing: sharing.id,
          recipient: recipient.id,
          attempt,
          reply,
        });
      },
    };
    return deliver(mail, job, parts, signal);
  };
}

async function writeLetter(
  { invitation, recipient, sharing }: PlannedInvitation,
  site: MailAddress,
  parts: SharingParts,
): Promise<WrittenLetter> {
  const sharer = await readSharer(parts.store.db, { id: sharing.account_id });
  if (sharer === undefined) {
    return {
      kind: "not-written",
      temporary: true,
      why: "The account has no mail address; add one to the account.",
    };
  }
  const link = { table: "sharing", row: sharing.id, column: "link_sealed" };
  return parts.writeInvitation({
    template: "invitation",
    inReplyTo: invitation.in_reply_to,
    sharingId: sharing.id,
    recipientId: recipient.id,
    locale: recipient.locale,
    site,
    messageId: invitation.message_id,
    date: Date.now(),
    facts: {
      siteName: site.name === "" ? site.address : site.name,
      sharer: { name: sharer.name, address: sharer.address },
      recipient: { name: recipient.name ?? "", address: recipient.address_key },
      title: sharing.title,
      link: parts.sealer.open(sharing.link_sealed, link),
      message: sharing.message ?? "",
      expiresAtMs: sharing.expires_at,
      page: null,
      code: null,
    },
  });
}

/** Where reports about this one mail come back to; null where all come to the site's own address. */
function envelopeSender(
  invitationId: string,
  { bounces, sealer }: Pick<SharingParts, "bounces" | "sealer">,
): string | null {
  const base = bounces();
  if (base === null) return null;
  return bounceAddress(base, { invitationId, mac: sealer.mac(bouncePurpose, invitationId) });
}
