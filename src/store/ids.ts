import { randomBytes } from "node:crypto";

/** Crockford's base32, lower-case: no i, l, o, u, so that ids can be read aloud. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const idChars = 9;

/** A new row id: the prefix tells the table, nine random characters (45 bits) the row; `n4k0zq8wt1`. */
export function newId(prefix: string): string {
  return idOf(prefix, randomBytes(idChars));
}

/** The row id that belongs to a secret of the site (store/sealing.ts, `mac`): the same one each time. */
export function idFromMac(prefix: string, mac: string): string {
  return idOf(prefix, Buffer.from(mac, "hex").subarray(0, idChars));
}

function idOf(prefix: string, bytes: Uint8Array): string {
  return prefix + Array.from(bytes, (byte) => alphabet.charAt(byte & 31)).join("");
}
