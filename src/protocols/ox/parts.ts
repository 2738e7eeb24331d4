import type { AddressRules } from "../../domain/address.ts";
import type { OutboundClient } from "../../http/outbound.ts";

/** What talking to OX servers needs. */
export interface OxParts {
  readonly http: OutboundClient;
  /** Asked once per login: a session keeps one User-Agent (reference/ox.md 4.3). */
  readonly userAgent?: () => string;
  /** How this site compares addresses; as given unless told otherwise. */
  readonly addressRules?: () => AddressRules;
}

/** The User-Agent of one login. */
export function userAgentOf(parts: Pick<OxParts, "userAgent">): string {
  return parts.userAgent?.() ?? "Usher";
}
