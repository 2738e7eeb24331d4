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
