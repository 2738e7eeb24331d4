import { type Selectable, sql } from "kysely";
import type { NotificationRow } from "./notifications.ts";
import type { NoticeTable } from "./outgoing-tables.ts";
import type { Db } from "./store.ts";

export type NoticeRow = Selectable<NoticeTable>;

/** True unless the same thing was told, or is to be told, already. */
export async function insertNotice(db: Db, row: NoticeRow): Promise<boolean> {
  const result = await db
    .insertInto("notice")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function readNotice(db: Db, id: string): Promise<NoticeRow | undefined> {
  return db.selectFrom("notice").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function updateNotice(
  db: Db,
  id: string,
  change: Partial<
    Pick<NoticeRow, "state" | "raw_sealed" | "attempts" | "unknown_attempts" | "reply" | "sent_at">
  >,
): Promise<void> {
  await db.updateTable("notice").set(change).where("id", "=", id).execute();
}

/** When the account's notice mails since then were planned, oldest first; summaries do not count. */
export async function noticeTimes(db: Db, accountId: string, sinceMs: number): Promise<readonly number[]> {
  const rows = await db
    .selectFrom("notice")
    .select("created_at")
    .where("account_id", "=", accountId)
    .where("created_at", ">", sinceMs)
    .where("kind", "!=", "summary")
    .where("state", "!=", "withheld")
    .orderBy("created_at")
    .execute();
  return rows.map((row) => row.created_at);
}

/** Whether a summary of the account is planned and not yet written. */
export async function hasOpenSummary(db: Db, accountId: string): Promise<boolean> {
  const row = await db
    .selectFrom("notice")
    .select("id")
    .where("account_id", "=", accountId)
    .where("kind", "=", "summary")
    .where("state", "=", "planned")
    .where("raw_sealed", "is", null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** A notice without a mail of its own, and what it is about. */
export interface WithheldNotice {
  readonly noticeId: string;
  readonly notification: NotificationRow;
}

/** Notices of the account that were withheld and are in no summary yet, oldest first, each notification once. */
export async function withheldNotices(db: Db, accountId: string): Promise<readonly WithheldNotice[]> {
  const rows = await db
    .selectFrom("notice")
    .innerJoin("notification", "notification.id", "notice.notification_id")
    .selectAll("notification")
    .select("notice.id as noticeId")
    .where("notice.account_id", "=", accountId)
    .where("notice.state", "=", "withheld")
    .where("notice.reply", "is", null)
    .orderBy("notice.created_at")
    .orderBy("notice.id")
    .execute();
  return rows.map(({ noticeId, ...notification }) => ({ noticeId, notification }));
}

/** Notes by which summary withheld notices were told. */
export async function tellBySummary(db: Db, noticeIds: readonly string[], summaryId: string): Promise<void> {
  for (const id of noticeIds) {
    await db
      .updateTable("notice")
      .set({ reply: `in summary ${summaryId}` })
      .where("id", "=", id)
      .execute();
  }
}

/** How often the account, or who speaks for it, has answered a notification. */
export async function countAnswers(db: Db, notificationId: string): Promise<number> {
  const { answers } = await db
    .selectFrom("record")
    .select(({ fn }) => fn.countAll<number>().as("answers"))
    .where("notification_id", "=", notificationId)
    .where("kind", "=", "decision")
    .where(sql`detail_json ->> '$.by'`, "not in", ["policy", "expiry"])
    .executeTakeFirstOrThrow();
  return answers;
}
