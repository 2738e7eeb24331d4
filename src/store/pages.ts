import type { NotificationRow } from "./notifications.ts";
import type { NotificationState } from "./schema.ts";
import type { Db } from "./store.ts";
import type { SubscriptionRow } from "./subscriptions.ts";

/** Where a page of a list begins: after this row. Rows lie newest first, those of one millisecond by id. */
export interface PageStart {
  readonly createdAt: number;
  readonly id: string;
}

export interface Page {
  /** Null: of all accounts. */
  readonly accountId: string | null;
  readonly after: PageStart | null;
  readonly rows: number;
}

/** One page of notifications, each with the name of its account. */
export async function pageOfNotifications(
  db: Db,
  page: Page & { readonly state: NotificationState | null },
): Promise<readonly (NotificationRow & { readonly account: string })[]> {
  const { accountId, after, state } = page;
  let query = db
    .selectFrom("notification")
    .innerJoin("account", "account.id", "notification.account_id")
    .selectAll("notification")
    .select("account.name as account")
    .orderBy("notification.created_at", "desc")
    .orderBy("notification.id")
    .limit(page.rows);
  if (accountId !== null) query = query.where("notification.account_id", "=", accountId);
  if (state !== null) query = query.where("notification.state", "=", state);
  if (after !== null) {
    query = query.where((all) =>
      all.or([
        all("notification.created_at", "<", after.createdAt),
        all.and([
          all("notification.created_at", "=", after.createdAt),
          all("notification.id", ">", after.id),
        ]),
      ]),
    );
  }
  return query.execute();
}

/** One page of subscriptions, each with the name of its account. */
export async function pageOfSubscriptions(
  db: Db,
  page: Page & { readonly withEnded: boolean },
): Promise<readonly (SubscriptionRow & { readonly account: string })[]> {
  const { accountId, after } = page;
  let query = db
    .selectFrom("subscription")
    .innerJoin("account", "account.id", "subscription.account_id")
    .selectAll("subscription")
    .select("account.name as account")
    .orderBy("subscription.created_at", "desc")
    .orderBy("subscription.id")
    .limit(page.rows);
  if (accountId !== null) query = query.where("subscription.account_id", "=", accountId);
  if (!page.withEnded) query = query.where("subscription.ended_at", "is", null);
  if (after !== null) {
    query = query.where((all) =>
      all.or([
        all("subscription.created_at", "<", after.createdAt),
        all.and([
          all("subscription.created_at", "=", after.createdAt),
          all("subscription.id", ">", after.id),
        ]),
      ]),
    );
  }
  return query.execute();
}
