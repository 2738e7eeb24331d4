import { limits } from "../domain/limits.ts";

/** One line of a text, with the addresses that begin in it. */
export interface TextLine {
  readonly text: string;
  readonly links: readonly TextLink[];
  /** Quoted: the sender passes on what somebody else wrote. */
  readonly isForeign: boolean;
}

export interface TextLink {
  /** As written. */
  readonly href: string;
  readonly shown: string | null;
}

/** Stands for a drawn line: the `hr` of HTML, and borders used like one. */
export const drawnLine = "----------";

/**
 * The same lines; all are foreign from the line on that separates a forwarded or answered mail. Told by form, in any
 * language: words between dashes, or the header fields of a mail one below the other.
 */
export function withSeparators(lines: readonly TextLine[]): readonly TextLine[] {
  const start = lines.findIndex((line, index) => !line.isForeign && isSeparator(lines, index));
  if (start === -1) return lines;
  return lines.map((line, index) => (index < start ? line : { ...line, isForeign: true }));
}

function isSeparator(lines: readonly TextLine[], index: number): boolean {
  const text = lines[index]?.text ?? "";
  if (isLabel(text)) return beginsHeaderFields(lines, index);
  return isDashedWords(text);
}

/** `---------- Forwarded message ---------`, but not the armour of a signed mail (RFC 9580 section 6.2). */
function isDashedWords(text: string): boolean {
  const line = text.trim();
  if (line.length > 200 || !/^[-\u2013\u2014]{2}.*[-\u2013\u2014]{2}$/.test(line)) return false;
  return /\p{L}/u.test(line) && !/^-----(BEGIN|END) [A-Z ]+-----$/.test(line);
}

/** `Label: value` in the writing of any language, with or without stars for bold. */
function isLabel(text: string): boolean {
  return /^\s*\*?\p{L}[\p{L}\p{M} .'-]{0,30}\s?[:\uFF1A](?:[\s*]|$)/u.test(text);
}

/**
 * Whether From, Date, To, Subject or what they are called stand here: four labels with an address or a time among them,
 * or three with an address in brackets below a drawn line or an announcing colon. Fewer may be the text's own labels.
 */
function beginsHeaderFields(lines: readonly TextLine[], index: number): boolean {
  if (isLabel(lines[index - 1]?.text ?? "")) return false;
  const block: string[] = [];
  for (let at = index; block.length < 6; at++) {
    const text = lines[at]?.text ?? "";
    if (!isLabel(text)) break;
    block.push(text.slice(0, limits.ownLineChars));
  }
  if (block.length >= 4) return block.some((text) => /\S@\S|\d[:.]\d\d/.test(text));
  if (block.length < 3 || !isAnnouncement(lines, index - 1)) return false;
  return block.some((text) => /[<[(]\S*@\S*[>\])]/.test(text));
}

function isAnnouncement(lines: readonly TextLine[], before: number): boolean {
  let at = before;
  while (at > before - 3 && lines[at]?.text.trim() === "") at -= 1;
  const text = lines[at]?.text.trim() ?? "";
  return text.endsWith(":") || /^[-_=\u2013\u2014]{5,}$/.test(text);
}
