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
  await addRecords(db, [about], kind, detail);
}

/** Appends the same line for each of these, at most a few thousand. */
export async function addRecords(
  db: Db,
  about: readonly RecordSubject[],
  kind: RecordKind,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const common = { at: Date.now(), kind, detail_json: JSON.stringify(detail) };
  const rows = about.map((each) => ({
    ...common,
    account_id: each.accountId,
    notification_id: each.notificationId ?? null,
    subscription_id: each.subscriptionId ?? null,
    sharing_id: each.sharingId ?? null,
    recipient_id: each.recipientId ?? null,
  }));
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await db
      .insertInto("record")
      .values(rows.slice(from, from + rowsPerInsert))
      .execute();
  }
}

/** Rows of one insert: SQLite binds at most 32,766 values in a statement. */
const rowsPerInsert = 500;

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

/** What became of recipients: the lines of each, oldest first, by his id. */
export async function readStories(
  db: Db,
  about: { readonly sharingId: string } | { readonly recipientId: string },
): Promise<ReadonlyMap<string, readonly RecordLine[]>> {
  let query = db
    .selectFrom("record")
    .select(["recipient_id", "at", "kind", "detail_json"])
    .where("recipient_id", "is not", null)
    .orderBy("id");
  if ("sharingId" in about) query = query.where("sharing_id", "=", about.sharingId);
  else query = query.where("recipient_id", "=", about.recipientId);
  const stories = new Map<string, RecordLine[]>();
  for (const { recipient_id: id, at, kind, detail_json: text } of await query.execute()) {
    const line = { at, kind, detail: parseDetail(text) };
    const story = stories.get(id ?? "");
    if (story === undefined) stories.set(id ?? "", [line]);
    else story.push(line);
  }
  return stories;
}

/** The decision that began a sharing; undefined where there is none on record. */
export async function sharingDecision(
  db: Db,
  sharingId: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const row = await db
    .selectFrom("record")
    .select("detail_json")
    .where("sharing_id", "=", sharingId)
    .where("kind", "=", "decision")
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : parseDetail(row.detail_json);
}

/** When the mail of this purpose was last written to a recipient, milliseconds since 1970; null where it never was. */
export async function writtenAt(db: Db, recipientId: string, mail: string): Promise<number | null> {
  const row = await db
    .selectFrom("record")
    .select("at")
    .where("recipient_id", "=", recipientId)
    .where(sql`detail_json ->> '$.what'`, "=", "rendered")
    .where(sql`detail_json ->> '$.mail'`, "=", mail)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** Whether something is on record of a recipient. */
export async function hasHappened(db: Db, recipientId: string, what: string): Promise<boolean> {
  const row = await db
    .selectFrom("record")
    .select("id")
    .where("recipient_id", "=", recipientId)
    .where(sql`detail_json ->> '$.what'`, "=", what)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
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
