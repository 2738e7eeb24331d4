import type { InvitationRow } from "./sharings.ts";
import type { Db } from "./store.ts";

/** The id of the invitation that was sent under this Message-ID; undefined for none. */
export async function invitationSentAs(db: Db, messageId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("invitation")
    .select("id")
    .where("message_id", "=", messageId)
    .executeTakeFirst();
  return row?.id;
}

/**
 * Notes what became of an invitation. Whoever reports on a mail has had it: where nobody knew whether the mail server took
 * it, it did, and it is not sent again.
 */
export async function setFate(
  db: Db,
  { id, state }: Pick<InvitationRow, "id" | "state">,
  fate: { readonly fate: NonNullable<InvitationRow["fate"]>; readonly status: string | null },
): Promise<void> {
  const nowMs = Date.now();
  const taken = state === "unknown" ? ({ state: "sent", raw_sealed: null, sent_at: nowMs } as const) : {};
  await db
    .updateTable("invitation")
    .set({ fate: fate.fate, fate_status: fate.status, fate_at: nowMs, ...taken })
    .where("id", "=", id)
    .execute();
}
