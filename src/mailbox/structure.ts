import type { MessageStructureObject } from "imapflow";
import type { TextCoding } from "./decode-text.ts";

/** One text part of a mail that is the mail's own. */
export interface OwnText extends TextCoding {
  /** Part number as FETCH takes it, for example `1.2`. */
  readonly part: string;
  readonly sizeBytes: number;
}

/** The first plain and the first HTML part that are no attachments and of no attached mail, in the mail's order. */
export function ownTexts(structure: MessageStructureObject): readonly OwnText[] {
  const found = new Map<string, OwnText>();
  for (const leaf of leavesOf(structure)) {
    if (!textTypes.has(leaf.type) || leaf.disposition === "attachment" || found.has(leaf.type)) continue;
    found.set(leaf.type, {
      part: leaf.part ?? "1",
      sizeBytes: leaf.size ?? 0,
      encoding: (leaf.encoding ?? "").slice(0, codingChars),
      charset: (leaf.parameters?.["charset"] ?? "").slice(0, codingChars).toLowerCase(),
    });
  }
  return [...found.values()];
}

/** Names of encodings and charsets are shorter (RFC 2978 section 2.3: forty characters). */
const codingChars = 40;

/** What else of a delivery report is read: the status, and the returned mail or its header (RFC 6522 section 3). */
export function reportParts(structure: MessageStructureObject): readonly MessageStructureObject[] {
  if (structure.type !== "multipart/report") return [];
  const children = structure.childNodes ?? [];
  const status = children.find(({ type }) => /^message\/(global-)?delivery-status$/.test(type));
  const returned = children.find(({ type }) => returnedTypes.has(type));
  return [status, returned].filter((node) => node !== undefined);
}

const textTypes: ReadonlySet<string> = new Set(["text/plain", "text/html"]);

const returnedTypes: ReadonlySet<string> = new Set([
  "text/rfc822-headers",
  "message/global-headers",
  "message/rfc822",
  "message/global",
]);

/** Parts that hold content, without those of attached mails. */
function* leavesOf(node: MessageStructureObject): Generator<MessageStructureObject> {
  if (!node.type.startsWith("multipart/")) {
    yield node;
    return;
  }
  for (const child of node.childNodes ?? []) yield* leavesOf(child);
}
