import { createHash, randomBytes } from "node:crypto";
import { limits } from "../domain/limits.ts";
import type { Db } from "./store.ts";

/** 32 bytes in base64url. */
const shape = /^[\w-]{43}$/;

/** What a valid secret opens. */
export interface OpenedSecret {
  readonly secretHash: string;
  readonly notificationId: string;
  readonly accountId: string;
  /** BCP 47 tag of the account. */
  readonly locale: string;
}

/**
 * Makes the secret of one answer page, for one address of the notification's account; returned here and kept nowhere.
 * It lives limits.answerSecretMs. Those that have expired are removed on the way, so that the table stays small.
 */
export async function createAnswerSecret(
  db: Db,
  page: { readonly notificationId: string; readonly addressKey: string },
): Promise<string> {
  const nowMs = Date.now();
  const secret = randomBytes(32).toString("base64url");
  await db.deleteFrom("answer_secret").where("expires_at", "<=", nowMs).execute();
  await db
    .insertInto("answer_secret")
    .values({
      secret_hash: hashOf(secret),
      notification_id: page.notificationId,
      address_key: page.addressKey,
      created_at: nowMs,
      expires_at: nowMs + limits.answerSecretMs,
      used_at: null,
    })
    .execute();
  return secret;
}

/**
 * What the secret opens now; undefined where it is unknown, used, expired, or the address it was mailed to is no
 * longer one of the account's. Changes nothing.
 */
export async function readAnswerSecret(
  db: Db,
  secret: string,
  nowMs: number,
): Promise<OpenedSecret | undefined> {
  if (!shape.test(secret)) return undefined;
  return db
    .selectFrom("answer_secret")
    .innerJoin("notification", "notification.id", "answer_secret.notification_id")
    .innerJoin("account", "account.id", "notification.account_id")
    .innerJoin("account_address", (join) =>
      join
        .onRef("account_address.account_id", "=", "account.id")
        .onRef("account_address.address_key", "=", "answer_secret.address_key"),
    )
    .select([
      "answer_secret.secret_hash as secretHash",
      "answer_secret.notification_id as notificationId",
      "account.id as accountId",
      "account.locale",
    ])
    .where("answer_secret.secret_hash", "=", hashOf(secret))
    .where("answer_secret.used_at", "is", null)
    .where("answer_secret.expires_at", ">", nowMs)
    .executeTakeFirst();
}

/** Uses a secret up; true for exactly one caller. */
export async function useAnswerSecret(db: Db, secretHash: string, nowMs: number): Promise<boolean> {
  const used = await db
    .updateTable("answer_secret")
    .set({ used_at: nowMs })
    .where("secret_hash", "=", secretHash)
    .where("used_at", "is", null)
    .where("expires_at", ">", nowMs)
    .executeTakeFirst();
  return used.numUpdatedRows > 0n;
}

/** An answer that changed nothing did not use its secret up. Call it in the transaction that did. */
export async function giveBackAnswerSecret(db: Db, secretHash: string): Promise<void> {
  await db
    .updateTable("answer_secret")
    .set({ used_at: null })
    .where("secret_hash", "=", secretHash)
    .execute();
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
