import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

/** The private keys that other servers know the site by: RSA for draft-cavage, Ed25519 for RFC 9421 (reference/ocm.md 4.8). */
export interface SiteKeys {
  readonly cavage: KeyObject;
  readonly rfc9421: KeyObject;
}

const generate = promisify(generateKeyPair);

/** New ones, as PEM one behind the other (RFC 7468). RSA has 3072 bits: the key is to last. */
export async function newSiteKeys(): Promise<string> {
  const pairs = [await generate("rsa", { modulusLength: 3072 }), await generate("ed25519")];
  return pairs.map(({ privateKey }) => privateKey.export({ type: "pkcs8", format: "pem" })).join("");
}

/** Null for anything but one RSA key of at least 2048 bits and one Ed25519 key. */
export function readSiteKeys(text: string): SiteKeys | null {
  const pems = text.match(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g) ?? [];
  const keys = pems.map(keyIn);
  const cavage = keys.find((key) => isLongRsa(key));
  const rfc9421 = keys.find((key) => key?.asymmetricKeyType === "ed25519");
  return cavage == null || rfc9421 == null || keys.length !== 2 ? null : { cavage, rfc9421 };
}

function keyIn(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function isLongRsa(key: KeyObject | null): boolean {
  return key?.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
}
