import { parseHeaderFields } from "../domain/header-fields.ts";
import type { FoundMessage } from "../store/mailboxes.ts";
import type { Db } from "../store/store.ts";

/** What a scan looks for, and what it plans for what it finds. */
export interface ScanRules {
  /** Header fields that are fetched of every mail. */
  readonly fields: readonly string[];
  /** Whether a mail with these fields is worth reading whole. Pure. */
  readonly isCandidate: (headerText: string) => boolean;
  /** Plans the reading of new candidates, in the transaction that records them. */
  readonly onFound: (db: Db, found: readonly FoundMessage[]) => Promise<void>;
}

/** Rules that find every mail with one of these header fields (lower-case names). */
export function rulesByPresence(fields: readonly string[], onFound: ScanRules["onFound"]): ScanRules {
  const wanted = new Set(fields);
  return {
    fields: [...wanted, "message-id"],
    isCandidate: (headerText) => parseHeaderFields(headerText).fields.some(({ name }) => wanted.has(name)),
    onFound,
  };
}
