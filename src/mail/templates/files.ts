import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { Locale } from "../../domain/locale.ts";

/** The templates that Usher sends. */
export const templateNames = [
  "invitation",
  "notice-held",
  "notice-answered",
  "notice-failed",
  "notice-summary",
] as const;
export type TemplateName = (typeof templateNames)[number];

/** One template in one language, as written. */
export interface TemplateSource {
  readonly file: string;
  readonly root: string;
  readonly subject: string;
  /** Display name of the sender. */
  readonly from: string;
  readonly mjml: string;
  readonly text: string;
}

/** A template cannot be used as it is; the message names the file and what to change. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  /** The operator can repair the file while mail waits. */
  readonly temporary = true;
}

const frontMatter = z.strictObject({ subject: z.string().min(1), from: z.string().min(1) });

/** @throws TemplateError when Usher has no template of this name. */
export function templateName(text: string): TemplateName {
  const name = templateNames.find((known) => known === text);
  if (name !== undefined) return name;
  throw new TemplateError(`There is no template ${text}; the templates are ${templateNames.join(", ")}.`);
}

/**
 * Reads one template from the first folder that has its `.mjml` file.
 * @throws TemplateError when no folder has it or it is not written as templates/README.md says.
 */
export async function readTemplate(
  directories: readonly string[],
  name: TemplateName,
  locale: Locale,
): Promise<TemplateSource> {
  for (const directory of directories) {
    const source = await readFrom(directory, join(name, locale));
    if (source !== null) return source;
  }
  throw new TemplateError(
    `Template ${name}/${locale}.mjml is in none of ${directories.join(", ")}; put it back or correct templates.directory.`,
  );
}

async function readFrom(directory: string, path: string): Promise<TemplateSource | null> {
  const root = await realpath(directory).catch(() => null);
  if (root === null) return null;
  const file = join(root, `${path}.mjml`);
  const written = await readText(root, file);
  if (written === null) return null;
  const text = await readText(root, join(root, `${path}.txt`));
  if (text === null) throw new TemplateError(`${file} has no ${path}.txt beside it; write the text part.`);
  return { file, root, text, ...splitFrontMatter(file, written) };
}

/** The text of a file inside the root; null where there is none. Symbolic links must not lead out. */
async function readText(root: string, file: string): Promise<string | null> {
  const folder = await realpath(dirname(file)).catch(() => null);
  if (folder === null) return null;
  if (!`${folder}${sep}`.startsWith(`${root}${sep}`)) {
    throw new TemplateError(`${file} lies outside ${root} through a symbolic link; put a real folder there.`);
  }
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new TemplateError(`${file} cannot be read; it must be a file that Usher may read.`, {
      cause: error,
    });
  });
  if (handle === null) return null;
  await using _ = handle;
  const { size } = await handle.stat();
  if (size > limits.templateBytes) {
    throw new TemplateError(`${file} has ${size} bytes; templates have at most ${limits.templateBytes}.`);
  }
  return await handle.readFile("utf8");
}

function splitFrontMatter(file: string, written: string): Pick<TemplateSource, "subject" | "from" | "mjml"> {
  const match = /^---\r?\n(.*?)\r?\n---\r?\n(.*)$/s.exec(written);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new TemplateError(`${file} must begin with front matter between two lines of three dashes.`);
  }
  const document = parseDocument(match[1]);
  const fields = frontMatter.safeParse(document.errors.length === 0 ? document.toJS() : undefined);
  if (!fields.success) {
    throw new TemplateError(`${file} must have exactly "subject" and "from" as texts in its front matter.`);
  }
  return { ...fields.data, mjml: match[2] };
}
