import { Tokenizer } from "htmlparser2";
import { limits } from "../domain/limits.ts";
import { createTagReader } from "./own-text-html-tags.ts";
import type { TextLine } from "./own-text-lines.ts";
import { type Tag, tellingAttributes } from "./own-text-quoting.ts";

/**
 * The lines of HTML text as a reader sees them, with the addresses of its links and those that are written out. Works on
 * tokens, without a tree, so that neither depth nor broken nesting costs more than the text is long.
 */
export function htmlLines(html: string): readonly TextLine[] {
  const reader = createTagReader();
  const tags = tagCallbacks(html, (tag) => {
    reader.open(tag);
  });
  const tokenizer = new Tokenizer(
    { xmlMode: false, decodeEntities: true },
    {
      ...tags,
      onclosetag: (start, end) => {
        reader.close(html.slice(start, end).toLowerCase());
      },
      ontext: (start, end) => {
        reader.write(html.slice(start, end));
      },
      ontextentity: (codePoint) => {
        reader.write(String.fromCodePoint(codePoint));
      },
      oncomment: ignored,
      oncdata: ignored,
      ondeclaration: ignored,
      onprocessinginstruction: ignored,
      onend: ignored,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  return reader.end();
}

function ignored(): void {
  // Comments and declarations are not shown.
}

/** Puts an opening tag together; of a repeated attribute the first counts, as in browsers. */
function tagCallbacks(html: string, opened: (tag: Tag) => void) {
  let tag = { name: "", attributes: new Map<string, string>() };
  let name = "";
  let value = "";
  function end(): void {
    opened(tag);
  }
  return {
    onopentagname: (start: number, endIndex: number) => {
      tag = { name: html.slice(start, endIndex).toLowerCase(), attributes: new Map() };
    },
    onattribname: (start: number, endIndex: number) => {
      name = html.slice(start, endIndex).toLowerCase();
      value = "";
    },
    onattribdata: (start: number, endIndex: number) => {
      if (value.length <= limits.urlChars) value += html.slice(start, endIndex);
    },
    onattribentity: (codePoint: number) => {
      value += String.fromCodePoint(codePoint);
    },
    onattribend: () => {
      if (tellingAttributes.has(name) && !tag.attributes.has(name)) tag.attributes.set(name, value);
    },
    onopentagend: end,
    onselfclosingtag: end,
  };
}
