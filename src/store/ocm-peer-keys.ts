import type { Insertable, Selectable } from "kysely";
import { limits } from "../domain/limits.ts";
import type { OcmPeerKeyTable, SignatureScheme } from "./ocm-tables.ts";
import type { Db } from "./store.ts";

export type OcmPeerKeyRow = Selectable<OcmPeerKeyTable>;

/** The keys that a peer is trusted by. */
export async function listPeerKeys(db: Db, host: string): Promise<readonly OcmPeerKeyRow[]> {
  return db
    .selectFrom("ocm_peer_key")
    .selectAll()
    .where("host", "=", host)
    .orderBy("scheme")
    .orderBy("first_seen_at")
    .execute();
}

/** Trusts a key; false where one of that name is trusted already. Forgets what was used longest ago where there are too many. */
export async function trustPeerKey(
  db: Db,
  key: Pick<Insertable<OcmPeerKeyTable>, "host" | "scheme" | "key_id" | "public_key">,
  nowMs: number,
): Promise<boolean> {
  const added = await db
    .insertInto("ocm_peer_key")
    .values({ ...key, first_seen_at: nowMs, last_used_at: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .returning("host")
    .execute();
  await forgetSurplus(db, key.host);
  return added.length > 0;
}

async function forgetSurplus(db: Db, host: string): Promise<void> {
  const newest = db
    .selectFrom("ocm_peer_key")
    .select("last_used_at")
    .orderBy("last_used_at", "desc")
    .limit(1);
  const ofHost = await newest.where("host", "=", host).offset(limits.ocmPeerKeys).executeTakeFirst();
  const ofAll = await newest.offset(limits.ocmPeers).executeTakeFirst();
  const gone = db.deleteFrom("ocm_peer_key");
  if (ofHost !== undefined) {
    await gone.where("host", "=", host).where("last_used_at", "<=", ofHost.last_used_at).execute();
  }
  if (ofAll !== undefined) await gone.where("last_used_at", "<=", ofAll.last_used_at).execute();
}

interface KeyName {
  readonly host: string;
  readonly scheme: SignatureScheme;
  readonly keyId: string;
}

/** A request was signed with it. */
export async function usePeerKey(db: Db, { host, scheme, keyId }: KeyName, nowMs: number): Promise<void> {
  await db
    .updateTable("ocm_peer_key")
    .set({ last_used_at: nowMs })
    .where("host", "=", host)
    .where("scheme", "=", scheme)
    .where("key_id", "=", keyId)
    .execute();
}

/** Another key came in place of a trusted one; false where that was known. */
export async function recordKeyConflict(
  db: Db,
  { host, scheme, keyId }: KeyName,
  came: { readonly keyId: string; readonly publicKey: string },
  nowMs: number,
): Promise<boolean> {
  const changed = await db
    .updateTable("ocm_peer_key")
    .set({ conflict_at: nowMs, conflict_key_id: came.keyId, conflict_key: came.publicKey })
    .where("host", "=", host)
    .where("scheme", "=", scheme)
    .where("key_id", "=", keyId)
    .where((row) => row.or([row("conflict_key", "is", null), row("conflict_key", "!=", came.publicKey)]))
    .returning("host")
    .execute();
  return changed.length > 0;
}

/** Trusts a peer by no key any more: the next that it signs with is the first again. How many were forgotten. */
export async function forgetPeerKeys(db: Db, host: string): Promise<number> {
  const gone = await db.deleteFrom("ocm_peer_key").where("host", "=", host).returning("host").execute();
  return gone.length;
}

/** Remembers a signature that was taken; false where it was before, or where this peer signs more than can be remembered. */
export async function takeSignature(
  db: Db,
  { hash, host, untilMs }: { readonly hash: string; readonly host: string; readonly untilMs: number },
  nowMs: number,
): Promise<boolean> {
  await db.deleteFrom("ocm_seen_signature").where("seen_until", "<=", nowMs).execute();
  const { n } = await db
    .selectFrom("ocm_seen_signature")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .where("host", "=", host)
    .executeTakeFirstOrThrow();
  if (n >= limits.ocmSeenSignatures) return false;
  const added = await db
    .insertInto("ocm_seen_signature")
    .values({ signature_hash: hash, host, seen_until: untilMs })
    .onConflict((conflict) => conflict.column("signature_hash").doNothing())
    .returning("host")
    .execute();
  return added.length > 0;
}
