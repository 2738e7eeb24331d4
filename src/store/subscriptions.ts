import type { Selectable } from "kysely";
import type { FollowedFolder } from "../protocols/protocol.ts";
import type { ShareKey } from "./notifications.ts";
import { liesAfter, type Page } from "./pages.ts";
import type { SubscriptionTable } from "./schema.ts";
import type { Db } from "./store.ts";

export type SubscriptionRow = Selectable<SubscriptionTable>;

export async function insertSubscription(db: Db, row: SubscriptionRow): Promise<void> {
  await db.insertInto("subscription").values(row).execute();
}

export async function readSubscription(db: Db, id: string): Promise<SubscriptionRow | undefined> {
  return db.selectFrom("subscription").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The one subscription to a share that has not ended. */
export async function openSubscription(db: Db, key: ShareKey): Promise<SubscriptionRow | undefined> {
  return db
    .selectFrom("subscription")
    .selectAll()
    .where("account_id", "=", key.accountId)
    .where("protocol", "=", key.protocol)
    .where("origin", "=", key.origin)
    .where("share_key", "=", key.shareKey)
    .where("ended_at", "is", null)
    .executeTakeFirst();
}

/** What came of a notification and has not ended. */
export async function subscriptionOf(db: Db, notificationId: string): Promise<SubscriptionRow | undefined> {
  return db
    .selectFrom("subscription")
    .selectAll()
    .where("notification_id", "=", notificationId)
    .where("ended_at", "is", null)
    .executeTakeFirst();
}

export async function updateSubscription(
  db: Db,
  id: string,
  change: Partial<Omit<SubscriptionRow, "id" | "account_id" | "notification_id" | "created_at">>,
): Promise<void> {
  await db.updateTable("subscription").set(change).where("id", "=", id).execute();
}

/** Open subscriptions whose next check is due, oldest first. */
export async function dueSubscriptions(
  db: Db,
  nowMs: number,
  limit: number,
): Promise<readonly SubscriptionRow[]> {
  return db
    .selectFrom("subscription")
    .selectAll()
    .where("ended_at", "is", null)
    .where("next_check_at", "<=", nowMs)
    .orderBy("next_check_at")
    .limit(limit)
    .execute();
}

/** Subscriptions with the name of their account, newest first: all of them, or one page. */
export async function listSubscriptions(
  db: Db,
  filter: {
    /** By name. */
    readonly account?: string | undefined;
    readonly accountId?: string | null;
    readonly withEnded: boolean;
  },
  page?: Page,
): Promise<readonly (SubscriptionRow & { account: string })[]> {
  let query = db
    .selectFrom("subscription")
    .innerJoin("account", "account.id", "subscription.account_id")
    .selectAll("subscription")
    .select("account.name as account")
    .orderBy("subscription.created_at", "desc")
    .orderBy("subscription.id");
  if (filter.account !== undefined) query = query.where("account.name", "=", filter.account);
  if (typeof filter.accountId === "string") {
    query = query.where("subscription.account_id", "=", filter.accountId);
  }
  if (!filter.withEnded) query = query.where("subscription.ended_at", "is", null);
  if (page !== undefined) query = query.limit(page.rows);
  if (page?.after) query = query.where(liesAfter("subscription", page.after));
  return query.execute();
}

/** Subscriptions whose id begins with `prefix`; at most two, enough to see that it is not unique. */
export async function subscriptionsByPrefix(db: Db, prefix: string): Promise<readonly SubscriptionRow[]> {
  return db
    .selectFrom("subscription")
    .selectAll()
    .where("id", ">=", prefix)
    .where("id", "<", `${prefix}\u{10FFFF}`)
    .limit(2)
    .execute();
}

/** Keeps what the origin showed at the last look: folders and how many entries each had, not the entries. */
export async function keepFolders(
  db: Db,
  subscriptionId: string,
  folders: readonly FollowedFolder[],
): Promise<void> {
  await db.deleteFrom("subscription_folder").where("subscription_id", "=", subscriptionId).execute();
  for (const folder of folders) {
    await db
      .insertInto("subscription_folder")
      .values({
        subscription_id: subscriptionId,
        module: folder.module,
        folder: folder.folder,
        title: folder.title,
        entries: folder.entries.length,
      })
      .execute();
  }
}

/** The folders behind a subscription as the last look at its origin showed them. */
export async function readFolders(
  db: Db,
  subscriptionId: string,
): Promise<readonly { module: string; folder: string; title: string; entries: number }[]> {
  return db
    .selectFrom("subscription_folder")
    .select(["module", "folder", "title", "entries"])
    .where("subscription_id", "=", subscriptionId)
    .orderBy("folder")
    .execute();
}
