import { hashOf } from "./cozy-sharings.ts";
import type { ReceivedShareRow } from "./ocm-received-shares.ts";
import type { Sealer } from "./sealing.ts";
import type { Db } from "./store.ts";

// How accounts follow what was shared with them over Open Cloud Mesh.

/** The account's share behind a notification; the newest, where its link was turned into one more than once. */
export async function followedShare(
  db: Db,
  accountId: string,
  notificationId: string,
): Promise<ReceivedShareRow | undefined> {
  return db
    .selectFrom("ocm_received_share")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("notification_id", "=", notificationId)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .executeTakeFirst();
}

export async function followedShareById(db: Db, id: string): Promise<ReceivedShareRow | undefined> {
  return db.selectFrom("ocm_received_share").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Moves a share that is in one of these states; false where it is in another one. */
export async function moveFollowedShare(
  db: Db,
  id: string,
  {
    from,
    to,
  }: { readonly from: readonly ReceivedShareRow["state"][]; readonly to: ReceivedShareRow["state"] },
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("ocm_received_share")
    .set({ state: to, updated_at: nowMs })
    .where("id", "=", id)
    .where("state", "in", from)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The shared secret of a row. */
export function openShareSecret(sealer: Sealer, { id, secret_sealed: sealed }: ReceivedShareRow): string {
  return sealer.open(sealed, placeOf(id, "secret_sealed"));
}

/** The access token of a row while it counts; null where there is none. */
export function openShareToken(
  sealer: Sealer,
  { id, token_sealed: sealed, token_expires_at: expiresAt }: ReceivedShareRow,
  nowMs: number,
): string | null {
  if (sealed === null || expiresAt === null || expiresAt <= nowMs) return null;
  return sealer.open(sealed, placeOf(id, "token_sealed"));
}

/**
 * Lets this caller alone exchange the secret, until then at the latest; false where somebody else does. The secret counts as
 * exchanged from now on, whatever becomes of the answer.
 */
export async function claimExchange(
  db: Db,
  id: string,
  { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("ocm_received_share")
    .set({ exchanging_until: untilMs, is_exchanged: 1 })
    .where("id", "=", id)
    .where((all) => all.or([all("exchanging_until", "is", null), all("exchanging_until", "<=", nowMs)]))
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** What an exchange came to: a token with its end, or none, and whether the secret was exchanged by it or before. */
export async function endExchange(
  db: Db,
  sealer: Sealer,
  id: string,
  outcome: { readonly token: string; readonly expiresAt: number } | { readonly isExchanged: boolean },
): Promise<void> {
  const found =
    "token" in outcome
      ? {
          token_sealed: sealer.seal(outcome.token, placeOf(id, "token_sealed")),
          token_expires_at: outcome.expiresAt,
        }
      : { is_exchanged: outcome.isExchanged ? 1 : 0 };
  await db
    .updateTable("ocm_received_share")
    .set({ ...found, exchanging_until: null })
    .where("id", "=", id)
    .execute();
}

function placeOf(row: string, column: "secret_sealed" | "token_sealed") {
  return { table: "ocm_received_share", row, column };
}

/** A public link that is followed as it is, by the WebDAV that its token opens. */
export interface FollowedLink {
  readonly id: string;
  readonly accountId: string;
  readonly notificationId: string;
  /** `host[:port]`. */
  readonly host: string;
  /** The link's token. */
  readonly secret: string;
  /** Absolute. */
  readonly webdavUri: string;
  readonly name: string;
  readonly sharer: string;
  readonly address: string;
}

/** Keeps it; followed once more after it was left, it stands again. */
export async function keepFollowedLink(
  db: Db,
  sealer: Sealer,
  link: FollowedLink,
  nowMs: number,
): Promise<void> {
  await db
    .insertInto("ocm_received_share")
    .values({
      id: link.id,
      account_id: link.accountId,
      notification_id: link.notificationId,
      host: link.host,
      // The link has no id but its token, which is a secret; one link is one share of the account.
      provider_id: `link-${hashOf(link.secret)}`,
      secret_hash: hashOf(link.secret),
      secret_sealed: sealer.seal(link.secret, placeOf(link.id, "secret_sealed")),
      token_sealed: null,
      token_expires_at: null,
      is_exchanged: 0,
      form: "link",
      webdav_uri: link.webdavUri,
      share_with: link.address,
      owner: link.sharer,
      sender: link.sharer,
      owner_name: null,
      sender_name: null,
      name: link.name,
      resource_type: "folder",
      permissions_json: JSON.stringify(["read"]),
      requirements_json: "[]",
      state: "accepted",
      is_signed: 0,
      expires_at: null,
      created_at: nowMs,
      updated_at: nowMs,
    })
    .onConflict((conflict) =>
      conflict
        .columns(["account_id", "host", "provider_id"])
        .doUpdateSet({ state: "accepted", notification_id: link.notificationId, updated_at: nowMs }),
    )
    .execute();
}

/** The server of a public link posts the share that it becomes, until then. */
export async function expectShare(
  db: Db,
  of: { readonly accountId: string; readonly host: string; readonly notificationId: string },
  untilMs: number,
): Promise<void> {
  await db
    .insertInto("ocm_expected_share")
    .values({
      account_id: of.accountId,
      host: of.host,
      notification_id: of.notificationId,
      expected_until: untilMs,
    })
    .onConflict((conflict) =>
      conflict.columns(["account_id", "host", "notification_id"]).doUpdateSet({ expected_until: untilMs }),
    )
    .execute();
}

/** Shares of a host that the account has not ended, newest first. */
export async function standingSharesOf(
  db: Db,
  accountId: string,
  host: string,
  limit: number,
): Promise<readonly ReceivedShareRow[]> {
  return db
    .selectFrom("ocm_received_share")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("host", "=", host)
    .where("form", "!=", "link")
    .where("state", "in", ["pending", "accepted"])
    .orderBy("created_at", "desc")
    .limit(limit)
    .execute();
}

/** Ties a share to the notification of the link that it was made of. */
export async function tieFollowedShare(db: Db, id: string, notificationId: string): Promise<void> {
  await db
    .updateTable("ocm_received_share")
    .set({ notification_id: notificationId })
    .where("id", "=", id)
    .execute();
}
