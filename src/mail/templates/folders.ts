import { constants } from "node:fs";
import { access, type FileHandle, open, readdir, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { limits } from "../../domain/limits.ts";
import { isLocaleTag } from "../../domain/locale.ts";
import type { TemplateName } from "./names.ts";
import { fileProblem, TemplateError } from "./problem.ts";

/** A folder with templates. */
export interface TemplateFolder {
  readonly kind: "brand" | "site" | "shipped";
  readonly path: string;
}

/** Folders in the order in which they are searched. */
export type SearchOrder = readonly TemplateFolder[];

/** One file of a template as it stands on disk. */
export interface FoundFile {
  readonly folder: TemplateFolder;
  /** Absolute. */
  readonly file: string;
  readonly content: Buffer;
  /** Milliseconds since 1970. */
  readonly changedAtMs: number;
}

/** The folder that comes with Usher. */
export const shippedFolder: TemplateFolder = {
  kind: "shipped",
  path: fileURLToPath(new URL("../../../templates", import.meta.url)),
};

/** The brand's folder, the site's own, Usher's. */
export function searchOrder(configured: {
  readonly brand: string | null;
  readonly directory: string | null;
}): SearchOrder {
  const { brand, directory } = configured;
  return [
    ...(brand === null ? [] : [{ kind: "brand" as const, path: brand }]),
    ...(directory === null ? [] : [{ kind: "site" as const, path: directory }]),
    shippedFolder,
  ];
}

/** Every language that some folder has a file of this template in, in alphabetical order. */
export async function localesOf(search: SearchOrder, name: TemplateName): Promise<readonly string[]> {
  const names = await Promise.all(
    search.map(async ({ path }) => readdir(join(path, name)).catch(() => new Array<string>())),
  );
  const tags = names.flat().map((file) => /^(.+)\.(?:mjml|txt)$/.exec(file)?.[1] ?? "");
  return [...new Set(tags.filter(isLocaleTag))].toSorted().slice(0, limits.templateLocales);
}

/**
 * The first of the files that some folder has: for each path all folders, so that no folder's English comes before
 * another's German. Null where no folder has any.
 * @throws TemplateError where it cannot be read, is too large, or lies outside of its folder.
 */
export async function findFile(search: SearchOrder, paths: readonly string[]): Promise<FoundFile | null> {
  for (const path of paths) {
    for (const folder of search) {
      const found = await readIn(folder, path);
      if (found !== null) return found;
    }
  }
  return null;
}

/** A file that a folder has. */
export interface Place {
  readonly folder: TemplateFolder["kind"];
  /** Absolute. */
  readonly file: string;
}

/** Every folder's file of that path; the first is in force, and the others are hidden by it. */
export async function placesOf(search: SearchOrder, path: string): Promise<readonly Place[]> {
  const places = search.map(({ kind, path: above }) => ({ folder: kind, file: join(above, path) }));
  const there = await Promise.all(
    places.map(async ({ file }) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return places.filter((_, at) => there[at]);
}

/** Partials that some folder has, by their paths. */
export async function partialsOf(search: SearchOrder): Promise<readonly string[]> {
  const names = await Promise.all(
    search.map(async ({ path }) =>
      readdir(join(path, "shared"), { recursive: true }).catch(() => new Array<string>()),
    ),
  );
  const partials = names.flat().filter((file) => /^[\w-]+(\/[\w-]+)*\.mjml$/.test(file));
  return [...new Set(partials)].toSorted().map((file) => `shared/${file}`);
}

/** No link leads out: neither a folder on the way nor the file itself. */
async function readIn(folder: TemplateFolder, path: string): Promise<FoundFile | null> {
  const root = await realpath(folder.path).catch(() => null);
  if (root === null) return null;
  const file = join(root, path);
  const above = await realpath(dirname(file)).catch(() => null);
  if (above === null) return null;
  if (!`${above}${sep}`.startsWith(`${root}${sep}`)) {
    const message = `lies outside of ${root} through a symbolic link.`;
    throw TemplateError.of([fileProblem(file, message, "Put a real folder there.")]);
  }
  const handle = await openFile(file);
  if (handle === null) return null;
  await using _ = handle;
  const stat = await handle.stat();
  if (!stat.isFile()) throw TemplateError.of([fileProblem(file, "is no file.", "Put a file there.")]);
  const { size, mtimeMs } = stat;
  if (size > limits.templateBytes) {
    const remedy = `Make it shorter: files of templates have at most ${limits.templateBytes} bytes.`;
    throw TemplateError.of([fileProblem(file, `has ${size} bytes.`, remedy)]);
  }
  return { folder, file, content: await handle.readFile(), changedAtMs: mtimeMs };
}

async function openFile(file: string): Promise<FileHandle | null> {
  try {
    // Without O_NONBLOCK a named pipe would be waited for.
    return await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    const remedy = "Put a file there that Usher may read, and no link.";
    throw TemplateError.of([fileProblem(file, "cannot be read.", remedy)]);
  }
}
