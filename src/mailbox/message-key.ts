import { createHash } from "node:crypto";
import type { HeaderField } from "../domain/mail.ts";

/** RFC 5322 section 2.1.1: a line has at most 998 characters, and no Message-ID needs more than one. */
const messageIdChars = 998;

/**
 * What tells a moved or resent copy of a mail: its Message-ID without white space, or, where it has none or several, a
 * hash of the header fields that were read.
 */
export function messageKey(headerText: string, fields: readonly HeaderField[]): string {
  const ids = fields.filter(({ name }) => name === "message-id");
  const id = ids.length === 1 ? (ids[0]?.value.replaceAll(/\s/g, "") ?? "") : "";
  if (/^<[^<>]+>$/.test(id) && id.length <= messageIdChars) return id;
  return `sha256:${createHash("sha256").update(headerText).digest("hex")}`;
}
