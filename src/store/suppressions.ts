import type { Selectable } from "kysely";
import { limits } from "../domain/limits.ts";
import type { MailFailure } from "../domain/mail-failure.ts";
import { scoreAfter, type Suppression, suppressedUntilMs } from "../domain/suppression.ts";
import type { SuppressionTable } from "./outgoing-tables.ts";
import type { Db } from "./store.ts";

type SuppressionRow = Selectable<SuppressionTable>;

/** An address that nothing is sent to for a while. */
export interface SuppressedAddress {
  /** Normal form of domain/address.ts. */
  readonly address: string;
  /** Enhanced status code of the last failure (RFC 3463). */
  readonly status: string | null;
  readonly lastFailureAt: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Whether nothing is sent to this address now; null where it is. Every mail to a recipient asks here first. */
export async function suppressionOf(
  db: Db,
  addressKey: string,
  nowMs: number,
): Promise<SuppressedAddress | null> {
  const row = await readRow(db, addressKey);
  return row === undefined ? null : suppressedAt(row, nowMs);
}

/** Counts a failed mail against its address, unless the failure says nothing against it. Forgets what has faded. */
export async function countFailure(
  db: Db,
  failed: {
    readonly addressKey: string;
    readonly failure: MailFailure;
    readonly status: string | null;
  },
  nowMs: number,
): Promise<void> {
  const { addressKey, failure, status } = failed;
  const row = await readRow(db, addressKey);
  const score = scoreAfter(row === undefined ? null : suppressionIn(row), failure, nowMs);
  if (score === null) return;
  await db
    .deleteFrom("suppression")
    .where("last_at", "<", nowMs - limits.suppressionForgetMs)
    .execute();
  const last = { score, status, last_at: nowMs };
  await db
    .insertInto("suppression")
    .values({ address_key: addressKey, first_at: nowMs, ...last })
    .onConflict((conflict) => conflict.column("address_key").doUpdateSet(last))
    .execute();
}

/** Mail arrived there, somebody answered from there, or the administrator says so. False where nothing was held against it. */
export async function liftSuppression(db: Db, addressKey: string): Promise<boolean> {
  const gone = await db
    .deleteFrom("suppression")
    .where("address_key", "=", addressKey)
    .returning("address_key")
    .execute();
  return gone.length > 0;
}

/** All addresses that nothing is sent to now, the latest failure first. */
export async function suppressedAddresses(db: Db, nowMs: number): Promise<readonly SuppressedAddress[]> {
  const rows = await db.selectFrom("suppression").selectAll().orderBy("last_at", "desc").execute();
  return rows.flatMap((row) => suppressedAt(row, nowMs) ?? []);
}

async function readRow(db: Db, addressKey: string): Promise<SuppressionRow | undefined> {
  return db.selectFrom("suppression").selectAll().where("address_key", "=", addressKey).executeTakeFirst();
}

function suppressedAt(row: SuppressionRow, nowMs: number): SuppressedAddress | null {
  const until = suppressedUntilMs(suppressionIn(row), nowMs);
  if (until === null) return null;
  return { address: row.address_key, status: row.status, lastFailureAt: row.last_at, until };
}

function suppressionIn({ score, last_at: lastAtMs }: SuppressionRow): Suppression {
  return { score, lastAtMs };
}
