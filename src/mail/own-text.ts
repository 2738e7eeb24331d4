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
  const parts = texts.map(sidesOf);
  const spoken = parts.find(({ type }) => type === "plain") ?? parts[0];
  const quotedTexts = onlyForeign(parts, (lines) => textsIn(lines).map(unmarked));
  const quotedLinks = onlyForeign(parts, (lines) => linksIn(lines).map(({ href }) => href));
  const links = parts.flatMap(({ own }) => linksIn(own)).filter(({ href }) => !quotedLinks.has(href));
  return {
    ownLines: textsIn(spoken?.own ?? []).filter((text) => !quotedTexts.has(unmarked(text))),
    ownLinks: eachOnce(links).slice(0, limits.linksPerMail),
  };
}

interface Sides {
  readonly type: TextPart["type"];
  readonly own: readonly TextLine[];
  readonly foreign: readonly TextLine[];
}

function sidesOf({ type, text }: TextPart): Sides {
  const lines = withSeparators(type === "html" ? htmlLines(text) : plainLines(text));
  return {
    type,
    own: lines.filter(({ isForeign }) => !isForeign),
    foreign: lines.filter(({ isForeign }) => isForeign),
  };
}

function textsIn(lines: readonly TextLine[]): readonly string[] {
  return lines
    .filter(({ text }) => text.trim() !== "")
    .slice(0, limits.ownLinesPerMail)
    .map(({ text }) => oneLine(text, limits.ownLineChars));
}

/** Without the mark of a list, which plain text has and HTML does not. */
function unmarked(text: string): string {
  return text.replace(/^[^\p{L}\p{N}]{1,8}/u, "");
}

function linksIn(lines: readonly TextLine[]): readonly OwnLink[] {
  return lines
    .flatMap(({ links }) => links)
    .slice(0, limits.linksPerMail)
    .flatMap(({ href, shown }) => {
      const url = href.length > limits.urlChars ? null : URL.parse(href);
      return url === null
        ? []
        : { href: url.href, shown: shown === null ? null : oneLine(shown, limits.linkTextChars) };
    });
}

/** What stands in the foreign text of some part, and not in the own text of the same part. */
function onlyForeign(
  parts: readonly Sides[],
  read: (lines: readonly TextLine[]) => readonly string[],
): ReadonlySet<string> {
  const found = parts.flatMap(({ own, foreign }) => {
    if (foreign.length === 0) return [];
    const written = new Set(read(own));
    return read(foreign).filter((text) => !written.has(text));
  });
  return new Set(found);
}

/** Each address once, with the first text that is shown for it. */
function eachOnce(links: readonly OwnLink[]): readonly OwnLink[] {
  const shown = new Map<string, string | null>();
  for (const link of links) shown.set(link.href, shown.get(link.href) ?? link.shown);
  return Array.from(shown, ([href, text]) => ({ href, shown: text }));
}
