import { limits } from "../../domain/limits.ts";
import type { Peer, ShareForm } from "../../protocols/ocm/peer.ts";
import { type GivenShare, writeShare } from "../../protocols/ocm/write-share.ts";
import type { Ask } from "../../protocols/protocol.ts";
import type { FederationParts } from "../parts.ts";
import { type Judged, judgeAnswer, moreTelling } from "./judge-answer.ts";

/** What became of a share at its peer. */
export type Offered =
  | { readonly kind: "taken"; readonly form: ShareForm }
  | Exclude<Judged, { kind: "taken" | "other-form" }>;

/**
 * Posts a share in the form that the peer most likely understands, and once in the other where it is refused with 400 or 501
 * (reference/ocm.md 6.1). The same share may be posted again: id and secret stay what they are.
 */
export async function offer(
  { peers }: Pick<FederationParts, "peers">,
  { peer, given }: { readonly peer: Peer; readonly given: GivenShare },
  ask: Ask,
): Promise<Offered> {
  const mustExchange = given.requirements.length > 0;
  // Only a protocol object can say that the secret has to be exchanged.
  const form = mustExchange ? "multi" : peer.form;
  const first = await postIn(form);
  if (first.kind !== "other-form") return named(first, form);
  const other = form === "multi" ? "webdav" : "multi";
  const second = mustExchange ? first : await postIn(other);
  if (second.kind !== "other-form") return named(second, other);
  return { ...moreTelling(first, second), kind: "refused" };

  async function postIn(wanted: ShareForm): Promise<Judged> {
    const what = `offer share (${wanted})`;
    const posted = await peers.post(peer, "/shares", writeShare(given, wanted, peer), { ...ask, what });
    if (posted.kind === "answered") return judgeAnswer(posted);
    const { because } = posted;
    if (posted.kind === "refused") return { kind: "refused", because, words: posted.detail };
    return { kind: "later", because, waitMs: posted.retryAfterMs };
  }
}

function named(judged: Exclude<Judged, { kind: "other-form" }>, form: ShareForm): Offered {
  return judged.kind === "taken" ? { kind: "taken", form } : judged;
}

/** Whether a peer counts shares: Nextcloud of the master line (reference/ocm.md 6.1, 6.2). */
export function isPaced({ capabilities, apiVersion }: Pick<Peer, "capabilities" | "apiVersion">): boolean {
  const isOfMaster = capabilities.has("exchange-token") || capabilities.has("http-sig");
  return isOfMaster && apiVersion?.startsWith("1.0") === true;
}

/** How long the next share has to wait for such a peer, after those that were posted at these times, the latest first. */
export function paceMs(postedAt: readonly number[], nowMs: number): number {
  const oldest = postedAt[limits.ocmPacedShares - 1];
  return oldest === undefined ? 0 : Math.max(0, oldest + limits.ocmPacedMs - nowMs);
}
