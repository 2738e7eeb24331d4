/** UIDs and UIDVALIDITY are nz-numbers of 32 bits (RFC 9051 section 9). */
export function isNumber32(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 && value <= 0xffff_ffff;
}

/**
 * Smallest UID that is not below `uid` among `exists` messages, null where there is none. Asks for UIDs by sequence
 * number, which ascend together (RFC 9051 section 2.3.1.2): no SEARCH has to be trusted.
 */
export async function firstUidAmong(
  exists: number,
  uid: number,
  uidAt: (sequence: number) => Promise<number>,
): Promise<number | null> {
  let low = 1;
  let high = exists;
  let found: number | null = null;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const there = await uidAt(middle);
    if (there >= uid) {
      found = there;
      high = middle - 1;
    } else {
      low = middle + 1;
    }
  }
  return found;
}
