/**
 * The share token of OX App Suite: 48 hex digits that hide two ids behind a random base (reference/ox.md, section 3.2).
 * The ids are only obfuscated; the base is the secret.
 */

/** Who the guest is at the originating server. */
export interface GuestIds {
  readonly contextId: number;
  readonly userId: number;
}

/** The ids in a token; null where it is none, or where an id would not fit Java's int. */
export function decodeToken(token: string): GuestIds | null {
  if (!/^[0-9a-fA-F]{48}$/.test(token)) return null;
  const base = token.slice(16);
  const contextId = (hex(token, 0, 8) ^ hex(base, 0, 7)) >>> 0;
  const userId = (hex(token, 8, 16) ^ hex(base, 7, 14)) >>> 0;
  return isId(contextId) && isId(userId) ? { contextId, userId } : null;
}

function isId(id: number): boolean {
  return id <= 0x7fffffff;
}

function hex(digits: string, from: number, to: number): number {
  return Number.parseInt(digits.slice(from, to), 16);
}
