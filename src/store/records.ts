import { sql } from "kysely";
import type { Db } from "./store.ts";

/** What a line of the decision record is about. */
export interface RecordSubject {
  readonly accountId: string;
  readonly notificationId?: string;
  readonly subscriptionId?: string;
  readonly sharingId?: string;
  readonly recipientId?: string;
}

export type RecordKind =
  /** A mail was read: its evidence. */
  | "mail"
  /** What the policy or the account decided, and why. */
  | "decision"
  /** One request to another server and its answer. */
  | "call"
  /** What became of an attempt. */
  | "outcome";

export interface RecordLine {
  readonly at: number;
  readonly kind: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Appends one line to the decision record. `detail` is plain JSON without secrets. */
export async function addRecord(
  db: Db,
  about: RecordSubject,
  kind: RecordKind,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await db
    .insertInto("record")
    .values({
      at: Date.now(),
      account_id: about.accountId,
      notification_id: about.notificationId ?? null,
      subscription_id: about.subscriptionId ?? null,
      sharing_id: about.sharingId ?? null,
      recipient_id: about.recipientId ?? null,
      kind,
      detail_json: JSON.stringify(detail),
    })
    .execute();
}

/** The record of one notification and its subscriptions, oldest first. */
export async function readRecord(db: Db, notificationId: string): Promise<readonly RecordLine[]> {
  const rows = await db
    .selectFrom("record")
    .select(["at", "kind", "detail_json"])
    .where("notification_id", "=", notificationId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ at: row.at, kind: row.kind, detail: parseDetail(row.detail_json) }));
}

/** Who decided last about a notification, and whether the account hears of it; undefined where nobody has. */
export async function lastDecision(
  db: Db,
  notificationId: string,
): Promise<{ readonly by: string; readonly notify: boolean } | undefined> {
  const row = await db
    .selectFrom("record")
    .select("detail_json")
    .where("notification_id", "=", notificationId)
    .where("kind", "=", "decision")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { by, notify } = parseDetail(row.detail_json);
  return { by: typeof by === "string" ? by : "policy", notify: notify === true };
}

/** Whether a mail that led to this notification was authenticated. */
export async function hasAuthenticatedMail(db: Db, notificationId: string): Promise<boolean> {
  const row = await db
    .selectFrom("record")
    .select("id")
    .where("notification_id", "=", notificationId)
    .where("kind", "=", "mail")
    .where(sql`detail_json ->> '$.evidence.authentication.trusted'`, "=", 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function parseDetail(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? { ...value } : {};
}
