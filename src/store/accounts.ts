import type { Selectable } from "kysely";
import { addressKey } from "../domain/address.ts";
import type { HomeKind } from "../domain/home.ts";
import type { ModuleName } from "../domain/share.ts";
import type { AccountAddressTable, AccountHomeTable, AccountTable } from "./account-tables.ts";
import type { Db } from "./store.ts";

export type AccountRow = Selectable<AccountTable>;
export type AccountAddressRow = Selectable<AccountAddressTable>;
export type AccountHomeRow = Selectable<AccountHomeTable>;

export interface NewAccount {
  readonly id: string;
  readonly name: string;
  readonly locale: string;
  readonly modules: readonly ModuleName[];
  /** The first one is the primary address. All in the plain form of domain/address.ts. */
  readonly addresses: readonly string[];
  /** `host[:port]` in A-labels; left out for none. */
  readonly instanceHost?: string;
  readonly createdAt: number;
}

export type AccountChanged =
  | { readonly kind: "done" }
  | { readonly kind: "name-taken" }
  | { readonly kind: "bad-address"; readonly address: string }
  | { readonly kind: "address-taken"; readonly address: string; readonly account: string }
  | { readonly kind: "host-taken"; readonly host: string; readonly account: string }
  | { readonly kind: "no-such-address"; readonly address: string }
  | { readonly kind: "last-address"; readonly address: string };

/** Adds an account with its addresses. Call it in a transaction and roll back unless it was added. */
export async function insertAccount(db: Db, account: NewAccount): Promise<AccountChanged> {
  const { id, name, locale, createdAt } = account;
  const added = await db
    .insertInto("account")
    .values({ id, name, locale, modules_json: JSON.stringify(account.modules), created_at: createdAt })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  if (added === undefined) return { kind: "name-taken" };
  for (const [index, address] of account.addresses.entries()) {
    const kept = await addAddress(db, { id, address, isPrimary: index === 0 });
    if (kept.kind !== "done") return kept;
  }
  return account.instanceHost === undefined ? { kind: "done" } : setHost(db, id, account.instanceHost);
}

export interface AccountChange {
  readonly locale?: string;
  readonly modules?: readonly ModuleName[];
  readonly addAddresses: readonly string[];
  readonly removeAddresses: readonly string[];
  /** Becomes the primary address; one of the account's, also one that is added now. */
  readonly primary?: string;
  /** `host[:port]` in A-labels; null takes it away. */
  readonly instanceHost?: string | null;
}

/** Changes what is given and nothing else. Call it in a transaction and roll back unless it is done. */
export async function changeAccount(db: Db, id: string, change: AccountChange): Promise<AccountChanged> {
  const { locale, modules, primary, instanceHost } = change;
  if (locale !== undefined) await db.updateTable("account").set({ locale }).where("id", "=", id).execute();
  if (modules !== undefined) {
    const row = { modules_json: JSON.stringify(modules) };
    await db.updateTable("account").set(row).where("id", "=", id).execute();
  }
  for (const address of change.addAddresses) {
    const added = await addAddress(db, { id, address, isPrimary: false });
    if (added.kind !== "done") return added;
  }
  if (primary !== undefined) {
    const made = await makePrimary(db, id, primary);
    if (made.kind !== "done") return made;
  }
  for (const address of change.removeAddresses) {
    const removed = await removeAddress(db, id, address);
    if (removed.kind !== "done") return removed;
  }
  return instanceHost === undefined ? { kind: "done" } : setHost(db, id, instanceHost);
}

async function setHost(db: Db, id: string, host: string | null): Promise<AccountChanged> {
  const taken = await db
    .selectFrom("account")
    .select("name")
    .where("instance_host", "=", host)
    .where("id", "!=", id)
    .executeTakeFirst();
  if (host !== null && taken !== undefined) return { kind: "host-taken", host, account: taken.name };
  await db.updateTable("account").set({ instance_host: host }).where("id", "=", id).execute();
  return { kind: "done" };
}

async function addAddress(
  db: Db,
  { id, address, isPrimary }: { readonly id: string; readonly address: string; readonly isPrimary: boolean },
): Promise<AccountChanged> {
  const key = addressKey(address);
  if (key === null) return { kind: "bad-address", address };
  const kept = await db
    .insertInto("account_address")
    .values({ address_key: key, account_id: id, address, is_primary: isPrimary ? 1 : 0 })
    .onConflict((conflict) => conflict.doNothing())
    .returning("address_key")
    .executeTakeFirst();
  if (kept !== undefined) return { kind: "done" };
  return { kind: "address-taken", address, account: await ownerOf(db, key) };
}

async function makePrimary(db: Db, id: string, address: string): Promise<AccountChanged> {
  const key = addressKey(address);
  const own = await listAddresses(db, id);
  if (!own.some((row) => row.address_key === key)) return { kind: "no-such-address", address };
  for (const row of own) {
    const flag = { is_primary: row.address_key === key ? 1 : 0 };
    await db.updateTable("account_address").set(flag).where("address_key", "=", row.address_key).execute();
  }
  return { kind: "done" };
}

/** An account always has a primary address: the one that goes hands this over. */
async function removeAddress(db: Db, id: string, address: string): Promise<AccountChanged> {
  const key = addressKey(address);
  const own = await listAddresses(db, id);
  const gone = own.find((row) => row.address_key === key);
  const heir = own.find((row) => row.address_key !== key);
  if (gone === undefined) return { kind: "no-such-address", address };
  if (heir === undefined) return { kind: "last-address", address };
  await db.deleteFrom("account_address").where("address_key", "=", gone.address_key).execute();
  return gone.is_primary === 1 ? makePrimary(db, id, heir.address) : { kind: "done" };
}

async function ownerOf(db: Db, key: string): Promise<string> {
  const row = await db
    .selectFrom("account_address")
    .innerJoin("account", "account.id", "account_address.account_id")
    .select("account.name")
    .where("address_key", "=", key)
    .executeTakeFirstOrThrow();
  return row.name;
}

/** Accounts by name. */
export async function listAccounts(db: Db): Promise<readonly AccountRow[]> {
  return db.selectFrom("account").selectAll().orderBy("name").execute();
}

export async function accountByName(db: Db, name: string): Promise<AccountRow | undefined> {
  return db.selectFrom("account").selectAll().where("name", "=", name).executeTakeFirst();
}

export async function accountById(db: Db, id: string): Promise<AccountRow | undefined> {
  return db.selectFrom("account").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Addresses of one account, or of all; the primary one first. */
export async function listAddresses(db: Db, accountId?: string): Promise<readonly AccountAddressRow[]> {
  let query = db.selectFrom("account_address").selectAll();
  if (accountId !== undefined) query = query.where("account_id", "=", accountId);
  return query.orderBy("is_primary", "desc").orderBy("address_key").execute();
}

/** Id of the account with this address, in its normal form; undefined where none has it. */
export async function accountOfAddress(db: Db, key: string): Promise<string | undefined> {
  const query = db.selectFrom("account_address").select("account_id").where("address_key", "=", key);
  return (await query.executeTakeFirst())?.account_id;
}

/** Removes an account with everything that belongs to it. */
export async function deleteAccount(db: Db, id: string): Promise<void> {
  await db.deleteFrom("account").where("id", "=", id).execute();
}

/** The home servers of an account, at most one of each kind. */
export async function listHomes(db: Db, accountId: string): Promise<readonly AccountHomeRow[]> {
  return db
    .selectFrom("account_home")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("kind")
    .execute();
}

/** Sets a home server of an account; a former one of its kind is replaced. */
export async function putHome(db: Db, home: AccountHomeRow): Promise<void> {
  const { base_url, login, password_sealed } = home;
  await db
    .insertInto("account_home")
    .values(home)
    .onConflict((conflict) =>
      conflict.columns(["account_id", "kind"]).doUpdateSet({ base_url, login, password_sealed }),
    )
    .execute();
}

/** Those of the kind that is given, else all; false where the account had none. */
export async function deleteHomes(db: Db, accountId: string, kind: HomeKind | null): Promise<boolean> {
  let query = db.deleteFrom("account_home").where("account_id", "=", accountId);
  if (kind !== null) query = query.where("kind", "=", kind);
  return (await query.returning("kind").execute()).length > 0;
}
