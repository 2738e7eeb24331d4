import type { Config } from "../config/config.ts";
import type { ConfigProblem } from "../config/load.ts";
import { locales } from "../domain/locale.ts";
import { exampleValues } from "../mail/templates/examples.ts";
import { TemplateError, templateNames } from "../mail/templates/files.ts";
import { createTemplates } from "../mail/templates/templates.ts";

/** Compiles and fills the operator's own templates in every language. */
export async function checkTemplates({ templates }: Config): Promise<ConfigProblem[]> {
  if (templates.directory === null) return [];
  const set = createTemplates(templates.directory);
  const faults = new Set<string>();
  for (const [name, locale] of templateNames.flatMap((one) => locales.map((tag) => [one, tag] as const))) {
    try {
      await set.render(name, locale, exampleValues(name, "Usher", locale));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      faults.add(error.message);
    }
  }
  const place = { path: "templates.directory", value: null, line: null, column: null };
  const remedy = "Correct the file; templates/README.md names the variables.";
  return [...faults].map((message) => ({ ...place, message, remedy }));
}
