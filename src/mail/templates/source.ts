import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { type ConfigDocument, readDocument } from "../../config/document.ts";
import { isLocaleTag, localeSteps } from "../../domain/locale.ts";
import type { Brand } from "./brand.ts";
import { escapeHtml } from "./escape-html.ts";
import { findFile, type FoundFile, type SearchOrder, type TemplateFolder } from "./folders.ts";
import { expandIncludes } from "./includes.ts";
import type { TemplateName } from "./names.ts";
import { joined, type Piece, sliceOf } from "./pieces.ts";
import { fileProblem, TemplateError } from "./problem.ts";

/** One template in one language, as written, with partials and the values of the brand in their places. */
export interface TemplateSource {
  readonly name: TemplateName;
  readonly locale: string;
  readonly file: string;
  readonly folder: TemplateFolder["kind"];
  readonly subject: Piece;
  /** Display name of the sender. */
  readonly from: Piece;
  readonly mjml: readonly Piece[];
  readonly text: Piece;
  /** Paths of its partials in their folders. */
  readonly partials: readonly string[];
  readonly brand: Brand;
  /** The same for the same content. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly changedAtMs: number;
}

const frontMatter = z.strictObject({ subject: z.string().min(1), from: z.string().min(1) });

/**
 * Reads a template in exactly this language. Either of its files may come from any folder.
 * @throws TemplateError where it is not written as templates/README.md says.
 */
export async function readSource(
  search: SearchOrder,
  name: TemplateName,
  locale: string,
  brand: Brand,
): Promise<TemplateSource> {
  const html = await findIn(search, name, locale, "mjml");
  const plain = await findIn(search, name, locale, "txt");
  const { subject, from, body } = splitFrontMatter(wholeFile(html));
  const expanded = await expandIncludes(search, `${name}/${locale}.mjml`, body);
  const known = knownValues(brand);
  const mjml = expanded.pieces.flatMap((piece) => withBrand(piece, known));
  const text = wholeFile(plain);
  const content = [subject.text, from.text, joined(mjml), text.text, JSON.stringify(brand.values)];
  return {
    name,
    locale,
    file: html.file,
    folder: html.folder.kind,
    subject,
    from,
    mjml,
    text,
    brand,
    partials: expanded.partials,
    fingerprint: createHash("sha256").update(JSON.stringify(content)).digest("hex"),
    changedAtMs: Math.max(html.changedAtMs, plain.changedAtMs, expanded.changedAtMs, brand.changedAtMs),
  };
}

/** `de-AT` does with the `de` of the other file; another language never stands in for one part of a mail. */
async function findIn(search: SearchOrder, name: string, locale: string, type: string): Promise<FoundFile> {
  const language = locale.split("-")[0] ?? "";
  const steps = localeSteps(locale).filter((step) => step.split("-")[0] === language && isLocaleTag(step));
  const found = await findFile(
    search,
    steps.map((step) => `${name}/${step}.${type}`),
  );
  if (found !== null) return found;
  const file = join(search[0]?.path ?? "", name, `${locale}.${type}`);
  throw TemplateError.of([
    fileProblem(file, "is missing.", "Each language needs both files: .mjml and .txt."),
  ]);
}

function wholeFile({ file, content }: FoundFile): Piece {
  return { file, line: 1, column: 1, text: content.toString("utf8") };
}

function splitFrontMatter(whole: Piece): { subject: Piece; from: Piece; body: Piece } {
  const match = /^---\r?\n(.*?\r?\n)---\r?\n/s.exec(whole.text);
  if (match?.[1] === undefined) {
    const remedy = "Begin it with the lines ---, subject: …, from: … and ---.";
    throw TemplateError.of([fileProblem(whole.file, "has no front matter.", remedy)]);
  }
  const read = readDocument(match[1]);
  if (!read.ok) {
    throw TemplateError.of(
      read.problems.map(({ line, column, message, remedy }) => ({
        file: whole.file,
        line: (line ?? 0) + 1,
        column,
        message,
        remedy,
      })),
    );
  }
  const { document } = read;
  const fields = frontMatter.safeParse(document.root);
  if (!fields.success) {
    const message = "The front matter is not as it should be.";
    const remedy = 'Write exactly "subject" and "from" there, as texts in quotes.';
    throw TemplateError.of([{ file: whole.file, line: 2, column: 1, message, remedy }]);
  }
  return {
    subject: { ...placeIn(whole, document, "subject"), text: fields.data.subject },
    from: { ...placeIn(whole, document, "from"), text: fields.data.from },
    body: sliceOf(whole, match[0].length),
  };
}

/** Where the value begins behind its quote; the front matter begins with the file's second line. */
function placeIn(whole: Piece, document: ConfigDocument, key: string): Omit<Piece, "text"> {
  const { line, column } = document.position([key]);
  return { file: whole.file, line: (line ?? 0) + 1, column: (column ?? 0) + 1 };
}

const brandPlaceholder = /\{\{-?\s*(brand\.[\w.]+)\s*-?\}\}/g;

/** Colours must be there when MJML is compiled, and what is the same in every mail need not be filled in each. */
function withBrand(piece: Piece, known: ReadonlyMap<string, string>): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: placeholder, 1: path = "", index } of piece.text.matchAll(brandPlaceholder)) {
    const text = known.get(path);
    if (text === undefined) continue;
    const replaced = { ...sliceOf(piece, index), text, isReplaced: true as const };
    pieces.push(sliceOf(piece, at, index), replaced);
    at = index + placeholder.length;
  }
  return [...pieces, sliceOf(piece, at)];
}

/** `brand.colors.page` and its like, escaped; lists, and a name that is the site's, are filled in with each mail. */
function knownValues({ values }: Brand): Map<string, string> {
  const { name, logo, logo_width: width, colors, dark } = values;
  return new Map([
    ...(name === "" ? [] : [["brand.name", escapeHtml(name)] as const]),
    ["brand.logo", logo],
    ["brand.logo_width", String(width)],
    ...Object.entries(colors).map(([key, color]) => [`brand.colors.${key}`, color] as const),
    ...Object.entries(dark).map(([key, color]) => [`brand.dark.${key}`, color] as const),
  ]);
}
