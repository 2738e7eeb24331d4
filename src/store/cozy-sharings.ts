import { createHash, timingSafeEqual } from "node:crypto";
import type { Insertable, Selectable, Updateable } from "kysely";
import type { CozyGeneration, CozyMemberTable, CozySharingTable } from "./instance-tables.ts";
import type { Sealer } from "./sealing.ts";
import type { Db } from "./store.ts";

export type CozySharingRow = Selectable<CozySharingTable>;
export type CozyMemberRow = Selectable<CozyMemberTable>;

/** SHA-256, hex, of what is only compared. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether a secret is the one whose hash is kept, in constant time; false where none is kept. */
export function isSecretOf(hash: string | null, secret: string): boolean {
  if (hash === null) return false;
  const kept = Buffer.from(hash, "hex");
  const given = Buffer.from(hashOf(secret), "hex");
  return kept.length === given.length && timingSafeEqual(kept, given);
}

export async function insertCozySharing(
  db: Db,
  sharing: Insertable<CozySharingTable>,
  members: readonly Insertable<CozyMemberTable>[],
): Promise<void> {
  await db.insertInto("cozy_sharing").values(sharing).execute();
  if (members.length > 0) await db.insertInto("cozy_member").values(members).execute();
}

export async function cozySharingById(db: Db, id: string): Promise<CozySharingRow | undefined> {
  return db.selectFrom("cozy_sharing").selectAll().where("id", "=", id).executeTakeFirst();
}

/** By the document's id, as it stands in paths. */
export async function cozySharingByDocument(
  db: Db,
  accountId: string,
  generation: CozyGeneration,
  documentId: string,
): Promise<CozySharingRow | undefined> {
  return db
    .selectFrom("cozy_sharing")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("generation", "=", generation)
    .where("document_id", "=", documentId)
    .executeTakeFirst();
}

/** By the id that both sides know; looked up by its hash. */
export async function cozySharingByShareId(
  db: Db,
  accountId: string,
  generation: CozyGeneration,
  shareId: string,
): Promise<CozySharingRow | undefined> {
  return db
    .selectFrom("cozy_sharing")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("generation", "=", generation)
    .where("share_key", "=", hashOf(shareId))
    .executeTakeFirst();
}

/** The account's copy of a sharing in which a member has this secret; looked up by its hash. */
export async function cozySharingByMemberSecret(
  db: Db,
  accountId: string,
  generation: CozyGeneration,
  secret: string,
): Promise<CozySharingRow | undefined> {
  return db
    .selectFrom("cozy_sharing")
    .innerJoin("cozy_member", "cozy_member.cozy_sharing_id", "cozy_sharing.id")
    .selectAll("cozy_sharing")
    .where("cozy_member.secret_hash", "=", hashOf(secret))
    .where("cozy_sharing.account_id", "=", accountId)
    .where("cozy_sharing.generation", "=", generation)
    .where("cozy_sharing.is_owner", "=", 0)
    .executeTakeFirst();
}

/** The member whom a sharing of the account gave this secret; looked up by its hash. */
export async function invitedBySecret(
  db: Db,
  accountId: string,
  generation: CozyGeneration,
  secret: string,
): Promise<CozyMemberRow | undefined> {
  return db
    .selectFrom("cozy_member")
    .innerJoin("cozy_sharing", "cozy_sharing.id", "cozy_member.cozy_sharing_id")
    .selectAll("cozy_member")
    .where("cozy_member.secret_hash", "=", hashOf(secret))
    .where("cozy_sharing.account_id", "=", accountId)
    .where("cozy_sharing.generation", "=", generation)
    .where("cozy_sharing.is_owner", "=", 1)
    .executeTakeFirst();
}

/** Requests of one generation that the account has not accepted, and that came before; no notification waits for them. */
export async function deleteUnansweredCozySharings(
  db: Db,
  accountId: string,
  generation: CozyGeneration,
  beforeMs: number,
): Promise<void> {
  await db
    .deleteFrom("cozy_sharing")
    .where("account_id", "=", accountId)
    .where("generation", "=", generation)
    .where("is_owner", "=", 0)
    .where("is_active", "=", 0)
    .where("revoked_at", "is", null)
    .where("updated_at", "<", beforeMs)
    .execute();
}

/** By the document's id or by the one that both sides know, whatever its generation. */
export async function cozySharingNamed(
  db: Db,
  accountId: string,
  id: string,
): Promise<CozySharingRow | undefined> {
  return db
    .selectFrom("cozy_sharing")
    .selectAll()
    .where("account_id", "=", accountId)
    .where((all) => all.or([all("document_id", "=", id), all("share_key", "=", hashOf(id))]))
    .orderBy("created_at", "desc")
    .executeTakeFirst();
}

/** A sharing with the name of its account. */
export type OwnedCozySharing = CozySharingRow & { readonly account: string };

/** Sharings whose id begins with `prefix`; at most two, enough to see that it is not unique. */
export async function cozySharingsByPrefix(db: Db, prefix: string): Promise<readonly OwnedCozySharing[]> {
  return withAccounts(db)
    .where("cozy_sharing.id", ">=", prefix)
    .where("cozy_sharing.id", "<", `${prefix}\u{10FFFF}`)
    .limit(2)
    .execute();
}

/** Of all accounts or of the one with that name, newest first. */
export async function listCozySharings(
  db: Db,
  account: string | undefined,
): Promise<readonly OwnedCozySharing[]> {
  const query =
    account === undefined ? withAccounts(db) : withAccounts(db).where("account.name", "=", account);
  return query.orderBy("cozy_sharing.created_at", "desc").orderBy("cozy_sharing.id").execute();
}

function withAccounts(db: Db) {
  return db
    .selectFrom("cozy_sharing")
    .innerJoin("account", "account.id", "cozy_sharing.account_id")
    .selectAll("cozy_sharing")
    .select("account.name as account");
}

/** The Cozy sharing whose mails these are. */
export async function cozySharingOfMails(db: Db, sharingId: string): Promise<CozySharingRow | undefined> {
  return db.selectFrom("cozy_sharing").selectAll().where("sharing_id", "=", sharingId).executeTakeFirst();
}

/** All of one account, oldest first. */
export async function cozySharingsOf(db: Db, accountId: string): Promise<readonly CozySharingRow[]> {
  return db
    .selectFrom("cozy_sharing")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
}

/** Changes a sharing and its revision. */
export async function updateCozySharing(
  db: Db,
  id: string,
  change: Omit<Updateable<CozySharingTable>, "id" | "revision" | "updated_at">,
): Promise<void> {
  await db
    .updateTable("cozy_sharing")
    .set((set) => ({ ...change, revision: set("revision", "+", 1), updated_at: Date.now() }))
    .where("id", "=", id)
    .execute();
}

export async function deleteCozySharing(db: Db, id: string): Promise<void> {
  await db.deleteFrom("cozy_sharing").where("id", "=", id).execute();
}

/** In the order of the sharing. */
export async function cozyMembersOf(db: Db, cozySharingId: string): Promise<readonly CozyMemberRow[]> {
  return db
    .selectFrom("cozy_member")
    .selectAll()
    .where("cozy_sharing_id", "=", cozySharingId)
    .orderBy("place")
    .execute();
}

export async function cozyMemberById(db: Db, id: string): Promise<CozyMemberRow | undefined> {
  return db.selectFrom("cozy_member").selectAll().where("id", "=", id).executeTakeFirst();
}

/** The member whose OAuth client that is. */
export async function cozyMemberByClient(db: Db, clientId: string): Promise<CozyMemberRow | undefined> {
  const query = db.selectFrom("cozy_member").selectAll().where("inbound_client_id", "=", clientId);
  return query.executeTakeFirst();
}

export async function insertCozyMember(db: Db, member: Insertable<CozyMemberTable>): Promise<void> {
  await db.insertInto("cozy_member").values(member).execute();
}

export async function updateCozyMember(
  db: Db,
  id: string,
  change: Omit<Updateable<CozyMemberTable>, "id" | "cozy_sharing_id" | "updated_at">,
): Promise<void> {
  await db
    .updateTable("cozy_member")
    .set({ ...change, updated_at: Date.now() })
    .where("id", "=", id)
    .execute();
}

export async function deleteCozyMember(db: Db, id: string): Promise<void> {
  await db.deleteFrom("cozy_member").where("id", "=", id).execute();
}

type SealedMemberColumn = "secret_sealed" | "client_sealed" | "token_sealed";

/** What a sealed column of a member holds; null where it is empty. Throws SealError. */
export function openMember(sealer: Sealer, member: CozyMemberRow, column: SealedMemberColumn): string | null {
  const sealed = member[column];
  return sealed === null ? null : sealer.open(sealed, { table: "cozy_member", row: member.id, column });
}

export function sealMember(sealer: Sealer, id: string, column: SealedMemberColumn, plain: string): string {
  return sealer.seal(plain, { table: "cozy_member", row: id, column });
}

/** The id that both sides know. Throws SealError. */
export function shareIdOf(sealer: Sealer, { id, share_id_sealed: sealed }: CozySharingRow): string {
  return sealer.open(sealed, { table: "cozy_sharing", row: id, column: "share_id_sealed" });
}

export function sealShareId(sealer: Sealer, id: string, shareId: string): string {
  return sealer.seal(shareId, { table: "cozy_sharing", row: id, column: "share_id_sealed" });
}
