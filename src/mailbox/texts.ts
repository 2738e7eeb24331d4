import type { MessageStructureObject } from "imapflow";
import { limits } from "../domain/limits.ts";
import { decodeText } from "./decode-text.ts";
import {
  type FetchPlace,
  fetchRows,
  fetchStructures,
  halving,
  type PartialSection,
  type Sections,
} from "./fetch-parts.ts";
import type { TextRow } from "./session.ts";
import { type OwnText, ownTexts } from "./structure.ts";

/**
 * The own text of many mails: one FETCH for their structures, then one for all whose text lies in the same parts.
 * Throws MailboxError.
 */
export async function* fetchTexts(
  place: FetchPlace,
  uids: readonly number[],
  bytesEach: number,
): AsyncGenerator<TextRow, void> {
  const outlines = await fetchStructures(place, uids, outlineOf);
  const groups = new Map<string, Wanted[]>();
  for (const uid of uids) {
    const outline = outlines.get(uid);
    if (outline === undefined || outline.texts.length === 0) {
      yield { uid, text: outline === undefined ? null : "" };
      continue;
    }
    const wanted = groups.get(outline.group) ?? [];
    groups.set(outline.group, wanted);
    wanted.push({ uid, texts: outline.texts });
  }
  for (const [group, wanted] of groups) {
    const sections = group.split(" ").map((key) => ({ key, maxLength: bytesEach }));
    for (const some of portions(wanted, bytesEach)) yield* fetchPortion(place, some, sections);
  }
}

interface Wanted {
  readonly uid: number;
  readonly texts: readonly OwnText[];
}

interface Outline {
  readonly texts: readonly OwnText[];
  /** The parts to fetch, parted by blanks. */
  readonly group: string;
}

/** A mail of one part has no second one, and may go with those that have plain text and HTML. */
function outlineOf(structure: MessageStructureObject): Outline {
  const texts = ownTexts(structure);
  const parts = texts.map(({ part }) => part).toSorted();
  return { texts, group: structure.childNodes === undefined ? "1 2" : parts.join(" ") };
}

/** Portions that fit into memory together. */
function portions(wanted: readonly Wanted[], bytesEach: number): readonly (readonly Wanted[])[] {
  const all: Wanted[][] = [];
  let bytes = Infinity;
  for (const mail of wanted) {
    const size = mail.texts.reduce((sum, { sizeBytes }) => sum + Math.min(sizeBytes, bytesEach), 0);
    if (bytes + size > limits.imapTextsBytes) {
      all.push([]);
      bytes = 0;
    }
    bytes += size;
    all.at(-1)?.push(mail);
  }
  return all;
}

async function* fetchPortion(
  { line }: FetchPlace,
  wanted: readonly Wanted[],
  sections: readonly PartialSection[],
): AsyncGenerator<TextRow, void> {
  const found = new Map<number, Sections>();
  const bounds = { what: "FETCH of texts", bytes: 2 * limits.imapTextsBytes + limits.imapResponseBytes };
  const refused = await halving(
    wanted.map(({ uid }) => uid),
    async (uids) =>
      fetchRows(line, uids, { bodyParts: [...sections] }, bounds, ({ uid, bodyParts }) => {
        if (bodyParts !== undefined) found.set(uid, bodyParts);
      }),
  );
  for (const { uid, texts } of wanted) {
    const parts = found.get(uid);
    const isReadable = parts !== undefined && !refused.includes(uid);
    yield { uid, text: isReadable ? joined(texts, parts) : null };
  }
}

function joined(texts: readonly OwnText[], parts: Sections): string {
  return texts
    .map((text) => {
      const content = parts.get(text.part);
      // A server may say NIL.
      return Buffer.isBuffer(content) ? decodeText(content, text) : "";
    })
    .join("\n");
}
