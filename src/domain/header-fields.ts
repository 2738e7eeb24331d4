import { limits } from "./limits.ts";
import type { HeaderField } from "./mail.ts";

/** The fields of a header block, in order. */
export interface HeaderFields {
  readonly fields: readonly HeaderField[];
  /** Fields are missing because there are more than limits.headerFields. */
  readonly isCut: boolean;
}

/**
 * Reads a header block up to its first empty line (RFC 5322 section 2.2): unfolds, takes CRLF and LF, skips lines that
 * are no field. White space before the colon is allowed (section 4.5), so that `From :` counts as a From field.
 */
export function parseHeaderFields(text: string): HeaderFields {
  const fields: HeaderField[] = [];
  let open: { readonly name: string; value: string } | null = null;
  for (const line of linesOf(text)) {
    if (line.startsWith(" ") || line.startsWith("\t")) {
      if (open !== null && open.value.length < limits.headerFieldBytes) open.value += line;
      continue;
    }
    if (open !== null) fields.push(closed(open));
    open = opened(line);
    if (open !== null && fields.length >= limits.headerFields) return { fields, isCut: true };
  }
  if (open !== null) fields.push(closed(open));
  return { fields, isCut: false };
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 ? text.length : feed;
    const line = text.slice(start, text[end - 1] === "\r" && end > start ? end - 1 : end);
    if (line === "") return;
    yield line;
    start = end + 1;
  }
}

function opened(line: string): { readonly name: string; value: string } | null {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
  return /^[\u0021-\u007E]+$/.test(name) ? { name, value: line.slice(colon + 1) } : null;
}

function closed(field: { readonly name: string; readonly value: string }): HeaderField {
  return { name: field.name, value: field.value.slice(0, limits.headerFieldBytes).trim() };
}
