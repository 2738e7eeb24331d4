import { addressKey } from "../domain/address.ts";
import { type AccountRow, accountById, accountByName, accountOfAddress } from "../store/accounts.ts";
import type { Db } from "../store/store.ts";

/**
 * The account that the first part of an OCM address of this site names: by its name, else by one of its mail addresses, written
 * out or of the site's own domain, since people take the one for the other.
 */
export async function ownAccount(
  db: Db,
  identifier: string,
  siteUrl: string,
): Promise<AccountRow | undefined> {
  const named = await accountByName(db, identifier);
  if (named !== undefined) return named;
  for (const address of [identifier, `${identifier}@${new URL(siteUrl).hostname}`]) {
    const key = addressKey(address);
    const id = key === null ? undefined : await accountOfAddress(db, key);
    if (id !== undefined) return accountById(db, id);
  }
  return undefined;
}
