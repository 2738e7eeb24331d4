import type { Insertable, Selectable } from "kysely";
import type { SignatureScheme, SiteKeyTable } from "./ocm-tables.ts";
import type { Db } from "./store.ts";

export type SiteKeyRow = Selectable<SiteKeyTable>;

export async function listSiteKeys(db: Db): Promise<readonly SiteKeyRow[]> {
  return db.selectFrom("site_key").selectAll().orderBy("scheme").execute();
}

/** Keeps the key of that scheme that is there already: two that make one at the same time end with the same. */
export async function insertSiteKey(db: Db, row: Insertable<SiteKeyTable>): Promise<void> {
  await db
    .insertInto("site_key")
    .values(row)
    .onConflict((conflict) => conflict.column("scheme").doNothing())
    .execute();
}

/** Gives the site's key another name, as a site that moved to another host needs it. */
export async function renameSiteKey(db: Db, scheme: SignatureScheme, keyId: string): Promise<void> {
  await db.updateTable("site_key").set({ key_id: keyId }).where("scheme", "=", scheme).execute();
}
