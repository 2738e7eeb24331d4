import { createHash } from "node:crypto";
import type { Selectable } from "kysely";
import type { OcmInviteTable } from "./ocm-tables.ts";
import { liesAfter, type Page } from "./pages.ts";
import type { Sealer } from "./sealing.ts";
import type { RecipientRow } from "./sharings.ts";
import type { Db } from "./store.ts";

export type OcmInviteRow = Selectable<OcmInviteTable>;

/** An invitation with whom it was mailed to; nulls where it was handed over by other means. */
export interface GivenInvite extends OcmInviteRow {
  readonly account: string;
  readonly address: string | null;
  readonly recipient_state: RecipientRow["state"] | null;
  /** Raw id of who accepted, at `accepted_by_host`. */
  readonly contact_user_id: string | null;
}

/** What tells whether an invitation counts (domain/cloud-invite.ts). */
export function standingOf({ state, expires_at, recipient_state }: GivenInvite) {
  return { kept: state, expiresAtMs: expires_at, recipient: recipient_state };
}

export function inviteTokenHash(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

const sealedAt = (id: string) => ({ table: "ocm_invite", row: id, column: "token_sealed" });

export function sealInviteToken(sealer: Sealer, id: string, token: string): string {
  return sealer.seal(token, sealedAt(id));
}

/** The token, a secret. */
export function openInviteToken(
  sealer: Sealer,
  { id, token_sealed: sealed }: Pick<OcmInviteRow, "id" | "token_sealed">,
): string {
  return sealer.open(sealed, sealedAt(id));
}

export async function insertInvite(db: Db, row: OcmInviteRow): Promise<void> {
  await db.insertInto("ocm_invite").values(row).execute();
}

function given(db: Db) {
  return db
    .selectFrom("ocm_invite")
    .innerJoin("account", "account.id", "ocm_invite.account_id")
    .leftJoin("recipient", "recipient.id", "ocm_invite.recipient_id")
    .leftJoin("ocm_contact", "ocm_contact.id", "ocm_invite.contact_id")
    .selectAll("ocm_invite")
    .select([
      "account.name as account",
      "recipient.address",
      "recipient.state as recipient_state",
      "ocm_contact.user_id as contact_user_id",
    ]);
}

/** Invitations that accounts gave, newest first: of one account or (null) of all, whole or one page. */
export async function listInvites(
  db: Db,
  accountId: string | null,
  page?: Page,
): Promise<readonly GivenInvite[]> {
  let query = given(db).orderBy("ocm_invite.created_at", "desc").orderBy("ocm_invite.id");
  if (accountId !== null) query = query.where("ocm_invite.account_id", "=", accountId);
  if (page !== undefined) query = query.limit(page.rows);
  if (page?.after) query = query.where(liesAfter("ocm_invite", page.after));
  return query.execute();
}

export async function readInvite(db: Db, id: string): Promise<GivenInvite | undefined> {
  return given(db).where("ocm_invite.id", "=", id).executeTakeFirst();
}

/** Invitations whose id begins with `prefix`; at most two, enough to see that it is not unique. */
export async function invitesByPrefix(db: Db, prefix: string): Promise<readonly GivenInvite[]> {
  return given(db)
    .where("ocm_invite.id", ">=", prefix)
    .where("ocm_invite.id", "<", `${prefix}\u{10FFFF}`)
    .limit(2)
    .execute();
}

export async function inviteByToken(db: Db, token: string): Promise<GivenInvite | undefined> {
  return given(db).where("ocm_invite.token_hash", "=", inviteTokenHash(token)).executeTakeFirst();
}

/** The invitation that the mails to a recipient carry; undefined where they carry none. */
export async function inviteOfRecipient(db: Db, recipientId: string): Promise<OcmInviteRow | undefined> {
  return db.selectFrom("ocm_invite").selectAll().where("recipient_id", "=", recipientId).executeTakeFirst();
}

/** Whether a sharing invites by invitations of Open Cloud Mesh. */
export async function hasInvites(db: Db, sharingId: string): Promise<boolean> {
  const row = await db
    .selectFrom("ocm_invite")
    .select("id")
    .where("sharing_id", "=", sharingId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many invitations of an account could still be accepted. */
export async function countOpenInvites(db: Db, accountId: string, nowMs: number): Promise<number> {
  const { n } = await db
    .selectFrom("ocm_invite")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .where("account_id", "=", accountId)
    .where("state", "=", "open")
    .where("expires_at", ">", nowMs)
    .executeTakeFirstOrThrow();
  return n;
}

/** Uses an invitation up; false where it was accepted or withdrawn before. */
export async function useInvite(
  db: Db,
  id: string,
  by: { readonly host: string; readonly contactId: string; readonly nowMs: number },
): Promise<boolean> {
  const used = await db
    .updateTable("ocm_invite")
    .set({ state: "accepted", accepted_by_host: by.host, contact_id: by.contactId, accepted_at: by.nowMs })
    .where("id", "=", id)
    .where("state", "=", "open")
    .returning("id")
    .execute();
  return used.length > 0;
}

/** Withdraws an invitation; false where it was accepted or withdrawn before. */
export async function withdrawInvite(db: Db, id: string): Promise<boolean> {
  const gone = await db
    .updateTable("ocm_invite")
    .set({ state: "withdrawn" })
    .where("id", "=", id)
    .where("state", "=", "open")
    .returning("id")
    .execute();
  return gone.length > 0;
}

/** Rows of one statement, as of recipients (store/sharings.ts). */
const idsPerUpdate = 500;

/** Withdraws the open invitations of recipients with whom a sharing has ended. */
export async function withdrawInvitesOf(db: Db, recipientIds: readonly string[]): Promise<void> {
  for (let from = 0; from < recipientIds.length; from += idsPerUpdate) {
    await db
      .updateTable("ocm_invite")
      .set({ state: "withdrawn" })
      .where("recipient_id", "in", recipientIds.slice(from, from + idsPerUpdate))
      .where("state", "=", "open")
      .execute();
  }
}

/** Invitations whose time is over while their recipients have not answered, the longest first. */
export async function overdueInvites(db: Db, nowMs: number, rows: number): Promise<readonly GivenInvite[]> {
  return given(db)
    .where("ocm_invite.state", "=", "open")
    .where("ocm_invite.expires_at", "<=", nowMs)
    .where("recipient.state", "in", ["pending", "mail-not-sent", "error", "unregistered"])
    .orderBy("ocm_invite.expires_at")
    .limit(rows)
    .execute();
}
