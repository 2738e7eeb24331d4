import { randomBytes } from "node:crypto";

/** Crockford's base32, lower-case: no i, l, o, u, so that ids can be read aloud. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const idChars = 9;

/** A new row id: the prefix tells the table, nine random characters (45 bits) the row; `n4k0zq8wt1`. */
export function newId(prefix: string): string {
  const chars = Array.from(randomBytes(idChars), (byte) => alphabet.charAt(byte & 31));
  return prefix + chars.join("");
}
