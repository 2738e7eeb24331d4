import { drawnLine, type TextLine } from "./own-text-lines.ts";
import { createLineBuilder } from "./own-text-html-lines.ts";
import { createQuoting, isDrawnLine, type Tag } from "./own-text-quoting.ts";

/** Takes the tags and texts of HTML in order, and gives lines. */
interface TagReader {
  open(tag: Tag): void;
  close(name: string): void;
  write(text: string): void;
  end(): readonly TextLine[];
}

/** Elements that stay within their line; whatever else there is begins a new one. */
const inline: ReadonlySet<string> = new Set(
  "a abbr b bdi bdo big cite code del em font i img ins kbd label mark q s samp small span strike strong sub sup td th tt u var wbr".split(
    " ",
  ),
);

/** Elements whose text is not shown. */
const unseen: ReadonlySet<string> = new Set(["script", "style", "title", "template", "textarea", "select"]);

export function createTagReader(): TagReader {
  const builder = createLineBuilder();
  const quoting = createQuoting();
  let hidden: string | null = null;
  let isForeign = false;
  let preformatted = 0;

  function breakLine(): void {
    builder.endLine(isForeign);
  }

  function open(tag: Tag): void {
    const { name } = tag;
    if (hidden !== null) return;
    if (unseen.has(name)) hidden = name;
    if (isBlock(name)) breakLine();
    else if (name === "td" || name === "th") builder.add(" ");
    if (name === "pre") preformatted += 1;
    if (isDrawnLine(tag)) drawLine();
    becomeForeign(quoting.opened(tag));
    const href = name === "a" ? tag.attributes.get("href") : undefined;
    if (href !== undefined) builder.beginLink(href);
  }

  function close(name: string): void {
    if (hidden === name) hidden = null;
    if (hidden !== null) return;
    if (name === "a") builder.endLink();
    if (isBlock(name)) breakLine();
    if (name === "pre") preformatted = Math.max(0, preformatted - 1);
    becomeForeign(quoting.closed(name));
  }

  function drawLine(): void {
    breakLine();
    builder.add(drawnLine);
    breakLine();
  }

  function becomeForeign(next: boolean): void {
    if (next !== isForeign) breakLine();
    isForeign = next;
  }

  function write(text: string): void {
    if (hidden !== null) return;
    const rows = preformatted === 0 ? [text] : text.split(/\r\n|[\r\n]/);
    for (const [index, row] of rows.entries()) {
      if (index > 0) breakLine();
      builder.add(row);
    }
  }

  function end(): readonly TextLine[] {
    breakLine();
    return builder.lines();
  }

  return { open, close, write, end };
}

/** Names with a colon are Office's own, and empty. */
function isBlock(name: string): boolean {
  return !inline.has(name) && !name.includes(":");
}
