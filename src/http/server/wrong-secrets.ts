import ipaddr from "ipaddr.js";
import { limits } from "../../domain/limits.ts";

/**
 * Counts the wrong tokens and page secrets of each address. Who knows a right one is never kept out: other people
 * behind the same address may be the ones who guess, and 256 random bits cannot be guessed.
 */
export interface WrongSecrets {
  /** Counts one; an unknown address, such as that of a socket's peer, counts as one more. How long the address is sent away, or null while it may go on. */
  count(address: string | undefined): number | null;
}

/** `clock`: milliseconds that never go back. */
export function createWrongSecrets(clock: () => number): WrongSecrets {
  const seen = new Map<string, { count: number; readonly untilMs: number }>();
  return {
    count(address) {
      const nowMs = clock();
      const key = networkOf(address);
      const known = seen.get(key);
      if (known !== undefined && known.untilMs > nowMs) {
        known.count += 1;
        return known.count > limits.wrongSecrets ? known.untilMs - nowMs : null;
      }
      // Entries lie in the order in which they end.
      seen.delete(key);
      for (const [old, { untilMs }] of seen) {
        if (untilMs > nowMs && seen.size < limits.wrongSecretsAddresses) break;
        seen.delete(old);
      }
      seen.set(key, { count: 1, untilMs: nowMs + limits.wrongSecretsMs });
      return null;
    },
  };
}

/** Whose an address is: one customer of an IPv6 provider has a whole /64 (Nextcloud GHSA-2967-6mrp-gg3p). */
export function networkOf(address: string | undefined): string {
  const [plain = ""] = address?.split("%") ?? [];
  if (!ipaddr.isValid(plain)) return "unknown";
  const parsed = ipaddr.process(plain);
  if (!("parts" in parsed)) return parsed.toString();
  return parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":");
}
