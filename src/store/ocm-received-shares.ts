import type { Insertable, Selectable, Updateable } from "kysely";
import type { OcmReceivedShareTable } from "./ocm-tables.ts";
import type { Db } from "./store.ts";

// Shares that peers posted, as they come and go; how accounts follow them stands in store/ocm-followed-shares.ts.

export type ReceivedShareRow = Selectable<OcmReceivedShareTable>;

/** The account's share under a peer's id of it. */
export async function receivedShareOf(
  db: Db,
  of: { readonly accountId: string; readonly host: string; readonly providerId: string },
): Promise<ReceivedShareRow | undefined> {
  return db
    .selectFrom("ocm_received_share")
    .selectAll()
    .where("account_id", "=", of.accountId)
    .where("host", "=", of.host)
    .where("provider_id", "=", of.providerId)
    .where("form", "!=", "link")
    .executeTakeFirst();
}

export async function insertReceivedShare(db: Db, row: Insertable<OcmReceivedShareTable>): Promise<void> {
  await db.insertInto("ocm_received_share").values(row).execute();
}

export async function updateReceivedShare(
  db: Db,
  id: string,
  change: Updateable<OcmReceivedShareTable>,
): Promise<void> {
  await db
    .updateTable("ocm_received_share")
    .set({ ...change, updated_at: Date.now() })
    .where("id", "=", id)
    .execute();
}

/** How a message about received shares names them: by secret, or by recipient. `hash` is SHA-256, hex. */
export type ReceivedShareName = {
  readonly providerId: string;
  /** Null where the message does not prove where it comes from. */
  readonly host: string | null;
} & ({ readonly secretHash: string } | { readonly shareWith: string });

/** One, unless several servers gave one account shares of the same id and nobody proves which of them speaks. */
const namedRows = 10;

/** Id, origin, and secret or recipient in one look-up (reference/ocm.md 9): whatever differs, there is no such share. */
export async function receivedSharesNamed(
  db: Db,
  name: ReceivedShareName,
): Promise<readonly ReceivedShareRow[]> {
  let query = db
    .selectFrom("ocm_received_share")
    .selectAll()
    .where("provider_id", "=", name.providerId)
    .where("form", "!=", "link");
  if (name.host !== null) query = query.where("host", "=", name.host);
  query =
    "secretHash" in name
      ? query.where("secret_hash", "=", name.secretHash)
      : query.where("share_with", "=", name.shareWith);
  return query.limit(namedRows).execute();
}

/** Shares that wait for the account's answer. */
export async function countPendingShares(db: Db, accountId: string): Promise<number> {
  const { all } = await db
    .selectFrom("ocm_received_share")
    .innerJoin("notification", "notification.id", "ocm_received_share.notification_id")
    .select(({ fn }) => fn.countAll<number>().as("all"))
    .where("ocm_received_share.account_id", "=", accountId)
    .where("ocm_received_share.state", "=", "pending")
    .where("notification.state", "=", "held")
    .executeTakeFirstOrThrow();
  return all;
}

/** The notification of a link that is being turned into a share of this host, which is expected no longer; else undefined. */
export async function takeExpected(
  db: Db,
  { accountId, host }: { readonly accountId: string; readonly host: string },
  nowMs: number,
): Promise<string | undefined> {
  const row = await db
    .selectFrom("ocm_expected_share")
    .select("notification_id")
    .where("account_id", "=", accountId)
    .where("host", "=", host)
    .where("expected_until", ">", nowMs)
    .orderBy("expected_until")
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await db
    .deleteFrom("ocm_expected_share")
    .where("account_id", "=", accountId)
    .where("notification_id", "=", row.notification_id)
    .execute();
  return row.notification_id;
}

/** Ends shares whose time is over, at most so many, and gives them. */
export async function endExpiredShares(
  db: Db,
  { nowMs, rows }: { readonly nowMs: number; readonly rows: number },
): Promise<readonly ReceivedShareRow[]> {
  const over = db
    .selectFrom("ocm_received_share")
    .select("id")
    .where("expires_at", "<=", nowMs)
    .where("state", "in", ["pending", "accepted"])
    .limit(rows);
  return db
    .updateTable("ocm_received_share")
    .set({ state: "unshared", updated_at: nowMs })
    .where("id", "in", over)
    .returningAll()
    .execute();
}

/** Forgets shares that ended before, those that the account let lie as long, and links that nothing came of. */
export async function forgetEndedShares(
  db: Db,
  { nowMs, endedBeforeMs }: { readonly nowMs: number; readonly endedBeforeMs: number },
): Promise<void> {
  await db
    .deleteFrom("ocm_received_share")
    .where("state", "in", ["declined", "left", "unshared"])
    .where("updated_at", "<", endedBeforeMs)
    .execute();
  const closed = db.selectFrom("notification").select("id").where("state", "in", ["ignored", "refused"]);
  await db
    .deleteFrom("ocm_received_share")
    .where("state", "=", "pending")
    .where("updated_at", "<", endedBeforeMs)
    .where((row) => row.or([row("notification_id", "is", null), row("notification_id", "in", closed)]))
    .execute();
  await db.deleteFrom("ocm_expected_share").where("expected_until", "<=", nowMs).execute();
}
