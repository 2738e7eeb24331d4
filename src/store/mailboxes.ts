import type { Selectable } from "kysely";
import { newId } from "./ids.ts";
import type { MessageRow } from "./messages.ts";
import type { MailboxState, MailboxTable, MessageTable } from "./schema.ts";
import type { Db } from "./store.ts";

export type MailboxRow = Selectable<MailboxTable>;

/** A mailbox with the name of its account. */
export interface NamedMailbox extends MailboxRow {
  readonly account: string;
}

export async function insertMailbox(db: Db, mailbox: MailboxRow): Promise<void> {
  await db.insertInto("mailbox").values(mailbox).execute();
}

/** All mailboxes, or those of one account, by the names of the accounts. */
export async function listMailboxes(db: Db, accountId?: string): Promise<readonly NamedMailbox[]> {
  let query = db
    .selectFrom("mailbox")
    .innerJoin("account", "account.id", "mailbox.account_id")
    .selectAll("mailbox")
    .select("account.name as account");
  if (accountId !== undefined) query = query.where("mailbox.account_id", "=", accountId);
  return query.orderBy("account.name").execute();
}

/** The folders of a mailbox, INBOX where none is named. */
export function parseFolders({ folders_json }: Pick<MailboxRow, "folders_json">): readonly string[] {
  const value: unknown = JSON.parse(folders_json);
  const folders = Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
  return folders.length === 0 ? ["INBOX"] : folders;
}

/** Removes a mailbox with its cursors and the mails found in it. */
export async function deleteMailbox(db: Db, id: string): Promise<void> {
  await db.deleteFrom("mailbox").where("id", "=", id).execute();
}

/** What is known of a mailbox's connection. */
export interface MailboxCondition {
  readonly state: MailboxState;
  /** For a person; null while all is well. */
  readonly reason: string | null;
  readonly authFailures: number;
  readonly firstAuthFailureAt: number | null;
  /** Last time something was learnt from the server; null leaves it as it is. */
  readonly progressAt: number | null;
}

export function conditionOf(row: MailboxRow): MailboxCondition {
  return {
    state: row.state,
    reason: row.state_reason,
    authFailures: row.auth_failures,
    firstAuthFailureAt: row.first_auth_failure_at,
    progressAt: row.progress_at,
  };
}

export async function saveCondition(db: Db, id: string, condition: MailboxCondition): Promise<void> {
  await db
    .updateTable("mailbox")
    .set({
      state: condition.state,
      state_reason: condition.reason,
      auth_failures: condition.authFailures,
      first_auth_failure_at: condition.firstAuthFailureAt,
      ...(condition.progressAt === null ? {} : { progress_at: condition.progressAt }),
    })
    .where("id", "=", id)
    .execute();
}

/** How far a folder was read: law 1. */
export interface Cursor {
  readonly uidValidity: number;
  readonly lastUid: number;
}

/** How far the folder was scanned; null where it was never scanned. */
export async function readCursor(db: Db, mailboxId: string, folder: string): Promise<Cursor | null> {
  const row = await db
    .selectFrom("mailbox_cursor")
    .select(["uid_validity", "last_uid"])
    .where("mailbox_id", "=", mailboxId)
    .where("folder", "=", folder)
    .executeTakeFirst();
  return row === undefined ? null : { uidValidity: row.uid_validity, lastUid: row.last_uid };
}

/**
 * Moves the cursor of a folder over the UIDs from `fromUid` to `cursor.lastUid`, which were read. Under the same
 * UIDVALIDITY it never moves back, and never over UIDs that nobody read; under another one it starts anew.
 */
export async function moveCursor(
  db: Db,
  place: { readonly mailboxId: string; readonly folder: string },
  fromUid: number,
  cursor: Cursor,
): Promise<void> {
  const values = { uid_validity: cursor.uidValidity, last_uid: cursor.lastUid };
  await db
    .insertInto("mailbox_cursor")
    .values({ mailbox_id: place.mailboxId, folder: place.folder, ...values })
    .onConflict((conflict) =>
      conflict
        .columns(["mailbox_id", "folder"])
        .doUpdateSet(values)
        .where((row) =>
          row.or([
            row("mailbox_cursor.uid_validity", "!=", cursor.uidValidity),
            row.and([
              row("mailbox_cursor.last_uid", ">=", fromUid - 1),
              row("mailbox_cursor.last_uid", "<", cursor.lastUid),
            ]),
          ]),
        ),
    )
    .execute();
}

/** One mail worth reading whole, where it lies. */
export type FoundMessage = Pick<
  MessageTable,
  "id" | "account_id" | "mailbox_id" | "folder" | "uid_validity" | "uid" | "message_key"
>;

/** Records found mails and returns those that were not known under this place. */
export async function insertFound(
  db: Db,
  found: readonly Omit<FoundMessage, "id">[],
  foundAt: number,
): Promise<readonly FoundMessage[]> {
  if (found.length === 0) return [];
  return db
    .insertInto("message")
    .values(
      found.map((mail) => ({
        ...mail,
        id: newId("m"),
        state: "found" as const,
        verdict: null,
        notification_id: null,
        found_at: foundAt,
      })),
    )
    .onConflict((conflict) => conflict.columns(["mailbox_id", "folder", "uid_validity", "uid"]).doNothing())
    .returning(["id", "account_id", "mailbox_id", "folder", "uid_validity", "uid", "message_key"])
    .execute();
}

/** The verdict on a mail at a place where Usher put it. */
export const movedVerdict = "moved by Usher";

/** A mail that Usher moved is known at its new place, so that no scan takes it for another. */
export async function insertMoved(
  db: Db,
  mail: MessageRow,
  to: { readonly folder: string; readonly uidValidity: number; readonly uid: number },
  movedAt: number,
): Promise<void> {
  await db
    .insertInto("message")
    .values({
      ...mail,
      id: newId("m"),
      folder: to.folder,
      uid_validity: to.uidValidity,
      uid: to.uid,
      state: "read",
      verdict: movedVerdict,
      found_at: movedAt,
    })
    .onConflict((conflict) => conflict.columns(["mailbox_id", "folder", "uid_validity", "uid"]).doNothing())
    .execute();
}

/** Places in other folders of the same mailbox where mails with the same Message-ID were found, newest first. */
export async function otherPlaces(db: Db, mail: MessageRow): Promise<readonly MessageRow[]> {
  return db
    .selectFrom("message")
    .selectAll()
    .where("mailbox_id", "=", mail.mailbox_id)
    .where("message_key", "=", mail.message_key)
    .where("folder", "!=", mail.folder)
    .orderBy("found_at", "desc")
    .orderBy("uid", "desc")
    .limit(20)
    .execute();
}

/** The notification that a mail with the same Message-ID led to in the same account; null for none. */
export async function notificationOfCopy(db: Db, mail: MessageRow): Promise<string | null> {
  const row = await db
    .selectFrom("message")
    .select("notification_id")
    .where("account_id", "=", mail.account_id)
    .where("message_key", "=", mail.message_key)
    .where("notification_id", "is not", null)
    .orderBy("found_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.notification_id ?? null;
}

/** Mails of a notification that may still lie where they were found. */
export async function mailsThere(db: Db, notificationId: string): Promise<readonly MessageRow[]> {
  return db
    .selectFrom("message")
    .selectAll()
    .where("notification_id", "=", notificationId)
    .where("state", "=", "read")
    .orderBy("found_at")
    .execute();
}

/** Remembers which state the keyword of a mail shows. */
export async function setMark(db: Db, messageId: string, mark: string): Promise<void> {
  await db.updateTable("message").set({ mark }).where("id", "=", messageId).execute();
}

export async function readMailbox(db: Db, id: string): Promise<MailboxRow | undefined> {
  return db.selectFrom("mailbox").selectAll().where("id", "=", id).executeTakeFirst();
}
