import { peerOfSecret, sentShareNamed, updateSentShare } from "../../store/ocm-sent-shares.ts";
import type { Db } from "../../store/store.ts";
import { afterCommit } from "../../store/transaction-scope.ts";
import type { FederationGround } from "../parts.ts";

/** What a recipient's server tells of a share that it was given. */
export interface ShareAnswer {
  readonly type: "SHARE_ACCEPTED" | "SHARE_DECLINED";
  readonly providerId: string;
  /** SHA-256, hex, of the secret that came with it; null where none did. */
  readonly secretHash: string | null;
  /** OCM address of the recipient; counts only where no secret came and the message is signed. */
  readonly grantee: string | null;
  /** `host[:port]` that the message speaks for. */
  readonly host: string;
  readonly isSigned: boolean;
}

/**
 * Takes a recipient's answer, in the caller's transaction (reference/ocm.md 4.5, 7). `not-found` whatever does not fit: id,
 * secret, host, or a share that is over. The same answer may come again.
 */
export async function takeAnswer(
  db: Db,
  answer: ShareAnswer,
  parts: Pick<FederationGround, "recipientAnswered" | "tell">,
): Promise<"done" | "not-found"> {
  const by = boundBy(answer);
  const share = by === null ? undefined : await sentShareNamed(db, { ...answer, by });
  if (share === undefined) return "not-found";
  const state = answer.type === "SHARE_ACCEPTED" ? "accepted" : "declined";
  if (share.state === state) return "done";
  const isStanding = share.state === "created" || share.state === "sent" || share.state === "accepted";
  const isOver = share.expires_at !== null && share.expires_at <= Date.now();
  if (!isStanding || isOver) return "not-found";
  await updateSentShare(db, share.id, { state, reason: null, detail: null });
  if (share.recipient_id !== null) {
    const told = state === "accepted" ? "accepted" : "refused";
    await parts.recipientAnswered(db, share.recipient_id, { answer: told, by: share.host });
  }
  afterCommit(() => parts.tell("share-answered", { share: share.id, host: share.host, answer: state }));
  return "done";
}

/**
 * `host[:port]` whose signature an answer with this secret needs, where that server signs: the message itself names no host. Null
 * for an unknown share; nothing is told of it before `takeAnswer`.
 */
export async function peerToAnswer(
  db: Db,
  named: { readonly providerId: string; readonly secretHash: string },
): Promise<string | null> {
  return (await peerOfSecret(db, named)) ?? null;
}

/** Who proved to be the recipient's server needs no secret: the reva family sends none. */
function boundBy({ secretHash, grantee, isSigned }: ShareAnswer) {
  if (secretHash !== null) return { secretHash };
  return isSigned && grantee !== null ? { grantee } : null;
}
