import { moduleName, type ModuleName } from "../domain/share.ts";
import type { Follower, FollowerHome } from "../protocols/protocol.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Db } from "../store/store.ts";

/** An account as following needs it: who it is, and where it is at home. */
export interface FollowingAccount extends FollowerHome {
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
  const home = await db
    .selectFrom("account_home")
    .selectAll()
    .where("account_id", "=", accountId)
    .executeTakeFirst();
  return {
    id: account.id,
    name: account.name,
    who: {
      accountId: account.id,
      instanceUrl: account.instance_host === null ? null : `https://${account.instance_host}`,
      addresses: addresses.map((row) => row.address),
      modules: parseModules(account.modules_json),
      locale: account.locale,
      hasHome: home !== undefined,
    },
    home:
      home === undefined
        ? null
        : {
            kind: home.kind,
            baseUrl: home.base_url,
            login: home.login,
            password: () =>
              sealer.open(home.password_sealed, {
                table: "account_home",
                row: accountId,
                column: "password_sealed",
              }),
          },
  };
}

function parseModules(text: string): readonly ModuleName[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return [];
  return value.flatMap((name: unknown) => moduleName(typeof name === "string" ? name : null) ?? []);
}
