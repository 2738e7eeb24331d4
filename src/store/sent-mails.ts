import { sql } from "kysely";
import { unreachable } from "../domain/unreachable.ts";
import type { Db } from "./store.ts";

/** Mails to recipients that count together: all of an account, those to one address of them, or all to one domain. */
export type CountedMails =
  | { readonly scope: "account"; readonly accountId: string }
  | { readonly scope: "recipient"; readonly accountId: string; readonly addressKey: string }
  | { readonly scope: "domain"; readonly domain: string };

/**
 * When the mail was sent that has so many later ones; null where fewer were sent since. Reads the index of sent mails from
 * its end, and so never more than the time asked for; an address is found by an index of its own.
 */
export async function sentAt(
  db: Db,
  counted: CountedMails,
  { sinceMs, laterMails }: { readonly sinceMs: number; readonly laterMails: number },
): Promise<number | null> {
  const row = await mailsTo(db, counted)
    .select("invitation.sent_at")
    .where("invitation.sent_at", ">", sinceMs)
    .orderBy("invitation.sent_at", "desc")
    .limit(1)
    .offset(laterMails)
    .executeTakeFirst();
  return row?.sent_at ?? null;
}

/** How many mails are being handed over now. */
export async function beingSent(db: Db, counted: CountedMails): Promise<number> {
  const row = await mailsTo(db, counted)
    .innerJoin("job", "job.subject", "invitation.id")
    .select(({ fn }) => fn.countAll<number>().as("mails"))
    .where("job.state", "=", "leased")
    .where("job.kind", "=", "send-invitation")
    .where("invitation.state", "=", "attempting")
    .executeTakeFirstOrThrow();
  return row.mails;
}

/** Key of the job that hands a mail to the mail server; those of one account lie together. */
export function sendKey(accountId: string, invitationId: string): string {
  return `send/${accountId}/${invitationId}`;
}

/** How many mails of the account wait for a later time that were planned before this job. */
export async function waitingBefore(
  db: Db,
  accountId: string,
  { jobId, nowMs }: { readonly jobId: number; readonly nowMs: number },
): Promise<number> {
  const row = await db
    .selectFrom("job")
    .select(({ fn }) => fn.countAll<number>().as("jobs"))
    .where("unique_key", ">=", sendKey(accountId, ""))
    .where("unique_key", "<", sendKey(accountId, "\u{10FFFF}"))
    .where("state", "=", "ready")
    .where("run_at", ">", nowMs)
    .where("id", "<", jobId)
    .executeTakeFirstOrThrow();
  return row.jobs;
}

function mailsTo(db: Db, counted: CountedMails) {
  const mails = db
    .selectFrom("invitation")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .innerJoin("sharing", "sharing.id", "recipient.sharing_id");
  switch (counted.scope) {
    case "account":
      // As it stands, the index of the account's sharings would be taken, and all its mails of years be read.
      return mails.where(sql<boolean>`sharing.account_id || '' = ${counted.accountId}`);
    case "recipient":
      return mails
        .where("recipient.address_key", "=", counted.addressKey)
        .where("sharing.account_id", "=", counted.accountId);
    case "domain":
      return mails.where("recipient.address_key", "like", `%@${counted.domain}`);
    default:
      return unreachable(counted);
  }
}
