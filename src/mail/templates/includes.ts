import { join, posix } from "node:path";
import { limits } from "../../domain/limits.ts";
import { findFile, type SearchOrder } from "./folders.ts";
import { type Piece, type Place, sliceOf } from "./pieces.ts";
import { TemplateError } from "./problem.ts";

/** A template with its partials in their places. */
export interface Expanded {
  readonly pieces: readonly Piece[];
  /** Latest change of any partial; milliseconds since 1970. */
  readonly changedAtMs: number;
  /** Paths of the partials in their folders. */
  readonly partials: readonly string[];
}

interface Within {
  readonly search: SearchOrder;
  /** Path of the file in its folder: includes are relative to it. */
  readonly path: string;
  readonly depth: number;
  readonly count: { included: number };
}

const includes = /<!--.*?-->|<mj-include\b([^>]*?)(?:\/>|>\s*<\/mj-include\s*>)/gs;

/**
 * Puts partials where `mj-include` names them. Each is looked for in all folders, so that one can be replaced alone.
 * @throws TemplateError where one is named that is in no folder, or they include each other without end.
 */
export async function expandIncludes(search: SearchOrder, path: string, piece: Piece): Promise<Expanded> {
  return expand({ search, path, depth: 0, count: { included: 0 } }, piece);
}

async function expand(within: Within, piece: Piece): Promise<Expanded> {
  const pieces: Piece[] = [];
  const partials: string[] = [];
  let changedAtMs = 0;
  let at = 0;
  for (const match of piece.text.matchAll(includes)) {
    if (match[1] === undefined) continue;
    const partial = await readPartial(within, match[1], sliceOf(piece, match.index));
    pieces.push(sliceOf(piece, at, match.index), ...partial.pieces);
    partials.push(...partial.partials);
    changedAtMs = Math.max(changedAtMs, partial.changedAtMs);
    at = match.index + match[0].length;
  }
  pieces.push(sliceOf(piece, at));
  return { pieces, changedAtMs, partials };
}

async function readPartial(within: Within, attributes: string, place: Place): Promise<Expanded> {
  const named = /^\s*path\s*=\s*(?:"([^"]*)"|'([^']*)')\s*$/.exec(attributes);
  const written = named?.[1] ?? named?.[2] ?? "";
  const path = posix.join(posix.dirname(within.path), written);
  within.count.included += 1;
  if (!/^[\w-]+(\/[\w-]+)*\.mjml$/.test(path)) {
    const remedy = 'Write it as path="../shared/NAME.mjml", with a file of a folder of the templates.';
    throw mistake(place, `mj-include names no file inside the folder of the templates.`, remedy);
  }
  if (within.depth >= limits.templateIncludeDepth || within.count.included > limits.templateIncludes) {
    throw mistake(place, `${path} is included too often or by itself.`, "Remove an mj-include.");
  }
  const found = await findFile(within.search, [path]);
  if (found === null) {
    const folders = within.search.map((folder) => join(folder.path, path)).join(", ");
    throw mistake(place, `${path} is in no folder of the templates.`, `Put the file there: ${folders}.`);
  }
  const text = found.content.toString("utf8");
  const partial = { file: found.file, line: 1, column: 1, text };
  const expanded = await expand({ ...within, path, depth: within.depth + 1 }, partial);
  return {
    pieces: expanded.pieces,
    changedAtMs: Math.max(found.changedAtMs, expanded.changedAtMs),
    partials: [path, ...expanded.partials],
  };
}

function mistake({ file, line, column }: Place, message: string, remedy: string): TemplateError {
  return TemplateError.of([{ file, line, column, message, remedy }]);
}
