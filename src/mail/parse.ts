import { limits } from "../domain/limits.ts";
import type { MailView } from "../domain/mail.ts";
import { oneLine } from "../domain/one-line.ts";
import { readHead, withLineFeeds } from "./headers.ts";
import { headView, viewOf } from "./mail-view.ts";
import { readMimeParts } from "./mime-parts.ts";

/** How much of a mail is looked at. */
export interface ParseScope {
  /** The body is left alone, as for a mail that has ended its parser before. */
  readonly headersOnly: boolean;
}

/**
 * Reads a mail, or its first limits.mailPrefixBytes. Never throws on any bytes: what cannot be read is named in `problems`,
 * and the view holds what can.
 */
export async function parseMail(
  prefix: Buffer,
  scope: ParseScope = { headersOnly: false },
): Promise<MailView> {
  const bytes = withLineFeeds(prefix.subarray(0, limits.mailPrefixBytes));
  const head = readHead(bytes);
  const problems = head.isCut ? ["header block: larger than the limits allow, the rest was not read"] : [];
  const body = scope.headersOnly ? Buffer.alloc(0) : bytes.subarray(head.bodyStart);
  for (const attempt of attemptsAt(body)) {
    try {
      const parts = await readMimeParts(head.fields, attempt.body);
      return viewOf(head, parts, [...problems, ...attempt.problems]);
    } catch (error) {
      if (attempt.body.length === 0) problems.push(problemOf(error));
    }
  }
  return headView(bytes, problems);
}

interface Attempt {
  readonly body: Buffer;
  readonly problems: readonly string[];
}

/** The whole body; where that fails, its first parts; where that fails too, no body. */
function attemptsAt(body: Buffer): readonly Attempt[] {
  if (body.length === 0) return [{ body, problems: [] }];
  return [
    { body, problems: [] },
    { body: firstParts(body), problems: ["body: could not be read whole, only its first parts were"] },
    { body: Buffer.alloc(0), problems: ["body: could not be read"] },
  ];
}

/** The body up to the line that would begin one part too many: every boundary line begins with two hyphens. */
function firstParts(body: Buffer): Buffer {
  let end = 0;
  for (let count = 0; count < limits.mimeParts - 1; count++) {
    const found = body.indexOf("\n--", end);
    if (found === -1) return body;
    end = found + 1;
  }
  return body.subarray(0, end);
}

function problemOf(error: unknown): string {
  return `addresses and subject: ${oneLine(error instanceof Error ? error.message : String(error), limits.remoteTextChars)}`;
}
