import { constants, type KeyObject, sign, verify } from "node:crypto";
import { limits } from "../../../domain/limits.ts";

/** What a key of one JSON Web Algorithm is, and how RFC 9421 section 3.3 names it. */
interface Algorithm {
  readonly key: "ed25519" | "rsa" | "P-256" | "P-384";
  readonly hash: "sha256" | "sha384" | "sha512" | null;
  readonly isPss?: true;
  /** Null where RFC 9421 has no name for it. */
  readonly httpName: string | null;
}

/** RFC 7518 section 3.1, RFC 8037 and RFC 9864; neither `none` nor a shared secret is among them. */
const algorithms = {
  Ed25519: { key: "ed25519", hash: null, httpName: "ed25519" },
  EdDSA: { key: "ed25519", hash: null, httpName: "ed25519" },
  ES256: { key: "P-256", hash: "sha256", httpName: "ecdsa-p256-sha256" },
  ES384: { key: "P-384", hash: "sha384", httpName: "ecdsa-p384-sha384" },
  RS256: { key: "rsa", hash: "sha256", httpName: "rsa-v1_5-sha256" },
  RS384: { key: "rsa", hash: "sha384", httpName: null },
  RS512: { key: "rsa", hash: "sha512", httpName: null },
  PS256: { key: "rsa", hash: "sha256", isPss: true, httpName: null },
  PS384: { key: "rsa", hash: "sha384", isPss: true, httpName: null },
  PS512: { key: "rsa", hash: "sha512", isPss: true, httpName: "rsa-pss-sha512" },
} as const satisfies Record<string, Algorithm>;

export type KeyAlgorithm = keyof typeof algorithms;

export function isKeyAlgorithm(name: string): name is KeyAlgorithm {
  return Object.hasOwn(algorithms, name);
}

/** The name of RFC 9421 section 3.3; null where it has none. */
export function httpNameOf(algorithm: KeyAlgorithm): string | null {
  return algorithms[algorithm].httpName;
}

/** Why a key cannot be used with an algorithm, as a kebab-case reason; null where it can. */
export function misfit(key: KeyObject, algorithm: KeyAlgorithm): string | null {
  const wanted = algorithms[algorithm].key;
  if (wanted === "rsa") return rsaMisfit(key);
  if (wanted === "ed25519") return key.asymmetricKeyType === "ed25519" ? null : "key-of-other-type";
  const curve = { "P-256": "prime256v1", "P-384": "secp384r1" }[wanted];
  const isOfCurve = key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === curve;
  return isOfCurve ? null : "key-of-other-type";
}

/** Why a key cannot be used for RSA; null where it can. */
export function rsaMisfit(key: KeyObject): string | null {
  if (key.asymmetricKeyType !== "rsa") return "key-of-other-type";
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < limits.rsaKeyMinBits) return "key-too-short";
  return bits > limits.rsaKeyMaxBits ? "key-too-long" : null;
}

/** A signature; of ECDSA both numbers one after the other (RFC 9421 section 3.3.4). */
export function signBytes(bytes: Buffer, key: KeyObject, algorithm: KeyAlgorithm): Buffer {
  return sign(algorithms[algorithm].hash, bytes, { key, ...forms(algorithm) });
}

/** False as well where the key or the form of the signature does not fit. */
export function isSignatureOf(
  bytes: Buffer,
  signature: Buffer,
  key: KeyObject,
  algorithm: KeyAlgorithm,
): boolean {
  if (misfit(key, algorithm) !== null) return false;
  return verify(algorithms[algorithm].hash, bytes, { key, ...forms(algorithm) }, signature);
}

function forms(algorithm: KeyAlgorithm): {
  readonly dsaEncoding: "ieee-p1363";
  readonly padding?: number;
  readonly saltLength?: number;
} {
  const dsaEncoding = "ieee-p1363";
  const { key, ...rest } = algorithms[algorithm];
  if (key !== "rsa") return { dsaEncoding };
  return "isPss" in rest
    ? { dsaEncoding, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { dsaEncoding, padding: constants.RSA_PKCS1_PADDING };
}
