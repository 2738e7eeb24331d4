import { moduleName, type ModuleName } from "../domain/share.ts";
import type { Follower, FollowerHomes } from "../protocols/protocol.ts";
import { listHomes } from "../store/accounts.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Db } from "../store/store.ts";

/** An account as following needs it: who it is, and where it is at home. */
export interface FollowingAccount extends FollowerHomes {
  readonly id: string;
  readonly name: string;
  readonly who: Follower;
}

/** The account with its addresses and home; undefined where it was removed. */
export async function readFollowingAccount(
  db: Db,
  accountId: string,
  sealer: Sealer,
): Promise<FollowingAccount | undefined> {
  const account = await db.selectFrom("account").selectAll().where("id", "=", accountId).executeTakeFirst();
  if (account === undefined) return undefined;
  const addresses = await db
    .selectFrom("account_address")
    .select("address")
    .where("account_id", "=", accountId)
    .orderBy("is_primary", "desc")
    .execute();
  const homes = await listHomes(db, accountId);
  return {
    id: account.id,
    name: account.name,
    who: {
      accountId: account.id,
      instanceUrl: account.instance_host === null ? null : `https://${account.instance_host}`,
      addresses: addresses.map((row) => row.address),
      modules: parseModules(account.modules_json),
      locale: account.locale,
      homes: homes.map(({ kind }) => kind),
    },
    homes: homes.map(({ kind, base_url: baseUrl, login, password_sealed: sealed }) => ({
      kind,
      baseUrl,
      login,
      password: () =>
        sealer.open(sealed, { table: "account_home", row: accountId, column: "password_sealed" }),
    })),
  };
}

function parseModules(text: string): readonly ModuleName[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return [];
  return value.flatMap((name: unknown) => moduleName(typeof name === "string" ? name : null) ?? []);
}
