import { sql } from "kysely";
import type { RecipientState } from "../domain/recipient.ts";
import type { InvitationRow, RecipientRow } from "./sharings.ts";
import type { Db } from "./store.ts";

/** One addressee and the mail that invites him; without one he is asked at his Cozy, if he was asked. */
export interface InvitedRecipient {
  readonly id: string;
  /** The host of his Cozy where no mail address is known; his OCM address where he is asked at another cloud. */
  readonly address: string;
  readonly locale: string;
  readonly state: RecipientState;
  readonly reason: string | null;
  readonly messageId: string | null;
  readonly mail: InvitationRow["state"] | null;
  readonly attempts: number;
  readonly reply: string | null;
  readonly sentAt: number | null;
  /** What delivery reports say of it. */
  readonly fate: InvitationRow["fate"];
  readonly fateStatus: string | null;
  /** When the next mail to him is tried, and why not before; null where none waits. */
  readonly waitsUntil: number | null;
  readonly waitsBecause: string | null;
  /** `https://host[:port]`; null where none is known, or none takes part. */
  readonly cozy: string | null;
  /** Why the last call to his Cozy failed. */
  readonly cozyError: string | null;
  /** `host[:port]` of his server, where it is asked over Open Cloud Mesh. */
  readonly cloud: string | null;
  /** What that server said of a share that it does not take; else why it could not be asked. */
  readonly cloudError: string | null;
}

/** Everybody a sharing invites, in the order of the request. */
export async function readRecipients(db: Db, sharingId: string): Promise<readonly InvitedRecipient[]> {
  const waiting = await readWaiting(db, sharingId);
  const rows = await db
    .selectFrom("recipient")
    .leftJoin("invitation", (join) =>
      join
        .onRef("invitation.recipient_id", "=", "recipient.id")
        // The first mail to him is an answer to none.
        .on("invitation.in_reply_to", "is", null),
    )
    .leftJoin("cozy_member", "cozy_member.recipient_id", "recipient.id")
    .leftJoin("ocm_sent_share", "ocm_sent_share.recipient_id", "recipient.id")
    .select([
      "recipient.id",
      "recipient.address",
      "recipient.locale",
      "recipient.state",
      "recipient.reason",
      "invitation.message_id as messageId",
      "invitation.state as mail",
      "invitation.attempts",
      "invitation.reply",
      "invitation.sent_at as sentAt",
      "invitation.fate",
      "invitation.fate_status as fateStatus",
      "cozy_member.instance_url as cozy",
      "cozy_member.error as cozyError",
      "ocm_sent_share.host as cloud",
      (of) => of.fn.coalesce("ocm_sent_share.detail", "ocm_sent_share.reason").as("cloudError"),
    ])
    .where("recipient.sharing_id", "=", sharingId)
    .orderBy("cozy_member.place")
    .orderBy("recipient.created_at")
    .orderBy("recipient.id")
    .execute();
  return rows.map((row) => ({
    ...row,
    attempts: row.attempts ?? 0,
    ...(waiting.get(row.id) ?? { waitsUntil: null, waitsBecause: null }),
  }));
}

type Waiting = Pick<InvitedRecipient, "waitsUntil" | "waitsBecause">;

/** Why mails of a sharing wait, by the recipient's id; those that have not been tried wait for nothing but their turn. */
async function readWaiting(db: Db, sharingId: string): Promise<ReadonlyMap<string, Waiting>> {
  const rows = await db
    .selectFrom("recipient")
    .innerJoin("invitation", "invitation.recipient_id", "recipient.id")
    .innerJoin("job", "job.subject", "invitation.id")
    .select(["recipient.id", "job.run_at as waitsUntil", "job.last_error as waitsBecause"])
    .where("recipient.sharing_id", "=", sharingId)
    .where("job.kind", "=", "send-invitation")
    .where("job.state", "=", "ready")
    .where("job.last_error", "is not", null)
    .execute();
  return new Map(rows.map(({ id, ...wait }) => [id, wait]));
}

/** A recipient of a sharing with all mails to him, the one that invites him first. */
export interface RecipientMails {
  readonly recipient: RecipientRow;
  readonly mails: readonly InvitationRow[];
}

/** Recipients of a sharing with their mails, in the order of the request: all, or the one with this id or address. */
export async function recipientsWithMails(
  db: Db,
  sharingId: string,
  only?: { readonly id: string } | { readonly addressKey: string },
): Promise<readonly RecipientMails[]> {
  let query = db
    .selectFrom("recipient")
    .selectAll()
    .where("sharing_id", "=", sharingId)
    .orderBy("created_at")
    .orderBy("id");
  if (only !== undefined) {
    query = "id" in only ? query.where("id", "=", only.id) : query.where("address_key", "=", only.addressKey);
  }
  const recipients = await query.execute();
  const mails = new Map<string, InvitationRow[]>(recipients.map(({ id }) => [id, []]));
  for (const mail of await mailsOf(db, sharingId)) mails.get(mail.recipient_id)?.push(mail);
  return recipients.map((recipient) => ({ recipient, mails: mails.get(recipient.id) ?? [] }));
}

async function mailsOf(db: Db, sharingId: string): Promise<readonly InvitationRow[]> {
  return db
    .selectFrom("invitation")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .selectAll("invitation")
    .where("recipient.sharing_id", "=", sharingId)
    .orderBy(sql`invitation.in_reply_to is not null`)
    .orderBy("invitation.created_at")
    .orderBy("invitation.id")
    .execute();
}

/** All mails to a recipient, the one that invites him first. */
export async function mailsTo(db: Db, recipientId: string): Promise<readonly InvitationRow[]> {
  return db
    .selectFrom("invitation")
    .selectAll()
    .where("recipient_id", "=", recipientId)
    .orderBy(sql`in_reply_to is not null`)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

/** Gives a recipient a link of his own. */
export async function setRecipientLink(db: Db, id: string, sealed: string): Promise<void> {
  await db.updateTable("recipient").set({ link_sealed: sealed }).where("id", "=", id).execute();
}

export async function readRecipient(db: Db, id: string): Promise<RecipientRow | undefined> {
  return db.selectFrom("recipient").selectAll().where("id", "=", id).executeTakeFirst();
}

/**
 * Whoever has not answered the invitation that he got in this time, has got none of the mails `before`, and waits for none;
 * the longest first.
 */
export async function unanswered(
  db: Db,
  sent: { readonly sinceMs: number; readonly untilMs: number },
  asked: { readonly before: readonly string[]; readonly rows: number },
): Promise<readonly { readonly sharingId: string; readonly recipientId: string }[]> {
  return db
    .selectFrom("invitation")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .innerJoin("sharing", "sharing.id", "recipient.sharing_id")
    .leftJoin("invitation as later", (join) =>
      join
        .onRef("later.recipient_id", "=", "recipient.id")
        .on((any) => any.or([any("later.template", "in", asked.before), any("later.state", "=", "planned")])),
    )
    .select(["sharing.id as sharingId", "recipient.id as recipientId"])
    .where("invitation.sent_at", ">", sent.sinceMs)
    .where("invitation.sent_at", "<=", sent.untilMs)
    .where("invitation.in_reply_to", "is", null)
    .where("recipient.state", "=", "pending")
    .where("sharing.revoked_at", "is", null)
    .where("later.id", "is", null)
    .orderBy("invitation.sent_at")
    .limit(asked.rows)
    .execute();
}

/** Ids of sharings whose time is over, the longest first. */
export async function overdueSharings(db: Db, nowMs: number, rows: number): Promise<readonly string[]> {
  const found = await db
    .selectFrom("sharing")
    .select("id")
    .where("expires_at", "<=", nowMs)
    .where("revoked_at", "is", null)
    .orderBy("expires_at")
    .limit(rows)
    .execute();
  return found.map(({ id }) => id);
}
