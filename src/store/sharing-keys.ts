import { idFromMac } from "./ids.ts";
import { sharingDecision } from "./records.ts";
import type { Sealer } from "./sealing.ts";
import { readSharing } from "./sharings.ts";
import type { Db } from "./store.ts";

/** A key by which a program asks for the same sharing again, and what it asks for: nobody is told what that was. */
export interface KeyedRequest {
  readonly accountId: string;
  readonly key: string;
  /** All that makes the request what it is, in one order. */
  readonly content: readonly unknown[];
}

/** The id of a sharing is made of its key: asked twice at once, there is still one. */
export function keyedSharingId(sealer: Sealer, { accountId, key }: KeyedRequest): string {
  return idFromMac("h", sealer.mac("sharing-key", `${accountId}/${key}`));
}

/** Stands in the decision that began the sharing, as `request`. */
export function requestFingerprint(sealer: Sealer, { content }: KeyedRequest): string {
  return sealer.mac("sharing-request", JSON.stringify(content));
}

/** What was made of the request before; `other` where the key was used for something else. */
export async function knownSharing(
  db: Db,
  request: KeyedRequest,
  sealer: Sealer,
): Promise<
  { readonly kind: "new" } | { readonly kind: "other" } | { readonly kind: "same"; readonly id: string }
> {
  const known = await readSharing(db, keyedSharingId(sealer, request));
  if (known === undefined) return { kind: "new" };
  const began = await sharingDecision(db, known.id);
  const isSame = began?.["request"] === requestFingerprint(sealer, request);
  return isSame ? { kind: "same", id: known.id } : { kind: "other" };
}
