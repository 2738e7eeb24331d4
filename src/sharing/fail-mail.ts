import type { MailFailure } from "../domain/mail-failure.ts";
import { recipientAfter } from "../domain/recipient.ts";
import { setFate } from "../store/fates.ts";
import { addRecord } from "../store/records.ts";
import { readInvitation, setRecipientState } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { countFailure } from "../store/suppressions.ts";
import { tellSharer, type TellingParts } from "./sharer-notices.ts";

/** Why one mail to a recipient did not arrive. */
export interface FailedMail {
  readonly invitationId: string;
  readonly failure: MailFailure;
  /** Enhanced status code (RFC 3463); null where no server gave one. */
  readonly status: string | null;
}

/**
 * A mail to a recipient did not arrive, whoever says so: the mail server at once, a report, or Usher itself that did not send
 * it. Notes it, counts it against the address, and moves the recipient to mail-not-sent, of which the sharer is told; an
 * answer that he gave before stands. Reads anew, in the caller's transaction; the same failure told again changes nothing.
 */
export async function failMail(db: Db, failed: FailedMail, parts: TellingParts): Promise<void> {
  const planned = await readInvitation(db, failed.invitationId);
  if (planned === undefined || planned.invitation.fate === "bounced") return;
  const { invitation, recipient, sharing } = planned;
  const { failure, status } = failed;
  const about = { accountId: sharing.account_id, sharingId: sharing.id, recipientId: recipient.id };
  if (failure === "suppressed" || failure === "muted") {
    await addRecord(db, about, "outcome", { what: failure, status });
  } else if (failure !== "not-sent") {
    await setFate(db, invitation, { fate: "bounced", status });
    await addRecord(db, about, "outcome", { what: "bounced", status, because: failure });
    await countFailure(db, { addressKey: recipient.address_key, failure, status }, Date.now());
  }
  const state = recipientAfter(recipient.state, "mail-failed");
  if (state === recipient.state) return;
  await setRecipientState(db, recipient.id, { state, reason: failure });
  await tellSharer(db, { sharing, recipient }, parts);
}
