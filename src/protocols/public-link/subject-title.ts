import { limits } from "../../domain/limits.ts";
import type { MailView } from "../../domain/mail.ts";
import { oneLine } from "../../domain/one-line.ts";

/**
 * The name of what is shared, where the subject has it in a place of its own: between guillemets (ownCloud, any language),
 * or in Nextcloud's pattern `<name> shared <file> with you` behind the sharer's name (reference/ocm.md 2.2). Null elsewhere.
 */
export function titleInSubject(mail: Pick<MailView, "subject">, sharerName: string): string | null {
  const line = oneLine(mail.subject, limits.mailSubjectChars);
  const quoted = /\u00BB(.+)\u00AB/.exec(line) ?? /\u00AB(.+)\u00BB/.exec(line);
  const title = oneLine(quoted?.[1] ?? inPattern(line, sharerName), limits.titleChars);
  return title === "" ? null : title;
}

function inPattern(line: string, sharerName: string): string {
  const start = `${sharerName} shared `;
  const end = " with you";
  if (sharerName === "" || !line.startsWith(start) || !line.endsWith(end)) return "";
  return line.slice(start.length, Math.max(start.length, line.length - end.length));
}
