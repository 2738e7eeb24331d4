import type { Selectable } from "kysely";
import type { OcmContactTable } from "./ocm-tables.ts";
import type { Db } from "./store.ts";

export type OcmContactRow = Selectable<OcmContactTable>;

/** Keeps who an account exchanged an invitation with; of somebody known, what is said of him now counts. His row's id. */
export async function putOcmContact(db: Db, contact: OcmContactRow): Promise<string> {
  const { id } = await db
    .insertInto("ocm_contact")
    .values(contact)
    .onConflict((conflict) =>
      conflict.columns(["account_id", "host", "user_id"]).doUpdateSet((set) => ({
        name: set.fn.coalesce("excluded.name", "ocm_contact.name"),
        address: set.fn.coalesce("excluded.address", "ocm_contact.address"),
      })),
    )
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Contacts of one account by host and name there. */
export async function listOcmContacts(db: Db, accountId: string): Promise<readonly OcmContactRow[]> {
  return db
    .selectFrom("ocm_contact")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("host")
    .orderBy("user_id")
    .execute();
}

/** Whom the account knows at one host. */
export async function ocmContactsAt(
  db: Db,
  accountId: string,
  host: string,
): Promise<readonly OcmContactRow[]> {
  const query = db.selectFrom("ocm_contact").selectAll().where("account_id", "=", accountId);
  return query.where("host", "=", host).orderBy("user_id").execute();
}

export async function ocmContactById(db: Db, id: string): Promise<OcmContactRow | undefined> {
  return db.selectFrom("ocm_contact").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function deleteOcmContact(db: Db, id: string): Promise<void> {
  await db.deleteFrom("ocm_contact").where("id", "=", id).execute();
}
