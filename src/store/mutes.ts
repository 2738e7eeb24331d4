import type { Db } from "./store.ts";

/** Whether the holder of this address (normal form of domain/address.ts) wants no more invitations of the account. */
export async function isMuted(db: Db, accountId: string, addressKey: string): Promise<boolean> {
  const row = await db
    .selectFrom("mute")
    .select("created_at")
    .where("account_id", "=", accountId)
    .where("address_key", "=", addressKey)
    .executeTakeFirst();
  return row !== undefined;
}

/** The addresses whose holders want no more invitations of the account. */
export async function mutedAddresses(db: Db, accountId: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("mute")
    .select("address_key")
    .where("account_id", "=", accountId)
    .execute();
  return new Set(rows.map((row) => row.address_key));
}

/** Nothing of the account is sent to the address any more. False where it was so before. */
export async function mute(db: Db, accountId: string, addressKey: string): Promise<boolean> {
  const added = await db
    .insertInto("mute")
    .values({ account_id: accountId, address_key: addressKey, created_at: Date.now() })
    .onConflict((conflict) => conflict.doNothing())
    .returning("account_id")
    .executeTakeFirst();
  return added !== undefined;
}

/** The account may invite the address again. False where nothing kept it from that. */
export async function unmute(db: Db, accountId: string, addressKey: string): Promise<boolean> {
  const gone = await db
    .deleteFrom("mute")
    .where("account_id", "=", accountId)
    .where("address_key", "=", addressKey)
    .returning("account_id")
    .executeTakeFirst();
  return gone !== undefined;
}

/** Who wants no more invitations of which account, by account. */
export async function listMutes(
  db: Db,
): Promise<readonly { readonly account: string; readonly address: string; readonly since: number }[]> {
  return db
    .selectFrom("mute")
    .innerJoin("account", "account.id", "mute.account_id")
    .select(["account.name as account", "mute.address_key as address", "mute.created_at as since"])
    .orderBy("account.name")
    .orderBy("mute.address_key")
    .execute();
}
