import type { Selectable } from "kysely";
import type { UndeliveredTo } from "../domain/sharer-notice.ts";
import type { SharerNoticeTable } from "./outgoing-tables.ts";
import type { Db } from "./store.ts";

export type SharerNoticeRow = Selectable<SharerNoticeTable>;

export async function insertSharerNotice(db: Db, row: SharerNoticeRow): Promise<void> {
  await db.insertInto("sharer_notice").values(row).execute();
}

/** Notices about one sharing: how many there are, and the one that is not written yet. */
export async function sharerNoticesOf(
  db: Db,
  sharingId: string,
): Promise<{ readonly count: number; readonly openId: string | null }> {
  const rows = await db
    .selectFrom("sharer_notice")
    .select(["id", "state", "raw_sealed"])
    .where("sharing_id", "=", sharingId)
    .orderBy("created_at", "desc")
    .execute();
  const open = rows.find((row) => row.state === "planned" && row.raw_sealed === null);
  return { count: rows.length, openId: open?.id ?? null };
}

/** The recipient's failure is told by this notice. */
export async function tellFailure(db: Db, recipientId: string, noticeId: string): Promise<void> {
  await db.updateTable("recipient").set({ told_by: noticeId }).where("id", "=", recipientId).execute();
}

/** A notice with the sharing it is about. */
export type PlannedSharerNotice = SharerNoticeRow & { readonly title: string };

/** Undefined where the account or the sharing was removed, and everything with it. */
export async function readSharerNotice(db: Db, id: string): Promise<PlannedSharerNotice | undefined> {
  return db
    .selectFrom("sharer_notice")
    .innerJoin("sharing", "sharing.id", "sharer_notice.sharing_id")
    .selectAll("sharer_notice")
    .select("sharing.title")
    .where("sharer_notice.id", "=", id)
    .executeTakeFirst();
}

/** Whom a notice tells of: its recipients who are still mail-not-sent, each with the status of his last failed mail. */
export async function undeliveredIn(db: Db, noticeId: string): Promise<readonly UndeliveredTo[]> {
  return db
    .selectFrom("recipient")
    .select((recipient) => [
      "address",
      "reason",
      recipient
        .selectFrom("invitation")
        .select("fate_status")
        .whereRef("invitation.recipient_id", "=", "recipient.id")
        .where("invitation.fate", "=", "bounced")
        .orderBy("invitation.fate_at", "desc")
        .limit(1)
        .as("status"),
    ])
    .where("told_by", "=", noticeId)
    .where("state", "=", "mail-not-sent")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

export async function updateSharerNotice(
  db: Db,
  id: string,
  change: Partial<
    Pick<SharerNoticeRow, "state" | "raw_sealed" | "attempts" | "unknown_attempts" | "reply" | "sent_at">
  >,
): Promise<void> {
  await db.updateTable("sharer_notice").set(change).where("id", "=", id).execute();
}

/** Nothing is left to tell. */
export async function deleteSharerNotice(db: Db, id: string): Promise<void> {
  await db.deleteFrom("sharer_notice").where("id", "=", id).execute();
}
