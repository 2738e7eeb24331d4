import { Parser } from "htmlparser2";
import { limits } from "../../domain/limits.ts";

export interface Rewriting {
  /** The href of a resource for the peer; null for one that is none of his business, and is left out. */
  readonly hrefFor: (href: string) => string | null;
  /** Value of `{http://open-cloud-mesh.org/ns}share-permissions` for each resource; null to say nothing of it. */
  readonly permissions: string | null;
}

/**
 * A multistatus answer (RFC 4918 section 13) as the peer may see it: the same text with other hrefs, without resources outside of
 * the share, without addresses in properties, and with the share's own permissions. Null for what is no such answer.
 */
export function rewriteMultistatus(text: string, rewriting: Rewriting): string | null {
  // A text of another encoding was misread already.
  if (/^\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])/i.test(text)) return null;
  const writer = new Rewriter(rewriting);
  const parser: Parser = new Parser(
    {
      onopentag: (tag) => writer.open(tag, span()),
      ontext: (part) => writer.add(part),
      onclosetag: (_tag, isImplied) => writer.close(span(), isImplied),
      onprocessinginstruction: (name) => {
        if (/^!doctype$/i.test(name)) writer.refuse();
      },
    },
    { xmlMode: true },
  );
  function span(): Span {
    return { start: parser.startIndex, end: parser.endIndex + 1 };
  }
  parser.end(text);
  return writer.result(text);
}

/** Of a tag in the text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

interface Splice extends Span {
  readonly text: string;
}

interface Open {
  readonly name: string;
  readonly tag: Span;
  text: string;
}

class Rewriter {
  readonly #rewriting: Rewriting;
  readonly #open: Open[] = [];
  readonly #splices: Splice[] = [];
  /** Splices before the response that is being read. */
  #before = 0;
  /** Of the response that is being read: whether each of its hrefs lies in the share, and how many there are. */
  #isOutside = false;
  #hrefs = 0;
  #isRefused = false;
  #hasRoot = false;

  constructor(rewriting: Rewriting) {
    this.#rewriting = rewriting;
  }

  refuse(): void {
    this.#isRefused = true;
  }

  open(tag: string, span: Span): void {
    const name = tag.slice(tag.indexOf(":") + 1);
    const depth = this.#open.length;
    if (depth >= limits.davLevels || (depth === 0 && (name !== "multistatus" || this.#hasRoot)))
      this.refuse();
    this.#hasRoot = true;
    if (depth === 1) {
      this.#before = this.#splices.length;
      this.#isOutside = false;
      this.#hrefs = 0;
    }
    this.#open.push({ name, tag: span, text: "" });
  }

  add(part: string): void {
    const at = this.#open.at(-1);
    if (at !== undefined) at.text += part;
  }

  close(tag: Span, isImplied: boolean): void {
    // What was cut off cannot be told from what is not there.
    if (isImplied && !this.#isSelfClosed(tag)) this.refuse();
    const element = this.#open.pop();
    if (element === undefined) return this.refuse();
    const depth = this.#open.length;
    if (depth === 1 && element.name === "response") this.#endResponse(element, tag);
    else if (depth === 2 && element.name === "href") this.#rewriteHref(element, tag);
    else if (element.name === "href") this.#put({ start: element.tag.end, end: tag.start, text: "" });
    else if (element.name === "share-permissions") this.#remove(element, tag);
  }

  #isSelfClosed(tag: Span): boolean {
    return this.#open.at(-1)?.tag.end === tag.end;
  }

  #rewriteHref(element: Open, tag: Span): void {
    const href = this.#rewriting.hrefFor(element.text.trim());
    this.#hrefs += 1;
    this.#isOutside ||= href === null;
    if (href !== null) this.#put({ start: element.tag.end, end: tag.start, text: escaped(href) });
  }

  #endResponse(element: Open, tag: Span): void {
    const { permissions } = this.#rewriting;
    if (this.#isOutside || this.#hrefs === 0) {
      this.#splices.length = this.#before;
      this.#put({ start: element.tag.start, end: tag.end, text: "" });
    } else if (permissions !== null) {
      this.#put({ start: tag.start, end: tag.start, text: propstat(permissions) });
    }
  }

  /** With what lies in it, which is spliced no more. */
  #remove(element: Open, tag: Span): void {
    while ((this.#splices.at(-1)?.start ?? -1) >= element.tag.start) this.#splices.pop();
    this.#put({ start: element.tag.start, end: tag.end, text: "" });
  }

  #put(splice: Splice): void {
    if (splice.start <= splice.end) this.#splices.push(splice);
  }

  result(text: string): string | null {
    if (this.#isRefused || !this.#hasRoot || this.#open.length > 0) return null;
    const pieces: string[] = [];
    let at = 0;
    for (const { start, end, text: put } of this.#splices) {
      pieces.push(text.slice(at, start), put);
      at = end;
    }
    return pieces.join("") + text.slice(at);
  }
}

/** With namespaces of its own, whatever the answer around it declares. */
function propstat(permissions: string): string {
  const property = `<share-permissions xmlns="http://open-cloud-mesh.org/ns">${escaped(permissions)}</share-permissions>`;
  return `<propstat xmlns="DAV:"><prop>${property}</prop><status>HTTP/1.1 200 OK</status></propstat>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
