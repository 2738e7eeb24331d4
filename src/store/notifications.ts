import type { Selectable } from "kysely";
import { limits } from "../domain/limits.ts";
import { liesAfter, type Page } from "./pages.ts";
import type { NotificationState, NotificationTable, NotificationTargetTable } from "./schema.ts";
import type { Db } from "./store.ts";

export type NotificationRow = Selectable<NotificationTable>;
export type TargetRow = Pick<NotificationTargetTable, "module" | "folder" | "item" | "title">;

/** The third key against doubles: account, protocol, origin and the hash of the share id. */
export interface ShareKey {
  readonly accountId: string;
  readonly protocol: string;
  readonly origin: string;
  readonly shareKey: string;
}

export async function findByShare(db: Db, key: ShareKey): Promise<NotificationRow | undefined> {
  return db
    .selectFrom("notification")
    .selectAll()
    .where("account_id", "=", key.accountId)
    .where("protocol", "=", key.protocol)
    .where("origin", "=", key.origin)
    .where("share_key", "=", key.shareKey)
    .executeTakeFirst();
}

export async function insertNotification(db: Db, row: NotificationRow): Promise<void> {
  await db.insertInto("notification").values(row).execute();
}

export async function readNotification(db: Db, id: string): Promise<NotificationRow | undefined> {
  return db.selectFrom("notification").selectAll().where("id", "=", id).executeTakeFirst();
}

/** All states, as lists and programs name them. */
export const notificationStates = [
  "held",
  "accepted",
  "followed",
  "failed",
  "needs-password",
  "ignored",
  "refused",
] as const satisfies readonly NotificationState[];

/** Notifications with the name of their account, newest first: all of them, or one page. */
export async function listNotifications(
  db: Db,
  filter: {
    /** By name. */
    readonly account?: string | undefined;
    readonly accountId?: string | null;
    readonly state?: NotificationState | undefined;
  },
  page?: Page,
): Promise<readonly (NotificationRow & { account: string })[]> {
  let query = db
    .selectFrom("notification")
    .innerJoin("account", "account.id", "notification.account_id")
    .selectAll("notification")
    .select("account.name as account")
    .orderBy("notification.created_at", "desc")
    .orderBy("notification.id");
  if (filter.account !== undefined) query = query.where("account.name", "=", filter.account);
  if (typeof filter.accountId === "string") {
    query = query.where("notification.account_id", "=", filter.accountId);
  }
  if (filter.state !== undefined) query = query.where("notification.state", "=", filter.state);
  if (page !== undefined) query = query.limit(page.rows);
  if (page?.after) query = query.where(liesAfter("notification", page.after));
  return query.execute();
}

/** Notifications whose id begins with `prefix`; at most two, enough to see that it is not unique. */
export async function notificationsByPrefix(db: Db, prefix: string): Promise<readonly NotificationRow[]> {
  return db
    .selectFrom("notification")
    .selectAll()
    .where("id", ">=", prefix)
    .where("id", "<", `${prefix}\u{10FFFF}`)
    .limit(2)
    .execute();
}

/** How many notifications of a protocol wait for an account's answer. */
export async function countHeld(db: Db, accountId: string, protocol: string): Promise<number> {
  const { n } = await db
    .selectFrom("notification")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .where("account_id", "=", accountId)
    .where("protocol", "=", protocol)
    .where("state", "=", "held")
    .executeTakeFirstOrThrow();
  return n;
}

export interface StateChange {
  readonly state: NotificationState;
  readonly reason: string | null;
  readonly detail: string | null;
  /** When a held notification is given up; left out: never. */
  readonly expiresAt?: number;
}

/** Called by receiving/state.ts only, which tells who must know. */
export async function setNotificationState(db: Db, id: string, change: StateChange): Promise<void> {
  const { state, reason, detail, expiresAt } = change;
  await db
    .updateTable("notification")
    .set({ state, reason, detail, expires_at: expiresAt ?? null, updated_at: Date.now() })
    .where("id", "=", id)
    .execute();
}

/** What a notification shows and opens, taken anew from a mail that deserves more belief. */
export async function refreshNotification(
  db: Db,
  id: string,
  shown: Pick<
    NotificationRow,
    "variant" | "link_sealed" | "recipient_kind" | "module" | "title" | "sharer_name" | "sharer_address"
  >,
): Promise<void> {
  await db.updateTable("notification").set(shown).where("id", "=", id).execute();
}

/** Held notifications whose time is over, oldest first. */
export async function expiredNotifications(
  db: Db,
  nowMs: number,
  limit: number,
): Promise<readonly NotificationRow[]> {
  return db
    .selectFrom("notification")
    .selectAll()
    .where("state", "=", "held")
    .where("expires_at", "<=", nowMs)
    .orderBy("expires_at")
    .limit(limit)
    .execute();
}

export async function setNotificationPassword(db: Db, id: string, sealed: string): Promise<void> {
  await db.updateTable("notification").set({ password_sealed: sealed }).where("id", "=", id).execute();
}

/** Adds what one mail names; true when no mail named it before. Nothing is added beyond limits.shareTargets. */
export async function addTarget(db: Db, notificationId: string, target: TargetRow): Promise<boolean> {
  const { known } = await db
    .selectFrom("notification_target")
    .select(({ fn }) => fn.countAll<number>().as("known"))
    .where("notification_id", "=", notificationId)
    .executeTakeFirstOrThrow();
  if (known >= limits.shareTargets) return false;
  const result = await db
    .insertInto("notification_target")
    .values({ notification_id: notificationId, target_key: targetKey(target), ...target })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

export async function readTargets(db: Db, notificationId: string): Promise<readonly TargetRow[]> {
  return db
    .selectFrom("notification_target")
    .select(["module", "folder", "item", "title"])
    .where("notification_id", "=", notificationId)
    .orderBy("target_key")
    .execute();
}

function targetKey(target: TargetRow): string {
  return JSON.stringify([target.module, target.folder, target.item]);
}
