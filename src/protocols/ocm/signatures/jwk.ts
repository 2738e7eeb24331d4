import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { isObject, type JsonObject } from "../../../domain/json.ts";
import { limits } from "../../../domain/limits.ts";
import { isKeyAlgorithm, type KeyAlgorithm, misfit, rsaMisfit } from "./algorithms.ts";

/** A key of RFC 9421 signatures: one of a peer's JSON Web Key Set. */
export interface PeerJwk {
  readonly kid: string;
  readonly algorithm: KeyAlgorithm;
  readonly key: KeyObject;
}

/** Keys of a set that can be used, and why others cannot. */
export interface ReadJwks {
  readonly keys: readonly PeerJwk[];
  readonly refused: readonly { readonly kid: string | null; readonly because: string }[];
}

type ReadKey<T> = T | { readonly because: string };

/**
 * Reads a JSON Web Key Set (RFC 7517, parsed JSON) strictly: `kid` and `alg` are needed, the key must fit its `alg`, and each
 * `kid` stands once. Of a private key that is published by mistake only the public part is taken. Null for no set.
 */
export function readJwks(value: unknown): ReadJwks | null {
  const members = isObject(value) ? value["keys"] : null;
  if (!Array.isArray(members)) return null;
  const keys: PeerJwk[] = [];
  const refused: { kid: string | null; because: string }[] = [];
  const objects = members.slice(0, limits.ocmPeerKeys).filter((member) => isObject(member));
  const kids = objects.map((member) => member["kid"]);
  for (const member of objects) {
    const { kid } = member;
    const isRepeated = kids.indexOf(kid) !== kids.lastIndexOf(kid);
    const key = isRepeated && typeof kid === "string" ? { because: "kid-repeated" } : readJwk(member);
    if ("key" in key) keys.push(key);
    else refused.push({ kid: isKeyName(kid) ? kid : null, because: key.because });
  }
  return { keys, refused };
}

/** One key of a set, or why it cannot be used. */
export function readJwk(jwk: JsonObject): ReadKey<PeerJwk> {
  const { kid, alg, use, key_ops: operations } = jwk;
  if (!isKeyName(kid)) return { because: "kid-missing" };
  if (typeof alg !== "string") return { because: "alg-missing" };
  if (!isKeyAlgorithm(alg)) return { because: "alg-not-taken" };
  if (use !== undefined && use !== "sig") return { because: "not-for-signatures" };
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    return { because: "not-for-signatures" };
  }
  const key = publicPartOf(jwk);
  if (key === null) return { because: "key-unreadable" };
  const because = misfit(key, alg);
  return because === null ? { kid, algorithm: alg, key } : { because };
}

/** The RSA key of a `publicKeyPem` (reference/ocm.md 4.1), or why it cannot be used. */
export function readRsaPem(pem: string): ReadKey<{ readonly key: KeyObject }> {
  // A private key would be read as well, and turned into the public one.
  const isPublic = /^\s*-----BEGIN PUBLIC KEY-----/.test(pem) && pem.length <= limits.keyChars;
  const key = isPublic ? readKey(() => createPublicKey(pem)) : null;
  if (key === null) return { because: "key-unreadable" };
  const because = rsaMisfit(key);
  return because === null ? { key } : { because };
}

/** A key as a JSON Web Key Set publishes it; the public part of a private one. `alg` is told for Ed25519 alone. */
export function publicJwk(key: KeyObject, kid: string): JsonObject {
  const { kty, crv, x } = createPublicKey(key).export({ format: "jwk" });
  return { kty, crv, x, kid, alg: "Ed25519", use: "sig" };
}

function isKeyName(kid: unknown): kid is string {
  return typeof kid === "string" && kid.length <= limits.keyIdChars && /^[\x20-\x7e]+$/.test(kid);
}

/** RFC 7518 section 6 and RFC 8037 section 2, without what is private. */
const publicMembers: Readonly<Record<string, readonly string[]>> = {
  OKP: ["crv", "x"],
  EC: ["crv", "x", "y"],
  RSA: ["n", "e"],
};

function publicPartOf(jwk: JsonObject): KeyObject | null {
  const { kty } = jwk;
  const names = typeof kty === "string" && Object.hasOwn(publicMembers, kty) ? publicMembers[kty] : undefined;
  if (names === undefined) return null;
  const part: JsonWebKey = { kty: String(kty) };
  for (const name of names) {
    const value = jwk[name];
    if (typeof value !== "string" || value.length > limits.keyChars) return null;
    part[name] = value;
  }
  return readKey(() => createPublicKey({ key: part, format: "jwk" }));
}

function readKey(read: () => KeyObject): KeyObject | null {
  try {
    return read();
  } catch {
    return null;
  }
}
