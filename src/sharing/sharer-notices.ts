import { addressDomain } from "../domain/address.ts";
import { sharerNoticeWaitMs } from "../domain/sharer-notice.ts";
import { insertSharerNotice, sharerNoticesOf, tellFailure } from "../store/sharer-notices.ts";
import type { RecipientRow, SharingRow } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { SharingParts } from "./parts.ts";

/** What telling a sharer of failures needs. */
export type TellingParts = Pick<SharingParts, "queue" | "newId" | "sender">;

/**
 * Plans the mail that tells the sharer of a recipient who could not be reached, in the transaction of that failure. All
 * failures until it is written stand in one mail (domain/sharer-notice.ts).
 */
export async function tellSharer(
  db: Db,
  { sharing, recipient }: { readonly sharing: SharingRow; readonly recipient: RecipientRow },
  parts: TellingParts,
): Promise<void> {
  const { count, openId } = await sharerNoticesOf(db, sharing.id);
  const noticeId = openId ?? (await planNotice(db, sharing, count, parts));
  if (noticeId !== null) await tellFailure(db, recipient.id, noticeId);
}

/** Null while no mail can be sent. */
async function planNotice(
  db: Db,
  sharing: SharingRow,
  earlier: number,
  { queue, newId, sender }: TellingParts,
): Promise<string | null> {
  const domain = addressDomain(sender()?.address ?? "");
  if (domain === null) return null;
  const id = newId("u");
  const nowMs = Date.now();
  await insertSharerNotice(db, {
    id,
    account_id: sharing.account_id,
    sharing_id: sharing.id,
    message_id: `<${id}.notice@${domain}>`,
    raw_sealed: null,
    state: "planned",
    attempts: 0,
    unknown_attempts: 0,
    reply: null,
    created_at: nowMs,
    sent_at: null,
  });
  await queue.enqueue(db, {
    kind: "send-sharer-notice",
    subject: id,
    lane: "smtp",
    uniqueKey: `sharer-notice/${id}`,
    runAt: nowMs + sharerNoticeWaitMs(earlier),
  });
  return id;
}
