import { limits } from "../domain/limits.ts";
import type { MailView, OwnLink, TextPart } from "../domain/mail.ts";
import { oneLine } from "../domain/one-line.ts";
import { htmlLines } from "./own-text-html.ts";
import { type TextLine, withSeparators } from "./own-text-lines.ts";
import { plainLines } from "./own-text-plain.ts";

/** What the sender of a mail wrote himself. */
export type OwnText = Pick<MailView, "ownLines" | "ownLinks">;

/**
 * Tells the sender's own text from what he quotes or forwards. What one part of the mail has as own text and another as
 * quoted only is quoted: writing programs lose marks of quoting, they do not invent them.
 */
export function ownText(texts: readonly TextPart[]): OwnText {
  const parts = texts.map((part) => {
    const lines = withSeparators(part.type === "html" ? htmlLines(part.text) : plainLines(part.text));
    const own = lines.filter(({ isForeign }) => !isForeign);
    const foreign = lines.filter(({ isForeign }) => isForeign);
    return { type: part.type, own: readSide(own), foreign: readSide(foreign) };
  });
  const quotedLines = onlyForeign(parts, ({ lines }) => lines);
  const quotedLinks = onlyForeign(parts, ({ links }) => links.map(({ href }) => href));
  const spoken = parts.find(({ type }) => type === "plain") ?? parts[0];
  const links = parts.flatMap(({ own }) => own.links).filter(({ href }) => !quotedLinks.has(href));
  return {
    ownLines: spoken?.own.lines.filter((line) => !quotedLines.has(line)) ?? [],
    ownLinks: eachOnce(links).slice(0, limits.linksPerMail),
  };
}

interface Side {
  readonly lines: readonly string[];
  readonly links: readonly OwnLink[];
}

function readSide(lines: readonly TextLine[]): Side {
  return {
    lines: lines
      .filter(({ text }) => text.trim() !== "")
      .slice(0, limits.ownLinesPerMail)
      .map(({ text }) => oneLine(text, limits.ownLineChars)),
    links: lines
      .flatMap(({ links }) => links)
      .slice(0, limits.linksPerMail)
      .flatMap(({ href, shown }) => {
        const url = href.length > limits.urlChars ? null : URL.parse(href);
        return url === null ? [] : { href: url.href, shown };
      }),
  };
}

/** What stands in the foreign text of some part, and not in the own text of the same part. */
function onlyForeign(
  parts: readonly { readonly own: Side; readonly foreign: Side }[],
  texts: (side: Side) => readonly string[],
): ReadonlySet<string> {
  return new Set(
    parts.flatMap(({ own, foreign }) => {
      const written = new Set(texts(own));
      return texts(foreign).filter((text) => !written.has(text));
    }),
  );
}

/** Each address once, with the first text that is shown for it. */
function eachOnce(links: readonly OwnLink[]): readonly OwnLink[] {
  const shown = new Map<string, string | null>();
  for (const link of links) shown.set(link.href, shown.get(link.href) ?? link.shown);
  return Array.from(shown, ([href, text]) => ({ href, shown: text }));
}
