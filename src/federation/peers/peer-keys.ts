import { createHash, type KeyObject } from "node:crypto";
import { isObject } from "../../domain/json.ts";
import { readJwk, readRsaPem } from "../../protocols/ocm/signatures/jwk.ts";
import type { PeerKey } from "../../protocols/ocm/signatures/verify.ts";
import type { OcmPeerKeyRow } from "../../store/ocm-peer-keys.ts";

/** A key as ocm_peer_key.public_key keeps it. */
export function keyText(key: PeerKey): string {
  if (key.scheme === "cavage") return key.key.export({ type: "spki", format: "pem" }).toString();
  const { jwk } = key;
  return JSON.stringify({ ...jwk.key.export({ format: "jwk" }), kid: jwk.kid, alg: jwk.algorithm });
}

/** A key that was kept; null for one that can no longer be used. */
export function keptKey({
  scheme,
  key_id: keyId,
  public_key: text,
}: Pick<OcmPeerKeyRow, "scheme" | "key_id" | "public_key">): PeerKey | null {
  if (scheme === "cavage") {
    const read = readRsaPem(text);
    return "key" in read ? { scheme, keyId, key: read.key } : null;
  }
  const value: unknown = JSON.parse(text);
  const jwk = isObject(value) ? readJwk(value) : null;
  return jwk !== null && "key" in jwk ? { scheme, jwk } : null;
}

export function keyIdIn(key: PeerKey): string {
  return key.scheme === "cavage" ? key.keyId : key.jwk.kid;
}

/** SHA-256 of a kept key in its DER form, hex: what two administrators compare. Null for one that cannot be read. */
export function fingerprintOf(kept: Pick<OcmPeerKeyRow, "scheme" | "key_id" | "public_key">): string | null {
  const key = keptKey(kept);
  return key === null ? null : fingerprint(key.scheme === "cavage" ? key.key : key.jwk.key);
}

/** The same of any public key. */
export function fingerprint(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex");
}
