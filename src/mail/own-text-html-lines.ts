import { limits } from "../domain/limits.ts";
import type { TextLine } from "./own-text-lines.ts";
import { addressesIn } from "./own-text-links.ts";

/** Lines that grow out of texts and links in order. */
interface LineBuilder {
  add(text: string): void;
  /** Text up to endLink is what is shown for the address. */
  beginLink(href: string): void;
  endLink(): void;
  endLine(isForeign: boolean): void;
  lines(): readonly TextLine[];
}

interface Anchor {
  readonly href: string;
  shown: string;
}

interface OpenLine {
  text: string;
  /** What was written since the last link: addresses may be written out in it. */
  bare: string;
  readonly links: (Anchor | { readonly href: string; readonly shown: null })[];
}

export function createLineBuilder(): LineBuilder {
  const lines: (OpenLine & { readonly isForeign: boolean })[] = [];
  let line: OpenLine = { text: "", bare: "", links: [] };
  let anchor: Anchor | null = null;

  function endBare(): void {
    for (const href of addressesIn(line.bare)) line.links.push({ href, shown: null });
    line.bare = "";
  }

  return {
    add: (text) => {
      line.text += text;
      if (anchor === null) line.bare += text;
      else if (anchor.shown.length < limits.linkTextChars) anchor.shown += text;
    },
    beginLink: (href) => {
      endBare();
      anchor = { href, shown: "" };
      if (/^\s*https?:/i.test(href)) line.links.push(anchor);
    },
    endLink: () => {
      anchor = null;
    },
    endLine: (isForeign) => {
      endBare();
      if (line.text !== "" || line.links.length > 0) lines.push({ ...line, isForeign });
      line = { text: "", bare: "", links: [] };
    },
    lines: () => lines.map(closedLine),
  };
}

/** Text converted from plain text keeps its quoting marks. */
function closedLine({ text, links, isForeign }: OpenLine & { readonly isForeign: boolean }): TextLine {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return {
    text: line,
    links,
    isForeign: isForeign || line.startsWith(">"),
  };
}
