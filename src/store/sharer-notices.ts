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

/** Whom a notice tells of: its recipients who are still mail-not-sent, each with the status of the last report. */
export async function undeliveredIn(db: Db, noticeId: string): Promise<readonly UndeliveredTo[]> {
  const rows = await db
    .selectFrom("recipient")
    .leftJoin("invitation", (join) =>
      join.onRef("invitation.recipient_id", "=", "recipient.id").on("invitation.fate", "=", "bounced"),
    )
    .select(["recipient.id", "recipient.address", "recipient.reason", "invitation.fate_status as status"])
    .where("recipient.told_by", "=", noticeId)
    .where("recipient.state", "=", "mail-not-sent")
    .orderBy("recipient.created_at")
    .orderBy("recipient.id")
    .orderBy("invitation.fate_at", "desc")
    .execute();
  const byRecipient = new Map(rows.toReversed().map((row) => [row.id, row]));
  return [...byRecipient.values()].toReversed();
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
