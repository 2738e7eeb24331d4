import { fileURLToPath } from "node:url";
import type { InvitationFacts } from "../domain/invitation.ts";
import { compileAll } from "./compiler.ts";
import { fillTemplate, type ParsedTemplate, parseTemplate, type RenderedMail } from "./render.ts";
import { readTemplate, templateLocale, type TemplateName, templateLocales } from "./template-files.ts";

/** The mail templates of a site. Files are read and compiled at the first use and kept; a reload makes a new one. */
export interface Templates {
  /** @throws TemplateError when the template's files cannot be used. */
  render(name: TemplateName, locale: string, facts: InvitationFacts): Promise<RenderedMail>;
}

const ownDirectory = fileURLToPath(new URL("../../templates", import.meta.url));

/** `directory` is the operator's own folder; what is not in it comes from Usher's own. */
export function createTemplates(directory: string | null): Templates {
  const directories = directory === null ? [ownDirectory] : [directory, ownDirectory];
  const loading = new Map<TemplateName, Promise<readonly ParsedTemplate[]>>();
  return {
    async render(name, locale, facts) {
      const templates = loading.get(name) ?? load(directories, name);
      loading.set(name, templates);
      // A file that was wrong may be repaired by the next try.
      templates.catch(() => loading.delete(name));
      const template = (await templates)[templateLocales.indexOf(templateLocale(locale))];
      if (template === undefined) throw new Error(`No template ${name} for ${locale}.`);
      return fillTemplate(template, facts);
    },
  };
}

async function load(directories: readonly string[], name: TemplateName): Promise<readonly ParsedTemplate[]> {
  const sources = await Promise.all(
    templateLocales.map(async (locale) => readTemplate(directories, name, locale)),
  );
  const htmls = await compileAll(sources);
  return sources.map((source, index) => parseTemplate(source, htmls[index] ?? ""));
}
