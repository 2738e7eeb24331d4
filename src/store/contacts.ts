import { randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import type { ContactTable } from "./schema.ts";
import type { Db } from "./store.ts";

export type ContactRow = Selectable<ContactTable>;

/** What somebody says of a contact; its id and revision are made here. */
export type GivenContact = Pick<
  ContactRow,
  "account_id" | "address_key" | "address" | "name" | "trusted_at" | "created_at"
>;

/** Contacts of one account by address. */
export async function listContacts(db: Db, accountId: string): Promise<readonly ContactRow[]> {
  return db
    .selectFrom("contact")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("address_key")
    .execute();
}

export async function contactById(db: Db, accountId: string, id: string): Promise<ContactRow | undefined> {
  const query = db.selectFrom("contact").selectAll().where("account_id", "=", accountId);
  return query.where("id", "=", id).executeTakeFirst();
}

export async function contactByAddress(
  db: Db,
  accountId: string,
  addressKey: string,
): Promise<ContactRow | undefined> {
  const query = db.selectFrom("contact").selectAll().where("account_id", "=", accountId);
  return query.where("address_key", "=", addressKey).executeTakeFirst();
}

/** A contact as the sharings API writes it. */
export type WrittenContact = Pick<
  ContactRow,
  "account_id" | "address_key" | "address" | "name" | "instance_url"
> &
  Partial<Pick<ContactRow, "groups_json">>;

/** Adds a contact under this id; null makes one. Its id. */
export async function insertContact(db: Db, id: string | null, contact: WrittenContact): Promise<string> {
  const own = id ?? randomBytes(16).toString("hex");
  await db
    .insertInto("contact")
    .values({ ...contact, id: own, trusted_at: null, created_at: Date.now() })
    .execute();
  return own;
}

/** Changes a contact and its revision. */
export async function updateContact(
  db: Db,
  { account_id: accountId, id }: Pick<ContactRow, "account_id" | "id">,
  change: Partial<Omit<WrittenContact, "account_id">>,
): Promise<void> {
  await db
    .updateTable("contact")
    .set((set) => ({ ...change, revision: set("revision", "+", 1) }))
    .where("account_id", "=", accountId)
    .where("id", "=", id)
    .execute();
}

/** Adds a contact, or gives a known one its new name; what is trusted stays trusted, since when it was first said. */
export async function putContact(db: Db, contact: GivenContact): Promise<void> {
  await db
    .insertInto("contact")
    .values({ ...contact, id: randomBytes(16).toString("hex") })
    .onConflict((conflict) =>
      conflict.columns(["account_id", "address_key"]).doUpdateSet((set) => ({
        address: set.ref("excluded.address"),
        name: set.fn.coalesce("excluded.name", "contact.name"),
        trusted_at: set.fn.coalesce("contact.trusted_at", "excluded.trusted_at"),
      })),
    )
    .execute();
}

/** Keeps where a contact's Cozy is, `https://host[:port]`, unless another one is known. */
export async function learnInstance(db: Db, accountId: string, id: string, url: string): Promise<void> {
  await db
    .updateTable("contact")
    .set((set) => ({ instance_url: url, revision: set("revision", "+", 1) }))
    .where("account_id", "=", accountId)
    .where("id", "=", id)
    .where("instance_url", "is", null)
    .execute();
}

/** False where there is no such contact. */
export async function setTrusted(
  db: Db,
  { account_id, address_key }: Pick<ContactRow, "account_id" | "address_key">,
  trustedAt: number | null,
): Promise<boolean> {
  const changed = await db
    .updateTable("contact")
    .set({ trusted_at: trustedAt })
    .where("account_id", "=", account_id)
    .where("address_key", "=", address_key)
    .returning("address_key")
    .execute();
  return changed.length > 0;
}

/** False where there was none. */
export async function deleteContact(db: Db, accountId: string, addressKey: string): Promise<boolean> {
  const gone = await db
    .deleteFrom("contact")
    .where("account_id", "=", accountId)
    .where("address_key", "=", addressKey)
    .returning("address_key")
    .execute();
  return gone.length > 0;
}
