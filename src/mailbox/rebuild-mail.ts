import { createHash } from "node:crypto";
import type { MessageStructureObject } from "imapflow";
import { limits } from "../domain/limits.ts";
import type { PartialSection, Sections } from "./fetch-parts.ts";
import type { SlimMail } from "./session.ts";
import { ownTexts, reportParts } from "./structure.ts";

/** Everything of a mail that is fetched to rebuild it: its header, its own texts, what a delivery report holds. */
export function sectionsFor(structure: MessageStructureObject): readonly PartialSection[] {
  const isMultipart = structure.childNodes !== undefined;
  const texts = ownTexts(structure).map(({ part }) => ({ key: part, maxLength: limits.textPartChars }));
  const reports = reportParts(structure).map((node) => ({
    key: contentKey(node),
    maxLength: limits.headerBlockBytes,
  }));
  const heads = [...ownTexts(structure), ...reportParts(structure)].map(({ part = "1" }) => ({
    key: `${part}.mime`,
    maxLength: limits.headerFieldBytes,
  }));
  const header = { key: "header", maxLength: limits.headerBlockBytes };
  return [header, ...texts, ...reports, ...(isMultipart ? heads : [])];
}

/** Of a returned mail its header is enough. */
function contentKey({ part = "1", type }: MessageStructureObject): string {
  return type === "message/rfc822" ? `${part}.header` : part;
}

/**
 * A mail with the header as it is and, in the same order and nesting, only the parts that were fetched. Null where that
 * cannot be done: the header is too large, or does not have the boundary that the server found.
 */
export function rebuildMail(
  structure: MessageStructureObject,
  sections: Sections,
): Pick<SlimMail, "raw" | "problems"> | null {
  const header = sections.get("header");
  if (header === undefined || header.length >= limits.headerBlockBytes) return null;
  const problems = ownTexts(structure)
    .filter(({ sizeBytes }) => sizeBytes > limits.textPartChars)
    .map(({ part }) => `text part ${part}: longer than the limits allow, the rest was not read`);
  if (structure.childNodes === undefined) {
    const body = sections.get("1") ?? Buffer.alloc(0);
    return { raw: Buffer.concat([header, body]), problems };
  }
  const boundary = structure.parameters?.["boundary"] ?? "";
  if (boundary === "" || !header.includes(boundary)) return null;
  const kept = new Map([
    ...ownTexts(structure).map(({ part }) => [part, part] as const),
    ...reportParts(structure).map((node) => [node.part ?? "1", contentKey(node)] as const),
  ]);
  const hash = createHash("sha256").update(header).digest("hex").slice(0, 24);
  const body = multipart(structure, boundary, {
    sections,
    kept,
    boundaryOf: (part) => `usher-${hash}-${part}`,
  });
  return { raw: Buffer.concat([header, ...(body ?? [])]), problems };
}

interface Rebuilding {
  readonly sections: Sections;
  /** Section names of the contents by the numbers of the parts that are kept. */
  readonly kept: ReadonlyMap<string, string>;
  /** A boundary that no sender can have foreseen. */
  readonly boundaryOf: (part: string) => string;
}

/** The kept parts of a multipart, or null where none is kept. */
function multipart(
  node: MessageStructureObject,
  boundary: string,
  rebuilding: Rebuilding,
): readonly Buffer[] | null {
  const parts = (node.childNodes ?? []).flatMap((child) => {
    const content = child.type.startsWith("multipart/") ? nested(child, rebuilding) : leaf(child, rebuilding);
    return content === null ? [] : [Buffer.from(`--${boundary}\r\n`), ...content, Buffer.from("\r\n")];
  });
  return parts.length === 0 ? null : [...parts, Buffer.from(`--${boundary}--\r\n`)];
}

function nested(node: MessageStructureObject, rebuilding: Rebuilding): readonly Buffer[] | null {
  const boundary = rebuilding.boundaryOf(node.part ?? "1");
  const content = multipart(node, boundary, rebuilding);
  if (content === null) return null;
  const type = /^multipart\/[a-z0-9.+-]{1,60}$/.test(node.type) ? node.type : "multipart/mixed";
  return [Buffer.from(`Content-Type: ${type}; boundary="${boundary}"\r\n\r\n`), ...content];
}

function leaf(
  { part = "1" }: MessageStructureObject,
  { sections, kept }: Rebuilding,
): readonly Buffer[] | null {
  const key = kept.get(part);
  if (key === undefined) return null;
  const head = sections.get(`${part}.mime`) ?? Buffer.from("\r\n");
  return [head, sections.get(key) ?? Buffer.alloc(0)];
}
