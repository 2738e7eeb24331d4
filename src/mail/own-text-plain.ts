import { addressesIn } from "./own-text-links.ts";
import type { TextLine } from "./own-text-lines.ts";

/** The lines of plain text; what stands behind a quoting `>` is foreign. */
export function plainLines(text: string): readonly TextLine[] {
  return text.split(/\r\n|[\r\n]/).flatMap((line) => {
    const quote = quoteStart(line);
    if (quote === -1) return lineOf(line, false);
    const quoted = lineOf(line.slice(quote), true);
    return quote === 0 ? quoted : [lineOf(line.slice(0, quote), false), quoted];
  });
}

function lineOf(text: string, isForeign: boolean): TextLine {
  return { text, links: addressesIn(text).map((href) => ({ href, shown: null })), isForeign };
}

/**
 * Where a `>` begins a word. Not only at the start of the line: mailparser joins the lines of format=flowed (RFC 3676)
 * without a look at their quoting.
 */
function quoteStart(line: string): number {
  if (!line.includes(">")) return -1;
  return line.search(/(?<!\S)>/);
}
