import { placeAtPeer } from "../domain/sent-share.ts";
import type { JobQueue } from "../jobs/queue.ts";
import { endSentShares, type SentShareRow, standingSentShares } from "../store/ocm-sent-shares.ts";
import type { Db } from "../store/store.ts";

/** What recipients were given over Open Cloud Mesh is over, in the caller's transaction; their servers are told after it. */
export async function endSharesOf(db: Db, recipientIds: readonly string[], queue: JobQueue): Promise<void> {
  for (const share of await endSentShares(db, recipientIds)) await planEnd(db, share, queue);
}

/** An account goes, and what it shares with it; the recipients' servers are told after the caller's transaction. */
export async function tellOfRemoval(db: Db, accountId: string, queue: JobQueue): Promise<void> {
  for (const share of await standingSentShares(db, accountId)) await planEnd(db, share, queue);
}

/** Takes the place of bringing it, where that is still planned. */
async function planEnd(db: Db, share: SentShareRow, queue: JobQueue): Promise<void> {
  await queue.enqueue(db, {
    kind: "tell-peer",
    ...placeAtPeer(share),
    payload: {
      step: "unshare",
      host: share.host,
      providerId: share.provider_id,
      shareWith: share.share_with,
      secretSealed: share.secret_sealed,
    },
  });
}
