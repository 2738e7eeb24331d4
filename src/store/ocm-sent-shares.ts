import type { Selectable, Updateable } from "kysely";
import { hashOf } from "./cozy-sharings.ts";
import type { OcmSentShareTable } from "./ocm-tables.ts";
import type { Sealer } from "./sealing.ts";
import type { Db } from "./store.ts";

export type SentShareRow = Selectable<OcmSentShareTable>;

/** Rows of one insert: SQLite binds at most 32,766 values in a statement. */
const rowsPerInsert = 500;

/** Belongs into the transaction that plans the work at the peers. */
export async function insertSentShares(db: Db, rows: readonly SentShareRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await db
      .insertInto("ocm_sent_share")
      .values(rows.slice(from, from + rowsPerInsert))
      .execute();
  }
}

export async function sentShareById(db: Db, id: string): Promise<SentShareRow | undefined> {
  return db.selectFrom("ocm_sent_share").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Whether a sharing is one over Open Cloud Mesh. */
export async function hasSentShares(db: Db, sharingId: string): Promise<boolean> {
  const row = await db
    .selectFrom("ocm_sent_share")
    .select("id")
    .where("sharing_id", "=", sharingId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many shares an account gives that have not ended. */
export async function countSentShares(db: Db, accountId: string): Promise<number> {
  const row = await db
    .selectFrom("ocm_sent_share")
    .select(({ fn }) => fn.countAll<number>().as("shares"))
    .where("account_id", "=", accountId)
    .where("state", "in", standing)
    .executeTakeFirst();
  return row?.shares ?? 0;
}

export async function updateSentShare(
  db: Db,
  id: string,
  change: Pick<Updateable<OcmSentShareTable>, "state" | "reason" | "detail" | "form" | "posted_at">,
): Promise<void> {
  await db
    .updateTable("ocm_sent_share")
    .set({ ...change, updated_at: Date.now() })
    .where("id", "=", id)
    .execute();
}

/** When shares were last posted to a host since then, milliseconds since 1970, the latest first. */
export async function postedSince(
  db: Db,
  { host, sinceMs, rows }: { readonly host: string; readonly sinceMs: number; readonly rows: number },
): Promise<readonly number[]> {
  const found = await db
    .selectFrom("ocm_sent_share")
    .select("posted_at")
    .where("host", "=", host)
    .where("posted_at", ">", sinceMs)
    .orderBy("posted_at", "desc")
    .limit(rows)
    .execute();
  return found.flatMap(({ posted_at: at }) => at ?? []);
}

const standing = ["created", "sent", "accepted"] as const;
const open = ["sent", "accepted"] as const;

/** What a message of a recipient's server names. */
export interface NamedShare {
  readonly host: string;
  readonly providerId: string;
  /** SHA-256, hex; or the recipient's address, where the server proved who it is and sends no secret. */
  readonly by: { readonly secretHash: string } | { readonly grantee: string };
}

/** Id, origin, and secret or recipient in one look-up (reference/ocm.md 9): whatever differs, there is no such share. */
export async function sentShareNamed(
  db: Db,
  { host, providerId, by }: NamedShare,
): Promise<SentShareRow | undefined> {
  const query = db
    .selectFrom("ocm_sent_share")
    .selectAll()
    .where("host", "=", host)
    .where("provider_id", "=", providerId);
  const bound =
    "secretHash" in by
      ? query.where("secret_hash", "=", by.secretHash)
      : query.where("share_with", "=", by.grantee);
  return bound.executeTakeFirst();
}

/** Host of the peer to whom a share with this id and secret was given. */
export async function peerOfSecret(
  db: Db,
  { providerId, secretHash }: { readonly providerId: string; readonly secretHash: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom("ocm_sent_share")
    .select("host")
    .where("provider_id", "=", providerId)
    .where("secret_hash", "=", secretHash)
    .executeTakeFirst();
  return row?.host;
}

/** The share that a secret opens now, where it need not be exchanged first. */
export async function sentShareBySecret(
  db: Db,
  secret: string,
  nowMs: number,
): Promise<SentShareRow | undefined> {
  return opened(db, nowMs)
    .where("ocm_sent_share.secret_hash", "=", hashOf(secret))
    .where("ocm_sent_share.must_exchange", "=", 0)
    .executeTakeFirst();
}

/** The share that an access token opens now. */
export async function sentShareByToken(
  db: Db,
  token: string,
  nowMs: number,
): Promise<SentShareRow | undefined> {
  return opened(db, nowMs)
    .innerJoin("ocm_access_token", "ocm_access_token.sent_share_id", "ocm_sent_share.id")
    .where("ocm_access_token.token_hash", "=", hashOf(token))
    .where("ocm_access_token.expires_at", ">", nowMs)
    .executeTakeFirst();
}

/** The share whose secret this host may exchange now. */
export async function sentShareToExchange(
  db: Db,
  { secret, host, nowMs }: { readonly secret: string; readonly host: string; readonly nowMs: number },
): Promise<SentShareRow | undefined> {
  return opened(db, nowMs)
    .where("ocm_sent_share.secret_hash", "=", hashOf(secret))
    .where("ocm_sent_share.host", "=", host)
    .executeTakeFirst();
}

function opened(db: Db, nowMs: number) {
  return db
    .selectFrom("ocm_sent_share")
    .selectAll("ocm_sent_share")
    .where("ocm_sent_share.state", "in", open)
    .where((all) =>
      all.or([all("ocm_sent_share.expires_at", "is", null), all("ocm_sent_share.expires_at", ">", nowMs)]),
    );
}

/** Gives a share an access token; the former one opens nothing any more. */
export async function putAccessToken(
  db: Db,
  shareId: string,
  {
    token,
    nowMs,
    expiresAtMs,
  }: { readonly token: string; readonly nowMs: number; readonly expiresAtMs: number },
): Promise<void> {
  await db.deleteFrom("ocm_access_token").where("sent_share_id", "=", shareId).execute();
  await db
    .insertInto("ocm_access_token")
    .values({ token_hash: hashOf(token), sent_share_id: shareId, created_at: nowMs, expires_at: expiresAtMs })
    .execute();
}

export async function deleteOldAccessTokens(db: Db, nowMs: number): Promise<void> {
  await db.deleteFrom("ocm_access_token").where("expires_at", "<=", nowMs).execute();
}

/** Ends what these recipients were given, and gives those shares whose peers may know them. */
export async function endSentShares(
  db: Db,
  recipientIds: readonly string[],
): Promise<readonly SentShareRow[]> {
  const ended: SentShareRow[] = [];
  for (let from = 0; from < recipientIds.length; from += rowsPerInsert) {
    const rows = await db
      .updateTable("ocm_sent_share")
      .set({ state: "unshared", updated_at: Date.now() })
      .where("recipient_id", "in", recipientIds.slice(from, from + rowsPerInsert))
      .where("state", "in", standing)
      .returningAll()
      .execute();
    ended.push(...rows.filter(isKnownToPeer));
  }
  return ended;
}

/** Shares of an account that have not ended, and whose peers may know them. */
export async function standingSentShares(db: Db, accountId: string): Promise<readonly SentShareRow[]> {
  const rows = await db
    .selectFrom("ocm_sent_share")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("state", "in", standing)
    .execute();
  return rows.filter(isKnownToPeer);
}

function isKnownToPeer({ posted_at: postedAt }: SentShareRow): boolean {
  return postedAt !== null;
}

type SealedColumn = "secret_sealed" | "resource_url_sealed" | "resource_secret_sealed";

export function sealSentShare(sealer: Sealer, id: string, column: SealedColumn, plain: string): string {
  return sealer.seal(plain, { table: "ocm_sent_share", row: id, column });
}

/** What a sealed column holds. Throws SealError. */
export function openSentShare(
  sealer: Sealer,
  share: Pick<SentShareRow, "id" | SealedColumn>,
  column: SealedColumn,
): string {
  return openSealed(sealer, { id: share.id, column, sealed: share[column] });
}

/** The same of a text that was copied from the column: the row may be gone. */
export function openSealed(
  sealer: Sealer,
  { id, column, sealed }: { readonly id: string; readonly column: SealedColumn; readonly sealed: string },
): string {
  return sealer.open(sealed, { table: "ocm_sent_share", row: id, column });
}
