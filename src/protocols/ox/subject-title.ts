import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";

/** Opening quotes of the languages that OX speaks, each with its closing ones. */
const quotes: Readonly<Record<string, string>> = {
  '"': '"',
  "\u201E": "\u201C\u201D",
  "\u201C": "\u201D",
  "\u201D": "\u201D",
  "\u00AB": "\u00BB",
  "\u00BB": "\u00AB\u00BB",
  "\u300C": "\u300D",
};

/**
 * The title in a subject such as `<Name> has shared the folder "<title>" with you.` (reference/ox.md, section 2.3): what
 * stands between the outermost quotes, because the title itself may hold quotes. The sharer's name in front and a quoted
 * group at the end do not belong to it. Null where nothing is quoted.
 */
export function titleInSubject(subject: string, sharerName: string): string | null {
  const line = oneLine(subject, limits.mailSubjectChars);
  const sentence = sharerName !== "" && line.startsWith(sharerName) ? line.slice(sharerName.length) : line;
  const text = sentence.replace(/" with the group "[^"]*"\.?$/, '"');
  const start = text.search(/["\u201E\u201C\u201D\u00AB\u00BB\u300C]/);
  if (start === -1) return null;
  const closing = quotes[text.charAt(start)] ?? "";
  const ends = Array.from(closing, (quote) => text.lastIndexOf(quote));
  const title = oneLine(text.slice(start + 1, Math.max(start, ...ends)), limits.titleChars);
  return title === "" ? null : title;
}
