import { limits } from "../../../domain/limits.ts";

/**
 * The host of a key id, `host[:port]` in lower case without a default port: `https://host/ocm#…` as Nextcloud and most
 * others write it, or `host#key1` as draft-05 has it. Null where no host can be told.
 */
export function hostOfKeyId(keyId: string): string | null {
  if (keyId.length > limits.keyIdChars || !/^[\x21-\x7e]+$/.test(keyId) || keyId.includes("\\")) return null;
  const hasScheme = /^https?:\/\/[^/]/i.test(keyId);
  if (!hasScheme && !/^[a-z0-9.[\]-]+(:\d+)?(?:[/#?]|$)/i.test(keyId)) return null;
  const url = URL.parse(hasScheme ? keyId : `https://${keyId}`);
  return url === null || url.username !== "" || url.password !== "" || url.host === "" ? null : url.host;
}

/** Whether a key id belongs to a server: the same host and the same port, where 443 is the same as none. */
export function isSignedFor(keyId: string, host: string): boolean {
  const expected = URL.parse(`https://${host}/`);
  const isPlain = expected !== null && expected.pathname === "/" && expected.username === "";
  return isPlain && hostOfKeyId(keyId) === expected.host;
}
