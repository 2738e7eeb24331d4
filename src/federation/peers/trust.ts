import { type InvalidSignature, invalid } from "../../protocols/ocm/signatures/signed-request.ts";
import type { PeerKey, SignatureVerdict } from "../../protocols/ocm/signatures/verify.ts";
import {
  type OcmPeerKeyRow,
  recordKeyConflict,
  takeSignature,
  trustPeerKey,
  usePeerKey,
} from "../../store/ocm-peer-keys.ts";
import { clearRefusal } from "../../store/ocm-refusals.ts";
import type { FederationGround, Verified } from "../parts.ts";
import { keyIdIn, keyText } from "./peer-keys.ts";

export type ValidSignature = Extract<SignatureVerdict, { readonly kind: "valid" }>;

export type TrustParts = Pick<FederationGround, "store" | "tell">;

/** Who signed, and when it came. */
interface Came {
  /** `host[:port]`, as ocm_peer has it. */
  readonly host: string;
  readonly nowMs: number;
}

/** A valid signature, unless it came before; `firstKey` is its key where that is to be trusted from now on. */
export async function taken(
  { store, tell }: TrustParts,
  { host, nowMs }: Came,
  { scheme, keyId, fingerprint: hash, untilMs }: ValidSignature,
  firstKey: PeerKey | null,
): Promise<Verified | InvalidSignature> {
  const { db } = store;
  if (!(await takeSignature(db, { hash, host, untilMs }, nowMs))) {
    return invalid(
      "signature-replayed",
      "The same request came before, or too many of this peer within minutes.",
    );
  }
  const key = firstKey === null ? null : { host, scheme, key_id: keyId, public_key: keyText(firstKey) };
  const isFirstUse = key !== null && (await trustPeerKey(db, key, nowMs));
  if (isFirstUse) tell("peer-key-trusted", { host, scheme, keyId });
  else await usePeerKey(db, { host, scheme, keyId }, nowMs);
  await clearRefusal(db, host);
  return { kind: "signed", host, keyId, scheme, isFirstUse };
}

/** The peer has another key than the one that it is trusted by. */
export async function changed(
  { store, tell }: TrustParts,
  { host, nowMs }: Came,
  former: OcmPeerKeyRow,
  key: PeerKey,
): Promise<InvalidSignature> {
  const { scheme, key_id: keyId } = former;
  const came = { keyId: keyIdIn(key), publicKey: keyText(key) };
  if (await recordKeyConflict(store.db, { host, scheme, keyId }, came, nowMs)) {
    tell("peer-key-changed", { host, scheme, keyId, newKeyId: came.keyId });
  }
  return invalid(
    "key-changed",
    `${host} signs with another key than before. Where its administrator confirms that: usher doctor peer ${host} --forget-key`,
  );
}
