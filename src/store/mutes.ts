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
