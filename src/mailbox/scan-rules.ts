import { limits } from "../domain/limits.ts";
import type { HeaderField } from "../domain/mail.ts";
import type { FoundMessage } from "../store/mailboxes.ts";
import type { Db } from "../store/store.ts";

/** What a scan looks for, and what it plans for what it finds. */
export interface ScanRules {
  /** Header fields that are fetched of every mail. */
  readonly fields: readonly string[];
  /** Whether a mail with these fields is worth reading whole. Pure. */
  readonly isCandidate: (fields: readonly HeaderField[]) => boolean;
  /** The second look, at the text of mails that are no candidates by their fields; left out, there is none. */
  readonly text?: TextRules;
  /** Plans the reading of new candidates, in the transaction that records them. */
  readonly onFound: (db: Db, found: readonly FoundMessage[]) => Promise<void>;
}

/** Which mails are found by their text. Both are pure. */
export interface TextRules {
  readonly mayBe: (fields: readonly HeaderField[], sizeBytes: number) => boolean;
  readonly isCandidate: (text: string) => boolean;
}

/** Rules that find every mail with one of these header fields (lower-case names). */
export function rulesByPresence(fields: readonly string[], onFound: ScanRules["onFound"]): ScanRules {
  const wanted = new Set(fields);
  return {
    fields: [...wanted, "message-id"],
    isCandidate: (found) => found.some(({ name }) => wanted.has(name)),
    onFound,
  };
}

/**
 * The same rules, which also find mails whose decoded text may announce a share. Mass mail, automatic replies, reports and
 * very large mail are passed over: no share notification is any of these, and most mail is.
 */
export function rulesByText(rules: ScanRules, mayAnnounce: (text: string) => boolean): ScanRules {
  return {
    ...rules,
    // The date is for the key of mails without Message-ID, which would all look alike.
    fields: [...rules.fields, ...excluding.map(([name]) => name), "date"],
    text: { mayBe: isPersonalMail, isCandidate: mayAnnounce },
  };
}

/** The same rules for a mailbox that mail comes back to, where reports are found too. */
export function rulesWithReports(
  rules: ScanRules,
  reports: { readonly fields: readonly string[]; readonly isCandidate: ScanRules["isCandidate"] },
): ScanRules {
  return {
    ...rules,
    fields: [...new Set([...rules.fields, ...reports.fields])],
    isCandidate: (fields) => rules.isCandidate(fields) || reports.isCandidate(fields),
  };
}

/** Fields and values that no share notification has (RFC 2919; RFC 3834 section 2; RFC 5321 section 4.5.5; RFC 6522). */
const excluding: readonly (readonly [string, RegExp])[] = [
  ["list-id", /^/],
  ["precedence", /^(?:bulk|junk|list)$/i],
  ["auto-submitted", /^auto-replied(?![\w-])/i],
  ["return-path", /^<\s*>/],
  ["content-type", /^multipart\/report(?![^\s;(])/i],
];

function isPersonalMail(fields: readonly HeaderField[], sizeBytes: number): boolean {
  if (sizeBytes > limits.scanTextMailBytes) return false;
  return !fields.some(({ name, value }) =>
    excluding.some(([excluded, values]) => name === excluded && values.test(value)),
  );
}
