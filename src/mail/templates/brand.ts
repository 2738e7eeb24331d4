import { createHash } from "node:crypto";
import { dirname, posix } from "node:path";
import { readDocument } from "../../config/document.ts";
import { problemsOf } from "../../config/issues.ts";
import { schemaPaths } from "../../config/schema-paths.ts";
import { limits } from "../../domain/limits.ts";
import { type BrandFile, brandFile } from "./brand-file.ts";
import { findFile, type FoundFile, type SearchOrder, shippedFolder, type TemplateFolder } from "./folders.ts";
import { fileProblem, TemplateError, type TemplateProblem } from "./problem.ts";
import type { BrandValues, ColorValues } from "./value-schema.ts";

/** A picture that travels with a mail and is named by `cid:` (RFC 2392). */
export interface InlineImage {
  /** Without angle brackets. */
  readonly contentId: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** How the mails of a site look. */
export interface Brand {
  /** Its name is empty where the site's stands for it. */
  readonly values: BrandValues;
  readonly logo: InlineImage | null;
  readonly file: string;
  readonly folder: TemplateFolder["kind"];
  readonly changedAtMs: number;
}

const path = "brand.yaml";

/**
 * The first `brand.yaml` of all folders; what it does not name is taken from Usher's own.
 * @throws TemplateError that lists every problem of the file.
 */
export async function readBrand(search: SearchOrder): Promise<Brand> {
  const found = await findFile(search, [path]);
  const shipped = await findFile([shippedFolder], [path]);
  if (found === null || shipped === null) throw new TemplateError(`${path} of Usher's own is missing.`);
  const [written, usual] = [await parse(found), await parse(shipped)];
  const logo = written.logo === null ? null : await readLogo(found, written.logo.image);
  return {
    values: {
      ...brandValues(written, usual),
      logo: logo === null ? "" : `cid:${logo.image.contentId}`,
    },
    logo: logo?.image ?? null,
    file: found.file,
    folder: found.folder.kind,
    changedAtMs: Math.max(found.changedAtMs, logo?.changedAtMs ?? 0),
  };
}

function brandValues(written: BrandFile, usual: BrandFile): Omit<BrandValues, "logo"> {
  return {
    name: written.name ?? "",
    logo_width: written.logo?.width ?? 0,
    colors: mixed(written.colors, usual.colors),
    dark: mixed(written.dark, usual.dark),
    footer: written.footer ?? [],
    links: written.links ?? [],
  };
}

async function parse({ file, content }: FoundFile): Promise<BrandFile> {
  const read = readDocument(content.toString("utf8"));
  if (!read.ok) throw TemplateError.of(read.problems.map((problem) => problemIn(file, problem)));
  const schema = brandFile();
  const parsed = await schema.safeParseAsync(read.document.root);
  if (parsed.success) return parsed.data;
  const known = schemaPaths(schema);
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, read.document, known));
  throw TemplateError.of(problems.map((problem) => problemIn(file, problem)));
}

function problemIn(
  file: string,
  problem: { path: string; message: string; remedy: string; line: number | null; column: number | null },
): TemplateProblem {
  const { line, column, remedy } = problem;
  const message = problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
  return { file, line, column, message, remedy };
}

/** Colours that the file does not name are Usher's own, which names them all. */
function mixed(written: BrandFile["colors"], usual: BrandFile["colors"]): ColorValues {
  const color = (name: keyof ColorValues): string => written[name] ?? usual[name] ?? "#000000";
  return {
    page: color("page"),
    card: color("card"),
    ink: color("ink"),
    faint: color("faint"),
    line: color("line"),
    accent: color("accent"),
    contrast: color("contrast"),
    link: color("link"),
    good: color("good"),
    bad: color("bad"),
  };
}

interface Logo {
  readonly image: InlineImage;
  readonly changedAtMs: number;
}

/** A picture beside the file, or one written into it as `data:`. */
async function readLogo(brand: FoundFile, written: string): Promise<Logo> {
  const inline = /^data:image\/[a-z]+;base64,([A-Za-z0-9+/=]+)$/.exec(written)?.[1];
  if (inline !== undefined)
    return { image: pictureOf(brand.file, Buffer.from(inline, "base64")), changedAtMs: 0 };
  const found = await logoFile(brand, written);
  return { image: pictureOf(found.file, found.content), changedAtMs: found.changedAtMs };
}

function pictureOf(file: string, content: Buffer): InlineImage {
  const contentType = pictureType(content);
  if (contentType === null || content.length > limits.brandLogoBytes) {
    const message = `logo.image: ${contentType === null ? "no picture." : "too large."}`;
    const remedy = `Use a PNG, JPEG or GIF of at most ${limits.brandLogoBytes} bytes.`;
    throw TemplateError.of([fileProblem(file, message, remedy)]);
  }
  // Of the content: the same picture is the same part in every mail.
  const contentId = `${createHash("sha256").update(content).digest("hex").slice(0, 24)}@logo.invalid`;
  return { contentId, contentType, content };
}

async function logoFile(brand: FoundFile, written: string): Promise<FoundFile> {
  const isBeside =
    posix.normalize(written) === written && !written.startsWith("..") && !written.startsWith("/");
  const found = isBeside ? await findFile([brand.folder], [written]) : null;
  if (found !== null) return found;
  const message = "logo.image: there is no such file.";
  const remedy = `Put it into ${dirname(brand.file)} and write its name.`;
  throw TemplateError.of([fileProblem(brand.file, message, remedy)]);
}

/** By its first bytes; a name proves nothing. */
function pictureType(content: Buffer): string | null {
  const begin = content.subarray(0, 4).toString("latin1");
  if (begin === "\u0089PNG") return "image/png";
  if (begin.startsWith("\u00FF\u00D8\u00FF")) return "image/jpeg";
  return begin === "GIF8" ? "image/gif" : null;
}
