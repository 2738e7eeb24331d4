import { randomBytes } from "node:crypto";
import type { Insertable, Selectable } from "kysely";
import { hashOf } from "./cozy-sharings.ts";
import type { CozyClientTable, CozyTokenTable } from "./instance-tables.ts";
import type { Db } from "./store.ts";

export type CozyClientRow = Selectable<CozyClientTable>;
export type CozyTokenRow = Selectable<CozyTokenTable>;

/** False where the account has a client of that name. */
export async function insertCozyClient(db: Db, client: Insertable<CozyClientTable>): Promise<boolean> {
  const added = await db
    .insertInto("cozy_client")
    .values(client)
    .onConflict((conflict) => conflict.columns(["account_id", "name"]).doNothing())
    .returning("id")
    .execute();
  return added.length > 0;
}

/** The client with that id, unless it is another account's. */
export async function cozyClientOf(
  db: Db,
  accountId: string,
  id: string,
): Promise<CozyClientRow | undefined> {
  const query = db.selectFrom("cozy_client").selectAll().where("account_id", "=", accountId);
  return query.where("id", "=", id).executeTakeFirst();
}

/** How many clients of an account no sharing uses yet, by the network that they came from; the largest first. */
export async function countUnboundCozyClients(
  db: Db,
  accountId: string,
): Promise<readonly { readonly network: string | null; readonly n: number }[]> {
  return db
    .selectFrom("cozy_client")
    .select(["network", ({ fn }) => fn.countAll<number>().as("n")])
    .where("account_id", "=", accountId)
    .where("cozy_sharing_id", "is", null)
    .groupBy("network")
    .orderBy("n", "desc")
    .execute();
}

/** Drops the oldest of those from one network. */
export async function deleteOldestUnboundCozyClient(
  db: Db,
  accountId: string,
  network: string | null,
): Promise<void> {
  const oldest = db
    .selectFrom("cozy_client")
    .select("id")
    .where("account_id", "=", accountId)
    .where("cozy_sharing_id", "is", null)
    .where("network", "is", network)
    .orderBy("created_at")
    .orderBy("id")
    .limit(1);
  await db.deleteFrom("cozy_client").where("id", "in", oldest).execute();
}

/** Drops clients of an account that no sharing came to use. */
export async function deleteUnboundCozyClients(db: Db, accountId: string, beforeMs: number): Promise<void> {
  await db
    .deleteFrom("cozy_client")
    .where("account_id", "=", accountId)
    .where("cozy_sharing_id", "is", null)
    .where("created_at", "<", beforeMs)
    .execute();
}

/** Ties a client to the sharing that it turned out to be for: it goes with the sharing. */
export async function bindCozyClient(db: Db, id: string, cozySharingId: string): Promise<void> {
  const bound = { cozy_sharing_id: cozySharingId, network: null };
  await db.updateTable("cozy_client").set(bound).where("id", "=", id).execute();
}

/** With all tokens that were issued to it. */
export async function deleteCozyClient(db: Db, id: string): Promise<void> {
  await db.deleteFrom("cozy_client").where("id", "=", id).execute();
}

/** All clients of a sharing but one, with all tokens that were issued to them; null keeps none. */
export async function deleteCozyClientsOf(
  db: Db,
  cozySharingId: string,
  keptId: string | null,
): Promise<void> {
  let query = db.deleteFrom("cozy_client").where("cozy_sharing_id", "=", cozySharingId);
  if (keptId !== null) query = query.where("id", "!=", keptId);
  await query.execute();
}

/** Issues a token: 32 random bytes, base64url; kept as its hash only. */
export async function issueCozyToken(
  db: Db,
  token: Omit<Insertable<CozyTokenTable>, "secret_hash" | "created_at" | "used_at">,
  nowMs: number,
): Promise<string> {
  const secret = randomBytes(32).toString("base64url");
  await keepCozyToken(db, secret, token, nowMs);
  return secret;
}

/** Keeps a token that was made elsewhere, for example in the form that a protocol wants. */
export async function keepCozyToken(
  db: Db,
  secret: string,
  token: Omit<Insertable<CozyTokenTable>, "secret_hash" | "created_at" | "used_at">,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto("cozy_token")
    .values({ ...token, secret_hash: hashOf(secret), created_at: nowMs, used_at: null })
    .execute();
}

/** The token with that secret, of that kind and account, unless it has expired or was used up. */
export async function cozyTokenBySecret(
  db: Db,
  wanted: { readonly accountId: string; readonly kind: CozyTokenTable["kind"]; readonly secret: string },
  nowMs: number,
): Promise<CozyTokenRow | undefined> {
  return db
    .selectFrom("cozy_token")
    .selectAll()
    .where("secret_hash", "=", hashOf(wanted.secret))
    .where("account_id", "=", wanted.accountId)
    .where("kind", "=", wanted.kind)
    .where("used_at", "is", null)
    .where((all) => all.or([all("expires_at", "is", null), all("expires_at", ">", nowMs)]))
    .executeTakeFirst();
}

/** Uses a code up; false where somebody else was first. */
export async function useCozyToken(db: Db, secretHash: string, nowMs: number): Promise<boolean> {
  const used = await db
    .updateTable("cozy_token")
    .set({ used_at: nowMs })
    .where("secret_hash", "=", secretHash)
    .where("used_at", "is", null)
    .returning("secret_hash")
    .execute();
  return used.length > 0;
}

/** Whether a code that was issued for a sharing was exchanged. */
export async function wasCodeUsed(db: Db, cozySharingId: string): Promise<boolean> {
  const used = await db
    .selectFrom("cozy_token")
    .select("secret_hash")
    .where("cozy_sharing_id", "=", cozySharingId)
    .where("kind", "=", "code")
    .where("used_at", "is not", null)
    .limit(1)
    .execute();
  return used.length > 0;
}

/** Changes what the tokens of a client open, those to refresh with too. */
export async function updateCozyScope(db: Db, clientId: string, scope: string): Promise<void> {
  await db.updateTable("cozy_token").set({ scope }).where("client_id", "=", clientId).execute();
}

/** Tokens of a sharing that no client was issued: its other side brought them. */
export async function deleteBroughtCozyTokensOf(db: Db, cozySharingId: string): Promise<void> {
  await db
    .deleteFrom("cozy_token")
    .where("cozy_sharing_id", "=", cozySharingId)
    .where("client_id", "is", null)
    .execute();
}

/** All tokens of a sharing. */
export async function deleteCozyTokensOf(db: Db, cozySharingId: string): Promise<void> {
  await db.deleteFrom("cozy_token").where("cozy_sharing_id", "=", cozySharingId).execute();
}
