import { fileURLToPath } from "node:url";
import { localeOf, locales } from "../../domain/locale.ts";
import { compileAll } from "./compiler.ts";
import { fillTemplate, type ParsedTemplate, parseTemplate, type RenderedMail } from "./fill.ts";
import { readTemplate, TemplateError, type TemplateName } from "./files.ts";
import type { TemplateValues } from "./values.ts";

/** The mail templates of a site. Files are read and compiled at the first use and kept; a reload makes a new one. */
export interface Templates {
  /** @throws TemplateError when the template's files cannot be used. */
  render(name: TemplateName, locale: string, values: TemplateValues): Promise<RenderedMail>;
}

const ownDirectory = fileURLToPath(new URL("../../../templates", import.meta.url));

/** One language of a template, ready to be filled, or why it is not: a mistake in one stops no other. */
type Loaded = ParsedTemplate | TemplateError;

/** `directory` is the operator's own folder; what is not in it comes from Usher's own. */
export function createTemplates(directory: string | null): Templates {
  const directories = directory === null ? [ownDirectory] : [directory, ownDirectory];
  const loading = new Map<TemplateName, Promise<readonly Loaded[]>>();
  return {
    async render(name, locale, values) {
      const known = loading.get(name) ?? loadAll(directories, name);
      loading.set(name, known);
      try {
        const template = (await known)[locales.indexOf(localeOf(locale))];
        if (template === undefined) throw new Error(`No template ${name} for ${locale}.`);
        if (template instanceof TemplateError) throw template;
        return fillTemplate(template, values);
      } catch (error) {
        // The file may be repaired by the next try.
        if (loading.get(name) === known) loading.delete(name);
        throw error;
      }
    },
  };
}

async function loadAll(directories: readonly string[], name: TemplateName): Promise<readonly Loaded[]> {
  const sources = await Promise.all(
    locales.map(async (locale) => orError(async () => readTemplate(directories, name, locale))),
  );
  const readable = sources.flatMap((source) => (source instanceof TemplateError ? [] : [source]));
  const htmls = readable.length === 0 ? [] : await compileAll(readable);
  return Promise.all(
    sources.map(async (source) => {
      if (source instanceof TemplateError) return source;
      const html = htmls[readable.indexOf(source)] ?? "";
      return html instanceof TemplateError ? html : orError(() => parseTemplate(source, html));
    }),
  );
}

async function orError<T>(work: () => T | Promise<T>): Promise<T | TemplateError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}
