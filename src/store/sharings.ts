import type { Selectable } from "kysely";
import type { RecipientState } from "../domain/recipient.ts";
import type { InvitationTable, RecipientTable, SharingTable } from "./outgoing-tables.ts";
import { liesAfter, type Page } from "./pages.ts";
import type { Db } from "./store.ts";

export type SharingRow = Selectable<SharingTable>;
export type RecipientRow = Selectable<RecipientTable>;
export type InvitationRow = Selectable<InvitationTable>;

/** Rows of one insert: SQLite binds at most 32,766 values in a statement. */
const rowsPerInsert = 500;

/** Recipients with the mails that invite them. */
export interface NewRecipients {
  readonly recipients: readonly RecipientRow[];
  readonly invitations: readonly InvitationRow[];
}

/** Belongs into the transaction that plans the sending. */
export async function insertSharing(db: Db, sharing: SharingRow): Promise<void> {
  await db.insertInto("sharing").values(sharing).execute();
}

/** Adds recipients and the mails that invite them to a sharing; belongs into the transaction that plans the sending. */
export async function insertRecipients(db: Db, { recipients, invitations }: NewRecipients): Promise<void> {
  for (let from = 0; from < recipients.length; from += rowsPerInsert) {
    await db
      .insertInto("recipient")
      .values(recipients.slice(from, from + rowsPerInsert))
      .execute();
  }
  await insertInvitations(db, invitations);
}

export async function insertInvitations(db: Db, rows: readonly InvitationRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsPerInsert) {
    await db
      .insertInto("invitation")
      .values(rows.slice(from, from + rowsPerInsert))
      .execute();
  }
}

/** A sharing with the name of its account, how many it invites, and how many invitations stand in a state. */
export interface SharingSummary extends SharingRow {
  readonly account: string;
  readonly recipients: number;
  readonly sent: number;
  readonly notSent: number;
}

/** Sharings, newest first: all of them, or one page. */
export async function listSharings(
  db: Db,
  filter: {
    /** By name. */
    readonly account?: string | undefined;
    readonly accountId?: string | null;
  },
  page?: Page,
): Promise<readonly SharingSummary[]> {
  let query = db
    .selectFrom("sharing")
    .innerJoin("account", "account.id", "sharing.account_id")
    .leftJoin("recipient", "recipient.sharing_id", "sharing.id")
    .leftJoin("invitation", (join) =>
      join.onRef("invitation.recipient_id", "=", "recipient.id").on("invitation.in_reply_to", "is", null),
    )
    .selectAll("sharing")
    .select(({ fn }) => [
      "account.name as account",
      fn.count<number>("recipient.id").distinct().as("recipients"),
      fn.count<number>("invitation.id").filterWhere("invitation.state", "=", "sent").as("sent"),
      fn.count<number>("invitation.id").filterWhere("invitation.state", "=", "failed").as("notSent"),
    ])
    .groupBy("sharing.id")
    .orderBy("sharing.created_at", "desc")
    .orderBy("sharing.id");
  if (filter.account !== undefined) query = query.where("account.name", "=", filter.account);
  if (typeof filter.accountId === "string") query = query.where("sharing.account_id", "=", filter.accountId);
  if (page !== undefined) query = query.limit(page.rows);
  if (page?.after) query = query.where(liesAfter("sharing", page.after));
  return query.execute();
}

export async function readSharing(db: Db, id: string): Promise<SharingRow | undefined> {
  return db.selectFrom("sharing").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function updateSharing(
  db: Db,
  id: string,
  change: Pick<SharingRow, "revoked_at">,
): Promise<void> {
  await db.updateTable("sharing").set(change).where("id", "=", id).execute();
}

/** Sharings whose id begins with `prefix`; at most two, enough to see that it is not unique. */
export async function sharingsByPrefix(
  db: Db,
  prefix: string,
): Promise<readonly (SharingRow & { account: string })[]> {
  return db
    .selectFrom("sharing")
    .innerJoin("account", "account.id", "sharing.account_id")
    .selectAll("sharing")
    .select("account.name as account")
    .where("sharing.id", ">=", prefix)
    .where("sharing.id", "<", `${prefix}\u{10FFFF}`)
    .limit(2)
    .execute();
}

/** An invitation with the sharing and recipient it is for. */
export interface PlannedInvitation {
  readonly invitation: InvitationRow;
  readonly recipient: RecipientRow;
  readonly sharing: SharingRow;
}

/** Undefined where the account was removed, and everything with it. */
export async function readInvitation(db: Db, id: string): Promise<PlannedInvitation | undefined> {
  const invitation = await db.selectFrom("invitation").selectAll().where("id", "=", id).executeTakeFirst();
  if (invitation === undefined) return undefined;
  const recipient = await db
    .selectFrom("recipient")
    .selectAll()
    .where("id", "=", invitation.recipient_id)
    .executeTakeFirstOrThrow();
  const sharing = await db
    .selectFrom("sharing")
    .selectAll()
    .where("id", "=", recipient.sharing_id)
    .executeTakeFirstOrThrow();
  return { invitation, recipient, sharing };
}

export async function updateInvitation(
  db: Db,
  id: string,
  change: Partial<Omit<InvitationRow, "id" | "recipient_id" | "message_id" | "created_at">>,
): Promise<void> {
  await db.updateTable("invitation").set(change).where("id", "=", id).execute();
}

export async function setRecipientState(
  db: Db,
  id: string,
  change: {
    readonly state: RecipientState;
    readonly reason: string | null;
    /** Null: the sharer is told anew where a mail to him fails again. */
    readonly told_by?: null;
  },
): Promise<void> {
  await db
    .updateTable("recipient")
    .set({ ...change, updated_at: Date.now() })
    .where("id", "=", id)
    .execute();
}

/** The same change for many recipients. */
export async function setRecipientStates(
  db: Db,
  ids: readonly string[],
  change: { readonly state: RecipientState; readonly reason: string | null },
): Promise<void> {
  for (let from = 0; from < ids.length; from += rowsPerInsert) {
    await db
      .updateTable("recipient")
      .set({ ...change, updated_at: Date.now() })
      .where("id", "in", ids.slice(from, from + rowsPerInsert))
      .execute();
  }
}

/** Who shares: an account with its primary address. */
export interface Sharer {
  readonly id: string;
  readonly name: string;
  readonly locale: string;
  readonly address: string;
}

/** Undefined where there is no such account. */
export async function readSharer(
  db: Db,
  by: { readonly name: string } | { readonly id: string },
): Promise<Sharer | undefined> {
  const query = db
    .selectFrom("account")
    .innerJoin("account_address", "account_address.account_id", "account.id")
    .select(["account.id", "account.name", "account.locale", "account_address.address"])
    .orderBy("account_address.is_primary", "desc")
    .limit(1);
  const wanted =
    "id" in by ? query.where("account.id", "=", by.id) : query.where("account.name", "=", by.name);
  return wanted.executeTakeFirst();
}

/** The keys (hashed share ids) of what the account follows at one origin. */
export async function followedShareKeys(
  db: Db,
  accountId: string,
  origin: string,
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("subscription")
    .select("share_key")
    .where("account_id", "=", accountId)
    .where("origin", "=", origin)
    .where("ended_at", "is", null)
    .execute();
  return new Set(rows.map((row) => row.share_key));
}
