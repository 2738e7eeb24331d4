import type { MessageStructureObject } from "imapflow";
import { limits } from "../domain/limits.ts";
import { type FetchPlace, fetchRows, fetchStructures, halving, type Sections } from "./fetch-parts.ts";
import { rebuildMail, sectionsFor } from "./rebuild-mail.ts";
import type { SlimMail } from "./session.ts";

/**
 * Reads one mail: a small one whole, of a large one the header and its own text, so that attachments stay where they
 * are. What cannot be read by its structure is read from its beginning. Null where the UID is gone. Throws MailboxError.
 */
export async function fetchSlim(place: FetchPlace, uid: number): Promise<SlimMail | null> {
  const start = await fetchStart(place, uid, limits.slimWholeBytes);
  if (start === null) return null;
  const { raw, sizeBytes } = start;
  if (sizeBytes <= raw.length) return { raw, isWhole: true, sizeBytes, problems: [] };
  const parts = await partsOf(place, uid);
  if (parts !== null) return { ...parts, isWhole: false, sizeBytes };
  const prefix = await fetchStart(place, uid, limits.mailPrefixBytes);
  if (prefix === null) return null;
  const isWhole = sizeBytes <= prefix.raw.length;
  return {
    raw: prefix.raw,
    isWhole,
    sizeBytes,
    problems: isWhole ? [] : ["body: only its beginning was read"],
  };
}

async function fetchStart(
  { line }: FetchPlace,
  uid: number,
  bytes: number,
): Promise<{ readonly raw: Buffer; readonly sizeBytes: number } | null> {
  let start: { readonly raw: Buffer; readonly sizeBytes: number } | null = null;
  const bounds = { what: "FETCH of a mail", bytes: bytes + limits.imapResponseBytes };
  await fetchRows(line, [uid], { size: true, source: { start: 0, maxLength: bytes } }, bounds, (row) => {
    const raw = row.source?.subarray(0, bytes) ?? Buffer.alloc(0);
    // A size that is missing or too small is measured by what came.
    const sizeBytes = Math.max(row.size ?? 0, row.source?.length ?? 0);
    start = { raw, sizeBytes };
  });
  return start;
}

async function partsOf(place: FetchPlace, uid: number): Promise<Pick<SlimMail, "raw" | "problems"> | null> {
  const structure = (await fetchStructures(place, [uid], (found) => found)).get(uid);
  if (structure === undefined) return null;
  return rebuildMail(structure, await fetchSections(place, uid, structure));
}

async function fetchSections(
  { line }: FetchPlace,
  uid: number,
  structure: MessageStructureObject,
): Promise<Sections> {
  const wanted = sectionsFor(structure);
  const bytes = wanted.reduce((sum, { maxLength }) => sum + maxLength, limits.imapResponseBytes);
  const found = new Map<string, Buffer>();
  await halving([uid], async (uids) =>
    fetchRows(line, uids, { bodyParts: [...wanted] }, { what: "FETCH of parts", bytes }, (row) => {
      for (const [key, content] of row.bodyParts ?? []) if (Buffer.isBuffer(content)) found.set(key, content);
      if (row.headers !== undefined) found.set("header", row.headers);
    }),
  );
  return found;
}
