import type { Selectable } from "kysely";
import type { MessageTable } from "./schema.ts";
import type { Db } from "./store.ts";

export type MessageRow = Selectable<MessageTable>;

export async function readMessage(db: Db, id: string): Promise<MessageRow | undefined> {
  return db.selectFrom("message").selectAll().where("id", "=", id).executeTakeFirst();
}

export interface MessageOutcome {
  readonly state: MessageRow["state"];
  readonly verdict: string | null;
  readonly notificationId: string | null;
}

export async function closeMessage(db: Db, id: string, outcome: MessageOutcome): Promise<void> {
  await db
    .updateTable("message")
    .set({ state: outcome.state, verdict: outcome.verdict, notification_id: outcome.notificationId })
    .where("id", "=", id)
    .execute();
}

/** Whether the account already has a mail with this Message-ID that led to this notification: a moved or resent copy. */
export async function isKnownMail(
  db: Db,
  mail: Pick<MessageRow, "account_id" | "message_key">,
  notificationId: string,
): Promise<boolean> {
  const row = await db
    .selectFrom("message")
    .select("id")
    .where("account_id", "=", mail.account_id)
    .where("message_key", "=", mail.message_key)
    .where("notification_id", "=", notificationId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Mails that led to one notification, with where they lay when found. */
export async function messagesOf(db: Db, notificationId: string): Promise<readonly MessageRow[]> {
  return db
    .selectFrom("message")
    .selectAll()
    .where("notification_id", "=", notificationId)
    .orderBy("found_at")
    .execute();
}

export type FoundMail = MessageRow & { readonly account: string };

/** Mails that scans found, with the name of their account, as they were found; by Message-ID or since a time. */
export async function foundMails(
  db: Db,
  filter: {
    readonly messageKey?: string | undefined;
    readonly foundSince?: number | undefined;
    readonly accountId?: string | undefined;
  },
): Promise<readonly FoundMail[]> {
  const { messageKey, foundSince, accountId } = filter;
  let query = db
    .selectFrom("message")
    .innerJoin("account", "account.id", "message.account_id")
    .selectAll("message")
    .select("account.name as account")
    .orderBy("message.found_at")
    .orderBy("message.id");
  if (messageKey !== undefined) query = query.where("message.message_key", "=", messageKey);
  if (foundSince !== undefined) query = query.where("message.found_at", ">=", foundSince);
  if (accountId !== undefined) query = query.where("message.account_id", "=", accountId);
  return query.execute();
}
